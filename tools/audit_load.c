/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio audit load: the records of an export into SQLite, in one transaction that is committed only
 * if the audit finds nothing wrong. doc/audit.md has the schema. Records that are there already stay.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "tools/audit.h"
#include "tools/ubl.h"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS ledger(name TEXT PRIMARY KEY, label TEXT NOT NULL,"
	" entries INTEGER NOT NULL, checkpoint TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS record(ledger TEXT NOT NULL, number INTEGER NOT NULL,"
	" card_counter INTEGER NOT NULL, time_ms INTEGER NOT NULL, type INTEGER NOT NULL,"
	" length INTEGER NOT NULL, leaf_hash BLOB NOT NULL, PRIMARY KEY(ledger, number))"
	" WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS invoice(ledger TEXT NOT NULL, number INTEGER NOT NULL,"
	" id TEXT NOT NULL, date TEXT NOT NULL, currency TEXT NOT NULL, is_credit INTEGER NOT NULL,"
	" payable_hundredths INTEGER NOT NULL, PRIMARY KEY(ledger, number)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS invoice_id ON invoice(id);"
	"BEGIN IMMEDIATE;";

struct loading {
	struct audit *audit;
	struct audit_escrow escrow;
	bool has_escrow;
	sqlite3 *db;
	sqlite3_stmt *record, *invoice;
	uint64_t added;
	bool failed;
};

static bool complain(struct loading *l)
{
	fprintf(stderr, "intaglio: the database: %s\n", sqlite3_errmsg(l->db));
	l->failed = true;
	return false;
}

static bool run(struct loading *l, sqlite3_stmt *statement)
{
	bool good = sqlite3_step(statement) == SQLITE_DONE;

	if (!good)
		complain(l);
	sqlite3_reset(statement);
	return good;
}

static bool prepare(struct loading *l, const char *sql, sqlite3_stmt **ret)
{
	return sqlite3_prepare_v2(l->db, sql, -1, ret, NULL) == SQLITE_OK || complain(l);
}

static bool open_database(struct loading *l, const char *file)
{
	if (sqlite3_open(file, &l->db) != SQLITE_OK ||
	    sqlite3_exec(l->db, schema, NULL, NULL, NULL) != SQLITE_OK)
		return complain(l);
	return prepare(l, "INSERT OR REPLACE INTO record VALUES(?,?,?,?,?,?,?)", &l->record) &&
	       prepare(l, "INSERT OR REPLACE INTO invoice VALUES(?,?,?,?,?,?,?)", &l->invoice);
}

static bool put_invoice(struct loading *l, const struct leaf_header *header, struct view plain)
{
	sqlite3_stmt *s = l->invoice;
	struct ubl invoice;

	if (ubl_parse(plain, &invoice) != RC_OK)
		return true;
	sqlite3_bind_text(s, 1, l->audit->key.name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)header->index);
	sqlite3_bind_text(s, 3, invoice.id, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(s, 4, invoice.date, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(s, 5, invoice.currency, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(s, 6, invoice.is_credit);
	sqlite3_bind_int64(s, 7, invoice.payable);
	return run(l, s);
}

static bool put_record(void *arg, const struct leaf_header *header, struct view leaf)
{
	struct loading *l = arg;
	sqlite3_stmt *s = l->record;
	uint8_t hash[MERKLE_HASH];
	struct view plain;

	if (merkle_leaf_hash(leaf, hash) != RC_OK)
		return false;
	sqlite3_bind_text(s, 1, l->audit->key.name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)header->index);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)header->card_counter);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)header->time_ms);
	sqlite3_bind_int(s, 5, header->type);
	sqlite3_bind_int64(s, 6, header->length);
	sqlite3_bind_blob(s, 7, hash, sizeof(hash), SQLITE_TRANSIENT);
	if (!run(l, s))
		return false;
	l->added++;
	if (l->has_escrow && audit_decipher(&l->escrow, header, leaf, &plain))
		return put_invoice(l, header, plain);
	return true;
}

static bool put_ledger(struct loading *l)
{
	const struct audit *a = l->audit;
	sqlite3_stmt *s;
	bool good;

	if (!prepare(l, "INSERT OR REPLACE INTO ledger VALUES(?,?,?,?)", &s))
		return false;
	sqlite3_bind_text(s, 1, a->key.name, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, a->label, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)a->checkpoint.size);
	sqlite3_bind_text(s, 4, (const char *)a->note.data, (int)a->note.len, SQLITE_STATIC);
	good = run(l, s);
	sqlite3_finalize(s);
	return good;
}

static enum exit_code load(struct loading *l)
{
	enum rc rc = audit_walk(l->audit);

	if (rc != RC_OK || l->failed)
		return EXIT_FILE;
	if (l->audit->findings.count) {
		audit_report_text(l->audit, stdout);
		fprintf(stderr, "intaglio: nothing was loaded\n");
		return EXIT_REFUSED;
	}
	if (!put_ledger(l) || sqlite3_exec(l->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
		complain(l);
		return EXIT_FILE;
	}
	audit_report_text(l->audit, stdout);
	printf("%llu records are in the database.\n", (unsigned long long)l->added);
	return EXIT_DONE;
}

enum exit_code audit_load_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"previous",   "key",      "authority",
					      "escrow-key", "database", NULL};
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
	l.has_escrow = o.escrow_key && audit_escrow_open(&l.escrow, &a, o.escrow_key);
	if ((!o.escrow_key || l.has_escrow) && open_database(&l, o.database))
		code = load(&l);
	sqlite3_finalize(l.record);
	sqlite3_finalize(l.invoice);
	sqlite3_close(l.db);
	if (l.has_escrow)
		audit_escrow_close(&l.escrow);
	audit_free(&a);
	return code;
}
