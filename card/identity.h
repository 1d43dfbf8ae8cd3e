/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who the card is: its life cycle, its own key pairs with their certificates, the trust point that
 * host certificates must lead to, who is revoked, its policy and its date. Personalisation writes it,
 * and it is kept in RAM from then on; the date moves on, and identity_update replaces the trust
 * point, certificates and revocations. What is borrowed from an identity stays valid until the next
 * command. Not thread safe: the card holds its lock.
 */
#ifndef INTAGLIO_CARD_IDENTITY_H
#define INTAGLIO_CARD_IDENTITY_H

#include "base/cvc.h"
#include "card/agreement_keys.h"
#include "card/nvm.h"

enum {
	CARD_KEYS_MAX = 8,
	SUITES_MAX = 8,
	LIFE_CYCLE_FRESH = 0x01,
	LIFE_CYCLE_PERSONALISED = 0x0F,
	LEVEL_DEFAULT =
		0x33, /* the lowest security level of a session, unless policy says otherwise */
};

/* A key pair of the card; it serves one suite. */
struct card_key {
	uint8_t version, index, suite;
	EVP_PKEY *pkey;
	struct buf certificate; /* 7F21, with tag and length; its issuers' before it */
	uint8_t key_hash[SHA256_SIZE]; /* over 7F49 as certified */
};

/* What personalisation decides; bytes borrowed from the command. */
struct personalisation {
	struct view trust_point; /* 7F21 */
	uint8_t suites[SUITES_MAX]; /* accepted, suite_count of them */
	size_t suite_count;
	uint8_t lowest_level;
	enum numbering numbering; /* of the keys of suite 01 */
	bool values_only; /* certificates that do not describe themselves (P2 AE) are accepted */
	const struct card_key *keys;
	size_t key_count;
	/* Stored host keys, for sessions without certificates: 7F21 chains by reference. */
	struct {
		uint8_t version, index;
		struct view chain;
	} hosts[CARD_KEYS_MAX];
	size_t host_count;
};

/* What a change of trust brings, checked by the caller; bytes borrowed from the command. */
struct trust_update {
	uint32_t number; /* identity_trust_number when it was checked */
	struct view trust_point; /* 7F21, or empty: it stays; a new one's revocations count anew */
	uint32_t date; /* the card's date moves on to it; 0: it stays */
	struct {
		uint8_t version, index;
		struct view certificate; /* 7F21, issuers' first */
	} keys[CARD_KEYS_MAX];
	size_t key_count;
	uint32_t sequence; /* of the new revocation list, or 0: there is none */
	struct view revoked; /* its entries */
};

struct identity;

/* Reads what card memory holds; a fresh card has an identity too. RC_DAMAGED if it makes no sense. */
enum rc identity_open(struct nvm *nvm, struct identity **ret) WARN_UNUSED;
void identity_close(struct identity **identity);
/* Catches up with another process that personalised the card or moved its date; cheap when none did. */
enum rc identity_refresh(struct identity *identity) WARN_UNUSED;
/* Commits a personalisation, whole or not at all. RC_STATE if the card is not fresh, else as nvm_commit. */
enum rc identity_personalise(struct identity *identity,
			     const struct personalisation *p) WARN_UNUSED;

/* Commits a change of trust, whole or not at all. RC_STATE if another one came in between. */
enum rc identity_update(struct identity *identity, const struct trust_update *update) WARN_UNUSED;

bool identity_is_personalised(const struct identity *identity);
/* The card id, 8 bytes; zeros on a fresh card. */
const uint8_t *identity_id(const struct identity *identity);
/* The key pair of this reference, or NULL. */
const struct card_key *identity_key(const struct identity *identity, uint8_t version,
				    uint8_t index);
/* All of them, by number below the count. */
size_t identity_key_count(const struct identity *identity);
const struct card_key *identity_key_at(const struct identity *identity, size_t i);
/* The trust point's certificate and key. Only on a personalised card. */
const struct cvc *identity_trust_point(const struct identity *identity);
EVP_PKEY *identity_trust_point_key(const struct identity *identity);
/* Goes up by one with every change of trust. */
uint32_t identity_trust_number(const struct identity *identity);
/* The number of the revocation list in force, 0 if the trust point has sent none. */
uint32_t identity_revocation_sequence(const struct identity *identity);
/* True if the list in force does not accept the certificate any more. */
bool identity_revokes(const struct identity *identity, const struct cvc *certificate);
/* Policy: the suites accepted, and whether a session of this level is. */
struct view identity_suites(const struct identity *identity);
bool identity_accepts_suite(const struct identity *identity, uint8_t suite);
bool identity_accepts_level(const struct identity *identity, uint8_t level);
/* How session keys of key agreement are numbered. */
enum numbering identity_numbering(const struct identity *identity);
/* Policy: certificates that do not describe themselves are accepted, under suites 01 and 02. */
bool identity_accepts_values_only(const struct identity *identity);
/* The certificate chain (7F21 ..) of a stored host key, borrowed as from nvm_get. RC_NOT_FOUND. */
enum rc identity_host_chain(const struct identity *identity, uint8_t version, uint8_t index,
			    struct view *ret) WARN_UNUSED;
/* The latest day the card knows of, yymmdd. */
uint32_t identity_date(const struct identity *identity);
/* Moves the date on, durably, if this one is later. As nvm_commit. */
enum rc identity_move_date(struct identity *identity, uint32_t date) WARN_UNUSED;

#endif
