/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sessions of tests/vectors/ are made of, for the programs that run both ends (test_vectors)
 * and each end alone (test_replay): fixed keys and certificates, randomness that each side draws by
 * the number of the APDU, three personalised cards, and what the host is asked for. Everything is
 * global; a failure ends the program.
 */
#ifndef INTAGLIO_TESTS_SC_VECTORS_H
#define INTAGLIO_TESTS_SC_VECTORS_H

#include "base/cvc.h"
#include "sc/connection.h"

enum { TEXT_MAX = 1 << 20 };

/* A session, and where it differs from one at level 33, C1, B6, one certificate, channel 0. */
struct scenario {
	const char *file, *about;
	uint8_t suite;
	/* 0, or 1: with stored host keys and the patent's numbering, or 2: under issuers. */
	unsigned int card;
	unsigned int certificates, channel;
	bool is_short; /* neither end may use extended length */
	struct policy_card row;
};
enum { SCENARIOS = 13 };
extern const struct scenario scenarios[SCENARIOS];

void must(bool right);
/* Ahead of the first random byte of libcrypto, at the beginning of main. */
void vectors_begin(void);
/* CUnit's init and cleanup: keys, certificates, cards. */
int vectors_start(void);
int vectors_stop(void);
/* Makes the file of keys anew. */
void vectors_write_keys(void);

/* A file of tests/vectors; in a static place. */
const char *vectors_path(const char *name);
/* The text of a session, and its path; empty if there is none. */
const char *vectors_file(const struct scenario *scenario);
void vectors_read(const char *path, struct buf *out);

/* Each side has randomness of its own for each APDU: "card" or "host", and the APDU's number. */
void use_stream(const char *label, uint32_t apdu);

extern const uint8_t vectors_card_id[CVC_ID];
struct view vectors_authority(void);
/* Issuers first, then the card's own. */
struct view vectors_card_chain(const struct scenario *scenario);
/* The same of the host; to be freed. */
void vectors_host_chain(const struct scenario *scenario, struct buf *out);
EVP_PKEY *vectors_host_key(const struct scenario *scenario);
EVP_PKEY *vectors_card_key(const struct scenario *scenario);
/* Powers the scenario's card up. */
struct transport *vectors_card(const struct scenario *scenario);
/*
 * The host's whole part over this transport, which it closes: further channels, SELECT, set-up,
 * protected commands. Asserts what the application sees.
 */
void vectors_host(const struct scenario *scenario, struct view chain, struct transport **t);

#endif
