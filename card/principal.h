/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The principal card: an application that holds target cards' keys, load files, scripts and a number
 * of activations, and drives the installation of an application on a target through a host that
 * only carries commands (doc/principal.md). principal.c has the flow, principal_activate.c what is
 * counted, principal_load.c what the issuer puts in, principal_status.c what he reads. All served
 * in a session of SCP10; one installation in hand a logical channel, in wiped memory.
 */
#ifndef INTAGLIO_CARD_PRINCIPAL_H
#define INTAGLIO_CARD_PRINCIPAL_H

#include "card/command.h"
#include "card/principal_channel.h"
#include "card/registry.h"

/* Where an installation is; it only moves on. */
enum principal_stage {
	PRINCIPAL_NONE, /* no application requested */
	PRINCIPAL_DELETES,
	PRINCIPAL_FILE, /* a load file is selected */
	PRINCIPAL_DATA, /* its data are */
	PRINCIPAL_INSTALLS, /* activated */
	PRINCIPAL_OVER, /* reported */
	PRINCIPAL_BACK, /* taken back: no activation any more */
};

struct principal {
	uint8_t challenge[SCP03_S16];
	size_t challenge_len; /* 0: none is outstanding */
	uint64_t host_time; /* as claimed; 0: not */
	struct principal_channel target;
	enum principal_stage stage;
	uint16_t number; /* of the application */
	struct buf definition;
	struct principal_application application; /* views into it */
	uint8_t digest[SHA256_SIZE];
	struct buf packages; /* DELETEs of what a script without any loads, the last first */
	size_t package_count;
	bool is_again; /* the pending entry was this installation's when it began */
	bool reserved; /* an activation is kept free for this installation */
	struct principal_file file; /* in hand */
	size_t file_index; /* from 1; 0: none yet */
	size_t blocks; /* of its data */
	size_t longest; /* bytes of data in any command */
	size_t loaded; /* load files that were wholly released before it was taken back */
	size_t step; /* the last command released at this stage, from 1 */
	uint8_t last_kind; /* P1 of the operation that released it; 0: none */
	struct buf last; /* its bytes */
	/* A load file that the issuer is loading. */
	bool loading;
	struct principal_file new_file;
	struct buf code;
};

/* The channel's; made at first use. NULL without memory. */
struct principal *principal_of(struct channel *channel);
/* Forgets the installation in hand, but not the challenge. */
void principal_end(struct principal *p);
/* Forgets everything. NULL is fine. */
void principal_reset(struct principal *p);
void principal_free(struct principal **p);

/* RC_STATE: what is stored is not what the installation began with. */
enum rc principal_compare(struct nvm *nvm, const struct principal *p) WARN_UNUSED;

/* All that comes before another load file, or activation, was released. */
bool principal_is_complete(const struct principal *p);

/* As struct applet has them. */
uint16_t principal_install(struct command *c, const struct registry_entry *instance,
			   struct view parameters);
uint16_t principal_uninstall(struct command *c, const struct registry_entry *instance);
uint16_t principal_select(struct command *c, const struct registry_entry *instance);
void principal_deselect(struct channel *channel);
extern const struct command_row principal_commands[];

/* card/principal_activate.c */
/*
 * The word for an installation that begins: 9000 if it will not be charged or there is an activation
 * that no other one in hand on this card needs, which then is kept for it.
 */
uint16_t principal_reserve(struct command *c, struct principal *p);
/* 00 88 00 00 */
uint16_t principal_activate(struct command *c);
/* 80 80 60: the target's 9000 to the last command came. */
uint16_t principal_complete(struct command *c, struct principal *p);
/*
 * Inside a transaction: the pending entry goes if it is of this application, and of something else
 * than this definition; without one, the application is deleted.
 */
enum rc principal_drop_stale(struct command *c, uint16_t number,
			     struct view definition) WARN_UNUSED;
/* 80 80 70 00: the pending entry is given up. */
uint16_t principal_give_up(struct command *c);

/* card/principal_load.c */
/* The session enciphers commands, which all that the issuer puts on or takes off needs. */
bool principal_is_enciphered(const struct command *c);
uint16_t principal_put_keys(struct command *c);
uint16_t principal_put_file(struct command *c);
uint16_t principal_put_application(struct command *c);
uint16_t principal_charge(struct command *c);

/* card/principal_status.c */
uint16_t principal_status(struct command *c);
uint16_t principal_trim(struct command *c);

#endif
