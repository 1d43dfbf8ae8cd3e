/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library's state and the way in and out. The mutex guards the state and is never held while
 * a card or the application is called; a slot's lock is taken without it. A session leaves the
 * table only under its slot's lock, so whoever has that lock and finds the handle may use it.
 */
#include "module/gate.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/process.h"
#include "module/sessions.h"

enum state {
	STATE_CLOSED,
	STATE_OPENING,
	STATE_OPEN,
	STATE_CLOSING,
};

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* state, or inside came to 0 */
	enum state state;
	_Atomic pid_t owner; /* the process that initialised; 0 before */
	CK_ULONG generation; /* of C_Initialize calls */
	CK_ULONG inside; /* calls between entry and return */
	CK_SESSION_HANDLE last_handle; /* never goes back */
	struct slots *slots;
	struct sessions *sessions;
} library = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
};

/* Calls of this thread that are inside: more than 0 in a callback of the application. */
static _Thread_local unsigned int depth;
static _Thread_local char explanation[512];

static void lock(void)
{
	pthread_mutex_lock(&library.mutex);
}

static void unlock(void)
{
	pthread_mutex_unlock(&library.mutex);
}

/* Without this a child could inherit the mutex from a thread that it does not have. */
static void follow_forks(void)
{
	pthread_atfork(lock, unlock, unlock);
}

static bool is_forked(void)
{
	return library.owner != process_id();
}

/* Every call begins here, and what it leaves behind in the calling thread ends in gate_leave. */
static void begin(void)
{
	log_forget();
	crypto_mark_errors();
}

/* In: counts the call, unless there is no library to be inside of. */
static struct call enter(enum function function)
{
	struct call call = {.function = function, .rv = CKR_CRYPTOKI_NOT_INITIALIZED};

	begin();
	if (is_forked())
		return call;
	lock();
	if (library.state == STATE_OPEN) {
		library.inside++;
		depth++;
		call.rv = CKR_OK;
		call.generation = library.generation;
		call.slots = library.slots;
	}
	unlock();
	return call;
}

static void close_entries(struct entry *chain)
{
	while (chain) {
		struct entry *entry = chain;

		chain = entry->next;
		session_close(&entry->session);
		free(entry);
	}
}

/* The slot's card is no longer there: its sessions are closed with it (PKCS #11 5.6.1). */
static void close_gone(struct slot *slot)
{
	struct entry *entries;

	lock();
	entries = sessions_take_all(library.sessions, slot);
	unlock();
	close_entries(entries);
	slot_forget_card(slot);
}

/* Entries may go as soon as the mutex is free, so what is needed of one is copied. */
static bool find_session(CK_SESSION_HANDLE handle, struct entry *ret)
{
	const struct entry *entry;

	lock();
	entry = sessions_get(library.sessions, handle);
	if (entry)
		*ret = *entry;
	unlock();
	return entry != NULL;
}

/* What was put off while the call was away, unless the application closed the session meanwhile. */
static void settle(const struct call *call)
{
	struct entry entry;

	if (call->session && find_session(call->handle, &entry))
		session_settle(entry.session);
}

/* Out; a child that was forked inside takes nothing of the parent's with it. */
static void leave(struct call *call)
{
	if (call->generation == 0)
		return;
	depth--;
	if (is_forked())
		return;
	settle(call);
	/* A card that was taken out while the call worked on it. */
	if (call->slot && slot_is_gone(call->slot))
		close_gone(call->slot);
	if (call->slot)
		slot_unlock(call->slot);
	lock();
	if (call->generation == library.generation && --library.inside == 0)
		pthread_cond_broadcast(&library.changed);
	unlock();
}

static struct call refuse(struct call call, CK_RV rv)
{
	call.rv = rv;
	call.slots = NULL;
	call.session = NULL;
	if (call.slot)
		slot_unlock(call.slot);
	call.slot = NULL;
	return call;
}

struct call gate_none(enum function function, bool arguments)
{
	struct call call = {.function = function, .rv = arguments ? CKR_OK : CKR_ARGUMENTS_BAD};

	begin();
	return call;
}

struct call gate_library(enum function function, bool arguments)
{
	struct call call = enter(function);

	if (call.rv == CKR_OK && !arguments)
		return refuse(call, CKR_ARGUMENTS_BAD);
	return call;
}

struct call gate_slot(enum function function, CK_SLOT_ID id, bool arguments)
{
	struct call call = enter(function);
	struct slot *slot;

	if (call.rv != CKR_OK)
		return call;
	slot = slots_get(call.slots, id);
	if (!slot)
		return refuse(call, CKR_SLOT_ID_INVALID);
	if (!arguments)
		return refuse(call, CKR_ARGUMENTS_BAD);
	slot_lock(slot);
	call.slot = slot;
	if (slot_lost_card(slot, true))
		close_gone(slot);
	return call;
}

/* Waits while another thread of the application is in a call on the same session. */
static bool find_idle_session(struct slot *slot, CK_SESSION_HANDLE handle, struct entry *ret)
{
	bool found;

	while ((found = find_session(handle, ret)) && session_is_away(ret->session))
		slot_wait(slot);
	return found;
}

static struct call enter_session(enum function function, CK_SESSION_HANDLE handle, bool arguments,
				 bool beside)
{
	struct call call = enter(function);
	struct entry entry;

	if (call.rv != CKR_OK)
		return call;
	if (!find_session(handle, &entry))
		return refuse(call, CKR_SESSION_HANDLE_INVALID);
	if (!arguments)
		return refuse(call, CKR_ARGUMENTS_BAD);
	if (beside)
		slot_lock_beside(entry.slot);
	else
		slot_lock(entry.slot);
	call.slot = entry.slot;
	/* Whoever had the slot before us may have closed the session. */
	if (!find_idle_session(call.slot, handle, &entry))
		return refuse(call, CKR_SESSION_CLOSED);
	if (slot_lost_card(call.slot, false)) {
		close_gone(call.slot);
		return refuse(call, CKR_DEVICE_REMOVED);
	}
	call.session = entry.session;
	call.handle = handle;
	return call;
}

bool gate_is_in_callback(void)
{
	return depth > 0 && !is_forked();
}

struct call gate_session(enum function function, CK_SESSION_HANDLE handle, bool arguments)
{
	return enter_session(function, handle, arguments, false);
}

struct call gate_operation(enum function function, CK_SESSION_HANDLE handle, bool arguments)
{
	return enter_session(function, handle, arguments, true);
}

/* The last sentence that was logged, or at least which function returned what. */
static void explain(enum function function, CK_RV rv)
{
	if (log_last()[0] != '\0')
		snprintf(explanation, sizeof(explanation), "%s", log_last());
	else
		snprintf(explanation, sizeof(explanation), "%s returned %s.",
			 function_name(function), return_name(rv));
}

CK_RV gate_leave(struct call *call, CK_RV rv)
{
	leave(call);
	crypto_drop_errors();
#ifndef NDEBUG
	if (!function_may_return(call->function, rv)) {
		fprintf(stderr, "intaglio: %s returned %s (0x%lx), which PKCS #11 does not allow\n",
			function_name(call->function), return_name(rv), rv);
		assert(function_may_return(call->function, rv));
	}
#endif
	if (rv != CKR_OK)
		explain(call->function, rv);
	return rv;
}

const char *gate_explanation(void)
{
	return explanation;
}

/* No call is inside: closes all sessions and then the cards. */
static void close_all(struct slots **slots, struct sessions **sessions)
{
	for (size_t i = 0; i < slots_count(*slots); i++) {
		struct slot *slot = slots_get(*slots, i);

		slot_lock(slot);
		close_entries(sessions_take_all(*sessions, slot));
		slot_unlock(slot);
	}
	sessions_free(sessions);
	slots_close(slots);
}

/*
 * The child's side of a fork, under the mutex: starts afresh. What no thread of the parent was
 * working on is given to the caller to close, which wipes and frees it; what one was, and the locks
 * it holds, are left where they are. The card is not touched: in a child that did not open it,
 * token/ only frees memory.
 */
static void disinherit(struct slots **ret_slots, struct sessions **ret_sessions)
{
	if (library.state == STATE_OPEN && library.inside == 0) {
		*ret_slots = library.slots;
		*ret_sessions = library.sessions;
	}
	library.slots = NULL;
	library.sessions = NULL;
	library.inside = 0;
	library.state = STATE_CLOSED;
	pthread_cond_init(&library.changed, NULL);
}

/* Tells whether the caller is to open the library, and if so keeps all others out. */
static bool begin_opening(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct slots *parents_slots = NULL;
	struct sessions *parents_sessions = NULL;
	bool begun = false;

	pthread_once(&once, follow_forks);
	lock();
	if (library.owner != 0 && is_forked())
		disinherit(&parents_slots, &parents_sessions);
	library.owner = process_id();
	while (library.state == STATE_OPENING || library.state == STATE_CLOSING)
		pthread_cond_wait(&library.changed, &library.mutex);
	if (library.state == STATE_CLOSED) {
		library.state = STATE_OPENING;
		begun = true;
	}
	unlock();
	if (parents_slots)
		close_all(&parents_slots, &parents_sessions);
	return begun;
}

static void set_state(enum state state)
{
	lock();
	library.state = state;
	pthread_cond_broadcast(&library.changed);
	unlock();
}

CK_RV gate_initialize(bool no_threads)
{
	CK_RV rv;

	if (!begin_opening())
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	library.sessions = sessions_new();
	rv = library.sessions ? slots_open(&library.slots) : CKR_HOST_MEMORY;
	if (rv != CKR_OK) {
		sessions_free(&library.sessions);
		set_state(STATE_CLOSED);
		return rv;
	}
	if (no_threads)
		slots_forbid_threads(library.slots);
	library.generation++;
	library.inside = 0;
	set_state(STATE_OPEN);
	return CKR_OK;
}

CK_RV gate_finalize(bool arguments)
{
	CK_RV rv = CKR_OK;

	if (is_forked())
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	lock();
	if (library.state != STATE_OPEN)
		rv = CKR_CRYPTOKI_NOT_INITIALIZED;
	else if (!arguments)
		rv = CKR_ARGUMENTS_BAD;
	else if (depth > 0)
		rv = CKR_FUNCTION_FAILED; /* from a callback: it would wait for itself */
	else
		library.state = STATE_CLOSING;
	unlock();
	/* What waits for events would wait for ever. */
	if (rv == CKR_OK)
		slots_interrupt(library.slots);
	lock();
	while (rv == CKR_OK && library.inside > 0)
		pthread_cond_wait(&library.changed, &library.mutex);
	unlock();
	if (rv != CKR_OK)
		return rv;
	close_all(&library.slots, &library.sessions);
	set_state(STATE_CLOSED);
	return CKR_OK;
}

/* The session of a new entry, under a handle that no session ever had. */
static CK_RV put_session(struct entry *entry)
{
	bool put;

	lock();
	put = sessions_put(library.sessions, entry);
	unlock();
	return put ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV gate_open_session(struct call *call, CK_FLAGS flags, void *application, CK_NOTIFY notify,
			CK_SESSION_HANDLE_PTR ret)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	CK_RV rv;

	if (!entry)
		return CKR_HOST_MEMORY;
	lock();
	entry->handle = ++library.last_handle;
	unlock();
	entry->slot = call->slot;
	entry->rw = (flags & CKF_RW_SESSION) != 0;
	rv = session_open(call->slot, flags, application, notify, entry->handle, &entry->session);
	if (rv == CKR_OK)
		rv = put_session(entry);
	if (rv != CKR_OK) {
		if (entry->session)
			session_close(&entry->session);
		free(entry);
		return rv;
	}
	*ret = entry->handle;
	return CKR_OK;
}

CK_RV gate_close_session(struct call *call)
{
	struct entry *entry;

	lock();
	entry = sessions_take(library.sessions, call->handle);
	unlock();
	close_entries(entry);
	return CKR_OK;
}

CK_RV gate_close_sessions(struct call *call)
{
	struct entry *entries;

	lock();
	entries = sessions_take_all(library.sessions, call->slot);
	unlock();
	close_entries(entries);
	return CKR_OK;
}

void gate_follow_card(const struct call *call, CK_SLOT_ID id)
{
	struct slot *slot = slots_get(call->slots, id);

	slot_lock(slot);
	if (slot_lost_card(slot, true))
		close_gone(slot);
	slot_unlock(slot);
}

CK_ULONG gate_count_sessions(const struct call *call, CK_ULONG *ret_rw)
{
	CK_ULONG count;

	lock();
	count = sessions_count(library.sessions, call->slot, ret_rw);
	unlock();
	return count;
}
