/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows. */
#include "sc/scp10_suite.h"

#include "sc/agreement.h"
#include "sc/policy.h"

static const struct scp10_suite suites[] = {
	{
		.id = SUITE_42,
		.bits_min = 2048,
		.bits_max = 4096,
		.strict = true,
		.encryption = RSA_OAEP_SHA256,
		.signature = RSA_PSS_SHA256,
		.pss_key = true,
		.bound = true,
		.key_type = 0x88,
		.key_size = AES256_KEY,
		.challenge = 16,
		.sm = MESSAGING_AES,
	},
	{
		.id = SUITE_02,
		.bits_min = 1024,
		.bits_max = 4096,
		.encryption = RSA_ES_PKCS1,
		.signature = RSA_PKCS1_SHA1,
		.counters = true,
		.key_size = 16,
		.challenge = 16,
		.sm = MESSAGING_3DES,
	},
	{
		.id = SUITE_01,
		.bits_min = 1024,
		.bits_max = 4096,
		.agreement = true,
		.key_size = AGREEMENT_KEY,
		.challenge = AGREEMENT_CHALLENGE,
		.sm = MESSAGING_3DES,
	},
};

const struct scp10_suite *scp10_suite_find(uint8_t id)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (suites[i].id == id)
			return &suites[i];
	}
	return NULL;
}
