/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card as its reader sees it. Owns memory, identity and channels; one lock, which a command puts
 * down only while it computes. Once its memory has failed the card answers nothing more, as a card
 * without power.
 */
#include "card/card.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/process.h"
#include "card/dispatch.h"
#include "card/instance.h"

/*
 * T=1, historical bytes: 80, card capabilities 73 (selection by full name, chaining, extended
 * length, channels assigned by the card, eight or more), card issuer's data 58 "Intaglio".
 */
static const uint8_t atr[] = {0x3B, 0x8E, 0x80, 0x01, 0x80, 0x73, 0x80, 0x01, 0xD7,
			      0x58, 'I',  'n',  't',  'a',  'g',  'l',  'i',  'o'};
enum { CAPABILITIES_THIRD = 8, CAPABILITY_EXTENDED = 0x40 };

static enum rc open_memory(const char *dir, const struct card_options *options, struct nvm **ret)
{
	struct nvm_options memory = {.segment_size = 0};
	enum rc rc;

	if (options) {
		memory.segment_size = options->segment_size;
		memory.capacity = options->capacity;
		memory.no_threads = options->no_threads;
		memory.io = options->io;
	}
	if (options && options->create) {
		rc = nvm_create(dir, &memory);
		if (rc != RC_OK)
			return rc;
	}
	return nvm_open(dir, &memory, ret);
}

enum rc card_open(const char *dir, const struct card_options *options, struct card **ret)
{
	struct card *card;
	enum rc rc;

	if (!dir || !ret)
		return RC_ARGUMENT;
	card = calloc(1, sizeof(*card));
	if (!card)
		return RC_MEMORY;
	card->owner = process_id();
	card->short_lengths = options && options->short_lengths;
	pthread_mutex_init(&card->lock, NULL);
	pthread_cond_init(&card->idle, NULL);
	rc = open_memory(dir, options, &card->nvm);
	if (rc == RC_OK)
		rc = identity_open(card->nvm, &card->identity);
	if (rc == RC_OK)
		rc = token_ram_new(&card->ram);
	if (rc == RC_OK)
		rc = channels_open(card->slots, card->ram);
	if (rc != RC_OK) {
		card_close(&card);
		return rc;
	}
	*ret = card;
	return RC_OK;
}

/* With its check byte, ISO/IEC 7816-3 8.2.5. */
static void put_atr(struct buf *out, bool short_lengths)
{
	uint8_t check = 0;

	for (size_t i = 0; i < sizeof(atr); i++) {
		uint8_t byte = atr[i];

		if (i == CAPABILITIES_THIRD && short_lengths)
			byte &= (uint8_t)~CAPABILITY_EXTENDED;
		if (i > 0)
			check ^= byte;
		buf_u8(out, byte);
	}
	buf_u8(out, check);
}

enum rc card_reset(struct card *card, struct buf *ret_atr)
{
	if (!card || !ret_atr)
		return RC_ARGUMENT;
	if (process_id() != card->owner)
		return RC_FORKED;
	pthread_mutex_lock(&card->lock);
	while (card->resetting)
		pthread_cond_wait(&card->idle, &card->lock);
	/* What is under way is finished and answered; nothing new begins. */
	card->resetting = true;
	while (channels_are_busy(card->slots))
		pthread_cond_wait(&card->idle, &card->lock);
	card->resetting = false;
	channels_reset(card->slots);
	channels_publish(card);
	pending_keys_forget(&card->pending);
	token_ram_wipe(card->ram);
	pthread_cond_broadcast(&card->idle);
	pthread_mutex_unlock(&card->lock);
	put_atr(ret_atr, card->short_lengths);
	return buf_rc(ret_atr);
}

/* The last command that was under way when the memory failed takes what the card knew with it. */
static void forget(struct card *card)
{
	if (channels_are_busy(card->slots))
		return;
	channels_reset(card->slots);
	token_ram_wipe(card->ram);
}

static enum rc transmit(struct card *card, struct view command, struct buf *response)
{
	size_t before = response->len;
	enum rc rc;

	if (card->failed != RC_OK)
		return RC_IO;
	rc = dispatch(card, command, response);
	if ((rc == RC_IO || rc == RC_DAMAGED) && card->failed == RC_OK) {
		log_error("the card's memory failed (%s); the card answers nothing until it is "
			  "opened again",
			  rc_name(rc));
		card->failed = rc;
	}
	if (card->failed == RC_OK)
		return rc;
	forget(card);
	buf_truncate(response, before);
	return RC_IO;
}

enum rc card_transmit(struct card *card, struct view command, struct buf *ret_response)
{
	enum rc rc;

	if (!card || !ret_response)
		return RC_ARGUMENT;
	if (process_id() != card->owner)
		return RC_FORKED;
	pthread_mutex_lock(&card->lock);
	rc = transmit(card, command, ret_response);
	pthread_mutex_unlock(&card->lock);
	return rc;
}

void card_close(struct card **card)
{
	if (!card || !*card)
		return;
	channels_free((*card)->slots);
	pending_keys_forget(&(*card)->pending);
	token_ram_free(&(*card)->ram);
	identity_close(&(*card)->identity);
	nvm_close(&(*card)->nvm);
	pthread_cond_destroy(&(*card)->idle);
	pthread_mutex_destroy(&(*card)->lock);
	free(*card);
	*card = NULL;
}
