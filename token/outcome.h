/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a card's answer means to an application: one table of status words for each kind of call,
 * and one of result codes. Says the sentence that explains a failure, and notices when the card has
 * forgotten a login. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_OUTCOME_H
#define INTAGLIO_TOKEN_OUTCOME_H

#include "token/slot.h"

/* Kinds of call, by what their status words mean. */
enum outcome_call {
	CALL_USER_PIN, /* commands that take the user PIN */
	CALL_SO_PIN, /* and the SO PIN */
	CALL_SO_ACTION, /* what the SO may do while logged in */
	CALL_OBJECT, /* objects are read, made, changed and destroyed */
	CALL_SIGN,
	CALL_DECRYPT,
	CALL_SEAL,
	CALL_SEALED, /* of a record that is sealed, the rest of the answer */
	CALL_OPEN_RECORD,
	CALL_TRUST, /* changes of trust */
	CALL_COSIGN, /* of a ledger */
	CALL_PRUNE,
};

/*
 * The CKR of an exchange; sw is looked at only for RC_SW. It is a pointer so that the exchange, which
 * sets it, may stand in the place of rc.
 */
CK_RV outcome(struct slot *slot, enum outcome_call call, enum rc rc, const uint16_t *sw);

#endif
