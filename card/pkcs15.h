/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The application that shows the token's objects as ISO/IEC 7816-15 files to readers that know
 * nothing of it: SELECT by file identifier and path (ISO/IEC 7816-4 11.2.2), READ BINARY (11.3.3).
 * It only reads. Public objects need no session, private ones the user's PIN on the channel.
 */
#ifndef INTAGLIO_CARD_PKCS15_H
#define INTAGLIO_CARD_PKCS15_H

#include "card/command.h"
#include "card/registry.h"

extern const struct command_row pkcs15_commands[];

/* SELECT by AID: appends the FCI. */
uint16_t pkcs15_select(struct command *c, const struct registry_entry *instance);
void pkcs15_deselect(struct channel *channel);
/*
 * SELECT with a P1 that names a file. From another application only a path from the MF, or the MF
 * itself, which selects this application. 6A86 for other values of P1.
 */
uint16_t pkcs15_select_file(struct command *c);

#endif
