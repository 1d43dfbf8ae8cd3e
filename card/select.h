/* SPDX-License-Identifier: BSD-2-Clause */
/* SELECT by name, ISO/IEC 7816-4 11.2.2 and GPCS 6.4.2, 11.9: which application gets the commands. */
#ifndef INTAGLIO_CARD_SELECT_H
#define INTAGLIO_CARD_SELECT_H

#include "card/command.h"

/* 00 A4 04 00, 02 (next occurrence) or 0C (no answer wanted). */
uint16_t select_application(struct command *c);
/* Selects what is selected where nothing was, without an answer. RC_DAMAGED. */
enum rc select_default(struct nvm *nvm, struct channel *channel) WARN_UNUSED;

#endif
