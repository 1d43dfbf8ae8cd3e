/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fresh embedded card gets its identity: it makes its key pairs, somebody certifies them, and keys,
 * certificates and trust point become the card's at once (doc/commands.md, personalisation). Whose
 * authority that is, the caller knows: its private key is never asked for here.
 */
#ifndef INTAGLIO_TOKEN_PERSONALISE_H
#define INTAGLIO_TOKEN_PERSONALISE_H

#include "sc/application.h"

enum { PERSONALISE_SUITES = 3 };

/* Where a suite's keys are: the card's by its reference, the host's in the files of its identity. */
struct personalise_suite {
	uint8_t suite;
	struct policy_reference reference;
	const char *key_file, *certificate_file; /* in the card's directory */
};
/* NULL if there is no such suite. */
const struct personalise_suite *personalise_suite(uint8_t suite);

struct personalisation {
	struct view authority; /* one 7F21: the card's trust point */
	const uint8_t *suites; /* each one once, at most PERSONALISE_SUITES */
	size_t suite_count;
	unsigned int bits; /* of each key */
	uint8_t lowest_level; /* of every session; 0: 33 */
	bool by_use; /* key numbering of suite 01 */
	bool plain_certificates; /* P2 AE */
	const struct application_certificate *hosts; /* stored host keys */
	size_t host_count;
	/* Appends the card's certificate for a key, its issuers' before it; of one holder all. */
	enum rc (*certify)(void *arg, uint8_t suite, struct view public_key,
			   struct buf *certificate);
	void *arg;
};

/*
 * Makes the card in dir/card, an empty directory, and writes dir/host/card.id. A sentence is said
 * for what the card or the certificates are refused for: RC_ARGUMENT suites or bits, RC_MALFORMED,
 * RC_POLICY; and whatever certify returns.
 */
enum rc personalise_card(const char *dir, const struct personalisation *p) WARN_UNUSED;

#endif
