/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure messaging of an SCP10 session, host side (GPCS F.3.2 as doc/scp10.md settles it): 3DES
 * for the published suites, AES for suite 42. Keeps keyed contexts and one MAC counter a direction.
 * Internal to sc/; threading as struct sc.
 */
#ifndef INTAGLIO_SC_MESSAGING_H
#define INTAGLIO_SC_MESSAGING_H

#include "base/apdu.h"
#include "base/crypto.h"

enum messaging_kind { MESSAGING_3DES, MESSAGING_AES };

/* The session's keys, in the order of the control reference templates. */
enum messaging_key {
	MESSAGING_C_MAC,
	MESSAGING_R_MAC,
	MESSAGING_C_ENC,
	MESSAGING_R_ENC,
	MESSAGING_KEYS
};
enum { MESSAGING_KEY_MAX = AES256_KEY };

struct messaging_secrets {
	uint8_t key[MESSAGING_KEYS][MESSAGING_KEY_MAX]; /* 16 bytes each under 3DES, 32 under AES */
	uint64_t counter[2]; /* of the first command and of the first response */
	bool joint_counter; /* one MAC key and counter for both directions: counter[0] */
	uint8_t dek[MESSAGING_KEY_MAX];
	size_t dek_size; /* 0: the session has none */
};

struct messaging;

/* A key is needed only where the level (LEVEL_ bits) has it. The caller wipes its secrets. */
enum rc messaging_new(enum messaging_kind kind, uint8_t level,
		      const struct messaging_secrets *secrets, struct messaging **ret) WARN_UNUSED;
void messaging_free(struct messaging **sm);
/* The session's DEK, empty if it has none; valid as long as sm. */
struct view messaging_dek(const struct messaging *sm);

/*
 * Protects a command whose extended field says how its Le is coded; a level that protects no
 * commands leaves it as it is. ret_command borrows its data until the next call. RC_STATE: the counter has come to its end; RC_SPACE: more data than a
 * command holds. In both cases no counter has moved.
 */
enum rc messaging_protect(struct messaging *sm, const struct apdu *plain,
			  struct apdu *ret_command) WARN_UNUSED;

/*
 * Verifies and deciphers the data of a response that ended with sw; ret_plain is valid until the
 * next call. RC_AUTH for whatever is not exactly what the session's card would have sent: the
 * session is to be ended then.
 */
enum rc messaging_verify(struct messaging *sm, struct view data, uint16_t sw,
			 struct view *ret_plain) WARN_UNUSED;

#endif
