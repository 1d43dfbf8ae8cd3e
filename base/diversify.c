/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diversification with the derivation of SCP03, Amendment D 4.1.5, and constants of our own; with triple
 * DES over some of the diversification bytes, twice; and with SP 800-108 in its plainest form.
 */
#include "base/diversify.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/scp03.h"

enum { CONSTANT_FIRST = 0xD1, DES_MASTER = 16, HALF = 8, PICKED = 6 };

static bool is_possible(struct view master, enum diversify_use use, struct view data)
{
	return data.len == DIVERSIFY_DATA && use <= DIVERSIFY_DEK &&
	       (master.len == 16 || master.len == 24 || master.len == 32);
}

enum rc diversify_key(struct view master, enum diversify_use use, struct view data, uint8_t *ret)
{
	if (!is_possible(master, use, data))
		return RC_ARGUMENT;
	return scp03_derive(master, (enum scp03_constant)(CONSTANT_FIRST + (int)use), data,
			    view_of(NULL, 0), ret, master.len);
}

/*
 * Six of the ten bytes, F0 and the use; the same with 0F; each half under triple DES. EMV takes the last
 * six; Visa 2 the first two and those from the fifth to the eighth.
 */
static enum rc by_des(struct view master, enum diversify_use use, struct view data, bool emv,
		      uint8_t *ret)
{
	static const uint8_t zero[HALF], marks[] = {0xF0, 0x0F};
	const size_t from[] = {emv ? 4 : 0, emv ? 6 : 4};
	const size_t len[] = {2, PICKED - 2};
	uint8_t block[HALF], out[DES_MASTER];
	struct cipher *cipher = NULL;
	enum rc rc;

	if (master.len != DES_MASTER)
		return RC_ARGUMENT;
	rc = cipher_new(CIPHER_3DES_2KEY, master.data, &cipher);
	for (size_t half = 0; rc == RC_OK && half < 2; half++) {
		memcpy(block, data.data + from[0], len[0]);
		memcpy(block + len[0], data.data + from[1], len[1]);
		block[PICKED] = marks[half];
		block[PICKED + 1] = (uint8_t)(use + 1);
		rc = cipher_cbc_encrypt(cipher, zero, block, HALF, out + half * HALF);
	}
	if (rc == RC_OK)
		memcpy(ret, out, sizeof(out));
	cipher_free(&cipher);
	OPENSSL_cleanse(out, sizeof(out));
	return rc;
}

/* Counter of one byte, the use in four, a zero, the ten bytes; no length. */
static enum rc by_kdf3(struct view master, enum diversify_use use, struct view data, uint8_t *ret)
{
	uint8_t number = 0, out[AES_BLOCK];
	const uint8_t fixed[] = {0, 0, 0, (uint8_t)(use + 1), 0};
	struct view parts[] = {view_of(&number, 1), view_of(fixed, sizeof(fixed)), data};
	struct cmac *cmac = NULL;
	enum rc rc = cmac_new(master.data, master.len, &cmac);

	for (size_t done = 0; rc == RC_OK && done < master.len; done += AES_BLOCK) {
		size_t n = master.len - done < AES_BLOCK ? master.len - done : AES_BLOCK;

		number++;
		rc = cmac_compute(cmac, parts, 3, out);
		if (rc == RC_OK)
			memcpy(ret + done, out, n);
	}
	cmac_free(&cmac);
	OPENSSL_cleanse(out, sizeof(out));
	return rc;
}

enum rc diversify_by(enum diversify_method method, struct view master, enum diversify_use use,
		     struct view data, uint8_t *ret)
{
	if (!is_possible(master, use, data))
		return RC_ARGUMENT;
	switch (method) {
	case DIVERSIFY_NONE:
		memmove(ret, master.data, master.len);
		return RC_OK;
	case DIVERSIFY_OWN:
		return diversify_key(master, use, data, ret);
	case DIVERSIFY_EMV:
	case DIVERSIFY_VISA2:
		return by_des(master, use, data, method == DIVERSIFY_EMV, ret);
	case DIVERSIFY_KDF3:
		return by_kdf3(master, use, data, ret);
	default:
		return RC_ARGUMENT;
	}
}
