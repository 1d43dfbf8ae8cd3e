/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suites of SCP10 as rows of one table: everything in which i=42, 02 and 01 differ (doc/scp10.md).
 * Internal to sc/.
 */
#ifndef INTAGLIO_SC_SCP10_SUITE_H
#define INTAGLIO_SC_SCP10_SUITE_H

#include "base/rsa.h"
#include "sc/messaging.h"

struct scp10_suite {
	uint8_t id; /* i */
	unsigned int bits_min, bits_max; /* of the card's key */
	bool strict; /* no SHA-1 and no short key at the authority either */
	bool agreement; /* keys are agreed and not sent: no decipher command */
	enum rsa_encryption encryption; /* of the session keys */
	enum rsa_scheme signature;
	bool pss_key; /* the card's certificate must say RSASSA-PSS */
	bool bound; /* signatures cover suite, direction, P1 P2 and both public keys */
	uint8_t key_type; /* tag 80 of the templates; 0: absent */
	bool counters; /* tag 91 in the MAC templates */
	size_t key_size;
	size_t challenge; /* bytes of the card's and the host's */
	enum messaging_kind sm;
};

/* NULL if the host does not have it. */
const struct scp10_suite *scp10_suite_find(uint8_t id);

#endif
