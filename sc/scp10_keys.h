/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session keys of SCP10 and the control reference templates that carry or name them (GPCS
 * F.3.1.2), host side: random and sent under 42 and 02, agreed under 01. Internal to sc/.
 */
#ifndef INTAGLIO_SC_SCP10_KEYS_H
#define INTAGLIO_SC_SCP10_KEYS_H

#include "sc/agreement.h"
#include "sc/policy.h"
#include "sc/scp10_suite.h"

enum { SCP10_TEMPLATES = MESSAGING_KEYS + 1 };

/* What one template stands for, in the order in which they are sent. */
struct scp10_template {
	uint32_t tag; /* B4 MAC, B8 encipherment and DEK */
	uint8_t usage; /* 10 commands, 20 responses, 30 both; C0 DEK */
	enum messaging_key key; /* under 30, of commands; unused for a DEK */
};

struct scp10_keys {
	const struct scp10_suite *suite;
	uint8_t level;
	enum policy_numbering numbering;
	struct scp10_template templates[SCP10_TEMPLATES];
	size_t count;
	struct messaging_secrets *secrets; /* the caller's */
};

/* Lays out the templates that a row of the policy asks for. */
void scp10_keys_plan(struct scp10_keys *keys, const struct scp10_suite *suite,
		     const struct policy_card *row, struct messaging_secrets *secrets);
/* Draws all keys; 42 and 02. */
enum rc scp10_keys_draw(struct scp10_keys *keys) WARN_UNUSED;
/* Appends D3 and the templates, with keys where the suite sends them. */
void scp10_keys_put(const struct scp10_keys *keys, struct buf *out);
/* The keys in the order of the templates. parts has room for SCP10_TEMPLATES. */
size_t scp10_keys_list(const struct scp10_keys *keys, struct view *parts);
/* Makes all keys and both counters of the two secrets; 01. */
enum rc scp10_keys_agree(struct scp10_keys *keys, const uint8_t host_secret[AGREEMENT_SECRET],
			 const uint8_t card_secret[AGREEMENT_SECRET]) WARN_UNUSED;
/* What follows from the keys once they are there: 42's DEK, and second halves of usage 30. */
enum rc scp10_keys_finish(struct scp10_keys *keys) WARN_UNUSED;

#endif
