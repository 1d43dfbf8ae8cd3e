/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power cuts, enumerated. A workload is a script of steps on a simulated disk. Ahead of every call
 * that changes or syncs something, every cut that the disk can suffer there is tried: nothing of
 * what was pending survives, all of it, every prefix, and subsets; what is left must hold exactly
 * the steps that were acknowledged, or one more if one was under way. A share of the cuts is cut
 * again while it recovers; and the death of the process alone, with a cut after the next one has
 * looked, must not take back what that one saw. A new workload is a file with a struct powercut_workload and a row in
 * powercut.c.
 */
#ifndef INTAGLIO_TESTS_POWERCUT_H
#define INTAGLIO_TESTS_POWERCUT_H

#include "card/nvm_io.h"

struct powercut;

struct powercut_workload {
	const char *name;
	/*
	 * Runs the script through io, which is a fresh disk at every path, and says where each step
	 * begins and where it is acknowledged. Returns NULL, or a sentence if the script itself fails.
	 */
	const char *(*run)(struct powercut *cut, const struct nvm_io *io);
	/*
	 * Opens what a cut left behind and compares. The state must be that after `acknowledged` steps
	 * or that after `started` (the same, or one more). Closes it again. NULL, or a sentence that
	 * says what is wrong.
	 */
	const char *(*check)(const struct nvm_io *io, unsigned int acknowledged,
			     unsigned int started);
	/* Or NULL: opens it after a check, changes something, and sees that it is there. */
	const char *(*go_on)(const struct nvm_io *io);
	/* Or NULL: what a step does, in a word or two; states are counted by it. */
	const char *(*operation)(unsigned int step);
};

/* A step begins; the one before it must have been acknowledged. */
void powercut_start(struct powercut *cut);
/* The step is acknowledged: from here on it must survive. */
void powercut_acknowledge(struct powercut *cut);

/* tests/powercut_nvm.c */
extern const struct powercut_workload powercut_nvm;
extern const struct powercut_workload powercut_nvm_full;
/* tests/powercut_card.c */
extern const struct powercut_workload powercut_card;
/* tests/powercut_ledger.c */
extern const struct powercut_workload powercut_ledger;
/* tests/powercut_manager.c */
extern const struct powercut_workload powercut_manager;

#endif
