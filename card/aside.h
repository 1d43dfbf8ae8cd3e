/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long computations side by side: a handler puts the card's lock down while it computes with what is
 * its own, the command's data, its answer and keys that it has taken for itself, and other channels'
 * commands are served meanwhile. It touches neither card memory nor anything else of the card
 * until it has the lock again, and then everything that it found out before may have changed.
 */
#ifndef INTAGLIO_CARD_ASIDE_H
#define INTAGLIO_CARD_ASIDE_H

#include "card/command.h"

/* Puts the lock down; to be given to aside_end. */
uint64_t aside_begin(struct command *c);
/* Takes it again. True if commands were begun meanwhile: what was judged has to be judged anew. */
bool aside_end(struct command *c, uint64_t begun);

#endif
