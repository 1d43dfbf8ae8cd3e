/* SPDX-License-Identifier: BSD-2-Clause */
/* audit load into SQLite. */
#include "tools/audit_database.h"

#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

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

struct audit_database {
	sqlite3 *db;
	sqlite3_stmt *record, *invoice;
	bool has_conflict;
	uint64_t conflict; /* the lowest number whose row has another hash */
};

/* A row with the same hash counts as changed and stays as it is; one with another does not count. */
static const char insert_record[] =
	"INSERT INTO record VALUES(?,?,?,?,?,?,?) ON CONFLICT(ledger, number)"
	" DO UPDATE SET leaf_hash = excluded.leaf_hash"
	" WHERE leaf_hash = excluded.leaf_hash";

/* A longer ledger stays. */
static const char insert_ledger[] =
	"INSERT INTO ledger VALUES(?,?,?,?) ON CONFLICT(name) DO UPDATE SET"
	" label = excluded.label, entries = excluded.entries,"
	" checkpoint = excluded.checkpoint WHERE entries <= excluded.entries";

static bool complain(struct audit_database *d)
{
	fprintf(stderr, "intaglio: the database: %s\n", sqlite3_errmsg(d->db));
	return false;
}

static bool run(struct audit_database *d, sqlite3_stmt *statement)
{
	bool good = sqlite3_step(statement) == SQLITE_DONE;

	if (!good)
		complain(d);
	sqlite3_reset(statement);
	return good;
}

static bool prepare(struct audit_database *d, const char *sql, sqlite3_stmt **ret)
{
	return sqlite3_prepare_v2(d->db, sql, -1, ret, NULL) == SQLITE_OK || complain(d);
}

static void sqlite_close(struct audit_database *d)
{
	if (!d)
		return;
	sqlite3_finalize(d->record);
	sqlite3_finalize(d->invoice);
	sqlite3_close(d->db);
	free(d);
}

static struct audit_database *sqlite_open(const char *file)
{
	struct audit_database *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	if (sqlite3_open(file, &d->db) != SQLITE_OK ||
	    sqlite3_exec(d->db, schema, NULL, NULL, NULL) != SQLITE_OK)
		complain(d);
	else if (prepare(d, insert_record, &d->record) &&
		 prepare(d, "INSERT OR REPLACE INTO invoice VALUES(?,?,?,?,?,?,?)", &d->invoice))
		return d;
	sqlite_close(d);
	return NULL;
}

static bool put_invoice(struct audit_database *d, const char *name, const struct audit_row *row)
{
	const struct ubl *invoice = row->invoice;
	sqlite3_stmt *s = d->invoice;

	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)row->header->index);
	sqlite3_bind_text(s, 3, invoice->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, invoice->date, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, invoice->currency, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 6, invoice->is_credit);
	sqlite3_bind_int64(s, 7, invoice->payable);
	return run(d, s);
}

static bool sqlite_put(struct audit_database *d, const char *name, const struct audit_row *row)
{
	const struct leaf_header *header = row->header;
	sqlite3_stmt *s = d->record;

	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)header->index);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)header->card_counter);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)header->time_ms);
	sqlite3_bind_int(s, 5, header->type);
	sqlite3_bind_int64(s, 6, header->length);
	sqlite3_bind_blob(s, 7, row->leaf_hash, MERKLE_HASH, SQLITE_STATIC);
	if (!run(d, s))
		return false;
	if (!sqlite3_changes(d->db) && (!d->has_conflict || header->index < d->conflict)) {
		d->has_conflict = true;
		d->conflict = header->index;
	}
	return !row->invoice || put_invoice(d, name, row);
}

static bool sqlite_settle(struct audit_database *d, bool *ret_conflict, uint64_t *ret_record)
{
	*ret_conflict = d->has_conflict;
	*ret_record = d->conflict;
	return true;
}

static bool sqlite_commit(struct audit_database *d, const struct audit *a)
{
	sqlite3_stmt *s;
	bool good;

	if (!prepare(d, insert_ledger, &s))
		return false;
	sqlite3_bind_text(s, 1, a->key.name, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, a->label, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)a->checkpoint.size);
	sqlite3_bind_text(s, 4, (const char *)a->note.data, (int)a->note.len, SQLITE_STATIC);
	good = run(d, s);
	sqlite3_finalize(s);
	return good &&
	       (sqlite3_exec(d->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK || complain(d));
}

const struct audit_database_kind audit_sqlite = {
	.open = sqlite_open,
	.put = sqlite_put,
	.settle = sqlite_settle,
	.commit = sqlite_commit,
	.close = sqlite_close,
};
