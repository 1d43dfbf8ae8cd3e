/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RSA without padding (RSAEP and RSADP of RFC 8017), for key agreement of suite 01, whose block
 * formats the two ends of the channel each know for themselves.
 */
#ifndef INTAGLIO_BASE_RSA_RAW_H
#define INTAGLIO_BASE_RSA_RAW_H

#include "base/rsa.h"

/*
 * Appends rsa_size bytes. RC_AUTH, and nothing appended, unless the block has rsa_size bytes and
 * is less than the modulus.
 */
enum rc rsa_raw_public(EVP_PKEY *key, struct view block, struct buf *out) WARN_UNUSED;
enum rc rsa_raw_private(EVP_PKEY *key, struct view block, struct buf *out) WARN_UNUSED;

#endif
