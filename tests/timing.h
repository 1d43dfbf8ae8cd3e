/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether times differ between classes of inputs: processor time of each probe, classes interleaved
 * at random, the fastest quarter, Welch's t between the first class and each other one. Aborts
 * without memory. For tests of one thread.
 */
#ifndef INTAGLIO_TESTS_TIMING_H
#define INTAGLIO_TESTS_TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIMING_CLASSES_MAX = 8 };

struct timing {
	size_t classes; /* at most TIMING_CLASSES_MAX */
	size_t rounds; /* probes of each class */
	/* One probe; the nanoseconds that what is looked at took, by timing_now. */
	uint64_t (*probe)(void *arg, size_t class);
	void *arg;
};

/* Processor time of the thread, in nanoseconds. */
uint64_t timing_now(void);
/*
 * True if a class differs from the first one, twice in a row: a busy machine makes up one in some
 * thousand. The greatest |t| of the last measurement goes to *ret_most.
 */
bool timing_differs(const struct timing *timing, double *ret_most);

#endif
