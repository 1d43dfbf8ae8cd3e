/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects on a real card: creating, finding, reading, changing, copying and destroying them. */
#include "tests/token/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/suite.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS data_class = CKO_DATA, secret_class = CKO_SECRET_KEY;

static CK_RV create_data(struct session *s, CK_BBOOL *token, CK_BBOOL *private, const char *label,
			 CK_OBJECT_HANDLE *ret)
{
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &data_class, sizeof(data_class)},
		{CKA_TOKEN, token, sizeof(*token)},
		{CKA_PRIVATE, private, sizeof(*private)},
		{CKA_LABEL, (void *)label, strlen(label)},
		{CKA_VALUE, (void *)"value", 5},
	};

	return session_create_object(s, template, 5, ret);
}

/* How many objects with this label a session finds; the first one's handle too. */
static CK_ULONG find(struct session *s, const char *label, CK_OBJECT_HANDLE *ret)
{
	CK_ATTRIBUTE template = {CKA_LABEL, (void *)label, strlen(label)};
	CK_OBJECT_HANDLE list[16] = {0};
	CK_ULONG count = 0;

	CU_ASSERT_EQUAL(session_find_init(s, &template, 1), CKR_OK);
	CU_ASSERT_EQUAL(session_find(s, list, 16, &count), CKR_OK);
	CU_ASSERT_EQUAL(session_find_final(s), CKR_OK);
	if (ret)
		*ret = list[0];
	return count;
}

static CK_RV get(struct session *s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, void *out,
		 CK_ULONG *len)
{
	CK_ATTRIBUTE attribute = {type, out, *len};
	CK_RV rv = session_get_attributes(s, o, &attribute, 1);

	*len = attribute.ulValueLen;
	return rv;
}

static bool get_bool(CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = CK_FALSE;
	CK_ULONG len = sizeof(value);

	CU_ASSERT_EQUAL(get(fixture.rw, o, type, &value, &len), CKR_OK);
	return value;
}

static void a_token_object_outlives_a_restart(void)
{
	CK_OBJECT_HANDLE handle = 0, again = 0;
	CK_BYTE value[16];
	CK_ULONG len = sizeof(value);

	CU_ASSERT_EQUAL(create_data(fixture.rw, &yes, &no, "stays", &handle),
			CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(create_data(fixture.ro, &yes, &no, "stays", &handle),
			CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(create_data(fixture.rw, &yes, &no, "stays", &handle), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.ro, "stays", &again), 1);
	CU_ASSERT_EQUAL(again, handle);
	CU_ASSERT_EQUAL_FATAL(fixture_restart(), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.ro, "stays", &again), 1);
	CU_ASSERT_EQUAL(get(fixture.ro, again, CKA_VALUE, value, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 5);
	CU_ASSERT_TRUE(get_bool(again, CKA_TOKEN));
}

static void a_session_object_dies_with_its_session(void)
{
	CK_OBJECT_HANDLE handle = 0;
	struct session *s = NULL;
	CK_ULONG apdus;

	CU_ASSERT_EQUAL(find(fixture.ro, "goes", NULL), 0);
	apdus = fixture_apdus();
	CU_ASSERT_EQUAL(session_open(fixture.slot, CKF_SERIAL_SESSION, NULL, NULL, 9, &s), CKR_OK);
	CU_ASSERT_EQUAL(create_data(s, &no, &no, "goes", &handle), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.ro, "goes", NULL), 1);
	CU_ASSERT_FALSE(get_bool(handle, CKA_TOKEN));
	session_close(&s);
	CU_ASSERT_EQUAL(find(fixture.ro, "goes", NULL), 0);
	CU_ASSERT_EQUAL(fixture_apdus(), apdus);
}

static void private_objects_are_seen_by_the_user_only(void)
{
	CK_OBJECT_HANDLE handle = 0, again = 0;
	CK_ULONG size;

	CU_ASSERT_EQUAL(create_data(fixture.rw, &yes, &yes, "secret", &handle),
			CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(create_data(fixture.rw, &yes, &yes, "secret", &handle), CKR_OK);
	CU_ASSERT_EQUAL(create_data(fixture.rw, &no, &yes, "secret", &again), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.ro, "secret", NULL), 2);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.ro, "secret", NULL), 0);
	CU_ASSERT_EQUAL(session_object_size(fixture.ro, handle, &size), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.ro, "secret", &again), 1);
	CU_ASSERT_NOT_EQUAL(again, handle);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, again), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.ro, "secret", NULL), 0);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void changing_and_destroying_keep_the_rules(void)
{
	CK_ATTRIBUTE label = {CKA_LABEL, (void *)"renamed", 7};
	CK_ATTRIBUTE class = {CKA_CLASS, &data_class, sizeof(data_class)};
	CK_ATTRIBUTE modulus = {CKA_MODULUS, (void *)"m", 1};
	CK_OBJECT_HANDLE handle = 0, again = 0;

	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(create_data(fixture.rw, &yes, &no, "named", &handle), CKR_OK);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.ro, handle, &label, 1),
			CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, handle, &class, 1),
			CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, handle, &modulus, 1),
			CKR_TEMPLATE_INCONSISTENT);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, 99999, &label, 1),
			CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, handle, &label, 1), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.rw, "named", NULL), 0);
	CU_ASSERT_EQUAL(find(fixture.rw, "renamed", &again), 1);
	CU_ASSERT_EQUAL(again, handle);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.ro, handle), CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, handle), CKR_OK);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, handle), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void unmodifiable_and_indestructible_objects_stay(void)
{
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &data_class, sizeof(data_class)},
		{CKA_MODIFIABLE, &no, sizeof(no)},
		{CKA_DESTROYABLE, &no, sizeof(no)},
		{CKA_COPYABLE, &no, sizeof(no)},
	};
	CK_ATTRIBUTE label = {CKA_LABEL, (void *)"x", 1};
	CK_OBJECT_HANDLE handle = 0, copy = 0;

	CU_ASSERT_EQUAL(session_create_object(fixture.rw, template, 4, &handle), CKR_OK);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, handle, &label, 1),
			CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, handle), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(session_copy_object(fixture.rw, handle, NULL, 0, &copy),
			CKR_ACTION_PROHIBITED);
}

static void a_copy_has_what_the_template_changes(void)
{
	CK_ATTRIBUTE changes[] = {{CKA_TOKEN, &yes, sizeof(yes)}, {CKA_LABEL, (void *)"copy", 4}};
	CK_OBJECT_HANDLE handle = 0, copy = 0;
	CK_BYTE value[16];
	CK_ULONG len = sizeof(value);

	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(create_data(fixture.rw, &no, &no, "original", &handle), CKR_OK);
	CU_ASSERT_EQUAL(session_copy_object(fixture.rw, handle, changes, 2, &copy), CKR_OK);
	CU_ASSERT_TRUE(get_bool(copy, CKA_TOKEN));
	CU_ASSERT_EQUAL(get(fixture.rw, copy, CKA_VALUE, value, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 5);
	CU_ASSERT_EQUAL(find(fixture.rw, "copy", NULL), 1);
	CU_ASSERT_EQUAL(find(fixture.rw, "original", NULL), 1);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void a_generated_key_pair_has_its_attributes(void)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_BYTE modulus[512], point[80];
	CK_ULONG len = sizeof(modulus), kind = 0;

	CU_ASSERT_EQUAL(fixture_rsa("k1", &public, &private), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_rsa("k1", &public, &private), CKR_OK);
	CU_ASSERT_EQUAL(get(fixture.rw, public, CKA_MODULUS, modulus, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 256);
	len = sizeof(modulus);
	CU_ASSERT_EQUAL(get(fixture.rw, private, CKA_MODULUS, modulus, &len), CKR_OK);
	len = sizeof(modulus);
	CU_ASSERT_EQUAL(get(fixture.rw, private, CKA_PRIVATE_EXPONENT, modulus, &len),
			CKR_ATTRIBUTE_SENSITIVE);
	CU_ASSERT_TRUE(get_bool(private, CKA_LOCAL));
	CU_ASSERT_TRUE(get_bool(private, CKA_SENSITIVE));
	CU_ASSERT_TRUE(get_bool(private, CKA_ALWAYS_SENSITIVE));
	CU_ASSERT_TRUE(get_bool(private, CKA_NEVER_EXTRACTABLE));
	CU_ASSERT_TRUE(get_bool(private, CKA_PRIVATE));
	CU_ASSERT_FALSE(get_bool(private, CKA_EXTRACTABLE));
	CU_ASSERT_EQUAL_FATAL(fixture_ec("k2", &public, &private), CKR_OK);
	len = sizeof(point);
	CU_ASSERT_EQUAL(get(fixture.rw, public, CKA_EC_POINT, point, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 67);
	CU_ASSERT_EQUAL(point[0], 4);
	CU_ASSERT_EQUAL(point[2], 4);
	len = sizeof(point);
	CU_ASSERT_EQUAL(get(fixture.rw, private, CKA_EC_PARAMS, point, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 10);
	len = sizeof(kind);
	CU_ASSERT_EQUAL(get(fixture.rw, private, CKA_KEY_GEN_MECHANISM, &kind, &len), CKR_OK);
	CU_ASSERT_EQUAL(kind, CKM_EC_KEY_PAIR_GEN);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void generation_refuses_what_the_card_does_not_have(void)
{
	static CK_BYTE unknown[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
	CK_MECHANISM ec = {CKM_EC_KEY_PAIR_GEN, NULL, 0},
		     rsa = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_MECHANISM sign = {CKM_RSA_PKCS, NULL, 0};
	CK_ATTRIBUTE curve = {CKA_EC_PARAMS, unknown, sizeof(unknown)};
	CK_ULONG bits = 1024;
	CK_ATTRIBUTE size = {CKA_MODULUS_BITS, &bits, sizeof(bits)};
	CK_ATTRIBUTE token = {CKA_TOKEN, &yes, sizeof(yes)};
	CK_OBJECT_HANDLE a, b;

	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(session_generate_key_pair(fixture.rw, &ec, &curve, 1, &token, 1, &a, &b),
			CKR_CURVE_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(session_generate_key_pair(fixture.rw, &rsa, &size, 1, &token, 1, &a, &b),
			CKR_ATTRIBUTE_VALUE_INVALID);
	CU_ASSERT_EQUAL(session_generate_key_pair(fixture.rw, &rsa, NULL, 0, &token, 1, &a, &b),
			CKR_TEMPLATE_INCOMPLETE);
	CU_ASSERT_EQUAL(session_generate_key_pair(fixture.rw, &sign, &size, 1, &token, 1, &a, &b),
			CKR_MECHANISM_INVALID);
	bits = 2048;
	CU_ASSERT_EQUAL(session_generate_key_pair(fixture.ro, &rsa, &size, 1, &token, 1, &a, &b),
			CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(session_generate_key_pair(fixture.rw, &rsa, &size, 1, NULL, 0, &a, &b),
			CKR_TEMPLATE_INCONSISTENT);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void a_public_key_can_stay_off_the_card(void)
{
	static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	CK_MECHANISM ec = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE curve = {CKA_EC_PARAMS, p256, sizeof(p256)};
	CK_ATTRIBUTE token = {CKA_TOKEN, &yes, sizeof(yes)};
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_BYTE point[80];
	CK_ULONG len = sizeof(point);

	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(session_generate_key_pair(fixture.rw, &ec, &curve, 1, &token, 1, &public,
						  &private),
			CKR_OK);
	CU_ASSERT_FALSE(get_bool(public, CKA_TOKEN));
	CU_ASSERT_TRUE(get_bool(private, CKA_TOKEN));
	CU_ASSERT_EQUAL(get(fixture.rw, public, CKA_EC_POINT, point, &len), CKR_OK);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void session_secret_keys_show_their_value_unless_sensitive(void)
{
	CK_ULONG type = CKK_AES;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &secret_class, sizeof(secret_class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_PRIVATE, &no, sizeof(no)},
		{CKA_VALUE, (void *)"0123456789abcdef", 16},
		{CKA_SENSITIVE, &no, sizeof(no)},
	};
	CK_OBJECT_HANDLE handle = 0;
	CK_BYTE value[32];
	CK_ULONG len = sizeof(value);
	CK_ATTRIBUTE sensitive = {CKA_SENSITIVE, &yes, sizeof(yes)};

	CU_ASSERT_EQUAL(session_create_object(fixture.ro, template, 5, &handle), CKR_OK);
	CU_ASSERT_EQUAL(get(fixture.ro, handle, CKA_VALUE, value, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 16);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.ro, handle, &sensitive, 1), CKR_OK);
	len = sizeof(value);
	CU_ASSERT_EQUAL(get(fixture.ro, handle, CKA_VALUE, value, &len), CKR_ATTRIBUTE_SENSITIVE);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.ro, handle), CKR_OK);
}

static void finds_among_known_objects_need_no_command(void)
{
	CK_ULONG apdus;

	(void)find(fixture.ro, "stays", NULL);
	apdus = fixture_apdus();
	for (int i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(find(fixture.ro, "stays", NULL), 1);
	CU_ASSERT_EQUAL(fixture_apdus(), apdus);
}

static void find_keeps_its_state_and_its_snapshot(void)
{
	CK_OBJECT_HANDLE handle = 0, list[2];
	CK_ATTRIBUTE label = {CKA_LABEL, (void *)"snap", 4};
	CK_ATTRIBUTE unknown = {0x7654321, (void *)"x", 1};
	CK_ULONG count = 7;

	CU_ASSERT_EQUAL(session_find(fixture.ro, list, 2, &count), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(session_find_final(fixture.ro), CKR_OPERATION_NOT_INITIALIZED);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(create_data(fixture.ro, &no, &no, "snap", &handle), CKR_OK);
	CU_ASSERT_EQUAL(session_find_init(fixture.ro, &label, 1), CKR_OK);
	CU_ASSERT_EQUAL(session_find_init(fixture.ro, &label, 1), CKR_OPERATION_ACTIVE);
	CU_ASSERT_EQUAL(session_find(fixture.ro, list, 2, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, 2);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.ro, handle), CKR_OK);
	CU_ASSERT_EQUAL(session_find(fixture.ro, list, 2, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, 0);
	CU_ASSERT_EQUAL(session_find_final(fixture.ro), CKR_OK);
	CU_ASSERT_EQUAL(session_find_init(fixture.ro, &unknown, 1), CKR_OK);
	CU_ASSERT_EQUAL(session_find(fixture.ro, list, 2, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, 0);
	CU_ASSERT_EQUAL(session_find_final(fixture.ro), CKR_OK);
}

/* Another process is another struct slots on the same directory. */
static void what_another_process_writes_is_found_after_the_next_answer(void)
{
	struct fixture mine = fixture;
	CK_OBJECT_HANDLE handle = 0;
	CK_TOKEN_INFO info;

	CU_ASSERT_EQUAL(find(fixture.ro, "foreign", NULL), 0);
	fixture.slots = NULL;
	CU_ASSERT_EQUAL_FATAL(fixture_restart(), CKR_OK);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(create_data(fixture.rw, &yes, &no, "foreign", &handle), CKR_OK);
	slots_close(&fixture.slots);
	fixture = mine;
	CU_ASSERT_EQUAL(token_info(fixture.slot, 0, 0, &info), CKR_OK);
	CU_ASSERT_EQUAL(find(fixture.ro, "foreign", NULL), 1);
}

static void templates_of_new_objects_are_judged(void)
{
	CK_ULONG bad_class = 77, vendor = CKK_RC4;
	CK_ATTRIBUTE class = {CKA_CLASS, &bad_class, sizeof(bad_class)};
	CK_ATTRIBUTE rc4[] = {{CKA_CLASS, &secret_class, sizeof(secret_class)},
			      {CKA_KEY_TYPE, &vendor, sizeof(vendor)}};
	CK_OBJECT_HANDLE handle;

	CU_ASSERT_EQUAL(session_create_object(fixture.rw, NULL, 0, &handle),
			CKR_TEMPLATE_INCOMPLETE);
	CU_ASSERT_EQUAL(session_create_object(fixture.rw, &class, 1, &handle),
			CKR_ATTRIBUTE_VALUE_INVALID);
	CU_ASSERT_EQUAL(session_create_object(fixture.rw, rc4, 1, &handle),
			CKR_TEMPLATE_INCOMPLETE);
	CU_ASSERT_EQUAL(session_create_object(fixture.rw, rc4, 2, &handle),
			CKR_ATTRIBUTE_VALUE_INVALID);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a_token_object_outlives_a_restart", a_token_object_outlives_a_restart},
		{"a_session_object_dies_with_its_session", a_session_object_dies_with_its_session},
		{"private_objects_are_seen_by_the_user_only",
		 private_objects_are_seen_by_the_user_only},
		{"changing_and_destroying_keep_the_rules", changing_and_destroying_keep_the_rules},
		{"unmodifiable_and_indestructible_objects_stay",
		 unmodifiable_and_indestructible_objects_stay},
		{"a_copy_has_what_the_template_changes", a_copy_has_what_the_template_changes},
		{"a_generated_key_pair_has_its_attributes",
		 a_generated_key_pair_has_its_attributes},
		{"generation_refuses_what_the_card_does_not_have",
		 generation_refuses_what_the_card_does_not_have},
		{"a_public_key_can_stay_off_the_card", a_public_key_can_stay_off_the_card},
		{"session_secret_keys_show_their_value_unless_sensitive",
		 session_secret_keys_show_their_value_unless_sensitive},
		{"finds_among_known_objects_need_no_command",
		 finds_among_known_objects_need_no_command},
		{"find_keeps_its_state_and_its_snapshot", find_keeps_its_state_and_its_snapshot},
		{"what_another_process_writes_is_found_after_the_next_answer",
		 what_another_process_writes_is_found_after_the_next_answer},
		{"templates_of_new_objects_are_judged", templates_of_new_objects_are_judged},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "objects",
		 .pInitFunc = fixture_start,
		 .pCleanupFunc = fixture_stop,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("objects", suites);
}
