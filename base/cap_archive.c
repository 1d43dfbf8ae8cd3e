/* SPDX-License-Identifier: BSD-2-Clause */
/* Components out of a zip archive or a load file, gathered first and then put into order. */
#include "base/cap_archive.h"

#include <string.h>

#include <zip.h>

#include "base/tlv.h"

enum {
	ENTRIES_MAX = 1024,
	HEADER_SIZE = 3, /* tag and size of a component */
	COMPONENT_MAX = HEADER_SIZE + 65535,
	TAG_LOAD_FILE = 0xC4,
	TAG_DAP = 0xE2,
};

static const uint8_t zip_magic[] = {'P', 'K', 3, 4};

/* Names in an archive. An extended CAP file (Java Card 3.1) has others, ending in .capx. */
static const struct {
	unsigned int tag;
	const char *name, *missing; /* NULL: it may be */
} names[] = {
	{CAP_HEADER, "Header.cap", "it is neither a CAP file nor a load file"},
	{CAP_DIRECTORY, "Directory.cap", "its Directory component is missing"},
	{CAP_APPLET, "Applet.cap", NULL},
	{CAP_IMPORT, "Import.cap", "its Import component is missing"},
	{CAP_CONSTANT_POOL, "ConstantPool.cap", "its ConstantPool component is missing"},
	{CAP_CLASS, "Class.cap", "its Class component is missing"},
	{CAP_METHOD, "Method.cap", "its Method component is missing"},
	{CAP_STATIC_FIELD, "StaticField.cap", "its StaticField component is missing"},
	{CAP_REFERENCE_LOCATION, "RefLocation.cap", "its RefLocation component is missing"},
	{CAP_EXPORT, "Export.cap", NULL},
	{CAP_DESCRIPTOR, "Descriptor.cap", NULL},
	{CAP_DEBUG, "Debug.cap", NULL},
	{CAP_STATIC_RESOURCES, "StaticResources.cap", NULL},
};

/* The components found, each whole, with tag and size; empty: not found. */
struct components {
	struct buf by_tag[CAP_COMPONENTS + 1];
	size_t total;
	const char *why;
};

static enum rc refuse(struct components *c, const char *why)
{
	c->why = why;
	return RC_MALFORMED;
}

/* The tag of a component by the last part of its path; 0: it is none. */
static unsigned int tag_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].tag;
	return 0;
}

/* Takes a component that is to be whole, and of this tag. */
static enum rc add(struct components *c, unsigned int tag, struct view bytes)
{
	struct view in = bytes;
	uint16_t size;
	uint8_t own;

	if (tag == CAP_DEBUG)
		return RC_OK;
	if (c->by_tag[tag].len)
		return refuse(c, "it has a component twice");
	if (view_u8(&in, &own) != RC_OK || view_u16(&in, &size) != RC_OK || own != tag ||
	    size != in.len)
		return refuse(c, "a component is damaged");
	c->total += bytes.len;
	if (c->total > CAP_SIZE_MAX)
		return refuse(c, "it is larger than a card takes");
	buf_view(&c->by_tag[tag], bytes);
	return buf_rc(&c->by_tag[tag]);
}

/*
 * One file of the archive, never more than a component may have, whatever the archive says of it. It
 * is read to its end, where libzip compares the checksum.
 */
static enum rc read_entry(struct components *c, zip_t *zip, zip_uint64_t index, unsigned int tag)
{
	struct buf bytes;
	uint8_t *to;
	zip_int64_t n;
	zip_file_t *file;
	enum rc rc;

	file = zip_fopen_index(zip, index, 0);
	if (!file)
		return refuse(c, "a component cannot be read");
	buf_init(&bytes, COMPONENT_MAX + 1);
	to = buf_space(&bytes, COMPONENT_MAX + 1);
	rc = buf_rc(&bytes);
	if (rc == RC_OK) {
		size_t len = 0;

		while ((n = zip_fread(file, to + len, COMPONENT_MAX + 1 - len)) > 0)
			len += (size_t)n;
		buf_truncate(&bytes, len);
		rc = n < 0 ? refuse(c, "a component is damaged") : RC_OK;
	}
	if (rc == RC_OK)
		rc = bytes.len > COMPONENT_MAX ? refuse(c, "a component is too long")
					       : add(c, tag, view_buf(&bytes));
	zip_fclose(file);
	buf_free(&bytes);
	return rc;
}

static enum rc see_entry(struct components *c, zip_t *zip, zip_uint64_t index)
{
	zip_stat_t stat;
	unsigned int tag;
	size_t len;

	zip_stat_init(&stat);
	if (zip_stat_index(zip, index, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_NAME))
		return refuse(c, "it is not a whole zip archive");
	len = strlen(stat.name);
	if (len > 5 && strcmp(stat.name + len - 5, ".capx") == 0)
		return refuse(c, "it is an extended CAP file, with several packages");
	tag = tag_of(stat.name);
	if (tag == 0)
		return RC_OK;
	if (!(stat.valid & ZIP_STAT_SIZE) || stat.size > COMPONENT_MAX)
		return refuse(c, "a component is too long");
	if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE)
		return refuse(c, "a component is enciphered");
	return read_entry(c, zip, index, tag);
}

static enum rc read_zip(struct components *c, struct view file)
{
	zip_source_t *source = zip_source_buffer_create(file.data, file.len, 0, NULL);
	zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, NULL) : NULL;
	zip_int64_t count;
	enum rc rc = RC_OK;

	if (!zip) {
		zip_source_free(source);
		return source ? refuse(c, "it is not a whole zip archive") : RC_MEMORY;
	}
	count = zip_get_num_entries(zip, 0);
	if (count > ENTRIES_MAX)
		rc = refuse(c, "it has too many files");
	for (zip_int64_t i = 0; rc == RC_OK && i < count; i++)
		rc = see_entry(c, zip, (zip_uint64_t)i);
	zip_discard(zip);
	return rc;
}

static enum rc read_components(struct components *c, struct view in)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && in.len) {
		struct view header = in, bytes;
		uint16_t size;
		uint8_t tag;

		if (view_u8(&header, &tag) != RC_OK || tag == 0 || tag > CAP_COMPONENTS)
			return refuse(c, "it is neither a CAP file nor a load file");
		if (view_u16(&header, &size) != RC_OK ||
		    view_take(&in, (size_t)size + HEADER_SIZE, &bytes) != RC_OK)
			return refuse(c, "it is cut short");
		rc = add(c, tag, bytes);
	}
	return rc;
}

static enum rc read_load_file(struct components *c, struct view in)
{
	struct view block = in, dap;
	enum rc rc = RC_OK;

	while (rc == RC_OK && tlv_is_next(in, TAG_DAP))
		rc = tlv_expect(&in, TAG_DAP, &dap);
	if (rc == RC_OK && tlv_is_next(in, TAG_LOAD_FILE)) {
		rc = tlv_expect(&in, TAG_LOAD_FILE, &block);
		if (rc == RC_OK)
			rc = view_end(&in);
	}
	return rc == RC_OK ? read_components(c, block) : refuse(c, "it is cut short");
}

/* The first thing that is wrong with components of which cap_parse makes no package. */
static const char *reason(const struct components *c)
{
	struct view header = view_buf(&c->by_tag[CAP_HEADER]), start;
	uint32_t magic;
	uint8_t minor, major;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].missing && !c->by_tag[names[i].tag].len)
			return names[i].missing;
	if (view_take(&header, HEADER_SIZE, &start) != RC_OK ||
	    view_u32(&header, &magic) != RC_OK || magic != CAP_MAGIC)
		return "its Header component does not begin as one does";
	if (view_u8(&header, &minor) != RC_OK || view_u8(&header, &major) != RC_OK ||
	    major != CAP_FORMAT_MAJOR)
		return "it is made in a format of another Java Card version than CAP files of 2.x have";
	return "its Header, Import or Applet component is damaged";
}

static enum rc put_in_order(struct components *c, struct buf *out)
{
	struct view in_order[CAP_COMPONENTS + 1] = {{NULL, 0}};
	struct cap cap;
	size_t from = out->len;

	if (!c->by_tag[CAP_HEADER].len)
		return refuse(c, reason(c));
	for (unsigned int tag = 1; tag <= CAP_COMPONENTS; tag++)
		if (cap_load_order(tag) >= 0)
			in_order[cap_load_order(tag)] = view_buf(&c->by_tag[tag]);
	for (size_t i = 0; i <= CAP_COMPONENTS; i++)
		buf_view(out, in_order[i]);
	if (buf_rc(out) != RC_OK)
		return buf_rc(out);
	if (cap_parse(view_of(out->data + from, out->len - from), &cap) == RC_OK)
		return RC_OK;
	buf_truncate(out, from);
	return refuse(c, reason(c));
}

enum rc cap_archive_read(struct view file, struct buf *ret_block, const char **ret_why)
{
	struct components c = {.total = 0};
	struct view in = file, magic;
	enum rc rc = RC_OK;

	for (size_t i = 0; i <= CAP_COMPONENTS; i++)
		buf_init(&c.by_tag[i], COMPONENT_MAX);
	if (file.len > CAP_FILE_MAX)
		rc = refuse(&c, "it is larger than a CAP file can be");
	else if (view_take(&in, sizeof(zip_magic), &magic) == RC_OK &&
		 view_equal(magic, view_of(zip_magic, sizeof(zip_magic))))
		rc = read_zip(&c, file);
	else
		rc = read_load_file(&c, file);
	if (rc == RC_OK)
		rc = put_in_order(&c, ret_block);
	if (rc == RC_MALFORMED)
		*ret_why = c.why;
	for (size_t i = 0; i <= CAP_COMPONENTS; i++)
		buf_free(&c.by_tag[i]);
	return rc;
}
