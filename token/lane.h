/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lanes: the logical channels on which threads of one slot use private keys at the same time. A thread
 * that has the slot's lock takes a lane, puts the lock down, exchanges one command on it, and has the
 * lock again when it comes back. Meanwhile its session is away: nobody else's call works on it, or
 * takes the slot alone. The first lane is the slot's own connection; more are opened when two threads
 * meet there, with the login handed over by the card, and closed when that login ends. Used under the
 * slot's lock.
 */
#ifndef INTAGLIO_TOKEN_LANE_H
#define INTAGLIO_TOKEN_LANE_H

#include "token/outcome.h"
#include "token/session.h"

/* The command of a lane; sc is nobody else's meanwhile. */
typedef enum rc (*lane_work)(struct sc *sc, void *arg, uint16_t *ret_sw);

/*
 * Runs work on a lane and gives its CKR as outcome() does. beside: it uses a private key of the user
 * who is logged in, and the card need not be shown the PIN for it; else, and where the card does one
 * thing at a time, it runs under the slot's lock.
 */
CK_RV lane_run(struct session *s, bool beside, enum outcome_call call, lane_work work, void *arg);
/*
 * The connection on which the PIN for one operation of the session is shown: where other sessions are
 * and the card has a channel to give, one that the session has to itself, since any use of a key would
 * use the PIN up. It is the slot's own else. Nobody is away.
 */
struct sc *lane_for_pin(struct session *s);
/* Runs work where the PIN was shown, and gives that lane back. */
CK_RV lane_run_with_pin(struct session *s, enum outcome_call call, lane_work work, void *arg);
/* Gives the lane back unused. */
void lane_give_back(struct session *s);
/* Waits until no other thread is away: for what uses the slot's connection or other sessions. */
void lane_alone(struct session *s);
/* Closes all but the first; nobody is away. */
void lanes_close(struct slot *slot);

#endif
