/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delegated management, GPCS C.4 and C.5: a domain that manages with tokens of the issuer's, of every
 * scheme, and gets receipts; tokens for something else, of somebody else, or of none.
 */
#include "tests/suite.h"

#include <string.h>

#include "base/crypto.h"
#include "tests/base/hex.h"
#include "tests/card/delegate.h"

enum { ROOM = MANAGE_ROOM };

#define FILE_AID  "06" PACKAGE
#define OWNER_AID "06" DOMAIN

static struct buf block, file, data;
static uint8_t hash[SHA256_SIZE];

/* RSA signs no receipts. */
static enum scheme for_receipts(enum scheme scheme)
{
	return scheme == SCHEME_RSA_1024 || scheme == SCHEME_RSA_2048 ? SCHEME_AES : scheme;
}

/* The issuer has the keys of a scheme for tokens and for receipts; the domain is selected. */
static void start(enum scheme scheme)
{
	manage_start();
	buf_init(&block, ROOM);
	buf_init(&file, ROOM);
	buf_init(&data, ROOM);
	manage_package(&block);
	buf_u8(&file, 0xC4);
	buf_u8(&file, (uint8_t)block.len);
	buf_view(&file, view_buf(&block));
	peer_good(crypto_sha256(view_buf(&block), hash));
	delegate_put_key(TOKEN_VERSION, scheme);
	delegate_put_key(RECEIPT_VERSION, for_receipts(scheme));
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("A0"), 0x9000);
	CU_ASSERT_EQUAL_FATAL(manage_send(0x00A40400, DOMAIN), 0x9000);
}

static void stop(void)
{
	buf_free(&block);
	buf_free(&file);
	buf_free(&data);
	manage_stop();
}

/* P1 P2, length and body, as they are signed. */
static void put_signed(struct buf *out, uint32_t header, struct view body)
{
	buf_u16(out, (uint16_t)header);
	buf_u8(out, (uint8_t)body.len);
	buf_view(out, body);
}

/* The command with the scheme's token over it; before: what else the token is over. */
static uint16_t send_signed(enum scheme scheme, uint32_t header, struct view before)
{
	struct buf signed_data;
	uint16_t sw;

	buf_init(&signed_data, ROOM);
	buf_view(&signed_data, before);
	put_signed(&signed_data, header, view_buf(&data));
	delegate_put_signature(scheme, view_buf(&signed_data), &data);
	sw = manage_bytes(header, view_buf(&data));
	buf_reset(&data);
	buf_free(&signed_data);
	return sw;
}

static uint16_t tokenised(enum scheme scheme, uint32_t header, const char *body)
{
	buf_view(&data, hex(body));
	return send_signed(scheme, header, view_of(NULL, 0));
}

static void put_load_request(void)
{
	buf_view(&data, hex(FILE_AID OWNER_AID "20"));
	buf_put(&data, hash, sizeof(hash));
	buf_u8(&data, 0);
}

static uint16_t delete_signed(enum scheme scheme, const char *object)
{
	struct buf signed_data;
	uint16_t sw;

	buf_init(&signed_data, ROOM);
	put_signed(&signed_data, 0x0080, hex(object));
	buf_view(&data, hex(object));
	buf_u8(&data, 0x9E);
	delegate_put_signature(scheme, view_buf(&signed_data), &data);
	sw = manage_bytes(0x80E40080, view_buf(&data));
	buf_reset(&data);
	buf_free(&signed_data);
	return sw;
}

static bool has_receipt(enum scheme scheme, uint16_t count, const char *body)
{
	return delegate_is_receipt(for_receipts(scheme), view_buf(&manage_answer), count,
				   hex(body));
}

static void manage_all(enum scheme scheme)
{
	start(scheme);
	put_load_request();
	CU_ASSERT_EQUAL(send_signed(scheme, 0x80E60200, view_of(NULL, 0)), 0x9000);
	CU_ASSERT(manage_answered("00"));
	CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), 40), 0x9000);
	CU_ASSERT(has_receipt(scheme, 0, FILE_AID OWNER_AID));
	CU_ASSERT_EQUAL(tokenised(scheme, 0x80E60400,
				  FILE_AID "07" MODULE "07" INSTANCE "0100 02C900"),
			0x9000);
	CU_ASSERT(has_receipt(scheme, 1, FILE_AID "07" INSTANCE));
	CU_ASSERT_EQUAL(tokenised(scheme, 0x80E60800, "0000 07" INSTANCE "0100 00"), 0x9000);
	CU_ASSERT(has_receipt(scheme, 2, FILE_AID "07" INSTANCE));
	CU_ASSERT_EQUAL(tokenised(scheme, 0x80E64000, "0000 07" INSTANCE "0100 00"), 0x9000);
	CU_ASSERT(has_receipt(scheme, 3, "00 07" INSTANCE "00 0100 00"));
	CU_ASSERT_EQUAL(delete_signed(scheme, "4F06" PACKAGE), 0x9000);
	CU_ASSERT(has_receipt(scheme, 4, FILE_AID));
	CU_ASSERT_EQUAL(manage_send(0x80F22002, "4F06" PACKAGE), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA00C2, ""), 0x9000);
	CU_ASSERT(manage_answered("C2020005"));
	stop();
}

static void contents_are_managed_with_tokens_of_every_scheme(void)
{
	for (int scheme = 0; scheme < SCHEMES; scheme++)
		manage_all((enum scheme)scheme);
}

/* All that a token may be wrong in; nothing changes. */
static void a_token_that_is_none_changes_nothing(void)
{
	for (int i = 0; i < SCHEMES; i++) {
		enum scheme scheme = (enum scheme)i, other = (enum scheme)((i + 1) % SCHEMES);
		struct buf good;

		start(scheme);
		buf_init(&good, ROOM);
		put_load_request();
		buf_view(&good, view_buf(&data));
		CU_ASSERT_EQUAL(send_signed(other, 0x80E60200, view_of(NULL, 0)), 0x6982);
		CU_ASSERT_EQUAL(manage_send(0x80E80000, "C4"), 0x6985);
		/* None, an empty one too. */
		buf_view(&data, view_buf(&good));
		buf_u8(&data, 0);
		CU_ASSERT_EQUAL(manage_bytes(0x80E60200, view_buf(&data)), 0x6982);
		/* One over another command, and over another file. */
		buf_reset(&data);
		buf_view(&data, view_buf(&good));
		delegate_put_signature(scheme, view_buf(&good), &data);
		CU_ASSERT_EQUAL(manage_bytes(0x80E60200, view_buf(&data)), 0x6982);
		buf_reset(&data);
		buf_view(&data, view_buf(&good));
		CU_ASSERT_EQUAL(send_signed(scheme, 0x80E60200, hex("00")), 0x6982);
		CU_ASSERT_EQUAL(delete_signed(other, "4F06" PACKAGE), 0x6982);
		CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x6982);
		CU_ASSERT_EQUAL(manage_send(0x80F22002, "4F06" PACKAGE), 0x6A88);
		CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
		CU_ASSERT_EQUAL(manage_send(0x80CA00C2, ""), 0x9000);
		CU_ASSERT(manage_answered("C2020000"));
		buf_free(&good);
		stop();
	}
}

static void a_token_needs_a_key_a_hash_and_a_domain_that_needs_it(void)
{
	start(SCHEME_ECC);
	/* No hash, one of another file, one that is weaker than the signature's. */
	CU_ASSERT_EQUAL(tokenised(SCHEME_ECC, 0x80E60200, FILE_AID OWNER_AID "0000"), 0x6A80);
	CU_ASSERT_EQUAL(tokenised(SCHEME_ECC, 0x80E60200,
				  FILE_AID OWNER_AID
				  "14 0000000000000000000000000000000000000000 00"),
			0x6A80);
	hash[0] ^= 1;
	put_load_request();
	CU_ASSERT_EQUAL(send_signed(SCHEME_ECC, 0x80E60200, view_of(NULL, 0)), 0x9000);
	CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), 40), 0x6A80);
	hash[0] ^= 1;
	/* For another verifier. */
	CU_ASSERT_EQUAL(tokenised(SCHEME_ECC, 0x80E60800, "0000 07" INSTANCE "0100 05 B603 420155"),
			0x6A80);
	/* Who is authorised gets none. */
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	put_load_request();
	CU_ASSERT_EQUAL(send_signed(SCHEME_ECC, 0x80E60200, view_of(NULL, 0)), 0x6A80);
	CU_ASSERT_EQUAL(delete_signed(SCHEME_ECC, "4F06" PACKAGE), 0x6A80);
	/* Without the key nothing is delegated. */
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20170"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	put_load_request();
	CU_ASSERT_EQUAL(send_signed(SCHEME_ECC, 0x80E60200, view_of(NULL, 0)), 0x6985);
	stop();
}

/* GPCS C.1.1.2; and nothing is changed. */
static void without_the_key_for_receipts_nothing_is_delegated(void)
{
	start(SCHEME_ECC);
	put_load_request();
	CU_ASSERT_EQUAL(send_signed(SCHEME_ECC, 0x80E60200, view_of(NULL, 0)), 0x9000);
	CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), 40), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20171"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(delete_signed(SCHEME_ECC, "4F06" PACKAGE), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F22002, "4F06" PACKAGE), 0x9000);
	CU_ASSERT_EQUAL(tokenised(SCHEME_ECC, 0x80E60400,
				  FILE_AID "07" MODULE "07" INSTANCE "0100 02C900"),
			0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F07" INSTANCE), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA00C2, ""), 0x9000);
	CU_ASSERT(manage_answered("C2020001"));
	CU_ASSERT_EQUAL(manage_send(0x80E40080, "4F06" PACKAGE), 0x9000);
	/* Of a load the last block says it. */
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	put_load_request();
	CU_ASSERT_EQUAL(send_signed(SCHEME_ECC, 0x80E60200, view_of(NULL, 0)), 0x9000);
	CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), 40), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F22002, "4F06" PACKAGE), 0x6A88);
	stop();
}

static void a_receipt_names_the_token_it_is_for(void)
{
	start(SCHEME_AES);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "4202AABB 450111"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	buf_view(&data, hex(FILE_AID OWNER_AID "20"));
	buf_put(&data, hash, sizeof(hash));
	buf_view(&data, hex("0A B608 4202AABB 93027766"));
	CU_ASSERT_EQUAL(send_signed(SCHEME_AES, 0x80E60200, view_of(NULL, 0)), 0x9000);
	CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), 40), 0x9000);
	CU_ASSERT(view_equal(view_of(manage_answer.data + 18, manage_answer.len - 18),
			     hex("020000 03AABB11 027766")));
	CU_ASSERT(delegate_is_receipt(SCHEME_AES, view_buf(&manage_answer), 0,
				      hex(FILE_AID OWNER_AID)));
	stop();
}

/* Load, install and make selectable with one token over both ends. */
static void one_token_serves_the_combined_process(void)
{
	static const char *const last = FILE_AID "07" MODULE "07" INSTANCE "0100 02C900";
	struct buf first;

	start(SCHEME_RSA_2048);
	buf_init(&first, ROOM);
	put_load_request();
	put_signed(&first, 0x0E01, view_buf(&data));
	buf_u8(&data, 0);
	CU_ASSERT_EQUAL(manage_bytes(0x80E60E01, view_buf(&data)), 0x9000);
	buf_reset(&data);
	CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), 40), 0x9000);
	/* Nothing is there before the end. */
	CU_ASSERT_EQUAL(manage_send(0x80F22002, "4F06" PACKAGE), 0x6A88);
	buf_view(&data, hex(last));
	CU_ASSERT_EQUAL(send_signed(SCHEME_RSA_2048, 0x80E60E03, view_of(NULL, 0)), 0x6982);
	buf_view(&data, hex(last));
	CU_ASSERT_EQUAL(send_signed(SCHEME_RSA_2048, 0x80E60E03, view_buf(&first)), 0x6985);
	/* Once more, with the token over both. */
	put_load_request();
	buf_u8(&data, 0);
	CU_ASSERT_EQUAL(manage_bytes(0x80E60E01, view_buf(&data)), 0x9000);
	buf_reset(&data);
	CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), 40), 0x9000);
	buf_view(&data, hex(last));
	CU_ASSERT_EQUAL(send_signed(SCHEME_RSA_2048, 0x80E60E03, view_buf(&first)), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F07" INSTANCE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F22002, "4F06" PACKAGE), 0x9000);
	buf_free(&first);
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
		{"contents are managed with tokens of every scheme",
		 contents_are_managed_with_tokens_of_every_scheme},
		{"a token that is none changes nothing", a_token_that_is_none_changes_nothing},
		{"a token needs a key, a hash and a domain that needs it",
		 a_token_needs_a_key_a_hash_and_a_domain_that_needs_it},
		{"without the key for receipts nothing is delegated",
		 without_the_key_for_receipts_nothing_is_delegated},
		{"a receipt names the token it is for", a_receipt_names_the_token_it_is_for},
		{"one token serves the combined process", one_token_serves_the_combined_process},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager delegate", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager delegate", suites);
}
