/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit of an exported ledger by someone who trusts the ledger's key and nothing else. One walk
 * over the entries, in constant memory: findings say what is wrong, notices what a person should
 * look at. doc/audit.md describes it. One thread.
 */
#ifndef INTAGLIO_TOOLS_AUDIT_H
#define INTAGLIO_TOOLS_AUDIT_H

#include "base/cvc.h"
#include "base/ledger.h"
#include "tools/book.h"
#include "tools/tool.h"

enum {
	AUDIT_KEPT = 10000,
	AUDIT_DAYS = 40000,
	AUDIT_RATES = 256,
	AUDIT_DAY_RATES = 1 << 18,
	AUDIT_TEXT = 200
};

enum audit_kind {
	AUDIT_KEY, /* the verifier key, or the ledger's description in leaf 0 */
	AUDIT_CHECKPOINT, /* the checkpoint or its signature */
	AUDIT_TREE, /* tiles, root */
	AUDIT_LEAF, /* a record is not the one that the tree has, or cannot be read */
	AUDIT_GAP, /* records are missing, repeated or in another order */
	AUDIT_LEDGER, /* a record of another ledger */
	AUDIT_COUNTER, /* the card counter does not grow */
	AUDIT_TYPE, /* a record type that there is not */
	AUDIT_TIME, /* host time goes backwards, or lies in the future */
	AUDIT_CONTENT, /* a record does not decipher, or the key is not the escrow key */
	AUDIT_PREVIOUS, /* not a continuation of what the previous audit saw */
	AUDIT_CERTIFICATE, /* nothing leads from the authority to the ledger's key */
	AUDIT_FILE, /* a file that is no part of the export */
	AUDIT_KINDS,
};

enum { AUDIT_NO_RECORD = -1 };

struct audit_finding {
	enum audit_kind kind;
	int64_t record; /* or AUDIT_NO_RECORD */
	char text[AUDIT_TEXT];
};

/* As many as AUDIT_KEPT are kept, all are counted. */
struct audit_list {
	uint64_t count;
	size_t kept;
	struct audit_finding *rows;
};

struct audit_day {
	uint64_t day; /* since 1970-01-01, UTC, by host time */
	uint64_t records, bytes; /* of plaintext */
	uint64_t first, last; /* record numbers */
};

/* Sums of one rate and currency: of the whole ledger, or of a day. */
struct audit_rate {
	uint64_t day; /* as in struct audit_day; not used in the sums of the whole */
	char percent[16], currency[4];
	uint64_t invoices;
	int64_t taxable, tax; /* hundredths */
};

struct audit_totals {
	struct audit_day *days; /* ascending */
	size_t day_count;
	uint64_t later; /* records of days for which there was no room */
	uint64_t *types; /* 65536 */
	uint64_t records, bytes;
	uint64_t others; /* leaves of the card's other ledgers in between, by the card counter */
	struct audit_rate rates[AUDIT_RATES];
	size_t rate_count;
	struct audit_rate *day_rates; /* ascending by day */
	size_t day_rate_count;
	uint64_t read, unread; /* records deciphered and summed up; deciphered and no invoice */
};

struct audit_escrow; /* below */

struct audit {
	/* What is asked for. */
	struct book book;
	const char *key_text; /* trusted; NULL: the export's own is taken */
	const char *authority; /* file of the certificate that vouches for cards, or NULL */
	const char *revoked; /* file of the authority's revocation list, or NULL */
	const char *previous; /* file of a checkpoint, or NULL */
	/*
	 * Called with every record whose leaves are those in the tree; false ends the walk. leaves:
	 * one, or the two of a longer record; header: the first's, with the length of the whole.
	 */
	bool (*record)(void *arg, const struct leaf_header *header, struct view leaves);
	void *arg;
	struct audit_escrow *escrow; /* held against leaf 0, or NULL; audit_escrow_open sets it */
	/* What is found. */
	struct audit_list findings, notices;
	struct audit_totals totals;
	struct note_key key;
	struct checkpoint checkpoint;
	char label[256];
	char card[CVC_REFERENCE_MAX + 1]; /* its name, once the authority's chain led to it */
	char auditor[NOTE_NAME_MAX + 1]; /* who countersigns by leaf 0, .. */
	bool auditor_proof; /* .. whether with a certificate, and .. */
	char auditor_holder[CVC_REFERENCE_MAX + 1]; /* .. as whom the authority certified him */
	struct buf note, previous_note, policy; /* policy: the body of leaf 0 */
	uint64_t previous_size; /* 0: no previous audit */
};

void audit_init(struct audit *audit);
void audit_free(struct audit *audit);
void audit_find(struct audit *audit, enum audit_kind kind, int64_t record, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void audit_notice(struct audit *audit, enum audit_kind kind, int64_t record, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));
const char *audit_kind_name(enum audit_kind kind);

/*
 * Walks the whole export. RC_OK: the walk ended, and findings say what it found. RC_MEMORY, RC_IO, after a
 * sentence.
 */
enum rc audit_walk(struct audit *audit) WARN_UNUSED;
/* The chain to the authority, if one is given. False, and a sentence, if that cannot be read. */
bool audit_check_chain(struct audit *audit);
/* Who countersigns, and whether the authority, if one is given, vouches for him. */
void audit_take_auditor(struct audit *audit, const struct ledger_policy *policy);
/* By whose word, to be followed by auditor_holder. */
const char *audit_auditor_word(const struct audit *audit);
/* Text that is no UTF-8 is said in ASCII. */
void audit_text(char *text);
/* Who says that the key is the ledger's: "authority", "key" (the auditor gave it), or NULL. */
const char *audit_voucher(const struct audit *audit);
/* What the audit comes to: findings, a key that nobody vouches for, or neither. */
enum exit_code audit_verdict(const struct audit *audit);
/* Counts a record in the totals. */
void audit_count(struct audit *audit, const struct leaf_header *header);

/* Deciphers records with the escrow key that leaf 0 names. */
struct audit_escrow {
	struct audit *audit;
	EVP_PKEY *key;
	uint8_t *content_key; /* from secret_new, once leaf 0 was seen */
	struct buf plain;
};
/*
 * The private key, PEM, from the option's file; its passphrase, if it has one, from the passphrase file,
 * INTAGLIO_PASSPHRASE or the terminal. Says a sentence. options are declared below.
 */
struct audit_options;
bool audit_escrow_open(struct audit_escrow *escrow, struct audit *audit,
		       const struct audit_options *options);
void audit_escrow_close(struct audit_escrow *escrow);
/* False, and a finding said once, if the key is not the one that leaf 0 has as escrow key. */
bool audit_escrow_check(struct audit_escrow *escrow);
/* A record's plaintext, valid until the next call. False, and a finding, if it does not open. */
bool audit_decipher(struct audit_escrow *escrow, const struct leaf_header *header, struct view leaf,
		    struct view *ret);
/* For audit.record, with the escrow as arg: counts invoices by tax rate. */
bool audit_sum(void *arg, const struct leaf_header *header, struct view leaf);

/* "2026-11-21" and "2026-11-21T22:04:05Z". */
void audit_say_day(uint64_t day, char *ret, size_t size);
void audit_say_time(uint64_t ms, char *ret, size_t size);
/* Hundredths as "-0.19"; returns ret. */
char *audit_say_amount(int64_t hundredths, char *ret, size_t size);
void audit_report_text(const struct audit *audit, FILE *out);
json_t *audit_report_json(const struct audit *audit);
/* One page that needs nothing else; false, and a sentence, if it cannot be written. */
bool audit_report_html(const struct audit *audit, const char *path);

/* The options that the subcommands share; NULL: not given. */
struct audit_options {
	bool json;
	bool first; /* nothing was countersigned before */
	const char *previous, *html, *key, *authority, *revoked;
	const char *escrow_key, *output, *with, *database, *signing_key, *certificate;
	const char *passphrase_file; /* of the escrow key */
	char **files; /* what is no option */
	int file_count;
};
/* What is trusted and what went before, from the options. */
void audit_take_options(struct audit *audit, const struct audit_options *options);
/* The subcommand's own part of the command line, argv[0] its verb; allowed as the options' names. */
bool audit_parse(struct audit_options *options, int argc, char **argv, const char *const *allowed);

#endif
