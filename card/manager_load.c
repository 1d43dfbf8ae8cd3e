/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading, GPCS 9.3.5, 11.5.2.3.1 and 11.6: the load file is gathered in RAM, judged whole, and
 * registered with its code in one commit. Whatever ends the load before that leaves nothing.
 */
#include <string.h>

#include "base/secret.h"
#include "base/tlv.h"
#include "card/manager.h"

enum {
	P1_LAST = 0x80,
	TAG_DATA_BLOCK = 0xC4,
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

/* Load file AID, security domain AID, hash, parameters, token; GPCS table 11-42. */
static uint16_t take_announcement(struct command *c, struct manager *m,
				  const struct registry_entry *domain)
{
	struct view in = c->data, aid, domain_aid, hash, parameters, token;
	struct registry_entry e, owner = *domain;

	if (manager_take(&in, &aid) != RC_OK || manager_take(&in, &domain_aid) != RC_OK ||
	    manager_take(&in, &hash) != RC_OK || manager_take(&in, &parameters) != RC_OK ||
	    manager_take(&in, &token) != RC_OK || view_end(&in) != RC_OK || token.len)
		return SW_WRONG_DATA;
	if (aid_set(&m->file.aid, aid) != RC_OK || (hash.len && !digest_name(hash.len)))
		return SW_WRONG_DATA;
	if (domain_aid.len && registry_find(c->nvm, domain_aid, &owner) != RC_OK)
		return SW_REFERENCE_NOT_FOUND;
	if (owner.kind != REGISTRY_DOMAIN || !manager_is_under(c->nvm, &owner, domain->number))
		return SW_REFERENCE_NOT_FOUND;
	if (registry_find(c->nvm, aid, &e) != RC_NOT_FOUND)
		return SW_CONDITIONS;
	m->file.domain = owner.number;
	if (hash.len)
		memcpy(m->hash, hash.data, hash.len);
	m->hash_len = hash.len;
	return SW_OK;
}

uint16_t manager_install_for_load(struct command *c)
{
	struct manager *m = manager_of(c->channel);
	struct registry_entry domain;
	uint16_t sw;
	enum rc rc = manager_domain(c, &domain);

	if (!m)
		return command_sw(RC_MEMORY);
	manager_reset(m);
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

/*
 * The data block of the load file. A DAP block before it names a domain that verifies it; there is
 * none such on this card, so that a load file with one is refused, GPCS 9.3.5.
 */
static enum rc find_block(struct view file, struct view *ret)
{
	enum rc rc = tlv_expect(&file, TAG_DATA_BLOCK, ret);

	return rc == RC_OK ? view_end(&file) : rc;
}

static enum rc digest(const char *name, struct view in, uint8_t ret[LOAD_HASH_MAX])
{
	const EVP_MD *md = crypto_md(name);

	if (!md || EVP_Digest(in.data, in.len, ret, NULL, md, NULL) != 1)
		return RC_CRYPTO;
	return RC_OK;
}

static uint16_t judge(struct manager *m, struct view *ret_block)
{
	uint8_t hash[LOAD_HASH_MAX];
	struct cap cap;
	enum rc rc;

	if (find_block(view_buf(&m->code), ret_block) != RC_OK)
		return SW_WRONG_DATA;
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
	return command_sw(crypto_sha256(*ret_block, m->file.hash));
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

static uint16_t register_file(struct command *c, struct manager *m, struct view block)
{
	struct registry_entry e;
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	/* Another channel may have been faster, and the domain may have gone since. */
	if (registry_find(c->nvm, aid_view(&m->file.aid), &e) != RC_NOT_FOUND ||
	    registry_get(c->nvm, m->file.domain, &e) != RC_OK)
		rc = RC_POLICY;
	if (rc == RC_OK)
		rc = registry_number(c->nvm, &m->file.number);
	if (rc == RC_OK)
		rc = registry_put(c->nvm, &m->file);
	if (rc == RC_OK)
		rc = put_code(c->nvm, m->file.number, block);
	rc = command_commit(c->nvm, rc);
	return rc == RC_SPACE ? SW_NOT_ENOUGH_MEMORY : command_sw(rc);
}

static uint16_t take_block(struct command *c, struct manager *m)
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
		return SW_OK;
	sw = judge(m, &block);
	if (sw == SW_OK)
		sw = register_file(c, m, block);
	manager_reset(m);
	return sw;
}

uint16_t manager_load(struct command *c)
{
	struct manager *m = c->channel->manager;
	struct registry_entry domain;
	uint16_t sw;
	enum rc rc;

	if (!m || !m->loading)
		return SW_CONDITIONS;
	rc = manager_domain(c, &domain);
	sw = rc == RC_OK ? manager_may(c, &domain) : command_sw(rc);
	if (sw == SW_OK)
		sw = take_block(c, m);
	if (sw != SW_OK) {
		manager_reset(m);
		return sw;
	}
	return manager_confirm(c);
}
