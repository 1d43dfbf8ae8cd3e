/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host's certificate chain, as it is presented one certificate after another: authority (the
 * trust point) to issuers to the terminal, the host itself (BSI TR-03110-3 C.1).
 */
#ifndef INTAGLIO_CARD_CHAIN_H
#define INTAGLIO_CARD_CHAIN_H

#include "card/identity.h"
#include "card/suite.h"

enum { CHAIN_MAX = 4 };

/* Zeroed is empty. */
struct chain {
	EVP_PKEY *signer; /* who must have signed the next certificate */
	enum rsa_scheme scheme;
	uint8_t reference[CVC_REFERENCE_MAX];
	size_t reference_len;
	unsigned int count;
	unsigned int roles; /* AND along the chain so far */
	EVP_PKEY *host; /* once the terminal's certificate has verified */
	uint8_t host_id[CVC_ID];
	uint8_t host_key_hash[SHA256_SIZE]; /* over 7F49 as certified */
};

enum chain_form { CHAIN_SELF_DESCRIPTIVE, CHAIN_VALUES_ONLY }; /* P2 BE, AE */

/* The next certificate, a whole 7F21. 9000, or why it is refused; the chain is then of no more use. */
uint16_t chain_present(struct chain *chain, struct identity *identity, const struct suite *suite,
		       enum chain_form form, struct view certificate);
/* A whole chain in one, as personalisation stores it. */
uint16_t chain_present_all(struct chain *chain, struct identity *identity,
			   const struct suite *suite, struct view certificates);
void chain_reset(struct chain *chain);

#endif
