/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key generation in test programs, by the linker's --wrap: the first RSA keys of 2048 bits are those
 * of tests/vectors/scp10-keys.pem, each given once, since making one takes a third of a second and
 * nearly every program needs a handful. All others are generated, and so is every key without
 * INTAGLIO_SOURCE. Generation itself is tested in programs that are linked without this.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pem.h"

enum { BITS = 2048 };

static atomic_uint given;

enum rc __wrap_rsa_generate(unsigned int bits, EVP_PKEY **ret);
enum rc __real_rsa_generate(unsigned int bits, EVP_PKEY **ret);

/* The text of the key with this number; they stand one after the other. */
static void read_key(FILE *f, unsigned int number, struct buf *text)
{
	char line[100];

	while (fgets(line, sizeof(line), f)) {
		if (number == 0)
			buf_str(text, line);
		if (strncmp(line, "-----END", 8) == 0 && number-- == 0)
			return;
	}
}

static enum rc fixed_key(EVP_PKEY **ret)
{
	const char *source = getenv("INTAGLIO_SOURCE");
	enum rc rc = RC_NOT_FOUND;
	char path[4200];
	struct buf text;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/vectors/scp10-keys.pem", source ? source : "");
	f = source ? fopen(path, "re") : NULL;
	if (!f)
		return rc;
	buf_init(&text, PEM_MAX);
	read_key(f, atomic_fetch_add(&given, 1), &text);
	fclose(f);
	if (text.len)
		rc = pem_private(view_buf(&text), NULL, ret);
	buf_free(&text);
	return rc;
}

enum rc __wrap_rsa_generate(unsigned int bits, EVP_PKEY **ret)
{
	if (bits == BITS && fixed_key(ret) == RC_OK)
		return RC_OK;
	return __real_rsa_generate(bits, ret);
}
