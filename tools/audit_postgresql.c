/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit load into PostgreSQL, by libpq. Rows are copied (COPY) into a temporary table that goes with the
 * transaction, and from there into the tables, so that a million of them take seconds.
 */
#include "tools/audit_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

enum { LINE_MAX_BYTES = 1024, CHUNK = 1 << 16 };

static const char schema[] =
	"BEGIN;"
	/* Two loads at once would both make the tables. */
	"SELECT pg_advisory_xact_lock(7521643918);"
	"SET LOCAL client_min_messages = warning;"
	"CREATE TABLE IF NOT EXISTS ledger(name TEXT PRIMARY KEY, label TEXT NOT NULL,"
	" entries BIGINT NOT NULL, checkpoint TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS record(ledger TEXT NOT NULL, number BIGINT NOT NULL,"
	" card_counter BIGINT NOT NULL, time_ms BIGINT NOT NULL, type INTEGER NOT NULL,"
	" length BIGINT NOT NULL, leaf_hash BYTEA NOT NULL, PRIMARY KEY(ledger, number));"
	"CREATE TABLE IF NOT EXISTS invoice(ledger TEXT NOT NULL, number BIGINT NOT NULL,"
	" id TEXT NOT NULL, date TEXT NOT NULL, currency TEXT NOT NULL, is_credit BOOLEAN NOT NULL,"
	" payable_hundredths BIGINT NOT NULL, PRIMARY KEY(ledger, number));"
	"CREATE INDEX IF NOT EXISTS invoice_id ON invoice(id);"
	"CREATE TEMPORARY TABLE loading(ledger TEXT, number BIGINT, card_counter BIGINT,"
	" time_ms BIGINT, type INTEGER, length BIGINT, leaf_hash BYTEA, id TEXT, date TEXT,"
	" currency TEXT, is_credit BOOLEAN, payable_hundredths BIGINT) ON COMMIT DROP;";

static const char conflict[] =
	"SELECT number FROM loading JOIN record USING (ledger, number)"
	" WHERE record.leaf_hash <> loading.leaf_hash ORDER BY number LIMIT 1";

static const char take_over[] =
	"INSERT INTO record SELECT ledger, number, card_counter, time_ms, type, length, leaf_hash"
	" FROM loading ON CONFLICT (ledger, number) DO NOTHING;"
	"INSERT INTO invoice SELECT ledger, number, id, date, currency, is_credit,"
	" payable_hundredths FROM loading WHERE id IS NOT NULL"
	" ON CONFLICT (ledger, number) DO UPDATE SET id = EXCLUDED.id, date = EXCLUDED.date,"
	" currency = EXCLUDED.currency, is_credit = EXCLUDED.is_credit,"
	" payable_hundredths = EXCLUDED.payable_hundredths;";

struct audit_database {
	PGconn *connection;
	struct buf lines; /* not sent yet */
};

static bool complain(struct audit_database *d)
{
	fprintf(stderr, "intaglio: the database: %s", PQerrorMessage(d->connection));
	return false;
}

static bool judge(struct audit_database *d, PGresult *result, ExecStatusType wanted)
{
	bool good = PQresultStatus(result) == wanted;

	PQclear(result);
	return good || complain(d);
}

static void postgresql_close(struct audit_database *d)
{
	if (!d)
		return;
	PQfinish(d->connection);
	buf_free(&d->lines);
	free(d);
}

static struct audit_database *postgresql_open(const char *where)
{
	struct audit_database *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	buf_init(&d->lines, CHUNK + LINE_MAX_BYTES);
	d->connection = PQconnectdb(where);
	if (PQstatus(d->connection) != CONNECTION_OK ||
	    PQsetClientEncoding(d->connection, "UTF8") != 0)
		complain(d);
	else if (judge(d, PQexec(d->connection, schema), PGRES_COMMAND_OK) &&
		 judge(d, PQexec(d->connection, "COPY loading FROM STDIN"), PGRES_COPY_IN))
		return d;
	postgresql_close(d);
	return NULL;
}

static bool send_lines(struct audit_database *d)
{
	bool good = buf_rc(&d->lines) == RC_OK &&
		    PQputCopyData(d->connection, (const char *)d->lines.data, (int)d->lines.len) ==
			    1;

	buf_reset(&d->lines);
	return good || complain(d);
}

/* A field of COPY's text format, after a tab. */
static void put_text(struct buf *b, const char *text)
{
	buf_u8(b, '\t');
	for (; *text; text++) {
		switch (*text) {
		case '\\':
			buf_str(b, "\\\\");
			break;
		case '\t':
			buf_str(b, "\\t");
			break;
		case '\n':
			buf_str(b, "\\n");
			break;
		case '\r':
			buf_str(b, "\\r");
			break;
		default:
			buf_u8(b, (uint8_t)*text);
		}
	}
}

static void put_invoice(struct buf *b, const struct ubl *invoice)
{
	if (!invoice) {
		buf_str(b, "\t\\N\t\\N\t\\N\t\\N\t\\N");
		return;
	}
	put_text(b, invoice->id);
	put_text(b, invoice->date);
	put_text(b, invoice->currency);
	buf_printf(b, "\t%c\t%lld", invoice->is_credit ? 't' : 'f', (long long)invoice->payable);
}

static bool postgresql_put(struct audit_database *d, const char *name, const struct audit_row *row)
{
	const struct leaf_header *h = row->header;
	struct buf *b = &d->lines;

	buf_printf(b, "%s\t%lld\t%lld\t%lld\t%u\t%u\t\\\\x", name, (long long)h->index,
		   (long long)h->card_counter, (long long)h->time_ms, h->type, h->length);
	for (size_t i = 0; i < MERKLE_HASH; i++)
		buf_printf(b, "%02x", row->leaf_hash[i]);
	put_invoice(b, row->invoice);
	buf_u8(b, '\n');
	return b->len < CHUNK || send_lines(d);
}

/* What COPY answers, to its last result. */
static bool end_copy(struct audit_database *d)
{
	PGresult *result;
	bool good = PQputCopyEnd(d->connection, NULL) == 1 || complain(d);

	while ((result = PQgetResult(d->connection)))
		good = judge(d, result, PGRES_COMMAND_OK) && good;
	return good;
}

static bool put_ledger(struct audit_database *d, const struct audit *a)
{
	char note[NOTE_MAX + 1], entries[24];
	const char *values[] = {a->key.name, a->label, entries, note};

	snprintf(note, sizeof(note), "%.*s", (int)a->note.len, (const char *)a->note.data);
	snprintf(entries, sizeof(entries), "%llu", (unsigned long long)a->checkpoint.size);
	return judge(d,
		     PQexecParams(d->connection,
				  "INSERT INTO ledger VALUES($1, $2, $3, $4)"
				  " ON CONFLICT (name) DO UPDATE SET label = EXCLUDED.label,"
				  " entries = EXCLUDED.entries, checkpoint = EXCLUDED.checkpoint"
				  " WHERE ledger.entries <= EXCLUDED.entries",
				  4, NULL, values, NULL, NULL, 0),
		     PGRES_COMMAND_OK);
}

static bool postgresql_settle(struct audit_database *d, bool *ret_conflict, uint64_t *ret_record)
{
	PGresult *result;
	bool found;

	if (!send_lines(d) || !end_copy(d))
		return false;
	result = PQexec(d->connection, conflict);
	found = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
	*ret_record = found ? strtoull(PQgetvalue(result, 0, 0), NULL, 10) : 0;
	*ret_conflict = found;
	return judge(d, result, PGRES_TUPLES_OK);
}

static bool postgresql_commit(struct audit_database *d, const struct audit *a)
{
	return judge(d, PQexec(d->connection, take_over), PGRES_COMMAND_OK) && put_ledger(d, a) &&
	       judge(d, PQexec(d->connection, "COMMIT"), PGRES_COMMAND_OK);
}

const struct audit_database_kind audit_postgresql = {
	.open = postgresql_open,
	.put = postgresql_put,
	.settle = postgresql_settle,
	.commit = postgresql_commit,
	.close = postgresql_close,
};
