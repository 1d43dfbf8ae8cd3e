/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card for tests of the host side: as much of the card's part as a session needs, written for the
 * tests alone, behind a transport of its own, with a hook that may change, drop or replace answers.
 * One fake at a time (it is a global); host, card and authority keys are made once a program.
 */
#ifndef INTAGLIO_TESTS_SC_FAKE_CARD_H
#define INTAGLIO_TESTS_SC_FAKE_CARD_H

#include "sc/connection.h"
#include "tests/sc/fake_agreement.h"

enum { FAKE_LOG = 64 };

struct fake_card {
	/* What the card is. */
	uint8_t suite;
	uint32_t command_max; /* in the FCI */
	uint8_t life_cycle;
	bool extended; /* the transport has extended length */
	bool shared; /* others use the card as well: the host takes a further channel */
	bool accepts_any_host; /* whatever signed the host's certificate */
	bool numbers_as_seed; /* suite 01 */
	enum fake_block block; /* suite 01: what is wrong with its block */
	size_t response_max; /* longer answers go out in pieces with 61xx; 0: never */
	/*
	 * Called for each answer before it goes out, with its number since fake_reset and the
	 * command. Anything but RC_OK is what the transport reports instead.
	 */
	enum rc (*tamper)(void *arg, unsigned int number, const struct apdu *command,
			  struct buf *response);
	void *arg;
	/* Answers a plain command of the session; NULL: eight zero bytes, then the data, 9000. */
	uint16_t (*serve)(const struct apdu *command, struct buf *answer);
	/* What the card did. */
	unsigned int count; /* APDUs since fake_reset */
	unsigned int executed; /* session commands carried out */
	struct {
		uint8_t ins, sw1;
	} log[FAKE_LOG];
	struct apdu last; /* the last command executed; its data is gone */
	uint8_t last_data[4096];
	size_t last_len;
	uint8_t environment[32]; /* data of the last MANAGE SECURITY ENVIRONMENT */
	size_t environment_len;
	uint8_t p1, p2; /* of the same */
	uint8_t dek[16]; /* of the session's DEK template */
	unsigned int opened, closed; /* further channels */
};
extern struct fake_card fake;

/* A fresh personalised card of this suite, powered up, without hooks. */
void fake_reset(uint8_t suite);
/* The card loses power: session and challenge are gone. */
void fake_power_cut(void);
/* A connection to it with the host's identity. */
struct sc *fake_connect(const struct policy *policy);
struct transport *fake_transport(void);

/* Identity of the host for 42, 02 and 01; owned by the fake. */
struct identity *fake_identity(void);
extern const uint8_t fake_card_id[CVC_ID];
/* A policy that names the fake for suite 02 at level 33. */
extern const struct policy fake_policy_02;
extern const struct policy fake_policy_01;
/* The default policy for 42, else one of the two. */
const struct policy *fake_policy(uint8_t suite);

EVP_PKEY *fake_authority_key(void);
EVP_PKEY *fake_host_key(void);
EVP_PKEY *fake_card_key(void);
struct view fake_authority(void);
struct view fake_host_chain(uint8_t suite);
/* The card's certificate, made anew with these; NULL name: the usual one. Replaces the fake's. */
void fake_certify_card(const struct cvc_request *request, EVP_PKEY *signer);
/* It shows these from now on: bytes as they are; its own certificate is the last one. */
void fake_show_certificates(struct view certificates);
/* A request as the usual card certificate has it. */
struct cvc_request fake_card_request(uint8_t suite);

#endif
