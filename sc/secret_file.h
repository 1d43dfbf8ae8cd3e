/* SPDX-License-Identifier: BSD-2-Clause */
/* Small files that hold a secret: their owner's alone, or they are not used. Internal to sc/. */
#ifndef INTAGLIO_SC_SECRET_FILE_H
#define INTAGLIO_SC_SECRET_FILE_H

#include "base/buf.h"

/*
 * Appends a file. A sentence is said for each failure but a missing file: RC_NOT_FOUND (silent),
 * RC_IO, RC_SPACE if it is longer than out takes, RC_POLICY if is_secret and group or others may
 * read or write it.
 */
enum rc secret_file_read(const char *path, bool is_secret, struct buf *out) WARN_UNUSED;
/* Appends the first line of a secret file, which is a PIN or passphrase. Says each failure. */
enum rc secret_file_read_line(const char *path, struct buf *out) WARN_UNUSED;

#endif
