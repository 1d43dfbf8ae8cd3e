/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the log: replay, the tail, and the places of leaves. */
#include "card/nvm_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "card/nvm_commit.h"
#include "card/nvm_segment.h"
#include "card/nvm_shared.h"

enum { AHEAD_MIN = 8 << 10, AHEAD_MAX = 1 << 20 };

static void forget_window(struct nvm *nvm)
{
	nvm->window.segment = 0;
	nvm->window.ahead = AHEAD_MIN;
}

static enum rc grow_window(struct nvm_window *window, uint32_t size)
{
	uint8_t *data;

	if (size <= window->space)
		return RC_OK;
	data = realloc(window->data, size);
	if (!data)
		return RC_MEMORY;
	window->data = data;
	window->space = size;
	return RC_OK;
}

static enum rc cannot_read(const struct nvm *nvm, uint32_t number, uint32_t offset)
{
	log_error("card memory %s: log-%08x cannot be read at offset %u: %s", nvm->path, number,
		  offset, strerror(errno));
	return RC_IO;
}

/* length bytes of a segment, valid until the next call; reads ahead, the more the longer it goes. */
static enum rc look_at(struct nvm *nvm, struct nvm_segment *segment, uint32_t offset,
		       uint32_t length, const uint8_t **ret)
{
	struct nvm_window *window = &nvm->window;
	uint32_t rest = nvm->segment_size - offset;
	uint32_t want = length > window->ahead ? length : window->ahead;
	ssize_t n;
	enum rc rc;

	if (window->segment != segment->number || offset < window->offset ||
	    offset + length > window->offset + window->length) {
		if (want > rest)
			want = rest;
		window->segment = 0;
		rc = grow_window(window, want);
		if (rc == RC_OK)
			rc = nvm_segment_open(nvm, segment);
		if (rc != RC_OK)
			return rc;
		n = nvm_io_read(nvm->io, segment->fd, window->data, want, offset);
		if (n < 0)
			return cannot_read(nvm, segment->number, offset);
		if ((size_t)n < length) {
			log_error("card memory %s: log-%08x is damaged: it ends at offset %llu",
				  nvm->path, segment->number,
				  (unsigned long long)offset + (unsigned long long)n);
			return RC_DAMAGED;
		}
		window->segment = segment->number;
		window->offset = offset;
		window->length = (uint32_t)n;
		window->ahead = window->ahead * 2 > AHEAD_MAX ? AHEAD_MAX : window->ahead * 2;
	}
	*ret = window->data + (offset - window->offset);
	return RC_OK;
}

/*
 * The commit at an offset, its head checked and its data too if wanted. RC_NOT_FOUND: there is no
 * good one. The views of ret are valid until the next look_at.
 */
static enum rc read_commit(struct nvm *nvm, struct nvm_segment *segment, uint32_t offset,
			   bool with_data, struct nvm_commit *ret)
{
	uint32_t room = nvm->segment_size - offset;
	const uint8_t *bytes;
	enum rc rc;

	if (room < NVM_HEADER)
		return RC_NOT_FOUND;
	rc = look_at(nvm, segment, offset, NVM_HEADER, &bytes);
	if (rc != RC_OK)
		return rc;
	if (!nvm_commit_header(view_of(bytes, NVM_HEADER), room, ret))
		return RC_NOT_FOUND;
	rc = look_at(nvm, segment, offset, with_data ? ret->length : ret->data_at, &bytes);
	if (rc != RC_OK)
		return rc;
	ret->head = view_of(bytes, ret->data_at);
	ret->data.data = bytes + ret->data_at;
	rc = nvm_commit_check_head(ret, segment->nonce);
	if (rc == RC_OK && with_data)
		rc = nvm_commit_check_data(ret);
	return rc;
}

static struct nvm_segment *tail(const struct nvm *nvm)
{
	return nvm_index_segment(&nvm->index, nvm->tail_segment);
}

enum rc nvm_log_replay(struct nvm *nvm, uint64_t limit)
{
	struct nvm_commit commit;
	enum rc rc;

	forget_window(nvm);
	while (nvm->sequence < limit) {
		/* A file that is gone is no end of the log. */
		rc = nvm_segment_open(nvm, tail(nvm));
		if (rc != RC_OK)
			return rc;
		rc = read_commit(nvm, tail(nvm), nvm->tail_offset, true, &commit);
		if (rc == RC_NOT_FOUND)
			return RC_OK;
		if (rc != RC_OK)
			return rc;
		if (commit.sequence != nvm->sequence + 1)
			return RC_OK;
		rc = nvm_commit_apply(nvm, &commit);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
	static const uint8_t zeros[NVM_HEADER];

	return view_equal(view_of(bytes, n), view_of(zeros, n));
}

enum rc nvm_log_peek(struct nvm *nvm)
{
	uint8_t bytes[NVM_HEADER];
	ssize_t n;
	enum rc rc;

	if (nvm->segment_size - nvm->tail_offset < NVM_HEADER)
		return RC_OK;
	rc = nvm_segment_open(nvm, tail(nvm));
	if (rc != RC_OK)
		return rc;
	n = nvm_io_read(nvm->io, tail(nvm)->fd, bytes, sizeof(bytes), nvm->tail_offset);
	if (n < 0)
		return cannot_read(nvm, nvm->tail_segment, nvm->tail_offset);
	return n == NVM_HEADER && is_zero(bytes, sizeof(bytes)) ? RC_OK : RC_EXISTS;
}

static enum rc followed(const struct nvm *nvm, uint32_t segment, uint32_t offset)
{
	log_error("card memory %s: log-%08x is damaged at offset %u: the commit there is bad, but "
		  "a later one at log-%08x offset %u is good; restore the directory from a backup",
		  nvm->path, nvm->tail_segment, nvm->tail_offset, segment, offset);
	return RC_DAMAGED;
}

/* Looks for the head of a later commit in a segment from an offset to its end. */
static enum rc search(struct nvm *nvm, struct nvm_segment *segment, uint32_t offset)
{
	struct nvm_commit commit;
	const uint8_t *bytes;
	enum rc rc;

	for (; offset + NVM_HEADER <= nvm->segment_size; offset += NVM_ALIGN) {
		rc = look_at(nvm, segment, offset, NVM_HEADER, &bytes);
		if (rc != RC_OK)
			return rc;
		if (!nvm_commit_header(view_of(bytes, NVM_HEADER), nvm->segment_size - offset,
				       &commit) ||
		    commit.sequence <= nvm->sequence)
			continue;
		rc = read_commit(nvm, segment, offset, false, &commit);
		if (rc == RC_OK)
			return followed(nvm, segment->number, offset);
		if (rc != RC_NOT_FOUND)
			return rc;
	}
	return RC_OK;
}

/* No commit may lie in a segment that the log has not come to. */
static enum rc check_next(struct nvm *nvm)
{
	struct nvm_segment next = {.number = nvm->tail_segment + 1, .fd = -1};
	struct nvm_commit commit;
	uint32_t highest;
	enum rc rc;

	rc = nvm_segment_highest(nvm, &highest);
	if (rc != RC_OK)
		return rc;
	if (highest > next.number) {
		log_error("card memory %s: log-%08x is missing, log-%08x is there; restore the "
			  "directory from a backup",
			  nvm->path, next.number, highest);
		return RC_DAMAGED;
	}
	if (highest < next.number)
		return RC_OK;
	rc = nvm_segment_open(nvm, &next);
	if (rc == RC_OK)
		rc = read_commit(nvm, &next, NVM_LOG_START, false, &commit);
	if (rc == RC_OK)
		rc = followed(nvm, next.number, NVM_LOG_START);
	else if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	nvm_segment_close(nvm, &next);
	return rc;
}

enum rc nvm_log_check_tail(struct nvm *nvm, bool tail_is_known)
{
	enum rc rc = nvm_log_peek(nvm);

	if (rc != RC_OK && rc != RC_EXISTS)
		return rc;
	forget_window(nvm);
	if (rc == RC_EXISTS || !tail_is_known) {
		rc = search(nvm, tail(nvm), nvm->tail_offset + NVM_ALIGN);
		if (rc != RC_OK)
			return rc;
	}
	return check_next(nvm);
}

enum rc nvm_log_fetch(struct nvm *nvm, struct nvm_segment *segment, uint32_t offset,
		      uint32_t length, uint8_t *ret)
{
	ssize_t n;
	enum rc rc = nvm_segment_open(nvm, segment);

	if (rc != RC_OK)
		return rc;
	n = nvm_io_read(nvm->io, segment->fd, ret, length, offset);
	if (n < 0)
		return cannot_read(nvm, segment->number, offset);
	return (size_t)n == length ? RC_OK : RC_DAMAGED;
}

static struct nvm_span *find_span(struct nvm_segment *segment, uint32_t series)
{
	for (size_t i = 0; i < segment->span_count; i++)
		if (segment->spans[i].series == series)
			return &segment->spans[i];
	return NULL;
}

/* True if the series was pruned past this leaf and nobody will ask for its place. */
static bool is_pruned(const struct nvm *nvm, const struct nvm_span *span,
		      const struct nvm_item *item)
{
	const struct nvm_series *series = nvm_index_series(&nvm->index, item->id);

	return series && item->index < series->first && (!span || item->index < span->first);
}

/* The places of the leaves of one commit. */
static enum rc place_items(const struct nvm *nvm, struct nvm_segment *segment,
			   const struct nvm_commit *commit, uint32_t offset)
{
	struct view items = view_of(commit->head.data + NVM_HEADER, commit->head.len - NVM_HEADER);
	struct nvm_place place = {offset + NVM_HEADER, offset + commit->data_at};
	struct nvm_item item;
	struct nvm_span *span;
	enum rc rc;

	while (items.len) {
		if (nvm_item_take(&items, &item) != RC_OK)
			return RC_DAMAGED;
		span = find_span(segment, item.id);
		if (item.kind == NVM_LEAF && !is_pruned(nvm, span, &item)) {
			if (!span || item.index != span->first + span->placed ||
			    span->placed >= span->count)
				return RC_DAMAGED;
			rc = nvm_index_place(span, place);
			if (rc != RC_OK)
				return rc;
		}
		place.item += NVM_ITEM;
		place.data += item.length;
	}
	return RC_OK;
}

enum rc nvm_log_place(struct nvm *nvm, struct nvm_segment *segment)
{
	bool is_tail = segment->number == nvm->tail_segment;
	uint32_t offset = NVM_LOG_START;
	struct nvm_commit commit;
	enum rc rc;

	for (size_t i = 0; i < segment->span_count; i++)
		segment->spans[i].placed = 0;
	forget_window(nvm);
	while (!is_tail || offset < nvm->tail_offset) {
		rc = read_commit(nvm, segment, offset, false, &commit);
		if (rc == RC_OK)
			rc = place_items(nvm, segment, &commit, offset);
		if (rc == RC_NOT_FOUND || rc == RC_DAMAGED) {
			log_error(
				"card memory %s: log-%08x is damaged at offset %u: no good commit",
				nvm->path, segment->number, offset);
			return RC_DAMAGED;
		}
		if (rc != RC_OK)
			return rc;
		if (commit.flags & NVM_ROLL)
			break;
		offset += commit.length;
	}
	for (size_t i = 0; i < segment->span_count; i++)
		if (segment->spans[i].placed != segment->spans[i].count)
			return RC_DAMAGED;
	segment->placed = true;
	return RC_OK;
}
