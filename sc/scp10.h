/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SCP10 handshake, host side: GPCS Appendix F, key transport with mutual authentication, as
 * doc/scp10.md settles it. Keeps no state of its own: keys live in the struct messaging that it makes.
 * Internal to sc/; threading as struct sc.
 */
#ifndef INTAGLIO_SC_SCP10_H
#define INTAGLIO_SC_SCP10_H

#include "sc/identity.h"
#include "sc/policy.h"
#include "sc/messaging.h"
#include "sc/wire.h"

/*
 * Opens a session with the card of this id, as its row of the policy says. Says a sentence for each
 * refusal. RC_AUTH: certificate or signature of one side is refused by the other; RC_EXPIRED: the
 * card's certificate is outside its dates; RC_POLICY: suite, role or id refused; RC_STATE: the host
 * has no key for the suite; RC_MALFORMED; failures of the transport.
 *
 * certificate holds what GET DATA certificate once answered, or nothing. What is known is not asked
 * for, but judged like an answer, and the card has to prove that it has its key: if it is not in
 * order, or the card does not answer to it, the card is asked after all. Afterwards it holds what the session was opened
 * with; nothing after a failure.
 */
enum rc scp10_open(struct wire *wire, const struct identity *identity,
		   const struct policy_card *row, const uint8_t card_id[CVC_ID],
		   struct buf *certificate, struct messaging **ret) WARN_UNUSED;

#endif
