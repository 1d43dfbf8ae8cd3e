/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves of a series: how many there are, which are still there, and reading one. */
#include <string.h>

#include "base/log.h"
#include "card/nvm_log.h"
#include "card/nvm_view.h"

uint64_t nvm_leaf_count(const struct nvm *nvm, uint32_t series)
{
	const struct nvm_series *found = nvm_index_series(&nvm->index, series);

	return found ? found->range.size : 0;
}

uint64_t nvm_leaf_first(const struct nvm *nvm, uint32_t series)
{
	const struct nvm_series *found = nvm_index_series(&nvm->index, series);

	return found ? found->first : 0;
}

const struct merkle_range *nvm_leaf_range(const struct nvm *nvm, uint32_t series)
{
	const struct nvm_series *found = nvm_index_series(&nvm->index, series);

	return found ? &found->range : NULL;
}

/* The segment and the span that hold a leaf. */
static struct nvm_segment *find_leaf(struct nvm *nvm, uint32_t series, uint64_t index,
				     size_t *ret_span)
{
	for (size_t i = nvm->index.segment_count; i > 0; i--) {
		struct nvm_segment *segment = &nvm->index.segments[i - 1];

		for (size_t j = 0; j < segment->span_count; j++) {
			const struct nvm_span *span = &segment->spans[j];

			if (span->series == series && index >= span->first &&
			    index - span->first < span->count) {
				*ret_span = j;
				return segment;
			}
		}
	}
	return NULL;
}

/* The item's header, which has the leaf's hash. */
static enum rc read_item(struct nvm *nvm, struct nvm_segment *segment, struct nvm_place place,
			 uint64_t index, struct nvm_item *ret)
{
	uint8_t header[NVM_ITEM];
	struct view v = view_of(header, sizeof(header));
	enum rc rc = nvm_log_fetch(nvm, segment, place.item, sizeof(header), header);

	if (rc != RC_OK)
		return rc;
	if (nvm_item_take(&v, ret) != RC_OK || ret->kind != NVM_LEAF || ret->index != index ||
	    ret->length > NVM_LEAF_MAX)
		return RC_DAMAGED;
	return RC_OK;
}

/* Reads the leaf's bytes and compares them with the hash. */
static enum rc read_bytes(struct nvm *nvm, struct nvm_segment *segment, struct nvm_place place,
			  const struct nvm_item *item, struct buf *out)
{
	uint8_t hash[MERKLE_HASH];
	uint8_t *to = buf_space(out, item->length);
	enum rc rc = buf_rc(out);

	if (rc == RC_OK)
		rc = nvm_log_fetch(nvm, segment, place.data, item->length, to);
	if (rc == RC_OK)
		rc = merkle_leaf_hash(view_of(to, item->length), hash);
	if (rc == RC_OK &&
	    !view_equal(view_of(hash, sizeof(hash)), view_of(item->hash, sizeof(hash))))
		rc = RC_DAMAGED;
	return rc;
}

/* A leaf's item, and its bytes if out is not NULL. */
static enum rc read_leaf(struct nvm *nvm, uint32_t series, uint64_t index, struct nvm_item *item,
			 struct buf *out)
{
	enum rc rc = nvm_view_check(nvm);
	struct nvm_segment *segment;
	struct nvm_place place;
	size_t span;

	if (rc != RC_OK)
		return rc;
	if (index < nvm_leaf_first(nvm, series))
		return RC_STATE;
	segment = find_leaf(nvm, series, index, &span);
	if (!segment)
		return RC_NOT_FOUND;
	if (!segment->placed)
		rc = nvm_log_place(nvm, segment);
	if (rc == RC_OK) {
		place = segment->spans[span].places[index - segment->spans[span].first];
		rc = read_item(nvm, segment, place, index, item);
	}
	if (rc == RC_OK && out)
		rc = read_bytes(nvm, segment, place, item, out);
	if (rc == RC_NOT_FOUND) {
		/* The file is gone: another process has pruned the series, or the next look tells. */
		nvm->stale = true;
		return RC_STATE;
	}
	if (rc == RC_DAMAGED)
		log_error("card memory %s: log-%08x is damaged: leaf %llu of series %08x does not "
			  "verify",
			  nvm->path, segment->number, (unsigned long long)index, series);
	return rc;
}

enum rc nvm_leaf(struct nvm *nvm, uint32_t series, uint64_t index, struct buf *out)
{
	struct nvm_item item;
	size_t before = out->len;
	enum rc rc = read_leaf(nvm, series, index, &item, out);

	if (rc != RC_OK && out->len > before)
		buf_truncate(out, before);
	return rc;
}

enum rc nvm_leaf_hash(struct nvm *nvm, uint32_t series, uint64_t index, uint8_t ret[MERKLE_HASH])
{
	struct nvm_item item;
	enum rc rc = read_leaf(nvm, series, index, &item, NULL);

	if (rc == RC_OK)
		memcpy(ret, item.hash, MERKLE_HASH);
	return rc;
}
