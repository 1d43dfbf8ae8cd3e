/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What secret keys do, PKCS#11 6.10 to 6.21: AES in its modes, AES key wrap, and MACs. Both the card,
 * for keys that never leave it, and the host, for session keys, run the same table. A parameter is
 * coded as doc/commands.md has it. Nothing is kept between calls; thread safe.
 */
#ifndef INTAGLIO_BASE_SYMMETRIC_H
#define INTAGLIO_BASE_SYMMETRIC_H

#include "base/crypto.h"
#include "base/cryptoki.h"

enum symmetric_use { SYMMETRIC_ENCRYPT, SYMMETRIC_DECRYPT, SYMMETRIC_MAC };

/* The longest difference between what goes in and what comes out: a block and a tag. */
enum { SYMMETRIC_OVERHEAD = 64 };

/* Whether keys of this type do it. A wrapping mechanism encrypts and decrypts. */
bool symmetric_has(CK_MECHANISM_TYPE mechanism, uint64_t key_type, enum symmetric_use use);
/* Bytes of a MAC; 0 if the mechanism makes none. */
size_t symmetric_mac_size(CK_MECHANISM_TYPE mechanism);
/* A key of this type may have so many bytes. */
bool symmetric_key_fits(uint64_t key_type, size_t len);
/*
 * Whether a counter of so many bits at the end of a block can count so many bytes' blocks: no value
 * serves twice (SP 800-38A B.1).
 */
bool symmetric_counter_suffices(unsigned int bits, const uint8_t block[16], uint64_t len);
/*
 * Appends what comes out. RC_MALFORMED: no such mechanism, a bad parameter or length, or what came
 * in does not decipher; then nothing is appended.
 */
enum rc symmetric_run(CK_MECHANISM_TYPE mechanism, enum symmetric_use use, struct view key,
		      struct view parameter, struct view in, struct buf *out) WARN_UNUSED;
/* Checks a MAC of the whole size in constant time. RC_AUTH: it is wrong. */
enum rc symmetric_verify(CK_MECHANISM_TYPE mechanism, struct view key, struct view in,
			 struct view mac) WARN_UNUSED;

#endif
