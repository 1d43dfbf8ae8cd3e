/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Command and response APDUs, ISO/IEC 7816-4 5.1: cases 1 to 4, short and extended. A parsed
 * command borrows its data from the bytes it was parsed from.
 */
#ifndef INTAGLIO_BASE_APDU_H
#define INTAGLIO_BASE_APDU_H

#include "base/buf.h"

enum {
	APDU_SHORT_DATA = 255,
	APDU_EXTENDED_DATA = 65535,
	APDU_COMMAND_MAX = 4 + 3 + 65535 + 2,
	APDU_RESPONSE_MAX = 65536 + 2,
};

/* CLA bits, ISO/IEC 7816-4 5.4.1. */
enum {
	CLA_CHAINING = 0x10,
	CLA_SM = 0x0C, /* secure messaging with authenticated header, channels 0 to 3 */
	CLA_SM_FURTHER = 0x20, /* secure messaging, channels 4 to 19 */
};

struct apdu {
	uint8_t cla, ins, p1, p2;
	struct view data; /* Lc is data.len */
	uint32_t le; /* expected bytes, 1 to 65536; 0 if the command has no Le */
	bool extended; /* coded, or to be coded, with extended length fields */
};

/* Parses a whole command. RC_MALFORMED if it is none of the seven codings. */
enum rc apdu_parse(struct view bytes, struct apdu *ret) WARN_UNUSED;
/* Appends the command; extended coding is used if asked for or needed. */
void apdu_put(struct buf *b, const struct apdu *command);
/* The logical channel in a CLA, 0 to 19 (first and further interindustry, and CLA 8x, Cx, GPCS 11.1.4). */
unsigned int apdu_channel(uint8_t cla);
/* The CLA with this logical channel put in; keeps chaining, clears secure messaging. */
uint8_t apdu_cla(uint8_t cla, unsigned int channel);
/* The CLA with channel and secure messaging bits cleared: 00/10, 80/90. Chaining stays. */
uint8_t apdu_plain_cla(uint8_t cla);
/* True if the CLA says secure messaging (0C, or 20 in the further range, or GP's 04). */
bool apdu_is_protected(uint8_t cla);
/* The CLA with the secure messaging bits of its channel range set. */
uint8_t apdu_protected_cla(uint8_t cla);

/* Splits a response into data and status word. RC_MALFORMED if shorter than two bytes. */
enum rc response_parse(struct view bytes, struct view *ret_data, uint16_t *ret_sw) WARN_UNUSED;

#endif
