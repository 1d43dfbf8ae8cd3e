/* SPDX-License-Identifier: BSD-2-Clause */
/* Rolling over to the next segment, moving live records forward, removing dead segments. */
#include "card/nvm_room.h"

#include "base/log.h"
#include "card/nvm_checkpoint.h"
#include "card/nvm_log.h"
#include "card/nvm_segment.h"

enum { MOVE_AT_ONCE = 128 << 10, RESERVED_SEGMENTS = 2 };

/* Where commits have to end: the header of a commit that rolls over must still fit. */
static uint32_t end_of_room(const struct nvm *nvm)
{
	return nvm->segment_size - NVM_HEADER;
}

static uint64_t segments_allowed(const struct nvm *nvm, bool grows)
{
	uint64_t all = nvm->capacity / nvm->segment_size;

	if (!nvm->capacity)
		return UINT32_MAX;
	return grows && all >= 2 * RESERVED_SEGMENTS ? all - RESERVED_SEGMENTS : all;
}

/* Prepares the segment after the tail. */
static enum rc prepare(struct nvm *nvm, bool grows)
{
	uint32_t number = nvm->tail_segment + 1;
	enum rc rc;

	if (nvm->index.segment_count + 1 > segments_allowed(nvm, grows))
		return RC_FULL;
	if (nvm->next_ready == number)
		return RC_OK;
	rc = nvm_segment_exists(nvm, number);
	if (rc == RC_NOT_FOUND)
		rc = nvm_segment_make(nvm, number);
	else if (rc == RC_OK && nvm->io->fsync(nvm->io->ctx, nvm->dir) != 0)
		/* Whoever prepared it may have died before its name was durable. */
		rc = RC_IO;
	if (rc == RC_OK)
		nvm->next_ready = number;
	return rc;
}

/* One commit with as many of a segment's live records as go into one. */
static enum rc move_some(struct nvm *nvm, uint32_t from)
{
	struct buf items;
	struct buf data;
	uint32_t count = 0;
	enum rc rc;

	buf_init(&items, nvm->segment_size);
	buf_init(&data, nvm->segment_size);
	for (size_t i = 0; i < nvm->index.record_count; i++) {
		const struct nvm_record *record = &nvm->index.records[i];
		struct nvm_item item = {
			.kind = NVM_PUT, .id = record->id, .length = record->length};

		if (record->segment != from)
			continue;
		if (count > 0 && items.len + data.len + record->length > MOVE_AT_ONCE)
			break;
		for (size_t j = 0; j < sizeof(item.hash); j++)
			item.hash[j] = record->hash[j];
		nvm_item_put(&items, &item);
		buf_put(&data, record->data, record->length);
		count++;
	}
	rc = buf_rc(&items);
	if (rc == RC_OK)
		rc = buf_rc(&data);
	if (rc == RC_OK && nvm->tail_offset + nvm_log_size(count, data.len) > end_of_room(nvm))
		rc = RC_FULL;
	if (rc == RC_OK)
		rc = nvm_log_write(nvm, 0, count, view_buf(&items), view_buf(&data), NULL, NULL);
	buf_free(&items);
	buf_free(&data);
	return rc;
}

/* True if a segment's live records are worth moving and there is room for them at the tail. */
static bool is_movable(const struct nvm *nvm, const struct nvm_segment *segment)
{
	return segment->number != nvm->tail_segment && segment->span_count == 0 &&
	       segment->live > 0 && segment->live < nvm->segment_size / 2 &&
	       nvm->tail_offset + segment->live + NVM_RESERVE < end_of_room(nvm);
}

static enum rc move_live(struct nvm *nvm)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < nvm->index.segment_count && rc == RC_OK; i++) {
		/* By position: writing never moves the segments of the index. */
		if (!is_movable(nvm, &nvm->index.segments[i]))
			continue;
		while (rc == RC_OK && nvm->index.segments[i].live > 0)
			rc = move_some(nvm, nvm->index.segments[i].number);
	}
	return rc == RC_FULL ? RC_OK : rc;
}

static size_t count_dead(const struct nvm *nvm)
{
	size_t dead = 0;

	for (size_t i = 0; i < nvm->index.segment_count; i++)
		if (nvm->index.segments[i].number != nvm->tail_segment &&
		    nvm_index_dead(&nvm->index.segments[i]))
			dead++;
	return dead;
}

/* Takes dead segments out of the view; their numbers go to numbers. */
static size_t forget_dead(struct nvm *nvm, uint32_t *numbers, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < nvm->index.segment_count && count < max;) {
		struct nvm_segment *segment = &nvm->index.segments[i];

		if (segment->number == nvm->tail_segment || !nvm_index_dead(segment)) {
			i++;
			continue;
		}
		numbers[count++] = segment->number;
		nvm_segment_close(nvm, segment);
		nvm_index_remove_segment(&nvm->index, segment->number);
	}
	return count;
}

/* A checkpoint that no longer names the dead segments; when it is durable they are removed. */
static enum rc tidy(struct nvm *nvm)
{
	uint32_t dead[64];
	size_t count;
	enum rc rc;

	count = forget_dead(nvm, dead, 64);
	rc = nvm_checkpoint_write(nvm);
	if (rc == RC_FULL) {
		/* The log has it all; it is tried again later. */
		nvm->since_checkpoint = 0;
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < count; i++)
		if (nvm_segment_remove(nvm, dead[i]) != RC_OK)
			log_warning(
				"card memory %s: log-%08x is of no use any more but could not be "
				"removed",
				nvm->path, dead[i]);
	return RC_OK;
}

static enum rc roll(struct nvm *nvm)
{
	enum rc rc;

	rc = nvm_log_write(nvm, NVM_ROLL, 0, view_of(NULL, 0), view_of(NULL, 0), NULL, NULL);
	if (rc == RC_OK)
		rc = move_live(nvm);
	if (rc == RC_OK)
		rc = tidy(nvm);
	return rc;
}

/* prepare, and if there is no room, once more after giving back what is dead. */
static enum rc prepare_or_reclaim(struct nvm *nvm, bool grows)
{
	enum rc rc = prepare(nvm, grows);

	if (rc != RC_FULL)
		return rc;
	rc = move_live(nvm);
	if (rc == RC_OK && count_dead(nvm) == 0)
		return RC_FULL;
	if (rc == RC_OK)
		rc = tidy(nvm);
	return rc == RC_OK ? prepare(nvm, grows) : rc;
}

enum rc nvm_room_make(struct nvm *nvm, uint64_t bytes, bool grows)
{
	enum rc rc;

	if (bytes > end_of_room(nvm) - NVM_LOG_START)
		return RC_SPACE;
	if (nvm->since_checkpoint >= NVM_CHECKPOINT_EVERY) {
		rc = tidy(nvm);
		if (rc != RC_OK)
			return rc;
	}
	for (;;) {
		uint64_t end = nvm->tail_offset + bytes;
		uint64_t wanted = end + (grows ? NVM_RESERVE : 0);

		if (grows && nvm->index.segment_count > segments_allowed(nvm, true)) {
			if (count_dead(nvm) == 0)
				return RC_FULL;
			rc = tidy(nvm);
			if (rc != RC_OK)
				return rc;
			if (nvm->index.segment_count > segments_allowed(nvm, true))
				return RC_FULL;
		}
		if (wanted <= end_of_room(nvm))
			return RC_OK;
		rc = prepare_or_reclaim(nvm, grows);
		if (rc != RC_OK)
			return rc;
		/* What was moved to get room has moved the tail. */
		if (nvm->tail_offset + bytes <= end_of_room(nvm))
			return RC_OK;
		rc = roll(nvm);
		if (rc != RC_OK)
			return rc;
	}
}

enum rc nvm_room_reclaim(struct nvm *nvm)
{
	return count_dead(nvm) ? tidy(nvm) : RC_OK;
}

void nvm_room_left(const struct nvm *nvm, uint64_t *ret_total, uint64_t *ret_free)
{
	uint64_t usable = end_of_room(nvm) - NVM_LOG_START;
	uint64_t tail = end_of_room(nvm) - nvm->tail_offset;
	uint64_t used = nvm->index.segment_count - count_dead(nvm);
	uint64_t more;

	if (nvm->capacity) {
		more = segments_allowed(nvm, true);
		more = more > used ? more - used : 0;
	} else {
		uint64_t disk = 0;

		if (nvm->io->space(nvm->io->ctx, nvm->dir, &disk) != 0)
			disk = 0;
		more = disk / nvm->segment_size;
	}
	*ret_total = (used + more) * usable;
	*ret_free = more * usable + (tail > NVM_RESERVE ? tail - NVM_RESERVE : 0);
}
