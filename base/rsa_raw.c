/* SPDX-License-Identifier: BSD-2-Clause */
/* RSA without padding; libcrypto blinds the private operation. */
#include "base/rsa_raw.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

static enum rc raw(EVP_PKEY *key, bool is_private, struct view block, struct buf *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);
	size_t len = rsa_size(key), from = out->len;
	enum rc rc = RC_CRYPTO;
	uint8_t *at;
	int done;

	ERR_set_mark();
	if (!ctx || (is_private ? EVP_PKEY_decrypt_init(ctx) : EVP_PKEY_encrypt_init(ctx)) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1)
		goto out;
	at = buf_space(out, len);
	if (!at) {
		rc = buf_rc(out);
		goto out;
	}
	done = block.len != len ? 0
	       : is_private     ? EVP_PKEY_decrypt(ctx, at, &len, block.data, block.len)
				: EVP_PKEY_encrypt(ctx, at, &len, block.data, block.len);
	if (done != 1 || len != rsa_size(key)) {
		buf_truncate(out, from);
		rc = RC_AUTH;
		goto out;
	}
	rc = RC_OK;
out:
	ERR_pop_to_mark();
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

enum rc rsa_raw_public(EVP_PKEY *key, struct view block, struct buf *out)
{
	return raw(key, false, block, out);
}

enum rc rsa_raw_private(EVP_PKEY *key, struct view block, struct buf *out)
{
	return raw(key, true, block, out);
}
