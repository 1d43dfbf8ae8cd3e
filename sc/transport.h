/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transport moves raw APDUs to one card and back, and knows nothing of what they mean: a table of
 * functions and a few attributes. In a forked child every transport is dead: nothing is sent,
 * and calls fail with RC_FORKED. Not thread safe: one user at a time.
 */
#ifndef INTAGLIO_SC_TRANSPORT_H
#define INTAGLIO_SC_TRANSPORT_H

#include "base/apdu.h"

/* What reader and line can carry; set by open. */
struct transport_attributes {
	bool extended; /* extended length APDUs pass (the card must announce them as well) */
	size_t command_max; /* bytes of the longest command APDU, header and lengths included */
	size_t response_max; /* bytes of the longest response APDU, status word included */
	bool shared; /* other processes use the card as well: a logical channel of one's own */
};

struct transport_ops {
	const char *name; /* for traces and sentences, e.g. "embedded" */
	/* Connects to the card at address (a directory, a reader's name) and powers it up. */
	enum rc (*open)(const char *address, const void *options, void **ret_handle,
			struct transport_attributes *ret_attributes);
	/*
	 * One command in, one response appended. RC_RESET: the card was reset before this command,
	 * which was not sent. RC_REMOVED, RC_IO: the command may have been executed or not.
	 */
	enum rc (*transmit)(void *handle, struct view command, struct buf *response);
	/* Resets the card. */
	enum rc (*reset)(void *handle);
	void (*close)(void **handle);
	/*
	 * Between these two nobody else's commands reach the card. NULL where nobody else's can.
	 * Failures show at the next transmit.
	 */
	void (*begin)(void *handle);
	void (*end)(void *handle);
	/*
	 * A second way to the same card, for another thread and another logical channel. NULL where
	 * the card does one thing at a time.
	 */
	enum rc (*share)(void *handle, void **ret_handle);
};

struct transport;

/* Opens the card at address; options are the transport's own and may be NULL. */
enum rc transport_open(const struct transport_ops *ops, const char *address, const void *options,
		       struct transport **ret) WARN_UNUSED;
/* In a forked child the handle is left alone: it belongs to the parent. */
void transport_close(struct transport **t);

/* As the row of the table, after the check for a forked child. The response is appended. */
enum rc transport_transmit(struct transport *t, struct view command,
			   struct buf *response) WARN_UNUSED;
enum rc transport_reset(struct transport *t) WARN_UNUSED;
/*
 * Another transport to the same card, which may be used at the same time as the first and ends for
 * good where the first would connect again. RC_STATE where the card does one thing at a time.
 */
enum rc transport_share(struct transport *t, struct transport **ret) WARN_UNUSED;
/* Several APDUs that belong together go between these; they nest. */
void transport_begin(struct transport *t);
void transport_end(struct transport *t);

const struct transport_attributes *transport_attributes(const struct transport *t);
const char *transport_name(const struct transport *t);
const char *transport_address(const struct transport *t);

#endif
