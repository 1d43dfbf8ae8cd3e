/* SPDX-License-Identifier: BSD-2-Clause */
/* Diversification with the derivation of SCP03, Amendment D 4.1.5, and constants of our own. */
#include "base/diversify.h"

#include "base/scp03.h"

enum { CONSTANT_FIRST = 0xD1 };

enum rc diversify_key(struct view master, enum diversify_use use, struct view data, uint8_t *ret)
{
	if (data.len != DIVERSIFY_DATA || use > DIVERSIFY_DEK ||
	    (master.len != 16 && master.len != 24 && master.len != 32))
		return RC_ARGUMENT;
	return scp03_derive(master, (enum scp03_constant)(CONSTANT_FIRST + (int)use), data,
			    view_of(NULL, 0), ret, master.len);
}
