/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One running card: its memory, its identity and its logical channels. For the files that make up
 * the card's core; command families see a struct command only. Everything but owner and
 * short_lengths, which never change, is guarded by lock; a busy slot belongs to its command also
 * while that has put the lock down (card/aside.h).
 */
#ifndef INTAGLIO_CARD_INSTANCE_H
#define INTAGLIO_CARD_INSTANCE_H

#include <pthread.h>
#include <sys/types.h>

#include "card/channel.h"
#include "card/identity.h"
#include "card/nvm.h"
#include "card/personalise.h"
#include "card/ram.h"

struct card {
	pthread_mutex_t lock;
	pthread_cond_t idle; /* a slot is not busy any more, or a reset is over */
	bool resetting; /* no command begins */
	pid_t owner; /* a forked child is somebody else */
	bool short_lengths; /* as in struct card_options */
	enum rc failed; /* RC_OK, or why the card answers nothing any more */
	struct nvm *nvm;
	struct identity *identity;
	struct token_ram *ram;
	struct pending_keys pending; /* generated, not yet personalised */
	struct slot slots[CHANNEL_COUNT];
	uint64_t clock; /* counts commands, for the order in which channels were used */
};

#endif
