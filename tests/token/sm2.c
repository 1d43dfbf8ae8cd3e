/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SM2 through the token: the examples of GB/T 32918.5 Annex A, signatures and ciphertexts to and from
 * the openssl command, and what is refused.
 */
#include "tests/token/sm2.h"

#include <stdio.h>

#include "base/sm2.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/suite.h"
#include "tests/token/fixture.h"

enum { OUT = 40000, SIGNATURE = 64, MESSAGE = 14 };

#define DISTID "-pkeyopt distid:"
#define SIGNER "1234567812345678"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_BYTE message[] = "message digest";
static CK_BYTE out[OUT];
static CK_MECHANISM raw = {CKM_INTAGLIO_SM2, NULL, 0}, hashed = {CKM_INTAGLIO_SM2_SM3, NULL, 0},
		    cipher = {CKM_INTAGLIO_SM2_ENCRYPT, NULL, 0};
static CK_BYTE alice[] = "ALICE123@YAHOO.COM";
static CK_MECHANISM other = {CKM_INTAGLIO_SM2_SM3, alice, 18};

/* GB/T 32918.5 A.2 and A.4 have the same key. */
static const char private_hex[] =
	"3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
static const char point_hex[] = "04"
				"09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
				"CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13";
static const char digest_hex[] = "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640";
static const char signature_hex[] =
	"F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
	"B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA";

static CK_RV create(CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE value_type, struct view value,
		    CK_BBOOL *on_card, CK_OBJECT_HANDLE *ret)
{
	bool is_private = class == CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_INTAGLIO_SM2;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, on_card, 1},
		{value_type, (void *)value.data, value.len},
		{is_private ? CKA_DECRYPT : CKA_ENCRYPT, &yes, 1},
		{is_private ? CKA_SIGN : CKA_VERIFY, &yes, 1},
		{is_private ? CKA_UNWRAP : CKA_WRAP, &yes, 1},
	};

	return session_create_object(fixture.rw, template, 7, ret);
}

static CK_OBJECT_HANDLE import_private(struct view scalar)
{
	CK_OBJECT_HANDLE key = 0;

	CU_ASSERT_EQUAL_FATAL(create(CKO_PRIVATE_KEY, CKA_VALUE, scalar, &yes, &key), CKR_OK);
	return key;
}

/* CKA_EC_POINT as PKCS#11 has it, around `04 x y`. */
static CK_OBJECT_HANDLE import_public(struct view point, CK_BBOOL *on_card)
{
	uint8_t array[2 + SM2_POINT];
	CK_OBJECT_HANDLE key = 0;
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	tlv_put(&b, 0x04, point);
	CU_ASSERT_EQUAL_FATAL(create(CKO_PUBLIC_KEY, CKA_EC_POINT, view_buf(&b), on_card, &key),
			      CKR_OK);
	return key;
}

static void destroy(CK_OBJECT_HANDLE key)
{
	CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, key), CKR_OK);
}

static CK_RV pair_of(CK_MECHANISM *m, struct view params, CK_OBJECT_HANDLE *public,
		     CK_OBJECT_HANDLE *private)
{
	CK_ATTRIBUTE public_template[] = {
		{CKA_TOKEN, &yes, 1},
		{CKA_EC_PARAMS, (void *)params.data, params.len},
	};
	CK_ATTRIBUTE private_template[] = {{CKA_TOKEN, &yes, 1}};

	return session_generate_key_pair(fixture.rw, m, public_template, params.len ? 2 : 1,
					 private_template, 1, public, private);
}

static void make_pair(CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	CK_MECHANISM m = {CKM_INTAGLIO_SM2_KEY_PAIR_GEN, NULL, 0};

	CU_ASSERT_EQUAL_FATAL(pair_of(&m, view_of(NULL, 0), public, private), CKR_OK);
}

static CK_RV verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct view data, struct view signature)
{
	CK_RV rv = operation_init(fixture.rw, OPERATION_VERIFY, m, key);

	return rv == CKR_OK ? operation_verify(fixture.rw, (CK_BYTE_PTR)data.data, data.len,
					       (CK_BYTE_PTR)signature.data, signature.len)
			    : rv;
}

/* Into out; *ret is a view of it. */
static CK_RV run(enum operation_kind kind, CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct view in,
		 struct view *ret)
{
	CK_ULONG len = sizeof(out);
	CK_RV rv = operation_init(fixture.rw, kind, m, key);

	if (rv == CKR_OK)
		rv = operation_single(fixture.rw, kind, (CK_BYTE_PTR)in.data, in.len, out, &len);
	*ret = view_of(out, rv == CKR_OK ? len : 0);
	return rv;
}

void sm2_verifies_the_standard_s_signature_and_nothing_near_it(void)
{
	struct view m = view_of(message, MESSAGE), e = hex(digest_hex), sig = hex(signature_hex);
	struct view point = hex(point_hex);
	CK_OBJECT_HANDLE key;
	uint8_t bad[SIGNATURE], bad_point[SM2_POINT];

	for (size_t i = 0; i < 2; i++) {
		key = import_public(point, i ? &yes : &no);
		CU_ASSERT_EQUAL(verify(&raw, key, e, sig), CKR_OK);
		CU_ASSERT_EQUAL(verify(&hashed, key, m, sig), CKR_OK);
		CU_ASSERT_EQUAL(verify(&hashed, key, view_of(message, MESSAGE - 1), sig),
				CKR_SIGNATURE_INVALID);
		CU_ASSERT_EQUAL(verify(&other, key, m, sig), CKR_SIGNATURE_INVALID);
		CU_ASSERT_EQUAL(verify(&hashed, key, m, view_of(sig.data, SIGNATURE - 1)),
				CKR_SIGNATURE_LEN_RANGE);
		CU_ASSERT_EQUAL(verify(&raw, key, view_of(e.data, 31), sig), CKR_DATA_LEN_RANGE);
		CU_ASSERT_EQUAL(verify(&raw, key, m, sig), CKR_DATA_LEN_RANGE);
		for (size_t at = 0; at < SIGNATURE; at += 9) {
			memcpy(bad, sig.data, sizeof(bad));
			bad[at] ^= 0x10;
			CU_ASSERT_EQUAL(verify(&hashed, key, m, view_of(bad, SIGNATURE)),
					CKR_SIGNATURE_INVALID);
		}
		memset(bad, 0, sizeof(bad));
		CU_ASSERT_EQUAL(verify(&raw, key, e, view_of(bad, SIGNATURE)),
				CKR_SIGNATURE_INVALID);
		destroy(key);
	}
	memcpy(bad_point, point.data, sizeof(bad_point));
	bad_point[64] ^= 1;
	key = import_public(view_of(bad_point, sizeof(bad_point)), &no);
	CU_ASSERT_EQUAL(verify(&raw, key, e, sig), CKR_KEY_TYPE_INCONSISTENT);
	destroy(key);
	key = import_public(view_of(point.data, 64), &no);
	CU_ASSERT_EQUAL(verify(&hashed, key, m, sig), CKR_KEY_TYPE_INCONSISTENT);
	destroy(key);
}

/* GB/T 32918.5 A.4, in the form of GM/T 0009. */
static struct view example_ciphertext(void)
{
	return hex("307C"
		   "0220 04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
		   "0221 00E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
		   "0420 59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
		   "0413 21886CA989CA9C7D58087307CA93092D651EFA");
}

void sm2_deciphers_the_standard_s_example_and_nothing_near_it(void)
{
	CK_OBJECT_HANDLE key = import_private(hex(private_hex));
	struct view in = example_ciphertext(), plain;
	uint8_t bad[128];
	CK_ULONG len = 0;

	CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &cipher, key, in, &plain), CKR_OK);
	CU_ASSERT(view_equal(plain, view_str("encryption standard")));
	/* Two calls, and parts. */
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DECRYPT, &cipher, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, (CK_BYTE_PTR)in.data,
					 in.len, NULL, &len),
			CKR_OK);
	CU_ASSERT(len >= 19);
	len = 18;
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, (CK_BYTE_PTR)in.data,
					 in.len, out, &len),
			CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(len, 19);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, (CK_BYTE_PTR)in.data,
					 in.len, out, &len),
			CKR_OK);
	for (size_t n = 0; n < in.len; n += n < 4 ? 1 : 17)
		CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &cipher, key, view_of(in.data, n), &plain),
				CKR_ENCRYPTED_DATA_INVALID);
	/* A byte of each part: x, y (no point of the curve), C3, C2; and one too many at the end. */
	for (size_t at = 10; at < in.len; at += 37) {
		memcpy(bad, in.data, in.len);
		bad[at] ^= 1;
		CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &cipher, key, view_of(bad, in.len), &plain),
				CKR_ENCRYPTED_DATA_INVALID);
	}
	memcpy(bad, in.data, in.len);
	bad[in.len] = 0;
	CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &cipher, key, view_of(bad, in.len + 1), &plain),
			CKR_ENCRYPTED_DATA_INVALID);
	CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &cipher, key, view_of(out, SM2_PLAINTEXT_MAX + 200),
			    &plain),
			CKR_ENCRYPTED_DATA_LEN_RANGE);
	destroy(key);
}

static FILE *open_file(const char *name, const char *mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", fixture.root, name);
	file = fopen(path, mode);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	return file;
}

static void write_file(const char *name, struct view content)
{
	FILE *file = open_file(name, "wb");

	CU_ASSERT_EQUAL(fwrite(content.data, 1, content.len, file), content.len);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

/* In the fixture's directory; true if the command succeeds. */
static bool openssl(const char *arguments)
{
	char command[1024];

	snprintf(command, sizeof(command), "cd %s && openssl %s >/dev/null 2>&1", fixture.root,
		 arguments);
	return system(command) == 0;
}

static struct view attribute(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, uint8_t *room, size_t n)
{
	CK_ATTRIBUTE a = {type, room, n};

	if (session_get_attributes(fixture.rw, key, &a, 1) != CKR_OK)
		a.ulValueLen = 0;
	return view_of(room, a.ulValueLen);
}

/* SubjectPublicKeyInfo as openssl reads it. */
static void write_public(CK_OBJECT_HANDLE key, const char *name)
{
	struct view head = hex("3059301306072A8648CE3D020106082A811CCF5501822D034200");
	uint8_t room[128], array[256];
	struct view point = attribute(key, CKA_EC_POINT, room, sizeof(room));
	struct buf b;

	CU_ASSERT_EQUAL_FATAL(point.len, 2 + SM2_POINT);
	buf_fixed(&b, array, sizeof(array));
	buf_view(&b, head);
	buf_put(&b, point.data + 2, SM2_POINT);
	write_file(name, view_buf(&b));
}

/* r || s as the SEQUENCE that openssl takes. */
static void write_signature(struct view signature)
{
	uint8_t array[80];
	struct buf b;
	size_t mark;

	CU_ASSERT_EQUAL_FATAL(signature.len, SIGNATURE);
	buf_fixed(&b, array, sizeof(array));
	mark = tlv_open(&b, 0x30);
	for (size_t i = 0; i < 2; i++) {
		struct view half = view_of(signature.data + 32 * i, 32);
		size_t number = tlv_open(&b, 0x02);

		while (half.len > 1 && !half.data[0])
			half = view_of(half.data + 1, half.len - 1);
		if (half.data[0] & 0x80)
			buf_u8(&b, 0);
		buf_view(&b, half);
		tlv_close(&b, number);
	}
	tlv_close(&b, mark);
	write_file("sig", view_buf(&b));
}

static bool openssl_verifies(const char *identifier)
{
	char arguments[256];

	snprintf(arguments, sizeof(arguments),
		 "pkeyutl -verify -pubin -keyform DER -inkey pub -rawin -digest sm3 " DISTID
		 "%s -in message -sigfile sig",
		 identifier);
	return openssl(arguments);
}

void sm2_keys_of_the_card_sign_in_any_parts_and_openssl_verifies(void)
{
	struct view m = view_of(message, MESSAGE), sig;
	CK_OBJECT_HANDLE public, private;
	uint8_t kept[SIGNATURE], z[SM2_SIZE];
	CK_ULONG len = sizeof(out);

	make_pair(&public, &private);
	write_public(public, "pub");
	write_file("message", m);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &hashed, private, m, &sig), CKR_OK);
	write_signature(sig);
	memcpy(kept, sig.data, sizeof(kept));
	CU_ASSERT(openssl_verifies(SIGNER));
	CU_ASSERT_FALSE(openssl_verifies("8765432187654321"));
	CU_ASSERT_EQUAL(verify(&hashed, public, m, view_of(kept, SIGNATURE)), CKR_OK);
	CU_ASSERT_EQUAL(verify(&other, public, m, view_of(kept, SIGNATURE)), CKR_SIGNATURE_INVALID);
	/* Another identifier, in parts. */
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &other, private), CKR_OK);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_SIGN, message, 5, NULL, NULL),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_SIGN, message + 5, 9, NULL, NULL),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_SIGN, NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, SIGNATURE);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_SIGN, out, &len), CKR_OK);
	write_signature(view_of(out, len));
	CU_ASSERT(openssl_verifies("ALICE123@YAHOO.COM"));
	CU_ASSERT_FALSE(openssl_verifies(SIGNER));
	/* The digest of a message for which openssl knows no signer, and what is no digest. */
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &raw, private, hex(digest_hex), &sig), CKR_OK);
	memcpy(kept, sig.data, sizeof(kept));
	CU_ASSERT_EQUAL(verify(&raw, public, hex(digest_hex), view_of(kept, SIGNATURE)), CKR_OK);
	write_signature(view_of(kept, SIGNATURE));
	write_file("digest", hex(digest_hex));
	CU_ASSERT(
		openssl("pkeyutl -verify -pubin -keyform DER -inkey pub -in digest -sigfile sig"));
	for (CK_ULONG n = 0; n <= 33; n += n == 31 ? 2 : 31)
		CU_ASSERT_EQUAL(run(OPERATION_SIGN, &raw, private, view_of(message, n), &sig),
				CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(sm2_z(hex(point_hex), view_str(SIGNER), z), RC_OK);
	CU_ASSERT(view_equal(
		view_of(z, sizeof(z)),
		hex("B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3")));
	destroy(public);
	destroy(private);
}

/* The bytes of a file that openssl has made, in room. */
static struct view read_file(const char *name, uint8_t *room, size_t n)
{
	FILE *file = open_file(name, "rb");
	size_t len;

	len = fread(room, 1, n, file);
	fclose(file);
	return view_of(room, len);
}

/* The INTEGERs of a signature by openssl as r || s. */
static struct view plain_signature(uint8_t ret[SIGNATURE])
{
	uint8_t room[80];
	struct view der = read_file("sig", room, sizeof(room)), halves, half;

	memset(ret, 0, SIGNATURE);
	CU_ASSERT_EQUAL_FATAL(tlv_expect(&der, 0x30, &halves), RC_OK);
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(tlv_expect(&halves, 0x02, &half), RC_OK);
		if (half.len == 33)
			half = view_of(half.data + 1, 32);
		CU_ASSERT_FATAL(half.len <= 32);
		memcpy(ret + 32 * i + 32 - half.len, half.data, half.len);
	}
	return view_of(ret, SIGNATURE);
}

void sm2_verifies_and_deciphers_what_openssl_has_made(void)
{
	struct view m = view_of(message, MESSAGE), der, plain;
	CK_OBJECT_HANDLE public, private;
	uint8_t room[512], signature[SIGNATURE];
	const uint8_t *at;

	write_file("message", m);
	CU_ASSERT_FATAL(openssl("ecparam -name SM2 -genkey -noout -outform DER -out key"));
	CU_ASSERT_FATAL(openssl("ec -inform DER -in key -pubout -outform DER -out pub"));
	CU_ASSERT_FATAL(openssl("dgst -sm3 -keyform DER -sign key -sigopt distid:" SIGNER
				" -out sig message"));
	/* ECPrivateKey, RFC 5915: version 1, OCTET STRING; PKCS #8 is around it, or not. */
	der = read_file("key", room, sizeof(room));
	at = memmem(der.data, der.len, "\x02\x01\x01\x04\x20", 5);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	private = import_private(view_of(at + 5, SM2_SIZE));
	der = read_file("pub", room, sizeof(room));
	public = import_public(view_of(der.data + der.len - SM2_POINT, SM2_POINT), &no);
	CU_ASSERT_EQUAL(verify(&hashed, public, m, plain_signature(signature)), CKR_OK);
	CU_ASSERT_EQUAL(verify(&other, public, m, view_of(signature, SIGNATURE)),
			CKR_SIGNATURE_INVALID);
	CU_ASSERT_FATAL(openssl("pkeyutl -encrypt -pubin -keyform DER -inkey pub -in message "
				"-out sealed"));
	der = read_file("sealed", room, sizeof(room));
	CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &cipher, private, der, &plain), CKR_OK);
	CU_ASSERT(view_equal(plain, m));
	destroy(public);
	destroy(private);
}

void sm2_ciphertexts_have_a_longest_plaintext_and_openssl_opens_them(void)
{
	static uint8_t text[SM2_PLAINTEXT_MAX + 1], sealed[OUT];
	CK_OBJECT_HANDLE private = import_private(hex(private_hex));
	CK_OBJECT_HANDLE public = import_public(hex(point_hex), &no);
	struct view in, result, plain;
	uint8_t room[64];

	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &cipher, public, view_of(text, 0), &result),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &cipher, public, view_of(text, sizeof(text)),
			    &result),
			CKR_DATA_LEN_RANGE);
	for (size_t n = 1; n <= SM2_PLAINTEXT_MAX; n = n == 1    ? 16
						       : n == 16 ? SM2_PLAINTEXT_MAX
								 : n + 1) {
		in = view_of(text, n);
		CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &cipher, public, in, &result), CKR_OK);
		CU_ASSERT(result.len <= sm2_ciphertext_max(n));
		memcpy(sealed, result.data, result.len);
		result = view_of(sealed, result.len);
		CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &cipher, private, result, &plain), CKR_OK);
		CU_ASSERT(view_equal(plain, in));
		if (n == 16)
			write_file("sealed", result);
	}
	/* ECPrivateKey with the curve's name. */
	write_file("key", hex("303102010104203945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81"
			      "EF4DF7C5B8A00A06082A811CCF5501822D"));
	CU_ASSERT(openssl("pkeyutl -decrypt -keyform DER -inkey key -in sealed -out opened"));
	CU_ASSERT(view_equal(read_file("opened", room, sizeof(room)), view_of(text, 16)));
	destroy(public);
	destroy(private);
}

void sm2_keys_have_their_curve_and_their_point(void)
{
	struct view oid = view_of(sm2_oid, SM2_OID);
	CK_OBJECT_HANDLE public, private, refused = 0;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_INTAGLIO_SM2;
	struct view scalar = hex(private_hex), point = hex(point_hex);
	uint8_t a[128], b[128], wrong[SM2_POINT];
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, 1},
		{CKA_VALUE, (void *)scalar.data, scalar.len},
		{CKA_EC_POINT, (void *)point.data, point.len},
	};
	static const char *const scalars[] = {
		"00",
		/* n - 1 and n: GB/T 32918.1 6.1 ends at n - 2. */
		"FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54122",
		"FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123",
		"013945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8",
	};

	make_pair(&public, &private);
	CU_ASSERT(view_equal(attribute(public, CKA_EC_PARAMS, a, sizeof(a)), oid));
	CU_ASSERT(view_equal(attribute(private, CKA_EC_PARAMS, a, sizeof(a)), oid));
	CU_ASSERT_EQUAL(attribute(public, CKA_EC_POINT, a, sizeof(a)).len, 2 + SM2_POINT);
	CU_ASSERT(view_equal(attribute(public, CKA_EC_POINT, a, sizeof(a)),
			     attribute(private, CKA_EC_POINT, b, sizeof(b))));
	CU_ASSERT_EQUAL(attribute(private, CKA_VALUE, a, sizeof(a)).len, 0);
	destroy(public);
	destroy(private);
	/* The card has the point of a key that came without, and of one that came with it bare. */
	for (CK_ULONG count = 4; count <= 5; count++) {
		CU_ASSERT_EQUAL_FATAL(session_create_object(fixture.rw, template, count, &private),
				      CKR_OK);
		CU_ASSERT(view_equal(attribute(private, CKA_EC_POINT, a, sizeof(a)),
				     hex("0441 0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076B"
					 "B08FF356F35020CCEA490CE26775A52DC6EA718CC1AA600AED05FBF3"
					 "5E084A6632F6072DA9AD13")));
		CU_ASSERT(view_equal(attribute(private, CKA_EC_PARAMS, a, sizeof(a)), oid));
		destroy(private);
	}
	memcpy(wrong, point.data, sizeof(wrong));
	wrong[40] ^= 1;
	template[4].pValue = wrong;
	CU_ASSERT_EQUAL(session_create_object(fixture.rw, template, 5, &refused),
			CKR_TEMPLATE_INCONSISTENT);
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		CU_ASSERT_EQUAL(create(CKO_PRIVATE_KEY, CKA_VALUE, hex(scalars[i]), &yes, &refused),
				CKR_TEMPLATE_INCONSISTENT);
	CU_ASSERT_EQUAL(create(CKO_PRIVATE_KEY, CKA_VALUE, scalar, &no, &refused),
			CKR_TEMPLATE_INCONSISTENT);
}

void sm2_pairs_take_no_other_curve_and_no_parameter(void)
{
	CK_MECHANISM m = {CKM_INTAGLIO_SM2_KEY_PAIR_GEN, NULL, 0};
	CK_MECHANISM with = {CKM_INTAGLIO_SM2_KEY_PAIR_GEN, message, 1};
	CK_MECHANISM ec = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_OBJECT_HANDLE public, private;

	CU_ASSERT_EQUAL(pair_of(&m, hex("06082A8648CE3D030107"), &public, &private),
			CKR_CURVE_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(pair_of(&ec, view_of(sm2_oid, SM2_OID), &public, &private),
			CKR_CURVE_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(pair_of(&with, view_of(NULL, 0), &public, &private),
			CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL_FATAL(pair_of(&m, view_of(sm2_oid, SM2_OID), &public, &private), CKR_OK);
	destroy(public);
	destroy(private);
}

static CK_RV unwrap(CK_OBJECT_HANDLE key, struct view wrapped, CK_BBOOL *on_card,
		    CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_INTAGLIO_SM4;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, on_card, 1},
		{CKA_ENCRYPT, &yes, 1},
	};

	return session_unwrap_key(fixture.rw, &cipher, key, (CK_BYTE_PTR)wrapped.data, wrapped.len,
				  template, 4, ret);
}

static CK_OBJECT_HANDLE session_sm4(void)
{
	CK_MECHANISM m = {CKM_INTAGLIO_SM4_KEY_GEN, NULL, 0};
	CK_ULONG len = 16;
	CK_ATTRIBUTE template[] = {
		{CKA_VALUE_LEN, &len, sizeof(len)},
		{CKA_EXTRACTABLE, &yes, 1},
		{CKA_ENCRYPT, &yes, 1},
	};
	CK_OBJECT_HANDLE key = 0;

	CU_ASSERT_EQUAL_FATAL(session_generate_key(fixture.rw, &m, template, 3, &key), CKR_OK);
	return key;
}

void sm2_wraps_keys_of_the_session_and_the_card_unwraps(void)
{
	CK_MECHANISM ecb = {CKM_INTAGLIO_SM4_ECB, NULL, 0};
	CK_OBJECT_HANDLE private = import_private(hex(private_hex)), back = 0;
	CK_OBJECT_HANDLE public = import_public(hex(point_hex), &no), key = session_sm4();
	uint8_t wrapped[256], once[16];
	CK_ULONG len = 0;
	struct view block;

	CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ecb, key, view_of(wrapped, 16), &block), CKR_OK);
	memcpy(once, block.data, sizeof(once));
	memset(wrapped, 0, sizeof(wrapped));
	/* The length that is told does for whatever comes then. */
	for (int i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL(session_wrap_key(fixture.rw, &cipher, public, key, NULL, &len),
				CKR_OK);
		CU_ASSERT_TRUE_FATAL(len <= sizeof(wrapped));
		CU_ASSERT_EQUAL_FATAL(
			session_wrap_key(fixture.rw, &cipher, public, key, wrapped, &len), CKR_OK);
	}
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(unwrap(private, view_of(wrapped, len), i ? &yes : &no, &back),
				      CKR_OK);
		destroy(back);
	}
	CU_ASSERT_EQUAL(unwrap(private, view_of(wrapped, len - 1), &yes, &back),
			CKR_WRAPPED_KEY_INVALID);
	wrapped[len - 1] ^= 1;
	CU_ASSERT_EQUAL(unwrap(private, view_of(wrapped, len), &no, &back),
			CKR_WRAPPED_KEY_INVALID);
	CU_ASSERT_EQUAL(unwrap(private, view_of(wrapped, len), &yes, &back),
			CKR_WRAPPED_KEY_INVALID);
	destroy(key);
	destroy(public);
	destroy(private);
}

void sm2_keys_keep_to_their_uses_and_mechanisms(void)
{
	static CK_MECHANISM_TYPE allowed[] = {CKM_INTAGLIO_SM2_SM3};
	CK_MECHANISM m = {CKM_INTAGLIO_SM2_KEY_PAIR_GEN, NULL, 0}, ecdsa = {CKM_ECDSA, NULL, 0};
	CK_MECHANISM bad = {CKM_INTAGLIO_SM2, message, 1};
	CK_MECHANISM long_id = {CKM_INTAGLIO_SM2_SM3, out, SM2_IDENTIFIER_MAX + 1};
	CK_ATTRIBUTE public_template[] = {{CKA_VERIFY, &yes, 1}};
	CK_ATTRIBUTE private_template[] = {
		{CKA_TOKEN, &yes, 1},
		{CKA_SIGN, &yes, 1},
		{CKA_ALLOWED_MECHANISMS, allowed, sizeof(allowed)},
	};
	CK_OBJECT_HANDLE public, private, ec_public, ec_private;
	struct view none;
	uint8_t sig[SIGNATURE];

	CU_ASSERT_EQUAL_FATAL(session_generate_key_pair(fixture.rw, &m, public_template, 1,
							private_template, 3, &public, &private),
			      CKR_OK);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &hashed, private, view_of(message, 1), &none), CKR_OK);
	memcpy(sig, none.data, sizeof(sig));
	CU_ASSERT_EQUAL(verify(&hashed, public, view_of(message, 1), view_of(sig, sizeof(sig))),
			CKR_OK);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &raw, private, view_of(out, 32), &none),
			CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &cipher, private, view_of(out, 32), &none),
			CKR_KEY_FUNCTION_NOT_PERMITTED);
	CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &cipher, public, view_of(out, 32), &none),
			CKR_KEY_FUNCTION_NOT_PERMITTED);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &ecdsa, private, view_of(out, 32), &none),
			CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &bad, private, view_of(out, 32), &none),
			CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &long_id, private, view_of(out, 32), &none),
			CKR_MECHANISM_PARAM_INVALID);
	long_id.ulParameterLen--;
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &long_id, private, view_of(message, 1), &none), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_ec("curve", &ec_public, &ec_private), CKR_OK);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &hashed, ec_private, view_of(message, 1), &none),
			CKR_KEY_TYPE_INCONSISTENT);
	destroy(public);
	destroy(private);
	destroy(ec_public);
	destroy(ec_private);
}
