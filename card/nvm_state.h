/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of struct nvm, shared by card/nvm*.c and nobody else. One handle is one view of the
 * log: everything up to and including commit `sequence`, whose end is the tail.
 */
#ifndef INTAGLIO_CARD_NVM_STATE_H
#define INTAGLIO_CARD_NVM_STATE_H

#include <errno.h>
#include <sys/types.h>

#include "card/nvm.h"
#include "card/nvm_index.h"
#include "card/nvm_io.h"

enum {
	NVM_ALIGN = 64, /* commits begin at multiples of it */
	NVM_HEADER = 64, /* bytes of a commit's header, and of a segment's */
	NVM_ITEM = 56, /* bytes of an item's header in a commit */
	NVM_LOG_START = 4096, /* where a segment's first commit lies */
	NVM_RESERVE = 64 << 10, /* left in the last segment for what does not grow the memory */
	NVM_CHECKPOINT_EVERY = 4 << 20, /* bytes of log */
	NVM_SEGMENT_MAX = 1 << 30,
	NVM_NAME = 16,
};

struct nvm_sync;

/* Bytes of one segment file as last read; only the log's functions look into it. */
struct nvm_window {
	uint8_t *data;
	size_t space;
	uint32_t segment; /* 0: empty */
	uint32_t offset;
	uint32_t length;
	uint32_t ahead; /* how much the next read takes at least */
};

struct nvm_transaction {
	bool open;
	bool grows; /* it has leaves or records that were not there */
	bool prunes; /* and so makes room, whatever else is in it */
	enum rc rc; /* the first failure of a put, delete or append */
	struct buf items;
	struct buf data;
	uint32_t count;
	struct nvm_series *series; /* those appended to, as they will be */
	size_t series_count;
};

struct nvm {
	const struct nvm_io *io;
	pid_t owner;
	char *path; /* for sentences only */
	int dir;
	int lock_file;
	int generation_file;
	bool no_threads;
	bool failed; /* fail-stop */
	bool stale; /* the view is broken: load it anew before it is used */
	unsigned int locks; /* nested: a transaction inside nvm_hold */

	uint32_t segment_size;
	uint64_t capacity;
	struct nvm_index index;
	uint64_t sequence;
	uint32_t tail_segment;
	uint32_t tail_offset;
	/* The last commit replayed or written since the view was loaded; length 0: none. */
	uint32_t last_segment;
	uint32_t last_offset;
	uint32_t last_length;
	uint32_t next_ready; /* number of the segment that is prepared after the tail, or 0 */

	uint64_t checkpoint_counter; /* of the last checkpoint that this handle made durable */
	uint64_t since_checkpoint; /* bytes of log after the last checkpoint we know of */

	struct nvm_transaction tx;
	struct buf commit; /* the commit as it is written */
	struct nvm_window window;
	struct nvm_sync *sync;
	uint8_t *storage_key; /* secret_new */
};

#endif
