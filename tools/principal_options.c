/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of intaglio principal, and how its cards are opened and its status read. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/principal.h"

enum { VENDOR_MINOR = 4, NUMBER_MAX = 0xFFFF, SERIAL_MAX = 0x7FFFFFFF };

static const struct option options[] = {
	{"module", required_argument, NULL, 'm'},
	{"card", required_argument, NULL, 'c'},
	{"json", no_argument, NULL, 'j'},
	{"shared", no_argument, NULL, 's'},
	{"class-84", no_argument, NULL, '8'},
	{"delete", no_argument, NULL, 'D'},
	{"option", required_argument, NULL, 'i'},
	{"block-size", required_argument, NULL, 'b'},
	{"hash", no_argument, NULL, 'h'},
	{"keep", no_argument, NULL, 'k'},
	{"key-set", required_argument, NULL, 'K'},
	{"domain", required_argument, NULL, 'd'},
	{"applet", required_argument, NULL, 'a'},
	{"name", required_argument, NULL, 'N'},
	{"privileges", required_argument, NULL, 'p'},
	{"parameters", required_argument, NULL, 'P'},
	{"serial", required_argument, NULL, 'S'},
	{"from", required_argument, NULL, 'f'},
	{NULL, 0, NULL, 0},
};

bool principal_number(const char *text, const char *what, CK_ULONG min, CK_ULONG max, CK_ULONG *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	if (!errno && *text != '-' && *text && !*end && *ret >= min && *ret <= max)
		return true;
	fprintf(stderr, "intaglio: %s is a number from %lu to %lu\n", what, min, max);
	return false;
}

static bool bad(const char *sentence)
{
	fprintf(stderr, "intaglio: %s\n", sentence);
	return false;
}

static bool take_option(struct principal_options *o)
{
	if (strcmp(optarg, "15") != 0 && strcmp(optarg, "55") != 0)
		return bad("--option takes the i of SCP02, 15 or 55");
	o->option = strtoul(optarg, NULL, 16);
	return true;
}

static bool take_privileges(struct principal_options *o)
{
	CK_ULONG len;

	return (app_hex(optarg, o->privileges, sizeof(o->privileges), &len) &&
		(len == 1 || len == 3)) ||
	       bad("--privileges takes one byte or three in hex");
}

static bool take_value(struct principal_options *o, int option)
{
	switch (option) {
	case 'i':
		return take_option(o);
	case 'b':
		return principal_number(optarg, "--block-size", 16, 32000, &o->block_size);
	case 'K':
		return principal_number(optarg, "--key-set", 1, 16, &o->key_set);
	case 'd':
		return app_aid(optarg, &o->domain) || bad("--domain takes 5 to 16 bytes in hex");
	case 'a':
		return app_aid(optarg, &o->module) || bad("--applet takes 5 to 16 bytes in hex");
	case 'N':
		return app_aid(optarg, &o->name) || bad("--name takes 5 to 16 bytes in hex");
	case 'p':
		return take_privileges(o);
	case 'P':
		return app_hex(optarg, o->parameters, sizeof(o->parameters), &o->parameters_len) ||
		       bad("--parameters takes at most 128 bytes in hex");
	case 'S':
		return principal_number(optarg, "--serial", 1, SERIAL_MAX, &o->serial);
	case 'f':
		return principal_number(optarg, "--from", 0, SERIAL_MAX, &o->from);
	default:
		return false;
	}
}

static bool take(struct principal_options *o, int option)
{
	switch (option) {
	case 'm':
		o->tool->module_path = optarg;
		return true;
	case 'c':
		o->tool->card = optarg;
		return true;
	case 'j':
		o->tool->json = true;
		return true;
	case 's':
		o->shared = true;
		return true;
	case '8':
		o->class_84 = true;
		return true;
	case 'D':
		o->remove = true;
		return true;
	case 'h':
		o->hash = true;
		return true;
	case 'k':
		o->keep = true;
		return true;
	default:
		return take_value(o, option);
	}
}

bool principal_read_options(struct principal_options *o, int argc, char **argv, int *ret_argc,
			    char ***ret_args)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take(o, option))
			return false;
	*ret_argc = argc - optind;
	*ret_args = argv + optind;
	return true;
}

enum exit_code principal_open(struct principal_options *o)
{
	enum exit_code code = tool_choose(o->tool);

	if (code == EXIT_DONE)
		code = tool_needs_vendor(o->tool);
	if (code == EXIT_DONE && o->tool->vendor->version.minor < VENDOR_MINOR) {
		fprintf(stderr, "intaglio: this needs a newer module of Intaglio\n");
		code = EXIT_CARD;
	}
	return code;
}

void principal_free_status(CK_INTAGLIO_PRINCIPAL_STATUS *s)
{
	free(s->pCounters);
	free(s->pKeys);
	free(s->pFiles);
	free(s->pEvents);
	*s = (CK_INTAGLIO_PRINCIPAL_STATUS){.ulFirst = 0};
}

static bool make_room(CK_INTAGLIO_PRINCIPAL_STATUS *s)
{
	s->pCounters = calloc(s->ulCounterCount + 1, sizeof(*s->pCounters));
	s->pKeys = calloc(s->ulKeyCount + 1, sizeof(*s->pKeys));
	s->pFiles = calloc(s->ulFileCount + 1, sizeof(*s->pFiles));
	s->pEvents = calloc(s->ulEventCount + 1, sizeof(*s->pEvents));
	return s->pCounters && s->pKeys && s->pFiles && s->pEvents;
}

CK_RV principal_read_status(struct tool *tool, CK_ULONG from, CK_INTAGLIO_PRINCIPAL_STATUS *ret)
{
	CK_RV rv;

	/* More may come between the two calls. */
	do {
		*ret = (CK_INTAGLIO_PRINCIPAL_STATUS){.ulFirst = from};
		rv = tool->vendor->PrincipalStatus(tool->slot, ret);
		if (rv == CKR_OK && !make_room(ret))
			rv = CKR_HOST_MEMORY;
		if (rv == CKR_OK)
			rv = tool->vendor->PrincipalStatus(tool->slot, ret);
		if (rv != CKR_OK)
			principal_free_status(ret);
	} while (rv == CKR_BUFFER_TOO_SMALL);
	return rv;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

void principal_listen(void)
{
	const struct sigaction action = {.sa_handler = interrupt};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool principal_is_cancelled(void)
{
	return interrupted;
}
