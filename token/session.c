/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions, their states (PKCS#11 2.40, 5.6) and logins. A PIN is passed on and never kept. */
#include "token/session.h"

#include <stdlib.h>

#include "token/lane.h"
#include "token/outcome.h"

CK_RV session_open(struct slot *slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
		   CK_SESSION_HANDLE handle, struct session **ret)
{
	struct session *s;
	CK_RV rv;

	if (!(flags & CKF_SERIAL_SESSION))
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	rv = token_connect(slot);
	if (rv != CKR_OK)
		return rv;
	if (slot->login == LOGIN_SO && !(flags & CKF_RW_SESSION))
		return CKR_SESSION_READ_WRITE_SO_EXISTS;
	s = calloc(1, sizeof(*s));
	if (!s)
		return CKR_HOST_MEMORY;
	s->slot = slot;
	s->handle = handle;
	s->flags = flags;
	s->application = application;
	s->notify = notify;
	s->next = slot->sessions;
	for (size_t i = 0; i < OPERATION_KINDS; i++)
		operation_prepare(&s->operations[i]);
	slot->sessions = s;
	slot->session_count++;
	if (session_is_rw(s))
		slot->rw_count++;
	*ret = s;
	return CKR_OK;
}

static bool is_owned(const struct object *o, const void *session)
{
	return o->owner == session;
}

static void log_out(struct slot *slot)
{
	uint16_t sw;

	token_forget_login(slot);
	/* A card that could not be told forgets with its channel. */
	if (application_logout(slot->sc, &sw) != RC_OK)
		token_disconnect(slot);
}

void session_close(struct session **session)
{
	struct session *s = *session;
	struct session **at;

	if (!s)
		return;
	lane_give_back(s);
	for (at = &s->slot->sessions; *at && *at != s; at = &(*at)->next)
		;
	if (*at)
		*at = s->next;
	s->slot->session_count--;
	if (session_is_rw(s))
		s->slot->rw_count--;
	for (size_t i = 0; i < OPERATION_KINDS; i++)
		operation_discard(&s->operations[i]);
	if (s->has_objects)
		store_drop(&s->slot->store, is_owned, s);
	free(s->found);
	if (!s->slot->sessions && s->slot->login != LOGIN_NONE)
		log_out(s->slot);
	free(s);
	*session = NULL;
}

struct slot *session_slot(const struct session *session)
{
	return session->slot;
}

bool session_is_rw(const struct session *session)
{
	return session->flags & CKF_RW_SESSION;
}

CK_RV session_info(struct session *session, CK_SESSION_INFO *ret)
{
	static const CK_STATE ro[] = {
		[LOGIN_NONE] = CKS_RO_PUBLIC_SESSION,
		[LOGIN_USER] = CKS_RO_USER_FUNCTIONS,
		[LOGIN_SO] = CKS_RO_PUBLIC_SESSION, /* cannot be: SESSION_READ_WRITE_SO_EXISTS */
	};
	static const CK_STATE rw[] = {
		[LOGIN_NONE] = CKS_RW_PUBLIC_SESSION,
		[LOGIN_USER] = CKS_RW_USER_FUNCTIONS,
		[LOGIN_SO] = CKS_RW_SO_FUNCTIONS,
	};
	enum login login = session->slot->login;

	*ret = (CK_SESSION_INFO){
		.slotID = session->slot->id,
		.state = session_is_rw(session) ? rw[login] : ro[login],
		.flags = session->flags,
	};
	return CKR_OK;
}

void session_end_private(struct session *s)
{
	/* Its thread is in the middle of one. */
	s->must_end = s->is_away;
	if (s->is_away)
		return;
	for (size_t i = 0; i < OPERATION_KINDS; i++)
		if (s->operations[i].is_private)
			operation_discard(&s->operations[i]);
}

CK_RV session_may_write(const struct session *s, bool on_token)
{
	return on_token && !session_is_rw(s) ? CKR_SESSION_READ_ONLY : CKR_OK;
}

CK_RV session_may_use(const struct session *s, bool is_private)
{
	return is_private && s->slot->login != LOGIN_USER ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

static bool is_pin_length(CK_ULONG len)
{
	return len >= APPLICATION_PIN_MIN && len <= APPLICATION_PIN_MAX;
}

/* A PIN that no card can have is wrong, and costs no try. */
static CK_RV refuse_length(const struct slot *slot, CK_RV rv)
{
	log_error("card %s: a PIN has %d to %d bytes; no try was used", slot->name,
		  APPLICATION_PIN_MIN, APPLICATION_PIN_MAX);
	return rv;
}

static CK_RV check_login(const struct session *s, enum login wanted)
{
	const struct slot *slot = s->slot;

	if (slot->login == wanted)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (slot->login != LOGIN_NONE)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (wanted == LOGIN_SO && slot->rw_count != slot->session_count)
		return CKR_SESSION_READ_ONLY_EXISTS;
	return CKR_OK;
}

/* CKU_CONTEXT_SPECIFIC: the user's PIN once more, in an operation whose key asks for it (4.9). */
static CK_RV check_context(const struct session *s)
{
	if (s->slot->login != LOGIN_USER)
		return CKR_OPERATION_NOT_INITIALIZED;
	for (size_t i = 0; i < OPERATION_KINDS; i++)
		if (s->operations[i].mechanism && s->operations[i].asks_each_time)
			return CKR_OK;
	return CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV session_login(struct session *s, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	struct slot *slot = s->slot;
	enum login login = user == CKU_SO ? LOGIN_SO : LOGIN_USER;
	uint16_t sw = 0;
	struct sc *sc;
	enum rc rc;
	CK_RV rv;

	if (user != CKU_SO && user != CKU_USER && user != CKU_CONTEXT_SPECIFIC)
		return CKR_USER_TYPE_INVALID;
	rv = user == CKU_CONTEXT_SPECIFIC ? check_context(s) : check_login(s, login);
	if (rv == CKR_OK)
		rv = token_connect(slot);
	if (rv != CKR_OK)
		return rv;
	if (!is_pin_length(pin_len))
		return refuse_length(slot, CKR_PIN_INCORRECT);
	sc = user == CKU_CONTEXT_SPECIFIC ? lane_for_pin(s) : slot->sc;
	rc = application_verify(sc, login == LOGIN_SO ? APPLICATION_SO : APPLICATION_USER,
				view_of(pin, pin_len), &sw);
	rv = outcome(slot, login == LOGIN_SO ? CALL_SO_PIN : CALL_USER_PIN, rc, &sw);
	/* 4.9: whoever locks the PIN in the middle of an operation is logged out. */
	if (rv == CKR_PIN_LOCKED && user == CKU_CONTEXT_SPECIFIC)
		log_out(slot);
	if (rv != CKR_OK)
		return rv == CKR_PIN_LEN_RANGE ? CKR_PIN_INCORRECT : rv;
	/* On a lane it says nothing of the slot's own connection, which may be gone by now. */
	if (sc == slot->sc) {
		slot->login = login;
		slot->login_epoch = sc_epoch(slot->sc);
	}
	for (size_t i = 0; user == CKU_CONTEXT_SPECIFIC && i < OPERATION_KINDS; i++)
		s->operations[i].needs_context = false;
	return CKR_OK;
}

CK_RV session_logout(struct session *s)
{
	if (s->slot->login == LOGIN_NONE)
		return CKR_USER_NOT_LOGGED_IN;
	log_out(s->slot);
	return CKR_OK;
}

CK_RV session_init_pin(struct session *s, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	struct slot *slot = s->slot;
	uint16_t sw = 0;
	enum rc rc;

	/* 5.5.8: so it says in every other state, of R/O sessions, too. */
	if (slot->login != LOGIN_SO)
		return CKR_USER_NOT_LOGGED_IN;
	if (!is_pin_length(pin_len))
		return refuse_length(slot, CKR_PIN_LEN_RANGE);
	rc = application_set_user_pin(slot->sc, view_of(pin, pin_len), &sw);
	return outcome(slot, CALL_SO_ACTION, rc, &sw);
}

/* Whose PIN changes follows from who is logged in; nobody: the user's, or with the SO's, if locked. */
static CK_RV change_pin(struct slot *slot, struct view old_pin, struct view new_pin)
{
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv;

	if (slot->login == LOGIN_SO) {
		rc = application_change_pin(slot->sc, APPLICATION_SO, old_pin, new_pin, &sw);
		return outcome(slot, CALL_SO_PIN, rc, &sw);
	}
	if (slot->login == LOGIN_NONE) {
		rv = token_refresh(slot);
		if (rv != CKR_OK)
			return rv;
		if (slot->token.flags & FCI_USER_PIN_LOCKED) {
			rc = application_unblock(slot->sc, old_pin, new_pin, &sw);
			return outcome(slot, CALL_SO_PIN, rc, &sw);
		}
	}
	/* Other channels lose the login with the old PIN. */
	lanes_close(slot);
	rc = application_change_pin(slot->sc, APPLICATION_USER, old_pin, new_pin, &sw);
	return outcome(slot, CALL_USER_PIN, rc, &sw);
}

CK_RV session_set_pin(struct session *s, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_len,
		      CK_UTF8CHAR_PTR new_pin, CK_ULONG new_len)
{
	CK_RV rv = token_connect(s->slot);

	if (rv != CKR_OK)
		return rv;
	if (!session_is_rw(s))
		return CKR_SESSION_READ_ONLY;
	if (!is_pin_length(new_len))
		return refuse_length(s->slot, CKR_PIN_LEN_RANGE);
	if (!is_pin_length(old_len))
		return refuse_length(s->slot, CKR_PIN_INCORRECT);
	rv = change_pin(s->slot, view_of(old_pin, old_len), view_of(new_pin, new_len));
	/* C_SetPIN has no CKR for a PIN that was never set: no old one can be right. */
	if (rv == CKR_USER_PIN_NOT_INITIALIZED)
		return CKR_PIN_INCORRECT;
	return rv == CKR_USER_ANOTHER_ALREADY_LOGGED_IN || rv == CKR_USER_NOT_LOGGED_IN
		       ? CKR_FUNCTION_FAILED
		       : rv;
}

CK_RV session_cancel(struct session *s, CK_FLAGS flags)
{
	static const CK_FLAGS kinds[OPERATION_KINDS] = {
		[OPERATION_ENCRYPT] = CKF_ENCRYPT,
		[OPERATION_DECRYPT] = CKF_DECRYPT,
		[OPERATION_DIGEST] = CKF_DIGEST,
		[OPERATION_SIGN] = CKF_SIGN,
		[OPERATION_VERIFY] = CKF_VERIFY,
		[OPERATION_SIGN_RECOVER] = CKF_SIGN_RECOVER,
		[OPERATION_VERIFY_RECOVER] = CKF_VERIFY_RECOVER,
		[OPERATION_MESSAGE_ENCRYPT] = CKF_MESSAGE_ENCRYPT,
		[OPERATION_MESSAGE_DECRYPT] = CKF_MESSAGE_DECRYPT,
	};

	for (size_t i = 0; i < OPERATION_KINDS; i++)
		if (flags & kinds[i])
			operation_end(&s->operations[i]);
	if (flags & CKF_FIND_OBJECTS && s->is_finding)
		return session_find_final(s);
	return CKR_OK;
}
