/* SPDX-License-Identifier: BSD-2-Clause */
/* Application identifiers by value. */
#include "base/aid.h"

#include <string.h>

enum rc aid_set(struct aid *aid, struct view bytes)
{
	if (bytes.len < AID_MIN || bytes.len > AID_MAX)
		return RC_MALFORMED;
	memset(aid, 0, sizeof(*aid));
	memcpy(aid->bytes, bytes.data, bytes.len);
	aid->len = (uint8_t)bytes.len;
	return RC_OK;
}

struct view aid_view(const struct aid *aid)
{
	return view_of(aid->bytes, aid->len);
}
