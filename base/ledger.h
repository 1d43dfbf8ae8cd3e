/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What card, token and auditor share of a sealed ledger: leaves, receipts and the ledger's name. A
 * leaf is `header || ciphertext || tag 16`, AES-256-GCM under the ledger's key with the header as
 * additional data; the tree is that of base/merkle.h over whole leaves, and its heads are notes
 * signed by the ledger's Ed25519 key under the ledger's origin.
 */
#ifndef INTAGLIO_BASE_LEDGER_H
#define INTAGLIO_BASE_LEDGER_H

#include "base/auditor_certificate.h"
#include "base/crypto.h"
#include "base/cvc.h"
#include "base/note.h"

enum {
	LEDGER_ID = 16,
	LEDGER_NONCE = 16, /* client nonce: host time in ms 8, random 8 */
	LEDGER_PATH_MAX = 32, /* hashes in an inclusion proof: a ledger closes at 2^32 records */
	LEDGER_ORIGIN = 16 + 2 * LEDGER_ID, /* characters of an origin */
	LEAF_HEADER_SIZE = 1 + LEDGER_ID + 8 + 8 + 8 + 2 + LEDGER_NONCE + GCM_NONCE + 4,
	LEAF_OVERHEAD = LEAF_HEADER_SIZE + GCM_TAG,
	LEAF_PLAINTEXT_MAX = 62000, /* of a record in one leaf */
	LEAF_FIRST_BYTES =
		32768, /* bytes of a longer one that are in the first of its two leaves */
	/* Origin, size and root; an empty line; dash, name and signature. */
	LEDGER_NOTE_MAX = LEDGER_ORIGIN + 1 + 10 + 1 + 44 + 1 + 1 + 4 + LEDGER_ORIGIN + 1 + 92 + 1,
	RECEIPT_MAX = 8 + MERKLE_HASH + 1 + LEDGER_PATH_MAX * MERKLE_HASH + LEDGER_NOTE_MAX,
	LEDGER_PLAINTEXT_MAX = 65536,
	/* Leaves and receipt of a record are at most this longer than its plaintext. */
	LEDGER_OVERHEAD = 2 * LEAF_OVERHEAD + MERKLE_HASH + RECEIPT_MAX,
};

/* A ledger has at most this many records, leaf 0 included. */
#define LEDGER_RECORDS_MAX ((uint64_t)1 << 32)

/*
 * The ledger's name, origin line of its checkpoints and key name of its signatures:
 * `intaglio/ledger/` and the 32 lower-case hexadecimal digits of its id. It has the form of a
 * schema-less URL, as tlog-checkpoint asks, and claims nobody's domain.
 */
void ledger_origin(const uint8_t id[LEDGER_ID], char ret[LEDGER_ORIGIN + 1]);
/* The verifier key of a ledger. */
enum rc ledger_key(const uint8_t id[LEDGER_ID], const uint8_t public_key[ED25519_PUBLIC],
		   struct note_key *ret) WARN_UNUSED;
/* Appends the signed checkpoint of a tree of this size and root. */
enum rc ledger_put_note(const struct note_key *key, EVP_PKEY *private_key, uint64_t size,
			const uint8_t root[MERKLE_HASH], struct buf *out) WARN_UNUSED;

/* What the card holds a ledger to; tags 90 to 95 of leaf 0, where they are not as by default. */
struct ledger_rules {
	unsigned int append, read, prune; /* ROLE_ bits: one of these is needed, 0: nobody may */
	uint64_t capacity; /* records on the card at a time, leaf 0 not counted; 0: any number */
	uint32_t record_max; /* bytes of a plaintext */
	bool cosigned; /* what is pruned must have been countersigned */
};

/* The defaults: user; user and auditor; issuer; no limit; countersigned if there is an auditor. */
void ledger_default_rules(struct ledger_rules *ret, bool has_auditor);
/* Appends those that are not as by default. */
void ledger_put_rules(struct buf *b, const struct ledger_rules *rules, bool has_auditor);
/*
 * Takes data objects 90 to 95, ascending, from the front of in, as far as there are any; what is not
 * there is as by default. RC_MALFORMED also for rules that contradict themselves.
 */
enum rc ledger_take_rules(struct view *in, bool has_auditor, struct ledger_rules *ret) WARN_UNUSED;

/*
 * The body of leaf 0, in data objects 80, 81 .. : what everyone can read of the ledger. What is not
 * there is empty.
 */
struct ledger_policy {
	struct view label; /* UTF-8 */
	struct view public_key; /* Ed25519 */
	struct view auditor; /* 82: text of the countersigning key, note_parse_cosigner */
	struct view escrow; /* 83: modulus of an RSA key with exponent 65537 .. */
	struct view wrapped; /* 84: .. and the content key under it, OAEP with SHA-256 */
	struct ledger_rules rules;
	struct view proof; /* 96: who vouches for 82 and 83, base/auditor_certificate.h */
};
enum { LEDGER_LABEL_MAX = 64, LEDGER_POLICY_MAX = 2 * (4 + 512) + 3 * 256 + 4 + AUDITOR_PROOF_MAX };
/* Appends the body. */
void ledger_put_policy(struct buf *b, const struct ledger_policy *policy);
/* RC_MALFORMED. Objects that are not known, after these, are passed over. */
enum rc ledger_parse_policy(struct view body, struct ledger_policy *ret) WARN_UNUSED;
/* RC_MALFORMED unless it is a modulus that an escrow key may have: 2048 to 4096 bits. */
enum rc ledger_escrow_key(struct view modulus, EVP_PKEY **ret) WARN_UNUSED;

/* A record has one leaf, or two that follow each other. The version of a leaf is one more. */
enum leaf_part { LEAF_WHOLE, LEAF_FIRST, LEAF_REST };

struct leaf_header {
	enum leaf_part part;
	uint8_t ledger[LEDGER_ID];
	uint64_t index, card_counter;
	uint64_t time_ms; /* the host's claim, ms since 1970 */
	uint16_t type;
	uint8_t client_nonce[LEDGER_NONCE];
	uint8_t nonce[GCM_NONCE];
	uint32_t length; /* of the plaintext */
	uint8_t first[MERKLE_HASH]; /* of LEAF_REST: the hash of the leaf that it continues */
};

/* Bytes of the header, which are the additional data: LEAF_HEADER_SIZE, of LEAF_REST more. */
size_t leaf_header_size(enum leaf_part part);
/* Appends the header. */
void leaf_put_header(struct buf *b, const struct leaf_header *header);
/*
 * Takes a whole leaf apart; its length must be exactly what the header says. RC_MALFORMED. The
 * additional data is the leaf's first leaf_header_size bytes.
 */
enum rc leaf_parse(struct view leaf, struct leaf_header *ret_header, struct view *ret_ciphertext,
		   struct view *ret_tag) WARN_UNUSED;
/* The header at the front of in alone, which is what OPEN RECORD answers. RC_MALFORMED. */
enum rc leaf_take_header(struct view *in, struct leaf_header *ret) WARN_UNUSED;
/* Takes one leaf from the front of in, where a receipt or another leaf follows. RC_MALFORMED. */
enum rc leaf_take(struct view *in, struct view *ret_leaf) WARN_UNUSED;
/* That rest, a LEAF_REST, continues the leaf first of this header. RC_MALFORMED, RC_CRYPTO. */
enum rc leaf_check_rest(struct view first, const struct leaf_header *first_header,
			const struct leaf_header *rest) WARN_UNUSED;

/* A record as it is sealed: one leaf, or two that belong together. */
struct sealed_record {
	struct leaf_header header; /* of the first; its length is that of the whole plaintext */
	struct view first, rest; /* rest is empty where there is one leaf */
	struct view both;
};
/* Takes it from the front of in, where its receipt may follow. RC_MALFORMED, RC_CRYPTO. */
enum rc sealed_take(struct view *in, struct sealed_record *ret) WARN_UNUSED;

/* What LEDGER STATUS warns of. */
enum {
	LEDGER_CAPACITY_LOW = 0x01, /* nine tenths of the ledger's capacity are in use */
	LEDGER_MEMORY_LOW = 0x02, /* nine tenths of the card's memory are */
	LEDGER_FULL = 0x04, /* the next record may not fit, or does not */
	LEDGER_TIME_BACKWARDS = 0x08, /* the host's time went backwards, once or more */
};

/* Coded as `index 8 || leaf hash 32 || count 1 || hashes || note`. */
struct receipt {
	uint64_t index; /* of the record's last leaf */
	uint8_t leaf_hash[MERKLE_HASH];
	struct merkle_proof proof;
	struct view note;
};

/* Appends it. RC_ARGUMENT for a proof of too many hashes, RC_SPACE if out is full. */
enum rc receipt_put(const struct receipt *receipt, struct buf *out) WARN_UNUSED;
/* RC_MALFORMED. The note is not judged; receipt_verify does that. */
enum rc receipt_parse(struct view bytes, struct receipt *ret) WARN_UNUSED;
/*
 * Checks a receipt against a ledger's verifier key (text): the note is signed and of that ledger,
 * and the proof leads from the leaf hash to its root. With a leaf that is not empty, also that it
 * is the receipt's leaf and, except for leaf 0, that its header has this ledger and index; where a
 * record has two, leaf is both, and the second has to be the receipt's and to name the first.
 * RC_MALFORMED if receipt, leaf or key do not parse, RC_AUTH if they do not agree.
 */
enum rc receipt_verify(struct view bytes, struct view leaf, struct view verifier_key) WARN_UNUSED;

#endif
