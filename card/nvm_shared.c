/* SPDX-License-Identifier: BSD-2-Clause */
/* Lock and generation file. */
#include "card/nvm_shared.h"

#include <fcntl.h>
#include <string.h>

#include "base/log.h"

enum { GENERATION_SIZE = 16 };

static int open_shared(struct nvm *nvm, const char *name)
{
	int fd = nvm->io->open_at(nvm->io->ctx, nvm->dir, name, O_RDWR | O_CREAT, 0600);

	if (fd < 0)
		log_error("card memory %s: %s cannot be opened for writing: %s", nvm->path, name,
			  strerror(errno));
	return fd;
}

enum rc nvm_shared_open(struct nvm *nvm)
{
	nvm->lock_file = open_shared(nvm, "lock");
	if (nvm->lock_file < 0)
		return RC_IO;
	nvm->generation_file = open_shared(nvm, "generation");
	return nvm->generation_file < 0 ? RC_IO : RC_OK;
}

void nvm_shared_close(struct nvm *nvm)
{
	if (nvm->lock_file >= 0)
		nvm->io->close(nvm->io->ctx, nvm->lock_file);
	if (nvm->generation_file >= 0)
		nvm->io->close(nvm->io->ctx, nvm->generation_file);
	nvm->lock_file = nvm->generation_file = -1;
}

enum rc nvm_shared_lock(struct nvm *nvm)
{
	if (nvm->locks == 0 && nvm->io->lock(nvm->io->ctx, nvm->lock_file, true) != 0) {
		log_error("card memory %s: it cannot be locked: %s", nvm->path, strerror(errno));
		return RC_IO;
	}
	nvm->locks++;
	return RC_OK;
}

void nvm_shared_unlock(struct nvm *nvm)
{
	int saved = errno;

	if (nvm->locks > 0 && --nvm->locks == 0)
		nvm->io->lock(nvm->io->ctx, nvm->lock_file, false);
	errno = saved;
}

bool nvm_shared_read(struct nvm *nvm, uint64_t *ret_sequence)
{
	uint8_t bytes[GENERATION_SIZE] = {0};
	struct view v = view_of(bytes, sizeof(bytes));
	uint64_t sequence;
	uint64_t complement;

	if (nvm_io_read(nvm->io, nvm->generation_file, bytes, sizeof(bytes), 0) != GENERATION_SIZE)
		return false;
	if (view_u64(&v, &sequence) != RC_OK || view_u64(&v, &complement) != RC_OK ||
	    sequence != ~complement)
		return false;
	*ret_sequence = sequence;
	return true;
}

enum rc nvm_shared_publish(struct nvm *nvm)
{
	uint8_t bytes[GENERATION_SIZE];
	struct buf out;

	buf_fixed(&out, bytes, sizeof(bytes));
	buf_u64(&out, nvm->sequence);
	buf_u64(&out, ~nvm->sequence);
	if (!nvm_io_write(nvm->io, nvm->generation_file, bytes, sizeof(bytes), 0)) {
		log_error("card memory %s: generation cannot be written: %s", nvm->path,
			  strerror(errno));
		return RC_IO;
	}
	return RC_OK;
}

void nvm_shared_mark(struct nvm *nvm, uint32_t n, bool on)
{
	if (nvm->io->mark(nvm->io->ctx, nvm->generation_file, n, on) != 0)
		log_error("card memory %s: a mark cannot be set: %s", nvm->path, strerror(errno));
}

bool nvm_shared_is_marked(struct nvm *nvm, uint32_t n)
{
	bool is = false;

	if (nvm->io->marked(nvm->io->ctx, nvm->generation_file, n, &is) != 0)
		log_error("card memory %s: a mark cannot be read: %s", nvm->path, strerror(errno));
	return is;
}
