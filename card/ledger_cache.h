/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ledgers in card memory and ready for use in RAM. RECORD_LEDGER | object number: `01 || id 16 ||
 * public key 32 || sealed (content key 32 || private key, PKCS#8)`, sealed under the storage key.
 * The leaves are the series of the same identifier. Owned by struct token_ram; under the card's
 * lock.
 */
#ifndef INTAGLIO_CARD_LEDGER_CACHE_H
#define INTAGLIO_CARD_LEDGER_CACHE_H

#include "base/ledger.h"
#include "card/ledger_window.h"
#include "card/token.h"

struct ledger_cache;

enum { LEDGER_CACHE_SIZE = 8 };

struct ledger {
	uint32_t number; /* of its object; 0: free entry */
	uint64_t used;
	uint8_t id[LEDGER_ID];
	struct note_key key;
	uint8_t *content_key; /* AES256_KEY bytes from secret_new; NULL: wiped, opened again when asked for */
	struct gcm *content_cipher; /* under that key */
	EVP_PKEY *signer;
	struct ledger_rules rules; /* leaf 0's */
	struct note_key auditor; /* who countersigns; its name is empty if nobody does */
	struct ledger_window *window; /* NULL until the first SEAL */
	uint8_t nonce[GCM_NONCE]; /* of the next record, random, if has_nonce */
	bool has_nonce;
	uint64_t last_index, last_time; /* the host time of a record, if last_index is not 0 */
};

/* The identifier of a ledger's record and of its series of leaves. */
uint32_t ledger_series(uint32_t number);
/* Puts the record of a new ledger, inside a transaction. The keys stay the caller's. */
enum rc ledger_put(struct nvm *nvm, uint32_t number, const uint8_t id[LEDGER_ID],
		   const uint8_t content_key[AES256_KEY], const EVP_PKEY *signer) WARN_UNUSED;

/* RC_MEMORY. */
enum rc ledger_cache_new(struct ledger_cache **ret) WARN_UNUSED;
void ledger_cache_free(struct ledger_cache **cache);
/* Wipes the keys; the windows, which hold no secret, stay. */
void ledger_cache_wipe(struct ledger_cache *cache);
/* The ledger with its keys, borrowed until the next call. RC_NOT_FOUND, RC_DAMAGED. */
enum rc ledger_cache_get(struct ledger_cache *cache, struct nvm *nvm, uint32_t number,
			 struct ledger **ret) WARN_UNUSED;

#endif
