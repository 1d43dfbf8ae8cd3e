/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key sets of security domains for SCP02 and SCP03, GPCS 7.5 and 11.8: three keys under one version
 * number, enciphered at rest, and the sequence counter of each. A security domain has at most one
 * set a version; a set is triple DES (SCP02) or AES (SCP03), never mixed.
 */
#ifndef INTAGLIO_CARD_KEYSET_H
#define INTAGLIO_CARD_KEYSET_H

#include "base/scp02.h"
#include "base/scp03.h"
#include "card/nvm.h"

enum keyset_use { KEYSET_ENC, KEYSET_MAC, KEYSET_DEK, KEYSET_KEYS };

/* Key types, GPCS 11.1.8. */
enum { KEY_TYPE_DES = 0x80, KEY_TYPE_AES = 0x88 };

enum { KEYSET_VERSION_MAX = 0x7F, KEY_CHECK = 3 };

struct keyset {
	uint32_t domain; /* number of the security domain */
	uint8_t version; /* 1 to 7F */
	uint8_t type; /* KEY_TYPE_ */
	uint8_t i; /* parameter of the protocol: 15 or 55; or SCP03_I_ bits */
	size_t len; /* of each key: 16, and 24 or 32 for AES */
	uint8_t missing; /* keys that were deleted, a bit each by its use; such a set opens nothing */
	uint8_t key[KEYSET_KEYS][SCP03_KEY_MAX];
};

/* The set of this version, or with version 0 the domain's first that is whole. RC_NOT_FOUND. Wipe what it gives. */
enum rc keyset_load(struct nvm *nvm, uint32_t domain, uint8_t version,
		    struct keyset *ret) WARN_UNUSED;
/* The domain's first set with a version above after; as keyset_load. */
enum rc keyset_next(struct nvm *nvm, uint32_t domain, uint8_t after,
		    struct keyset *ret) WARN_UNUSED;
/* Puts a set and sets its counter to zero, inside a transaction. RC_ARGUMENT: not a possible set. */
enum rc keyset_put(struct nvm *nvm, const struct keyset *set) WARN_UNUSED;
/* The same, but the counter goes on: keys of the set stay as they are. */
enum rc keyset_change(struct nvm *nvm, const struct keyset *set) WARN_UNUSED;
/* Deletes a set and its counter, inside a transaction. */
void keyset_delete(struct nvm *nvm, uint32_t domain, uint8_t version);
/* Every set of a domain, readable or not. */
void keyset_delete_all(struct nvm *nvm, uint32_t domain);
void keyset_wipe(struct keyset *set);

/* The sequence counter, 0 where there is none. */
enum rc keyset_counter(struct nvm *nvm, const struct keyset *set, uint32_t *ret) WARN_UNUSED;
/* Counts one up, durably, in a transaction of its own. RC_FULL: it is at its end. */
enum rc keyset_count(struct nvm *nvm, const struct keyset *set, uint32_t *ret) WARN_UNUSED;
/*
 * Counts up from exactly this value, so that no two sessions have been opened with it, on whatever
 * channel or in whatever process. RC_STATE: it is another one by now; RC_FULL.
 */
enum rc keyset_count_from(struct nvm *nvm, const struct keyset *set, uint32_t from) WARN_UNUSED;
/* The set in card memory is this one, key for key. RC_STATE: it was replaced or deleted. */
enum rc keyset_is_current(struct nvm *nvm, const struct keyset *set) WARN_UNUSED;

/*
 * The key check value, GPCS B.5 and B.6: first three bytes of zeros (DES) or of ones 01.. (AES)
 * enciphered.
 */
enum rc keyset_check(uint8_t type, struct view key, uint8_t ret[KEY_CHECK]) WARN_UNUSED;

#endif
