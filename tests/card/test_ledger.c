/* SPDX-License-Identifier: BSD-2-Clause */
/* CREATE LEDGER, SEAL, OPEN RECORD, LEDGER STATUS, LAST RECEIPT; receipts are checked as a verifier would. */
#include "base/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/tlv.h"
#include "card/ledger_record.h"
#include "card/ledger_seal.h"
#include "card/pin.h"
#include "tests/card/bare_card.h"
#include "tests/disk.h"
#include "tests/suite.h"

static struct bare_card card;
static char verifier_key[NOTE_KEY_MAX + 1];

static uint32_t new_ledger(const char *label)
{
	struct view list, key;
	struct buf data;
	uint32_t number;

	buf_init(&data, 256);
	tlv_put(&data, 0x80, view_str(label));
	CU_ASSERT_EQUAL_FATAL(bare_card_send(&card, 0x80D00000, view_buf(&data)), SW_OK);
	buf_free(&data);
	number = bare_card_object(&card, &list);
	CU_ASSERT_EQUAL(attr_find(list, CKA_INTAGLIO_VERIFIER_KEY, &key), RC_OK);
	memset(verifier_key, 0, sizeof(verifier_key));
	CU_ASSERT_EQUAL_FATAL(view_copy(&key, verifier_key, key.len), RC_OK);
	return number;
}

static uint16_t seal_part(uint8_t p1, uint32_t number, uint64_t time, uint64_t salt, uint16_t type,
			  struct view plain)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 70000);
	buf_u32(&data, number);
	buf_u64(&data, time);
	buf_u64(&data, salt);
	buf_u16(&data, type);
	buf_u64(&data, time);
	buf_view(&data, plain);
	sw = bare_card_send(&card, 0x80D20000 | (uint32_t)p1 << 8, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t seal_as(uint32_t number, uint64_t time, uint64_t salt, uint16_t type,
			struct view plain)
{
	return seal_part(0, number, time, salt, type, plain);
}

/* A record of two leaves; the answer has the second and the receipt. */
static uint16_t seal_long(uint32_t number, uint64_t time, uint16_t type, struct view plain)
{
	struct view first;
	uint16_t sw;

	CU_ASSERT_EQUAL_FATAL(view_take(&plain, LEAF_FIRST_BYTES, &first), RC_OK);
	sw = seal_part(1, number, time, 7, type, first);
	return sw == SW_OK ? seal_part(2, number, time, 7, type, plain) : sw;
}

static uint16_t seal(uint32_t number, uint64_t time, const char *text)
{
	return seal_as(number, time, 7, 1, view_str(text));
}

static uint16_t with_number(uint32_t header, uint32_t number)
{
	uint8_t array[4];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u32(&data, number);
	return bare_card_send(&card, header, view_buf(&data));
}

static uint16_t with_index(uint32_t header, uint32_t number, uint64_t index)
{
	uint8_t array[12];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u32(&data, number);
	buf_u64(&data, index);
	return bare_card_send(&card, header, view_buf(&data));
}

static uint16_t open_sealed(uint32_t number, struct view leaf)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 70000);
	buf_u32(&data, number);
	buf_view(&data, leaf);
	sw = bare_card_send(&card, 0x80D40100, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint64_t count_of(uint32_t number)
{
	struct view value;
	uint64_t count = 0;

	CU_ASSERT_EQUAL(with_number(0x80D60000, number), SW_OK);
	CU_ASSERT_EQUAL(tlv_find(view_buf(&card.answer), 0x80, &value), RC_OK);
	CU_ASSERT_EQUAL(view_u64(&value, &count), RC_OK);
	return count;
}

/* Checks `leaf || receipt` in the answer; keeps the leaf. */
static void check_answer(uint64_t index, uint64_t size, struct buf *ret_leaf)
{
	struct view in = view_buf(&card.answer), leaf, text;
	struct checkpoint checkpoint;
	struct receipt receipt;
	struct note_key key;

	CU_ASSERT_EQUAL_FATAL(leaf_take(&in, &leaf), RC_OK);
	CU_ASSERT_EQUAL(receipt_verify(in, leaf, view_str(verifier_key)), RC_OK);
	CU_ASSERT_EQUAL_FATAL(receipt_parse(in, &receipt), RC_OK);
	CU_ASSERT_EQUAL(receipt.index, index);
	CU_ASSERT_EQUAL(note_parse_key(view_str(verifier_key), &key), RC_OK);
	CU_ASSERT_EQUAL(note_open(receipt.note, &key, &text), RC_OK);
	CU_ASSERT_EQUAL(note_parse_checkpoint(text, &checkpoint), RC_OK);
	CU_ASSERT_EQUAL(checkpoint.size, size);
	if (ret_leaf) {
		buf_reset(ret_leaf);
		buf_view(ret_leaf, leaf);
	}
}

static bool opened_is(const char *text)
{
	struct view in = view_buf(&card.answer), header;

	return view_take(&in, LEAF_HEADER_SIZE, &header) == RC_OK && view_equal(in, view_str(text));
}

static void a_new_ledger_says_who_it_is_in_leaf_0(void)
{
	struct view list, id, ciphertext, tag, label, key;
	static const uint8_t zeros[16];
	struct leaf_header header;
	struct note_key note_key;
	struct buf data;
	uint32_t number;

	bare_card_new_token(&card);
	number = new_ledger("invoices");
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x804A0000, view_of("\0\0\0\0", 4)), SW_OK);
	CU_ASSERT_EQUAL(bare_card_object_at(&card, 1, 0, &list), number);
	CU_ASSERT_EQUAL(attr_ulong(list, CKA_CLASS, 99), CKO_SECRET_KEY);
	CU_ASSERT_EQUAL(attr_ulong(list, CKA_KEY_TYPE, 99), CKK_INTAGLIO_LEDGER);
	CU_ASSERT_FALSE(attr_bool(list, CKA_PRIVATE, true));
	CU_ASSERT_TRUE(attr_bool(list, CKA_ENCRYPT, false));
	CU_ASSERT_TRUE(attr_bool(list, CKA_DECRYPT, false));
	CU_ASSERT_EQUAL_FATAL(attr_find(list, CKA_INTAGLIO_LEDGER_ID, &id), RC_OK);
	buf_init(&data, 64);
	buf_view(&data, id);
	CU_ASSERT_EQUAL(with_index(0x80D40200, number, 0), SW_OK);
	CU_ASSERT_EQUAL_FATAL(leaf_parse(view_buf(&card.answer), &header, &ciphertext, &tag),
			      RC_OK);
	CU_ASSERT_TRUE(view_equal(view_of(header.ledger, LEDGER_ID), view_buf(&data)));
	CU_ASSERT_EQUAL(header.index, 0);
	CU_ASSERT_EQUAL(header.type, 0);
	CU_ASSERT_EQUAL(header.card_counter, 1);
	CU_ASSERT_TRUE(view_equal(tag, view_of(zeros, 16)));
	CU_ASSERT_TRUE(view_equal(view_of(header.nonce, GCM_NONCE), view_of(zeros, GCM_NONCE)));
	CU_ASSERT_EQUAL(tlv_expect(&ciphertext, 0x80, &label), RC_OK);
	CU_ASSERT_TRUE(view_equal(label, view_str("invoices")));
	CU_ASSERT_EQUAL(tlv_expect(&ciphertext, 0x81, &key), RC_OK);
	CU_ASSERT_EQUAL(view_end(&ciphertext), RC_OK);
	CU_ASSERT_EQUAL(note_parse_key(view_str(verifier_key), &note_key), RC_OK);
	CU_ASSERT_TRUE(view_equal(key, view_of(note_key.public_key, ED25519_PUBLIC)));
	CU_ASSERT_EQUAL(count_of(number), 1);
	CU_ASSERT_EQUAL(with_number(0x80DC0000, number), SW_RECORD_NOT_FOUND);
	buf_free(&data);
	bare_card_free(&card);
}

static void sealed_records_come_with_receipts_that_verify(void)
{
	enum { COUNT = 20 };
	struct buf leaf;
	uint32_t number;

	buf_init(&leaf, NVM_LEAF_MAX);
	bare_card_new_token(&card);
	number = new_ledger("invoices");
	for (uint64_t i = 1; i <= COUNT; i++) {
		CU_ASSERT_EQUAL_FATAL(seal(number, 1000 + i, "an invoice"), SW_OK);
		check_answer(i, i + 1, &leaf);
		CU_ASSERT_PTR_NULL(memmem(leaf.data, leaf.len, "an invoice", 10));
		CU_ASSERT_EQUAL(with_number(0x80DC0000, number), SW_OK);
		check_answer(i, i + 1, NULL);
		CU_ASSERT_EQUAL(with_index(0x80D40200, number, i), SW_OK);
		CU_ASSERT_TRUE(view_equal(view_buf(&card.answer), view_buf(&leaf)));
		CU_ASSERT_EQUAL(open_sealed(number, view_buf(&leaf)), SW_OK);
		CU_ASSERT_TRUE(opened_is("an invoice"));
	}
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(count_of(number), COUNT + 1);
	for (uint64_t i = 1; i <= COUNT; i++) {
		CU_ASSERT_EQUAL(with_index(0x80D40000, number, i), SW_OK);
		CU_ASSERT_TRUE(opened_is("an invoice"));
	}
	buf_free(&leaf);
	bare_card_free(&card);
}

static void a_record_sent_again_is_the_same_record(void)
{
	struct buf first, again;
	uint32_t number;

	buf_init(&first, NVM_LEAF_MAX);
	buf_init(&again, NVM_LEAF_MAX);
	bare_card_new_token(&card);
	number = new_ledger("invoices");
	for (uint64_t i = 1; i <= 9; i++)
		CU_ASSERT_EQUAL(seal(number, i, "text"), SW_OK);
	CU_ASSERT_EQUAL(seal(number, 3, "text"), SW_OK);
	check_answer(3, 10, &first);
	CU_ASSERT_EQUAL(count_of(number), 10);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal(number, 3, "text"), SW_OK);
	check_answer(3, 10, &again);
	CU_ASSERT_TRUE(view_equal(view_buf(&first), view_buf(&again)));
	CU_ASSERT_EQUAL(seal(number, 3, "texT"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(seal(number, 3, "text "), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(seal_as(number, 3, 7, 2, view_str("text")), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(count_of(number), 10);
	CU_ASSERT_EQUAL(seal_as(number, 3, 8, 2, view_str("text")), SW_OK);
	check_answer(10, 11, NULL);
	buf_free(&first);
	buf_free(&again);
	bare_card_free(&card);
}

static void leaves_are_read_many_at_once(void)
{
	enum { COUNT = 300, LENGTH = 900 };
	static uint8_t plain[LEAF_PLAINTEXT_MAX];
	uint64_t next = 0;
	unsigned int commands = 0;
	uint32_t number;

	bare_card_new_token(&card);
	number = new_ledger("invoices");
	for (uint64_t i = 1; i <= COUNT; i++)
		CU_ASSERT_EQUAL_FATAL(seal_as(number, i, 7, 1, view_of(plain, LENGTH)), SW_OK);
	CU_ASSERT_EQUAL_FATAL(seal_as(number, COUNT + 1, 7, 1, view_of(plain, sizeof(plain))),
			      SW_OK);
	bare_card_logout(&card);
	while (next < COUNT + 2) {
		struct view in, leaf, ciphertext, tag;
		struct leaf_header header;

		CU_ASSERT_EQUAL_FATAL(with_index(0x80D40300, number, next), SW_OK);
		CU_ASSERT_TRUE(card.answer.len <= 65000);
		in = view_buf(&card.answer);
		while (in.len) {
			CU_ASSERT_EQUAL_FATAL(leaf_take(&in, &leaf), RC_OK);
			CU_ASSERT_EQUAL(leaf_parse(leaf, &header, &ciphertext, &tag), RC_OK);
			CU_ASSERT_EQUAL(header.index, next++);
		}
		commands++;
	}
	CU_ASSERT_EQUAL(next, COUNT + 2);
	CU_ASSERT_EQUAL(commands, 6);
	CU_ASSERT_EQUAL(with_index(0x80D40300, number, next), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(with_number(0x80D40300, number), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(with_index(0x80D40300, number + 1, 0), SW_REFERENCE_NOT_FOUND);
	bare_card_free(&card);
}

/* The first leaf and the answer are a sealed record with its receipt, which opens to plain. */
static void check_long(uint32_t number, uint64_t index, uint64_t size, struct view plain)
{
	struct buf sealed, answer, opened;
	struct sealed_record record;
	struct leaf_header header;
	struct view in;

	buf_init(&sealed, 70000);
	buf_init(&answer, 70000);
	buf_init(&opened, 70000);
	buf_view(&answer, view_buf(&card.answer));
	CU_ASSERT_EQUAL(with_index(0x80D40200, number, index), SW_OK);
	buf_view(&sealed, view_buf(&card.answer));
	buf_view(&sealed, view_buf(&answer));
	in = view_buf(&sealed);
	CU_ASSERT_EQUAL_FATAL(sealed_take(&in, &record), RC_OK);
	CU_ASSERT_EQUAL(record.header.index, index);
	CU_ASSERT_EQUAL(record.header.length, plain.len);
	CU_ASSERT_EQUAL(receipt_verify(in, record.both, view_str(verifier_key)), RC_OK);
	CU_ASSERT_EQUAL(receipt_verify(in, record.rest, view_str(verifier_key)), RC_MALFORMED);
	CU_ASSERT_EQUAL(receipt_verify(in, record.first, view_str(verifier_key)), RC_AUTH);
	CU_ASSERT_EQUAL(count_of(number), size);
	for (uint64_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(open_sealed(number, i ? record.rest : record.first), SW_OK);
		buf_reset(&answer);
		buf_view(&answer, view_buf(&card.answer));
		CU_ASSERT_EQUAL(with_index(0x80D40000, number, index + i), SW_OK);
		CU_ASSERT_TRUE(view_equal(view_buf(&card.answer), view_buf(&answer)));
		in = view_buf(&answer);
		CU_ASSERT_EQUAL(leaf_take_header(&in, &header), RC_OK);
		buf_view(&opened, in);
	}
	CU_ASSERT_TRUE(view_equal(view_buf(&opened), plain));
	buf_free(&opened);
	buf_free(&answer);
	buf_free(&sealed);
}

static void a_long_record_is_two_leaves_sealed_at_once(void)
{
	static const size_t lengths[] = {LEAF_PLAINTEXT_MAX + 1, LEDGER_PLAINTEXT_MAX - 1,
					 LEDGER_PLAINTEXT_MAX};
	static uint8_t plain[LEDGER_PLAINTEXT_MAX];
	uint64_t index = 1;
	uint32_t number;

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7 + i / 251);
	bare_card_new_token(&card);
	number = new_ledger("invoices");
	for (size_t i = 0; i < 3; i++, index += 3) {
		CU_ASSERT_EQUAL(seal_long(number, index, 1, view_of(plain, lengths[i])), SW_OK);
		check_long(number, index, index + 2, view_of(plain, lengths[i]));
		CU_ASSERT_EQUAL(with_number(0x80DC0000, number), SW_OK);
		check_long(number, index, index + 2, view_of(plain, lengths[i]));
		CU_ASSERT_EQUAL(seal(number, 100 + index, "short"), SW_OK);
		check_answer(index + 2, index + 3, NULL);
	}
	/* Each of them again is the same one, and with anything different none. */
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(seal_long(number, 1 + 3 * i, 1, view_of(plain, lengths[i])), SW_OK);
		check_long(number, 1 + 3 * i, 10, view_of(plain, lengths[i]));
	}
	CU_ASSERT_EQUAL(seal_long(number, 7, 2, view_of(plain, sizeof(plain))), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(seal_long(number, 7, 1, view_of(plain, sizeof(plain) - 1)), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(seal_long(number, 4, 1, view_of(plain, sizeof(plain))), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(seal_as(number, 7, 7, 1, view_of(plain, 5)), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(
		seal_as(number, 7, 7, 1,
			view_of(plain + LEAF_FIRST_BYTES, LEDGER_PLAINTEXT_MAX - LEAF_FIRST_BYTES)),
		SW_WRONG_DATA);
	CU_ASSERT_EQUAL(seal_long(number, 101, 1, view_of(plain, sizeof(plain))), SW_WRONG_DATA);
	plain[0] ^= 1;
	CU_ASSERT_EQUAL(seal_long(number, 7, 1, view_of(plain, sizeof(plain))), SW_WRONG_DATA);
	plain[0] ^= 1;
	plain[sizeof(plain) - 1] ^= 1;
	CU_ASSERT_EQUAL(seal_long(number, 7, 1, view_of(plain, sizeof(plain))), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(count_of(number), 10);
	bare_card_free(&card);
}

/* Nothing of these orders is stored. */
static void the_rest_of_a_record_is_sealed_only_behind_its_first_part(void)
{
	enum { REST = LEDGER_PLAINTEXT_MAX - LEAF_FIRST_BYTES };
	static const size_t wrong_rests[] = {0, 1, LEAF_PLAINTEXT_MAX - LEAF_FIRST_BYTES, REST + 1};
	static uint8_t plain[LEDGER_PLAINTEXT_MAX];
	const struct view first = view_of(plain, LEAF_FIRST_BYTES), rest = view_of(plain, REST);
	uint32_t number, other;

	bare_card_new_token(&card);
	other = new_ledger("other");
	number = new_ledger("invoices");
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, view_of(plain, LEAF_FIRST_BYTES - 1)),
			SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, view_of(plain, LEAF_FIRST_BYTES + 1)),
			SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_CONDITIONS);
	for (size_t i = 0; i < sizeof(wrong_rests) / sizeof(wrong_rests[0]); i++) {
		CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
		CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, view_of(plain, wrong_rests[i])),
				SW_WRONG_LENGTH);
		CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_CONDITIONS);
	}
	/* Another ledger, time, nonce or type than the first part had. */
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, other, 1, 7, 1, rest), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, number, 2, 7, 1, rest), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 8, 1, rest), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 2, rest), SW_CONDITIONS);
	/* Another SEAL, another channel, a logout, a reset. */
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
	CU_ASSERT_EQUAL(seal_part(0, number, 1, 7, 0, rest), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
	card.on = 1;
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_CONDITIONS);
	card.on = 0;
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_CONDITIONS);
	CU_ASSERT_EQUAL(count_of(number), 1);
	CU_ASSERT_EQUAL(count_of(other), 1);
	CU_ASSERT_EQUAL(seal_part(1, number, 1, 7, 1, first), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_OK);
	CU_ASSERT_EQUAL(seal_part(2, number, 1, 7, 1, rest), SW_CONDITIONS);
	CU_ASSERT_EQUAL(count_of(number), 3);
	bare_card_free(&card);
}

static void two_processes_share_one_window(void)
{
	struct bare_card other, mine;
	uint32_t number;

	bare_card_new_token(&card);
	number = new_ledger("invoices");
	CU_ASSERT_EQUAL(seal(number, 1, "one"), SW_OK);
	bare_card_attach(&other, &card);
	mine = card;
	card = other;
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal(number, 2, "two"), SW_OK);
	check_answer(2, 3, NULL);
	other = card;
	card = mine;
	CU_ASSERT_EQUAL(seal(number, 2, "two"), SW_OK);
	check_answer(2, 3, NULL);
	CU_ASSERT_EQUAL(seal(number, 3, "three"), SW_OK);
	check_answer(3, 4, NULL);
	bare_card_detach(&other);
	bare_card_free(&card);
}

static void the_card_counter_counts_over_all_ledgers(void)
{
	struct view ciphertext, tag, leaf, in;
	struct leaf_header header;
	uint32_t first, second;

	bare_card_new_token(&card);
	first = new_ledger("first");
	second = new_ledger("second");
	CU_ASSERT_EQUAL(seal(first, 1, "x"), SW_OK);
	CU_ASSERT_EQUAL(seal(second, 1, "x"), SW_OK);
	in = view_buf(&card.answer);
	CU_ASSERT_EQUAL(leaf_take(&in, &leaf), RC_OK);
	CU_ASSERT_EQUAL(leaf_parse(leaf, &header, &ciphertext, &tag), RC_OK);
	CU_ASSERT_EQUAL(header.card_counter, 4);
	CU_ASSERT_EQUAL(header.index, 1);
	bare_card_free(&card);
}

static void ledgers_survive_initialisation_and_are_never_changed(void)
{
	struct view list;
	struct buf data;
	uint32_t number;

	buf_init(&data, 64);
	bare_card_new_token(&card);
	number = new_ledger("invoices");
	CU_ASSERT_EQUAL(seal(number, 1, "kept"), SW_OK);
	CU_ASSERT_EQUAL(with_number(0x804E0000, number), SW_CONDITIONS);
	buf_u32(&data, number);
	buf_u32(&data, CKA_LABEL);
	buf_u32(&data, 1);
	buf_u8(&data, 'x');
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x804C0000, view_buf(&data)), SW_CONDITIONS);
	CU_ASSERT_EQUAL(bare_card_operate(&card, 0, number, CKM_ECDSA, view_of(NULL, 0),
					  view_str("x")),
			SW_CONDITIONS);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x80400000, SO_PIN,
					   "label                           "),
			SW_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x804A0000, view_of("\0\0\0\0", 4)), SW_OK);
	CU_ASSERT_EQUAL(bare_card_object_at(&card, 1, 0, &list), number);
	CU_ASSERT_EQUAL(seal(number, 2, "more"), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal(number, 2, "more"), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str(USER_PIN)), SW_OK);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal(number, 2, "more"), SW_OK);
	check_answer(2, 3, NULL);
	CU_ASSERT_EQUAL(with_index(0x80D40000, number, 1), SW_OK);
	CU_ASSERT_TRUE(opened_is("kept"));
	buf_free(&data);
	bare_card_free(&card);
}

static void a_leaf_that_is_not_the_stored_one_is_not_opened(void)
{
	struct buf leaf, other;
	uint32_t first, second;

	buf_init(&leaf, NVM_LEAF_MAX);
	buf_init(&other, NVM_LEAF_MAX);
	bare_card_new_token(&card);
	second = new_ledger("second");
	CU_ASSERT_EQUAL(seal(second, 1, "plaintext"), SW_OK);
	check_answer(1, 2, &other);
	first = new_ledger("first");
	CU_ASSERT_EQUAL(seal(first, 1, "plaintext"), SW_OK);
	check_answer(1, 2, &leaf);
	CU_ASSERT_EQUAL(open_sealed(first, view_buf(&other)), SW_WRONG_DATA);
	for (size_t i = 0; i < leaf.len; i++) {
		leaf.data[i] ^= 0x40;
		CU_ASSERT_EQUAL(open_sealed(first, view_buf(&leaf)), SW_WRONG_DATA);
		leaf.data[i] ^= 0x40;
		CU_ASSERT_EQUAL(open_sealed(first, view_of(leaf.data, i)), SW_WRONG_DATA);
	}
	CU_ASSERT_EQUAL(open_sealed(first, view_buf(&leaf)), SW_OK);
	buf_u8(&leaf, 0);
	CU_ASSERT_EQUAL(open_sealed(first, view_buf(&leaf)), SW_WRONG_DATA);
	buf_free(&leaf);
	buf_free(&other);
	bare_card_free(&card);
}

static void malformed_commands_are_refused(void)
{
	uint8_t *big = calloc(1, LEAF_PLAINTEXT_MAX + 1);
	uint32_t number, data_object;
	struct view list;
	struct buf object;

	bare_card_new_token(&card);
	number = new_ledger("invoices");
	buf_init(&object, 256);
	attr_set_ulong(&object, CKA_CLASS, CKO_DATA);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80480000, view_buf(&object)), SW_OK);
	data_object = bare_card_object(&card, &list);
	buf_free(&object);
	CU_ASSERT_EQUAL(seal(data_object, 1, "x"), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(seal(0, 1, "x"), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(seal(0xFFFFFFFF, 1, "x"), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(seal_as(number, 1, 1, 0, view_str("x")), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(seal_as(number, 1, 1, 1, view_of(big, LEAF_PLAINTEXT_MAX + 1)),
			SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(seal_as(number, 1, 1, 1, view_of(big, LEAF_PLAINTEXT_MAX)), SW_OK);
	CU_ASSERT_TRUE(card.answer.len < 65000);
	check_answer(1, 2, NULL);
	CU_ASSERT_EQUAL(seal_as(number, 2, 1, 1, view_of(NULL, 0)), SW_OK);
	check_answer(2, 3, NULL);
	CU_ASSERT_EQUAL(seal_as(number, 2, 1, 1, view_of(NULL, 0)), SW_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80D20000, view_of(big, 29)), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80D20300, view_of(big, 40)), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(with_index(0x80D40000, number, 3), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(with_index(0x80D40200, number, UINT64_MAX), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(with_index(0x80D40400, number, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(with_number(0x80D40000, number), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(with_index(0x80D60000, number, 1), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(with_number(0x80D60000, 77), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(with_number(0x80DC0001, number), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80D00000, view_str("\x80\x00")), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80D00000, view_str("\x80\x01xy")), SW_WRONG_DATA);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(seal(number, 9, "x"), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(with_index(0x80D40000, number, 1), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(with_index(0x80D40200, number, 1), SW_OK);
	CU_ASSERT_EQUAL(with_number(0x80DC0000, number), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(with_number(0x80D60000, number), SW_OK);
	free(big);
	bare_card_free(&card);
}

static uint16_t try_label(const char *label, size_t len)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 256);
	tlv_put(&data, 0x80, view_of(label, len));
	sw = bare_card_send(&card, 0x80D00000, view_buf(&data));
	buf_free(&data);
	return sw;
}

static void a_label_is_text_of_one_line_and_no_other_ledger_s(void)
{
	static const struct {
		size_t len;
		const char *label;
	} bad[] = {
		{1, "\xFF"},
		{3, "A\0B"},
		{4, "\x1B[1M"},
		{3, "A\nB"},
		{2, "A\x7F"},
		{2, "\xC2\x9B"},
		{2, "\xC0\x80"},
		{2, "\xE2\x82"},
		{3, "\xED\xA0\x80"},
		{3, "\xE2\x80\xAE"},
		{3, "\xE2\x80\xA8"},
		{3, "\xE2\x81\xA6"},
		{4, "\xF4\x90\x80\x80"},
		{8, "invoices"},
	};

	bare_card_new_token(&card);
	new_ledger("invoices");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(try_label(bad[i].label, bad[i].len), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(try_label("Invoices", 8), SW_OK);
	CU_ASSERT_EQUAL(try_label("Invoices", 8), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(try_label("M\xC3\xBCller \xE2\x82\xAC \xF0\x9F\xA7\xBE", 16), SW_OK);
	bare_card_free(&card);
}

static void a_full_card_seals_nothing_more_and_keeps_what_it_has(void)
{
	uint8_t *big = calloc(1, LEDGER_PLAINTEXT_MAX);
	struct disk *disk = disk_new();
	uint64_t sealed = 0;
	uint32_t number;
	uint16_t sw;

	bare_card_new_on(&card, disk_io(disk));
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x80400000, SO_PIN,
					   "label                           "),
			SW_OK);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str(USER_PIN)), SW_OK);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	number = new_ledger("invoices");
	disk_limit(disk, NVM_SEGMENT_MIN + 4096);
	while ((sw = seal_as(number, sealed + 1, 1, 1, view_of(big, 50000))) == SW_OK &&
	       sealed < 10)
		sealed++;
	CU_ASSERT_EQUAL(sw, SW_NOT_ENOUGH_MEMORY);
	CU_ASSERT_TRUE(sealed > 0);
	CU_ASSERT_EQUAL(count_of(number), sealed + 1);
	CU_ASSERT_EQUAL(with_index(0x80D40200, number, sealed + 1), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "wrong"), SW_TRIES_LEFT | 4);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal_as(number, sealed, 1, 1, view_of(big, 50000)), SW_OK);
	check_answer(sealed, sealed + 1, NULL);
	bare_card_detach(&card);
	disk_free(&disk);
	free(big);
}

static void nonces(uint64_t time, uint64_t random, uint8_t ret[LEDGER_NONCE])
{
	struct buf b;

	buf_fixed(&b, ret, LEDGER_NONCE);
	buf_u64(&b, time);
	buf_u64(&b, random);
}

static void the_window_finds_the_newest_65536_and_refuses_older_times(void)
{
	enum { FIRST = 1000, COUNT = 3 * LEDGER_WINDOW + 5 };
	struct ledger_window *window;
	uint8_t nonce[LEDGER_NONCE];
	uint64_t index;

	CU_ASSERT_EQUAL_FATAL(ledger_window_new(&window), RC_OK);
	nonces(1, 1, nonce);
	CU_ASSERT_EQUAL(ledger_window_find(window, nonce, &index), RC_NOT_FOUND);
	for (uint64_t i = 1; i <= LEDGER_WINDOW; i++) {
		nonces(FIRST + i, i, nonce);
		ledger_window_add(window, i, nonce);
	}
	nonces(1, 1, nonce);
	CU_ASSERT_EQUAL(ledger_window_find(window, nonce, &index), RC_NOT_FOUND);
	for (uint64_t i = LEDGER_WINDOW + 1; i <= COUNT; i++) {
		nonces(FIRST + i, i, nonce);
		ledger_window_add(window, i, nonce);
	}
	CU_ASSERT_EQUAL(ledger_window_count(window), COUNT + 1);
	for (uint64_t i = 1; i <= COUNT; i++) {
		nonces(FIRST + i, i, nonce);
		index = 0;
		if (i > COUNT - LEDGER_WINDOW)
			CU_ASSERT(ledger_window_find(window, nonce, &index) == RC_OK && index == i);
		if (i <= COUNT - LEDGER_WINDOW)
			CU_ASSERT(ledger_window_find(window, nonce, &index) == RC_POLICY);
	}
	nonces(FIRST + COUNT - 10, 1, nonce);
	CU_ASSERT_EQUAL(ledger_window_find(window, nonce, &index), RC_NOT_FOUND);
	ledger_window_add(window, COUNT + 5, nonce);
	CU_ASSERT_EQUAL(ledger_window_count(window), COUNT + 1);
	/* A clock that was set back: the earliest time is that record's for as long as it is there. */
	nonces(5, 5, nonce);
	ledger_window_add(window, COUNT + 1, nonce);
	nonces(6, 1, nonce);
	CU_ASSERT_EQUAL(ledger_window_find(window, nonce, &index), RC_NOT_FOUND);
	nonces(4, 1, nonce);
	CU_ASSERT_EQUAL(ledger_window_find(window, nonce, &index), RC_POLICY);
	for (uint64_t i = COUNT + 2; i <= COUNT + 1 + LEDGER_WINDOW; i++) {
		nonces(FIRST + i, i, nonce);
		ledger_window_add(window, i, nonce);
	}
	nonces(6, 1, nonce);
	CU_ASSERT_EQUAL(ledger_window_find(window, nonce, &index), RC_POLICY);
	ledger_window_free(&window);
}

struct answered {
	const struct buf *out;
	struct buf copy;
	unsigned int times;
};

static void copy_answer(void *arg)
{
	struct answered *a = arg;

	buf_reset(&a->copy);
	buf_view(&a->copy, view_buf(a->out));
	a->times++;
}

/* The answer is whole when ahead is called, once a record, and never where none is appended. */
static void an_answer_is_whole_before_the_disk_has_synced(void)
{
	struct buf out;
	struct answered answered = {.out = &out};
	struct seal_order order = {
		.type = 1, .ahead = copy_answer, .arg = &answered, .plaintext = view_str("record")};
	struct disk *disk = disk_new();
	struct ledger *ledger;
	uint32_t number;

	buf_init(&out, 4096);
	buf_init(&answered.copy, 4096);
	bare_card_new_on(&card, disk_io(disk));
	number = new_ledger("invoices");
	for (unsigned int n = 1; n <= 3; n++) {
		CU_ASSERT_EQUAL_FATAL(
			ledger_cache_get(card.ram->ledgers, card.nvm, number, &ledger), RC_OK);
		order.client_nonce[0] = (uint8_t)n;
		buf_reset(&out);
		CU_ASSERT_EQUAL(ledger_seal_record(card.nvm, ledger, NULL, &order, &out), RC_OK);
		CU_ASSERT_EQUAL(answered.times, n);
		CU_ASSERT(view_equal(view_buf(&answered.copy), view_buf(&out)));
	}
	buf_reset(&out);
	CU_ASSERT_EQUAL(ledger_seal_record(card.nvm, ledger, NULL, &order, &out), RC_OK);
	CU_ASSERT_EQUAL(answered.times, 3);
	/* The write fails, and then the sync: what was made beside them is for nobody. */
	order.client_nonce[0] = 9;
	log_open(LOG_LEVEL_NONE, false);
	disk_fail(disk, 0, EIO);
	CU_ASSERT_EQUAL(ledger_seal_record(card.nvm, ledger, NULL, &order, &out), RC_IO);
	CU_ASSERT_EQUAL(answered.times, 4);
	bare_card_power_off(&card);
	CU_ASSERT_EQUAL_FATAL(bare_card_power_on(&card), RC_OK);
	CU_ASSERT_EQUAL_FATAL(ledger_cache_get(card.ram->ledgers, card.nvm, number, &ledger),
			      RC_OK);
	disk_fail(disk, 1, EIO);
	CU_ASSERT_EQUAL(ledger_seal_record(card.nvm, ledger, NULL, &order, &out), RC_IO);
	CU_ASSERT_EQUAL(answered.times, 5);
	log_open(LOG_LEVEL_WARNING, false);
	buf_free(&out);
	buf_free(&answered.copy);
	bare_card_detach(&card);
	disk_free(&disk);
}

static CU_TestInfo tests[] = {
	{"an answer is whole before the disk has synced",
	 an_answer_is_whole_before_the_disk_has_synced},
	{"a new ledger says who it is in leaf 0", a_new_ledger_says_who_it_is_in_leaf_0},
	{"sealed records come with receipts that verify",
	 sealed_records_come_with_receipts_that_verify},
	{"a record sent again is the same record", a_record_sent_again_is_the_same_record},
	{"leaves are read many at once", leaves_are_read_many_at_once},
	{"a long record is two leaves sealed at once", a_long_record_is_two_leaves_sealed_at_once},
	{"the rest of a record is sealed only behind its first part",
	 the_rest_of_a_record_is_sealed_only_behind_its_first_part},
	{"two processes share one window", two_processes_share_one_window},
	{"the card counter counts over all ledgers", the_card_counter_counts_over_all_ledgers},
	{"ledgers survive initialisation and are never changed",
	 ledgers_survive_initialisation_and_are_never_changed},
	{"a leaf that is not the stored one is not opened",
	 a_leaf_that_is_not_the_stored_one_is_not_opened},
	{"malformed commands are refused", malformed_commands_are_refused},
	{"a label is text of one line, and no other ledger's",
	 a_label_is_text_of_one_line_and_no_other_ledger_s},
	{"a full card seals nothing more and keeps what it has",
	 a_full_card_seals_nothing_more_and_keeps_what_it_has},
	{"the window finds the newest 65536 and refuses older times",
	 the_window_finds_the_newest_65536_and_refuses_older_times},
	CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
	{.pName = "ledger", .pTests = tests},
	CU_SUITE_INFO_NULL,
};

int main(void)
{
	return suite_run("card ledger", suites);
}
