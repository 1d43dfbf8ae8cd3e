/* SPDX-License-Identifier: BSD-2-Clause */
/* The view of a handle on the log: loading it, and bringing it to the tail. */
#ifndef INTAGLIO_CARD_NVM_VIEW_H
#define INTAGLIO_CARD_NVM_VIEW_H

#include "card/nvm_state.h"

/* RC_FORKED in a child, RC_IO after a failure that stopped the handle. First call of every other. */
enum rc nvm_view_check(const struct nvm *nvm) WARN_UNUSED;
/* Forgets what is in RAM. */
void nvm_view_forget(struct nvm *nvm);
/*
 * Under the lock: loads the view from the newest checkpoint, replays to the tail, refuses a damaged
 * log, makes sure that what was found is durable and publishes it. As nvm_open; a failure stops
 * the handle.
 */
enum rc nvm_view_load(struct nvm *nvm) WARN_UNUSED;
/* Under the lock: replays to the tail, or loads anew if other processes have gone too far ahead. */
enum rc nvm_view_catch_up(struct nvm *nvm) WARN_UNUSED;
/* Without the lock: replays what other processes have published. */
enum rc nvm_view_refresh(struct nvm *nvm) WARN_UNUSED;

#endif
