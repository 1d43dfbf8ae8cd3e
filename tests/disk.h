/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A simulated disk with a page cache under the shim of card/nvm_io.h. It has one directory, at every
 * path. Writes, names given and names taken go to the cache and are remembered as pending, one event
 * for every 512-byte sector and every change of a name; fdatasync and fsync bring a file's sectors,
 * fsync of the directory its names, to the platter. A cut makes the disk as it is found when power
 * comes back: the platter and any chosen subset of what was pending. A failed fsync keeps its data
 * in the cache and forgets that it was pending, as Linux does. Locks always succeed.
 */
#ifndef INTAGLIO_TESTS_DISK_H
#define INTAGLIO_TESTS_DISK_H

#include "card/nvm_io.h"

struct disk;

/* Everything here ends the program when there is no memory. */
struct disk *disk_new(void);
void disk_free(struct disk **disk);
/* The table to hand to the card; lives as long as the disk. */
const struct nvm_io *disk_io(struct disk *disk);

/* Calls before(arg) ahead of each call that changes or syncs something; NULL: no longer. */
void disk_watch(struct disk *disk, void (*before)(void *arg), void *arg);
/* Number of calls that changed or synced something, so far. */
unsigned long disk_calls(const struct disk *disk);
/* Makes the call that comes after so many more of them fail with errno error, once. */
void disk_fail(struct disk *disk, unsigned long after, int error);
/* Files together may have so many bytes; a write that needs more fails with ENOSPC. */
void disk_limit(struct disk *disk, uint64_t bytes);

/* Number of pending events, oldest first. */
size_t disk_pending(const struct disk *disk);
/*
 * A new disk as a cut leaves it: of the pending events those survive whose byte is not zero, names
 * only up to the first that does not (a journal keeps their order). NULL: none survives.
 */
struct disk *disk_cut(const struct disk *disk, const uint8_t *survives);
/* A new disk as it is after the death of the process: the cache lives on, and pending is pending. */
struct disk *disk_kill(const struct disk *disk);

#endif
