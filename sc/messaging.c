/* SPDX-License-Identifier: BSD-2-Clause */
/* Secure messaging, host side: encrypt then MAC commands, verify then decipher responses. */
#include "sc/messaging.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/tlv.h"
#include "sc/policy.h"

enum {
	MAC_SIZE = 8,
	HEADER_SIZE = 8, /* CLA INS P1 P2 and the padding that GPCS F.3.2 gives it */
	DES_BLOCK = 8,
	DES_KEY = 16,
	PADDING_INDICATOR = 0x01,
	/* 87 with its padding, 97 and 8E around the longest command data. */
	OVERHEAD = 64,
};

struct messaging {
	enum messaging_kind kind;
	uint8_t level;
	size_t block;
	uint64_t counter[2]; /* of commands, of responses */
	struct cmac *cmac[2]; /* AES */
	uint8_t (*retail)[DES_KEY]; /* 3DES: two MAC keys in secret memory */
	bool joint; /* counter[COMMAND] serves both directions */
	uint8_t *dek; /* secret memory; NULL if there is none */
	size_t dek_size;
	struct cipher *cipher[2];
	struct buf data; /* data field of the protected command */
	struct buf work; /* what is enciphered, or padded for a retail MAC */
	struct buf plain; /* deciphered response */
};

enum direction { COMMAND, RESPONSE };

static bool has(const struct messaging *sm, enum direction d, uint8_t command_bit)
{
	return sm->level & (d == COMMAND ? command_bit : command_bit << 4);
}

static enum rc make_mac_key(struct messaging *sm, enum direction d, const uint8_t *key)
{
	if (sm->kind == MESSAGING_AES)
		return cmac_new(key, AES256_KEY, &sm->cmac[d]);
	memcpy(sm->retail[d], key, DES_KEY);
	return RC_OK;
}

static enum rc make_keys(struct messaging *sm, const struct messaging_secrets *secrets)
{
	enum rc rc = RC_OK;

	if (sm->kind == MESSAGING_3DES) {
		sm->retail = secret_new(sizeof(*sm->retail) * 2);
		if (!sm->retail)
			return RC_MEMORY;
	}
	if (secrets->dek_size) {
		sm->dek = secret_new(MESSAGING_KEY_MAX);
		if (!sm->dek)
			return RC_MEMORY;
		memcpy(sm->dek, secrets->dek, MESSAGING_KEY_MAX);
		sm->dek_size = secrets->dek_size;
	}
	sm->joint = secrets->joint_counter;
	for (enum direction d = COMMAND; rc == RC_OK && d <= RESPONSE; d++) {
		sm->counter[d] = secrets->counter[d];
		if (has(sm, d, LEVEL_C_MAC))
			rc = make_mac_key(sm, d, secrets->key[MESSAGING_C_MAC + d]);
		if (rc == RC_OK && has(sm, d, LEVEL_C_DEC))
			rc = cipher_new(sm->kind == MESSAGING_AES ? CIPHER_AES_256
								  : CIPHER_3DES_2KEY,
					secrets->key[MESSAGING_C_ENC + d], &sm->cipher[d]);
	}
	return rc;
}

enum rc messaging_new(enum messaging_kind kind, uint8_t level,
		      const struct messaging_secrets *secrets, struct messaging **ret)
{
	struct messaging *sm = calloc(1, sizeof(*sm));
	enum rc rc;

	if (!sm)
		return RC_MEMORY;
	sm->kind = kind;
	sm->level = level;
	sm->block = kind == MESSAGING_AES ? AES_BLOCK : DES_BLOCK;
	buf_init(&sm->data, APDU_EXTENDED_DATA + OVERHEAD);
	buf_init(&sm->work, APDU_RESPONSE_MAX + HEADER_SIZE + OVERHEAD);
	buf_init(&sm->plain, APDU_RESPONSE_MAX);
	rc = make_keys(sm, secrets);
	if (rc != RC_OK) {
		messaging_free(&sm);
		return rc;
	}
	*ret = sm;
	return RC_OK;
}

void messaging_free(struct messaging **sm)
{
	if (!sm || !*sm)
		return;
	for (enum direction d = COMMAND; d <= RESPONSE; d++) {
		cmac_free(&(*sm)->cmac[d]);
		cipher_free(&(*sm)->cipher[d]);
	}
	secret_free(&(*sm)->retail);
	secret_free(&(*sm)->dek);
	buf_free(&(*sm)->data);
	buf_free(&(*sm)->work);
	buf_free(&(*sm)->plain);
	free(*sm);
	*sm = NULL;
}

struct view messaging_dek(const struct messaging *sm)
{
	return view_of(sm->dek, sm->dek_size);
}

/* The counter of a direction's MAC key. */
static uint64_t *counter_of(struct messaging *sm, enum direction d)
{
	return &sm->counter[sm->joint ? COMMAND : d];
}

/* True if command and answer still have a value of their counters. */
static bool has_room(struct messaging *sm)
{
	uint64_t needed = sm->joint ? 2 : 1;

	return *counter_of(sm, COMMAND) <= UINT64_MAX - needed &&
	       *counter_of(sm, RESPONSE) <= UINT64_MAX - needed;
}

static void put_counter(uint64_t counter, uint8_t ret[8])
{
	for (size_t i = 8; i > 0; i--, counter >>= 8)
		ret[i - 1] = (uint8_t)counter;
}

/* Suite 42's 16 bytes: the direction's counter, zero-extended. */
static void put_counter16(struct messaging *sm, enum direction d, uint8_t ret[AES_BLOCK])
{
	memset(ret, 0, AES_BLOCK);
	put_counter(*counter_of(sm, d), ret + AES_BLOCK - 8);
}

/* IV of a direction's next message: 0 under 3DES, the enciphered counter under AES. */
static enum rc make_iv(struct messaging *sm, enum direction d, uint8_t iv[AES_BLOCK])
{
	uint8_t counter[AES_BLOCK];

	memset(iv, 0, AES_BLOCK);
	if (sm->kind == MESSAGING_3DES)
		return RC_OK;
	put_counter16(sm, d, counter);
	return cipher_block(sm->cipher[d], counter, iv);
}

static enum rc retail(struct messaging *sm, enum direction d, const struct view parts[2],
		      uint8_t ret[MAC_SIZE])
{
	uint8_t counter[8], icv[DES_BLOCK];
	enum rc rc;

	put_counter(*counter_of(sm, d), counter);
	rc = des_block(sm->retail[d], counter, icv);
	if (rc != RC_OK)
		return rc;
	buf_reset(&sm->work);
	buf_view(&sm->work, parts[0]);
	buf_view(&sm->work, parts[1]);
	pad_put(&sm->work, 0, DES_BLOCK);
	rc = buf_rc(&sm->work);
	if (rc == RC_OK)
		rc = retail_mac(sm->retail[d], icv, view_buf(&sm->work), ret);
	return rc;
}

/* The MAC over header (empty for a response) and data objects; the counter goes up by one. */
static enum rc compute_mac(struct messaging *sm, enum direction d, struct view header,
			   struct view objects, uint8_t ret[MAC_SIZE])
{
	uint8_t counter[AES_BLOCK] = {0}, mac[AES_BLOCK];
	struct view parts[] = {view_of(counter, sizeof(counter)), header, objects};
	enum rc rc;

	if (*counter_of(sm, d) == UINT64_MAX)
		return RC_STATE;
	if (sm->kind == MESSAGING_3DES) {
		rc = retail(sm, d, parts + 1, ret);
	} else {
		put_counter16(sm, d, counter);
		rc = cmac_compute(sm->cmac[d], parts, 3, mac);
		if (rc == RC_OK)
			memcpy(ret, mac, MAC_SIZE);
	}
	if (rc == RC_OK)
		++*counter_of(sm, d);
	return rc;
}

/* Appends the enciphered data under a tag, in place where it stays. */
static enum rc put_enciphered(struct messaging *sm, uint32_t tag, struct view data)
{
	size_t padded = (data.len / sm->block + 1) * sm->block;
	uint8_t iv[AES_BLOCK], *at;
	size_t from;
	enum rc rc;

	tlv_header(&sm->data, tag, padded + 1);
	buf_u8(&sm->data, PADDING_INDICATOR);
	from = sm->data.len;
	buf_view(&sm->data, data);
	pad_put(&sm->data, from, sm->block);
	rc = buf_rc(&sm->data);
	if (rc == RC_OK)
		rc = make_iv(sm, COMMAND, iv);
	if (rc != RC_OK)
		return rc;
	at = sm->data.data + from;
	return cipher_cbc_encrypt(sm->cipher[COMMAND], iv, at, padded, at);
}

static void put_le(struct buf *b, uint32_t tag, const struct apdu *plain)
{
	if (!plain->le)
		return;
	tlv_header(b, tag, plain->extended ? 2 : 1);
	if (plain->extended)
		buf_u8(b, (uint8_t)(plain->le >> 8));
	buf_u8(b, (uint8_t)plain->le);
}

/* The command that carries what is in sm->data. */
static struct apdu carrier(const struct messaging *sm, uint8_t cla, const struct apdu *plain)
{
	return (struct apdu){
		.cla = cla,
		.ins = plain->ins,
		.p1 = plain->p1,
		.p2 = plain->p2,
		.data = view_buf(&sm->data),
		.le = plain->extended ? 65536 : 256,
		.extended = plain->extended,
	};
}

/* Levels without C-MAC: 86 and 96 if there is data to encipher, and else the command as it is. */
static enum rc protect_without_mac(struct messaging *sm, const struct apdu *plain,
				   struct apdu *ret_command)
{
	uint8_t cla = apdu_protected_cla(plain->cla);
	enum rc rc;

	if (!plain->data.len || !has(sm, COMMAND, LEVEL_C_DEC)) {
		*ret_command = *plain;
		return RC_OK;
	}
	rc = put_enciphered(sm, 0x86, plain->data);
	if (rc != RC_OK)
		return rc;
	put_le(&sm->data, 0x96, plain);
	/* The header is not authenticated: 08, which the further channels have no code for. */
	if ((cla & CLA_SM) == CLA_SM && !(cla & 0x40))
		cla &= (uint8_t)~0x04;
	*ret_command = carrier(sm, cla, plain);
	return buf_rc(&sm->data);
}

enum rc messaging_protect(struct messaging *sm, const struct apdu *plain, struct apdu *ret_command)
{
	const uint8_t header[HEADER_SIZE] = {
		apdu_plain_cla(plain->cla) & (uint8_t)~CLA_CHAINING,
		plain->ins,
		plain->p1,
		plain->p2,
		0x80,
	};
	uint8_t mac[MAC_SIZE];
	enum rc rc = RC_OK;

	if (plain->data.len > APDU_EXTENDED_DATA)
		return RC_SPACE;
	/* The response needs a value of its counter, too. */
	if (!has_room(sm))
		return RC_STATE;
	buf_reset(&sm->data);
	if (!has(sm, COMMAND, LEVEL_C_MAC))
		return protect_without_mac(sm, plain, ret_command);
	if (plain->data.len && has(sm, COMMAND, LEVEL_C_DEC))
		rc = put_enciphered(sm, 0x87, plain->data);
	else if (plain->data.len)
		tlv_put(&sm->data, 0x81, plain->data);
	if (rc != RC_OK)
		return rc;
	put_le(&sm->data, 0x97, plain);
	rc = buf_rc(&sm->data);
	if (rc == RC_OK)
		rc = compute_mac(sm, COMMAND, view_of(header, sizeof(header)), view_buf(&sm->data),
				 mac);
	if (rc != RC_OK)
		return rc;
	tlv_put(&sm->data, 0x8E, view_of(mac, sizeof(mac)));
	rc = buf_rc(&sm->data);
	if (rc != RC_OK)
		return rc;
	*ret_command = carrier(sm, apdu_protected_cla(plain->cla), plain);
	return RC_OK;
}

/* The data objects of a response: 81 or 87 if there is data, 99, 8E. */
struct response {
	struct view body; /* value of 81 or 87 */
	struct view covered; /* everything before 8E */
	uint8_t mac[MAC_SIZE];
};

static enum rc parse_response(const struct messaging *sm, struct view data, uint16_t sw,
			      struct response *r)
{
	uint32_t tag = has(sm, RESPONSE, LEVEL_C_DEC) ? 0x87 : 0x81;
	struct view rest = data, status;
	uint16_t protected_sw;

	r->body = view_of(NULL, 0);
	if (tlv_is_next(rest, tag) &&
	    (tlv_expect(&rest, tag, &r->body) != RC_OK || r->body.len == 0))
		return RC_AUTH;
	if (tlv_expect(&rest, 0x99, &status) != RC_OK ||
	    view_u16(&status, &protected_sw) != RC_OK || status.len || protected_sw != sw)
		return RC_AUTH;
	r->covered = view_of(data.data, data.len - rest.len);
	if (tlv_copy(&rest, 0x8E, r->mac, MAC_SIZE) != RC_OK || rest.len)
		return RC_AUTH;
	return RC_OK;
}

static enum rc decipher(struct messaging *sm, const uint8_t iv[AES_BLOCK], struct view body,
			struct view *ret)
{
	uint8_t indicator, *at;

	if (view_u8(&body, &indicator) != RC_OK || indicator != PADDING_INDICATOR || !body.len ||
	    body.len % sm->block)
		return RC_AUTH;
	at = buf_space(&sm->plain, body.len);
	if (!at)
		return buf_rc(&sm->plain);
	if (cipher_cbc_decrypt(sm->cipher[RESPONSE], iv, body.data, body.len, at) != RC_OK)
		return RC_CRYPTO;
	return unpad(view_buf(&sm->plain), ret) == RC_OK ? RC_OK : RC_AUTH;
}

/* Levels without R-MAC: 86 if answers are enciphered, and else the answer as it is. */
static enum rc open_without_mac(struct messaging *sm, struct view data, struct view *ret_plain)
{
	uint8_t iv[AES_BLOCK];
	struct view body;
	enum rc rc;

	*ret_plain = data;
	if (!data.len || !has(sm, RESPONSE, LEVEL_C_DEC))
		return RC_OK;
	if (tlv_expect(&data, 0x86, &body) != RC_OK || data.len)
		return RC_AUTH;
	rc = make_iv(sm, RESPONSE, iv);
	return rc == RC_OK ? decipher(sm, iv, body, ret_plain) : rc;
}

enum rc messaging_verify(struct messaging *sm, struct view data, uint16_t sw,
			 struct view *ret_plain)
{
	uint8_t mac[MAC_SIZE], iv[AES_BLOCK];
	struct response r;
	enum rc rc;

	buf_reset(&sm->plain);
	if (!has(sm, RESPONSE, LEVEL_C_MAC))
		return open_without_mac(sm, data, ret_plain);
	rc = parse_response(sm, data, sw, &r);
	/* The IV belongs to this message's counter, which the MAC moves on. */
	if (rc == RC_OK && has(sm, RESPONSE, LEVEL_C_DEC))
		rc = make_iv(sm, RESPONSE, iv);
	if (rc == RC_OK)
		rc = compute_mac(sm, RESPONSE, view_of(NULL, 0), r.covered, mac);
	if (rc != RC_OK)
		return rc;
	if (!secret_equal(mac, r.mac, MAC_SIZE))
		return RC_AUTH;
	if (r.body.len && has(sm, RESPONSE, LEVEL_C_DEC))
		return decipher(sm, iv, r.body, ret_plain);
	*ret_plain = r.body;
	return RC_OK;
}
