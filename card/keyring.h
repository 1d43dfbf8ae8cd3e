/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of a security domain that open no session, GPCS C.1: what verifies tokens and DAPs and
 * makes receipts. DES, AES, RSA public, and ECC keys, each by its version and identifier; those of
 * one version are one record, enciphered at rest. Wipe what holds one.
 */
#ifndef INTAGLIO_CARD_KEYRING_H
#define INTAGLIO_CARD_KEYRING_H

#include "base/ecdsa.h"
#include "card/nvm.h"

/* Types by their first component, GPCS 11.1.8; KEY_TYPE_DES and KEY_TYPE_AES are card/keyset.h's. */
enum {
	KEY_TYPE_RSA_EXPONENT = 0xA0,
	KEY_TYPE_RSA = 0xA1, /* public: modulus, then exponent */
	KEY_TYPE_ECC = 0xB0, /* public: point, then curve */
	KEY_TYPE_ECC_PRIVATE = 0xB1, /* scalar, then curve */
	KEY_TYPE_CURVE_P = 0xB2, /* a curve written out: p, a, b, g, n and, if one likes, k */
	KEY_TYPE_CURVE_A = 0xB3,
	KEY_TYPE_CURVE_K = 0xB7,
	KEY_TYPE_CURVE = 0xF0, /* by its reference */
};

enum { RING_VALUE_MAX = 512, RING_EXPONENT_MAX = 8, RING_KEYS_MAX = 16, RING_ID_MAX = 0x7F };

/* What a key is for, GPCS 11.1.9. */
enum { USAGE_NOT_SAID = 0x00, USAGE_TOKEN = 0x81, USAGE_RECEIPT = 0x44, USAGE_DAP = 0x84 };

struct ring_key {
	uint8_t version, id; /* 1 to 7F, 0 to 7F */
	uint8_t type;
	bool extended; /* it came in the extended format, with usage and access */
	uint8_t usage, access;
	uint8_t curve; /* its reference, of ECC keys */
	size_t len, exponent_len;
	uint8_t value[RING_VALUE_MAX]; /* secret, modulus, point or scalar */
	uint8_t exponent[RING_EXPONENT_MAX];
};

void keyring_wipe(struct ring_key *key);
/* The key of this version and identifier. RC_NOT_FOUND, RC_DAMAGED. */
enum rc keyring_load(struct nvm *nvm, uint32_t domain, uint8_t version, uint8_t id,
		     struct ring_key *ret) WARN_UNUSED;
/* The first key of a domain above this version and identifier, in order; -1, -1 before the first. */
enum rc keyring_next(struct nvm *nvm, uint32_t domain, int version, int id,
		     struct ring_key *ret) WARN_UNUSED;
/* Whether a domain has keys of this version. */
bool keyring_has(struct nvm *nvm, uint32_t domain, uint8_t version);
/*
 * Puts keys of one version, each in the place of the one with its identifier, inside a transaction.
 * RC_ARGUMENT: of several versions; RC_SPACE: more than RING_KEYS_MAX would be there.
 */
enum rc keyring_put(struct nvm *nvm, uint32_t domain, const struct ring_key *keys,
		    size_t count) WARN_UNUSED;
/* Deletes the keys of one version with these identifiers inside a transaction. RC_NOT_FOUND. */
enum rc keyring_delete(struct nvm *nvm, uint32_t domain, const struct ring_key *keys,
		       size_t count) WARN_UNUSED;
/* Deletes a version; every key of a domain. */
void keyring_delete_version(struct nvm *nvm, uint32_t domain, uint8_t version);
void keyring_delete_all(struct nvm *nvm, uint32_t domain);

/* Whether the components make a key; RC_MALFORMED. */
enum rc keyring_check(const struct ring_key *key) WARN_UNUSED;
/*
 * Verifies a signature of data by the scheme of the key's type and length, GPCS table C-1. RC_AUTH: it
 * is none; RC_POLICY: the key verifies nothing.
 */
enum rc keyring_verify(const struct ring_key *key, struct view data,
		       struct view signature) WARN_UNUSED;
/* Appends a signature. RC_POLICY: the key makes none. */
enum rc keyring_sign(const struct ring_key *key, struct view data, struct buf *out) WARN_UNUSED;
/* Bytes of the hash inside the key's signatures; 0 of what has none. */
size_t keyring_hash_size(const struct ring_key *key);

#endif
