/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes on the wire, both ways and with all that sets the channel up, over those of the load file:
 * with blocks of 255 bytes under SCP02 at level 03, and with extended length under SCP03 at level 33.
 */
#include "bench/content.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METHODS = 40000, ROOM = METHODS + 256, SCP02 = 2, SCP03 = 3, EXTENDED_BLOCK = 4095 };

/* What one block costs at the least: header, Lc, padded data, C-MAC, Le, and the shortest answer. */
struct cost {
	CK_ULONG block, wire;
};
static const struct cost cost_scp02 = {239, 5 + 240 + 8 + 1 + 3};
static const struct cost cost_scp03 = {EXTENDED_BLOCK, 7 + 4096 + 8 + 2 + 16 + 8 + 2};

static unsigned char file[ROOM];
static CK_ULONG file_len;

static void put(unsigned int tag, const void *body, size_t len)
{
	const unsigned char header[] = {(unsigned char)tag, (unsigned char)(len >> 8),
					(unsigned char)len};

	memcpy(file + file_len, header, sizeof(header));
	memcpy(file + file_len + sizeof(header), body, len);
	file_len += sizeof(header) + len;
}

static void make_file(void)
{
	static const unsigned char header[] = {0xDE, 0xCA, 0xFF, 0xED, 1, 2, 4, 0,
					       1,    6,    0xF0, 1,    2, 3, 4, 5};
	static const unsigned char applets[] = {1, 7, 0xF0, 1, 2, 3, 4, 5, 1, 0, 0};
	static const unsigned char methods[METHODS];

	file_len = 0;
	put(1, header, sizeof(header));
	put(2, "", 1);
	put(4, "", 1);
	put(3, applets, sizeof(applets));
	put(6, "", 1);
	put(7, methods, METHODS);
	put(8, "", 1);
	put(5, "", 1);
	put(9, "", 1);
}

static void must(CK_RV rv, const char *what)
{
	if (rv != CKR_OK) {
		fprintf(stderr, "bench: %s: CKR 0x%lx\n", what, rv);
		exit(1);
	}
}

static void row(const char *what, const CK_INTAGLIO_INSTALLATION *in, const struct cost *cost,
		double limit, unsigned int *passed, unsigned int *failed)
{
	/* Tag and length of the load file count: they are sent. */
	double size = (double)file_len + 4, wire = (double)(in->ulSent + in->ulReceived);
	CK_ULONG blocks = ((CK_ULONG)size + cost->block - 1) / cost->block;
	bool kept = wire / size <= limit && in->ulBlocks == blocks;

	printf("%-34s %.3f bytes a byte  %lu blocks  minimum %.3f  at most %.2f: %s\n", what,
	       wire / size, in->ulBlocks, (double)cost->wire / (double)cost->block, limit,
	       kept ? "kept" : "MISSED");
	kept ? ++*passed : ++*failed;
}

void bench_content(const CK_INTAGLIO_FUNCTION_LIST *vendor, CK_SLOT_ID slot, unsigned int *passed,
		   unsigned int *failed)
{
	const CK_INTAGLIO_AID package = {{0xF0, 1, 2, 3, 4, 5}, 6};
	CK_INTAGLIO_KEY_SET keys = {.ulProtocol = SCP02, .ulVersion = 0x20, .ulKeyLen = 16};
	CK_INTAGLIO_INSTALLATION in;

	make_file();
	in = (CK_INTAGLIO_INSTALLATION){.pFile = file, .ulFileLen = file_len};
	must(vendor->PutKeys(slot, NULL, &keys, 0), "PutKeys");
	must(vendor->InstallContent(slot, &keys, &in), "InstallContent");
	row("an installation, SCP02, short", &in, &cost_scp02, 1.12, passed, failed);
	must(vendor->DeleteContent(slot, &keys, &package, CK_TRUE), "DeleteContent");
	must(vendor->DeleteKeys(slot, NULL, keys.ulVersion), "DeleteKeys");
	keys.ulProtocol = SCP03;
	keys.ulVersion = 0x30;
	in = (CK_INTAGLIO_INSTALLATION){
		.pFile = file, .ulFileLen = file_len, .ulBlockSize = EXTENDED_BLOCK};
	must(vendor->PutKeys(slot, NULL, &keys, 0), "PutKeys");
	must(vendor->InstallContent(slot, &keys, &in), "InstallContent");
	row("an installation, SCP03, extended", &in, &cost_scp03, 1.03, passed, failed);
	must(vendor->DeleteContent(slot, &keys, &package, CK_TRUE), "DeleteContent");
	must(vendor->DeleteKeys(slot, NULL, keys.ulVersion), "DeleteKeys");
}
