/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ledger's certificate: the card's word, under the key of its own certificate, that a ledger's
 * verifier key was made on it. With it an auditor goes from the authority to the card to the ledger.
 * `7F21 the card's certificate, its issuers' before it, 9E signature`; the signature is RSASSA-PSS with SHA-256 (salt 32) over
 * `intaglio ledger key 1` 00 || text of the verifier key. doc/ledger.md.
 */
#ifndef INTAGLIO_BASE_LEDGER_CERTIFICATE_H
#define INTAGLIO_BASE_LEDGER_CERTIFICATE_H

#include "base/cvc_chain.h"
#include "base/note.h"

enum {
	LEDGER_CERTIFICATE_MAX = CVC_CHAIN_BYTES + 8 + 512,
	LEDGER_CERTIFICATE_SUITE = 0x42, /* the one that signs with PSS */
};

/* Appends it. key is the card's private key, certificate the whole 7F21 of its public part, with its issuers'. */
enum rc ledger_certificate_put(const struct note_key *ledger, EVP_PKEY *key,
			       struct view certificate, struct buf *out) WARN_UNUSED;
/*
 * Verifies it: the authority (a whole 7F21, trusted by the caller) or its issuers signed the card's certificate,
 * which is that of a card and of suite 42, and the card signed this verifier key. The certificates
 * go to ret, borrowed from bytes; dates and revocation are the caller's to judge. RC_MALFORMED if
 * certificate or key do not parse, RC_AUTH if they do not belong together.
 */
enum rc ledger_certificate_verify(struct view bytes, struct view authority,
				  struct view verifier_key, struct cvc_chain *ret) WARN_UNUSED;

#endif
