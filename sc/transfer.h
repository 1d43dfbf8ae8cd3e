/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An installation that a principal card drives (doc/principal.md): this host carries commands from it
 * to the target card, and answers back, and can read none of them. It sees the target's status words
 * and its key diversification bytes, and decides no more than to go on or not. Threading as struct sc.
 */
#ifndef INTAGLIO_SC_TRANSFER_H
#define INTAGLIO_SC_TRANSFER_H

#include "sc/gp.h"
#include "sc/principal_card.h"

/* Where an installation is. */
enum transfer_step {
	TRANSFER_CHALLENGE, /* the principal's, for INITIALIZE UPDATE */
	TRANSFER_UPDATE, /* INITIALIZE UPDATE to the target */
	TRANSFER_CRYPTOGRAM, /* the target's answer to the principal */
	TRANSFER_AUTHENTICATE, /* EXTERNAL AUTHENTICATE to the target */
	TRANSFER_REQUEST, /* of the application */
	TRANSFER_DELETE, /* what the script deletes */
	TRANSFER_FILE, /* a load file, its INSTALL [for load] */
	TRANSFER_BLOCK, /* LOAD */
	TRANSFER_ACTIVATE,
	TRANSFER_INSTALL, /* INSTALL [for install and make selectable] */
	TRANSFER_REPORT, /* the target's answer to the principal */
	TRANSFER_DONE,
};

struct transfer_order {
	uint16_t application; /* its number on the principal card */
	uint8_t version; /* of the target's key set; 0: its first */
	bool s16; /* the target speaks SCP03 with S16 */
	bool dry_run; /* ends when the application was requested */
	uint64_t time_ms; /* for the trail; 0: none */
	/*
	 * Asked before the principal is, for each command to the target that changes it and whether
	 * there is one more, with how many it had so far, and while an activation waits for another
	 * target's report (waits). Others may use both cards while it runs. False: the installation is
	 * given up, RC_STATE, and what was loaded is taken off again. After the activation nobody is
	 * asked any more. NULL: nobody ever.
	 */
	bool (*go_on)(void *arg, size_t carried, bool waits);
	void *arg;
	/*
	 * How often an activation that is refused is asked for again, counted anew whenever another
	 * one was spent meanwhile. Where none is left it is not asked for again.
	 */
	unsigned int patience;
};

struct transfer_result {
	enum transfer_step step; /* where it ended */
	bool by_target; /* RC_SW: the word is the target's, else the principal's */
	uint16_t sw;
	uint8_t target[DIVERSIFY_DATA]; /* what the target said is its id */
	size_t carried; /* commands that changed the target */
	size_t files; /* load files that are on the target since */
	bool is_activated;
	bool is_spent; /* the activation was refused, and none is left */
	bool is_left; /* a load file could not be taken off the target again */
};

/*
 * Runs one. The target is a bare connection whose domain is selected. ret is filled whatever comes
 * out: RC_SW, RC_STATE (given up), RC_SPACE (a block is too long for target or reader, which is seen at
 * the request, before anything on the target changes), RC_AUTH (an answer of the principal does not
 * verify, or the target's report does not), and the failures of either connection.
 */
enum rc transfer_run(struct principal_card *principal, struct gp *target,
		     const struct transfer_order *order, struct transfer_result *ret) WARN_UNUSED;

#endif
