/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The installation, operation by operation: what may follow what is decided here and nowhere else.
 * Commands leave in one order, each wrapped once; the last one stays and is given again.
 */
#include "card/principal.h"

#include <string.h>

#include "base/secret.h"
#include "base/tlv.h"
#include "card/registry.h"

enum {
	P1_SELECT = 0x00,
	P1_DELETE = 0x10,
	P1_TAKE_BACK = 0x11,
	P1_INSTALL_FOR_LOAD = 0x20,
	P1_LOAD = 0x30,
	P1_INSTALL = 0x40,
	P1_AUTHENTICATE = 0x50,
	P1_REPORT = 0x60,
	P1_GIVE_UP = 0x70,
	P1_TIME = 0x71,
	SELECT_APPLICATION = 0xB0,
	SELECT_FILE = 0x20,
	SELECT_DATA = 0x30,
	NIBBLE = 0x0F,
	LONG_INDEX = 0x02, /* of its bytes */
	INS_DELETE = 0xE4,
	INS_INSTALL = 0xE6,
	INS_LOAD = 0xE8,
	FOR_LOAD = 0x02,
	FOR_INSTALL = 0x0C,
	LAST_BLOCK = 0x80,
	P2_RELATED = 0x80,
	TAG_COMMAND = 0x04,
	TAG_AID = 0x4F,
	TAG_DATA_BLOCK = 0xC4,
	TAG_HEADER_MAX = 6,
	TAG_FCI = 0x6F,
	TAG_NAME = 0x84,
	TAG_PROPRIETARY = 0xA5,
	COMMAND_MAX = APDU_COMMAND_MAX,
	BLOCKS_MAX = 256, /* a LOAD's P2 is a byte, GPCS 11.6.2.2 */
};

struct principal *principal_of(struct channel *channel)
{
	struct principal *p = channel->principal;

	if (p)
		return p;
	p = channel->principal = secret_new(sizeof(*p));
	if (p)
		principal_reset(p);
	return p;
}

void principal_end(struct principal *p)
{
	principal_channel_close(&p->target);
	buf_free(&p->definition);
	buf_free(&p->packages);
	buf_free(&p->last);
	secret_wipe(&p->file, sizeof(p->file));
	p->stage = PRINCIPAL_NONE;
	p->number = 0;
	p->application = (struct principal_application){.key_set = 0};
	p->reserved = p->is_again = false;
	p->package_count = p->loaded = 0;
	p->file_index = p->blocks = p->step = 0;
	p->last_kind = 0;
}

void principal_reset(struct principal *p)
{
	if (!p)
		return;
	principal_end(p);
	buf_free(&p->code);
	secret_wipe(p, sizeof(*p));
	buf_init(&p->definition, PRINCIPAL_DEFINITION_MAX);
	buf_init(&p->packages, PRINCIPAL_DEFINITION_MAX);
	buf_init(&p->last, COMMAND_MAX);
	buf_init(&p->code, PRINCIPAL_FILE_MAX);
}

void principal_free(struct principal **p)
{
	if (!p || !*p)
		return;
	principal_reset(*p);
	secret_free(p);
}

/* One a card: its records are not an instance's. */
uint16_t principal_install(struct command *c, const struct registry_entry *instance,
			   struct view parameters)
{
	struct registry_entry e = {.number = 0};

	if (parameters.len)
		return SW_WRONG_DATA;
	while (registry_next(c->nvm, e.number, &e) == RC_OK)
		if (e.kind == REGISTRY_APPLICATION && e.applet == APPLET_PRINCIPAL &&
		    e.number != instance->number)
			return SW_CONDITIONS;
	return SW_OK;
}

uint16_t principal_uninstall(struct command *c, const struct registry_entry *instance)
{
	(void)instance;
	principal_wipe(c->nvm);
	return SW_OK;
}

uint16_t principal_select(struct command *c, const struct registry_entry *instance)
{
	size_t fci = tlv_open(c->answer, TAG_FCI);

	tlv_put(c->answer, TAG_NAME, aid_view(&instance->aid));
	tlv_put(c->answer, TAG_PROPRIETARY, view_of(NULL, 0));
	tlv_close(c->answer, fci);
	return SW_OK;
}

void principal_deselect(struct channel *channel)
{
	principal_reset(channel->principal);
}

static uint16_t get_challenge(struct command *c)
{
	struct principal *p = principal_of(c->channel);
	size_t len = c->le == SCP03_S16 ? SCP03_S16 : SCP03_S8;
	enum rc rc;

	if (!p)
		return command_sw(RC_MEMORY);
	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (c->data.len || (c->le != len && c->le != APDU_SHORT_DATA + 1))
		return SW_WRONG_LENGTH;
	p->challenge_len = 0;
	rc = crypto_random(p->challenge, len);
	if (rc != RC_OK)
		return command_sw(rc);
	p->challenge_len = len;
	buf_put(c->answer, p->challenge, len);
	return SW_OK;
}

static uint16_t authenticate(struct command *c, struct principal *p)
{
	size_t len = p->challenge_len;
	struct view in = c->data, sent;
	enum rc rc;

	principal_end(p);
	if (c->p2)
		return SW_INCORRECT_P1P2;
	if (len == 0)
		return SW_CONDITIONS;
	/* It serves once, whatever becomes of it. */
	p->challenge_len = 0;
	if (view_take(&in, len, &sent) != RC_OK)
		return SW_WRONG_DATA;
	if (!secret_equal(sent.data, p->challenge, len))
		return SW_CONDITIONS;
	rc = principal_channel_open(c->nvm, sent, in, &p->target, c->answer);
	return rc == RC_AUTH ? SW_AUTHENTICATION_FAILED : command_sw(rc);
}

/* The number in P2, or where P2 has none, in the data; each number in one form only. */
static uint16_t take_index(const struct command *c, uint8_t mask, size_t *ret)
{
	struct view in = c->data;
	uint8_t size;
	uint16_t n;

	if (c->p2 & mask) {
		*ret = c->p2 & mask;
		return c->data.len ? SW_WRONG_LENGTH : SW_OK;
	}
	if (view_u8(&in, &size) != RC_OK || size != LONG_INDEX || view_u16(&in, &n) != RC_OK ||
	    view_end(&in) != RC_OK)
		return SW_WRONG_DATA;
	*ret = n;
	return n > mask ? SW_OK : SW_WRONG_DATA;
}

static size_t load_header(const struct principal_file *file, uint8_t ret[TAG_HEADER_MAX])
{
	struct buf b;

	buf_fixed(&b, ret, TAG_HEADER_MAX);
	tlv_header(&b, TAG_DATA_BLOCK, file->size);
	return b.len;
}

static size_t count_blocks(const struct principal *p, const struct principal_file *file)
{
	uint8_t header[TAG_HEADER_MAX];
	size_t block = p->target.block;

	return (load_header(file, header) + file->size + block - 1) / block;
}

/* A command with so much plain data will be released. */
static void find_longest(struct principal *p, size_t plain)
{
	size_t length = principal_channel_length(&p->target, plain);

	if (length > p->longest)
		p->longest = length;
}

static void measure_file(struct principal *p, const struct principal_file *file)
{
	uint8_t header[TAG_HEADER_MAX];
	size_t whole = load_header(file, header) + file->size;

	find_longest(p, whole < p->target.block ? whole : p->target.block);
	find_longest(p, file->install_len);
}

/* front: bytes of an item that come before the command's data. */
static enum rc measure_items(struct principal *p, struct view list, size_t count, size_t front)
{
	struct view item;
	enum rc rc = RC_OK;

	for (size_t i = 1; rc == RC_OK && i <= count; i++) {
		rc = principal_item(list, i, &item);
		if (rc == RC_OK && item.len > front)
			find_longest(p, item.len - front);
	}
	return rc;
}

/* Before the target has lost anything. RC_SPACE: a file has more blocks than LOAD can number. */
static enum rc check_lengths(struct nvm *nvm, struct principal *p)
{
	struct principal_file file;
	enum rc rc = RC_OK;

	p->longest = 0;
	for (size_t i = 1; rc == RC_OK && i <= p->application.file_count; i++) {
		uint16_t number;

		rc = principal_file_number(&p->application, i, &number);
		if (rc == RC_OK)
			rc = principal_file_get(nvm, number, &file);
		if (rc == RC_OK && count_blocks(p, &file) > BLOCKS_MAX)
			rc = RC_SPACE;
		if (rc == RC_OK)
			measure_file(p, &file);
	}
	if (rc == RC_OK)
		rc = measure_items(p, p->application.deletes, p->application.delete_count, 1);
	return rc == RC_OK
		       ? measure_items(p, p->application.installs, p->application.install_count, 0)
		       : rc;
}

/* DELETE of the package that a load file is, from the data of its INSTALL [for load]: AID first. */
static enum rc put_package(struct principal *p, const struct principal_file *file)
{
	struct view in = view_of(file->install, file->install_len), aid;
	uint8_t array[3 + AID_MAX], len;
	struct buf item;
	enum rc rc = view_u8(&in, &len);

	if (rc == RC_OK && (len < AID_MIN || len > AID_MAX))
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = view_take(&in, len, &aid);
	if (rc != RC_OK)
		return rc;
	buf_fixed(&item, array, sizeof(array));
	buf_u8(&item, P2_RELATED);
	tlv_put(&item, TAG_AID, aid);
	tlv_put(&p->packages, TAG_COMMAND, view_buf(&item));
	return buf_rc(&item);
}

/*
 * What a script that deletes nothing has brought, and only that, goes when it is taken back or begun
 * again. There is none where an announcement has no name.
 */
static enum rc list_packages(struct nvm *nvm, struct principal *p)
{
	struct principal_file file;
	enum rc rc = RC_OK;

	buf_reset(&p->packages);
	p->package_count = p->application.delete_count ? 0 : p->application.file_count;
	for (size_t i = p->package_count; rc == RC_OK && i > 0; i--) {
		uint16_t number;

		rc = principal_file_number(&p->application, i, &number);
		if (rc == RC_OK)
			rc = principal_file_get(nvm, number, &file);
		if (rc == RC_OK)
			rc = put_package(p, &file);
	}
	if (rc == RC_MALFORMED)
		p->package_count = 0;
	return rc == RC_OK ? buf_rc(&p->packages) : rc == RC_MALFORMED ? RC_OK : rc;
}

/* Where commands have extended length, the host is told while the target is as it was. */
static uint16_t answer_request(struct command *c, const struct principal *p)
{
	if (p->longest > APDU_SHORT_DATA)
		buf_u16(c->answer, (uint16_t)p->longest);
	return SW_OK;
}

static uint16_t request(struct command *c, struct principal *p, uint16_t number)
{
	enum rc rc;
	uint16_t sw;

	if (!p->target.is_up)
		return SW_CONDITIONS;
	if (p->stage != PRINCIPAL_NONE)
		return p->number == number && p->stage == PRINCIPAL_DELETES && p->step == 0
			       ? answer_request(c, p)
			       : SW_CONDITIONS;
	buf_reset(&p->definition);
	rc = principal_definition_get(c->nvm, number, &p->definition);
	if (rc == RC_OK)
		rc = principal_application_take(view_buf(&p->definition), &p->application);
	if (rc == RC_OK)
		rc = principal_digest(c->nvm, number, view_buf(&p->definition), p->digest);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? SW_RECORD_NOT_FOUND : command_sw(rc);
	if (p->application.key_set && p->application.key_set != p->target.key_set)
		return SW_CONDITIONS;
	rc = check_lengths(c->nvm, p);
	if (rc != RC_OK)
		return rc == RC_SPACE ? SW_FUNCTION_NOT_SUPPORTED : command_sw(rc);
	rc = list_packages(c->nvm, p);
	if (rc != RC_OK)
		return command_sw(rc);
	p->number = number;
	sw = principal_reserve(c, p);
	if (sw != SW_OK)
		return sw;
	p->stage = PRINCIPAL_DELETES;
	p->step = 0;
	return answer_request(c, p);
}

static size_t count_deletes(const struct principal *p)
{
	if (p->stage == PRINCIPAL_BACK)
		return p->package_count ? p->loaded : p->application.delete_count;
	return p->is_again && p->package_count ? p->package_count : p->application.delete_count;
}

bool principal_is_complete(const struct principal *p)
{
	if (p->stage == PRINCIPAL_DELETES)
		return p->step == count_deletes(p);
	return p->stage == PRINCIPAL_DATA && p->step == p->blocks;
}

enum rc principal_compare(struct nvm *nvm, const struct principal *p)
{
	uint8_t digest[SHA256_SIZE];
	struct buf definition;
	enum rc rc;

	buf_init(&definition, PRINCIPAL_DEFINITION_MAX);
	rc = principal_definition_get(nvm, p->number, &definition);
	if (rc == RC_OK)
		rc = principal_digest(nvm, p->number, view_buf(&definition), digest);
	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK &&
	     (!view_equal(view_buf(&definition), view_buf(&p->definition)) ||
	      !view_equal(view_of(digest, sizeof(digest)), view_of(p->digest, sizeof(p->digest))))))
		rc = RC_STATE;
	buf_free(&definition);
	return rc;
}

static uint16_t open_file(struct command *c, struct principal *p, size_t index)
{
	uint16_t number;
	enum rc rc = principal_compare(c->nvm, p);

	if (rc == RC_OK)
		rc = principal_file_number(&p->application, index, &number);
	if (rc == RC_OK)
		rc = principal_file_get(c->nvm, number, &p->file);
	if (rc != RC_OK) {
		principal_end(p);
		return rc == RC_NOT_FOUND ? SW_CONDITIONS : command_sw(rc);
	}
	p->blocks = count_blocks(p, &p->file);
	p->file_index = index;
	p->stage = PRINCIPAL_FILE;
	p->step = 0;
	return SW_OK;
}

static uint16_t select_file(struct command *c, struct principal *p, size_t index)
{
	if (p->stage == PRINCIPAL_NONE || p->stage >= PRINCIPAL_INSTALLS)
		return SW_CONDITIONS;
	if (index > p->application.file_count)
		return SW_RECORD_NOT_FOUND;
	if (index == p->file_index && p->stage == PRINCIPAL_FILE)
		return SW_OK;
	if (index != p->file_index + 1)
		return SW_INCORRECT_P1P2;
	return principal_is_complete(p) ? open_file(c, p, index) : SW_CONDITIONS;
}

static uint16_t select_data(struct principal *p, size_t index)
{
	if (p->stage == PRINCIPAL_NONE || p->stage >= PRINCIPAL_INSTALLS)
		return SW_CONDITIONS;
	if (index > p->application.file_count)
		return SW_RECORD_NOT_FOUND;
	if (index != p->file_index)
		return SW_INCORRECT_P1P2;
	if (p->stage == PRINCIPAL_DATA)
		return SW_OK;
	if (p->stage != PRINCIPAL_FILE || p->step != 1)
		return SW_CONDITIONS;
	p->stage = PRINCIPAL_DATA;
	p->step = 0;
	return SW_OK;
}

static uint16_t select_what(struct command *c, struct principal *p)
{
	size_t index;
	uint16_t sw = take_index(c, NIBBLE, &index);

	if (sw != SW_OK)
		return sw;
	switch (c->p2 & ~NIBBLE) {
	case SELECT_APPLICATION:
		return request(c, p, (uint16_t)index);
	case SELECT_FILE:
		return select_file(c, p, index);
	case SELECT_DATA:
		return select_data(p, index);
	default:
		return SW_INCORRECT_P1P2;
	}
}

/* Which stage releases the commands of an operation, and how many there are. */
static uint16_t find_operation(const struct principal *p, uint8_t kind,
			       enum principal_stage *ret_stage, size_t *ret_count)
{
	switch (kind) {
	case P1_DELETE:
		*ret_stage = PRINCIPAL_DELETES;
		*ret_count = count_deletes(p);
		return SW_OK;
	case P1_TAKE_BACK:
		*ret_stage = PRINCIPAL_BACK;
		*ret_count = count_deletes(p);
		return SW_OK;
	case P1_INSTALL_FOR_LOAD:
		*ret_stage = PRINCIPAL_FILE;
		*ret_count = 1;
		return SW_OK;
	case P1_LOAD:
		*ret_stage = PRINCIPAL_DATA;
		*ret_count = p->blocks;
		return SW_OK;
	case P1_INSTALL:
		*ret_stage = PRINCIPAL_INSTALLS;
		*ret_count = p->application.install_count;
		return SW_OK;
	default:
		return SW_INCORRECT_P1P2;
	}
}

/* Of a script's own packages those that have come, which are the last of the list. */
static enum rc wrap_delete(struct principal *p, size_t index)
{
	struct view item, list = p->application.deletes;
	uint8_t p2 = 0;
	enum rc rc;

	if (p->package_count) {
		list = view_buf(&p->packages);
		index += p->package_count - count_deletes(p);
	}
	rc = principal_item(list, index, &item);

	if (rc == RC_OK)
		rc = view_u8(&item, &p2);
	return rc == RC_OK ? principal_channel_wrap(&p->target, INS_DELETE, 0, p2, item, &p->last)
			   : rc;
}

/* Block index of the load file, from 1: a data object C4 cut into blocks. */
static enum rc wrap_block(struct command *c, struct principal *p, size_t index)
{
	uint8_t header[TAG_HEADER_MAX], p1 = index == p->blocks ? LAST_BLOCK : 0;
	size_t size = p->target.block, front = load_header(&p->file, header),
	       at = (index - 1) * size;
	size_t whole = front + p->file.size, len = whole - at < size ? whole - at : size;
	struct principal_file now;
	struct buf data;
	enum rc rc = principal_file_get(c->nvm, p->file.number, &now);

	if (rc == RC_OK && !view_equal(view_of(now.hash, sizeof(now.hash)),
				       view_of(p->file.hash, sizeof(p->file.hash))))
		rc = RC_STATE;
	buf_init(&data, size);
	if (rc == RC_OK && at < front) {
		size_t n = front - at < len ? front - at : len;

		buf_put(&data, header + at, n);
		at += n;
		len -= n;
	}
	if (rc == RC_OK)
		rc = principal_file_read(c->nvm, &p->file, at - front, len, &data);
	if (rc == RC_OK)
		rc = principal_channel_wrap(&p->target, INS_LOAD, p1, (uint8_t)(index - 1),
					    view_buf(&data), &p->last);
	buf_free(&data);
	return rc;
}

static enum rc wrap_install(struct principal *p, size_t index)
{
	struct view item;
	enum rc rc = principal_item(p->application.installs, index, &item);

	return rc == RC_OK ? principal_channel_wrap(&p->target, INS_INSTALL, FOR_INSTALL, 0, item,
						    &p->last)
			   : rc;
}

static enum rc wrap(struct command *c, struct principal *p, uint8_t kind, size_t index)
{
	buf_reset(&p->last);
	switch (kind) {
	case P1_DELETE:
	case P1_TAKE_BACK:
		return wrap_delete(p, index);
	case P1_INSTALL_FOR_LOAD:
		return principal_channel_wrap(&p->target, INS_INSTALL, FOR_LOAD, 0,
					      view_of(p->file.install, p->file.install_len),
					      &p->last);
	case P1_LOAD:
		return wrap_block(c, p, index);
	default:
		return wrap_install(p, index);
	}
}

/* What has come onto the target before activation is deleted again, and no more comes. */
static void begin_taking_back(struct principal *p)
{
	if (p->stage == PRINCIPAL_NONE || p->stage >= PRINCIPAL_INSTALLS)
		return;
	p->loaded = p->file_index && !principal_is_complete(p) ? p->file_index - 1 : p->file_index;
	p->stage = PRINCIPAL_BACK;
	p->reserved = false;
	p->step = 0;
	p->last_kind = 0;
}

static uint16_t release(struct command *c, struct principal *p)
{
	enum principal_stage stage, now;
	size_t index, count;
	uint16_t sw = find_operation(p, c->p1, &stage, &count);
	enum rc rc;

	if (sw == SW_OK)
		sw = take_index(c, 0xFF, &index);
	if (sw != SW_OK)
		return sw;
	if (c->p1 == P1_TAKE_BACK && index == 1) {
		begin_taking_back(p);
		count = count_deletes(p);
	}
	now = p->stage == PRINCIPAL_OVER ? PRINCIPAL_INSTALLS : p->stage;
	if (now == PRINCIPAL_NONE || (now < stage && stage == PRINCIPAL_INSTALLS) ||
	    (now != stage && stage == PRINCIPAL_BACK))
		return SW_CONDITIONS;
	if (now == stage && p->last_kind == c->p1 && p->step == index) {
		buf_view(c->answer, view_buf(&p->last));
		return SW_OK;
	}
	if (now != stage || index != p->step + 1)
		return SW_INCORRECT_P1P2;
	if (index > count)
		return SW_RECORD_NOT_FOUND;
	if (p->stage == PRINCIPAL_OVER)
		return SW_CONDITIONS;
	p->last_kind = 0;
	rc = wrap(c, p, c->p1, index);
	if (rc != RC_OK) {
		principal_end(p);
		return rc == RC_NOT_FOUND ? SW_CONDITIONS : command_sw(rc);
	}
	p->last_kind = c->p1;
	p->step = index;
	buf_view(c->answer, view_buf(&p->last));
	return SW_OK;
}

/* The index is P2's alone where data is the answer: there are no more INSTALLs than that. */
static uint16_t report(struct command *c, struct principal *p)
{
	uint16_t sw;
	enum rc rc;

	if (p->last_kind != P1_INSTALL || p->stage < PRINCIPAL_INSTALLS)
		return SW_CONDITIONS;
	if (c->p2 == 0 || c->p2 != p->step)
		return SW_INCORRECT_P1P2;
	rc = principal_channel_check(&p->target, c->data, &sw);
	if (rc == RC_MALFORMED)
		return SW_WRONG_DATA;
	if (rc != RC_OK) {
		principal_end(p);
		return rc == RC_AUTH ? SW_AUTHENTICATION_FAILED : command_sw(rc);
	}
	if (p->stage == PRINCIPAL_OVER)
		return SW_OK;
	if (sw != SW_OK) {
		p->stage = PRINCIPAL_OVER;
		return SW_OK;
	}
	return p->step == p->application.install_count ? principal_complete(c, p) : SW_OK;
}

static uint16_t claim_time(struct command *c, struct principal *p)
{
	struct view in = c->data;
	uint64_t time;

	if (c->p2)
		return SW_INCORRECT_P1P2;
	if (view_u64(&in, &time) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	p->host_time = time;
	return SW_OK;
}

static uint16_t operate(struct command *c)
{
	struct principal *p = principal_of(c->channel);

	if (!p)
		return command_sw(RC_MEMORY);
	switch (c->p1) {
	case P1_SELECT:
		return select_what(c, p);
	case P1_AUTHENTICATE:
		return authenticate(c, p);
	case P1_REPORT:
		return report(c, p);
	case P1_GIVE_UP:
		return principal_give_up(c);
	case P1_TIME:
		return claim_time(c, p);
	default:
		return release(c, p);
	}
}

enum { INSTALLER = ROLE_USER | ROLE_ISSUER };

const struct command_row principal_commands[] = {
	{0x00, 0x84, STATE_SESSION, INSTALLER, false, get_challenge, "GET CHALLENGE"},
	{0x00, 0x88, STATE_SESSION, INSTALLER, false, principal_activate, "ACTIVATE"},
	{0x80, 0x80, STATE_SESSION, INSTALLER, false, operate, "INSTALL APPLICATION"},
	{0x80, 0xD8, STATE_SESSION, ROLE_ISSUER, false, principal_put_keys, "PUT TARGET KEYS"},
	{0x80, 0xE0, STATE_SESSION, ROLE_ISSUER, false, principal_put_file, "PUT LOAD FILE"},
	{0x80, 0xDA, STATE_SESSION, ROLE_ISSUER, false, principal_put_application,
	 "PUT APPLICATION"},
	{0x80, 0xDC, STATE_SESSION, ROLE_ISSUER, false, principal_charge, "CHARGE"},
	{0x80, 0xF2, STATE_SESSION, ROLE_ALL, false, principal_status, "PRINCIPAL STATUS"},
	{0x80, 0xF0, STATE_SESSION, ROLE_ISSUER, false, principal_trim, "TRIM AUDIT"},
	{.handler = NULL},
};
