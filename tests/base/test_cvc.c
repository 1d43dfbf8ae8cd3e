/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates: our own read back, every truncation and every flipped bit refused, and OpenPACE's
 * cvc-create and cvc-print as the other end. The tools run in a directory made for the purpose.
 */
#include "base/cvc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

static EVP_PKEY *authority, *holder;
static char directory[] = "/tmp/intaglio-cvc-XXXXXX";

static const struct cvc_request ordinary = {
	.car = "DEINTAGL00001",
	.chr = "DEHOST0123400001",
	.scheme = RSA_PSS_SHA256,
	.type = CVC_TERMINAL,
	.roles = ROLE_USER | ROLE_AUDITOR,
	.effective = 260102,
	.expiration = 311231,
	.suite = 0x42,
};

static int start(void)
{
	if (!mkdtemp(directory) || chdir(directory) != 0)
		return 1;
	return rsa_generate(2048, &authority) != RC_OK || rsa_generate(2048, &holder) != RC_OK;
}

static int finish(void)
{
	char command[64];

	EVP_PKEY_free(authority);
	EVP_PKEY_free(holder);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return chdir("/") != 0 || system(command) != 0;
}

static void issue(struct cvc_request request, enum rsa_scheme signer_scheme, struct buf *b)
{
	buf_init(b, CVC_MAX);
	if (!request.key)
		request.key = holder;
	CU_ASSERT_EQUAL_FATAL(cvc_issue(&request, authority, signer_scheme, b), RC_OK);
}

static void what_is_issued_is_read_back(void)
{
	struct buf b;
	struct view in;
	struct cvc c;
	EVP_PKEY *key = NULL;
	uint8_t id[CVC_ID];

	issue(ordinary, RSA_PSS_SHA256, &b);
	buf_str(&b, "rest");
	in = view_buf(&b);
	CU_ASSERT_EQUAL_FATAL(cvc_parse(&in, &c), RC_OK);
	CU_ASSERT(view_equal(in, view_str("rest")));
	CU_ASSERT_EQUAL(c.object.len, b.len - 4);
	CU_ASSERT(view_equal(c.car, view_str("DEINTAGL00001")));
	CU_ASSERT(view_equal(c.chr, view_str("DEHOST0123400001")));
	CU_ASSERT_EQUAL(c.scheme, RSA_PSS_SHA256);
	CU_ASSERT_EQUAL(c.type, CVC_TERMINAL);
	CU_ASSERT_EQUAL(c.roles, ROLE_USER | ROLE_AUDITOR);
	CU_ASSERT_EQUAL(c.effective, 260102);
	CU_ASSERT_EQUAL(c.expiration, 311231);
	CU_ASSERT_EQUAL(c.suite, 0x42);
	CU_ASSERT_EQUAL(cvc_key(&c, &key), RC_OK);
	CU_ASSERT_EQUAL(EVP_PKEY_eq(key, holder), 1);
	CU_ASSERT_EQUAL(cvc_id(&c, id), RC_OK);
	CU_ASSERT(view_equal(view_of(id, sizeof(id)), view_str("23400001")));
	CU_ASSERT_EQUAL(cvc_verify(&c, authority, RSA_PSS_SHA256), RC_OK);
	CU_ASSERT_EQUAL(cvc_verify(&c, authority, RSA_PKCS1_SHA256), RC_AUTH);
	CU_ASSERT_EQUAL(cvc_verify(&c, holder, RSA_PSS_SHA256), RC_AUTH);
	EVP_PKEY_free(key);
	buf_free(&b);
}

static void every_type_role_scheme_and_suite_is_read_back(void)
{
	static const uint8_t suites[] = {0, 0x01, 0x02, 0x42};
	struct cvc_request r = ordinary;

	/* A step that shares no factor with 576 visits every value of every field. */
	for (unsigned int n = 0; n < 3 * 16 * 3 * 4; n += 19) {
		struct view in;
		struct cvc c;
		struct buf b;

		r.type = n % 3;
		r.roles = n / 3 % 16;
		r.scheme = n / 48 % 3;
		r.suite = suites[n / 144];
		issue(r, r.scheme, &b);
		in = view_buf(&b);
		CU_ASSERT_EQUAL(cvc_parse(&in, &c), RC_OK);
		CU_ASSERT_EQUAL(cvc_verify(&c, authority, r.scheme), RC_OK);
		CU_ASSERT_EQUAL(c.type, r.type);
		CU_ASSERT_EQUAL(c.roles, r.roles);
		CU_ASSERT_EQUAL(c.scheme, r.scheme);
		CU_ASSERT_EQUAL(c.suite, r.suite);
		buf_free(&b);
	}
}

static void requests_that_no_certificate_can_express_are_refused(void)
{
	static const struct {
		const char *car, *chr;
		unsigned int roles;
		uint32_t effective, expiration;
		enum rc rc;
	} rows[] = {
		{"DE00001", "DE00001", 0, 260101, 260101, RC_OK},
		{NULL, "DE00001", 0, 260101, 260101, RC_ARGUMENT},
		{"DE00001", NULL, 0, 260101, 260101, RC_ARGUMENT},
		{"DE0001", "DE00001", 0, 260101, 260101, RC_ARGUMENT},
		{"DE00001", "DE0123456789ABCDE", 0, 260101, 260101, RC_ARGUMENT},
		{"DE00001", "DE00\n001", 0, 260101, 260101, RC_ARGUMENT},
		{"DE00001", "DE00001", 16, 260101, 260101, RC_ARGUMENT},
		{"DE00001", "DE00001", 0, 260230, 270101, RC_ARGUMENT},
		{"DE00001", "DE00001", 0, 261301, 270101, RC_ARGUMENT},
		{"DE00001", "DE00001", 0, 260100, 270101, RC_ARGUMENT},
		{"DE00001", "DE00001", 0, 260102, 260101, RC_ARGUMENT},
		{"DE00001", "DE00001", 0, 260101, 1000101, RC_ARGUMENT},
		{"DE00001", "DE00001", 0, 240229, 280229, RC_OK},
		{"DE00001", "DE00001", 0, 250229, 280229, RC_ARGUMENT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cvc_request r = ordinary;
		struct buf b;

		r.key = holder;
		r.car = rows[i].car;
		r.chr = rows[i].chr;
		r.roles = rows[i].roles;
		r.effective = rows[i].effective;
		r.expiration = rows[i].expiration;
		buf_init(&b, CVC_MAX);
		CU_ASSERT_EQUAL(cvc_issue(&r, authority, RSA_PSS_SHA256, &b), rows[i].rc);
		CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
		buf_free(&b);
	}
}

static void a_certificate_that_does_not_fit_says_so(void)
{
	struct cvc_request r = ordinary;
	uint8_t array[400];
	struct buf b;

	r.key = holder;
	buf_fixed(&b, array, sizeof(array));
	CU_ASSERT_EQUAL(cvc_issue(&r, authority, RSA_PSS_SHA256, &b), RC_SPACE);
}

static enum rc parse_and_verify(struct view in, EVP_PKEY *signer)
{
	struct cvc c;

	if (cvc_parse(&in, &c) != RC_OK || view_end(&in) != RC_OK)
		return RC_MALFORMED;
	return cvc_verify(&c, signer, RSA_PSS_SHA256);
}

static void every_flipped_bit_of_a_certificate_is_refused(void)
{
	struct buf b;
	size_t accepted = 0;

	issue(ordinary, RSA_PSS_SHA256, &b);
	CU_ASSERT_EQUAL(parse_and_verify(view_buf(&b), authority), RC_OK);
	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		accepted += parse_and_verify(view_buf(&b), authority) == RC_OK;
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_EQUAL(accepted, 0);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	buf_free(&b);
}

static void every_truncation_of_a_certificate_is_refused(void)
{
	struct buf b;

	issue(ordinary, RSA_PSS_SHA256, &b);
	for (size_t len = 0; len < b.len; len++) {
		/* A copy of its own size, so that a sanitiser sees a byte read past it. */
		uint8_t *copy = malloc(len ? len : 1);
		struct view in = view_of(copy, len), before = in;
		struct cvc c;

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, b.data, len);
		CU_ASSERT_EQUAL(cvc_parse(&in, &c), RC_MALFORMED);
		CU_ASSERT(in.data == before.data && in.len == before.len);
		free(copy);
	}
	buf_free(&b);
}

/* A body is rebuilt from these parts, so that each test can bend one. */
struct parts {
	const char *profile, *car, *key_oid, *modulus_head, *exponent, *chr, *chat, *effective,
		*expiration, *extension, *signature;
};

static const struct parts sound = {
	.profile = "5F290100",
	.car = "42074445 3030303031",
	.key_oid = "060A04007F000702020201 04",
	.modulus_head = "8181 80 80",
	.exponent = "8203010001",
	.chr = "5F20084445 303030303031",
	.chat = "7F4C12 060904007F000703010202 5305 00E0000000",
	.effective = "5F2506 020600010002",
	.expiration = "5F2406 020701020301",
	.extension = "",
	.signature = "5F3704 01020304",
};

static void put_hex(struct buf *b, const char *digits)
{
	buf_view(b, hex(digits));
}

/* The modulus is 80 00.. 01, 128 bytes, unless its head says otherwise. */
static enum rc parse_parts(const struct parts *p, struct cvc *c)
{
	struct buf b;
	struct view in;
	size_t certificate, body, key;
	enum rc rc;

	buf_init(&b, CVC_MAX);
	certificate = tlv_open(&b, 0x7F21);
	body = tlv_open(&b, 0x7F4E);
	put_hex(&b, p->profile);
	put_hex(&b, p->car);
	key = tlv_open(&b, 0x7F49);
	put_hex(&b, p->key_oid);
	put_hex(&b, p->modulus_head);
	for (int i = 0; i < 126; i++)
		buf_u8(&b, 0);
	buf_u8(&b, 1);
	put_hex(&b, p->exponent);
	tlv_close(&b, key);
	put_hex(&b, p->chr);
	put_hex(&b, p->chat);
	put_hex(&b, p->effective);
	put_hex(&b, p->expiration);
	put_hex(&b, p->extension);
	tlv_close(&b, body);
	put_hex(&b, p->signature);
	tlv_close(&b, certificate);
	in = view_buf(&b);
	rc = cvc_parse(&in, c);
	buf_free(&b);
	return rc;
}

static void fields_that_tr_03110_does_not_allow_are_malformed(void)
{
	struct {
		const char *why;
		struct parts p;
	} rows[] = {
#define BENT(why, field, value)        \
	{                              \
		why,                   \
		{                      \
			.field = value \
		}                      \
	}
		BENT("profile 1", profile, "5F290101"),
		BENT("profile of two bytes", profile, "5F29020000"),
		BENT("no profile", profile, ""),
		BENT("no authority reference", car, ""),
		BENT("short authority reference", car, "4206444530303031"),
		BENT("long authority reference", car, "42114445303030303030303030303030303030"),
		BENT("control character", car, "42074445300A303031"),
		BENT("ECDSA", key_oid, "060A04007F00070202020203"),
		BENT("PSS with SHA-512", key_oid, "060A04007F00070202020106"),
		BENT("longer algorithm", key_oid, "060B04007F0007020202010400"),
		BENT("no algorithm", key_oid, ""),
		BENT("leading zero of modulus", modulus_head, "81818100 80"),
		BENT("modulus of 1023 bits", modulus_head, "818180 40"),
		BENT("two moduli", modulus_head, "81018F 818180 80"),
		BENT("even exponent", exponent, "8203010002"),
		BENT("exponent 1", exponent, "820101"),
		BENT("empty exponent", exponent, "8200"),
		BENT("leading zero of exponent", exponent, "820400010001"),
		BENT("exponent of 72 bits", exponent, "8209010000000000000001"),
		BENT("a point of an elliptic curve", exponent, "8203010001 860104"),
		BENT("no exponent", exponent, ""),
		BENT("no holder reference", chr, ""),
		BENT("inspection system", chat, "7F4C12 060904007F000703010201 5305 00E0000000"),
		BENT("four bytes of rights", chat, "7F4C11 060904007F000703010202 5304 00E00000"),
		BENT("six bytes of rights", chat, "7F4C13060904007F0007030102025306 00E000000000"),
		BENT("rest after rights", chat, "7F4C14060904007F0007030102025305 00E0000000 0500"),
		BENT("no rights", chat, ""),
		BENT("month 0", effective, "5F2506 020600000002"),
		BENT("month 13", effective, "5F2506 020601030002"),
		BENT("30 February", effective, "5F2506 020600020300"),
		BENT("a digit of ten", effective, "5F2506 02060001000A"),
		BENT("a short date", effective, "5F2505 0206000100"),
		BENT("a packed date", effective, "5F2503 260102"),
		BENT("expires before it begins", expiration, "5F2406 020600010001"),
		BENT("no end", expiration, ""),
		BENT("trailing object", extension, "0500"),
		BENT("extension that is no template", extension, "6503 060101"),
		BENT("template without an OID", extension, "6505 7303 800142"),
		BENT("two extension fields", extension, "65056503060101"),
		BENT("suite of two bytes", extension,
		     "651C 731A 0614 698380E8DEEEE2DBA281E387D2D9969C9999CE46 80020042"),
		BENT("suite 0", extension,
		     "651B 7319 0614 698380E8DEEEE2DBA281E387D2D9969C9999CE46 800100"),
		BENT("the suite twice", extension,
		     "6536 7319 0614698380E8DEEEE2DBA281E387D2D9969C9999CE46800142"
		     "7319 0614698380E8DEEEE2DBA281E387D2D9969C9999CE46800102"),
		BENT("empty signature", signature, "5F3700"),
		BENT("no signature", signature, ""),
		BENT("two signatures", signature, "5F370101 5F370101"),
#undef BENT
	};
	struct cvc c;

	CU_ASSERT_EQUAL(parse_parts(&sound, &c), RC_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const *bent = (const char *const *)&rows[i].p;
		const char *const *from = (const char *const *)&sound;
		const char *fields[sizeof(struct parts) / sizeof(char *)];
		struct parts p;

		for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
			fields[k] = bent[k] ? bent[k] : from[k];
		memcpy(&p, fields, sizeof(p));
		if (parse_parts(&p, &c) != RC_MALFORMED) {
			printf("accepted: %s\n", rows[i].why);
			CU_FAIL("a malformed certificate was accepted");
		}
	}
}

static void foreign_extensions_are_passed_over_and_ours_found_among_them(void)
{
	struct parts p = sound;
	struct cvc c;

	p.extension = "6506 7304 06022A03";
	CU_ASSERT_EQUAL(parse_parts(&p, &c), RC_OK);
	CU_ASSERT_EQUAL(c.suite, 0);
	p.extension = "6500";
	CU_ASSERT_EQUAL(parse_parts(&p, &c), RC_OK);
	p.extension = "6524 7307 06022A03800107"
		      "7319 0614698380E8DEEEE2DBA281E387D2D9969C9999CE46800102";
	CU_ASSERT_EQUAL(parse_parts(&p, &c), RC_OK);
	CU_ASSERT_EQUAL(c.suite, 0x02);
	p = sound;
	p.chr = "5F20074445 3030303031";
	CU_ASSERT_EQUAL(parse_parts(&p, &c), RC_OK);
	CU_ASSERT_EQUAL(cvc_id(&c, (uint8_t[CVC_ID]){0}), RC_MALFORMED);
}

static void a_public_key_object_survives_and_no_truncation_does(void)
{
	struct buf b;
	EVP_PKEY *key = NULL;
	enum rsa_scheme scheme = RSA_PSS_SHA256;

	buf_init(&b, 1024);
	CU_ASSERT_EQUAL(cvc_put_key(holder, RSA_PKCS1_SHA1, &b), RC_OK);
	CU_ASSERT_EQUAL_FATAL(cvc_public_key(view_buf(&b), &scheme, &key), RC_OK);
	CU_ASSERT_EQUAL(scheme, RSA_PKCS1_SHA1);
	CU_ASSERT_EQUAL(EVP_PKEY_eq(key, holder), 1);
	EVP_PKEY_free(key);
	key = NULL;
	for (size_t len = 0; len < b.len; len++)
		CU_ASSERT_EQUAL(cvc_public_key(view_of(b.data, len), &scheme, &key), RC_MALFORMED);
	buf_u8(&b, 0);
	CU_ASSERT_EQUAL(cvc_public_key(view_buf(&b), &scheme, &key), RC_MALFORMED);
	CU_ASSERT_EQUAL(cvc_put_key(holder, (enum rsa_scheme)3, &b), RC_ARGUMENT);
	CU_ASSERT_PTR_NULL(key);
	buf_free(&b);
}

static void dates_add_up(void)
{
	char text[CVC_DATE_TEXT];

	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	CU_ASSERT(cvc_today() / 10000 >= (uint32_t)tm.tm_year - 100);
	CU_ASSERT(cvc_today() % 10000 >= 101 && cvc_today() % 10000 <= 1231);
	CU_ASSERT_EQUAL(cvc_years_on(261121, 10), 361121);
	CU_ASSERT_EQUAL(cvc_years_on(240229, 1), 250228);
	CU_ASSERT_EQUAL(cvc_years_on(240229, 4), 280229);
	CU_ASSERT_EQUAL(cvc_years_on(261121, 100), 991121);
	CU_ASSERT_EQUAL(cvc_years_on(1121, 5), 51121);
	CU_ASSERT_EQUAL(cvc_years_on(0, 5), 0);
	CU_ASSERT_EQUAL(cvc_day_after(261121), 261122);
	CU_ASSERT_EQUAL(cvc_day_after(240228), 240229);
	CU_ASSERT_EQUAL(cvc_day_after(250228), 250301);
	CU_ASSERT_EQUAL(cvc_day_after(261231), 270101);
	CU_ASSERT_EQUAL(cvc_day_after(991231), 991231);
	CU_ASSERT_FALSE(cvc_date_is_real(250229));
	CU_ASSERT_STRING_EQUAL(cvc_date_text(90101, text), "2009-01-01");
}

static void write_file(const char *name, struct view bytes)
{
	FILE *f = fopen(name, "wb");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static struct view read_file(const char *name, uint8_t *array, size_t size)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	n = fread(array, 1, size, f);
	fclose(f);
	return view_of(array, n);
}

static void write_key(const char *name, const EVP_PKEY *key)
{
	struct buf der;

	buf_init(&der, 4096);
	CU_ASSERT_EQUAL_FATAL(pkey_put_private(key, &der), RC_OK);
	write_file(name, view_buf(&der));
	buf_free(&der);
}

static bool output_has(const char *name, const char *text)
{
	uint8_t array[8192];
	struct view v = read_file(name, array, sizeof(array) - 1);

	array[v.len] = 0;
	return strstr((const char *)array, text) != NULL;
}

/* The trust anchor lies in a directory of its own, under its holder's name. */
static void issue_file(const char *name, struct cvc_request r, enum rsa_scheme scheme)
{
	struct buf b;

	issue(r, scheme, &b);
	write_file(name, view_buf(&b));
	buf_free(&b);
}

static void openpace_reads_and_verifies_what_we_issue(void)
{
	static const enum rsa_scheme schemes[] = {RSA_PSS_SHA256, RSA_PKCS1_SHA256};

	for (size_t i = 0; i < 2; i++) {
		struct cvc_request root = ordinary, dv = ordinary;

		root.chr = root.car;
		root.key = authority;
		root.type = CVC_CVCA;
		root.roles = ROLE_ALL;
		root.scheme = schemes[i];
		root.suite = 0;
		dv.chr = "DEISSUER00001";
		dv.type = CVC_DV;
		dv.roles = ROLE_ISSUER | ROLE_UPDATER;
		CU_ASSERT_EQUAL(system("mkdir -p anchors"), 0);
		issue_file("anchors/DEINTAGL00001", root, schemes[i]);
		issue_file("dv.cvcert", dv, schemes[i]);
		CU_ASSERT_EQUAL(system("cvc-print --cvc-dir=anchors -c dv.cvcert > dv.txt 2>&1"),
				0);
		CU_ASSERT(output_has("dv.txt", "CAR: DEINTAGL00001"));
		CU_ASSERT(output_has("dv.txt", "CHR: DEISSUER00001"));
		CU_ASSERT(output_has("dv.txt", "Authentication terminal"));
		CU_ASSERT(output_has("dv.txt", "Effective Date: 2026-01-02"));
		CU_ASSERT(output_has("dv.txt", "Expiration Date: 2031-12-31"));
		CU_ASSERT(output_has("dv.txt", "DV certificate"));
		CU_ASSERT(output_has("dv.txt", "certificate verified"));
		CU_ASSERT_FALSE(output_has("dv.txt", "certificate not verified"));
	}
}

static void openpace_refuses_our_certificate_with_a_changed_byte(void)
{
	uint8_t array[CVC_MAX];
	struct view v = read_file("dv.cvcert", array, sizeof(array));

	array[v.len - 3] ^= 0x10;
	write_file("bad.cvcert", v);
	CU_ASSERT_NOT_EQUAL(system("cvc-print --cvc-dir=anchors -c bad.cvcert > bad.txt 2>&1"), -1);
	CU_ASSERT_FALSE(output_has("bad.txt", "certificate verified"));
}

/* One link of a chain that cvc-create makes; checks what we read in it. */
static void read_foreign(const char *name, EVP_PKEY *signer, enum rsa_scheme signer_scheme,
			 enum rsa_scheme scheme, enum cvc_type type, unsigned int roles,
			 const EVP_PKEY *expected)
{
	uint8_t array[CVC_MAX];
	struct view in = read_file(name, array, sizeof(array));
	EVP_PKEY *key = NULL;
	struct cvc c;

	CU_ASSERT_EQUAL_FATAL(cvc_parse(&in, &c), RC_OK);
	CU_ASSERT_EQUAL(view_end(&in), RC_OK);
	CU_ASSERT_EQUAL(cvc_verify(&c, signer, signer_scheme), RC_OK);
	CU_ASSERT_EQUAL(c.scheme, scheme);
	CU_ASSERT_EQUAL(c.type, type);
	CU_ASSERT_EQUAL(c.roles, roles);
	CU_ASSERT_EQUAL(c.effective, 260101);
	CU_ASSERT_EQUAL(c.expiration, 301231);
	CU_ASSERT_EQUAL(cvc_key(&c, &key), RC_OK);
	CU_ASSERT_EQUAL(EVP_PKEY_eq(key, expected), 1);
	EVP_PKEY_free(key);
}

static void a_chain_of_cvc_create_is_read(void)
{
	static const struct {
		const char *name;
		enum rsa_scheme scheme;
	} rows[] = {
		{"RSA_PSS_SHA_256", RSA_PSS_SHA256},
		{"RSA_v1_5_SHA_256", RSA_PKCS1_SHA256},
		{"RSA_v1_5_SHA_1", RSA_PKCS1_SHA1},
	};
	char command[512];

	write_key("authority.pkcs8", authority);
	write_key("holder.pkcs8", holder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(command, sizeof(command),
			 "cvc-create --role=cvca --type=at --chr=DEROOT00001 --issued=260101 "
			 "--expires=301231 --sign-with=authority.pkcs8 --scheme=%s "
			 "--out-cert=root.cvcert --at-rfu29 --at-rfu30 --at-rfu31 --at-rfu32 "
			 "> create.txt 2>&1",
			 rows[i].name);
		CU_ASSERT_EQUAL_FATAL(system(command), 0);
		snprintf(
			command, sizeof(command),
			"cvc-create --role=dv_domestic --type=at --chr=DEISSUE00001 --issued=260101 "
			"--expires=301231 --sign-with=authority.pkcs8 --sign-as=root.cvcert "
			"--key=holder.pkcs8 --scheme=%s --out-cert=dv.cvcert --at-rfu30 "
			"--at-rfu32 >> create.txt 2>&1",
			rows[i].name);
		CU_ASSERT_EQUAL_FATAL(system(command), 0);
		snprintf(command, sizeof(command),
			 "cvc-create --role=terminal --type=at --chr=DEHOST00001 --issued=260101 "
			 "--expires=301231 --sign-with=holder.pkcs8 --sign-as=dv.cvcert "
			 "--key=holder.pkcs8 --scheme=%s --out-cert=host.cvcert --at-rfu29 "
			 "--at-rfu31 --issuer-name=i --subject-name=s --cert-desc=desc.txt "
			 "--out-desc=host.desc >> create.txt 2>&1",
			 rows[i].name);
		write_file("desc.txt", view_str("terms"));
		CU_ASSERT_EQUAL_FATAL(system(command), 0);
		read_foreign("root.cvcert", authority, rows[i].scheme, rows[i].scheme, CVC_CVCA,
			     ROLE_ALL, authority);
		read_foreign("dv.cvcert", authority, rows[i].scheme, rows[i].scheme, CVC_DV,
			     ROLE_ISSUER | ROLE_AUDITOR, holder);
		read_foreign("host.cvcert", holder, rows[i].scheme, rows[i].scheme, CVC_TERMINAL,
			     ROLE_USER | ROLE_UPDATER, holder);
	}
}

/* PKCS1 is deterministic: with equal inputs both programs make the same bytes. */
static void our_certificate_is_cvc_creates_byte_for_byte(void)
{
	uint8_t array[CVC_MAX];
	struct cvc_request r = {
		.car = "DEROOT00001",
		.chr = "DEROOT00001",
		.key = authority,
		.scheme = RSA_PKCS1_SHA256,
		.type = CVC_CVCA,
		.roles = ROLE_ISSUER,
		.effective = 260101,
		.expiration = 301231,
	};
	struct buf b;

	CU_ASSERT_EQUAL_FATAL(
		system("cvc-create --role=cvca --type=at --chr=DEROOT00001 --issued=260101 "
		       "--expires=301231 --sign-with=authority.pkcs8 --scheme=RSA_v1_5_SHA_256 "
		       "--out-cert=same.cvcert --at-rfu30 > create.txt 2>&1"),
		0);
	issue(r, RSA_PKCS1_SHA256, &b);
	CU_ASSERT(view_equal(view_buf(&b), read_file("same.cvcert", array, sizeof(array))));
	buf_free(&b);
}

int main(void)
{
	static CU_TestInfo own[] = {
		{"what is issued is read back", what_is_issued_is_read_back},
		{"every type, role, scheme and suite is read back",
		 every_type_role_scheme_and_suite_is_read_back},
		{"requests that no certificate can express are refused",
		 requests_that_no_certificate_can_express_are_refused},
		{"a certificate that does not fit says so",
		 a_certificate_that_does_not_fit_says_so},
		{"every flipped bit of a certificate is refused",
		 every_flipped_bit_of_a_certificate_is_refused},
		{"every truncation of a certificate is refused",
		 every_truncation_of_a_certificate_is_refused},
		{"fields that TR-03110 does not allow are malformed",
		 fields_that_tr_03110_does_not_allow_are_malformed},
		{"foreign extensions are passed over and ours found among them",
		 foreign_extensions_are_passed_over_and_ours_found_among_them},
		{"a public key object survives and no truncation does",
		 a_public_key_object_survives_and_no_truncation_does},
		{"dates add up", dates_add_up},
		CU_TEST_INFO_NULL,
	};
	static CU_TestInfo foreign[] = {
		{"OpenPACE reads and verifies what we issue",
		 openpace_reads_and_verifies_what_we_issue},
		{"OpenPACE refuses our certificate with a changed byte",
		 openpace_refuses_our_certificate_with_a_changed_byte},
		{"a chain of cvc-create is read", a_chain_of_cvc_create_is_read},
		{"our certificate is cvc-create's byte for byte",
		 our_certificate_is_cvc_creates_byte_for_byte},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "certificates", .pInitFunc = start, .pTests = own},
		{.pName = "OpenPACE", .pCleanupFunc = finish, .pTests = foreign},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base cvc", suites);
}
