/* SPDX-License-Identifier: BSD-2-Clause */
/* Between sc/gp.c and sc/gp_status.c alone. */
#ifndef INTAGLIO_SC_GP_STATUS_H
#define INTAGLIO_SC_GP_STATUS_H

#include "sc/gp.h"

/* One GET STATUS for everything of a kind, whatever its status word; the answer as in gp.c. */
enum rc gp_status_page(struct gp *gp, enum gp_kind kind, uint8_t p2, struct view *ret,
		       uint16_t *ret_sw) WARN_UNUSED;

#endif
