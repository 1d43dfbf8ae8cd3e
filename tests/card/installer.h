/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blind host of an installation through a principal card: it carries commands between two cards
 * and understands none, written from doc/principal.md. And what the tests of it need: a principal
 * card, target cards with keys, and what is put on them.
 */
#ifndef INTAGLIO_TESTS_CARD_INSTALLER_H
#define INTAGLIO_TESTS_CARD_INSTALLER_H

#include "card/principal_store.h"
#include "tests/card/peer.h"

#define INSTALLER_PRINCIPAL "F0496E7461676C696F02"
#define INSTALLER_PACKAGE   "F00102030405"
#define INSTALLER_MODULE    "F0010203040501"
#define INSTALLER_INSTANCE  "F0010203040502"
#define INSTALLER_ISD       "A000000151000000"

enum { INSTALLER_MASTER = 0x40, INSTALLER_FILE = 900 };

struct installer {
	struct peer *principal, *target;
	uint8_t application;
	size_t challenge; /* 8, or 16 under S16 */
	long apdus; /* to either card, that it still lives for; negative: for ever */
	struct buf answer; /* the principal's last */
	struct buf reply; /* the target's last, with its status word */
};

void installer_init(struct installer *i, struct peer *principal, struct peer *target,
		    uint8_t application);
void installer_free(struct installer *i);
/* One operation of the principal; its status word. 0: the host is dead. */
uint16_t installer_ask(struct installer *i, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
		       struct view data, uint32_t le);
/* 80 80 p1 p2 without data. */
uint16_t installer_operate(struct installer *i, uint8_t p1, uint8_t p2);
/* Carries the principal's answer to the target; the target's status word. */
uint16_t installer_carry(struct installer *i);
/*
 * Parts of an installation, each ending with the first word that is not as it should be: a session
 * with the target; all until activation could come; activation; the rest with its reports.
 */
uint16_t installer_begin(struct installer *i);
uint16_t installer_load(struct installer *i);
uint16_t installer_activate(struct installer *i);
uint16_t installer_finish(struct installer *i);
/* All of it. */
uint16_t installer_run(struct installer *i);

/* A host with these roles, its session, and the principal application selected in it. */
void installer_login(struct peer *principal, unsigned int roles);
/* An issuer's session and a principal application on a card that has none. */
void installer_make_principal(struct peer *principal);
/* Key set number 1: masters 40.., 50.., 60.. of 16 bytes, diversified unless flags say shared. */
void installer_put_keys(struct installer *i, uint8_t number, uint8_t type, uint8_t scp_i,
			uint8_t flags, uint16_t block);
/* A load file of INSTALLER_FILE bytes as number 1, and application: what deletes, loads and installs it. */
void installer_put_application(struct installer *i, uint8_t application);
/* The application alone: its file is there. And of the file with another number; without DELETEs. */
void installer_put_script(struct installer *i, uint8_t application);
void installer_put_script_of(struct installer *i, uint8_t application, uint16_t file, bool deletes);
/* The same load file under this number. */
void installer_put_file(struct installer *i, uint16_t number);
uint16_t installer_charge(struct installer *i, uint8_t application, uint32_t serial,
			  uint32_t count);
/* The load file's code. */
void installer_code(struct buf *out);

/* The application's counter as status tells it. */
struct principal_counter installer_counter(struct installer *i, uint8_t application);
/* Whether there is a pending entry. */
bool installer_is_pending(struct installer *i);
/* Entries of the audit trail with this event. */
size_t installer_audited(struct installer *i, enum principal_event event);

/* Puts the target's own keys into its memory; the card is closed and opened. scp_i as in a keyset. */
void installer_give_keys(struct peer *target, uint8_t type, uint8_t scp_i, bool shared,
			 const struct nvm_io *io);
/* The principal's audit trail is as long as it may be; the card is closed and opened. */
void installer_fill_trail(struct peer *principal);
/* Instances of this AID in the target's registry; its memory is opened beside the card. */
size_t installer_instances(struct peer *target, const char *aid, const struct nvm_io *io);

#endif
