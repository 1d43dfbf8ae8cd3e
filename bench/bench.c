/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ./run bench: what operations cost through the whole stack, as ratios to raw OpenSSL and to a raw
 * write and fdatasync in the same run, and the APDUs and bytes they take. Each row with a floor is
 * a promise; the program fails if one is broken.
 */
#include "base/cryptoki.h"
#include "base/crypto.h"
#include "base/rsa.h"
#include "bench/channel.h"
#include "bench/client.h"
#include "bench/content.h"
#include "bench/measure.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <sqlite3.h>

enum { RECORD = 1024, BASELINE_FILE = 64 << 20 };

static CK_FUNCTION_LIST *p11;
static const CK_INTAGLIO_FUNCTION_LIST *vendor;
static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static unsigned int passed, failed;

/* Prints a row; floor 0: no promise. */
static void row(const char *name, struct measure_result r, double floor)
{
	bool kept = r.good && r.ratio >= floor;

	printf("%-34s %9.1f us  raw %9.1f us  ratio %.2f", name, r.ours_us, r.base_us, r.ratio);
	if (floor > 0)
		printf("  at least %.2f: %s", floor, kept ? "kept" : "MISSED");
	putchar('\n');
	kept ? passed++ : failed++;
}

static void make_token(void)
{
	CK_ULONG count = 1;

	vendor = client_vendor(client_load(NULL, &p11));
	client_must(p11->C_Initialize(NULL), "C_Initialize");
	client_must(p11->C_GetSlotList(CK_TRUE, &slot, &count), "C_GetSlotList");
	client_init_token(p11, slot);
	session = client_init_pin(p11, slot);
}

static CK_INTAGLIO_FIGURES figures(void)
{
	CK_INTAGLIO_FIGURES f;

	client_must(vendor->Figures(slot, &f), "Figures");
	return f;
}

/* Prints what was exchanged since before; more APDUs than limit is a broken promise. */
static void figures_row(const char *what, CK_INTAGLIO_FIGURES before, unsigned long limit)
{
	CK_INTAGLIO_FIGURES now = figures();
	unsigned long apdus = now.ulApdus - before.ulApdus;
	bool kept = apdus <= limit;

	printf("%-34s %3lu APDUs  %6lu bytes to the card  %6lu from it  at most %lu: %s\n", what,
	       apdus, now.ulSent - before.ulSent, now.ulReceived - before.ulReceived, limit,
	       kept ? "kept" : "MISSED");
	kept ? passed++ : failed++;
}

static CK_OBJECT_HANDLE generate(CK_MECHANISM_TYPE type)
{
	static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG bits = 2048;
	CK_MECHANISM mechanism = {.mechanism = type};
	CK_ATTRIBUTE public[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_VERIFY, &yes, sizeof(yes)},
		type == CKM_RSA_PKCS_KEY_PAIR_GEN
			? (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof(bits)}
			: (CK_ATTRIBUTE){CKA_EC_PARAMS, p256, sizeof(p256)},
	};
	CK_ATTRIBUTE private[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_SIGN, &yes, sizeof(yes)},
		{CKA_DECRYPT, &yes, sizeof(yes)},
	};
	CK_ULONG private_count = type == CKM_RSA_PKCS_KEY_PAIR_GEN ? 4 : 3;
	CK_OBJECT_HANDLE public_key, private_key;

	client_must(p11->C_GenerateKeyPair(session, &mechanism, public, 3, private, private_count,
					   &public_key, &private_key),
		    "C_GenerateKeyPair");
	return private_key;
}

static CK_OBJECT_HANDLE make_ledger(void)
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

	client_must(p11->C_CreateObject(session, template, 4, &ledger), "C_CreateObject (ledger)");
	return ledger;
}

struct signing {
	CK_MECHANISM mechanism;
	CK_OBJECT_HANDLE key;
	CK_BYTE digest[51];
	CK_ULONG digest_len;
	EVP_PKEY *raw_key;
	EVP_PKEY_CTX *raw;
};

static bool sign_ours(void *arg)
{
	struct signing *s = arg;
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);

	return p11->C_SignInit(session, &s->mechanism, s->key) == CKR_OK &&
	       p11->C_Sign(session, s->digest, s->digest_len, signature, &len) == CKR_OK;
}

static bool sign_raw(void *arg)
{
	struct signing *s = arg;
	unsigned char signature[512];
	size_t len = sizeof(signature);

	return EVP_PKEY_sign(s->raw, signature, &len, s->digest, s->digest_len) == 1;
}

/* Any block below the modulus deciphers without padding. */
struct deciphering {
	CK_OBJECT_HANDLE key;
	CK_BYTE block[256];
	EVP_PKEY_CTX *raw;
};

static bool decrypt_ours(void *arg)
{
	CK_MECHANISM mechanism = {.mechanism = CKM_RSA_X_509};
	struct deciphering *d = arg;
	CK_BYTE out[256];
	CK_ULONG len = sizeof(out);

	return p11->C_DecryptInit(session, &mechanism, d->key) == CKR_OK &&
	       p11->C_Decrypt(session, d->block, sizeof(d->block), out, &len) == CKR_OK;
}

static bool decrypt_raw(void *arg)
{
	struct deciphering *d = arg;
	unsigned char out[256];
	size_t len = sizeof(out);

	return EVP_PKEY_decrypt(d->raw, out, &len, d->block, sizeof(d->block)) == 1;
}

static void bench_decrypt(CK_OBJECT_HANDLE key, EVP_PKEY *raw_key)
{
	struct deciphering d = {.key = key, .block = {0, 2, 3}};

	d.raw = EVP_PKEY_CTX_new(raw_key, NULL);
	if (EVP_PKEY_decrypt_init(d.raw) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(d.raw, RSA_NO_PADDING) != 1)
		client_die("raw RSA");
	row("decrypt, RSA-2048", measure_pair(decrypt_ours, &d, decrypt_raw, &d, 60, 25), 0.95);
	EVP_PKEY_CTX_free(d.raw);
}

static void bench_rsa(bool timed)
{
	struct signing s = {.mechanism = {.mechanism = CKM_RSA_PKCS}, .digest_len = 51};

	s.key = generate(CKM_RSA_PKCS_KEY_PAIR_GEN);
	s.raw_key = EVP_RSA_gen(2048);
	s.raw = EVP_PKEY_CTX_new(s.raw_key, NULL);
	if (EVP_PKEY_sign_init(s.raw) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(s.raw, RSA_PKCS1_PADDING) != 1)
		client_die("raw RSA");
	if (timed) {
		row("sign, RSA-2048", measure_pair(sign_ours, &s, sign_raw, &s, 60, 25), 0.95);
		bench_decrypt(s.key, s.raw_key);
	}

	CK_INTAGLIO_FIGURES before = figures();
	if (!sign_ours(&s))
		client_die("C_Sign");
	figures_row("a further signature", before, 1);
	EVP_PKEY_CTX_free(s.raw);
	EVP_PKEY_free(s.raw_key);
}

static void bench_p256(void)
{
	struct signing s = {.mechanism = {.mechanism = CKM_ECDSA}, .digest_len = 32};

	s.key = generate(CKM_EC_KEY_PAIR_GEN);
	s.raw_key = EVP_EC_gen("P-256");
	s.raw = EVP_PKEY_CTX_new(s.raw_key, NULL);
	if (EVP_PKEY_sign_init(s.raw) != 1)
		client_die("raw P-256");
	row("sign, P-256", measure_pair(sign_ours, &s, sign_raw, &s, 80, 100), 0.60);
	EVP_PKEY_CTX_free(s.raw);
	EVP_PKEY_free(s.raw_key);
}

struct sealing {
	CK_OBJECT_HANDLE ledger;
	CK_BYTE record[RECORD];
	CK_INTAGLIO_SEAL_PARAMS params;
	int file;
	off_t at;
	/* The baseline's other form: the sync in a thread of its own, while the caller sleeps. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool asked, ended;
	/* A database that is asked for the same. */
	sqlite3 *db;
	sqlite3_stmt *insert;
};

static bool seal_ours(void *arg)
{
	struct sealing *s = arg;
	CK_BYTE sealed[RECORD + CK_INTAGLIO_SEAL_OVERHEAD];
	CK_ULONG len = sizeof(sealed);
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &s->params, sizeof(s->params)};

	if (crypto_random(s->params.nonce + 8, 8) != RC_OK)
		return false;
	return p11->C_EncryptInit(session, &mechanism, s->ledger) == CKR_OK &&
	       p11->C_Encrypt(session, s->record, RECORD, sealed, &len) == CKR_OK;
}

/* The least that a durable record costs: one write in a preallocated file, and one fdatasync. */
static bool write_raw(void *arg)
{
	struct sealing *s = arg;

	s->at = (s->at + RECORD) % BASELINE_FILE;
	return pwrite(s->file, s->record, RECORD, s->at) == RECORD && fdatasync(s->file) == 0;
}

static void *sync_for_others(void *arg)
{
	struct sealing *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->ended) {
		if (!s->asked) {
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		if (fdatasync(s->file) != 0)
			client_die("fdatasync");
		pthread_mutex_lock(&s->lock);
		s->asked = false;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static bool write_raw_helped(void *arg)
{
	struct sealing *s = arg;

	s->at = (s->at + RECORD) % BASELINE_FILE;
	if (pwrite(s->file, s->record, RECORD, s->at) != RECORD)
		return false;
	pthread_mutex_lock(&s->lock);
	s->asked = true;
	pthread_cond_broadcast(&s->changed);
	while (s->asked)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return true;
}

static bool insert_row(void *arg)
{
	struct sealing *s = arg;
	bool good;

	sqlite3_bind_blob(s->insert, 1, s->record, RECORD, SQLITE_STATIC);
	good = sqlite3_step(s->insert) == SQLITE_DONE;
	return sqlite3_reset(s->insert) == SQLITE_OK && good;
}

/* The same record into SQLite, as durable: a transaction each, WAL, synchronous=FULL. */
static void time_sqlite(struct sealing *s, const char *dir)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/sqlite.db", dir);
	if (sqlite3_open(path, &s->db) != SQLITE_OK ||
	    sqlite3_exec(s->db,
			 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			 "CREATE TABLE record(number INTEGER PRIMARY KEY, body BLOB)",
			 NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(s->db, "INSERT INTO record(body) VALUES(?)", -1, &s->insert, NULL) !=
		    SQLITE_OK)
		client_die("SQLite");
	row("seal, against SQLite (WAL, FULL)", measure_pair(seal_ours, s, insert_row, s, 40, 50),
	    1.0);
	sqlite3_finalize(s->insert);
	sqlite3_close(s->db);
}

/*
 * The promise is against one write and one fdatasync in one thread, whose processor may sleep meanwhile; a
 * seal keeps its own awake (card/worker.h). On some disks and loads a sync from another thread is several
 * times faster or slower, so that form is told beside it. Turns of fifty: it is seals per second that
 * are promised, and in turns of ten each one's beginning counts a good deal.
 */
static void time_seal(struct sealing *s)
{
	struct measure_result plain, helped;
	pthread_t helper;

	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	if (pthread_create(&helper, NULL, sync_for_others, s) != 0)
		client_die("a thread");
	plain = measure_pair(seal_ours, s, write_raw, s, 40, 50);
	helped = measure_pair(seal_ours, s, write_raw_helped, s, 40, 50);
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(helper, NULL);
	row("seal, 1 KiB, one durable commit", plain, 0.85);
	row("the same, raw sync in a thread", helped, 0);
}

static void bench_seal(const char *dir, bool timed)
{
	struct sealing s = {.ledger = make_ledger(), .params = {.ulType = 1}};
	static const char zeros[1 << 16];
	char path[4200];

	snprintf(path, sizeof(path), "%s/baseline", dir);
	s.file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (s.file < 0)
		client_die("the baseline file");
	for (off_t at = 0; at < BASELINE_FILE; at += (off_t)sizeof(zeros))
		if (pwrite(s.file, zeros, sizeof(zeros), at) != (ssize_t)sizeof(zeros))
			client_die("the baseline file");
	if (fsync(s.file) != 0 || crypto_random(s.record, RECORD) != RC_OK)
		client_die("the baseline file");
	if (timed) {
		time_seal(&s);
		time_sqlite(&s, dir);
	}

	CK_INTAGLIO_FIGURES before = figures();
	if (!seal_ours(&s))
		client_die("C_Encrypt");
	figures_row("a seal of 1 KiB", before, 1);
	close(s.file);
	unlink(path);
}

/* From nothing to the first signature in a fresh start of the library. */
static void bench_start(void)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_KEY_TYPE, &type, sizeof(type)}};
	CK_INTAGLIO_FIGURES nothing = {.ulApdus = 0};
	struct signing s = {.mechanism = {.mechanism = CKM_RSA_PKCS}, .digest_len = 51};
	CK_ULONG count;

	client_must(p11->C_Finalize(NULL), "C_Finalize");
	client_must(p11->C_Initialize(NULL), "C_Initialize");
	slot = 0;
	figures_row("C_Initialize", nothing, 0);
	double start = measure_now();
	session = client_open_session(p11, slot);
	client_login(p11, session);
	client_must(p11->C_FindObjectsInit(session, template, 2), "C_FindObjectsInit");
	client_must(p11->C_FindObjects(session, &s.key, 1, &count), "C_FindObjects");
	client_must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	if (count != 1 || !sign_ours(&s))
		client_die("the first signature");
	double us = (measure_now() - start) * 1e6;
	figures_row("the first signature, from cold", nothing, 16);
	printf("%-34s %9.1f us, the PIN's key derivation and the handshake included\n", "", us);
}

static void bench_channel(const char *dir, bool timed)
{
	struct channel_bench *bench = channel_bench_new(dir);
	unsigned long apdus;

	if (!bench)
		client_die("the channel's card");
	apdus = channel_bench_apdus(bench);
	printf("%-34s %3lu APDUs after SELECT  at most 8: %s\n", "a handshake", apdus,
	       apdus && apdus <= 8 ? "kept" : "MISSED");
	apdus &&apdus <= 8 ? passed++ : failed++;
	if (timed) {
		row("handshake, both ends", channel_bench_handshake(bench), 1 / 1.3);
		row("256 bytes protected, and opened", channel_bench_messaging(bench), 0.50);
	}
	channel_bench_free(&bench);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* On the disk of the build, not in /tmp, which may be no disk. */
static void own_directory(char *ret, size_t size)
{
	const char *build = getenv("INTAGLIO_BUILD");
	char name[4200];
	int settings;

	unsetenv("INTAGLIO_TRACE");
	setenv("PCSCLITE_CSOCK_NAME", "/nonexistent", 1);
	snprintf(name, sizeof(name), "%s/bench-XXXXXX", build ? build : "build");
	if (!mkdtemp(name) || !realpath(name, ret) || strlen(ret) >= size ||
	    setenv("XDG_DATA_HOME", ret, 1) != 0)
		client_die("a directory of its own");
	/* Settings could name the user's own cards. */
	snprintf(name, sizeof(name), "%s/conf", ret);
	settings = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (settings < 0 || setenv("INTAGLIO_CONF", name, 1) != 0)
		client_die("settings of its own");
	close(settings);
}

/*
 * "figures": only the APDUs and bytes, which no other load on the machine can change. "seal": only
 * sealing, which hangs on the disk most.
 */
int main(int argc, char **argv)
{
	bool timed = argc < 2 || strcmp(argv[1], "figures") != 0;
	bool all = argc < 2 || strcmp(argv[1], "seal") != 0;
	static char dir[4096];

	own_directory(dir, sizeof(dir));
	make_token();
	if (all)
		bench_rsa(timed);
	if (all && timed)
		bench_p256();
	bench_seal(dir, timed);
	if (all) {
		bench_start();
		bench_channel(dir, timed);
		bench_content(vendor, slot, dir, &passed, &failed);
	}
	p11->C_Finalize(NULL);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
