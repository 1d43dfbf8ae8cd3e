/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio audit load: the records of an export into a database, in one transaction that is committed
 * only if the audit finds nothing wrong. doc/audit.md has the schema. Records that are there already
 * stay; where one is another than the export's, there are two histories, and nothing is loaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit_database.h"

struct loading {
	struct audit *audit;
	struct audit_escrow escrow;
	bool has_escrow;
	const struct audit_database_kind *kind;
	struct audit_database *database;
	uint64_t added;
	bool failed;
};

/* A connection string of libpq, or the name of a file. */
static const struct audit_database_kind *kind_of(const char *where)
{
	if (!strncmp(where, "postgresql:", 11) || !strncmp(where, "postgres:", 9) ||
	    strstr(where, "dbname="))
		return &audit_postgresql;
	return &audit_sqlite;
}

/* A database takes UTF-8 only; what is none was written by nobody who meant to be read. */
static void say_in_utf8(char *text)
{
	json_t *valid = json_string(text);

	for (char *c = text; *c && !valid; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	json_decref(valid);
}

/* False if the record is no invoice, or cannot be read. */
static bool read_invoice(struct loading *l, const struct leaf_header *header, struct view leaf,
			 struct ubl *ret)
{
	struct view plain;

	if (!l->has_escrow || !audit_decipher(&l->escrow, header, leaf, &plain) ||
	    ubl_parse(plain, ret) != RC_OK)
		return false;
	say_in_utf8(ret->id);
	say_in_utf8(ret->date);
	say_in_utf8(ret->currency);
	return true;
}

/* The hash of the last leaf, to which a receipt would lead. */
static enum rc last_hash(struct view leaves, uint8_t ret[MERKLE_HASH])
{
	struct sealed_record record;
	enum rc rc = sealed_take(&leaves, &record);

	return rc == RC_OK ? merkle_leaf_hash(record.rest.len ? record.rest : record.first, ret)
			   : rc;
}

static bool put_record(void *arg, const struct leaf_header *header, struct view leaf)
{
	struct loading *l = arg;
	uint8_t hash[MERKLE_HASH];
	struct ubl invoice;
	const struct audit_row row = {
		.header = header,
		.leaf_hash = hash,
		.invoice = read_invoice(l, header, leaf, &invoice) ? &invoice : NULL,
	};

	if (last_hash(leaf, hash) != RC_OK ||
	    !l->kind->put(l->database, l->audit->key.name, &row)) {
		l->failed = true;
		return false;
	}
	l->added++;
	return true;
}

/* What is there already goes on in the export, or is wrong with it. False if the database fails. */
static bool settle(struct loading *l)
{
	uint64_t record;
	bool is_conflict;

	if (!l->kind->settle(l->database, &is_conflict, &record))
		return false;
	if (is_conflict)
		audit_find(
			l->audit, AUDIT_PREVIOUS, (int64_t)record,
			"record %llu of ledger %s is in the database already and is not this one: "
			"there are two histories",
			(unsigned long long)record, l->audit->key.name);
	return true;
}

static enum exit_code load(struct loading *l)
{
	enum rc rc = audit_walk(l->audit);
	enum exit_code code;

	if (rc != RC_OK || l->failed)
		return EXIT_FILE;
	if (audit_verdict(l->audit) == EXIT_DONE && !settle(l))
		return EXIT_FILE;
	code = audit_verdict(l->audit);
	if (code != EXIT_DONE) {
		audit_report_text(l->audit, stdout);
		fprintf(stderr, "intaglio: nothing was loaded\n");
		return code;
	}
	if (!l->kind->commit(l->database, l->audit))
		return EXIT_FILE;
	audit_report_text(l->audit, stdout);
	printf("%llu record%s in the database.\n", (unsigned long long)l->added,
	       l->added == 1 ? " is" : "s are");
	return EXIT_DONE;
}

enum exit_code audit_load_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"previous",        "key",        "authority",
					      "revoked",         "escrow-key", "database",
					      "passphrase-file", NULL};
	struct loading l = {.failed = false};
	enum exit_code code = EXIT_FILE;
	struct audit_options o;
	struct audit a;

	(void)tool;
	if (!audit_parse(&o, argc, argv, allowed) || o.file_count != 1 || !o.database)
		return EXIT_USAGE;
	audit_init(&a);
	audit_take_options(&a, &o);
	a.record = put_record;
	a.arg = &l;
	l.audit = &a;
	l.kind = kind_of(o.database);
	l.has_escrow = o.escrow_key && audit_escrow_open(&l.escrow, &a, &o);
	if (!o.escrow_key || l.has_escrow)
		l.database = l.kind->open(o.database);
	if (l.database)
		code = load(&l);
	l.kind->close(l.database);
	if (l.has_escrow)
		audit_escrow_close(&l.escrow);
	audit_free(&a);
	return code;
}
