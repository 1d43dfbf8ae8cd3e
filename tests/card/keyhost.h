/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host with a key set in tests of the whole card: sessions of SCP02 and SCP03 (S8), level 01 or 03,
 * framed here and not by the card's code, so that what is sent can be wrong, repeated or in parts.
 */
#ifndef INTAGLIO_TESTS_CARD_KEYHOST_H
#define INTAGLIO_TESTS_CARD_KEYHOST_H

#include "card/keyset.h"
#include "tests/card/peer.h"

struct keyhost {
	struct peer *peer;
	struct keyset set;
	bool is03;
	uint8_t level;
	uint8_t enc[SCP03_KEY_MAX], mac[SCP03_KEY_MAX];
	uint8_t last[AES_BLOCK]; /* C-MAC */
	bool begun; /* SCP02: there is one */
	uint64_t number; /* SCP03: of commands */
	struct buf answer; /* to the last command, without the word */
	struct buf authenticate; /* the data of the last EXTERNAL AUTHENTICATE */
};

/* What is wrong with EXTERNAL AUTHENTICATE on purpose. */
enum keyhost_fault { FAULT_NONE, FAULT_CRYPTOGRAM, FAULT_MAC, FAULT_LEVEL };

void keyhost_init(struct keyhost *h, struct peer *peer, const struct keyset *set);
void keyhost_free(struct keyhost *h);
/* INITIALIZE UPDATE and EXTERNAL AUTHENTICATE with the selected domain; the last word. */
uint16_t keyhost_open(struct keyhost *h, uint8_t level, enum keyhost_fault fault);
/* Appends the data field as it is sent, its MAC at the end; the session's MAC moves on. */
void keyhost_protect(struct keyhost *h, uint32_t header, struct view data, struct buf *out);
/* A command of this header, CLA as given, and these bytes as they are; extended where they are many. */
uint16_t keyhost_raw(struct keyhost *h, uint32_t header, struct view data);
/* A protected command; the header is of the plain one, 80. */
uint16_t keyhost_send(struct keyhost *h, uint32_t header, struct view data);

#endif
