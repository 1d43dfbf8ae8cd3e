/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is public of cards in readers, on disk in $XDG_CACHE_HOME/intaglio (~/.cache without it), so
 * that a second start does not read it again. CARD.objects is good for one card, one value of its
 * change counter and one digest, which the card tells; CARD-SUITE.certificate is judged like a card's
 * answer wherever it is used. Anything else in a file, or a file that others may write, counts as
 * none. Private objects are never in one. No call fails the caller.
 */
#ifndef INTAGLIO_TOKEN_CACHE_H
#define INTAGLIO_TOKEN_CACHE_H

#include "base/crypto.h"
#include "sc/connection.h"

/* What a file must be of. */
struct cache_key {
	uint8_t card[CVC_ID];
	uint64_t counter;
	uint8_t digest[SHA256_SIZE]; /* of the objects as the card renders them, in order */
};

/* Appends the objects. RC_NOT_FOUND: there is no file, or it is not of this key. */
enum rc cache_read(const struct cache_key *key, struct buf *objects) WARN_UNUSED;
/* Keeps the objects, unless their digest is another one. */
void cache_write(const struct cache_key *key, struct view objects);

/* The certificates of cards, as a connection asks for them. */
extern const struct sc_certificates cache_certificates;

#endif
