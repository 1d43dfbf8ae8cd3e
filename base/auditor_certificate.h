/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An auditor's certificate, doc/ledger.md: the word of somebody whom the authority certified with the
 * role auditor, under the RSA key of that certificate, for the key that he countersigns with and for
 * his escrow key, which no card-verifiable certificate can hold. As a file it is
 * `82 n text of the tlog-cosignature key || 83 n modulus of the escrow key, if there is one || 96 n proof`, and the proof
 * `7F21 the holder's certificate, its issuers' before it || 9E n signature`. A parsed one borrows from its bytes.
 */
#ifndef INTAGLIO_BASE_AUDITOR_CERTIFICATE_H
#define INTAGLIO_BASE_AUDITOR_CERTIFICATE_H

#include "base/cvc_chain.h"

enum {
	AUDITOR_PROOF_MAX = 8192, /* what a card keeps of it in leaf 0 */
	AUDITOR_CERTIFICATE_MAX = AUDITOR_PROOF_MAX + 1024,
	AUDITOR_CERTIFICATE_SUITE = 0x42, /* that of the holder's key: it signs with PSS */
};

struct auditor_certificate {
	struct view auditor; /* text, note_parse_cosigner */
	struct view escrow; /* modulus, ledger_escrow_key; empty if there is none */
	struct view proof;
};

/* A whole file. RC_MALFORMED; that proof, keys and text are any good is judged by the others. */
enum rc auditor_certificate_parse(struct view file, struct auditor_certificate *ret) WARN_UNUSED;
/*
 * Signs and appends a file: c's auditor and escrow are read; chain is that of key, the holder's.
 * RC_ARGUMENT if text or modulus are none, or the chain is none that ends with this key.
 */
enum rc auditor_certificate_put(const struct auditor_certificate *c, struct view chain,
				EVP_PKEY *key, struct buf *out) WARN_UNUSED;
/* The certificates and the signature of a proof. RC_MALFORMED. */
enum rc auditor_certificate_split(struct view proof, struct view *ret_chain,
				  struct view *ret_signature) WARN_UNUSED;
/* That the holder's key signed auditor and escrow. RC_AUTH. */
enum rc auditor_certificate_check(const struct auditor_certificate *c, struct view signature,
				  EVP_PKEY *holder) WARN_UNUSED;
/*
 * All of it under the authority (a whole 7F21, trusted by the caller): the chain, the role auditor
 * along it, the signature. Dates and revocation are the caller's to judge. The certificates go to
 * ret, borrowed from the proof. RC_MALFORMED, RC_AUTH.
 */
enum rc auditor_certificate_verify(const struct auditor_certificate *c, struct view authority,
				   struct cvc_chain *ret) WARN_UNUSED;

#endif
