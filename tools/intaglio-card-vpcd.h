/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One software card in one reader of vpcd: a thread that connects while the card is to be in, serves
 * what vpcd asks, and connects again when pcscd was restarted. Functions are thread safe.
 */
#ifndef INTAGLIO_TOOLS_INTAGLIO_CARD_VPCD_H
#define INTAGLIO_TOOLS_INTAGLIO_CARD_VPCD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

struct vpcd;

enum vpcd_state { VPCD_OUT, VPCD_IN, VPCD_WAITING, VPCD_FAILED };

struct vpcd_options {
	uint16_t port;
	bool short_lengths; /* the card knows no extended length */
	bool patient; /* a vpcd that does not answer is waited for, and not an error */
};

/*
 * Opens the card in dir and connects it to vpcd on that port of 127.0.0.1; says a sentence for what
 * fails. No thread yet. name is copied.
 */
enum rc vpcd_open(const char *name, const char *dir, const struct vpcd_options *options,
		  struct vpcd **ret) WARN_UNUSED;
/* Begins to serve; when the card has failed, a number is written to the event descriptor. */
enum rc vpcd_start(struct vpcd *v, int event) WARN_UNUSED;
/* Takes the card out, ends the thread and closes the card. */
void vpcd_close(struct vpcd **v);

const char *vpcd_name(const struct vpcd *v);
enum vpcd_state vpcd_state(struct vpcd *v);
/* Puts the card in, or takes it out, as a hand does: at any time. Ends what follows. */
void vpcd_insert(struct vpcd *v, bool in);
/*
 * For tests: after so many further commands the card is pulled, before the next is carried out, or,
 * if unanswered, after it was carried out and before its answer is sent.
 */
void vpcd_eject_after(struct vpcd *v, unsigned long commands, bool unanswered);

#endif
