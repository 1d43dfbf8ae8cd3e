/* SPDX-License-Identifier: BSD-2-Clause */
/* Paired timing by turns. */
#include "bench/measure.h"

#include <stdlib.h>
#include <time.h>

enum { PAIRS_MAX = 200 };

double measure_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double measure_processor(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool batch(measure_work work, void *arg, size_t units, double *ret_seconds)
{
	double start = measure_now();

	for (size_t i = 0; i < units; i++)
		if (!work(arg))
			return false;
	*ret_seconds = measure_now() - start;
	return true;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double measure_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
	return values[count / 2];
}

struct measure_result measure_pair(measure_work ours, void *ours_arg, measure_work base,
				   void *base_arg, size_t pairs, size_t units)
{
	double ours_s[PAIRS_MAX], base_s[PAIRS_MAX], ratio[PAIRS_MAX];
	struct measure_result result = {.good = false};

	if (pairs > PAIRS_MAX)
		pairs = PAIRS_MAX;
	if (!batch(ours, ours_arg, units, &ours_s[0]) || !batch(base, base_arg, units, &base_s[0]))
		return result;
	for (size_t i = 0; i < pairs; i++) {
		if (!batch(ours, ours_arg, units, &ours_s[i]) ||
		    !batch(base, base_arg, units, &base_s[i]))
			return result;
		ratio[i] = base_s[i] / ours_s[i];
	}
	result.ours_us = measure_median(ours_s, pairs) / (double)units * 1e6;
	result.base_us = measure_median(base_s, pairs) / (double)units * 1e6;
	result.ratio = measure_median(ratio, pairs);
	result.good = true;
	return result;
}
