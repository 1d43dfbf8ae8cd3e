/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suites of SCP10, one row each: sizes, algorithms, and the functions that differ. A suite more
 * is a row more; nothing else asks for a suite's number.
 */
#ifndef INTAGLIO_CARD_SUITE_H
#define INTAGLIO_CARD_SUITE_H

#include "base/cvc.h"
#include "card/command.h"
#include "card/sm.h"

enum { SUITE_AGREEMENT = 0x01, SUITE_TRANSPORT = 0x02, SUITE_MODERN = 0x42 };

/* Control reference templates, and whom their keys serve, GPCS table F-11. */
enum {
	TAG_CCT = 0xB4, /* template of a MAC key */
	TAG_CT = 0xB8, /* template of an encipherment key or a DEK */
	USAGE_COMMAND = 0x10,
	USAGE_RESPONSE = 0x20,
	USAGE_BOTH = 0x30,
	USAGE_DEK_RESPONSE = 0x40,
	USAGE_DEK_COMMAND = 0x80,
	USAGE_DEK_BOTH = 0xC0,
};

/* What a signature of the handshake covers before its body, at most. */
enum { PREFIX_MAX = 4 + 1 + 2 + 2 * SHA256_SIZE, SIGNER_HOST = 0x82, SIGNER_CARD = 0x88 };

struct binding {
	uint8_t suite, p1, p2; /* of MANAGE SECURITY ENVIRONMENT */
	uint8_t host_key[SHA256_SIZE], card_key[SHA256_SIZE]; /* SHA-256 over 7F49 as certified */
};

/* How the session keys come about; the state machine differs by it. */
enum suite_family { FAMILY_TRANSPORT, FAMILY_AGREEMENT };

struct suite {
	uint8_t id;
	enum suite_family family;
	unsigned int min_bits, max_bits; /* of every RSA key that takes part */
	bool mutual_only; /* P1 81 is refused */
	bool certificate_only; /* P2 A4 is refused */
	bool equal_moduli; /* host and card keys have the same length */
	bool sha1; /* certificates may be signed over SHA-1 */
	size_t challenge; /* bytes of the card's challenge */
	enum rsa_scheme signature;
	enum rsa_encryption encryption;
	enum sm_kind sm;
	/*
	 * The deciphered `D3 .. templates` into keys, and the keys in template order into ordered.
	 * RC_MALFORMED, also for what the suite does not allow. Key transport only.
	 */
	enum rc (*parse)(struct view plain, struct session_keys *ret, struct buf *ordered);
	/* Writes what comes before the body of a signature and returns its length. */
	size_t (*prefix)(const struct binding *binding, uint8_t signer, uint8_t out[PREFIX_MAX]);
	/* The set-up commands whose work is the suite's, card/transport.h and card/agreement.h. */
	command_handler decipher, external, internal;
};

/* NULL if the card does not know it. */
const struct suite *suite_find(uint8_t id);
/* Whether a key may take part in a handshake of this suite; exponents are 65537 in all of them. */
bool suite_accepts_key(const struct suite *suite, const EVP_PKEY *key);
/* Puts a key under the names that its template gives it. RC_MALFORMED if one is taken or unknown. */
enum rc suite_assign(struct session_keys *keys, uint32_t tag, uint8_t usage,
		     struct view key) WARN_UNUSED;
/* RC_MALFORMED unless the level is one, not 00, and every key that it needs is there. */
enum rc suite_check_keys(const struct session_keys *keys) WARN_UNUSED;

#endif
