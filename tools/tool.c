/* SPDX-License-Identifier: BSD-2-Clause */
/* The module in a tool's hands: loading, choosing a card, logging in, saying what failed. */
#include "tools/tool.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/p11-kit.h>

#include "tools/text.h"

void tool_text(const unsigned char *field, size_t len, char *ret, size_t size)
{
	while (len && (field[len - 1] == ' ' || field[len - 1] == '\0'))
		len--;
	text_line(view_of(field, len), ret, size);
}

void tool_hex(const unsigned char *bytes, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*ret++ = digits[bytes[i] >> 4];
		*ret++ = digits[bytes[i] & 0x0F];
	}
	*ret = '\0';
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7F;
}

bool tool_is_text(const char *s)
{
	json_t *string = json_string(s);
	bool text = string != NULL;

	json_decref(string);
	for (; text && *s; s++)
		text = !is_control(*s);
	return text;
}

void tool_printable(char *s, size_t size)
{
	char *copy = strdup(s);

	text_line(view_str(copy ? copy : ""), s, size);
	free(copy);
}

json_t *tool_json_text(const char *s)
{
	size_t size = TEXT_GROWTH * strlen(s) + 1;
	char *text = malloc(size);
	json_t *string = text ? json_string(text_utf8(view_str(s), text, size)) : NULL;

	free(text);
	return string;
}

void tool_print_json(json_t *document)
{
	if (!document) {
		fprintf(stderr, "intaglio: no memory for JSON\n");
		return;
	}
	json_dumpf(document, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(document);
}

enum exit_code tool_failed(struct tool *tool, const char *what, CK_RV rv)
{
	unsigned char sentence[512];
	CK_ULONG len = sizeof(sentence) - 1;

	if (tool->vendor && tool->vendor->LastError(sentence, &len) == CKR_OK && len) {
		sentence[len] = '\0';
		fprintf(stderr, "intaglio: %s: %s\n", what, (char *)sentence);
	} else {
		fprintf(stderr, "intaglio: %s: %s\n", what, p11_kit_strerror(rv));
	}
	return EXIT_CARD;
}

/* Where the module lies: beside the tool in a build tree, else where it is installed. */
static void default_module(char *ret, size_t size)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
			n = snprintf(ret, size, "%s/../module/intaglio-pkcs11.so", self);
			if (n > 0 && (size_t)n < size && access(ret, R_OK) == 0)
				return;
		}
	}
	snprintf(ret, size, "%s", INTAGLIO_MODULE_PATH);
}

static void find_vendor_interface(struct tool *tool)
{
	CK_RV (*get_interface)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE_PTR_PTR, CK_FLAGS);
	CK_INTERFACE *interface;

	*(void **)&get_interface = dlsym(tool->library, "C_GetInterface");
	if (get_interface &&
	    get_interface((CK_UTF8CHAR *)"Vendor Intaglio", NULL, &interface, 0) == CKR_OK)
		tool->vendor = interface->pFunctionList;
}

enum exit_code tool_load(struct tool *tool)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_RV (*get_function_list)(CK_FUNCTION_LIST_PTR_PTR);
	const char *path = tool->module_path;
	char found[4200];
	CK_RV rv;

	/* The module's sentences are said here, once, with what was tried. */
	setenv("INTAGLIO_LOG", "none", 0);
	if (!path)
		path = getenv("INTAGLIO_MODULE");
	if (!path) {
		default_module(found, sizeof(found));
		path = found;
	}
	tool->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!tool->library) {
		fprintf(stderr, "intaglio: cannot load the module: %s\n", dlerror());
		return EXIT_CARD;
	}
	*(void **)&get_function_list = dlsym(tool->library, "C_GetFunctionList");
	if (!get_function_list || get_function_list(&tool->p11) != CKR_OK) {
		fprintf(stderr, "intaglio: %s is not a PKCS#11 module\n", path);
		return EXIT_CARD;
	}
	find_vendor_interface(tool);
	rv = tool->p11->C_Initialize(&args);
	if (rv != CKR_OK) {
		enum exit_code code = tool_failed(tool, "the module does not start", rv);

		tool->p11 = NULL;
		return code;
	}
	return EXIT_DONE;
}

enum exit_code tool_needs_vendor(struct tool *tool)
{
	if (tool->vendor && tool->vendor->version.major == 1 && tool->vendor->version.minor >= 1)
		return EXIT_DONE;
	fprintf(stderr, "intaglio: this needs the module of Intaglio, in this version or a newer "
			"one\n");
	return EXIT_CARD;
}

void tool_close(struct tool *tool)
{
	if (tool->p11)
		tool->p11->C_Finalize(NULL);
	tool->p11 = NULL;
	if (tool->library)
		dlclose(tool->library);
	tool->library = NULL;
}

/* True if a slot is the one that --card names. */
static bool is_chosen(const struct tool *tool, CK_SLOT_ID slot)
{
	char text[80];
	CK_SLOT_INFO info;
	CK_TOKEN_INFO token;
	size_t len, wanted;

	if (!tool->card)
		return true;
	wanted = strlen(tool->card);
	if (tool->p11->C_GetSlotInfo(slot, &info) == CKR_OK) {
		tool_text(info.slotDescription, sizeof(info.slotDescription), text, sizeof(text));
		len = strlen(text);
		if (strcmp(text, tool->card) == 0 ||
		    (len > wanted + 1 && strcmp(text + len - wanted, tool->card) == 0 &&
		     text[len - wanted - 1] == ' '))
			return true;
	}
	if (tool->p11->C_GetTokenInfo(slot, &token) != CKR_OK)
		return false;
	tool_text(token.label, sizeof(token.label), text, sizeof(text));
	if (strcmp(text, tool->card) == 0)
		return true;
	tool_text(token.serialNumber, sizeof(token.serialNumber), text, sizeof(text));
	return strcmp(text, tool->card) == 0;
}

enum exit_code tool_slots(struct tool *tool, CK_BBOOL present, CK_SLOT_ID **ret,
			  CK_ULONG *ret_count)
{
	CK_SLOT_ID *slots = NULL;
	CK_ULONG count = 0;
	CK_RV rv;

	/* A reader may come between the two calls. */
	do {
		free(slots);
		slots = NULL;
		rv = tool->p11->C_GetSlotList(present, NULL, &count);
		if (rv == CKR_OK)
			slots = calloc(count + 1, sizeof(*slots));
		if (rv == CKR_OK && !slots)
			rv = CKR_HOST_MEMORY;
		if (rv == CKR_OK)
			rv = tool->p11->C_GetSlotList(present, slots, &count);
	} while (rv == CKR_BUFFER_TOO_SMALL);
	if (rv != CKR_OK) {
		free(slots);
		return tool_failed(tool, "listing the cards", rv);
	}
	*ret = slots;
	*ret_count = count;
	return EXIT_DONE;
}

static enum exit_code choose(struct tool *tool, const CK_SLOT_ID *slots, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (!is_chosen(tool, slots[i]))
			continue;
		tool->slot = slots[i];
		return EXIT_DONE;
	}
	if (tool->card)
		fprintf(stderr, "intaglio: there is no card named %s; see intaglio card list\n",
			tool->card);
	else
		fprintf(stderr, "intaglio: there is no card\n");
	return EXIT_CARD;
}

/* The chosen one of all slots, or of those with a token. */
static enum exit_code choose_of(struct tool *tool, CK_BBOOL present)
{
	enum exit_code code = tool->p11 ? EXIT_DONE : tool_load(tool);
	CK_SLOT_ID *slots = NULL;
	CK_ULONG count = 0;

	if (code == EXIT_DONE)
		code = tool_slots(tool, present, &slots, &count);
	if (code == EXIT_DONE)
		code = choose(tool, slots, count);
	free(slots);
	return code;
}

enum exit_code tool_choose(struct tool *tool)
{
	return choose_of(tool, tool->card ? CK_FALSE : CK_TRUE);
}

enum exit_code tool_session(struct tool *tool)
{
	enum exit_code code = choose_of(tool, CK_TRUE);
	CK_RV rv;

	if (code != EXIT_DONE)
		return code;
	rv = tool->p11->C_OpenSession(tool->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				      &tool->session);
	return rv == CKR_OK ? EXIT_DONE : tool_failed(tool, "opening the card", rv);
}
