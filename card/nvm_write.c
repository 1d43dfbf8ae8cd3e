/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing the log: one pwrite and one fdatasync a commit. Any failure of the two is fail-stop. What
 * the caller wants done meanwhile begins before the commit is built: it is longer than some syncs.
 */
#include "card/nvm_log.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "card/nvm_commit.h"
#include "card/nvm_segment.h"
#include "card/nvm_shared.h"
#include "card/nvm_sync.h"

static enum rc stop(struct nvm *nvm, const char *what, uint32_t segment, uint32_t offset)
{
	nvm->failed = true;
	log_error("card memory %s: log-%08x could not be %s at offset %u: %s; the card stops here, "
		  "open it again",
		  nvm->path, segment, what, offset, strerror(errno));
	return RC_IO;
}

static bool has_threads(struct nvm *nvm)
{
	return !nvm->no_threads && (nvm->sync || nvm_sync_new(nvm->io, &nvm->sync) == RC_OK);
}

/* Takes nvm->commit apart again, without looking at its checks. */
static struct nvm_commit built(const struct nvm *nvm)
{
	struct view bytes = view_buf(&nvm->commit);
	struct nvm_commit commit = {0};

	if (nvm_commit_header(bytes, (uint32_t)bytes.len, &commit)) {
		commit.head = view_of(bytes.data, commit.data_at);
		commit.data.data = bytes.data + commit.data_at;
	}
	return commit;
}

/* Builds the commit and makes it durable at the tail. */
static enum rc store(struct nvm *nvm, const struct nvm_segment *segment, uint32_t flags,
		     uint32_t count, struct view items, struct view data, bool beside,
		     const char **ret_what)
{
	enum rc rc = nvm_commit_build(&nvm->commit, segment->nonce, nvm->sequence + 1, flags, count,
				      items, data);
	int failed;

	if (rc != RC_OK)
		return rc;
	*ret_what = "written";
	if (!nvm_io_write(nvm->io, segment->fd, nvm->commit.data, nvm->commit.len,
			  nvm->tail_offset))
		return RC_IO;
	*ret_what = "synced";
	failed = beside ? nvm_sync_file(nvm->sync, segment->fd)
			: nvm->io->fdatasync(nvm->io->ctx, segment->fd);
	return failed ? RC_IO : RC_OK;
}

enum rc nvm_log_write(struct nvm *nvm, uint32_t flags, uint32_t count, struct view items,
		      struct view data, void (*meanwhile)(void *arg), void *arg)
{
	struct nvm_segment *segment = nvm_index_segment(&nvm->index, nvm->tail_segment);
	bool beside = meanwhile && has_threads(nvm);
	struct nvm_commit commit;
	const char *what = NULL;
	int error;
	enum rc rc;

	rc = nvm_segment_open(nvm, segment);
	if (rc != RC_OK)
		return rc;
	if (beside)
		nvm_sync_begin(nvm->sync, meanwhile, arg);
	rc = store(nvm, segment, flags, count, items, data, beside, &what);
	error = errno;
	if (beside)
		nvm_sync_end(nvm->sync);
	else if (meanwhile && rc == RC_OK)
		meanwhile(arg);
	errno = error;
	if (rc != RC_OK)
		return what ? stop(nvm, what, nvm->tail_segment, nvm->tail_offset) : rc;
	commit = built(nvm);
	/* Durable. If the view cannot follow, only a new opening can tell. */
	rc = nvm_commit_apply(nvm, &commit);
	if (rc == RC_OK)
		rc = nvm_shared_publish(nvm);
	if (rc != RC_OK) {
		nvm->failed = true;
		return RC_IO;
	}
	return RC_OK;
}

enum rc nvm_log_secure(struct nvm *nvm)
{
	struct nvm_segment *segment = nvm_index_segment(&nvm->index, nvm->last_segment);
	uint8_t *bytes;
	enum rc rc;

	if (!nvm->last_length || !segment)
		return RC_OK;
	buf_reset(&nvm->commit);
	bytes = buf_space(&nvm->commit, nvm->last_length);
	if (!bytes)
		return buf_rc(&nvm->commit);
	rc = nvm_log_fetch(nvm, segment, nvm->last_offset, nvm->last_length, bytes);
	if (rc != RC_OK)
		return rc;
	if (!nvm_io_write(nvm->io, segment->fd, bytes, nvm->last_length, nvm->last_offset))
		return stop(nvm, "written", nvm->last_segment, nvm->last_offset);
	if (nvm->io->fdatasync(nvm->io->ctx, segment->fd) != 0)
		return stop(nvm, "synced", nvm->last_segment, nvm->last_offset);
	return RC_OK;
}
