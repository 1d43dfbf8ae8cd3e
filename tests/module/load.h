/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module as an application has it: loaded from its file, seen through its exports. A test runs
 * on the module with a token that does nothing (fake_token.c) and on the real one with a card of
 * its own in a directory that is removed when the program ends.
 */
#ifndef INTAGLIO_TESTS_MODULE_LOAD_H
#define INTAGLIO_TESTS_MODULE_LOAD_H

#include <stdbool.h>

#include "base/cryptoki.h"

enum which {
	LOAD_FAKE,
	LOAD_REAL,
};

struct loaded {
	void *library;
	CK_FUNCTION_LIST *list;
	CK_FUNCTION_LIST_3_0 *list_3_0;
	CK_FUNCTION_LIST_3_2 *list_3_2;
	CK_INTAGLIO_FUNCTION_LIST *vendor;
	CK_RV (*get_interface_list)(CK_INTERFACE_PTR list, CK_ULONG_PTR count);
	CK_RV(*get_interface)
	(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR ret, CK_FLAGS flags);
};

/* False, with a line on why, if it cannot be loaded. */
bool load_open(enum which which, struct loaded *ret);
void load_close(struct loaded *loaded);

#endif
