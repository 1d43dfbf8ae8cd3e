/* SPDX-License-Identifier: BSD-2-Clause */
/* What an audit keeps: findings, notices, and sums per day and type. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/audit.h"

enum { DAY_MS = 86400000, TYPES = 65536 };

void audit_init(struct audit *audit)
{
	*audit = (struct audit){.key_text = NULL};
	buf_init(&audit->note, NOTE_MAX);
	buf_init(&audit->previous_note, NOTE_MAX);
	buf_init(&audit->policy, BOOK_LEAF_MAX);
}

void audit_free(struct audit *audit)
{
	free(audit->findings.rows);
	free(audit->notices.rows);
	free(audit->totals.days);
	free(audit->totals.types);
	free(audit->totals.day_rates);
	buf_free(&audit->note);
	buf_free(&audit->previous_note);
	buf_free(&audit->policy);
}

void audit_text(char *text)
{
	json_t *known = json_string(text);

	for (char *c = text; *c && !known; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	json_decref(known);
}

/* What there is no memory for is counted. */
static void add(struct audit_list *list, enum audit_kind kind, int64_t record, const char *format,
		va_list args) __attribute__((format(printf, 4, 0)));
static void add(struct audit_list *list, enum audit_kind kind, int64_t record, const char *format,
		va_list args)
{
	struct audit_finding *row;
	void *rows;

	list->count++;
	if (list->kept == AUDIT_KEPT)
		return;
	if (!(list->kept & (list->kept - 1))) {
		rows = realloc(list->rows,
			       (list->kept ? 2 * list->kept : 1) * sizeof(list->rows[0]));
		if (!rows)
			return;
		list->rows = rows;
	}
	row = &list->rows[list->kept++];
	row->kind = kind;
	row->record = record;
	vsnprintf(row->text, sizeof(row->text), format, args);
	/* Names of files may be in it. */
	for (char *c = row->text; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
}

void audit_find(struct audit *audit, enum audit_kind kind, int64_t record, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(&audit->findings, kind, record, format, args);
	va_end(args);
}

void audit_notice(struct audit *audit, enum audit_kind kind, int64_t record, const char *format,
		  ...)
{
	va_list args;

	va_start(args, format);
	add(&audit->notices, kind, record, format, args);
	va_end(args);
}

const char *audit_kind_name(enum audit_kind kind)
{
	static const char *const names[AUDIT_KINDS] = {
		[AUDIT_KEY] = "key",
		[AUDIT_CHECKPOINT] = "checkpoint",
		[AUDIT_TREE] = "tree",
		[AUDIT_LEAF] = "record",
		[AUDIT_GAP] = "gap",
		[AUDIT_LEDGER] = "ledger",
		[AUDIT_COUNTER] = "counter",
		[AUDIT_TYPE] = "type",
		[AUDIT_TIME] = "time",
		[AUDIT_PREVIOUS] = "previous",
		[AUDIT_FILE] = "file",
		[AUDIT_CONTENT] = "content",
		[AUDIT_CERTIFICATE] = "certificate",
	};

	return names[kind];
}

/* The row of a day, in its place; NULL if there is no room for one more. */
static struct audit_day *day_row(struct audit_totals *t, uint64_t day)
{
	size_t at = t->day_count;

	if (!t->days)
		t->days = calloc(AUDIT_DAYS, sizeof(*t->days));
	if (!t->days)
		return NULL;
	while (at && t->days[at - 1].day > day)
		at--;
	if (at && t->days[at - 1].day == day)
		return &t->days[at - 1];
	if (t->day_count == AUDIT_DAYS)
		return NULL;
	memmove(&t->days[at + 1], &t->days[at], (t->day_count - at) * sizeof(*t->days));
	t->day_count++;
	t->days[at] = (struct audit_day){.day = day};
	return &t->days[at];
}

void audit_count(struct audit *audit, const struct leaf_header *header)
{
	struct audit_totals *t = &audit->totals;
	struct audit_day *day = day_row(t, header->time_ms / DAY_MS);

	t->records++;
	t->bytes += header->length;
	if (!t->types)
		t->types = calloc(TYPES, sizeof(*t->types));
	if (t->types)
		t->types[header->type]++;
	if (!day) {
		t->later++;
		return;
	}
	if (!day->records)
		day->first = header->index;
	day->records++;
	day->bytes += header->length;
	day->last = header->index;
}

static void say(time_t seconds, bool day_only, char *ret, size_t size)
{
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || utc.tm_year > 8099 ||
	    !(day_only ? strftime(ret, size, "%Y-%m-%d", &utc)
		       : strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &utc)))
		snprintf(ret, size, "-");
}

void audit_say_day(uint64_t day, char *ret, size_t size)
{
	say(day < (uint64_t)1 << 40 ? (time_t)day * 86400 : -1, true, ret, size);
}

void audit_say_time(uint64_t ms, char *ret, size_t size)
{
	say((time_t)(ms / 1000), false, ret, size);
}

char *audit_say_amount(int64_t hundredths, char *ret, size_t size)
{
	snprintf(ret, size, "%s%lld.%02lld", hundredths < 0 ? "-" : "",
		 llabs((long long)hundredths / 100), llabs((long long)hundredths % 100));
	return ret;
}
