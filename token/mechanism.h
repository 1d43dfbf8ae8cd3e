/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of mechanisms: each row holds every fact of one, and C_GetMechanismList, Info and
 * every *Init read it. Constant; no state.
 */
#ifndef INTAGLIO_TOKEN_MECHANISM_H
#define INTAGLIO_TOKEN_MECHANISM_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/cryptoki.h"

/* What the operation is once hashing is out of the way. */
enum scheme {
	SCHEME_KEY_PAIR, /* key pair generation */
	SCHEME_RSA_PKCS, /* PKCS #1 v1.5, signature or encryption */
	SCHEME_RSA_PSS,
	SCHEME_RSA_OAEP,
	SCHEME_RSA_RAW,
	SCHEME_ECDSA,
	SCHEME_DIGEST,
	SCHEME_SEAL,
	SCHEME_EDDSA,
	SCHEME_CIPHER, /* with a secret key; base/symmetric.h */
	SCHEME_MAC, /* with a secret key */
	SCHEME_KEY, /* secret key generation */
	SCHEME_DERIVE,
	SCHEME_SM2, /* signature or encryption */
	SCHEME_LOAD, /* an installation through a principal card */
};

/* A hash function in all its names. */
struct hash {
	CK_MECHANISM_TYPE type; /* CKM_SHA256 */
	CK_RSA_PKCS_MGF_TYPE mgf; /* MGF1 with it */
	const char *name; /* libcrypto's */
	size_t size;
	struct view prefix; /* DigestInfo up to the hash, RFC 8017 9.2 */
};

/* What the card takes as parameter, doc/commands.md; and for host operations the values behind it. */
enum { MECHANISM_PARAMETER = 12 };
struct mechanism_parameter {
	uint8_t bytes[MECHANISM_PARAMETER]; /* coded for the card */
	size_t len;
	const struct hash *hash; /* of PSS and OAEP, or the mechanism's own; NULL without one */
	const struct hash *mgf;
	size_t salt; /* PSS: bytes */
	size_t mac; /* bytes of a MAC */
	struct view label; /* OAEP: borrowed from the caller's parameter */
	struct view identifier; /* SM2: who signs; borrowed like it */
	CK_INTAGLIO_SEAL_PARAMS seal;
	CK_INTAGLIO_APPLICATION_LOAD_PARAMS load;
};

struct mechanism {
	CK_MECHANISM_TYPE type;
	enum scheme scheme;
	CK_KEY_TYPE key_type; /* CK_UNAVAILABLE_INFORMATION: no key */
	CK_ULONG min, max; /* key size in bits */
	CK_FLAGS flags; /* as CK_MECHANISM_INFO */
	CK_MECHANISM_TYPE hash; /* hashed on the host first; CK_UNAVAILABLE_INFORMATION: not */
	CK_MECHANISM_TYPE card; /* what the card is asked for */
};

/* NULL if there is no such mechanism. */
const struct mechanism *mechanism_find(CK_MECHANISM_TYPE type);
/* Row i of the table, NULL after the last. */
const struct mechanism *mechanism_at(size_t i);
/* Two-call rule of C_GetMechanismList. */
CK_RV mechanism_list(CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count);
CK_RV mechanism_info(CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR ret);
/* Checks the parameter; CKR_MECHANISM_PARAM_INVALID. */
CK_RV mechanism_parameter(const struct mechanism *mechanism, const CK_MECHANISM *given,
			  struct mechanism_parameter *ret);

/* NULL for a mechanism that is no hash function. */
const struct hash *hash_find(CK_MECHANISM_TYPE type);
const EVP_MD *hash_md(const struct hash *hash);

#endif
