/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RECORD_TOKEN, the state of the token that is neither PIN nor object: `01 || flags 1 || label 32
 * || change counter 8 || PIN generation 8 || next object number 4 || unique 16`. A card without the
 * record is a card whose token was never written to. What several families need of it is declared
 * in card/command.h.
 */
#ifndef INTAGLIO_CARD_TOKEN_H
#define INTAGLIO_CARD_TOKEN_H

#include "card/command.h"

enum {
	TOKEN_LABEL = 32,
	TOKEN_UNIQUE = 16,
	TOKEN_OBJECTS_MAX = 0xFFFFFF, /* numbers, ever: the low 24 bits of a record identifier */
	COS_VERSION = 0x0100,
};

/* The flags byte of SELECT and TOKEN INFO. */
enum {
	TOKEN_INITIALISED = 0x01,
	TOKEN_USER_PIN_SET = 0x02,
	TOKEN_USER_PIN_LOW = 0x04,
	TOKEN_USER_PIN_FINAL = 0x08,
	TOKEN_USER_PIN_LOCKED = 0x10,
	TOKEN_SO_PIN_LOW = 0x20,
	TOKEN_SO_PIN_FINAL = 0x40,
	TOKEN_SO_PIN_LOCKED = 0x80,
};

struct token_state {
	bool initialised;
	uint8_t label[TOKEN_LABEL]; /* blank padded */
	uint64_t changes; /* the change counter */
	uint64_t generation; /* the last one given to a PIN record */
	uint32_t next_number; /* of the next object; never goes back */
	uint8_t unique[TOKEN_UNIQUE]; /* random, made with the record; all zero before */
};

/* The state as it is before the running transaction. RC_DAMAGED, and errors of nvm_get. */
enum rc token_load(struct nvm *nvm, struct token_state *ret) WARN_UNUSED;
/* Makes the unique bytes if there are none yet. */
enum rc token_unique(struct token_state *state) WARN_UNUSED;
/* Puts the state, inside a transaction; once in each, since a later put replaces an earlier one. */
enum rc token_put(struct nvm *nvm, struct token_state *state) WARN_UNUSED;
/* Gives out the next object number. RC_FULL: all were used. */
enum rc token_number(struct token_state *state, uint32_t *ret) WARN_UNUSED;

#endif
