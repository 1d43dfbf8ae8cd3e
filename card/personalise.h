/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Personalisation of a fresh card, doc/commands.md: GENERATE ASYMMETRIC KEY PAIR makes key pairs
 * in RAM, STORE DATA commits them with certificates, trust point and policy, all or nothing.
 */
#ifndef INTAGLIO_CARD_PERSONALISE_H
#define INTAGLIO_CARD_PERSONALISE_H

#include "card/command.h"
#include "card/identity.h"

/* Key pairs that wait for their certificates. Owns what is in it. */
struct pending_keys {
	struct card_key keys[CARD_KEYS_MAX];
	size_t count;
};

/* 00 46 ver idx. A second one for the same reference replaces the first. */
uint16_t personalise_generate(struct command *c);
/* 80 E2 80 00. */
uint16_t personalise_store(struct command *c);
/* Wipes all pending key pairs. */
void pending_keys_forget(struct pending_keys *pending);

#endif
