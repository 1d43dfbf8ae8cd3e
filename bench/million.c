/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening a card that holds a million records: from C_Initialize to what the card says of its ledger,
 * handshake included, and the first record sealed then. The records are put into the card's memory
 * here, as the card would, but many to a commit. usage: bench_million [RECORDS]
 */
#include "base/cryptoki.h"
#include "bench/client.h"
#include "bench/measure.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/ledger.h"
#include "card/ledger_cache.h"
#include "card/nvm.h"

enum { RECORD = 1024, RECORDS = 1000000, A_COMMIT = 8000, TURNS = 5, LEDGER_FIRST = 0x20000000 };

static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;

static void must_rc(enum rc rc, const char *what)
{
	if (rc != RC_OK)
		client_die(what);
}

static void own_directory(const char *build, char *ret, size_t size)
{
	char name[4200];
	int settings;

	setenv("PCSCLITE_CSOCK_NAME", "/nonexistent", 1);
	snprintf(name, sizeof(name), "%s/bench-million-XXXXXX", build);
	if (!mkdtemp(name) || !realpath(name, ret) || strlen(ret) >= size ||
	    setenv("XDG_DATA_HOME", ret, 1) != 0)
		client_die("a directory of its own");
	snprintf(name, sizeof(name), "%s/conf", ret);
	settings = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (settings < 0 || setenv("INTAGLIO_CONF", name, 1) != 0)
		client_die("settings of its own");
	close(settings);
}

static void make_ledger(void)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, (void *)"bench", 5},
	};
	CK_OBJECT_HANDLE ledger;
	CK_ULONG count = 1;
	CK_SLOT_ID slot;

	client_must(p11->C_Initialize(NULL), "C_Initialize");
	client_must(p11->C_GetSlotList(CK_TRUE, &slot, &count), "C_GetSlotList");
	client_init_token(p11, slot);
	session = client_init_pin(p11, slot);
	client_must(p11->C_CreateObject(session, template, 4, &ledger), "C_CreateObject");
	client_must(p11->C_Finalize(NULL), "C_Finalize");
}

static void put_record(struct nvm *nvm, uint32_t series, struct leaf_header *header,
		       const uint8_t *body)
{
	uint8_t array[LEAF_OVERHEAD + RECORD];
	struct merkle_range range;
	struct buf leaf, nonce;

	header->index++;
	header->card_counter++;
	header->time_ms += 30000;
	buf_fixed(&nonce, header->client_nonce, sizeof(header->client_nonce));
	buf_u64(&nonce, header->time_ms);
	buf_u64(&nonce, header->index);
	buf_fixed(&leaf, array, sizeof(array));
	leaf_put_header(&leaf, header);
	buf_put(&leaf, body, RECORD + GCM_TAG);
	must_rc(nvm_append(nvm, series, view_buf(&leaf), &range), "appending a record");
}

static void fill(const char *dir, uint64_t records)
{
	const struct nvm_options options = {.segment_size = 0};
	uint8_t body[RECORD + GCM_TAG];
	struct leaf_header header;
	struct view record, a, b;
	uint32_t number, series;
	struct nvm *nvm;
	struct buf leaf;
	char path[4200];

	snprintf(path, sizeof(path), "%s/intaglio/cards/default/card", dir);
	must_rc(nvm_open(path, &options, &nvm), "opening the card's memory");
	must_rc(nvm_next(nvm, LEDGER_FIRST - 1, &number, &record), "finding the ledger");
	series = ledger_series(number - LEDGER_FIRST);
	buf_init(&leaf, NVM_LEAF_MAX);
	must_rc(nvm_leaf(nvm, series, 0, &leaf), "reading leaf 0");
	must_rc(leaf_parse(view_buf(&leaf), &header, &a, &b), "reading leaf 0");
	must_rc(crypto_random(body, sizeof(body)), "random bytes");
	header.type = 1;
	header.length = RECORD;
	header.time_ms = ((uint64_t)time(NULL) - 86400) * 1000 - records * 30000;
	while (header.index < records) {
		must_rc(nvm_begin(nvm), "a transaction");
		for (int i = 0; i < A_COMMIT && header.index < records; i++)
			put_record(nvm, series, &header, body);
		must_rc(nvm_commit(nvm, NULL, NULL), "a commit");
	}
	buf_free(&leaf);
	nvm_close(&nvm);
}

/* The library's start, the channel, and what the card says of the ledger. */
static double open_card(uint64_t records, CK_OBJECT_HANDLE *ret_ledger)
{
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE wanted = {CKA_KEY_TYPE, &type, sizeof(type)};
	CK_ULONG leaves = 0, count = 1;
	CK_ATTRIBUTE answer = {CKA_INTAGLIO_RECORD_COUNT, &leaves, sizeof(leaves)};
	double start = measure_now();
	CK_SLOT_ID slot;

	client_must(p11->C_Initialize(NULL), "C_Initialize");
	client_must(p11->C_GetSlotList(CK_TRUE, &slot, &count), "C_GetSlotList");
	client_must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				       &session),
		    "C_OpenSession");
	client_must(p11->C_FindObjectsInit(session, &wanted, 1), "C_FindObjectsInit");
	client_must(p11->C_FindObjects(session, ret_ledger, 1, &count), "C_FindObjects");
	client_must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	client_must(p11->C_GetAttributeValue(session, *ret_ledger, &answer, 1),
		    "C_GetAttributeValue");
	if (leaves != records + 1)
		client_die("the count of records");
	return measure_now() - start;
}

static double seal(CK_OBJECT_HANDLE ledger)
{
	static CK_BYTE record[RECORD], sealed[RECORD + CK_INTAGLIO_SEAL_OVERHEAD];
	CK_INTAGLIO_SEAL_PARAMS params = {.ulType = 1};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &params, sizeof(params)};
	CK_ULONG len = sizeof(sealed);
	struct buf nonce;
	double start;

	params.ullTime = (unsigned long long)time(NULL) * 1000;
	buf_fixed(&nonce, params.nonce, sizeof(params.nonce));
	buf_u64(&nonce, params.ullTime);
	must_rc(crypto_random(params.nonce + 8, 8), "random bytes");
	client_must(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR) "123456", 6), "C_Login");
	start = measure_now();
	client_must(p11->C_EncryptInit(session, &mechanism, ledger), "C_EncryptInit");
	client_must(p11->C_Encrypt(session, record, RECORD, sealed, &len), "C_Encrypt");
	return measure_now() - start;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(int argc, char **argv)
{
	uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : RECORDS;
	const char *build = getenv("INTAGLIO_BUILD");
	double opened[TURNS], sealed;
	static char dir[4096];
	CK_OBJECT_HANDLE ledger;
	bool kept;

	own_directory(build ? build : "build", dir, sizeof(dir));
	client_load(NULL, &p11);
	make_ledger();
	fill(dir, records);
	for (int i = 0; i < TURNS; i++) {
		opened[i] = open_card(records, &ledger);
		if (i + 1 < TURNS)
			client_must(p11->C_Finalize(NULL), "C_Finalize");
	}
	sealed = seal(ledger);
	client_must(p11->C_Finalize(NULL), "C_Finalize");
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("opening a card of %llu records    %.3f s at first", (unsigned long long)records,
	       opened[0]);
	kept = opened[0] < 0.5;
	qsort(opened, TURNS, sizeof(opened[0]), ascending);
	printf(", %.3f s in the middle  under 0.500 s: %s\n", opened[TURNS / 2],
	       kept ? "kept" : "MISSED");
	printf("  the first record sealed then: %.3f s\n", sealed);
	printf("%d passed, %d failed\n", kept, !kept);
	return kept ? 0 : 1;
}
