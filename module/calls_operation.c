/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encryption, decryption, digests, signatures and verification, PKCS #11 5.8 to 5.16. The five
 * families are one: what differs is the kind of operation, and whether a part has output. A call
 * with bad arguments ends its operation like any other failure.
 */
#include "module/arguments.h"
#include "module/gate.h"

/* What works with private keys does so beside other threads. */
static struct call enter(enum function function, CK_SESSION_HANDLE session,
			 enum operation_kind kind, bool arguments)
{
	return kind == OPERATION_SIGN || kind == OPERATION_DECRYPT
		       ? gate_operation(function, session, arguments)
		       : gate_session(function, session, arguments);
}

/* A mechanism left out cancels the operation (3.0, 5.8.1); so it is no bad argument. */
static CK_RV init(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		  CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct call c = enter(function, session, kind, true);

	return gate_leave(&c, c.session ? operation_init(c.session, kind, mechanism, key) : c.rv);
}

static CK_RV single(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		    CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct call c = enter(function, session, kind, true);

	if (c.session && !(arguments_bytes(in, in_len) && out_len))
		return gate_leave(&c, operation_refuse(c.session, kind, OPERATION_WHOLE));
	return gate_leave(
		&c, c.session ? operation_single(c.session, kind, in, in_len, out, out_len) : c.rv);
}

/* A part that has output. */
static CK_RV update(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		    CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct call c = gate_session(function, session, true);

	if (c.session && !(arguments_bytes(in, in_len) && out_len))
		return gate_leave(&c, operation_refuse(c.session, kind, 0));
	return gate_leave(
		&c, c.session ? operation_update(c.session, kind, in, in_len, out, out_len) : c.rv);
}

/* A part that has none. */
static CK_RV absorb(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		    CK_BYTE_PTR in, CK_ULONG in_len)
{
	struct call c = enter(function, session, kind, true);

	if (c.session && !arguments_bytes(in, in_len))
		return gate_leave(&c, operation_refuse(c.session, kind, 0));
	return gate_leave(&c, c.session ? operation_update(c.session, kind, in, in_len, NULL, NULL)
					: c.rv);
}

static CK_RV final(enum function function, CK_SESSION_HANDLE session, enum operation_kind kind,
		   CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct call c = enter(function, session, kind, true);

	if (c.session && !out_len)
		return gate_leave(&c, operation_refuse(c.session, kind, 0));
	return gate_leave(&c, c.session ? operation_final(c.session, kind, out, out_len) : c.rv);
}

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return init(FUNCTION_C_EncryptInit, session, OPERATION_ENCRYPT, mechanism, key);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		CK_ULONG_PTR out_len)
{
	return single(FUNCTION_C_Encrypt, session, OPERATION_ENCRYPT, in, in_len, out, out_len);
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		      CK_ULONG_PTR out_len)
{
	return update(FUNCTION_C_EncryptUpdate, session, OPERATION_ENCRYPT, in, in_len, out,
		      out_len);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return final(FUNCTION_C_EncryptFinal, session, OPERATION_ENCRYPT, out, out_len);
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return init(FUNCTION_C_DecryptInit, session, OPERATION_DECRYPT, mechanism, key);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		CK_ULONG_PTR out_len)
{
	return single(FUNCTION_C_Decrypt, session, OPERATION_DECRYPT, in, in_len, out, out_len);
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		      CK_ULONG_PTR out_len)
{
	return update(FUNCTION_C_DecryptUpdate, session, OPERATION_DECRYPT, in, in_len, out,
		      out_len);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return final(FUNCTION_C_DecryptFinal, session, OPERATION_DECRYPT, out, out_len);
}

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism)
{
	return init(FUNCTION_C_DigestInit, session, OPERATION_DIGEST, mechanism, 0);
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
	       CK_ULONG_PTR out_len)
{
	return single(FUNCTION_C_Digest, session, OPERATION_DIGEST, in, in_len, out, out_len);
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len)
{
	return absorb(FUNCTION_C_DigestUpdate, session, OPERATION_DIGEST, in, in_len);
}

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	struct call c = gate_session(FUNCTION_C_DigestKey, session, true);

	return gate_leave(&c, c.session ? session_digest_key(c.session, key) : c.rv);
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return final(FUNCTION_C_DigestFinal, session, OPERATION_DIGEST, out, out_len);
}

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return init(FUNCTION_C_SignInit, session, OPERATION_SIGN, mechanism, key);
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
	     CK_ULONG_PTR out_len)
{
	return single(FUNCTION_C_Sign, session, OPERATION_SIGN, in, in_len, out, out_len);
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len)
{
	return absorb(FUNCTION_C_SignUpdate, session, OPERATION_SIGN, in, in_len);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return final(FUNCTION_C_SignFinal, session, OPERATION_SIGN, out, out_len);
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return init(FUNCTION_C_VerifyInit, session, OPERATION_VERIFY, mechanism, key);
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR signature,
	       CK_ULONG signature_len)
{
	bool given = arguments_bytes(in, in_len) && arguments_bytes(signature, signature_len);
	struct call c = gate_session(FUNCTION_C_Verify, session, true);

	if (c.session && !given)
		return gate_leave(&c,
				  operation_refuse(c.session, OPERATION_VERIFY, OPERATION_WHOLE));
	return gate_leave(&c, c.session ? operation_verify(c.session, in, in_len, signature,
							   signature_len)
					: c.rv);
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len)
{
	return absorb(FUNCTION_C_VerifyUpdate, session, OPERATION_VERIFY, in, in_len);
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	struct call c = gate_session(FUNCTION_C_VerifyFinal, session, true);

	if (c.session && !arguments_bytes(signature, signature_len))
		return gate_leave(&c, operation_refuse(c.session, OPERATION_VERIFY, 0));
	return gate_leave(
		&c, c.session ? operation_verify_final(c.session, signature, signature_len) : c.rv);
}

CK_RV C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return init(FUNCTION_C_SignRecoverInit, session, OPERATION_SIGN_RECOVER, mechanism, key);
}

CK_RV C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		    CK_ULONG_PTR out_len)
{
	return single(FUNCTION_C_SignRecover, session, OPERATION_SIGN_RECOVER, in, in_len, out,
		      out_len);
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			  CK_OBJECT_HANDLE key)
{
	return init(FUNCTION_C_VerifyRecoverInit, session, OPERATION_VERIFY_RECOVER, mechanism,
		    key);
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		      CK_ULONG_PTR out_len)
{
	return single(FUNCTION_C_VerifyRecover, session, OPERATION_VERIFY_RECOVER, in, in_len, out,
		      out_len);
}

static CK_RV update_two(enum function function, CK_SESSION_HANDLE session,
			enum operation_kind first, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
			CK_ULONG_PTR out_len)
{
	struct call c = gate_session(function, session, true);

	if (c.session && !(arguments_bytes(in, in_len) && out_len))
		return gate_leave(&c, operation_refuse_two(c.session, first, OPERATION_ENCRYPT));
	return gate_leave(&c, c.session ? operation_update_two(c.session, first, OPERATION_ENCRYPT,
							       in, in_len, out, out_len)
					: c.rv);
}

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len,
			    CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return update_two(FUNCTION_C_DigestEncryptUpdate, session, OPERATION_DIGEST, in, in_len,
			  out, out_len);
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len,
			  CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return update_two(FUNCTION_C_SignEncryptUpdate, session, OPERATION_SIGN, in, in_len, out,
			  out_len);
}

/* Decryption, whose output goes into another operation. */
static CK_RV decrypt_two(enum function function, CK_SESSION_HANDLE session,
			 enum operation_kind second, CK_BYTE_PTR in, CK_ULONG in_len,
			 CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct call c = gate_session(function, session, true);

	if (c.session && !(arguments_bytes(in, in_len) && out_len))
		return gate_leave(&c, operation_refuse_two(c.session, OPERATION_DECRYPT, second));
	return gate_leave(&c, c.session ? operation_decrypt_two(c.session, second, in, in_len, out,
								out_len)
					: c.rv);
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len,
			    CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return decrypt_two(FUNCTION_C_DecryptDigestUpdate, session, OPERATION_DIGEST, in, in_len,
			   out, out_len);
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len,
			    CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return decrypt_two(FUNCTION_C_DecryptVerifyUpdate, session, OPERATION_VERIFY, in, in_len,
			   out, out_len);
}

/* The signature comes before the data (3.2, 5.16). */
CK_RV C_VerifySignatureInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			    CK_OBJECT_HANDLE key, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	struct call c = gate_session(FUNCTION_C_VerifySignatureInit, session,
				     arguments_bytes(signature, signature_len));

	return gate_leave(&c, c.session ? operation_verify_signature_init(c.session, mechanism, key,
									  signature, signature_len)
					: c.rv);
}

CK_RV C_VerifySignature(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len)
{
	struct call c = gate_session(FUNCTION_C_VerifySignature, session, true);

	if (c.session && !arguments_bytes(in, in_len))
		return gate_leave(&c, operation_refuse(c.session, OPERATION_VERIFY,
						       OPERATION_WHOLE | OPERATION_SIGNED));
	return gate_leave(&c, c.session ? operation_verify_signature(c.session, in, in_len) : c.rv);
}

CK_RV C_VerifySignatureUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len)
{
	struct call c = gate_session(FUNCTION_C_VerifySignatureUpdate, session, true);

	if (c.session && !arguments_bytes(in, in_len))
		return gate_leave(&c,
				  operation_refuse(c.session, OPERATION_VERIFY, OPERATION_SIGNED));
	return gate_leave(&c, c.session ? operation_verify_signature_update(c.session, in, in_len)
					: c.rv);
}

CK_RV C_VerifySignatureFinal(CK_SESSION_HANDLE session)
{
	struct call c = gate_session(FUNCTION_C_VerifySignatureFinal, session, true);

	return gate_leave(&c, c.session ? operation_verify_signature_final(c.session) : c.rv);
}
