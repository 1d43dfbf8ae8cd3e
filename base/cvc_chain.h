/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chains of 1 to 4 card-verifiable certificates, one after the other: from the one that the
 * authority signed, over its issuers, to the holder's own, which is last. Signatures and references
 * only; dates, roles, revocation and the strength of keys are the caller's to judge. A parsed chain
 * borrows from its bytes.
 */
#ifndef INTAGLIO_BASE_CVC_CHAIN_H
#define INTAGLIO_BASE_CVC_CHAIN_H

#include "base/cvc.h"

enum { CVC_CHAIN_MAX = 4, CVC_CHAIN_BYTES = CVC_CHAIN_MAX * CVC_MAX };

struct cvc_chain {
	struct cvc links[CVC_CHAIN_MAX];
	size_t count;
};

/* RC_MALFORMED if there is none, or something else besides; RC_SPACE for more than four. */
enum rc cvc_chain_parse(struct view bytes, struct cvc_chain *ret) WARN_UNUSED;
/* The holder's own certificate. */
const struct cvc *cvc_chain_own(const struct cvc_chain *chain);
/*
 * Each under the one before it, the first under the authority: reference and signature. Holders sign
 * nothing, and issuers no authority. RC_AUTH.
 */
enum rc cvc_chain_verify(const struct cvc_chain *chain, const struct cvc *authority) WARN_UNUSED;
/* Roles of the authority and all issuers in common: what they can leave to the holder. */
unsigned int cvc_chain_roles(const struct cvc_chain *chain, const struct cvc *authority);

#endif
