/* SPDX-License-Identifier: BSD-2-Clause */
/* The handlers of the ledger commands that have a file of their own; the table is in card/ledger.c. */
#ifndef INTAGLIO_CARD_LEDGER_H
#define INTAGLIO_CARD_LEDGER_H

#include "card/ledger_cache.h"

/* card/ledger_create.c: CREATE LEDGER */
uint16_t ledger_create(struct command *c);
/* card/ledger_prune.c: COSIGN and PRUNE, by P1 */
uint16_t ledger_keep(struct command *c);
/* card/ledger_status.c: LEDGER STATUS and, by P1, the ledger's certificate */
uint16_t ledger_status(struct command *c);

/* Takes the object number from the front of in and opens the ledger. 9000, or why not. */
uint16_t ledger_take(struct command *c, struct view *in, struct ledger **ret);

#endif
