/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens and receipts. */
#include "card/manager_delegate.h"

#include "base/tlv.h"
#include "card/keyring.h"

enum {
	TOKEN_VERSION = 0x70,
	RECEIPT_VERSION = 0x71,
	KEY_ID = 0x01,
	SIGNED_MAX = 1 << 17,
	ANSWER_ROOM = 512,
	TAG_REFERENCE = 0xB6,
	TAG_TOKEN_ID = 0x93,
	TOKEN_ID_MAX = 32,
	SHORT_LENGTH = 255,
	CARD_DATA_MAX = 64,
	LENGTH_LONG = 0x81,
	LENGTH_SHORT_MAX = 0x7F,
};

static const uint32_t delegated = PRIVILEGE_DELEGATED & ~(uint32_t)PRIVILEGE_DOMAIN;

/* The top of the hierarchy that a domain is in: one with Authorized Management, or the issuer's. */
static enum rc find_top(struct nvm *nvm, const struct registry_entry *domain, uint32_t *ret)
{
	struct registry_entry e = *domain;
	enum rc rc = RC_OK;

	for (unsigned int level = 0; rc == RC_OK && level < MANAGER_LEVELS_MAX; level++) {
		if ((e.privileges & PRIVILEGE_AUTHORIZED) || e.number == e.domain)
			break;
		rc = registry_get(nvm, e.domain, &e);
	}
	*ret = e.number;
	return rc;
}

/* The domain of a hierarchy that was given this privilege; the top itself if no other was. */
static enum rc find_with(struct nvm *nvm, const struct registry_entry *domain, uint32_t privilege,
			 uint32_t *ret)
{
	struct registry_entry e = {.number = 0}, found = {.number = 0};
	uint32_t top;
	enum rc rc = find_top(nvm, domain, &top);

	while (rc == RC_OK && (rc = registry_next(nvm, e.number, &e)) == RC_OK)
		if (e.kind == REGISTRY_DOMAIN && (e.privileges & privilege) &&
		    (!found.number || found.number == top) && manager_is_under(nvm, &e, top))
			found = e;
	if (rc != RC_NOT_FOUND)
		return rc;
	*ret = found.number;
	return found.number ? RC_OK : RC_NOT_FOUND;
}

/* A key for this use; one whose usage is told must be for it. */
static enum rc find_key(struct nvm *nvm, uint32_t domain, uint8_t version, uint8_t usage,
			struct ring_key *ret)
{
	enum rc rc = keyring_load(nvm, domain, version, KEY_ID, ret);

	if (rc == RC_OK && ret->usage && (ret->usage & usage) != usage)
		rc = RC_NOT_FOUND;
	/* One that was found and is not it may be secret, too. */
	if (rc != RC_OK)
		keyring_wipe(ret);
	return rc;
}

void delegate_put_signed(const struct command *c, struct view body, struct buf *out)
{
	buf_u8(out, c->p1);
	buf_u8(out, c->p2);
	if (body.len > SHORT_LENGTH) {
		buf_u8(out, 0);
		buf_u16(out, (uint16_t)body.len);
	} else {
		buf_u8(out, (uint8_t)body.len);
	}
	buf_view(out, body);
}

/* Where a token says which domain should verify it, it must be this one. */
static bool is_for(struct nvm *nvm, uint32_t domain, struct view parameters)
{
	static const uint32_t tags[] = {TAG_ISSUER_NUMBER, TAG_IMAGE_NUMBER};
	struct view reference, wanted, is;

	if (tlv_find(parameters, TAG_REFERENCE, &reference) != RC_OK)
		return true;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tlv_find(reference, tags[i], &wanted) == RC_OK &&
		    (manager_stored(nvm, domain, tags[i], &is) != RC_OK || !view_equal(is, wanted)))
			return false;
	return true;
}

static enum rc verify(struct command *c, const struct ring_key *key, const struct token *token)
{
	struct buf data;
	enum rc rc;

	buf_init(&data, SIGNED_MAX);
	buf_view(&data, token->before);
	delegate_put_signed(c, token->body, &data);
	rc = buf_rc(&data);
	if (rc == RC_OK)
		rc = keyring_verify(key, view_buf(&data), token->value);
	buf_free(&data);
	return rc;
}

static uint16_t judge(struct command *c, const struct registry_entry *domain,
		      const struct token *token)
{
	struct ring_key key;
	uint32_t verifier;
	uint16_t sw = SW_OK;
	enum rc rc = find_with(c->nvm, domain, PRIVILEGE_TOKEN, &verifier);

	if (rc == RC_OK)
		rc = find_key(c->nvm, verifier, TOKEN_VERSION, USAGE_TOKEN, &key);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? SW_CONDITIONS : command_sw(rc);
	if (!is_for(c->nvm, verifier, token->parameters) ||
	    (token->hash_len && token->hash_len < keyring_hash_size(&key)))
		sw = SW_WRONG_DATA;
	else
		rc = verify(c, &key, token);
	keyring_wipe(&key);
	if (rc == RC_OK)
		return sw;
	return rc == RC_AUTH ? SW_SECURITY_STATUS : command_sw(rc);
}

uint16_t delegate_authorise(struct command *c, const struct registry_entry *domain,
			    const struct token *token)
{
	/* Who is authorised himself needs no token, and then none may come, GPCS 11.5.2.3. */
	if (domain->privileges & PRIVILEGE_AUTHORIZED)
		return token->value.len ? SW_WRONG_DATA : SW_OK;
	if (!(domain->privileges & delegated))
		return SW_CONDITIONS;
	if (token->value.len == 0)
		return SW_SECURITY_STATUS;
	return judge(c, domain, token);
}

enum rc delegate_count(struct nvm *nvm, uint32_t domain, uint16_t *ret)
{
	struct view in;
	enum rc rc = nvm_get(nvm, RECORD_CONFIRMATIONS | domain, &in);

	if (rc == RC_NOT_FOUND) {
		*ret = 0;
		return RC_OK;
	}
	if (rc == RC_OK && in.len != sizeof(*ret))
		return RC_DAMAGED;
	return rc == RC_OK ? view_u16(&in, ret) : rc;
}

static void put_count(struct nvm *nvm, uint32_t domain, uint16_t count)
{
	uint8_t array[sizeof(count)];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	buf_u16(&b, count);
	nvm_put(nvm, RECORD_CONFIRMATIONS | domain, view_buf(&b));
}

static void put_length(struct buf *out, size_t len)
{
	if (len > LENGTH_SHORT_MAX)
		buf_u8(out, LENGTH_LONG);
	buf_u8(out, (uint8_t)len);
}

/* Counter, what is unique of the domain, the token's identifier if it had one; GPCS table 11-14. */
static enum rc put_confirmation(struct command *c, uint32_t domain, uint16_t count,
				struct view parameters, struct buf *out)
{
	uint8_t array[CARD_DATA_MAX];
	struct view value, reference;
	struct buf unique;

	buf_fixed(&unique, array, sizeof(array));
	if (manager_stored(c->nvm, domain, TAG_ISSUER_NUMBER, &value) == RC_OK)
		buf_view(&unique, value);
	if (manager_stored(c->nvm, domain, TAG_IMAGE_NUMBER, &value) != RC_OK)
		value = view_of(c->card_id, CVC_ID);
	buf_view(&unique, value);
	buf_u8(out, sizeof(count));
	buf_u16(out, count);
	put_length(out, unique.len);
	buf_view(out, view_buf(&unique));
	if (tlv_find(parameters, TAG_REFERENCE, &reference) == RC_OK &&
	    tlv_find(reference, TAG_TOKEN_ID, &value) == RC_OK && value.len) {
		if (value.len > TOKEN_ID_MAX)
			return RC_MALFORMED;
		put_length(out, value.len);
		buf_view(out, value);
	}
	return buf_rc(&unique) == RC_OK ? buf_rc(out) : buf_rc(&unique);
}

/* `length || length of the receipt || receipt || confirmation data`, GPCS 11.1.6. */
static void put_answer(struct command *c, struct view receipt, struct view confirmation)
{
	size_t inner = (receipt.len > LENGTH_SHORT_MAX ? 2 : 1) + receipt.len + confirmation.len;

	put_length(c->answer, inner);
	put_length(c->answer, receipt.len);
	buf_view(c->answer, receipt);
	buf_view(c->answer, confirmation);
}

static enum rc make_receipt(struct command *c, uint32_t maker, const struct ring_key *key,
			    struct view body, struct view parameters)
{
	struct buf confirmation, signed_data, receipt;
	uint16_t count;
	enum rc rc = delegate_count(c->nvm, maker, &count);

	if (rc == RC_OK && count == UINT16_MAX)
		rc = RC_STATE;
	buf_init(&confirmation, ANSWER_ROOM);
	buf_init(&signed_data, SIGNED_MAX);
	buf_init(&receipt, ANSWER_ROOM);
	if (rc == RC_OK)
		rc = put_confirmation(c, maker, count, parameters, &confirmation);
	buf_view(&signed_data, view_buf(&confirmation));
	buf_view(&signed_data, body);
	if (rc == RC_OK)
		rc = buf_rc(&signed_data);
	if (rc == RC_OK)
		rc = keyring_sign(key, view_buf(&signed_data), &receipt);
	if (rc == RC_OK) {
		put_count(c->nvm, maker, count + 1);
		put_answer(c, view_buf(&receipt), view_buf(&confirmation));
	}
	buf_free(&confirmation);
	buf_free(&signed_data);
	buf_free(&receipt);
	return rc;
}

/*
 * No receipt is due without delegation, or where no domain makes them; one that does and has no key
 * makes the whole fail, GPCS C.1.1.2.
 */
static enum rc put_receipt(struct command *c, const struct registry_entry *domain, struct view body,
			   struct view parameters)
{
	struct ring_key key;
	uint32_t maker;
	enum rc rc = RC_NOT_FOUND;

	if (domain->privileges & delegated)
		rc = find_with(c->nvm, domain, PRIVILEGE_RECEIPT, &maker);
	if (rc == RC_NOT_FOUND) {
		(void)manager_confirm(c);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	rc = find_key(c->nvm, maker, RECEIPT_VERSION, USAGE_RECEIPT, &key);
	if (rc == RC_OK)
		rc = make_receipt(c, maker, &key, body, parameters);
	else if (rc == RC_NOT_FOUND)
		rc = RC_STATE;
	keyring_wipe(&key);
	return rc;
}

uint16_t delegate_commit(struct command *c, const struct registry_entry *domain, enum rc rc,
			 const struct buf *body, struct view parameters)
{
	if (rc == RC_OK)
		rc = buf_rc(body);
	if (rc == RC_OK)
		rc = put_receipt(c, domain, view_buf(body), parameters);
	rc = command_commit(c->nvm, rc);
	return rc == RC_SPACE ? SW_NOT_ENOUGH_MEMORY : command_sw(rc);
}
