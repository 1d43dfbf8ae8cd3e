/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection to a security domain, and the commands that change what it manages. */
#include "sc/gp.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/tlv.h"
#include "sc/gp_status.h"
#include "sc/wire.h"

enum {
	CLA_GP = 0x80,
	INS_SELECT = 0xA4,
	INS_INITIALIZE_UPDATE = 0x50,
	INS_EXTERNAL_AUTHENTICATE = 0x82,
	INS_PUT_KEY = 0xD8,
	INS_DELETE = 0xE4,
	INS_INSTALL = 0xE6,
	INS_LOAD = 0xE8,
	INS_SET_STATUS = 0xF0,
	INS_GET_STATUS = 0xF2,
	INS_GET_DATA = 0xCA,
	P1_BY_NAME = 0x04,
	P1_FOR_LOAD = 0x02,
	P1_LAST_BLOCK = 0x80,
	P2_RELATED = 0x80,
	P2_KEY_SET = 0x81,
	LE_SHORT = 256,
	EXTENDED_OVERHEAD = 4 + 3 + 2, /* header, Lc and Le of an extended command */
	TAG_FCI = 0x6F,
	TAG_NAME = 0x84,
	TAG_PROPRIETARY = 0xA5,
	TAG_LONGEST_FIELD = 0x9F65,
	TAG_RECOGNITION = 0x0066,
	PROTOCOL_FIRST = 0x02, /* SCP02; SCP03 is next */
	TAG_AID = 0x4F,
	TAG_KEY_VERSION = 0xD2,
	KEY_TYPE_DES = 0x80,
	KEY_TYPE_AES = 0x88,
	CHECK_SIZE = 3,
	DES_BLOCK = 8,
	COMMAND_FIELD_MAX = 65535,
	ROLE_SHORT_ROOM = 223, /* plain data of an SCP10 command that stays within 255 bytes */
	ROLE_BLOCK = 4096, /* progress is told, and a cancel heard, between two */
};

struct gp {
	struct sc *sc; /* SCP10; else wire */
	uint64_t epoch; /* of the session in which the domain was selected */
	struct wire wire;
	struct keychannel *channel; /* NULL: bare */
	bool published_class;
	bool carried; /* a session may be up that is not ours */
	struct aid domain;
	size_t field; /* bytes of a data field that the domain takes */
	struct buf data; /* of a command in the making */
};

static const char *address(const struct gp *gp)
{
	return gp->sc ? "this slot" : transport_address(gp->wire.transport);
}

/* In SCP10: a session that is not the one any more has another application selected. */
static enum rc exchange_role(struct gp *gp, const struct apdu *command, struct view *ret,
			     uint16_t *ret_sw)
{
	enum rc rc = sc_exchange_view(gp->sc, command, ret, ret_sw);

	if (rc == RC_OK && gp->epoch && sc_epoch(gp->sc) != gp->epoch)
		rc = RC_RESET;
	return rc;
}

static enum rc exchange_keys(struct gp *gp, const struct apdu *plain, struct view *ret,
			     uint16_t *ret_sw)
{
	struct apdu command = *plain;
	struct view data;
	enum rc rc = RC_OK;

	if (gp->channel)
		rc = keychannel_protect(gp->channel, plain, gp->published_class, &command);
	if (rc == RC_OK)
		rc = wire_exchange(&gp->wire, &command, &data, ret_sw);
	if (rc != RC_OK)
		return rc;
	*ret = data;
	if (!gp->channel)
		return RC_OK;
	rc = keychannel_verify(gp->channel, data, *ret_sw, ret);
	if (rc == RC_AUTH)
		log_error("an answer of the card at %s does not verify; the channel is closed",
			  address(gp));
	if (rc != RC_OK)
		keychannel_free(&gp->channel);
	return rc;
}

static enum rc exchange(struct gp *gp, const struct apdu *command, struct view *ret,
			uint16_t *ret_sw)
{
	return gp->sc ? exchange_role(gp, command, ret, ret_sw)
		      : exchange_keys(gp, command, ret, ret_sw);
}

/* A command whose data are in gp->data; another word than 9000 is RC_SW. */
static enum rc send(struct gp *gp, uint8_t ins, uint8_t p1, uint8_t p2, struct view *ret,
		    uint16_t *ret_sw)
{
	struct apdu command = {.cla = CLA_GP, .ins = ins, .p1 = p1, .p2 = p2, .le = LE_SHORT};
	struct view ignored;
	enum rc rc = buf_rc(&gp->data);

	command.data = view_buf(&gp->data);
	if (rc == RC_OK)
		rc = exchange(gp, &command, ret ? ret : &ignored, ret_sw);
	return rc == RC_OK && *ret_sw != SW_OK ? RC_SW : rc;
}

/* What the FCI tells is not needed, but good to know. */
static void read_fci(struct gp *gp, struct view data, struct view asked)
{
	struct view fci, name, proprietary, longest;
	size_t field = 0;

	if (asked.len && aid_set(&gp->domain, asked) != RC_OK)
		return;
	if (tlv_find(data, TAG_FCI, &fci) != RC_OK)
		return;
	if (tlv_find(fci, TAG_NAME, &name) == RC_OK && aid_set(&gp->domain, name) != RC_OK)
		return;
	if (tlv_find(fci, TAG_PROPRIETARY, &proprietary) != RC_OK ||
	    tlv_find(proprietary, TAG_LONGEST_FIELD, &longest) != RC_OK || longest.len > 2)
		return;
	for (size_t i = 0; i < longest.len; i++)
		field = field << 8 | longest.data[i];
	if (field > APDU_SHORT_DATA)
		gp->field = field;
}

static enum rc select_one(struct gp *gp, struct view aid, uint16_t *ret_sw)
{
	const struct apdu command = {
		.ins = INS_SELECT, .p1 = P1_BY_NAME, .data = aid, .le = LE_SHORT};
	struct view data;
	enum rc rc = exchange(gp, &command, &data, ret_sw);

	/* A card that is locked says so, and lets its issuer in. */
	if (rc == RC_OK && *ret_sw != SW_OK && *ret_sw != 0x6283)
		return RC_NOT_FOUND;
	if (rc == RC_OK)
		read_fci(gp, data, aid);
	return rc;
}

/* Cards that do not tell their issuer domain by an empty SELECT have it under one of two names. */
static enum rc select_domain(struct gp *gp, struct view domain)
{
	static const uint8_t names[2][8] = {{0xA0, 0, 0, 1, 0x51, 0, 0, 0},
					    {0xA0, 0, 0, 0, 3, 0, 0, 0}};
	uint16_t sw = 0;
	enum rc rc = select_one(gp, domain, &sw);

	for (size_t i = 0; rc == RC_NOT_FOUND && !domain.len && i < 2; i++)
		rc = select_one(gp, view_of(names[i], sizeof(names[i])), &sw);
	if (rc == RC_NOT_FOUND && sw == SW_FUNCTION_NOT_SUPPORTED) {
		log_error(
			"the card at %s is terminated, or its security domain is locked: it can be "
			"managed no more (status %04X)",
			address(gp), sw);
		rc = RC_POLICY;
	} else if (rc == RC_NOT_FOUND) {
		log_error("the card at %s has no such security domain (status %04X)", address(gp),
			  sw);
	}
	return rc;
}

static struct gp *gp_new(void)
{
	struct gp *gp = calloc(1, sizeof(*gp));

	if (!gp)
		return NULL;
	gp->field = APDU_SHORT_DATA;
	buf_init(&gp->data, COMMAND_FIELD_MAX);
	return gp;
}

static enum rc refuse_version(const struct gp *gp, const struct keychannel_keys *keys, uint16_t sw)
{
	if (sw == SW_REFERENCE_NOT_FOUND || sw == SW_WRONG_DATA) {
		log_error("the card at %s has no key set of version %02X; see intaglio card keys",
			  address(gp), keys->version);
		return RC_NOT_FOUND;
	}
	if (sw == SW_BLOCKED) {
		log_error("the card at %s is locked after too many tries with wrong keys",
			  address(gp));
		return RC_POLICY;
	}
	if (sw == SW_WRONG_LENGTH)
		log_error("the card at %s wants challenges of another length: it has SCP03 with "
			  "S%s",
			  address(gp), keys->s16 ? "8" : "16");
	else
		log_error("the card at %s opens no channel from a key set (status %04X)",
			  address(gp), sw);
	return RC_POLICY;
}

/* The parameters i that the card tells; one that it tells twice and differently is not told. */
static enum rc recognise(struct gp *gp, struct keychannel_keys *keys)
{
	struct gp_recognition r = {.protocol_count = 0};
	uint16_t sw = 0;
	struct buf data;
	enum rc rc;

	buf_init(&data, COMMAND_FIELD_MAX);
	rc = gp_get_data(gp, TAG_RECOGNITION, &data, &sw);
	if (rc == RC_OK && gp_parse_recognition(view_buf(&data), &r) != RC_OK)
		r.protocol_count = 0;
	buf_free(&data);
	for (size_t which = 0; which < 2; which++) {
		size_t count = 0;

		for (size_t n = 0; n < r.protocol_count; n++) {
			if (r.protocols[n].protocol != PROTOCOL_FIRST + which ||
			    !r.protocols[n].has_i ||
			    (count && keys->option[which].i == r.protocols[n].i))
				continue;
			keys->option[which].i = r.protocols[n].i;
			count++;
		}
		keys->option[which].is_told = count == 1;
	}
	return rc == RC_SW ? RC_OK : rc;
}

static enum rc authenticate(struct gp *gp, const struct keychannel_keys *keys)
{
	uint8_t challenge[SCP03_S16];
	struct apdu command = {
		.cla = CLA_GP, .ins = INS_INITIALIZE_UPDATE, .p1 = keys->version, .le = LE_SHORT};
	struct keychannel *channel = NULL;
	struct view answer;
	uint16_t sw = 0;
	enum rc rc = crypto_random(challenge, sizeof(challenge));

	command.data = view_of(challenge, keychannel_challenge_size(keys));
	if (rc == RC_OK)
		rc = wire_exchange(&gp->wire, &command, &answer, &sw);
	if (rc == RC_OK && sw != SW_OK)
		return refuse_version(gp, keys, sw);
	if (rc == RC_OK)
		rc = keychannel_begin(keys, command.data, answer, &channel, &command);
	if (rc == RC_AUTH)
		log_error(
			"the keys are not those of the card at %s; too many tries with wrong keys "
			"may lock a card",
			address(gp));
	if (rc == RC_OK)
		rc = wire_exchange(&gp->wire, &command, &answer, &sw);
	if (rc == RC_OK && sw != SW_OK) {
		log_error("the card at %s refuses the keys, or security level %02X (status %04X)",
			  address(gp), keychannel_level(channel), sw);
		rc = RC_AUTH;
	}
	if (rc == RC_OK) {
		gp->channel = channel;
		return RC_OK;
	}
	keychannel_free(&channel);
	return rc;
}

enum rc gp_open_keys(struct transport **transport, const struct keychannel_keys *keys,
		     struct view domain, struct gp **ret)
{
	struct gp *gp = gp_new();
	enum rc rc;

	if (!gp)
		return RC_MEMORY;
	wire_open(&gp->wire, *transport);
	*transport = NULL;
	transport_begin(gp->wire.transport);
	rc = select_domain(gp, domain);
	/* What was reset before this is begun with again. */
	if (rc == RC_RESET)
		rc = select_domain(gp, domain);
	if (rc == RC_OK && keys) {
		struct keychannel_keys told = *keys;

		rc = recognise(gp, &told);
		if (rc == RC_OK)
			rc = authenticate(gp, &told);
		secret_wipe(&told, sizeof(told));
	}
	if (rc != RC_OK) {
		gp_close(&gp);
		return rc;
	}
	*ret = gp;
	return RC_OK;
}

enum rc gp_open_role(struct sc **sc, struct view domain, struct gp **ret)
{
	struct gp *gp = gp_new();
	enum rc rc;

	if (!gp)
		return RC_MEMORY;
	gp->sc = *sc;
	*sc = NULL;
	sc_set_issuer(gp->sc);
	rc = sc_connect(gp->sc);
	if (rc == RC_OK) {
		gp->epoch = sc_epoch(gp->sc);
		rc = select_domain(gp, domain);
	}
	if (rc != RC_OK) {
		gp_close(&gp);
		return rc;
	}
	*ret = gp;
	return RC_OK;
}

/* A SELECT that is not protected ends the session, and with it whatever was left undone. */
static void end_session(struct gp *gp)
{
	const struct apdu command = {.ins = INS_SELECT, .p1 = P1_BY_NAME, .le = LE_SHORT};
	struct view data;
	uint16_t sw;

	if (wire_exchange(&gp->wire, &command, &data, &sw) != RC_OK)
		trace_note(&gp->wire.trace, "the session was not ended");
}

void gp_close(struct gp **gp)
{
	if (!gp || !*gp)
		return;
	if ((*gp)->sc) {
		sc_close(&(*gp)->sc);
	} else {
		if ((*gp)->channel || (*gp)->carried)
			end_session(*gp);
		keychannel_free(&(*gp)->channel);
		transport_end((*gp)->wire.transport);
		wire_close(&(*gp)->wire);
	}
	buf_free(&(*gp)->data);
	free(*gp);
	*gp = NULL;
}

void gp_pause(struct gp *gp)
{
	if (!gp->sc)
		transport_end(gp->wire.transport);
}

void gp_resume(struct gp *gp)
{
	if (!gp->sc)
		transport_begin(gp->wire.transport);
}

struct view gp_domain(const struct gp *gp)
{
	return aid_view(&gp->domain);
}

const struct keychannel *gp_channel(const struct gp *gp)
{
	return gp->channel;
}

void gp_set_published_class(struct gp *gp)
{
	gp->published_class = true;
}

void gp_figures(const struct gp *gp, struct sc_figures *ret)
{
	if (gp->sc) {
		sc_figures(gp->sc, ret);
		return;
	}
	*ret = (struct sc_figures){.apdus = gp->wire.apdus,
				   .sent = gp->wire.sent,
				   .received = gp->wire.received,
				   .sessions = gp->channel != NULL};
}

enum rc gp_diversification(const struct gp *gp, uint8_t ret[DIVERSIFY_DATA])
{
	const uint8_t *id = gp->sc ? sc_card_id(gp->sc) : NULL;

	if (gp->channel) {
		memcpy(ret, keychannel_diversification(gp->channel), DIVERSIFY_DATA);
		return RC_OK;
	}
	if (!id)
		return RC_STATE;
	memset(ret, 0, DIVERSIFY_DATA - CVC_ID);
	memcpy(ret + DIVERSIFY_DATA - CVC_ID, id, CVC_ID);
	return RC_OK;
}

/* What is protected cannot be chained. */
size_t gp_carry_max(const struct gp *gp)
{
	const struct transport_attributes *a = transport_attributes(gp->wire.transport);

	if (!a->extended || a->command_max < EXTENDED_OVERHEAD + APDU_SHORT_DATA)
		return APDU_SHORT_DATA;
	return a->command_max - EXTENDED_OVERHEAD;
}

enum rc gp_carry(struct gp *gp, struct view command, struct buf *answer, uint16_t *ret_sw)
{
	struct apdu apdu;
	struct view data;
	enum rc rc = RC_STATE;

	if (!gp->sc && !gp->channel)
		rc = apdu_parse(command, &apdu);
	if (rc != RC_OK)
		return rc;
	if (apdu.data.len > gp_carry_max(gp))
		return RC_SPACE;
	if (apdu.data.len > APDU_SHORT_DATA)
		gp->wire.extended = true;
	/* No MAC covers Le, and some cards give nothing that was not asked for. */
	if (apdu.ins != INS_EXTERNAL_AUTHENTICATE)
		apdu.le = apdu.data.len > APDU_SHORT_DATA ? COMMAND_FIELD_MAX + 1 : LE_SHORT;
	gp->carried = true;
	rc = wire_exchange(&gp->wire, &apdu, &data, ret_sw);
	if (rc != RC_OK)
		return rc;
	buf_view(answer, data);
	buf_u16(answer, *ret_sw);
	return buf_rc(answer);
}

enum rc gp_get_data(struct gp *gp, uint16_t tag, struct buf *out, uint16_t *ret_sw)
{
	struct view answer;
	enum rc rc;

	buf_reset(&gp->data);
	rc = send(gp, INS_GET_DATA, (uint8_t)(tag >> 8), (uint8_t)tag, &answer, ret_sw);
	if (rc != RC_OK)
		return rc;
	buf_view(out, answer);
	return buf_rc(out);
}

/* Length and value; a length over 127 is two bytes here as in BER, GPCS 11.5.2.3. */
static void put_lv(struct buf *b, struct view v)
{
	if (v.len > 0x7F)
		buf_u8(b, v.len > 0xFF ? 0x82 : 0x81);
	if (v.len > 0xFF)
		buf_u16(b, (uint16_t)v.len);
	else
		buf_u8(b, (uint8_t)v.len);
	buf_view(b, v);
}

enum rc gp_install_for_load(struct gp *gp, const struct gp_load *load, uint16_t *ret_sw)
{
	buf_reset(&gp->data);
	put_lv(&gp->data, load->file);
	put_lv(&gp->data, load->domain);
	put_lv(&gp->data, load->hash);
	put_lv(&gp->data, load->parameters);
	put_lv(&gp->data, view_of(NULL, 0)); /* no token */
	return send(gp, INS_INSTALL, P1_FOR_LOAD, 0, NULL, ret_sw);
}

/* In a data field: short, unless the domain said otherwise or somebody knows better. */
static size_t room_of_keys(const struct gp *gp, size_t wanted)
{
	const struct transport_attributes *a = transport_attributes(gp->wire.transport);
	size_t field = wanted > gp->field ? wanted + AES_BLOCK + SCP03_S16 : gp->field;

	if (!a->extended)
		field = APDU_SHORT_DATA;
	if (field > COMMAND_FIELD_MAX)
		field = COMMAND_FIELD_MAX;
	return gp->channel ? keychannel_room(gp->channel, field) : field;
}

static size_t room_of_role(const struct gp *gp, size_t wanted)
{
	const struct fci *fci = sc_fci(gp->sc);

	if (!sc_is_extended(gp->sc) || !fci)
		return ROLE_SHORT_ROOM;
	if (wanted < ROLE_BLOCK)
		wanted = ROLE_BLOCK;
	return fci->command_max < wanted ? fci->command_max : wanted;
}

size_t gp_block_size(const struct gp *gp, size_t wanted)
{
	size_t room = gp->sc ? room_of_role(gp, wanted) : room_of_keys(gp, wanted);

	return wanted && wanted < room ? wanted : room;
}

enum rc gp_load_block(struct gp *gp, unsigned int number, bool last, struct view block,
		      uint16_t *ret_sw)
{
	if (number > 0xFF)
		return RC_SPACE;
	if (!gp->sc && block.len > APDU_SHORT_DATA)
		gp->wire.extended = true;
	buf_reset(&gp->data);
	buf_view(&gp->data, block);
	return send(gp, INS_LOAD, last ? P1_LAST_BLOCK : 0, (uint8_t)number, NULL, ret_sw);
}

enum rc gp_install(struct gp *gp, const struct gp_install *install, uint16_t *ret_sw)
{
	buf_reset(&gp->data);
	put_lv(&gp->data, install->file);
	put_lv(&gp->data, install->module);
	put_lv(&gp->data, install->instance);
	put_lv(&gp->data, install->privileges);
	put_lv(&gp->data, install->parameters);
	put_lv(&gp->data, view_of(NULL, 0)); /* no token */
	return send(gp, INS_INSTALL, install->purpose, 0, NULL, ret_sw);
}

enum rc gp_delete(struct gp *gp, struct view aid, bool related, uint16_t *ret_sw)
{
	buf_reset(&gp->data);
	tlv_put(&gp->data, TAG_AID, aid);
	return send(gp, INS_DELETE, 0, related ? P2_RELATED : 0, NULL, ret_sw);
}

enum rc gp_delete_keys(struct gp *gp, uint8_t version, uint16_t *ret_sw)
{
	buf_reset(&gp->data);
	tlv_put_u8(&gp->data, TAG_KEY_VERSION, version);
	return send(gp, INS_DELETE, 0, 0, NULL, ret_sw);
}

enum rc gp_set_status(struct gp *gp, enum gp_kind kind, uint8_t life_cycle, struct view aid,
		      uint16_t *ret_sw)
{
	buf_reset(&gp->data);
	buf_view(&gp->data, aid);
	return send(gp, INS_SET_STATUS, (uint8_t)kind, life_cycle, NULL, ret_sw);
}

/* Key check values: GPCS B.5, zeros under triple DES; Amendment D 4.1.4, ones under AES. */
static enum rc check_value(bool aes, const uint8_t *key, size_t len, uint8_t ret[CHECK_SIZE])
{
	uint8_t block[AES_BLOCK], zero[AES_BLOCK] = {0};
	struct cipher *cipher = NULL;
	enum rc rc = aes ? scp03_cipher(view_of(key, len), &cipher)
			 : cipher_new(CIPHER_3DES_2KEY, key, &cipher);

	memset(block, aes ? 1 : 0, sizeof(block));
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(cipher, zero, block, aes ? AES_BLOCK : DES_BLOCK, block);
	if (rc == RC_OK)
		memcpy(ret, block, CHECK_SIZE);
	cipher_free(&cipher);
	return rc;
}

/* Sensitive data under SCP10: the session's DEK, doc/scp10.md. */
static enum rc encipher_role(struct gp *gp, struct view in, struct buf *out)
{
	static const uint8_t zero[AES_BLOCK];
	struct view dek = sc_dek(gp->sc);
	struct cipher *cipher = NULL;
	uint8_t *to;
	enum rc rc;

	if (!dek.len) {
		log_error("the session has no key for data, which keys are sent under");
		return RC_POLICY;
	}
	to = buf_space(out, in.len);
	if (!to)
		return buf_rc(out);
	rc = cipher_new(dek.len == AES256_KEY ? CIPHER_AES_256 : CIPHER_3DES_2KEY, dek.data,
			&cipher);
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(cipher, zero, in.data, in.len, to);
	cipher_free(&cipher);
	return rc;
}

/*
 * Type, enciphered key, check value; GPCS table 11-69. An AES key is preceded by its own length
 * (Amendment D 7.2), and padded to whole blocks where it has none.
 */
static enum rc put_key(struct gp *gp, bool aes, const uint8_t *key, size_t len, struct buf *answer)
{
	uint8_t padded[2 * AES_BLOCK] = {0}, check[CHECK_SIZE];
	size_t size = (len + AES_BLOCK - 1) / AES_BLOCK * AES_BLOCK;
	struct view in = view_of(padded, size);
	enum rc rc = check_value(aes, key, len, check);

	if (rc != RC_OK)
		return rc;
	memcpy(padded, key, len);
	buf_u8(&gp->data, aes ? KEY_TYPE_AES : KEY_TYPE_DES);
	buf_u8(&gp->data, (uint8_t)(aes ? size + 1 : size));
	if (aes)
		buf_u8(&gp->data, (uint8_t)len);
	rc = gp->sc ? encipher_role(gp, in, &gp->data)
		    : keychannel_encipher(gp->channel, in, &gp->data);
	buf_u8(&gp->data, CHECK_SIZE);
	buf_put(&gp->data, check, CHECK_SIZE);
	buf_put(answer, check, CHECK_SIZE);
	secret_wipe(padded, sizeof(padded));
	return rc;
}

enum rc gp_put_keys(struct gp *gp, const struct keychannel_keys *keys, uint8_t replaces,
		    uint16_t *ret_sw)
{
	bool aes = keys->protocol != KEYCHANNEL_SCP02;
	uint8_t array[1 + KEYCHANNEL_KEYS * CHECK_SIZE];
	struct view answer;
	struct buf expected;
	enum rc rc = RC_OK;

	if ((!gp->sc && !gp->channel) || keys->version == 0 || keys->version > 0x7F ||
	    (!aes && keys->len != SCP02_KEY) || keys->len > SCP03_KEY_MAX)
		return RC_ARGUMENT;
	buf_fixed(&expected, array, sizeof(array));
	buf_reset(&gp->data);
	buf_u8(&gp->data, keys->version);
	buf_u8(&expected, keys->version);
	for (size_t i = 0; rc == RC_OK && i < KEYCHANNEL_KEYS; i++)
		rc = put_key(gp, aes, keys->key[i], keys->len, &expected);
	if (rc == RC_OK)
		rc = send(gp, INS_PUT_KEY, replaces, P2_KEY_SET, &answer, ret_sw);
	if (rc == RC_OK && !view_equal(answer, view_buf(&expected)))
		rc = RC_AUTH;
	return rc;
}

enum rc gp_status_page(struct gp *gp, enum gp_kind kind, uint8_t p2, struct view *ret,
		       uint16_t *ret_sw)
{
	static const uint8_t all[] = {TAG_AID, 0};
	const struct apdu command = {.cla = CLA_GP,
				     .ins = INS_GET_STATUS,
				     .p1 = (uint8_t)kind,
				     .p2 = p2,
				     .data = {all, sizeof(all)},
				     .le = LE_SHORT};

	return exchange(gp, &command, ret, ret_sw);
}
