/* SPDX-License-Identifier: BSD-2-Clause */
/* What all transports have in common: the check for a forked child, and their owner. */
#include "sc/transport.h"

#include <stdlib.h>
#include <string.h>

#include "base/process.h"

struct transport {
	const struct transport_ops *ops;
	void *handle;
	char *address;
	pid_t owner;
	unsigned int depth; /* of begin without end */
	struct transport_attributes attributes;
};

enum rc transport_open(const struct transport_ops *ops, const char *address, const void *options,
		       struct transport **ret)
{
	struct transport *t;
	enum rc rc = RC_MEMORY;

	if (!ops || !address || !ret)
		return RC_ARGUMENT;
	t = calloc(1, sizeof(*t));
	if (!t)
		return RC_MEMORY;
	t->ops = ops;
	t->owner = process_id();
	t->address = strdup(address);
	if (!t->address)
		goto out;
	rc = ops->open(address, options, &t->handle, &t->attributes);
	if (rc != RC_OK)
		goto out;
	*ret = t;
	t = NULL;
	rc = RC_OK;
out:
	transport_close(&t);
	return rc;
}

void transport_close(struct transport **t)
{
	if (!t || !*t)
		return;
	if ((*t)->handle && (*t)->owner == process_id())
		(*t)->ops->close(&(*t)->handle);
	free((*t)->address);
	free(*t);
	*t = NULL;
}

enum rc transport_transmit(struct transport *t, struct view command, struct buf *response)
{
	if (t->owner != process_id())
		return RC_FORKED;
	return t->ops->transmit(t->handle, command, response);
}

enum rc transport_reset(struct transport *t)
{
	if (t->owner != process_id())
		return RC_FORKED;
	return t->ops->reset(t->handle);
}

enum rc transport_share(struct transport *t, struct transport **ret)
{
	struct transport *other;
	enum rc rc = RC_MEMORY;

	if (t->owner != process_id())
		return RC_FORKED;
	if (!t->ops->share)
		return RC_STATE;
	other = calloc(1, sizeof(*other));
	if (!other)
		return RC_MEMORY;
	other->ops = t->ops;
	other->owner = t->owner;
	other->attributes = t->attributes;
	other->address = strdup(t->address);
	if (other->address)
		rc = t->ops->share(t->handle, &other->handle);
	if (rc == RC_OK)
		*ret = other;
	else
		transport_close(&other);
	return rc;
}

void transport_begin(struct transport *t)
{
	if (t->depth++ == 0 && t->ops->begin && t->owner == process_id())
		t->ops->begin(t->handle);
}

void transport_end(struct transport *t)
{
	if (--t->depth == 0 && t->ops->end && t->owner == process_id())
		t->ops->end(t->handle);
}

const struct transport_attributes *transport_attributes(const struct transport *t)
{
	return &t->attributes;
}

const char *transport_name(const struct transport *t)
{
	return t->ops->name;
}

const char *transport_address(const struct transport *t)
{
	return t->address;
}
