/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an audit costs: `intaglio audit verify` of an export of so many records of 1 KiB, beside one
 * bare SHA-256 over the bytes of the same files, read in the same way. Processor time, by turns. The
 * export is made here, as a card would have made it. usage: bench_audit [RECORDS]
 */
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/ledger.h"
#include "base/tiles.h"

enum { RECORD = 1024, RECORDS = 1000000, FEW = 20000, TURNS = 3, DAY_MS = 86400000 };

/* An export in the making. */
struct making {
	const char *dir;
	uint8_t id[LEDGER_ID];
	struct note_key key;
	EVP_PKEY *signer;
	struct tiles tiles;
	struct buf bundle, leaf;
	uint8_t body[RECORD + GCM_TAG];
};

static void die(const char *what)
{
	fprintf(stderr, "bench: %s failed\n", what);
	exit(1);
}

static void must(enum rc rc, const char *what)
{
	if (rc != RC_OK)
		die(what);
}

static void write_file(const char *dir, const char *name, struct view bytes)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (char *at = strchr(path + strlen(dir) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes.data, bytes.len) != (ssize_t)bytes.len || close(fd) != 0)
		die("writing the export");
}

static enum rc write_tile(void *arg, const struct tile *tile, struct view hashes)
{
	struct making *m = arg;
	char name[TILE_PATH_MAX + 1];
	struct buf path;

	buf_fixed(&path, name, TILE_PATH_MAX);
	tile_put_path(&path, tile);
	name[path.len] = '\0';
	write_file(m->dir, name, hashes);
	return RC_OK;
}

static void write_bundle(struct making *m)
{
	struct tile tile = {.level = TILE_ENTRIES, .index = (m->tiles.size - 1) / TILE_WIDTH};

	tile.width = tile_width(&tile, m->tiles.size);
	must(write_tile(m, &tile, view_buf(&m->bundle)), "a bundle");
	buf_reset(&m->bundle);
}

static void put_leaf(struct making *m, struct view leaf)
{
	uint8_t hash[MERKLE_HASH];

	buf_u16(&m->bundle, (uint16_t)leaf.len);
	buf_view(&m->bundle, leaf);
	must(merkle_leaf_hash(leaf, hash), "a hash");
	must(tiles_append(&m->tiles, hash, write_tile, m), "the tree");
	if (!tiles_waiting(&m->tiles, 0))
		write_bundle(m);
}

static void put_policy(struct making *m, const uint8_t public_key[ED25519_PUBLIC])
{
	struct ledger_policy policy = {
		.label = view_str("bench"),
		.public_key = view_of(public_key, ED25519_PUBLIC),
	};
	struct leaf_header header = {.card_counter = 1};
	uint8_t tag[GCM_TAG] = {0}, body_array[LEDGER_POLICY_MAX];
	struct buf body;

	ledger_default_rules(&policy.rules, false);
	buf_fixed(&body, body_array, sizeof(body_array));
	ledger_put_policy(&body, &policy);
	memcpy(header.ledger, m->id, LEDGER_ID);
	header.length = (uint32_t)body.len;
	leaf_put_header(&m->leaf, &header);
	buf_view(&m->leaf, view_buf(&body));
	buf_put(&m->leaf, tag, sizeof(tag));
	put_leaf(m, view_buf(&m->leaf));
}

/* A record every half minute; what it says is random, as ciphertext is. */
static void put_record(struct making *m, uint64_t index, uint64_t start_ms)
{
	struct leaf_header header = {.index = index,
				     .card_counter = index + 1,
				     .time_ms = start_ms + 30000 * index,
				     .type = 1,
				     .length = RECORD};
	struct buf nonce;

	memcpy(header.ledger, m->id, LEDGER_ID);
	buf_fixed(&nonce, header.client_nonce, sizeof(header.client_nonce));
	buf_u64(&nonce, header.time_ms);
	buf_u64(&nonce, index);
	buf_reset(&m->leaf);
	leaf_put_header(&m->leaf, &header);
	buf_put(&m->leaf, m->body, sizeof(m->body));
	m->body[index % RECORD] = (uint8_t)(m->body[index % RECORD] + 1 + index % 7);
	put_leaf(m, view_buf(&m->leaf));
}

static void finish(struct making *m)
{
	uint8_t root[MERKLE_HASH];
	struct buf note, key;

	if (m->bundle.len)
		write_bundle(m);
	must(tiles_flush(&m->tiles, write_tile, m), "the tree");
	must(tiles_root(&m->tiles, root), "the root");
	buf_init(&note, LEDGER_NOTE_MAX);
	buf_init(&key, NOTE_KEY_MAX + 1);
	must(ledger_put_note(&m->key, m->signer, m->tiles.size, root, &note), "the checkpoint");
	write_file(m->dir, "checkpoint", view_buf(&note));
	note_put_key(&key, &m->key);
	buf_u8(&key, '\n');
	write_file(m->dir, "key", view_buf(&key));
	buf_free(&key);
	buf_free(&note);
}

static void make_export(const char *dir, uint64_t records)
{
	struct making *m = calloc(1, sizeof(*m));
	uint8_t public_key[ED25519_PUBLIC];
	uint64_t start = (uint64_t)time(NULL) * 1000 - records * 30000 - DAY_MS;

	if (!m || mkdir(dir, 0700) != 0)
		die("a directory of its own");
	m->dir = dir;
	must(crypto_random(m->id, sizeof(m->id)), "random bytes");
	must(crypto_random(m->body, sizeof(m->body)), "random bytes");
	must(ed25519_generate(&m->signer), "a key");
	must(ed25519_public(m->signer, public_key), "a key");
	must(ledger_key(m->id, public_key, &m->key), "a key");
	buf_init(&m->bundle, TILE_WIDTH * (RECORD + 256));
	buf_init(&m->leaf, RECORD + 256);
	put_policy(m, public_key);
	for (uint64_t i = 1; i <= records; i++)
		put_record(m, i, start);
	finish(m);
	buf_free(&m->bundle);
	buf_free(&m->leaf);
	EVP_PKEY_free(m->signer);
	free(m);
}

static double seconds_of(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1e-6;
}

static uint8_t chunk[TILE_WIDTH * (RECORD + 256)];

static void hash_file(EVP_MD_CTX *md, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		die(path);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		if (EVP_DigestUpdate(md, chunk, (size_t)n) != 1)
			die("SHA-256");
	}
	close(fd);
}

/* The records' files, one after the other, under one SHA-256. */
static void hash_all(const char *dir, uint64_t records)
{
	struct tile tile = {.level = TILE_ENTRIES};
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char result[EVP_MAX_MD_SIZE];

	if (!md || EVP_DigestInit_ex2(md, crypto_md("SHA2-256"), NULL) != 1)
		die("SHA-256");
	while ((tile.width = tile_width(&tile, records + 1))) {
		char path[4200];
		struct buf text;

		snprintf(path, sizeof(path), "%s/", dir);
		buf_fixed(&text, path + strlen(path), TILE_PATH_MAX);
		tile_put_path(&text, &tile);
		path[strlen(dir) + 1 + text.len] = '\0';
		hash_file(md, path);
		tile.index++;
	}
	if (EVP_DigestFinal_ex(md, result, NULL) != 1)
		die("SHA-256");
	EVP_MD_CTX_free(md);
}

/* The verifier key in the export, which is trusted here. */
static const char *key_of(const char *dir)
{
	static char line[NOTE_KEY_MAX + 2];
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/key", dir);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		die("the key");
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* In a process of its own, on one processor; program NULL: the bare hash. */
static struct rusage run(const char *program, const char *dir, uint64_t records)
{
	struct rusage usage;
	cpu_set_t one;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		CPU_ZERO(&one);
		CPU_SET(sched_getcpu(), &one);
		sched_setaffinity(0, sizeof(one), &one);
		if (program) {
			const char *key = key_of(dir);

			if (!freopen("/dev/null", "w", stdout))
				_exit(126);
			execl(program, program, "audit", "verify", dir, "--key", key, (char *)NULL);
			_exit(127);
		}
		hash_all(dir, records);
		_exit(0);
	}
	if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		die(program ? "the audit" : "the bare hash");
	return usage;
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

static bool judge(const char *what, bool kept)
{
	printf("  %s: %s\n", what, kept ? "kept" : "MISSED");
	return kept;
}

int main(int argc, char **argv)
{
	uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : RECORDS;
	const char *build = getenv("INTAGLIO_BUILD");
	char dir[4100], few[4100], top[4096], program[4096];
	double bare[TURNS], audit[TURNS];
	unsigned int passed = 0;
	long peak = 0, peak_few;

	snprintf(program, sizeof(program), "%s/tools/intaglio", build ? build : "build");
	snprintf(top, sizeof(top), "%s/bench-audit-XXXXXX", build ? build : "build");
	if (records < FEW || !mkdtemp(top))
		die("a directory of its own, or a count of records that is enough,");
	snprintf(dir, sizeof(dir), "%s/all", top);
	snprintf(few, sizeof(few), "%s/few", top);
	make_export(few, FEW);
	make_export(dir, records);
	peak_few = run(program, few, FEW).ru_maxrss;
	for (int i = 0; i < TURNS; i++) {
		struct rusage usage = run(NULL, dir, records);

		bare[i] = seconds_of(&usage);
		usage = run(program, dir, records);
		audit[i] = seconds_of(&usage);
		peak = usage.ru_maxrss > peak ? usage.ru_maxrss : peak;
	}
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	qsort(bare, TURNS, sizeof(bare[0]), ascending);
	qsort(audit, TURNS, sizeof(audit[0]), ascending);
	printf("audit of %llu records of 1 KiB    %.2f s  bare SHA-256 of the same bytes %.2f s  "
	       "%.2f times\n",
	       (unsigned long long)records, audit[TURNS / 2], bare[TURNS / 2],
	       audit[TURNS / 2] / bare[TURNS / 2]);
	passed += judge("at most 2 times", audit[TURNS / 2] <= 2 * bare[TURNS / 2]);
	printf("  peak memory %ld KiB, for %d records %ld KiB\n", peak, FEW, peak_few);
	passed += judge("no more than 1 MiB more", peak <= peak_few + 1024);
	printf("%u passed, %u failed\n", passed, 2 - passed);
	return passed == 2 ? 0 : 1;
}
