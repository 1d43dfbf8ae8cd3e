/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key transport, i = 02 and 42: the host chooses the session keys and sends them under the card's
 * public key (steps 118 to 127, 131 to 145; GPCS F.1.4, F.4.6). Handlers of rows in card/suite.c,
 * called by card/scp10.c with the state checked.
 */
#ifndef INTAGLIO_CARD_TRANSPORT_H
#define INTAGLIO_CARD_TRANSPORT_H

#include "card/command.h"

/* Always 9000 for a block of one modulus length: what is in it is judged by transport_external. */
uint16_t transport_decipher(struct command *c);
/* 6300 for whatever is wrong with the block or the signature. */
uint16_t transport_external(struct command *c);
uint16_t transport_internal(struct command *c);

#endif
