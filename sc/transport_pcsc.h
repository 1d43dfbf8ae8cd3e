/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card in a reader of pcscd, shared with whoever else uses it, on a SCARDCONTEXT of its own. The
 * card is never reset or powered down by closing. Extended length is used where the card's ATR and
 * the reader allow it (PC/SC part 10, dwMaxAPDUDataSize; a reader that says nothing passes what the
 * card does). A card that was reset by somebody else is connected to again and RC_RESET reported,
 * once; a card that was taken out, or whose pcscd has ended, is RC_REMOVED for ever.
 */
#ifndef INTAGLIO_SC_TRANSPORT_PCSC_H
#define INTAGLIO_SC_TRANSPORT_PCSC_H

#include "sc/transport.h"

/* For transport_open: address is the reader's name, there are no options. */
extern const struct transport_ops transport_pcsc_ops;

/* RC_REMOVED: no such reader, no card in it, or no pcscd; RC_IO with a sentence: all else. */
enum rc transport_pcsc_open(const char *reader, struct transport **ret) WARN_UNUSED;

/*
 * Asks the card once whether it has this application, with at most two commands on the basic
 * channel: a SELECT that fails leaves what others have selected. For cards whose ATR does not tell.
 * One that answers with what is no answer does not have it; another failure: it was not asked.
 */
enum rc transport_pcsc_has(const char *reader, struct view aid, bool *ret) WARN_UNUSED;

#endif
