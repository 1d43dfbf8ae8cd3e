/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Management of what is on the card in a slot, GPCS 9: a connection of its own to a security domain,
 * and what the card's status words mean at each step. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_CONTENT_H
#define INTAGLIO_TOKEN_CONTENT_H

#include "sc/gp.h"
#include "token/slot.h"

/* What was being done when a status word came. */
enum content_step {
	CONTENT_READ,
	CONTENT_ANNOUNCE, /* INSTALL [for load] */
	CONTENT_BLOCK, /* LOAD */
	CONTENT_INSTALL,
	CONTENT_DELETE,
	CONTENT_LOCK,
	CONTENT_KEYS,
	CONTENT_MOVE,
	CONTENT_CARD, /* SET STATUS of the card */
};

struct content {
	struct slot *slot;
	struct identity *identity; /* of a session over SCP10 */
	struct gp *gp;
};

/* bare: without a channel where there are no keys. Says a sentence. */
CK_RV content_open(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, bool bare,
		   struct content *ret);
void content_close(struct content *c);
/* A connection over SCP10 for an application that is no security domain; nothing is sent yet. */
enum rc content_connect(struct content *c, struct sc **ret) WARN_UNUSED;
/* The CKR, and the sentence, of what came out of a step; sw as for outcome(). */
CK_RV content_judge(struct content *c, enum content_step step, enum rc rc, const uint16_t *sw);

/* False unless it has 5 to 16 bytes. */
bool content_is_aid(const CK_INTAGLIO_AID *aid);
struct view content_aid(const CK_INTAGLIO_AID *aid);
void content_put_aid(CK_INTAGLIO_AID *ret, struct view aid);

#endif
