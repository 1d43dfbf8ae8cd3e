/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One whole command and its whole answer over a transport: command chaining, extended length,
 * GET RESPONSE and 6Cxx (ISO/IEC 7816-4 5.1.1.1, 5.1.3), the trace and the counters. Owns its
 * transport. Internal to sc/; threading as struct sc.
 */
#ifndef INTAGLIO_SC_WIRE_H
#define INTAGLIO_SC_WIRE_H

#include "sc/trace.h"
#include "sc/transport.h"

struct wire {
	struct transport *transport;
	struct trace trace;
	unsigned int channel; /* logical channel of every command; put into CLA unless protected */
	bool extended; /* card and transport both have extended length */
	bool executed; /* the card had the whole of the last command: it may have been executed */
	bool fetched; /* the last answer came in pieces: the card had accepted the command before */
	uint64_t apdus, sent, received;
	struct buf command, response, gathered;
};

void wire_open(struct wire *wire, struct transport *transport);
void wire_close(struct wire *wire);

/*
 * Sends a command, coded for this wire whatever its extended field says: an extended one if that is
 * possible and asked for or needed, else short ones, chained if needed. ret_data is valid until the
 * next use. RC_MALFORMED for an answer that is none. On failure, executed tells whether the card
 * may have executed it.
 */
enum rc wire_exchange(struct wire *wire, const struct apdu *command, struct view *ret_data,
		      uint16_t *ret_sw) WARN_UNUSED;

#endif
