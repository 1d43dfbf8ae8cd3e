/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both ends of SCP03 compute (GPCS Amendment D, AES-128, -192 and -256, S8 and S16): the one
 * derivation behind session keys, cryptograms and derived challenges, and the initial vectors of a
 * session. MACs are plain AES-CMAC over the chaining value and the message (base/crypto.h). Thread
 * safe; nothing is kept.
 */
#ifndef INTAGLIO_BASE_SCP03_H
#define INTAGLIO_BASE_SCP03_H

#include "base/crypto.h"

enum {
	SCP03_S8 = 8, /* bytes of challenges, cryptograms and MACs, by mode */
	SCP03_S16 = 16,
	SCP03_COUNTER = 3, /* the sequence counter of derived challenges */
	SCP03_KEY_MAX = 32,
};

/* The parameter i, Amendment D table 5-1. */
enum {
	SCP03_I_S16 = 0x01,
	SCP03_I_DERIVED_CHALLENGE = 0x10,
	SCP03_I_R_MAC = 0x20,
	SCP03_I_R_ENC = 0x40,
};

/* Derivation constants, Amendment D table 4-1. */
enum scp03_constant {
	SCP03_CARD_CRYPTOGRAM = 0x00,
	SCP03_HOST_CRYPTOGRAM = 0x01,
	SCP03_CHALLENGE = 0x02,
	SCP03_S_ENC = 0x04,
	SCP03_S_MAC = 0x06,
	SCP03_S_RMAC = 0x07,
};

/*
 * Amendment D 4.1.5 (NIST SP 800-108, counter mode, CMAC): len bytes, 1 to 32, from an AES key of
 * 16, 24 or 32 bytes. The context is first || second: host and card challenge, or sequence counter
 * and AID for SCP03_CHALLENGE.
 */
enum rc scp03_derive(struct view key, enum scp03_constant constant, struct view first,
		     struct view second, uint8_t *ret, size_t len) WARN_UNUSED;
/* A cipher under a key of 16, 24 or 32 bytes. RC_ARGUMENT for another length. */
enum rc scp03_cipher(struct view key, struct cipher **ret) WARN_UNUSED;
/* The IV of the command with this number in its session, from 1, or of its response; 6.2.6, 6.2.7. */
enum rc scp03_iv(struct cipher *s_enc, uint64_t number, bool response,
		 uint8_t ret[AES_BLOCK]) WARN_UNUSED;

#endif
