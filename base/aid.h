/* SPDX-License-Identifier: BSD-2-Clause */
/* Application identifiers, ISO/IEC 7816-4 12.2.3: 5 to 16 bytes. */
#ifndef INTAGLIO_BASE_AID_H
#define INTAGLIO_BASE_AID_H

#include "base/buf.h"

enum { AID_MIN = 5, AID_MAX = 16 };

/* All zero: none. */
struct aid {
	uint8_t bytes[AID_MAX];
	uint8_t len;
};

/* RC_MALFORMED unless it has 5 to 16 bytes. */
enum rc aid_set(struct aid *aid, struct view bytes) WARN_UNUSED;
struct view aid_view(const struct aid *aid);

#endif
