/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a set-up by name, on top of the peer, for tests that go some of the way. */
#ifndef INTAGLIO_TESTS_CARD_STEPS_H
#define INTAGLIO_TESTS_CARD_STEPS_H

#include "tests/card/peer.h"

/* In their order. */
enum step { ENVIRONMENT, CERTIFICATES, DECIPHER, CHALLENGE, EXTERNAL, INTERNAL, STEPS };

/* One step as it should be, C1 and B6; its status word. */
uint16_t steps_take(struct peer *p, uint8_t suite, enum step step);
/* Goes all the way up to, but not into, a step. */
void steps_go_to(struct peer *p, uint8_t suite, enum step end);
/* After "step 102" none of the later steps is served; asking makes it so. */
bool steps_are_reset(struct peer *p);
/* A protected command is served. */
bool steps_session_lives(struct peer *p);
/* Issues and presents a certificate. */
uint16_t steps_present(struct peer *p, const struct peer_party *signer, const char *car,
		       const struct cvc_request *request);
/* A good request for the suite 42 host of the world; any authority may sign it. */
struct cvc_request steps_host_request(void);
/* A session under suite 42 of a host with these roles and no others. */
void steps_open_with_roles(struct peer *p, unsigned int roles);

#endif
