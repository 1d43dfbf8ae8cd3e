/* SPDX-License-Identifier: BSD-2-Clause */
/* SELECT of the token application and its file control information, doc/commands.md. */
#ifndef INTAGLIO_CARD_APPLICATION_H
#define INTAGLIO_CARD_APPLICATION_H

#include "card/command.h"

enum { LARGEST_COMMAND = 65000, LARGEST_ANSWER = 65000 };

/* 00 A4 04 00. */
uint16_t application_select(struct command *c);

#endif
