/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves, receipts and names of sealed ledgers. */
#include "base/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/cryptoki.h"
#include "base/intaglio.h"
#include "base/tlv.h"

enum {
	LEAF_VERSION = 1, /* of a whole one */
	TAG_APPEND = 0x90,
	TAG_READ,
	TAG_PRUNE,
	TAG_CAPACITY,
	TAG_RECORD_MAX,
	TAG_COSIGNED,
	TAG_PROOF,
};

static_assert(LEDGER_OVERHEAD <= CK_INTAGLIO_SEAL_OVERHEAD, "the bound of the public header");

void ledger_origin(const uint8_t id[LEDGER_ID], char ret[LEDGER_ORIGIN + 1])
{
	int at = snprintf(ret, LEDGER_ORIGIN + 1, "intaglio/ledger/");

	for (size_t i = 0; i < LEDGER_ID; i++)
		snprintf(ret + at + 2 * i, 3, "%02x", id[i]);
}

enum rc ledger_key(const uint8_t id[LEDGER_ID], const uint8_t public_key[ED25519_PUBLIC],
		   struct note_key *ret)
{
	char origin[LEDGER_ORIGIN + 1];

	ledger_origin(id, origin);
	return note_key_make(origin, public_key, ret);
}

enum rc ledger_put_note(const struct note_key *key, EVP_PKEY *private_key, uint64_t size,
			const uint8_t root[MERKLE_HASH], struct buf *out)
{
	uint8_t array[LEDGER_NOTE_MAX];
	struct checkpoint c = {.origin = view_str(key->name), .size = size};
	struct view hash = view_of(root, MERKLE_HASH);
	struct buf text;

	buf_fixed(&text, array, sizeof(array));
	if (view_copy(&hash, c.root, MERKLE_HASH) != RC_OK)
		return RC_ARGUMENT;
	note_put_checkpoint(&text, &c);
	if (buf_rc(&text) != RC_OK)
		return buf_rc(&text);
	return note_sign(view_buf(&text), key, private_key, out);
}

void ledger_default_rules(struct ledger_rules *ret, bool has_auditor)
{
	*ret = (struct ledger_rules){
		.append = ROLE_USER,
		.read = ROLE_USER | ROLE_AUDITOR,
		.prune = ROLE_ISSUER,
		.record_max = LEDGER_PLAINTEXT_MAX,
		.cosigned = has_auditor,
	};
}

void ledger_put_rules(struct buf *b, const struct ledger_rules *rules, bool has_auditor)
{
	struct ledger_rules usual;

	ledger_default_rules(&usual, has_auditor);
	if (rules->append != usual.append)
		tlv_put_u8(b, TAG_APPEND, (uint8_t)rules->append);
	if (rules->read != usual.read)
		tlv_put_u8(b, TAG_READ, (uint8_t)rules->read);
	if (rules->prune != usual.prune)
		tlv_put_u8(b, TAG_PRUNE, (uint8_t)rules->prune);
	if (rules->capacity != usual.capacity)
		tlv_put_u64(b, TAG_CAPACITY, rules->capacity);
	if (rules->record_max != usual.record_max)
		tlv_put_u32(b, TAG_RECORD_MAX, rules->record_max);
	if (rules->cosigned != usual.cosigned)
		tlv_put_u8(b, TAG_COSIGNED, rules->cosigned);
}

static enum rc take_roles(struct view *in, uint32_t tag, unsigned int *ret)
{
	uint8_t roles;

	if (!tlv_is_next(*in, tag))
		return RC_OK;
	if (tlv_copy(in, tag, &roles, 1) != RC_OK || roles > ROLE_ALL)
		return RC_MALFORMED;
	*ret = roles;
	return RC_OK;
}

static enum rc take_limits(struct view *in, struct ledger_rules *ret)
{
	struct view value;

	if (tlv_is_next(*in, TAG_CAPACITY) &&
	    (tlv_expect(in, TAG_CAPACITY, &value) != RC_OK ||
	     view_u64(&value, &ret->capacity) != RC_OK || value.len || !ret->capacity))
		return RC_MALFORMED;
	if (tlv_is_next(*in, TAG_RECORD_MAX) &&
	    (tlv_expect(in, TAG_RECORD_MAX, &value) != RC_OK ||
	     view_u32(&value, &ret->record_max) != RC_OK || value.len || !ret->record_max ||
	     ret->record_max > LEDGER_PLAINTEXT_MAX))
		return RC_MALFORMED;
	return RC_OK;
}

enum rc ledger_take_rules(struct view *in, bool has_auditor, struct ledger_rules *ret)
{
	struct ledger_rules rules;
	uint8_t cosigned = has_auditor;

	ledger_default_rules(&rules, has_auditor);
	if (take_roles(in, TAG_APPEND, &rules.append) != RC_OK ||
	    take_roles(in, TAG_READ, &rules.read) != RC_OK ||
	    take_roles(in, TAG_PRUNE, &rules.prune) != RC_OK || take_limits(in, &rules) != RC_OK ||
	    (tlv_is_next(*in, TAG_COSIGNED) && tlv_copy(in, TAG_COSIGNED, &cosigned, 1) != RC_OK))
		return RC_MALFORMED;
	/* A ledger that nobody may write to, or that waits for a countersignature of nobody. */
	if (!rules.append || cosigned > 1 || (cosigned && !has_auditor))
		return RC_MALFORMED;
	rules.cosigned = cosigned;
	*ret = rules;
	return RC_OK;
}

void ledger_put_policy(struct buf *b, const struct ledger_policy *policy)
{
	tlv_put(b, 0x80, policy->label);
	tlv_put(b, 0x81, policy->public_key);
	if (policy->auditor.len)
		tlv_put(b, 0x82, policy->auditor);
	if (policy->escrow.len) {
		tlv_put(b, 0x83, policy->escrow);
		tlv_put(b, 0x84, policy->wrapped);
	}
	ledger_put_rules(b, &policy->rules, policy->auditor.len > 0);
	if (policy->proof.len)
		tlv_put(b, TAG_PROOF, policy->proof);
}

/* The tag of the next data object, 0 if there is none. */
static uint32_t tag_of(struct view in)
{
	struct view value;
	uint32_t tag;

	return tlv_next(&in, &tag, &value) == RC_OK ? tag : 0;
}

enum rc ledger_parse_policy(struct view body, struct ledger_policy *ret)
{
	struct ledger_policy p = {.label = {NULL, 0}};
	struct view value;
	uint32_t tag, last = 0x81;
	bool has_rules = false;

	if (tlv_expect(&body, 0x80, &p.label) != RC_OK ||
	    tlv_expect(&body, 0x81, &p.public_key) != RC_OK || !p.label.len ||
	    p.label.len > LEDGER_LABEL_MAX || p.public_key.len != ED25519_PUBLIC)
		return RC_MALFORMED;
	while (body.len) {
		if (tag_of(body) >= TAG_APPEND && !has_rules) {
			has_rules = true;
			if (ledger_take_rules(&body, p.auditor.len > 0, &p.rules) != RC_OK)
				return RC_MALFORMED;
			last = TAG_COSIGNED;
			continue;
		}
		if (tlv_next(&body, &tag, &value) != RC_OK || tag <= last)
			return RC_MALFORMED;
		last = tag;
		if (tag == 0x82)
			p.auditor = value;
		else if (tag == 0x83)
			p.escrow = value;
		else if (tag == 0x84)
			p.wrapped = value;
		else if (tag == TAG_PROOF)
			p.proof = value;
	}
	if (!p.escrow.len != !p.wrapped.len || (p.proof.len && !p.auditor.len))
		return RC_MALFORMED;
	if (!has_rules)
		ledger_default_rules(&p.rules, p.auditor.len > 0);
	*ret = p;
	return RC_OK;
}

enum rc ledger_escrow_key(struct view modulus, EVP_PKEY **ret)
{
	static const uint8_t f4[] = {0x01, 0x00, 0x01};
	EVP_PKEY *key;
	enum rc rc = rsa_public(modulus, view_of(f4, sizeof(f4)), &key);

	if (rc != RC_OK)
		return rc;
	if (rsa_bits(key) < 2048 || rsa_size(key) != modulus.len) {
		EVP_PKEY_free(key);
		return RC_MALFORMED;
	}
	*ret = key;
	return RC_OK;
}

size_t leaf_header_size(enum leaf_part part)
{
	return LEAF_HEADER_SIZE + (part == LEAF_REST ? MERKLE_HASH : 0);
}

void leaf_put_header(struct buf *b, const struct leaf_header *h)
{
	buf_u8(b, (uint8_t)(LEAF_VERSION + h->part));
	buf_put(b, h->ledger, LEDGER_ID);
	buf_u64(b, h->index);
	buf_u64(b, h->card_counter);
	buf_u64(b, h->time_ms);
	buf_u16(b, h->type);
	buf_put(b, h->client_nonce, LEDGER_NONCE);
	buf_put(b, h->nonce, GCM_NONCE);
	buf_u32(b, h->length);
	if (h->part == LEAF_REST)
		buf_put(b, h->first, MERKLE_HASH);
}

enum rc leaf_take_header(struct view *in, struct leaf_header *h)
{
	uint8_t version;

	memset(h, 0, sizeof(*h));
	if (view_u8(in, &version) != RC_OK || version < LEAF_VERSION ||
	    version > LEAF_VERSION + LEAF_REST || view_copy(in, h->ledger, LEDGER_ID) != RC_OK ||
	    view_u64(in, &h->index) != RC_OK || view_u64(in, &h->card_counter) != RC_OK ||
	    view_u64(in, &h->time_ms) != RC_OK || view_u16(in, &h->type) != RC_OK ||
	    view_copy(in, h->client_nonce, LEDGER_NONCE) != RC_OK ||
	    view_copy(in, h->nonce, GCM_NONCE) != RC_OK || view_u32(in, &h->length) != RC_OK ||
	    (version == LEAF_VERSION + LEAF_REST && view_copy(in, h->first, MERKLE_HASH) != RC_OK))
		return RC_MALFORMED;
	h->part = (enum leaf_part)(version - LEAF_VERSION);
	return RC_OK;
}

/* Takes a header and what it announces from the front of in. */
static enum rc take(struct view *in, struct leaf_header *h, struct view *ciphertext,
		    struct view *tag)
{
	if (leaf_take_header(in, h) != RC_OK || view_take(in, h->length, ciphertext) != RC_OK ||
	    view_take(in, GCM_TAG, tag) != RC_OK)
		return RC_MALFORMED;
	return RC_OK;
}

enum rc leaf_parse(struct view leaf, struct leaf_header *ret_header, struct view *ret_ciphertext,
		   struct view *ret_tag)
{
	struct leaf_header header;
	struct view ciphertext, tag;

	if (take(&leaf, &header, &ciphertext, &tag) != RC_OK || view_end(&leaf) != RC_OK)
		return RC_MALFORMED;
	*ret_header = header;
	*ret_ciphertext = ciphertext;
	*ret_tag = tag;
	return RC_OK;
}

enum rc leaf_take(struct view *in, struct view *ret_leaf)
{
	struct view rest = *in, ciphertext, tag;
	struct leaf_header header;

	if (take(&rest, &header, &ciphertext, &tag) != RC_OK)
		return RC_MALFORMED;
	return view_take(in, in->len - rest.len, ret_leaf);
}

enum rc leaf_check_rest(struct view first, const struct leaf_header *a, const struct leaf_header *b)
{
	uint8_t hash[MERKLE_HASH];
	enum rc rc = merkle_leaf_hash(first, hash);

	if (rc != RC_OK)
		return rc;
	if (a->part != LEAF_FIRST || b->part != LEAF_REST || a->length != LEAF_FIRST_BYTES ||
	    b->length <= LEAF_PLAINTEXT_MAX - LEAF_FIRST_BYTES ||
	    b->length > LEDGER_PLAINTEXT_MAX - LEAF_FIRST_BYTES || b->index != a->index + 1 ||
	    b->card_counter != a->card_counter + 1 || b->time_ms != a->time_ms ||
	    b->type != a->type ||
	    !view_equal(view_of(a->ledger, LEDGER_ID), view_of(b->ledger, LEDGER_ID)) ||
	    !view_equal(view_of(a->client_nonce, LEDGER_NONCE),
			view_of(b->client_nonce, LEDGER_NONCE)) ||
	    !view_equal(view_of(hash, MERKLE_HASH), view_of(b->first, MERKLE_HASH)))
		return RC_MALFORMED;
	return RC_OK;
}

enum rc sealed_take(struct view *in, struct sealed_record *ret)
{
	struct sealed_record r = {.rest = {NULL, 0}};
	struct view left = *in, ciphertext, tag;
	struct leaf_header rest;
	enum rc rc = leaf_take(&left, &r.first);

	if (rc == RC_OK)
		rc = leaf_parse(r.first, &r.header, &ciphertext, &tag);
	if (rc == RC_OK && r.header.part == LEAF_REST)
		rc = RC_MALFORMED;
	if (rc == RC_OK && r.header.part == LEAF_FIRST) {
		rc = leaf_take(&left, &r.rest);
		if (rc == RC_OK)
			rc = leaf_parse(r.rest, &rest, &ciphertext, &tag);
		if (rc == RC_OK)
			rc = leaf_check_rest(r.first, &r.header, &rest);
		if (rc == RC_OK)
			r.header.length += rest.length;
	}
	if (rc == RC_OK)
		rc = view_take(in, in->len - left.len, &r.both);
	if (rc == RC_OK)
		*ret = r;
	return rc;
}

enum rc receipt_put(const struct receipt *receipt, struct buf *out)
{
	if (receipt->proof.count > MERKLE_PROOF_MAX)
		return RC_ARGUMENT;
	buf_u64(out, receipt->index);
	buf_put(out, receipt->leaf_hash, MERKLE_HASH);
	buf_u8(out, (uint8_t)receipt->proof.count);
	buf_put(out, receipt->proof.hash, receipt->proof.count * MERKLE_HASH);
	buf_view(out, receipt->note);
	return buf_rc(out);
}

enum rc receipt_parse(struct view bytes, struct receipt *ret)
{
	struct receipt r = {.index = 0};
	uint8_t count;

	if (view_u64(&bytes, &r.index) != RC_OK ||
	    view_copy(&bytes, r.leaf_hash, MERKLE_HASH) != RC_OK ||
	    view_u8(&bytes, &count) != RC_OK || count > LEDGER_PATH_MAX ||
	    view_copy(&bytes, r.proof.hash, (size_t)count * MERKLE_HASH) != RC_OK || !bytes.len ||
	    bytes.len > NOTE_MAX)
		return RC_MALFORMED;
	r.proof.count = count;
	r.note = bytes;
	*ret = r;
	return RC_OK;
}

static enum rc check_hash(const struct receipt *r, struct view leaf)
{
	uint8_t hash[MERKLE_HASH];
	enum rc rc = merkle_leaf_hash(leaf, hash);

	if (rc == RC_OK &&
	    !view_equal(view_of(hash, MERKLE_HASH), view_of(r->leaf_hash, MERKLE_HASH)))
		rc = RC_AUTH;
	return rc;
}

/* That a leaf, or two, is what the receipt is for, in the ledger of this origin. */
static enum rc check_leaf(const struct receipt *r, struct view leaf, struct view ledger)
{
	char origin[LEDGER_ORIGIN + 1];
	struct sealed_record record;
	struct view whole;
	uint64_t index;
	enum rc rc;

	if (r->index == 0)
		return check_hash(r, leaf);
	whole = leaf;
	rc = sealed_take(&leaf, &record);
	if (rc == RC_OK)
		rc = view_end(&leaf);
	if (rc == RC_MALFORMED && check_hash(r, whole) != RC_OK)
		rc = RC_AUTH;
	if (rc != RC_OK)
		return rc;
	rc = check_hash(r, record.rest.len ? record.rest : record.first);
	if (rc != RC_OK)
		return rc;
	index = record.header.index + (record.rest.len ? 1 : 0);
	ledger_origin(record.header.ledger, origin);
	if (index != r->index || !view_equal(ledger, view_str(origin)))
		return RC_AUTH;
	return RC_OK;
}

enum rc receipt_verify(struct view bytes, struct view leaf, struct view verifier_key)
{
	struct checkpoint checkpoint;
	struct note_key key;
	struct receipt r;
	struct view text;
	enum rc rc;

	if (receipt_parse(bytes, &r) != RC_OK)
		return RC_MALFORMED;
	rc = note_parse_key(verifier_key, &key);
	if (rc == RC_OK)
		rc = note_open(r.note, &key, &text);
	if (rc == RC_OK)
		rc = note_parse_checkpoint(text, &checkpoint);
	if (rc != RC_OK)
		return rc;
	if (!view_equal(checkpoint.origin, view_str(key.name)))
		return RC_AUTH;
	rc = merkle_verify_inclusion(&r.proof, r.index, checkpoint.size, r.leaf_hash,
				     checkpoint.root);
	if (rc == RC_OK && leaf.len)
		rc = check_leaf(&r, leaf, checkpoint.origin);
	return rc;
}
