/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations with a private or secret key: one row a mechanism, PKCS#11 6.1 and 6.3. The mechanisms with a
 * digest in them never reach the card: the token layer hashes, and sends the digest.
 */
#ifndef INTAGLIO_CARD_KEY_OPERATION_H
#define INTAGLIO_CARD_KEY_OPERATION_H

#include "card/key_cache.h"

/*
 * Runs mechanism with its parameter on the input and appends the output. usage is one KEY_MAY_ bit.
 * RC_MALFORMED: no such mechanism for such a key, a bad parameter or input, or it does not decipher;
 * RC_POLICY: the key's attributes do not allow it; RC_AUTH: a MAC does not verify.
 */
enum rc key_operation(struct cached_key *key, unsigned int usage, CK_MECHANISM_TYPE mechanism,
		      struct view parameter, struct view input, struct buf *out) WARN_UNUSED;

#endif
