/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of a channel from a key set. SCP02 has the C-MAC over the plain command and enciphers
 * then; SCP03 enciphers first. Answers are protected under SCP03 only, and errors never are.
 */
#include <string.h>

#include "base/secret.h"
#include "card/keyed_state.h"

enum {
	CLA_GLOBALPLATFORM = 0x80,
	CLA_GP_SM = 0x04,
	CHAINING = 0x10,
	INS_INSTALL = 0xE6,
	INS_LOAD = 0xE8,
	HEADER_EXTENDED = 7,
	DES_BLOCK = 8,
};

/* The class byte that the MAC sees: as received, without the channel's number. */
static uint8_t mac_class(uint8_t cla)
{
	return (cla & CLA_GLOBALPLATFORM) | (apdu_is_protected(cla) ? CLA_GP_SM : 0);
}

/* INSTALL and LOAD come with the class of plain commands from hosts of the published description. */
static bool may_look_plain(const struct keyed *k, const struct apdu *command)
{
	return !k->is03 && mac_class(command->cla) == CLA_GLOBALPLATFORM &&
	       (command->ins == INS_INSTALL || command->ins == INS_LOAD);
}

bool keyed_accepts_class(const struct keyed *k, const struct apdu *part)
{
	if (part->cla & CHAINING)
		return false;
	return apdu_is_protected(part->cla) || may_look_plain(k, part);
}

static void put_header(struct buf *b, const struct apdu *command, size_t lc)
{
	buf_u8(b, mac_class(command->cla));
	buf_u8(b, command->ins);
	buf_u8(b, command->p1);
	buf_u8(b, command->p2);
	if (lc > APDU_SHORT_DATA) {
		buf_u8(b, 0);
		buf_u16(b, (uint16_t)lc);
	} else {
		buf_u8(b, (uint8_t)lc);
	}
}

/* The C-MAC that the command should have; the chain moves on to it. */
static enum rc expected_mac(struct keyed *k, const struct apdu *command, struct view body,
			    uint8_t ret[AES_BLOCK])
{
	uint8_t array[HEADER_EXTENDED];
	struct view parts[3];
	struct buf header;
	enum rc rc;

	buf_fixed(&header, array, sizeof(array));
	put_header(&header, command, body.len + k->size);
	if (!k->is03)
		return scp02_c_mac_long(&k->chain, view_buf(&header), body, ret);
	parts[0] = view_of(k->last, sizeof(k->last));
	parts[1] = view_buf(&header);
	parts[2] = body;
	rc = cmac_compute(k->mac, parts, 3, ret);
	if (rc == RC_OK)
		memcpy(k->last, ret, sizeof(k->last));
	return rc;
}

enum rc keyed_check_mac(struct keyed *k, const struct apdu *command, struct view *ret_body)
{
	struct view mac = command->data, body;
	uint8_t expected[AES_BLOCK];
	enum rc rc;

	if (mac.len < k->size)
		return RC_MALFORMED;
	rc = view_take(&mac, mac.len - k->size, &body);
	if (rc == RC_OK)
		rc = expected_mac(k, command, body, expected);
	if (rc == RC_OK && !secret_equal(expected, mac.data, k->size))
		rc = RC_AUTH;
	if (rc == RC_OK)
		*ret_body = body;
	secret_wipe(expected, sizeof(expected));
	return rc;
}

/* Deciphers whole blocks into plain and takes the padding off. */
static enum rc decipher(struct keyed *k, const uint8_t *iv, size_t block, struct view in,
			struct buf *plain, struct view *ret)
{
	uint8_t *out;
	enum rc rc;

	if (in.len == 0 || in.len % block)
		return RC_MALFORMED;
	out = buf_space(plain, in.len);
	if (!out)
		return buf_rc(plain);
	rc = cipher_cbc_decrypt(k->enc, iv, in.data, in.len, out);
	return rc == RC_OK ? unpad(view_of(out, in.len), ret) : rc;
}

/*
 * Deciphers and then checks the MAC over what was meant; over all of it where the padding is wrong, so
 * that this is not told from a wrong MAC.
 */
static enum rc unwrap02(struct keyed *k, const struct apdu *command, struct buf *plain,
			struct view *ret)
{
	static const uint8_t zero[DES_BLOCK];
	struct apdu clear = *command;
	struct view mac = command->data, sent, open;
	bool is_padded;
	enum rc rc;

	if (!(k->level & LEVEL_C_ENC) || mac.len <= k->size)
		return keyed_check_mac(k, command, ret);
	rc = view_take(&mac, mac.len - k->size, &sent);
	if (rc == RC_OK)
		rc = decipher(k, zero, DES_BLOCK, sent, plain, &open);
	is_padded = rc == RC_OK;
	if (!is_padded && plain->len != sent.len)
		return rc;
	buf_truncate(plain, is_padded ? open.len : sent.len);
	buf_view(plain, mac);
	clear.data = view_buf(plain);
	rc = buf_rc(plain);
	if (rc == RC_OK)
		rc = keyed_check_mac(k, &clear, ret);
	return rc == RC_OK && !is_padded ? RC_AUTH : rc;
}

static enum rc unwrap03(struct keyed *k, const struct apdu *command, struct buf *plain,
			struct view *ret)
{
	uint8_t iv[AES_BLOCK];
	struct view body;
	enum rc rc = keyed_check_mac(k, command, &body);

	if (rc != RC_OK)
		return rc;
	k->number++;
	if (!(k->level & LEVEL_C_ENC) || body.len == 0) {
		*ret = body;
		return RC_OK;
	}
	rc = scp03_iv(k->enc, k->number, false, iv);
	return rc == RC_OK ? decipher(k, iv, AES_BLOCK, body, plain, ret) : rc;
}

enum rc keyed_unwrap(struct keyed *k, const struct apdu *command, struct buf *plain,
		     struct apdu *ret)
{
	struct view data = {NULL, 0};
	enum rc rc;

	if (k->state != KEYED_UP || !keyed_accepts_class(k, command) || k->number == UINT64_MAX)
		return RC_STATE;
	rc = k->is03 ? unwrap03(k, command, plain, &data) : unwrap02(k, command, plain, &data);
	if (rc != RC_OK)
		return RC_STATE;
	*ret = *command;
	ret->cla = mac_class(command->cla) & CLA_GLOBALPLATFORM;
	ret->data = data;
	return RC_OK;
}

static enum rc put_enciphered(struct keyed *k, struct view answer, struct buf *out)
{
	size_t from = out->len;
	uint8_t iv[AES_BLOCK];
	enum rc rc;

	buf_view(out, answer);
	pad_put(out, from, AES_BLOCK);
	rc = buf_rc(out);
	if (rc == RC_OK)
		rc = scp03_iv(k->enc, k->number, true, iv);
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(k->enc, iv, out->data + from, out->len - from,
					out->data + from);
	return rc;
}

enum rc keyed_wrap(struct keyed *k, struct view answer, uint16_t sw, struct buf *out)
{
	uint8_t words[2], mac[AES_BLOCK];
	struct view parts[3];
	size_t from = out->len;
	struct buf trailer;
	enum rc rc = RC_OK;

	if (!sw_is_normal(sw))
		return RC_OK;
	if ((k->level & LEVEL_R_ENC) && answer.len)
		rc = put_enciphered(k, answer, out);
	else
		buf_view(out, answer);
	if (rc == RC_OK)
		rc = buf_rc(out);
	if (rc != RC_OK || !(k->level & LEVEL_R_MAC))
		return rc;
	buf_fixed(&trailer, words, sizeof(words));
	buf_u16(&trailer, sw);
	parts[0] = view_of(k->last, sizeof(k->last));
	parts[1] = view_of(out->data + from, out->len - from);
	parts[2] = view_buf(&trailer);
	rc = cmac_compute(k->rmac, parts, 3, mac);
	if (rc == RC_OK)
		buf_put(out, mac, k->size);
	return rc == RC_OK ? buf_rc(out) : rc;
}

size_t keyed_strength(const struct keyed *k)
{
	return k->is03 ? k->set.len : 0;
}

enum rc keyed_decipher(struct keyed *k, struct view in, struct buf *out)
{
	static const uint8_t zero[AES_BLOCK];
	size_t block = k->is03 ? AES_BLOCK : DES_BLOCK;
	struct cipher *cipher = NULL;
	uint8_t *to;
	enum rc rc;

	if (in.len == 0 || in.len % block)
		return RC_MALFORMED;
	to = buf_space(out, in.len);
	if (!to)
		return buf_rc(out);
	rc = k->is03 ? scp03_cipher(view_of(k->set.key[KEYSET_DEK], k->set.len), &cipher)
		     : cipher_new(CIPHER_3DES_2KEY, k->s_dek, &cipher);
	if (rc == RC_OK && k->is03)
		rc = cipher_cbc_decrypt(cipher, zero, in.data, in.len, to);
	for (size_t at = 0; rc == RC_OK && !k->is03 && at < in.len; at += DES_BLOCK)
		rc = cipher_cbc_decrypt(cipher, zero, in.data + at, DES_BLOCK, to + at);
	cipher_free(&cipher);
	return rc;
}
