/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records deciphered with the escrow key: its private part opens the content key that leaf 0 has under
 * it, and with that every record opens. Sums of invoices by tax rate, and intaglio audit decrypt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pem.h"
#include "base/record.h"
#include "base/secret.h"
#include "tools/audit.h"
#include "tools/authority.h"
#include "tools/ubl.h"

enum { DAY_MS = 86400000 };

static bool ask(void *arg, struct buf *ret)
{
	return authority_passphrase(arg, ret);
}

bool audit_escrow_open(struct audit_escrow *escrow, struct audit *audit,
		       const struct audit_options *options)
{
	const struct pem_passphrase source = {.ask = ask, .arg = (void *)options->passphrase_file};
	const char *key_file = options->escrow_key;
	struct buf text;
	enum rc rc;

	*escrow = (struct audit_escrow){.audit = audit};
	if (!file_read(key_file, PEM_MAX, &text))
		return false;
	rc = pem_private(view_buf(&text), &source, &escrow->key);
	buf_free(&text);
	if (rc != RC_OK) {
		fprintf(stderr, "intaglio: %s %s\n", key_file,
			rc == RC_AUTH ? "is not opened by this passphrase"
				      : "holds no RSA private key");
		return false;
	}
	buf_init(&escrow->plain, LEDGER_PLAINTEXT_MAX + 1);
	audit->escrow = escrow;
	return true;
}

void audit_escrow_close(struct audit_escrow *escrow)
{
	secret_free(&escrow->content_key);
	buf_free(&escrow->plain);
	EVP_PKEY_free(escrow->key);
}

/* The content key from leaf 0, once. */
static bool unwrap(struct audit_escrow *e)
{
	struct ledger_policy policy;
	struct buf key;
	bool good;

	if (e->content_key)
		return true;
	buf_init(&key, 512);
	good = ledger_parse_policy(view_buf(&e->audit->policy), &policy) == RC_OK && e->key &&
	       policy.wrapped.len &&
	       rsa_decrypt(e->key, RSA_OAEP_SHA256, policy.wrapped, &key) == RC_OK &&
	       key.len == AES256_KEY;
	if (good)
		e->content_key = secret_new(AES256_KEY);
	good = good && e->content_key;
	if (good)
		memcpy(e->content_key, key.data, AES256_KEY);
	buf_free(&key);
	return good;
}

bool audit_escrow_check(struct audit_escrow *e)
{
	if (unwrap(e))
		return true;
	/* Without it nothing opens. */
	if (e->key)
		audit_find(e->audit, AUDIT_CONTENT, 0,
			   "the key is not the one that leaf 0 has as escrow key");
	EVP_PKEY_free(e->key);
	e->key = NULL;
	return false;
}

/* Appends the plaintext of one leaf to e->plain. */
static bool decipher_leaf(struct audit_escrow *e, struct view leaf)
{
	struct leaf_header header;
	struct view body, tag;
	uint8_t *to;

	if (leaf_parse(leaf, &header, &body, &tag) != RC_OK)
		return false;
	to = buf_space(&e->plain, header.length + 1);
	if (!to || gcm_open(e->content_key, header.nonce,
			    view_of(leaf.data, leaf_header_size(header.part)), body, tag.data,
			    to) != RC_OK)
		return false;
	buf_truncate(&e->plain, e->plain.len - 1);
	return true;
}

bool audit_decipher(struct audit_escrow *e, const struct leaf_header *header, struct view leaves,
		    struct view *ret)
{
	struct view leaf;

	if (!audit_escrow_check(e))
		return false;
	buf_reset(&e->plain);
	while (leaves.len) {
		if (leaf_take(&leaves, &leaf) == RC_OK && decipher_leaf(e, leaf))
			continue;
		audit_find(e->audit, AUDIT_CONTENT, (int64_t)header->index,
			   "the record does not decipher: the card did not make it");
		return false;
	}
	*ret = record_value(header->type, view_buf(&e->plain));
	return true;
}

/* The row of a rate and currency; NULL if there are too many. */
static struct audit_rate *rate_row(struct audit_totals *t, const char *percent,
				   const char *currency)
{
	struct audit_rate *row;

	for (size_t i = 0; i < t->rate_count; i++) {
		row = &t->rates[i];
		if (!strcmp(row->percent, percent) && !strcmp(row->currency, currency))
			return row;
	}
	if (t->rate_count == AUDIT_RATES)
		return NULL;
	row = &t->rates[t->rate_count++];
	snprintf(row->percent, sizeof(row->percent), "%s", percent);
	snprintf(row->currency, sizeof(row->currency), "%s", currency);
	return row;
}

/* The row of a day, rate and currency, in its place; NULL if there are too many, or no memory. */
static struct audit_rate *day_row(struct audit_totals *t, uint64_t day, const char *percent,
				  const char *currency)
{
	size_t at = t->day_rate_count;
	void *rows;

	while (at && t->day_rates[at - 1].day > day)
		at--;
	for (size_t i = at; i-- && t->day_rates[i].day == day;) {
		if (!strcmp(t->day_rates[i].percent, percent) &&
		    !strcmp(t->day_rates[i].currency, currency))
			return &t->day_rates[i];
	}
	if (t->day_rate_count == AUDIT_DAY_RATES)
		return NULL;
	if (!(t->day_rate_count & (t->day_rate_count - 1))) {
		rows = realloc(t->day_rates, (t->day_rate_count ? 2 * t->day_rate_count : 1) *
						     sizeof(*t->day_rates));
		if (!rows)
			return NULL;
		t->day_rates = rows;
	}
	memmove(&t->day_rates[at + 1], &t->day_rates[at],
		(t->day_rate_count - at) * sizeof(*t->day_rates));
	t->day_rate_count++;
	t->day_rates[at] = (struct audit_rate){.day = day};
	snprintf(t->day_rates[at].percent, sizeof(t->day_rates[at].percent), "%s", percent);
	snprintf(t->day_rates[at].currency, sizeof(t->day_rates[at].currency), "%s", currency);
	return &t->day_rates[at];
}

static bool add_to(struct audit_rate *row, const struct ubl *invoice, const struct ubl_rate *rate)
{
	int64_t sign = invoice->is_credit ? -1 : 1;

	if (!row || __builtin_add_overflow(row->taxable, sign * rate->taxable, &row->taxable) ||
	    __builtin_add_overflow(row->tax, sign * rate->tax, &row->tax))
		return false;
	row->invoices++;
	return true;
}

static bool add_rate(struct audit_totals *t, uint64_t day, const struct ubl *invoice,
		     const struct ubl_rate *rate)
{
	return add_to(rate_row(t, rate->percent, invoice->currency), invoice, rate) &&
	       add_to(day_row(t, day, rate->percent, invoice->currency), invoice, rate);
}

bool audit_sum(void *arg, const struct leaf_header *header, struct view leaf)
{
	struct audit_escrow *e = arg;
	struct audit_totals *t = &e->audit->totals;
	struct ubl invoice;
	struct view plain;

	if (!audit_decipher(e, header, leaf, &plain))
		return true;
	if (ubl_parse(plain, &invoice) != RC_OK) {
		t->unread++;
		if (ubl_claims(plain))
			audit_notice(
				e->audit, AUDIT_CONTENT, (int64_t)header->index,
				"it says that it is an invoice, but cannot be read as one: it is not in the sums");
		return true;
	}
	t->read++;
	for (size_t i = 0; i < invoice.rate_count; i++) {
		if (!add_rate(t, header->time_ms / DAY_MS, &invoice, &invoice.rates[i]))
			audit_notice(e->audit, AUDIT_CONTENT, (int64_t)header->index,
				     "its tax rate could not be summed up");
	}
	return true;
}

struct decryption {
	struct audit_escrow escrow;
	struct book out;
	uint64_t written;
	bool failed;
};

/* Nothing is written over but the same bytes: a longer export goes into the same folder again. */
static bool is_free(const struct decryption *d, const char *name, struct view plain)
{
	struct buf there;
	bool same;
	enum rc rc;

	buf_init(&there, LEDGER_PLAINTEXT_MAX + 1);
	rc = book_read(&d->out, name, &there);
	same = rc == RC_OK && view_equal(view_buf(&there), plain);
	buf_free(&there);
	if (same || rc == RC_NOT_FOUND)
		return true;
	fprintf(stderr,
		"intaglio: %s/%s is there already and is not this record; nothing is written over: name "
		"another folder\n",
		d->out.dir, name);
	return false;
}

static bool write_record(void *arg, const struct leaf_header *header, struct view leaf)
{
	struct decryption *d = arg;
	struct view plain;
	char name[32];

	if (!audit_decipher(&d->escrow, header, leaf, &plain))
		return true;
	snprintf(name, sizeof(name), "%llu", (unsigned long long)header->index);
	d->failed = !is_free(d, name, plain) || !book_write(&d->out, name, plain);
	d->written += !d->failed;
	return !d->failed;
}

enum exit_code audit_decrypt_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"previous",   "key",    "authority",       "revoked",
					      "escrow-key", "output", "passphrase-file", NULL};
	struct decryption d = {.written = 0};
	struct audit_options o;
	struct audit a;
	enum exit_code code = EXIT_FILE;

	(void)tool;
	if (!audit_parse(&o, argc, argv, allowed) || o.file_count != 1 || !o.escrow_key ||
	    !o.output)
		return EXIT_USAGE;
	audit_init(&a);
	audit_take_options(&a, &o);
	if (!audit_escrow_open(&d.escrow, &a, &o)) {
		audit_free(&a);
		return EXIT_FILE;
	}
	d.out.dir = o.output;
	a.record = write_record;
	a.arg = &d;
	if (audit_walk(&a) == RC_OK && !d.failed) {
		audit_report_text(&a, stdout);
		printf("%llu record%s deciphered in %s.\n", (unsigned long long)d.written,
		       d.written == 1 ? " is" : "s are", o.output);
		code = audit_verdict(&a);
	}
	audit_escrow_close(&d.escrow);
	audit_free(&a);
	return code;
}
