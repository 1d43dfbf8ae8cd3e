/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software card, seen from outside: bytes in, bytes out, as through a reader. Thread safe: one
 * command at a time on a logical channel, and one in the card but for the computations with private
 * keys, which run side by side. In a forked child every call fails with RC_FORKED.
 */
#ifndef INTAGLIO_CARD_CARD_H
#define INTAGLIO_CARD_CARD_H

#include "base/buf.h"

struct card;
struct nvm_io;

struct card_options {
	bool create; /* make a fresh card, not yet personalised, in an empty directory */
	size_t segment_size; /* of the card memory at creation; 0: default */
	uint64_t capacity; /* of the card memory at creation; 0: unlimited */
	bool no_threads; /* everything is done in the thread that calls */
	bool short_lengths; /* no extended length: the ATR has none, such commands get 6700 */
	const struct nvm_io *io; /* NULL: real system calls; tests put a failing disk here */
};

/* Opens the card whose memory is in dir and powers it up. As nvm_open; says a sentence when it refuses. */
enum rc card_open(const char *dir, const struct card_options *options,
		  struct card **ret) WARN_UNUSED;
/* Reset: all channels, sessions and security status are gone. Appends the ATR, at most 33 bytes. */
enum rc card_reset(struct card *card, struct buf *ret_atr) WARN_UNUSED;
/*
 * One command APDU in, one response APDU out, appended. RC_OK for every answer of the card, errors
 * included; RC_IO if the card's memory failed: it answers nothing more until it is opened again.
 */
enum rc card_transmit(struct card *card, struct view command, struct buf *ret_response) WARN_UNUSED;
void card_close(struct card **card);

#endif
