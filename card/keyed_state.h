/* SPDX-License-Identifier: BSD-2-Clause */
/* What a channel from a key set keeps, for card/keyed.c and card/keyed_message.c alone. */
#ifndef INTAGLIO_CARD_KEYED_STATE_H
#define INTAGLIO_CARD_KEYED_STATE_H

#include "card/keyed.h"
#include "card/sm.h"

enum { KEYED_CLA = 0x84, SCP02_I_55 = 0x55 };

enum keyed_progress { KEYED_NONE, KEYED_BEGUN, KEYED_UP };

struct keyed {
	enum keyed_progress state;
	struct keyset set;
	bool is03;
	uint32_t counter; /* SCP02: the session's */
	size_t size; /* of challenges, cryptograms and MACs: 8, or 16 under S16 */
	uint8_t level;
	uint8_t host_challenge[SCP03_S16], card_challenge[SCP03_S16];
	uint8_t host_cryptogram[SCP03_S16], card_cryptogram[SCP03_S16];
	uint8_t s_enc[SCP03_KEY_MAX], s_dek[SCP02_KEY];
	struct cipher *enc;
	struct scp02_chain chain; /* SCP02 */
	struct cmac *mac, *rmac; /* SCP03 */
	uint8_t last[AES_BLOCK]; /* SCP03: the MAC chaining value */
	uint64_t number; /* SCP03: of the command in its session, from 1 */
	bool gathering; /* a command comes in parts, GPCS 11.1.5.1 */
	struct apdu first; /* of them: its header is that of all; it has no data here */
	struct buf parts; /* their data so far */
};

/*
 * Checks the C-MAC at the end of a command as received, but with its data in clear, and moves the
 * chain on; *ret_body is the data before it. RC_AUTH, RC_MALFORMED.
 */
enum rc keyed_check_mac(struct keyed *k, const struct apdu *command,
			struct view *ret_body) WARN_UNUSED;

#endif
