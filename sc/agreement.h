/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key agreement of suite 01, host side (doc/scp10.md, GPCS F.3.1.3): blocks with message recovery
 * (ISO/IEC 9796-2 scheme 1, SHA-1), signed by one end and enciphered under the other's key, and the
 * keys that both secrets make. Internal to sc/.
 */
#ifndef INTAGLIO_SC_AGREEMENT_H
#define INTAGLIO_SC_AGREEMENT_H

#include "base/cvc.h"
#include "sc/host_key.h"

enum { AGREEMENT_SECRET = 32, AGREEMENT_CHALLENGE = 8, AGREEMENT_KEY = 16 };

/* What the host says. */
struct agreement_host {
	struct view body; /* level and templates */
	const uint8_t *secret; /* AGREEMENT_SECRET bytes */
	const uint8_t *challenge, *card_id; /* the card's, signed and not sent */
};

/*
 * Signs `6A padding body secret hash BC` with the host's key and appends the smaller signature,
 * enciphered under the card's. The padding is random, one byte at least, and holds no D3; RC_SPACE
 * if body is too long for it.
 */
enum rc agreement_seal(struct host_key *host, EVP_PKEY *host_public, EVP_PKEY *card,
		       const struct agreement_host *said, struct buf *out) WARN_UNUSED;
/*
 * The way back: deciphers, and takes the secret out of the card's block `6A padding secret hash BC`.
 * RC_AUTH, after the same time whatever is wrong with it, and ret_secret untouched.
 */
enum rc agreement_open(struct host_key *host, EVP_PKEY *card, struct view sealed,
		       const uint8_t challenge[AGREEMENT_CHALLENGE], const uint8_t host_id[CVC_ID],
		       uint8_t ret_secret[AGREEMENT_SECRET]) WARN_UNUSED;
/* The key of a counter: the first 16 bytes of SHA-1((host secret xor card secret) || counter). */
enum rc agreement_key(const uint8_t host_secret[AGREEMENT_SECRET],
		      const uint8_t card_secret[AGREEMENT_SECRET], uint32_t counter,
		      uint8_t ret[AGREEMENT_KEY]) WARN_UNUSED;

#endif
