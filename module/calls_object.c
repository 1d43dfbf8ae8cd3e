/* SPDX-License-Identifier: BSD-2-Clause */
/* Object management, PKCS #11 5.7. */
#include "module/arguments.h"
#include "module/gate.h"

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count,
		     CK_OBJECT_HANDLE_PTR ret)
{
	struct call c = gate_session(FUNCTION_C_CreateObject, session,
				     arguments_template(template, count) && ret);

	return gate_leave(&c, c.session ? session_create_object(c.session, template, count, ret)
					: c.rv);
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
		   CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	struct call c = gate_session(FUNCTION_C_CopyObject, session,
				     arguments_template(template, count) && ret);

	return gate_leave(&c, c.session
				      ? session_copy_object(c.session, object, template, count, ret)
				      : c.rv);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct call c = gate_session(FUNCTION_C_DestroyObject, session, true);

	return gate_leave(&c, c.session ? session_destroy_object(c.session, object) : c.rv);
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR ret)
{
	struct call c = gate_session(FUNCTION_C_GetObjectSize, session, ret != NULL);

	return gate_leave(&c, c.session ? session_object_size(c.session, object, ret) : c.rv);
}

/* Values are written here, so that one left out asks for its length. */
CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
			  CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct call c = gate_session(FUNCTION_C_GetAttributeValue, session, template || count == 0);

	return gate_leave(&c, c.session ? session_get_attributes(c.session, object, template, count)
					: c.rv);
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
			  CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct call c = gate_session(FUNCTION_C_SetAttributeValue, session,
				     arguments_template(template, count));

	return gate_leave(&c, c.session ? session_set_attributes(c.session, object, template, count)
					: c.rv);
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct call c = gate_session(FUNCTION_C_FindObjectsInit, session,
				     arguments_template(template, count));

	return gate_leave(&c, c.session ? session_find_init(c.session, template, count) : c.rv);
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR list, CK_ULONG max,
		    CK_ULONG_PTR count)
{
	struct call c = gate_session(FUNCTION_C_FindObjects, session, (list || max == 0) && count);

	return gate_leave(&c, c.session ? session_find(c.session, list, max, count) : c.rv);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
	struct call c = gate_session(FUNCTION_C_FindObjectsFinal, session, true);

	return gate_leave(&c, c.session ? session_find_final(c.session) : c.rv);
}
