/* SPDX-License-Identifier: BSD-2-Clause */
/* Message-based encryption and decryption, PKCS #11 3.0, 5.9 and 5.11. */
#include "module/arguments.h"
#include "module/gate.h"

static CK_RV init(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		  CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct call c = gate_session(function, session, true);

	return gate_leave(&c, c.session ? message_init(c.session, kind, mechanism, key) : c.rv);
}

static CK_RV run(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		 const struct message *m, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	bool given = m->parameter && arguments_bytes(m->aad, m->aad_len) &&
		     arguments_bytes(m->in, m->in_len) && out_len;
	struct call c = gate_session(function, session, given);

	return gate_leave(&c, c.session ? message_run(c.session, kind, m, out, out_len) : c.rv);
}

static CK_RV begin(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		   const struct message *m)
{
	bool given = m->parameter && arguments_bytes(m->aad, m->aad_len);
	struct call c = gate_session(function, session, given);

	return gate_leave(&c, c.session ? message_begin(c.session, kind, m) : c.rv);
}

static CK_RV next(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		  const struct message *m, CK_FLAGS flags, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct call c = gate_session(function, session, true);

	if (c.session && !(m->parameter && arguments_bytes(m->in, m->in_len) && out_len))
		return gate_leave(&c, message_refuse(c.session, kind));
	return gate_leave(&c,
			  c.session ? message_next(c.session, kind, m, flags, out, out_len) : c.rv);
}

static CK_RV final(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind)
{
	struct call c = gate_session(function, session, true);

	return gate_leave(&c, c.session ? message_final(c.session, kind) : c.rv);
}

CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			   CK_OBJECT_HANDLE key)
{
	return init(FUNCTION_C_MessageEncryptInit, session, OPERATION_MESSAGE_ENCRYPT, mechanism,
		    key);
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		       CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR in, CK_ULONG in_len,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	const struct message m = {parameter, parameter_len, aad, aad_len, in, in_len};

	return run(FUNCTION_C_EncryptMessage, session, OPERATION_MESSAGE_ENCRYPT, &m, out, out_len);
}

CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			    CK_BYTE_PTR aad, CK_ULONG aad_len)
{
	const struct message m = {parameter, parameter_len, aad, aad_len, NULL, 0};

	return begin(FUNCTION_C_EncryptMessageBegin, session, OPERATION_MESSAGE_ENCRYPT, &m);
}

CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			   CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len,
			   CK_FLAGS flags)
{
	const struct message m = {parameter, parameter_len, NULL, 0, in, in_len};

	return next(FUNCTION_C_EncryptMessageNext, session, OPERATION_MESSAGE_ENCRYPT, &m, flags,
		    out, out_len);
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session)
{
	return final(FUNCTION_C_MessageEncryptFinal, session, OPERATION_MESSAGE_ENCRYPT);
}

CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			   CK_OBJECT_HANDLE key)
{
	return init(FUNCTION_C_MessageDecryptInit, session, OPERATION_MESSAGE_DECRYPT, mechanism,
		    key);
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		       CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR in, CK_ULONG in_len,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	const struct message m = {parameter, parameter_len, aad, aad_len, in, in_len};

	return run(FUNCTION_C_DecryptMessage, session, OPERATION_MESSAGE_DECRYPT, &m, out, out_len);
}

CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			    CK_BYTE_PTR aad, CK_ULONG aad_len)
{
	const struct message m = {parameter, parameter_len, aad, aad_len, NULL, 0};

	return begin(FUNCTION_C_DecryptMessageBegin, session, OPERATION_MESSAGE_DECRYPT, &m);
}

CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			   CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len,
			   CK_FLAGS flags)
{
	const struct message m = {parameter, parameter_len, NULL, 0, in, in_len};

	return next(FUNCTION_C_DecryptMessageNext, session, OPERATION_MESSAGE_DECRYPT, &m, flags,
		    out, out_len);
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session)
{
	return final(FUNCTION_C_MessageDecryptFinal, session, OPERATION_MESSAGE_DECRYPT);
}
