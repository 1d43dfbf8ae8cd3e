/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one way in and out of the library for every C_* function: initialised and not a forked child,
 * handle known, slot locked, session still open once it is locked, and on the way out the return
 * value one that PKCS #11 lists for the function. What is wrong is told in this order:
 * CKR_CRYPTOKI_NOT_INITIALIZED, the handle, CKR_ARGUMENTS_BAD. Thread safe; a slot is worked on by
 * one thread at a time but for private keys at work on the card, and C_Finalize waits for the calls
 * that are inside.
 *
 * A C_* function reads
 *
 *	struct call c = gate_session(FUNCTION_C_Name, session, arguments != NULL);
 *
 *	return gate_leave(&c, c.session ? session_verb(c.session, arguments) : c.rv);
 */
#ifndef INTAGLIO_MODULE_GATE_H
#define INTAGLIO_MODULE_GATE_H

#include <stdbool.h>

#include "module/functions.h"
#include "token/token.h"

/* One call between its entry and its return. */
struct call {
	enum function function;
	CK_RV rv; /* why it may not go on; CKR_OK if it may */
	CK_ULONG generation; /* of the library it is inside of, or 0 */
	struct slots *slots; /* set if it may go on, and so are the next two if it asked for them */
	struct slot *slot; /* locked */
	struct session *session; /* of that slot */
	CK_SESSION_HANDLE handle; /* of that session */
};

/* For functions that need nothing; arguments tells whether their arguments will do. */
struct call gate_none(enum function function, bool arguments);
/* For functions that need the initialised library. */
struct call gate_library(enum function function, bool arguments);
/* For functions on a slot: locks it. */
struct call gate_slot(enum function function, CK_SLOT_ID id, bool arguments);
/* Whether this thread is inside already: in a callback of the application. */
bool gate_is_in_callback(void);
/* For functions on a session: locks its slot. */
struct call gate_session(enum function function, CK_SESSION_HANDLE handle, bool arguments);
/* The same, beside threads whose private keys are at work on the card: slot_lock_beside. */
struct call gate_operation(enum function function, CK_SESSION_HANDLE handle, bool arguments);
/*
 * Unlocks what was locked, takes what the call left in libcrypto's error queue out of it, remembers
 * the sentence for a failure, and returns rv.
 */
CK_RV gate_leave(struct call *call, CK_RV rv);

/* C_Initialize, whose arguments were checked; no_threads: none may be made. */
CK_RV gate_initialize(bool no_threads);
/* C_Finalize; arguments as above. */
CK_RV gate_finalize(bool arguments);

/* Opens a session of the call's slot. */
CK_RV gate_open_session(struct call *call, CK_FLAGS flags, void *application, CK_NOTIFY notify,
			CK_SESSION_HANDLE_PTR ret);
/* Closes the call's session. */
CK_RV gate_close_session(struct call *call);
/* Closes all sessions of the call's slot. */
CK_RV gate_close_sessions(struct call *call);
/* If this slot's card has gone, its sessions go, too; waits for the call that is in work on it. */
void gate_follow_card(const struct call *call, CK_SLOT_ID id);
/* How many sessions the call's slot has, and how many of them are R/W. */
CK_ULONG gate_count_sessions(const struct call *call, CK_ULONG *ret_rw);

/* C_GetInfo of the lists of version 3: what it tells is 3.2, and 2.40 in the list of that version. */
CK_RV get_info_3_2(CK_INFO_PTR ret);

/* The sentence on the calling thread's last failed call; empty if none failed. */
const char *gate_explanation(void);

#endif
