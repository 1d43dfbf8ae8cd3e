/* SPDX-License-Identifier: BSD-2-Clause */
/* Components of a load file: Java Card VM specification 6.3 to 6.6. */
#include "base/cap.h"

#include <string.h>

enum {
	ACC_INT = 0x01,
	ORDER_LENGTH = 12,
};

/* Virtual machines may rely on this order, 6.1.1 and the load order of GPCS users. */
static const uint8_t order[ORDER_LENGTH] = {
	CAP_HEADER,
	CAP_DIRECTORY,
	CAP_IMPORT,
	CAP_APPLET,
	CAP_CLASS,
	CAP_METHOD,
	CAP_STATIC_FIELD,
	CAP_EXPORT,
	CAP_CONSTANT_POOL,
	CAP_REFERENCE_LOCATION,
	CAP_STATIC_RESOURCES,
	CAP_DESCRIPTOR,
};

int cap_load_order(unsigned int tag)
{
	for (int i = 0; i < ORDER_LENGTH; i++)
		if (order[i] == tag)
			return i;
	return -1;
}

/* AID length and AID. */
static enum rc take_aid(struct view *in, struct aid *ret)
{
	struct view bytes;
	uint8_t len;
	enum rc rc = view_u8(in, &len);

	if (rc == RC_OK)
		rc = view_take(in, len, &bytes);
	return rc == RC_OK ? aid_set(ret, bytes) : rc;
}

/* Minor version, major version, AID: a package_info. */
static enum rc take_package(struct view *in, struct cap_package *ret)
{
	enum rc rc = view_u8(in, &ret->minor);

	if (rc == RC_OK)
		rc = view_u8(in, &ret->major);
	return rc == RC_OK ? take_aid(in, &ret->aid) : rc;
}

static enum rc read_header(struct view in, struct cap *cap)
{
	uint32_t magic;
	uint8_t flags;

	if (view_u32(&in, &magic) != RC_OK || magic != CAP_MAGIC ||
	    view_u8(&in, &cap->format_minor) != RC_OK ||
	    view_u8(&in, &cap->format_major) != RC_OK || cap->format_major != CAP_FORMAT_MAJOR ||
	    view_u8(&in, &flags) != RC_OK || take_package(&in, &cap->package) != RC_OK)
		return RC_MALFORMED;
	/* A package name may follow from 2.2 on; nobody needs it. */
	cap->integers = flags & ACC_INT;
	return RC_OK;
}

static enum rc read_imports(struct view in, struct cap *cap)
{
	uint8_t count;
	enum rc rc = view_u8(&in, &count);

	if (rc != RC_OK || count > CAP_IMPORTS_MAX)
		return RC_MALFORMED;
	for (size_t i = 0; rc == RC_OK && i < count; i++)
		rc = take_package(&in, &cap->imports[i]);
	cap->import_count = count;
	return rc == RC_OK ? view_end(&in) : rc;
}

static enum rc read_applets(struct view in, struct cap *cap)
{
	uint16_t install_method;
	uint8_t count;
	enum rc rc = view_u8(&in, &count);

	if (rc != RC_OK || count == 0 || count > CAP_APPLETS_MAX)
		return RC_MALFORMED;
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		rc = take_aid(&in, &cap->applets[i]);
		if (rc == RC_OK)
			rc = view_u16(&in, &install_method);
	}
	cap->applet_count = count;
	return rc == RC_OK ? view_end(&in) : rc;
}

static enum rc read_component(unsigned int tag, struct view in, struct cap *cap)
{
	switch (tag) {
	case CAP_HEADER:
		return read_header(in, cap);
	case CAP_IMPORT:
		return read_imports(in, cap);
	case CAP_APPLET:
		return read_applets(in, cap);
	default:
		return RC_OK;
	}
}

static bool is_required(int place)
{
	switch (order[place]) {
	case CAP_APPLET:
	case CAP_EXPORT:
	case CAP_STATIC_RESOURCES:
	case CAP_DESCRIPTOR:
		return false;
	default:
		return true;
	}
}

enum rc cap_parse(struct view block, struct cap *ret)
{
	struct cap cap = {.applet_count = 0};
	int next = 0;

	while (block.len) {
		struct view body;
		uint16_t size;
		uint8_t tag;
		int place;

		if (view_u8(&block, &tag) != RC_OK || view_u16(&block, &size) != RC_OK ||
		    view_take(&block, size, &body) != RC_OK)
			return RC_MALFORMED;
		place = cap_load_order(tag);
		if (place < next)
			return RC_MALFORMED;
		for (; next < place; next++)
			if (is_required(next))
				return RC_MALFORMED;
		next = place + 1;
		if (read_component(tag, body, &cap) != RC_OK)
			return RC_MALFORMED;
	}
	for (; next < ORDER_LENGTH; next++)
		if (is_required(next))
			return RC_MALFORMED;
	*ret = cap;
	return RC_OK;
}
