/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Syncing a commit beside what the caller wants computed meanwhile, with two threads: one computes, on
 * another processor if there is one; the other sleeps in fdatasync on the caller's, which looks out
 * meanwhile. A single commit, and any where the processors are wanted by others or threads may not be
 * kept to one, has the caller sleep in fdatasync itself.
 */
#ifndef INTAGLIO_CARD_NVM_SYNC_H
#define INTAGLIO_CARD_NVM_SYNC_H

#include "base/rc.h"
#include "card/nvm_io.h"

struct nvm_sync;

enum rc nvm_sync_new(const struct nvm_io *io, struct nvm_sync **ret) WARN_UNUSED;
/* Has meanwhile(arg) run beside what follows; nvm_sync_end waits until it has. */
void nvm_sync_begin(struct nvm_sync *sync, void (*meanwhile)(void *arg), void *arg);
/* fdatasync, between the two. */
int nvm_sync_file(struct nvm_sync *sync, int fd);
void nvm_sync_end(struct nvm_sync *sync);
void nvm_sync_free(struct nvm_sync **sync);
/* In a forked child, where the threads do not exist. */
void nvm_sync_forget(struct nvm_sync **sync);

#endif
