/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of applications that this card has, and which of them a channel has selected. */
#include "card/applet.h"
#include "card/application.h"
#include "card/commands.h"
#include "card/domain.h"
#include "card/keyed.h"
#include "card/manager.h"
#include "card/pkcs15.h"
#include "card/principal.h"

enum { SW_NOT_SELECTABLE = 0x6999 };

/* Downloaded code: registered and listed, but there is nothing yet that could run it. */
static uint16_t loaded_select(struct command *c, const struct registry_entry *instance)
{
	(void)c;
	(void)instance;
	return SW_NOT_SELECTABLE;
}

static const struct command_row *const domain_tables[] = {domain_commands, core_commands, NULL};

static const struct command_row *const pkcs15_tables[] = {pkcs15_commands, pin_commands,
							  core_commands, NULL};

static const struct command_row *const principal_tables[] = {principal_commands, core_commands,
							     NULL};

static const struct applet applets[] = {
	[APPLET_TOKEN] = {.name = "token", .select = application_select, .tables = command_tables},
	[APPLET_DOMAIN] = {.name = "security domain",
			   .install = domain_install,
			   .select = domain_select,
			   .tables = domain_tables},
	[APPLET_LOADED] = {.name = "loaded application", .select = loaded_select},
	[APPLET_PKCS15] = {.name = "PKCS#15",
			   .select = pkcs15_select,
			   .deselect = pkcs15_deselect,
			   .tables = pkcs15_tables},
	[APPLET_PRINCIPAL] = {.name = "principal card",
			      .install = principal_install,
			      .uninstall = principal_uninstall,
			      .select = principal_select,
			      .deselect = principal_deselect,
			      .tables = principal_tables},
};

const struct applet *applet_of(enum applet_kind kind)
{
	if (kind <= APPLET_NONE || (size_t)kind >= sizeof(applets) / sizeof(applets[0]))
		return NULL;
	return &applets[kind];
}

/* A session from a key set is with one security domain; GPCS E.1.6. */
static void end_keyed(struct channel *channel)
{
	if (keyed_is_up(channel->keyed))
		channel->roles = 0;
	keyed_reset(channel->keyed);
}

void applet_deselect(struct channel *channel)
{
	end_keyed(channel);
	manager_reset(channel->manager);
	if (channel->applet && channel->applet->deselect)
		channel->applet->deselect(channel);
	channel->applet = NULL;
	channel->application = 0;
}

void applet_select(struct channel *channel, const struct registry_entry *instance)
{
	applet_deselect(channel);
	channel->applet = applet_of(instance->applet);
	channel->application = instance->number;
}
