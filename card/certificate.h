/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET DATA: the card's certificates, and EF.OD, which lists them (GPCS F.1.3.3, F.4.3, doc/scp10.md).
 * Public reads, bare and in a session.
 */
#ifndef INTAGLIO_CARD_CERTIFICATE_H
#define INTAGLIO_CARD_CERTIFICATE_H

#include "card/command.h"

/* CA and CB in both classes, P1 P2 7F21, 5031, or version and index of a key pair. */
uint16_t certificate_get_data(struct command *c);

#endif
