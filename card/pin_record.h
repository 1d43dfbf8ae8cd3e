/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RECORD_PIN | 1 (user) and | 2 (SO): `01 || tries 1 || pending 1 || generation 8 || iterations 4
 * || salt 16 || n 2 || verifier || n 2 || user key`. PBKDF2-HMAC-SHA-256 of the PIN gives, through
 * HKDF, the verifier, which is sealed under the storage key, and the wrapping key, under which and
 * the storage key the token's user key is sealed. tries is what is left of the judged attempts,
 * pending counts those that were begun and not judged: they count as wrong ones.
 */
#ifndef INTAGLIO_CARD_PIN_RECORD_H
#define INTAGLIO_CARD_PIN_RECORD_H

#include "card/command.h"

enum pin_reference { PIN_REFERENCE_USER = 1, PIN_REFERENCE_SO = 2 };

enum {
	PIN_TRIES = 5,
	PIN_MIN = 4,
	PIN_MAX = 64,
	PIN_SALT = 16,
	PIN_ITERATIONS = 20000,
	PIN_SEALED_MAX = 96,
};

struct pin_sealed {
	uint8_t bytes[PIN_SEALED_MAX];
	size_t len;
};

struct pin_record {
	uint8_t tries, pending;
	uint64_t generation;
	uint32_t iterations;
	uint8_t salt[PIN_SALT];
	struct pin_sealed verifier, user_key;
};

/* RC_NOT_FOUND: this PIN is not set. RC_DAMAGED. */
enum rc pin_record_load(struct nvm *nvm, enum pin_reference ref,
			struct pin_record *ret) WARN_UNUSED;
/* Puts it, inside a transaction. */
void pin_record_put(struct nvm *nvm, enum pin_reference ref, const struct pin_record *record);
/* Attempts that are left, the pending ones taken off. */
uint8_t pin_record_left(const struct pin_record *record);
/* A record for a new PIN with full tries and generation 0, around the user key. Takes milliseconds. */
enum rc pin_record_make(struct nvm *nvm, enum pin_reference ref, struct view pin,
			const uint8_t user_key[CARD_KEY_SIZE], struct pin_record *ret) WARN_UNUSED;
/* The user key, if the PIN is right. RC_AUTH if it is not. Takes milliseconds. */
enum rc pin_record_open(struct nvm *nvm, enum pin_reference ref, const struct pin_record *record,
			struct view pin, uint8_t ret_key[CARD_KEY_SIZE]) WARN_UNUSED;

#endif
