/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bleichenbacher's and Manger's attacks on command 4: blocks that are right and wrong in every way
 * of their padding, each followed by EXTERNAL AUTHENTICATE; and on what EXTERNAL AUTHENTICATE itself
 * deciphers under key agreement. The answers must be the same byte for byte, and so must the times,
 * by tests/timing.h, between good blocks and each other class. A difference must show twice to
 * count; the same statistic must find delays of some microseconds that the test puts in itself, in
 * each command of each suite. INTAGLIO_PROBES sets the number of probes for each suite.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/recovery.h"
#include "base/rsa_raw.h"
#include "tests/card/attack.h"
#include "tests/timing.h"

enum { CLASSES = 7, PROBES = 20020, WARM_UP = 20, COMMANDS = 2, TRIES = 4, SIZE_MAX_BLOCK = 256 };

/* Nanoseconds: on a machine that is busy with something else it is more than on a quiet one. */
enum { LEAST_LEAK = 8000 };

/* Nanoseconds of each command; those of class c in round r stand at r * CLASSES + c. */
struct samples {
	uint64_t *times[COMMANDS];
	size_t rounds;
};

static const struct timing_cut cut = {.even = true, .kept = 0.9};

/* What is wrong with a block; the first class is the good one. */
enum class { GOOD, FIRST_BYTE, SECOND_BYTE, SEPARATOR, EARLY, CONTENT, EMPTY };

static void fill_nonzero(uint8_t *at, size_t n)
{
	peer_good(crypto_random(at, n));
	for (size_t i = 0; i < n; i++)
		if (at[i] == 0)
			at[i] = 1;
}

/* A number less than limit, which is at most 256. */
static size_t draw(size_t limit)
{
	uint8_t byte;

	do {
		peer_good(crypto_random(&byte, 1));
	} while (byte >= limit);
	return byte;
}

/*
 * How long a message is: any length, as a block that the card makes up has. A common one is a little faster,
 * or slower, and that is no secret of the padding's. One in eight is as long as an honest one.
 */
static size_t draw_length(const struct peer *p, size_t lengths)
{
	size_t any = draw(lengths);

	return draw(8) ? any : p->block.len;
}

/* The honest block where it fits, but for CONTENT; bytes of no meaning behind it. */
static void put_message(const struct peer *p, enum class class, uint8_t *at, size_t len)
{
	size_t honest = len < p->block.len ? len : p->block.len;

	peer_good(crypto_random(at, len));
	if (class != CONTENT)
		memcpy(at, p->block.data, honest);
}

/* RSAES-PKCS1-v1_5, RFC 8017 7.2.1: 00 02, eight or more nonzero bytes, 00, message. */
static void pad_transport(const struct peer *p, enum class class, uint8_t *em, size_t size)
{
	size_t drawn = draw_length(p, size - 10), at = size - (class == EMPTY ? 0 : drawn);

	fill_nonzero(em, size);
	em[0] = class == FIRST_BYTE ? 0x40 : 0x00;
	em[1] = class == SECOND_BYTE ? 0x01 : 0x02;
	if (class == SEPARATOR)
		return;
	em[at - 1] = 0x00;
	if (class == EARLY)
		em[5] = 0x00;
	put_message(p, class, em + at, size - at);
}

static void mask(const uint8_t *seed, size_t seed_len, uint8_t *at, size_t n)
{
	for (uint32_t counter = 0; n; counter++) {
		const uint8_t tail[4] = {0, 0, 0, (uint8_t)counter};
		struct view parts[] = {view_of(seed, seed_len), view_of(tail, 4)};
		uint8_t hash[SHA256_SIZE];
		size_t take = n < SHA256_SIZE ? n : SHA256_SIZE;

		peer_good(crypto_sha256_parts(parts, 2, hash));
		for (size_t i = 0; i < take; i++)
			at[i] ^= hash[i];
		at += take;
		n -= take;
	}
}

/* RSAES-OAEP, RFC 8017 7.1.1: 00, masked seed, masked (hash of no label, zeros, 01, message). */
static void pad_modern(const struct peer *p, enum class class, uint8_t *em, size_t size)
{
	uint8_t *seed = em + 1, *db = seed + SHA256_SIZE;
	size_t db_len = size - 1 - SHA256_SIZE, drawn = draw_length(p, db_len - SHA256_SIZE);
	size_t len = class == EMPTY ? 0 : drawn;

	memset(em, 0, size);
	peer_good(crypto_random(seed, SHA256_SIZE));
	peer_good(crypto_sha256(view_of(NULL, 0), db));
	db[db_len - len - 1] = class == SEPARATOR ? 0x00 : 0x01;
	put_message(p, class, db + db_len - len, len);
	if (class == SEPARATOR)
		memset(db + SHA256_SIZE, 0, db_len - SHA256_SIZE);
	if (class == SECOND_BYTE)
		db[0] ^= 0x01;
	if (class == EARLY)
		db[SHA256_SIZE] = 0x02;
	mask(seed, SHA256_SIZE, db, db_len);
	mask(db, db_len, seed, SHA256_SIZE);
	if (class == FIRST_BYTE)
		em[0] = 0x40;
}

/* a = n - a. */
static void complement(EVP_PKEY *key, uint8_t *a, size_t size)
{
	uint8_t n[SIZE_MAX_BLOCK];
	unsigned int borrow = 0;
	struct buf b;

	buf_fixed(&b, n, sizeof(n));
	peer_good(rsa_put_modulus(key, &b));
	for (size_t i = size; i > 0; i--) {
		unsigned int d = (unsigned int)n[i - 1] - a[i - 1] - borrow;

		a[i - 1] = (uint8_t)d;
		borrow = d >> 31;
	}
}

static bool is_less(const uint8_t *a, const uint8_t *b, size_t size)
{
	size_t i = 0;

	while (i < size - 1 && a[i] == b[i])
		i++;
	return a[i] < b[i];
}

/*
 * Key agreement: the number that the card deciphers. Of the right size, too great, a signature for
 * another challenge, and that one's complement; the classes go round. Whatever is sent has to be less
 * than the card's modulus, which may be much less than the host's: so for every class both numbers are.
 */
static void choose_number(enum class class, const EVP_PKEY *card, uint8_t *number, size_t size)
{
	EVP_PKEY *host = peer_world()->host[2].key;
	uint8_t message[SIZE_MAX_BLOCK], great[SIZE_MAX_BLOCK], modulus[SIZE_MAX_BLOCK], rest[16];
	bool recorded = class % 4 >= 2;
	struct buf out;

	buf_fixed(&out, modulus, sizeof(modulus));
	peer_good(rsa_put_modulus(card, &out));
	do {
		/* Every class does the same work, which would else show in the caches. */
		peer_good(crypto_random(message, sizeof(message)));
		peer_good(crypto_random(rest, sizeof(rest)));
		message[0] &= 0x7F;
		buf_fixed(&out, number, size);
		peer_good(recovery_sign(host, view_of(message, recovery_capacity(host)),
					view_of(rest, sizeof(rest)), &out));
		if (!recorded)
			memcpy(number, message, size);
		memcpy(great, number, size);
		complement(host, great, size);
		if (is_less(great, number, size)) {
			memcpy(great, number, size);
			complement(host, number, size);
		}
	} while (!is_less(great, modulus, size));
	if (class % 2)
		memcpy(number, great, size);
}

static void make_block(struct peer *p, EVP_PKEY *key, enum class class, struct buf *out)
{
	uint8_t em[SIZE_MAX_BLOCK];
	size_t size = rsa_size(key);

	if (p->suite == 0x42)
		pad_modern(p, class, em, size);
	else if (p->suite == 0x02)
		pad_transport(p, class, em, size);
	else
		choose_number(class, key, em, size);
	buf_reset(out);
	peer_good(rsa_raw_public(key, view_of(em, size), out));
}

/* Some microseconds of work, as an early return would save. */
static void waste(void)
{
	static const uint8_t bytes[600];
	uint8_t hash[SHA256_SIZE];

	for (int i = 0; i < 16; i++)
		peer_good(crypto_sha256(view_of(bytes, sizeof(bytes)), hash));
}

/* One command in extended length, timed; its whole answer. */
static uint64_t send(struct peer *p, uint32_t header, struct view data, bool delay,
		     uint16_t *ret_sw)
{
	uint8_t array[600], answer_array[300];
	struct apdu command = {.cla = (uint8_t)(header >> 24),
			       .ins = (uint8_t)(header >> 16),
			       .p1 = (uint8_t)(header >> 8),
			       .p2 = (uint8_t)header,
			       .data = data,
			       .extended = true};
	struct buf wire, answer;
	struct view rest;
	uint64_t begin, end;

	buf_fixed(&wire, array, sizeof(array));
	buf_fixed(&answer, answer_array, sizeof(answer_array));
	apdu_put(&wire, &command);
	begin = timing_now();
	peer_good(card_transmit(p->card, view_buf(&wire), &answer));
	if (delay)
		waste();
	end = timing_now();
	peer_good(response_parse(view_buf(&answer), &rest, ret_sw));
	CU_ASSERT_EQUAL(rest.len, 0);
	return end - begin;
}

/* The card as it is before the first command that is measured, its key, and where to put delays. */
struct bench {
	struct peer p;
	EVP_PKEY *key;
	struct snapshot ready;
	bool delays; /* of FIRST_BYTE in command 4, of EMPTY and CONTENT in command 6 */
};

static void bench_open(struct bench *b, uint8_t suite)
{
	const struct form form = {suite, 0xC1, suite == 0x42 ? 0xB6 : 0xA4, true};

	peer_new(&b->p);
	attack_begin(&b->p, &form);
	CU_ASSERT_TRUE_FATAL(attack_run(&b->p, SET_ENVIRONMENT, BLOCK, NULL));
	b->key = peer_card_key(&b->p);
	b->delays = false;
	snapshot_init(&b->ready);
	snapshot_take(&b->ready, &b->p);
}

static void bench_close(struct bench *b)
{
	snapshot_free(&b->ready);
	EVP_PKEY_free(b->key);
	peer_free(&b->p);
}

static void probe(struct bench *b, enum class class, uint64_t ret[COMMANDS])
{
	bool delay_4 = b->delays && class == FIRST_BYTE, delay_6 = b->delays && class >= CONTENT;
	uint8_t wrong[SIZE_MAX_BLOCK];
	struct peer *p = &b->p;
	struct buf block;
	uint16_t sw;

	buf_init(&block, SIZE_MAX_BLOCK);
	make_block(p, b->key, class, &block);
	snapshot_return(&b->ready, p);
	memset(ret, 0, COMMANDS * sizeof(*ret));
	if (p->suite != 0x01) {
		ret[0] = send(p, 0x002A8084, view_buf(&block), delay_4, &sw);
		CU_ASSERT_EQUAL(sw, 0x9000);
		/* An attacker has no host's key: a signature that is a number below the modulus. */
		buf_reset(&block);
		peer_good(crypto_random(wrong, sizeof(wrong)));
		wrong[0] &= 0x3F;
		buf_put(&block, wrong, rsa_size(b->key));
	}
	CU_ASSERT_EQUAL_FATAL(peer_challenge(p), 0x9000);
	ret[1] = send(p, 0x00820000, view_buf(&block), delay_6, &sw);
	CU_ASSERT_EQUAL(sw, 0x6300);
	buf_free(&block);
}

static void forget(struct samples *s)
{
	for (size_t command = 0; command < COMMANDS; command++)
		free(s->times[command]);
}

static void measure(struct bench *b, size_t rounds, struct samples *ret)
{
	uint64_t times[COMMANDS];

	ret->rounds = rounds;
	for (size_t command = 0; command < COMMANDS; command++) {
		ret->times[command] = calloc(rounds * CLASSES, sizeof(uint64_t));
		CU_ASSERT_PTR_NOT_NULL_FATAL(ret->times[command]);
	}
	for (size_t i = 0; i < WARM_UP; i++)
		probe(b, GOOD, times);
	for (size_t round = 0; round < rounds; round++) {
		size_t order[TIMING_CLASSES_MAX];

		timing_order(CLASSES, order);
		for (size_t i = 0; i < CLASSES; i++) {
			probe(b, (enum class)order[i], times);
			for (size_t command = 0; command < COMMANDS; command++)
				ret->times[command][round * CLASSES + order[i]] = times[command];
		}
	}
}

/* Classes whose time differs, a bit each; the greatest |t| goes to *most. */
static unsigned int judge(const struct samples *s, double *most)
{
	unsigned int found = 0;

	for (size_t command = 0; command < COMMANDS; command++)
		found |= timing_judge(s->times[command], s->rounds, CLASSES, &cut, most)
			 << command * CLASSES;
	return found;
}

static size_t rounds_asked(void)
{
	const char *text = getenv("INTAGLIO_PROBES");
	unsigned long probes = text ? strtoul(text, NULL, 10) : PROBES;

	return (probes < 700 ? 700 : probes) / CLASSES;
}

/* The samples again, as if one class had taken so much longer in one command: whether it is found. */
static bool finds(const struct samples *s, size_t command, enum class class, uint64_t ns)
{
	double most = 0;
	unsigned int found;

	for (size_t i = class; i < s->rounds * CLASSES; i += CLASSES)
		s->times[command][i] += ns;
	found = timing_judge(s->times[command], s->rounds, CLASSES, &cut, &most);
	for (size_t i = class; i < s->rounds * CLASSES; i += CLASSES)
		s->times[command][i] -= ns;
	return found & 1U << class;
}

/* Whether these very samples would have shown a leak of some microseconds; more is no proof. */
static bool would_tell(const struct samples *s, uint8_t suite)
{
	for (size_t command = suite == 0x01 ? 1 : 0; command < COMMANDS; command++)
		if (!finds(s, command, EMPTY, LEAST_LEAK))
			return false;
	return true;
}

static void show_what_would_be_found(const struct samples *s, uint8_t suite)
{
	for (size_t command = suite == 0x01 ? 1 : 0; command < COMMANDS; command++) {
		uint64_t ns = 250;

		while (ns < LEAST_LEAK && !finds(s, command, EMPTY, ns))
			ns += 250;
		printf("suite %02X, command %zu: a leak of %.2f microseconds would be found\n",
		       suite, 4 + 2 * command, (double)ns / 1000);
	}
}

/* A difference must come again to be one. Samples of a busy machine, which would hide it, do not count. */
static void show_that_nothing_differs(uint8_t suite)
{
	size_t rounds = rounds_asked();
	unsigned int found = ~0U;
	struct samples s;
	struct bench b;

	bench_open(&b, suite);
	for (int tries = 0, judged = 0; tries < TRIES && judged < 2 && found; tries++) {
		bool tells;
		double most = 0;

		if (tries > 0)
			forget(&s);
		measure(&b, rounds, &s);
		tells = would_tell(&s, suite);
		if (tells)
			found &= judge(&s, &most);
		judged += tells;
		printf("suite %02X: %zu probes, greatest |t| %.2f%s\n", suite, rounds * CLASSES,
		       most, tells ? "" : "; too noisy to tell");
	}
	CU_ASSERT_EQUAL(found, 0);
	show_what_would_be_found(&s, suite);
	forget(&s);
	bench_close(&b);
}

static void suite_02_tells_no_padding_from_another(void)
{
	show_that_nothing_differs(0x02);
}

static void suite_42_tells_no_padding_from_another(void)
{
	show_that_nothing_differs(0x42);
}

static void suite_01_tells_no_number_from_another(void)
{
	show_that_nothing_differs(0x01);
}

/* How long a planted delay is, in nanoseconds. */
static double length_of_a_delay(void)
{
	uint64_t begin = timing_now();

	for (int i = 0; i < 1000; i++)
		waste();
	return (double)(timing_now() - begin) / 1000;
}

/* The early return that the statistic is there to find, made by the test, in each command. */
static void delays_of_some_classes_are_found(void)
{
	static const uint8_t suites[] = {0x02, 0x42, 0x01};
	const size_t rounds = 500;

	for (size_t s = 0; s < sizeof(suites); s++) {
		unsigned int wanted = 1U << (CLASSES + CONTENT) | 1U << (CLASSES + EMPTY),
			     found = 0;
		struct samples samples;
		double most = 0;
		struct bench b;

		if (suites[s] != 0x01)
			wanted |= 1U << FIRST_BYTE;
		bench_open(&b, suites[s]);
		b.delays = true;
		/* On a machine that is busy with something else they may hide once. */
		for (int i = 0; i < TRIES && (found & wanted) != wanted; i++) {
			measure(&b, rounds, &samples);
			found = judge(&samples, &most);
			forget(&samples);
		}
		printf("suite %02X: delays of %.0f ns, %s, greatest |t| %.2f\n", suites[s],
		       length_of_a_delay(), (found & wanted) == wanted ? "found" : "missed", most);
		CU_ASSERT_EQUAL(found & wanted, wanted);
		bench_close(&b);
	}
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"suite 02 tells no padding from another", suite_02_tells_no_padding_from_another},
	{"suite 42 tells no padding from another", suite_42_tells_no_padding_from_another},
	{"suite 01 tells no number from another", suite_01_tells_no_number_from_another},
	{"delays of some classes are found", delays_of_some_classes_are_found},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "oracle", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card oracle", suites);
}
