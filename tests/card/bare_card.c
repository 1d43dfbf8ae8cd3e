/* SPDX-License-Identifier: BSD-2-Clause */
/* The token application held in the hand. */
#include "tests/card/bare_card.h"

#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"
#include "tests/card/directory.h"

static const uint8_t card_id[CVC_ID] = {0xCA, 0xFE, 0, 0, 0, 0, 0, 1};

static void must(bool good)
{
	if (!good)
		abort();
}

enum rc bare_card_power_on(struct bare_card *b)
{
	struct nvm_options options = {.io = b->io};
	enum rc rc = nvm_open(b->dir, &options, &b->nvm);

	if (rc != RC_OK)
		return rc;
	must(token_ram_new(&b->ram) == RC_OK);
	for (unsigned int i = 0; i < 2; i++)
		b->channels[i] = (struct channel){
			.number = i, .open = true, .ram = b->ram, .roles = ROLE_ALL};
	b->on = 0;
	return RC_OK;
}

void bare_card_power_off(struct bare_card *b)
{
	for (unsigned int i = 0; i < 2; i++)
		pin_forget(&b->channels[i]);
	token_ram_free(&b->ram);
	nvm_close(&b->nvm);
}

static void init(struct bare_card *b)
{
	const struct nvm_io *io = b->io;

	memset(b, 0, sizeof(*b));
	b->io = io;
	buf_init(&b->answer, APDU_RESPONSE_MAX);
}

void bare_card_new(struct bare_card *b)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN};

	b->io = NULL;
	init(b);
	b->dir = directory_new();
	must(nvm_create(b->dir, &options) == RC_OK);
	must(bare_card_power_on(b) == RC_OK);
}

void bare_card_new_on(struct bare_card *b, const struct nvm_io *io)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN, .io = io};

	b->io = io;
	init(b);
	b->dir = "disk";
	must(nvm_create(b->dir, &options) == RC_OK);
	must(bare_card_power_on(b) == RC_OK);
}

void bare_card_new_token(struct bare_card *b)
{
	bare_card_new(b);
	must(bare_card_send_two(b, 0x80400000, SO_PIN, "label                           ") ==
	     SW_OK);
	must(bare_card_verify(b, PIN_SO, SO_PIN) == SW_OK);
	must(bare_card_send(b, 0x002C0201, view_str(USER_PIN)) == SW_OK);
	bare_card_logout(b);
	must(bare_card_verify(b, PIN_USER, USER_PIN) == SW_OK);
}

void bare_card_free(struct bare_card *b)
{
	bare_card_power_off(b);
	buf_free(&b->answer);
	directory_free(&b->dir);
}

void bare_card_restart(struct bare_card *b)
{
	bare_card_power_off(b);
	must(bare_card_power_on(b) == RC_OK);
}

void bare_card_attach(struct bare_card *b, const struct bare_card *other)
{
	b->io = NULL;
	init(b);
	b->dir = other->dir;
	must(bare_card_power_on(b) == RC_OK);
}

void bare_card_detach(struct bare_card *b)
{
	bare_card_power_off(b);
	buf_free(&b->answer);
}

static const struct command_row *find(uint8_t cla, uint8_t ins)
{
	const struct command_row *const tables[] = {token_commands, pin_commands, object_commands,
						    key_commands, ledger_commands};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct command_row *row = tables[i]; row->handler; row++)
			if (row->cla == cla && row->ins == ins)
				return row;
	abort();
}

uint16_t bare_card_send(struct bare_card *b, uint32_t header, struct view data)
{
	struct channel *channel = &b->channels[b->on];
	struct command c = {
		.nvm = b->nvm,
		.channel = channel,
		.card_id = card_id,
		.cla = (uint8_t)(header >> 24),
		.ins = (uint8_t)(header >> 16),
		.p1 = (uint8_t)(header >> 8),
		.p2 = (uint8_t)header,
		.data = data,
		.le = b->le,
		.answer = &b->answer,
	};
	const struct command_row *row = find(c.cla, c.ins);
	uint16_t sw;

	buf_reset(&b->answer);
	if (nvm_refresh(b->nvm) != RC_OK)
		return SW_MEMORY_FAILURE;
	if (channel->pin != PIN_NONE && !pin_holds(b->nvm, channel))
		pin_forget(channel);
	if (row->state == STATE_USER && channel->pin != PIN_USER)
		return SW_SECURITY_STATUS;
	sw = row->handler(&c);
	if (!sw_is_normal(sw))
		buf_reset(&b->answer);
	return sw;
}

uint16_t bare_card_verify(struct bare_card *b, enum pin_status who, const char *pin)
{
	return bare_card_send(b, 0x00200000 | (who == PIN_SO ? 2 : 1), view_str(pin));
}

void bare_card_logout(struct bare_card *b)
{
	must(bare_card_send(b, 0x0020FF00, view_of(NULL, 0)) == SW_OK);
}

uint16_t bare_card_send_two(struct bare_card *b, uint32_t header, const char *first,
			    const char *second)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 1024);
	tlv_put(&data, 0x80, view_str(first));
	tlv_put(&data, 0x81, view_str(second));
	sw = bare_card_send(b, header, view_buf(&data));
	buf_free(&data);
	return sw;
}

uint32_t bare_card_object_at(const struct bare_card *b, size_t skip, unsigned int n,
			     struct view *ret_list)
{
	struct view in = view_buf(&b->answer), skipped;
	uint32_t number = 0, len;

	must(view_take(&in, skip, &skipped) == RC_OK);
	for (unsigned int i = 0; i <= n; i++)
		if (view_u32(&in, &number) != RC_OK || view_u32(&in, &len) != RC_OK ||
		    view_take(&in, len, ret_list) != RC_OK)
			return 0;
	return number;
}

uint32_t bare_card_object(const struct bare_card *b, struct view *ret_list)
{
	return bare_card_object_at(b, 0, 0, ret_list);
}

uint16_t bare_card_generate(struct bare_card *b, uint32_t mechanism, struct view public_list,
			    struct view private_list)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 2 * ATTR_LIST_MAX);
	tlv_put_u32(&data, 0x80, mechanism);
	tlv_put(&data, 0xA0, public_list);
	tlv_put(&data, 0xA1, private_list);
	sw = bare_card_send(b, 0x80460000, view_buf(&data));
	buf_free(&data);
	return sw;
}

uint16_t bare_card_generate_rsa(struct bare_card *b, unsigned int bits, CK_ATTRIBUTE_TYPE usage)
{
	struct buf public_list, private_list;
	uint16_t sw;

	buf_init(&public_list, ATTR_LIST_MAX);
	buf_init(&private_list, ATTR_LIST_MAX);
	attr_set_ulong(&public_list, CKA_MODULUS_BITS, bits);
	attr_set_bool(&private_list, usage, true);
	sw = bare_card_generate(b, CKM_RSA_PKCS_KEY_PAIR_GEN, view_buf(&public_list),
				view_buf(&private_list));
	buf_free(&public_list);
	buf_free(&private_list);
	return sw;
}

uint16_t bare_card_generate_ec(struct bare_card *b, struct view params, CK_ATTRIBUTE_TYPE usage)
{
	struct buf public_list, private_list;
	uint16_t sw;

	buf_init(&public_list, ATTR_LIST_MAX);
	buf_init(&private_list, ATTR_LIST_MAX);
	attr_set(&public_list, CKA_EC_PARAMS, params);
	attr_set_bool(&private_list, usage, true);
	sw = bare_card_generate(b, CKM_EC_KEY_PAIR_GEN, view_buf(&public_list),
				view_buf(&private_list));
	buf_free(&public_list);
	buf_free(&private_list);
	return sw;
}

uint16_t bare_card_operate(struct bare_card *b, unsigned int p1, uint32_t number,
			   uint32_t mechanism, struct view parameter, struct view input)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 65536);
	tlv_put_u32(&data, 0x84, number);
	tlv_put_u32(&data, 0x80, mechanism);
	tlv_put(&data, 0x81, parameter);
	tlv_put(&data, 0x82, input);
	sw = bare_card_send(b, 0x802A0000 | p1 << 8, view_buf(&data));
	buf_free(&data);
	return sw;
}
