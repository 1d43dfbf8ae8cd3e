/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCP10, card side: the set-up commands of the RSA mutual-authentication channel and the state
 * between them (GPCS Appendix F, doc/scp10.md). One struct scp10 a logical channel.
 */
#ifndef INTAGLIO_CARD_SCP10_H
#define INTAGLIO_CARD_SCP10_H

#include "card/chain.h"
#include "card/sm.h"
#include "card/suite.h"

/* What has been reached; the table says which command needs and leaves which. */
enum scp10_flag {
	FLAG_ENVIRONMENT = 0x01, /* security environment set */
	FLAG_HOST = 0x02, /* the host's public key is known: its certificate has verified */
	FLAG_KEYS = 0x04, /* session keys received; key transport only */
	FLAG_CHALLENGE = 0x08, /* the last command was GET CHALLENGE */
	FLAG_EXTERNAL = 0x10, /* the last command was EXTERNAL AUTHENTICATE of a mutual set-up */
	FLAG_SESSION = 0x20, /* the session is up */
};

/* Where an error leads: everything back to power-up, or what was reached stays but for `keeps`. */
enum scp10_back { BACK_TO_102 = 102, BACK_TO_103 = 103 };

/* One row a command of the set-up, or two where key transport and key agreement differ. */
struct scp10_row {
	const char *name; /* of the command, and the steps it is in the published description */
	uint8_t ins;
	int p1, p2; /* -1: any */
	int family; /* enum suite_family, or -1: every suite */
	/*
	 * 6985 unless all of `needs` is set and none of `unless`. After 9000 only `keeps` of what
	 * was set remains, plus `sets` and whatever the handler set.
	 */
	unsigned int needs, unless, keeps, sets;
	enum scp10_back error;
	command_handler run;
};

/* The table, ends with a NULL name; for the tests, which walk it. */
extern const struct scp10_row scp10_rows[];

enum { CHALLENGE_MAX = 16, SESSION_BLOCK_MAX = 512 };

struct scp10 {
	unsigned int flags;
	const struct suite *suite;
	bool mutual; /* P1 C1 */
	bool certificate; /* P2 B6 */
	uint8_t version,
		index; /* of the card's key pair, tag 84; (1,1) until something else is said */
	struct binding binding;
	struct chain chain;
	struct buf block; /* deciphered by the fourth command, judged by the sixth */
	bool block_good; /* whether the padding was */
	uint8_t challenge[CHALLENGE_MAX];
	struct buf ordered_keys; /* session keys in template order, until the card has signed them */
	uint8_t secret[AGREEMENT_SECRET]; /* the card's, under key agreement, until then */
	struct sm *sm;
};

enum rc scp10_new(struct scp10 **ret) WARN_UNUSED;
void scp10_free(struct scp10 **s);
/* "Step 102": everything back to how it was at power-up. */
void scp10_reset(struct scp10 *s);
/* A session is up: commands come under secure messaging. */
bool scp10_is_up(const struct scp10 *s);
/* Another command came in between: what had to follow at once can no longer follow. */
void scp10_interrupt(struct scp10 *s);

/*
 * The handler of all seven set-up commands: finds the row, checks what it needs, runs it, and
 * moves the state. Ends in step 102 or 103 as the table says.
 */
uint16_t scp10_step(struct command *c);

#endif
