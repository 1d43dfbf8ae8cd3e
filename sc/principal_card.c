/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection to a principal card's application, and the issuer's commands to it. */
#include "sc/principal_card.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/sw.h"

enum {
	CLA_OWN = 0x80,
	INS_SELECT = 0xA4,
	INS_OPERATE = 0x80,
	INS_PUT_KEYS = 0xD8,
	INS_PUT_APPLICATION = 0xDA,
	INS_CHARGE = 0xDC,
	INS_PUT_FILE = 0xE0,
	INS_TRIM = 0xF0,
	INS_STATUS = 0xF2,
	P1_BY_NAME = 0x04,
	P1_BEGIN = 0x00,
	P1_BLOCK = 0x01,
	P1_END = 0x02,
	P1_DELETE = 0x03,
	P1_GIVE_UP = 0x70,
	P1_TIME = 0x71,
	LE_SHORT = 256,
	LE_ALL = 65536,
	BLOCK_SHORT = 223, /* plain data of a command that stays within 255 bytes */
	BLOCK_LONG = 4096,
};

struct principal_card {
	struct sc *sc;
	uint64_t epoch; /* of the session in which the application was selected */
};

static const uint8_t names[3][11] = {
	{0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x02},
	{0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 'P'},
	{0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 'P', 0x01},
};

struct view principal_card_aid(void)
{
	return view_of(names[0], 10);
}

struct view principal_card_file(void)
{
	return view_of(names[1], 10);
}

struct view principal_card_module(void)
{
	return view_of(names[2], 11);
}

static enum rc select_application(struct principal_card *p)
{
	const struct apdu command = {
		.ins = INS_SELECT, .p1 = P1_BY_NAME, .data = principal_card_aid(), .le = LE_SHORT};
	struct view ignored;
	uint16_t sw;
	enum rc rc = sc_connect(p->sc);

	p->epoch = sc_epoch(p->sc);
	if (rc == RC_OK)
		rc = sc_exchange_view(p->sc, &command, &ignored, &sw);
	if (rc == RC_OK && sc_epoch(p->sc) != p->epoch)
		rc = RC_RESET;
	if (rc == RC_OK && sw != SW_OK) {
		log_error("the card is no principal card (status %04X); intaglio principal create "
			  "makes it one",
			  sw);
		rc = RC_NOT_FOUND;
	}
	return rc;
}

enum rc principal_card_open(struct sc **sc, struct principal_card **ret)
{
	struct principal_card *p = calloc(1, sizeof(*p));
	enum rc rc;

	if (!p) {
		sc_close(sc);
		return RC_MEMORY;
	}
	p->sc = *sc;
	*sc = NULL;
	rc = select_application(p);
	if (rc != RC_OK) {
		principal_card_close(&p);
		return rc;
	}
	*ret = p;
	return RC_OK;
}

void principal_card_close(struct principal_card **p)
{
	if (!p || !*p)
		return;
	sc_close(&(*p)->sc);
	free(*p);
	*p = NULL;
}

void principal_card_figures(const struct principal_card *p, struct sc_figures *ret)
{
	sc_figures(p->sc, ret);
}

struct buf *principal_card_scratch(struct principal_card *p)
{
	return sc_scratch(p->sc);
}

enum rc principal_card_ask(struct principal_card *p, const struct apdu *header, struct buf *data,
			   struct view *ret, uint16_t *ret_sw)
{
	struct apdu command = *header;
	struct view answer;
	uint16_t sw;
	enum rc rc;

	if (data) {
		rc = buf_rc(data);
		command.data = view_buf(data);
		if (rc != RC_OK) {
			buf_reset(data);
			return rc;
		}
	}
	/* A session that was opened anew has another application selected. */
	if (!sc_is_connected(p->sc) || sc_epoch(p->sc) != p->epoch)
		return RC_RESET;
	rc = sc_exchange_view(p->sc, &command, &answer, &sw);
	if (rc == RC_OK && sc_epoch(p->sc) != p->epoch)
		rc = RC_RESET;
	if (rc != RC_OK)
		return rc;
	*ret_sw = sw;
	if (ret)
		*ret = answer;
	return sw == SW_OK ? RC_OK : RC_SW;
}

/* A command of the issuer's that answers nothing. */
static enum rc put(struct principal_card *p, uint8_t ins, uint8_t p1, uint8_t p2, struct buf *data,
		   uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN, .ins = ins, .p1 = p1, .p2 = p2, .le = 0};

	return principal_card_ask(p, &header, data, NULL, ret_sw);
}

enum rc principal_card_put_keys(struct principal_card *p, const struct principal_card_keys *keys,
				uint16_t *ret_sw)
{
	struct buf *data = principal_card_scratch(p);

	if (keys->len == 0)
		return put(p, INS_PUT_KEYS, 0, keys->number, data, ret_sw);
	if (keys->len > PRINCIPAL_CARD_KEY_MAX)
		return RC_ARGUMENT;
	buf_u8(data, keys->type);
	buf_u8(data, keys->i);
	buf_u8(data, keys->version);
	buf_u8(data, keys->flags);
	buf_u16(data, keys->block);
	for (int i = 0; i < PRINCIPAL_CARD_KEYS; i++)
		buf_put(data, keys->key[i], keys->len);
	return put(p, INS_PUT_KEYS, 0, keys->number, data, ret_sw);
}

enum rc principal_card_begin_file(struct principal_card *p, uint16_t number, struct view code,
				  struct view install, uint16_t *ret_sw)
{
	struct buf *data = principal_card_scratch(p);
	uint8_t hash[SHA256_SIZE];
	enum rc rc = crypto_sha256(code, hash);

	if (rc != RC_OK)
		return rc;
	buf_u16(data, number);
	buf_u32(data, (uint32_t)code.len);
	buf_put(data, hash, sizeof(hash));
	buf_view(data, install);
	return put(p, INS_PUT_FILE, P1_BEGIN, 0, data, ret_sw);
}

enum rc principal_card_add_block(struct principal_card *p, struct view *rest, uint16_t *ret_sw)
{
	const struct fci *fci = sc_fci(p->sc);
	struct buf *data = principal_card_scratch(p);
	size_t size = BLOCK_SHORT;
	struct view block;
	enum rc rc;

	if (sc_is_extended(p->sc) && fci)
		size = fci->command_max < BLOCK_LONG ? fci->command_max : BLOCK_LONG;
	rc = view_take(rest, rest->len < size ? rest->len : size, &block);
	if (rc != RC_OK)
		return rc;
	buf_view(data, block);
	return put(p, INS_PUT_FILE, P1_BLOCK, 0, data, ret_sw);
}

enum rc principal_card_end_file(struct principal_card *p, uint16_t *ret_sw)
{
	return put(p, INS_PUT_FILE, P1_END, 0, NULL, ret_sw);
}

enum rc principal_card_delete_file(struct principal_card *p, uint16_t number, uint16_t *ret_sw)
{
	struct buf *data = principal_card_scratch(p);

	buf_u16(data, number);
	return put(p, INS_PUT_FILE, P1_DELETE, 0, data, ret_sw);
}

enum rc principal_card_put_application(struct principal_card *p, uint16_t number,
				       struct view definition, uint16_t *ret_sw)
{
	struct buf *data = principal_card_scratch(p);

	buf_view(data, definition);
	return put(p, INS_PUT_APPLICATION, (uint8_t)(number >> 8), (uint8_t)number, data, ret_sw);
}

enum rc principal_card_charge(struct principal_card *p, uint16_t number, uint32_t serial,
			      uint32_t count, uint16_t *ret_sw)
{
	struct buf *data = principal_card_scratch(p);

	buf_u32(data, serial);
	buf_u32(data, count);
	return put(p, INS_CHARGE, (uint8_t)(number >> 8), (uint8_t)number, data, ret_sw);
}

enum rc principal_card_trim(struct principal_card *p, uint32_t sequence, uint16_t *ret_sw)
{
	struct buf *data = principal_card_scratch(p);

	buf_u32(data, sequence);
	return put(p, INS_TRIM, 0, 0, data, ret_sw);
}

enum rc principal_card_give_up(struct principal_card *p, uint64_t time_ms, uint16_t *ret_sw)
{
	struct buf *data = principal_card_scratch(p);
	enum rc rc;

	buf_u64(data, time_ms);
	rc = put(p, INS_OPERATE, P1_TIME, 0, data, ret_sw);
	return rc == RC_OK ? put(p, INS_OPERATE, P1_GIVE_UP, 0, NULL, ret_sw) : rc;
}

/* Where the page after this one begins; false: this was all. */
static bool next_page(enum principal_card_list what, struct view page, uint32_t *from)
{
	struct principal_card_counter counter;
	struct principal_card_load_file file;
	struct principal_card_event event;
	bool any = page.len > 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && page.len) {
		if (what == PRINCIPAL_CARD_COUNTERS) {
			rc = principal_card_next_counter(&page, &counter);
			*from = counter.number;
		} else if (what == PRINCIPAL_CARD_FILES) {
			rc = principal_card_next_file(&page, &file);
			*from = file.number;
		} else if (what == PRINCIPAL_CARD_TRAIL) {
			rc = principal_card_next_event(&page, &event);
			*from = event.sequence + 1;
		} else {
			return false;
		}
	}
	return any && rc == RC_OK;
}

enum rc principal_card_status(struct principal_card *p, enum principal_card_list what,
			      uint32_t from, struct buf *out, uint16_t *ret_sw)
{
	const struct apdu header = {
		.cla = CLA_OWN, .ins = INS_STATUS, .p1 = (uint8_t)what, .le = LE_ALL};
	uint32_t before = from;
	struct view page;
	bool more = true;
	enum rc rc = RC_OK;

	while (rc == RC_OK && more) {
		struct buf *data = principal_card_scratch(p);

		if (what == PRINCIPAL_CARD_TRAIL)
			buf_u32(data, from);
		else if (from)
			buf_u16(data, (uint16_t)from);
		rc = principal_card_ask(p, &header, data, &page, ret_sw);
		if (rc != RC_OK)
			break;
		buf_view(out, page);
		rc = buf_rc(out);
		more = next_page(what, page, &from);
		/* One that goes round in circles would be asked for ever. */
		if (rc == RC_OK && more && from <= before)
			rc = RC_MALFORMED;
		before = from;
	}
	return rc;
}

enum rc principal_card_next_counter(struct view *in, struct principal_card_counter *ret)
{
	struct principal_card_counter n = {.number = 0};

	if (view_u16(in, &n.number) != RC_OK || view_u32(in, &n.left) != RC_OK ||
	    view_u32(in, &n.used) != RC_OK || view_u32(in, &n.serial) != RC_OK ||
	    view_u32(in, &n.last) != RC_OK)
		return RC_MALFORMED;
	*ret = n;
	return RC_OK;
}

enum rc principal_card_next_keys(struct view *in, struct principal_card_keys *ret)
{
	struct principal_card_keys k = {.number = 0};
	uint8_t len = 0;
	enum rc rc = view_u8(in, &k.number);

	if (rc != RC_OK || view_u8(in, &k.type) != RC_OK || view_u8(in, &k.i) != RC_OK ||
	    view_u8(in, &k.version) != RC_OK || view_u8(in, &k.flags) != RC_OK ||
	    view_u16(in, &k.block) != RC_OK || view_u8(in, &len) != RC_OK)
		return RC_MALFORMED;
	for (int i = 0; rc == RC_OK && i < PRINCIPAL_CARD_KEYS; i++)
		rc = view_copy(in, k.check[i], PRINCIPAL_CARD_CHECK);
	if (rc != RC_OK)
		return RC_MALFORMED;
	k.len = len;
	*ret = k;
	return RC_OK;
}

enum rc principal_card_next_file(struct view *in, struct principal_card_load_file *ret)
{
	struct principal_card_load_file f = {.number = 0};

	if (view_u16(in, &f.number) != RC_OK || view_u32(in, &f.size) != RC_OK ||
	    view_copy(in, f.hash, sizeof(f.hash)) != RC_OK)
		return RC_MALFORMED;
	*ret = f;
	return RC_OK;
}

enum rc principal_card_take_pending(struct view in, struct principal_card_pending *ret)
{
	struct principal_card_pending e = {.application = 0};

	if (view_u16(&in, &e.application) != RC_OK ||
	    view_copy(&in, e.target, sizeof(e.target)) != RC_OK ||
	    view_copy(&in, e.digest, sizeof(e.digest)) != RC_OK ||
	    view_u8(&in, &e.retries) != RC_OK || view_u32(&in, &e.first) != RC_OK ||
	    view_u32(&in, &e.next) != RC_OK || view_end(&in) != RC_OK)
		return RC_MALFORMED;
	*ret = e;
	return RC_OK;
}

enum rc principal_card_next_event(struct view *in, struct principal_card_event *ret)
{
	struct principal_card_event e = {.sequence = 0};

	if (view_u32(in, &e.sequence) != RC_OK || view_u8(in, &e.event) != RC_OK ||
	    view_u16(in, &e.application) != RC_OK ||
	    view_copy(in, e.target, sizeof(e.target)) != RC_OK ||
	    view_copy(in, e.digest, sizeof(e.digest)) != RC_OK || view_u8(in, &e.proved) != RC_OK ||
	    view_u32(in, &e.date) != RC_OK || view_u64(in, &e.time_ms) != RC_OK)
		return RC_MALFORMED;
	*ret = e;
	return RC_OK;
}
