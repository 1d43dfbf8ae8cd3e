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

struct sample {
	uint64_t time;
	size_t class;
};

struct moments {
	double n, mean, m2;
};

uint64_t timing_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Each round has an order of its own. */
static struct sample *measure(const struct timing *timing)
{
	struct sample *samples = calloc(timing->rounds * timing->classes, sizeof(*samples));
	struct sample *at = samples;

	if (!samples || timing->classes > TIMING_CLASSES_MAX)
		abort();
	for (size_t i = 0; i < WARM_UP; i++)
		timing->probe(timing->arg, 0);
	for (size_t round = 0; round < timing->rounds; round++) {
		size_t order[TIMING_CLASSES_MAX];
		uint8_t dice[TIMING_CLASSES_MAX];

		if (crypto_random(dice, sizeof(dice)) != RC_OK)
			abort();
		for (size_t i = 0; i < timing->classes; i++) {
			size_t j = dice[i] % (i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (size_t i = 0; i < timing->classes; i++, at++) {
			at->class = order[i];
			at->time = timing->probe(timing->arg, order[i]);
		}
	}
	return samples;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The time that a quarter of all samples are below: what is slower may have been disturbed. */
static uint64_t cut(const struct sample *samples, size_t n)
{
	uint64_t *times = calloc(n, sizeof(*times)), result;

	if (!times)
		abort();
	for (size_t i = 0; i < n; i++)
		times[i] = samples[i].time;
	qsort(times, n, sizeof(*times), by_size);
	result = times[n / 4];
	free(times);
	return result;
}

/* A class of which next to nothing is among the fastest is another one. */
static double welch(const struct moments *a, const struct moments *b)
{
	double spread = a->m2 / (a->n - 1) / a->n + b->m2 / (b->n - 1) / b->n;

	if (a->n * FEW < b->n || b->n * FEW < a->n)
		return INFINITY;
	return spread > 0 ? (a->mean - b->mean) / sqrt(spread) : 0;
}

/* Classes that differ from the first, a bit each. */
static unsigned int judge(const struct timing *timing, double *ret_most)
{
	struct sample *samples = measure(timing);
	struct moments moments[TIMING_CLASSES_MAX] = {{.n = 0}};
	size_t n = timing->rounds * timing->classes;
	uint64_t most = cut(samples, n);
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++) {
		struct moments *m = &moments[samples[i].class];
		double x = (double)samples[i].time, d = x - m->mean;

		if (samples[i].time >= most)
			continue;
		m->n++;
		m->mean += d / m->n;
		m->m2 += d * (x - m->mean);
	}
	free(samples);
	*ret_most = 0;
	for (size_t i = 0; i < timing->classes; i++) {
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

bool timing_differs(const struct timing *timing, double *ret_most)
{
	unsigned int found = judge(timing, ret_most);

	return found && (found & judge(timing, ret_most));
}
