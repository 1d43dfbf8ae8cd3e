/* SPDX-License-Identifier: BSD-2-Clause */
/* Selecting the token application, and what it says of itself then. Any thread. */
#ifndef INTAGLIO_SC_FCI_H
#define INTAGLIO_SC_FCI_H

#include "base/apdu.h"
#include "base/crypto.h"
#include "base/cvc.h"

/* What SELECT of the token application answers (doc/commands.md, Selecting). */
struct fci {
	uint64_t change_counter;
	uint8_t digest[SHA256_SIZE]; /* of the public objects */
	uint8_t flags; /* FCI_ bits */
	uint8_t life_cycle; /* FCI_FRESH, FCI_PERSONALISED */
	uint8_t card_id[CVC_ID];
	uint32_t command_max, answer_max; /* bytes of plain data */
	uint8_t suites[8];
	size_t suite_count;
};

enum {
	FCI_TOKEN_INITIALISED = 0x01,
	FCI_USER_PIN_SET = 0x02,
	FCI_USER_PIN_COUNT_LOW = 0x04,
	FCI_USER_PIN_FINAL_TRY = 0x08,
	FCI_USER_PIN_LOCKED = 0x10,
	FCI_SO_PIN_COUNT_LOW = 0x20,
	FCI_SO_PIN_FINAL_TRY = 0x40,
	FCI_SO_PIN_LOCKED = 0x80,
};
enum { FCI_FRESH = 0x01, FCI_PERSONALISED = 0x0F };

/* The token application's name. */
struct view fci_application_aid(void);
/* SELECT by that name. */
struct apdu fci_select(void);
/* The answer's data. RC_MALFORMED: it is none of the token application. */
enum rc fci_parse(struct view data, struct fci *ret) WARN_UNUSED;

#endif
