/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card keys from master keys: each of a card's keys is derived from the master key of the same use
 * and the card's ten key diversification bytes, as its INITIALIZE UPDATE answers them. Our own
 * derivation is SCP03's (NIST SP 800-108 with AES-CMAC) with constants that Amendment D leaves free;
 * the keys of triple DES cards come from AES masters too. The others are those of cards in the field.
 * Nothing is kept; thread safe.
 */
#ifndef INTAGLIO_BASE_DIVERSIFY_H
#define INTAGLIO_BASE_DIVERSIFY_H

#include "base/buf.h"

enum { DIVERSIFY_DATA = 10 };

enum diversify_use { DIVERSIFY_ENC, DIVERSIFY_MAC, DIVERSIFY_DEK };

enum diversify_method {
	DIVERSIFY_NONE,
	DIVERSIFY_OWN,
	DIVERSIFY_EMV, /* EMV Card Personalization Specification 1.1, 4.1 */
	DIVERSIFY_VISA2, /* Visa 2, as cards are shipped under it */
	DIVERSIFY_KDF3, /* NIST SP 800-108 with AES-CMAC: the use, zero, the diversification bytes */
	DIVERSIFY_METHODS,
};

/*
 * The card's key of this use, as long as its master. RC_ARGUMENT: data is not ten bytes, the master not 16,
 * 24 or 32, or for DIVERSIFY_EMV and _VISA2, which encipher with triple DES, not 16. DIVERSIFY_NONE
 * gives the master.
 */
enum rc diversify_by(enum diversify_method method, struct view master, enum diversify_use use,
		     struct view data, uint8_t *ret) WARN_UNUSED;
/* DIVERSIFY_OWN. As many bytes as the master has: 16, 24 or 32. RC_ARGUMENT: data is not ten bytes, or another length. */
enum rc diversify_key(struct view master, enum diversify_use use, struct view data,
		      uint8_t *ret) WARN_UNUSED;

#endif
