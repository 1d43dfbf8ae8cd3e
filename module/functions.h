/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What PKCS #11 says of each function, from the one table functions.def: its name, what it needs
 * before it can be called, and which values it may return. Constant data; thread safe.
 */
#ifndef INTAGLIO_MODULE_FUNCTIONS_H
#define INTAGLIO_MODULE_FUNCTIONS_H

#include <stdbool.h>

#include "base/cryptoki.h"

#define FUNCTION(name, version, scope, ...) FUNCTION_##name,
enum function {
#include "module/functions.def"
	FUNCTIONS
};
#undef FUNCTION

/* What a function works on, and so what is checked before anything else. */
enum scope {
	SCOPE_NONE, /* nothing: may be called before C_Initialize */
	SCOPE_LIBRARY, /* the initialised library */
	SCOPE_SLOT, /* a slot, its first argument */
	SCOPE_SESSION, /* a session, its first argument */
};

const char *function_name(enum function function);
enum scope function_scope(enum function function);

/* Whether the standard lists rv for this function: in its own list or for its scope (5.1). */
bool function_may_return(enum function function, CK_RV rv);

/* "CKR_PIN_INCORRECT", or "an unknown value"; never NULL. */
const char *return_name(CK_RV rv);

#endif
