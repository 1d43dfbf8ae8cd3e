/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes on the wire, both ways, over those of the load file: from INSTALL [for load] to the answer to
 * the last LOAD, as they are in the trace of the connection, and with all that sets the channel up and
 * makes the application as well. Blocks of 255 bytes under SCP02 at level 03, and commands of extended
 * length under SCP03 at level 33.
 */
#include "bench/content.h"

#include "bench/client.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METHODS = 40000, ROOM = METHODS + 256, SCP02 = 2, SCP03 = 3, EXTENDED_BLOCK = 4095 };

/* What one block costs at the least: header, Lc, padded data, C-MAC, Le, and the shortest answer. */
struct cost {
	unsigned long block, wire;
};
static const struct cost cost_scp02 = {239, 5 + 240 + 8 + 1 + 3};
static const struct cost cost_scp03 = {EXTENDED_BLOCK, 7 + 4096 + 8 + 2 + 16 + 8 + 2};

/* Of the trace: whole APDUs from INSTALL [for load] to the answer to the last LOAD. */
struct wire {
	unsigned long bytes, trips, blocks;
};

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

/* The hexadecimal digits of the byte at an offset of a traced APDU; false: it is too short. */
static bool is_byte(const char *apdu, size_t offset, const char *digits)
{
	return strlen(apdu) >= 2 * offset + 2 && strncmp(apdu + 2 * offset, digits, 2) == 0;
}

static bool is_load(const char *apdu)
{
	return is_byte(apdu, 1, "E8") && (is_byte(apdu, 0, "84") || is_byte(apdu, 0, "80"));
}

/* Lines `> hex` and `< hex`, see doc/man/intaglio-pkcs11.7. */
static struct wire read_trace(const char *path)
{
	struct wire seen = {.bytes = 0}, loaded = seen;
	FILE *trace = fopen(path, "r");
	bool began = false, last = false;
	char *line = NULL;
	size_t room = 0;

	while (trace && getline(&line, &room, trace) > 2) {
		const char *apdu = line + 2;

		if (*line == '>') {
			began = began || (is_byte(apdu, 1, "E6") && is_byte(apdu, 2, "02"));
			/* The rest of an answer to LOAD is still of that LOAD. */
			last = is_load(apdu) || (last && is_byte(apdu, 1, "C0"));
			seen.blocks += began && is_load(apdu);
			seen.trips += began;
		}
		if (began && (*line == '>' || *line == '<'))
			seen.bytes += (strlen(apdu) - 1) / 2;
		if (*line == '<' && last)
			loaded = seen;
	}
	free(line);
	if (trace)
		fclose(trace);
	return loaded;
}

/* One trip announces the load, one more carries each block. */
static void row(const char *what, const struct wire *w, const CK_INTAGLIO_INSTALLATION *in,
		const struct cost *cost, double limit, unsigned int *passed, unsigned int *failed)
{
	/* Tag and length of the load file count: they are sent. */
	unsigned long size = file_len + 4, blocks = (size + cost->block - 1) / cost->block;
	unsigned long all = in->ulSent + in->ulReceived;
	double ratio = (double)w->bytes / (double)size;
	bool kept = w->bytes > size && ratio <= limit;
	bool once = w->blocks == blocks && w->trips == 1 + blocks && all > w->bytes;

	printf("%-34s %.3f bytes a byte (%.3f with all around it)  minimum %.3f  at most %.2f: %s\n",
	       what, ratio, (double)all / (double)size, (double)cost->wire / (double)cost->block,
	       limit, kept ? "kept" : "MISSED");
	printf("%-34s %lu blocks  %.3f round trips a block  minimum 1  at most 1: %s\n", "",
	       w->blocks, (double)(w->trips - 1) / (double)blocks, once ? "kept" : "MISSED");
	kept ? ++*passed : ++*failed;
	once ? ++*passed : ++*failed;
}

static struct wire install(const CK_INTAGLIO_FUNCTION_LIST *vendor, CK_SLOT_ID slot,
			   const CK_INTAGLIO_KEY_SET *keys, const char *dir,
			   CK_INTAGLIO_INSTALLATION *in)
{
	const CK_INTAGLIO_AID package = {{0xF0, 1, 2, 3, 4, 5}, 6};
	char path[4200];
	struct wire w;

	snprintf(path, sizeof(path), "%s/load-%lu.trace", dir, keys->ulProtocol);
	client_must(vendor->PutKeys(slot, NULL, keys, 0), "PutKeys");
	setenv("INTAGLIO_TRACE", path, 1);
	client_must(vendor->InstallContent(slot, keys, in), "InstallContent");
	unsetenv("INTAGLIO_TRACE");
	w = read_trace(path);
	client_must(vendor->DeleteContent(slot, keys, &package, CK_TRUE), "DeleteContent");
	client_must(vendor->DeleteKeys(slot, NULL, keys->ulVersion), "DeleteKeys");
	return w;
}

void bench_content(const CK_INTAGLIO_FUNCTION_LIST *vendor, CK_SLOT_ID slot, const char *dir,
		   unsigned int *passed, unsigned int *failed)
{
	CK_INTAGLIO_KEY_SET keys = {.ulProtocol = SCP02, .ulVersion = 0x20, .ulKeyLen = 16};
	CK_INTAGLIO_INSTALLATION in;
	struct wire w;

	make_file();
	in = (CK_INTAGLIO_INSTALLATION){.pFile = file, .ulFileLen = file_len};
	w = install(vendor, slot, &keys, dir, &in);
	row("a load, SCP02 level 03, short", &w, &in, &cost_scp02, 1.12, passed, failed);
	keys.ulProtocol = SCP03;
	keys.ulVersion = 0x30;
	in = (CK_INTAGLIO_INSTALLATION){
		.pFile = file, .ulFileLen = file_len, .ulBlockSize = EXTENDED_BLOCK};
	w = install(vendor, slot, &keys, dir, &in);
	row("a load, SCP03 level 33, extended", &w, &in, &cost_scp03, 1.03, passed, failed);
}
