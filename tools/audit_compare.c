/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio audit compare: the sealed invoices of an export beside another book, CSV or JSON lines, from
 * the shop or its customers. The other book is held in memory, sorted by invoice number; the export
 * is walked once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit.h"
#include "tools/ubl.h"

enum { LINE_MAX_BYTES = 65536, COLUMNS = 64, AMOUNT_TEXT = 64 };

/* One invoice of the other book; what it does not say is empty. */
struct entry {
	char id[UBL_TEXT], date[UBL_TEXT], currency[4];
	int64_t amount;
	bool has_amount;
	uint64_t line, record; /* record: 0, or the record that has it */
};

struct comparison {
	struct audit_escrow escrow;
	struct entry *entries;
	size_t count, room;
	uint64_t same, differing, only_sealed, only_listed, twice, unread;
	json_t *rows; /* with --json */
};

/* A file that is read line by line. */
struct book_lines {
	const char *name;
	FILE *file;
	char *line;
	size_t room;
	uint64_t number;
};

static bool complain(const char *file, uint64_t line, const char *why)
{
	fprintf(stderr, "intaglio: %s, line %llu: %s\n", file, (unsigned long long)line, why);
	return false;
}

static bool add(struct comparison *c, const struct entry *entry)
{
	void *more;

	if (c->count == c->room) {
		more = realloc(c->entries, (c->room ? 2 * c->room : 64) * sizeof(*c->entries));
		if (!more) {
			fprintf(stderr, "intaglio: no memory for the other book\n");
			return false;
		}
		c->entries = more;
		c->room = c->room ? 2 * c->room : 64;
	}
	c->entries[c->count++] = *entry;
	return true;
}

/* Digits in groups of three, the first of one to three, joined by this sign. */
static bool are_groups(const char *text, size_t len, char sign)
{
	size_t group = 0;
	bool first = true;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != sign) {
			if (text[i] < '0' || text[i] > '9')
				return false;
			group++;
			continue;
		}
		if (group > 3 || !group || (group != 3 && !first))
			return false;
		first = false;
		group = 0;
	}
	return true;
}

/*
 * Amounts as people's programs write them: 1234.56, 1234,56, 1.234,56 and 1,234.56. Of two signs the
 * last is the decimal one. What could be read in two ways, 1,234, is no amount.
 */
static bool take_amount(const char *value, int64_t *ret)
{
	const char *comma = strrchr(value, ','), *point = strrchr(value, '.'), *decimal = point;
	char text[AMOUNT_TEXT] = "", sign = ',';
	bool minus = *value == '-';
	size_t len = 0;

	if (!comma)
		return ubl_amount(view_str(value), ret) == RC_OK;
	if (!point || comma > point) {
		decimal = comma;
		sign = '.';
	}
	value += minus;
	if (strlen(value) >= sizeof(text) - 1 || decimal < value || strlen(decimal) > 3 ||
	    !decimal[1] ||
	    (memchr(value, sign, (size_t)(decimal - value))
		     ? !are_groups(value, (size_t)(decimal - value), sign)
		     : strspn(value, "0123456789") != (size_t)(decimal - value)))
		return false;
	for (; *value; value++) {
		if (*value != sign)
			text[len++] = value == decimal ? '.' : *value;
	}
	if (ubl_amount(view_str(text), ret) != RC_OK)
		return false;
	*ret = minus ? -*ret : *ret;
	return true;
}

/* Puts a field by its name; fields of other names are passed over. */
static bool put_field(struct entry *e, const char *name, const char *value)
{
	if (!strcmp(name, "id"))
		return snprintf(e->id, sizeof(e->id), "%s", value) < (int)sizeof(e->id);
	if (!strcmp(name, "date"))
		return snprintf(e->date, sizeof(e->date), "%s", value) < (int)sizeof(e->date);
	if (!strcmp(name, "currency"))
		return snprintf(e->currency, sizeof(e->currency), "%s", value) <
		       (int)sizeof(e->currency);
	if (!strcmp(name, "amount") && *value) {
		e->has_amount = true;
		return take_amount(value, &e->amount);
	}
	return true;
}

/* Splits a line in place (RFC 4180, no line breaks in fields); -1 if quotes do not match. */
static int split(char *line, char separator, char *fields[COLUMNS])
{
	char *to = line;
	int n = 0;

	for (;;) {
		bool quoted = *line == '"';

		if (n == COLUMNS)
			return -1;
		line += quoted;
		fields[n++] = to;
		while (*line && (quoted || *line != separator)) {
			if (quoted && *line == '"') {
				if (line[1] != '"')
					break;
				line++;
			}
			*to++ = *line++;
		}
		if (quoted && *line++ != '"')
			return -1;
		if (*line && *line != separator)
			return -1;
		bool more = *line == separator;

		line += more;
		*to++ = '\0';
		if (!more)
			return n;
	}
}

/* The next line without its end; *ret_good false if there is one that is no text line. */
static bool next_line(struct book_lines *in, bool *ret_good)
{
	ssize_t n = getline(&in->line, &in->room, in->file);

	*ret_good = true;
	if (n < 0)
		return false;
	in->number++;
	if (n > LINE_MAX_BYTES || memchr(in->line, '\0', (size_t)n)) {
		*ret_good = complain(in->name, in->number, "it is too long, or no text");
		return false;
	}
	in->line[strcspn(in->line, "\r\n")] = '\0';
	/* A byte order mark, as spreadsheets put it. */
	if (in->number == 1 && !strncmp(in->line, "\xEF\xBB\xBF", 3))
		memmove(in->line, in->line + 3, strlen(in->line + 3) + 1);
	return true;
}

static bool take_csv(struct comparison *c, struct book_lines *in, char separator, char **names,
		     int columns)
{
	struct entry e = {.line = in->number};
	char *fields[COLUMNS];
	int n = split(in->line, separator, fields);

	if (n != columns)
		return complain(in->name, in->number, "not as many fields as columns");
	for (int i = 0; i < n; i++) {
		if (!put_field(&e, names[i], fields[i]))
			return complain(in->name, in->number, "a field is too long or no amount");
	}
	if (!*e.id)
		return complain(in->name, in->number, "no id");
	return add(c, &e);
}

/* The first line names the columns; where it has semicolons and no comma they separate. */
static bool read_csv(struct comparison *c, struct book_lines *in)
{
	char separator = strchr(in->line, ';') && !strchr(in->line, ',') ? ';' : ',';
	char *head = strdup(in->line), *names[COLUMNS];
	int columns = head ? split(head, separator, names) : -1;
	bool good = columns > 0, has_id = false;

	for (int i = 0; i < columns; i++)
		has_id = has_id || !strcmp(names[i], "id");
	if (!good || !has_id)
		good = complain(in->name, 1, "no names of columns with an id among them");
	while (good && next_line(in, &good)) {
		if (*in->line)
			good = take_csv(c, in, separator, names, columns);
	}
	free(head);
	return good;
}

/* A number of JSON, if it has no more than two decimals. */
static bool put_number(struct entry *e, const char *name, const json_t *value)
{
	double hundredths = json_number_value(value) * 100;

	if (strcmp(name, "amount") != 0)
		return strcmp(name, "id") != 0;
	if (!(hundredths > -1e15 && hundredths < 1e15))
		return false;
	e->has_amount = true;
	e->amount = (int64_t)(hundredths + (hundredths < 0 ? -0.5 : 0.5));
	hundredths -= (double)e->amount;
	return hundredths > -1e-3 && hundredths < 1e-3;
}

static bool take_json(struct entry *e, const char *line)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL), *value;
	const char *name;
	bool good = json_is_object(object);

	json_object_foreach(object, name, value)
	{
		if (good && json_is_string(value))
			good = put_field(e, name, json_string_value(value));
		else if (good && json_is_number(value))
			good = put_number(e, name, value);
		else if (!strcmp(name, "amount") || !strcmp(name, "id"))
			good = false;
	}
	json_decref(object);
	return good && *e->id;
}

static bool read_json(struct comparison *c, struct book_lines *in)
{
	bool good = true;

	do {
		struct entry e = {.line = in->number};

		if (!in->line[strspn(in->line, " \t")])
			continue;
		if (!take_json(&e, in->line))
			return complain(in->name, in->number,
					"no JSON object with an id, or an amount that is none");
		if (!add(c, &e))
			return false;
	} while (next_line(in, &good));
	return good;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->id, ((const struct entry *)b)->id);
}

static bool read_book(struct comparison *c, const char *file)
{
	struct book_lines in = {.name = file, .file = fopen(file, "r")};
	bool good = true;

	if (!in.file || !next_line(&in, &good)) {
		if (good)
			fprintf(stderr, "intaglio: %s cannot be read, or is empty\n", file);
		good = false;
	}
	if (good)
		good = *in.line == '{' ? read_json(c, &in) : read_csv(c, &in);
	if (in.file)
		fclose(in.file);
	free(in.line);
	if (!good)
		return false;
	if (c->count)
		qsort(c->entries, c->count, sizeof(*c->entries), by_id);
	for (size_t i = 1; i < c->count; i++) {
		if (!by_id(&c->entries[i - 1], &c->entries[i]))
			return complain(file, c->entries[i].line, "an id that is there twice");
	}
	return true;
}

static void say(struct comparison *c, const char *what, const char *id, uint64_t record,
		uint64_t line, const char *detail)
{
	if (c->rows) {
		json_t *row = json_pack("{s:s,s:s,s:s}", "what", what, "id", id, "detail", detail);

		if (record)
			json_object_set_new(row, "record", json_integer((json_int_t)record));
		if (line)
			json_object_set_new(row, "line", json_integer((json_int_t)line));
		json_array_append_new(c->rows, row);
		return;
	}
	printf("%s: %s", what, id);
	if (record)
		printf(", record %llu", (unsigned long long)record);
	if (line)
		printf(", line %llu", (unsigned long long)line);
	printf("%s%s\n", *detail ? ": " : "", detail);
}

static void judge(struct comparison *c, struct entry *e, const struct ubl *invoice, uint64_t record)
{
	char detail[4 * UBL_TEXT] = "";

	if (e->record) {
		c->twice++;
		say(c, "sealed twice", e->id, record, e->line, "");
		return;
	}
	e->record = record;
	if (e->has_amount && e->amount != invoice->payable)
		snprintf(detail, sizeof(detail), "amount %.2f sealed, %.2f listed",
			 (double)invoice->payable / 100, (double)e->amount / 100);
	else if (*e->currency && strcmp(e->currency, invoice->currency) != 0)
		snprintf(detail, sizeof(detail), "currency %s sealed, %s listed", invoice->currency,
			 e->currency);
	else if (*e->date && strcmp(e->date, invoice->date) != 0)
		snprintf(detail, sizeof(detail), "date %s sealed, %s listed", invoice->date,
			 e->date);
	if (!*detail) {
		c->same++;
		return;
	}
	c->differing++;
	say(c, "differs", e->id, record, e->line, detail);
}

static bool compare_record(void *arg, const struct leaf_header *header, struct view leaf)
{
	struct comparison *c = arg;
	struct entry wanted = {.line = 0}, *e = NULL;
	struct ubl invoice;
	struct view plain;

	if (!audit_decipher(&c->escrow, header, leaf, &plain))
		return true;
	if (ubl_parse(plain, &invoice) != RC_OK) {
		c->unread++;
		return true;
	}
	snprintf(wanted.id, sizeof(wanted.id), "%s", invoice.id);
	if (c->count)
		e = bsearch(&wanted, c->entries, c->count, sizeof(wanted), by_id);
	if (e) {
		judge(c, e, &invoice, header->index);
	} else {
		c->only_sealed++;
		say(c, "only sealed", invoice.id, header->index, 0, "");
	}
	return true;
}

static enum exit_code conclude(struct comparison *c, const struct audit *a)
{
	bool good;

	for (size_t i = 0; i < c->count; i++) {
		if (c->entries[i].record)
			continue;
		c->only_listed++;
		say(c, "only listed", c->entries[i].id, 0, c->entries[i].line, "");
	}
	good = !c->differing && !c->only_sealed && !c->only_listed && !c->twice;
	if (c->rows) {
		tool_print_json(
			json_pack("{s:b,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:O}", "valid",
				  audit_verdict(a) == EXIT_DONE, "equal", good, "same",
				  (json_int_t)c->same, "differing", (json_int_t)c->differing,
				  "only_sealed", (json_int_t)c->only_sealed, "only_listed",
				  (json_int_t)c->only_listed, "sealed_twice", (json_int_t)c->twice,
				  "other_records", (json_int_t)c->unread, "rows", c->rows));
	} else {
		audit_report_text(a, stdout);
		printf("%llu the same, %llu differing, %llu only sealed, %llu only listed, %llu "
		       "sealed twice; %llu records are no invoices.\n",
		       (unsigned long long)c->same, (unsigned long long)c->differing,
		       (unsigned long long)c->only_sealed, (unsigned long long)c->only_listed,
		       (unsigned long long)c->twice, (unsigned long long)c->unread);
	}
	return good ? audit_verdict(a) : EXIT_REFUSED;
}

enum exit_code audit_compare_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"json",       "previous",        "key",
					      "authority",  "revoked",         "with",
					      "escrow-key", "passphrase-file", NULL};
	enum exit_code code = EXIT_FILE;
	struct comparison c = {.count = 0};
	struct audit_options o;
	struct audit a;

	(void)tool;
	if (!audit_parse(&o, argc, argv, allowed) || o.file_count != 1 || !o.escrow_key || !o.with)
		return EXIT_USAGE;
	audit_init(&a);
	audit_take_options(&a, &o);
	c.rows = o.json ? json_array() : NULL;
	if (read_book(&c, o.with) && audit_escrow_open(&c.escrow, &a, &o)) {
		a.record = compare_record;
		a.arg = &c;
		if (audit_walk(&a) == RC_OK)
			code = conclude(&c, &a);
		audit_escrow_close(&c.escrow);
	}
	json_decref(c.rows);
	free(c.entries);
	audit_free(&a);
	return code;
}
