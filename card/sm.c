/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure messaging, card side. What differs between the two kinds is in one row each: block size,
 * key length, how a MAC and an initial vector come about, and whether an error is answered bare.
 */
#include "card/sm.h"

#include <string.h>

#include "base/secret.h"
#include "base/sw.h"
#include "base/tlv.h"

enum {
	MAC_SIZE = 8,
	COUNTER_SIZE = 8,
	HEADER_SIZE = 8, /* CLA INS P1 P2 80 00 00 00 */
	DES_BLOCK = 8,
	DES_KEY = 16,
	TAG_PLAIN = 0x81,
	TAG_CRYPTOGRAM = 0x87, /* covered by the MAC */
	TAG_CRYPTOGRAM_ALONE = 0x86,
	TAG_LE = 0x97,
	TAG_LE_ALONE = 0x96,
	TAG_SW = 0x99,
	TAG_MAC = 0x8E,
	PADDING_INDICATOR = 0x01,
	SCRATCH_MAX = APDU_RESPONSE_MAX + 64,
};

/* One direction of the session. */
struct direction {
	uint8_t mac_key[AES256_KEY];
	struct cmac *cmac;
	struct cipher *cipher;
	uint64_t *counter;
};

struct kind {
	size_t block, key_len;
	enum cipher_kind cipher;
	bool bare_errors;
	enum rc (*mac)(struct sm *sm, struct direction *d, struct view header, struct view objects,
		       uint8_t ret[MAC_SIZE]);
	enum rc (*vector)(const struct direction *d, uint8_t ret[AES_BLOCK]);
};

struct sm {
	const struct kind *kind;
	uint8_t level;
	uint64_t counters[2];
	struct direction command, response;
	uint8_t dek[2][AES256_KEY]; /* for commands, for answers */
	size_t dek_len[2];
	struct buf scratch; /* padded MAC input of the 3DES kind */
};

static void put_counter(uint64_t counter, uint8_t *ret)
{
	for (size_t i = COUNTER_SIZE; i > 0; i--, counter >>= 8)
		ret[i - 1] = (uint8_t)counter;
}

/* ISO/IEC 9797-1 algorithm 3; the initial value is the counter under single DES, GPCS F.2.3. */
static enum rc mac_3des(struct sm *sm, struct direction *d, struct view header, struct view objects,
			uint8_t ret[MAC_SIZE])
{
	uint8_t counter[COUNTER_SIZE], icv[DES_BLOCK];
	struct buf *b = &sm->scratch;
	enum rc rc;

	put_counter(*d->counter, counter);
	rc = des_block(d->mac_key, counter, icv);
	if (rc != RC_OK)
		return rc;
	buf_reset(b);
	buf_view(b, header);
	buf_view(b, objects);
	pad_put(b, 0, DES_BLOCK);
	rc = buf_rc(b);
	return rc == RC_OK ? retail_mac(d->mac_key, icv, view_buf(b), ret) : rc;
}

static enum rc mac_aes(struct sm *sm, struct direction *d, struct view header, struct view objects,
		       uint8_t ret[MAC_SIZE])
{
	uint8_t counter[AES_BLOCK] = {0}, mac[AES_BLOCK];
	struct view parts[] = {view_of(counter, sizeof(counter)), header, objects};
	enum rc rc;

	(void)sm;
	put_counter(*d->counter, counter + AES_BLOCK - COUNTER_SIZE);
	rc = cmac_compute(d->cmac, parts, 3, mac);
	if (rc == RC_OK)
		memcpy(ret, mac, MAC_SIZE);
	return rc;
}

static enum rc vector_3des(const struct direction *d, uint8_t ret[AES_BLOCK])
{
	(void)d;
	memset(ret, 0, AES_BLOCK);
	return RC_OK;
}

static enum rc vector_aes(const struct direction *d, uint8_t ret[AES_BLOCK])
{
	uint8_t counter[AES_BLOCK] = {0};

	put_counter(*d->counter, counter + AES_BLOCK - COUNTER_SIZE);
	return cipher_block(d->cipher, counter, ret);
}

static const struct kind kinds[] = {
	[SM_3DES] = {.block = DES_BLOCK,
		     .key_len = DES_KEY,
		     .cipher = CIPHER_3DES_2KEY,
		     .bare_errors = true,
		     .mac = mac_3des,
		     .vector = vector_3des},
	[SM_AES] = {.block = AES_BLOCK,
		    .key_len = AES256_KEY,
		    .cipher = CIPHER_AES_256,
		    .mac = mac_aes,
		    .vector = vector_aes},
};

/* Keys of one direction; bits are that direction's MAC and ENC bits of the level. */
static enum rc direction_open(const struct kind *kind, struct direction *d, bool mac,
			      const uint8_t *mac_key, size_t mac_len, bool enc,
			      const uint8_t *enc_key, size_t enc_len)
{
	enum rc rc = RC_OK;

	if ((mac && mac_len != kind->key_len) || (enc && enc_len != kind->key_len))
		return RC_ARGUMENT;
	if (mac) {
		memcpy(d->mac_key, mac_key, mac_len);
		if (kind->mac == mac_aes)
			rc = cmac_new(mac_key, mac_len, &d->cmac);
	}
	if (rc == RC_OK && enc)
		rc = cipher_new(kind->cipher, enc_key, &d->cipher);
	return rc;
}

enum rc sm_new(enum sm_kind kind, const struct session_keys *keys, struct sm **ret)
{
	struct sm *sm = secret_new(sizeof(*sm));
	enum rc rc;

	if (!sm)
		return RC_MEMORY;
	sm->kind = &kinds[kind];
	sm->level = keys->level;
	buf_init(&sm->scratch, SCRATCH_MAX);
	sm->counters[0] = keys->counter[0];
	sm->counters[1] = keys->counter[1];
	for (size_t i = 0; i < 2; i++) {
		memcpy(sm->dek[i], keys->key[KEY_DEK + i], AES256_KEY);
		sm->dek_len[i] = keys->len[KEY_DEK + i];
	}
	sm->command.counter = &sm->counters[0];
	sm->response.counter = keys->one_counter ? &sm->counters[0] : &sm->counters[1];
	rc = direction_open(sm->kind, &sm->command, sm->level & LEVEL_C_MAC, keys->key[KEY_C_MAC],
			    keys->len[KEY_C_MAC], sm->level & LEVEL_C_ENC, keys->key[KEY_C_ENC],
			    keys->len[KEY_C_ENC]);
	if (rc == RC_OK)
		rc = direction_open(sm->kind, &sm->response, sm->level & LEVEL_R_MAC,
				    keys->key[KEY_R_MAC], keys->len[KEY_R_MAC],
				    sm->level & LEVEL_R_ENC, keys->key[KEY_R_ENC],
				    keys->len[KEY_R_ENC]);
	if (rc != RC_OK) {
		sm_free(&sm);
		return rc;
	}
	*ret = sm;
	return RC_OK;
}

static void direction_close(struct direction *d)
{
	cmac_free(&d->cmac);
	cipher_free(&d->cipher);
}

void sm_free(struct sm **sm)
{
	if (!sm || !*sm)
		return;
	direction_close(&(*sm)->command);
	direction_close(&(*sm)->response);
	buf_free(&(*sm)->scratch);
	secret_free(sm);
}

uint8_t sm_level(const struct sm *sm)
{
	return sm ? sm->level : 0;
}

struct view sm_dek(const struct sm *sm, enum session_key which)
{
	size_t i = which == KEY_RESPONSE_DEK;

	return view_of(sm->dek[i], sm->dek_len[i]);
}

/* Deciphers the value of an 86 or 87 into plain. */
static enum rc decipher(struct sm *sm, struct view value, struct buf *plain, struct view *ret)
{
	uint8_t indicator, vector[AES_BLOCK];
	uint8_t *space;
	enum rc rc;

	if (view_u8(&value, &indicator) != RC_OK || indicator != PADDING_INDICATOR ||
	    value.len == 0 || value.len % sm->kind->block)
		return RC_AUTH;
	buf_reset(plain);
	space = buf_space(plain, value.len);
	if (!space)
		return buf_rc(plain);
	rc = sm->kind->vector(&sm->command, vector);
	if (rc == RC_OK)
		rc = cipher_cbc_decrypt(sm->command.cipher, vector, value.data, value.len, space);
	if (rc != RC_OK)
		return rc;
	return unpad(view_buf(plain), ret) == RC_OK ? RC_OK : RC_AUTH;
}

/* The value of 96 or 97: Le as it was coded in the plain command. */
static enum rc parse_le(struct view value, struct apdu *plain)
{
	uint16_t two;
	uint8_t one;

	plain->extended = value.len == 2;
	if (value.len == 2 && view_u16(&value, &two) == RC_OK)
		plain->le = two ? two : 65536;
	else if (value.len == 1 && view_u8(&value, &one) == RC_OK)
		plain->le = one ? one : 256;
	else
		return RC_AUTH;
	return RC_OK;
}

/* The objects in front of 8E: [data] [Le]. */
static enum rc open_objects(struct sm *sm, struct view objects, uint32_t data_tag, uint32_t le_tag,
			    struct buf *plain, struct apdu *ret)
{
	struct view value;
	enum rc rc = RC_OK;

	if (tlv_is_next(objects, data_tag)) {
		if (tlv_expect(&objects, data_tag, &value) != RC_OK)
			return RC_AUTH;
		ret->data = value;
		if (data_tag != TAG_PLAIN)
			rc = decipher(sm, value, plain, &ret->data);
		if (rc != RC_OK)
			return rc;
	}
	if (tlv_is_next(objects, le_tag)) {
		if (tlv_expect(&objects, le_tag, &value) != RC_OK)
			return RC_AUTH;
		rc = parse_le(value, ret);
	}
	return rc == RC_OK && objects.len ? RC_AUTH : rc;
}

static enum rc check_mac(struct sm *sm, const struct apdu *plain, struct view data,
			 struct view *ret_objects)
{
	uint8_t header[HEADER_SIZE] = {plain->cla, plain->ins, plain->p1, plain->p2, 0x80};
	struct view rest = data, value, mac = {.len = 0};
	uint8_t expected[MAC_SIZE];
	size_t covered = 0;
	uint32_t tag;
	enum rc rc;

	while (rest.len && mac.len == 0) {
		covered = data.len - rest.len;
		if (tlv_next(&rest, &tag, &value) != RC_OK)
			return RC_MALFORMED;
		if (tag == TAG_MAC)
			mac = value;
	}
	if (mac.len == 0)
		return RC_MALFORMED;
	if (mac.len != MAC_SIZE || rest.len)
		return RC_AUTH;
	*ret_objects = view_of(data.data, covered);
	rc = sm->kind->mac(sm, &sm->command, view_of(header, sizeof(header)), *ret_objects,
			   expected);
	if (rc != RC_OK)
		return rc;
	return secret_equal(expected, mac.data, MAC_SIZE) ? RC_OK : RC_AUTH;
}

/* A counter that this command, or the answer to it, would have to carry past its last value. */
static bool is_used_up(const struct sm *sm)
{
	const uint64_t last = UINT64_MAX;

	if (sm->command.counter == sm->response.counter)
		return (sm->level & (LEVEL_C_MAC | LEVEL_R_MAC)) &&
		       *sm->command.counter >= last - 1;
	return ((sm->level & LEVEL_C_MAC) && *sm->command.counter == last) ||
	       ((sm->level & LEVEL_R_MAC) && *sm->response.counter == last);
}

/* C-ENC without C-MAC marks the class byte 08, GPCS F.3.2.2; with C-MAC it is 0C. */
static bool is_marked(const struct sm *sm, uint8_t cla)
{
	if (sm->level & LEVEL_C_MAC || cla & 0x40)
		return cla == apdu_protected_cla(cla);
	return (cla & CLA_SM) == 0x08;
}

bool sm_accepts_class(const struct sm *sm, const struct apdu *part)
{
	if (sm->level & LEVEL_C_MAC)
		return is_marked(sm, part->cla);
	if (sm->level & LEVEL_C_ENC)
		return part->data.len ? is_marked(sm, part->cla)
				      : !apdu_is_protected(part->cla) || is_marked(sm, part->cla);
	return !apdu_is_protected(part->cla);
}

enum rc sm_unwrap(struct sm *sm, const struct apdu *command, struct buf *plain, struct apdu *ret)
{
	struct apdu opened = *command;
	struct view objects = command->data;
	enum rc rc;

	if (!sm_accepts_class(sm, command) || is_used_up(sm))
		return RC_STATE;
	opened.cla = apdu_plain_cla(command->cla) & (uint8_t)~CLA_CHAINING;
	if (!apdu_is_protected(command->cla)) {
		*ret = opened;
		return RC_OK;
	}
	opened.data = view_of(NULL, 0);
	opened.le = 0;
	opened.extended = false;
	if (sm->level & LEVEL_C_MAC) {
		rc = check_mac(sm, &opened, command->data, &objects);
		if (rc != RC_OK)
			return rc;
		rc = open_objects(sm, objects, sm->level & LEVEL_C_ENC ? TAG_CRYPTOGRAM : TAG_PLAIN,
				  TAG_LE, plain, &opened);
		++*sm->command.counter;
	} else {
		rc = open_objects(sm, objects, TAG_CRYPTOGRAM_ALONE, TAG_LE_ALONE, plain, &opened);
	}
	if (rc == RC_OK)
		*ret = opened;
	return rc;
}

static enum rc put_cryptogram(struct sm *sm, uint32_t tag, struct view answer, struct buf *out)
{
	size_t block = sm->kind->block;
	size_t len = (answer.len / block + 1) * block;
	uint8_t vector[AES_BLOCK];
	size_t from;
	enum rc rc;

	tlv_header(out, tag, 1 + len);
	buf_u8(out, PADDING_INDICATOR);
	from = out->len;
	buf_view(out, answer);
	pad_put(out, from, block);
	rc = buf_rc(out);
	if (rc == RC_OK)
		rc = sm->kind->vector(&sm->response, vector);
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(sm->response.cipher, vector, out->data + from, len,
					out->data + from);
	return rc;
}

static enum rc put_mac(struct sm *sm, size_t from, struct buf *out)
{
	uint8_t mac[MAC_SIZE];
	enum rc rc;

	rc = sm->kind->mac(sm, &sm->response, view_of(NULL, 0),
			   view_of(out->data + from, out->len - from), mac);
	if (rc != RC_OK)
		return rc;
	tlv_put(out, TAG_MAC, view_of(mac, sizeof(mac)));
	++*sm->response.counter;
	return buf_rc(out);
}

enum rc sm_wrap(struct sm *sm, struct view answer, uint16_t sw, struct buf *out)
{
	const uint8_t status[] = {(uint8_t)(sw >> 8), (uint8_t)sw};
	bool mac = sm->level & LEVEL_R_MAC;
	size_t from = out->len;
	enum rc rc = RC_OK;

	if (sm->kind->bare_errors && !sw_is_normal(sw))
		return RC_OK;
	if (answer.len && sm->level & LEVEL_R_ENC)
		rc = put_cryptogram(sm, mac ? TAG_CRYPTOGRAM : TAG_CRYPTOGRAM_ALONE, answer, out);
	else if (answer.len && mac)
		tlv_put(out, TAG_PLAIN, answer);
	else
		buf_view(out, answer);
	if (rc != RC_OK || !mac)
		return rc == RC_OK ? buf_rc(out) : rc;
	tlv_put(out, TAG_SW, view_of(status, sizeof(status)));
	rc = buf_rc(out);
	return rc == RC_OK ? put_mac(sm, from, out) : rc;
}
