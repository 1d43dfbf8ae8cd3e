/* SPDX-License-Identifier: BSD-2-Clause */
/* The table's dispatch, and the row for keys in memory. */
#include "sc/host_key.h"

#include <stdlib.h>

#include "base/rsa_raw.h"

struct host_key {
	const struct host_key_ops *ops;
	void *handle;
};

enum rc host_key_new(const struct host_key_ops *ops, void *handle, struct host_key **ret)
{
	struct host_key *k = calloc(1, sizeof(*k));

	if (!k)
		return RC_MEMORY;
	k->ops = ops;
	k->handle = handle;
	*ret = k;
	return RC_OK;
}

void host_key_free(struct host_key **key)
{
	if (!key || !*key)
		return;
	(*key)->ops->close(&(*key)->handle);
	free(*key);
	*key = NULL;
}

enum rc host_key_sign(struct host_key *key, enum rsa_scheme scheme, const struct view *parts,
		      size_t count, struct buf *signature)
{
	return key->ops->sign(key->handle, scheme, parts, count, signature);
}

enum rc host_key_raw(struct host_key *key, struct view block, struct buf *out)
{
	return key->ops->raw(key->handle, block, out);
}

EVP_PKEY *host_key_public_half(const struct host_key *key)
{
	return key->ops->public_half(key->handle);
}

void host_key_expect(struct host_key *key, EVP_PKEY *certified)
{
	if (key->ops->expect)
		key->ops->expect(key->handle, certified);
}

static enum rc memory_sign(void *handle, enum rsa_scheme scheme, const struct view *parts,
			   size_t count, struct buf *signature)
{
	return rsa_sign(handle, scheme, parts, count, signature);
}

static enum rc memory_raw(void *handle, struct view block, struct buf *out)
{
	return rsa_raw_private(handle, block, out);
}

static EVP_PKEY *memory_public_half(void *handle)
{
	return handle;
}

static void memory_close(void **handle)
{
	EVP_PKEY_free(*handle);
	*handle = NULL;
}

static const struct host_key_ops memory_ops = {
	.sign = memory_sign,
	.raw = memory_raw,
	.public_half = memory_public_half,
	.close = memory_close,
};

enum rc host_key_of(EVP_PKEY *key, struct host_key **ret)
{
	return host_key_new(&memory_ops, key, ret);
}
