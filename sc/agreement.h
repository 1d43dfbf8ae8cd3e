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

/*
 * Appends the host's block of size bytes, `6A padding body secret hash BC`; the padding is random
 * and holds no D3. RC_SPACE if body is too long for it.
 */
enum rc agreement_block(size_t size, struct view body, const uint8_t secret[AGREEMENT_SECRET],
			const uint8_t challenge[AGREEMENT_CHALLENGE], const uint8_t card_id[CVC_ID],
			struct buf *out) WARN_UNUSED;
/* Signs a block with the host's key and enciphers the smaller signature under the card's. */
enum rc agreement_seal(struct host_key *host, EVP_PKEY *host_public, EVP_PKEY *card,
		       struct view block, struct buf *out) WARN_UNUSED;
/* The way back: deciphers, and recovers the block from the card's signature. RC_AUTH. */
enum rc agreement_open(struct host_key *host, EVP_PKEY *card, struct view sealed,
		       struct buf *block) WARN_UNUSED;
/* Judges the card's block, `6A padding secret hash BC`. RC_AUTH, and ret_secret untouched. */
enum rc agreement_check(struct view block, const uint8_t challenge[AGREEMENT_CHALLENGE],
			const uint8_t host_id[CVC_ID],
			uint8_t ret_secret[AGREEMENT_SECRET]) WARN_UNUSED;
/* The key of a counter: the first 16 bytes of SHA-1((host secret xor card secret) || counter). */
enum rc agreement_key(const uint8_t host_secret[AGREEMENT_SECRET],
		      const uint8_t card_secret[AGREEMENT_SECRET], uint32_t counter,
		      uint8_t ret[AGREEMENT_KEY]) WARN_UNUSED;

#endif
