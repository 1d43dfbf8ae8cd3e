/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The readers of pcscd: which there are, which hold a card, and waiting until that changes. The list
 * never shrinks: a reader that was unplugged is one without a card. pcscd may end and come back at
 * any time, and need not run at all. Sends nothing to any card. Thread safe; in a forked child it
 * finds nothing.
 */
#ifndef INTAGLIO_SC_READERS_H
#define INTAGLIO_SC_READERS_H

#include "sc/atr.h"

struct readers;

struct reader {
	const char *name; /* the list's own, as long as the list */
	bool present; /* it holds a card that answers */
	uint64_t insertions; /* counts cards put in: another value means another card, or again */
	uint8_t atr[ATR_MAX];
	size_t atr_len;
};

enum rc readers_open(struct readers **ret) WARN_UNUSED;
/* Nobody waits any more, see readers_interrupt. */
void readers_close(struct readers **readers);

/* Asks pcscd for its readers and what is in them. RC_MEMORY; without a pcscd no reader has a card. */
enum rc readers_refresh(struct readers *readers) WARN_UNUSED;
/* As the last refresh found it. */
size_t readers_count(struct readers *readers);
bool readers_get(struct readers *readers, size_t index, struct reader *ret);
/* False if there never was a reader of this name. */
bool readers_find(struct readers *readers, const char *name, struct reader *ret);

/*
 * Blocks until something may be otherwise than at the last refresh, or readers_interrupt is called.
 * It returns at least every other second all the same, since a reader that arrives before pcscd is
 * asked to wait would go unseen.
 */
void readers_wait(struct readers *readers);
/* Ends every readers_wait, now and from now on; returns when nobody waits. */
void readers_interrupt(struct readers *readers);

#endif
