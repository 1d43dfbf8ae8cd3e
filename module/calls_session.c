/* SPDX-License-Identifier: BSD-2-Clause */
/* Session management, PKCS #11 5.6. */
#include "module/arguments.h"
#include "module/gate.h"

CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
		    CK_SESSION_HANDLE_PTR ret)
{
	struct call c = gate_slot(FUNCTION_C_OpenSession, slot, ret != NULL);

	if (c.slot && !(flags & CKF_SERIAL_SESSION))
		return gate_leave(&c, CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	return gate_leave(&c,
			  c.slot ? gate_open_session(&c, flags, application, notify, ret) : c.rv);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE session)
{
	struct call c = gate_session(FUNCTION_C_CloseSession, session, true);

	return gate_leave(&c, c.session ? gate_close_session(&c) : c.rv);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot)
{
	struct call c = gate_slot(FUNCTION_C_CloseAllSessions, slot, true);

	return gate_leave(&c, c.slot ? gate_close_sessions(&c) : c.rv);
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR ret)
{
	struct call c = gate_session(FUNCTION_C_GetSessionInfo, session, ret != NULL);

	return gate_leave(&c, c.session ? session_info(c.session, ret) : c.rv);
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	struct call c = gate_session(FUNCTION_C_Login, session, pin != NULL);

	return gate_leave(&c, c.session ? session_login(c.session, user, pin, pin_len) : c.rv);
}

CK_RV C_Logout(CK_SESSION_HANDLE session)
{
	struct call c = gate_session(FUNCTION_C_Logout, session, true);

	return gate_leave(&c, c.session ? session_logout(c.session) : c.rv);
}

/* The token has one user of each type, and they have no names (3.0, 5.6.9). */
CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
		  CK_ULONG pin_len, CK_UTF8CHAR_PTR name, CK_ULONG name_len)
{
	struct call c =
		gate_session(FUNCTION_C_LoginUser, session, pin && arguments_bytes(name, name_len));

	if (c.session && name_len)
		return gate_leave(&c, CKR_USER_TYPE_INVALID);
	return gate_leave(&c, c.session ? session_login(c.session, user, pin, pin_len) : c.rv);
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	struct call c;

	/* 3.2, 5.6.5: no action is taken then; the session may be the one that waits. */
	if (gate_is_in_callback()) {
		c = gate_none(FUNCTION_C_SessionCancel, true);
		return gate_leave(&c, CKR_FUNCTION_FAILED);
	}
	c = gate_session(FUNCTION_C_SessionCancel, session, true);
	return gate_leave(&c, c.session ? session_cancel(c.session, flags) : c.rv);
}

/* No authority has validated this module, so no operation ever was in a validated state. */
CK_RV C_GetSessionValidationFlags(CK_SESSION_HANDLE session, CK_SESSION_VALIDATION_FLAGS_TYPE type,
				  CK_FLAGS *ret)
{
	struct call c = gate_session(FUNCTION_C_GetSessionValidationFlags, session, ret != NULL);

	if (c.session && type != CKS_LAST_VALIDATION_OK)
		return gate_leave(&c, CKR_ARGUMENTS_BAD);
	if (c.session)
		*ret = 0;
	return gate_leave(&c, c.rv);
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR state, CK_ULONG_PTR len)
{
	struct call c = gate_session(FUNCTION_C_GetOperationState, session, len != NULL);

	return gate_leave(&c, c.session ? session_get_state(c.session, state, len) : c.rv);
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR state, CK_ULONG len,
			  CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key)
{
	struct call c = gate_session(FUNCTION_C_SetOperationState, session, state != NULL);

	return gate_leave(&c, c.session ? session_set_state(c.session, state, len, encryption_key,
							    authentication_key)
					: c.rv);
}
