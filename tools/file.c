/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole files in and out. */
#include "tools/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool file_read(const char *path, size_t max, struct buf *ret)
{
	FILE *file = fopen(path, "rb");
	uint8_t chunk[16384];
	size_t n;
	bool good;

	if (!file) {
		fprintf(stderr, "intaglio: %s: %s\n", path, strerror(errno));
		return false;
	}
	buf_init(ret, max);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_put(ret, chunk, n);
	good = !ferror(file);
	fclose(file);
	if (!good)
		fprintf(stderr, "intaglio: %s cannot be read\n", path);
	else if (buf_rc(ret) != RC_OK)
		fprintf(stderr, "intaglio: %s is larger than %zu bytes\n", path, max);
	if (good && buf_rc(ret) == RC_OK)
		return true;
	buf_free(ret);
	return false;
}

static bool write_all(int fd, struct view bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes.data += n;
		bytes.len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

/* The name is durable only when its directory is. */
static bool sync_parent(const char *path)
{
	char parent[4096];
	const char *slash = strrchr(path, '/');
	int fd;
	bool good;

	if (!slash)
		snprintf(parent, sizeof(parent), ".");
	else if (slash == path)
		snprintf(parent, sizeof(parent), "/");
	else
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = fsync(fd) == 0;
	close(fd);
	return good;
}

bool output_open(struct output *o, const char *path, bool replace)
{
	o->fd = -1;
	if (snprintf(o->path, sizeof(o->path), "%s", path) >= (int)sizeof(o->path) ||
	    snprintf(o->temporary, sizeof(o->temporary), "%s.XXXXXX", path) >=
		    (int)sizeof(o->temporary)) {
		fprintf(stderr, "intaglio: the name %s is too long\n", path);
		return false;
	}
	if (!replace && access(path, F_OK) == 0) {
		fprintf(stderr, "intaglio: %s is there already; give another --output\n", path);
		return false;
	}
	o->fd = mkstemp(o->temporary);
	if (o->fd < 0)
		fprintf(stderr, "intaglio: %s: %s\n", path, strerror(errno));
	return o->fd >= 0;
}

void output_drop(struct output *o)
{
	if (o->fd < 0)
		return;
	close(o->fd);
	unlink(o->temporary);
	o->fd = -1;
}

bool output_finish(struct output *o, struct view bytes)
{
	bool good = write_all(o->fd, bytes);

	if (good && rename(o->temporary, o->path) == 0) {
		close(o->fd);
		o->fd = -1;
		good = sync_parent(o->path);
	} else {
		good = false;
	}
	if (!good)
		fprintf(stderr, "intaglio: %s: %s\n", o->path, strerror(errno));
	output_drop(o);
	return good;
}

bool file_write(const char *path, struct view bytes)
{
	struct output output;

	return output_open(&output, path, true) && output_finish(&output, bytes);
}
