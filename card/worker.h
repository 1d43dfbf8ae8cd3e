/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that does one thing at a time for its owner. Everything is called by the owner, from one
 * thread at a time. It belongs to the process that made it. Signals are for the application's threads.
 *
 * A processor with nothing to do sleeps, and wakes late: on a virtual machine some 20 to 50 microseconds
 * for every interrupt, where a whole sync takes 100. So whoever waits for something so short gives its
 * processor away again and again and does not sleep. Where others take what is given away the processor
 * is wanted and will not sleep either: then waiting is sleeping, for 4 milliseconds, and twice as long
 * each time up to a second.
 */
#ifndef INTAGLIO_CARD_WORKER_H
#define INTAGLIO_CARD_WORKER_H

#include <stdbool.h>

#include "base/rc.h"

struct worker;

/* One that lingers looks out for more for a while after its work. RC_MEMORY also where no thread is to be had. */
enum rc worker_new(bool lingers, struct worker **ret) WARN_UNUSED;
/* Puts the thread on the processor that the caller is on. False: the system does not allow it. */
bool worker_follow(struct worker *w);
/* Has work(arg) done by the thread; true if it still lingered. Every begin is followed by one end. */
bool worker_begin(struct worker *w, void (*work)(void *arg), void *arg);
/*
 * Gives the caller's processor away without letting it sleep, until the work is done, 1 millisecond
 * is over, or others want it. Not for a thread that lingers.
 */
void worker_look_out(struct worker *w);
/* Whether worker_look_out would do nothing, since the processor is wanted. */
bool worker_is_crowded(const struct worker *w);
/* Waits until the work is done; does it here if the system has not given the thread a processor yet. */
void worker_end(struct worker *w);
void worker_free(struct worker **w);
/* In a forked child, where the thread does not exist. */
void worker_forget(struct worker **w);

#endif
