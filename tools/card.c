/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio card: the cards there are. */
#include "tools/tool.h"

#include <stdio.h>
#include <stdlib.h>

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

/* Prints a card's row. EXIT_CARD, and the reason under the row, if there is one that cannot be used. */
static enum exit_code list_one(struct tool *tool, CK_SLOT_ID slot, json_t *array)
{
	char name[80] = "", label[40] = "", serial[20] = "";
	enum exit_code code = EXIT_DONE;
	CK_SLOT_INFO info;
	CK_TOKEN_INFO token;
	const char *state = "no card";
	CK_RV rv;

	if (tool->p11->C_GetSlotInfo(slot, &info) != CKR_OK)
		return EXIT_DONE;
	tool_text(info.slotDescription, sizeof(info.slotDescription), name, sizeof(name));
	rv = tool->p11->C_GetTokenInfo(slot, &token);
	if (rv == CKR_OK) {
		tool_text(token.label, sizeof(token.label), label, sizeof(label));
		tool_text(token.serialNumber, sizeof(token.serialNumber), serial, sizeof(serial));
		state = pin_state(token.flags);
	} else if (rv != CKR_TOKEN_NOT_PRESENT) {
		state = "cannot be used";
		code = EXIT_CARD;
	}
	if (array)
		json_array_append_new(array, json_pack("{s:I,s:s,s:s,s:s,s:s}", "slot",
						       (json_int_t)slot, "name", name, "label",
						       label, "serial", serial, "state", state));
	else
		printf("%2lu  %-36s %-20s %-16s %s\n", slot, name, *label ? label : "-",
		       *serial ? serial : "-", state);
	return code == EXIT_DONE ? code : tool_failed(tool, name, rv);
}

enum exit_code card_list(struct tool *tool, int argc, char **argv)
{
	enum exit_code code, one;
	CK_SLOT_ID *slots;
	CK_ULONG count;
	json_t *array;

	(void)argv;
	if (argc != 0)
		return EXIT_USAGE;
	code = tool_load(tool);
	if (code == EXIT_DONE)
		code = tool_slots(tool, CK_FALSE, &slots, &count);
	if (code != EXIT_DONE)
		return code;
	array = tool->json ? json_array() : NULL;
	for (CK_ULONG i = 0; i < count; i++) {
		one = list_one(tool, slots[i], array);
		if (one != EXIT_DONE)
			code = one;
	}
	if (array)
		tool_print_json(array);
	free(slots);
	return code;
}
