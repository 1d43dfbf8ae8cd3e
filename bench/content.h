/* SPDX-License-Identifier: BSD-2-Clause */
/* What an installation costs on the wire. */
#ifndef INTAGLIO_BENCH_CONTENT_H
#define INTAGLIO_BENCH_CONTENT_H

#include "base/cryptoki.h"

/*
 * Installs a package over SCP02 and SCP03 on the card in this slot, and takes it off; traces go into
 * dir. Counts rows. No other thread may use the environment meanwhile.
 */
void bench_content(const CK_INTAGLIO_FUNCTION_LIST *vendor, CK_SLOT_ID slot, const char *dir,
		   unsigned int *passed, unsigned int *failed);

#endif
