/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a host deciphers under key agreement (INTERNAL AUTHENTICATE of suite 01) comes out of its
 * private key. Whoever sits on the line may send it any number: all that are wrong must be refused
 * with one answer and in one time. 20,000 probes; the same test finds two variants that are not so:
 * one that refuses a number too great before it opens it, and one that looks at header and trailer
 * before it hashes. The private key lies elsewhere and gives the number at once: its own time, which
 * libcrypto blinds, would only hide what comes after. INTAGLIO_PROBES sets the number of probes.
 */
#include "sc/agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/recovery.h"
#include "base/rsa_raw.h"
#include "tests/suite.h"
#include "tests/timing.h"

enum { SIZE = 256, CAPACITY = SIZE - 22, PROBES = 20000, POOL = 64, HASHES = 8 };

/* What the number is: a signature for another challenge, its complement, and any number. */
enum class { RECORDED, COMPLEMENT, SMALL, GREAT, CLASSES };

typedef enum rc open_function(struct host_key *host, EVP_PKEY *card, struct view sealed,
			      const uint8_t challenge[AGREEMENT_CHALLENGE],
			      const uint8_t host_id[CVC_ID], uint8_t ret_secret[AGREEMENT_SECRET]);

static EVP_PKEY *card;
static struct host_key *host;
static const uint8_t challenge[AGREEMENT_CHALLENGE] = {1}, id[CVC_ID] = {2};
static uint8_t modulus[SIZE];
/* Of each class some, so that none is special. */
static uint8_t numbers[CLASSES][POOL][SIZE];

static void must(bool right)
{
	if (!right)
		abort();
}

static void subtract(uint8_t *a)
{
	unsigned int borrow = 0;

	for (size_t i = SIZE; i-- > 0;) {
		unsigned int d = (unsigned int)modulus[i] - a[i] - borrow;

		a[i] = (uint8_t)d;
		borrow = d >> 31;
	}
}

static void choose_number(enum class class, uint8_t number[SIZE])
{
	uint8_t message[CAPACITY], rest[16];
	struct buf out;

	must(crypto_random(message, sizeof(message)) == RC_OK &&
	     crypto_random(rest, sizeof(rest)) == RC_OK);
	buf_fixed(&out, number, SIZE);
	must(recovery_sign(card, view_of(message, sizeof(message)), view_of(rest, sizeof(rest)),
			   &out) == RC_OK);
	if (class >= SMALL) {
		must(crypto_random(number, SIZE) == RC_OK);
		number[0] &= 0x3F;
	}
	if (class == COMPLEMENT || class == GREAT)
		subtract(number);
}

/* The host's key: what was enciphered for it is the number itself. */
static enum rc give_number(void *handle, struct view block, struct buf *out)
{
	(void)handle;
	buf_view(out, block);
	return buf_rc(out);
}

static void forget(void **handle)
{
	*handle = NULL;
}

static const struct host_key_ops elsewhere = {.raw = give_number, .close = forget};

static uint64_t probe(void *arg, size_t class)
{
	open_function *const *open = arg;
	static unsigned int turn;
	uint8_t secret[AGREEMENT_SECRET], copy[SIZE];
	uint64_t begin, end;
	enum rc rc;

	/* Every class comes from the same place. */
	memcpy(copy, numbers[class][turn++ / CLASSES % POOL], SIZE);
	begin = timing_now();
	rc = (*open)(host, card, view_of(copy, SIZE), challenge, id, secret);
	end = timing_now();
	CU_ASSERT_EQUAL(rc, RC_AUTH);
	return end - begin;
}

static struct timing timing_of(open_function **open, size_t probes)
{
	return (struct timing){.classes = CLASSES,
			       .rounds = probes / CLASSES,
			       .probe = probe,
			       .arg = open,
			       .cut = {.kept = 0.1}};
}

static size_t probes_asked(void)
{
	const char *text = getenv("INTAGLIO_PROBES");
	unsigned long probes = text ? strtoul(text, NULL, 10) : PROBES;

	return probes < 1000 ? 1000 : probes;
}

static void the_host_tells_no_number_from_another(void)
{
	open_function *open = agreement_open;
	struct timing timing = timing_of(&open, probes_asked());
	double most;

	CU_ASSERT_FALSE(timing_differs(&timing, &most));
	printf("%zu probes, greatest |t| %.2f\n", timing.rounds * CLASSES, most);
}

static enum rc decipher(struct view bytes, struct buf *number)
{
	buf_init(number, SIZE);
	return host_key_raw(host, bytes, number);
}

/* Refuses the larger of x and N - x before it looks inside. */
static enum rc open_small_only(struct host_key *key, EVP_PKEY *signer, struct view bytes,
			       const uint8_t *c, const uint8_t *i, uint8_t *ret_secret)
{
	struct buf number;
	enum rc rc = decipher(bytes, &number);
	uint8_t half = (uint8_t)(modulus[0] / 2);

	if (rc == RC_OK && number.data[0] > half)
		rc = RC_AUTH;
	buf_free(&number);
	return rc == RC_OK ? agreement_open(key, signer, bytes, c, i, ret_secret) : rc;
}

/*
 * Looks at header and trailer, and hashes only what has both: as often as makes some microseconds,
 * which stand out on a machine that does other things as well.
 */
static enum rc open_header_first(struct host_key *key, EVP_PKEY *signer, struct view bytes,
				 const uint8_t *c, const uint8_t *i, uint8_t *ret_secret)
{
	struct buf number, block;
	uint8_t hash[SHA1_SIZE];
	enum rc rc = decipher(bytes, &number);

	(void)key;
	(void)c;
	(void)i;
	(void)ret_secret;
	buf_init(&block, SIZE);
	if (rc == RC_OK)
		rc = rsa_raw_public(signer, view_buf(&number), &block);
	if (rc == RC_OK && (block.data[SIZE - 1] & 15) != 12)
		subtract(block.data);
	for (int n = 0;
	     n < HASHES && rc == RC_OK && block.data[0] == 0x6A && block.data[SIZE - 1] == 0xBC;
	     n++)
		rc = crypto_sha1(view_buf(&block), hash);
	buf_free(&number);
	buf_free(&block);
	return RC_AUTH;
}

static void show_that_it_is_found(open_function *open)
{
	struct timing timing = timing_of(&open, PROBES / 2);
	double most = 0;
	bool found = false;

	/* On a machine that is busy with something else it may hide once. */
	for (int i = 0; i < 6 && !found; i++)
		found = timing_differs(&timing, &most);
	printf("a leak: |t| %.2f\n", most);
	CU_ASSERT_TRUE(found);
}

static void a_host_that_refuses_great_numbers_at_once_is_found(void)
{
	show_that_it_is_found(open_small_only);
}

static void a_host_that_looks_at_the_header_first_is_found(void)
{
	show_that_it_is_found(open_header_first);
}

static int start(void)
{
	struct buf b;

	must(rsa_generate(SIZE * 8, &card) == RC_OK &&
	     host_key_new(&elsewhere, &host, &host) == RC_OK);
	buf_fixed(&b, modulus, SIZE);
	must(rsa_put_modulus(card, &b) == RC_OK);
	for (size_t i = 0; i < CLASSES; i++)
		for (size_t n = 0; n < POOL; n++)
			choose_number((enum class)i, numbers[i][n]);
	return 0;
}

static int stop(void)
{
	host_key_free(&host);
	EVP_PKEY_free(card);
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the host tells no number from another", the_host_tells_no_number_from_another},
		{"a host that refuses great numbers at once is found",
		 a_host_that_refuses_great_numbers_at_once_is_found},
		{"a host that looks at the header first is found",
		 a_host_that_looks_at_the_header_first_is_found},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "oracle", .pInitFunc = start, .pCleanupFunc = stop, .pTests = tests},
		CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/oracle", suites);
}
