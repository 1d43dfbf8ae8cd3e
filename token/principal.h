/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The principal card in a slot, as the files of this folder use it: a connection of its own to its
 * application, and what its status words mean. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_PRINCIPAL_H
#define INTAGLIO_TOKEN_PRINCIPAL_H

#include "sc/principal_card.h"
#include "token/content.h"

struct principal {
	struct content content; /* its slot and identity; no security domain */
	struct principal_card *card;
};

/* What was being done when a status word came. */
enum principal_step {
	PRINCIPAL_KEYS,
	PRINCIPAL_FILE,
	PRINCIPAL_APPLICATION,
	PRINCIPAL_CHARGE,
	PRINCIPAL_STATUS,
	PRINCIPAL_TRIM,
	PRINCIPAL_GIVE_UP,
};

/* Says a sentence; CKR_DATA_INVALID if the card is no principal card. */
CK_RV token_open_principal(struct slot *slot, struct principal *ret);
void token_close_principal(struct principal *p);
/* The CKR, and the sentence, of what came out of a step; sw as for outcome(). */
CK_RV token_judge_principal(struct principal *p, enum principal_step step, enum rc rc,
			    const uint16_t *sw);
/* ms since 1970. */
uint64_t token_host_time(void);

#endif
