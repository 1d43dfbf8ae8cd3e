/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RSA keys as PEM text: private keys as PKCS#8 (RFC 5958), enciphered with PBES2 (AES-256-CBC,
 * PBKDF2-HMAC-SHA-256, 600,000 rounds) if there is a passphrase; public keys as
 * SubjectPublicKeyInfo. Text that holds a private key is the caller's to wipe (struct buf does).
 */
#ifndef INTAGLIO_BASE_PEM_H
#define INTAGLIO_BASE_PEM_H

#include "base/rsa.h"

enum { PEM_MAX = 16384, PASSPHRASE_MAX = 1024 };

/* Where a passphrase comes from: asked for only if the key is enciphered. */
struct pem_passphrase {
	/* Appends it to ret, a fixed buffer of PASSPHRASE_MAX bytes; false if there is none. */
	bool (*ask)(void *arg, struct buf *ret);
	void *arg;
};

/* Appends a private key; an empty passphrase leaves it in the clear. */
enum rc pem_put_private(const EVP_PKEY *key, struct view passphrase, struct buf *out) WARN_UNUSED;
/*
 * The first RSA private key of a text. RC_MALFORMED if it holds none, RC_AUTH if it is enciphered
 * and there is no passphrase (source may be NULL) or a wrong one.
 */
enum rc pem_private(struct view text, const struct pem_passphrase *source,
		    EVP_PKEY **ret) WARN_UNUSED;
/* The same for an Ed25519 key, which must lie there in the clear. */
enum rc pem_private_ed25519(struct view text, EVP_PKEY **ret) WARN_UNUSED;
/* The first RSA public key of a text. RC_MALFORMED if it holds none. */
enum rc pem_public(struct view text, EVP_PKEY **ret) WARN_UNUSED;

#endif
