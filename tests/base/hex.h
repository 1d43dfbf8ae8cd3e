/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hexadecimal for the tables of vectors: a constant becomes bytes in a static ring, so that a few
 * can stand in one expression. Tests only; single-threaded.
 */
#ifndef INTAGLIO_TESTS_BASE_HEX_H
#define INTAGLIO_TESTS_BASE_HEX_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* The bytes of a string of hexadecimal digits (blanks are skipped); good for the next 63 calls. */
static inline struct view hex(const char *digits)
{
	static uint8_t ring[64][1024];
	static unsigned int next;
	uint8_t *bytes = ring[next++ % 64];
	char pair[3] = {0};
	size_t len = 0;

	while (*digits && len < sizeof(ring[0])) {
		if (*digits == ' ') {
			digits++;
			continue;
		}
		pair[0] = *digits++;
		pair[1] = *digits ? *digits++ : '0';
		bytes[len++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return view_of(bytes, len);
}

#endif
