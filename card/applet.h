/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one interface behind which every application of the card lives, GPCS 6.4 and 9.3: the card
 * installs, selects, deselects and uninstalls an instance, and gives it the commands that come while
 * it is selected. Built-in kinds answer from tables of commands; a virtual machine is one more kind
 * that has none and takes them all.
 */
#ifndef INTAGLIO_CARD_APPLET_H
#define INTAGLIO_CARD_APPLET_H

#include "card/command.h"
#include "card/registry.h"

struct applet {
	const char *name;
	/*
	 * Makes what a new instance needs, inside the transaction that registers it; parameters are
	 * the application specific ones (tag C9). NULL: nothing to make.
	 */
	uint16_t (*install)(struct command *c, const struct registry_entry *instance,
			    struct view parameters);
	/* Removes it again, inside the transaction that deletes the entry. NULL: nothing to remove. */
	uint16_t (*uninstall)(struct command *c, const struct registry_entry *instance);
	/* Appends what SELECT answers. Any word but 9000 or a warning leaves it unselected. */
	uint16_t (*select)(struct command *c, const struct registry_entry *instance);
	/* Another application is selected on the channel, or it closes. NULL: nothing to forget. */
	void (*deselect)(struct channel *channel);
	/* The commands of a built-in kind, tables in order of precedence, NULL at the end. */
	const struct command_row *const *tables;
	/* Of a kind without tables: serves every command that is not the card's own. */
	uint16_t (*process)(struct command *c);
};

/* The kind by its number in the registry; NULL if this card has none such. */
const struct applet *applet_of(enum applet_kind kind);
/* Selects an instance on a channel: the one before is deselected. */
void applet_select(struct channel *channel, const struct registry_entry *instance);
/* Nothing is selected any more. */
void applet_deselect(struct channel *channel);

#endif
