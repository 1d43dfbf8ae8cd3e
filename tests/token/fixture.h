/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A real card for the tests of this folder: an embedded card in a directory of its own, made by its
 * first use. Everything goes through token/token.h, as the Cryptoki surface goes.
 */
#ifndef INTAGLIO_TESTS_TOKEN_FIXTURE_H
#define INTAGLIO_TESTS_TOKEN_FIXTURE_H

#include "token/token.h"

#define SO_PIN   "so-pin-1234"
#define USER_PIN "123456"

struct fixture {
	char root[64];
	struct slots *slots;
	struct slot *slot;
	struct session *rw, *ro; /* open after fixture_start, both public */
};

extern struct fixture fixture;

/* A fresh directory and its card, initialised, with a user PIN. 0 on success, as CUnit wants. */
int fixture_start(void);
/* Closes and removes everything. */
int fixture_stop(void);
/* C_Finalize and C_Initialize: closes the slots and opens them and two sessions again. */
CK_RV fixture_restart(void);

CK_RV fixture_login(const char *pin);
CK_RV fixture_login_so(const char *pin);
CK_RV fixture_logout(void);

/* A key pair on the card with this CKA_ID; the user must be logged in. */
CK_RV fixture_rsa(const char *id, CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private);
CK_RV fixture_ec(const char *id, CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private);
/* A ledger of this label. */
CK_RV fixture_ledger(const char *label, CK_OBJECT_HANDLE *ret);
/* APDUs so far. */
CK_ULONG fixture_apdus(void);

#endif
