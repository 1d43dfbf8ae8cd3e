/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a command APDU to the handler that serves it and back: logical channel, command chaining,
 * secure messaging, the checks of the command's row, the change counter, GET RESPONSE.
 */
#ifndef INTAGLIO_CARD_DISPATCH_H
#define INTAGLIO_CARD_DISPATCH_H

#include "card/command.h"

/*
 * Serves one command APDU and appends the response. RC_IO or RC_DAMAGED if the card's memory
 * failed, RC_MEMORY if there is none for the response. The card's lock is held, and put down while
 * a handler computes (card/aside.h), or while the channel serves another command.
 */
enum rc dispatch(struct card *card, struct view apdu, struct buf *response) WARN_UNUSED;

#endif
