/* SPDX-License-Identifier: BSD-2-Clause */
/* SEAL, OPEN RECORD, LAST RECEIPT, and the table of the ledger commands. */
#include "card/ledger.h"

#include "card/ledger_seal.h"
#include "card/pin.h"
#include "card/ram.h"

enum {
	LEAVES_MAX = 65000, /* what fits into a protected answer */
	SEAL_HEADER = 4 + LEDGER_NONCE + 2 + 8, /* of SEAL, before the plaintext */
};

uint16_t ledger_take(struct command *c, struct view *in, struct ledger **ret)
{
	uint32_t number;

	if (view_u32(in, &number) != RC_OK)
		return SW_WRONG_LENGTH;
	return command_sw(ledger_cache_get(c->channel->ram->ledgers, c->nvm, number, ret));
}

/* Takes what is before the plaintext. RC_SPACE if it is too short. */
static enum rc take_order(struct view *in, uint32_t *ret_number, struct seal_order *ret)
{
	if (view_u32(in, ret_number) != RC_OK ||
	    view_copy(in, ret->client_nonce, LEDGER_NONCE) != RC_OK ||
	    view_u16(in, &ret->type) != RC_OK || view_u64(in, &ret->time_ms) != RC_OK)
		return RC_SPACE;
	return RC_OK;
}

/* The ledger of an order, if this channel may append to it. */
static uint16_t take_ledger(struct command *c, uint32_t number, const struct seal_order *order,
			    struct ledger **ret)
{
	enum rc rc;

	if (!order->type)
		return SW_WRONG_DATA;
	if (!pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	rc = ledger_cache_get(c->channel->ram->ledgers, c->nvm, number, ret);
	if (rc != RC_OK)
		return command_sw(rc);
	return c->channel->roles & (*ret)->rules.append ? SW_OK : SW_SECURITY_STATUS;
}

static void protect_ahead(void *arg)
{
	command_protect_ahead(arg);
}

static uint16_t seal(struct command *c)
{
	struct view in = c->data;
	struct seal_order order = {.ahead = protect_ahead, .arg = c};
	struct ledger *ledger;
	uint32_t number;
	uint16_t sw;

	if (take_order(&in, &number, &order) != RC_OK || in.len > LEAF_PLAINTEXT_MAX)
		return SW_WRONG_LENGTH;
	sw = take_ledger(c, number, &order, &ledger);
	if (sw != SW_OK)
		return sw;
	order.plaintext = in;
	return command_sw(ledger_seal_record(c->nvm, ledger, c->channel, &order, c->answer));
}

/* The first part of a longer record is kept in RAM: nothing is stored before the rest is there. */
static uint16_t seal_first(struct command *c)
{
	struct view in = c->data;
	struct seal_order order = {.ahead = NULL};
	struct ledger *ledger;
	uint32_t number;
	uint16_t sw;

	if (take_order(&in, &number, &order) != RC_OK || in.len != LEAF_FIRST_BYTES)
		return SW_WRONG_LENGTH;
	sw = take_ledger(c, number, &order, &ledger);
	if (sw != SW_OK)
		return sw;
	if (ledger->rules.record_max <= LEAF_PLAINTEXT_MAX)
		return SW_WRONG_LENGTH;
	buf_init(&c->channel->sealing, c->data.len + LEDGER_PLAINTEXT_MAX - LEAF_FIRST_BYTES);
	buf_view(&c->channel->sealing, c->data);
	return command_sw(buf_rc(&c->channel->sealing));
}

/* Both leaves are sealed; the answer has the second, since both are too long for one. */
static uint16_t seal_both(struct command *c, struct ledger *ledger, const struct seal_order *order)
{
	struct sealed_record record;
	struct buf sealed;
	struct view out;
	enum rc rc;

	buf_init(&sealed, LEDGER_PLAINTEXT_MAX + LEDGER_OVERHEAD);
	rc = ledger_seal_record(c->nvm, ledger, c->channel, order, &sealed);
	out = view_buf(&sealed);
	if (rc == RC_OK)
		rc = sealed_take(&out, &record);
	if (rc == RC_OK) {
		buf_view(c->answer, record.rest);
		buf_view(c->answer, out);
		rc = buf_rc(c->answer);
	}
	buf_free(&sealed);
	return command_sw(rc);
}

/* The rest comes behind the first part and the same order; that is forgotten, whatever happens. */
static uint16_t seal_rest(struct command *c, struct buf *first)
{
	struct view in = c->data, all;
	struct seal_order order = {.ahead = NULL};
	struct ledger *ledger;
	uint32_t number;
	uint16_t sw;

	if (take_order(&in, &number, &order) != RC_OK ||
	    in.len <= LEAF_PLAINTEXT_MAX - LEAF_FIRST_BYTES ||
	    in.len > LEDGER_PLAINTEXT_MAX - LEAF_FIRST_BYTES)
		return SW_WRONG_LENGTH;
	sw = take_ledger(c, number, &order, &ledger);
	if (sw != SW_OK)
		return sw;
	if (first->len < SEAL_HEADER ||
	    !view_equal(view_of(c->data.data, SEAL_HEADER), view_of(first->data, SEAL_HEADER)))
		return SW_CONDITIONS;
	buf_view(first, in);
	all = view_buf(first);
	if (buf_rc(first) != RC_OK)
		return command_sw(buf_rc(first));
	order.plaintext = view_of(all.data + SEAL_HEADER, all.len - SEAL_HEADER);
	return seal_both(c, ledger, &order);
}

static uint16_t seal_part(struct command *c)
{
	struct buf first = c->channel->sealing;
	uint16_t sw;

	if (c->p1 > 2 || c->p2)
		return SW_INCORRECT_P1P2;
	c->channel->sealing = (struct buf){.data = NULL};
	if (c->p1 == 2)
		sw = seal_rest(c, &first);
	else
		sw = c->p1 == 1 ? seal_first(c) : seal(c);
	buf_free(&first);
	return sw;
}

/* The leaf that the host sends must be the one that is stored. */
static enum rc check_own(const struct ledger *ledger, struct nvm *nvm, struct view sent)
{
	struct view ciphertext, tag;
	struct leaf_header header;
	struct buf stored;
	enum rc rc;

	if (leaf_parse(sent, &header, &ciphertext, &tag) != RC_OK)
		return RC_MALFORMED;
	buf_init(&stored, NVM_LEAF_MAX);
	rc = ledger_leaf(ledger, nvm, header.index, &stored);
	if (rc == RC_NOT_FOUND || (rc == RC_OK && !view_equal(view_buf(&stored), sent)))
		rc = RC_MALFORMED;
	buf_free(&stored);
	return rc;
}

static uint16_t open_sealed(struct command *c, const struct ledger *ledger, struct view leaf)
{
	enum rc rc = check_own(ledger, c->nvm, leaf);

	if (rc == RC_OK)
		rc = ledger_open(ledger, leaf, c->answer);
	return command_sw(rc);
}

static uint16_t open_index(struct command *c, const struct ledger *ledger, struct view in)
{
	struct buf leaf;
	uint64_t index;
	enum rc rc;

	if (view_u64(&in, &index) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	if (c->p1 == 2) {
		rc = ledger_leaf(ledger, c->nvm, index, c->answer);
		return rc == RC_NOT_FOUND ? SW_RECORD_NOT_FOUND : command_sw(rc);
	}
	buf_init(&leaf, NVM_LEAF_MAX);
	rc = ledger_leaf(ledger, c->nvm, index, &leaf);
	if (rc == RC_OK)
		rc = ledger_open(ledger, view_buf(&leaf), c->answer);
	buf_free(&leaf);
	return rc == RC_NOT_FOUND ? SW_RECORD_NOT_FOUND : command_sw(rc);
}

/* Leaves from an index on, as many as fit into the answer; one fits always. */
static uint16_t read_leaves(struct command *c, const struct ledger *ledger, struct view in)
{
	size_t max = c->le && c->le < LEAVES_MAX ? c->le : LEAVES_MAX, start = c->answer->len;
	bool fits = true, any = false;
	struct buf leaf;
	uint64_t index;
	enum rc rc = RC_OK;

	if (view_u64(&in, &index) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	buf_init(&leaf, NVM_LEAF_MAX);
	/* No more are read when none that is as long as the last one would fit. */
	while (rc == RC_OK && fits && c->answer->len - start + leaf.len <= max) {
		buf_reset(&leaf);
		rc = ledger_leaf(ledger, c->nvm, index++, &leaf);
		fits = c->answer->len - start + leaf.len <= max;
		if (rc == RC_OK && fits) {
			buf_view(c->answer, view_buf(&leaf));
			any = true;
		}
	}
	buf_free(&leaf);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return command_sw(rc);
	if (any)
		return SW_OK;
	return rc == RC_NOT_FOUND ? SW_RECORD_NOT_FOUND : SW_WRONG_LENGTH;
}

static uint16_t open_record(struct command *c)
{
	struct view in = c->data;
	struct ledger *ledger;
	uint16_t sw;

	if (c->p2 || c->p1 > 3)
		return SW_INCORRECT_P1P2;
	sw = ledger_take(c, &in, &ledger);
	if (sw == SW_WRONG_LENGTH)
		return sw;
	if (c->p1 < 2 && !pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	if (sw != SW_OK)
		return sw;
	/* Who seals a record of two leaves reads the first of them. */
	if (!(c->channel->roles & (ledger->rules.read | (c->p1 < 2 ? 0 : ROLE_USER | ROLE_AUDITOR) |
				   (c->p1 == 2 ? ledger->rules.append : 0))))
		return SW_SECURITY_STATUS;
	if (c->p1 == 3)
		return read_leaves(c, ledger, in);
	return c->p1 == 1 ? open_sealed(c, ledger, in) : open_index(c, ledger, in);
}

static uint16_t last_receipt(struct command *c)
{
	struct view in = c->data;
	struct ledger *ledger;
	uint64_t count;
	uint16_t sw;

	if (!pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	sw = ledger_take(c, &in, &ledger);
	if (sw != SW_OK)
		return sw;
	if (in.len)
		return SW_WRONG_LENGTH;
	if (!(c->channel->roles & (ledger->rules.append | ledger->rules.read)))
		return SW_SECURITY_STATUS;
	count = nvm_leaf_count(c->nvm, ledger_series(ledger->number));
	if (count < 2)
		return SW_RECORD_NOT_FOUND;
	return command_sw(ledger_receipt(ledger, c->nvm, count - 1, c->answer));
}

const struct command_row ledger_commands[] = {
	{0x80, 0xD0, STATE_SESSION, ROLE_ISSUER, true, ledger_create, "CREATE LEDGER"},
	{0x80, 0xD2, STATE_USER, ROLE_ALL, true, seal_part, "SEAL"},
	{0x80, 0xD4, STATE_SESSION, ROLE_ALL, true, open_record, "OPEN RECORD"},
	{0x80, 0xD6, STATE_SESSION, ROLE_ALL, true, ledger_status, "LEDGER STATUS"},
	{0x80, 0xDC, STATE_USER, ROLE_ALL, true, last_receipt, "LAST RECEIPT"},
	{0x80, 0xDE, STATE_SESSION, ROLE_ALL, true, ledger_keep, "COSIGN LEDGER, PRUNE LEDGER"},
	{.handler = NULL},
};
