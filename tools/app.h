/* SPDX-License-Identifier: BSD-2-Clause */
/* What intaglio app and intaglio card keys share: their options, key set files and names. */
#ifndef INTAGLIO_TOOLS_APP_H
#define INTAGLIO_TOOLS_APP_H

#include "tools/tool.h"

struct app {
	struct tool *tool;
	/* Options as given. */
	bool dry_run, related, load_only, hash;
	const char *file; /* --keys */
	const char *put; /* --put */
	CK_ULONG replaces, deletes; /* versions of key sets; 0: none */
	CK_ULONG block_size;
	CK_INTAGLIO_AID module, name, domain, package, to;
	bool yes;
	CK_BYTE privileges[3];
	CK_BYTE parameters[240];
	CK_ULONG parameters_len;
	/* Through a principal card. */
	const char *principal, *target;
	CK_ULONG application, version;
	bool s16;
	/* The key set of --keys; has_keys: channel is to be used, else NULL. */
	CK_INTAGLIO_KEY_SET keys;
	bool has_keys;
};

enum { APP_AID_TEXT = 2 * 16 + 1 };

/*
 * Options after the two words; argv[0] is the verb. The arguments behind them are left in *ret_args.
 * False: said, or usage.
 */
bool app_options(struct app *app, int argc, char **argv, int *ret_argc, char ***ret_args);
/* Reads the key set and finds the slot; says what is wrong. */
enum exit_code app_open(struct app *app);
/* Wipes the keys and closes the module. */
void app_close(struct app *app);
/* The channel for the vendor interface. */
const CK_INTAGLIO_KEY_SET *app_channel(const struct app *app);

/* A key set file, see intaglio(1). False, and a sentence, if it cannot be used. Wipe ret. */
bool keyset_read(const char *path, CK_INTAGLIO_KEY_SET *ret);

/* Hexadecimal digits of at most max bytes; false if it is something else. */
bool app_hex(const char *text, CK_BYTE *ret, CK_ULONG max, CK_ULONG *ret_len);
bool app_aid(const char *text, CK_INTAGLIO_AID *ret);
/* Upper case, as names of applications are written. */
void app_aid_text(const CK_INTAGLIO_AID *aid, char ret[APP_AID_TEXT]);

#endif
