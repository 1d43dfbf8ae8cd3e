/* SPDX-License-Identifier: BSD-2-Clause */
/* The card's memory from outside: opening, and reading what is in it. */
#include "card/nvm.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/process.h"
#include "base/secret.h"
#include "card/nvm_checkpoint.h"
#include "card/nvm_log.h"
#include "card/nvm_room.h"
#include "card/nvm_secret.h"
#include "card/nvm_segment.h"
#include "card/nvm_shared.h"
#include "card/nvm_sync.h"
#include "card/nvm_transaction.h"
#include "card/nvm_view.h"

/* A handle on a directory, with nothing read yet. */
static enum rc attach(const char *path, const struct nvm_options *options, struct nvm **ret)
{
	struct nvm *nvm = calloc(1, sizeof(*nvm));
	enum rc rc = RC_MEMORY;

	if (!nvm)
		return RC_MEMORY;
	nvm->io = options && options->io ? options->io : nvm_io_kernel();
	nvm->no_threads = options && options->no_threads;
	nvm->owner = process_id();
	nvm->dir = nvm->lock_file = nvm->generation_file = -1;
	nvm_transaction_init(nvm);
	buf_init(&nvm->commit, NVM_SEGMENT_MAX);
	nvm->path = strdup(path);
	if (!nvm->path)
		goto out;
	nvm->dir = nvm->io->open_dir(nvm->io->ctx, path);
	if (nvm->dir < 0) {
		rc = errno == ENOENT ? RC_NOT_FOUND : RC_IO;
		if (rc == RC_IO)
			log_error("card memory %s: the directory cannot be opened: %s", path,
				  strerror(errno));
		goto out;
	}
	*ret = nvm;
	rc = RC_OK;
out:
	if (rc != RC_OK)
		nvm_close(&nvm);
	return rc;
}

/* RC_OK if there is a checkpoint, which is what nvm_create makes last; RC_NOT_FOUND. */
static enum rc look_for_checkpoint(struct nvm *nvm)
{
	static const char *const names[] = {"checkpoint-0", "checkpoint-1"};
	const struct nvm_io *io = nvm->io;

	for (size_t i = 0; i < 2; i++) {
		int fd = io->open_at(io->ctx, nvm->dir, names[i], O_RDONLY, 0);

		if (fd >= 0) {
			io->close(io->ctx, fd);
			return RC_OK;
		}
		if (errno != ENOENT) {
			log_error("card memory %s: %s cannot be read: %s", nvm->path, names[i],
				  strerror(errno));
			return RC_IO;
		}
	}
	return RC_NOT_FOUND;
}

/* RC_NOT_FOUND, and a sentence, if nothing is there; RC_DAMAGED if a log is there and no checkpoint. */
static enum rc check_memory(struct nvm *nvm)
{
	enum rc rc = look_for_checkpoint(nvm);
	uint32_t highest = 0;

	if (rc != RC_NOT_FOUND)
		return rc;
	rc = nvm_segment_highest(nvm, &highest);
	if (rc != RC_OK)
		return rc;
	if (highest == 0) {
		log_error("card memory %s: there is neither a checkpoint nor a log; restore the "
			  "directory from a backup",
			  nvm->path);
		return RC_NOT_FOUND;
	}
	log_error("card memory %s: there is a log, but checkpoint-0 and checkpoint-1 are missing; "
		  "restore the directory from a backup",
		  nvm->path);
	return RC_DAMAGED;
}

/* RC_OK if nothing is there but what an interrupted nvm_create may have left; RC_EXISTS. */
static enum rc check_no_memory(struct nvm *nvm)
{
	enum rc rc = look_for_checkpoint(nvm);
	uint64_t published = 0;
	uint32_t highest = 0;

	if (rc == RC_OK)
		return RC_EXISTS;
	if (rc == RC_NOT_FOUND)
		rc = nvm_segment_highest(nvm, &highest);
	if (rc != RC_OK)
		return rc;
	if (highest > 1 || (nvm_shared_read(nvm, &published) && published > 0))
		return RC_EXISTS;
	return RC_OK;
}

static enum rc make_first_view(struct nvm *nvm)
{
	enum rc rc = nvm_segment_make(nvm, 1);

	if (rc == RC_OK)
		rc = nvm_index_add_segment(&nvm->index, 1);
	nvm->tail_segment = 1;
	nvm->tail_offset = NVM_LOG_START;
	if (rc == RC_OK)
		rc = nvm_shared_publish(nvm);
	if (rc == RC_OK && nvm->io->fsync(nvm->io->ctx, nvm->generation_file) != 0)
		rc = RC_IO;
	/* The checkpoint is last: with it the memory exists. */
	if (rc == RC_OK)
		rc = nvm_checkpoint_write(nvm);
	return rc;
}

enum rc nvm_create(const char *dir, const struct nvm_options *options)
{
	size_t size = options && options->segment_size ? options->segment_size
						       : NVM_SEGMENT_DEFAULT;
	uint64_t capacity = options ? options->capacity : 0;
	struct nvm *nvm;
	enum rc rc;

	if (!dir || size < NVM_SEGMENT_MIN || size > NVM_SEGMENT_MAX || size % NVM_LOG_START ||
	    (capacity && capacity < size))
		return RC_ARGUMENT;
	rc = attach(dir, options, &nvm);
	if (rc != RC_OK)
		return rc;
	nvm->segment_size = (uint32_t)size;
	nvm->capacity = capacity;
	rc = RC_IO;
	if (nvm->io->fchmod(nvm->io->ctx, nvm->dir, 0700) != 0) {
		log_error("card memory %s: the directory's mode cannot be set: %s", dir,
			  strerror(errno));
		goto out;
	}
	rc = nvm_shared_open(nvm);
	if (rc == RC_OK)
		rc = nvm_shared_lock(nvm);
	if (rc != RC_OK)
		goto out;
	rc = check_no_memory(nvm);
	if (rc == RC_OK)
		rc = nvm_secret_make(nvm);
	if (rc == RC_OK)
		rc = make_first_view(nvm);
out:
	nvm_shared_unlock(nvm);
	nvm_close(&nvm);
	return rc;
}

enum rc nvm_open(const char *dir, const struct nvm_options *options, struct nvm **ret)
{
	struct nvm *nvm;
	enum rc rc;

	if (!dir || !ret)
		return RC_ARGUMENT;
	rc = attach(dir, options, &nvm);
	if (rc == RC_NOT_FOUND)
		log_error("card memory %s: the directory is missing; restore it from a backup",
			  dir);
	if (rc != RC_OK)
		return rc;
	rc = check_memory(nvm);
	if (rc == RC_OK)
		rc = nvm_secret_load(nvm);
	if (rc == RC_OK)
		rc = nvm_shared_open(nvm);
	if (rc == RC_OK)
		rc = nvm_shared_lock(nvm);
	if (rc == RC_OK)
		rc = nvm_view_load(nvm);
	nvm_shared_unlock(nvm);
	if (rc != RC_OK) {
		nvm_close(&nvm);
		return rc;
	}
	*ret = nvm;
	return RC_OK;
}

void nvm_close(struct nvm **nvm)
{
	struct nvm *n = nvm ? *nvm : NULL;

	if (!n)
		return;
	/* In a child the lock is still the parent's, and the threads are not there. */
	if (process_id() == n->owner) {
		nvm_shared_unlock(n);
		nvm_sync_free(&n->sync);
	} else {
		nvm_sync_forget(&n->sync);
	}
	nvm_transaction_free(n);
	nvm_view_forget(n);
	nvm_shared_close(n);
	if (n->dir >= 0)
		n->io->close(n->io->ctx, n->dir);
	buf_free(&n->commit);
	free(n->window.data);
	secret_free(&n->storage_key);
	free(n->path);
	free(n);
	*nvm = NULL;
}

enum rc nvm_refresh(struct nvm *nvm)
{
	enum rc rc = nvm_view_check(nvm);

	if (rc != RC_OK)
		return rc;
	return nvm->tx.open ? RC_OK : nvm_view_refresh(nvm);
}

enum rc nvm_get(struct nvm *nvm, uint32_t id, struct view *ret)
{
	const struct nvm_record *record;
	enum rc rc = nvm_view_check(nvm);

	if (rc != RC_OK)
		return rc;
	record = nvm_index_record(&nvm->index, id);
	if (!record)
		return RC_NOT_FOUND;
	*ret = view_of(record->data, record->length);
	return RC_OK;
}

enum rc nvm_next(struct nvm *nvm, uint32_t after, uint32_t *ret_id, struct view *ret)
{
	const struct nvm_record *record;
	enum rc rc = nvm_view_check(nvm);
	size_t at;

	if (rc != RC_OK)
		return rc;
	at = nvm_index_above(&nvm->index, after);
	if (at == nvm->index.record_count)
		return RC_NOT_FOUND;
	record = &nvm->index.records[at];
	*ret_id = record->id;
	*ret = view_of(record->data, record->length);
	return RC_OK;
}

void nvm_space(const struct nvm *nvm, uint64_t *ret_total, uint64_t *ret_free)
{
	nvm_room_left(nvm, ret_total, ret_free);
}

void nvm_mark(struct nvm *nvm, uint32_t n, bool on)
{
	nvm_shared_mark(nvm, n, on);
}

bool nvm_is_marked(struct nvm *nvm, uint32_t n)
{
	return nvm_shared_is_marked(nvm, n);
}
