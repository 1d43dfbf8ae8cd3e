/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure messaging of a session, card side: commands are checked and opened, answers protected
 * (GPCS F.3.2; the AES form is suite 42's, doc/scp10.md). Keyed contexts live as long as the
 * session, in memory that is wiped; nothing is allocated for a command. Not thread safe.
 */
#ifndef INTAGLIO_CARD_SM_H
#define INTAGLIO_CARD_SM_H

#include "base/apdu.h"
#include "base/crypto.h"

/* Security level bits, GPCS 10.6. */
enum { LEVEL_C_MAC = 0x01, LEVEL_C_ENC = 0x02, LEVEL_R_MAC = 0x10, LEVEL_R_ENC = 0x20 };

enum sm_kind { SM_3DES, SM_AES };

enum session_key {
	KEY_C_MAC,
	KEY_R_MAC,
	KEY_C_ENC,
	KEY_R_ENC,
	KEY_DEK,
	KEY_RESPONSE_DEK,
	SESSION_KEYS
};

/* What the handshake agrees on. A key is there if its length is not 0. */
struct session_keys {
	uint8_t level;
	uint8_t key[SESSION_KEYS][AES256_KEY];
	size_t len[SESSION_KEYS];
	uint64_t counter[2]; /* of the C-MAC and the R-MAC key */
	bool one_counter; /* both MAC keys are one key: one counter for both directions */
};

struct sm;

/* RC_ARGUMENT if a key that the level needs is missing or of the wrong length. */
enum rc sm_new(enum sm_kind kind, const struct session_keys *keys, struct sm **ret) WARN_UNUSED;
void sm_free(struct sm **sm);

/*
 * Checks a command as received (or reassembled) against the level and opens it; its data is then
 * in plain or, where nothing was enciphered, borrowed from the command. RC_STATE: not protected as
 * the level asks, or the counter is used up; RC_MALFORMED: objects missing; RC_AUTH: wrong MAC or
 * wrong objects. After a failure the session must end.
 */
enum rc sm_unwrap(struct sm *sm, const struct apdu *command, struct buf *plain,
		  struct apdu *ret) WARN_UNUSED;
/* Whether a part of a command chain carries the protection that the level asks of its class byte. */
bool sm_accepts_class(const struct sm *sm, const struct apdu *part);
/*
 * The session's key for sensitive data in commands (KEY_DEK) or in answers (KEY_RESPONSE_DEK), empty
 * if it has none; borrowed from the session. GPCS F.3.2.7.
 */
struct view sm_dek(const struct sm *sm, enum session_key which);
/* The security level, LEVEL_ bits; 0 where there is no session. */
uint8_t sm_level(const struct sm *sm);
/* Appends the data field of the protected response; the status word follows it outside. */
enum rc sm_wrap(struct sm *sm, struct view answer, uint16_t sw, struct buf *out) WARN_UNUSED;

#endif
