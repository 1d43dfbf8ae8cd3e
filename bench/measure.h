/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timing two things against each other on a noisy machine: short batches of one and the other in
 * turn, and the median of the pairs' ratios. One thread.
 */
#ifndef INTAGLIO_BENCH_MEASURE_H
#define INTAGLIO_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

/* Does one unit of work; false if it failed, which ends the measurement. */
typedef bool (*measure_work)(void *arg);

struct measure_result {
	double ours_us, base_us; /* median microseconds a unit */
	double ratio; /* median over pairs of base time / ours: 1.0 is as fast as the base */
	bool good; /* every unit of both succeeded */
};

/* pairs batches of each, of units of work each, after one uncounted batch of each. */
struct measure_result measure_pair(measure_work ours, void *ours_arg, measure_work base,
				   void *base_arg, size_t pairs, size_t units);

/* Seconds on the monotonic clock. */
double measure_now(void);
/* Seconds of processor time of this process. */
double measure_processor(void);
/* The middle one; sorts. */
double measure_median(double *values, size_t count);

#endif
