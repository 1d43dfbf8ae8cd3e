/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that computes while the caller writes and waits for the disk: the sync stays with the caller, since
 * a thread that sleeps is woken late, and the caller's time is what counts. The thread is made with
 * the first use and ends with nvm_sync_free. It belongs to the process that made it.
 */
#ifndef INTAGLIO_CARD_NVM_SYNC_H
#define INTAGLIO_CARD_NVM_SYNC_H

#include "base/rc.h"

struct nvm_sync;

enum rc nvm_sync_new(struct nvm_sync **ret) WARN_UNUSED;
/* Has meanwhile(arg) run on the thread; nvm_sync_end waits until it has. */
void nvm_sync_begin(struct nvm_sync *sync, void (*meanwhile)(void *arg), void *arg);
void nvm_sync_end(struct nvm_sync *sync);
void nvm_sync_free(struct nvm_sync **sync);
/* In a forked child, where the thread does not exist. */
void nvm_sync_forget(struct nvm_sync **sync);

#endif
