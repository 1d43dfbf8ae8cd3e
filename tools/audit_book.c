/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of another book, CSV or JSON, read into entries and sorted by invoice number. */
#include "tools/audit_book.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 65536, COLUMNS = 64, AMOUNT_TEXT = 64 };

/* A file that is read line by line. */
struct book_lines {
	const char *name;
	FILE *file;
	char *line; /* LINE_MAX_BYTES and a NUL */
	uint64_t number;
};

static bool complain(const char *file, uint64_t line, const char *why)
{
	fprintf(stderr, "intaglio: %s, line %llu: %s\n", file, (unsigned long long)line, why);
	return false;
}

/* One more entry, empty, to be filled before the next is asked for; NULL without memory. */
static struct audit_book_entry *add(struct audit_book *b, uint64_t line)
{
	void *more;

	if (b->count == b->room) {
		more = realloc(b->entries, (b->room ? 2 * b->room : 64) * sizeof(*b->entries));
		if (!more) {
			fprintf(stderr, "intaglio: no memory for the other book\n");
			return NULL;
		}
		b->entries = more;
		b->room = b->room ? 2 * b->room : 64;
	}
	b->entries[b->count] = (struct audit_book_entry){.line = line};
	return &b->entries[b->count++];
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
 * Amounts as people's programs write them: 1234.56, 1234,56, 1.234,56 and 1,234.56. Of two signs
 * the last is the decimal one. What could be read in two ways, 1,234 or 1.230, is no amount.
 */
static bool take_amount(const char *value, int64_t *ret)
{
	const char *comma = strrchr(value, ','), *point = strrchr(value, '.'), *decimal = point;
	char text[AMOUNT_TEXT] = "", sign = ',';
	bool minus = *value == '-';
	size_t len = 0;

	if (!comma && point && strspn(point + 1, "0123456789") == 3)
		return false;
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

/* Without the spaces and tabs around it, in place. */
static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	for (len = strlen(text); len && strchr(" \t", text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

static bool put_id(struct audit_book_entry *e, const char *value)
{
	if (!*value || strlen(value) >= UBL_ID)
		return false;
	free(e->id);
	e->id = strdup(value);
	return e->id != NULL;
}

/* Puts a field by its name; fields of other names are passed over. */
static bool put_field(struct audit_book_entry *e, const char *name, const char *value)
{
	if (!strcmp(name, "id"))
		return put_id(e, value);
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
		const char *first = line + strspn(line, " \t");
		bool quoted = *first == '"';

		if (n == COLUMNS)
			return -1;
		line += quoted ? first + 1 - line : 0;
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
		line += quoted ? strspn(line, " \t") : 0;
		if (*line && *line != separator)
			return -1;
		bool more = *line == separator;

		line += more;
		*to++ = '\0';
		if (!more)
			return n;
	}
}

/*
 * The next line without its end, which is LF, CR LF or CR; *ret_good false if there is one that is no
 * text line, or that cannot be read.
 */
static bool next_line(struct book_lines *in, bool *ret_good)
{
	size_t n = 0;
	int c;

	*ret_good = true;
	in->number++;
	while ((c = getc(in->file)) != EOF && c != '\n' && c != '\r') {
		if (!c || n == LINE_MAX_BYTES) {
			*ret_good = complain(in->name, in->number, "it is too long, or no text");
			return false;
		}
		in->line[n++] = (char)c;
	}
	in->line[n] = '\0';
	if (ferror(in->file))
		*ret_good = complain(in->name, in->number, "it cannot be read");
	if (ferror(in->file) || (c == EOF && !n))
		return false;
	if (c == '\r' && (c = getc(in->file)) != '\n' && c != EOF)
		ungetc(c, in->file);
	/* A byte order mark, as spreadsheets put it. */
	if (in->number == 1 && !strncmp(in->line, "\xEF\xBB\xBF", 3))
		memmove(in->line, in->line + 3, strlen(in->line + 3) + 1);
	return true;
}

static bool is_blank(const char *line)
{
	return !line[strspn(line, " \t")];
}

static bool take_csv(struct audit_book *b, struct book_lines *in, char separator, char **names,
		     int columns)
{
	struct audit_book_entry *e = add(b, in->number);
	char *fields[COLUMNS];
	int n = split(in->line, separator, fields);

	if (!e)
		return false;
	if (n != columns)
		return complain(in->name, in->number, "not as many fields as columns");
	for (int i = 0; i < n; i++) {
		if (!put_field(e, names[i], trim(fields[i])))
			return complain(
				in->name, in->number,
				"no id, a field that is too long, or no amount that reads one way");
	}
	return true;
}

/* The first line names the columns; where it has semicolons and no comma they separate. */
static bool read_csv(struct audit_book *b, struct book_lines *in)
{
	char separator = strchr(in->line, ';') && !strchr(in->line, ',') ? ';' : ',';
	char *head = strdup(in->line), *names[COLUMNS];
	int columns = head ? split(head, separator, names) : -1;
	bool good = columns > 0, has_id = false, is_twice = false;

	for (int i = 0; i < columns; i++) {
		names[i] = trim(names[i]);
		has_id = has_id || !strcmp(names[i], "id");
		for (int j = 0; *names[i] && j < i; j++)
			is_twice = is_twice || !strcmp(names[i], names[j]);
	}
	if (is_twice)
		good = complain(in->name, in->number, "two columns of one name");
	else if (!good || !has_id)
		good = complain(in->name, in->number, "no names of columns with an id among them");
	while (good && next_line(in, &good)) {
		if (!is_blank(in->line))
			good = take_csv(b, in, separator, names, columns);
	}
	free(head);
	return good;
}

/* A number of JSON, if it has no more than two decimals. */
static bool put_number(struct audit_book_entry *e, const char *name, const json_t *value)
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

static bool take_json(struct audit_book_entry *e, const char *line)
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
	return good && e->id;
}

static bool read_json(struct audit_book *b, struct book_lines *in)
{
	bool good = true;

	do {
		struct audit_book_entry *e;

		if (is_blank(in->line))
			continue;
		e = add(b, in->number);
		if (!e)
			return false;
		if (!take_json(e, in->line))
			return complain(in->name, in->number,
					"no JSON object with an id, or an amount that is none");
	} while (next_line(in, &good));
	return good;
}

static int by_id(const void *a, const void *b)
{
	const struct audit_book_entry *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* The first line that is not blank says what the file is. */
static bool read_lines(struct audit_book *b, struct book_lines *in)
{
	bool good;

	do {
		if (!next_line(in, &good)) {
			if (good)
				fprintf(stderr, "intaglio: %s is empty\n", in->name);
			return false;
		}
	} while (is_blank(in->line));
	switch (in->line[strspn(in->line, " \t")]) {
	case '{':
		return read_json(b, in);
	case '[':
		return complain(
			in->name, in->number,
			"a JSON array, where one object a line is wanted, as jq -c '.[]' makes it");
	default:
		return read_csv(b, in);
	}
}

bool audit_book_read(struct audit_book *b, const char *file)
{
	struct book_lines in = {.name = file, .line = malloc(LINE_MAX_BYTES + 1)};
	bool good = false;

	in.file = in.line ? fopen(file, "r") : NULL;
	if (in.file)
		good = read_lines(b, &in);
	else
		fprintf(stderr, "intaglio: %s cannot be read: %s\n", file, strerror(errno));
	if (in.file)
		fclose(in.file);
	free(in.line);
	if (!good)
		return false;
	if (b->count)
		qsort(b->entries, b->count, sizeof(*b->entries), by_id);
	for (size_t i = 1; i < b->count; i++) {
		if (!by_id(&b->entries[i - 1], &b->entries[i]))
			return complain(file, b->entries[i].line, "an id that is there twice");
	}
	return true;
}

static int is_id(const void *id, const void *entry)
{
	return strcmp(id, ((const struct audit_book_entry *)entry)->id);
}

struct audit_book_entry *audit_book_find(const struct audit_book *b, const char *id)
{
	return b->count ? bsearch(id, b->entries, b->count, sizeof(*b->entries), is_id) : NULL;
}

void audit_book_free(struct audit_book *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->entries[i].id);
	free(b->entries);
	*b = (struct audit_book){.count = 0};
}
