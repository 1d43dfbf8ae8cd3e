/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdatasync on a thread of its own, so that the caller can compute while the disk works. The thread
 * is made with the first use and ends with nvm_sync_free. It belongs to the process that made it.
 */
#ifndef INTAGLIO_CARD_NVM_SYNC_H
#define INTAGLIO_CARD_NVM_SYNC_H

#include "card/nvm_io.h"

struct nvm_sync;

enum rc nvm_sync_new(const struct nvm_io *io, struct nvm_sync **ret) WARN_UNUSED;
/* Starts fdatasync(fd); nvm_sync_end waits for it and returns what it returned, errno too. */
void nvm_sync_begin(struct nvm_sync *sync, int fd);
int nvm_sync_end(struct nvm_sync *sync);
void nvm_sync_free(struct nvm_sync **sync);
/* In a forked child, where the thread does not exist. */
void nvm_sync_forget(struct nvm_sync **sync);

#endif
