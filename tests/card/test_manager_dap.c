/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DAP verification, GPCS 9.2.1 and C.3: load files with and without the signature that a domain, or the
 * whole card, asks for; and the combined process of who needs no token.
 */
#include "tests/suite.h"

#include "base/crypto.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/card/delegate.h"

enum { ROOM = MANAGE_ROOM };

static struct buf block, file;
static uint8_t hash[SHA256_SIZE];

/* A domain with these privileges and a key for DAPs; the issuer's is selected. */
static void start(const char *privileges, enum scheme scheme)
{
	manage_start();
	buf_init(&block, ROOM);
	buf_init(&file, ROOM);
	manage_package(&block);
	peer_good(crypto_sha256(view_buf(&block), hash));
	CU_ASSERT_EQUAL_FATAL(manage_make_domain(privileges), 0x9000);
	CU_ASSERT_EQUAL_FATAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	delegate_put_key(DAP_VERSION, scheme);
	CU_ASSERT_EQUAL_FATAL(manage_send(0x00A40400, ISD), 0x9000);
}

static void stop(void)
{
	buf_free(&block);
	buf_free(&file);
	manage_stop();
}

static void put_dap(const char *aid, enum scheme scheme, struct view signed_hash)
{
	struct buf sig;
	size_t mark = tlv_open(&file, 0xE2);

	buf_init(&sig, ROOM);
	delegate_sign(scheme, signed_hash, &sig);
	tlv_put(&file, 0x4F, hex(aid));
	tlv_put(&file, 0xC3, view_buf(&sig));
	tlv_close(&file, mark);
	buf_free(&sig);
}

/* INSTALL [for load] into a domain, with the hash or not, and the file; the last word. */
static uint16_t load(const char *owner, size_t hash_len)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, ROOM);
	buf_view(&data, hex("06" PACKAGE));
	buf_u8(&data, (uint8_t)hex(owner).len);
	buf_view(&data, hex(owner));
	buf_u8(&data, (uint8_t)hash_len);
	buf_put(&data, hash, hash_len);
	buf_view(&data, hex("0000"));
	CU_ASSERT_EQUAL(manage_bytes(0x80E60200, view_buf(&data)), 0x9000);
	tlv_put(&file, 0xC4, view_buf(&block));
	sw = manage_load_file(view_buf(&file), 100);
	buf_reset(&file);
	buf_free(&data);
	return sw;
}

static bool is_there(void)
{
	return manage_send(0x80F22002, "4F06" PACKAGE) == 0x9000;
}

static void a_domain_that_verifies_takes_what_is_signed_for_it(void)
{
	for (int i = 0; i < SCHEMES; i++) {
		enum scheme scheme = (enum scheme)i, other = (enum scheme)((i + 1) % SCHEMES);
		uint8_t wrong[SHA256_SIZE];

		start("C0", scheme);
		CU_ASSERT_EQUAL(load(DOMAIN, SHA256_SIZE), 0x6982);
		put_dap(DOMAIN, other, view_of(hash, sizeof(hash)));
		CU_ASSERT_EQUAL(load(DOMAIN, SHA256_SIZE), 0x6982);
		peer_good(crypto_sha256(view_of(hash, sizeof(hash)), wrong));
		put_dap(DOMAIN, scheme, view_of(wrong, sizeof(wrong)));
		CU_ASSERT_EQUAL(load(DOMAIN, SHA256_SIZE), 0x6982);
		put_dap(DOMAIN, scheme, view_of(hash, sizeof(hash)));
		CU_ASSERT_EQUAL(load(DOMAIN, 0), 0x6A80);
		/* Good, but for another file than the one that comes. */
		put_dap(DOMAIN, scheme, view_of(hash, sizeof(hash)));
		block.data[block.len - 1] ^= 1;
		CU_ASSERT_EQUAL(load(DOMAIN, SHA256_SIZE), 0x6A80);
		block.data[block.len - 1] ^= 1;
		CU_ASSERT(!is_there());
		put_dap(DOMAIN, scheme, view_of(hash, sizeof(hash)));
		CU_ASSERT_EQUAL(load(DOMAIN, SHA256_SIZE), 0x9000);
		CU_ASSERT(is_there());
		stop();
	}
}

static void a_signature_says_who_made_it(void)
{
	start("C0", SCHEME_AES);
	put_dap("F001020304FF", SCHEME_AES, view_of(hash, sizeof(hash)));
	CU_ASSERT_EQUAL(load("", SHA256_SIZE), 0x6A88);
	put_dap(ISD, SCHEME_AES, view_of(hash, sizeof(hash)));
	CU_ASSERT_EQUAL(load("", SHA256_SIZE), 0x6985);
	buf_view(&file, hex("E208 4F06" DOMAIN));
	CU_ASSERT_EQUAL(load("", SHA256_SIZE), 0x6A80);
	/* One wrong block among good ones; a right one, where none is asked for. */
	put_dap(DOMAIN, SCHEME_AES, view_of(hash, sizeof(hash)));
	put_dap(DOMAIN, SCHEME_DES, view_of(hash, sizeof(hash)));
	CU_ASSERT_EQUAL(load("", SHA256_SIZE), 0x6982);
	put_dap(DOMAIN, SCHEME_AES, view_of(hash, sizeof(hash)));
	CU_ASSERT_EQUAL(load("", SHA256_SIZE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x9000);
	/* Without its key a domain verifies nothing. */
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20173"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	put_dap(DOMAIN, SCHEME_AES, view_of(hash, sizeof(hash)));
	CU_ASSERT_EQUAL(load("", SHA256_SIZE), 0x6985);
	stop();
}

/* A weak hash is not signed for strongly, GPCS table C-3. */
static void a_hash_is_as_strong_as_its_signature(void)
{
	start("C0", SCHEME_ECC);
	peer_good(crypto_sha1(view_buf(&block), hash));
	put_dap(DOMAIN, SCHEME_ECC, view_of(hash, SHA1_SIZE));
	CU_ASSERT_EQUAL(load(DOMAIN, SHA1_SIZE), 0x6A80);
	stop();
	start("C0", SCHEME_RSA_1024);
	peer_good(crypto_sha1(view_buf(&block), hash));
	put_dap(DOMAIN, SCHEME_RSA_1024, view_of(hash, SHA1_SIZE));
	CU_ASSERT_EQUAL(load(DOMAIN, SHA1_SIZE), 0x9000);
	stop();
}

static void a_mandated_signature_is_asked_for_once_its_domain_is_personalised(void)
{
	start("C1", SCHEME_ECC);
	CU_ASSERT_EQUAL(load("", 0), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F0400F, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(load("", 0), 0x6982);
	CU_ASSERT_EQUAL(load("", SHA256_SIZE), 0x6982);
	CU_ASSERT(!is_there());
	/* Locked, it asks no less. */
	CU_ASSERT_EQUAL(manage_send(0x80F04080, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(load("", 0), 0x6982);
	put_dap(DOMAIN, SCHEME_ECC, view_of(hash, sizeof(hash)));
	CU_ASSERT_EQUAL(load("", SHA256_SIZE), 0x9000);
	stop();
}

static uint16_t begin_combined(void)
{
	tlv_put(&file, 0xC4, view_buf(&block));
	CU_ASSERT_EQUAL(manage_send(0x80E60E01, "06" PACKAGE "00 00 00 00"), 0x9000);
	return manage_load_file(view_buf(&file), 40);
}

static void a_file_and_its_application_come_in_one(void)
{
	static const char *const last = "00 07" MODULE "07" INSTANCE "0100 02C900 00";

	start("80", SCHEME_AES);
	CU_ASSERT_EQUAL(manage_send(0x80E60E03, last), 0x6985);
	CU_ASSERT_EQUAL(begin_combined(), 0x9000);
	CU_ASSERT(manage_answered("00"));
	CU_ASSERT(!is_there());
	/* What changes anything in between ends it, and so does an end that is wrong. */
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80E60E03, last), 0x6985);
	buf_reset(&file);
	CU_ASSERT_EQUAL(begin_combined(), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60E03,
				    "06F001020304FF 07" MODULE "07" INSTANCE "0100 02C900 00"),
			0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80E60E03, last), 0x6985);
	CU_ASSERT(!is_there());
	buf_reset(&file);
	CU_ASSERT_EQUAL(begin_combined(), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60E03, last), 0x9000);
	CU_ASSERT(manage_answered("00"));
	CU_ASSERT(is_there());
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F07" INSTANCE), 0x9000);
	CU_ASSERT(manage_answered("E324 4F07" INSTANCE "9F700107 C503000000 C406" PACKAGE
				  "CC08" ISD));
	CU_ASSERT_EQUAL(manage_send(0x80E40080, "4F06" PACKAGE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60E02, "06" PACKAGE "00 00 00 00"), 0x6A86);
	stop();
}

static int clean(void)
{
	delegate_free();
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a domain that verifies takes what is signed for it",
		 a_domain_that_verifies_takes_what_is_signed_for_it},
		{"a signature says who made it", a_signature_says_who_made_it},
		{"a hash is as strong as its signature", a_hash_is_as_strong_as_its_signature},
		{"a mandated signature is asked for once its domain is personalised",
		 a_mandated_signature_is_asked_for_once_its_domain_is_personalised},
		{"a file and its application come in one", a_file_and_its_application_come_in_one},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager dap", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager dap", suites);
}
