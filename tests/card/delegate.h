/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An issuer and a verification authority in tests of delegated management: keys of every scheme of
 * GPCS table C-1, their PUT KEY, and signatures that are made here and not by the card's code.
 */
#ifndef INTAGLIO_TESTS_CARD_DELEGATE_H
#define INTAGLIO_TESTS_CARD_DELEGATE_H

#include <openssl/evp.h>

#include "tests/card/manage.h"

enum scheme { SCHEME_DES, SCHEME_AES, SCHEME_RSA_1024, SCHEME_RSA_2048, SCHEME_ECC, SCHEMES };

enum { TOKEN_VERSION = 0x70, RECEIPT_VERSION = 0x71, DAP_VERSION = 0x73 };

/* PUT KEY of the key of a scheme, as a new one with identifier 1, in the selected domain. */
void delegate_put_key(uint8_t version, enum scheme scheme);
/* Appends the scheme's signature of data; its length before it, as fields of INSTALL have them. */
void delegate_sign(enum scheme scheme, struct view data, struct buf *out);
void delegate_put_signature(enum scheme scheme, struct view data, struct buf *out);
/* Whether a receipt of an answer, `L, L receipt, confirmation data`, is over these AIDs and counted so. */
bool delegate_is_receipt(enum scheme scheme, struct view answer, uint16_t count, struct view body);
/* Gives the keys back. */
void delegate_free(void);

#endif
