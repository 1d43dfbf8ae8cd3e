/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the issuer puts on a principal card: target keys, load files, applications, activations. It
 * comes in plain within a session that enciphers commands; each is one commit.
 */
#include <string.h>

#include "base/secret.h"
#include "card/principal.h"
#include "card/scp10.h"

enum {
	FILE_BEGIN = 0x00,
	FILE_BLOCK = 0x01,
	FILE_END = 0x02,
	FILE_DELETE = 0x03,
};

bool principal_is_enciphered(const struct command *c)
{
	return sm_level(c->channel->scp10->sm) & LEVEL_C_ENC;
}

/* P2 the number; without data the set is deleted. */
uint16_t principal_put_keys(struct command *c)
{
	struct principal_keys keys;
	enum rc rc;

	if (!principal_is_enciphered(c))
		return SW_SECURITY_STATUS;
	if (c->p1 || c->p2 == 0 || c->p2 > PRINCIPAL_KEYS_MAX)
		return SW_INCORRECT_P1P2;
	if (c->data.len && principal_keys_take(c->data, c->p2, &keys) != RC_OK)
		return SW_WRONG_DATA;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	if (c->data.len)
		rc = principal_keys_put(c->nvm, &keys);
	else
		principal_keys_delete(c->nvm, c->p2);
	principal_keys_wipe(&keys);
	return command_sw(command_commit(c->nvm, rc));
}

/* Bytes of a file that an application has are one with it: RC_STATE, they change with it or not at all. */
static enum rc check_unnamed(struct nvm *nvm, uint16_t file)
{
	struct principal_application app;
	struct buf definition;
	uint16_t number = 0, named;
	enum rc rc = RC_OK;

	buf_init(&definition, PRINCIPAL_DEFINITION_MAX);
	while (rc == RC_OK && (rc = principal_application_next(nvm, number, &number)) == RC_OK) {
		buf_reset(&definition);
		rc = principal_definition_get(nvm, number, &definition);
		if (rc == RC_OK)
			rc = principal_application_take(view_buf(&definition), &app);
		for (size_t i = 1; rc == RC_OK && i <= app.file_count; i++) {
			rc = principal_file_number(&app, i, &named);
			if (rc == RC_OK && named == file)
				rc = RC_STATE;
		}
	}
	buf_free(&definition);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static void forget_file(struct principal *p)
{
	p->loading = false;
	buf_free(&p->code);
	secret_wipe(&p->new_file, sizeof(p->new_file));
}

/* number 2 || size 4 || SHA-256 32 || data of INSTALL [for load] */
static uint16_t begin_file(struct command *c, struct principal *p)
{
	struct principal_file f = {.number = 0};
	struct view in = c->data;
	enum rc rc;

	if (view_u16(&in, &f.number) != RC_OK || view_u32(&in, &f.size) != RC_OK ||
	    view_copy(&in, f.hash, sizeof(f.hash)) != RC_OK)
		return SW_WRONG_LENGTH;
	if (f.number == 0 || f.size == 0 || in.len == 0 || in.len > sizeof(f.install))
		return SW_WRONG_DATA;
	if (f.size > PRINCIPAL_FILE_MAX)
		return SW_NOT_ENOUGH_MEMORY;
	rc = check_unnamed(c->nvm, f.number);
	if (rc != RC_OK)
		return command_sw(rc);
	memcpy(f.install, in.data, in.len);
	f.install_len = (uint8_t)in.len;
	p->new_file = f;
	p->loading = true;
	return SW_OK;
}

static uint16_t add_block(struct command *c, struct principal *p)
{
	if (c->data.len == 0 || c->data.len > p->new_file.size - p->code.len)
		return SW_WRONG_LENGTH;
	buf_view(&p->code, c->data);
	return command_sw(buf_rc(&p->code));
}

static uint16_t end_file(struct command *c, struct principal *p)
{
	uint8_t hash[SHA256_SIZE];
	enum rc rc;

	if (c->data.len)
		return SW_WRONG_LENGTH;
	if (p->code.len != p->new_file.size)
		return SW_CONDITIONS;
	rc = crypto_sha256(view_buf(&p->code), hash);
	if (rc == RC_OK && !secret_equal(hash, p->new_file.hash, sizeof(hash)))
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	/* An application may have taken it since. */
	rc = check_unnamed(c->nvm, p->new_file.number);
	if (rc == RC_OK)
		rc = principal_file_put(c->nvm, &p->new_file, view_buf(&p->code));
	rc = command_commit(c->nvm, rc);
	return rc == RC_SPACE ? SW_NOT_ENOUGH_MEMORY : command_sw(rc);
}

static uint16_t delete_file(struct command *c)
{
	struct principal_file file;
	struct view in = c->data;
	uint16_t number;
	enum rc rc;

	if (view_u16(&in, &number) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = principal_file_get(c->nvm, number, &file);
	if (rc == RC_OK)
		rc = check_unnamed(c->nvm, number);
	if (rc == RC_OK)
		principal_file_delete(c->nvm, number);
	return command_sw(command_commit(c->nvm, rc));
}

uint16_t principal_put_file(struct command *c)
{
	struct principal *p = principal_of(c->channel);
	uint16_t sw;

	if (!p)
		return command_sw(RC_MEMORY);
	if (!principal_is_enciphered(c))
		return SW_SECURITY_STATUS;
	if (c->p2 || c->p1 > FILE_DELETE)
		return SW_INCORRECT_P1P2;
	if (c->p1 == FILE_BEGIN || c->p1 == FILE_DELETE) {
		forget_file(p);
		return c->p1 == FILE_BEGIN ? begin_file(c, p) : delete_file(c);
	}
	if (!p->loading)
		return SW_CONDITIONS;
	sw = c->p1 == FILE_BLOCK ? add_block(c, p) : end_file(c, p);
	if (sw != SW_OK || c->p1 == FILE_END)
		forget_file(p);
	return sw;
}

static enum rc check_files(struct nvm *nvm, const struct principal_application *app)
{
	struct principal_file file;
	enum rc rc = RC_OK;

	for (size_t i = 1; rc == RC_OK && i <= app->file_count; i++) {
		uint16_t number;

		rc = principal_file_number(app, i, &number);
		if (rc == RC_OK)
			rc = principal_file_get(nvm, number, &file);
	}
	return rc;
}

/* P1 P2 the number; without data the application is deleted, with its activations. */
uint16_t principal_put_application(struct command *c)
{
	uint16_t number = (uint16_t)(c->p1 << 8 | c->p2);
	struct principal_application app;
	enum rc rc;

	if (!principal_is_enciphered(c))
		return SW_SECURITY_STATUS;
	if (number == 0)
		return SW_INCORRECT_P1P2;
	if (c->data.len > PRINCIPAL_DEFINITION_MAX)
		return SW_WRONG_LENGTH;
	if (c->data.len && principal_application_take(c->data, &app) != RC_OK)
		return SW_WRONG_DATA;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	if (c->data.len)
		rc = check_files(c->nvm, &app);
	if (rc == RC_OK && c->data.len)
		rc = principal_definition_put(c->nvm, number, c->data);
	else if (rc == RC_OK)
		principal_definition_delete(c->nvm, number);
	if (rc == RC_OK)
		rc = principal_drop_stale(c, number, c->data);
	return command_sw(command_commit(c->nvm, rc));
}

static bool is_repeated(const struct principal_counter *counter, uint32_t serial, uint32_t count)
{
	return serial && counter->serial == serial && counter->last == count;
}

static enum rc add(struct command *c, uint16_t number, uint32_t serial, uint32_t count)
{
	struct principal_counter counter;
	struct buf definition;
	enum rc rc;

	buf_init(&definition, PRINCIPAL_DEFINITION_MAX);
	rc = principal_definition_get(c->nvm, number, &definition);
	buf_free(&definition);
	if (rc == RC_OK)
		rc = principal_counter_get(c->nvm, number, &counter);
	if (rc != RC_OK || is_repeated(&counter, serial, count))
		return rc;
	if (serial != counter.serial + 1 || counter.serial == UINT32_MAX)
		return RC_STATE;
	if (count > UINT32_MAX - counter.left)
		return RC_MALFORMED;
	counter.left += count;
	counter.serial = serial;
	counter.last = count;
	return principal_counter_put(c->nvm, number, &counter);
}

/*
 * P1 P2 the application, data the number of this charge, one above the last, and what it gives: the
 * same charge sent again gives nothing more.
 */
uint16_t principal_charge(struct command *c)
{
	uint16_t number = (uint16_t)(c->p1 << 8 | c->p2);
	struct view in = c->data;
	uint32_t serial, count;
	enum rc rc;

	if (!principal_is_enciphered(c))
		return SW_SECURITY_STATUS;
	if (view_u32(&in, &serial) != RC_OK || view_u32(&in, &count) != RC_OK ||
	    view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	return command_sw(command_commit(c->nvm, add(c, number, serial, count)));
}
