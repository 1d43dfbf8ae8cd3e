/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where audit load puts records: one table of functions for each kind of database. Everything goes
 * into one transaction, which ends with commit or, by close, without a trace. Tables are made where
 * they are not there; doc/audit.md has the schema. Every function says its own sentence when it fails.
 */
#ifndef INTAGLIO_TOOLS_AUDIT_DATABASE_H
#define INTAGLIO_TOOLS_AUDIT_DATABASE_H

#include "tools/audit.h"
#include "tools/ubl.h"

struct audit_database; /* of the kind's own making */

struct audit_row {
	const struct leaf_header *header;
	const uint8_t *leaf_hash; /* MERKLE_HASH bytes */
	const struct ubl *invoice; /* NULL: it is none, or was not deciphered */
};

struct audit_database_kind {
	/* Connects, makes the tables and begins. NULL if it cannot. */
	struct audit_database *(*open)(const char *where);
	/* name: the ledger's origin, the same in every call. A row that is there stays. */
	bool (*put)(struct audit_database *database, const char *name, const struct audit_row *row);
	/*
	 * After the last row: false in *ret_conflict if every row that was there has the hash of the
	 * record that was put; else its number in *ret_record, the lowest.
	 */
	bool (*settle)(struct audit_database *database, bool *ret_conflict, uint64_t *ret_record);
	/* The ledger itself, unless the one that is there is longer, and the end: all of it is there. */
	bool (*commit)(struct audit_database *database, const struct audit *audit);
	/* Accepts NULL. */
	void (*close)(struct audit_database *database);
};

extern const struct audit_database_kind audit_sqlite;
extern const struct audit_database_kind audit_postgresql;

#endif
