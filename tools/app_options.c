/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and names of intaglio app and intaglio card keys. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "tools/app.h"

enum { VENDOR_MINOR = 5 };

static const struct option options[] = {
	{"module", required_argument, NULL, 'm'},
	{"card", required_argument, NULL, 'c'},
	{"keys", required_argument, NULL, 'k'},
	{"domain", required_argument, NULL, 'd'},
	{"json", no_argument, NULL, 'j'},
	{"dry-run", no_argument, NULL, 'n'},
	{"related", no_argument, NULL, 'r'},
	{"load-only", no_argument, NULL, 'l'},
	{"hash", no_argument, NULL, 'h'},
	{"applet", required_argument, NULL, 'a'},
	{"name", required_argument, NULL, 'N'},
	{"package", required_argument, NULL, 'g'},
	{"to", required_argument, NULL, 'T'},
	{"yes", no_argument, NULL, 'y'},
	{"privileges", required_argument, NULL, 'p'},
	{"parameters", required_argument, NULL, 'P'},
	{"block-size", required_argument, NULL, 'b'},
	{"put", required_argument, NULL, 'u'},
	{"replace", required_argument, NULL, 'R'},
	{"delete", required_argument, NULL, 'D'},
	{"principal", required_argument, NULL, 'i'},
	{"target", required_argument, NULL, 't'},
	{"application", required_argument, NULL, 'A'},
	{"version", required_argument, NULL, 'v'},
	{"s16", no_argument, NULL, '6'},
	{NULL, 0, NULL, 0},
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

bool app_hex(const char *text, CK_BYTE *ret, CK_ULONG max, CK_ULONG *ret_len)
{
	CK_ULONG len = 0;

	for (; *text; text += 2) {
		int high = digit(text[0]), low = text[1] ? digit(text[1]) : -1;

		if (high < 0 || low < 0 || len == max)
			return false;
		ret[len++] = (CK_BYTE)(high << 4 | low);
	}
	*ret_len = len;
	return true;
}

bool app_aid(const char *text, CK_INTAGLIO_AID *ret)
{
	return app_hex(text, ret->bytes, sizeof(ret->bytes), &ret->ulLen) && ret->ulLen >= 5;
}

void app_aid_text(const CK_INTAGLIO_AID *aid, char ret[APP_AID_TEXT])
{
	size_t len = aid->ulLen < sizeof(aid->bytes) ? aid->ulLen : sizeof(aid->bytes);

	tool_hex(aid->bytes, len, ret);
	for (char *c = ret; *c; c++)
		if (*c >= 'a')
			*c = (char)(*c - 'a' + 'A');
}

static bool parse_number(const char *text, int base, CK_ULONG min, CK_ULONG max, CK_ULONG *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, base);
	return !errno && *text != '-' && *text && !*end && *ret >= min && *ret <= max;
}

static bool parse_privileges(const char *text, CK_BYTE ret[3])
{
	CK_ULONG len;

	return app_hex(text, ret, 3, &len) && (len == 1 || len == 3);
}

static bool bad(const char *sentence)
{
	fprintf(stderr, "intaglio: %s\n", sentence);
	return false;
}

static bool take_value(struct app *app, int option)
{
	switch (option) {
	case 'd':
		return app_aid(optarg, &app->domain) || bad("--domain takes 5 to 16 bytes in hex");
	case 'a':
		return app_aid(optarg, &app->module) || bad("--applet takes 5 to 16 bytes in hex");
	case 'N':
		return app_aid(optarg, &app->name) || bad("--name takes 5 to 16 bytes in hex");
	case 'g':
		return app_aid(optarg, &app->package) ||
		       bad("--package takes 5 to 16 bytes in hex");
	case 'T':
		return app_aid(optarg, &app->to) || bad("--to takes 5 to 16 bytes in hex");
	case 'p':
		return parse_privileges(optarg, app->privileges) ||
		       bad("--privileges takes one byte or three in hex");
	case 'P':
		return app_hex(optarg, app->parameters, sizeof(app->parameters),
			       &app->parameters_len) ||
		       bad("--parameters takes at most 240 bytes in hex");
	case 'b':
		return parse_number(optarg, 10, 16, 32000, &app->block_size) ||
		       bad("--block-size takes a number of bytes from 16 to 32000");
	case 'R':
		return parse_number(optarg, 16, 1, 0xFF, &app->replaces) ||
		       bad("--replace takes a key set's version in hex");
	case 'A':
		return parse_number(optarg, 10, 1, 0xFFFF, &app->application) ||
		       bad("--application takes its number on the principal card");
	case 'v':
		return parse_number(optarg, 16, 1, 0xFF, &app->version) ||
		       bad("--version takes a key set's version in hex");
	case 'D':
		return parse_number(optarg, 16, 1, 0xFF, &app->deletes) ||
		       bad("--delete takes a key set's version in hex");
	default:
		return false;
	}
}

static bool take(struct app *app, int option)
{
	switch (option) {
	case 'm':
		app->tool->module_path = optarg;
		return true;
	case 'c':
		app->tool->card = optarg;
		return true;
	case 'k':
		app->file = optarg;
		return true;
	case 'u':
		app->put = optarg;
		return true;
	case 'j':
		app->tool->json = true;
		return true;
	case 'n':
		app->dry_run = true;
		return true;
	case 'r':
		app->related = true;
		return true;
	case 'l':
		app->load_only = true;
		return true;
	case 'h':
		app->hash = true;
		return true;
	case 'y':
		app->yes = true;
		return true;
	case 'i':
		app->principal = optarg;
		return true;
	case 't':
		app->target = optarg;
		return true;
	case '6':
		app->s16 = true;
		return true;
	default:
		return take_value(app, option);
	}
}

bool app_options(struct app *app, int argc, char **argv, int *ret_argc, char ***ret_args)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take(app, option))
			return false;
	*ret_argc = argc - optind;
	*ret_args = argv + optind;
	return true;
}

enum exit_code app_open(struct app *app)
{
	enum exit_code code;

	if (app->file && !keyset_read(app->file, &app->keys))
		return EXIT_FILE;
	app->has_keys = app->file || app->domain.ulLen;
	if (app->domain.ulLen)
		app->keys.domain = app->domain;
	code = tool_choose(app->tool);
	if (code == EXIT_DONE)
		code = tool_needs_vendor(app->tool);
	if (code == EXIT_DONE && app->tool->vendor->version.minor < VENDOR_MINOR) {
		fprintf(stderr, "intaglio: this needs a newer module of Intaglio\n");
		code = EXIT_CARD;
	}
	return code;
}

void app_close(struct app *app)
{
	secret_wipe(&app->keys, sizeof(app->keys));
	tool_close(app->tool);
}

const CK_INTAGLIO_KEY_SET *app_channel(const struct app *app)
{
	return app->has_keys ? &app->keys : NULL;
}
