/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything of content.h but installation. */
#include "token/content.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "token/cache.h"
#include "token/outcome.h"

enum {
	KEY_VERSION_MAX = 0x7F,
	CARD_LOCKED = 0x7F,
	LOCK = 0x80,
	UNLOCK = 0x00,
	DATA_MAX = 4096,
	STEPS = 9,
	ROWS = 7
};

struct row {
	uint16_t sw;
	CK_RV rv;
	const char *sentence; /* after "card NAME: " */
};

#define NOT_AUTHORISED                                                                \
	{                                                                             \
		SW_SECURITY_STATUS, CKR_ACTION_PROHIBITED,                            \
			"not authorised: this needs the card's key set, or a host's " \
			"certificate with the role issuer"                            \
	}
#define NO_MEMORY                                                                                  \
	{                                                                                          \
		SW_NOT_ENOUGH_MEMORY, CKR_DEVICE_MEMORY, "its memory is full; nothing was changed" \
	}

static const struct row rows[STEPS][ROWS] = {
	[CONTENT_READ] = {NOT_AUTHORISED},
	[CONTENT_ANNOUNCE] =
		{
			NOT_AUTHORISED,
			NO_MEMORY,
			{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			 "it takes no package of this name now: there is one already, or the card or "
			 "its security domain is locked, or the domain may not load"},
			{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,
			 "it has no such security domain"},
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "it does not understand the announcement of the package"},
		},
	[CONTENT_BLOCK] =
		{
			NOT_AUTHORISED,
			NO_MEMORY,
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "it refuses the package: one that it imports, or the Java Card version it "
			 "was made for, may be none of this card's"},
			{SW_CONDITIONS, CKR_DATA_INVALID,
			 "it refuses the package: one that it imports, or the Java Card version it "
			 "was made for, may be none of this card's"},
			{SW_FUNCTION_NOT_SUPPORTED, CKR_DATA_INVALID,
			 "it refuses the package: it uses what this card's Java Card version has not"},
			{0x6438, CKR_DATA_INVALID, "a package that this one imports is not on it"},
			{SW_INCORRECT_P1P2, CKR_DEVICE_ERROR, "it missed a block of the package"},
		},
	[CONTENT_INSTALL] =
		{
			NOT_AUTHORISED,
			NO_MEMORY,
			{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			 "it makes no application of this name now: there is one already, the "
			 "application itself refused its parameters, or the security domain may not"},
			{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,
			 "the package has no such module, or is not on the card"},
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "it does not accept the application's name, privileges or parameters"},
		},
	[CONTENT_DELETE] =
		{
			NOT_AUTHORISED,
			{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			 "that is in use, or built in, or not this security domain's to delete: "
			 "applications that were made from it, or that belong to it, go first "
			 "(--related), and nobody may have it selected"},
			{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID, "there is nothing of this name"},
			{SW_FILE_NOT_FOUND, CKR_DATA_INVALID, "there is nothing of this name"},
			{SW_WRONG_DATA, CKR_DATA_INVALID, "there is nothing of this name"},
		},
	[CONTENT_LOCK] =
		{
			NOT_AUTHORISED,
			{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			 "its life cycle does not allow that: it may be locked, or not locked, "
			 "already"},
			{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,
			 "there is no application of this name that could be locked"},
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "there is no application of this name that could be locked"},
		},
	[CONTENT_KEYS] =
		{
			{SW_SECURITY_STATUS, CKR_ACTION_PROHIBITED,
			 "not authorised: this needs the card's key set, or a host's certificate with "
			 "the role issuer; or the keys did not arrive as they were sent"},
			NO_MEMORY,
			{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			 "there is a key set of this version already; replace that one, or give "
			 "another version"},
			{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,
			 "there is no key set of the version that is to go"},
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "it does not take keys of this kind or length in this place"},
		},
	[CONTENT_MOVE] =
		{
			NOT_AUTHORISED,
			NO_MEMORY,
			{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			 "it is not moved: it is built in, or the other security domain is locked or "
			 "belongs to it"},
			{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,
			 "there is nothing of this name in this domain, or no such security domain"},
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "there is nothing of this name in this domain, or no such security domain"},
		},
	[CONTENT_CARD] =
		{
			NOT_AUTHORISED,
			{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			 "its life cycle, or the privileges of this security domain, do not allow that"},
			{SW_WRONG_DATA, CKR_DATA_INVALID, "it has no such state"},
			{SW_INCORRECT_P1P2, CKR_DATA_INVALID, "it has no such state"},
		},
};

bool content_is_aid(const CK_INTAGLIO_AID *aid)
{
	return aid->ulLen >= AID_MIN && aid->ulLen <= AID_MAX;
}

struct view content_aid(const CK_INTAGLIO_AID *aid)
{
	return view_of(aid->bytes, aid->ulLen);
}

void content_put_aid(CK_INTAGLIO_AID *ret, struct view aid)
{
	*ret = (CK_INTAGLIO_AID){.ulLen = aid.len};
	if (aid.len)
		memcpy(ret->bytes, aid.data, aid.len);
}

static enum rc see_state(void *arg, const struct gp_entry *entry)
{
	*(uint8_t *)arg = entry->life_cycle;
	return RC_OK;
}

/* Why a card refuses whatever it is asked for; it tells nobody but its own issuer. */
static bool is_card_locked(struct content *c)
{
	uint8_t state = 0;
	uint16_t sw;

	return gp_list(c->gp, GP_ISSUER_DOMAIN, see_state, &state, &sw) == RC_OK &&
	       state == CARD_LOCKED;
}

CK_RV content_judge(struct content *c, enum content_step step, enum rc rc, const uint16_t *sw)
{
	if (rc != RC_SW)
		return outcome(c->slot, CALL_OBJECT, rc, sw);
	/* The card's answer to a message that it cannot read is the same. */
	if (*sw == SW_SECURITY_STATUS && gp_channel(c->gp)) {
		log_error(
			"card %s: it does not accept that from this key set: it may not do it, or "
			"one of its three keys is wrong",
			c->slot->name);
		return CKR_ACTION_PROHIBITED;
	}
	if (*sw == SW_CONDITIONS && step != CONTENT_READ && step != CONTENT_CARD &&
	    is_card_locked(c)) {
		log_error("card %s: it is locked (CARD_LOCKED): nothing on it can be changed until "
			  "its issuer takes the lock off",
			  c->slot->name);
		return CKR_ACTION_PROHIBITED;
	}
	for (size_t i = 0; i < ROWS && rows[step][i].sw; i++) {
		if (rows[step][i].sw != *sw)
			continue;
		log_error("card %s: %s", c->slot->name, rows[step][i].sentence);
		return rows[step][i].rv;
	}
	/* The channel was ended under us, or never was. */
	if (*sw == SW_SM_MISSING || *sw == SW_SM_INCORRECT) {
		log_error("card %s: it has ended the channel; try again", c->slot->name);
		return CKR_DEVICE_ERROR;
	}
	log_error("card %s: it refused the command with status %04X", c->slot->name, *sw);
	return CKR_DEVICE_ERROR;
}

static bool take_keys(const CK_INTAGLIO_KEY_SET *from, struct keychannel_keys *to)
{
	*to = (struct keychannel_keys){.protocol = from->ulProtocol == 2   ? KEYCHANNEL_SCP02
						   : from->ulProtocol == 3 ? KEYCHANNEL_SCP03
									   : KEYCHANNEL_ANY,
				       .version = (uint8_t)from->ulVersion,
				       .level = (uint8_t)from->ulLevel,
				       .s16 = from->bS16,
				       .masters = (enum diversify_method)from->ulMasters,
				       .len = from->ulKeyLen};
	if (from->ulVersion > 0xFF || from->ulLevel > 0xFF || from->ulProtocol == 1 ||
	    from->ulProtocol > 3 || from->ulMasters >= DIVERSIFY_METHODS ||
	    (from->ulKeyLen != 16 && from->ulKeyLen != 24 && from->ulKeyLen != 32))
		return false;
	for (size_t i = 0; i < KEYCHANNEL_KEYS; i++)
		memcpy(to->key[i], from->keys[i], to->len);
	return true;
}

/* The card has said which it is, and so who we are. */
static enum rc identify(void *arg, const uint8_t card_id[CVC_ID], const struct identity **ret)
{
	struct content *c = arg;
	enum rc rc = c->slot->source->identify(c->slot, card_id, &c->identity);

	if (rc == RC_OK)
		*ret = c->identity;
	return rc;
}

static enum rc open_sc(struct content *c, struct transport **transport, struct sc **ret)
{
	struct sc *sc = NULL;
	enum rc rc = sc_open(transport, c->identity, &c->slot->config->policy, &sc);

	if (rc != RC_OK)
		return rc;
	if (!c->identity)
		sc_set_identify(sc, identify, c);
	if (c->slot->source->insertion)
		sc_set_certificates(sc, &cache_certificates);
	*ret = sc;
	return RC_OK;
}

static enum rc open_role(struct content *c, struct transport **transport, struct view domain)
{
	struct sc *sc = NULL;
	enum rc rc = open_sc(c, transport, &sc);

	return rc == RC_OK ? gp_open_role(&sc, domain, &c->gp) : rc;
}

static enum rc open_keys(struct content *c, struct transport **transport,
			 const CK_INTAGLIO_KEY_SET *keys, struct view domain)
{
	struct keychannel_keys set;
	enum rc rc = RC_ARGUMENT;

	if (take_keys(keys, &set))
		rc = gp_open_keys(transport, &set, domain, &c->gp);
	else
		log_error("card %s: a key set has three keys of 16, 24 or 32 bytes each",
			  c->slot->name);
	secret_wipe(&set, sizeof(set));
	return rc;
}

CK_RV content_open(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, bool bare,
		   struct content *ret)
{
	struct content c = {.slot = slot};
	struct transport *transport = NULL;
	struct view domain = view_of(NULL, 0);
	bool has_keys = keys && keys->ulKeyLen;
	enum rc rc;

	if (keys && keys->domain.ulLen) {
		if (!content_is_aid(&keys->domain))
			return CKR_ARGUMENTS_BAD;
		domain = content_aid(&keys->domain);
	}
	if (slot->source->insertion && slot->source->insertion(slot, true) == 0)
		return CKR_TOKEN_NOT_PRESENT;
	rc = slot->source->open(slot, &transport, &c.identity);
	if (rc == RC_OK && has_keys)
		rc = open_keys(&c, &transport, keys, domain);
	else if (rc == RC_OK && bare)
		rc = gp_open_keys(&transport, NULL, domain, &c.gp);
	else if (rc == RC_OK)
		rc = open_role(&c, &transport, domain);
	transport_close(&transport);
	if (rc == RC_OK) {
		*ret = c;
		return CKR_OK;
	}
	identity_free(&c.identity);
	if (rc == RC_ARGUMENT)
		return CKR_ARGUMENTS_BAD;
	return outcome(slot, CALL_OBJECT, rc, &(uint16_t){0});
}

enum rc content_connect(struct content *c, struct sc **ret)
{
	const struct source *source = c->slot->source;
	struct transport *transport = NULL;
	enum rc rc;

	if (source->insertion && source->insertion(c->slot, true) == 0)
		return RC_REMOVED;
	rc = source->open(c->slot, &transport, &c->identity);
	if (rc == RC_OK)
		rc = open_sc(c, &transport, ret);
	transport_close(&transport);
	return rc;
}

void content_close(struct content *c)
{
	gp_close(&c->gp);
	identity_free(&c->identity);
}

/* A data object that a card need not have. */
static enum rc read_object(struct content *c, uint16_t tag, struct buf *out)
{
	uint16_t sw;
	enum rc rc;

	buf_reset(out);
	rc = gp_get_data(c->gp, tag, out, &sw);
	if (rc == RC_SW)
		buf_reset(out);
	return rc == RC_SW ? RC_OK : rc;
}

/* A value of at most size bytes behind a tag of n bytes and a length of one. */
static void take_value(struct view in, size_t n, CK_BYTE *ret, size_t size, CK_ULONG *ret_len)
{
	struct view tag, value;
	uint8_t len;

	if (view_take(&in, n, &tag) != RC_OK || view_u8(&in, &len) != RC_OK ||
	    view_take(&in, len, &value) != RC_OK || len > size)
		return;
	if (view_copy(&value, ret, len) == RC_OK)
		*ret_len = len;
}

static enum rc read_info(struct content *c, CK_INTAGLIO_CARD_INFO *info)
{
	struct gp_recognition r = {.protocol_count = 0};
	struct gp_key keys[GP_KEYS_MAX];
	size_t count = 0;
	struct buf data;
	enum rc rc;

	buf_init(&data, DATA_MAX);
	content_put_aid(&info->domain, gp_domain(c->gp));
	rc = read_object(c, 0x0066, &data);
	if (rc == RC_OK && data.len && gp_parse_recognition(view_buf(&data), &r) == RC_OK) {
		memcpy(info->version, r.version, sizeof(info->version));
		for (size_t i = 0; i < r.protocol_count; i++) {
			info->protocols[i][0] = r.protocols[i].protocol;
			info->protocols[i][1] = r.protocols[i].i;
		}
		info->ulProtocolCount = r.protocol_count;
	}
	if (rc == RC_OK)
		rc = read_object(c, 0x00E0, &data);
	if (rc == RC_OK && data.len && gp_parse_keys(view_buf(&data), keys, &count) == RC_OK) {
		for (size_t i = 0; i < count; i++) {
			info->keys[i][0] = keys[i].id;
			info->keys[i][1] = keys[i].version;
			info->keys[i][2] = keys[i].type;
			info->keys[i][3] = keys[i].len;
		}
		info->ulKeyCount = count;
	}
	if (rc == RC_OK)
		rc = read_object(c, 0x00C1, &data);
	if (rc == RC_OK)
		take_value(view_buf(&data), 1, info->counter, sizeof(info->counter),
			   &info->ulCounterLen);
	if (rc == RC_OK)
		rc = read_object(c, 0x9F7F, &data);
	if (rc == RC_OK)
		take_value(view_buf(&data), 2, info->productionData, sizeof(info->productionData),
			   &info->ulProductionDataLen);
	buf_free(&data);
	return rc;
}

CK_RV slot_card_info(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, CK_INTAGLIO_CARD_INFO *ret)
{
	CK_INTAGLIO_CARD_INFO info = {.ulKeyCount = 0};
	struct content c;
	CK_RV rv = content_open(slot, keys, true, &c);

	if (rv != CKR_OK)
		return rv;
	rv = content_judge(&c, CONTENT_READ, read_info(&c, &info), NULL);
	content_close(&c);
	if (rv == CKR_OK)
		*ret = info;
	return rv;
}

struct listing {
	CK_INTAGLIO_CONTENT *list;
	CK_ULONG room, count;
};

static enum rc add_entry(void *arg, const struct gp_entry *e)
{
	struct listing *l = arg;
	CK_INTAGLIO_CONTENT *to;

	if (l->count++ >= l->room || !l->list)
		return RC_OK;
	to = &l->list[l->count - 1];
	*to = (CK_INTAGLIO_CONTENT){.ulKind = e->kind == GP_MODULES ? CK_INTAGLIO_CONTENT_FILE
								    : (CK_ULONG)e->kind,
				    .lifeCycle = e->life_cycle,
				    .ulModuleCount = e->module_count};
	content_put_aid(&to->aid, aid_view(&e->aid));
	content_put_aid(&to->domain, aid_view(&e->domain));
	content_put_aid(&to->file, aid_view(&e->file));
	memcpy(to->privileges, e->privileges, sizeof(to->privileges));
	memcpy(to->version, e->version, sizeof(to->version));
	for (size_t i = 0; i < e->module_count; i++)
		content_put_aid(&to->modules[i], aid_view(&e->modules[i]));
	return RC_OK;
}

CK_RV slot_list_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			CK_INTAGLIO_CONTENT *list, CK_ULONG *count)
{
	static const enum gp_kind kinds[] = {GP_ISSUER_DOMAIN, GP_APPLICATIONS, GP_MODULES};
	struct listing l = {.list = list, .room = list ? *count : 0};
	struct content c;
	uint16_t sw = 0;
	enum rc rc = RC_OK;
	CK_RV rv = content_open(slot, keys, false, &c);

	if (rv != CKR_OK)
		return rv;
	for (size_t i = 0; rc == RC_OK && i < 3; i++)
		rc = gp_list(c.gp, kinds[i], add_entry, &l, &sw);
	rv = content_judge(&c, CONTENT_READ, rc, &sw);
	content_close(&c);
	if (rv != CKR_OK)
		return rv;
	*count = l.count;
	return list && l.count > l.room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV slot_delete_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			  const CK_INTAGLIO_AID *aid, bool related)
{
	struct content c;
	uint16_t sw = 0;
	CK_RV rv;

	if (!content_is_aid(aid))
		return CKR_ARGUMENTS_BAD;
	rv = content_open(slot, keys, false, &c);
	if (rv != CKR_OK)
		return rv;
	rv = content_judge(&c, CONTENT_DELETE, gp_delete(c.gp, content_aid(aid), related, &sw),
			   &sw);
	content_close(&c);
	return rv;
}

CK_RV slot_lock_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			const CK_INTAGLIO_AID *aid, bool lock)
{
	struct content c;
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv;

	if (!content_is_aid(aid))
		return CKR_ARGUMENTS_BAD;
	rv = content_open(slot, keys, false, &c);
	if (rv != CKR_OK)
		return rv;
	rc = gp_set_status(c.gp, GP_APPLICATIONS, lock ? LOCK : UNLOCK, content_aid(aid), &sw);
	rv = content_judge(&c, CONTENT_LOCK, rc, &sw);
	content_close(&c);
	return rv;
}

/* Master keys become those of this card. */
static enum rc derive_keys(struct content *c, struct keychannel_keys *set)
{
	uint8_t id[DIVERSIFY_DATA];
	struct keychannel_keys own;
	enum rc rc;

	if (!set->masters)
		return RC_OK;
	rc = gp_diversification(c->gp, id);
	if (rc == RC_OK)
		rc = keychannel_derive_keys(set, id, &own);
	if (rc == RC_OK)
		*set = own;
	secret_wipe(&own, sizeof(own));
	return rc;
}

CK_RV slot_put_keys(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
		    const CK_INTAGLIO_KEY_SET *fresh, CK_ULONG replaces)
{
	struct keychannel_keys set;
	struct content c;
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv;

	if (!take_keys(fresh, &set) || set.version == 0 || set.version > KEY_VERSION_MAX ||
	    replaces > 0xFF || (set.protocol == KEYCHANNEL_SCP02 && set.len != SCP02_KEY)) {
		log_error("card %s: a new key set has a version from 1 to 7F and three keys of 16 "
			  "bytes each, or 24 or 32 for SCP03",
			  slot->name);
		secret_wipe(&set, sizeof(set));
		return CKR_ARGUMENTS_BAD;
	}
	rv = content_open(slot, keys, false, &c);
	if (rv == CKR_OK) {
		rc = derive_keys(&c, &set);
		if (rc == RC_OK)
			rc = gp_put_keys(c.gp, &set, (uint8_t)replaces, &sw);
		rv = content_judge(&c, CONTENT_KEYS, rc, &sw);
		content_close(&c);
	}
	secret_wipe(&set, sizeof(set));
	return rv;
}

CK_RV slot_delete_keys(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG version)
{
	struct content c;
	uint16_t sw = 0;
	CK_RV rv;

	if (version == 0 || version > 0xFF)
		return CKR_ARGUMENTS_BAD;
	rv = content_open(slot, keys, false, &c);
	if (rv != CKR_OK)
		return rv;
	rv = content_judge(&c, CONTENT_KEYS, gp_delete_keys(c.gp, (uint8_t)version, &sw), &sw);
	content_close(&c);
	return rv;
}
