/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a principal card keeps: key sets of target cards, load files, applications with their
 * scripts, activations, the pending entry and the audit trail. Every record is enciphered under the
 * storage key and bound to its place. Functions that put are for inside a transaction and fail at
 * its commit; a record that does not open is RC_DAMAGED.
 */
#ifndef INTAGLIO_CARD_PRINCIPAL_STORE_H
#define INTAGLIO_CARD_PRINCIPAL_STORE_H

#include "base/diversify.h"
#include "card/keyset.h"

enum {
	PRINCIPAL_TARGET = DIVERSIFY_DATA, /* bytes of a target's id */
	PRINCIPAL_KEYS_MAX = 16, /* key sets */
	PRINCIPAL_FILE_MAX = 1 << 20, /* bytes of a load file */
	PRINCIPAL_PLAIN_MAX = 239, /* data of one plain command */
	PRINCIPAL_DEFINITION_MAX = 32768,
	PRINCIPAL_AUDIT_MAX = 4096, /* entries that the issuer has not taken off */
};

/* Key sets. */
enum {
	PRINCIPAL_SHARED = 0x01, /* cards have these very keys: none proves its id */
	PRINCIPAL_CLASS_84 =
		0x02, /* SCP02: INSTALL [for load] and LOAD are sent with class 84 too */
};

struct principal_keys {
	uint8_t number; /* 1 to PRINCIPAL_KEYS_MAX */
	uint8_t type; /* KEY_TYPE_DES: SCP02, KEY_TYPE_AES: SCP03 */
	uint8_t i; /* SCP02: 15 or 55; SCP03: 0, the card says it */
	uint8_t version; /* that the target answers; 0: any */
	uint8_t flags;
	uint16_t block; /* largest plain data of a LOAD; 0: what a short command carries */
	size_t len; /* of each key */
	uint8_t key[KEYSET_KEYS][SCP03_KEY_MAX]; /* the cards' own, or master keys */
};

/* The first set with a number above after. RC_NOT_FOUND. Wipe what it gives. */
enum rc principal_keys_next(struct nvm *nvm, uint8_t after, struct principal_keys *ret) WARN_UNUSED;
enum rc principal_keys_put(struct nvm *nvm, const struct principal_keys *keys) WARN_UNUSED;
void principal_keys_delete(struct nvm *nvm, uint8_t number);
/* RC_MALFORMED: not a possible set. */
enum rc principal_keys_take(struct view in, uint8_t number, struct principal_keys *ret) WARN_UNUSED;
void principal_keys_wipe(struct principal_keys *keys);

/* Load files. */
struct principal_file {
	uint16_t number;
	uint32_t size;
	uint8_t hash[SHA256_SIZE];
	uint8_t install[PRINCIPAL_PLAIN_MAX]; /* data of INSTALL [for load] */
	uint8_t install_len;
};

enum rc principal_file_get(struct nvm *nvm, uint16_t number,
			   struct principal_file *ret) WARN_UNUSED;
/* The first file above after. */
enum rc principal_file_next(struct nvm *nvm, uint16_t after,
			    struct principal_file *ret) WARN_UNUSED;
enum rc principal_file_put(struct nvm *nvm, const struct principal_file *file,
			   struct view code) WARN_UNUSED;
void principal_file_delete(struct nvm *nvm, uint16_t number);
/* Appends len bytes of the code from offset at. RC_ARGUMENT: there are not so many. */
enum rc principal_file_read(struct nvm *nvm, const struct principal_file *file, size_t at,
			    size_t len, struct buf *out) WARN_UNUSED;

/* Applications: views into their definition, doc/principal.md. */
struct principal_application {
	uint8_t key_set; /* 0: any */
	struct view deletes, files, installs; /* lists of data objects */
	size_t delete_count, file_count, install_count;
};

/* RC_MALFORMED. */
enum rc principal_application_take(struct view definition,
				   struct principal_application *ret) WARN_UNUSED;
/* The value of item index of a list, from 1; RC_NOT_FOUND. */
enum rc principal_item(struct view list, size_t index, struct view *ret) WARN_UNUSED;
/* The number of an application's load file, from 1. */
enum rc principal_file_number(const struct principal_application *app, size_t index,
			      uint16_t *ret) WARN_UNUSED;
/* Appends the definition. RC_NOT_FOUND. */
enum rc principal_definition_get(struct nvm *nvm, uint16_t number, struct buf *out) WARN_UNUSED;
enum rc principal_definition_put(struct nvm *nvm, uint16_t number,
				 struct view definition) WARN_UNUSED;
/* With its activations. */
void principal_definition_delete(struct nvm *nvm, uint16_t number);
/* Number of the first application above after. */
enum rc principal_application_next(struct nvm *nvm, uint16_t after, uint16_t *ret) WARN_UNUSED;
/*
 * What an installation is of: SHA-256 over the definition and all its load files' records, whatever
 * the files' numbers are.
 */
enum rc principal_digest(struct nvm *nvm, uint16_t number, struct view definition,
			 uint8_t ret[SHA256_SIZE]) WARN_UNUSED;

/* Activations. */
struct principal_counter {
	uint32_t left, used;
	uint32_t serial, last; /* of the last charge: its number, and how many it gave */
};

/* All zero where there is none. */
enum rc principal_counter_get(struct nvm *nvm, uint16_t number,
			      struct principal_counter *ret) WARN_UNUSED;
enum rc principal_counter_put(struct nvm *nvm, uint16_t number,
			      const struct principal_counter *counter) WARN_UNUSED;

/* An activation that was charged and not yet reported. */
struct principal_pending {
	uint16_t application; /* 0: there is none */
	uint8_t target[PRINCIPAL_TARGET];
	uint8_t digest[SHA256_SIZE];
	uint8_t retries; /* taken so far */
	bool is03; /* last tried under SCP03, where a report proves itself: without end */
};

struct principal_state {
	struct principal_pending pending;
	uint32_t audit_first, audit_next; /* sequence numbers; the next entry's is audit_next */
};

enum rc principal_state_get(struct nvm *nvm, struct principal_state *ret) WARN_UNUSED;
enum rc principal_state_put(struct nvm *nvm, const struct principal_state *state) WARN_UNUSED;

/* The audit trail. */
enum principal_event {
	PRINCIPAL_CHARGED = 1,
	PRINCIPAL_RETRIED = 2, /* released again, free */
	PRINCIPAL_REPORTED = 3, /* the target's 9000 */
	PRINCIPAL_DROPPED = 4, /* the entry: no free retry was left */
	PRINCIPAL_GIVEN_UP = 5, /* the entry: the host asked */
};

struct principal_audit {
	uint8_t event;
	uint16_t application;
	uint8_t target[PRINCIPAL_TARGET];
	uint8_t digest[SHA256_SIZE];
	bool proved; /* the target's id by its keys; a report by its R-MAC */
	uint32_t date; /* of the card, YYMMDD: not before */
	uint64_t host_time; /* ms since 1970; the host's claim, 0: none */
};

enum { PRINCIPAL_AUDIT_SIZE = 4 + 1 + 2 + PRINCIPAL_TARGET + SHA256_SIZE + 1 + 4 + 8 };

/* Appends an entry and counts it in state, which the caller puts. */
enum rc principal_audit_append(struct nvm *nvm, struct principal_state *state,
			       const struct principal_audit *entry) WARN_UNUSED;
/* Appends the entry of this sequence number, PRINCIPAL_AUDIT_SIZE bytes. RC_NOT_FOUND. */
enum rc principal_audit_get(struct nvm *nvm, uint32_t sequence, struct buf *out) WARN_UNUSED;
void principal_audit_delete(struct nvm *nvm, uint32_t sequence);

/* Deletes everything, inside a transaction. */
void principal_wipe(struct nvm *nvm);

#endif
