/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio app: what is on a card, and how it gets there and goes; GlobalPlatform's card content
 * management, with a key set or with the host's certificate.
 */
#include "tools/app.h"

#include "tools/principal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 4 << 20, ENTRIES = 512, LOCKED = 0x80, DOMAIN = 0x80, BAR = 40 };

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* GPCS 11.1.1. */
static const char *life_cycle(const CK_INTAGLIO_CONTENT *e)
{
	switch (e->ulKind == CK_INTAGLIO_CONTENT_ISSUER ? e->lifeCycle | 0x100 : e->lifeCycle) {
	case 0x101:
		return "ready for the issuer";
	case 0x107:
		return "initialised";
	case 0x10F:
		return "secured";
	case 0x17F:
		return "card locked";
	case 0x1FF:
		return "terminated";
	case 0x01:
		return "loaded";
	case 0x03:
		return "installed";
	case 0x07:
		return "selectable";
	case 0x0F:
		return "personalised";
	default:
		return e->lifeCycle & LOCKED ? "locked" : "its own state";
	}
}

static const char *kind(const CK_INTAGLIO_CONTENT *e)
{
	if (e->ulKind == CK_INTAGLIO_CONTENT_ISSUER)
		return "card";
	if (e->ulKind == CK_INTAGLIO_CONTENT_FILE)
		return "package";
	return e->privileges[0] & DOMAIN ? "domain" : "application";
}

/* Whose it is, is said of what is not the issuer's. */
static void print_entry(const CK_INTAGLIO_CONTENT *e, const CK_INTAGLIO_AID *issuer)
{
	char aid[APP_AID_TEXT], file[APP_AID_TEXT], domain[APP_AID_TEXT], own[APP_AID_TEXT];

	app_aid_text(&e->aid, aid);
	app_aid_text(&e->file, file);
	printf("%-12s %-32s %s", kind(e), aid, life_cycle(e));
	if (e->ulKind == CK_INTAGLIO_CONTENT_FILE)
		printf(", version %u.%u", e->version[0], e->version[1]);
	else if (e->file.ulLen)
		printf(", from %s", file);
	app_aid_text(&e->domain, domain);
	app_aid_text(issuer, own);
	if (e->domain.ulLen && issuer->ulLen && strcmp(domain, own) != 0)
		printf(", of %s", domain);
	putchar('\n');
	for (CK_ULONG i = 0; i < e->ulModuleCount; i++) {
		app_aid_text(&e->modules[i], aid);
		printf("  module     %s\n", aid);
	}
}

static json_t *json_aid(const CK_INTAGLIO_AID *aid)
{
	char text[APP_AID_TEXT];

	app_aid_text(aid, text);
	return aid->ulLen ? json_string(text) : json_null();
}

static json_t *json_entry(const CK_INTAGLIO_CONTENT *e)
{
	char privileges[7];
	json_t *modules = json_array();

	tool_hex(e->privileges, sizeof(e->privileges), privileges);
	for (CK_ULONG i = 0; i < e->ulModuleCount; i++)
		json_array_append_new(modules, json_aid(&e->modules[i]));
	return json_pack("{s:s,s:o,s:s,s:i,s:s,s:o,s:o,s:o}", "kind", kind(e), "aid",
			 json_aid(&e->aid), "state", life_cycle(e), "lifeCycle", (int)e->lifeCycle,
			 "privileges", privileges, "domain", json_aid(&e->domain), "package",
			 json_aid(&e->file), "modules", modules);
}

static enum exit_code list(struct app *app)
{
	struct tool *tool = app->tool;
	CK_INTAGLIO_CONTENT *entries = calloc(ENTRIES, sizeof(*entries));
	CK_INTAGLIO_AID issuer = {.ulLen = 0};
	CK_ULONG count = ENTRIES;
	json_t *array = tool->json ? json_array() : NULL;
	CK_RV rv =
		entries ? tool->vendor->ListContent(tool->slot, app_channel(app), entries, &count)
			: CKR_HOST_MEMORY;

	if (rv == CKR_OK && count && entries[0].ulKind == CK_INTAGLIO_CONTENT_ISSUER)
		issuer = entries[0].aid;
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		if (array)
			json_array_append_new(array, json_entry(&entries[i]));
		else
			print_entry(&entries[i], &issuer);
	}
	free(entries);
	if (rv == CKR_OK && array)
		tool_print_json(array);
	else
		json_decref(array);
	return rv == CKR_OK ? EXIT_DONE : tool_failed(tool, "listing what is on the card", rv);
}

/* A bar on a terminal, and whether to go on. */
static CK_RV progress(void *arg, CK_ULONG done, CK_ULONG total)
{
	const struct app *app = arg;
	int filled = total ? (int)(done * BAR / total) : BAR;

	if (!app->tool->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r[%.*s%*s] %3lu %%%s", filled,
			"########################################", BAR - filled, "",
			total ? done * 100 / total : 100, done == total ? "\n" : "");
	return interrupted ? CKR_FUNCTION_CANCELED : CKR_OK;
}

static void print_installation(const struct app *app, const CK_INTAGLIO_INSTALLATION *in)
{
	char package[APP_AID_TEXT];

	app_aid_text(&in->package, package);
	if (app->tool->json) {
		tool_print_json(json_pack(
			"{s:s,s:b,s:I,s:I,s:I,s:I,s:I}", "package", package, "dryRun",
			(int)app->dry_run, "applications", (json_int_t)in->ulApplications, "blocks",
			(json_int_t)in->ulBlocks, "blockSize", (json_int_t)in->ulBlock, "sent",
			(json_int_t)in->ulSent, "received", (json_int_t)in->ulReceived));
		return;
	}
	if (app->package.ulLen)
		printf("package %s has one application more\n", package);
	else if (app->dry_run)
		printf("package %s would be loaded in %lu blocks and make %lu application%s; nothing "
		       "was changed\n",
		       package, in->ulBlocks, in->ulApplications,
		       in->ulApplications == 1 ? "" : "s");
	else
		printf("package %s is loaded, with %lu application%s\n", package,
		       in->ulApplications, in->ulApplications == 1 ? "" : "s");
}

static enum exit_code install(struct app *app, const struct buf *file)
{
	const struct sigaction action = {.sa_handler = interrupt};
	struct tool *tool = app->tool;
	CK_INTAGLIO_INSTALLATION in = {
		.pFile = file->data,
		.ulFileLen = file->len,
		.ulFlags = (app->dry_run ? CK_INTAGLIO_INSTALL_DRY_RUN : 0) |
			   (app->load_only ? CK_INTAGLIO_INSTALL_LOAD_ONLY : 0) |
			   (app->hash ? CK_INTAGLIO_INSTALL_HASH : 0),
		.package = app->package,
		.module = app->module,
		.instance = app->name,
		.pParameters = app->parameters,
		.ulParametersLen = app->parameters_len,
		.ulBlockSize = app->block_size,
		.Progress = progress,
		.pApplication = app,
	};
	CK_RV rv;

	memcpy(in.privileges, app->privileges, sizeof(in.privileges));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rv = tool->vendor->InstallContent(tool->slot, app_channel(app), &in);
	if (rv == CKR_FUNCTION_CANCELED) {
		fprintf(stderr, "intaglio: cancelled; the card is as it was before\n");
		return EXIT_CARD;
	}
	if (rv != CKR_OK)
		return tool_failed(tool, app->dry_run ? "trying the installation" : "installing",
				   rv);
	print_installation(app, &in);
	return EXIT_DONE;
}

/* What a verb does with the open card and its argument. */
typedef enum exit_code (*verb)(struct app *app, const char *argument);

static enum exit_code install_file(struct app *app, const char *path)
{
	static const struct buf none;
	enum exit_code code;
	struct buf file;

	if (app->package.ulLen)
		return install(app, &none);
	if (!file_read(path, FILE_SIZE_MAX, &file))
		return EXIT_FILE;
	code = install(app, &file);
	buf_free(&file);
	return code;
}

static enum exit_code list_all(struct app *app, const char *argument)
{
	(void)argument;
	return list(app);
}

static enum exit_code say(const struct app *app, const char *aid, const char *done)
{
	if (app->tool->json)
		tool_print_json(json_pack("{s:s,s:s}", "aid", aid, "state", done));
	else
		printf("%s is %s\n", aid, done);
	return EXIT_DONE;
}

static bool take_name(const char *argument, CK_INTAGLIO_AID *ret)
{
	if (app_aid(argument, ret))
		return true;
	fprintf(stderr,
		"intaglio: %s is no name: 5 to 16 bytes in hex, as intaglio app list has it\n",
		argument);
	return false;
}

static enum exit_code delete_one(struct app *app, const char *argument)
{
	struct tool *tool = app->tool;
	CK_INTAGLIO_AID aid;
	CK_RV rv;

	if (!take_name(argument, &aid))
		return EXIT_USAGE;
	rv = tool->vendor->DeleteContent(tool->slot, app_channel(app), &aid, app->related);
	return rv == CKR_OK ? say(app, argument, "deleted") : tool_failed(tool, argument, rv);
}

static enum exit_code move_one(struct app *app, const char *argument)
{
	struct tool *tool = app->tool;
	CK_INTAGLIO_AID aid;
	CK_RV rv;

	if (!take_name(argument, &aid) || !app->to.ulLen)
		return EXIT_USAGE;
	rv = tool->vendor->MoveContent(tool->slot, app_channel(app), &aid, &app->to);
	return rv == CKR_OK ? say(app, argument, "moved") : tool_failed(tool, argument, rv);
}

static enum exit_code lock(struct app *app, const char *argument, bool on)
{
	struct tool *tool = app->tool;
	CK_INTAGLIO_AID aid;
	CK_RV rv;

	if (!take_name(argument, &aid))
		return EXIT_USAGE;
	rv = tool->vendor->LockContent(tool->slot, app_channel(app), &aid, on);
	return rv == CKR_OK ? say(app, argument, on ? "locked" : "unlocked")
			    : tool_failed(tool, argument, rv);
}

static enum exit_code lock_one(struct app *app, const char *argument)
{
	return lock(app, argument, true);
}

static enum exit_code unlock_one(struct app *app, const char *argument)
{
	return lock(app, argument, false);
}

static void print_info(const CK_INTAGLIO_CARD_INFO *info)
{
	char text[2 * sizeof(info->productionData) + 1];

	app_aid_text(&info->domain, text);
	printf("security domain     %s\n", *text ? text : "-");
	if (info->version[0])
		printf("GlobalPlatform      %u.%u.%u\n", info->version[0], info->version[1],
		       info->version[2]);
	for (CK_ULONG i = 0; i < info->ulProtocolCount; i++)
		printf("secure channel      SCP%02X, i=%02X\n", info->protocols[i][0],
		       info->protocols[i][1]);
	if (info->ulCounterLen) {
		tool_hex(info->counter, info->ulCounterLen, text);
		printf("sequence counter    %s\n", text);
	}
	if (info->ulProductionDataLen) {
		tool_hex(info->productionData, info->ulProductionDataLen, text);
		printf("production data     %s\n", text);
	}
}

static json_t *json_info(const CK_INTAGLIO_CARD_INFO *info)
{
	char text[2 * sizeof(info->productionData) + 1], version[32];
	json_t *protocols = json_array();

	snprintf(version, sizeof(version), "%u.%u.%u", info->version[0], info->version[1],
		 info->version[2]);
	for (CK_ULONG i = 0; i < info->ulProtocolCount; i++)
		json_array_append_new(protocols,
				      json_pack("{s:i,s:i}", "protocol", (int)info->protocols[i][0],
						"i", (int)info->protocols[i][1]));
	tool_hex(info->productionData, info->ulProductionDataLen, text);
	return json_pack("{s:o,s:s,s:o,s:s}", "domain", json_aid(&info->domain), "version", version,
			 "protocols", protocols, "productionData", text);
}

static enum exit_code show_info(struct app *app, const char *argument)
{
	CK_INTAGLIO_CARD_INFO info;
	struct tool *tool = app->tool;
	CK_RV rv = tool->vendor->CardInfo(tool->slot, app_channel(app), &info);

	(void)argument;
	if (rv != CKR_OK)
		return tool_failed(tool, "asking the card", rv);
	if (tool->json)
		tool_print_json(json_info(&info));
	else
		print_info(&info);
	return EXIT_DONE;
}

static enum exit_code run(struct tool *tool, int argc, char **argv, int arguments, verb act)
{
	struct app app = {.tool = tool};
	enum exit_code code;

	if (!app_options(&app, argc, argv, &argc, &argv))
		return EXIT_USAGE;
	if (app.principal && app.target && app.application && act == install_file && argc == 0)
		return principal_install(&app);
	if (app.package.ulLen) {
		if (act != install_file || !app.module.ulLen || app.dry_run || app.load_only)
			return EXIT_USAGE;
		arguments = 0;
	}
	if (app.principal || app.target || app.application || argc != arguments)
		return EXIT_USAGE;
	code = app_open(&app);
	if (code == EXIT_DONE)
		code = act(&app, argv[0]);
	app_close(&app);
	return code;
}

enum exit_code app_list(struct tool *tool, int argc, char **argv)
{
	return run(tool, argc, argv, 0, list_all);
}

enum exit_code app_install(struct tool *tool, int argc, char **argv)
{
	return run(tool, argc, argv, 1, install_file);
}

enum exit_code app_delete(struct tool *tool, int argc, char **argv)
{
	return run(tool, argc, argv, 1, delete_one);
}

enum exit_code app_move(struct tool *tool, int argc, char **argv)
{
	return run(tool, argc, argv, 1, move_one);
}

enum exit_code app_lock(struct tool *tool, int argc, char **argv)
{
	return run(tool, argc, argv, 1, lock_one);
}

enum exit_code app_unlock(struct tool *tool, int argc, char **argv)
{
	return run(tool, argc, argv, 1, unlock_one);
}

enum exit_code app_info(struct tool *tool, int argc, char **argv)
{
	return run(tool, argc, argv, 0, show_info);
}
