/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions of the principal card with its targets. Which key set a target has is not asked for: the
 * one that verifies its card cryptogram is it.
 */
#include "card/principal_channel.h"

#include <string.h>

#include "base/apdu.h"
#include "base/secret.h"
#include "base/sw.h"

enum {
	CLA_SECURE = 0x84,
	CLA_PLAIN = 0x80,
	INS_EXTERNAL_AUTHENTICATE = 0x82,
	INS_INSTALL = 0xE6,
	INS_LOAD = 0xE8,
	FOR_LOAD = 0x02,
	LEVEL_02 = 0x03,
	LEVEL_03 = 0x33,
	PROTOCOL_02 = 0x02,
	PROTOCOL_03 = 0x03,
	DES_BLOCK = 8,
	HEADER_EXTENDED = 7,
	SW_SIZE = 2,
};

/* What INITIALIZE UPDATE answers, GPCS tables E-11 and D 7-3. */
struct update {
	uint8_t target[PRINCIPAL_TARGET];
	uint8_t version, protocol, i;
	uint16_t counter; /* SCP02 */
	struct view challenge; /* of the card; under SCP02 the counter is its first two bytes */
	struct view cryptogram;
};

static enum rc take_sized(struct view in, size_t size, struct update *u)
{
	enum rc rc = view_take(&in, size, &u->challenge);

	if (rc == RC_OK)
		rc = view_take(&in, size, &u->cryptogram);
	if (rc == RC_OK && u->protocol == PROTOCOL_03 && (u->i & SCP03_I_DERIVED_CHALLENGE) &&
	    in.len == SCP03_COUNTER)
		return RC_OK;
	return rc == RC_OK ? view_end(&in) : rc;
}

static enum rc take_fields(struct view in, size_t size, struct update *u)
{
	struct view counter;
	enum rc rc = view_copy(&in, u->target, sizeof(u->target));

	if (rc == RC_OK)
		rc = view_u8(&in, &u->version);
	if (rc == RC_OK)
		rc = view_u8(&in, &u->protocol);
	if (rc != RC_OK)
		return rc;
	if (u->protocol == PROTOCOL_03) {
		rc = view_u8(&in, &u->i);
		if (rc == RC_OK && (u->i & SCP03_I_S16 ? SCP03_S16 : SCP03_S8) != size)
			rc = RC_MALFORMED;
	} else if (u->protocol == PROTOCOL_02 && size == SCP02_HOST_CHALLENGE) {
		counter = in;
		rc = view_u16(&counter, &u->counter);
	} else {
		rc = RC_MALFORMED;
	}
	return rc == RC_OK ? take_sized(in, size, u) : rc;
}

/* With or without its status word. */
static enum rc take_update(struct view in, size_t size, struct update *u)
{
	struct view tail = in, body;
	uint16_t sw;

	if (take_fields(in, size, u) == RC_OK)
		return RC_OK;
	if (in.len < SW_SIZE || view_take(&tail, in.len - SW_SIZE, &body) != RC_OK ||
	    view_u16(&tail, &sw) != RC_OK || sw != SW_OK)
		return RC_MALFORMED;
	return take_fields(body, size, u);
}

/* The target's own key of this use. */
static enum rc target_key(const struct principal_keys *keys, enum keyset_use use,
			  const struct update *u, uint8_t ret[SCP03_KEY_MAX])
{
	if (keys->flags & PRINCIPAL_SHARED) {
		memcpy(ret, keys->key[use], keys->len);
		return RC_OK;
	}
	return diversify_key(view_of(keys->key[use], keys->len), (enum diversify_use)use,
			     view_of(u->target, sizeof(u->target)), ret);
}

/* A card that shares its keys must not derive its challenge, whatever its key set says of it. */
static enum rc refuse_derived02(const struct principal_keys *keys, const struct update *u,
				const uint8_t s_mac[SCP02_KEY])
{
	static const uint8_t aids[][8] = {
		{0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00},
		{0xA0, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00},
	};
	uint8_t derived[SCP02_CARD_CHALLENGE];
	struct view own = u->challenge, counter;
	enum rc rc = view_take(&own, SCP02_COUNTER, &counter);

	if (!(keys->flags & PRINCIPAL_SHARED))
		return rc;
	for (size_t i = 0; rc == RC_OK && i < sizeof(aids) / sizeof(aids[0]); i++) {
		rc = scp02_challenge(s_mac, view_of(aids[i], sizeof(aids[i])), derived);
		if (rc == RC_OK && view_equal(own, view_of(derived, sizeof(derived))))
			rc = RC_POLICY;
	}
	return rc;
}

static enum rc try02(const struct principal_keys *keys, const struct update *u,
		     struct view challenge, struct principal_channel *ch, uint8_t *ret_cryptogram)
{
	uint8_t enc[SCP03_KEY_MAX], mac[SCP03_KEY_MAX], s_enc[SCP02_KEY], expected[SCP02_MAC];
	enum rc rc = target_key(keys, KEYSET_ENC, u, enc);

	if (rc == RC_OK)
		rc = target_key(keys, KEYSET_MAC, u, mac);
	if (rc == RC_OK)
		rc = scp02_session_key(enc, SCP02_S_ENC, u->counter, s_enc);
	if (rc == RC_OK)
		rc = scp02_session_key(mac, SCP02_S_MAC, u->counter, ch->chain.key);
	if (rc == RC_OK)
		rc = scp02_cryptogram(s_enc, challenge, u->challenge, expected);
	if (rc == RC_OK && !secret_equal(expected, u->cryptogram.data, sizeof(expected)))
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = refuse_derived02(keys, u, ch->chain.key);
	if (rc == RC_OK)
		rc = scp02_cryptogram(s_enc, u->challenge, challenge, ret_cryptogram);
	if (rc == RC_OK)
		rc = cipher_new(CIPHER_3DES_2KEY, s_enc, &ch->enc);
	secret_wipe(enc, sizeof(enc));
	secret_wipe(mac, sizeof(mac));
	secret_wipe(s_enc, sizeof(s_enc));
	secret_wipe(expected, sizeof(expected));
	return rc;
}

/* Level 33 needs both; a shared key needs a challenge that nobody can foretell. */
static enum rc check_i03(const struct principal_keys *keys, uint8_t i)
{
	if (!(i & SCP03_I_R_MAC) || !(i & SCP03_I_R_ENC))
		return RC_POLICY;
	if ((keys->flags & PRINCIPAL_SHARED) && (i & SCP03_I_DERIVED_CHALLENGE))
		return RC_POLICY;
	return RC_OK;
}

static enum rc derive03(const struct principal_keys *keys, const uint8_t *enc, const uint8_t *mac,
			struct view host, struct view card, struct principal_channel *ch,
			uint8_t *ret_card, uint8_t *ret_host)
{
	struct view enc_key = view_of(enc, keys->len), mac_key = view_of(mac, keys->len);
	uint8_t key[SCP03_KEY_MAX];
	struct view made = view_of(key, keys->len);
	enum rc rc = scp03_derive(enc_key, SCP03_S_ENC, host, card, key, keys->len);

	if (rc == RC_OK)
		rc = scp03_cipher(made, &ch->enc);
	if (rc == RC_OK)
		rc = scp03_derive(mac_key, SCP03_S_RMAC, host, card, key, keys->len);
	if (rc == RC_OK)
		rc = cmac_new(key, keys->len, &ch->rmac);
	if (rc == RC_OK)
		rc = scp03_derive(mac_key, SCP03_S_MAC, host, card, key, keys->len);
	if (rc == RC_OK)
		rc = cmac_new(key, keys->len, &ch->mac);
	if (rc == RC_OK)
		rc = scp03_derive(made, SCP03_CARD_CRYPTOGRAM, host, card, ret_card, card.len);
	if (rc == RC_OK)
		rc = scp03_derive(made, SCP03_HOST_CRYPTOGRAM, host, card, ret_host, card.len);
	secret_wipe(key, sizeof(key));
	return rc;
}

static enum rc try03(const struct principal_keys *keys, const struct update *u,
		     struct view challenge, struct principal_channel *ch, uint8_t *ret_cryptogram)
{
	uint8_t enc[SCP03_KEY_MAX], mac[SCP03_KEY_MAX], expected[SCP03_S16];
	enum rc rc = target_key(keys, KEYSET_ENC, u, enc);

	if (rc == RC_OK)
		rc = target_key(keys, KEYSET_MAC, u, mac);
	if (rc == RC_OK)
		rc = derive03(keys, enc, mac, challenge, u->challenge, ch, expected,
			      ret_cryptogram);
	if (rc == RC_OK && !secret_equal(expected, u->cryptogram.data, u->cryptogram.len))
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = check_i03(keys, u->i);
	secret_wipe(enc, sizeof(enc));
	secret_wipe(mac, sizeof(mac));
	secret_wipe(expected, sizeof(expected));
	return rc;
}

/* What a short command carries at most, or what the key set says. */
static size_t largest_block(const struct principal_keys *keys, size_t size)
{
	size_t whole = (APDU_SHORT_DATA - size) / AES_BLOCK * AES_BLOCK - 1;

	if (keys->type == KEY_TYPE_DES || size == SCP03_S8)
		whole = PRINCIPAL_PLAIN_MAX;
	if (keys->block > APDU_SHORT_DATA)
		return keys->block;
	return keys->block && keys->block < whole ? keys->block : whole;
}

static enum rc try_keys(const struct principal_keys *keys, const struct update *u,
			struct view challenge, struct principal_channel *ch, uint8_t *ret)
{
	bool is03 = u->protocol == PROTOCOL_03;
	enum rc rc;

	if ((keys->type == KEY_TYPE_AES) != is03 || (keys->version && keys->version != u->version))
		return RC_AUTH;
	*ch = (struct principal_channel){.is03 = is03,
					 .key_set = keys->number,
					 .flags = keys->flags,
					 .size = challenge.len,
					 .block = largest_block(keys, challenge.len)};
	memcpy(ch->target, u->target, sizeof(ch->target));
	rc = is03 ? try03(keys, u, challenge, ch, ret) : try02(keys, u, challenge, ch, ret);
	if (rc != RC_OK)
		principal_channel_close(ch);
	return rc;
}

static enum rc find_keys(struct nvm *nvm, const struct update *u, struct view challenge,
			 struct principal_channel *ch, uint8_t *ret_cryptogram)
{
	struct principal_keys keys = {.number = 0};
	enum rc rc = RC_OK, found = RC_AUTH;

	while (found == RC_AUTH &&
	       (rc = principal_keys_next(nvm, keys.number, &keys)) != RC_NOT_FOUND) {
		found = rc == RC_OK ? try_keys(&keys, u, challenge, ch, ret_cryptogram) : rc;
	}
	principal_keys_wipe(&keys);
	return found;
}

static uint8_t class_of(const struct principal_channel *ch, uint8_t ins, uint8_t p1)
{
	bool plain = ins == INS_LOAD || (ins == INS_INSTALL && p1 == FOR_LOAD);

	return plain && !ch->is03 && !(ch->flags & PRINCIPAL_CLASS_84) ? CLA_PLAIN : CLA_SECURE;
}

static void put_header(struct buf *b, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, size_t lc)
{
	buf_u8(b, cla);
	buf_u8(b, ins);
	buf_u8(b, p1);
	buf_u8(b, p2);
	if (lc > APDU_SHORT_DATA) {
		buf_u8(b, 0);
		buf_u16(b, (uint16_t)lc);
	} else {
		buf_u8(b, (uint8_t)lc);
	}
}

/* The MAC over header and data, in clear under SCP02; the chain moves on. */
static enum rc put_mac(struct principal_channel *ch, const struct buf *header, struct view data,
		       struct buf *out)
{
	struct view parts[3] = {view_of(ch->last, sizeof(ch->last)), view_buf(header), data};
	uint8_t mac[AES_BLOCK];
	enum rc rc;

	if (!ch->is03) {
		rc = scp02_c_mac(&ch->chain, header->data, data, mac);
	} else {
		rc = cmac_compute(ch->mac, parts, 3, mac);
		if (rc == RC_OK)
			memcpy(ch->last, mac, sizeof(ch->last));
	}
	if (rc == RC_OK)
		buf_put(out, mac, ch->size);
	secret_wipe(mac, sizeof(mac));
	return rc == RC_OK ? buf_rc(out) : rc;
}

/* Appends data padded and enciphered. */
static enum rc put_enciphered(struct principal_channel *ch, struct view data, struct buf *out)
{
	size_t from = out->len;
	uint8_t iv[AES_BLOCK] = {0};
	enum rc rc;

	buf_view(out, data);
	pad_put(out, from, ch->is03 ? AES_BLOCK : DES_BLOCK);
	rc = buf_rc(out);
	if (rc == RC_OK && ch->is03)
		rc = scp03_iv(ch->enc, ch->number, false, iv);
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(ch->enc, iv, out->data + from, out->len - from,
					out->data + from);
	return rc;
}

static enum rc authenticate(struct principal_channel *ch, const uint8_t *cryptogram,
			    struct buf *out)
{
	struct view data = view_of(cryptogram, ch->size);
	uint8_t array[HEADER_EXTENDED];
	struct buf header;

	buf_fixed(&header, array, sizeof(array));
	put_header(&header, CLA_SECURE, INS_EXTERNAL_AUTHENTICATE, ch->is03 ? LEVEL_03 : LEVEL_02,
		   0, 2 * ch->size);
	buf_view(out, view_buf(&header));
	buf_view(out, data);
	return put_mac(ch, &header, data, out);
}

enum rc principal_channel_open(struct nvm *nvm, struct view challenge, struct view response,
			       struct principal_channel *ret, struct buf *out)
{
	uint8_t cryptogram[SCP03_S16];
	struct principal_channel ch = {.is_up = false};
	struct update u = {.version = 0};
	enum rc rc;

	if (challenge.len != SCP03_S8 && challenge.len != SCP03_S16)
		return RC_ARGUMENT;
	rc = take_update(response, challenge.len, &u);
	if (rc == RC_OK)
		rc = find_keys(nvm, &u, challenge, &ch, cryptogram);
	if (rc == RC_OK)
		rc = authenticate(&ch, cryptogram, out);
	if (rc == RC_OK) {
		principal_channel_close(ret);
		*ret = ch;
		ret->is_up = true;
		secret_wipe(&ch, sizeof(ch));
	} else {
		principal_channel_close(&ch);
	}
	secret_wipe(cryptogram, sizeof(cryptogram));
	return rc;
}

size_t principal_channel_length(const struct principal_channel *ch, size_t plain)
{
	size_t block = ch->is03 ? AES_BLOCK : DES_BLOCK;

	return (plain ? (plain / block + 1) * block : 0) + ch->size;
}

/* SCP02: MAC over what is meant, then encipherment. */
static enum rc wrap02(struct principal_channel *ch, const uint8_t head[4], struct view data,
		      struct buf *out)
{
	size_t whole = principal_channel_length(ch, data.len);
	uint8_t array[HEADER_EXTENDED];
	struct buf header, sent;
	enum rc rc;

	if (whole > APDU_SHORT_DATA)
		return RC_SPACE;
	buf_fixed(&header, array, sizeof(array));
	put_header(&header, head[0], head[1], head[2], head[3], data.len + ch->size);
	put_header(out, head[0], head[1], head[2], head[3], whole);
	buf_init(&sent, SCP02_MAC);
	rc = put_mac(ch, &header, data, &sent);
	if (rc == RC_OK && data.len)
		rc = put_enciphered(ch, data, out);
	buf_view(out, view_buf(&sent));
	buf_free(&sent);
	return rc == RC_OK ? buf_rc(out) : rc;
}

static enum rc wrap03(struct principal_channel *ch, const uint8_t head[4], struct view data,
		      struct buf *out)
{
	size_t whole = principal_channel_length(ch, data.len), from;
	uint8_t array[HEADER_EXTENDED];
	struct buf header;
	enum rc rc = RC_OK;

	if (ch->number == UINT64_MAX || whole > APDU_EXTENDED_DATA)
		return RC_SPACE;
	ch->number++;
	buf_fixed(&header, array, sizeof(array));
	put_header(&header, head[0], head[1], head[2], head[3], whole);
	buf_view(out, view_buf(&header));
	from = out->len;
	if (data.len)
		rc = put_enciphered(ch, data, out);
	if (rc == RC_OK)
		rc = buf_rc(out);
	return rc == RC_OK ? put_mac(ch, &header, view_of(out->data + from, out->len - from), out)
			   : rc;
}

enum rc principal_channel_wrap(struct principal_channel *ch, uint8_t ins, uint8_t p1, uint8_t p2,
			       struct view data, struct buf *out)
{
	uint8_t head[4] = {class_of(ch, ins, p1), ins, p1, p2};
	enum rc rc;

	if (!ch->is_up)
		return RC_STATE;
	rc = ch->is03 ? wrap03(ch, head, data, out) : wrap02(ch, head, data, out);
	if (rc != RC_OK)
		principal_channel_close(ch);
	return rc;
}

enum rc principal_channel_check(struct principal_channel *ch, struct view in, uint16_t *ret_sw)
{
	struct view parts[3], word = in, body, mac, data;
	uint8_t expected[AES_BLOCK];
	uint16_t sw;
	enum rc rc;

	if (!ch->is_up)
		return RC_STATE;
	if (in.len < SW_SIZE || view_take(&word, in.len - SW_SIZE, &body) != RC_OK)
		return RC_MALFORMED;
	parts[0] = view_of(ch->last, sizeof(ch->last));
	parts[2] = word;
	rc = view_u16(&word, &sw);
	if (rc == RC_OK && ch->is03 && sw_is_normal(sw)) {
		mac = body;
		if (body.len < ch->size || view_take(&mac, body.len - ch->size, &data) != RC_OK)
			return RC_AUTH;
		parts[1] = data;
		rc = cmac_compute(ch->rmac, parts, 3, expected);
		if (rc == RC_OK && !secret_equal(expected, mac.data, ch->size))
			rc = RC_AUTH;
		secret_wipe(expected, sizeof(expected));
	}
	if (rc == RC_OK)
		*ret_sw = sw;
	return rc;
}

bool principal_channel_proves(const struct principal_channel *ch)
{
	return ch->is_up && !(ch->flags & PRINCIPAL_SHARED);
}

void principal_channel_close(struct principal_channel *ch)
{
	cipher_free(&ch->enc);
	cmac_free(&ch->mac);
	cmac_free(&ch->rmac);
	secret_wipe(ch, sizeof(*ch));
}
