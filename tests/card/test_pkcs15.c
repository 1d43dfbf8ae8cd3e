/* SPDX-License-Identifier: BSD-2-Clause */
/* The token as ISO/IEC 7816-15 files: what is in them, who sees them, and what is not a file. */
#include "card/pkcs15.h"

#include <string.h>

#include "base/sm2.h"
#include "base/tlv.h"
#include "card/pkcs15_entry.h"
#include "card/pkcs15_file.h"
#include "card/registry.h"
#include "tests/card/bare_card.h"
#include "tests/suite.h"

static const uint32_t CREATE = 0x80480000;
static const uint8_t p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

static struct bare_card card;
static struct buf list, out;

static void begin(CK_ULONG class, const char *label, bool private)
{
	buf_free(&list);
	buf_init(&list, ATTR_LIST_MAX);
	attr_set_ulong(&list, CKA_CLASS, class);
	attr_set_bool(&list, CKA_PRIVATE, private);
	attr_set(&list, CKA_LABEL, view_str(label));
}

static uint32_t create(void)
{
	struct view shown;

	CU_ASSERT_EQUAL_FATAL(bare_card_send(&card, CREATE, view_buf(&list)), SW_OK);
	return bare_card_object(&card, &shown);
}

static uint32_t create_data(const char *label, bool private)
{
	begin(CKO_DATA, label, private);
	attr_set(&list, CKA_VALUE, view_str("value"));
	return create();
}

static void begin_rsa(void)
{
	static const uint8_t modulus[] = {0x00, 0xC0, 0x01}, exponent[] = {0x01, 0x00, 0x01};

	begin(CKO_PUBLIC_KEY, "key", false);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_RSA);
	attr_set(&list, CKA_ID, view_str("7"));
	attr_set_bool(&list, CKA_VERIFY, true);
	attr_set(&list, CKA_MODULUS, view_of(modulus, sizeof(modulus)));
	attr_set(&list, CKA_PUBLIC_EXPONENT, view_of(exponent, sizeof(exponent)));
}

static struct command command(void)
{
	static const uint8_t id[CVC_ID];

	return (struct command){
		.nvm = card.nvm,
		.channel = &card.channels[0],
		.card_id = id,
		.answer = &card.answer,
	};
}

static enum rc render(uint32_t file)
{
	struct command c = command();

	buf_free(&out);
	buf_init(&out, 65536);
	return pkcs15_render(&c, file, &out);
}

static bool has_text(struct view in, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= in.len; i++)
		if (view_equal(view_of(in.data + i, n), view_str(text)))
			return true;
	return false;
}

/* Every byte belongs to a data object, all the way down; returns how many there are on top. */
static unsigned int count_der(struct view in)
{
	struct view value;
	unsigned int n = 0;
	uint32_t tag;

	while (in.len) {
		CU_ASSERT_EQUAL_FATAL(tlv_next(&in, &tag, &value), RC_OK);
		if (tag & 0x20)
			(void)count_der(value);
		n++;
	}
	return n;
}

static void start(void)
{
	buf_free(&out);
	buf_init(&out, 65536);
}

static void a_named_bit_string_has_no_trailing_zeros(void)
{
	static const struct {
		uint32_t mask;
		uint8_t der[6];
		size_t len;
	} rows[] = {
		{0, {0x03, 0x01, 0x00}, 3},
		{1 << 0, {0x03, 0x02, 0x07, 0x80}, 4},
		{1 << 1 | 1 << 2, {0x03, 0x02, 0x05, 0x60}, 4},
		{1 << 7, {0x03, 0x02, 0x00, 0x01}, 4},
		{1 << 8, {0x03, 0x03, 0x07, 0x00, 0x80}, 5},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start();
		pkcs15_put_bits(rows[i].mask, &out);
		CU_ASSERT(view_equal(view_buf(&out), view_of(rows[i].der, rows[i].len)));
	}
}

static void a_label_ends_where_its_last_whole_character_does(void)
{
	char text[300];

	CU_ASSERT_EQUAL(pkcs15_label(view_str("plain")).len, 5);
	CU_ASSERT_EQUAL(pkcs15_label(view_str("caf\xC3\xA9")).len, 5);
	CU_ASSERT_EQUAL(pkcs15_label(view_str("caf\xC3")).len, 3);
	CU_ASSERT_EQUAL(pkcs15_label(view_str("a\xFF"
					      "b"))
				.len,
			1);
	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL(pkcs15_label(view_of(text, sizeof(text))).len, 254);
	CU_ASSERT_EQUAL(pkcs15_label((struct view){0}).len, 0);
}

static void an_rsa_key_is_its_numbers_in_der(void)
{
	static const uint8_t key[] = {0x30, 0x0A, 0x02, 0x03, 0x00, 0xC0,
				      0x01, 0x02, 0x03, 0x01, 0x00, 0x01};
	static const uint8_t entry[] = {
		0x30, 0x21, 0x30, 0x09, 0x0C, 0x03, 'k',  'e',  'y',  0x03, 0x02, 0x06,
		0x40, 0x30, 0x07, 0x04, 0x01, '7',  0x03, 0x02, 0x01, 0x02, 0xA1, 0x0B,
		0x30, 0x09, 0x30, 0x04, 0x04, 0x02, 'a',  'b',  0x02, 0x01, 0x10,
	};

	begin_rsa();
	start();
	CU_ASSERT_EQUAL(pkcs15_put_value(view_buf(&list), &out), RC_OK);
	CU_ASSERT(view_equal(view_buf(&out), view_of(key, sizeof(key))));
	start();
	CU_ASSERT_EQUAL(pkcs15_put_entry(view_buf(&list), view_str("ab"), &out), RC_OK);
	CU_ASSERT(view_equal(view_buf(&out), view_of(entry, sizeof(entry))));
}

static void a_curve_key_is_a_subject_public_key_info(void)
{
	static const uint8_t point[] = {0x04, 0x03, 0x04, 0xAA, 0xBB};
	/* id-ecPublicKey, then the curve. */
	static const uint8_t head[] = {0x30, 0x1B, 0x30, 0x13, 0x06, 0x07, 0x2A,
				       0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
	static const uint8_t tail[] = {0x03, 0x04, 0x00, 0x04, 0xAA, 0xBB};
	uint8_t array[64];
	struct buf spki;

	for (size_t i = 0; i < 2; i++) {
		struct view params = i ? view_of(sm2_oid, SM2_OID) : view_of(p256, sizeof(p256));

		begin(CKO_PUBLIC_KEY, "key", false);
		attr_set_ulong(&list, CKA_KEY_TYPE, i ? CKK_INTAGLIO_SM2 : CKK_EC);
		attr_set(&list, CKA_EC_PARAMS, params);
		attr_set(&list, CKA_EC_POINT, view_of(point, sizeof(point)));
		buf_fixed(&spki, array, sizeof(array));
		buf_put(&spki, head, sizeof(head));
		buf_view(&spki, params);
		buf_put(&spki, tail, sizeof(tail));
		start();
		CU_ASSERT_EQUAL(pkcs15_put_value(view_buf(&list), &out), RC_OK);
		CU_ASSERT(view_equal(view_buf(&out), view_buf(&spki)));
		start();
		CU_ASSERT_EQUAL(pkcs15_put_entry(view_buf(&list), view_str("ab"), &out), RC_OK);
		CU_ASSERT(tlv_is_next(view_buf(&out), 0xA0));
	}
}

static void secret_keys_are_not_shown(void)
{
	enum pkcs15_kind kind;

	begin(CKO_SECRET_KEY, "secret", false);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_AES);
	CU_ASSERT_EQUAL(pkcs15_kind_of(view_buf(&list), &kind), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(pkcs15_put_value(view_buf(&list), &out), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(pkcs15_put_entry(view_buf(&list), view_str("ab"), &out), RC_NOT_FOUND);
}

static void every_file_is_the_child_of_its_parent(void)
{
	static const uint32_t files[] = {
		PKCS15_DIR,
		PKCS15_APPLICATION,
		PKCS15_ODF,
		PKCS15_TOKEN_INFO,
		PKCS15_DIRECTORY | 0x47,
		PKCS15_DIRECTORY | PKCS15_PRIVATE | 0x10,
		PKCS15_GROUP | 0xABC,
		PKCS15_VALUE | 0xABCDEF,
	};
	uint32_t file;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		CU_ASSERT_EQUAL(pkcs15_child(pkcs15_parent(files[i]), pkcs15_identifier(files[i]),
					     &file),
				RC_OK);
		CU_ASSERT_EQUAL(file, files[i]);
	}
	CU_ASSERT_EQUAL(pkcs15_child(PKCS15_MF, PKCS15_ODF, &file), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(pkcs15_child(PKCS15_APPLICATION, PKCS15_DIR, &file), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(pkcs15_child(PKCS15_APPLICATION, 0x4500, &file), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(pkcs15_child(PKCS15_GROUP, 0x9000, &file), RC_NOT_FOUND);
}

static void a_private_object_is_seen_after_verify_only(void)
{
	static const uint32_t public[] = {PKCS15_ODF, PKCS15_DIRECTORY | 0x70,
					  PKCS15_DIRECTORY | 0x80, PKCS15_TOKEN_INFO, PKCS15_DIR};
	uint32_t hidden, open;

	bare_card_new_token(&card);
	open = create_data("open name", false);
	hidden = create_data("hidden name", true);
	CU_ASSERT_EQUAL(render(PKCS15_DIRECTORY | PKCS15_PRIVATE | 0x70), RC_OK);
	CU_ASSERT(has_text(view_buf(&out), "hidden name"));
	CU_ASSERT_EQUAL(render(PKCS15_VALUE | hidden), RC_OK);
	CU_ASSERT(view_equal(view_buf(&out), view_str("value")));
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(render(PKCS15_DIRECTORY | PKCS15_PRIVATE | 0x70), RC_POLICY);
	CU_ASSERT_EQUAL(render(PKCS15_VALUE | hidden), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(render(PKCS15_VALUE | open), RC_OK);
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
		CU_ASSERT_EQUAL(render(public[i]), RC_OK);
		CU_ASSERT_NOT_EQUAL(count_der(view_buf(&out)), 0);
		CU_ASSERT_FALSE(has_text(view_buf(&out), "hidden"));
	}
	CU_ASSERT_EQUAL(render(PKCS15_DIRECTORY | 0x70), RC_OK);
	CU_ASSERT(has_text(view_buf(&out), "open name"));
	bare_card_free(&card);
}

static void the_private_directories_are_told_of_whatever_is_in_them(void)
{
	struct buf before;

	bare_card_new_token(&card);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(render(PKCS15_ODF), RC_OK);
	buf_init(&before, 65536);
	buf_view(&before, view_buf(&out));
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	create_data("hidden", true);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(render(PKCS15_ODF), RC_OK);
	CU_ASSERT(view_equal(view_buf(&out), view_buf(&before)));
	buf_free(&before);
	bare_card_free(&card);
}

static void a_directory_of_a_thousand_goes_on_in_further_files(void)
{
	unsigned int n = 0, parts = 0;

	bare_card_new_token(&card);
	for (unsigned int i = 0; i < 1000; i++)
		create_data("one of a thousand objects with a name of some length", false);
	while (render(PKCS15_DIRECTORY | 0x70 | parts) == RC_OK) {
		CU_ASSERT(out.len && out.len <= 32767);
		n += count_der(view_buf(&out));
		parts++;
	}
	CU_ASSERT_EQUAL(n, 1000);
	CU_ASSERT(parts > 1);
	CU_ASSERT_EQUAL(render(PKCS15_ODF), RC_OK);
	CU_ASSERT_EQUAL(count_der(view_buf(&out)), parts + 1);
	bare_card_free(&card);
}

static uint16_t send(uint8_t p1, uint8_t p2, const char *data, size_t len, uint32_t le)
{
	struct command c = command();

	c.p1 = p1;
	c.p2 = p2;
	c.data = view_of(data, len);
	c.le = le;
	buf_reset(&card.answer);
	return le ? pkcs15_commands[0].handler(&c) : pkcs15_select_file(&c);
}

static void files_are_selected_by_identifier_and_by_path(void)
{
	bare_card_new_token(&card);
	CU_ASSERT_EQUAL(send(2, 12, "\x50\x31", 2, 0), SW_FILE_NOT_FOUND);
	CU_ASSERT_EQUAL(send(3, 12, NULL, 0, 0), SW_FILE_NOT_FOUND);
	CU_ASSERT_EQUAL(send(8, 12, "\x2F\x00", 2, 0), SW_OK);
	CU_ASSERT_EQUAL(card.channels[0].application, REGISTRY_PKCS15);
	CU_ASSERT_EQUAL(send(8, 12, "\x50\x15\x50\x31", 4, 0), SW_OK);
	CU_ASSERT_EQUAL(send(2, 12, "\x50\x32", 2, 0), SW_OK);
	CU_ASSERT_EQUAL(send(1, 12, "\x50\x32", 2, 0), SW_FILE_NOT_FOUND);
	CU_ASSERT_EQUAL(send(0, 12, "\x50\x31", 2, 0), SW_OK);
	CU_ASSERT_EQUAL(send(3, 12, NULL, 0, 0), SW_OK);
	CU_ASSERT_EQUAL(card.channels[0].file, PKCS15_MF);
	CU_ASSERT_EQUAL(send(9, 12, "\x50\x15", 2, 0), SW_OK);
	CU_ASSERT_EQUAL(send(9, 12, "\x50\x31", 2, 0), SW_OK);
	CU_ASSERT_EQUAL(send(0, 0, "\x3F\x00", 2, 0), SW_OK);
	CU_ASSERT_EQUAL(card.channels[0].file, PKCS15_MF);
	CU_ASSERT_EQUAL(send(8, 12, "\x2F\x00\x2F\x00", 4, 0), SW_FILE_NOT_FOUND);
	CU_ASSERT_EQUAL(send(8, 12, "\x2F", 1, 0), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(send(8, 12, NULL, 0, 0), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(send(5, 12, "\x2F\x00", 2, 0), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(send(8, 8, "\x2F\x00", 2, 0), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(card.channels[0].file, PKCS15_MF);
	bare_card_free(&card);
}

static void a_read_stays_inside_the_file(void)
{
	size_t whole;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL(send(8, 12, "\x50\x15", 2, 0), SW_OK);
	CU_ASSERT_EQUAL(send(0, 0, NULL, 0, 256), 0x6986);
	CU_ASSERT_EQUAL(send(2, 0, "\x50\x32", 2, 0), SW_OK);
	CU_ASSERT_EQUAL(send(0, 0, NULL, 0, 256), SW_OK);
	whole = card.answer.len;
	CU_ASSERT_EQUAL(count_der(view_buf(&card.answer)), 1);
	CU_ASSERT_EQUAL(send(0, 1, NULL, 0, 3), SW_OK);
	CU_ASSERT_EQUAL(card.answer.len, 3);
	CU_ASSERT_EQUAL(send(0, 1, NULL, 0, (uint32_t)whole), 0x6282);
	CU_ASSERT_EQUAL(card.answer.len, whole - 1);
	CU_ASSERT_EQUAL(send(0, (uint8_t)whole, NULL, 0, 256), 0x6B00);
	CU_ASSERT_EQUAL(send(0x7F, 0xFF, NULL, 0, 256), 0x6B00);
	CU_ASSERT_EQUAL(send(0x80, 0, NULL, 0, 256), SW_INCORRECT_P1P2);
	bare_card_free(&card);
}

static CU_TestInfo tests[] = {
	{"begin rsa", begin_rsa},
	{"a named bit string has no trailing zeros", a_named_bit_string_has_no_trailing_zeros},
	{"a label ends where its last whole character does",
	 a_label_ends_where_its_last_whole_character_does},
	{"an rsa key is its numbers in der", an_rsa_key_is_its_numbers_in_der},
	{"a curve key is a subject public key info", a_curve_key_is_a_subject_public_key_info},
	{"secret keys are not shown", secret_keys_are_not_shown},
	{"every file is the child of its parent", every_file_is_the_child_of_its_parent},
	{"a private object is seen after verify only", a_private_object_is_seen_after_verify_only},
	{"the private directories are told of whatever is in them",
	 the_private_directories_are_told_of_whatever_is_in_them},
	{"a directory of a thousand goes on in further files",
	 a_directory_of_a_thousand_goes_on_in_further_files},
	{"files are selected by identifier and by path",
	 files_are_selected_by_identifier_and_by_path},
	{"a read stays inside the file", a_read_stays_inside_the_file},
	CU_TEST_INFO_NULL,
};

static int finish(void)
{
	buf_free(&list);
	buf_free(&out);
	return 0;
}

static CU_SuiteInfo suites[] = {
	{.pName = "pkcs15", .pCleanupFunc = finish, .pTests = tests},
	CU_SUITE_INFO_NULL,
};

int main(void)
{
	return suite_run("card pkcs15", suites);
}
