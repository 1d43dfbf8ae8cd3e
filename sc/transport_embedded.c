/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software card in this process. A card whose memory has failed answers nothing more; it is
 * closed at once and opened again at the next use, which is then told of a reset.
 */
#include "sc/transport_embedded.h"

#include <stdlib.h>
#include <string.h>

#include "card/card.h"

struct embedded {
	struct card *card; /* NULL after its memory failed */
	char *dir;
	struct card_options options;
};

static void embedded_close(void **handle)
{
	struct embedded *e = *handle;

	if (!e)
		return;
	card_close(&e->card);
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
	rc = card_open(dir, &e->options, &e->card);
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

/* Opens the card again after a failure. RC_RESET if it is up again: whatever it knew is gone. */
static enum rc reopen(struct embedded *e)
{
	enum rc rc = card_open(e->dir, &e->options, &e->card);

	return rc == RC_OK ? RC_RESET : rc;
}

static enum rc embedded_transmit(void *handle, struct view command, struct buf *response)
{
	struct embedded *e = handle;
	enum rc rc;

	if (!e->card)
		return reopen(e);
	rc = card_transmit(e->card, command, response);
	if (rc == RC_IO)
		card_close(&e->card);
	return rc;
}

static enum rc embedded_reset(void *handle)
{
	struct embedded *e = handle;
	struct buf atr;
	enum rc rc;

	if (!e->card) {
		rc = reopen(e);
		return rc == RC_RESET ? RC_OK : rc;
	}
	buf_init(&atr, 64);
	rc = card_reset(e->card, &atr);
	buf_free(&atr);
	if (rc == RC_IO)
		card_close(&e->card);
	return rc;
}

const struct transport_ops transport_embedded_ops = {
	.name = "embedded",
	.open = embedded_open,
	.transmit = embedded_transmit,
	.reset = embedded_reset,
	.close = embedded_close,
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
