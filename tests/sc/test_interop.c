/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suites 02 and 01 between the host and the card, at every level and in every form: certificates or
 * stored host keys, joint keys, a DEK, both numberings, P1 81. Both ends were written apart.
 */
#include "sc/transport_embedded.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/tlv.h"
#include "sc/application.h"
#include "tests/suite.h"

static const struct policy_card base_rows[] = {
	{.suite = SUITE_02, .card_key = {2, 1}, .host_key = {0, 0}},
	{.suite = SUITE_01, .card_key = {3, 1}, .host_key = {0, 0}},
};

static char dir[] = "interop-XXXXXX";
static EVP_PKEY *authority_key, *host_keys[2];
static struct buf authority, chains[2];
static struct identity *identity;

static void must(enum rc rc)
{
	if (rc != RC_OK)
		abort();
}

static void issue(struct buf *out, const char *chr, EVP_PKEY *key, uint8_t suite,
		  unsigned int roles)
{
	const struct cvc_request request = {
		.car = "DETEST00001",
		.chr = chr,
		.key = key,
		.scheme = suite ? RSA_PKCS1_SHA1 : RSA_PSS_SHA256,
		.type = suite ? CVC_TERMINAL : CVC_CVCA,
		.roles = roles,
		.effective = cvc_today(),
		.expiration = cvc_years_on(cvc_today(), 2),
		.suite = suite,
	};

	buf_init(out, CVC_MAX);
	must(cvc_issue(&request, authority_key, RSA_PSS_SHA256, out));
}

static void put_key(struct buf *data, uint32_t tag, struct policy_reference reference,
		    struct view certificate)
{
	const uint8_t bytes[] = {reference.version, reference.index};
	size_t mark = tlv_open(data, tag);

	tlv_put(data, 0x83, view_of(bytes, 2));
	buf_view(data, certificate);
	tlv_close(data, mark);
}

/* A card with keys for both suites, any level, stored host keys, and this numbering of 01. */
static const char *make_card(uint8_t numbering)
{
	static const uint8_t suites[] = {SUITE_02, SUITE_01};
	static char path[64];
	struct transport *t = NULL;
	struct buf data, object, made, ignored;
	struct sc *sc = NULL;
	struct fci fci;
	uint16_t sw = 0;

	snprintf(path, sizeof(path), "%s/%u", dir, numbering);
	if (mkdir(path, 0700) != 0)
		abort();
	must(transport_embedded_create(path, &t));
	must(sc_open(&t, NULL, NULL, &sc));
	must(sc_select(sc, &fci, &sw));
	buf_init(&data, 1 << 16);
	buf_init(&ignored, 1 << 16);
	buf_view(&data, view_buf(&authority));
	for (size_t i = 0; i < 2; i++) {
		enum rsa_scheme scheme;
		EVP_PKEY *key = NULL;

		buf_init(&object, CVC_MAX);
		must(application_generate_card_key(sc, base_rows[i].card_key, suites[i], 2048,
						   &object, &sw));
		must(cvc_public_key(view_buf(&object), &scheme, &key));
		issue(&made, "DECARD00007", key, suites[i], 0);
		put_key(&data, 0xA0, base_rows[i].card_key, view_buf(&made));
		EVP_PKEY_free(key);
		buf_free(&object);
		buf_free(&made);
	}
	tlv_put(&data, 0xC8, view_of(suites, 2));
	tlv_put_u8(&data, 0xC9, 0x00);
	tlv_put_u8(&data, 0xCA, numbering);
	for (size_t i = 0; i < 2; i++)
		put_key(&data, 0xA1, (struct policy_reference){(uint8_t)(8 + i), 1},
			view_buf(&chains[i]));
	const struct apdu store = {
		.cla = 0x80, .ins = 0xE2, .p1 = 0x80, .data = view_buf(&data), .extended = true};
	must(sc_exchange_bare(sc, &store, &ignored, &sw));
	if (sw != SW_OK)
		printf("STORE DATA: %04X\n", sw);
	sc_close(&sc);
	buf_free(&data);
	buf_free(&ignored);
	return path;
}

/* A few commands of every shape in one session; a sentence if they do not come right. */
static bool talk(struct sc *sc)
{
	static const uint8_t number[4];
	const struct apdu commands[] = {
		{.cla = 0x80, .ins = 0x44, .le = 16},
		{.cla = 0x80, .ins = 0x4A, .data = view_of(number, 4), .le = 256},
		{.ins = 0x20, .p1 = 0xFF},
		{.cla = 0x80, .ins = 0x44, .le = 400, .extended = true},
		{.cla = 0x80, .ins = 0x44, .le = 8},
	};
	struct view answer;
	uint16_t sw = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (sc_exchange_view(sc, &commands[i], &answer, &sw) != RC_OK || sw != SW_OK)
			return false;
	}
	return sc_epoch(sc) == 1;
}

static void try_row(const char *path, const struct policy_card *named, unsigned int *tried,
		    unsigned int *failed)
{
	struct policy_card row = *named;
	const struct policy policy = {.cards = &row, .card_count = 1};
	struct transport *t = NULL;
	struct sc *sc = NULL;
	bool right;

	memcpy(row.id, "ARD00007", CVC_ID);
	row.unauthenticated = true;
	must(transport_embedded_open(path, &t));
	must(sc_open(&t, identity, &policy, &sc));
	right = talk(sc);
	++*tried;
	if (!right) {
		++*failed;
		printf("suite %02X level %02X%s%s%s%s numbering %d: %s\n", row.suite, row.level,
		       row.joint_keys ? " joint" : "", row.dek ? " dek" : "",
		       row.stored_host_key ? " stored" : "", row.external_only ? " external" : "",
		       row.numbering, log_last());
	}
	sc_close(&sc);
}

static void every_form(enum policy_numbering numbering)
{
	const char *path = make_card(numbering);
	unsigned int tried = 0, failed = 0;

	for (size_t s = 0; s < 2; s++) {
		for (unsigned int level = 1; level <= LEVEL_ALL; level++) {
			if (level & ~(unsigned int)LEVEL_ALL)
				continue;
			for (unsigned int form = 0; form < 16; form++) {
				struct policy_card row = base_rows[s];

				row.level = (uint8_t)level;
				row.numbering = numbering;
				row.joint_keys = form & 1;
				row.dek = form & 2;
				row.stored_host_key = form & 4;
				row.external_only = form & 8;
				if (row.stored_host_key)
					row.host_key =
						(struct policy_reference){(uint8_t)(8 + s), 1};
				if (row.external_only && row.suite == SUITE_01)
					continue;
				try_row(path, &row, &tried, &failed);
			}
		}
	}
	printf("%u forms, %u failed\n", tried, failed);
	CU_ASSERT_EQUAL(tried, 15 * (16 + 8));
	CU_ASSERT_EQUAL(failed, 0);
}

static void every_form_works_with_keys_numbered_by_place(void)
{
	every_form(POLICY_NUMBERING_GPCS);
}

static void every_form_works_with_keys_numbered_by_use(void)
{
	every_form(POLICY_NUMBERING_SEED);
}

static int start(void)
{
	static const uint8_t suites[] = {SUITE_02, SUITE_01};

	must(rsa_generate(2048, &authority_key));
	issue(&authority, "DETEST00001", authority_key, 0, ROLE_ALL);
	must(identity_new(view_buf(&authority), &identity));
	for (size_t i = 0; i < 2; i++) {
		must(rsa_generate(2048, &host_keys[i]));
		issue(&chains[i], "DEHOST00001", host_keys[i], suites[i], ROLE_ALL);
		must(identity_add(identity, suites[i], host_keys[i], view_buf(&chains[i])));
	}
	return mkdtemp(dir) ? 0 : 1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int stop(void)
{
	identity_free(&identity);
	EVP_PKEY_free(authority_key);
	buf_free(&authority);
	buf_free(&chains[0]);
	buf_free(&chains[1]);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every form works with keys numbered by place",
		 every_form_works_with_keys_numbered_by_place},
		{"every form works with keys numbered by use",
		 every_form_works_with_keys_numbered_by_use},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "interop", .pInitFunc = start, .pCleanupFunc = stop, .pTests = tests},
		CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/interop", suites);
}
