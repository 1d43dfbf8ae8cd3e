/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves and receipts: round trips, bounds, and everything that must not verify. */
#include "base/ledger.h"

#include <string.h>

#include "base/cryptoki.h"
#include "base/intaglio.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

enum { RECORDS = 11 };

static EVP_PKEY *private_key;
static struct note_key key;
static struct buf verifier_key, leaves[RECORDS], receipts[RECORDS];

static const struct leaf_header sample = {
	.ledger = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC,
		   0xDD, 0xEE, 0xFF},
	.index = 0x0102030405060708,
	.card_counter = 0x1112131415161718,
	.time_ms = 0x2122232425262728,
	.type = 0x3132,
	.client_nonce = {0x40, 0x41},
	.nonce = {0x50, 0x51},
	.length = 5,
};

/* A ledger of a few records, each with the receipt a card would give at once. */
static int make_ledger(void)
{
	struct merkle_range range = {.size = 0};
	uint8_t public_key[ED25519_PUBLIC], root[MERKLE_HASH];

	if (ed25519_generate(&private_key) != RC_OK ||
	    ed25519_public(private_key, public_key) != RC_OK ||
	    ledger_key(sample.ledger, public_key, &key) != RC_OK)
		return 1;
	buf_init(&verifier_key, NOTE_KEY_MAX);
	note_put_key(&verifier_key, &key);
	for (size_t i = 0; i < RECORDS; i++) {
		struct leaf_header header = sample;
		struct receipt receipt = {.index = i};
		struct buf note;

		buf_init(&leaves[i], 4096);
		buf_init(&receipts[i], RECEIPT_MAX);
		buf_init(&note, LEDGER_NOTE_MAX);
		header.index = i;
		leaf_put_header(&leaves[i], &header);
		buf_str(&leaves[i], "12345");
		buf_str(&leaves[i], "the tag, 16 byte");
		merkle_prove_next(&range, &receipt.proof);
		if (merkle_leaf_hash(view_buf(&leaves[i]), receipt.leaf_hash) != RC_OK ||
		    merkle_append(&range, receipt.leaf_hash) != RC_OK ||
		    merkle_root(&range, root) != RC_OK ||
		    ledger_put_note(&key, private_key, range.size, root, &note) != RC_OK)
			return 1;
		receipt.note = view_buf(&note);
		if (receipt_put(&receipt, &receipts[i]) != RC_OK)
			return 1;
		buf_free(&note);
	}
	return 0;
}

static int free_ledger(void)
{
	for (size_t i = 0; i < RECORDS; i++) {
		buf_free(&leaves[i]);
		buf_free(&receipts[i]);
	}
	buf_free(&verifier_key);
	EVP_PKEY_free(private_key);
	return 0;
}

static enum rc verify(size_t receipt, size_t leaf)
{
	return receipt_verify(view_buf(&receipts[receipt]), view_buf(&leaves[leaf]),
			      view_buf(&verifier_key));
}

static void a_leaf_header_has_the_documented_bytes(void)
{
	struct buf b;

	buf_init(&b, 256);
	leaf_put_header(&b, &sample);
	CU_ASSERT_EQUAL(b.len, LEAF_HEADER_SIZE);
	CU_ASSERT(view_equal(view_buf(&b), hex("01 00112233445566778899AABBCCDDEEFF"
					       "0102030405060708 1112131415161718"
					       "2122232425262728 3132"
					       "40410000000000000000000000000000"
					       "505100000000000000000000 00000005")));
	buf_free(&b);
}

static void a_leaf_is_taken_apart_and_no_other_length_is(void)
{
	struct buf b;
	struct leaf_header h;
	struct view ciphertext, tag, in, leaf;

	buf_init(&b, 256);
	leaf_put_header(&b, &sample);
	buf_str(&b, "12345");
	buf_str(&b, "0123456789abcdef");
	CU_ASSERT_EQUAL(b.len, 5 + LEAF_OVERHEAD);
	CU_ASSERT_EQUAL_FATAL(leaf_parse(view_buf(&b), &h, &ciphertext, &tag), RC_OK);
	CU_ASSERT_EQUAL(h.index, sample.index);
	CU_ASSERT_EQUAL(h.card_counter, sample.card_counter);
	CU_ASSERT_EQUAL(h.time_ms, sample.time_ms);
	CU_ASSERT_EQUAL(h.type, sample.type);
	CU_ASSERT_EQUAL(h.length, 5);
	CU_ASSERT(view_equal(view_of(h.ledger, 16), view_of(sample.ledger, 16)));
	CU_ASSERT(view_equal(view_of(h.client_nonce, 16), view_of(sample.client_nonce, 16)));
	CU_ASSERT(view_equal(view_of(h.nonce, 12), view_of(sample.nonce, 12)));
	CU_ASSERT(view_equal(ciphertext, view_str("12345")));
	CU_ASSERT(view_equal(tag, view_str("0123456789abcdef")));
	for (size_t len = 0; len < b.len; len++) {
		in = view_of(b.data, len);
		CU_ASSERT_EQUAL(leaf_parse(in, &h, &ciphertext, &tag), RC_MALFORMED);
		CU_ASSERT_EQUAL(leaf_take(&in, &leaf), RC_MALFORMED);
		CU_ASSERT_EQUAL(in.len, len);
	}
	buf_str(&b, "receipt");
	CU_ASSERT_EQUAL(leaf_parse(view_buf(&b), &h, &ciphertext, &tag), RC_MALFORMED);
	in = view_buf(&b);
	CU_ASSERT_EQUAL(leaf_take(&in, &leaf), RC_OK);
	CU_ASSERT_EQUAL(leaf.len, 5 + LEAF_OVERHEAD);
	CU_ASSERT(view_equal(in, view_str("receipt")));
	for (unsigned int version = 0; version < 256; version++) {
		b.data[0] = (uint8_t)version;
		CU_ASSERT_EQUAL(leaf_parse(leaf, &h, &ciphertext, &tag) == RC_OK,
				version == 1 || version == 2);
	}
	buf_free(&b);
}

/* The two leaves of a record; which of their fields differ, if any, and from where. */
static void put_long(struct buf *out,
		     void (*change)(struct leaf_header *first, struct leaf_header *rest))
{
	static const uint8_t bytes[LEAF_FIRST_BYTES + 1];
	struct leaf_header first = sample, rest;

	first.part = LEAF_FIRST;
	first.index = 1;
	first.length = LEAF_FIRST_BYTES;
	rest = first;
	rest.part = LEAF_REST;
	rest.index++;
	rest.card_counter++;
	rest.length = LEDGER_PLAINTEXT_MAX - LEAF_FIRST_BYTES;
	if (change)
		change(&first, &rest);
	leaf_put_header(out, &first);
	buf_put(out, bytes, first.length);
	buf_str(out, "the tag, 16 byte");
	CU_ASSERT_EQUAL(merkle_leaf_hash(view_buf(out), rest.first), RC_OK);
	leaf_put_header(out, &rest);
	buf_put(out, bytes, rest.length);
	buf_str(out, "the tag, 16 byte");
}

static void other_ledger(struct leaf_header *first, struct leaf_header *rest)
{
	(void)first;
	rest->ledger[15] ^= 1;
}

static void other_index(struct leaf_header *first, struct leaf_header *rest)
{
	rest->index = first->index;
}

static void other_counter(struct leaf_header *first, struct leaf_header *rest)
{
	rest->card_counter = first->card_counter + 2;
}

static void other_time(struct leaf_header *first, struct leaf_header *rest)
{
	rest->time_ms = first->time_ms + 1;
}

static void other_type(struct leaf_header *first, struct leaf_header *rest)
{
	rest->type = first->type ^ 1;
}

static void other_nonce(struct leaf_header *first, struct leaf_header *rest)
{
	(void)first;
	rest->client_nonce[15] ^= 1;
}

static void short_rest(struct leaf_header *first, struct leaf_header *rest)
{
	(void)first;
	rest->length = LEAF_PLAINTEXT_MAX - LEAF_FIRST_BYTES;
}

static void long_rest(struct leaf_header *first, struct leaf_header *rest)
{
	(void)first;
	rest->length++;
}

static void short_first(struct leaf_header *first, struct leaf_header *rest)
{
	(void)rest;
	first->length--;
}

static void two_firsts(struct leaf_header *first, struct leaf_header *rest)
{
	rest->part = first->part;
}

static void whole_first(struct leaf_header *first, struct leaf_header *rest)
{
	(void)rest;
	first->part = LEAF_WHOLE;
}

static void two_rests(struct leaf_header *first, struct leaf_header *rest)
{
	first->part = rest->part;
}

static void two_leaves_are_one_record_only_if_they_belong_together(void)
{
	static void (*const changes[])(struct leaf_header *, struct leaf_header *) = {
		other_ledger, other_index, other_counter, other_time, other_type, other_nonce,
		short_rest,   long_rest,   short_first,   two_firsts, two_rests};
	struct sealed_record record;
	struct view in;
	struct buf b;
	size_t end;

	buf_init(&b, 70000);
	put_long(&b, NULL);
	end = b.len;
	buf_str(&b, "receipt");
	in = view_buf(&b);
	CU_ASSERT_EQUAL_FATAL(sealed_take(&in, &record), RC_OK);
	CU_ASSERT(view_equal(in, view_str("receipt")));
	CU_ASSERT_EQUAL(record.header.length, LEDGER_PLAINTEXT_MAX);
	CU_ASSERT_EQUAL(record.header.index, 1);
	CU_ASSERT_EQUAL(record.both.len, end);
	CU_ASSERT_EQUAL(record.first.len + record.rest.len, end);
	/* All of the headers, and some of the bytes; the tag of the second belongs to nothing here. */
	for (size_t at = 0; at < end - 16; at += at % 32859 < 200 ? 1 : 997) {
		b.data[at] ^= 1;
		in = view_buf(&b);
		if (at < record.first.len || at < record.first.len + 107)
			CU_ASSERT(sealed_take(&in, &record) != RC_OK ||
				  (at >= record.first.len + 1 + 16 + 8 + 8 + 8 + 2 + 16 &&
				   at < record.first.len + 1 + 16 + 8 + 8 + 8 + 2 + 16 + 12));
		b.data[at] ^= 1;
	}
	for (size_t len = 0; len < end; len += len % 32859 < 200 ? 1 : 997) {
		in = view_of(b.data, len);
		CU_ASSERT_EQUAL(sealed_take(&in, &record), RC_MALFORMED);
		CU_ASSERT_EQUAL(in.len, len);
	}
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		buf_reset(&b);
		put_long(&b, changes[i]);
		in = view_buf(&b);
		CU_ASSERT_EQUAL(sealed_take(&in, &record), RC_MALFORMED);
	}
	/* The first alone is a record by its version: the second then follows as nobody's. */
	buf_reset(&b);
	put_long(&b, whole_first);
	in = view_buf(&b);
	CU_ASSERT_EQUAL(sealed_take(&in, &record), RC_OK);
	CU_ASSERT_EQUAL(record.rest.len, 0);
	CU_ASSERT_EQUAL(sealed_take(&in, &record), RC_MALFORMED);
	buf_free(&b);
}

static void a_length_that_overflows_is_malformed(void)
{
	struct leaf_header h = sample;
	struct view ciphertext, tag;
	struct buf b;

	h.length = UINT32_MAX;
	buf_init(&b, 256);
	leaf_put_header(&b, &h);
	buf_str(&b, "0123456789abcdef");
	CU_ASSERT_EQUAL(leaf_parse(view_buf(&b), &h, &ciphertext, &tag), RC_MALFORMED);
	buf_free(&b);
}

static void the_origin_names_the_ledger(void)
{
	char origin[LEDGER_ORIGIN + 1];

	ledger_origin(sample.ledger, origin);
	CU_ASSERT_STRING_EQUAL(origin, "intaglio/ledger/00112233445566778899aabbccddeeff");
	CU_ASSERT_EQUAL(strlen(origin), LEDGER_ORIGIN);
	CU_ASSERT_STRING_EQUAL(key.name, origin);
}

static void every_receipt_verifies_with_its_leaf_and_without(void)
{
	for (size_t i = 0; i < RECORDS; i++) {
		CU_ASSERT_EQUAL(verify(i, i), RC_OK);
		CU_ASSERT_EQUAL(receipt_verify(view_buf(&receipts[i]), view_of(NULL, 0),
					       view_buf(&verifier_key)),
				RC_OK);
		for (size_t k = 0; k < RECORDS; k++) {
			if (k != i)
				CU_ASSERT_EQUAL(verify(i, k), RC_AUTH);
		}
	}
}

static void every_flipped_bit_of_receipt_or_leaf_is_refused(void)
{
	struct buf *parts[] = {&receipts[6], &leaves[6], &verifier_key};

	for (size_t p = 0; p < 3; p++) {
		size_t accepted = 0;

		for (size_t bit = 0; bit < 8 * parts[p]->len; bit++) {
			parts[p]->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			accepted += verify(6, 6) == RC_OK;
			parts[p]->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		CU_ASSERT_EQUAL(accepted, 0);
	}
	CU_ASSERT_EQUAL(verify(6, 6), RC_OK);
}

static void every_truncation_of_receipt_or_leaf_is_refused(void)
{
	struct view receipt = view_buf(&receipts[6]), leaf = view_buf(&leaves[6]);
	struct view text = view_buf(&verifier_key);
	struct receipt r;

	for (size_t len = 0; len < receipt.len; len++)
		CU_ASSERT_NOT_EQUAL(receipt_verify(view_of(receipt.data, len), leaf, text), RC_OK);
	for (size_t len = 0; len < 8 + MERKLE_HASH + 1 + 2 * MERKLE_HASH; len++)
		CU_ASSERT_EQUAL(receipt_parse(view_of(receipt.data, len), &r), RC_MALFORMED);
	/* A leaf of no bytes means that none is given. */
	for (size_t len = 1; len < leaf.len; len++)
		CU_ASSERT_EQUAL(receipt_verify(receipt, view_of(leaf.data, len), text), RC_AUTH);
}

static void a_receipt_of_another_ledger_is_refused(void)
{
	struct note_key other;
	uint8_t id[LEDGER_ID] = {9};
	struct buf text;

	buf_init(&text, NOTE_KEY_MAX);
	CU_ASSERT_EQUAL(ledger_key(id, key.public_key, &other), RC_OK);
	note_put_key(&text, &other);
	CU_ASSERT_EQUAL(receipt_verify(view_buf(&receipts[3]), view_of(NULL, 0), view_buf(&text)),
			RC_AUTH);
	CU_ASSERT_EQUAL(receipt_verify(view_buf(&receipts[3]), view_of(NULL, 0), view_str("key")),
			RC_MALFORMED);
	buf_free(&text);
}

/* Signed by the right key, about something else. */
static enum rc verify_signed(const char *origin, const struct leaf_header *header)
{
	struct merkle_range range = {.size = 0};
	struct checkpoint c = {.origin = view_str(origin)};
	struct receipt receipt = {.index = 1};
	struct buf leaf, text, note, bytes;
	enum rc rc;

	buf_init(&leaf, 256);
	buf_init(&text, 256);
	buf_init(&note, 512);
	buf_init(&bytes, RECEIPT_MAX);
	leaf_put_header(&leaf, header);
	buf_str(&leaf, "12345the tag, 16 byte");
	CU_ASSERT_EQUAL(merkle_append(&range, receipt.leaf_hash), RC_OK);
	merkle_prove_next(&range, &receipt.proof);
	CU_ASSERT_EQUAL(merkle_leaf_hash(view_buf(&leaf), receipt.leaf_hash), RC_OK);
	CU_ASSERT_EQUAL(merkle_append(&range, receipt.leaf_hash), RC_OK);
	CU_ASSERT_EQUAL(merkle_root(&range, c.root), RC_OK);
	c.size = range.size;
	note_put_checkpoint(&text, &c);
	CU_ASSERT_EQUAL(note_sign(view_buf(&text), &key, private_key, &note), RC_OK);
	receipt.note = view_buf(&note);
	CU_ASSERT_EQUAL(receipt_put(&receipt, &bytes), RC_OK);
	rc = receipt_verify(view_buf(&bytes), view_buf(&leaf), view_buf(&verifier_key));
	buf_free(&leaf);
	buf_free(&text);
	buf_free(&note);
	buf_free(&bytes);
	return rc;
}

static void what_the_key_signed_must_be_about_this_ledger_and_index(void)
{
	struct leaf_header header = sample;

	header.index = 1;
	CU_ASSERT_EQUAL(verify_signed(key.name, &header), RC_OK);
	CU_ASSERT_EQUAL(verify_signed("intaglio/ledger/other", &header), RC_AUTH);
	header.index = 2;
	CU_ASSERT_EQUAL(verify_signed(key.name, &header), RC_AUTH);
	header.index = 1;
	header.ledger[0] ^= 1;
	CU_ASSERT_EQUAL(verify_signed(key.name, &header), RC_AUTH);
	header = sample;
	header.index = 1;
	header.length = 4;
	CU_ASSERT_EQUAL(verify_signed(key.name, &header), RC_MALFORMED);
}

/* The record before the last possible one has the longest proof, the last the longest number. */
static void the_overhead_holds_for_the_fullest_ledger(void)
{
	struct merkle_range range = {.size = LEDGER_RECORDS_MAX - 1};
	uint8_t root[MERKLE_HASH] = {0}, hash[MERKLE_HASH] = {7};
	struct receipt receipt = {.index = LEDGER_RECORDS_MAX - 1};
	struct buf note, bytes;

	merkle_prove_next(&range, &receipt.proof);
	CU_ASSERT_EQUAL(receipt.proof.count, LEDGER_PATH_MAX);
	CU_ASSERT_EQUAL(merkle_append(&range, hash), RC_OK);
	CU_ASSERT_EQUAL(range.size, LEDGER_RECORDS_MAX);
	CU_ASSERT_EQUAL(merkle_root(&range, root), RC_OK);
	CU_ASSERT_EQUAL(merkle_verify_inclusion(&receipt.proof, receipt.index, range.size, hash,
						root),
			RC_OK);
	buf_init(&note, LEDGER_NOTE_MAX);
	buf_init(&bytes, RECEIPT_MAX);
	CU_ASSERT_EQUAL(ledger_put_note(&key, private_key, range.size, root, &note), RC_OK);
	CU_ASSERT_EQUAL(note.len, LEDGER_NOTE_MAX);
	receipt.note = view_buf(&note);
	CU_ASSERT_EQUAL(receipt_put(&receipt, &bytes), RC_OK);
	CU_ASSERT_EQUAL(bytes.len, RECEIPT_MAX);
	CU_ASSERT(2 * LEAF_OVERHEAD + MERKLE_HASH + bytes.len <= CK_INTAGLIO_SEAL_OVERHEAD);
	buf_free(&note);
	buf_free(&bytes);
}

static void receipts_with_too_long_a_proof_are_refused(void)
{
	struct receipt receipt = {.proof.count = LEDGER_PATH_MAX + 1, .note = view_str("n")};
	struct buf b;

	buf_init(&b, 4096);
	CU_ASSERT_EQUAL(receipt_put(&receipt, &b), RC_OK);
	CU_ASSERT_EQUAL(receipt_parse(view_buf(&b), &receipt), RC_MALFORMED);
	receipt.proof.count = MERKLE_PROOF_MAX + 1;
	CU_ASSERT_EQUAL(receipt_put(&receipt, &b), RC_ARGUMENT);
	buf_free(&b);
}

/* Every part of a policy, in the order of its tags. */
static void make_policy(struct ledger_policy *policy, struct buf *bytes)
{
	static const uint8_t public_key[ED25519_PUBLIC] = {7}, modulus[256] = {0x80};

	*policy = (struct ledger_policy){
		.label = view_str("Invoices"),
		.public_key = view_of(public_key, sizeof(public_key)),
		.auditor = view_str("auditor's key"),
		.escrow = view_of(modulus, sizeof(modulus)),
		.wrapped = view_of(modulus, sizeof(modulus)),
		.rules = {.append = ROLE_ISSUER,
			  .read = 0,
			  .prune = ROLE_AUDITOR,
			  .capacity = 1000,
			  .record_max = 512,
			  .cosigned = false},
	};
	buf_init(bytes, LEDGER_POLICY_MAX);
	ledger_put_policy(bytes, policy);
}

static void a_policy_is_read_back(void)
{
	struct ledger_policy policy, read;
	struct buf bytes;

	make_policy(&policy, &bytes);
	CU_ASSERT_EQUAL(buf_rc(&bytes), RC_OK);
	CU_ASSERT_EQUAL_FATAL(ledger_parse_policy(view_buf(&bytes), &read), RC_OK);
	CU_ASSERT_TRUE(view_equal(read.label, policy.label));
	CU_ASSERT_TRUE(view_equal(read.public_key, policy.public_key));
	CU_ASSERT_TRUE(view_equal(read.auditor, policy.auditor));
	CU_ASSERT_TRUE(view_equal(read.escrow, policy.escrow));
	CU_ASSERT_TRUE(view_equal(read.wrapped, policy.wrapped));
	CU_ASSERT_EQUAL(read.rules.append, ROLE_ISSUER);
	CU_ASSERT_EQUAL(read.rules.read, 0);
	CU_ASSERT_EQUAL(read.rules.prune, ROLE_AUDITOR);
	CU_ASSERT_EQUAL(read.rules.capacity, 1000);
	CU_ASSERT_EQUAL(read.rules.record_max, 512);
	CU_ASSERT_FALSE(read.rules.cosigned);
	/* What is not known, behind all that is, is passed over. */
	buf_u8(&bytes, 0x9F);
	buf_u8(&bytes, 0x01);
	buf_u8(&bytes, 0x00);
	CU_ASSERT_EQUAL(ledger_parse_policy(view_buf(&bytes), &read), RC_MALFORMED);
	buf_truncate(&bytes, bytes.len - 3);
	buf_u8(&bytes, 0x96);
	buf_u8(&bytes, 0x00);
	CU_ASSERT_EQUAL(ledger_parse_policy(view_buf(&bytes), &read), RC_OK);
	buf_free(&bytes);
}

static void a_policy_without_rules_has_the_usual_ones(void)
{
	struct ledger_policy policy, read;
	struct buf bytes;

	make_policy(&policy, &bytes);
	ledger_default_rules(&policy.rules, true);
	buf_reset(&bytes);
	ledger_put_policy(&bytes, &policy);
	CU_ASSERT_EQUAL(ledger_parse_policy(view_buf(&bytes), &read), RC_OK);
	CU_ASSERT_EQUAL(read.rules.append, ROLE_USER);
	CU_ASSERT_EQUAL(read.rules.read, ROLE_USER | ROLE_AUDITOR);
	CU_ASSERT_EQUAL(read.rules.prune, ROLE_ISSUER);
	CU_ASSERT_EQUAL(read.rules.capacity, 0);
	CU_ASSERT_EQUAL(read.rules.record_max, LEDGER_PLAINTEXT_MAX);
	CU_ASSERT_TRUE(read.rules.cosigned);
	policy.auditor = view_of(NULL, 0);
	ledger_default_rules(&policy.rules, false);
	buf_reset(&bytes);
	ledger_put_policy(&bytes, &policy);
	CU_ASSERT_EQUAL(ledger_parse_policy(view_buf(&bytes), &read), RC_OK);
	CU_ASSERT_FALSE(read.rules.cosigned);
	buf_free(&bytes);
}

static void a_policy_in_parts_or_out_of_order_is_malformed(void)
{
	struct ledger_policy policy, read;
	struct view in, value, objects[12];
	struct buf bytes, other;
	size_t count = 0, whole = 0;
	uint32_t tag;

	make_policy(&policy, &bytes);
	buf_init(&other, LEDGER_POLICY_MAX);
	for (in = view_buf(&bytes); in.len && count < 12; count++) {
		const uint8_t *at = in.data;

		CU_ASSERT_EQUAL(tlv_next(&in, &tag, &value), RC_OK);
		objects[count] = view_of(at, (size_t)(in.data - at));
	}
	CU_ASSERT_EQUAL(count, 11);
	/* Every truncation; after whole objects 81, 82, 84 and on, what is left is a policy. */
	for (size_t n = 0; n < bytes.len; n++)
		whole += ledger_parse_policy(view_of(bytes.data, n), &read) == RC_OK;
	CU_ASSERT_EQUAL(whole, 8);
	/* Any two neighbours the other way round, and any one twice. */
	for (size_t i = 0; i + 1 < count; i++) {
		buf_reset(&other);
		for (size_t j = 0; j < count; j++)
			buf_view(&other, objects[j == i ? i + 1 : j == i + 1 ? i : j]);
		CU_ASSERT_EQUAL(ledger_parse_policy(view_buf(&other), &read), RC_MALFORMED);
		buf_reset(&other);
		for (size_t j = 0; j < count; j++) {
			buf_view(&other, objects[j]);
			if (j == i)
				buf_view(&other, objects[j]);
		}
		CU_ASSERT_EQUAL(ledger_parse_policy(view_buf(&other), &read), RC_MALFORMED);
	}
	buf_free(&other);
	buf_free(&bytes);
}

static void an_escrow_key_has_2048_to_4096_bits(void)
{
	static const struct {
		unsigned int bits;
		enum rc rc;
	} rows[] = {{1024, RC_MALFORMED}, {2048, RC_OK}, {3072, RC_OK}};
	EVP_PKEY *rsa, *read;
	uint8_t large[513];
	struct buf modulus;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&modulus, 520);
		CU_ASSERT_EQUAL_FATAL(rsa_generate(rows[i].bits, &rsa), RC_OK);
		CU_ASSERT_EQUAL(rsa_put_modulus(rsa, &modulus), RC_OK);
		read = NULL;
		CU_ASSERT_EQUAL(ledger_escrow_key(view_buf(&modulus), &read), rows[i].rc);
		if (read)
			CU_ASSERT_EQUAL(rsa_bits(read), rows[i].bits);
		EVP_PKEY_free(read);
		/* With a zero in front, even, shorter, empty. */
		buf_insert(&modulus, 0, "", 1);
		CU_ASSERT_EQUAL(ledger_escrow_key(view_buf(&modulus), &read), RC_MALFORMED);
		modulus.data[modulus.len - 1] ^= 1;
		CU_ASSERT_EQUAL(ledger_escrow_key(view_of(modulus.data + 1, modulus.len - 1),
						  &read),
				RC_MALFORMED);
		CU_ASSERT_EQUAL(ledger_escrow_key(view_of(modulus.data + 1, 200), &read),
				RC_MALFORMED);
		CU_ASSERT_EQUAL(ledger_escrow_key(view_of(NULL, 0), &read), RC_MALFORMED);
		EVP_PKEY_free(rsa);
		buf_free(&modulus);
	}
	memset(large, 0xC1, sizeof(large));
	CU_ASSERT_EQUAL(ledger_escrow_key(view_of(large, sizeof(large)), &read), RC_MALFORMED);
}

int main(void)
{
	static CU_TestInfo leaf_tests[] = {
		{"a leaf header has the documented bytes", a_leaf_header_has_the_documented_bytes},
		{"a leaf is taken apart and no other length is",
		 a_leaf_is_taken_apart_and_no_other_length_is},
		{"two leaves are one record only if they belong together",
		 two_leaves_are_one_record_only_if_they_belong_together},
		{"a length that overflows is malformed", a_length_that_overflows_is_malformed},
		CU_TEST_INFO_NULL,
	};
	static CU_TestInfo receipt_tests[] = {
		{"the origin names the ledger", the_origin_names_the_ledger},
		{"every receipt verifies with its leaf and without",
		 every_receipt_verifies_with_its_leaf_and_without},
		{"every flipped bit of receipt or leaf is refused",
		 every_flipped_bit_of_receipt_or_leaf_is_refused},
		{"every truncation of receipt or leaf is refused",
		 every_truncation_of_receipt_or_leaf_is_refused},
		{"a receipt of another ledger is refused", a_receipt_of_another_ledger_is_refused},
		{"what the key signed must be about this ledger and index",
		 what_the_key_signed_must_be_about_this_ledger_and_index},
		{"the overhead holds for the fullest ledger",
		 the_overhead_holds_for_the_fullest_ledger},
		{"receipts with too long a proof are refused",
		 receipts_with_too_long_a_proof_are_refused},
		CU_TEST_INFO_NULL,
	};
	static CU_TestInfo policy_tests[] = {
		{"a policy is read back", a_policy_is_read_back},
		{"a policy without rules has the usual ones",
		 a_policy_without_rules_has_the_usual_ones},
		{"a policy in parts or out of order is malformed",
		 a_policy_in_parts_or_out_of_order_is_malformed},
		{"an escrow key has 2048 to 4096 bits", an_escrow_key_has_2048_to_4096_bits},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "policies", .pTests = policy_tests},
		{.pName = "leaves", .pTests = leaf_tests},
		{.pName = "receipts",
		 .pInitFunc = make_ledger,
		 .pCleanupFunc = free_ledger,
		 .pTests = receipt_tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base ledger", suites);
}
