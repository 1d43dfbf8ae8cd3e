/* SPDX-License-Identifier: BSD-2-Clause */
/* SCP02's computations, GPCS E.3 and E.4; the vectors are those of a published trace. */
#include "base/scp02.h"

#include <string.h>

#include <openssl/crypto.h>

enum {
	HEADER_LONG = 7,
	DES = 8,
	DERIVATION = 16,
	CRYPTOGRAM_INPUT = 24,
	MESSAGE_MAX = 5 + 255 + DES
};

static const uint8_t zero[DES];

enum rc scp02_session_key(const uint8_t key[SCP02_KEY], enum scp02_constant constant,
			  uint16_t counter, uint8_t ret[SCP02_KEY])
{
	uint8_t derivation[DERIVATION] = {0};
	struct cipher *cipher = NULL;
	struct buf b;
	enum rc rc;

	buf_fixed(&b, derivation, sizeof(derivation));
	buf_u16(&b, (uint16_t)constant);
	buf_u16(&b, counter);
	rc = cipher_new(CIPHER_3DES_2KEY, key, &cipher);
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(cipher, zero, derivation, sizeof(derivation), ret);
	cipher_free(&cipher);
	return rc;
}

enum rc scp02_cryptogram(const uint8_t s_enc[SCP02_KEY], struct view first, struct view second,
			 uint8_t ret[SCP02_MAC])
{
	uint8_t input[CRYPTOGRAM_INPUT], out[CRYPTOGRAM_INPUT];
	struct cipher *cipher = NULL;
	struct buf b;
	enum rc rc;

	if (first.len + second.len != CRYPTOGRAM_INPUT - DES)
		return RC_ARGUMENT;
	buf_fixed(&b, input, sizeof(input));
	buf_view(&b, first);
	buf_view(&b, second);
	pad_put(&b, 0, DES);
	rc = buf_rc(&b);
	if (rc == RC_OK)
		rc = cipher_new(CIPHER_3DES_2KEY, s_enc, &cipher);
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(cipher, zero, input, sizeof(input), out);
	if (rc == RC_OK)
		memcpy(ret, out + sizeof(out) - SCP02_MAC, SCP02_MAC);
	cipher_free(&cipher);
	OPENSSL_cleanse(out, sizeof(out));
	return rc;
}

/* The retail MAC over header and data, padded 80 00.. */
static enum rc mac(const uint8_t key[SCP02_KEY], const uint8_t icv[DES], struct view header,
		   struct view data, uint8_t ret[SCP02_MAC])
{
	uint8_t message[MESSAGE_MAX];
	struct buf b;
	enum rc rc;

	if (header.len + data.len + DES <= sizeof(message))
		buf_fixed(&b, message, sizeof(message));
	else
		buf_init(&b, HEADER_LONG + SCP02_LONG_MAX + DES);
	buf_view(&b, header);
	buf_view(&b, data);
	pad_put(&b, 0, DES);
	rc = buf_rc(&b);
	if (rc == RC_OK)
		rc = retail_mac(key, icv, view_buf(&b), ret);
	buf_free(&b);
	return rc;
}

enum rc scp02_challenge(const uint8_t s_mac[SCP02_KEY], struct view aid,
			uint8_t ret[SCP02_CARD_CHALLENGE])
{
	uint8_t out[SCP02_MAC];
	enum rc rc = mac(s_mac, zero, aid, view_of(NULL, 0), out);

	if (rc == RC_OK)
		memcpy(ret, out, SCP02_CARD_CHALLENGE);
	return rc;
}

enum rc scp02_c_mac_long(struct scp02_chain *chain, struct view header, struct view data,
			 uint8_t ret[SCP02_MAC])
{
	uint8_t icv[DES] = {0};
	enum rc rc = RC_OK;

	if (chain->begun)
		rc = des_block(chain->key, chain->last, icv);
	if (rc == RC_OK)
		rc = mac(chain->key, icv, header, data, ret);
	if (rc == RC_OK) {
		memcpy(chain->last, ret, SCP02_MAC);
		chain->begun = true;
	}
	return rc;
}

enum rc scp02_c_mac(struct scp02_chain *chain, const uint8_t header[5], struct view data,
		    uint8_t ret[SCP02_MAC])
{
	return scp02_c_mac_long(chain, view_of(header, 5), data, ret);
}
