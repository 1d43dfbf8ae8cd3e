/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio card: the cards there are. */
#include "tools/tool.h"

#include <stdio.h>

#include <p11-kit/p11-kit.h>

static const char *pin_state(CK_FLAGS flags)
{
	if (!(flags & CKF_TOKEN_INITIALIZED))
		return "not initialised";
	if (!(flags & CKF_USER_PIN_INITIALIZED))
		return "no user PIN";
	if (flags & CKF_USER_PIN_LOCKED)
		return "user PIN locked";
	if (flags & CKF_USER_PIN_FINAL_TRY)
		return "one PIN try left";
	return "ready";
}

static void list_one(struct tool *tool, CK_SLOT_ID slot, json_t *array)
{
	char name[80] = "", label[40] = "", serial[20] = "";
	CK_SLOT_INFO info;
	CK_TOKEN_INFO token;
	const char *state = "no card";
	CK_RV rv;

	if (tool->p11->C_GetSlotInfo(slot, &info) != CKR_OK)
		return;
	tool_text(info.slotDescription, sizeof(info.slotDescription), name, sizeof(name));
	rv = tool->p11->C_GetTokenInfo(slot, &token);
	if (rv == CKR_OK) {
		tool_text(token.label, sizeof(token.label), label, sizeof(label));
		tool_text(token.serialNumber, sizeof(token.serialNumber), serial, sizeof(serial));
		state = pin_state(token.flags);
	} else if (rv != CKR_TOKEN_NOT_PRESENT) {
		state = p11_kit_strerror(rv);
	}
	if (array)
		json_array_append_new(array, json_pack("{s:I,s:s,s:s,s:s,s:s}", "slot",
						       (json_int_t)slot, "name", name, "label",
						       label, "serial", serial, "state", state));
	else
		printf("%2lu  %-36s %-20s %-16s %s\n", slot, name, *label ? label : "-",
		       *serial ? serial : "-", state);
}

enum exit_code card_list(struct tool *tool, int argc, char **argv)
{
	CK_SLOT_ID slots[64];
	CK_ULONG count = sizeof(slots) / sizeof(slots[0]);
	enum exit_code code;
	json_t *array;
	CK_RV rv;

	(void)argv;
	if (argc != 0)
		return EXIT_USAGE;
	code = tool_load(tool);
	if (code != EXIT_DONE)
		return code;
	rv = tool->p11->C_GetSlotList(CK_FALSE, slots, &count);
	if (rv != CKR_OK)
		return tool_failed(tool, "listing the cards", rv);
	array = tool->json ? json_array() : NULL;
	for (CK_ULONG i = 0; i < count; i++)
		list_one(tool, slots[i], array);
	if (array)
		tool_print_json(array);
	return EXIT_DONE;
}
