/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the card's memory knows in RAM: the live records with their bytes (they are few), where each
 * lies in the log, the segments, and of every leaf series its compact range and which segment holds
 * which leaves. Leaves themselves stay on disk. Owns all it points to, except the file descriptors,
 * which belong to card/nvm_segment.c.
 */
#ifndef INTAGLIO_CARD_NVM_INDEX_H
#define INTAGLIO_CARD_NVM_INDEX_H

#include "base/crypto.h"
#include "base/merkle.h"

enum { NVM_NONCE = 16 };

struct nvm_record {
	uint32_t id;
	uint32_t segment; /* where its bytes lie */
	uint32_t offset;
	uint32_t length;
	uint8_t hash[SHA256_SIZE]; /* SHA-256 of the bytes */
	uint8_t *data;
};

/* Where in its segment a leaf lies: its item header, and its bytes. */
struct nvm_place {
	uint32_t item;
	uint32_t data;
};

/* The leaves of one series in one segment. */
struct nvm_span {
	uint32_t series;
	uint32_t count;
	uint64_t first;
	struct nvm_place *places; /* the first `placed` of count */
	uint32_t placed;
	uint32_t place_space;
};

struct nvm_segment {
	uint32_t number;
	int fd; /* -1: not open at the moment */
	bool placed; /* every leaf has its place noted */
	uint8_t nonce[NVM_NONCE];
	uint64_t live; /* bytes of live records, with their item headers */
	struct nvm_span *spans;
	size_t span_count;
};

struct nvm_series {
	uint32_t id;
	uint64_t first; /* leaves below were pruned */
	struct merkle_range range;
};

struct nvm_index {
	struct nvm_record *records; /* by ascending id */
	size_t record_count;
	size_t record_space;
	struct nvm_segment *segments; /* by ascending number */
	size_t segment_count;
	struct nvm_series *series;
	size_t series_count;
};

void nvm_index_free(struct nvm_index *index);

/* NULL if there is none. */
struct nvm_record *nvm_index_record(const struct nvm_index *index, uint32_t id);
struct nvm_segment *nvm_index_segment(const struct nvm_index *index, uint32_t number);
struct nvm_series *nvm_index_series(const struct nvm_index *index, uint32_t id);
/* The position of the first record with an id above after; record_count if there is none. */
size_t nvm_index_above(const struct nvm_index *index, uint32_t after);

/*
 * Adds or replaces a record; data is copied. record->segment must be known. RC_MEMORY leaves the
 * index as it was.
 */
enum rc nvm_index_put(struct nvm_index *index, const struct nvm_record *record) WARN_UNUSED;
void nvm_index_delete(struct nvm_index *index, uint32_t id);
/* A segment with a number above all others. */
enum rc nvm_index_add_segment(struct nvm_index *index, uint32_t number) WARN_UNUSED;
void nvm_index_remove_segment(struct nvm_index *index, uint32_t number);
/* The series, made empty if it is not there. */
enum rc nvm_index_add_series(struct nvm_index *index, uint32_t id,
			     struct nvm_series **ret) WARN_UNUSED;
/* The span of a series in a segment, made empty with its first index if it is not there. */
enum rc nvm_index_span(struct nvm_segment *segment, uint32_t series, uint64_t first,
		       struct nvm_span **ret) WARN_UNUSED;
/* Notes the place of the span's next leaf that has none. */
enum rc nvm_index_place(struct nvm_span *span, struct nvm_place place) WARN_UNUSED;
/* Forgets every span of a series that ends at or below first. */
void nvm_index_prune(struct nvm_index *index, uint32_t series, uint64_t first);
/* True if nothing in the segment is needed any more. */
bool nvm_index_dead(const struct nvm_segment *segment);

#endif
