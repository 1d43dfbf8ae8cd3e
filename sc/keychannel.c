/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCP02 has the C-MAC over the plain command and enciphers then; SCP03 enciphers first. Answers are
 * protected under SCP03 only.
 */
#include "sc/keychannel.h"

#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/sw.h"
#include "sc/policy.h"

enum {
	INS_EXTERNAL_AUTHENTICATE = 0x82,
	INS_INSTALL = 0xE6,
	INS_LOAD = 0xE8,
	P1_FOR_LOAD = 0x02,
	CLA_PLAIN = 0x80,
	CLA_PROTECTED = 0x84,
	ID_SCP02 = 0x02,
	ID_SCP03 = 0x03,
	DES_BLOCK = 8,
	HEADER_SHORT = 5,
	HEADER_EXTENDED = 7,
	/*
	 * GPCS table E-1: three keys, explicit initiation, MAC over the plain command, its ICV enciphered.
	 * R-MACs need not be asked for, and whether a challenge can be foretold is the card's.
	 */
	SCP02_I = 0x15,
	SCP02_I_FREE = 0x60,
	SCP02_LEVELS = LEVEL_C_MAC | LEVEL_C_DEC,
	COMMAND_FIELD = 1 << 16,
};

struct keychannel {
	bool is03;
	uint8_t i, level, version;
	uint8_t diversification[DIVERSIFY_DATA];
	size_t size; /* of challenges, cryptograms and MACs */
	size_t key_len;
	uint8_t s_enc[SCP03_KEY_MAX];
	uint8_t dek[SCP03_KEY_MAX]; /* SCP02: of the session; SCP03: of the set */
	struct cipher *enc;
	struct scp02_chain chain;
	struct cmac *mac, *rmac; /* SCP03 */
	uint8_t last[AES_BLOCK]; /* SCP03: the MAC chaining value */
	uint64_t number; /* SCP03: of the command in its session, from 1 */
	struct buf command, plain;
};

/* The answer to INITIALIZE UPDATE, GPCS E.5.1.6 and Amendment D 7.1.1.6. */
struct greeting {
	uint8_t diversification[DIVERSIFY_DATA];
	uint8_t version, protocol, i;
	uint16_t counter; /* SCP02 */
	struct view challenge, cryptogram;
};

size_t keychannel_challenge_size(const struct keychannel_keys *keys)
{
	return keys->s16 ? SCP03_S16 : SCP03_S8;
}

void keychannel_free(struct keychannel **k)
{
	if (!k || !*k)
		return;
	cipher_free(&(*k)->enc);
	cmac_free(&(*k)->mac);
	cmac_free(&(*k)->rmac);
	buf_free(&(*k)->command);
	buf_free(&(*k)->plain);
	secret_free(k);
}

static enum rc take_greeting(struct view in, struct greeting *g)
{
	size_t size;

	if (view_copy(&in, g->diversification, DIVERSIFY_DATA) != RC_OK ||
	    view_u8(&in, &g->version) != RC_OK || view_u8(&in, &g->protocol) != RC_OK)
		return RC_MALFORMED;
	if (g->protocol == ID_SCP02) {
		g->i = 0;
		if (view_u16(&in, &g->counter) != RC_OK ||
		    view_take(&in, SCP02_CARD_CHALLENGE, &g->challenge) != RC_OK ||
		    view_take(&in, SCP02_MAC, &g->cryptogram) != RC_OK)
			return RC_MALFORMED;
		return view_end(&in);
	}
	if (g->protocol != ID_SCP03) {
		log_error("the card answers with secure channel protocol %02X, which is neither "
			  "SCP02 nor SCP03",
			  g->protocol);
		return RC_POLICY;
	}
	if (view_u8(&in, &g->i) != RC_OK)
		return RC_MALFORMED;
	size = g->i & SCP03_I_S16 ? SCP03_S16 : SCP03_S8;
	if (view_take(&in, size, &g->challenge) != RC_OK ||
	    view_take(&in, size, &g->cryptogram) != RC_OK)
		return RC_MALFORMED;
	/* A derived challenge comes with its sequence counter. */
	return in.len == 0 || in.len == SCP03_COUNTER ? RC_OK : RC_MALFORMED;
}

/* The level asked for, or the highest. */
static enum rc choose_level(struct keychannel *k, uint8_t wanted)
{
	uint8_t all = SCP02_LEVELS;

	if (k->is03 && (k->i & SCP03_I_R_MAC))
		all |= LEVEL_R_MAC;
	if (k->is03 && (k->i & SCP03_I_R_ENC) && (k->i & SCP03_I_R_MAC))
		all |= LEVEL_R_ENC;
	k->level = wanted ? wanted : all;
	if ((k->level & ~all) || !(k->level & LEVEL_C_MAC) ||
	    ((k->level & LEVEL_R_ENC) &&
	     (k->level & (LEVEL_R_MAC | LEVEL_C_DEC)) != (LEVEL_R_MAC | LEVEL_C_DEC))) {
		log_error("security level %02X is not one that this card's %s has", k->level,
			  k->is03 ? "SCP03" : "SCP02");
		return RC_POLICY;
	}
	return RC_OK;
}

static enum rc derive02(struct keychannel *k, const struct keychannel_keys *keys,
			const struct greeting *g, struct view host, uint8_t ret_card[SCP02_MAC],
			uint8_t ret_host[SCP02_MAC])
{
	uint8_t joined[SCP02_COUNTER + SCP02_CARD_CHALLENGE];
	struct buf card;
	enum rc rc;

	buf_fixed(&card, joined, sizeof(joined));
	buf_u16(&card, g->counter);
	buf_view(&card, g->challenge);
	rc = scp02_session_key(keys->key[KEYCHANNEL_ENC], SCP02_S_ENC, g->counter, k->s_enc);
	if (rc == RC_OK)
		rc = scp02_session_key(keys->key[KEYCHANNEL_MAC], SCP02_S_MAC, g->counter,
				       k->chain.key);
	if (rc == RC_OK)
		rc = scp02_session_key(keys->key[KEYCHANNEL_DEK], SCP02_S_DEK, g->counter, k->dek);
	if (rc == RC_OK)
		rc = cipher_new(CIPHER_3DES_2KEY, k->s_enc, &k->enc);
	if (rc == RC_OK)
		rc = scp02_cryptogram(k->s_enc, host, view_buf(&card), ret_card);
	if (rc == RC_OK)
		rc = scp02_cryptogram(k->s_enc, view_buf(&card), host, ret_host);
	return rc;
}

static enum rc derive03(struct keychannel *k, const struct keychannel_keys *keys,
			const struct greeting *g, struct view host, uint8_t *ret_card,
			uint8_t *ret_host)
{
	struct view enc = view_of(keys->key[KEYCHANNEL_ENC], keys->len);
	struct view mac = view_of(keys->key[KEYCHANNEL_MAC], keys->len);
	uint8_t s_mac[SCP03_KEY_MAX], s_rmac[SCP03_KEY_MAX];
	struct view key = view_of(s_mac, keys->len);
	enum rc rc = scp03_derive(enc, SCP03_S_ENC, host, g->challenge, k->s_enc, keys->len);

	if (rc == RC_OK)
		rc = scp03_derive(mac, SCP03_S_MAC, host, g->challenge, s_mac, keys->len);
	if (rc == RC_OK)
		rc = scp03_derive(mac, SCP03_S_RMAC, host, g->challenge, s_rmac, keys->len);
	if (rc == RC_OK)
		rc = scp03_derive(key, SCP03_CARD_CRYPTOGRAM, host, g->challenge, ret_card,
				  k->size);
	if (rc == RC_OK)
		rc = scp03_derive(key, SCP03_HOST_CRYPTOGRAM, host, g->challenge, ret_host,
				  k->size);
	if (rc == RC_OK)
		rc = scp03_cipher(view_of(k->s_enc, keys->len), &k->enc);
	if (rc == RC_OK)
		rc = cmac_new(s_mac, keys->len, &k->mac);
	if (rc == RC_OK)
		rc = cmac_new(s_rmac, keys->len, &k->rmac);
	memcpy(k->dek, keys->key[KEYCHANNEL_DEK], keys->len);
	secret_wipe(s_mac, sizeof(s_mac));
	secret_wipe(s_rmac, sizeof(s_rmac));
	return rc;
}

/* Derives, and judges the card before it hears of us. */
static enum rc derive(struct keychannel *k, const struct keychannel_keys *keys,
		      const struct greeting *g, struct view host, uint8_t *ret_host)
{
	uint8_t expected[SCP03_S16];
	enum rc rc = k->is03 ? derive03(k, keys, g, host, expected, ret_host)
			     : derive02(k, keys, g, host, expected, ret_host);

	if (rc == RC_OK && !secret_equal(expected, g->cryptogram.data, k->size))
		rc = RC_AUTH;
	secret_wipe(expected, sizeof(expected));
	return rc;
}

/* Whether keys of this length and this wish go with what the card speaks. */
static enum rc check_protocol(const struct keychannel_keys *keys, const struct greeting *g)
{
	bool is03 = g->protocol == ID_SCP03;

	if (keys->protocol != KEYCHANNEL_ANY && (keys->protocol == KEYCHANNEL_SCP03) != is03) {
		log_error("the key set is for SCP%s, and the card answers with SCP%s",
			  is03 ? "02" : "03", is03 ? "03" : "02");
		return RC_POLICY;
	}
	if (!is03 && keys->option[0].is_told && (keys->option[0].i & ~SCP02_I_FREE) != SCP02_I) {
		log_error("the card speaks SCP02 with i=%02X, and only 15 and 55 are spoken here",
			  keys->option[0].i);
		return RC_POLICY;
	}
	if (!is03 && keys->len != SCP02_KEY) {
		log_error("the card speaks SCP02, whose keys have 16 bytes each");
		return RC_POLICY;
	}
	if (keychannel_challenge_size(keys) !=
	    (size_t)(is03 && (g->i & SCP03_I_S16) ? SCP03_S16 : SCP03_S8)) {
		log_error("the card %s challenges of 16 bytes (SCP03 with S16); say so with the "
			  "key set",
			  keys->s16 ? "does not speak with" : "wants");
		return RC_POLICY;
	}
	return RC_OK;
}

enum rc keychannel_derive_keys(const struct keychannel_keys *keys,
			       const uint8_t diversification[DIVERSIFY_DATA],
			       struct keychannel_keys *ret)
{
	enum rc rc = RC_OK;

	*ret = *keys;
	ret->masters = DIVERSIFY_NONE;
	for (int i = 0; rc == RC_OK && keys->masters && i < KEYCHANNEL_KEYS; i++)
		rc = diversify_by(keys->masters, view_of(keys->key[i], keys->len),
				  (enum diversify_use)i, view_of(diversification, DIVERSIFY_DATA),
				  ret->key[i]);
	return rc;
}

/* One that is at odds with the lengths of the answer is of another key set. */
static uint8_t known_parameter(const struct keychannel_keys *keys, const struct greeting *g)
{
	bool is03 = g->protocol == ID_SCP03;
	uint8_t told = keys->option[is03].i;

	if (!keys->option[is03].is_told || (is03 && ((told ^ g->i) & SCP03_I_S16)))
		return g->i;
	return told;
}

static enum rc set_up(struct keychannel *k, const struct keychannel_keys *keys,
		      const struct greeting *g, struct view host, struct apdu *ret_command)
{
	struct keychannel_keys own;
	uint8_t cryptogram[SCP03_S16];
	struct apdu command = {.cla = CLA_PROTECTED, .ins = INS_EXTERNAL_AUTHENTICATE};
	uint8_t level;
	enum rc rc;

	k->is03 = g->protocol == ID_SCP03;
	k->i = known_parameter(keys, g);
	k->version = g->version;
	k->size = g->cryptogram.len;
	k->key_len = keys->len;
	memcpy(k->diversification, g->diversification, sizeof(k->diversification));
	rc = choose_level(k, keys->level);
	if (rc == RC_OK)
		rc = keychannel_derive_keys(keys, g->diversification, &own);
	if (rc == RC_OK)
		rc = derive(k, &own, g, host, cryptogram);
	secret_wipe(&own, sizeof(own));
	if (rc != RC_OK)
		return rc;
	/* EXTERNAL AUTHENTICATE itself has a MAC and nothing else. */
	level = k->level;
	k->level = LEVEL_C_MAC;
	command.p1 = level;
	command.data = view_of(cryptogram, k->size);
	rc = keychannel_protect(k, &command, false, ret_command);
	k->level = level;
	k->number = 0;
	return rc;
}

enum rc keychannel_begin(const struct keychannel_keys *keys, struct view host_challenge,
			 struct view answer, struct keychannel **ret, struct apdu *ret_command)
{
	struct greeting g = {.protocol = 0};
	struct keychannel *k;
	enum rc rc = take_greeting(answer, &g);

	if (host_challenge.len != keychannel_challenge_size(keys))
		return RC_ARGUMENT;
	if (rc == RC_OK)
		rc = check_protocol(keys, &g);
	if (rc != RC_OK)
		return rc;
	k = secret_new(sizeof(*k));
	if (!k)
		return RC_MEMORY;
	buf_init(&k->command, COMMAND_FIELD);
	buf_init(&k->plain, COMMAND_FIELD);
	rc = set_up(k, keys, &g, host_challenge, ret_command);
	if (rc != RC_OK) {
		keychannel_free(&k);
		return rc;
	}
	*ret = k;
	return RC_OK;
}

static size_t block_size(const struct keychannel *k)
{
	return k->is03 ? AES_BLOCK : DES_BLOCK;
}

/* Appends data, enciphered where the level says so. */
static enum rc put_data(struct keychannel *k, struct view data, struct buf *out)
{
	static const uint8_t zero[DES_BLOCK];
	size_t from = out->len;
	uint8_t iv[AES_BLOCK];
	enum rc rc = RC_OK;

	buf_view(out, data);
	if (!(k->level & LEVEL_C_DEC) || !data.len)
		return buf_rc(out);
	pad_put(out, from, block_size(k));
	rc = buf_rc(out);
	if (rc == RC_OK && k->is03)
		rc = scp03_iv(k->enc, k->number, false, iv);
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(k->enc, k->is03 ? iv : zero, out->data + from,
					out->len - from, out->data + from);
	return rc;
}

static void put_header(struct buf *b, const struct apdu *command, size_t lc)
{
	buf_u8(b, command->cla);
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

/* The C-MAC over the command with this data; its class byte is as sent. */
static enum rc c_mac(struct keychannel *k, const struct apdu *command, struct view data,
		     uint8_t ret[AES_BLOCK])
{
	uint8_t array[HEADER_EXTENDED];
	struct view parts[3];
	struct buf header;
	enum rc rc;

	buf_fixed(&header, array, sizeof(array));
	put_header(&header, command, data.len + k->size);
	if (!k->is03)
		return scp02_c_mac(&k->chain, array, data, ret);
	parts[0] = view_of(k->last, sizeof(k->last));
	parts[1] = view_buf(&header);
	parts[2] = data;
	rc = cmac_compute(k->mac, parts, 3, ret);
	if (rc == RC_OK)
		memcpy(k->last, ret, sizeof(k->last));
	return rc;
}

size_t keychannel_room(const struct keychannel *k, size_t field)
{
	size_t block = block_size(k);

	if (!k->is03 && field > APDU_SHORT_DATA)
		field = APDU_SHORT_DATA;
	if (field < k->size)
		return 0;
	field -= k->size;
	if (!(k->level & LEVEL_C_DEC))
		return field;
	return field < block ? 0 : field / block * block - 1;
}

enum rc keychannel_protect(struct keychannel *k, const struct apdu *plain, bool published_class,
			   struct apdu *ret)
{
	bool as_published =
		published_class && !k->is03 &&
		((plain->ins == INS_INSTALL && plain->p1 == P1_FOR_LOAD) || plain->ins == INS_LOAD);
	struct apdu command = *plain;
	uint8_t mac[AES_BLOCK];
	enum rc rc = RC_OK;

	if (plain->data.len > keychannel_room(k, APDU_EXTENDED_DATA) || k->number == UINT64_MAX)
		return RC_SPACE;
	command.cla = as_published ? CLA_PLAIN : CLA_PROTECTED;
	k->number++;
	buf_reset(&k->command);
	if (!k->is03)
		rc = c_mac(k, &command, plain->data, mac);
	if (rc == RC_OK)
		rc = put_data(k, plain->data, &k->command);
	if (rc == RC_OK && k->is03)
		rc = c_mac(k, &command, view_buf(&k->command), mac);
	buf_put(&k->command, mac, k->size);
	if (rc == RC_OK)
		rc = buf_rc(&k->command);
	command.data = view_buf(&k->command);
	if (rc == RC_OK)
		*ret = command;
	secret_wipe(mac, sizeof(mac));
	return rc;
}

/* Takes the R-MAC off the end of an answer. */
static enum rc check_r_mac(struct keychannel *k, struct view data, uint16_t sw,
			   struct view *ret_body)
{
	uint8_t words[2], mac[AES_BLOCK];
	struct view parts[3], body;
	struct buf trailer;
	enum rc rc;

	if (data.len < k->size || view_take(&data, data.len - k->size, &body) != RC_OK)
		return RC_AUTH;
	buf_fixed(&trailer, words, sizeof(words));
	buf_u16(&trailer, sw);
	parts[0] = view_of(k->last, sizeof(k->last));
	parts[1] = body;
	parts[2] = view_buf(&trailer);
	rc = cmac_compute(k->rmac, parts, 3, mac);
	if (rc == RC_OK && !secret_equal(mac, data.data, k->size))
		rc = RC_AUTH;
	if (rc == RC_OK)
		*ret_body = body;
	secret_wipe(mac, sizeof(mac));
	return rc;
}

static enum rc decipher(struct keychannel *k, struct view in, struct view *ret)
{
	uint8_t iv[AES_BLOCK], *out;
	enum rc rc;

	if (in.len % AES_BLOCK)
		return RC_AUTH;
	buf_reset(&k->plain);
	out = buf_space(&k->plain, in.len);
	if (!out)
		return buf_rc(&k->plain);
	rc = scp03_iv(k->enc, k->number, true, iv);
	if (rc == RC_OK)
		rc = cipher_cbc_decrypt(k->enc, iv, in.data, in.len, out);
	if (rc != RC_OK)
		return rc;
	return unpad(view_of(out, in.len), ret) == RC_OK ? RC_OK : RC_AUTH;
}

enum rc keychannel_verify(struct keychannel *k, struct view data, uint16_t sw, struct view *ret)
{
	struct view body = data;
	enum rc rc = RC_OK;

	if (!sw_is_normal(sw)) {
		*ret = view_of(NULL, 0);
		return RC_OK;
	}
	if (k->level & LEVEL_R_MAC)
		rc = check_r_mac(k, data, sw, &body);
	if (rc == RC_OK && (k->level & LEVEL_R_ENC) && body.len)
		rc = decipher(k, body, &body);
	if (rc == RC_OK)
		*ret = body;
	return rc;
}

enum rc keychannel_encipher(struct keychannel *k, struct view in, struct buf *out)
{
	static const uint8_t zero[AES_BLOCK];
	size_t block = block_size(k);
	struct cipher *cipher = NULL;
	uint8_t *to;
	enum rc rc;

	if (!in.len || in.len % block)
		return RC_ARGUMENT;
	to = buf_space(out, in.len);
	if (!to)
		return buf_rc(out);
	rc = k->is03 ? scp03_cipher(view_of(k->dek, k->key_len), &cipher)
		     : cipher_new(CIPHER_3DES_2KEY, k->dek, &cipher);
	if (rc == RC_OK && k->is03)
		rc = cipher_cbc_encrypt(cipher, zero, in.data, in.len, to);
	/* Triple DES in ECB, block by block. */
	for (size_t at = 0; rc == RC_OK && !k->is03 && at < in.len; at += DES_BLOCK)
		rc = cipher_cbc_encrypt(cipher, zero, in.data + at, DES_BLOCK, to + at);
	cipher_free(&cipher);
	return rc;
}

uint8_t keychannel_protocol(const struct keychannel *k)
{
	return k->is03 ? ID_SCP03 : ID_SCP02;
}

uint8_t keychannel_parameter(const struct keychannel *k)
{
	return k->i;
}

uint8_t keychannel_level(const struct keychannel *k)
{
	return k->level;
}

uint8_t keychannel_version(const struct keychannel *k)
{
	return k->version;
}

const uint8_t *keychannel_diversification(const struct keychannel *k)
{
	return k->diversification;
}
