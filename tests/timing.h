/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether times differ between classes of inputs: processor time of each probe, one probe of each
 * class a round, in an order of its own; the slowest left out, which may have been disturbed;
 * Welch's t between the first class and each other one. Aborts without memory. For tests of one
 * thread.
 */
#ifndef INTAGLIO_TESTS_TIMING_H
#define INTAGLIO_TESTS_TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIMING_CLASSES_MAX = 8 };

/* What is left out of a noisy machine's times. */
struct timing_cut {
	bool even; /* less the median of the round: who is slow for a while is so for all classes */
	double kept; /* the part of all times, from the fastest on, that is looked at */
};

struct timing {
	size_t classes; /* at most TIMING_CLASSES_MAX */
	size_t rounds; /* probes of each class */
	/* One probe; the nanoseconds that what is looked at took, by timing_now. */
	uint64_t (*probe)(void *arg, size_t class);
	void *arg;
	struct timing_cut cut;
};

/* Processor time of the thread, in nanoseconds. */
uint64_t timing_now(void);
/* The classes in an order drawn at random. */
void timing_order(size_t classes, size_t ret[TIMING_CLASSES_MAX]);
/*
 * The classes that differ from the first one, a bit each. Nanoseconds of class c in round r stand at
 * times[r * classes + c]. The greatest |t| goes to *ret_most if it is more than what is there.
 */
unsigned int timing_judge(const uint64_t *times, size_t rounds, size_t classes,
			  const struct timing_cut *cut, double *ret_most);
/*
 * True if a class differs from the first one, twice in a row: a busy machine makes up one in some
 * thousand. The greatest |t| of the last measurement goes to *ret_most.
 */
bool timing_differs(const struct timing *timing, double *ret_most);

#endif
