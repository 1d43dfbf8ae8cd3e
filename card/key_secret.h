/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys that are generated as bytes, and keys that leave the card and enter it wrapped, PKCS#11 5.18.
 * Each function serves one form of a command of key.c and returns its status word.
 */
#ifndef INTAGLIO_CARD_KEY_SECRET_H
#define INTAGLIO_CARD_KEY_SECRET_H

#include "card/key_cache.h"

/* The data of KEY OPERATION. */
struct key_request {
	uint32_t number, mechanism;
	struct view parameter, input;
	uint32_t target; /* of WRAP: the object that is wrapped; 0: the input is */
	bool makes; /* of UNWRAP: what comes out becomes an object with this list */
	struct view list;
};

/* GENERATE KEY. */
uint16_t key_secret_generate(struct command *c);
/* Wraps an object that may be extracted. */
uint16_t key_secret_wrap(struct command *c, struct cached_key *key, const struct key_request *r);
/* Unwraps into a new object. */
uint16_t key_secret_unwrap(struct command *c, struct cached_key *key, const struct key_request *r);

#endif
