/* SPDX-License-Identifier: BSD-2-Clause */
/* What SELECT of the token application answers, doc/commands.md. */
#ifndef INTAGLIO_CARD_APPLICATION_H
#define INTAGLIO_CARD_APPLICATION_H

#include "card/command.h"
#include "card/registry.h"

enum { LARGEST_COMMAND = 65000, LARGEST_ANSWER = 65000 };

/* Appends the FCI. */
uint16_t application_select(struct command *c, const struct registry_entry *instance);

#endif
