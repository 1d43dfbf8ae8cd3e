/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lanes of a slot. Whoever puts the slot's lock down is counted, so that whoever wants the slot alone
 * waits, and newcomers wait for that one.
 */
#include "token/lane.h"

/* The others may go on; comes back when something has changed. */
static void wait_for_change(struct slot *slot)
{
	pthread_cond_wait(&slot->changed, &slot->lock);
}

static void go_away(struct session *s)
{
	s->slot->away++;
	s->is_away = true;
}

static void come_back(struct session *s)
{
	s->slot->away--;
	s->is_away = false;
	pthread_cond_broadcast(&s->slot->changed);
}

void slot_lock(struct slot *slot)
{
	pthread_mutex_lock(&slot->lock);
	if (!slot->away && !slot->upgrading)
		return;
	slot->waiting++;
	while (slot->away || slot->upgrading)
		wait_for_change(slot);
	if (--slot->waiting == 0)
		pthread_cond_broadcast(&slot->changed);
}

void slot_lock_beside(struct slot *slot)
{
	pthread_mutex_lock(&slot->lock);
	while (slot->waiting || slot->upgrading)
		wait_for_change(slot);
}

void slot_wait(struct slot *slot)
{
	wait_for_change(slot);
	while (slot->waiting || slot->upgrading)
		wait_for_change(slot);
}

void slot_unlock(struct slot *slot)
{
	pthread_mutex_unlock(&slot->lock);
}

bool session_is_away(const struct session *s)
{
	return s->is_away;
}

/* Whether an operation is still to use the PIN that was shown for it. */
static bool has_use_for_pin(const struct session *s)
{
	for (size_t i = 0; i < OPERATION_KINDS; i++) {
		const struct operation *o = &s->operations[i];

		if (o->mechanism && o->asks_each_time && !o->needs_context && !o->has_result)
			return true;
	}
	return false;
}

void session_settle(struct session *s)
{
	if (s->must_end)
		session_end_private(s);
	if (s->own && !has_use_for_pin(s))
		lane_give_back(s);
}

void lane_alone(struct session *s)
{
	struct slot *slot = s->slot;

	if (!slot->away)
		return;
	/* The session is held meanwhile, and nobody else's end of a login ends what it does. */
	slot->upgrading++;
	s->is_away = true;
	while (slot->away)
		wait_for_change(slot);
	s->is_away = false;
	slot->upgrading--;
	pthread_cond_broadcast(&slot->changed);
}

void lane_give_back(struct session *s)
{
	if (!s->own)
		return;
	if (s->own->sc && !sc_is_connected(s->own->sc))
		sc_close(&s->own->sc);
	s->own->is_taken = false;
	s->own = NULL;
	pthread_cond_broadcast(&s->slot->changed);
}

void lanes_close(struct slot *slot)
{
	for (struct session *s = slot->sessions; s; s = s->next)
		lane_give_back(s);
	for (size_t i = 0; i < SPARES; i++)
		sc_close(&slot->spares[i].sc);
	slot->no_spares = false;
}

/* One more, by way of the first lane, which is free. */
static bool open_spare(struct slot *slot, struct lane *spare)
{
	uint16_t sw;

	if (sc_share(slot->sc, &spare->sc) == RC_OK &&
	    application_share_login(slot->sc, spare->sc, &sw) == RC_OK)
		return true;
	sc_close(&spare->sc);
	/* Not tried again before the next login. */
	slot->no_spares = true;
	return false;
}

static struct lane *free_spare(struct slot *slot, bool is_open)
{
	for (size_t i = 0; i < SPARES; i++)
		if (!slot->spares[i].is_taken && (slot->spares[i].sc != NULL) == is_open)
			return &slot->spares[i];
	return NULL;
}

/* A lane that nobody is on; the caller counts as away while it waits for one. */
static struct lane *choose(struct slot *slot)
{
	struct lane *spare;

	while (slot->first.is_taken) {
		spare = free_spare(slot, true);
		if (spare)
			return spare;
		wait_for_change(slot);
		/* Two have met. */
		spare = slot->no_spares || slot->first.is_taken ? NULL : free_spare(slot, false);
		if (spare && open_spare(slot, spare))
			return spare;
	}
	slot->first.sc = slot->sc;
	return &slot->first;
}

/* Only with a login that the card still knows: what else can happen to a session happens alone. */
static bool may_go(const struct slot *slot)
{
	if (!slot->source->is_parallel || slot->login != LOGIN_USER || !slot->sc)
		return false;
	return slot->first.is_taken ||
	       (sc_is_connected(slot->sc) && sc_epoch(slot->sc) == slot->login_epoch);
}

static enum rc run_beside(struct session *s, lane_work work, void *arg, uint16_t *ret_sw,
			  bool *ret_lost)
{
	struct slot *slot = s->slot;
	struct lane *lane;
	uint64_t epoch;
	enum rc rc;

	go_away(s);
	lane = choose(slot);
	lane->is_taken = true;
	epoch = sc_epoch(lane->sc);
	pthread_mutex_unlock(&slot->lock);
	rc = work(lane->sc, arg, ret_sw);
	pthread_mutex_lock(&slot->lock);
	*ret_lost = !sc_is_connected(lane->sc) || sc_epoch(lane->sc) != epoch;
	lane->is_taken = false;
	if (*ret_lost && lane != &slot->first)
		sc_close(&lane->sc);
	come_back(s);
	return rc;
}

CK_RV lane_run(struct session *s, bool beside, enum outcome_call call, lane_work work, void *arg)
{
	struct slot *slot = s->slot;
	uint16_t sw = 0;
	bool lost;
	enum rc rc;

	if (!beside || !may_go(slot)) {
		lane_alone(s);
		rc = work(slot->sc, arg, &sw);
		return outcome(slot, call, rc, &sw);
	}
	rc = run_beside(s, work, arg, &sw, &lost);
	if (rc == RC_OK && !lost) {
		slot->talked_ms = slot_now_ms();
		return CKR_OK;
	}
	/* What a failure means hangs on the slot's connection, and may end other sessions' work. */
	lane_alone(s);
	return outcome(slot, call, rc, &sw);
}

struct sc *lane_for_pin(struct session *s)
{
	struct slot *slot = s->slot;
	struct lane *spare;

	if (s->own && !sc_is_connected(s->own->sc))
		lane_give_back(s);
	if (s->own || slot->session_count < 2 || !slot->source->is_parallel)
		return s->own ? s->own->sc : slot->sc;
	spare = free_spare(slot, true);
	if (!spare && !slot->no_spares)
		spare = free_spare(slot, false);
	if (!spare || (!spare->sc && !open_spare(slot, spare)))
		return slot->sc;
	spare->is_taken = true;
	s->own = spare;
	return spare->sc;
}

CK_RV lane_run_with_pin(struct session *s, enum outcome_call call, lane_work work, void *arg)
{
	uint16_t sw = 0;
	enum rc rc;

	lane_alone(s);
	rc = work(s->own ? s->own->sc : s->slot->sc, arg, &sw);
	/* It is used up: whatever else asks for one needs another. */
	for (size_t i = 0; i < OPERATION_KINDS; i++)
		s->operations[i].needs_context = s->operations[i].asks_each_time;
	lane_give_back(s);
	return outcome(s->slot, call, rc, &sw);
}
