/* SPDX-License-Identifier: BSD-2-Clause */
/* Logical channels: state, MANAGE CHANNEL (ISO/IEC 7816-4 11.1.2, GPCS 11.7). */
#include "card/channel.h"

#include "card/applet.h"
#include "card/instance.h"
#include "card/keyed.h"
#include "card/manager.h"
#include "card/principal.h"
#include "card/registry.h"
#include "card/scp10.h"

enum { P1_OPEN = 0x00, P1_CLOSE = 0x80, SW_ALREADY_CLOSED = 0x6200 };

static void slot_reset(struct slot *slot)
{
	channel_end_session(&slot->channel);
	applet_deselect(&slot->channel);
	slot->chaining = false;
	buf_reset(&slot->chain);
	buf_reset(&slot->plain);
	buf_reset(&slot->answer);
	buf_reset(&slot->response);
	slot->sent = 0;
}

enum rc channels_open(struct slot slots[CHANNEL_COUNT], struct token_ram *ram)
{
	for (unsigned int i = 0; i < CHANNEL_COUNT; i++) {
		slots[i].channel.number = i;
		slots[i].channel.ram = ram;
		buf_init(&slots[i].chain, APDU_EXTENDED_DATA);
		buf_init(&slots[i].plain, APDU_EXTENDED_DATA);
		buf_init(&slots[i].answer, ANSWER_MAX);
		buf_init(&slots[i].response, ANSWER_MAX + 256);
		if (scp10_new(&slots[i].channel.scp10) != RC_OK)
			return RC_MEMORY;
	}
	slots[0].channel.open = true;
	return RC_OK;
}

void channels_free(struct slot slots[CHANNEL_COUNT])
{
	for (unsigned int i = 0; i < CHANNEL_COUNT; i++) {
		if (!slots[i].channel.scp10)
			continue;
		channel_end_session(&slots[i].channel);
		scp10_free(&slots[i].channel.scp10);
		keyed_free(&slots[i].channel.keyed);
		manager_free(&slots[i].channel.manager);
		principal_free(&slots[i].channel.principal);
		buf_free(&slots[i].chain);
		buf_free(&slots[i].plain);
		buf_free(&slots[i].answer);
		buf_free(&slots[i].response);
	}
}

/* What may be deleted, and is selected; 0: nothing such. */
static uint32_t selected_on(const struct slot *slot)
{
	uint32_t application = slot->channel.open ? slot->channel.application : 0;

	return application < REGISTRY_FIRST_FREE ? 0 : application;
}

static bool is_published(const struct card *card, uint32_t application)
{
	for (size_t i = 0; i < CHANNEL_COUNT; i++)
		if (card->slots[i].published == application)
			return true;
	return false;
}

static void publish(struct card *card, struct slot *slot, uint32_t application)
{
	uint32_t before = slot->published;

	if (application && !is_published(card, application))
		nvm_mark(card->nvm, application, true);
	slot->published = application;
	if (before && !is_published(card, before))
		nvm_mark(card->nvm, before, false);
}

void channels_publish(struct card *card)
{
	for (size_t i = 0; i < CHANNEL_COUNT; i++) {
		uint32_t application = selected_on(&card->slots[i]);

		if (card->slots[i].published != application)
			publish(card, &card->slots[i], application);
	}
}

bool channels_have_selected(const struct card *card, uint32_t application)
{
	for (size_t i = 0; i < CHANNEL_COUNT; i++)
		if (card->slots[i].channel.open &&
		    card->slots[i].channel.application == application)
			return true;
	return application >= REGISTRY_FIRST_FREE && nvm_is_marked(card->nvm, application);
}

void channels_reset(struct slot slots[CHANNEL_COUNT])
{
	for (unsigned int i = 0; i < CHANNEL_COUNT; i++) {
		slot_reset(&slots[i]);
		slots[i].channel.open = i == 0;
	}
}

bool channels_are_busy(const struct slot slots[CHANNEL_COUNT])
{
	bool busy = false;

	for (unsigned int i = 0; i < CHANNEL_COUNT; i++)
		busy = busy || slots[i].busy;
	return busy;
}

void channel_end_session(struct channel *channel)
{
	scp10_reset(channel->scp10);
	keyed_reset(channel->keyed);
	manager_reset(channel->manager);
	principal_reset(channel->principal);
	channel->roles = 0;
	if (channel->pin != PIN_NONE || channel->user_key)
		pin_forget(channel);
}

/*
 * The channel to give away when none is free: not logged in before logged in, then the oldest. NULL:
 * there are commands on all of them.
 */
static bool is_rather(const struct slot *a, const struct slot *b)
{
	bool a_in = a->channel.pin != PIN_NONE, b_in = b->channel.pin != PIN_NONE;

	return a_in != b_in ? b_in : a->used < b->used;
}

static struct slot *choose(struct card *card)
{
	struct slot *chosen = NULL;

	for (unsigned int i = 1; i < CHANNEL_COUNT; i++) {
		struct slot *slot = &card->slots[i];

		if (slot->busy)
			continue;
		if (!slot->channel.open)
			return slot;
		if (!chosen || is_rather(slot, chosen))
			chosen = slot;
	}
	return chosen;
}

static uint16_t open_channel(struct command *c)
{
	struct slot *slot;

	if (c->p2 != 0)
		return SW_INCORRECT_P1P2;
	if (c->le == 0)
		return SW_WRONG_LENGTH;
	slot = choose(c->card);
	if (!slot)
		return SW_CHANNEL_NOT_SUPPORTED;
	slot_reset(slot);
	slot->channel.open = true;
	slot->used = c->card->clock;
	buf_u8(c->answer, (uint8_t)slot->channel.number);
	return SW_OK;
}

static uint16_t close_channel(struct command *c)
{
	unsigned int number = c->p2 ? c->p2 : c->channel->number;
	struct slot *slot;

	if (number == 0 || number >= CHANNEL_COUNT)
		return SW_INCORRECT_P1P2;
	slot = &c->card->slots[number];
	if (slot->channel.open && &slot->channel == c->channel) {
		/* This very command still has to be answered: the dispatcher closes afterwards. */
		slot->channel.open = false;
		return SW_OK;
	}
	if (slot->channel.open && c->channel->number != 0)
		return SW_CONDITIONS;
	/* Only the basic channel waits for others, so that no two wait for each other. */
	while (slot->busy && c->channel->number == 0)
		pthread_cond_wait(&c->card->idle, &c->card->lock);
	if (!slot->channel.open)
		return SW_ALREADY_CLOSED;
	slot_reset(slot);
	slot->channel.open = false;
	return SW_OK;
}

uint16_t channel_manage(struct command *c)
{
	if (c->data.len)
		return SW_WRONG_LENGTH;
	if (c->p1 == P1_OPEN && registry_card_state(c->nvm) == LIFE_CARD_LOCKED)
		return SW_FUNCTION_NOT_SUPPORTED;
	if (c->p1 == P1_OPEN)
		return open_channel(c);
	if (c->p1 == P1_CLOSE)
		return close_channel(c);
	return SW_INCORRECT_P1P2;
}
