/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private and secret keys ready for use. Opening an object and making libcrypto's key of it costs more than an
 * elliptic curve signature, so the newest few stay in RAM, each with its prepared operations. An
 * entry serves as long as the object's stamp is the same, and a private one only while the user
 * is logged in on the asking channel. Owned by struct token_ram; under the card's lock. What is taken
 * out for a computation (card/key_operation.h) is counted by libcrypto, and wiped with its last user.
 */
#ifndef INTAGLIO_CARD_KEY_CACHE_H
#define INTAGLIO_CARD_KEY_CACHE_H

#include "base/crypto.h"
#include "card/object.h"

struct key_cache;

enum { KEY_CACHE_SIZE = 16, PREPARED_COUNT = 4, PREPARED_PARAMETER_MAX = 16 };

/* A context of libcrypto set up for one mechanism and parameter. */
struct prepared {
	const void *row; /* of the mechanism table */
	uint8_t parameter[PREPARED_PARAMETER_MAX];
	size_t parameter_len;
	EVP_PKEY_CTX *context; /* NULL: free */
};

struct cached_key {
	uint32_t number; /* 0: free */
	uint8_t stamp[OBJECT_STAMP];
	uint64_t used;
	uint64_t loaded; /* another number each time it becomes a key; 0: free */
	bool always_authenticate;
	unsigned int usage; /* KEY_MAY_ bits */
	uint64_t type; /* CKK */
	size_t bytes; /* of the modulus, or of a coordinate */
	struct buf allowed; /* CKA_ALLOWED_MECHANISMS */
	bool restricted; /* it has that attribute */
	EVP_PKEY *key; /* NULL for a secret key */
	struct buf secret; /* empty for a private key */
	bool trusted; /* CKA_TRUSTED */
	struct prepared prepared[PREPARED_COUNT];
	unsigned int next; /* of prepared to be replaced */
};

enum {
	KEY_MAY_SIGN = 0x01,
	KEY_MAY_DECRYPT = 0x02,
	KEY_MAY_DERIVE = 0x04,
	KEY_MAY_ENCRYPT = 0x08,
	KEY_MAY_VERIFY = 0x10,
	KEY_MAY_WRAP = 0x20,
	KEY_MAY_UNWRAP = 0x40,
	KEY_MAY_SIGN_RECOVER = 0x80, /* to sign with a mechanism that gives the input back */
};

/* RC_MEMORY. */
enum rc key_cache_new(struct key_cache **ret) WARN_UNUSED;
void key_cache_free(struct key_cache **cache);
void key_cache_wipe(struct key_cache *cache);
/*
 * The key of an object, borrowed until the next call. RC_NOT_FOUND: no such object; RC_AUTH: it is
 * private and the user is not logged in on the channel; RC_POLICY: it is no key that
 * works on the card.
 */
enum rc key_cache_get(struct key_cache *cache, const struct command *c, uint32_t number,
		      struct cached_key **ret) WARN_UNUSED;

#endif
