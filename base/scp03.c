/* SPDX-License-Identifier: BSD-2-Clause */
/* SCP03's derivation and initial vectors, GPCS Amendment D 4.1.5, 6.2.6, 6.2.7. */
#include "base/scp03.h"

#include <string.h>

#include <openssl/crypto.h>

enum { LABEL_ZEROS = 11, SEPARATOR = 0x00, RESPONSE_MARK = 0x80, HEADER = 16 };

/* Label, separator, length in bits and counter. */
static void put_header(uint8_t array[HEADER], enum scp03_constant constant, size_t len, uint8_t i)
{
	struct buf b;

	buf_fixed(&b, array, HEADER);
	memset(array, 0, LABEL_ZEROS);
	b.len = LABEL_ZEROS;
	buf_u8(&b, (uint8_t)constant);
	buf_u8(&b, SEPARATOR);
	buf_u16(&b, (uint16_t)(len * 8));
	buf_u8(&b, i);
}

enum rc scp03_derive(struct view key, enum scp03_constant constant, struct view first,
		     struct view second, uint8_t *ret, size_t len)
{
	uint8_t header[HEADER], block[AES_BLOCK];
	struct cmac *cmac = NULL;
	enum rc rc;

	if (!len || len > SCP03_KEY_MAX)
		return RC_ARGUMENT;
	rc = cmac_new(key.data, key.len, &cmac);
	for (size_t done = 0; rc == RC_OK && done < len; done += AES_BLOCK) {
		struct view parts[] = {view_of(header, sizeof(header)), first, second};
		size_t n = len - done < AES_BLOCK ? len - done : AES_BLOCK;

		put_header(header, constant, len, (uint8_t)(done / AES_BLOCK + 1));
		rc = cmac_compute(cmac, parts, 3, block);
		if (rc == RC_OK)
			memcpy(ret + done, block, n);
	}
	cmac_free(&cmac);
	OPENSSL_cleanse(block, sizeof(block));
	return rc;
}

enum rc scp03_cipher(struct view key, struct cipher **ret)
{
	switch (key.len) {
	case 16:
		return cipher_new(CIPHER_AES_128, key.data, ret);
	case 24:
		return cipher_new(CIPHER_AES_192, key.data, ret);
	case 32:
		return cipher_new(CIPHER_AES_256, key.data, ret);
	default:
		return RC_ARGUMENT;
	}
}

enum rc scp03_iv(struct cipher *s_enc, uint64_t number, bool response, uint8_t ret[AES_BLOCK])
{
	uint8_t counter[AES_BLOCK] = {0};
	struct buf b;

	buf_fixed(&b, counter, sizeof(counter));
	buf_u64(&b, response ? (uint64_t)RESPONSE_MARK << 56 : 0);
	buf_u64(&b, number);
	return cipher_block(s_enc, counter, ret);
}
