/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PKCS#11 application that measures: the module loaded, and a token with known PINs. What fails ends
 * the program with a sentence.
 */
#ifndef INTAGLIO_BENCH_CLIENT_H
#define INTAGLIO_BENCH_CLIENT_H

#include "base/cryptoki.h"

/* Ends the program: what failed. */
void client_die(const char *what) __attribute__((noreturn));
/* Ends it unless rv is CKR_OK; what: the function that was called. */
void client_must(CK_RV rv, const char *what);

/* The module in that file, NULL: in the build; stays loaded. Returns what dlopen did. */
void *client_load(const char *path, CK_FUNCTION_LIST **ret_p11);
/* The vendor interface of what client_load returned. */
const CK_INTAGLIO_FUNCTION_LIST *client_vendor(void *library);

/* C_InitToken, with the label "bench" and a security officer's PIN of its own. */
void client_init_token(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot);
CK_SESSION_HANDLE client_open_session(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot);
/* Gives such a token its user's PIN; the session that comes back is the user's. */
CK_SESSION_HANDLE client_init_pin(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot);
/* With the user's PIN. */
void client_login(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session);

#endif
