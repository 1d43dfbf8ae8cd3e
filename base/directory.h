/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory of small files that are whole or not there: written under a temporary name, synced and
 * renamed, then the directory synced. One process at a time holds it. A sentence is said for every
 * failure but RC_NOT_FOUND. RC_IO, RC_MEMORY.
 */
#ifndef INTAGLIO_BASE_DIRECTORY_H
#define INTAGLIO_BASE_DIRECTORY_H

#include <sys/types.h>

#include "base/buf.h"

struct directory;

/*
 * Opens and waits for the lock that keeps others out until directory_close. make: it is made, 0700,
 * if it is not there. RC_NOT_FOUND.
 */
enum rc directory_open(const char *path, bool make, struct directory **ret) WARN_UNUSED;
void directory_close(struct directory **directory);
/* The path as given. */
const char *directory_path(const struct directory *directory);
/* Makes a directory in it, 0700, unless it is there. */
enum rc directory_make(struct directory *directory, const char *name) WARN_UNUSED;
/* name may lie in a directory of the directory: "issued/x". */
bool directory_has(struct directory *directory, const char *name);
/* Replaces what was there. */
enum rc directory_write(struct directory *directory, const char *name, mode_t mode,
			struct view bytes) WARN_UNUSED;
/* Appends a file's bytes. RC_SPACE if they do not fit into out. */
enum rc directory_read(struct directory *directory, const char *name, struct buf *out) WARN_UNUSED;
/* As directory_read; RC_POLICY if anyone but the owner may read or write the file. */
enum rc directory_read_secret(struct directory *directory, const char *name,
			      struct buf *out) WARN_UNUSED;
/*
 * Calls each with the name of every file in a directory of the directory (names that begin with a
 * dot are passed over), in the order of names, until one call fails.
 */
enum rc directory_walk(struct directory *directory, const char *name,
		       enum rc (*each)(void *arg, const char *name), void *arg) WARN_UNUSED;

#endif
