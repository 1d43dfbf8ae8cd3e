/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of commands, by application; rows end with a NULL handler, tables with NULL. */
#ifndef INTAGLIO_CARD_COMMANDS_H
#define INTAGLIO_CARD_COMMANDS_H

#include "card/command.h"

/* Of the card itself: SELECT, MANAGE CHANNEL, SCP10. Part of every application's tables. */
extern const struct command_row core_commands[];
/* Of the token application. */
extern const struct command_row *const command_tables[];

#endif
