/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The off-card end of SCP02 level 03 and SCP03 level 33 on the principal card (GPCS Appendix E,
 * Amendment D): it opens a session with a target from the target's INITIALIZE UPDATE response,
 * wraps commands for it and checks the answers that prove something. One session a struct, in
 * memory that its owner wipes with principal_channel_close.
 */
#ifndef INTAGLIO_CARD_PRINCIPAL_CHANNEL_H
#define INTAGLIO_CARD_PRINCIPAL_CHANNEL_H

#include "card/principal_store.h"

struct principal_channel {
	bool is_up;
	bool is03;
	uint8_t key_set; /* its number */
	uint8_t flags; /* of the key set */
	size_t size; /* of challenges, cryptograms and MACs */
	size_t block; /* largest plain data of a LOAD */
	uint8_t target[PRINCIPAL_TARGET]; /* the key diversification bytes */
	struct cipher *enc;
	struct scp02_chain chain; /* SCP02 */
	struct cmac *mac, *rmac; /* SCP03 */
	uint8_t last[AES_BLOCK]; /* SCP03: the MAC chaining value */
	uint64_t number; /* SCP03: of the last command, from 1 */
};

/*
 * Finds the key set under which the response's card cryptogram verifies, and appends the whole
 * EXTERNAL AUTHENTICATE. RC_MALFORMED: no such response; RC_AUTH: no key set fits, whatever the
 * reason; RC_POLICY: the session could be replayed on another card with the same keys, or the target
 * cannot do what the level needs.
 */
enum rc principal_channel_open(struct nvm *nvm, struct view challenge, struct view response,
			       struct principal_channel *ret, struct buf *out) WARN_UNUSED;
/*
 * Appends a command with this plain data as it goes to the target. RC_SPACE: it does not fit;
 * the session is then over, as after every failure.
 */
enum rc principal_channel_wrap(struct principal_channel *ch, uint8_t ins, uint8_t p1, uint8_t p2,
			       struct view data, struct buf *out) WARN_UNUSED;
/* Bytes of the data of a command in which so many plain ones are. */
size_t principal_channel_length(const struct principal_channel *ch, size_t plain);
/*
 * The status word of the answer to the last command. Under SCP03 RC_AUTH if it is a normal one
 * without its R-MAC. RC_MALFORMED.
 */
enum rc principal_channel_check(struct principal_channel *ch, struct view response,
				uint16_t *ret_sw) WARN_UNUSED;
/* The target's id is proved by its keys. */
bool principal_channel_proves(const struct principal_channel *ch);
/* Wipes. */
void principal_channel_close(struct principal_channel *ch);

#endif
