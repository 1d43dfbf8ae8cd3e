/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An honest host whose messages somebody on the wire may keep, change and move, for the attacks on
 * the card: every form of the set-up, in extended length and in chains of short APDUs. What the
 * card and the host know before a message can be kept and given back, so that an attack on it does
 * not cost the set-up before it.
 */
#ifndef INTAGLIO_TESTS_CARD_ATTACK_H
#define INTAGLIO_TESTS_CARD_ATTACK_H

#include "card/scp10.h"
#include "tests/card/steps.h"

enum message {
	SET_ENVIRONMENT,
	ISSUER,
	HOST,
	BLOCK,
	ASK_CHALLENGE,
	HOST_SIGNATURE,
	CARD_SIGNATURE,
	PROTECTED,
	MESSAGES
};

/* A form of the set-up: suite, who authenticates, how the host's key is known, how long data goes. */
struct form {
	uint8_t suite, p1, p2;
	bool extended;
};

enum { FORMS = 14, WIRE_MAX = 2000, PARTS_MAX = 6 };
extern const struct form attack_forms[FORMS];

/* One message as it goes over the wire: its APDUs. */
struct wire {
	struct buf part[PARTS_MAX];
	size_t count;
};

void wire_init(struct wire *w);
void wire_free(struct wire *w);
void wire_copy(struct wire *w, const struct wire *from);
/* One command, in as many APDUs as the coding takes. */
void wire_put(struct wire *w, bool extended, struct apdu command);
/* Bytes of a part that mean something: the outer Le of the last two messages is not looked at. */
size_t wire_meaningful(const struct wire *w, size_t part, enum message message, bool extended);

/* What card and host know at one moment. No session may be half open. */
struct snapshot {
	struct scp10 card;
	struct buf block, ordered_keys;
	unsigned int roles;
	uint8_t key[4][PEER_KEY], challenge[16];
	uint64_t counter[2];
};

void snapshot_init(struct snapshot *s);
void snapshot_take(struct snapshot *s, const struct peer *p);
void snapshot_return(const struct snapshot *s, struct peer *p);
void snapshot_free(struct snapshot *s);

/* Whether a message is one of this form. */
bool attack_is_sent(const struct peer *p, enum message message);
/* A new session of this form, nothing sent yet; the level is 33. */
void attack_begin(struct peer *p, const struct form *form);
/* The host's next message, from what it knows by now. */
void attack_build(struct peer *p, enum message message, struct wire *out);
/* Sends all of it as long as the answers are 9000; the last answer. */
uint16_t attack_send(struct peer *p, const struct wire *wire, struct buf *answer);
/* Whether the host goes on after this answer. */
bool attack_is_believed(struct peer *p, enum message message, uint16_t sw,
			const struct buf *answer);
/* Honest messages from `from` up to, not into, `end`; kept in record unless it is NULL. */
bool attack_run(struct peer *p, enum message from, enum message end, struct wire *record);
/* Sends a forged message in the place of an honest one and goes on as far as the host does. */
bool attack_forge(struct peer *p, enum message message, const struct wire *wire);
/* A new session up to a message, and that message as the host makes it. */
void attack_go_to(struct peer *p, const struct form *form, enum message message, struct wire *out);

/* Counts an attack, which fails the test if it was accepted. */
void attack_count(bool accepted);
/* Prints what was counted since the last time. */
void attack_report(const char *what, const struct form *form);

#endif
