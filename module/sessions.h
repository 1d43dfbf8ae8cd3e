/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of open sessions: from handles, which are never used again in a process, to the
 * sessions of token/. It owns its entries and not the sessions. Not thread safe: the gate calls it
 * under its own mutex.
 */
#ifndef INTAGLIO_MODULE_SESSIONS_H
#define INTAGLIO_MODULE_SESSIONS_H

#include <stdbool.h>

#include "token/token.h"

struct sessions;

/* An open session; entries that were taken out are chained by next. */
struct entry {
	CK_SESSION_HANDLE handle;
	struct slot *slot;
	struct session *session;
	bool rw;
	struct entry *next;
};

/* NULL if there is no memory. */
struct sessions *sessions_new(void);
/* Frees the table, which must be empty. */
void sessions_free(struct sessions **sessions);

/* Puts an entry, which the table owns from now on; false if there is no memory. */
bool sessions_put(struct sessions *sessions, struct entry *entry);
/* NULL if no such session is open. */
struct entry *sessions_get(const struct sessions *sessions, CK_SESSION_HANDLE handle);

/* Takes out the session of this handle; the caller owns the entry. NULL if there is none. */
struct entry *sessions_take(struct sessions *sessions, CK_SESSION_HANDLE handle);
/* Takes out the sessions of a slot, or all for NULL; the caller owns the chain. */
struct entry *sessions_take_all(struct sessions *sessions, const struct slot *slot);

/* How many sessions a slot has, and how many of them are R/W. */
CK_ULONG sessions_count(const struct sessions *sessions, const struct slot *slot, CK_ULONG *ret_rw);

#endif
