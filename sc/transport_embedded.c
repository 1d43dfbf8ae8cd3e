/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software card in this process, of one transport or of several that share it. A card whose memory
 * has failed answers nothing more; it is closed when the last has let go of it, and opened again at the
 * next use of the first, which is then told of a reset.
 */
#include "sc/transport_embedded.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "card/card.h"

/* A running card and how many transports have it. */
struct running {
	pthread_mutex_t lock; /* of users */
	unsigned int users;
	struct card *card;
};

struct embedded {
	struct running *running; /* NULL after the card's memory failed */
	char *dir; /* NULL: made by share, which opens nothing again */
	struct card_options options;
};

static enum rc start(const char *dir, const struct card_options *options, struct running **ret)
{
	struct running *r = calloc(1, sizeof(*r));
	enum rc rc;

	if (!r)
		return RC_MEMORY;
	rc = card_open(dir, options, &r->card);
	if (rc != RC_OK) {
		free(r);
		return rc;
	}
	pthread_mutex_init(&r->lock, NULL);
	r->users = 1;
	*ret = r;
	return RC_OK;
}

static void let_go(struct running **running)
{
	struct running *r = *running;
	unsigned int left;

	*running = NULL;
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	left = --r->users;
	pthread_mutex_unlock(&r->lock);
	if (left)
		return;
	card_close(&r->card);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void embedded_close(void **handle)
{
	struct embedded *e = *handle;

	if (!e)
		return;
	let_go(&e->running);
	free(e->dir);
	free(e);
	*handle = NULL;
}

static enum rc embedded_open(const char *dir, const void *options, void **ret_handle,
			     struct transport_attributes *ret_attributes)
{
	struct embedded *e = calloc(1, sizeof(*e));
	enum rc rc = RC_MEMORY;
	void *handle = e;

	if (!e)
		return RC_MEMORY;
	if (options)
		e->options = *(const struct card_options *)options;
	e->dir = strdup(dir);
	if (!e->dir)
		goto out;
	rc = start(dir, &e->options, &e->running);
	if (rc != RC_OK)
		goto out;
	e->options.create = false;
	*ret_attributes = (struct transport_attributes){
		.extended = true,
		.command_max = APDU_COMMAND_MAX,
		.response_max = APDU_RESPONSE_MAX,
	};
	*ret_handle = handle;
	handle = NULL;
	rc = RC_OK;
out:
	embedded_close(&handle);
	return rc;
}

static enum rc embedded_share(void *handle, void **ret_handle)
{
	struct embedded *e = handle, *other;

	if (!e->running)
		return RC_RESET;
	other = calloc(1, sizeof(*other));
	if (!other)
		return RC_MEMORY;
	other->running = e->running;
	pthread_mutex_lock(&e->running->lock);
	e->running->users++;
	pthread_mutex_unlock(&e->running->lock);
	*ret_handle = other;
	return RC_OK;
}

/* Opens the card again after a failure. RC_RESET if it is up again: whatever it knew is gone. */
static enum rc reopen(struct embedded *e)
{
	enum rc rc = e->dir ? start(e->dir, &e->options, &e->running) : RC_IO;

	return rc == RC_OK ? RC_RESET : rc;
}

static enum rc embedded_transmit(void *handle, struct view command, struct buf *response)
{
	struct embedded *e = handle;
	enum rc rc;

	if (!e->running)
		return reopen(e);
	rc = card_transmit(e->running->card, command, response);
	if (rc == RC_IO)
		let_go(&e->running);
	return rc;
}

static enum rc embedded_reset(void *handle)
{
	struct embedded *e = handle;
	struct buf atr;
	enum rc rc;

	if (!e->running) {
		rc = reopen(e);
		return rc == RC_RESET ? RC_OK : rc;
	}
	buf_init(&atr, 64);
	rc = card_reset(e->running->card, &atr);
	buf_free(&atr);
	if (rc == RC_IO)
		let_go(&e->running);
	return rc;
}

const struct transport_ops transport_embedded_ops = {
	.name = "embedded",
	.open = embedded_open,
	.transmit = embedded_transmit,
	.reset = embedded_reset,
	.close = embedded_close,
	.share = embedded_share,
};

enum rc transport_embedded_open(const char *dir, struct transport **ret)
{
	return transport_open(&transport_embedded_ops, dir, NULL, ret);
}

enum rc transport_embedded_create(const char *dir, struct transport **ret)
{
	const struct card_options options = {.create = true};

	return transport_open(&transport_embedded_ops, dir, &options, ret);
}

enum rc transport_embedded_open_unthreaded(const char *dir, struct transport **ret)
{
	const struct card_options options = {.no_threads = true};

	return transport_open(&transport_embedded_ops, dir, &options, ret);
}
