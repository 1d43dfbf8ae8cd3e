/* SPDX-License-Identifier: BSD-2-Clause */
/* COSIGN and PRUNE of a ledger, its rules and its warnings: what is accepted, and all that is not. */
#include <string.h>

#include "base/tlv.h"
#include "card/ledger_record.h"
#include "card/ledger_state.h"
#include "card/pin.h"
#include "tests/card/bare_card.h"
#include "tests/suite.h"

static struct bare_card card;
static EVP_PKEY *auditor, *stranger;
static struct note_key auditor_key;
static uint32_t number;

static int start(void)
{
	uint8_t public_key[ED25519_PUBLIC];

	return ed25519_generate(&auditor) != RC_OK || ed25519_generate(&stranger) != RC_OK ||
	       ed25519_public(auditor, public_key) != RC_OK ||
	       note_cosigner_make("tax.example/auditor", public_key, &auditor_key) != RC_OK;
}

static int finish(void)
{
	EVP_PKEY_free(auditor);
	EVP_PKEY_free(stranger);
	return 0;
}

/* With a label of its own. rules: data objects as text of a C string, or NULL. */
static uint16_t create(bool with_auditor, struct view rules)
{
	static char label[] = "ledger A";
	struct buf data, text;
	struct view list;
	uint16_t sw;

	buf_init(&data, 1024);
	buf_init(&text, NOTE_KEY_MAX);
	note_put_cosigner(&text, &auditor_key);
	tlv_put(&data, 0x80, view_str(label));
	if (with_auditor)
		tlv_put(&data, 0x82, view_buf(&text));
	buf_view(&data, rules);
	label[7]++;
	sw = bare_card_send(&card, 0x80D00000, view_buf(&data));
	if (sw == SW_OK)
		number = bare_card_object(&card, &list);
	buf_free(&text);
	buf_free(&data);
	return sw;
}

static void new_card(bool with_auditor)
{
	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(create(with_auditor, view_of(NULL, 0)), SW_OK);
}

static uint16_t seal_at(uint64_t n, uint64_t host_time)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 256);
	buf_u32(&data, number);
	buf_u64(&data, 1000 + n);
	buf_u64(&data, n);
	buf_u16(&data, 1);
	buf_u64(&data, host_time);
	buf_str(&data, "an invoice");
	sw = bare_card_send(&card, 0x80D20000, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t seal(uint64_t n)
{
	return seal_at(n, 1000 + n);
}

static void seal_up_to(uint64_t first, uint64_t last)
{
	for (uint64_t n = first; n <= last; n++)
		CU_ASSERT_EQUAL_FATAL(seal(n), SW_OK);
}

static uint16_t with_number(uint32_t header, struct view more)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, NOTE_MAX);
	buf_u32(&data, number);
	buf_view(&data, more);
	sw = bare_card_send(&card, header, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t with_index(uint32_t header, uint64_t index)
{
	uint8_t array[8];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u64(&data, index);
	return with_number(header, view_buf(&data));
}

static uint16_t prune(uint64_t size)
{
	return with_index(0x80DE0100, size);
}

static struct view status(uint32_t tag)
{
	struct view value = {NULL, 0};

	CU_ASSERT_EQUAL(with_number(0x80D60000, view_of(NULL, 0)), SW_OK);
	if (tlv_find(view_buf(&card.answer), tag, &value) != RC_OK)
		value = view_of(NULL, 0);
	return value;
}

static uint64_t status_number(uint32_t tag)
{
	struct view value = status(tag);
	uint64_t n = UINT64_MAX;

	CU_ASSERT_EQUAL(view_u64(&value, &n), RC_OK);
	return n;
}

static uint8_t warnings(void)
{
	struct view value = status(0x84);
	uint8_t flags = 0xFF;

	CU_ASSERT_EQUAL(view_u8(&value, &flags), RC_OK);
	return flags;
}

/* The card's newest checkpoint, with a cosignature. */
static void cosigned_note(EVP_PKEY *key, uint64_t time, struct buf *note)
{
	struct note_cosignature cosignature;
	const uint8_t *end;

	buf_init(note, NOTE_MAX);
	buf_view(note, status(0x81));
	end = memmem(note->data, note->len, "\n\n", 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	CU_ASSERT_EQUAL(note_cosign(view_of(note->data, (size_t)(end + 1 - note->data)), key, time,
				    &cosignature),
			RC_OK);
	note_put_cosignature(note, &auditor_key, &cosignature);
}

static uint16_t cosign(void)
{
	struct buf note;
	uint16_t sw;

	cosigned_note(auditor, 1700000000, &note);
	sw = with_number(0x80DE0000, view_buf(&note));
	buf_free(&note);
	return sw;
}

static void the_card_keeps_the_newest_countersigned_checkpoint(void)
{
	struct note_cosignature kept;
	struct buf first, second;
	struct view text;

	new_card(true);
	seal_up_to(1, 5);
	CU_ASSERT_EQUAL(status(0x83).len, 0);
	cosigned_note(auditor, 1700000000, &first);
	seal_up_to(6, 9);
	cosigned_note(auditor, 1700000001, &second);
	CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&first)), SW_OK);
	CU_ASSERT_TRUE(view_equal(status(0x83), view_buf(&first)));
	CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&first)), SW_CONDITIONS);
	CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&second)), SW_OK);
	CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&first)), SW_CONDITIONS);
	bare_card_restart(&card);
	CU_ASSERT_TRUE(view_equal(status(0x83), view_buf(&second)));
	CU_ASSERT_EQUAL(note_open_cosigned(status(0x83), &auditor_key, &text, &kept), RC_OK);
	CU_ASSERT_EQUAL(kept.time, 1700000001);
	buf_free(&first);
	buf_free(&second);
	bare_card_free(&card);
}

static void what_is_not_this_ledger_s_checkpoint_of_its_auditor_is_refused(void)
{
	size_t text_len, line_len;
	struct buf note, other;
	uint32_t mine;

	new_card(true);
	seal_up_to(1, 5);
	cosigned_note(stranger, 1700000000, &note);
	CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&note)), SW_WRONG_DATA);
	buf_free(&note);
	cosigned_note(auditor, 1700000000, &note);
	text_len = (size_t)((const uint8_t *)memmem(note.data, note.len, "\n\n", 2) - note.data);
	line_len = 4 + strlen(auditor_key.name) + 1 + 104 + 1;
	for (size_t i = 0; i < note.len; i++) {
		/* The card's own signature is not asked for: its root is compared. */
		if (i > text_len && i < note.len - line_len)
			continue;
		note.data[i] ^= 0x01;
		CU_ASSERT_NOT_EQUAL(with_number(0x80DE0000, view_buf(&note)), SW_OK);
		note.data[i] ^= 0x01;
		CU_ASSERT_NOT_EQUAL(with_number(0x80DE0000, view_of(note.data, i)), SW_OK);
	}
	CU_ASSERT_EQUAL(with_number(0x80DE0000, status(0x81)), SW_WRONG_DATA);
	/* Of another ledger of the same card and auditor. */
	mine = number;
	CU_ASSERT_EQUAL(create(true, view_of(NULL, 0)), SW_OK);
	seal_up_to(1, 5);
	cosigned_note(auditor, 1700000000, &other);
	number = mine;
	CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&other)), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(status(0x83).len, 0);
	CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&note)), SW_OK);
	buf_free(&note);
	buf_free(&other);
	/* A ledger without an auditor. */
	CU_ASSERT_EQUAL(create(false, view_of(NULL, 0)), SW_OK);
	CU_ASSERT_EQUAL(cosign(), SW_CONDITIONS);
	bare_card_free(&card);
}

/* Signs a checkpoint that the card never had. */
static void a_root_that_never_was_is_refused(void)
{
	static const struct checkpoint forged = {.size = 4};
	struct note_cosignature cosignature;
	struct checkpoint own;
	struct view in;
	struct buf note;
	size_t text;

	new_card(true);
	seal_up_to(1, 5);
	in = status(0x81);
	own = forged;
	CU_ASSERT_EQUAL(view_take(&in, LEDGER_ORIGIN, &own.origin), RC_OK);
	for (uint64_t size = 4; size < 9; size++) {
		own.size = size;
		buf_init(&note, NOTE_MAX);
		note_put_checkpoint(&note, &own);
		text = note.len;
		CU_ASSERT_EQUAL(note_cosign(view_buf(&note), auditor, 5, &cosignature), RC_OK);
		buf_u8(&note, '\n');
		note_put_cosignature(&note, &auditor_key, &cosignature);
		CU_ASSERT_TRUE(note.len > text);
		CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&note)), SW_WRONG_DATA);
		buf_free(&note);
		in = status(0x81);
		CU_ASSERT_EQUAL(view_take(&in, LEDGER_ORIGIN, &own.origin), RC_OK);
	}
	bare_card_free(&card);
}

/* Leaf and receipt in the answer verify in the tree of now. */
static bool receipt_is_good(uint64_t index)
{
	uint8_t array[NOTE_KEY_MAX];
	struct view in = view_buf(&card.answer), leaf;
	struct receipt receipt;
	struct ledger *ledger;
	struct buf key;

	buf_fixed(&key, array, sizeof(array));
	if (ledger_cache_get(card.ram->ledgers, card.nvm, number, &ledger) != RC_OK)
		return false;
	note_put_key(&key, &ledger->key);
	return leaf_take(&in, &leaf) == RC_OK && receipt_parse(in, &receipt) == RC_OK &&
	       receipt.index == index && receipt_verify(in, leaf, view_buf(&key)) == RC_OK;
}

static void pruned_records_are_gone_and_everything_else_goes_on(void)
{
	struct buf leaf_0, note;

	new_card(true);
	buf_init(&leaf_0, NVM_LEAF_MAX);
	seal_up_to(1, 20);
	CU_ASSERT_EQUAL(with_index(0x80D40200, 0), SW_OK);
	buf_view(&leaf_0, view_buf(&card.answer));
	CU_ASSERT_EQUAL(prune(5), SW_CONDITIONS);
	CU_ASSERT_EQUAL(cosign(), SW_OK);
	CU_ASSERT_EQUAL(prune(22), SW_CONDITIONS);
	seal_up_to(21, 25);
	CU_ASSERT_EQUAL(prune(22), SW_CONDITIONS);
	CU_ASSERT_EQUAL(status_number(0x82), 0);
	for (uint64_t size = 6; size <= 21; size += 5) {
		CU_ASSERT_EQUAL(prune(size), SW_OK);
		CU_ASSERT_EQUAL(prune(size), SW_OK);
		CU_ASSERT_EQUAL(prune(size - 1), SW_OK);
		for (int round = 0; round < 2; round++) {
			CU_ASSERT_EQUAL(status_number(0x82), size);
			CU_ASSERT_EQUAL(status_number(0x80), 26);
			for (uint64_t i = 1; i < 26; i++) {
				CU_ASSERT_EQUAL(with_index(0x80D40000, i),
						i < size ? SW_CONDITIONS : SW_OK);
				CU_ASSERT_EQUAL(with_index(0x80D40200, i),
						i < size ? SW_CONDITIONS : SW_OK);
				CU_ASSERT_EQUAL(seal(i), i < size ? SW_CONDITIONS : SW_OK);
				CU_ASSERT_TRUE(i < size || receipt_is_good(i));
			}
			CU_ASSERT_EQUAL(with_index(0x80D40200, 26), SW_RECORD_NOT_FOUND);
			CU_ASSERT_EQUAL(with_index(0x80D40300, 1), SW_CONDITIONS);
			CU_ASSERT_EQUAL(with_index(0x80D40300, size), SW_OK);
			CU_ASSERT_EQUAL(with_index(0x80D40200, 0), SW_OK);
			CU_ASSERT_TRUE(view_equal(view_buf(&card.answer), view_buf(&leaf_0)));
			CU_ASSERT_EQUAL(with_number(0x80DC0000, view_of(NULL, 0)), SW_OK);
			CU_ASSERT_TRUE(receipt_is_good(25));
			bare_card_restart(&card);
			CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
		}
	}
	/* To the very end, and on. */
	CU_ASSERT_EQUAL(cosign(), SW_OK);
	CU_ASSERT_EQUAL(prune(26), SW_OK);
	CU_ASSERT_EQUAL(with_number(0x80DC0000, view_of(NULL, 0)), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal(25), SW_CONDITIONS);
	seal_up_to(26, 30);
	CU_ASSERT_TRUE(receipt_is_good(30));
	cosigned_note(auditor, 1700000002, &note);
	CU_ASSERT_EQUAL(with_number(0x80DE0000, view_buf(&note)), SW_OK);
	CU_ASSERT_EQUAL(prune(28), SW_OK);
	CU_ASSERT_EQUAL(seal(28), SW_OK);
	CU_ASSERT_TRUE(receipt_is_good(28));
	buf_free(&note);
	buf_free(&leaf_0);
	bare_card_free(&card);
}

static void without_an_auditor_the_role_alone_prunes(void)
{
	new_card(false);
	seal_up_to(1, 9);
	card.channels[0].roles = ROLE_USER | ROLE_AUDITOR;
	CU_ASSERT_EQUAL(prune(5), SW_SECURITY_STATUS);
	card.channels[0].roles = ROLE_ISSUER;
	CU_ASSERT_EQUAL(prune(11), SW_CONDITIONS);
	CU_ASSERT_EQUAL(prune(5), SW_OK);
	CU_ASSERT_EQUAL(with_number(0x80DE0100, view_str("short")), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(with_number(0x80DE0200, view_of(NULL, 0)), SW_INCORRECT_P1P2);
	bare_card_free(&card);
}

static void the_rules_say_who_may_do_what(void)
{
	bare_card_new_token(&card);
	/* Appended by issuers, read by auditors, pruned by nobody. */
	CU_ASSERT_EQUAL_FATAL(create(false, view_str("\x90\x01\x02\x91\x01\x08")), SW_OK);
	card.channels[0].roles = ROLE_USER;
	CU_ASSERT_EQUAL(seal(1), SW_SECURITY_STATUS);
	card.channels[0].roles = ROLE_ISSUER;
	CU_ASSERT_EQUAL(seal(1), SW_OK);
	CU_ASSERT_EQUAL(with_index(0x80D40000, 1), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(with_index(0x80D40300, 1), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(with_index(0x80D40200, 1), SW_OK);
	card.channels[0].roles = ROLE_UPDATER;
	CU_ASSERT_EQUAL(with_index(0x80D40200, 1), SW_SECURITY_STATUS);
	card.channels[0].roles = ROLE_USER;
	CU_ASSERT_EQUAL(with_index(0x80D40000, 1), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(with_index(0x80D40200, 1), SW_OK);
	card.channels[0].roles = ROLE_AUDITOR;
	CU_ASSERT_EQUAL(with_index(0x80D40000, 1), SW_OK);
	card.channels[0].roles = ROLE_ALL;
	CU_ASSERT_EQUAL_FATAL(create(false, view_of("\x92\x01\x00", 3)), SW_OK);
	seal_up_to(1, 3);
	CU_ASSERT_EQUAL(prune(2), SW_SECURITY_STATUS);
	/* With an auditor whose signature pruning does not wait for. */
	CU_ASSERT_EQUAL_FATAL(create(true, view_of("\x95\x01\x00", 3)), SW_OK);
	seal_up_to(1, 3);
	CU_ASSERT_EQUAL(prune(2), SW_OK);
	bare_card_free(&card);
}

static void rules_that_make_no_sense_make_no_ledger(void)
{
	static const struct {
		size_t len;
		const char *bytes;
	} rows[] = {
		{3, "\x90\x01\x00"},
		{3, "\x90\x01\x10"},
		{4, "\x90\x02\x01\x01"},
		{3, "\x95\x01\x01"},
		{3, "\x95\x01\x02"},
		{6, "\x94\x04\x00\x00\x00\x00"},
		{6, "\x94\x04\x00\x01\x00\x01"},
		{10, "\x93\x08\0\0\0\0\0\0\0\0"},
		{6, "\x91\x01\x01\x90\x01\x01"},
		{6, "\x90\x01\x01\x90\x01\x01"},
		{3, "\x96\x01\x01"},
		{2, "\x90\x01"},
		{4, "\x93\x02\x00\x01"},
	};

	bare_card_new_token(&card);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(create(false, view_of(rows[i].bytes, rows[i].len)), SW_WRONG_DATA);
	bare_card_free(&card);
}

static void a_ledger_s_own_limits_refuse_before_anything_is_lost(void)
{
	/* Ten records of ten bytes at most. */
	static const char rules[] = "\x93\x08\0\0\0\0\0\0\0\x0A\x94\x04\0\0\0\x0A";

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(create(false, view_of(rules, sizeof(rules) - 1)), SW_OK);
	CU_ASSERT_EQUAL(warnings(), 0);
	seal_up_to(1, 8);
	CU_ASSERT_EQUAL(warnings(), 0);
	seal_up_to(9, 9);
	CU_ASSERT_EQUAL(warnings(), LEDGER_CAPACITY_LOW);
	seal_up_to(10, 10);
	CU_ASSERT_EQUAL(warnings(), LEDGER_CAPACITY_LOW | LEDGER_FULL);
	CU_ASSERT_EQUAL(seal(11), SW_NOT_ENOUGH_MEMORY);
	CU_ASSERT_EQUAL(seal(10), SW_OK); /* it is there */
	CU_ASSERT_EQUAL(status_number(0x80), 11);
	CU_ASSERT_EQUAL(prune(3), SW_OK);
	CU_ASSERT_EQUAL(warnings(), 0);
	seal_up_to(11, 12);
	CU_ASSERT_EQUAL(seal(13), SW_NOT_ENOUGH_MEMORY);
	CU_ASSERT_EQUAL_FATAL(create(false, view_of("\x94\x04\0\0\0\x09", 6)), SW_OK);
	CU_ASSERT_EQUAL(seal(1), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(status_number(0x80), 1);
	bare_card_free(&card);
}

static uint16_t seal_long(uint64_t n)
{
	static uint8_t plain[LEDGER_PLAINTEXT_MAX];
	uint16_t sw = SW_OK;
	struct buf data;

	buf_init(&data, 64 + LEAF_FIRST_BYTES);
	for (unsigned int part = 1; part <= 2 && sw == SW_OK; part++) {
		buf_reset(&data);
		buf_u32(&data, number);
		buf_u64(&data, 1000 + n);
		buf_u64(&data, n);
		buf_u16(&data, 1);
		buf_u64(&data, 1000 + n);
		buf_put(&data, plain, LEAF_FIRST_BYTES);
		sw = bare_card_send(&card, 0x80D20000 | part << 8, view_buf(&data));
	}
	buf_free(&data);
	return sw;
}

static void a_record_of_two_leaves_is_pruned_whole_and_counts_twice(void)
{
	/* Four leaves; and records so long that they are never two. */
	static const char four[] = "\x93\x08\0\0\0\0\0\0\0\x04";
	static const char short_ones[] = "\x94\x04\0\0\xF2\x30";

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(create(false, view_of(four, sizeof(four) - 1)), SW_OK);
	CU_ASSERT_EQUAL(seal_long(1), SW_OK);
	seal_up_to(2, 2);
	CU_ASSERT_EQUAL(seal_long(3), SW_NOT_ENOUGH_MEMORY);
	CU_ASSERT_EQUAL(status_number(0x80), 4);
	seal_up_to(4, 4);
	CU_ASSERT_EQUAL(prune(2), SW_CONDITIONS);
	CU_ASSERT_EQUAL(status_number(0x82), 0);
	CU_ASSERT_EQUAL(prune(1), SW_OK);
	CU_ASSERT_EQUAL(prune(3), SW_OK);
	CU_ASSERT_EQUAL(status_number(0x82), 3);
	/* It is known after it was pruned. */
	CU_ASSERT_EQUAL(seal_long(1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal_long(3), SW_OK);
	CU_ASSERT_EQUAL(status_number(0x80), 7);
	CU_ASSERT_EQUAL_FATAL(create(false, view_of(short_ones, sizeof(short_ones) - 1)), SW_OK);
	CU_ASSERT_EQUAL(seal_long(1), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(status_number(0x80), 1);
	bare_card_free(&card);
}

static void a_time_that_goes_backwards_is_stored_and_flagged(void)
{
	new_card(false);
	CU_ASSERT_EQUAL(seal_at(1, 5000), SW_OK);
	CU_ASSERT_EQUAL(seal_at(2, 5000), SW_OK);
	CU_ASSERT_EQUAL(warnings() & LEDGER_TIME_BACKWARDS, 0);
	CU_ASSERT_EQUAL(seal_at(3, 4999), SW_OK);
	CU_ASSERT_EQUAL(seal_at(3, 4999), SW_OK);
	CU_ASSERT_EQUAL(warnings() & LEDGER_TIME_BACKWARDS, LEDGER_TIME_BACKWARDS);
	CU_ASSERT_EQUAL(status_number(0x85), 1);
	CU_ASSERT_EQUAL(status_number(0x86), 3);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal_at(4, 4998), SW_OK);
	CU_ASSERT_EQUAL(seal_at(5, 6000), SW_OK);
	CU_ASSERT_EQUAL(prune(6), SW_OK);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(seal_at(6, 5999), SW_OK);
	CU_ASSERT_EQUAL(status_number(0x85), 3);
	CU_ASSERT_EQUAL(status_number(0x86), 6);
	bare_card_free(&card);
}

static void another_process_sees_what_was_pruned(void)
{
	struct bare_card other, mine;

	new_card(false);
	seal_up_to(1, 9);
	bare_card_attach(&other, &card);
	mine = card;
	card = other;
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	seal_up_to(10, 11);
	CU_ASSERT_EQUAL(prune(8), SW_OK);
	other = card;
	card = mine;
	CU_ASSERT_EQUAL(seal(5), SW_CONDITIONS);
	CU_ASSERT_EQUAL(seal(9), SW_OK);
	CU_ASSERT_TRUE(receipt_is_good(9));
	CU_ASSERT_EQUAL(with_index(0x80D40000, 7), SW_CONDITIONS);
	bare_card_detach(&other);
	bare_card_free(&card);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"the card keeps the newest countersigned checkpoint",
		 the_card_keeps_the_newest_countersigned_checkpoint},
		{"what is not this ledger's checkpoint of its auditor is refused",
		 what_is_not_this_ledger_s_checkpoint_of_its_auditor_is_refused},
		{"a root that never was is refused", a_root_that_never_was_is_refused},
		{"pruned records are gone and everything else goes on",
		 pruned_records_are_gone_and_everything_else_goes_on},
		{"without an auditor the role alone prunes",
		 without_an_auditor_the_role_alone_prunes},
		{"the rules say who may do what", the_rules_say_who_may_do_what},
		{"rules that make no sense make no ledger",
		 rules_that_make_no_sense_make_no_ledger},
		{"a ledger's own limits refuse before anything is lost",
		 a_ledger_s_own_limits_refuse_before_anything_is_lost},
		{"a record of two leaves is pruned whole and counts twice",
		 a_record_of_two_leaves_is_pruned_whole_and_counts_twice},
		{"a time that goes backwards is stored and flagged",
		 a_time_that_goes_backwards_is_stored_and_flagged},
		{"another process sees what was pruned", another_process_sees_what_was_pruned},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "ledger prune",
		 .pInitFunc = start,
		 .pCleanupFunc = finish,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("card ledger_prune", suites);
}
