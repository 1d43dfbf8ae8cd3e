/* SPDX-License-Identifier: BSD-2-Clause */
/* The card's lock, put down and taken again by a command whose slot stays its own. */
#include "card/aside.h"

#include "card/instance.h"

uint64_t aside_begin(struct command *c)
{
	uint64_t clock;

	/* A handler without a card around it is alone anyway. */
	if (!c->card)
		return 0;
	clock = c->card->clock;
	pthread_mutex_unlock(&c->card->lock);
	return clock;
}

bool aside_end(struct command *c, uint64_t begun)
{
	if (!c->card)
		return false;
	pthread_mutex_lock(&c->card->lock);
	return c->card->clock != begun;
}
