/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a ledger's export. */
#include "tools/book.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/tool.h"

enum { PATH_SIZE = 4096 };

bool book_path(const struct book *book, const char *name, char *ret, size_t size)
{
	int n = snprintf(ret, size, "%s/%s", book->dir, name);

	if (n > 0 && (size_t)n < size)
		return true;
	fprintf(stderr, "intaglio: the name %s is too long\n", book->dir);
	return false;
}

static void tile_name(const struct tile *tile, char ret[TILE_PATH_MAX + 1])
{
	struct buf path;

	buf_fixed(&path, ret, TILE_PATH_MAX);
	tile_put_path(&path, tile);
	ret[path.len] = '\0';
}

/* Straight into out, which has room for the whole file. */
static enum rc read_all(int fd, struct buf *out)
{
	size_t before = out->len;
	struct stat st;
	uint8_t *to;
	ssize_t n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
		return RC_IO;
	if ((uint64_t)st.st_size > out->max - before)
		return RC_SPACE;
	if (!st.st_size)
		return RC_OK;
	to = buf_space(out, (size_t)st.st_size);
	if (!to)
		return buf_rc(out);
	for (size_t at = 0; at < (size_t)st.st_size; at += (size_t)n) {
		n = read(fd, to + at, (size_t)st.st_size - at);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n <= 0) {
			buf_truncate(out, before);
			return RC_IO;
		}
	}
	return RC_OK;
}

enum rc book_read(const struct book *book, const char *name, struct buf *out)
{
	char path[PATH_SIZE];
	enum rc rc;
	int fd;

	if (!book_path(book, name, path, sizeof(path)))
		return RC_IO;
	/* What is no file of bytes, a FIFO for one, keeps nobody waiting. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? RC_NOT_FOUND : RC_IO;
	rc = read_all(fd, out);
	close(fd);
	return rc;
}

/* The bytes of the first entries, or hashes, of a tile. */
static enum rc measure(const struct tile *tile, struct view bytes, size_t *ret)
{
	struct view rest = bytes, leaf;

	if (tile->level != TILE_ENTRIES) {
		*ret = (size_t)tile->width * MERKLE_HASH;
		return *ret <= bytes.len ? RC_OK : RC_MALFORMED;
	}
	for (unsigned int i = 0; i < tile->width; i++)
		if (book_take_entry(&rest, &leaf) != RC_OK)
			return RC_MALFORMED;
	*ret = bytes.len - rest.len;
	return RC_OK;
}

/* A full tile stands for its partial ones, C2SP tlog-tiles: an export that was interrupted has only it. */
static enum rc read_from_full(const struct book *book, const struct tile *tile, struct buf *out)
{
	struct tile full = *tile;
	char name[TILE_PATH_MAX + 1];
	size_t before = out->len, len;
	enum rc rc;

	full.width = TILE_WIDTH;
	tile_name(&full, name);
	rc = book_read(book, name, out);
	if (rc == RC_OK)
		rc = measure(tile, view_of(out->data + before, out->len - before), &len);
	buf_truncate(out, rc == RC_OK ? before + len : before);
	return rc;
}

enum rc book_read_tile(const struct book *book, const struct tile *tile, struct buf *out)
{
	char name[TILE_PATH_MAX + 1];
	enum rc rc;

	tile_name(tile, name);
	rc = book_read(book, name, out);
	return rc == RC_NOT_FOUND && tile->width != TILE_WIDTH ? read_from_full(book, tile, out)
							       : rc;
}

bool book_has_tile(const struct book *book, const struct tile *tile)
{
	char name[TILE_PATH_MAX + 1], path[PATH_SIZE];
	struct tile full = *tile;

	tile_name(tile, name);
	if (!book_path(book, name, path, sizeof(path)))
		return false;
	if (access(path, F_OK) == 0)
		return true;
	full.width = TILE_WIDTH;
	return tile->width != TILE_WIDTH && book_has_tile(book, &full);
}

/* The directories that lead to a file. */
static bool make_way(const struct book *book, const char *name)
{
	char path[PATH_SIZE];

	if (!book_path(book, name, path, sizeof(path)))
		return false;
	for (char *at = path + strlen(book->dir); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST) {
			fprintf(stderr, "intaglio: %s: %s\n", path, strerror(errno));
			return false;
		}
		*at = '/';
	}
	return true;
}

bool book_write(const struct book *book, const char *name, struct view bytes)
{
	char path[PATH_SIZE];

	return make_way(book, name) && book_path(book, name, path, sizeof(path)) &&
	       file_write(path, bytes);
}

/* What is not there any more is as good as removed. */
static void remove_partials(const struct book *book, const char *full)
{
	char name[TILE_PATH_MAX + 4], path[PATH_SIZE];
	struct dirent *entry;
	DIR *dir;

	snprintf(name, sizeof(name), "%s.p", full);
	if (!book_path(book, name, path, sizeof(path)))
		return;
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	rmdir(path);
}

bool book_write_tile(const struct book *book, const struct tile *tile, struct view bytes)
{
	char name[TILE_PATH_MAX + 1];

	tile_name(tile, name);
	if (!book_write(book, name, bytes))
		return false;
	if (tile->width == TILE_WIDTH)
		remove_partials(book, name);
	return true;
}

enum rc book_open_note(struct view note, const struct note_key *key, struct checkpoint *ret)
{
	struct view text;
	enum rc rc = note_open(note, key, &text);

	if (rc == RC_OK)
		rc = note_parse_checkpoint(text, ret);
	if (rc == RC_OK && !view_equal(ret->origin, view_str(key->name)))
		rc = RC_AUTH;
	return rc;
}

void book_put_entry(struct buf *bundle, struct view leaf)
{
	if (leaf.len > BOOK_LEAF_MAX) {
		buf_fail(bundle, RC_SPACE);
		return;
	}
	buf_u16(bundle, (uint16_t)leaf.len);
	buf_view(bundle, leaf);
}

enum rc book_take_entry(struct view *bundle, struct view *ret_leaf)
{
	struct view rest = *bundle;
	uint16_t len;

	if (view_u16(&rest, &len) != RC_OK || view_take(&rest, len, ret_leaf) != RC_OK)
		return RC_MALFORMED;
	*bundle = rest;
	return RC_OK;
}

void book_tiles_init(struct book_tiles *tiles, const struct book *book, uint64_t size)
{
	*tiles = (struct book_tiles){.book = book, .size = size};
	buf_init(&tiles->hashes, TILE_WIDTH * MERKLE_HASH);
}

void book_tiles_free(struct book_tiles *tiles)
{
	buf_free(&tiles->hashes);
}

static enum rc load(struct book_tiles *tiles, const struct tile *tile)
{
	enum rc rc;

	if (tiles->loaded.width && tiles->loaded.level == tile->level &&
	    tiles->loaded.index == tile->index)
		return RC_OK;
	tiles->loaded.width = 0;
	buf_reset(&tiles->hashes);
	rc = book_read_tile(tiles->book, tile, &tiles->hashes);
	if (rc == RC_OK && tiles->hashes.len != (size_t)tile->width * MERKLE_HASH)
		rc = RC_DAMAGED;
	if (rc == RC_OK)
		tiles->loaded = *tile;
	return rc == RC_NOT_FOUND ? RC_DAMAGED : rc;
}

enum rc book_tiles_hash(void *arg, unsigned int level, uint64_t index, uint8_t ret[MERKLE_HASH])
{
	struct book_tiles *tiles = arg;
	unsigned int within = level % TILE_HEIGHT, first;
	struct tile tile = {.level = (int)(level / TILE_HEIGHT)};
	struct merkle_range range = {.size = 0};
	enum rc rc = RC_OK;

	/* The hashes of this tile that make up the subtree. */
	tile.index = (index << within) / TILE_WIDTH;
	first = (unsigned int)((index << within) % TILE_WIDTH);
	tile.width = tile_width(&tile, tiles->size);
	if (first + (1U << within) > tile.width)
		return RC_DAMAGED;
	rc = load(tiles, &tile);
	for (unsigned int i = 0; i < 1U << within && rc == RC_OK; i++)
		rc = merkle_append(&range, tiles->hashes.data + (size_t)(first + i) * MERKLE_HASH);
	return rc == RC_OK ? merkle_root(&range, ret) : rc;
}
