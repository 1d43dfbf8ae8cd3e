/* SPDX-License-Identifier: BSD-2-Clause */
/* CREATE LEDGER: keys, object, policy in leaf 0, all in one commit. */
#include "base/secret.h"
#include "base/tlv.h"
#include "card/chain.h"
#include "card/instance.h"
#include "card/ledger.h"
#include "card/ledger_record.h"
#include "card/ledger_state.h"
#include "card/object.h"

/* A ledger's object; nothing of it can be changed. */
static enum rc describe(struct object *object, const uint8_t id[LEDGER_ID],
			const uint8_t public_key[ED25519_PUBLIC],
			const struct ledger_policy *policy)
{
	uint8_t text_array[NOTE_KEY_MAX];
	struct buf *list = &object->list, text;
	struct note_key key;
	enum rc rc = ledger_key(id, public_key, &key);

	if (rc != RC_OK)
		return rc;
	buf_fixed(&text, text_array, sizeof(text_array));
	note_put_key(&text, &key);
	buf_init(list, ATTR_LIST_MAX);
	attr_set_ulong(list, CKA_CLASS, CKO_SECRET_KEY);
	attr_set_ulong(list, CKA_KEY_TYPE, CKK_INTAGLIO_LEDGER);
	attr_set_bool(list, CKA_PRIVATE, false);
	attr_set(list, CKA_LABEL, policy->label);
	attr_set_bool(list, CKA_ENCRYPT, true);
	attr_set_bool(list, CKA_DECRYPT, true);
	attr_set_bool(list, CKA_MODIFIABLE, false);
	attr_set_bool(list, CKA_DESTROYABLE, false);
	attr_set(list, CKA_INTAGLIO_LEDGER_ID, view_of(id, LEDGER_ID));
	attr_set(list, CKA_INTAGLIO_VERIFIER_KEY, view_buf(&text));
	if (policy->auditor.len)
		attr_set(list, CKA_INTAGLIO_AUDITOR, policy->auditor);
	if (policy->escrow.len)
		attr_set(list, CKA_INTAGLIO_ESCROW, policy->escrow);
	if (policy->proof.len)
		attr_set(list, CKA_INTAGLIO_AUDITOR_PROOF, policy->proof);
	attr_set_ulong(list, CKA_INTAGLIO_APPEND_ROLES, policy->rules.append);
	attr_set_ulong(list, CKA_INTAGLIO_READ_ROLES, policy->rules.read);
	attr_set_ulong(list, CKA_INTAGLIO_PRUNE_ROLES, policy->rules.prune);
	attr_set_ulong(list, CKA_INTAGLIO_CAPACITY, policy->rules.capacity);
	attr_set_ulong(list, CKA_INTAGLIO_RECORD_MAX, policy->rules.record_max);
	attr_set_bool(list, CKA_INTAGLIO_COSIGN_NEEDED, policy->rules.cosigned);
	object_complete(object, CKM_INTAGLIO_SEAL);
	return buf_rc(&text);
}

struct creation {
	uint8_t id[LEDGER_ID], public_key[ED25519_PUBLIC];
	uint8_t content_key[AES256_KEY];
	EVP_PKEY *signer;
	struct object object;
	struct ledger_policy policy;
	struct buf wrapped;
};

/* RC_MALFORMED if a ledger of the card has the label. */
static enum rc check_is_new(struct nvm *nvm, struct view label)
{
	uint32_t id = RECORD_LEDGER;
	struct object object;
	struct view record, other;
	enum rc rc = RC_OK;

	while (rc == RC_OK && (rc = nvm_next(nvm, id, &id, &record)) == RC_OK) {
		if ((id & RECORD_KIND_MASK) != RECORD_LEDGER)
			return RC_OK;
		rc = object_open(nvm, id & ~RECORD_KIND_MASK, NULL, &object);
		if (rc != RC_OK)
			return rc;
		if (attr_find(view_buf(&object.list), CKA_LABEL, &other) == RC_OK &&
		    view_equal(label, other))
			rc = RC_MALFORMED;
		object_free(&object);
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc put_creation(struct nvm *nvm, struct creation *n)
{
	const struct ledger_state fresh = {.cosigned = 0};
	struct merkle_range range;
	struct token_state state;
	struct buf leaf;
	enum rc rc = token_load(nvm, &state);

	buf_init(&leaf, NVM_LEAF_MAX);
	if (rc == RC_OK)
		rc = check_is_new(nvm, n->policy.label);
	if (rc == RC_OK)
		rc = object_give_number(&n->object, &state);
	if (rc == RC_OK)
		rc = object_put(nvm, &n->object, NULL);
	if (rc == RC_OK)
		rc = ledger_put(nvm, n->object.number, n->id, n->content_key, n->signer);
	if (rc == RC_OK)
		rc = ledger_state_put(nvm, n->object.number, &fresh);
	if (rc == RC_OK)
		rc = ledger_policy_leaf(n->id, &n->policy, ledger_card_counter(nvm), &leaf);
	if (rc == RC_OK)
		rc = nvm_append(nvm, ledger_series(n->object.number), view_buf(&leaf), &range);
	if (rc == RC_OK) {
		state.changes++;
		rc = token_put(nvm, &state);
	}
	buf_free(&leaf);
	return rc;
}

/* Neither a control character (C0, DEL, C1) nor what breaks lines or turns the direction of writing. */
static bool is_shown(uint32_t point)
{
	return point >= ' ' && (point < 0x7F || point > 0x9F) &&
	       (point < 0x2028 || point > 0x202E) && (point < 0x2066 || point > 0x2069);
}

static bool is_label(struct view label)
{
	uint32_t point;

	if (!label.len || label.len > LEDGER_LABEL_MAX)
		return false;
	while (label.len) {
		size_t n = note_utf8(label, &point);

		if (!n || !is_shown(point))
			return false;
		label = view_of(label.data + n, label.len - n);
	}
	return true;
}

/* The label, who may countersign and who may read, if anyone, the rules, and who vouches for whom. */
static enum rc take_policy(struct view in, struct ledger_policy *policy)
{
	struct note_key auditor;
	enum rc rc = RC_OK;

	if (tlv_expect(&in, 0x80, &policy->label) != RC_OK || !is_label(policy->label))
		return RC_MALFORMED;
	if (tlv_is_next(in, 0x82)) {
		rc = tlv_expect(&in, 0x82, &policy->auditor);
		if (rc == RC_OK)
			rc = note_parse_cosigner(policy->auditor, &auditor);
	}
	if (rc == RC_OK && tlv_is_next(in, 0x83))
		rc = tlv_expect(&in, 0x83, &policy->escrow);
	if (rc == RC_OK)
		rc = ledger_take_rules(&in, policy->auditor.len > 0, &policy->rules);
	if (rc == RC_OK && tlv_is_next(in, 0x96)) {
		rc = tlv_expect(&in, 0x96, &policy->proof);
		if (rc == RC_OK && (!policy->auditor.len || !policy->proof.len ||
				    policy->proof.len > AUDITOR_PROOF_MAX))
			rc = RC_MALFORMED;
	}
	return rc == RC_OK ? view_end(&in) : rc;
}

/*
 * The auditor's certificate is judged as a host's of suite 42 is at the start of a session: under the
 * trust point, by its dates and revocations. Which of it did not hold is not said.
 */
static uint16_t check_proof(struct command *c, const struct ledger_policy *policy)
{
	const struct auditor_certificate keys = {policy->auditor, policy->escrow, policy->proof};
	struct view certificates, signature;
	struct chain chain = {.signer = NULL};
	uint16_t sw = SW_REFERENCE_DATA_UNUSABLE;
	enum rc rc;

	if (!policy->proof.len)
		return SW_OK;
	rc = auditor_certificate_split(policy->proof, &certificates, &signature);
	if (rc == RC_OK) {
		sw = chain_present_all(&chain, c->card->identity,
				       suite_find(AUDITOR_CERTIFICATE_SUITE), certificates);
		if (sw == SW_OK)
			rc = chain.roles & ROLE_AUDITOR
				     ? auditor_certificate_check(&keys, signature, chain.host)
				     : RC_AUTH;
	}
	chain_reset(&chain);
	/* What the card itself could not do is no word on the certificate. */
	if (sw == SW_MEMORY_FAILURE || sw == SW_NOT_ENOUGH_MEMORY || sw == SW_NO_DIAGNOSIS)
		return sw;
	if (rc == RC_MEMORY || rc == RC_CRYPTO)
		return command_sw(rc);
	return sw == SW_OK && rc == RC_OK ? SW_OK : SW_REFERENCE_DATA_UNUSABLE;
}

/* The content key under the escrow key. */
static enum rc wrap(struct creation *n)
{
	EVP_PKEY *key;
	enum rc rc;

	if (!n->policy.escrow.len)
		return RC_OK;
	rc = ledger_escrow_key(n->policy.escrow, &key);
	if (rc != RC_OK)
		return rc;
	rc = rsa_encrypt(key, RSA_OAEP_SHA256, view_of(n->content_key, AES256_KEY), &n->wrapped);
	n->policy.wrapped = view_buf(&n->wrapped);
	EVP_PKEY_free(key);
	return rc;
}

uint16_t ledger_create(struct command *c)
{
	struct creation n = {.signer = NULL};
	uint16_t sw;
	enum rc rc;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	rc = take_policy(c->data, &n.policy);
	if (rc != RC_OK)
		return command_sw(rc);
	sw = check_proof(c, &n.policy);
	if (sw != SW_OK)
		return sw;
	buf_init(&n.wrapped, NVM_LEAF_MAX);
	rc = crypto_random(n.id, sizeof(n.id));
	if (rc == RC_OK)
		rc = crypto_random(n.content_key, sizeof(n.content_key));
	if (rc == RC_OK)
		rc = ed25519_generate(&n.signer);
	if (rc == RC_OK)
		rc = ed25519_public(n.signer, n.public_key);
	n.policy.public_key = view_of(n.public_key, ED25519_PUBLIC);
	if (rc == RC_OK)
		rc = wrap(&n);
	if (rc == RC_OK)
		rc = describe(&n.object, n.id, n.public_key, &n.policy);
	if (rc == RC_OK)
		rc = nvm_begin(c->nvm);
	if (rc == RC_OK)
		rc = command_commit(c->nvm, put_creation(c->nvm, &n));
	if (rc == RC_OK)
		rc = object_render(&n.object, c->answer);
	object_free(&n.object);
	EVP_PKEY_free(n.signer);
	buf_free(&n.wrapped);
	secret_wipe(n.content_key, sizeof(n.content_key));
	return command_sw(rc);
}
