/* SPDX-License-Identifier: BSD-2-Clause */
/* CREATE OBJECT, READ OBJECTS, SET ATTRIBUTES, DESTROY OBJECT, and what hostile lists do to them. */
#include "card/object.h"

#include <stdlib.h>
#include <string.h>

#include "base/sm2.h"
#include "card/key_material.h"
#include "card/object_schema.h"
#include "card/pin.h"
#include "tests/card/bare_card.h"
#include "tests/suite.h"

static const uint32_t CREATE = 0x80480000, READ = 0x804A0000, SET = 0x804C0000,
		      DESTROY = 0x804E0000;

static struct bare_card card;

/* A list under construction, one at a time. */
static struct buf list;

static void begin(CK_ULONG class)
{
	buf_free(&list);
	buf_init(&list, 2 * ATTR_LIST_MAX);
	attr_set_ulong(&list, CKA_CLASS, class);
}

static void begin_data(const char *label, bool private)
{
	begin(CKO_DATA);
	attr_set_bool(&list, CKA_PRIVATE, private);
	attr_set(&list, CKA_LABEL, view_str(label));
	attr_set(&list, CKA_VALUE, view_str("value"));
}

static void begin_secret(bool private, bool sensitive, bool extractable)
{
	begin(CKO_SECRET_KEY);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
	attr_set_bool(&list, CKA_PRIVATE, private);
	attr_set_bool(&list, CKA_SENSITIVE, sensitive);
	attr_set_bool(&list, CKA_EXTRACTABLE, extractable);
	attr_set(&list, CKA_VALUE, view_str("sixteen secret b"));
}

static uint16_t create(void)
{
	return bare_card_send(&card, CREATE, view_buf(&list));
}

/* Creates and returns the number. */
static uint32_t made(void)
{
	struct view shown;

	CU_ASSERT_EQUAL_FATAL(create(), SW_OK);
	return bare_card_object(&card, &shown);
}

static struct view attribute(struct view in, CK_ATTRIBUTE_TYPE type)
{
	struct view value = {0};

	CU_ASSERT_EQUAL(attr_find(in, type, &value), RC_OK);
	return value;
}

static bool has(struct view in, CK_ATTRIBUTE_TYPE type)
{
	struct view value;

	return attr_find(in, type, &value) == RC_OK;
}

static uint16_t read_from(bool private, uint32_t after)
{
	uint8_t array[4];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u32(&data, after);
	return bare_card_send(&card, READ | (private ? 0x100 : 0), view_buf(&data));
}

static uint16_t set(uint32_t number, struct view changes)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 2 * ATTR_LIST_MAX);
	buf_u32(&data, number);
	buf_view(&data, changes);
	sw = bare_card_send(&card, SET, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t set_bool(uint32_t number, CK_ATTRIBUTE_TYPE type, bool x)
{
	struct buf changes;
	uint16_t sw;

	buf_init(&changes, 64);
	attr_set_bool(&changes, type, x);
	sw = set(number, view_buf(&changes));
	buf_free(&changes);
	return sw;
}

static uint16_t set_bytes(uint32_t number, CK_ATTRIBUTE_TYPE type, const char *text)
{
	struct buf changes;
	uint16_t sw;

	buf_init(&changes, 64);
	attr_set(&changes, type, view_str(text));
	sw = set(number, view_buf(&changes));
	buf_free(&changes);
	return sw;
}

static uint16_t destroy(uint32_t number)
{
	uint8_t array[4];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u32(&data, number);
	return bare_card_send(&card, DESTROY, view_buf(&data));
}

static void a_created_object_has_what_was_sent_and_what_the_card_sets(void)
{
	struct view shown, unique;
	uint32_t number;

	bare_card_new_token(&card);
	begin_data("one", false);
	CU_ASSERT_EQUAL(create(), SW_OK);
	number = bare_card_object(&card, &shown);
	CU_ASSERT_NOT_EQUAL(number, 0);
	CU_ASSERT_EQUAL(attr_check(shown), RC_OK);
	CU_ASSERT_TRUE(view_equal(attribute(shown, CKA_LABEL), view_str("one")));
	CU_ASSERT_TRUE(view_equal(attribute(shown, CKA_VALUE), view_str("value")));
	CU_ASSERT_TRUE(attr_bool(shown, CKA_TOKEN, false));
	CU_ASSERT_TRUE(attr_bool(shown, CKA_MODIFIABLE, false));
	CU_ASSERT_TRUE(attr_bool(shown, CKA_DESTROYABLE, false));
	CU_ASSERT_FALSE(has(shown, CKA_LOCAL));
	unique = attribute(shown, CKA_UNIQUE_ID);
	CU_ASSERT_EQUAL(unique.len, 40);
	bare_card_free(&card);
}

static void numbers_are_never_used_again(void)
{
	uint32_t first, second;

	bare_card_new_token(&card);
	begin_data("one", false);
	first = made();
	CU_ASSERT_EQUAL(destroy(first), SW_OK);
	CU_ASSERT_EQUAL(destroy(first), SW_REFERENCE_NOT_FOUND);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	second = made();
	CU_ASSERT_TRUE(second > first);
	bare_card_free(&card);
}

static void hostile_lists_are_refused(void)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{"\0\0\0", 3},
		{"\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0", 15}, /* a truncated value */
		{"\0\0\0\0\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\0", 16},
		/* CKA_CLASS twice; CKA_LABEL before it */
		{"\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\0", 32},
		{"\0\0\0\x03\0\0\0\x01x\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\0", 25},
		{"\0\0\0\0\0\0\0\x04\0\0\0\0", 12}, /* CKA_CLASS of four bytes */
		{"\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x02\0\0",
		 26}, /* CKA_PRIVATE of two */
		{"\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x01\x02",
		 25}, /* neither true nor false */
		{"", 0},
	};

	bare_card_new_token(&card);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(bare_card_send(&card, CREATE, view_of(rows[i].bytes, rows[i].len)),
				SW_WRONG_DATA);
	begin_data("good", false);
	for (size_t n = 0; n < list.len; n++)
		if (attr_check(view_of(list.data, n)) != RC_OK)
			CU_ASSERT_EQUAL(bare_card_send(&card, CREATE, view_of(list.data, n)),
					SW_WRONG_DATA);
	CU_ASSERT_EQUAL(read_from(false, 0), SW_OK);
	bare_card_free(&card);
}

static void templates_against_the_rules_are_refused(void)
{
	static const CK_ATTRIBUTE_TYPE cards_own[] = {
		CKA_LOCAL,
		CKA_ALWAYS_SENSITIVE,
		CKA_NEVER_EXTRACTABLE,
	};

	bare_card_new_token(&card);
	for (size_t i = 0; i < sizeof(cards_own) / sizeof(cards_own[0]); i++) {
		begin_secret(true, true, false);
		attr_set_bool(&list, cards_own[i], true);
		CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	}
	begin_data("x", false);
	attr_set(&list, CKA_UNIQUE_ID, view_str("mine"));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin_data("x", false);
	attr_set_bool(&list, CKA_TOKEN, false);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin_data("x", false);
	attr_set_ulong(&list, CKA_COLOR, 1);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin_secret(true, true, false);
	attr_set(&list, CKA_WRAP_TEMPLATE, view_str("no list"));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin_data("x", false);
	attr_set(&list, CKA_INTAGLIO_LEDGER_ID, view_str("0123456789abcdef"));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin_secret(false, false, true);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_INTAGLIO_LEDGER);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin_secret(true, true, false);
	attr_remove(&list, CKA_VALUE);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin(CKO_CERTIFICATE);
	attr_set(&list, CKA_VALUE, view_str("no type"));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin(CKO_PUBLIC_KEY);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_RSA);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin(CKO_PRIVATE_KEY);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_EC);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin(CKO_HW_FEATURE);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	begin_data("x", false);
	attr_set_bool(&list, CKA_TRUSTED, true);
	CU_ASSERT_EQUAL(create(), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_send(&card, CREATE | 0x100, view_buf(&list)), SW_INCORRECT_P1P2);
	bare_card_free(&card);
}

static void objects_of_foreign_vendors_attributes_are_kept(void)
{
	struct view shown;

	bare_card_new_token(&card);
	begin(CKO_CERTIFICATE);
	attr_set_ulong(&list, CKA_CERTIFICATE_TYPE, CKC_X_509);
	attr_set(&list, CKA_VALUE, view_str("DER"));
	attr_set(&list, 0xCE534351, view_str("vendor"));
	CU_ASSERT_EQUAL(create(), SW_OK);
	CU_ASSERT_NOT_EQUAL(bare_card_object(&card, &shown), 0);
	CU_ASSERT_TRUE(view_equal(attribute(shown, 0xCE534351), view_str("vendor")));
	CU_ASSERT_FALSE(attr_bool(shown, CKA_PRIVATE, true));
	bare_card_free(&card);
}

static void private_objects_need_the_user(void)
{
	uint32_t number;

	bare_card_new_token(&card);
	begin_data("private", true);
	number = made();
	CU_ASSERT_EQUAL(read_from(true, 0), SW_OK);
	CU_ASSERT_TRUE(card.answer.len > 1);
	CU_ASSERT_EQUAL(read_from(false, 0), SW_OK);
	CU_ASSERT_EQUAL(card.answer.len, 1);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(read_from(true, 0), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(create(), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(set_bytes(number, CKA_LABEL, "x"), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(destroy(number), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(read_from(true, 0), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(create(), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(destroy(number), SW_SECURITY_STATUS);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(destroy(number), SW_OK);
	bare_card_free(&card);
}

static void public_objects_need_a_login_once_there_is_a_user_pin(void)
{
	bare_card_new(&card);
	begin_data("early", false);
	CU_ASSERT_EQUAL(create(), SW_OK);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x80400000, SO_PIN,
					   "label                           "),
			SW_OK);
	CU_ASSERT_EQUAL(create(), SW_OK);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str(USER_PIN)), SW_OK);
	CU_ASSERT_EQUAL(create(), SW_OK);
	attr_set_bool(&list, CKA_TRUSTED, true);
	CU_ASSERT_EQUAL(create(), SW_OK);
	attr_remove(&list, CKA_TRUSTED);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(create(), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(set_bytes(2, CKA_LABEL, "x"), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(destroy(2), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(read_from(false, 0), SW_OK);
	bare_card_free(&card);
}

static void keys_are_private_and_sensitive_unless_the_template_says_otherwise(void)
{
	struct view shown;

	bare_card_new_token(&card);
	begin(CKO_SECRET_KEY);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_AES);
	attr_set(&list, CKA_VALUE, view_str("sixteen secret b"));
	CU_ASSERT_EQUAL(create(), SW_OK);
	CU_ASSERT_NOT_EQUAL(bare_card_object(&card, &shown), 0);
	CU_ASSERT_TRUE(attr_bool(shown, CKA_PRIVATE, false));
	CU_ASSERT_TRUE(attr_bool(shown, CKA_SENSITIVE, false));
	CU_ASSERT_FALSE(attr_bool(shown, CKA_EXTRACTABLE, true));
	CU_ASSERT_FALSE(attr_bool(shown, CKA_LOCAL, true));
	CU_ASSERT_FALSE(attr_bool(shown, CKA_ALWAYS_SENSITIVE, true));
	CU_ASSERT_FALSE(attr_bool(shown, CKA_NEVER_EXTRACTABLE, true));
	CU_ASSERT_EQUAL(attr_ulong(shown, CKA_KEY_GEN_MECHANISM, 0), ATTR_UNAVAILABLE);
	CU_ASSERT_FALSE(has(shown, CKA_VALUE));
	bare_card_free(&card);
}

static void key_material_is_shown_only_where_both_flags_allow_it(void)
{
	static const struct {
		bool private, sensitive, extractable, shown;
	} rows[] = {
		{true, true, true, false}, {true, true, false, false}, {true, false, false, false},
		{true, false, true, true}, {false, true, true, false}, {false, false, true, true},
	};
	struct view shown;

	bare_card_new_token(&card);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_secret(rows[i].private, rows[i].sensitive, rows[i].extractable);
		CU_ASSERT_EQUAL(create(), SW_OK);
		CU_ASSERT_NOT_EQUAL(bare_card_object(&card, &shown), 0);
		CU_ASSERT_EQUAL(has(shown, CKA_VALUE), rows[i].shown);
	}
	bare_card_free(&card);
}

static void nothing_secret_lies_open_in_the_record(void)
{
	struct view record, needle = view_str("sixteen secret b");
	uint32_t numbers[2];

	bare_card_new_token(&card);
	begin_secret(false, true, false);
	numbers[0] = made();
	begin_secret(true, false, true);
	attr_set(&list, CKA_LABEL, needle);
	numbers[1] = made();
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(nvm_get(card.nvm, RECORD_OBJECT | numbers[i], &record),
				      RC_OK);
		CU_ASSERT_PTR_NULL(memmem(record.data, record.len, needle.data, needle.len));
	}
	bare_card_free(&card);
}

static void attributes_change_in_the_allowed_direction_only(void)
{
	struct view shown;
	uint32_t key, data;

	bare_card_new_token(&card);
	begin_secret(true, false, true);
	key = made();
	CU_ASSERT_EQUAL(set_bytes(key, CKA_LABEL, "new label"), SW_OK);
	CU_ASSERT_EQUAL(bare_card_object(&card, &shown), key);
	CU_ASSERT_TRUE(view_equal(attribute(shown, CKA_LABEL), view_str("new label")));
	CU_ASSERT_TRUE(has(shown, CKA_VALUE));
	CU_ASSERT_EQUAL(set_bool(key, CKA_SENSITIVE, false), SW_OK);
	CU_ASSERT_EQUAL(set_bool(key, CKA_SENSITIVE, true), SW_OK);
	CU_ASSERT_EQUAL(bare_card_object(&card, &shown), key);
	CU_ASSERT_FALSE(has(shown, CKA_VALUE));
	CU_ASSERT_FALSE(attr_bool(shown, CKA_ALWAYS_SENSITIVE, true));
	CU_ASSERT_EQUAL(set_bool(key, CKA_SENSITIVE, false), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set_bool(key, CKA_EXTRACTABLE, false), SW_OK);
	CU_ASSERT_EQUAL(set_bool(key, CKA_EXTRACTABLE, true), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set_bool(key, CKA_PRIVATE, false), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set_bool(key, CKA_MODIFIABLE, false), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set_bool(key, CKA_NEVER_EXTRACTABLE, true), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set_bool(key, CKA_TRUSTED, true), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(set_bytes(key, CKA_VALUE, "sixteen other by"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set_bytes(key, CKA_UNIQUE_ID, "mine"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set_bytes(key, CKA_SIGN, "xx"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set(key, view_of("\0\0\0", 3)), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(set(key, view_of(NULL, 0)), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(set_bytes(key + 100, CKA_LABEL, "x"), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(set_bytes(0xFFFFFFFF, CKA_LABEL, "x"), SW_REFERENCE_NOT_FOUND);
	begin_data("data", false);
	data = made();
	CU_ASSERT_EQUAL(set_bytes(data, CKA_VALUE, "new value"), SW_OK);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(read_from(false, data - 1), SW_OK);
	CU_ASSERT_EQUAL(bare_card_object_at(&card, 1, 0, &shown), data);
	CU_ASSERT_TRUE(view_equal(attribute(shown, CKA_VALUE), view_str("new value")));
	bare_card_free(&card);
}

static void modifiable_and_destroyable_are_honoured(void)
{
	uint32_t number;

	bare_card_new_token(&card);
	begin_data("fixed", false);
	attr_set_bool(&list, CKA_MODIFIABLE, false);
	number = made();
	CU_ASSERT_EQUAL(set_bytes(number, CKA_LABEL, "x"), SW_CONDITIONS);
	CU_ASSERT_EQUAL(destroy(number), SW_OK);
	begin_data("kept", false);
	attr_set_bool(&list, CKA_DESTROYABLE, false);
	number = made();
	CU_ASSERT_EQUAL(destroy(number), SW_CONDITIONS);
	CU_ASSERT_EQUAL(set_bool(number, CKA_DESTROYABLE, true), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(destroy(number), SW_CONDITIONS);
	bare_card_free(&card);
}

static void many_objects_are_read_in_pages(void)
{
	enum { COUNT = 20 };
	struct view shown;
	uint32_t number = 0, seen = 0, last = 0;
	bool more = true;

	bare_card_new_token(&card);
	for (unsigned int i = 0; i < COUNT; i++) {
		begin_data("paged", i % 2);
		CU_ASSERT_EQUAL(create(), SW_OK);
	}
	card.le = 600;
	while (more) {
		CU_ASSERT_EQUAL_FATAL(read_from(true, last), SW_OK);
		CU_ASSERT_TRUE(card.answer.len + 8 <= 600);
		more = card.answer.data[0];
		for (unsigned int n = 0; (number = bare_card_object_at(&card, 1, n, &shown)) != 0;
		     n++) {
			CU_ASSERT_TRUE(number > last);
			last = number;
			seen++;
		}
	}
	CU_ASSERT_EQUAL(seen, COUNT / 2);
	card.le = 100;
	CU_ASSERT_EQUAL(read_from(true, 0), SW_WRONG_LENGTH);
	card.le = 0;
	CU_ASSERT_EQUAL(read_from(false, 0), SW_OK);
	CU_ASSERT_EQUAL(card.answer.data[0], 0);
	CU_ASSERT_EQUAL(read_from(false, 0xFFFFFFFF), SW_OK);
	CU_ASSERT_EQUAL(card.answer.len, 1);
	CU_ASSERT_EQUAL(bare_card_send(&card, READ, view_str("abc")), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_send(&card, READ, view_str("abcde")), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_send(&card, READ | 0x200, view_str("abcd")), SW_INCORRECT_P1P2);
	bare_card_free(&card);
}

static void the_largest_object_fits_and_a_larger_one_does_not(void)
{
	enum { ROOM = 59500 };
	uint8_t *bytes = calloc(1, ATTR_LIST_MAX);

	bare_card_new_token(&card);
	for (unsigned int private = 0; private < 2; private ++) {
		begin_data("big", private);
		attr_set(&list, CKA_VALUE, view_of(bytes, ROOM));
		CU_ASSERT_EQUAL(create(), SW_OK);
		CU_ASSERT_EQUAL(read_from(private, 0), SW_OK);
		CU_ASSERT_TRUE(card.answer.len > ROOM);
		attr_set(&list, CKA_VALUE, view_of(bytes, ATTR_LIST_MAX - 70));
		CU_ASSERT_EQUAL(create(), SW_WRONG_LENGTH);
		attr_set(&list, CKA_VALUE, view_of(bytes, ATTR_LIST_MAX));
		CU_ASSERT_EQUAL(create(), SW_WRONG_LENGTH);
	}
	free(bytes);
	bare_card_free(&card);
}

static void objects_survive_a_restart_and_a_change_of_pin(void)
{
	struct view shown;
	uint32_t number;

	bare_card_new_token(&card);
	begin_secret(true, false, true);
	number = made();
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x00240001, USER_PIN, "4321"), SW_OK);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "4321"), SW_OK);
	CU_ASSERT_EQUAL(read_from(true, 0), SW_OK);
	CU_ASSERT_EQUAL(bare_card_object_at(&card, 1, 0, &shown), number);
	CU_ASSERT_TRUE(view_equal(attribute(shown, CKA_VALUE), view_str("sixteen secret b")));
	bare_card_free(&card);
}

static void imported_keys_must_be_whole_and_sound(void)
{
	struct view shown;
	struct buf public_list;
	EVP_PKEY *key = NULL;
	const struct curve *curve = key_curve_of_size(32);
	uint8_t zeros[32] = {0}, ones[32];

	memset(ones, 0xFF, sizeof(ones));
	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &key), RC_OK);
	for (unsigned int broken = 0; broken < 4; broken++) {
		static const uint16_t want[] = {SW_OK, SW_WRONG_DATA, SW_WRONG_DATA, SW_WRONG_DATA};
		struct view d;

		begin(CKO_PRIVATE_KEY);
		buf_init(&public_list, ATTR_LIST_MAX);
		attr_set_ulong(&list, CKA_KEY_TYPE, CKK_RSA);
		CU_ASSERT_EQUAL(key_to_lists(key, NULL, &public_list, &list), RC_OK);
		if (broken == 1)
			attr_remove(&list, CKA_PRIME_2);
		if (broken == 2)
			attr_remove(&list, CKA_PUBLIC_EXPONENT);
		if (broken == 3) {
			d = attribute(view_buf(&list), CKA_PRIVATE_EXPONENT);
			((uint8_t *)(uintptr_t)d.data)[d.len - 2] ^= 1;
		}
		CU_ASSERT_EQUAL(create(), want[broken]);
		buf_free(&public_list);
	}
	EVP_PKEY_free(key);
	begin(CKO_PRIVATE_KEY);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_EC);
	attr_set(&list, CKA_EC_PARAMS, curve->params);
	attr_set(&list, CKA_VALUE, view_of(zeros, 32));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	attr_set(&list, CKA_VALUE, view_of(ones, 32));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	zeros[31] = 7;
	attr_set(&list, CKA_VALUE, view_of(zeros, 32));
	CU_ASSERT_EQUAL(create(), SW_OK);
	attr_set(&list, CKA_EC_PARAMS, view_str("\x06\x05\x2B\x81\x04\x0a"));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	attr_set(&list, CKA_EC_PARAMS, view_of(sm2_oid, SM2_OID));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_INTAGLIO_SM2);
	CU_ASSERT_EQUAL(create(), SW_OK);
	CU_ASSERT_NOT_EQUAL(bare_card_object(&card, &shown), 0);
	CU_ASSERT_EQUAL(attribute(shown, CKA_EC_POINT).len, 2 + SM2_POINT);
	attr_set(&list, CKA_EC_POINT, view_str("another"));
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	attr_remove(&list, CKA_EC_POINT);
	attr_set(&list, CKA_EC_PARAMS, curve->params);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	attr_remove(&list, CKA_EC_PARAMS);
	CU_ASSERT_EQUAL(create(), SW_WRONG_DATA);
	bare_card_free(&card);
}

static void another_process_sees_what_is_written_here(void)
{
	struct bare_card other;
	struct view shown;
	uint32_t number;

	bare_card_new_token(&card);
	bare_card_attach(&other, &card);
	begin_data("shared", false);
	number = made();
	CU_ASSERT_EQUAL(bare_card_send(&other, READ, view_of("\0\0\0\0", 4)), SW_OK);
	CU_ASSERT_EQUAL(bare_card_object_at(&other, 1, 0, &shown), number);
	bare_card_detach(&other);
	bare_card_free(&card);
}

static CU_TestInfo tests[] = {
	{"a created object has what was sent and what the card sets",
	 a_created_object_has_what_was_sent_and_what_the_card_sets},
	{"numbers are never used again", numbers_are_never_used_again},
	{"hostile lists are refused", hostile_lists_are_refused},
	{"templates against the rules are refused", templates_against_the_rules_are_refused},
	{"objects of foreign vendors' attributes are kept",
	 objects_of_foreign_vendors_attributes_are_kept},
	{"private objects need the user", private_objects_need_the_user},
	{"public objects need a login once there is a user PIN",
	 public_objects_need_a_login_once_there_is_a_user_pin},
	{"keys are private and sensitive unless the template says otherwise",
	 keys_are_private_and_sensitive_unless_the_template_says_otherwise},
	{"key material is shown only where both flags allow it",
	 key_material_is_shown_only_where_both_flags_allow_it},
	{"nothing secret lies open in the record", nothing_secret_lies_open_in_the_record},
	{"attributes change in the allowed direction only",
	 attributes_change_in_the_allowed_direction_only},
	{"modifiable and destroyable are honoured", modifiable_and_destroyable_are_honoured},
	{"many objects are read in pages", many_objects_are_read_in_pages},
	{"the largest object fits and a larger one does not",
	 the_largest_object_fits_and_a_larger_one_does_not},
	{"objects survive a restart and a change of PIN",
	 objects_survive_a_restart_and_a_change_of_pin},
	{"imported keys must be whole and sound", imported_keys_must_be_whole_and_sound},
	{"another process sees what is written here", another_process_sees_what_is_written_here},
	CU_TEST_INFO_NULL,
};

static int finish(void)
{
	buf_free(&list);
	return 0;
}

static CU_SuiteInfo suites[] = {
	{.pName = "object", .pCleanupFunc = finish, .pTests = tests},
	CU_SUITE_INFO_NULL,
};

int main(void)
{
	return suite_run("card object", suites);
}
