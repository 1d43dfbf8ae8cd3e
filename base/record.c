/* SPDX-License-Identifier: BSD-2-Clause */
/* Records that were sealed as PKCS#11 data objects. */
#include "base/record.h"

#include "base/attr.h"

bool record_is_object(uint16_t type, struct view plaintext)
{
	struct view value;

	return type == RECORD_TYPE_OBJECT && attr_check(plaintext) == RC_OK &&
	       attr_find(plaintext, CKA_VALUE, &value) == RC_OK;
}

struct view record_value(uint16_t type, struct view plaintext)
{
	struct view value;

	if (!record_is_object(type, plaintext) || attr_find(plaintext, CKA_VALUE, &value) != RC_OK)
		return plaintext;
	return value;
}
