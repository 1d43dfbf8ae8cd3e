/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host accepts: suite 42 at level 33 with every card, and an older suite or a lower level
 * only with cards named one by one (doc/scp10.md). Plain data of the caller, not changed while a
 * connection uses it.
 */
#ifndef INTAGLIO_SC_POLICY_H
#define INTAGLIO_SC_POLICY_H

#include "base/cvc.h"

enum { SUITE_42 = 0x42, SUITE_02 = 0x02, SUITE_01 = 0x01 };

/* The suites as bits. */
enum { POLICY_42 = 1, POLICY_02 = 2, POLICY_01 = 4 };

/* Bits of a security level, GPCS F.3.2 as doc/scp10.md settles it. */
enum {
	LEVEL_C_MAC = 0x01,
	LEVEL_C_DEC = 0x02,
	LEVEL_R_MAC = 0x10,
	LEVEL_R_ENC = 0x20,
	LEVEL_ALL = 0x33,
};

/* How suite 01 numbers the keys of an agreement, and which bytes begin its counters. */
enum policy_numbering { POLICY_NUMBERING_GPCS, POLICY_NUMBERING_SEED };

/* A key of card or host by version and index; 0, 0 is the default key (an empty tag 83 or 84). */
struct policy_reference {
	uint8_t version, index;
};

/* One card that is spoken to in another way than the default. */
struct policy_card {
	uint8_t id[CVC_ID];
	uint8_t suite; /* SUITE_ */
	uint8_t level; /* LEVEL_ bits; 0: LEVEL_ALL */
	struct policy_reference card_key; /* tag 84 */
	struct policy_reference host_key; /* tag 83 */
	bool stored_host_key; /* P2 A4: the card holds the host's public key, no certificate is sent */
	bool external_only; /* P1 81: the card signs nothing; its MACs show that it has its key */
	bool joint_keys; /* usage 30: one key for both directions where the level has both */
	bool dek; /* a DEK template; 42 derives its DEK and has none */
	bool unauthenticated; /* a level without C-MAC or without R-MAC is wanted */
	enum policy_numbering numbering; /* suite 01 */
};

struct policy {
	const struct policy_card *cards;
	size_t card_count;
	bool named_only; /* cards without a row are refused */
	unsigned int suites; /* POLICY_ bits: no other is spoken, whatever a row says; 0: all */
	unsigned int roles; /* ROLE_ bits that the host's certificate may have; 0: all */
};

/*
 * The row for a card: the one that names it, or the default row, or NULL if cards must be named.
 * policy may be NULL.
 */
const struct policy_card *policy_find(const struct policy *policy, const uint8_t id[CVC_ID]);
/* RC_POLICY, with a sentence, if a row asks for what its suite does not have. */
enum rc policy_check(const struct policy_card *row) WARN_UNUSED;
/* RC_POLICY, with a sentence, if this suite is spoken with no card. policy may be NULL. */
enum rc policy_check_suite(const struct policy *policy, uint8_t suite) WARN_UNUSED;
/* RC_POLICY, with a sentence, if a certificate of these roles is not to be shown. */
enum rc policy_check_roles(const struct policy *policy, unsigned int roles) WARN_UNUSED;

#endif
