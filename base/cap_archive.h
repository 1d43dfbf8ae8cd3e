/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files in which Java Card packages come: a CAP file, which is a zip archive of components (Java Card
 * VM specification 4.1), or a plain load file, which is components one after another, with or without
 * the tag C4 around them (GPCS 11.6.2.1). Every byte is hostile. Nothing is kept; thread safe.
 */
#ifndef INTAGLIO_BASE_CAP_ARCHIVE_H
#define INTAGLIO_BASE_CAP_ARCHIVE_H

#include "base/cap.h"

enum { CAP_FILE_MAX = 4 << 20 }; /* bytes of a file that is looked at */

/*
 * Appends the load file data block: the file's components in load order, without Debug. Components are
 * found by their file names in whatever directory. RC_MALFORMED, with *ret_why a sentence's end for
 * people ("it has two Header components"): no such file, a component twice, cut short or longer than it
 * says, more than CAP_SIZE_MAX bytes in all, or not a package for cap_parse. RC_MEMORY.
 */
enum rc cap_archive_read(struct view file, struct buf *ret_block, const char **ret_why) WARN_UNUSED;

#endif
