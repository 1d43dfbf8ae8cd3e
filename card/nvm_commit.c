/* SPDX-License-Identifier: BSD-2-Clause */
/* Building, checking and applying one commit. */
#include "card/nvm_commit.h"

#include <string.h>

#include "base/log.h"
#include "card/nvm_segment.h"

enum {
	COMMIT_MAGIC = 0x49634d74,
	CHECK_AT = 48,
	CHECK_SIZE = NVM_HEADER - CHECK_AT,
	RESERVED = 24,
};

void nvm_item_put(struct buf *items, const struct nvm_item *item)
{
	buf_u32(items, (uint32_t)item->kind << 24);
	buf_u32(items, item->id);
	buf_u64(items, item->index);
	buf_u32(items, item->length);
	buf_u32(items, 0);
	buf_put(items, item->hash, sizeof(item->hash));
}

enum rc nvm_item_take(struct view *items, struct nvm_item *ret)
{
	struct view from = *items;
	uint32_t kind;
	uint32_t zeros;

	if (view_u32(&from, &kind) != RC_OK || view_u32(&from, &ret->id) != RC_OK ||
	    view_u64(&from, &ret->index) != RC_OK || view_u32(&from, &ret->length) != RC_OK ||
	    view_u32(&from, &zeros) != RC_OK ||
	    view_copy(&from, ret->hash, sizeof(ret->hash)) != RC_OK)
		return RC_MALFORMED;
	ret->kind = (enum nvm_item_kind)(kind >> 24);
	*items = from;
	return RC_OK;
}

uint64_t nvm_log_size(uint64_t items, uint64_t data)
{
	uint64_t size = NVM_HEADER + items * NVM_ITEM + data;

	return (size + NVM_ALIGN - 1) / NVM_ALIGN * NVM_ALIGN;
}

bool nvm_commit_header(struct view header, uint32_t room, struct nvm_commit *ret)
{
	uint32_t magic;
	uint32_t data;
	uint64_t length;

	if (view_u32(&header, &magic) != RC_OK || magic != COMMIT_MAGIC ||
	    view_u32(&header, &ret->flags) != RC_OK || view_u64(&header, &ret->sequence) != RC_OK ||
	    view_u32(&header, &ret->count) != RC_OK || view_u32(&header, &data) != RC_OK)
		return false;
	length = nvm_log_size(ret->count, data);
	if (length > room)
		return false;
	ret->length = (uint32_t)length;
	ret->data_at = NVM_HEADER + ret->count * NVM_ITEM;
	ret->data.len = data;
	return true;
}

/* The check of a head whose own 16 bytes of check are left out. */
static enum rc compute_check(struct view head, const uint8_t nonce[NVM_NONCE],
			     uint8_t ret[SHA256_SIZE])
{
	const struct view parts[] = {
		{nonce, NVM_NONCE},
		{head.data, CHECK_AT},
		{head.data + NVM_HEADER, head.len - NVM_HEADER},
	};

	return crypto_sha256_public(parts, 3, ret);
}

enum rc nvm_commit_check_head(const struct nvm_commit *commit, const uint8_t nonce[NVM_NONCE])
{
	uint8_t hash[SHA256_SIZE];

	if (compute_check(commit->head, nonce, hash) != RC_OK)
		return RC_CRYPTO;
	return view_equal(view_of(hash, CHECK_SIZE),
			  view_of(commit->head.data + CHECK_AT, CHECK_SIZE))
		       ? RC_OK
		       : RC_NOT_FOUND;
}

static struct view items_of(const struct nvm_commit *commit)
{
	return view_of(commit->head.data + NVM_HEADER, commit->head.len - NVM_HEADER);
}

enum rc nvm_commit_check_data(const struct nvm_commit *commit)
{
	struct view items = items_of(commit);
	struct view data = commit->data;
	uint8_t hash[SHA256_SIZE];
	struct nvm_item item;
	struct view bytes;

	while (items.len) {
		if (nvm_item_take(&items, &item) != RC_OK ||
		    view_take(&data, item.length, &bytes) != RC_OK)
			return RC_NOT_FOUND;
		if (item.kind == NVM_DELETE || item.kind == NVM_PRUNE)
			continue;
		if ((item.kind == NVM_LEAF ? merkle_leaf_hash(bytes, hash)
					   : crypto_sha256(bytes, hash)) != RC_OK)
			return RC_CRYPTO;
		if (!view_equal(view_of(hash, sizeof(hash)), view_of(item.hash, sizeof(item.hash))))
			return RC_NOT_FOUND;
	}
	return view_end(&data) == RC_OK ? RC_OK : RC_NOT_FOUND;
}

enum rc nvm_commit_build(struct buf *out, const uint8_t nonce[NVM_NONCE], uint64_t sequence,
			 uint32_t flags, uint32_t count, struct view items, struct view data)
{
	static const uint8_t zeros[NVM_ALIGN];
	uint8_t hash[SHA256_SIZE];
	enum rc rc;

	buf_reset(out);
	buf_u32(out, COMMIT_MAGIC);
	buf_u32(out, flags);
	buf_u64(out, sequence);
	buf_u32(out, count);
	buf_u32(out, (uint32_t)data.len);
	buf_put(out, zeros, RESERVED);
	buf_put(out, zeros, CHECK_SIZE);
	buf_view(out, items);
	rc = buf_rc(out);
	if (rc == RC_OK)
		rc = compute_check(view_buf(out), nonce, hash);
	if (rc != RC_OK)
		return rc;
	memcpy(out->data + CHECK_AT, hash, CHECK_SIZE);
	buf_view(out, data);
	buf_put(out, zeros, (NVM_ALIGN - out->len % NVM_ALIGN) % NVM_ALIGN);
	return buf_rc(out);
}

static enum rc apply_leaf(struct nvm *nvm, const struct nvm_item *item, struct nvm_place place)
{
	struct nvm_segment *segment = nvm_index_segment(&nvm->index, nvm->tail_segment);
	struct nvm_series *series;
	struct nvm_span *span;
	enum rc rc;

	rc = nvm_index_add_series(&nvm->index, item->id, &series);
	if (rc != RC_OK)
		return rc;
	if (item->index != series->range.size)
		return RC_DAMAGED;
	rc = nvm_index_span(segment, item->id, item->index, &span);
	if (rc != RC_OK)
		return rc;
	if (segment->placed)
		rc = nvm_index_place(span, place);
	if (rc == RC_OK)
		rc = merkle_append(&series->range, item->hash);
	if (rc == RC_OK)
		span->count++;
	return rc;
}

static enum rc apply_prune(struct nvm *nvm, const struct nvm_item *item)
{
	struct nvm_series *series = nvm_index_series(&nvm->index, item->id);

	if (!series || item->index < series->first || item->index > series->range.size)
		return RC_DAMAGED;
	series->first = item->index;
	nvm_index_prune(&nvm->index, item->id, item->index);
	return RC_OK;
}

static enum rc apply_put(struct nvm *nvm, const struct nvm_item *item, uint32_t offset,
			 struct view bytes)
{
	struct nvm_record record = {
		.id = item->id,
		.segment = nvm->tail_segment,
		.offset = offset,
		.length = item->length,
		.data = (uint8_t *)bytes.data,
	};

	memcpy(record.hash, item->hash, sizeof(record.hash));
	return nvm_index_put(&nvm->index, &record);
}

static enum rc apply_items(struct nvm *nvm, const struct nvm_commit *commit)
{
	struct view items = items_of(commit);
	struct view data = commit->data;
	struct nvm_place place = {
		.item = nvm->tail_offset + NVM_HEADER,
		.data = nvm->tail_offset + commit->data_at,
	};
	struct nvm_item item;
	struct view bytes;
	enum rc rc = RC_OK;

	while (items.len && rc == RC_OK) {
		if (nvm_item_take(&items, &item) != RC_OK ||
		    view_take(&data, item.length, &bytes) != RC_OK)
			return RC_DAMAGED;
		if (item.kind == NVM_PUT)
			rc = apply_put(nvm, &item, place.data, bytes);
		else if (item.kind == NVM_DELETE)
			nvm_index_delete(&nvm->index, item.id);
		else if (item.kind == NVM_PRUNE)
			rc = apply_prune(nvm, &item);
		else if (item.kind == NVM_LEAF)
			rc = apply_leaf(nvm, &item, place);
		else
			rc = RC_DAMAGED;
		place.item += NVM_ITEM;
		place.data += item.length;
	}
	return rc;
}

/* The log goes on in the next segment, which has to be there. */
static enum rc apply_roll(struct nvm *nvm)
{
	uint32_t number = nvm->tail_segment + 1;
	enum rc rc = nvm_index_add_segment(&nvm->index, number);

	if (rc != RC_OK)
		return rc;
	rc = nvm_segment_open(nvm, nvm_index_segment(&nvm->index, number));
	if (rc != RC_OK) {
		nvm_index_remove_segment(&nvm->index, number);
		return rc;
	}
	nvm->tail_segment = number;
	nvm->tail_offset = NVM_LOG_START;
	nvm->next_ready = 0;
	return RC_OK;
}

enum rc nvm_commit_apply(struct nvm *nvm, const struct nvm_commit *commit)
{
	uint32_t segment = nvm->tail_segment;
	uint32_t offset = nvm->tail_offset;
	enum rc rc = apply_items(nvm, commit);

	if (rc == RC_OK && commit->flags & NVM_ROLL)
		rc = apply_roll(nvm);
	else if (rc == RC_OK)
		nvm->tail_offset += commit->length;
	if (rc != RC_OK) {
		nvm->stale = true;
		if (rc == RC_DAMAGED)
			log_error("card memory %s: log-%08x is damaged at offset %u: "
				  "a commit contradicts those before it",
				  nvm->path, segment, offset);
		return rc;
	}
	nvm->last_segment = segment;
	nvm->last_offset = offset;
	nvm->last_length = commit->length;
	nvm->sequence = commit->sequence;
	nvm->since_checkpoint += commit->length;
	return RC_OK;
}
