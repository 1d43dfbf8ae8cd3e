/* SPDX-License-Identifier: BSD-2-Clause */
/* DAP verification, GPCS 9.2.1, 9.3.5 and C.3: signatures of the load file data block's hash. */
#include "base/tlv.h"
#include "card/keyring.h"
#include "card/manager_delegate.h"

enum {
	TAG_DAP = 0xE2,
	TAG_AID = 0x4F,
	TAG_SIGNATURE = 0xC3,
	DAP_VERSION = 0x73,
	KEY_ID = 0x01,
	VERIFIED_MAX = 8,
};

static const uint32_t dap = PRIVILEGE_DAP & ~(uint32_t)PRIVILEGE_DOMAIN;
static const uint32_t mandated = PRIVILEGE_MANDATED_DAP &
				 ~(uint32_t)(PRIVILEGE_DAP | PRIVILEGE_DOMAIN);

/* By the domain's key, whose hash must be no weaker than the one that is signed, GPCS table C-3. */
static uint16_t verify(struct command *c, uint32_t domain, struct view hash, struct view signature)
{
	struct ring_key key;
	uint16_t sw = SW_OK;
	enum rc rc = keyring_load(c->nvm, domain, DAP_VERSION, KEY_ID, &key);

	if (rc == RC_OK && key.usage && (key.usage & USAGE_DAP) != USAGE_DAP)
		rc = RC_NOT_FOUND;
	if (rc == RC_NOT_FOUND)
		sw = SW_CONDITIONS;
	else if (rc == RC_OK && hash.len < keyring_hash_size(&key))
		sw = SW_WRONG_DATA;
	else if (rc == RC_OK)
		rc = keyring_verify(&key, hash, signature);
	keyring_wipe(&key);
	if (sw != SW_OK || rc == RC_OK)
		return sw;
	return rc == RC_AUTH ? SW_SECURITY_STATUS : command_sw(rc);
}

/* One block: who verifies it goes to *ret. */
static uint16_t check_block(struct command *c, struct view block, struct view hash, uint32_t *ret)
{
	struct view aid, signature;
	struct registry_entry e;

	if (tlv_expect(&block, TAG_AID, &aid) != RC_OK ||
	    tlv_expect(&block, TAG_SIGNATURE, &signature) != RC_OK || view_end(&block) != RC_OK)
		return SW_WRONG_DATA;
	if (registry_find(c->nvm, aid, &e) != RC_OK || e.kind != REGISTRY_DOMAIN)
		return SW_REFERENCE_NOT_FOUND;
	if (!(e.privileges & dap))
		return SW_CONDITIONS;
	*ret = e.number;
	return verify(c, e.number, hash, signature);
}

static bool is_among(const uint32_t *verified, size_t count, uint32_t domain)
{
	for (size_t i = 0; i < count; i++)
		if (verified[i] == domain)
			return true;
	return false;
}

/* The load file's own domain, and any that verifies all of them once it is personalised. */
static bool is_needed(const struct registry_entry *e, uint32_t domain)
{
	if (e->kind != REGISTRY_DOMAIN)
		return false;
	return (e->number == domain && (e->privileges & dap)) ||
	       ((e->privileges & mandated) &&
		(e->life_cycle & ~LIFE_LOCKED_BIT) == LIFE_PERSONALIZED);
}

uint16_t dap_check(struct command *c, struct view blocks, uint32_t domain, struct view hash)
{
	struct registry_entry e = {.number = 0};
	uint32_t verified[VERIFIED_MAX];
	size_t count = 0;
	uint16_t sw = SW_OK;
	enum rc rc;

	if (blocks.len && hash.len == 0)
		return SW_WRONG_DATA;
	for (; sw == SW_OK && blocks.len; count++) {
		struct view block;

		if (count == VERIFIED_MAX || tlv_expect(&blocks, TAG_DAP, &block) != RC_OK)
			return SW_WRONG_DATA;
		sw = check_block(c, block, hash, &verified[count]);
	}
	if (sw != SW_OK)
		return sw;
	while ((rc = registry_next(c->nvm, e.number, &e)) == RC_OK)
		if (is_needed(&e, domain) && !is_among(verified, count, e.number))
			return SW_SECURITY_STATUS;
	return rc == RC_NOT_FOUND ? SW_OK : command_sw(rc);
}
