/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signatures with message recovery, ISO/IEC 9796-2 scheme 1 with SHA-1 and trailer BC, as key
 * agreement wants them: 6A || message || SHA-1(message || rest) || BC fills the block, and what is
 * sent is the lesser of the signature and its complement to the modulus (GPCS F.1.4.3, F.1.4.4).
 * Both ends of the channel use it; what the message says is theirs.
 */
#ifndef INTAGLIO_BASE_RECOVERY_H
#define INTAGLIO_BASE_RECOVERY_H

#include "base/rsa.h"

/* Bytes of message that a block of this key takes, no more and no less; 0 if it takes none. */
size_t recovery_capacity(const EVP_PKEY *key);
/*
 * Signing in two steps, for a private key that lies elsewhere: appends the block to be signed,
 * rsa_size bytes (RC_ARGUMENT unless the message fills it), and makes a signature, rsa_size bytes,
 * min(SIG, N - SIG) in place.
 */
enum rc recovery_compose(const EVP_PKEY *key, struct view message, struct view rest,
			 struct buf *block) WARN_UNUSED;
enum rc recovery_lessen(const EVP_PKEY *key, struct buf *signature) WARN_UNUSED;
/* Both in one: appends min(SIG, N - SIG), rsa_size bytes. RC_ARGUMENT as recovery_compose. */
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
