/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A segment's header: magic 4, version 4, number 4, size 4, nonce 16, first 32 bytes of
 * SHA-256 over these. The nonce is random, so that what a host stores cannot pose as a commit.
 */
#include "card/nvm_segment.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "card/nvm_checkpoint.h"

#define PREPARED "segment.new"

enum {
	SEGMENT_MAGIC = 0x49674c73,
	SEGMENT_VERSION = 1,
	ZEROS = 1 << 20,
	OPEN_AT_MOST = 32,
};

/* The name of a segment's file. */
static void segment_name(uint32_t number, char ret[NVM_NAME])
{
	snprintf(ret, NVM_NAME, "log-%08x", number);
}

/* Reads the number out of a segment's name; 0 if it is another file's. */
static uint32_t number_of(const char *name)
{
	char again[NVM_NAME];
	unsigned int number;

	if (sscanf(name, "log-%8x", &number) != 1)
		return 0;
	segment_name(number, again);
	return strcmp(again, name) == 0 ? number : 0;
}

static enum rc build_header(const struct nvm *nvm, uint32_t number, uint8_t ret[NVM_HEADER])
{
	uint8_t nonce[NVM_NONCE];
	uint8_t hash[SHA256_SIZE];
	struct buf header;

	if (crypto_random(nonce, sizeof(nonce)) != RC_OK)
		return RC_CRYPTO;
	buf_fixed(&header, ret, NVM_HEADER);
	buf_u32(&header, SEGMENT_MAGIC);
	buf_u32(&header, SEGMENT_VERSION);
	buf_u32(&header, number);
	buf_u32(&header, nvm->segment_size);
	buf_put(&header, nonce, sizeof(nonce));
	if (crypto_sha256(view_buf(&header), hash) != RC_OK)
		return RC_CRYPTO;
	buf_put(&header, hash, sizeof(hash));
	return buf_rc(&header);
}

static enum rc check_header(const struct nvm *nvm, struct nvm_segment *segment,
			    const uint8_t bytes[NVM_HEADER])
{
	uint8_t hash[SHA256_SIZE];
	struct view v = view_of(bytes, NVM_HEADER);
	uint32_t fields[4] = {0};

	if (crypto_sha256(view_of(bytes, NVM_HEADER - SHA256_SIZE), hash) != RC_OK)
		return RC_CRYPTO;
	for (size_t i = 0; i < 4; i++)
		if (view_u32(&v, &fields[i]) != RC_OK)
			return RC_DAMAGED;
	if (view_copy(&v, segment->nonce, NVM_NONCE) != RC_OK ||
	    !view_equal(v, view_of(hash, sizeof(hash))) || fields[0] != SEGMENT_MAGIC ||
	    fields[1] != SEGMENT_VERSION || fields[2] != segment->number ||
	    fields[3] != nvm->segment_size)
		return RC_DAMAGED;
	return RC_OK;
}

/* Writes header and zeros to the last byte, in big pieces. */
static enum rc fill(struct nvm *nvm, int fd, uint32_t number)
{
	size_t size = nvm->segment_size < ZEROS ? nvm->segment_size : ZEROS;
	uint8_t *piece = calloc(1, size);
	enum rc rc = RC_IO;
	uint64_t at = 0;

	if (!piece)
		return RC_MEMORY;
	rc = build_header(nvm, number, piece);
	if (rc != RC_OK)
		goto out;
	rc = RC_IO;
	while (at < nvm->segment_size) {
		size_t n = nvm->segment_size - at < size ? nvm->segment_size - at : size;

		if (!nvm_io_write(nvm->io, fd, piece, n, at))
			goto out;
		if (at == 0)
			memset(piece, 0, NVM_HEADER);
		at += n;
	}
	rc = RC_OK;
out:
	free(piece);
	return rc;
}

enum rc nvm_segment_make(struct nvm *nvm, uint32_t number)
{
	const struct nvm_io *io = nvm->io;
	char name[NVM_NAME];
	enum rc rc = RC_IO;
	int fd;

	segment_name(number, name);
	fd = io->open_at(io->ctx, nvm->dir, PREPARED, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		goto out;
	rc = fill(nvm, fd, number);
	if (rc != RC_OK)
		goto out;
	rc = RC_IO;
	if (io->fsync(io->ctx, fd) != 0 || io->rename_at(io->ctx, nvm->dir, PREPARED, name) != 0 ||
	    io->fsync(io->ctx, nvm->dir) != 0)
		goto out;
	rc = RC_OK;
out:
	if (rc == RC_IO) {
		if (errno == ENOSPC || errno == EDQUOT)
			rc = RC_FULL;
		log_error("card memory %s: no room could be prepared in %s: %s", nvm->path, name,
			  strerror(errno));
	}
	if (rc != RC_OK)
		io->unlink_at(io->ctx, nvm->dir, PREPARED);
	if (fd >= 0)
		io->close(io->ctx, fd);
	return rc;
}

/* Keeps the number of open files small: closes one that is neither the tail nor just wanted. */
static void limit_open(struct nvm *nvm, const struct nvm_segment *wanted)
{
	struct nvm_segment *victim = NULL;
	size_t open = 0;

	for (size_t i = 0; i < nvm->index.segment_count; i++) {
		struct nvm_segment *segment = &nvm->index.segments[i];

		if (segment->fd < 0)
			continue;
		open++;
		if (!victim && segment != wanted && segment->number != nvm->tail_segment)
			victim = segment;
	}
	if (open > OPEN_AT_MOST && victim)
		nvm_segment_close(nvm, victim);
}

static enum rc unreadable(const struct nvm *nvm, const char *name)
{
	log_error("card memory %s: %s cannot be read: %s", nvm->path, name, strerror(errno));
	return RC_IO;
}

enum rc nvm_segment_open(struct nvm *nvm, struct nvm_segment *segment)
{
	const struct nvm_io *io = nvm->io;
	uint8_t header[NVM_HEADER];
	char name[NVM_NAME];
	enum rc rc = RC_IO;
	uint64_t size = 0;
	mode_t mode;
	ssize_t n;

	if (segment->fd >= 0)
		return RC_OK;
	segment_name(segment->number, name);
	segment->fd = io->open_at(io->ctx, nvm->dir, name, O_RDWR, 0);
	if (segment->fd < 0)
		return errno == ENOENT ? RC_NOT_FOUND : unreadable(nvm, name);
	n = io->fstat(io->ctx, segment->fd, &size, &mode);
	if (n == 0)
		n = nvm_io_read(io, segment->fd, header, sizeof(header), 0);
	if (n < 0) {
		rc = unreadable(nvm, name);
		goto out;
	}
	rc = RC_DAMAGED;
	if (size < nvm->segment_size || n < NVM_HEADER) {
		log_error("card memory %s: %s is damaged: it has %llu bytes and should have %u",
			  nvm->path, name, (unsigned long long)size, nvm->segment_size);
		goto out;
	}
	rc = check_header(nvm, segment, header);
	if (rc == RC_DAMAGED)
		log_error("card memory %s: %s is damaged at offset 0: its header does not verify",
			  nvm->path, name);
out:
	if (rc != RC_OK) {
		int saved = errno;

		nvm_segment_close(nvm, segment);
		errno = saved;
	} else {
		limit_open(nvm, segment);
	}
	return rc;
}

void nvm_segment_close(struct nvm *nvm, struct nvm_segment *segment)
{
	if (segment->fd >= 0)
		nvm->io->close(nvm->io->ctx, segment->fd);
	segment->fd = -1;
}

void nvm_segment_close_all(struct nvm *nvm)
{
	for (size_t i = 0; i < nvm->index.segment_count; i++)
		nvm_segment_close(nvm, &nvm->index.segments[i]);
}

enum rc nvm_segment_exists(struct nvm *nvm, uint32_t number)
{
	char name[NVM_NAME];
	int fd;

	segment_name(number, name);
	fd = nvm->io->open_at(nvm->io->ctx, nvm->dir, name, O_RDONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? RC_NOT_FOUND : unreadable(nvm, name);
	nvm->io->close(nvm->io->ctx, fd);
	return RC_OK;
}

enum rc nvm_segment_remove(struct nvm *nvm, uint32_t number)
{
	struct nvm_segment *segment = nvm_index_segment(&nvm->index, number);
	char name[NVM_NAME];

	if (segment)
		nvm_segment_close(nvm, segment);
	nvm_index_remove_segment(&nvm->index, number);
	segment_name(number, name);
	if (nvm->io->unlink_at(nvm->io->ctx, nvm->dir, name) != 0 && errno != ENOENT)
		return RC_IO;
	return RC_OK;
}

struct listing {
	struct nvm *nvm;
	uint32_t highest;
	uint32_t orphans[64];
	size_t orphan_count;
};

static void see(void *arg, const char *name)
{
	struct listing *listing = arg;
	uint32_t number = number_of(name);

	if (number == 0)
		return;
	if (number > listing->highest)
		listing->highest = number;
	if (number < listing->nvm->tail_segment &&
	    !nvm_index_segment(&listing->nvm->index, number) && listing->orphan_count < 64)
		listing->orphans[listing->orphan_count++] = number;
}

static enum rc look(struct listing *listing)
{
	const struct nvm_io *io = listing->nvm->io;

	if (io->list(io->ctx, listing->nvm->dir, see, listing) == 0)
		return RC_OK;
	log_error("card memory %s: the directory cannot be read: %s", listing->nvm->path,
		  strerror(errno));
	return RC_IO;
}

enum rc nvm_segment_highest(struct nvm *nvm, uint32_t *ret)
{
	struct listing listing = {.nvm = nvm};
	enum rc rc = look(&listing);

	if (rc == RC_OK)
		*ret = listing.highest;
	return rc;
}

enum rc nvm_segment_sweep(struct nvm *nvm)
{
	struct listing listing = {.nvm = nvm};
	enum rc rc = look(&listing);

	if (rc != RC_OK)
		return rc;
	/*
	 * The checkpoint that does without them may be in the page cache only, if its writer failed:
	 * one that is durable comes first. What cannot be removed now is found by the next opening.
	 */
	if (listing.orphan_count > 0)
		rc = nvm_checkpoint_write(nvm);
	for (size_t i = 0; i < listing.orphan_count && rc == RC_OK; i++)
		rc = nvm_segment_remove(nvm, listing.orphans[i]);
	nvm->io->unlink_at(nvm->io->ctx, nvm->dir, PREPARED);
	return RC_OK;
}
