/* SPDX-License-Identifier: BSD-2-Clause */
/* Times of classes of inputs, compared. */
#include "tests/timing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"

enum { WARM_UP = 20, FEW = 20 };

static const double limit = 4.5;

struct moments {
	double n, mean, m2;
};

uint64_t timing_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

void timing_order(size_t classes, size_t ret[TIMING_CLASSES_MAX])
{
	uint8_t dice[TIMING_CLASSES_MAX];

	if (classes > TIMING_CLASSES_MAX || crypto_random(dice, sizeof(dice)) != RC_OK)
		abort();
	for (size_t i = 0; i < classes; i++) {
		size_t j = dice[i] % (i + 1);

		ret[i] = ret[j];
		ret[j] = i;
	}
}

static void *numbers(size_t n, size_t size)
{
	void *array = calloc(n, size);

	if (!array)
		abort();
	return array;
}

static uint64_t *measure(const struct timing *timing)
{
	uint64_t *times = numbers(timing->rounds * timing->classes, sizeof(*times));

	for (size_t i = 0; i < WARM_UP; i++)
		timing->probe(timing->arg, 0);
	for (size_t round = 0; round < timing->rounds; round++) {
		size_t order[TIMING_CLASSES_MAX];

		timing_order(timing->classes, order);
		for (size_t i = 0; i < timing->classes; i++)
			times[round * timing->classes + order[i]] =
				timing->probe(timing->arg, order[i]);
	}
	return times;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The value that this part of all values is below. */
static double quantile(const double *values, size_t n, double part)
{
	double *sorted = numbers(n, sizeof(*sorted)), result;

	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_size);
	result = sorted[(size_t)((double)n * part)];
	free(sorted);
	return result;
}

static void even_out(double *times, size_t n, size_t classes)
{
	for (double *round = times; round < times + n; round += classes) {
		double median = quantile(round, classes, 0.5);

		for (size_t i = 0; i < classes; i++)
			round[i] -= median;
	}
}

/* A class of which next to nothing is left is another one; 0 where nothing was measured. */
static double welch(const struct moments *a, const struct moments *b)
{
	double spread = a->m2 / (a->n - 1) / a->n + b->m2 / (b->n - 1) / b->n;

	if (a->n * FEW < b->n || b->n * FEW < a->n)
		return INFINITY;
	return spread > 0 ? (a->mean - b->mean) / sqrt(spread) : 0;
}

unsigned int timing_judge(const uint64_t *times, size_t rounds, size_t classes,
			  const struct timing_cut *cut, double *ret_most)
{
	struct moments moments[TIMING_CLASSES_MAX] = {{.n = 0}};
	double *even = numbers(rounds * classes, sizeof(*even)), most;
	unsigned int found = 0;

	for (size_t i = 0; i < rounds * classes; i++)
		even[i] = (double)times[i];
	if (cut->even)
		even_out(even, rounds * classes, classes);
	most = quantile(even, rounds * classes, cut->kept);
	for (size_t i = 0; i < rounds * classes; i++) {
		struct moments *m = &moments[i % classes];
		double d = even[i] - m->mean;

		if (even[i] >= most)
			continue;
		m->n++;
		m->mean += d / m->n;
		m->m2 += d * (even[i] - m->mean);
	}
	free(even);
	for (size_t i = 0; i < classes; i++) {
		double t = i ? fabs(welch(&moments[i], &moments[0])) : 0;

		if (getenv("INTAGLIO_VERBOSE"))
			printf("class %zu: mean %.0f ns, |t| %.2f\n", i, moments[i].mean, t);
		if (t > *ret_most)
			*ret_most = t;
		if (t > limit)
			found |= 1U << i;
	}
	return found;
}

static unsigned int judge(const struct timing *timing, double *ret_most)
{
	uint64_t *times = measure(timing);
	unsigned int found;

	*ret_most = 0;
	found = timing_judge(times, timing->rounds, timing->classes, &timing->cut, ret_most);
	free(times);
	return found;
}

bool timing_differs(const struct timing *timing, double *ret_most)
{
	unsigned int found = judge(timing, ret_most);

	return found && (found & judge(timing, ret_most));
}
