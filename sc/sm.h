/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure messaging of an SCP10 session, host side (GPCS F.3.2 as protocol.md 1 settles it): 3DES
 * for the published suites, AES for suite 42. Keeps keyed contexts and one MAC counter a direction.
 * Internal to sc/; threading as struct sc.
 */
#ifndef INTAGLIO_SC_SM_H
#define INTAGLIO_SC_SM_H

#include "base/apdu.h"
#include "base/crypto.h"

enum sm_kind { SM_3DES, SM_AES };

/* The session's keys, in the order of the control reference templates. */
enum sm_key { SM_C_MAC, SM_R_MAC, SM_C_ENC, SM_R_ENC, SM_KEYS };
enum { SM_KEY_MAX = AES256_KEY };

struct sm_secrets {
	uint8_t key[SM_KEYS][SM_KEY_MAX]; /* 16 bytes each under 3DES, 32 under AES */
	uint64_t counter[2]; /* of the first command and of the first response */
};

struct sm;

/* A key is needed only where the level (LEVEL_ bits) has it. The caller wipes its secrets. */
enum rc sm_new(enum sm_kind kind, uint8_t level, const struct sm_secrets *secrets,
	       struct sm **ret) WARN_UNUSED;
void sm_free(struct sm **sm);

/*
 * Protects a command whose extended field says how its Le is coded. ret_command borrows its data
 * from sm until the next call. RC_STATE: the counter has come to its end; RC_SPACE: more data than a
 * command holds. In both cases no counter has moved.
 */
enum rc sm_protect(struct sm *sm, const struct apdu *plain, struct apdu *ret_command) WARN_UNUSED;

/*
 * Verifies and deciphers the data of a response that ended with sw; ret_plain is valid until the
 * next call. RC_AUTH for whatever is not exactly what the session's card would have sent: the
 * session is to be ended then.
 */
enum rc sm_verify(struct sm *sm, struct view data, uint16_t sw, struct view *ret_plain) WARN_UNUSED;

#endif
