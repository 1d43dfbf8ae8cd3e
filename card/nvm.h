/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's non-volatile memory: an append-only log of segments in one directory. A record is an
 * identifier and at most NVM_RECORD_MAX bytes; a leaf is one entry of an append-only series, is never
 * copied or changed, and goes only from the front of its series. A commit is one write and one fdatasync and is there whole or
 * not at all. Several processes may open one directory; each is brought to the log's tail by
 * nvm_begin and nvm_refresh. Not thread safe: the card holds its lock around every call. Calls in a
 * forked child fail with RC_FORKED.
 */
#ifndef INTAGLIO_CARD_NVM_H
#define INTAGLIO_CARD_NVM_H

#include "base/buf.h"
#include "base/merkle.h"

enum {
	NVM_RECORD_MAX = 65536,
	NVM_LEAF_MAX = 66000,
	NVM_SEGMENT_DEFAULT = 64 << 20,
	NVM_SEGMENT_MIN = 1 << 18,
};

struct nvm;
struct nvm_io; /* the shim, card/nvm_io.h: every system call goes through it */

struct nvm_options {
	size_t segment_size; /* at creation; 0: NVM_SEGMENT_DEFAULT */
	uint64_t capacity; /* bytes of all segments together, at creation; 0: no limit but the disk's */
	bool no_threads; /* the disk syncs in the thread that commits, before meanwhile runs */
	const struct nvm_io *io; /* NULL: the real system calls */
};

/*
 * Makes an empty memory in an existing directory, durably; one that was interrupted may be repeated.
 * RC_EXISTS, RC_IO, RC_FULL.
 */
enum rc nvm_create(const char *dir, const struct nvm_options *options) WARN_UNUSED;
/*
 * Opens and replays. RC_NOT_FOUND: no memory there. RC_DAMAGED: a bad commit followed by a good
 * one, a segment shorter than its size, no valid checkpoint, which is also what an interrupted
 * nvm_create leaves; each said in a sentence through log_error, with file and offset. RC_POLICY: others can read the storage key. RC_IO. A torn last commit is
 * dropped silently.
 */
enum rc nvm_open(const char *dir, const struct nvm_options *options, struct nvm **ret) WARN_UNUSED;
void nvm_close(struct nvm **nvm);

/* Brings the view to the log's tail if another process moved it; cheap when it did not. */
enum rc nvm_refresh(struct nvm *nvm) WARN_UNUSED;
/* A record's bytes, borrowed until the next nvm_refresh, nvm_begin or nvm_commit. RC_NOT_FOUND. */
enum rc nvm_get(struct nvm *nvm, uint32_t id, struct view *ret) WARN_UNUSED;
/* The first record with an identifier above after, in ascending order. RC_NOT_FOUND at the end. */
enum rc nvm_next(struct nvm *nvm, uint32_t after, uint32_t *ret_id, struct view *ret) WARN_UNUSED;

/* Number of leaves in a series, 0 if there is none. */
uint64_t nvm_leaf_count(const struct nvm *nvm, uint32_t series);
/* The first leaf that is still there: those below were pruned. 0 if none was. */
uint64_t nvm_leaf_first(const struct nvm *nvm, uint32_t series);
/* The RFC 6962 compact range over a series, borrowed like a record; NULL if there is none. */
const struct merkle_range *nvm_leaf_range(const struct nvm *nvm, uint32_t series);
/* Appends leaf index of a series to out. RC_NOT_FOUND, RC_DAMAGED, RC_IO; RC_STATE: it was pruned. */
enum rc nvm_leaf(struct nvm *nvm, uint32_t series, uint64_t index, struct buf *out) WARN_UNUSED;
/* Its RFC 6962 hash alone, without reading it. Fails likewise. */
enum rc nvm_leaf_hash(struct nvm *nvm, uint32_t series, uint64_t index,
		      uint8_t ret[MERKLE_HASH]) WARN_UNUSED;

/*
 * A transaction: takes the lock between processes and replays to the tail; what is put, deleted and
 * appended becomes visible and durable with nvm_commit, or not at all. Reads in between see the
 * state before it. Every begin is followed by exactly one commit or abort. Identifiers are not 0;
 * what a put or an append could not do is what nvm_commit fails with: RC_SPACE if a record, or all
 * together for a segment, is too long. RC_STATE: begin within a transaction, commit outside of one.
 */
enum rc nvm_begin(struct nvm *nvm) WARN_UNUSED;
void nvm_put(struct nvm *nvm, uint32_t id, struct view bytes);
void nvm_delete(struct nvm *nvm, uint32_t id);
/* Appends a leaf and gives the compact range as it will be after the commit through ret_range. */
enum rc nvm_append(struct nvm *nvm, uint32_t series, struct view leaf,
		   struct merkle_range *ret_range) WARN_UNUSED;
/*
 * Drops the leaves of a series below first, for good. Its count, its range and what is appended to it
 * later are not touched; segments in which nothing else is needed are removed after the commit. A
 * transaction that prunes is not one that grows the memory. RC_ARGUMENT at commit if the series has
 * fewer leaves.
 */
void nvm_prune(struct nvm *nvm, uint32_t series, uint64_t first);
/*
 * One write, one fdatasync. Beside them, meanwhile(arg) runs if given; what it computes may be used
 * only if the commit returns RC_OK. RC_FULL: nothing was written. Transactions without
 * leaves and new records still fit for a while when others do not: of a capacity of four segments or
 * more two are kept for them. RC_IO: fail-stop, the handle serves nothing more and has to be opened
 * again. The transaction is over either way.
 */
enum rc nvm_commit(struct nvm *nvm, void (*meanwhile)(void *arg), void *arg) WARN_UNUSED;
void nvm_abort(struct nvm *nvm);

/*
 * Keeps other processes out over several transactions, from the log's tail on: what is read in
 * between is what the next transaction finds. Every hold that succeeds is followed by one release.
 */
enum rc nvm_hold(struct nvm *nvm) WARN_UNUSED;
void nvm_release(struct nvm *nvm);

/*
 * Tells other processes that this one uses what a number stands for, or no longer does; and asks whether
 * another one says so. A mark is no record: it goes with the process, however that ends. A forked
 * child that runs no other program keeps it for so long.
 */
void nvm_mark(struct nvm *nvm, uint32_t n, bool on);
bool nvm_is_marked(struct nvm *nvm, uint32_t n);

/* Bytes that fit in all, and bytes still free for what grows; headers and padding count as used. */
void nvm_space(const struct nvm *nvm, uint64_t *ret_total, uint64_t *ret_free);

/*
 * Encipherment at rest under the storage key (32 random bytes in a 0600 file of the directory, or
 * the systemd credential intaglio.storage-key): AES-256-GCM with a random nonce. The context binds
 * the bytes to their place; wrap is an optional second key of 32 bytes mixed in by HKDF (what is
 * under a PIN), or NULL. open: RC_AUTH.
 */
enum rc nvm_secret_seal(struct nvm *nvm, uint32_t context, const uint8_t *wrap, struct view plain,
			struct buf *out) WARN_UNUSED;
enum rc nvm_secret_open(struct nvm *nvm, uint32_t context, const uint8_t *wrap, struct view sealed,
			struct buf *out) WARN_UNUSED;

#endif
