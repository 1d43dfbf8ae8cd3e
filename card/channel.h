/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logical channels, ISO/IEC 7816-4 5.4.2: what the card keeps in RAM for each, and MANAGE CHANNEL.
 * The buffers grow to what is needed and are kept, so that a command costs no allocation.
 */
#ifndef INTAGLIO_CARD_CHANNEL_H
#define INTAGLIO_CARD_CHANNEL_H

#include "card/command.h"

enum { ANSWER_MAX = 80000 };

struct slot {
	struct channel channel;
	bool busy; /* a command is being served on it, and nobody else touches it */
	uint32_t published; /* the application that other processes know to be selected here */
	uint64_t used; /* card clock at the last command */
	bool chaining; /* a command chain has begun */
	uint8_t cla, ins, p1, p2; /* of that chain */
	struct buf chain; /* its data so far */
	struct buf plain; /* data of the command, after secure messaging */
	struct buf answer; /* what the handler appended */
	struct buf response; /* response data, protected; waits for GET RESPONSE past sent */
	bool ahead; /* the running command's answer is protected already, as 9000 */
	enum rc ahead_rc; /* how that went */
	size_t sent;
	uint16_t sw; /* the status word that ends the response */
};

/* Makes the slots of a card that was just powered up: channel 0 open. RC_MEMORY. */
enum rc channels_open(struct slot slots[CHANNEL_COUNT], struct token_ram *ram) WARN_UNUSED;
/* Closes all and gives back what they hold. */
void channels_free(struct slot slots[CHANNEL_COUNT]);
/* Power-up: sessions, PIN status, chains and waiting responses are gone; channel 0 is open. */
void channels_reset(struct slot slots[CHANNEL_COUNT]);
/* True while a command is being served on any of them. */
bool channels_are_busy(const struct slot slots[CHANNEL_COUNT]);
/* Tells other processes which applications that can be deleted are selected on open channels. */
void channels_publish(struct card *card);
/* Whether one is selected, on a channel of this process or of another. */
bool channels_have_selected(const struct card *card, uint32_t application);
/* Ends the session of a channel and everything that hangs on it: "step 102". */
void channel_end_session(struct channel *channel);
/* 00 70 00 00 opens, 00 70 80 n closes. */
uint16_t channel_manage(struct command *c);

#endif
