/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio card keys: which key sets a security domain has; puts, replaces and deletes one. */
#include <stdio.h>

#include "base/secret.h"
#include "tools/app.h"

enum { TYPE_AES = 0x88, TYPE_DES = 0x80 };

static const char *type_name(CK_BYTE type)
{
	return type == TYPE_AES ? "AES" : type == TYPE_DES ? "triple DES" : "another kind";
}

static enum exit_code list(struct app *app)
{
	CK_INTAGLIO_CARD_INFO info;
	struct tool *tool = app->tool;
	json_t *array = tool->json ? json_array() : NULL;
	CK_RV rv = tool->vendor->CardInfo(tool->slot, app_channel(app), &info);

	for (CK_ULONG i = 0; rv == CKR_OK && i < info.ulKeyCount; i++) {
		const CK_BYTE *key = info.keys[i];

		if (array)
			json_array_append_new(array,
					      json_pack("{s:i,s:i,s:s,s:i}", "version", (int)key[1],
							"identifier", (int)key[0], "type",
							type_name(key[2]), "bytes", (int)key[3]));
		else
			printf("version %02X  key %u  %s, %u bytes\n", key[1], key[0],
			       type_name(key[2]), key[3]);
	}
	if (rv == CKR_OK && array)
		tool_print_json(array);
	else
		json_decref(array);
	if (rv == CKR_OK && !tool->json && !info.ulKeyCount)
		printf("no key sets\n");
	return rv == CKR_OK ? EXIT_DONE : tool_failed(tool, "asking for the card's keys", rv);
}

static enum exit_code say(const struct app *app, CK_ULONG version, const char *done)
{
	if (app->tool->json)
		tool_print_json(
			json_pack("{s:I,s:s}", "version", (json_int_t)version, "state", done));
	else
		printf("key set %02lX is %s\n", version, done);
	return EXIT_DONE;
}

static enum exit_code put(struct app *app)
{
	CK_INTAGLIO_KEY_SET fresh;
	struct tool *tool = app->tool;
	CK_ULONG version;
	CK_RV rv;

	if (!keyset_read(app->put, &fresh))
		return EXIT_FILE;
	version = fresh.ulVersion;
	rv = tool->vendor->PutKeys(tool->slot, app_channel(app), &fresh, app->replaces);
	secret_wipe(&fresh, sizeof(fresh));
	return rv == CKR_OK ? say(app, version, "on the card")
			    : tool_failed(tool, "putting the key set", rv);
}

enum exit_code card_keys(struct tool *tool, int argc, char **argv)
{
	struct app app = {.tool = tool};
	enum exit_code code;
	CK_RV rv;

	if (!app_options(&app, argc, argv, &argc, &argv) || argc != 0 || (app.put && app.deletes))
		return EXIT_USAGE;
	code = app_open(&app);
	if (code == EXIT_DONE && app.put) {
		code = put(&app);
	} else if (code == EXIT_DONE && app.deletes) {
		rv = tool->vendor->DeleteKeys(tool->slot, app_channel(&app), app.deletes);
		code = rv == CKR_OK ? say(&app, app.deletes, "deleted")
				    : tool_failed(tool, "deleting the key set", rv);
	} else if (code == EXIT_DONE) {
		code = list(&app);
	}
	app_close(&app);
	return code;
}
