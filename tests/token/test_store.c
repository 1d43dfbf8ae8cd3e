/* SPDX-License-Identifier: BSD-2-Clause */
/* The store of objects: handles that stay and are never used twice, and search. */
#include "token/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

static struct object *put(struct store *store, uint32_t number, CK_OBJECT_CLASS class,
			  const char *id)
{
	struct object *o;
	struct buf list;

	buf_init(&list, ATTR_LIST_MAX);
	attr_set_ulong(&list, CKA_CLASS, class);
	attr_set(&list, CKA_ID, view_str(id));
	if (class == CKO_PRIVATE_KEY)
		attr_set_bool(&list, CKA_PRIVATE, true);
	o = store_put(store, number, NULL, view_buf(&list));
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	buf_free(&list);
	return o;
}

static size_t count(const struct store *store, CK_OBJECT_CLASS class, const char *id)
{
	struct query query;
	struct buf list;
	size_t at = 0, n = 0;

	buf_init(&list, ATTR_LIST_MAX);
	attr_set_ulong(&list, CKA_CLASS, class);
	if (id)
		attr_set(&list, CKA_ID, view_str(id));
	query_init(&query, view_buf(&list));
	while (store_next(store, &query, &at))
		n++;
	buf_free(&list);
	return n;
}

static void an_object_read_again_keeps_its_handle(void)
{
	struct store store = {0};
	CK_OBJECT_HANDLE handle = put(&store, 7, CKO_DATA, "old")->handle;

	put(&store, 8, CKO_DATA, "other");
	CU_ASSERT_EQUAL(put(&store, 7, CKO_DATA, "new")->handle, handle);
	CU_ASSERT_EQUAL(store.count, 2);
	CU_ASSERT_EQUAL(count(&store, CKO_DATA, "old"), 0);
	CU_ASSERT_EQUAL(count(&store, CKO_DATA, "new"), 1);
	store_clear(&store);
}

static void a_handle_is_never_used_twice(void)
{
	struct store store = {0};
	CK_OBJECT_HANDLE first = put(&store, 1, CKO_DATA, "a")->handle;

	store_remove(&store, store_get(&store, first));
	CU_ASSERT_PTR_NULL(store_get(&store, first));
	CU_ASSERT_NOT_EQUAL(put(&store, 1, CKO_DATA, "a")->handle, first);
	store_clear(&store);
	CU_ASSERT_TRUE(put(&store, 1, CKO_DATA, "a")->handle > first + 1);
	store_clear(&store);
}

static bool is_private(const struct object *o, const void *arg)
{
	(void)arg;
	return o->is_private;
}

static void dropping_keeps_the_others_in_order(void)
{
	struct store store = {0};
	CK_OBJECT_HANDLE handles[100];

	for (uint32_t i = 0; i < 100; i++)
		handles[i] =
			put(&store, i + 1, i % 3 ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY, "id")->handle;
	store_drop(&store, is_private, NULL);
	CU_ASSERT_EQUAL(store.count, 66);
	for (uint32_t i = 0; i < 100; i++) {
		struct object *o = store_get(&store, handles[i]);

		CU_ASSERT_EQUAL(o != NULL, i % 3 != 0);
		if (o)
			CU_ASSERT_EQUAL(o->number, i + 1);
	}
	store_clear(&store);
}

static void search_compares_whole_values(void)
{
	struct store store = {0};
	char id[16];

	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "id %u", i);
		put(&store, i + 1, i % 2 ? CKO_PUBLIC_KEY : CKO_CERTIFICATE, id);
	}
	CU_ASSERT_EQUAL(count(&store, CKO_PUBLIC_KEY, NULL), 500);
	CU_ASSERT_EQUAL(count(&store, CKO_PUBLIC_KEY, "id 501"), 1);
	CU_ASSERT_EQUAL(count(&store, CKO_CERTIFICATE, "id 501"), 0);
	CU_ASSERT_EQUAL(count(&store, CKO_PUBLIC_KEY, "id 50"), 0);
	CU_ASSERT_EQUAL(count(&store, CKO_PUBLIC_KEY, ""), 0);
	store_clear(&store);
}

static void an_empty_value_finds_objects_without_the_attribute(void)
{
	struct store store = {0};
	struct query query;
	struct buf list;
	size_t at = 0;

	put(&store, 1, CKO_DATA, "");
	buf_init(&list, ATTR_LIST_MAX);
	attr_set(&list, CKA_LABEL, view_str(""));
	query_init(&query, view_buf(&list));
	CU_ASSERT_PTR_NOT_NULL(store_next(&store, &query, &at));
	attr_set(&list, CKA_LABEL, view_str("x"));
	query_init(&query, view_buf(&list));
	at = 0;
	CU_ASSERT_PTR_NULL(store_next(&store, &query, &at));
	buf_free(&list);
	store_clear(&store);
}

static void a_sensitive_value_finds_nothing(void)
{
	struct store store = {0};
	struct query query;
	struct buf list;
	size_t at = 0;

	buf_init(&list, ATTR_LIST_MAX);
	attr_set_ulong(&list, CKA_CLASS, CKO_SECRET_KEY);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_AES);
	attr_set(&list, CKA_VALUE, view_str("0123456789abcdef"));
	attr_set_bool(&list, CKA_SENSITIVE, true);
	CU_ASSERT_PTR_NOT_NULL(store_put(&store, 0, NULL, view_buf(&list)));
	buf_reset(&list);
	attr_set(&list, CKA_VALUE, view_str("0123456789abcdef"));
	query_init(&query, view_buf(&list));
	CU_ASSERT_PTR_NULL(store_next(&store, &query, &at));
	buf_free(&list);
	store_clear(&store);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"an_object_read_again_keeps_its_handle", an_object_read_again_keeps_its_handle},
		{"a_handle_is_never_used_twice", a_handle_is_never_used_twice},
		{"dropping_keeps_the_others_in_order", dropping_keeps_the_others_in_order},
		{"search_compares_whole_values", search_compares_whole_values},
		{"an_empty_value_finds_objects_without_the_attribute",
		 an_empty_value_finds_objects_without_the_attribute},
		{"a_sensitive_value_finds_nothing", a_sensitive_value_finds_nothing},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "store", .pTests = tests}, CU_SUITE_INFO_NULL};

	return suite_run("store", suites);
}
