/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key data fields, GPCS 11.8.2.3: what a PUT KEY brings, in either format, deciphered under the DEK of
 * the session and checked. Wipe what holds them.
 */
#ifndef INTAGLIO_CARD_MANAGER_KEY_DATA_H
#define INTAGLIO_CARD_MANAGER_KEY_DATA_H

#include "card/command.h"
#include "card/keyring.h"

struct key_data {
	uint8_t version; /* the new one */
	size_t count;
	struct ring_key keys[RING_KEYS_MAX]; /* identifiers ascend from that of P2 */
};

/*
 * Takes all of a PUT KEY's data; the answer begins with the version, check values follow. 9000, or
 * 6A80, 6982 (wrong check value), 6985 (the session has no DEK).
 */
uint16_t key_data_take(struct command *c, struct view data, uint8_t first_id, struct key_data *ret);
/* Deciphers whole blocks under the DEK of the session. RC_STATE: it has none; RC_MALFORMED. */
enum rc key_data_decipher(struct command *c, struct view in, struct buf *out) WARN_UNUSED;
/* Whether a secret of this type and length may come under the DEK of the session, GPCS 11.8.2.3.4. */
bool key_data_is_safe(struct command *c, uint8_t type, size_t len);
/* Three symmetric keys of one type and length, from identifier 1 on: a set that opens sessions. */
bool key_data_is_set(const struct key_data *data);

#endif
