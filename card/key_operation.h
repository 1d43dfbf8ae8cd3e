/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations with a private or secret key: one row a mechanism, PKCS#11 6.1 and 6.3. The mechanisms with a
 * digest in them never reach the card: the token layer hashes, and sends the digest.
 */
#ifndef INTAGLIO_CARD_KEY_OPERATION_H
#define INTAGLIO_CARD_KEY_OPERATION_H

#include "card/key_cache.h"

/* What is asked of a key; usage is one KEY_MAY_ bit. Borrows. */
struct key_order {
	unsigned int usage;
	CK_MECHANISM_TYPE mechanism;
	struct view parameter, input;
};

struct mechanism_row;

/*
 * The computation of one operation with a private key: what it needs of the key is its own, so that
 * the key may be deleted meanwhile, and no other thread uses it.
 */
struct key_job {
	const struct mechanism_row *row;
	struct prepared prepared;
	uint64_t loaded; /* of the key it is of */
	uint64_t type;
	size_t bytes;
	struct view input;
	struct buf *out;
	bool failed;
};

/*
 * RC_MALFORMED: no such mechanism for such a key, a bad parameter or input; RC_POLICY: the key's
 * attributes do not allow it.
 */
enum rc key_operation_check(const struct cached_key *key,
			    const struct key_order *order) WARN_UNUSED;
/* True for private keys, whose operations are worth a key_job. */
bool key_operation_is_long(const struct cached_key *key);
/* Checks as above and takes what is needed; input and out are borrowed. Every job begun is ended. */
enum rc key_job_begin(struct cached_key *key, const struct key_order *order, struct buf *out,
		      struct key_job *ret) WARN_UNUSED;
/* Appends the output; needs no lock. RC_MALFORMED: the input does not decipher. */
enum rc key_job_run(struct key_job *job) WARN_UNUSED;
/* key is the place where the key was, whatever is there now. */
void key_job_end(struct cached_key *key, struct key_job *job);
/* All of it, for secret keys as well. RC_AUTH: a MAC does not verify. */
enum rc key_operation(struct cached_key *key, const struct key_order *order,
		      struct buf *out) WARN_UNUSED;

#endif
