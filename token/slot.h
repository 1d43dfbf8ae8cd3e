/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A slot from the inside, for the files of this folder: where its card comes from, the connection
 * to it, who is logged in, its sessions and the objects known. Everything but the constant first
 * fields is used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_SLOT_H
#define INTAGLIO_TOKEN_SLOT_H

#include <pthread.h>

#include "sc/application.h"
#include "token/config.h"
#include "token/store.h"
#include "token/token.h"

/* Where cards come from: one row a kind of slot. */
struct source {
	/* Adds a slot (slots_add) for everything that is there and has none yet. */
	CK_RV (*scan)(struct slots *slots);
	/* Connects to the slot's card and finds who we are towards it, as enum rc with a sentence. */
	enum rc (*open)(struct slot *slot, struct transport **ret_transport,
			struct identity **ret_identity);
	/* True while the slot holds a card of ours. */
	bool (*is_present)(struct slot *slot);
	/* What the next two are NULL for is always the same card, of a known identity. */
	/* Finds who we are towards the card of this id, where open left *ret_identity NULL. */
	enum rc (*identify)(struct slot *slot, const uint8_t card_id[CVC_ID],
			    struct identity **ret_identity);
	/*
	 * Another number for each card put in, 0 while there is none; look: asked of the source
	 * now, else as it was found last. Needs no slot lock.
	 */
	uint64_t (*insertion)(const struct slot *slot, bool look);
	const char *description; /* the slot description, before its name */
	bool is_parallel; /* its cards compute on several logical channels at once */
};

extern const struct source embedded_source; /* token/embedded.c */
extern const struct source reader_source; /* token/reader.c */

enum { RANDOM_KEPT = 256, SPARES = 3 };

/* A connection that one thread uses at a time, token/lane.h. */
struct lane {
	struct sc *sc;
	bool is_taken;
};

enum login { LOGIN_NONE, LOGIN_USER, LOGIN_SO };

struct slot {
	CK_SLOT_ID id;
	struct slots *slots; /* all of them */
	const struct source *source;
	const struct config *config;
	struct readers *readers;
	char *name; /* of the card directory or reader */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* one of the next, or a lane is free */
	unsigned int away; /* threads in a call that have put the lock down */
	unsigned int upgrading; /* threads in a call that wait until nobody is away */
	unsigned int waiting; /* threads that want to begin a call with the slot alone */
	struct lane first, spares[SPARES]; /* the first one's connection is sc */
	bool no_spares; /* the card gives no more channels */

	struct identity *identity;
	struct sc *sc; /* NULL until the first call that needs the card */
	enum login login;
	uint64_t login_epoch; /* sc_epoch at login: another one means that the card forgot it */
	struct application_token token; /* the newest TOKEN INFO */
	char channel[64]; /* what slot_channel returns */

	uint64_t insertion; /* the card that connection and sessions are of */
	bool gone; /* that card is no longer there */
	uint64_t looked_ms, talked_ms; /* monotonic: last look for it, last exchange with it */
	/* The insertion whose card was judged last, 0: none, and whether it is ours. */
	uint64_t judged;
	bool is_ours;
	uint64_t reported; /* the insertion last told as an event; under the list's lock */

	struct session *sessions; /* the newest first */
	size_t session_count, rw_count;

	struct store store;
	bool public_known, private_known;
	uint64_t counter; /* the change counter that the store is of */

	/* The host's random bytes to come, drawn ahead; wiped as they are used. */
	uint8_t random[RANDOM_KEPT];
	size_t random_left;
};

struct slots;

/* The slot that a source has added under this name, or NULL. */
struct slot *slots_find(struct slots *slots, const struct source *source, const char *name);
/* Adds one; CKR_HOST_MEMORY. */
CK_RV slots_add(struct slots *slots, const struct source *source, const char *name);
const struct config *slots_config(const struct slots *slots);
struct readers *slots_readers(const struct slots *slots);
/* Monotonic time. */
uint64_t slot_now_ms(void);

/* token/token.c: the connection, opened if there is none yet. */
CK_RV token_connect(struct slot *slot);
/* Asks the card for TOKEN INFO and keeps it in slot->token. */
CK_RV token_refresh(struct slot *slot);
/* The login is over on our side: private objects and what is in work on them go. */
void token_forget_login(struct slot *slot);
/* Closes the connection; the next call opens it again. */
void token_disconnect(struct slot *slot);

#endif
