/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The token application without dispatcher and channel security: real memory in a directory of the
 * test's own, two logical channels with every role, handlers called as the dispatcher calls them.
 * What cannot be set up ends the program.
 */
#ifndef INTAGLIO_TESTS_CARD_BARE_CARD_H
#define INTAGLIO_TESTS_CARD_BARE_CARD_H

#include "base/attr.h"
#include "card/command.h"
#include "card/ram.h"

#define SO_PIN   "so-pin-0001"
#define USER_PIN "1234"

struct bare_card {
	const char *dir;
	const struct nvm_io *io; /* NULL: real system calls */
	struct nvm *nvm;
	struct token_ram *ram;
	struct channel channels[2];
	unsigned int on; /* the channel that commands go to */
	uint32_t le;
	struct buf answer; /* of the last command, without the change counter */
};

/* A fresh card, and one with a label, SO PIN, user PIN and the user logged in on channel 0. */
void bare_card_new(struct bare_card *b);
void bare_card_new_token(struct bare_card *b);
/* A fresh card on a simulated disk; given back with bare_card_detach. */
void bare_card_new_on(struct bare_card *b, const struct nvm_io *io);
void bare_card_free(struct bare_card *b);
/* Power off and on. */
void bare_card_restart(struct bare_card *b);
/* The same directory as a second process would see it. */
void bare_card_attach(struct bare_card *b, const struct bare_card *other);
void bare_card_detach(struct bare_card *b);
/* Memory and RAM of a directory that exists; RC_OK or why not. */
enum rc bare_card_power_on(struct bare_card *b);
void bare_card_power_off(struct bare_card *b);

/* One command, header as four bytes in one number. */
uint16_t bare_card_send(struct bare_card *b, uint32_t header, struct view data);
uint16_t bare_card_verify(struct bare_card *b, enum pin_status who, const char *pin);
void bare_card_logout(struct bare_card *b);
/* Commands whose data are two data objects, 80 and 81. */
uint16_t bare_card_send_two(struct bare_card *b, uint32_t header, const char *first,
			    const char *second);
/* The number of the first rendered object in the answer, and its list. */
uint32_t bare_card_object(const struct bare_card *b, struct view *ret_list);
/* As above, of the nth. */
uint32_t bare_card_object_at(const struct bare_card *b, size_t skip, unsigned int n,
			     struct view *ret_list);
/* Sends GENERATE KEY PAIR, both templates empty but for what the key needs and usage true. */
uint16_t bare_card_generate_rsa(struct bare_card *b, unsigned int bits, CK_ATTRIBUTE_TYPE usage);
uint16_t bare_card_generate_ec(struct bare_card *b, struct view params, CK_ATTRIBUTE_TYPE usage);
uint16_t bare_card_generate(struct bare_card *b, uint32_t mechanism, struct view public_list,
			    struct view private_list);
/* KEY OPERATION; p1 as in doc/commands.md. */
uint16_t bare_card_operate(struct bare_card *b, unsigned int p1, uint32_t number,
			   uint32_t mechanism, struct view parameter, struct view input);

#endif
