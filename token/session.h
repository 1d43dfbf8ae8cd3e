/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session from the inside. Operations lie in it, one of each kind, so that starting one needs no
 * memory. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_SESSION_H
#define INTAGLIO_TOKEN_SESSION_H

#include "token/operation.h"
#include "token/slot.h"

struct session {
	struct slot *slot;
	CK_SESSION_HANDLE handle;
	CK_FLAGS flags;
	void *application;
	CK_NOTIFY notify;
	struct session *next;

	struct operation operations[OPERATION_KINDS];

	struct lane *own; /* where the PIN for one operation was shown, token/lane.h; or NULL */
	bool is_away; /* its thread has put the slot's lock down, token/lane.h */
	bool must_end; /* its work on private objects, when that thread is back */
	bool has_objects; /* session objects were made in it */
	bool is_finding;
	CK_OBJECT_HANDLE *found; /* a snapshot, taken by C_FindObjectsInit */
	size_t found_count, found_at;
};

/* Ends what is in work on private objects; called when nobody is logged in any more. */
void session_end_private(struct session *s);
/* CKR_OK if the session may write an object: it is R/W, or the object is a session object. */
CK_RV session_may_write(const struct session *s, bool on_token);
/* CKR_USER_NOT_LOGGED_IN unless the user is logged in, where the object is private. */
CK_RV session_may_use(const struct session *s, bool is_private);
/*
 * An object that the session sees; CKR_OBJECT_HANDLE_INVALID. The store is brought up to date first
 * if the handle is unknown.
 */
CK_RV session_object(struct session *s, CK_OBJECT_HANDLE handle, struct object **ret);
/* Brings the store to what the card has, as far as this session may see it. */
CK_RV session_sync(struct session *s);

#endif
