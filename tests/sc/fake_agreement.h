/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's half of key agreement for tests of the host, written from doc/scp10.md for the tests
 * alone: blocks of ISO/IEC 9796-2 scheme 1, and the keys of two secrets. Aborts on what a test
 * cannot go on after.
 */
#ifndef INTAGLIO_TESTS_SC_FAKE_AGREEMENT_H
#define INTAGLIO_TESTS_SC_FAKE_AGREEMENT_H

#include "base/rsa.h"

enum { FAKE_SECRET = 32 };

/*
 * Deciphers the host's block with the card's key, recovers it with the host's and checks its hash.
 * False if anything is wrong; else the body, `D3..` and templates, is appended.
 */
bool fake_agreement_open(EVP_PKEY *card, EVP_PKEY *host, struct view sealed,
			 const uint8_t challenge[8], const uint8_t card_id[8], struct buf *body,
			 uint8_t ret_secret[FAKE_SECRET]);
/* What a wrong card does to its block, in the order in which it is made. */
enum fake_block {
	FAKE_BLOCK_RIGHT,
	FAKE_BLOCK_HEADER,
	FAKE_BLOCK_TRAILER,
	FAKE_BLOCK_HASH,
	FAKE_BLOCK_HIGH, /* the larger of both signatures */
	FAKE_BLOCK_SHORT, /* one byte too few */
};
/* Appends the card's block with this secret, signed and enciphered for the host. */
void fake_agreement_seal(EVP_PKEY *card, EVP_PKEY *host, const uint8_t secret[FAKE_SECRET],
			 struct view challenge_and_id, enum fake_block kind, struct buf *out);
void fake_agreement_key(const uint8_t oes[FAKE_SECRET], const uint8_t cs[FAKE_SECRET],
			uint8_t counter, uint8_t ret[16]);

#endif
