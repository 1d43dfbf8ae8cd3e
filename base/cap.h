/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Java Card converted applets, Java Card VM specification 6: what a load file says of itself. The
 * load file data block is the components of a CAP file one after another; both the host, before it
 * sends one, and the card, before it registers one, read the same three of them here. All bytes are
 * hostile. Nothing is kept; thread safe.
 */
#ifndef INTAGLIO_BASE_CAP_H
#define INTAGLIO_BASE_CAP_H

#include "base/aid.h"

enum { CAP_APPLETS_MAX = 16, CAP_IMPORTS_MAX = 32, CAP_SIZE_MAX = 1 << 20 };

/* Of a Header component: its first four bytes, and the one version of the format that is read. */
#define CAP_MAGIC 0xDECAFFEDu
enum { CAP_FORMAT_MAJOR = 2 };

/* Component tags, in the order of their numbers. */
enum cap_component {
	CAP_HEADER = 1,
	CAP_DIRECTORY = 2,
	CAP_APPLET = 3,
	CAP_IMPORT = 4,
	CAP_CONSTANT_POOL = 5,
	CAP_CLASS = 6,
	CAP_METHOD = 7,
	CAP_STATIC_FIELD = 8,
	CAP_REFERENCE_LOCATION = 9,
	CAP_EXPORT = 10,
	CAP_DESCRIPTOR = 11,
	CAP_DEBUG = 12,
	CAP_STATIC_RESOURCES = 13,
	CAP_COMPONENTS = 13,
};

struct cap_package {
	struct aid aid;
	uint8_t major, minor;
};

struct cap {
	uint8_t format_major, format_minor; /* of the CAP file: 2.1, 2.2, 2.3 */
	bool integers; /* it uses 32-bit integers (ACC_INT) */
	struct cap_package package;
	struct aid applets[CAP_APPLETS_MAX];
	size_t applet_count;
	struct cap_package imports[CAP_IMPORTS_MAX];
	size_t import_count;
};

/*
 * Reads a load file data block: the header first, then the others in load order, each at most once;
 * Descriptor and Debug may lack, Applet where there is none. RC_MALFORMED.
 */
enum rc cap_parse(struct view block, struct cap *ret) WARN_UNUSED;
/* The place of a component in a load file, from 0; -1: it is not loaded (Debug) or unknown. */
int cap_load_order(unsigned int tag);

#endif
