/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio audit: the subcommands' command lines, and verify. No card and no module is needed. */
#include "tools/audit.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
	{"json", no_argument, NULL, 'j'},
	{"previous", required_argument, NULL, 'p'},
	{"html", required_argument, NULL, 'h'},
	{"key", required_argument, NULL, 'k'},
	{"authority", required_argument, NULL, 'a'},
	{"revoked", required_argument, NULL, 'r'},
	{"signing-key", required_argument, NULL, 's'},
	{"certificate", required_argument, NULL, 'c'},
	{"first", no_argument, NULL, 'f'},
	{"escrow-key", required_argument, NULL, 'e'},
	{"passphrase-file", required_argument, NULL, 'P'},
	{"output", required_argument, NULL, 'o'},
	{"with", required_argument, NULL, 'w'},
	{"database", required_argument, NULL, 'd'},
	{NULL, 0, NULL, 0},
};

static bool is_allowed(const char *name, const char *const *allowed)
{
	for (; *allowed; allowed++) {
		if (!strcmp(name, *allowed))
			return true;
	}
	return false;
}

static void keep(struct audit_options *o, int option, const char *value)
{
	const struct {
		int option;
		const char **text;
	} rows[] = {
		{'p', &o->previous},   {'h', &o->html},        {'k', &o->key},
		{'e', &o->escrow_key}, {'o', &o->output},      {'w', &o->with},
		{'d', &o->database},   {'a', &o->authority},   {'P', &o->passphrase_file},
		{'r', &o->revoked},    {'s', &o->signing_key}, {'c', &o->certificate},
	};

	if (option == 'j')
		o->json = true;
	if (option == 'f')
		o->first = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].option == option)
			*rows[i].text = value;
	}
}

bool audit_parse(struct audit_options *o, int argc, char **argv, const char *const *allowed)
{
	int option, at;

	*o = (struct audit_options){.json = false};
	while ((option = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (option == '?')
			return false;
		if (!is_allowed(options[at].name, allowed)) {
			fprintf(stderr, "intaglio: audit %s has no option --%s\n", argv[0],
				options[at].name);
			return false;
		}
		keep(o, option, optarg);
	}
	o->files = argv + optind;
	o->file_count = argc - optind;
	return true;
}

void audit_take_options(struct audit *a, const struct audit_options *o)
{
	a->book.dir = o->files[0];
	a->key_text = o->key;
	a->authority = o->authority;
	a->revoked = o->revoked;
	a->previous = o->previous;
}

const char *audit_voucher(const struct audit *audit)
{
	return *audit->card ? "authority" : audit->key_text ? "key" : NULL;
}

enum exit_code audit_verdict(const struct audit *audit)
{
	if (audit->findings.count)
		return EXIT_REFUSED;
	return audit_voucher(audit) ? EXIT_DONE : EXIT_UNVOUCHED;
}

static enum exit_code report(const struct audit *a, const struct audit_options *o, enum rc rc)
{
	if (rc != RC_OK)
		return EXIT_FILE;
	if (o->html && !audit_report_html(a, o->html))
		return EXIT_FILE;
	if (o->json)
		tool_print_json(audit_report_json(a));
	else
		audit_report_text(a, stdout);
	return audit_verdict(a);
}

enum exit_code audit_verify_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"json",       "previous",        "html",
					      "key",        "authority",       "revoked",
					      "escrow-key", "passphrase-file", NULL};
	struct audit_escrow escrow;
	struct audit_options o;
	enum exit_code code;
	struct audit a;

	(void)tool;
	if (!audit_parse(&o, argc, argv, allowed) || o.file_count != 1)
		return EXIT_USAGE;
	audit_init(&a);
	audit_take_options(&a, &o);
	if (o.escrow_key) {
		if (!audit_escrow_open(&escrow, &a, &o)) {
			audit_free(&a);
			return EXIT_FILE;
		}
		a.record = audit_sum;
		a.arg = &escrow;
	}
	code = report(&a, &o, audit_walk(&a));
	if (o.escrow_key)
		audit_escrow_close(&escrow);
	audit_free(&a);
	return code;
}
