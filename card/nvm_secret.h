/* SPDX-License-Identifier: BSD-2-Clause */
/* The storage key under which the card's secrets lie in the log: how it is made and found. */
#ifndef INTAGLIO_CARD_NVM_SECRET_H
#define INTAGLIO_CARD_NVM_SECRET_H

#include "card/nvm_state.h"

/* Makes storage.key durable in the directory, unless the systemd credential is there. */
enum rc nvm_secret_make(struct nvm *nvm) WARN_UNUSED;
/*
 * Finds the key: the file, else the credential. RC_POLICY: the file can be read by others.
 * RC_DAMAGED: there is none, or it has not 32 bytes. Both said in a sentence.
 */
enum rc nvm_secret_load(struct nvm *nvm) WARN_UNUSED;

#endif
