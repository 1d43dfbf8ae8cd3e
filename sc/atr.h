/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a card says of itself in its answer to reset: the card capabilities of the historical bytes
 * (ISO/IEC 7816-3 8.2, 7816-4 12.1.1). An ATR proves nothing; it only saves asking.
 */
#ifndef INTAGLIO_SC_ATR_H
#define INTAGLIO_SC_ATR_H

#include "base/buf.h"

enum { ATR_MAX = 33 };

struct atr {
	bool extended; /* extended Lc and Le */
	bool channels; /* logical channels that the card assigns */
	bool is_intaglio; /* the card issuer's data is "Intaglio" */
};

/* RC_MALFORMED for bytes that are no ATR; one without card capabilities has none of them. */
enum rc atr_parse(struct view bytes, struct atr *ret) WARN_UNUSED;

#endif
