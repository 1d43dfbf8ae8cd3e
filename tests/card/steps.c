/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a set-up by name. */
#include "tests/card/steps.h"

#include "tests/suite.h"

static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};

uint16_t steps_take(struct peer *p, uint8_t suite, enum step step)
{
	switch (step) {
	case ENVIRONMENT:
		return peer_environment(p, suite, 0xC1, 0xB6);
	case CERTIFICATES:
		return peer_certificates(p);
	case DECIPHER:
		return peer_decipher(p);
	case CHALLENGE:
		return peer_challenge(p);
	case EXTERNAL:
		return peer_external(p);
	case INTERNAL:
		return peer_internal(p);
	default:
		return 0;
	}
}

void steps_go_to(struct peer *p, uint8_t suite, enum step end)
{
	p->suite = suite;
	peer_make_block(p, 0x33);
	for (enum step step = ENVIRONMENT; step < end; step++)
		if (suite != 0x01 || step != DECIPHER)
			CU_ASSERT_EQUAL_FATAL(steps_take(p, suite, step), 0x9000);
}

bool steps_are_reset(struct peer *p)
{
	uint8_t any[256] = {0};

	return peer_challenge(p) == 0x6985 &&
	       peer_send(p, 0, 0x2A, 0x80, 0x84, view_of(any, sizeof(any)), 0, NULL) == 0x6985 &&
	       peer_send(p, 0, 0x82, 0, 0, view_of(any, sizeof(any)), 0, NULL) == 0x6985 &&
	       peer_send(p, 0, 0x88, 0, 0, view_of(any, 24), 256, NULL) == 0x6985 &&
	       peer_certificate(p, view_buf(&peer_world()->issuer.certificate)) == 0x6985;
}

bool steps_session_lives(struct peer *p)
{
	bool bare = true;

	return peer_protected(p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL, &bare) ==
		       0x9000 &&
	       !bare;
}

uint16_t steps_present(struct peer *p, const struct peer_party *signer, const char *car,
		       const struct cvc_request *request)
{
	struct buf certificate;
	uint16_t sw;

	peer_certify(signer, car, request, &certificate);
	sw = peer_certificate(p, view_buf(&certificate));
	buf_free(&certificate);
	return sw;
}

struct cvc_request steps_host_request(void)
{
	return (struct cvc_request){.chr = "DEHOST0042001",
				    .key = peer_world()->host[1].key,
				    .scheme = RSA_PSS_SHA256,
				    .type = CVC_TERMINAL,
				    .roles = ROLE_USER,
				    .effective = PEER_TODAY,
				    .expiration = PEER_LATER,
				    .suite = 0x42};
}

void steps_open_with_roles(struct peer *p, unsigned int roles)
{
	struct cvc_request request = steps_host_request();

	request.roles = roles;
	steps_go_to(p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL_FATAL(steps_present(p, &peer_world()->authority, "DEAUTHOR00001", &request),
			      0x9000);
	for (enum step step = DECIPHER; step < STEPS; step++)
		CU_ASSERT_EQUAL_FATAL(steps_take(p, 0x42, step), 0x9000);
}
