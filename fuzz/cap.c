/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files in which packages come, as cap_archive_read and cap_parse read them: an input is such a file, or
 * says how a good archive or load file is damaged. What comes out must be a load file that is read again
 * as what it is; what is refused is refused with words, and leaves nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "base/cap_archive.h"
#include "fuzz/edit.h"
#include "fuzz/target.h"

enum { ROOM = 1 << 16, COMPONENT = 256, KINDS = 4 };

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "cap: %s\n", what);
	abort();
}

static void read_again(struct view block)
{
	struct buf again;
	const char *why = NULL;
	struct cap cap;

	must(cap_parse(block, &cap) == RC_OK, "a load file that is none came out");
	must(block.len <= CAP_SIZE_MAX, "too long a load file came out");
	must(cap.package.aid.len >= AID_MIN && cap.package.aid.len <= AID_MAX, "a name's length");
	must(cap.applet_count <= CAP_APPLETS_MAX && cap.import_count <= CAP_IMPORTS_MAX, "counts");
	buf_init(&again, CAP_SIZE_MAX);
	must(cap_archive_read(block, &again, &why) == RC_OK, "what came out is not read again");
	must(view_equal(block, view_buf(&again)), "what came out is read as something else");
	buf_free(&again);
}

static void read(struct view file)
{
	const char *why = NULL;
	struct buf block;
	struct cap cap;
	enum rc rc;

	buf_init(&block, CAP_SIZE_MAX);
	rc = cap_archive_read(file, &block, &why);
	if (rc == RC_OK)
		read_again(view_buf(&block));
	else
		must(rc == RC_MALFORMED && why && *why && !block.len, "refused without words");
	if (cap_parse(file, &cap) == RC_OK)
		must(rc == RC_OK, "a load file is refused as a file");
	buf_free(&block);
}

static void add(zip_t *zip, const char *name, struct view bytes, bool deflate)
{
	zip_source_t *source = zip_source_buffer(zip, bytes.data, bytes.len, 0);
	zip_int64_t index = zip_file_add(zip, name, source, 0);

	must(index >= 0, "libzip");
	zip_set_file_compression(zip, (zip_uint64_t)index, deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE,
				 0);
	zip_file_set_mtime(zip, (zip_uint64_t)index, 0, 0);
}

/* An archive of components that are edited before; its bytes. */
static void put_archive(struct view *input, struct buf *out)
{
	static uint8_t parts[16][COMPONENT];
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *zip = source ? zip_open_from_source(source, ZIP_TRUNCATE, NULL) : NULL;
	uint8_t left_out = edit_byte(input), how = edit_byte(input);
	char path[64];
	const char *name;
	uint8_t array[COMPONENT];
	struct buf good, edited;
	zip_int64_t n;

	must(zip, "libzip");
	zip_source_keep(source);
	buf_fixed(&good, array, sizeof(array));
	for (unsigned int i = 0; edit_component(i, &name, &good); i++) {
		buf_fixed(&edited, parts[i], COMPONENT);
		edit_put(input, view_buf(&good), &edited);
		snprintf(path, sizeof(path), "%s%s", how & 2 ? "org/example/javacard/" : "", name);
		if (i != left_out)
			add(zip, path, view_buf(&edited), how & 1);
		buf_fixed(&good, array, sizeof(array));
	}
	must(zip_close(zip) == 0 && zip_source_open(source) == 0, "libzip");
	buf_reset(out);
	n = zip_source_read(source, buf_space(out, ROOM), ROOM);
	must(n >= 0, "libzip");
	buf_truncate(out, (size_t)n);
	zip_source_close(source);
	zip_source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct view input = view_of(bytes, len);
	unsigned int kind = edit_byte(&input) % KINDS;
	struct buf good, file;

	buf_init(&good, ROOM);
	buf_init(&file, 2 * ROOM);
	if (kind == 0) {
		read(input);
	} else if (kind == 1) {
		edit_package(&input, &file);
		read(view_buf(&file));
	} else {
		put_archive(&input, &good);
		/* Damage to the archive itself, too, or to its components alone. */
		if (kind == 2)
			edit_put(&input, view_buf(&good), &file);
		read(view_buf(kind == 2 ? &file : &good));
	}
	buf_free(&good);
	buf_free(&file);
	return 0;
}
