/* SPDX-License-Identifier: BSD-2-Clause */
/* The digests that key operations name: what PKCS#11 calls them, and what contains them. */
#ifndef INTAGLIO_CARD_KEY_HASH_H
#define INTAGLIO_CARD_KEY_HASH_H

#include "base/buf.h"
#include "base/cryptoki.h"

struct key_hash {
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG mgf;
	const char *name; /* libcrypto's */
	size_t size;
	struct view prefix; /* of its DigestInfo, RFC 8017 9.2 note 1 */
	/* The mechanisms that hash with it and then are CKM_RSA_PKCS, _PSS and CKM_ECDSA. */
	CK_MECHANISM_TYPE with_pkcs, with_pss, with_ecdsa;
};

/* NULL if there is none. */
const struct key_hash *key_hash(CK_MECHANISM_TYPE mechanism);
const struct key_hash *key_hash_of_mgf(CK_ULONG mgf);
/*
 * True if one of the allowed mechanisms (8 bytes each) is the one that runs, or is a hash before
 * it and the input is what that hash gives.
 */
bool key_hash_allows(struct view allowed, CK_MECHANISM_TYPE mechanism, struct view parameter,
		     struct view input);

#endif
