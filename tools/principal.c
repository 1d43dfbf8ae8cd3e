/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio principal: what an issuer puts on a principal card, and installations through one;
 * doc/principal.md.
 */
#include "tools/principal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

enum {
	NUMBER_MAX = 4095,
	COUNT_MAX = 1000000000,
	FILE_SIZE_MAX = 4 << 20,
	BAR = 40,
	SCP02 = 2,
	SCP03 = 3,
	I_15 = 0x15,
};

static enum exit_code say(struct tool *tool, const char *sentence)
{
	if (tool->json)
		tool_print_json(json_pack("{s:s}", "done", sentence));
	else
		puts(sentence);
	return EXIT_DONE;
}

/* Reads the options, and a verb's arguments; then opens the card. */
static enum exit_code begin(struct principal_options *o, int argc, char **argv, int least, int most,
			    int *ret_argc, char ***ret_args)
{
	if (!principal_read_options(o, argc, argv, ret_argc, ret_args) || *ret_argc < least ||
	    *ret_argc > most)
		return EXIT_USAGE;
	return EXIT_DONE;
}

static enum exit_code end(struct tool *tool, const char *what, CK_RV rv, const char *sentence)
{
	enum exit_code code = rv == CKR_OK ? say(tool, sentence) : tool_failed(tool, what, rv);

	tool_close(tool);
	return code;
}

enum exit_code principal_create(struct tool *tool, int argc, char **argv)
{
	struct principal_options o = {.tool = tool};
	enum exit_code code = begin(&o, argc, argv, 0, 0, &argc, &argv);

	if (code == EXIT_DONE)
		code = principal_open(&o);
	if (code != EXIT_DONE) {
		tool_close(tool);
		return code;
	}
	return end(tool, "making a principal card", tool->vendor->PrincipalCreate(tool->slot),
		   "the card is a principal card");
}

static bool read_keys(const struct principal_options *o, const char *path,
		      CK_INTAGLIO_TARGET_KEYS *ret)
{
	CK_INTAGLIO_KEY_SET set;
	bool good = keyset_read(path, &set);

	if (good && set.ulMasters > CK_INTAGLIO_MASTERS_OWN) {
		fprintf(stderr,
			"intaglio: %s: a principal card derives a target's keys in its own way, "
			"masters = yes, and in no other\n",
			path);
		good = false;
	}
	if (good && !set.ulProtocol) {
		fprintf(stderr, "intaglio: %s: a line says protocol = scp02 or scp03\n", path);
		good = false;
	}
	if (good) {
		ret->ulProtocol = set.ulProtocol;
		ret->ulOption = set.ulProtocol == SCP02 ? (o->option ? o->option : I_15) : 0;
		ret->ulVersion = set.ulVersion;
		ret->ulBlockSize = o->block_size;
		ret->ulKeyLen = set.ulKeyLen;
		ret->ulFlags = (o->shared ? CK_INTAGLIO_TARGET_SHARED : 0) |
			       (o->class_84 ? CK_INTAGLIO_TARGET_CLASS_84 : 0);
		memcpy(ret->keys, set.keys, sizeof(ret->keys));
	}
	secret_wipe(&set, sizeof(set));
	return good;
}

enum exit_code principal_keys(struct tool *tool, int argc, char **argv)
{
	struct principal_options o = {.tool = tool};
	CK_INTAGLIO_TARGET_KEYS keys = {.ulKeyLen = 0};
	enum exit_code code = begin(&o, argc, argv, 1, 2, &argc, &argv);
	char sentence[64];
	CK_RV rv;

	if (code != EXIT_DONE || (argc == 1) != o.remove)
		return EXIT_USAGE;
	if (!principal_number(argv[0], "the key set", 1, 16, &keys.ulNumber))
		return EXIT_USAGE;
	if (argc == 2 && !read_keys(&o, argv[1], &keys))
		return EXIT_FILE;
	code = principal_open(&o);
	rv = code == EXIT_DONE ? tool->vendor->PrincipalPutKeys(tool->slot, &keys) : CKR_OK;
	snprintf(sentence, sizeof(sentence), "key set %lu is %s", keys.ulNumber,
		 o.remove ? "deleted" : "on the principal card");
	secret_wipe(&keys, sizeof(keys));
	if (code == EXIT_DONE)
		return end(tool, "putting the key set", rv, sentence);
	tool_close(tool);
	return code;
}

static CK_RV progress(void *arg, CK_ULONG done, CK_ULONG total)
{
	const struct tool *tool = arg;
	int filled = total ? (int)(done * BAR / total) : BAR;

	if (!tool->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r[%.*s%*s] %3lu %%%s", filled,
			"########################################", BAR - filled, "",
			total ? done * 100 / total : 100, done == total ? "\n" : "");
	return principal_is_cancelled() ? CKR_FUNCTION_CANCELED : CKR_OK;
}

static enum exit_code load(struct principal_options *o, CK_ULONG number, CK_INTAGLIO_FILE *files,
			   CK_ULONG count)
{
	struct tool *tool = o->tool;
	CK_INTAGLIO_PRINCIPAL_LOAD in = {
		.ulNumber = number,
		.ulKeySet = o->key_set,
		.ulFlags = (o->hash ? CK_INTAGLIO_PRINCIPAL_HASH : 0) |
			   (o->keep ? CK_INTAGLIO_PRINCIPAL_KEEP : 0),
		.pFiles = files,
		.ulFileCount = count,
		.domain = o->domain,
		.module = o->module,
		.instance = o->name,
		.pParameters = o->parameters,
		.ulParametersLen = o->parameters_len,
		.Progress = progress,
		.pApplication = tool,
	};
	char sentence[96];
	CK_RV rv;

	memcpy(in.privileges, o->privileges, sizeof(in.privileges));
	principal_listen();
	rv = tool->vendor->PrincipalLoad(tool->slot, &in);
	if (rv == CKR_FUNCTION_CANCELED) {
		fprintf(stderr, "intaglio: cancelled; the principal card has what it had before\n");
		tool_close(tool);
		return EXIT_CARD;
	}
	snprintf(sentence, sizeof(sentence),
		 "application %lu is on the principal card: %lu file%s, "
		 "%lu installation%s",
		 number, count, count == 1 ? "" : "s", in.ulInstalls,
		 in.ulInstalls == 1 ? "" : "s");
	return end(tool, "loading the application", rv, sentence);
}

enum exit_code principal_load(struct tool *tool, int argc, char **argv)
{
	struct principal_options o = {.tool = tool};
	CK_INTAGLIO_FILE files[CK_INTAGLIO_PRINCIPAL_FILES_MAX];
	struct buf bytes[CK_INTAGLIO_PRINCIPAL_FILES_MAX];
	enum exit_code code =
		begin(&o, argc, argv, 2, 1 + (int)CK_INTAGLIO_PRINCIPAL_FILES_MAX, &argc, &argv);
	CK_ULONG number, count = 0;

	if (code != EXIT_DONE ||
	    !principal_number(argv[0], "the application", 1, NUMBER_MAX, &number))
		return EXIT_USAGE;
	while (code == EXIT_DONE && count + 1 < (CK_ULONG)argc) {
		const char *path = argv[count + 1];

		if (!file_read(path, FILE_SIZE_MAX, &bytes[count])) {
			code = EXIT_FILE;
			break;
		}
		files[count] = (CK_INTAGLIO_FILE){path, bytes[count].data, bytes[count].len};
		count++;
	}
	if (code == EXIT_DONE)
		code = principal_open(&o);
	if (code == EXIT_DONE)
		code = load(&o, number, files, count);
	else
		tool_close(tool);
	for (CK_ULONG i = 0; i < count; i++)
		buf_free(&bytes[i]);
	return code;
}

enum exit_code principal_unload(struct tool *tool, int argc, char **argv)
{
	struct principal_options o = {.tool = tool};
	enum exit_code code = begin(&o, argc, argv, 1, 1, &argc, &argv);
	CK_ULONG number;
	char sentence[64];

	if (code != EXIT_DONE ||
	    !principal_number(argv[0], "the application", 1, NUMBER_MAX, &number))
		return EXIT_USAGE;
	code = principal_open(&o);
	if (code != EXIT_DONE) {
		tool_close(tool);
		return code;
	}
	snprintf(sentence, sizeof(sentence), "application %lu is off the principal card", number);
	return end(tool, "taking the application off",
		   tool->vendor->PrincipalUnload(tool->slot, number), sentence);
}

/* What there is now. */
static enum exit_code say_left(struct tool *tool, CK_ULONG number)
{
	CK_INTAGLIO_PRINCIPAL_STATUS s;
	CK_ULONG left = 0, serial = 0;
	CK_RV rv = principal_read_status(tool, 0, &s);

	if (rv != CKR_OK)
		return tool_failed(tool, "asking what is left", rv);
	for (CK_ULONG i = 0; i < s.ulCounterCount; i++) {
		if (s.pCounters[i].ulNumber != number)
			continue;
		left = s.pCounters[i].ulLeft;
		serial = s.pCounters[i].ulSerial;
	}
	principal_free_status(&s);
	if (tool->json)
		tool_print_json(json_pack("{s:I,s:I,s:I}", "application", (json_int_t)number,
					  "left", (json_int_t)left, "serial", (json_int_t)serial));
	else
		printf("application %lu has %lu activation%s left, after charge %lu\n", number,
		       left, left == 1 ? "" : "s", serial);
	return EXIT_DONE;
}

enum exit_code principal_charge(struct tool *tool, int argc, char **argv)
{
	struct principal_options o = {.tool = tool};
	enum exit_code code = begin(&o, argc, argv, 2, 2, &argc, &argv);
	CK_ULONG number, count;
	CK_RV rv;

	if (code != EXIT_DONE ||
	    !principal_number(argv[0], "the application", 1, NUMBER_MAX, &number) ||
	    !principal_number(argv[1], "how many", 1, COUNT_MAX, &count))
		return EXIT_USAGE;
	code = principal_open(&o);
	if (code == EXIT_DONE) {
		rv = tool->vendor->PrincipalCharge(tool->slot, number, o.serial, count);
		code = rv == CKR_OK ? say_left(tool, number)
				    : tool_failed(tool, "charging the principal card", rv);
	}
	tool_close(tool);
	return code;
}

enum exit_code principal_trim(struct tool *tool, int argc, char **argv)
{
	struct principal_options o = {.tool = tool};
	enum exit_code code = begin(&o, argc, argv, 1, 1, &argc, &argv);
	char sentence[80];
	CK_ULONG sequence;

	if (code != EXIT_DONE || !principal_number(argv[0], "the entry", 1, COUNT_MAX, &sequence))
		return EXIT_USAGE;
	code = principal_open(&o);
	if (code != EXIT_DONE) {
		tool_close(tool);
		return code;
	}
	snprintf(sentence, sizeof(sentence), "the trail begins with entry %lu", sequence);
	return end(tool, "taking entries off the trail",
		   tool->vendor->PrincipalTrim(tool->slot, sequence), sentence);
}

enum exit_code principal_give_up(struct tool *tool, int argc, char **argv)
{
	struct principal_options o = {.tool = tool};
	enum exit_code code = begin(&o, argc, argv, 0, 0, &argc, &argv);

	if (code == EXIT_DONE)
		code = principal_open(&o);
	if (code != EXIT_DONE) {
		tool_close(tool);
		return code;
	}
	return end(tool, "giving the pending installation up",
		   tool->vendor->PrincipalGiveUp(tool->slot),
		   "the pending installation is given up; the next one on its card is charged");
}

/* What Progress sees. */
struct counted {
	const struct tool *tool;
	const CK_INTAGLIO_TRANSFER *transfer;
};

/* How many there will be is the principal's secret. */
static CK_RV count(void *arg, CK_ULONG done, CK_ULONG total)
{
	const struct counted *c = arg;
	const char *waits = "; waiting for another installation";

	if (!c->tool->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%lu commands carried%-*s%s", done, (int)strlen(waits),
			c->transfer->bWaiting ? waits : "", total ? "\n" : "");
	return principal_is_cancelled() ? CKR_FUNCTION_CANCELED : CKR_OK;
}

static void print_transfer(const struct app *app, const CK_INTAGLIO_TRANSFER *t)
{
	char target[2 * sizeof(t->target) + 1];

	tool_hex(t->target, sizeof(t->target), target);
	if (app->tool->json)
		tool_print_json(json_pack("{s:I,s:s,s:b,s:I,s:I,s:I}", "application",
					  (json_int_t)t->ulApplication, "target", target, "dryRun",
					  (int)app->dry_run, "commands", (json_int_t)t->ulCommands,
					  "sent", (json_int_t)t->ulSent, "received",
					  (json_int_t)t->ulReceived));
	else if (app->dry_run)
		printf("application %lu would be installed on card %s; nothing was changed\n",
		       t->ulApplication, target);
	else
		printf("application %lu is installed on card %s\n", t->ulApplication, target);
}

/* The slots of both cards. */
static enum exit_code choose_both(struct app *app, CK_SLOT_ID *ret_principal)
{
	struct principal_options o = {.tool = app->tool};
	enum exit_code code;

	app->tool->card = app->principal;
	code = principal_open(&o);
	if (code != EXIT_DONE)
		return code;
	*ret_principal = app->tool->slot;
	app->tool->card = app->target;
	code = tool_choose(app->tool);
	if (code == EXIT_DONE && app->tool->slot == *ret_principal) {
		fprintf(stderr, "intaglio: principal card and target are one and the same\n");
		code = EXIT_CARD;
	}
	return code;
}

enum exit_code principal_install(struct app *app)
{
	struct counted counted = {.tool = app->tool};
	CK_INTAGLIO_TRANSFER t = {
		.ulApplication = app->application,
		.ulFlags = app->dry_run ? CK_INTAGLIO_INSTALL_DRY_RUN : 0,
		.ulVersion = app->version,
		.bS16 = app->s16,
		.domain = app->domain,
		.Progress = count,
		.pApplication = &counted,
	};
	CK_SLOT_ID principal = 0;
	enum exit_code code = choose_both(app, &principal);
	CK_RV rv;

	counted.transfer = &t;
	if (code == EXIT_DONE) {
		principal_listen();
		rv = app->tool->vendor->PrincipalInstall(principal, app->tool->slot, &t);
		if (rv == CKR_OK)
			print_transfer(app, &t);
		else if (rv == CKR_FUNCTION_CANCELED)
			fprintf(stderr, "intaglio: cancelled; nothing is charged\n");
		else
			tool_failed(app->tool, "installing", rv);
		code = rv == CKR_OK ? EXIT_DONE : EXIT_CARD;
	}
	tool_close(app->tool);
	return code;
}
