/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading, GPCS 9.3.5, 11.5.2.3.1 and 11.6: the load file is gathered in RAM, judged whole, and
 * registered with its code in one commit. Whatever ends the load before that leaves nothing.
 */
#include <string.h>

#include "base/secret.h"
#include "base/tlv.h"
#include "card/manager_install.h"
#include "card/memory.h"

enum {
	P1_LAST = 0x80,
	FOR_ALL = 0x0E, /* P1 of the combined process */
	TAG_DATA_BLOCK = 0xC4,
	TAG_DAP = 0xE2,
	SHA1 = 20,
	SHA256 = 32,
	SHA384 = 48,
	SHA512 = 64,
	PART = 60000, /* bytes of code a record */
	PART_SHIFT = 8,
};

static const char *digest_name(size_t len)
{
	switch (len) {
	case SHA1:
		return "SHA1";
	case SHA256:
		return "SHA2-256";
	case SHA384:
		return "SHA2-384";
	case SHA512:
		return "SHA2-512";
	default:
		return NULL;
	}
}

struct announcement {
	struct view aid, domain, hash, parameters, token, body;
};

/* Load file AID, security domain AID, hash, parameters, token; GPCS table 11-42. */
static enum rc take_fields(struct view in, struct announcement *ret)
{
	struct view whole = in;

	if (manager_take(&in, &ret->aid) != RC_OK || manager_take(&in, &ret->domain) != RC_OK ||
	    manager_take(&in, &ret->hash) != RC_OK || manager_take(&in, &ret->parameters) != RC_OK)
		return RC_MALFORMED;
	ret->body = view_of(whole.data, whole.len - in.len);
	if (manager_take(&in, &ret->token) != RC_OK || view_end(&in) != RC_OK)
		return RC_MALFORMED;
	return ret->hash.len && !digest_name(ret->hash.len) ? RC_MALFORMED : RC_OK;
}

/* A token is for a file whose hash it is over; in the combined process it comes at the end. */
static uint16_t authorise(struct command *c, const struct registry_entry *domain,
			  const struct announcement *a)
{
	struct token token = {.body = a->body,
			      .parameters = a->parameters,
			      .value = a->token,
			      .hash_len = a->hash.len};

	if (c->p1 == FOR_ALL)
		return a->token.len ? SW_WRONG_DATA : SW_OK;
	if (a->token.len && a->hash.len == 0)
		return SW_WRONG_DATA;
	return delegate_authorise(c, domain, &token);
}

static uint16_t find_owner(struct command *c, const struct registry_entry *domain,
			   const struct announcement *a, struct registry_entry *ret)
{
	struct registry_entry e;

	*ret = *domain;
	if (a->domain.len && registry_find(c->nvm, a->domain, ret) != RC_OK)
		return SW_REFERENCE_NOT_FOUND;
	if (ret->kind != REGISTRY_DOMAIN || !manager_is_under(c->nvm, ret, domain->number))
		return SW_REFERENCE_NOT_FOUND;
	return registry_find(c->nvm, a->aid, &e) == RC_NOT_FOUND ? SW_OK : SW_CONDITIONS;
}

static uint16_t take_announcement(struct command *c, struct manager *m,
				  const struct registry_entry *domain)
{
	struct registry_entry owner;
	struct announcement a;
	uint16_t sw;

	if (take_fields(c->data, &a) != RC_OK || aid_set(&m->file.aid, a.aid) != RC_OK)
		return SW_WRONG_DATA;
	sw = find_owner(c, domain, &a, &owner);
	if (sw == SW_OK)
		sw = authorise(c, domain, &a);
	if (sw == SW_OK)
		sw = memory_check_minimum(c->nvm, a.parameters);
	if (sw != SW_OK)
		return sw;
	m->file.domain = owner.number;
	if (a.hash.len)
		memcpy(m->hash, a.hash.data, a.hash.len);
	m->hash_len = a.hash.len;
	m->combined = c->p1 == FOR_ALL;
	delegate_put_signed(c, a.body, &m->request);
	buf_view(&m->parameters, a.parameters);
	return buf_rc(&m->request) == RC_OK && buf_rc(&m->parameters) == RC_OK
		       ? SW_OK
		       : SW_NOT_ENOUGH_MEMORY;
}

uint16_t manager_install_for_load(struct command *c)
{
	struct manager *m = manager_of(c->channel);
	struct registry_entry domain;
	uint16_t sw;
	enum rc rc = manager_domain(c, &domain);

	if (!m)
		return command_sw(RC_MEMORY);
	if (rc != RC_OK)
		return command_sw(rc);
	sw = manager_may(c, &domain);
	if (sw == SW_OK)
		sw = take_announcement(c, m, &domain);
	if (sw != SW_OK) {
		manager_reset(m);
		return sw;
	}
	m->loading = true;
	return manager_confirm(c);
}

uint16_t load_authorise(struct command *c, const struct registry_entry *domain,
			const struct manager *m, const struct install_fields *f)
{
	struct token token = {.before = view_buf(&m->request),
			      .body = f->body,
			      .parameters = f->parameters,
			      .value = f->token,
			      .hash_len = m->hash_len};

	if (f->token.len && m->hash_len == 0)
		return SW_WRONG_DATA;
	return delegate_authorise(c, domain, &token);
}

/* The data block of the load file, and the DAP blocks before it. */
static enum rc find_block(struct view file, struct view *ret_daps, struct view *ret)
{
	struct view whole = file, dap;
	enum rc rc = RC_OK;

	while (rc == RC_OK && tlv_is_next(file, TAG_DAP))
		rc = tlv_expect(&file, TAG_DAP, &dap);
	*ret_daps = view_of(whole.data, whole.len - file.len);
	if (rc == RC_OK)
		rc = tlv_expect(&file, TAG_DATA_BLOCK, ret);
	return rc == RC_OK ? view_end(&file) : rc;
}

static enum rc digest(const char *name, struct view in, uint8_t ret[LOAD_HASH_MAX])
{
	const EVP_MD *md = crypto_md(name);

	if (!md || EVP_Digest(in.data, in.len, ret, NULL, md, NULL) != 1)
		return RC_CRYPTO;
	return RC_OK;
}

static uint16_t judge(struct command *c, struct manager *m, struct view *ret_block)
{
	uint8_t hash[LOAD_HASH_MAX];
	struct cap cap;
	struct view daps;
	uint16_t sw;
	enum rc rc;

	if (find_block(view_buf(&m->code), &daps, ret_block) != RC_OK)
		return SW_WRONG_DATA;
	sw = dap_check(c, daps, m->file.domain, view_of(m->hash, m->hash_len));
	if (sw != SW_OK)
		return sw;
	if (m->hash_len) {
		rc = digest(digest_name(m->hash_len), *ret_block, hash);
		if (rc != RC_OK)
			return command_sw(rc);
		if (!secret_equal(hash, m->hash, m->hash_len))
			return SW_WRONG_DATA;
	}
	if (cap_parse(*ret_block, &cap) != RC_OK ||
	    !view_equal(aid_view(&cap.package.aid), aid_view(&m->file.aid)))
		return SW_WRONG_DATA;
	m->file.kind = REGISTRY_LOAD_FILE;
	m->file.life_cycle = LIFE_LOADED;
	m->file.applet = APPLET_LOADED;
	m->file.version[0] = cap.package.major;
	m->file.version[1] = cap.package.minor;
	m->file.size = (uint32_t)ret_block->len;
	memcpy(m->file.modules, cap.applets, sizeof(cap.applets));
	m->file.module_count = (uint8_t)cap.applet_count;
	sw = memory_may_load(c->nvm, ret_block->len);
	return sw == SW_OK ? command_sw(crypto_sha256(*ret_block, m->file.hash)) : sw;
}

static enum rc put_code(struct nvm *nvm, uint32_t number, struct view code)
{
	uint32_t id = RECORD_LOAD_FILE | number << PART_SHIFT;
	enum rc rc = RC_OK;

	while (rc == RC_OK && code.len) {
		struct view part;

		rc = view_take(&code, code.len < PART ? code.len : PART, &part);
		if (rc == RC_OK)
			nvm_put(nvm, id++, part);
	}
	return rc;
}

enum rc load_put_file(struct command *c, struct manager *m, uint32_t number)
{
	struct view daps, block = {NULL, 0};
	struct registry_entry e;
	enum rc rc = find_block(view_buf(&m->code), &daps, &block);

	/* Another channel may have been faster, and the domain may have gone since. */
	if (rc == RC_OK && (registry_find(c->nvm, aid_view(&m->file.aid), &e) != RC_NOT_FOUND ||
			    registry_get(c->nvm, m->file.domain, &e) != RC_OK))
		rc = RC_POLICY;
	m->file.number = number;
	if (rc == RC_OK)
		rc = registry_put(c->nvm, &m->file);
	return rc == RC_OK ? put_code(c->nvm, number, block) : rc;
}

/* The load file alone, with its receipt. */
static uint16_t register_file(struct command *c, struct manager *m,
			      const struct registry_entry *domain)
{
	uint8_t array[2 * (1 + AID_MAX)];
	struct registry_entry owner;
	struct buf receipt;
	uint32_t number = 0;
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	if (registry_get(c->nvm, m->file.domain, &owner) != RC_OK)
		rc = RC_POLICY;
	buf_fixed(&receipt, array, sizeof(array));
	buf_u8(&receipt, m->file.aid.len);
	buf_view(&receipt, aid_view(&m->file.aid));
	if (rc == RC_OK) {
		buf_u8(&receipt, owner.aid.len);
		buf_view(&receipt, aid_view(&owner.aid));
		rc = registry_numbers(c->nvm, 1, &number);
	}
	if (rc == RC_OK)
		rc = load_put_file(c, m, number);
	return delegate_commit(c, domain, rc, &receipt, view_buf(&m->parameters));
}

static uint16_t take_block(struct command *c, struct manager *m,
			   const struct registry_entry *domain)
{
	struct view block;
	uint16_t sw;

	if (c->p2 != m->block)
		return SW_INCORRECT_P1P2;
	buf_view(&m->code, c->data);
	if (buf_rc(&m->code) != RC_OK)
		return SW_NOT_ENOUGH_MEMORY;
	m->block++;
	if (!(c->p1 & P1_LAST))
		return manager_confirm(c);
	sw = judge(c, m, &block);
	if (sw == SW_OK && m->combined) {
		m->loading = false;
		m->complete = true;
		return manager_confirm(c);
	}
	if (sw == SW_OK)
		sw = register_file(c, m, domain);
	manager_reset(m);
	return sw;
}

uint16_t manager_load(struct command *c)
{
	struct manager *m = c->channel->manager;
	struct registry_entry domain;
	uint16_t sw;
	enum rc rc;

	if (manager_interrupts(c))
		return SW_CONDITIONS;
	if (!m || !m->loading) {
		manager_reset(m);
		return SW_CONDITIONS;
	}
	rc = manager_domain(c, &domain);
	sw = rc == RC_OK ? manager_may(c, &domain) : command_sw(rc);
	if (sw == SW_OK)
		sw = take_block(c, m, &domain);
	if (sw != SW_OK)
		manager_reset(m);
	return sw;
}
