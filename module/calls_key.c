/* SPDX-License-Identifier: BSD-2-Clause */
/* Key management and random numbers, PKCS #11 5.18 and 5.19. */
#include "module/arguments.h"
#include "module/gate.h"

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		    CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	struct call c = gate_session(FUNCTION_C_GenerateKey, session,
				     mechanism && arguments_template(template, count) && ret);

	return gate_leave(&c, c.session ? session_generate_key(c.session, mechanism, template,
							       count, ret)
					: c.rv);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
			CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count,
			CK_OBJECT_HANDLE_PTR ret_public, CK_OBJECT_HANDLE_PTR ret_private)
{
	bool given = mechanism && arguments_template(public_template, public_count) &&
		     arguments_template(private_template, private_count) && ret_public &&
		     ret_private;
	struct call c = gate_session(FUNCTION_C_GenerateKeyPair, session, given);

	return gate_leave(&c, c.session ? session_generate_key_pair(c.session, mechanism,
								    public_template, public_count,
								    private_template, private_count,
								    ret_public, ret_private)
					: c.rv);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped,
		CK_ULONG_PTR wrapped_len)
{
	struct call c = gate_session(FUNCTION_C_WrapKey, session, mechanism && wrapped_len);

	return gate_leave(&c, c.session ? session_wrap_key(c.session, mechanism, wrapping_key, key,
							   wrapped, wrapped_len)
					: c.rv);
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped, CK_ULONG wrapped_len,
		  CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE *ret)
{
	bool given = mechanism && arguments_bytes(wrapped, wrapped_len) &&
		     arguments_template(template, count) && ret;
	struct call c = gate_session(FUNCTION_C_UnwrapKey, session, given);

	return gate_leave(&c,
			  c.session ? session_unwrap_key(c.session, mechanism, unwrapping_key,
							 wrapped, wrapped_len, template, count, ret)
				    : c.rv);
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base_key,
		  CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE *ret)
{
	struct call c = gate_session(FUNCTION_C_DeriveKey, session,
				     mechanism && arguments_template(template, count) && ret);

	return gate_leave(&c, c.session ? session_derive_key(c.session, mechanism, base_key,
							     template, count, ret)
					: c.rv);
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR seed, CK_ULONG len)
{
	struct call c = gate_session(FUNCTION_C_SeedRandom, session, arguments_bytes(seed, len));

	return gate_leave(&c, c.session ? session_seed_random(c.session, seed, len) : c.rv);
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR ret, CK_ULONG len)
{
	struct call c = gate_session(FUNCTION_C_GenerateRandom, session, arguments_bytes(ret, len));

	return gate_leave(&c, c.session ? session_generate_random(c.session, ret, len) : c.rv);
}
