/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a host believes of the certificates that a card shows, doc/scp10.md 2: 1 to 4 of them, from
 * the one that the authority signed to the card's own. Internal to sc/.
 */
#ifndef INTAGLIO_SC_CARD_CHAIN_H
#define INTAGLIO_SC_CARD_CHAIN_H

#include "base/cvc_chain.h"
#include "sc/identity.h"
#include "sc/scp10_suite.h"

/* Whose certificates they have to be. */
struct card_chain_terms {
	const struct identity *identity;
	const struct scp10_suite *suite;
	const uint8_t *card_id; /* as SELECT had it */
	EVP_PKEY *host_key; /* the host's of the suite, public part */
};

/* A card that is one. */
struct card_chain_card {
	struct cvc certificate;
	EVP_PKEY *key;
	const struct cvc *authority; /* the identity's */
};

/*
 * Nothing is used of a certificate before its signature has verified. Says a sentence for each
 * refusal: RC_MALFORMED, RC_AUTH a signature, RC_POLICY kind, roles, key, id or revocation,
 * RC_EXPIRED. The card's own certificate borrows from bytes; its key is to be freed.
 */
enum rc card_chain_check(const struct card_chain_terms *terms, struct view bytes,
			 struct card_chain_card *ret) WARN_UNUSED;

#endif
