/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card keys from master keys: each of a card's keys is derived from the master key of the same use
 * and the card's ten key diversification bytes, as its INITIALIZE UPDATE answers them. The
 * derivation is SCP03's (NIST SP 800-108 with AES-CMAC) with constants that Amendment D leaves free;
 * the keys of triple DES cards come from AES masters too. Nothing is kept; thread safe.
 */
#ifndef INTAGLIO_BASE_DIVERSIFY_H
#define INTAGLIO_BASE_DIVERSIFY_H

#include "base/buf.h"

enum { DIVERSIFY_DATA = 10 };

enum diversify_use { DIVERSIFY_ENC, DIVERSIFY_MAC, DIVERSIFY_DEK };

/* As many bytes as the master has: 16, 24 or 32. RC_ARGUMENT: data is not ten bytes, or another length. */
enum rc diversify_key(struct view master, enum diversify_use use, struct view data,
		      uint8_t *ret) WARN_UNUSED;

#endif
