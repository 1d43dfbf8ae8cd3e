/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for secrets: page-wise allocations that are locked, left out of core dumps, wiped in a
 * forked child and wiped when freed. Meant for the few things that live long (keys of a session,
 * a storage key); short-lived secrets live in a struct buf or on the stack and are cleansed.
 */
#ifndef INTAGLIO_BASE_SECRET_H
#define INTAGLIO_BASE_SECRET_H

#include "base/buf.h"

/* size zeroed bytes in locked memory; NULL without memory. Locking that fails (RLIMIT_MEMLOCK) is said once in the log. */
void *secret_new(size_t size);
/* Wipes, gives back, nulls *secret. NULL and pointer to NULL are fine. Takes the address of any pointer. */
void secret_free(void *secret);
/* All ones if yes, else 0. No compiler can tell which, and make a branch of what is done with it. */
static inline size_t secret_mask(bool yes)
{
	size_t mask = (size_t)0 - yes;

	__asm__("" : "+r"(mask));
	return mask;
}

/* Constant-time equality of n bytes. */
bool secret_equal(const void *a, const void *b, size_t n);
/* Wipes n bytes so that no compiler leaves it out. */
void secret_wipe(void *p, size_t n);

#endif
