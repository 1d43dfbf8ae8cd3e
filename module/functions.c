/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of functions and of return values. */
#include "module/functions.h"

#include <stddef.h>

/* CKR_OK ends a list. */
struct row {
	const char *name;
	enum scope scope;
	const CK_RV *returns;
};

#define FUNCTION(name, version, scope, ...) \
	[FUNCTION_##name] = {#name, SCOPE_##scope, (const CK_RV[]){__VA_ARGS__, CKR_OK}},
static const struct row functions[FUNCTIONS] = {
#include "module/functions.def"
};
#undef FUNCTION

/* 5.1.1 to 5.1.3, and 5.1.7 for the function that is there and does nothing. */
static const CK_RV *const scope_returns[] = {
	[SCOPE_NONE] = (const CK_RV[]){CKR_GENERAL_ERROR, CKR_HOST_MEMORY, CKR_FUNCTION_FAILED,
				       CKR_FUNCTION_NOT_SUPPORTED, CKR_OK},
	[SCOPE_LIBRARY] = (const CK_RV[]){CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK},
	[SCOPE_SLOT] = (const CK_RV[]){CKR_SLOT_ID_INVALID, CKR_DEVICE_ERROR, CKR_OK},
	[SCOPE_SESSION] = (const CK_RV[]){CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,
					  CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_REMOVED,
					  CKR_TOKEN_NOT_PRESENT, CKR_OK},
};

static bool lists(const CK_RV *returns, CK_RV rv)
{
	while (*returns != CKR_OK && *returns != rv)
		returns++;
	return *returns == rv;
}

const char *function_name(enum function function)
{
	return functions[function].name;
}

enum scope function_scope(enum function function)
{
	return functions[function].scope;
}

bool function_may_return(enum function function, CK_RV rv)
{
	enum scope scope = functions[function].scope;

	if (lists(functions[function].returns, rv) || lists(scope_returns[SCOPE_NONE], rv))
		return true;
	if (scope == SCOPE_NONE)
		return false;
	return lists(scope_returns[SCOPE_LIBRARY], rv) || lists(scope_returns[scope], rv);
}

const char *return_name(CK_RV rv)
{
	switch (rv) {
#define RETURN(name) \
	case name:   \
		return #name;
#include "module/returns.def"
#undef RETURN
	default:
		return "an unknown value";
	}
}
