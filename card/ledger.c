/* SPDX-License-Identifier: BSD-2-Clause */
/* CREATE LEDGER, SEAL, OPEN RECORD, LEDGER STATUS and LAST RECEIPT. */
#include <string.h>

#include "base/ledger_certificate.h"
#include "base/secret.h"
#include "base/tlv.h"
#include "card/instance.h"
#include "card/ledger_record.h"
#include "card/object.h"
#include "card/pin.h"
#include "card/ram.h"

enum { LEAVES_MAX = 65000 }; /* what fits into a protected answer */

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

static enum rc put_creation(struct nvm *nvm, struct creation *n)
{
	struct merkle_range range;
	struct token_state state;
	struct buf leaf;
	enum rc rc = token_load(nvm, &state);

	buf_init(&leaf, NVM_LEAF_MAX);
	if (rc == RC_OK)
		rc = object_give_number(&n->object, &state);
	if (rc == RC_OK)
		rc = object_put(nvm, &n->object, NULL);
	if (rc == RC_OK)
		rc = ledger_put(nvm, n->object.number, n->id, n->content_key, n->signer);
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

/* The label, and who may countersign and who may read, if anyone. */
static enum rc take_policy(struct view in, struct ledger_policy *policy)
{
	struct note_key auditor;
	enum rc rc = RC_OK;

	if (tlv_expect(&in, 0x80, &policy->label) != RC_OK || !policy->label.len ||
	    policy->label.len > LEDGER_LABEL_MAX)
		return RC_MALFORMED;
	if (tlv_is_next(in, 0x82)) {
		rc = tlv_expect(&in, 0x82, &policy->auditor);
		if (rc == RC_OK)
			rc = note_parse_cosigner(policy->auditor, &auditor);
	}
	if (rc == RC_OK && tlv_is_next(in, 0x83))
		rc = tlv_expect(&in, 0x83, &policy->escrow);
	return rc == RC_OK ? view_end(&in) : rc;
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

static uint16_t create(struct command *c)
{
	struct creation n = {.signer = NULL};
	enum rc rc;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	rc = take_policy(c->data, &n.policy);
	if (rc != RC_OK)
		return command_sw(rc);
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

/* A record on its way in. */
struct sealing {
	struct ledger *ledger;
	struct leaf_header header;
	struct view plaintext;
	struct merkle_range range; /* as it will be */
	struct receipt receipt;
	uint8_t note_array[LEDGER_NOTE_MAX];
	struct buf note;
	enum rc note_rc;
};

/* While the disk syncs. */
static void sign(void *arg)
{
	struct sealing *s = arg;
	uint8_t root[MERKLE_HASH];

	s->note_rc = merkle_root(&s->range, root);
	if (s->note_rc == RC_OK)
		s->note_rc = ledger_put_note(&s->ledger->key, s->ledger->signer, s->range.size,
					     root, &s->note);
}

/* Inside the transaction: the leaf goes to the answer and to card memory. */
static enum rc append(struct command *c, struct sealing *s)
{
	uint32_t series = ledger_series(s->ledger->number);
	const struct merkle_range *before = nvm_leaf_range(c->nvm, series);
	size_t start = c->answer->len;
	struct view leaf;
	enum rc rc;

	if (!before)
		return RC_DAMAGED;
	if (before->size >= LEDGER_RECORDS_MAX)
		return RC_STATE;
	s->header.index = before->size;
	s->header.card_counter = ledger_card_counter(c->nvm);
	s->receipt.index = before->size;
	merkle_prove_next(before, &s->receipt.proof);
	rc = ledger_seal(s->ledger, &s->header, s->plaintext, c->answer);
	if (rc != RC_OK)
		return rc;
	leaf = view_of(c->answer->data + start, c->answer->len - start);
	rc = merkle_leaf_hash(leaf, s->receipt.leaf_hash);
	return rc == RC_OK ? nvm_append(c->nvm, series, leaf, &s->range) : rc;
}

/* The record at index has this nonce: it is the same one, or something is wrong. */
static enum rc repeat(struct command *c, const struct sealing *s, uint64_t index)
{
	struct view header_bytes, plain, ciphertext, tag;
	struct leaf_header header;
	struct buf leaf, opened;
	enum rc rc;

	buf_init(&leaf, NVM_LEAF_MAX);
	buf_init(&opened, NVM_LEAF_MAX);
	rc = ledger_leaf(s->ledger, c->nvm, index, &leaf);
	if (rc == RC_OK)
		rc = ledger_open(s->ledger, view_buf(&leaf), &opened);
	if (rc == RC_OK)
		rc = leaf_parse(view_buf(&leaf), &header, &ciphertext, &tag);
	plain = view_buf(&opened);
	if (rc == RC_OK)
		rc = view_take(&plain, LEAF_HEADER_SIZE, &header_bytes);
	if (rc == RC_OK && (header.type != s->header.type || plain.len != s->plaintext.len ||
			    !secret_equal(plain.data, s->plaintext.data, plain.len)))
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = ledger_receipt(s->ledger, c->nvm, index, c->answer);
	buf_free(&opened);
	buf_free(&leaf);
	return rc;
}

static enum rc sync_window(struct command *c, struct ledger *ledger)
{
	enum rc rc = RC_OK;

	if (!ledger->window)
		rc = ledger_window_new(&ledger->window);
	if (rc == RC_OK)
		rc = ledger_window_sync(ledger->window, c->nvm, ledger_series(ledger->number));
	return rc;
}

/* Appends and commits, or finds the record that is there already. */
static enum rc seal_once(struct command *c, struct sealing *s)
{
	uint64_t index;
	enum rc rc = sync_window(c, s->ledger); /* most of it before the lock is taken */

	if (rc == RC_OK)
		rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return rc;
	rc = pin_is(c->nvm, c->channel, PIN_USER) ? sync_window(c, s->ledger) : RC_POLICY;
	if (rc == RC_OK)
		rc = ledger_window_find(s->ledger->window, s->header.client_nonce, &index);
	if (rc == RC_OK) {
		nvm_abort(c->nvm);
		return repeat(c, s, index);
	}
	if (rc == RC_NOT_FOUND)
		rc = append(c, s);
	if (rc != RC_OK) {
		nvm_abort(c->nvm);
		return rc;
	}
	rc = nvm_commit(c->nvm, sign, s);
	if (rc != RC_OK)
		return rc;
	ledger_window_add(s->ledger->window, s->header.index, s->header.client_nonce);
	s->receipt.note = view_buf(&s->note);
	return s->note_rc == RC_OK ? receipt_put(&s->receipt, c->answer) : s->note_rc;
}

static uint16_t seal(struct command *c)
{
	struct sealing s = {.note_rc = RC_CRYPTO};
	struct view in = c->data;
	uint32_t number;
	enum rc rc;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (view_u32(&in, &number) != RC_OK ||
	    view_copy(&in, s.header.client_nonce, LEDGER_NONCE) != RC_OK ||
	    view_u16(&in, &s.header.type) != RC_OK || view_u64(&in, &s.header.time_ms) != RC_OK ||
	    in.len > LEDGER_PLAINTEXT_MAX)
		return SW_WRONG_LENGTH;
	if (!s.header.type)
		return SW_WRONG_DATA;
	if (!pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	s.plaintext = in;
	buf_fixed(&s.note, s.note_array, sizeof(s.note_array));
	rc = ledger_cache_get(c->channel->ram->ledgers, c->nvm, number, &s.ledger);
	if (rc == RC_OK)
		rc = seal_once(c, &s);
	return command_sw(rc);
}

/* The leaf that the host sends must be the one that is stored. */
static enum rc check_own(const struct ledger *ledger, struct nvm *nvm, struct view sent)
{
	struct view ciphertext, tag;
	struct leaf_header header;
	struct buf stored;
	enum rc rc;

	if (leaf_parse(sent, &header, &ciphertext, &tag) != RC_OK)
		return RC_MALFORMED;
	buf_init(&stored, NVM_LEAF_MAX);
	rc = ledger_leaf(ledger, nvm, header.index, &stored);
	if (rc == RC_NOT_FOUND || (rc == RC_OK && !view_equal(view_buf(&stored), sent)))
		rc = RC_MALFORMED;
	buf_free(&stored);
	return rc;
}

static uint16_t open_sealed(struct command *c, const struct ledger *ledger, struct view leaf)
{
	enum rc rc = check_own(ledger, c->nvm, leaf);

	if (rc == RC_OK)
		rc = ledger_open(ledger, leaf, c->answer);
	return command_sw(rc);
}

static uint16_t open_index(struct command *c, const struct ledger *ledger, struct view in)
{
	struct buf leaf;
	uint64_t index;
	enum rc rc;

	if (view_u64(&in, &index) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	if (c->p1 == 2) {
		rc = ledger_leaf(ledger, c->nvm, index, c->answer);
		return rc == RC_NOT_FOUND ? SW_RECORD_NOT_FOUND : command_sw(rc);
	}
	buf_init(&leaf, NVM_LEAF_MAX);
	rc = ledger_leaf(ledger, c->nvm, index, &leaf);
	if (rc == RC_OK)
		rc = ledger_open(ledger, view_buf(&leaf), c->answer);
	buf_free(&leaf);
	return rc == RC_NOT_FOUND ? SW_RECORD_NOT_FOUND : command_sw(rc);
}

/* Leaves from an index on, as many as fit into the answer; one fits always. */
static uint16_t read_leaves(struct command *c, const struct ledger *ledger, struct view in)
{
	size_t max = c->le && c->le < LEAVES_MAX ? c->le : LEAVES_MAX, start = c->answer->len;
	bool fits = true, any = false;
	struct buf leaf;
	uint64_t index;
	enum rc rc = RC_OK;

	if (view_u64(&in, &index) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	buf_init(&leaf, NVM_LEAF_MAX);
	/* No more are read when none that is as long as the last one would fit. */
	while (rc == RC_OK && fits && c->answer->len - start + leaf.len <= max) {
		buf_reset(&leaf);
		rc = ledger_leaf(ledger, c->nvm, index++, &leaf);
		fits = c->answer->len - start + leaf.len <= max;
		if (rc == RC_OK && fits) {
			buf_view(c->answer, view_buf(&leaf));
			any = true;
		}
	}
	buf_free(&leaf);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return command_sw(rc);
	if (any)
		return SW_OK;
	return rc == RC_NOT_FOUND ? SW_RECORD_NOT_FOUND : SW_WRONG_LENGTH;
}

static uint16_t open_record(struct command *c)
{
	struct view in = c->data;
	struct ledger *ledger;
	uint32_t number;
	enum rc rc;

	if (c->p2 || c->p1 > 3)
		return SW_INCORRECT_P1P2;
	if (view_u32(&in, &number) != RC_OK)
		return SW_WRONG_LENGTH;
	if (c->p1 < 2 && !pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	rc = ledger_cache_get(c->channel->ram->ledgers, c->nvm, number, &ledger);
	if (rc != RC_OK)
		return command_sw(rc);
	if (c->p1 == 3)
		return read_leaves(c, ledger, in);
	return c->p1 == 1 ? open_sealed(c, ledger, in) : open_index(c, ledger, in);
}

static uint16_t take_ledger(struct command *c, uint8_t p1_max, struct ledger **ret)
{
	struct view in = c->data;
	uint32_t number;

	if (c->p1 > p1_max || c->p2)
		return SW_INCORRECT_P1P2;
	if (view_u32(&in, &number) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	return command_sw(ledger_cache_get(c->channel->ram->ledgers, c->nvm, number, ret));
}

/* The key pair of the card that vouches for ledgers: that of suite 42, whose signatures are PSS. */
static const struct card_key *card_key(const struct command *c)
{
	const struct identity *identity = c->card ? c->card->identity : NULL;

	for (size_t i = 0; identity && i < identity_key_count(identity); i++) {
		const struct card_key *key = identity_key_at(identity, i);

		if (key->suite == LEDGER_CERTIFICATE_SUITE)
			return key;
	}
	return NULL;
}

static uint16_t certificate(struct command *c, const struct ledger *ledger)
{
	const struct card_key *key = card_key(c);

	if (!key)
		return SW_CONDITIONS;
	return command_sw(ledger_certificate_put(&ledger->key, key->pkey,
						 view_buf(&key->certificate), c->answer));
}

static uint16_t status(struct command *c)
{
	uint8_t array[LEDGER_NOTE_MAX];
	struct ledger *ledger;
	struct buf note;
	uint16_t sw = take_ledger(c, 1, &ledger);
	enum rc rc;

	if (sw != SW_OK)
		return sw;
	if (c->p1 == 1)
		return certificate(c, ledger);
	buf_fixed(&note, array, sizeof(array));
	rc = ledger_note(ledger, c->nvm, &note);
	if (rc == RC_OK) {
		tlv_put_u64(c->answer, 0x80, nvm_leaf_count(c->nvm, ledger_series(ledger->number)));
		tlv_put(c->answer, 0x81, view_buf(&note));
		rc = buf_rc(c->answer);
	}
	return command_sw(rc);
}

static uint16_t last_receipt(struct command *c)
{
	struct ledger *ledger;
	uint64_t count;
	uint16_t sw;

	if (!pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	sw = take_ledger(c, 0, &ledger);
	if (sw != SW_OK)
		return sw;
	count = nvm_leaf_count(c->nvm, ledger_series(ledger->number));
	if (count < 2)
		return SW_RECORD_NOT_FOUND;
	return command_sw(ledger_receipt(ledger, c->nvm, count - 1, c->answer));
}

const struct command_row ledger_commands[] = {
	{0x80, 0xD0, STATE_SESSION, ROLE_ISSUER, true, create, "CREATE LEDGER"},
	{0x80, 0xD2, STATE_USER, ROLE_USER, true, seal, "SEAL"},
	{0x80, 0xD4, STATE_SESSION, ROLE_USER | ROLE_AUDITOR, true, open_record, "OPEN RECORD"},
	{0x80, 0xD6, STATE_SESSION, ROLE_ALL, true, status, "LEDGER STATUS"},
	{0x80, 0xDC, STATE_USER, ROLE_USER, true, last_receipt, "LAST RECEIPT"},
	{.handler = NULL},
};
