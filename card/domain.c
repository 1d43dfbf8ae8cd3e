/* SPDX-License-Identifier: BSD-2-Clause */
/* What a security domain says of itself at SELECT, GPCS 11.9.3 and Appendix H. */
#include "card/domain.h"

#include "base/tlv.h"
#include "card/identity.h"
#include "card/instance.h"
#include "card/keyed.h"
#include "card/keyset.h"
#include "card/manager.h"
#include "card/scp_options.h"

enum {
	TAG_FCI = 0x6F,
	TAG_NAME = 0x84,
	TAG_PROPRIETARY = 0xA5,
	TAG_MANAGEMENT = 0x73,
	TAG_LONGEST_COMMAND = 0x9F65,
	TAG_OID = 0x06,
	TAG_VERSION = 0x60,
	TAG_IDENTIFICATION = 0x63,
	TAG_PROTOCOL = 0x64,
	SCP02 = 0x02,
	SCP03 = 0x03,
	SCP10 = 0x10, /* GPCS 10.7: identifiers are written in hexadecimal */
	LONGEST_COMMAND = 0xFF,
};

/* {globalPlatform}: 1.2.840.114283. */
#define GLOBALPLATFORM 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B

static const uint8_t oid_recognition[] = {GLOBALPLATFORM, 0x01};
static const uint8_t oid_version[] = {GLOBALPLATFORM, 0x02, 0x02, 0x03, 0x01}; /* 2.3.1 */
static const uint8_t oid_identification[] = {GLOBALPLATFORM, 0x03};

static void put_oid(struct buf *out, uint32_t tag, struct view oid)
{
	size_t mark = tlv_open(out, tag);

	tlv_put(out, TAG_OID, oid);
	tlv_close(out, mark);
}

static void put_protocol(struct buf *out, uint8_t protocol, uint8_t i)
{
	const uint8_t oid[] = {GLOBALPLATFORM, 0x04, protocol, i};

	put_oid(out, TAG_PROTOCOL, view_of(oid, sizeof(oid)));
}

/* Whether one of the key sets before this one has the same protocol with the same i. */
static bool is_told(struct command *c, const struct keyset *of)
{
	struct keyset set = {.version = 0};
	bool told = false;

	while (!told && keyset_next(c->nvm, of->domain, set.version, &set) == RC_OK &&
	       set.version < of->version)
		told = !set.missing && set.type == of->type && set.i == of->i;
	keyset_wipe(&set);
	return told;
}

/* Each protocol of the key sets with its i once; of the issuer security domain the suites of SCP10. */
static void put_protocols(struct command *c, uint32_t domain, struct buf *out)
{
	struct view suites = identity_suites(c->card->identity);
	struct keyset set = {.version = 0};
	uint8_t suite;

	while (keyset_next(c->nvm, domain, set.version, &set) == RC_OK)
		if (!set.missing && !is_told(c, &set))
			put_protocol(out, set.type == KEY_TYPE_DES ? SCP02 : SCP03, set.i);
	keyset_wipe(&set);
	while (domain == REGISTRY_ISD && view_u8(&suites, &suite) == RC_OK)
		put_protocol(out, SCP10, suite);
}

void domain_put_management_data(struct command *c, uint32_t domain, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_MANAGEMENT);

	tlv_put(out, TAG_OID, view_of(oid_recognition, sizeof(oid_recognition)));
	put_oid(out, TAG_VERSION, view_of(oid_version, sizeof(oid_version)));
	put_oid(out, TAG_IDENTIFICATION, view_of(oid_identification, sizeof(oid_identification)));
	put_protocols(c, domain, out);
	tlv_close(out, mark);
}

uint16_t domain_install(struct command *c, const struct registry_entry *instance,
			struct view parameters)
{
	(void)c;
	(void)instance;
	return command_sw(scp_options_check(parameters));
}

uint16_t domain_select(struct command *c, const struct registry_entry *instance)
{
	size_t fci = tlv_open(c->answer, TAG_FCI), proprietary;

	tlv_put(c->answer, TAG_NAME, aid_view(&instance->aid));
	proprietary = tlv_open(c->answer, TAG_PROPRIETARY);
	domain_put_management_data(c, instance->number, c->answer);
	tlv_put_u8(c->answer, TAG_LONGEST_COMMAND, LONGEST_COMMAND);
	tlv_close(c->answer, proprietary);
	tlv_close(c->answer, fci);
	return SW_OK;
}

/* Reads are public; the rest asks for a session with the domain, or one with the issuer's role. */
const struct command_row domain_commands[] = {
	{0x80, 0x50, STATE_SETUP, 0, false, keyed_initialize, "INITIALIZE UPDATE", false},
	{0x80, 0x82, STATE_SETUP, 0, false, keyed_authenticate, "EXTERNAL AUTHENTICATE", false},
	{0x00, 0xCA, STATE_SETUP, 0, false, manager_get_data, "GET DATA", false},
	{0x00, 0xCB, STATE_SETUP, 0, false, manager_get_data, "GET DATA", false},
	{0x80, 0xCA, STATE_SETUP, 0, false, manager_get_data, "GET DATA", false},
	{0x80, 0xCB, STATE_SETUP, 0, false, manager_get_data, "GET DATA", false},
	{0x00, 0xCA, STATE_SESSION, 0, false, manager_get_data, "GET DATA", false},
	{0x00, 0xCB, STATE_SESSION, 0, false, manager_get_data, "GET DATA", false},
	{0x80, 0xCA, STATE_SESSION, 0, false, manager_get_data, "GET DATA", false},
	{0x80, 0xCB, STATE_SESSION, 0, false, manager_get_data, "GET DATA", false},
	{0x80, 0xF2, STATE_SESSION, ROLE_ISSUER, false, manager_get_status, "GET STATUS", false},
	{0x80, 0xF0, STATE_SESSION, ROLE_ISSUER, false, manager_set_status, "SET STATUS", true},
	{0x80, 0xE6, STATE_SESSION, ROLE_ISSUER, false, manager_install, "INSTALL", true},
	{0x80, 0xE8, STATE_SESSION, ROLE_ISSUER, false, manager_load, "LOAD", true},
	{0x80, 0xE4, STATE_SESSION, ROLE_ISSUER, false, manager_delete, "DELETE", true},
	{0x80, 0xD8, STATE_SESSION, ROLE_ISSUER, false, manager_put_key, "PUT KEY", true},
	{0x80, 0xE2, STATE_SESSION, ROLE_ISSUER, false, manager_store_data, "STORE DATA", true},
	{.handler = NULL},
};
