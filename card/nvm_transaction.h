/* SPDX-License-Identifier: BSD-2-Clause */
/* What a handle keeps of its transaction; the functions of a transaction are in card/nvm.h. */
#ifndef INTAGLIO_CARD_NVM_TRANSACTION_H
#define INTAGLIO_CARD_NVM_TRANSACTION_H

#include "card/nvm_state.h"

void nvm_transaction_init(struct nvm *nvm);
void nvm_transaction_free(struct nvm *nvm);

#endif
