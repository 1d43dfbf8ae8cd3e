/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What key agreement agrees on: the level and control reference templates that the host's block
 * names, and the session keys that follow from both secrets (GPCS F.3.1.2, F.3.1.3, F.2.3).
 */
#ifndef INTAGLIO_CARD_AGREEMENT_KEYS_H
#define INTAGLIO_CARD_AGREEMENT_KEYS_H

#include "card/sm.h"

enum { AGREEMENT_SECRET = 32, AGREEMENT_TEMPLATES = 6 };

/* How keys are numbered and where the counter starts; a setting of the card. */
enum numbering {
	NUMBERING_GPCS, /* GPCS table F-12: by place of the template */
	NUMBERING_PATENT, /* step 134': by what the key is for */
};

struct agreement {
	uint8_t level;
	struct {
		uint8_t tag, usage;
	} templates[AGREEMENT_TEMPLATES];
	size_t count;
	const uint8_t *host_secret; /* borrowed from the block */
};

/*
 * Reads `RPD || D3 01 level || templates || host secret`: the first D3 after at least one byte of
 * RPD from which level and whole templates end where the secret begins. RC_MALFORMED, also for a
 * template that is none of key agreement.
 */
enum rc agreement_read(struct view block, struct agreement *ret) WARN_UNUSED;
/* The session keys and counters. RC_MALFORMED if templates give a key twice or lack one of the level. */
enum rc agreement_derive(const struct agreement *agreed,
			 const uint8_t card_secret[AGREEMENT_SECRET], enum numbering numbering,
			 struct session_keys *ret) WARN_UNUSED;

#endif
