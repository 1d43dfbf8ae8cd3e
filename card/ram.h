/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the token application keeps in RAM for one card instance: keys ready for use and the tables
 * of ledgers. The card owns it, makes it when it opens and puts it into every channel; under the
 * card's lock. Nothing in it outlives the instance, and everything in it can be made again.
 */
#ifndef INTAGLIO_CARD_RAM_H
#define INTAGLIO_CARD_RAM_H

#include <stdint.h>

#include "base/rc.h"

struct channel;
struct key_cache;
struct ledger_cache;

enum { LOGIN_TICKET = 16 };

struct token_ram {
	unsigned int logins; /* channels with a PIN status */
	struct channel *passing; /* whose login the ticket is for, NULL: none (card/pin.c) */
	uint8_t ticket[LOGIN_TICKET];
	struct key_cache *keys; /* card/key_cache.h */
	struct ledger_cache *ledgers; /* card/ledger_cache.h */
};

/* RC_MEMORY. */
enum rc token_ram_new(struct token_ram **ret) WARN_UNUSED;
void token_ram_free(struct token_ram **ram);
/* Wipes every key; done when the last PIN status ends and when the token is initialised. */
void token_ram_wipe(struct token_ram *ram);

#endif
