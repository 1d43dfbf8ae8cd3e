/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One context answers questions, under the mutex; each wait has one of its own, which
 * readers_interrupt cancels. pcscd counts the events of each reader in the upper half of its state,
 * so that a card that was taken out and put in again between two looks is seen.
 */
#include "sc/readers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <winscard.h>

#include "base/log.h"
#include "base/process.h"

enum {
	READERS_MAX = PCSCLITE_MAX_READERS_CONTEXTS,
	WAIT_MS = 2000,
	NO_SERVICE_MS = 1000, /* without a pcscd there is nobody to wait for */
	CANCEL_MS = 20,
	ATTEMPTS = 2,
};

static const char new_readers[] = "\\\\?PnP?\\Notification";

struct known {
	struct reader reader;
	char *name;
	DWORD state; /* pcscd's, at the last refresh; SCARD_STATE_UNAWARE: it is not there */
};

struct waiter {
	SCARDCONTEXT context;
	bool has_context;
	struct waiter *next;
};

struct readers {
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* interrupted, or a waiter left */
	pid_t owner;
	SCARDCONTEXT context;
	bool has_context, interrupted, service_told;
	struct known known[READERS_MAX];
	size_t count;
	struct waiter *waiters;
};

enum rc readers_open(struct readers **ret)
{
	struct readers *r = calloc(1, sizeof(*r));
	pthread_condattr_t attributes;

	if (!r)
		return RC_MEMORY;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&r->mutex, NULL);
	r->owner = process_id();
	*ret = r;
	return RC_OK;
}

static bool is_forked(const struct readers *r)
{
	return r->owner != process_id();
}

static void drop_context(struct readers *r)
{
	if (r->has_context)
		SCardReleaseContext(r->context);
	r->has_context = false;
}

void readers_close(struct readers **readers)
{
	struct readers *r = readers ? *readers : NULL;

	if (!r)
		return;
	if (!is_forked(r)) {
		drop_context(r);
		pthread_cond_destroy(&r->changed);
		pthread_mutex_destroy(&r->mutex);
	}
	for (size_t i = 0; i < r->count; i++)
		free(r->known[i].name);
	free(r);
	*readers = NULL;
}

/* Cards whose reader or pcscd is gone are gone with it. */
static void forget_states(struct readers *r)
{
	for (size_t i = 0; i < r->count; i++) {
		r->known[i].state = SCARD_STATE_UNAWARE;
		r->known[i].reader.present = false;
	}
}

static struct known *find(struct readers *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->known[i].name, name) == 0)
			return &r->known[i];
	return NULL;
}

static enum rc add(struct readers *r, const char *name)
{
	struct known *k = &r->known[r->count];

	if (find(r, name) || r->count == READERS_MAX)
		return RC_OK;
	*k = (struct known){.name = strdup(name)};
	if (!k->name)
		return RC_MEMORY;
	k->reader.name = k->name;
	r->count++;
	return RC_OK;
}

static void take_state(struct known *k, const SCARD_READERSTATE *state)
{
	DWORD now = state->dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	bool is_gone = now & (SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE | SCARD_STATE_IGNORE);
	bool present = !is_gone && now & SCARD_STATE_PRESENT && !(now & SCARD_STATE_MUTE);

	if (present && (!k->reader.present || now >> 16 != k->state >> 16))
		k->reader.insertions++;
	k->reader.present = present;
	k->state = is_gone ? SCARD_STATE_UNAWARE : now;
	k->reader.atr_len = state->cbAtr < ATR_MAX ? state->cbAtr : ATR_MAX;
	memcpy(k->reader.atr, state->rgbAtr, k->reader.atr_len);
}

/* Names of all that pcscd has now, each terminated, and one more NUL. */
static LONG list_names(struct readers *r, char **ret)
{
	DWORD len = SCARD_AUTOALLOCATE;
	char *names = NULL;
	LONG rv = SCardListReaders(r->context, NULL, (LPSTR)&names, &len);

	if (rv == SCARD_S_SUCCESS)
		*ret = names;
	return rv;
}

static LONG ask_states(struct readers *r)
{
	SCARD_READERSTATE states[READERS_MAX] = {{.szReader = NULL}};
	LONG rv;

	for (size_t i = 0; i < r->count; i++)
		states[i].szReader = r->known[i].name;
	rv = r->count ? SCardGetStatusChange(r->context, 0, states, r->count) : SCARD_S_SUCCESS;
	/* A reader that has gone makes the whole question fail; the others are then asked alone. */
	if (rv == SCARD_E_UNKNOWN_READER) {
		for (size_t i = 0; i < r->count; i++)
			if (SCardGetStatusChange(r->context, 0, &states[i], 1) ==
			    SCARD_E_UNKNOWN_READER)
				states[i].dwEventState = SCARD_STATE_UNKNOWN;
		rv = SCARD_S_SUCCESS;
	}
	if (rv == SCARD_E_TIMEOUT)
		rv = SCARD_S_SUCCESS;
	for (size_t i = 0; i < r->count && rv == SCARD_S_SUCCESS; i++)
		take_state(&r->known[i], &states[i]);
	return rv;
}

static LONG ask(struct readers *r)
{
	char *names = NULL;
	LONG rv = SCARD_S_SUCCESS;

	if (!r->has_context) {
		rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &r->context);
		r->has_context = rv == SCARD_S_SUCCESS;
	}
	if (rv == SCARD_S_SUCCESS)
		rv = list_names(r, &names);
	if (rv == SCARD_E_NO_READERS_AVAILABLE) {
		forget_states(r);
		return SCARD_S_SUCCESS;
	}
	if (rv != SCARD_S_SUCCESS)
		return rv;
	for (const char *name = names; *name; name += strlen(name) + 1)
		if (add(r, name) != RC_OK)
			rv = SCARD_E_NO_MEMORY;
	SCardFreeMemory(r->context, names);
	return rv == SCARD_S_SUCCESS ? ask_states(r) : rv;
}

enum rc readers_refresh(struct readers *r)
{
	LONG rv = SCARD_E_NO_SERVICE;

	if (is_forked(r))
		return RC_OK;
	pthread_mutex_lock(&r->mutex);
	/* A pcscd that was started anew does not know the old context. */
	for (int i = 0; i < ATTEMPTS; i++) {
		bool was_old = r->has_context;

		rv = ask(r);
		if (rv == SCARD_S_SUCCESS || rv == SCARD_E_NO_MEMORY)
			break;
		drop_context(r);
		forget_states(r);
		if (!was_old)
			break;
	}
	if (rv != SCARD_S_SUCCESS && !r->service_told)
		log_debug("pcscd: %s; readers are left out", pcsc_stringify_error(rv));
	r->service_told = rv != SCARD_S_SUCCESS;
	pthread_mutex_unlock(&r->mutex);
	return rv == SCARD_E_NO_MEMORY ? RC_MEMORY : RC_OK;
}

size_t readers_count(struct readers *r)
{
	size_t count;

	if (is_forked(r))
		return 0;
	pthread_mutex_lock(&r->mutex);
	count = r->count;
	pthread_mutex_unlock(&r->mutex);
	return count;
}

bool readers_get(struct readers *r, size_t index, struct reader *ret)
{
	bool there = false;

	if (is_forked(r))
		return false;
	pthread_mutex_lock(&r->mutex);
	if (index < r->count) {
		*ret = r->known[index].reader;
		there = true;
	}
	pthread_mutex_unlock(&r->mutex);
	return there;
}

bool readers_find(struct readers *r, const char *name, struct reader *ret)
{
	struct known *k;

	if (is_forked(r))
		return false;
	pthread_mutex_lock(&r->mutex);
	k = find(r, name);
	if (k)
		*ret = k->reader;
	pthread_mutex_unlock(&r->mutex);
	return k != NULL;
}

/* With the mutex: sleeps until somebody interrupts, or that long. */
static void doze(struct readers *r, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&r->changed, &r->mutex, &until);
}

/* With the mutex: the states as they are known, and the notification of new readers. */
static size_t put_known(struct readers *r, SCARD_READERSTATE *states)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (r->known[i].state == SCARD_STATE_UNAWARE)
			continue;
		states[count].szReader = r->known[i].name;
		states[count++].dwCurrentState = r->known[i].state;
	}
	states[count++].szReader = new_readers;
	return count;
}

static void leave(struct readers *r, const struct waiter *w)
{
	struct waiter **at = &r->waiters;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
	pthread_cond_broadcast(&r->changed);
}

void readers_wait(struct readers *r)
{
	SCARD_READERSTATE states[READERS_MAX + 1] = {{.szReader = NULL}};
	struct waiter w = {.has_context = false};
	size_t count;
	LONG rv;

	if (is_forked(r))
		return;
	pthread_mutex_lock(&r->mutex);
	w.next = r->waiters;
	r->waiters = &w;
	if (!r->interrupted)
		w.has_context = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &w.context) ==
				SCARD_S_SUCCESS;
	if (w.has_context) {
		count = put_known(r, states);
		pthread_mutex_unlock(&r->mutex);
		rv = SCardGetStatusChange(w.context, WAIT_MS, states, count);
		pthread_mutex_lock(&r->mutex);
		/* A wait that fails at once would make the caller's loop a busy one. */
		if (rv != SCARD_S_SUCCESS && rv != SCARD_E_TIMEOUT && !r->interrupted)
			doze(r, CANCEL_MS);
	} else if (!r->interrupted) {
		doze(r, NO_SERVICE_MS);
	}
	leave(r, &w);
	pthread_mutex_unlock(&r->mutex);
	if (w.has_context)
		SCardReleaseContext(w.context);
}

void readers_interrupt(struct readers *r)
{
	if (is_forked(r))
		return;
	pthread_mutex_lock(&r->mutex);
	r->interrupted = true;
	pthread_cond_broadcast(&r->changed);
	/* A cancellation that comes before the wait has begun is lost, so it is repeated. */
	while (r->waiters) {
		for (struct waiter *w = r->waiters; w; w = w->next)
			if (w->has_context)
				SCardCancel(w->context);
		doze(r, CANCEL_MS);
	}
	pthread_mutex_unlock(&r->mutex);
}
