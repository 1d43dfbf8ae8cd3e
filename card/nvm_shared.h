/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processes on one directory share: the lock between them, and the generation file, 16
 * bytes with the sequence of the last commit that is durable and its complement. The file is read
 * with pread and not mapped: it costs what a check of the size before a load would, and a file that
 * somebody shortens cannot raise SIGBUS.
 */
#ifndef INTAGLIO_CARD_NVM_SHARED_H
#define INTAGLIO_CARD_NVM_SHARED_H

#include "card/nvm_state.h"

/* Opens both files, making them if they are not there. */
enum rc nvm_shared_open(struct nvm *nvm) WARN_UNUSED;
void nvm_shared_close(struct nvm *nvm);
enum rc nvm_shared_lock(struct nvm *nvm) WARN_UNUSED;
void nvm_shared_unlock(struct nvm *nvm);
/* False if the file does not hold a sequence: never written, truncated, overwritten. */
bool nvm_shared_read(struct nvm *nvm, uint64_t *ret_sequence);
/* As nvm_mark and nvm_is_marked. */
void nvm_shared_mark(struct nvm *nvm, uint32_t n, bool on);
bool nvm_shared_is_marked(struct nvm *nvm, uint32_t n);
/* Tells the others that everything up to our sequence is durable. */
enum rc nvm_shared_publish(struct nvm *nvm) WARN_UNUSED;

#endif
