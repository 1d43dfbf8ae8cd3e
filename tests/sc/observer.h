/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An observer of a whole session who has all private keys: he works every intermediate value out
 * for himself, from doc/scp10.md alone, checks each MAC and signature on the way, and writes it all
 * down as tests/vectors/ has it. Owns nothing of what it is given; one thread.
 */
#ifndef INTAGLIO_TESTS_SC_OBSERVER_H
#define INTAGLIO_TESTS_SC_OBSERVER_H

#include "base/apdu.h"
#include "base/buf.h"
#include "base/rsa.h"

struct observed {
	EVP_PKEY *host, *card; /* private keys */
	struct view host_object, card_object; /* 7F49, as certified */
	const uint8_t *card_id; /* 8 bytes */
	bool seed_numbering; /* of the keys of suite 01 */
};

/* Begins a session. The text is appended to out, which stays the caller's. */
void observer_begin(const struct observed *o, struct buf *out);
/* A line "  name = value" of the text. */
void observer_put(const char *name, struct view value);
/* One command APDU and its answer. Aborts at what is no such protocol at all. */
void observer_see(struct view command, struct view answer);
/* How many MACs and signatures did not verify; frees what the observer holds. */
unsigned int observer_end(void);

#endif
