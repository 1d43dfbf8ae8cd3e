/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of the host: each function works on `name` in the directory `dir`, makes what it writes
 * durable, and says the sentence when it fails. RC_IO, RC_MEMORY.
 */
#ifndef INTAGLIO_TOKEN_FILES_H
#define INTAGLIO_TOKEN_FILES_H

#include <sys/types.h>

#include <openssl/evp.h>

#include "base/buf.h"

/* A new file; it must not be there yet. */
enum rc files_write(const char *dir, const char *name, mode_t mode, struct view bytes) WARN_UNUSED;
/* The same, 0600, with a private key as PEM (PKCS#8, not enciphered). */
enum rc files_write_key(const char *dir, const char *name, EVP_PKEY *key) WARN_UNUSED;
/* The same with bytes as one line of hexadecimal digits. */
enum rc files_write_hex(const char *dir, const char *name, struct view bytes) WARN_UNUSED;
enum rc files_make_directory(const char *dir, const char *name) WARN_UNUSED;
/* dir itself and everything above it, 0700, as far as it is not there. */
enum rc files_make_directories(const char *dir) WARN_UNUSED;
enum rc files_sync_directory(const char *dir, const char *name) WARN_UNUSED;
/* Waits for the lock on a file that is made if needed; closing the descriptor gives it back. */
enum rc files_lock(const char *dir, const char *name, int *ret_lock) WARN_UNUSED;
/* True if name is not there, or is an empty directory. */
bool files_is_empty(const char *dir, const char *name);
/* Removes a file. */
enum rc files_remove(const char *dir, const char *name) WARN_UNUSED;
/* Removes a directory and everything in it, as far as it can. */
void files_remove_tree(const char *dir);
/* The name of the file that a directory holds until what is in it is whole. */
#define FILES_UNFINISHED ".unfinished"
/*
 * Removes what interrupted processes left in dir: directories of a name `.NAME.XXXXXX` that hold
 * FILES_UNFINISHED, or nothing. Everything else stays, whatever its name.
 */
void files_remove_leftovers(const char *dir);

#endif
