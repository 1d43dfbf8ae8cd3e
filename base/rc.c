/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of the result codes. */
#include "base/rc.h"

#include <stddef.h>

const char *rc_name(enum rc rc)
{
	static const char *const names[] = {
		[RC_OK] = "ok",
		[RC_ARGUMENT] = "broken contract",
		[RC_MEMORY] = "no memory",
		[RC_CRYPTO] = "libcrypto failure",
		[RC_MALFORMED] = "malformed",
		[RC_AUTH] = "authentication failed",
		[RC_EXPIRED] = "expired",
		[RC_POLICY] = "refused by policy",
		[RC_STATE] = "wrong state",
		[RC_NOT_FOUND] = "not found",
		[RC_EXISTS] = "exists already",
		[RC_SPACE] = "buffer too small",
		[RC_FULL] = "memory full",
		[RC_IO] = "input/output error",
		[RC_DAMAGED] = "damaged",
		[RC_REMOVED] = "removed",
		[RC_RESET] = "reset",
		[RC_FORKED] = "forked child",
		[RC_SW] = "status word",
	};

	if ((size_t)rc >= sizeof(names) / sizeof(names[0]) || !names[rc])
		return "unknown";
	return names[rc];
}
