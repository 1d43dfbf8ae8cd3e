/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STORE DATA in a session of an issuer: the next trust point (by a link certificate), renewed
 * certificates of the card and the authority's revocation list, doc/scp10.md section 2.
 */
#ifndef INTAGLIO_CARD_TRUST_H
#define INTAGLIO_CARD_TRUST_H

#include "card/command.h"

/* 80 E2 80 00; everything that comes is committed at once, or nothing changed. */
uint16_t trust_store(struct command *c);

#endif
