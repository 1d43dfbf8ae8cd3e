/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card content management, GPCS 9 and 11: what the commands of a security domain share. Handlers
 * are in the file of their family: manager_load.c (INSTALL [for load], LOAD), manager_install.c and
 * manager_update.c (the other INSTALLs), manager_delete.c (DELETE), manager_status.c (GET STATUS, SET STATUS), manager_data.c (GET DATA),
 * manager_store.c (STORE DATA), manager_keys.c (PUT KEY); tokens, receipts and DAPs in manager_delegate.c and manager_dap.c. All of them are served in a session only, SCP02 or SCP03
 * with the selected domain, or SCP10 with the issuer's role, but for public reads.
 */
#ifndef INTAGLIO_CARD_MANAGER_H
#define INTAGLIO_CARD_MANAGER_H

#include "base/cap.h"
#include "card/command.h"
#include "card/registry.h"

enum { LOAD_HASH_MAX = 64, MANAGER_LEVELS_MAX = 16, MANAGER_REQUEST_MAX = 4096 };

/* What a channel keeps between commands of card content management; RAM. */
struct manager {
	/* INSTALL [for load] came and not yet the last LOAD. */
	bool loading;
	bool combined; /* with an installation at its end, GPCS 9.3.8 */
	bool complete; /* all of it has come and was judged; the installation has not */
	struct buf request, parameters; /* the command as tokens are over it; its load parameters */
	struct registry_entry file; /* as it will be registered */
	uint8_t hash[LOAD_HASH_MAX]; /* of the load file data block, as announced */
	size_t hash_len; /* 0: none was */
	unsigned int block; /* the next one */
	struct buf code; /* the load file so far */
	/* A command comes in parts, each protected like any other, GPCS 11.1.5.1. */
	bool chaining;
	uint8_t chain_ins, chain_p1, chain_p2;
	struct buf chain; /* their data so far */
	/* GET STATUS said that there is more. */
	uint8_t status_p1;
	uint32_t status_after; /* 0: it did not */
	/* STORE DATA, to whom: a domain under the selected one, by INSTALL [for personalization]; 0: itself. */
	uint32_t personalised;
	unsigned int store_block; /* the next one */
	uint8_t store_format; /* bits of P1 that all blocks share */
	struct buf stored; /* the data so far */
};

/* Bytes of one sequence of STORE DATA; bytes of RAM that applications may be promised. */
enum { MANAGER_CHAIN_MAX = 8192, MANAGER_STORE_MAX = 8192, MANAGER_VOLATILE = 65536 };

/* Objects that a security domain keeps as they were stored, GPCS 11.11.2.3. */
enum {
	TAG_ISSUER_NUMBER = 0x42,
	TAG_IMAGE_NUMBER = 0x45,
	TAG_CARD_DATA = 0x66,
	TAG_CAPABILITIES = 0x67,
	TAG_MANAGER_URL = 0x5F50,
};

/* The channel's; made at first use. NULL without memory. */
struct manager *manager_of(struct channel *channel);
/* Forgets what was begun. NULL is fine. */
void manager_reset(struct manager *m);
void manager_free(struct manager **m);

/* The selected security domain. */
enum rc manager_domain(struct command *c, struct registry_entry *ret) WARN_UNUSED;
/* 9000 if the card's keys and data may change: the domain and the card are not locked. */
uint16_t manager_may_write(struct command *c, const struct registry_entry *domain);
/* The same for the card's contents, which ask for the Authorized or Delegated Management privilege, too. */
uint16_t manager_may(struct command *c, const struct registry_entry *domain);
/* Whether an entry belongs to a domain, directly or through others; a domain belongs to itself. */
bool manager_is_under(struct nvm *nvm, const struct registry_entry *entry, uint32_t domain);
/* Takes a length of one to three bytes (80 is 128 here, GPCS 11.5.2.3) and so many bytes. RC_MALFORMED. */
enum rc manager_take(struct view *in, struct view *ret) WARN_UNUSED;
/*
 * A command may come in parts (the *more commands* bit of P1): whole is called with all of it when the
 * last one has come. 6985: a part of another command; 6A86: too long.
 */
uint16_t manager_gather(struct command *c, command_handler whole);
/* Whether a command in parts was interrupted by this one, and is forgotten; then 6985. */
bool manager_interrupts(struct command *c);
/* Answers `00`: no confirmation. */
uint16_t manager_confirm(struct command *c);

/* 80 E6 02 and 80 E8. */
uint16_t manager_install_for_load(struct command *c);
uint16_t manager_load(struct command *c);
/* 80 E6, all of them. */
uint16_t manager_install(struct command *c);
/* 80 E4. */
uint16_t manager_delete(struct command *c);
/* 80 F2, 80 F0. */
uint16_t manager_get_status(struct command *c);
uint16_t manager_set_status(struct command *c);
/* The value of an object that was stored in a domain. RC_NOT_FOUND. */
enum rc manager_stored(struct nvm *nvm, uint32_t domain, uint32_t tag,
		       struct view *ret) WARN_UNUSED;
/* CA and CB, bare and in a session; 80 E2. */
uint16_t manager_get_data(struct command *c);
uint16_t manager_store_data(struct command *c);
/* 80 D8; the DELETE of keys. */
uint16_t manager_put_key(struct command *c);
uint16_t manager_delete_key(struct command *c, struct view data);

#endif
