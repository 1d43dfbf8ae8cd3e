/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signatures with message recovery, ISO/IEC 9796-2 scheme 1 with SHA-1 and trailer BC, as key
 * agreement wants them: 6A || message || SHA-1(message || rest) || BC fills the block, and what is
 * sent is the lesser of the signature and its complement to the modulus (GPCS F.1.4.3, F.1.4.4).
 */
#ifndef INTAGLIO_CARD_RECOVERY_H
#define INTAGLIO_CARD_RECOVERY_H

#include "base/rsa.h"

/* Bytes of message that a block of this key takes, no more and no less; 0 if it takes none. */
size_t recovery_capacity(const EVP_PKEY *key);
/* Appends min(SIG, N - SIG), rsa_size bytes. RC_ARGUMENT unless the message fills the block. */
enum rc recovery_sign(EVP_PKEY *key, struct view message, struct view rest,
		      struct buf *out) WARN_UNUSED;
/*
 * Recovers the message, recovery_capacity bytes, from min(SIG, N - SIG). RC_AUTH if that is not it
 * or the signature is wrong; the time does not tell which, nor how far it was right. A number of
 * another length than the modulus is RC_ARGUMENT.
 */
enum rc recovery_open(EVP_PKEY *key, struct view number, struct view rest,
		      struct buf *message) WARN_UNUSED;

#endif
