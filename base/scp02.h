/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both ends of SCP02 compute (GPCS Appendix E, i = 15 and 55): session keys from a static key
 * and the sequence counter, cryptograms, the C-MAC chain, and the card challenge that i = 55
 * derives. Keys are double-length triple DES. Nothing is kept between calls but struct scp02_chain,
 * which is its owner's to wipe; thread safe.
 */
#ifndef INTAGLIO_BASE_SCP02_H
#define INTAGLIO_BASE_SCP02_H

#include "base/crypto.h"

enum {
	SCP02_KEY = 16,
	SCP02_MAC = 8,
	SCP02_HOST_CHALLENGE = 8,
	SCP02_CARD_CHALLENGE = 6,
	SCP02_COUNTER = 2,
	SCP02_PLAIN_MAX = 239, /* what still fits a short command with padding and C-MAC */
};

/* Derivation constants, GPCS E.4.1. */
enum scp02_constant {
	SCP02_S_MAC = 0x0101,
	SCP02_S_RMAC = 0x0102,
	SCP02_S_DEK = 0x0181,
	SCP02_S_ENC = 0x0182,
};

/* The session key that a static key gives for this value of the sequence counter. */
enum rc scp02_session_key(const uint8_t key[SCP02_KEY], enum scp02_constant constant,
			  uint16_t counter, uint8_t ret[SCP02_KEY]) WARN_UNUSED;
/*
 * The card's cryptogram is over host challenge || counter || card challenge, the host's over counter
 * || card challenge || host challenge; GPCS E.4.2. Both parts together have 16 bytes.
 */
enum rc scp02_cryptogram(const uint8_t s_enc[SCP02_KEY], struct view first, struct view second,
			 uint8_t ret[SCP02_MAC]) WARN_UNUSED;
/* The card challenge under i = 55, from the AID of the selected application; GPCS E.4.2.3. */
enum rc scp02_challenge(const uint8_t s_mac[SCP02_KEY], struct view aid,
			uint8_t ret[SCP02_CARD_CHALLENGE]) WARN_UNUSED;

/* The C-MAC of one command is the ICV of the next, enciphered once single DES; GPCS E.3.4, E.4.4. */
struct scp02_chain {
	uint8_t key[SCP02_KEY]; /* S-MAC */
	uint8_t last[SCP02_MAC];
	bool begun; /* false: the ICV is zero */
};

/*
 * The C-MAC over a plain command whose Lc already counts the C-MAC: class byte as sent without
 * channel bits, instruction, P1, P2, Lc; then the data in clear. The chain moves on.
 */
enum rc scp02_c_mac(struct scp02_chain *chain, const uint8_t header[5], struct view data,
		    uint8_t ret[SCP02_MAC]) WARN_UNUSED;
/* The same with an Lc of one byte or of three, GPCS 11.1.5.1; data of at most SCP02_LONG_MAX bytes. */
enum { SCP02_LONG_MAX = 65535 };
enum rc scp02_c_mac_long(struct scp02_chain *chain, struct view header, struct view data,
			 uint8_t ret[SCP02_MAC]) WARN_UNUSED;

#endif
