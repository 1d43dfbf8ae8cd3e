/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules for pointers that are left out. */
#include "module/arguments.h"

bool arguments_bytes(const CK_BYTE *bytes, CK_ULONG len)
{
	return bytes || len == 0;
}

bool arguments_template(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	if (!template)
		return count == 0;
	for (CK_ULONG i = 0; i < count; i++) {
		if (!arguments_bytes(template[i].pValue, template[i].ulValueLen))
			return false;
	}
	return true;
}
