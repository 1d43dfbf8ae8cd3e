/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An open authority, for the files authority*.c alone: its state, the names of its files, and what
 * they share.
 */
#ifndef INTAGLIO_BASE_AUTHORITY_STATE_H
#define INTAGLIO_BASE_AUTHORITY_STATE_H

#include "base/authority.h"
#include "base/directory.h"
#include "base/revocation.h"

#define FILE_KEY         "authority.key"
#define FILE_CERTIFICATE "authority.cvc"
#define FILE_PUBLIC      "authority.pub"
#define FILE_REVOKED     "revoked.list"
#define FILE_LINK        "link.cvc"
#define FOLDER_ISSUED    "issued"

struct authority {
	struct directory *directory;
	EVP_PKEY *key;
	struct buf certificates; /* authority.cvc */
	struct cvc certificate; /* the last of them */
	unsigned int roles; /* AND along the chain */
	struct buf list; /* revoked.list, or empty */
	struct revocation revocation; /* borrows from list; zero if there is none */
};

/* A holder reference as a C string, for sentences and requests. */
struct holder {
	char text[CVC_REFERENCE_MAX + 1];
};

/* The holder of a reference; an authority's own. */
struct holder authority_holder(struct view reference);
struct holder authority_name(const struct authority *a);
/* RC_ARGUMENT, with a sentence, unless it is 8 to 16 letters and digits. */
enum rc authority_check_holder(const char *text) WARN_UNUSED;
bool authority_is_plain(char c);
/* Reads the revocation list anew. */
enum rc authority_read_list(struct authority *a) WARN_UNUSED;

#endif
