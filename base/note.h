/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed notes with Ed25519 keys (C2SP signed-note) and the checkpoints in them (C2SP
 * tlog-checkpoint), as golang.org/x/mod/sumdb/note writes and reads them. Views borrow from the
 * bytes they were parsed from.
 */
#ifndef INTAGLIO_BASE_NOTE_H
#define INTAGLIO_BASE_NOTE_H

#include "base/merkle.h"
#include "base/rsa.h"

enum {
	NOTE_MAX = 65536, /* bytes of a note that note_open reads */
	NOTE_SIGNATURES_MAX = 100,
	NOTE_NAME_MAX = 127,
	NOTE_KEY_ID = 4,
	NOTE_KEY_MAX = NOTE_NAME_MAX + 1 + 8 + 1 + 44, /* the longest text of a verifier key */
};

/* A verifier key: who signs, and with what. */
struct note_key {
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[NOTE_KEY_ID];
	uint8_t public_key[ED25519_PUBLIC];
};

/* The bytes of the UTF-8 sequence at the front and what it stands for; 0 if there is none (RFC 3629). */
size_t note_utf8(struct view v, uint32_t *ret_point) WARN_UNUSED;

/* The key of that name; graphic ASCII without '+', else RC_ARGUMENT. */
enum rc note_key_make(const char *name, const uint8_t public_key[ED25519_PUBLIC],
		      struct note_key *ret) WARN_UNUSED;
/* Appends it as text: `name+id+key`. */
void note_put_key(struct buf *b, const struct note_key *key);
/* RC_MALFORMED if the text is not an Ed25519 verifier key, or its id is not the key's. */
enum rc note_parse_key(struct view text, struct note_key *ret) WARN_UNUSED;

/*
 * The same for a key of C2SP tlog-cosignature, type 04: whoever has it countersigns the checkpoints of
 * others. note_sign, note_open and note_put_key are not for it.
 */
enum rc note_cosigner_make(const char *name, const uint8_t public_key[ED25519_PUBLIC],
			   struct note_key *ret) WARN_UNUSED;
void note_put_cosigner(struct buf *b, const struct note_key *key);
enum rc note_parse_cosigner(struct view text, struct note_key *ret) WARN_UNUSED;

/*
 * Appends the note: text (which ends in a newline), an empty line, one signature line. The private
 * key is the one that belongs to key.
 */
enum rc note_sign(struct view text, const struct note_key *key, EVP_PKEY *private_key,
		  struct buf *out) WARN_UNUSED;
/*
 * The text of a note that key signed; signatures of other keys are passed over. RC_MALFORMED if it
 * is no note, RC_AUTH if key did not sign it, or some signature in key's name does not verify.
 */
enum rc note_open(struct view note, const struct note_key *key, struct view *ret_text) WARN_UNUSED;

/* What a cosigner says of a checkpoint: cosignature/v1, the time in seconds since 1970. */
struct note_cosignature {
	uint64_t time;
	uint8_t signature[ED25519_SIGNATURE];
};

/* The longest line that note_put_cosignature appends. */
enum { NOTE_COSIGNATURE_MAX = 4 + NOTE_NAME_MAX + 1 + 104 + 1 };

/* Countersigns the text of a checkpoint; the private key is the one that belongs to a cosigner's. */
enum rc note_cosign(struct view text, EVP_PKEY *private_key, uint64_t time,
		    struct note_cosignature *ret) WARN_UNUSED;
/* Appends the signature line, which belongs at the end of the checkpoint's note. */
void note_put_cosignature(struct buf *b, const struct note_key *cosigner,
			  const struct note_cosignature *cosignature);
/*
 * As note_open, for a cosigner's key: the text and the newest of its cosignatures. RC_MALFORMED,
 * RC_AUTH likewise.
 */
enum rc note_open_cosigned(struct view note, const struct note_key *cosigner, struct view *ret_text,
			   struct note_cosignature *ret) WARN_UNUSED;

struct checkpoint {
	struct view origin;
	uint64_t size;
	uint8_t root[MERKLE_HASH];
};

/* Appends a checkpoint's three lines. */
void note_put_checkpoint(struct buf *b, const struct checkpoint *c);
/* Parses the text of a note; extension lines are passed over. RC_MALFORMED. */
enum rc note_parse_checkpoint(struct view text, struct checkpoint *ret) WARN_UNUSED;

#endif
