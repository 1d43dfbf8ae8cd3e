/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The revocation list of an authority, doc/scp10.md: for each holder named, the earliest effective
 * date of a certificate that is still accepted, signed as a whole and numbered, so that a card takes
 * the next list and never one that it has seen. A parsed list borrows from its bytes.
 */
#ifndef INTAGLIO_BASE_REVOCATION_H
#define INTAGLIO_BASE_REVOCATION_H

#include "base/cvc.h"

enum {
	REVOCATION_ENTRY = CVC_ID + 4, /* holder id, date as a number */
	REVOCATION_ENTRIES_MAX = 16384, /* bytes of entries: 1365 holders */
	REVOCATION_MAX = REVOCATION_ENTRIES_MAX + 1024,
};

struct revocation {
	struct view object; /* the whole E1 */
	struct view body; /* E2 with tag and length: what is signed */
	struct view car; /* the authority's holder reference */
	uint32_t sequence; /* at least 1 */
	uint32_t date; /* when it was made, yymmdd */
	struct view entries; /* ascending by holder id */
	struct view signature;
};

/* Parses one E1 from the front of in. RC_MALFORMED for anything doc/scp10.md does not allow. */
enum rc revocation_parse(struct view *in, struct revocation *ret) WARN_UNUSED;
/* RC_AUTH if it is not the signature of this key. */
enum rc revocation_verify(const struct revocation *list, EVP_PKEY *signer) WARN_UNUSED;
/* The earliest effective date still accepted of this holder, 0 if the entries do not name it. */
uint32_t revocation_earliest(struct view entries, const uint8_t id[CVC_ID]);
/* True if the entries name the certificate's holder with a later date than the certificate's. */
bool revocation_covers(struct view entries, const struct cvc *certificate);
/*
 * Enters a holder into entries, in its place; one that is there gets the later of both dates.
 * RC_ARGUMENT if the date is none, RC_SPACE if the list is full.
 */
enum rc revocation_enter(struct buf *entries, const uint8_t id[CVC_ID], uint32_t date) WARN_UNUSED;
/* Signs and appends a list: car, sequence, date and entries of `list` are read. */
enum rc revocation_sign(const struct revocation *list, EVP_PKEY *signer,
			struct buf *out) WARN_UNUSED;

#endif
