/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is counted: one activation an installation, taken in the commit that writes the pending entry,
 * before the first INSTALL is released. An entry that matches the running session makes a torn
 * installation's second try free.
 */
#include <string.h>

#include "card/instance.h"
#include "card/principal.h"

enum { FREE_RETRIES = 3 };

static bool matches(const struct principal *p, const struct principal_pending *entry)
{
	return entry->application == p->number && principal_channel_proves(&p->target) &&
	       view_equal(view_of(entry->target, sizeof(entry->target)),
			  view_of(p->target.target, sizeof(p->target.target))) &&
	       view_equal(view_of(entry->digest, sizeof(entry->digest)),
			  view_of(p->digest, sizeof(p->digest)));
}

/*
 * It serves nobody any more, and is in no other card's way. Under SCP02 the end of an installation is
 * the host's word: an entry does not serve for ever.
 */
static bool is_dead(const struct principal_pending *entry)
{
	return entry->application && !entry->is03 && entry->retries >= FREE_RETRIES;
}

static bool is_free(const struct principal *p, const struct principal_pending *entry)
{
	return matches(p, entry) && !is_dead(entry);
}

/* Nothing is charged then; what may be without end is not noted. */
static bool is_full(const struct principal_state *state)
{
	return state->audit_next - state->audit_first >= PRINCIPAL_AUDIT_MAX;
}

/* Both have proved that they are this one card: of its sessions only the newest is alive. */
static bool is_same_target(const struct principal *a, const struct principal *b)
{
	return principal_channel_proves(&a->target) && principal_channel_proves(&b->target) &&
	       view_equal(view_of(a->target.target, sizeof(a->target.target)),
			  view_of(b->target.target, sizeof(b->target.target)));
}

static bool holds(const struct principal *p, uint16_t number)
{
	return p && p->reserved && p->number == number;
}

/* One of the first count channels has an activation kept for this very target. */
static bool is_counted(const struct command *c, const struct principal *p, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct principal *other = c->card->slots[i].channel.principal;

		if (holds(other, p->number) && is_same_target(p, other))
			return true;
	}
	return false;
}

/* What other targets' installations of this application have been promised, each target once. */
static uint32_t promised(const struct command *c, const struct principal *p)
{
	uint32_t n = 0;

	for (size_t i = 0; i < CHANNEL_COUNT; i++) {
		const struct principal *other = c->card->slots[i].channel.principal;

		if (other != p && holds(other, p->number) && !is_same_target(p, other) &&
		    !is_counted(c, other, i))
			n++;
	}
	return n;
}

uint16_t principal_reserve(struct command *c, struct principal *p)
{
	struct principal_counter counter;
	struct principal_state state;
	enum rc rc = principal_state_get(c->nvm, &state);

	if (rc == RC_OK)
		rc = principal_counter_get(c->nvm, p->number, &counter);
	if (rc != RC_OK)
		return command_sw(rc);
	p->is_again = is_free(p, &state.pending);
	if (p->is_again)
		return SW_OK;
	if (is_full(&state))
		return SW_NOT_ENOUGH_MEMORY;
	if (counter.left <= promised(c, p))
		return SW_CONDITIONS;
	p->reserved = true;
	return SW_OK;
}

static enum rc note(struct command *c, const struct principal *p, struct principal_state *state,
		    enum principal_event event)
{
	struct principal_audit entry = {
		.event = (uint8_t)event,
		.application = p->number,
		.proved = principal_channel_proves(&p->target) &&
			  (event != PRINCIPAL_REPORTED || p->target.is03),
		.date = identity_date(c->card->identity),
		.host_time = p->host_time,
	};

	memcpy(entry.target, p->target.target, sizeof(entry.target));
	memcpy(entry.digest, p->digest, sizeof(entry.digest));
	return principal_audit_append(c->nvm, state, &entry);
}

/* The entry goes: noted with what it was for. */
static enum rc drop(struct command *c, struct principal_state *state, enum principal_event event,
		    uint64_t host_time)
{
	struct principal_audit entry = {
		.event = (uint8_t)event,
		.application = state->pending.application,
		.proved = true,
		.date = identity_date(c->card->identity),
		.host_time = host_time,
	};

	memcpy(entry.target, state->pending.target, sizeof(entry.target));
	memcpy(entry.digest, state->pending.digest, sizeof(entry.digest));
	state->pending = (struct principal_pending){.application = 0};
	return principal_audit_append(c->nvm, state, &entry);
}

/* Takes an activation; *ret_refused: there is none. */
static enum rc charge(struct command *c, const struct principal *p, struct principal_state *state,
		      bool *ret_refused)
{
	struct principal_counter counter;
	enum rc rc = principal_counter_get(c->nvm, p->number, &counter);

	if (rc != RC_OK)
		return rc;
	*ret_refused = counter.left == 0 || (!p->reserved && counter.left <= promised(c, p));
	if (*ret_refused)
		return RC_OK;
	counter.left--;
	counter.used++;
	if (principal_channel_proves(&p->target)) {
		state->pending = (struct principal_pending){.application = p->number,
							    .is03 = p->target.is03};
		memcpy(state->pending.target, p->target.target, sizeof(state->pending.target));
		memcpy(state->pending.digest, p->digest, sizeof(state->pending.digest));
	}
	rc = principal_counter_put(c->nvm, p->number, &counter);
	return rc == RC_OK ? note(c, p, state, PRINCIPAL_CHARGED) : rc;
}

/* Inside the transaction. Keys that cards share have no entry, and nobody else's that lives is touched. */
static enum rc decide(struct command *c, struct principal *p, bool *ret_refused)
{
	struct principal_state state;
	enum rc rc = principal_state_get(c->nvm, &state);
	bool has_entry = principal_channel_proves(&p->target);

	*ret_refused = false;
	if (rc == RC_OK)
		rc = principal_compare(c->nvm, p);
	if (rc != RC_OK)
		return rc;
	if (is_free(p, &state.pending)) {
		/* Without end only where the report that ends it will prove itself. */
		state.pending.is03 = p->target.is03;
		if (!p->target.is03)
			state.pending.retries++;
		if (!is_full(&state))
			rc = note(c, p, &state, PRINCIPAL_RETRIED);
	} else {
		/* Judged as the request judged it: what is dropped here is noted, too. */
		if (is_full(&state))
			rc = RC_FULL;
		else if (matches(p, &state.pending) || (has_entry && is_dead(&state.pending)))
			rc = drop(c, &state, PRINCIPAL_DROPPED, p->host_time);
		else if (state.pending.application && has_entry)
			rc = RC_STATE;
		if (rc == RC_OK)
			rc = charge(c, p, &state, ret_refused);
	}
	return rc == RC_OK ? principal_state_put(c->nvm, &state) : rc;
}

uint16_t principal_activate(struct command *c)
{
	struct principal *p = principal_of(c->channel);
	bool refused = false;
	enum rc rc;

	if (!p)
		return command_sw(RC_MEMORY);
	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (c->data.len)
		return SW_WRONG_LENGTH;
	if (p->stage == PRINCIPAL_INSTALLS)
		return SW_OK;
	if (p->file_index < p->application.file_count || !principal_is_complete(p))
		return SW_CONDITIONS;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = command_commit(c->nvm, decide(c, p, &refused));
	if (rc != RC_OK || refused)
		return rc == RC_OK ? SW_CONDITIONS : command_sw(rc);
	p->reserved = false;
	p->stage = PRINCIPAL_INSTALLS;
	p->step = 0;
	return SW_OK;
}

uint16_t principal_complete(struct command *c, struct principal *p)
{
	struct principal_state state;
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	rc = principal_state_get(c->nvm, &state);
	/* One report an entry; where keys are shared there are none, and one an activation. */
	if (rc == RC_OK && (matches(p, &state.pending) || !principal_channel_proves(&p->target)))
		rc = note(c, p, &state, PRINCIPAL_REPORTED);
	if (rc == RC_OK && matches(p, &state.pending))
		state.pending = (struct principal_pending){.application = 0};
	if (rc == RC_OK)
		rc = principal_state_put(c->nvm, &state);
	rc = command_commit(c->nvm, rc);
	if (rc == RC_OK)
		p->stage = PRINCIPAL_OVER;
	return command_sw(rc);
}

enum rc principal_drop_stale(struct command *c, uint16_t number, struct view definition)
{
	const struct principal *p = c->channel->principal;
	uint8_t digest[SHA256_SIZE];
	struct principal_state state;
	enum rc rc = principal_state_get(c->nvm, &state);

	if (rc != RC_OK || state.pending.application != number)
		return rc;
	if (definition.len) {
		rc = principal_digest(c->nvm, number, definition, digest);
		if (rc != RC_OK ||
		    view_equal(view_of(digest, sizeof(digest)),
			       view_of(state.pending.digest, sizeof(state.pending.digest))))
			return rc;
	}
	rc = drop(c, &state, PRINCIPAL_DROPPED, p ? p->host_time : 0);
	return rc == RC_OK ? principal_state_put(c->nvm, &state) : rc;
}

uint16_t principal_give_up(struct command *c)
{
	struct principal_state state;
	enum rc rc;

	if (c->p2)
		return SW_INCORRECT_P1P2;
	if (c->data.len)
		return SW_WRONG_LENGTH;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = principal_state_get(c->nvm, &state);
	if (rc == RC_OK && state.pending.application == 0)
		rc = RC_NOT_FOUND;
	if (rc == RC_OK)
		rc = drop(c, &state, PRINCIPAL_GIVEN_UP, c->channel->principal->host_time);
	if (rc == RC_OK)
		rc = principal_state_put(c->nvm, &state);
	return command_sw(command_commit(c->nvm, rc));
}
