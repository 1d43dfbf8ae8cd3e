/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that are there because the list has a place for them (PKCS #11 5.1.7): they check the
 * session and then say CKR_FUNCTION_NOT_SUPPORTED, or CKR_FUNCTION_NOT_PARALLEL where 5.20 says so.
 * intaglio-pkcs11(7) gives the reason for each.
 */
#include "module/gate.h"

/* They look at nothing but the session. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static CK_RV only_check(enum function function, CK_SESSION_HANDLE session, CK_RV rv)
{
	struct call c = gate_session(function, session, true);

	return gate_leave(&c, c.session ? rv : c.rv);
}

CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE session)
{
	return only_check(FUNCTION_C_GetFunctionStatus, session, CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE session)
{
	return only_check(FUNCTION_C_CancelFunction, session, CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return only_check(FUNCTION_C_MessageSignInit, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		    CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return only_check(FUNCTION_C_SignMessage, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignMessageBegin(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len)
{
	return only_check(FUNCTION_C_SignMessageBegin, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignMessageNext(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return only_check(FUNCTION_C_SignMessageNext, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session)
{
	return only_check(FUNCTION_C_MessageSignFinal, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			  CK_OBJECT_HANDLE key)
{
	return only_check(FUNCTION_C_MessageVerifyInit, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		      CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR signature,
		      CK_ULONG signature_len)
{
	return only_check(FUNCTION_C_VerifyMessage, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len)
{
	return only_check(FUNCTION_C_VerifyMessageBegin, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			  CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR signature,
			  CK_ULONG signature_len)
{
	return only_check(FUNCTION_C_VerifyMessageNext, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session)
{
	return only_check(FUNCTION_C_MessageVerifyFinal, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_EncapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		       CK_OBJECT_HANDLE public_key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len, CK_OBJECT_HANDLE_PTR ret)
{
	return only_check(FUNCTION_C_EncapsulateKey, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DecapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		       CK_OBJECT_HANDLE private_key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
		       CK_BYTE_PTR in, CK_ULONG in_len, CK_OBJECT_HANDLE_PTR ret)
{
	return only_check(FUNCTION_C_DecapsulateKey, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_AsyncComplete(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR function, CK_ASYNC_DATA_PTR ret)
{
	return only_check(FUNCTION_C_AsyncComplete, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_AsyncGetID(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR function, CK_ULONG_PTR ret)
{
	return only_check(FUNCTION_C_AsyncGetID, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_AsyncJoin(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR function, CK_ULONG id,
		  CK_BYTE_PTR data, CK_ULONG data_len)
{
	return only_check(FUNCTION_C_AsyncJoin, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_WrapKeyAuthenticated(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			     CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE_PTR aad,
			     CK_ULONG aad_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return only_check(FUNCTION_C_WrapKeyAuthenticated, session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_UnwrapKeyAuthenticated(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			       CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR in, CK_ULONG in_len,
			       CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_BYTE_PTR aad,
			       CK_ULONG aad_len, CK_OBJECT_HANDLE_PTR ret)
{
	return only_check(FUNCTION_C_UnwrapKeyAuthenticated, session, CKR_FUNCTION_NOT_SUPPORTED);
}
