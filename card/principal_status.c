/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a principal card tells: its applications and their activations to every installer; load
 * files, key sets without keys, the pending entry and the audit trail to the issuer, the trail also
 * to an auditor.
 */
#include "card/principal.h"

enum {
	APPLICATIONS = 0x00,
	KEY_SETS = 0x01,
	FILES = 0x02,
	PENDING = 0x03,
	AUDIT = 0x04,
	ANSWER_ROOM = 60000,
};

/* number 2 || left 4 || used 4 || number of the last charge 4 || what it gave 4 */
static enum rc put_application(struct command *c, uint16_t number)
{
	struct principal_counter counter;
	enum rc rc = principal_counter_get(c->nvm, number, &counter);

	if (rc != RC_OK)
		return rc;
	buf_u16(c->answer, number);
	buf_u32(c->answer, counter.left);
	buf_u32(c->answer, counter.used);
	buf_u32(c->answer, counter.serial);
	buf_u32(c->answer, counter.last);
	return RC_OK;
}

static enum rc put_applications(struct command *c, uint16_t after)
{
	enum rc rc;

	while (c->answer->len < ANSWER_ROOM &&
	       (rc = principal_application_next(c->nvm, after, &after)) != RC_NOT_FOUND) {
		if (rc == RC_OK)
			rc = put_application(c, after);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* number 1 || type 1 || i 1 || version 1 || flags 1 || block 2 || length 1 || check values 3 * 3 */
static enum rc put_key_sets(struct command *c)
{
	struct principal_keys keys = {.number = 0};
	uint8_t check[KEY_CHECK];
	enum rc rc = RC_OK;

	while (rc == RC_OK && (rc = principal_keys_next(c->nvm, keys.number, &keys)) == RC_OK) {
		buf_u8(c->answer, keys.number);
		buf_u8(c->answer, keys.type);
		buf_u8(c->answer, keys.i);
		buf_u8(c->answer, keys.version);
		buf_u8(c->answer, keys.flags);
		buf_u16(c->answer, keys.block);
		buf_u8(c->answer, (uint8_t)keys.len);
		for (int i = 0; rc == RC_OK && i < KEYSET_KEYS; i++) {
			rc = keyset_check(keys.type, view_of(keys.key[i], keys.len), check);
			buf_put(c->answer, check, sizeof(check));
		}
	}
	principal_keys_wipe(&keys);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* number 2 || size 4 || SHA-256 32 */
static enum rc put_files(struct command *c, uint16_t after)
{
	struct principal_file file = {.number = after};
	enum rc rc = RC_OK;

	while (c->answer->len < ANSWER_ROOM &&
	       (rc = principal_file_next(c->nvm, file.number, &file)) == RC_OK) {
		buf_u16(c->answer, file.number);
		buf_u32(c->answer, file.size);
		buf_put(c->answer, file.hash, sizeof(file.hash));
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* application 2, 0 for none || target 10 || digest 32 || retries 1 || first and next of audit 4, 4 */
static enum rc put_pending(struct command *c)
{
	struct principal_state state;
	enum rc rc = principal_state_get(c->nvm, &state);

	if (rc != RC_OK)
		return rc;
	buf_u16(c->answer, state.pending.application);
	buf_put(c->answer, state.pending.target, sizeof(state.pending.target));
	buf_put(c->answer, state.pending.digest, sizeof(state.pending.digest));
	buf_u8(c->answer, state.pending.retries);
	buf_u32(c->answer, state.audit_first);
	buf_u32(c->answer, state.audit_next);
	return RC_OK;
}

/* Entries from a sequence number on. */
static enum rc put_audit(struct command *c)
{
	struct principal_state state;
	struct view in = c->data;
	uint32_t from;
	enum rc rc = principal_state_get(c->nvm, &state);

	if (rc != RC_OK)
		return rc;
	if (view_u32(&in, &from) != RC_OK || view_end(&in) != RC_OK)
		return RC_SPACE;
	if (from < state.audit_first)
		from = state.audit_first;
	while (rc == RC_OK && from < state.audit_next && c->answer->len < ANSWER_ROOM)
		rc = principal_audit_get(c->nvm, from++, c->answer);
	return rc == RC_NOT_FOUND ? RC_DAMAGED : rc;
}

uint16_t principal_status(struct command *c)
{
	unsigned int readers = c->p1 == APPLICATIONS ? ROLE_ALL
			       : c->p1 == AUDIT      ? ROLE_ISSUER | ROLE_AUDITOR
						     : ROLE_ISSUER;
	bool paged = c->p1 == APPLICATIONS || c->p1 == FILES;
	struct view in = c->data;
	uint16_t after = 0;

	if (c->p2 || c->p1 > AUDIT)
		return SW_INCORRECT_P1P2;
	if (!(c->channel->roles & readers))
		return SW_SECURITY_STATUS;
	if (paged && in.len && (view_u16(&in, &after) != RC_OK || view_end(&in) != RC_OK))
		return SW_WRONG_LENGTH;
	switch (c->p1) {
	case APPLICATIONS:
		return command_sw(put_applications(c, after));
	case KEY_SETS:
		return command_sw(put_key_sets(c));
	case FILES:
		return command_sw(put_files(c, after));
	case PENDING:
		return command_sw(put_pending(c));
	default:
		return command_sw(put_audit(c));
	}
}

/* Entries below a sequence number, which the issuer has, go. */
uint16_t principal_trim(struct command *c)
{
	struct principal_state state;
	struct view in = c->data;
	uint32_t to;
	enum rc rc;

	if (!principal_is_enciphered(c))
		return SW_SECURITY_STATUS;
	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (view_u32(&in, &to) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = principal_state_get(c->nvm, &state);
	if (rc == RC_OK && to > state.audit_next)
		rc = RC_MALFORMED;
	for (; rc == RC_OK && state.audit_first < to; state.audit_first++)
		principal_audit_delete(c->nvm, state.audit_first);
	if (rc == RC_OK)
		rc = principal_state_put(c->nvm, &state);
	return command_sw(command_commit(c->nvm, rc));
}
