/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing and loading checkpoints; integers are big-endian, lists are counted with four bytes. */
#include "card/nvm_checkpoint.h"

#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "card/nvm_log.h"
#include "card/nvm_segment.h"

#define PREPARED "checkpoint.new"

enum {
	CHECKPOINT_MAGIC = 0x4967436b,
	CHECKPOINT_VERSION = 1,
	FIXED_SIZE = 20,
	HEAD_SIZE = FIXED_SIZE + SHA256_SIZE,
	BODY_MAX = 64 << 20,
};

static const char *const slot_names[] = {"checkpoint-0", "checkpoint-1"};

struct slot {
	enum rc rc; /* RC_OK: good; RC_NOT_FOUND: no file; RC_DAMAGED */
	uint64_t counter;
	struct buf bytes; /* all of it */
};

static enum rc hash_slot(struct view fixed, struct view body, uint8_t ret[SHA256_SIZE])
{
	const struct view parts[] = {fixed, body};

	return crypto_sha256_parts(parts, 2, ret);
}

/* Checks bytes read from a file; what follows the body is of an older checkpoint. */
static enum rc check_slot(struct slot *slot)
{
	struct view v = view_buf(&slot->bytes);
	uint8_t hash[SHA256_SIZE];
	struct view fixed;
	struct view stored;
	struct view body;
	uint32_t magic;
	uint32_t version;
	uint32_t length;

	if (view_take(&v, FIXED_SIZE, &fixed) != RC_OK ||
	    view_take(&v, SHA256_SIZE, &stored) != RC_OK)
		return RC_DAMAGED;
	body = fixed;
	if (view_u32(&body, &magic) != RC_OK || view_u32(&body, &version) != RC_OK ||
	    view_u64(&body, &slot->counter) != RC_OK || view_u32(&body, &length) != RC_OK ||
	    magic != CHECKPOINT_MAGIC || version != CHECKPOINT_VERSION ||
	    view_take(&v, length, &body) != RC_OK)
		return RC_DAMAGED;
	if (hash_slot(fixed, body, hash) != RC_OK)
		return RC_CRYPTO;
	if (!view_equal(stored, view_of(hash, sizeof(hash))))
		return RC_DAMAGED;
	buf_truncate(&slot->bytes, HEAD_SIZE + length);
	return RC_OK;
}

static enum rc read_file(struct nvm *nvm, const char *name, struct buf *ret)
{
	const struct nvm_io *io = nvm->io;
	enum rc rc = RC_IO;
	uint64_t size;
	uint8_t *to;
	mode_t mode;
	ssize_t n;
	int fd;

	fd = io->open_at(io->ctx, nvm->dir, name, O_RDONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? RC_NOT_FOUND : RC_IO;
	if (io->fstat(io->ctx, fd, &size, &mode) != 0)
		goto out;
	rc = RC_DAMAGED;
	if (size > HEAD_SIZE + BODY_MAX)
		goto out;
	to = buf_space(ret, size);
	rc = buf_rc(ret);
	if (rc != RC_OK)
		goto out;
	n = size ? nvm_io_read(io, fd, to, size, 0) : 0;
	if (n >= 0)
		buf_truncate(ret, (size_t)n);
	rc = n >= 0 ? RC_OK : RC_IO;
out:
	io->close(io->ctx, fd);
	return rc;
}

static void free_slots(struct slot slots[2])
{
	buf_free(&slots[0].bytes);
	buf_free(&slots[1].bytes);
}

/* Reads both; ret_newest is -1 if neither is good. Fails only if a file cannot be read at all. */
static enum rc read_slots(struct nvm *nvm, struct slot slots[2], int *ret_newest)
{
	int newest = -1;

	for (int i = 0; i < 2; i++)
		buf_init(&slots[i].bytes, HEAD_SIZE + BODY_MAX);
	for (int i = 0; i < 2; i++) {
		slots[i].rc = read_file(nvm, slot_names[i], &slots[i].bytes);
		if (slots[i].rc == RC_OK)
			slots[i].rc = check_slot(&slots[i]);
		if (slots[i].rc != RC_OK && slots[i].rc != RC_DAMAGED &&
		    slots[i].rc != RC_NOT_FOUND) {
			log_error("card memory %s: %s cannot be read: %s", nvm->path, slot_names[i],
				  strerror(errno));
			return slots[i].rc;
		}
		if (slots[i].rc == RC_OK &&
		    (newest < 0 || slots[i].counter > slots[newest].counter))
			newest = i;
	}
	*ret_newest = newest;
	return RC_OK;
}

static void put_segments(const struct nvm_index *index, struct buf *out)
{
	buf_u32(out, (uint32_t)index->segment_count);
	for (size_t i = 0; i < index->segment_count; i++) {
		const struct nvm_segment *segment = &index->segments[i];

		buf_u32(out, segment->number);
		buf_u32(out, (uint32_t)segment->span_count);
		for (size_t j = 0; j < segment->span_count; j++) {
			buf_u32(out, segment->spans[j].series);
			buf_u64(out, segment->spans[j].first);
			buf_u32(out, segment->spans[j].count);
		}
	}
}

static void put_series(const struct nvm_index *index, struct buf *out)
{
	buf_u32(out, (uint32_t)index->series_count);
	for (size_t i = 0; i < index->series_count; i++) {
		buf_u32(out, index->series[i].id);
		merkle_range_put(out, &index->series[i].range);
	}
}

/* Of the series that were pruned; a memory that has none may be without the list. */
static void put_pruned(const struct nvm_index *index, struct buf *out)
{
	uint32_t count = 0;

	for (size_t i = 0; i < index->series_count; i++)
		count += index->series[i].first > 0;
	if (!count)
		return;
	buf_u32(out, count);
	for (size_t i = 0; i < index->series_count; i++) {
		if (!index->series[i].first)
			continue;
		buf_u32(out, index->series[i].id);
		buf_u64(out, index->series[i].first);
	}
}

static void put_records(const struct nvm_index *index, struct buf *out)
{
	buf_u32(out, (uint32_t)index->record_count);
	for (size_t i = 0; i < index->record_count; i++) {
		const struct nvm_record *record = &index->records[i];

		buf_u32(out, record->id);
		buf_u32(out, record->segment);
		buf_u32(out, record->offset);
		buf_u32(out, record->length);
		buf_put(out, record->hash, sizeof(record->hash));
	}
}

static enum rc build(const struct nvm *nvm, uint64_t counter, struct buf *out)
{
	uint8_t hash[SHA256_SIZE];
	struct buf body;
	enum rc rc;

	buf_init(&body, BODY_MAX);
	buf_u32(&body, nvm->segment_size);
	buf_u64(&body, nvm->capacity);
	buf_u64(&body, nvm->sequence);
	buf_u32(&body, nvm->tail_segment);
	buf_u32(&body, nvm->tail_offset);
	put_segments(&nvm->index, &body);
	put_series(&nvm->index, &body);
	put_records(&nvm->index, &body);
	put_pruned(&nvm->index, &body);
	rc = buf_rc(&body);
	if (rc != RC_OK)
		goto out;
	buf_u32(out, CHECKPOINT_MAGIC);
	buf_u32(out, CHECKPOINT_VERSION);
	buf_u64(out, counter);
	buf_u32(out, (uint32_t)body.len);
	rc = hash_slot(view_buf(out), view_buf(&body), hash);
	if (rc != RC_OK)
		goto out;
	buf_put(out, hash, sizeof(hash));
	buf_view(out, view_buf(&body));
	rc = buf_rc(out);
out:
	buf_free(&body);
	return rc;
}

/*
 * Writes a slot and makes it, and its name, durable. The first of a memory gets its name when it is
 * whole: there is no other yet.
 */
static enum rc write_slot(struct nvm *nvm, int slot, struct view bytes, bool first)
{
	const char *name = first ? PREPARED : slot_names[slot];
	const struct nvm_io *io = nvm->io;
	enum rc rc = RC_IO;
	int fd;

	fd = io->open_at(io->ctx, nvm->dir, name, O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		goto out;
	if (!nvm_io_write(io, fd, bytes.data, bytes.len, 0) || io->fdatasync(io->ctx, fd) != 0)
		goto out;
	if (first && io->rename_at(io->ctx, nvm->dir, name, slot_names[slot]) != 0)
		goto out;
	if (io->fsync(io->ctx, nvm->dir) != 0)
		goto out;
	rc = RC_OK;
out:
	if (rc != RC_OK) {
		if (errno == ENOSPC || errno == EDQUOT)
			rc = RC_FULL;
		log_error("card memory %s: %s could not be written: %s", nvm->path,
			  slot_names[slot], strerror(errno));
	}
	if (fd >= 0)
		io->close(io->ctx, fd);
	return rc;
}

enum rc nvm_checkpoint_write(struct nvm *nvm)
{
	struct slot slots[2] = {0};
	uint64_t counter = 1;
	struct buf bytes;
	int newest;
	enum rc rc;

	buf_init(&bytes, HEAD_SIZE + BODY_MAX);
	rc = read_slots(nvm, slots, &newest);
	if (rc != RC_OK)
		goto out;
	if (newest >= 0) {
		counter = slots[newest].counter + 1;
		/*
		 * Whoever wrote it may have died before it was durable; the other one is about to
		 * be overwritten.
		 */
		if (slots[newest].counter != nvm->checkpoint_counter)
			rc = write_slot(nvm, newest, view_buf(&slots[newest].bytes), false);
	}
	if (rc == RC_OK)
		rc = build(nvm, counter, &bytes);
	if (rc == RC_OK)
		rc = write_slot(nvm, newest == 0 ? 1 : 0, view_buf(&bytes),
				slots[0].rc == RC_NOT_FOUND && slots[1].rc == RC_NOT_FOUND);
	if (rc != RC_OK)
		goto out;
	nvm->checkpoint_counter = counter;
	nvm->since_checkpoint = 0;
out:
	free_slots(slots);
	buf_free(&bytes);
	return rc;
}

static enum rc take_segment(struct nvm *nvm, struct view *body)
{
	struct nvm_segment *segment;
	struct nvm_span *span;
	uint32_t number;
	uint32_t spans;
	enum rc rc;

	if (view_u32(body, &number) != RC_OK || view_u32(body, &spans) != RC_OK)
		return RC_MALFORMED;
	rc = nvm_index_add_segment(&nvm->index, number);
	if (rc != RC_OK)
		return rc;
	segment = nvm_index_segment(&nvm->index, number);
	segment->placed = spans == 0;
	while (spans-- > 0) {
		uint32_t series;
		uint64_t first;

		if (view_u32(body, &series) != RC_OK || view_u64(body, &first) != RC_OK)
			return RC_MALFORMED;
		rc = nvm_index_span(segment, series, first, &span);
		if (rc != RC_OK)
			return rc;
		if (view_u32(body, &span->count) != RC_OK)
			return RC_MALFORMED;
	}
	rc = nvm_segment_open(nvm, segment);
	if (rc == RC_NOT_FOUND) {
		log_error(
			"card memory %s: log-%08x is missing; restore the directory from a backup",
			nvm->path, number);
		rc = RC_DAMAGED;
	}
	return rc;
}

static enum rc take_series(struct nvm *nvm, struct view *body)
{
	struct nvm_series *series;
	uint32_t id;
	enum rc rc;

	if (view_u32(body, &id) != RC_OK)
		return RC_MALFORMED;
	rc = nvm_index_add_series(&nvm->index, id, &series);
	return rc == RC_OK ? merkle_range_take(body, &series->range) : rc;
}

static enum rc take_record(struct nvm *nvm, struct view *body)
{
	struct nvm_record record = {0};
	struct nvm_segment *segment;
	uint8_t hash[SHA256_SIZE];
	struct buf bytes;
	enum rc rc;

	if (view_u32(body, &record.id) != RC_OK || view_u32(body, &record.segment) != RC_OK ||
	    view_u32(body, &record.offset) != RC_OK || view_u32(body, &record.length) != RC_OK ||
	    view_copy(body, record.hash, sizeof(record.hash)) != RC_OK)
		return RC_MALFORMED;
	segment = nvm_index_segment(&nvm->index, record.segment);
	if (!segment)
		return RC_MALFORMED;
	buf_init(&bytes, NVM_RECORD_MAX);
	record.data = buf_space(&bytes, record.length);
	rc = buf_rc(&bytes);
	if (rc == RC_OK && record.length)
		rc = nvm_log_fetch(nvm, segment, record.offset, record.length, record.data);
	if (rc == RC_OK)
		rc = crypto_sha256(view_buf(&bytes), hash);
	if (rc == RC_OK &&
	    !view_equal(view_of(hash, sizeof(hash)), view_of(record.hash, sizeof(hash))))
		rc = RC_DAMAGED;
	if (rc == RC_DAMAGED)
		log_error("card memory %s: log-%08x is damaged at offset %u: record %08x does not "
			  "verify; restore the directory from a backup",
			  nvm->path, record.segment, record.offset, record.id);
	if (rc == RC_OK)
		rc = nvm_index_put(&nvm->index, &record);
	buf_free(&bytes);
	return rc;
}

static enum rc take_pruned(struct nvm *nvm, struct view *body)
{
	struct nvm_series *series;
	uint32_t id;

	if (view_u32(body, &id) != RC_OK)
		return RC_MALFORMED;
	series = nvm_index_series(&nvm->index, id);
	if (!series || view_u64(body, &series->first) != RC_OK ||
	    series->first > series->range.size)
		return RC_MALFORMED;
	return RC_OK;
}

static enum rc take_list(struct nvm *nvm, struct view *body,
			 enum rc (*take)(struct nvm *nvm, struct view *body))
{
	uint32_t count;
	enum rc rc;

	rc = view_u32(body, &count);
	while (rc == RC_OK && count-- > 0)
		rc = take(nvm, body);
	return rc;
}

static enum rc take_body(struct nvm *nvm, struct view body)
{
	enum rc rc = RC_MALFORMED;

	if (view_u32(&body, &nvm->segment_size) != RC_OK ||
	    view_u64(&body, &nvm->capacity) != RC_OK || view_u64(&body, &nvm->sequence) != RC_OK ||
	    view_u32(&body, &nvm->tail_segment) != RC_OK ||
	    view_u32(&body, &nvm->tail_offset) != RC_OK)
		return RC_MALFORMED;
	rc = take_list(nvm, &body, take_segment);
	if (rc == RC_OK)
		rc = take_list(nvm, &body, take_series);
	if (rc == RC_OK)
		rc = take_list(nvm, &body, take_record);
	if (rc == RC_OK && body.len)
		rc = take_list(nvm, &body, take_pruned);
	if (rc == RC_OK)
		rc = view_end(&body);
	if (rc == RC_OK && !nvm_index_segment(&nvm->index, nvm->tail_segment))
		rc = RC_MALFORMED;
	return rc;
}

enum rc nvm_checkpoint_load(struct nvm *nvm)
{
	struct slot slots[2] = {0};
	struct view bytes;
	struct view head;
	int newest;
	enum rc rc;

	rc = read_slots(nvm, slots, &newest);
	if (rc != RC_OK)
		goto out;
	if (newest < 0) {
		rc = slots[0].rc == RC_NOT_FOUND && slots[1].rc == RC_NOT_FOUND ? RC_NOT_FOUND
										: RC_DAMAGED;
		if (rc == RC_DAMAGED)
			log_error("card memory %s: neither checkpoint-0 nor checkpoint-1 is good; "
				  "restore the directory from a backup",
				  nvm->path);
		goto out;
	}
	bytes = view_buf(&slots[newest].bytes);
	rc = view_take(&bytes, HEAD_SIZE, &head);
	if (rc == RC_OK)
		rc = take_body(nvm, bytes);
	if (rc == RC_MALFORMED) {
		log_error("card memory %s: %s contradicts itself", nvm->path, slot_names[newest]);
		rc = RC_DAMAGED;
	}
	/* Whoever made the memory may have died before the name of its one checkpoint was durable. */
	if (rc == RC_OK && (slots[0].rc == RC_NOT_FOUND || slots[1].rc == RC_NOT_FOUND) &&
	    nvm->io->fsync(nvm->io->ctx, nvm->dir) != 0)
		rc = RC_IO;
	nvm->checkpoint_counter = 0;
	nvm->since_checkpoint = 0;
out:
	free_slots(slots);
	return rc;
}
