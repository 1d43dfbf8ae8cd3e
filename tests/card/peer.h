/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's part of the channel for tests of the card, written from doc/scp10.md with base/ alone:
 * a small authority with issuer and hosts, a personalised card in a directory of its own, every
 * step of the handshake singly, and protected commands. Assertions inside end the test.
 */
#ifndef INTAGLIO_TESTS_CARD_PEER_H
#define INTAGLIO_TESTS_CARD_PEER_H

#include "base/apdu.h"
#include "base/cvc.h"
#include "card/card.h"

enum { PEER_TODAY = 261121, PEER_LATER = 291121, PEER_KEY = 32, PEER_SUITES = 3 };

/* A key pair with its certificate. */
struct peer_party {
	EVP_PKEY *key;
	enum rsa_scheme scheme;
	struct buf certificate;
};

/* Made once for a program: making RSA keys takes long. */
struct peer_world {
	struct peer_party authority, issuer;
	struct peer_party host[PEER_SUITES]; /* for suites 02, 42 and 01 */
};

struct peer {
	char dir[64];
	struct card *card;
	unsigned int channel;
	bool extended; /* extended length instead of command chaining */
	struct buf card_key[PEER_SUITES]; /* 7F49 of the card's keys, at peer_index of their suite */
	/* The handshake in hand. */
	uint8_t suite, p1, p2, level;
	struct buf block; /* D3 and templates */
	uint8_t key[4][PEER_KEY]; /* C-MAC, R-MAC, C-ENC, R-ENC */
	uint64_t counter[2];
	uint8_t challenge[16]; /* of the card; 8 bytes under 01 */
	uint8_t secret[32]; /* of the host, under 01 */
	const char *name; /* of the card, in its certificate; NULL: DECARD00000001 */
	bool values_only; /* personalised to accept P2 AE */
	bool by_use; /* keys of 01 are numbered as step 134' has it */
	struct buf signature; /* of the last peer_external */
	struct buf wire; /* the last command as sent */
};

/* Ends the test unless all is well. */
void peer_good(enum rc rc);
/* Where a suite's host and card key are in the arrays. */
size_t peer_index(uint8_t suite);
/* The world; all of it is made at the first call. */
struct peer_world *peer_world(void);
void peer_world_free(void);
/* Issues a certificate for a key. */
void peer_certify(const struct peer_party *signer, const char *car,
		  const struct cvc_request *request, struct buf *out);

/* A fresh card. */
void peer_fresh(struct peer *p);
/* A personalised one that accepts all suites at every level; a copy, with the same keys each time. */
void peer_new(struct peer *p);
/* A copy of another one's card, which should be at rest: its directory, opened, and its keys' public parts. */
void peer_copy(struct peer *p, const struct peer *from);
/* Generates keys and certifies and stores all that a card is given; by_use may have been set. */
void peer_personalise(struct peer *p);
/* The same with keys of its own. */
void peer_new_keys(struct peer *p);
void peer_free(struct peer *p);
/* Closes the card and opens it again, on these system calls if not NULL. */
void peer_reopen(struct peer *p, const struct nvm_io *io);
/* Makes the card's keys (1,1) for 42, (2,1) for 02 and (3,1) for 01, of 2048, 1024 and 1024 bits. */
void peer_generate(struct peer *p);
/* The data of STORE DATA that personalises the card after peer_generate. */
void peer_store_data(struct peer *p, struct buf *out);

/* One command APDU as it is; the answer replaces out (may be NULL). */
uint16_t peer_raw(struct peer *p, struct view apdu, struct buf *out);
/* One plain command on the peer's channel, chained or extended if long, answers collected. le 0: none. */
uint16_t peer_send(struct peer *p, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
		   struct view data, uint32_t le, struct buf *out);

/* The steps, each with its status word. */
uint16_t peer_environment(struct peer *p, uint8_t suite, uint8_t p1, uint8_t p2);
uint16_t peer_certificate(struct peer *p, struct view certificate);
/* Issuer and host certificate of the suite. */
uint16_t peer_certificates(struct peer *p);
/* Fills block with keys of this level in the suite's form. */
void peer_make_block(struct peer *p, uint8_t level);
uint16_t peer_decipher(struct peer *p);
uint16_t peer_challenge(struct peer *p);
/* Signs into signature; signs and sends; sends what is in signature. */
void peer_sign(struct peer *p);
uint16_t peer_external(struct peer *p);
uint16_t peer_external_again(struct peer *p);
/* Checks the card's signature on 9000. */
uint16_t peer_internal(struct peer *p);
/* Key agreement: the block for EXTERNAL AUTHENTICATE into signature; whether the card's answer is good. */
void peer_agree(struct peer *p);
bool peer_agreed(struct peer *p, const uint8_t *data, size_t len, struct view answer);
/* The same for key transport. */
bool peer_card_signed(struct peer *p, const uint8_t *challenge, const struct buf *signature);
/* The host id of the suite in hand, 8 characters. */
const char *peer_host_id(const struct peer *p);
/* The public part of the card's key for the suite in hand; to be freed. */
EVP_PKEY *peer_card_key(struct peer *p);
/* Bytes of the card's challenge, and of the host's. */
size_t peer_challenge_size(const struct peer *p);
/* All of them; 9000 if the session is up. */
uint16_t peer_open(struct peer *p, uint8_t suite, uint8_t p1, uint8_t p2, uint8_t level);

/* A command under secure messaging; the answer's MAC is checked. *ret_bare: it was not protected. */
uint16_t peer_protected(struct peer *p, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
			struct view data, uint32_t le, struct buf *out, bool *ret_bare);
/* Only protects: appends the whole APDU, and counts. */
void peer_protect(struct peer *p, const struct apdu *plain, struct buf *apdu);

#endif
