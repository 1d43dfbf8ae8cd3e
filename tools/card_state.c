/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio card initialise, secure, lock, unlock, terminate: the card's own life cycle, GPCS 5.1.1. */
#include <stdio.h>
#include <string.h>

#include "tools/app.h"

enum { LINE = 32 };

/* The word, typed, before what cannot be undone. */
static bool is_confirmed(const struct app *app)
{
	const char *name = app->tool->card;
	char line[LINE] = "";

	if (app->yes)
		return true;
	fprintf(stderr,
		"%s%s will be terminated: nothing on it can be used or changed ever again.\n"
		"Type terminate to go on: ",
		name ? "The card " : "The first card", name ? name : "");
	if (fgets(line, sizeof(line), stdin) && strcmp(line, "terminate\n") == 0)
		return true;
	fprintf(stderr, "\nintaglio: nothing was done; --yes terminates without being asked\n");
	return false;
}

static enum exit_code say(const struct app *app, const char *state)
{
	if (app->tool->json)
		tool_print_json(json_pack("{s:s}", "state", state));
	else
		printf("the card is %s\n", state);
	return EXIT_DONE;
}

static enum exit_code change(struct tool *tool, int argc, char **argv, CK_ULONG what,
			     const char *state)
{
	struct app app = {.tool = tool};
	enum exit_code code;
	CK_RV rv;

	if (!app_options(&app, argc, argv, &argc, &argv) || argc != 0)
		return EXIT_USAGE;
	code = app_open(&app);
	if (code == EXIT_DONE && what == CK_INTAGLIO_CARD_TERMINATE && !is_confirmed(&app))
		code = EXIT_CARD;
	if (code == EXIT_DONE) {
		rv = tool->vendor->ChangeCard(tool->slot, app_channel(&app), what);
		code = rv == CKR_OK ? say(&app, state)
				    : tool_failed(tool, "changing the card's state", rv);
	}
	app_close(&app);
	return code;
}

enum exit_code card_initialise(struct tool *tool, int argc, char **argv)
{
	return change(tool, argc, argv, CK_INTAGLIO_CARD_INITIALISE, "initialised");
}

enum exit_code card_secure(struct tool *tool, int argc, char **argv)
{
	return change(tool, argc, argv, CK_INTAGLIO_CARD_SECURE, "secured");
}

enum exit_code card_lock(struct tool *tool, int argc, char **argv)
{
	return change(tool, argc, argv, CK_INTAGLIO_CARD_LOCK, "locked");
}

enum exit_code card_unlock(struct tool *tool, int argc, char **argv)
{
	return change(tool, argc, argv, CK_INTAGLIO_CARD_UNLOCK, "secured");
}

enum exit_code card_terminate(struct tool *tool, int argc, char **argv)
{
	return change(tool, argc, argv, CK_INTAGLIO_CARD_TERMINATE, "terminated");
}
