/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's identity in card memory. Records: the state `life cycle 1 || date 4 || trust number 4`,
 * the policy `7F21 trust point, C8 suites, C9 lowest level [CA key numbering]`, one `80 suite, 53 sealed key, 7F21
 * certificates, its own last` for each key pair, one certificate chain for each stored host key, and the revocation
 * list in force `sequence 4 || entries`, if there is one. Private keys lie there only as
 * nvm_secret_seal leaves them.
 */
#include "card/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/cvc_chain.h"
#include "base/log.h"
#include "base/revocation.h"
#include "base/secret.h"
#include "base/tlv.h"
#include "card/command.h"

enum {
	RECORD_STATE = RECORD_CARD | 1,
	RECORD_POLICY = RECORD_CARD | 2,
	RECORD_REVOKED = RECORD_CARD | 3,
	RECORD_HOST_KEY = RECORD_CARD | 0x010000, /* | version << 8 | index */
	TAG_SUITE = 0x80,
	TAG_SEALED_KEY = 0x53,
	TAG_CERTIFICATE = 0x7F21,
	TAG_SUITES = 0xC8,
	TAG_LEVEL = 0xC9,
	TAG_NUMBERING = 0xCA, /* absent on cards older than it */
	TAG_VALUES_ONLY = 0xCB, /* likewise */
	PRIVATE_KEY_MAX = 4096,
};

struct identity {
	struct nvm *nvm;
	bool personalised;
	uint32_t date, trust_number;
	uint8_t id[CVC_ID];
	uint32_t sequence; /* of the revocation list in force, and its entries */
	struct buf revoked;
	struct buf policy; /* copy of its record; trust_point borrows from it */
	struct cvc trust_point;
	EVP_PKEY *trust_point_key;
	uint8_t suites[SUITES_MAX];
	size_t suite_count;
	uint8_t lowest_level;
	enum numbering numbering;
	bool values_only;
	struct card_key keys[CARD_KEYS_MAX];
	size_t key_count;
};

static uint32_t reference_record(uint32_t kind, uint8_t version, uint8_t index)
{
	return kind | (uint32_t)version << 8 | index;
}

static enum rc load_policy(struct identity *identity)
{
	struct view record, suites, level;
	uint8_t numbering = NUMBERING_GPCS, values_only = 0;
	enum rc rc;

	rc = nvm_get(identity->nvm, RECORD_POLICY, &record);
	if (rc != RC_OK)
		return rc;
	buf_reset(&identity->policy);
	buf_view(&identity->policy, record);
	if (buf_rc(&identity->policy) != RC_OK)
		return buf_rc(&identity->policy);
	record = view_buf(&identity->policy);
	rc = RC_DAMAGED;
	if (cvc_parse(&record, &identity->trust_point) != RC_OK ||
	    tlv_expect(&record, TAG_SUITES, &suites) != RC_OK || suites.len > SUITES_MAX ||
	    tlv_expect(&record, TAG_LEVEL, &level) != RC_OK ||
	    view_u8(&level, &identity->lowest_level) != RC_OK ||
	    (record.len && tlv_copy(&record, TAG_NUMBERING, &numbering, 1) != RC_OK) ||
	    (record.len && tlv_copy(&record, TAG_VALUES_ONLY, &values_only, 1) != RC_OK))
		return rc;
	identity->values_only = values_only == 1;
	identity->numbering = numbering == NUMBERING_PATENT ? NUMBERING_PATENT : NUMBERING_GPCS;
	identity->suite_count = suites.len;
	if (view_copy(&suites, identity->suites, suites.len) != RC_OK)
		return rc;
	return cvc_key(&identity->trust_point, &identity->trust_point_key);
}

static enum rc load_private_key(struct identity *identity, uint32_t id, struct view sealed,
				EVP_PKEY **ret)
{
	uint8_t array[PRIVATE_KEY_MAX];
	struct buf der;
	enum rc rc;

	buf_fixed(&der, array, sizeof(array));
	rc = nvm_secret_open(identity->nvm, id, NULL, sealed, &der);
	if (rc == RC_OK)
		rc = pkey_private(view_buf(&der), ret);
	buf_free(&der);
	return rc;
}

static enum rc load_key(struct identity *identity, uint32_t id, struct view record)
{
	struct card_key *key = &identity->keys[identity->key_count];
	struct cvc_chain chain;
	struct view sealed;
	enum rc rc;

	key->version = (uint8_t)(id >> 8);
	key->index = (uint8_t)id;
	if (tlv_copy(&record, TAG_SUITE, &key->suite, 1) != RC_OK ||
	    tlv_expect(&record, TAG_SEALED_KEY, &sealed) != RC_OK ||
	    cvc_chain_parse(record, &chain) != RC_OK)
		return RC_DAMAGED;
	rc = load_private_key(identity, id, sealed, &key->pkey);
	if (rc != RC_OK)
		return rc;
	buf_init(&key->certificate, CVC_CHAIN_BYTES);
	identity->key_count++;
	buf_view(&key->certificate, record);
	rc = buf_rc(&key->certificate);
	if (rc == RC_OK)
		rc = crypto_sha256(cvc_chain_own(&chain)->public_key, key->key_hash);
	if (rc == RC_OK)
		rc = cvc_id(cvc_chain_own(&chain), identity->id);
	return rc;
}

static enum rc load_keys(struct identity *identity)
{
	uint32_t id = RECORD_CARD_KEY - 1;
	struct view record;
	enum rc rc;

	while ((rc = nvm_next(identity->nvm, id, &id, &record)) == RC_OK &&
	       (id & RECORD_KIND_MASK) == RECORD_CARD_KEY) {
		if (identity->key_count == CARD_KEYS_MAX)
			return RC_DAMAGED;
		rc = load_key(identity, id, record);
		if (rc != RC_OK)
			return rc;
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc load_revoked(struct identity *identity)
{
	struct view record;
	enum rc rc = nvm_get(identity->nvm, RECORD_REVOKED, &record);

	identity->sequence = 0;
	buf_reset(&identity->revoked);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	if (view_u32(&record, &identity->sequence) != RC_OK)
		return RC_DAMAGED;
	buf_view(&identity->revoked, record);
	return buf_rc(&identity->revoked);
}

static void forget(struct identity *identity)
{
	identity->personalised = false;
	EVP_PKEY_free(identity->trust_point_key);
	identity->trust_point_key = NULL;
	for (size_t i = 0; i < identity->key_count; i++) {
		EVP_PKEY_free(identity->keys[i].pkey);
		buf_free(&identity->keys[i].certificate);
	}
	memset(identity->keys, 0, sizeof(identity->keys));
	identity->key_count = 0;
	buf_reset(&identity->policy);
}

enum rc identity_refresh(struct identity *identity)
{
	uint32_t number;
	struct view state;
	uint8_t life_cycle;
	enum rc rc;

	rc = nvm_get(identity->nvm, RECORD_STATE, &state);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	if (view_u8(&state, &life_cycle) != RC_OK || life_cycle != LIFE_CYCLE_PERSONALISED ||
	    view_u32(&state, &identity->date) != RC_OK || view_u32(&state, &number) != RC_OK)
		return RC_DAMAGED;
	if (identity->personalised && number == identity->trust_number)
		return RC_OK;
	forget(identity);
	rc = load_policy(identity);
	if (rc == RC_OK)
		rc = load_keys(identity);
	if (rc == RC_OK)
		rc = load_revoked(identity);
	if (rc != RC_OK) {
		log_error("the card's identity cannot be read from its memory (%s); restore the "
			  "card's directory from a copy",
			  rc_name(rc));
		forget(identity);
		return rc == RC_MEMORY || rc == RC_IO ? rc : RC_DAMAGED;
	}
	identity->trust_number = number;
	identity->personalised = true;
	return RC_OK;
}

enum rc identity_open(struct nvm *nvm, struct identity **ret)
{
	struct identity *identity = calloc(1, sizeof(*identity));
	enum rc rc;

	if (!identity)
		return RC_MEMORY;
	identity->nvm = nvm;
	identity->lowest_level = LEVEL_DEFAULT;
	buf_init(&identity->policy, NVM_RECORD_MAX);
	buf_init(&identity->revoked, REVOCATION_ENTRIES_MAX);
	rc = identity_refresh(identity);
	if (rc != RC_OK) {
		identity_close(&identity);
		return rc;
	}
	*ret = identity;
	return RC_OK;
}

void identity_close(struct identity **identity)
{
	if (!identity || !*identity)
		return;
	forget(*identity);
	buf_free(&(*identity)->policy);
	buf_free(&(*identity)->revoked);
	free(*identity);
	*identity = NULL;
}

static enum rc put_key(struct nvm *nvm, const struct card_key *key)
{
	uint32_t id = reference_record(RECORD_CARD_KEY, key->version, key->index);
	struct buf der, sealed, record;
	enum rc rc;

	buf_init(&der, PRIVATE_KEY_MAX);
	buf_init(&sealed, PRIVATE_KEY_MAX + 256);
	buf_init(&record, NVM_RECORD_MAX);
	rc = pkey_put_private(key->pkey, &der);
	if (rc != RC_OK)
		goto out;
	rc = nvm_secret_seal(nvm, id, NULL, view_buf(&der), &sealed);
	if (rc != RC_OK)
		goto out;
	tlv_put_u8(&record, TAG_SUITE, key->suite);
	tlv_put(&record, TAG_SEALED_KEY, view_buf(&sealed));
	buf_view(&record, view_buf(&key->certificate));
	rc = buf_rc(&record);
	if (rc == RC_OK)
		nvm_put(nvm, id, view_buf(&record));
out:
	buf_free(&record);
	buf_free(&sealed);
	buf_free(&der);
	return rc;
}

static enum rc put_policy(struct nvm *nvm, struct view trust_point, struct view suites,
			  uint8_t lowest_level, enum numbering numbering, bool values_only)
{
	struct buf record;
	enum rc rc;

	buf_init(&record, NVM_RECORD_MAX);
	buf_view(&record, trust_point);
	tlv_put(&record, TAG_SUITES, suites);
	tlv_put_u8(&record, TAG_LEVEL, lowest_level);
	tlv_put_u8(&record, TAG_NUMBERING, (uint8_t)numbering);
	tlv_put_u8(&record, TAG_VALUES_ONLY, values_only ? 1 : 0);
	rc = buf_rc(&record);
	if (rc == RC_OK)
		nvm_put(nvm, RECORD_POLICY, view_buf(&record));
	buf_free(&record);
	return rc;
}

static void put_state(struct nvm *nvm, uint32_t date, uint32_t trust_number)
{
	uint8_t array[9];
	struct buf record;

	buf_fixed(&record, array, sizeof(array));
	buf_u8(&record, LIFE_CYCLE_PERSONALISED);
	buf_u32(&record, date);
	buf_u32(&record, trust_number);
	nvm_put(nvm, RECORD_STATE, view_buf(&record));
}

enum rc identity_personalise(struct identity *identity, const struct personalisation *p)
{
	struct view trust_point = p->trust_point, state;
	struct nvm *nvm = identity->nvm;
	struct cvc authority;
	enum rc rc;

	if (cvc_parse(&trust_point, &authority) != RC_OK)
		return RC_ARGUMENT;
	rc = nvm_begin(nvm);
	if (rc != RC_OK)
		return rc;
	rc = RC_STATE;
	if (nvm_get(nvm, RECORD_STATE, &state) != RC_NOT_FOUND)
		goto abort;
	rc = put_policy(nvm, p->trust_point, view_of(p->suites, p->suite_count), p->lowest_level,
			p->numbering, p->values_only);
	for (size_t i = 0; i < p->key_count && rc == RC_OK; i++)
		rc = put_key(nvm, &p->keys[i]);
	if (rc != RC_OK)
		goto abort;
	for (size_t i = 0; i < p->host_count; i++)
		nvm_put(nvm,
			reference_record(RECORD_HOST_KEY, p->hosts[i].version, p->hosts[i].index),
			p->hosts[i].chain);
	put_state(nvm, authority.effective, 0);
	rc = nvm_commit(nvm, NULL, NULL);
	return rc == RC_OK ? identity_refresh(identity) : rc;
abort:
	nvm_abort(nvm);
	return rc;
}

/* A key pair's record with another certificate. */
static enum rc put_certificate(struct nvm *nvm, uint8_t version, uint8_t index,
			       struct view certificate)
{
	uint32_t id = reference_record(RECORD_CARD_KEY, version, index);
	struct view old, sealed;
	struct buf record;
	uint8_t suite;
	enum rc rc = nvm_get(nvm, id, &old);

	if (rc != RC_OK)
		return rc;
	if (tlv_copy(&old, TAG_SUITE, &suite, 1) != RC_OK ||
	    tlv_expect(&old, TAG_SEALED_KEY, &sealed) != RC_OK)
		return RC_DAMAGED;
	buf_init(&record, NVM_RECORD_MAX);
	tlv_put_u8(&record, TAG_SUITE, suite);
	tlv_put(&record, TAG_SEALED_KEY, sealed);
	buf_view(&record, certificate);
	rc = buf_rc(&record);
	if (rc == RC_OK)
		nvm_put(nvm, id, view_buf(&record));
	buf_free(&record);
	return rc;
}

/* A new trust point without a list: what was revoked stays so until its first list. */
static enum rc put_revoked(struct identity *identity, const struct trust_update *update)
{
	struct view entries = update->sequence ? update->revoked : view_buf(&identity->revoked);
	struct buf record;
	enum rc rc;

	if (!update->sequence && !update->trust_point.len)
		return RC_OK;
	buf_init(&record, NVM_RECORD_MAX);
	buf_u32(&record, update->sequence);
	buf_view(&record, entries);
	rc = buf_rc(&record);
	if (rc == RC_OK)
		nvm_put(identity->nvm, RECORD_REVOKED, view_buf(&record));
	buf_free(&record);
	return rc;
}

static enum rc put_update(struct identity *identity, const struct trust_update *update)
{
	uint32_t date = update->date > identity->date ? update->date : identity->date;
	struct nvm *nvm = identity->nvm;
	enum rc rc = RC_OK;

	if (update->trust_point.len)
		rc = put_policy(nvm, update->trust_point, identity_suites(identity),
				identity->lowest_level, identity->numbering, identity->values_only);
	for (size_t i = 0; i < update->key_count && rc == RC_OK; i++)
		rc = put_certificate(nvm, update->keys[i].version, update->keys[i].index,
				     update->keys[i].certificate);
	if (rc == RC_OK)
		rc = put_revoked(identity, update);
	put_state(nvm, date, identity->trust_number + 1);
	return rc;
}

enum rc identity_update(struct identity *identity, const struct trust_update *update)
{
	enum rc rc = nvm_begin(identity->nvm);

	if (rc != RC_OK)
		return rc;
	rc = identity_refresh(identity);
	if (rc == RC_OK && (!identity->personalised || identity->trust_number != update->number))
		rc = RC_STATE;
	if (rc == RC_OK)
		rc = put_update(identity, update);
	rc = command_commit(identity->nvm, rc);
	return rc == RC_OK ? identity_refresh(identity) : rc;
}

bool identity_is_personalised(const struct identity *identity)
{
	return identity->personalised;
}

const uint8_t *identity_id(const struct identity *identity)
{
	return identity->id;
}

const struct card_key *identity_key(const struct identity *identity, uint8_t version, uint8_t index)
{
	for (size_t i = 0; i < identity->key_count; i++)
		if (identity->keys[i].version == version && identity->keys[i].index == index)
			return &identity->keys[i];
	return NULL;
}

const struct cvc *identity_trust_point(const struct identity *identity)
{
	return &identity->trust_point;
}

EVP_PKEY *identity_trust_point_key(const struct identity *identity)
{
	return identity->trust_point_key;
}

uint32_t identity_trust_number(const struct identity *identity)
{
	return identity->trust_number;
}

uint32_t identity_revocation_sequence(const struct identity *identity)
{
	return identity->sequence;
}

bool identity_revokes(const struct identity *identity, const struct cvc *certificate)
{
	return revocation_covers(view_buf(&identity->revoked), certificate);
}

struct view identity_suites(const struct identity *identity)
{
	return view_of(identity->suites, identity->suite_count);
}

bool identity_accepts_suite(const struct identity *identity, uint8_t suite)
{
	for (size_t i = 0; i < identity->suite_count; i++)
		if (identity->suites[i] == suite)
			return true;
	return false;
}

bool identity_accepts_level(const struct identity *identity, uint8_t level)
{
	return (level & identity->lowest_level) == identity->lowest_level;
}

bool identity_accepts_values_only(const struct identity *identity)
{
	return identity->values_only;
}

enum numbering identity_numbering(const struct identity *identity)
{
	return identity->numbering;
}

size_t identity_key_count(const struct identity *identity)
{
	return identity->key_count;
}

const struct card_key *identity_key_at(const struct identity *identity, size_t i)
{
	return &identity->keys[i];
}

enum rc identity_host_chain(const struct identity *identity, uint8_t version, uint8_t index,
			    struct view *ret)
{
	return nvm_get(identity->nvm, reference_record(RECORD_HOST_KEY, version, index), ret);
}

uint32_t identity_date(const struct identity *identity)
{
	return identity->date;
}

enum rc identity_move_date(struct identity *identity, uint32_t date)
{
	enum rc rc;

	if (date <= identity->date)
		return RC_OK;
	rc = nvm_begin(identity->nvm);
	if (rc != RC_OK)
		return rc;
	rc = identity_refresh(identity);
	if (rc != RC_OK || date <= identity->date) {
		nvm_abort(identity->nvm);
		return rc;
	}
	put_state(identity->nvm, date, identity->trust_number);
	rc = nvm_commit(identity->nvm, NULL, NULL);
	if (rc == RC_OK)
		identity->date = date;
	return rc;
}
