/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the host's identity, and files with a secret in them. */
#include "sc/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"

enum { LINE_FILE_MAX = 4096 };

static enum rc read_all(int fd, struct buf *out)
{
	uint8_t chunk[4096];
	enum rc rc = RC_OK;
	ssize_t n = 1;

	while (rc == RC_OK && n > 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			rc = RC_IO;
		else if (n > 0)
			buf_put(out, chunk, (size_t)n);
		else if (n < 0)
			n = 1;
		if (rc == RC_OK)
			rc = buf_rc(out);
	}
	secret_wipe(chunk, sizeof(chunk));
	return rc;
}

enum rc secret_file_read(const char *path, bool is_secret, struct buf *out)
{
	struct stat st;
	enum rc rc = RC_IO;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return RC_NOT_FOUND;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		log_error("%s cannot be read: %s", path, fd < 0 ? strerror(errno) : "not a file");
		goto out;
	}
	if (is_secret && st.st_mode & (S_IRWXG | S_IRWXO)) {
		log_error("%s is not used: others than its owner may read or write it (mode %03o); "
			  "chmod 600 mends that, if nobody has read it yet",
			  path, (unsigned int)st.st_mode & 0777);
		rc = RC_POLICY;
		goto out;
	}
	rc = read_all(fd, out);
	if (rc != RC_OK)
		log_error("%s cannot be read: %s", path,
			  rc == RC_SPACE ? "it is too long" : strerror(errno));
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

enum rc secret_file_read_line(const char *path, struct buf *out)
{
	struct view text;
	struct buf whole;
	size_t n = 0;
	enum rc rc;

	buf_init(&whole, LINE_FILE_MAX);
	rc = secret_file_read(path, true, &whole);
	if (rc == RC_NOT_FOUND)
		log_error("%s is not there", path);
	text = view_buf(&whole);
	while (n < text.len && text.data[n] != '\n' && text.data[n] != '\r')
		n++;
	if (rc == RC_OK) {
		buf_put(out, text.data, n);
		rc = buf_rc(out);
	}
	buf_free(&whole);
	return rc;
}
