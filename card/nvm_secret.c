/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encipherment at rest. A sealed secret is nonce 12, ciphertext, tag 16; the key is derived by
 * HKDF-SHA-256 from the storage key and, if there is one, the second key; the context is
 * authenticated with it.
 */
#include "card/nvm_secret.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/process.h"
#include "base/secret.h"

#define KEY_FILE   "storage.key"
#define CREDENTIAL "intaglio.storage-key"

enum { KEY_SIZE = 32, OTHERS = S_IRWXG | S_IRWXO };

/* Reads a key file of a directory; a credential's mode is systemd's business. */
static enum rc read_key(struct nvm *nvm, int dir, const char *name, mode_t forbidden)
{
	const struct nvm_io *io = nvm->io;
	enum rc rc = RC_IO;
	uint64_t size;
	mode_t mode;
	int fd;

	fd = io->open_at(io->ctx, dir, name, O_RDONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? RC_NOT_FOUND : RC_IO;
	if (io->fstat(io->ctx, fd, &size, &mode) != 0)
		goto out;
	rc = RC_POLICY;
	if (mode & forbidden) {
		log_error("card memory %s: %s can be read by others; it must have mode 0600",
			  nvm->path, name);
		goto out;
	}
	rc = RC_DAMAGED;
	if (size != KEY_SIZE || nvm_io_read(io, fd, nvm->storage_key, KEY_SIZE, 0) != KEY_SIZE) {
		log_error("card memory %s: %s does not hold 32 bytes", nvm->path, name);
		goto out;
	}
	rc = RC_OK;
out:
	io->close(io->ctx, fd);
	return rc;
}

static enum rc read_credential(struct nvm *nvm)
{
	const char *path = getenv("CREDENTIALS_DIRECTORY");
	enum rc rc;
	int dir;

	if (!path)
		return RC_NOT_FOUND;
	dir = nvm->io->open_dir(nvm->io->ctx, path);
	if (dir < 0)
		return RC_NOT_FOUND;
	rc = read_key(nvm, dir, CREDENTIAL, 0);
	nvm->io->close(nvm->io->ctx, dir);
	return rc;
}

static enum rc make_space(struct nvm *nvm)
{
	if (!nvm->storage_key)
		nvm->storage_key = secret_new(KEY_SIZE);
	return nvm->storage_key ? RC_OK : RC_MEMORY;
}

enum rc nvm_secret_make(struct nvm *nvm)
{
	const struct nvm_io *io = nvm->io;
	enum rc rc = make_space(nvm);
	int fd = -1;

	if (rc == RC_OK)
		rc = read_credential(nvm);
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = crypto_random(nvm->storage_key, KEY_SIZE);
	if (rc != RC_OK)
		return rc;
	rc = RC_IO;
	fd = io->open_at(io->ctx, nvm->dir, KEY_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		goto out;
	if (io->fchmod(io->ctx, fd, 0600) != 0 ||
	    !nvm_io_write(io, fd, nvm->storage_key, KEY_SIZE, 0) || io->fsync(io->ctx, fd) != 0)
		goto out;
	rc = RC_OK;
out:
	if (rc != RC_OK) {
		if (errno == ENOSPC || errno == EDQUOT)
			rc = RC_FULL;
		log_error("card memory %s: " KEY_FILE " cannot be written: %s", nvm->path,
			  strerror(errno));
	}
	if (fd >= 0)
		io->close(io->ctx, fd);
	return rc;
}

enum rc nvm_secret_load(struct nvm *nvm)
{
	enum rc rc = make_space(nvm);

	if (rc == RC_OK)
		rc = read_key(nvm, nvm->dir, KEY_FILE, OTHERS);
	if (rc == RC_NOT_FOUND)
		rc = read_credential(nvm);
	if (rc == RC_NOT_FOUND) {
		log_error("card memory %s: there is neither " KEY_FILE
			  " nor the credential " CREDENTIAL,
			  nvm->path);
		rc = RC_DAMAGED;
	} else if (rc == RC_IO) {
		log_error("card memory %s: the storage key cannot be read: %s", nvm->path,
			  strerror(errno));
	}
	return rc;
}

static enum rc derive(const struct nvm *nvm, const uint8_t *wrap, uint8_t ret[AES256_KEY])
{
	static const char alone[] = "intaglio storage";
	static const char wrapped[] = "intaglio storage and second key";
	uint8_t ikm[2 * KEY_SIZE];
	enum rc rc;

	memcpy(ikm, nvm->storage_key, KEY_SIZE);
	if (wrap)
		memcpy(ikm + KEY_SIZE, wrap, KEY_SIZE);
	rc = crypto_hkdf(view_of(ikm, wrap ? sizeof(ikm) : KEY_SIZE), view_of(NULL, 0),
			 view_str(wrap ? wrapped : alone), ret, AES256_KEY);
	secret_wipe(ikm, sizeof(ikm));
	return rc;
}

static void put_context(uint32_t context, uint8_t ret[4])
{
	struct buf out;

	buf_fixed(&out, ret, 4);
	buf_u32(&out, context);
}

enum rc nvm_secret_seal(struct nvm *nvm, uint32_t context, const uint8_t *wrap, struct view plain,
			struct buf *out)
{
	uint8_t key[AES256_KEY];
	uint8_t aad[4];
	size_t before = out->len;
	uint8_t *sealed;
	enum rc rc;

	if (process_id() != nvm->owner)
		return RC_FORKED;
	sealed = buf_space(out, GCM_NONCE + plain.len + GCM_TAG);
	if (!sealed)
		return buf_rc(out);
	put_context(context, aad);
	rc = derive(nvm, wrap, key);
	if (rc == RC_OK)
		rc = crypto_random(sealed, GCM_NONCE);
	if (rc == RC_OK)
		rc = gcm_seal(key, sealed, view_of(aad, sizeof(aad)), plain, sealed + GCM_NONCE,
			      sealed + GCM_NONCE + plain.len);
	secret_wipe(key, sizeof(key));
	if (rc != RC_OK)
		buf_truncate(out, before);
	return rc;
}

enum rc nvm_secret_open(struct nvm *nvm, uint32_t context, const uint8_t *wrap, struct view sealed,
			struct buf *out)
{
	uint8_t key[AES256_KEY];
	uint8_t aad[4];
	size_t before = out->len;
	struct view nonce;
	struct view text;
	uint8_t *plain;
	enum rc rc;

	if (process_id() != nvm->owner)
		return RC_FORKED;
	if (view_take(&sealed, GCM_NONCE, &nonce) != RC_OK || sealed.len < GCM_TAG ||
	    view_take(&sealed, sealed.len - GCM_TAG, &text) != RC_OK)
		return RC_AUTH;
	plain = buf_space(out, text.len);
	if (buf_rc(out) != RC_OK)
		return buf_rc(out);
	put_context(context, aad);
	rc = derive(nvm, wrap, key);
	if (rc == RC_OK)
		rc = gcm_open(key, nonce.data, view_of(aad, sizeof(aad)), text, sealed.data, plain);
	secret_wipe(key, sizeof(key));
	if (rc != RC_OK)
		buf_truncate(out, before);
	return rc;
}
