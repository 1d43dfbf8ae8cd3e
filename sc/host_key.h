/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's own private key, wherever it lies: two operations behind a table. A key that lies
 * elsewhere is looked for at its first operation, so that making one touches nothing. Internal to
 * sc/. A key may be shared by connections of several threads.
 */
#ifndef INTAGLIO_SC_HOST_KEY_H
#define INTAGLIO_SC_HOST_KEY_H

#include "base/rsa.h"

struct host_key;

struct host_key_ops {
	/* Signs the concatenation of parts as rsa_sign. */
	enum rc (*sign)(void *handle, enum rsa_scheme scheme, const struct view *parts,
			size_t count, struct buf *signature);
	/* The private operation without padding, as rsa_raw_private. */
	enum rc (*raw)(void *handle, struct view block, struct buf *out);
	/* The key pair's public half if it is known without asking anybody, else NULL. */
	EVP_PKEY *(*public_half)(void *handle);
	/* Where the public half is not known: the certified key, which it must turn out to be. */
	void (*expect)(void *handle, EVP_PKEY *certified);
	void (*close)(void **handle);
};

/* Takes the handle over on success. */
enum rc host_key_new(const struct host_key_ops *ops, void *handle,
		     struct host_key **ret) WARN_UNUSED;
/* A key in this process's memory; taken over on success. */
enum rc host_key_of(EVP_PKEY *key, struct host_key **ret) WARN_UNUSED;
void host_key_free(struct host_key **key);

/* RC_CRYPTO, or what the place where the key lies says. */
enum rc host_key_sign(struct host_key *key, enum rsa_scheme scheme, const struct view *parts,
		      size_t count, struct buf *signature) WARN_UNUSED;
/* RC_AUTH for a block that is not one modulus long, or not less than it. */
enum rc host_key_raw(struct host_key *key, struct view block, struct buf *out) WARN_UNUSED;
/* NULL if it is not known before the first operation. */
EVP_PKEY *host_key_public_half(const struct host_key *key);
/* Tells a key without a known public half what is certified, before its first operation. */
void host_key_expect(struct host_key *key, EVP_PKEY *certified);

#endif
