/* SPDX-License-Identifier: BSD-2-Clause */
/* The directory of records, segments and series: sorted arrays, searched by bisection. */
#include "card/nvm_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

enum { RECORD_OVERHEAD = 64 };

static uint64_t weight(const struct nvm_record *record)
{
	return record->length + RECORD_OVERHEAD;
}

static void free_segment(struct nvm_segment *segment)
{
	for (size_t i = 0; i < segment->span_count; i++)
		free(segment->spans[i].places);
	free(segment->spans);
}

void nvm_index_free(struct nvm_index *index)
{
	for (size_t i = 0; i < index->record_count; i++)
		OPENSSL_clear_free(index->records[i].data, index->records[i].length);
	for (size_t i = 0; i < index->segment_count; i++)
		free_segment(&index->segments[i]);
	free(index->records);
	free(index->segments);
	free(index->series);
	*index = (struct nvm_index){0};
}

size_t nvm_index_above(const struct nvm_index *index, uint32_t after)
{
	size_t low = 0;
	size_t high = index->record_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->records[middle].id > after)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct nvm_record *nvm_index_record(const struct nvm_index *index, uint32_t id)
{
	size_t at = nvm_index_above(index, id);

	if (at == 0 || index->records[at - 1].id != id)
		return NULL;
	return &index->records[at - 1];
}

struct nvm_segment *nvm_index_segment(const struct nvm_index *index, uint32_t number)
{
	/* Nearly always asked for the last one. */
	for (size_t i = index->segment_count; i > 0; i--)
		if (index->segments[i - 1].number == number)
			return &index->segments[i - 1];
	return NULL;
}

struct nvm_series *nvm_index_series(const struct nvm_index *index, uint32_t id)
{
	for (size_t i = 0; i < index->series_count; i++)
		if (index->series[i].id == id)
			return &index->series[i];
	return NULL;
}

static bool make_space(struct nvm_index *index)
{
	size_t space = index->record_space ? index->record_space * 2 : 64;
	struct nvm_record *records;

	if (index->record_count < index->record_space)
		return true;
	records = realloc(index->records, space * sizeof(*records));
	if (!records)
		return false;
	index->records = records;
	index->record_space = space;
	return true;
}

/* Takes the record's bytes out of the account of the segment it lies in. */
static void drop(struct nvm_index *index, struct nvm_record *record)
{
	struct nvm_segment *segment = nvm_index_segment(index, record->segment);

	if (segment)
		segment->live -= weight(record);
	OPENSSL_clear_free(record->data, record->length);
}

enum rc nvm_index_put(struct nvm_index *index, const struct nvm_record *record)
{
	struct nvm_segment *segment = nvm_index_segment(index, record->segment);
	uint8_t *data = OPENSSL_malloc(record->length + 1);
	struct nvm_record *present;
	size_t at;

	assert(segment);
	if (!data || !make_space(index)) {
		OPENSSL_free(data);
		return RC_MEMORY;
	}
	if (record->length)
		memcpy(data, record->data, record->length);
	present = nvm_index_record(index, record->id);
	if (present) {
		drop(index, present);
	} else {
		at = nvm_index_above(index, record->id);
		present = &index->records[at];
		memmove(present + 1, present, (index->record_count - at) * sizeof(*present));
		index->record_count++;
	}
	*present = *record;
	present->data = data;
	segment->live += weight(record);
	return RC_OK;
}

void nvm_index_delete(struct nvm_index *index, uint32_t id)
{
	struct nvm_record *record = nvm_index_record(index, id);
	size_t at;

	if (!record)
		return;
	at = (size_t)(record - index->records);
	drop(index, record);
	index->record_count--;
	memmove(record, record + 1, (index->record_count - at) * sizeof(*record));
}

enum rc nvm_index_add_segment(struct nvm_index *index, uint32_t number)
{
	struct nvm_segment *segments;

	assert(!index->segment_count || index->segments[index->segment_count - 1].number < number);
	segments = realloc(index->segments, (index->segment_count + 1) * sizeof(*segments));
	if (!segments)
		return RC_MEMORY;
	index->segments = segments;
	segments[index->segment_count++] =
		(struct nvm_segment){.number = number, .fd = -1, .placed = true};
	return RC_OK;
}

void nvm_index_remove_segment(struct nvm_index *index, uint32_t number)
{
	struct nvm_segment *segment = nvm_index_segment(index, number);
	size_t at;

	if (!segment)
		return;
	assert(segment->fd < 0);
	at = (size_t)(segment - index->segments);
	free_segment(segment);
	index->segment_count--;
	memmove(segment, segment + 1, (index->segment_count - at) * sizeof(*segment));
}

enum rc nvm_index_add_series(struct nvm_index *index, uint32_t id, struct nvm_series **ret)
{
	struct nvm_series *series = nvm_index_series(index, id);

	if (!series) {
		series = realloc(index->series, (index->series_count + 1) * sizeof(*series));
		if (!series)
			return RC_MEMORY;
		index->series = series;
		series += index->series_count++;
		memset(series, 0, sizeof(*series));
		series->id = id;
	}
	*ret = series;
	return RC_OK;
}

enum rc nvm_index_span(struct nvm_segment *segment, uint32_t series, uint64_t first,
		       struct nvm_span **ret)
{
	struct nvm_span *spans;

	for (size_t i = 0; i < segment->span_count; i++) {
		if (segment->spans[i].series == series) {
			*ret = &segment->spans[i];
			return RC_OK;
		}
	}
	spans = realloc(segment->spans, (segment->span_count + 1) * sizeof(*spans));
	if (!spans)
		return RC_MEMORY;
	segment->spans = spans;
	*ret = &spans[segment->span_count++];
	**ret = (struct nvm_span){.series = series, .first = first};
	return RC_OK;
}

enum rc nvm_index_place(struct nvm_span *span, struct nvm_place place)
{
	if (span->placed == span->place_space) {
		uint32_t space = span->place_space ? span->place_space * 2 : 256;
		struct nvm_place *places = realloc(span->places, space * sizeof(*places));

		if (!places)
			return RC_MEMORY;
		span->places = places;
		span->place_space = space;
	}
	span->places[span->placed++] = place;
	return RC_OK;
}

static void prune_segment(struct nvm_segment *segment, uint32_t series, uint64_t first)
{
	for (size_t i = 0; i < segment->span_count; i++) {
		struct nvm_span *span = &segment->spans[i];

		if (span->series != series || span->first + span->count > first)
			continue;
		free(span->places);
		segment->span_count--;
		memmove(span, span + 1, (segment->span_count - i) * sizeof(*span));
		return;
	}
}

void nvm_index_prune(struct nvm_index *index, uint32_t series, uint64_t first)
{
	for (size_t i = 0; i < index->segment_count; i++)
		prune_segment(&index->segments[i], series, first);
}

bool nvm_index_dead(const struct nvm_segment *segment)
{
	return segment->live == 0 && segment->span_count == 0;
}
