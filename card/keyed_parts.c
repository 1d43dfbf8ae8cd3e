/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of a session from a key set that come in parts, GPCS 11.1.5.1. */
#include "card/keyed_state.h"

#include "base/secret.h"

enum {
	INS_PUT_KEY = 0xD8,
	INS_DELETE = 0xE4,
	INS_INSTALL = 0xE6,
	P1_MORE = 0x80,
	CLA_PROPRIETARY = 0x80,
	PARTS_MAX = 8192,
	PART_MAX = 65535,
};

static bool is_part(const struct apdu *command)
{
	return (command->cla & CLA_PROPRIETARY) && (command->p1 & P1_MORE) &&
	       (command->ins == INS_PUT_KEY || command->ins == INS_DELETE ||
		command->ins == INS_INSTALL);
}

/* Many hosts protect each part like any other command: those have a MAC of their own that fits. */
static bool has_own_mac(struct keyed *k, const struct apdu *command)
{
	struct scp02_chain chain = k->chain;
	uint8_t last[AES_BLOCK];
	struct view in = view_of(k->last, sizeof(k->last));
	uint64_t number = k->number;
	struct buf plain;
	struct apdu open;
	bool has = view_copy(&in, last, sizeof(last)) == RC_OK;

	buf_init(&plain, PART_MAX);
	has = has && keyed_unwrap(k, command, &plain, &open) == RC_OK;
	/* It was only looked at. */
	k->chain = chain;
	in = view_of(last, sizeof(last));
	has = view_copy(&in, k->last, sizeof(k->last)) == RC_OK && has;
	k->number = number;
	buf_free(&plain);
	secret_wipe(&chain, sizeof(chain));
	return has;
}

static void forget(struct keyed *k)
{
	k->gathering = false;
	buf_free(&k->parts);
	buf_init(&k->parts, PARTS_MAX);
}

static bool continues(const struct keyed *k, const struct apdu *command)
{
	return command->cla == k->first.cla && command->ins == k->first.ins &&
	       (command->p1 | P1_MORE) == k->first.p1 && command->p2 == k->first.p2;
}

uint16_t keyed_gather(struct keyed *k, struct apdu *command, bool *ret_whole)
{
	*ret_whole = true;
	if (k->gathering && !continues(k, command)) {
		forget(k);
		return SW_CONDITIONS;
	}
	if (!k->gathering && (!is_part(command) || has_own_mac(k, command)))
		return SW_OK;
	if (!k->gathering) {
		forget(k);
		k->first = *command;
		k->first.data = view_of(NULL, 0);
		k->gathering = true;
	}
	buf_view(&k->parts, command->data);
	if (buf_rc(&k->parts) != RC_OK) {
		*ret_whole = false;
		forget(k);
		return SW_INCORRECT_P1P2;
	}
	*ret_whole = !is_part(command);
	if (*ret_whole) {
		command->data = view_buf(&k->parts);
		k->gathering = false;
	}
	return SW_OK;
}
