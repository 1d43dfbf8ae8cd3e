/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key agreement, i = 01: both sides send a secret inside a signature that only the other can
 * decipher, and the session keys come from both (the primed steps; GPCS F.1.4, F.3.1.3). Handlers of
 * the row in card/suite.c, called by card/scp10.c with the state checked.
 */
#ifndef INTAGLIO_CARD_AGREEMENT_H
#define INTAGLIO_CARD_AGREEMENT_H

#include "card/command.h"

/* 131' to 134': 6300 for whatever is wrong with the host's block. */
uint16_t agreement_external(struct command *c);
/* 140' to 145'. */
uint16_t agreement_internal(struct command *c);

#endif
