/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one operation that seals: SEAL comes here, and so will whatever runs on the card. It enciphers
 * and stores in one commit, or finds that it was done already.
 */
#ifndef INTAGLIO_CARD_LEDGER_SEAL_H
#define INTAGLIO_CARD_LEDGER_SEAL_H

#include "card/command.h"
#include "card/ledger_record.h"

struct seal_order {
	uint8_t client_nonce[LEDGER_NONCE];
	uint16_t type; /* not 0 */
	uint64_t time_ms;
	struct view plaintext;
	/*
	 * NULL, or called with the last line of out while the record is written and synced, in whatever
	 * thread: what it makes of out may be used only if the record is sealed.
	 */
	void (*ahead)(void *arg);
	void *arg;
};

/*
 * Appends leaf || receipt, durable, or those of the record that the same order made before; of a
 * record longer than LEAF_PLAINTEXT_MAX both its leaves, and the receipt of the second. Whether
 * the caller may seal at all is decided already; for a command, channel is asked again under the lock
 * between processes, whether its user is still logged in, and is NULL for others. RC_MALFORMED: the
 * nonce is another record's; RC_STATE: it may be that of a record older than the window or of one
 * that was pruned, or the ledger is closed; RC_SPACE: the ledger takes no record of this length;
 * RC_FULL: its capacity or the memory is exhausted; RC_POLICY: logged out. Nothing is stored then.
 */
enum rc ledger_seal_record(struct nvm *nvm, struct ledger *ledger, struct channel *channel,
			   const struct seal_order *order, struct buf *out) WARN_UNUSED;

/* Brings the ledger's window of nonces up to date. */
enum rc ledger_seal_sync(struct nvm *nvm, struct ledger *ledger) WARN_UNUSED;

#endif
