/* SPDX-License-Identifier: BSD-2-Clause */
/* SELECT and READ BINARY on the rendered files. The channel keeps which file is selected. */
#include "card/pkcs15.h"

#include "base/tlv.h"
#include "card/applet.h"
#include "card/pkcs15_file.h"

enum {
	P1_IDENTIFIER = 0x00,
	P1_CHILD_DF = 0x01,
	P1_CHILD_EF = 0x02,
	P1_PARENT = 0x03,
	P1_PATH_FROM_MF = 0x08,
	P1_PATH_FROM_DF = 0x09,
	P1_SHORT_IDENTIFIER = 0x80,
	P2_FCI = 0x00,
	P2_FCP = 0x04,
	P2_NO_ANSWER = 0x0C,
	TAG_FCP = 0x62,
	TAG_FCI = 0x6F,
	TAG_SIZE = 0x80,
	TAG_DESCRIPTOR = 0x82,
	TAG_IDENTIFIER = 0x83,
	TAG_NAME = 0x84,
	TAG_LIFE_CYCLE = 0x8A,
	DESCRIPTOR_DF = 0x38,
	DESCRIPTOR_TRANSPARENT = 0x01,
	ACTIVATED = 0x05,
	FILE_MAX = 65536,
	LARGEST_READ = 65000,
	SW_END_OF_FILE = 0x6282,
	SW_OUTSIDE_FILE = 0x6B00,
	SW_NO_EF = 0x6986, /* command not allowed, no EF selected */
};

static uint16_t file_sw(enum rc rc)
{
	if (rc == RC_POLICY)
		return SW_SECURITY_STATUS;
	return rc == RC_NOT_FOUND ? SW_FILE_NOT_FOUND : command_sw(rc);
}

static void put_u16(struct buf *out, uint32_t tag, uint16_t x)
{
	tlv_header(out, tag, sizeof(x));
	buf_u16(out, x);
}

/* ISO/IEC 7816-4 table 10 to 12. size is of an EF. */
static void put_control(uint32_t tag, uint32_t file, size_t size,
			const struct registry_entry *instance, struct buf *out)
{
	bool df = pkcs15_is_df(file);
	size_t mark = tlv_open(out, tag);

	if (!df)
		put_u16(out, TAG_SIZE, (uint16_t)size);
	tlv_put_u8(out, TAG_DESCRIPTOR, df ? DESCRIPTOR_DF : DESCRIPTOR_TRANSPARENT);
	put_u16(out, TAG_IDENTIFIER, pkcs15_identifier(file));
	if (file == PKCS15_APPLICATION)
		tlv_put(out, TAG_NAME, aid_view(&instance->aid));
	tlv_put_u8(out, TAG_LIFE_CYCLE, ACTIVATED);
	tlv_close(out, mark);
}

uint16_t pkcs15_select(struct command *c, const struct registry_entry *instance)
{
	put_control(TAG_FCI, PKCS15_APPLICATION, 0, instance, c->answer);
	return SW_OK;
}

void pkcs15_deselect(struct channel *channel)
{
	channel->file = 0;
}

static bool is_selected(const struct channel *channel)
{
	return channel->application == REGISTRY_PKCS15;
}

/* What is selected; SELECT by AID leaves the application's DF. */
static uint32_t current(const struct channel *channel)
{
	return channel->file ? channel->file : PKCS15_APPLICATION;
}

static uint32_t current_df(const struct channel *channel)
{
	uint32_t file = current(channel);

	return pkcs15_is_df(file) ? file : pkcs15_parent(file);
}

static uint16_t follow(struct view path, uint32_t from, uint32_t *ret)
{
	uint16_t identifier;

	if (path.len == 0)
		return SW_WRONG_DATA;
	while (path.len)
		if (view_u16(&path, &identifier) != RC_OK)
			return SW_WRONG_DATA;
		else if (!pkcs15_is_df(from) || pkcs15_child(from, identifier, &from) != RC_OK)
			return SW_FILE_NOT_FOUND;
	*ret = from;
	return SW_OK;
}

/* P1 00: the MF, a file in the current DF, or this DF itself or one beside it. */
static uint16_t by_identifier(const struct command *c, uint32_t *ret)
{
	struct view in = c->data;
	uint16_t identifier = PKCS15_MF, sw;
	uint32_t df = current_df(c->channel);

	if (in.len && (view_u16(&in, &identifier) != RC_OK || in.len))
		return SW_WRONG_DATA;
	*ret = PKCS15_MF;
	if (identifier == PKCS15_MF)
		return SW_OK;
	if (!is_selected(c->channel))
		return SW_FILE_NOT_FOUND;
	sw = follow(c->data, df, ret);
	return sw == SW_FILE_NOT_FOUND ? follow(c->data, pkcs15_parent(df), ret) : sw;
}

static uint16_t find(const struct command *c, uint32_t *ret)
{
	uint32_t df = current_df(c->channel);
	uint16_t sw;

	if (c->p1 == P1_IDENTIFIER)
		return by_identifier(c, ret);
	if (c->p1 == P1_PATH_FROM_MF)
		return follow(c->data, PKCS15_MF, ret);
	if (c->p1 > P1_PARENT && c->p1 != P1_PATH_FROM_DF)
		return SW_INCORRECT_P1P2;
	if (!is_selected(c->channel))
		return SW_FILE_NOT_FOUND;
	if (c->p1 == P1_PARENT) {
		*ret = pkcs15_parent(df);
		return c->data.len ? SW_WRONG_DATA : SW_OK;
	}
	sw = follow(c->data, df, ret);
	if (sw != SW_OK || c->p1 == P1_PATH_FROM_DF)
		return sw;
	if (c->data.len != 2)
		return SW_WRONG_DATA;
	return pkcs15_is_df(*ret) == (c->p1 == P1_CHILD_DF) ? SW_OK : SW_FILE_NOT_FOUND;
}

static uint16_t size_of(const struct command *c, uint32_t file, size_t *ret)
{
	struct buf content;
	enum rc rc;

	*ret = 0;
	if (pkcs15_is_df(file))
		return SW_OK;
	buf_init(&content, FILE_MAX);
	rc = pkcs15_render(c, file, &content);
	*ret = content.len;
	buf_free(&content);
	return rc == RC_OK ? SW_OK : file_sw(rc);
}

/* As it is, unless it or the card is locked. */
static enum rc get_instance(struct nvm *nvm, struct registry_entry *ret)
{
	uint8_t state = registry_card_state(nvm);

	if (state == LIFE_CARD_LOCKED || state == LIFE_TERMINATED)
		return RC_NOT_FOUND;
	if (registry_get(nvm, REGISTRY_PKCS15, ret) != RC_OK)
		return RC_DAMAGED;
	return ret->life_cycle & LIFE_LOCKED_BIT ? RC_NOT_FOUND : RC_OK;
}

uint16_t pkcs15_select_file(struct command *c)
{
	struct registry_entry instance;
	uint32_t file;
	size_t size;
	uint16_t sw;
	enum rc rc;

	if (c->p2 != P2_FCI && c->p2 != P2_FCP && c->p2 != P2_NO_ANSWER)
		return SW_INCORRECT_P1P2;
	rc = get_instance(c->nvm, &instance);
	if (rc != RC_OK)
		return file_sw(rc);
	sw = find(c, &file);
	if (sw == SW_OK)
		sw = size_of(c, file, &size);
	if (sw != SW_OK)
		return sw;
	if (!is_selected(c->channel))
		applet_select(c->channel, &instance);
	c->channel->file = file;
	if (c->p2 != P2_NO_ANSWER)
		put_control(c->p2 == P2_FCP ? TAG_FCP : TAG_FCI, file, size, &instance, c->answer);
	return SW_OK;
}

/* Le 00 (256, or 65536) asks for what there is; any other number for that many bytes. */
static uint16_t read_part(struct view content, size_t offset, uint32_t le, struct buf *answer)
{
	size_t left = content.len - offset, n = le < LARGEST_READ ? le : LARGEST_READ;
	bool all = le == 256 || le == 65536;

	if (offset && !left)
		return SW_OUTSIDE_FILE;
	buf_put(answer, content.data + offset, n < left ? n : left);
	return all || le <= left ? SW_OK : SW_END_OF_FILE;
}

static uint16_t read_binary(struct command *c)
{
	size_t offset = (size_t)c->p1 << 8 | c->p2;
	uint32_t file = current(c->channel);
	struct buf content;
	uint16_t sw;
	enum rc rc;

	if (c->p1 & P1_SHORT_IDENTIFIER)
		return SW_INCORRECT_P1P2;
	if (c->data.len || c->le == 0)
		return SW_WRONG_LENGTH;
	if (pkcs15_is_df(file))
		return SW_NO_EF;
	buf_init(&content, FILE_MAX);
	rc = pkcs15_render(c, file, &content);
	if (rc != RC_OK)
		sw = file_sw(rc);
	else if (offset > content.len)
		sw = SW_OUTSIDE_FILE;
	else
		sw = read_part(view_buf(&content), offset, c->le, c->answer);
	buf_free(&content);
	return sw;
}

const struct command_row pkcs15_commands[] = {
	{0x00, 0xB0, STATE_SETUP, 0, false, read_binary, "READ BINARY", false},
	{0x00, 0xB0, STATE_SESSION, 0, false, read_binary, "READ BINARY", false},
	{.handler = NULL},
};
