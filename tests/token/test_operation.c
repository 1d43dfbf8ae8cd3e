/* SPDX-License-Identifier: BSD-2-Clause */
/* Signing, verifying, encrypting, decrypting, hashing and sealing on a real card. */
#include "tests/token/fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ledger.h"
#include "base/ledger_certificate.h"
#include "base/log.h"
#include "tests/suite.h"
#include "token/slot.h"

enum { OUT = 4096 };

static CK_OBJECT_HANDLE rsa_pub, rsa_priv, ec_pub, ec_priv, ledger;
static CK_BYTE message[] = "what is signed";

static CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, 32};
static CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED,
				       (void *)"label", 5};

static int set_up(void)
{
	if (fixture_start() != 0)
		return 1;
	return fixture_login(USER_PIN) != CKR_OK ||
	       fixture_rsa("rsa", &rsa_pub, &rsa_priv) != CKR_OK ||
	       fixture_ec("ec", &ec_pub, &ec_priv) != CKR_OK ||
	       fixture_ledger("invoices", &ledger) != CKR_OK;
}

struct row {
	CK_MECHANISM mechanism;
	CK_OBJECT_HANDLE *private, *public;
	CK_ULONG len; /* of the input; 0: all of message */
	CK_ULONG out;
};

static const struct row rows[] = {
	{{CKM_RSA_PKCS, NULL, 0}, &rsa_priv, &rsa_pub, 0, 256},
	{{CKM_RSA_X_509, NULL, 0}, &rsa_priv, &rsa_pub, 0, 256},
	{{CKM_SHA1_RSA_PKCS, NULL, 0}, &rsa_priv, &rsa_pub, 0, 256},
	{{CKM_SHA256_RSA_PKCS, NULL, 0}, &rsa_priv, &rsa_pub, 0, 256},
	{{CKM_SHA384_RSA_PKCS, NULL, 0}, &rsa_priv, &rsa_pub, 0, 256},
	{{CKM_SHA512_RSA_PKCS, NULL, 0}, &rsa_priv, &rsa_pub, 0, 256},
	{{CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof(pss)}, &rsa_priv, &rsa_pub, 0, 256},
	{{CKM_ECDSA, NULL, 0}, &ec_priv, &ec_pub, 0, 64},
	{{CKM_ECDSA_SHA1, NULL, 0}, &ec_priv, &ec_pub, 0, 64},
	{{CKM_ECDSA_SHA256, NULL, 0}, &ec_priv, &ec_pub, 0, 64},
	{{CKM_ECDSA_SHA512, NULL, 0}, &ec_priv, &ec_pub, 0, 64},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static CK_RV sign_init(const struct row *row)
{
	CK_MECHANISM mechanism = row->mechanism;

	return operation_init(fixture.rw, OPERATION_SIGN, &mechanism, *row->private);
}

static CK_RV verify(const struct row *row, CK_BYTE_PTR in, CK_ULONG len, CK_BYTE_PTR signature,
		    CK_ULONG signature_len)
{
	CK_MECHANISM mechanism = row->mechanism;
	CK_RV rv = operation_init(fixture.ro, OPERATION_VERIFY, &mechanism, *row->public);

	if (rv != CKR_OK)
		return rv;
	return operation_verify(fixture.ro, in, len, signature, signature_len);
}

static void every_signature_verifies_and_a_tampered_one_does_not(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		CK_BYTE out[OUT];
		CK_ULONG len = sizeof(out);

		CU_ASSERT_EQUAL_FATAL(sign_init(&rows[i]), CKR_OK);
		CU_ASSERT_EQUAL_FATAL(operation_single(fixture.rw, OPERATION_SIGN, message,
						       sizeof(message), out, &len),
				      CKR_OK);
		CU_ASSERT_EQUAL(len, rows[i].out);
		CU_ASSERT_EQUAL(verify(&rows[i], message, sizeof(message), out, len), CKR_OK);
		message[3] ^= 1;
		CU_ASSERT_EQUAL(verify(&rows[i], message, sizeof(message), out, len),
				CKR_SIGNATURE_INVALID);
		message[3] ^= 1;
		out[len / 2] ^= 1;
		CU_ASSERT_EQUAL(verify(&rows[i], message, sizeof(message), out, len),
				CKR_SIGNATURE_INVALID);
		CU_ASSERT_EQUAL(verify(&rows[i], message, sizeof(message), out, len - 1),
				CKR_SIGNATURE_LEN_RANGE);
	}
}

static void parts_are_signed_like_the_whole(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		CK_MECHANISM mechanism = rows[i].mechanism;
		CK_BYTE out[OUT];
		CK_ULONG len = sizeof(out);

		CU_ASSERT_EQUAL(sign_init(&rows[i]), CKR_OK);
		CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_SIGN, message, 5, NULL,
						 NULL),
				CKR_OK);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, message, 5, out, &len),
				CKR_OPERATION_ACTIVE);
		CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_SIGN, message + 5,
						 sizeof(message) - 5, NULL, NULL),
				CKR_OK);
		CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_SIGN, out, &len), CKR_OK);
		CU_ASSERT_EQUAL(verify(&rows[i], message, sizeof(message), out, len), CKR_OK);
		CU_ASSERT_EQUAL(operation_init(fixture.ro, OPERATION_VERIFY, &mechanism,
					       *rows[i].public),
				CKR_OK);
		CU_ASSERT_EQUAL(operation_update(fixture.ro, OPERATION_VERIFY, message, 7, NULL,
						 NULL),
				CKR_OK);
		CU_ASSERT_EQUAL(operation_update(fixture.ro, OPERATION_VERIFY, message + 7,
						 sizeof(message) - 7, NULL, NULL),
				CKR_OK);
		CU_ASSERT_EQUAL(operation_verify_final(fixture.ro, out, len), CKR_OK);
	}
}

static void a_question_for_the_length_costs_no_command(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		CK_ULONG before = fixture_apdus(), len = 0;
		CK_BYTE out[OUT];

		CU_ASSERT_EQUAL(sign_init(&rows[i]), CKR_OK);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, message,
						 sizeof(message), NULL, &len),
				CKR_OK);
		CU_ASSERT_EQUAL(len, rows[i].out);
		len = rows[i].out - 1;
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, message,
						 sizeof(message), out, &len),
				CKR_BUFFER_TOO_SMALL);
		CU_ASSERT_EQUAL(len, rows[i].out);
		CU_ASSERT_EQUAL(fixture_apdus(), before);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, message,
						 sizeof(message), out, &len),
				CKR_OK);
		CU_ASSERT_EQUAL(fixture_apdus(), before + 1);
		CU_ASSERT_EQUAL(verify(&rows[i], message, sizeof(message), out, len), CKR_OK);
		CU_ASSERT_EQUAL(fixture_apdus(), before + 1);
	}
}

static CK_RV init(enum operation_kind kind, CK_MECHANISM_TYPE type, void *parameter, CK_ULONG len,
		  CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = {type, parameter, len};

	return operation_init(fixture.rw, kind, &mechanism, key);
}

static void an_operation_starts_only_with_what_fits_together(void)
{
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_DES_ECB, NULL, 0, rsa_priv),
			CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_SHA256, NULL, 0, rsa_priv), CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_ECDSA, NULL, 0, rsa_priv),
			CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS, NULL, 0, rsa_pub),
			CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS, NULL, 0, 99999), CKR_KEY_HANDLE_INVALID);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS_PSS, NULL, 0, rsa_priv),
			CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS, NULL, 0, rsa_priv), CKR_OK);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS, NULL, 0, rsa_priv),
			CKR_OPERATION_ACTIVE);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_SIGN, NULL, &(CK_ULONG){0}),
			CKR_OPERATION_NOT_INITIALIZED);
}

static void data_of_impossible_length_ends_the_operation(void)
{
	CK_BYTE in[300] = {0}, out[OUT];
	CK_ULONG len = sizeof(out);

	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS, NULL, 0, rsa_priv), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, in, 246, out, &len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, in, 20, out, &len),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_X_509, NULL, 0, rsa_priv), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, in, 257, out, &len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS_PSS, &pss, sizeof(pss), rsa_priv),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, in, 31, out, &len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS_PSS, &pss, sizeof(pss), rsa_priv),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, in, 32, out, &len), CKR_OK);
}

static void what_is_encrypted_comes_back(void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		void *parameter;
		CK_ULONG len, in, out;
	} all[] = {
		{CKM_RSA_PKCS, NULL, 0, 20, 20},
		{CKM_RSA_PKCS, NULL, 0, 245, 245},
		{CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep), 190, 190},
		{CKM_RSA_X_509, NULL, 0, 20, 256},
	};
	CK_BYTE plain[256] = {7}, sealed[OUT], out[OUT];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		CK_ULONG sealed_len = sizeof(sealed), len = all[i].out - 1;

		CU_ASSERT_EQUAL_FATAL(init(OPERATION_ENCRYPT, all[i].type, all[i].parameter,
					   all[i].len, rsa_pub),
				      CKR_OK);
		CU_ASSERT_EQUAL_FATAL(operation_single(fixture.rw, OPERATION_ENCRYPT, plain,
						       all[i].in, sealed, &sealed_len),
				      CKR_OK);
		CU_ASSERT_EQUAL(sealed_len, 256);
		CU_ASSERT_EQUAL_FATAL(init(OPERATION_DECRYPT, all[i].type, all[i].parameter,
					   all[i].len, rsa_priv),
				      CKR_OK);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, sealed, sealed_len,
						 out, &len),
				CKR_BUFFER_TOO_SMALL);
		CU_ASSERT_EQUAL(len, all[i].out);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, sealed, sealed_len,
						 out, &len),
				CKR_OK);
		CU_ASSERT_EQUAL(len, all[i].out);
		CU_ASSERT_TRUE(view_equal(view_of(out + len - all[i].in, all[i].in),
					  view_of(plain, all[i].in)));
	}
}

/* A result that waits for a larger buffer takes no further input: an attempt ends it (5.10.3). */
static void nothing_is_added_to_a_result_that_waits(void)
{
	CK_BYTE plain[20] = {7}, sealed[OUT], out[OUT];
	CK_ULONG sealed_len = sizeof(sealed), len;

	CU_ASSERT_EQUAL(init(OPERATION_ENCRYPT, CKM_RSA_PKCS, NULL, 0, rsa_pub), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, plain, sizeof(plain),
					 sealed, &sealed_len),
			CKR_OK);
	for (int parts = 0; parts < 2; parts++) {
		CU_ASSERT_EQUAL(init(OPERATION_DECRYPT, CKM_RSA_PKCS, NULL, 0, rsa_priv), CKR_OK);
		len = sizeof(out);
		if (parts)
			CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DECRYPT, sealed,
							 sealed_len, out, &len),
					CKR_OK);
		len = 1;
		CU_ASSERT_EQUAL(parts ? operation_final(fixture.rw, OPERATION_DECRYPT, out, &len)
				      : operation_single(fixture.rw, OPERATION_DECRYPT, sealed,
							 sealed_len, out, &len),
				CKR_BUFFER_TOO_SMALL);
		len = sizeof(out);
		CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DECRYPT, sealed, sealed_len,
						 out, &len),
				CKR_OPERATION_ACTIVE);
		len = sizeof(out);
		CU_ASSERT_EQUAL(parts ? operation_final(fixture.rw, OPERATION_DECRYPT, out, &len)
				      : operation_single(fixture.rw, OPERATION_DECRYPT, sealed,
							 sealed_len, out, &len),
				CKR_OPERATION_NOT_INITIALIZED);
	}
}

static void a_tampered_ciphertext_is_refused(void)
{
	CK_BYTE plain[20] = {7}, sealed[OUT], out[OUT];
	CK_ULONG sealed_len = sizeof(sealed), len = sizeof(out);

	CU_ASSERT_EQUAL(init(OPERATION_ENCRYPT, CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep), rsa_pub),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, plain, 191, sealed,
					 &sealed_len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(init(OPERATION_ENCRYPT, CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep), rsa_pub),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, plain, 20, sealed,
					 &sealed_len),
			CKR_OK);
	sealed[100] ^= 1;
	CU_ASSERT_EQUAL(init(OPERATION_DECRYPT, CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep), rsa_priv),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, sealed, sealed_len, out,
					 &len),
			CKR_ENCRYPTED_DATA_INVALID);
	CU_ASSERT_EQUAL(init(OPERATION_DECRYPT, CKM_RSA_PKCS, NULL, 0, rsa_priv), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, sealed, 255, out, &len),
			CKR_ENCRYPTED_DATA_LEN_RANGE);
}

static void digests_are_those_of_the_standard(void)
{
	static const CK_BYTE abc[] = {0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA};
	CK_BYTE out[64];
	CK_ULONG len = 31;

	CU_ASSERT_EQUAL(init(OPERATION_DIGEST, CKM_SHA256, NULL, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DIGEST, (CK_BYTE_PTR) "abc", 3, out,
					 &len),
			CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(len, 32);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DIGEST, (CK_BYTE_PTR) "abc", 3, out,
					 &len),
			CKR_OK);
	CU_ASSERT_TRUE(view_equal(view_of(out, sizeof(abc)), view_of(abc, sizeof(abc))));
	CU_ASSERT_EQUAL(init(OPERATION_DIGEST, CKM_SHA256, NULL, 0, 0), CKR_OK);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DIGEST,
						 (CK_BYTE_PTR) "abc" + i, 1, NULL, NULL),
				CKR_OK);
	len = sizeof(out);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_DIGEST, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 32);
	CU_ASSERT_TRUE(view_equal(view_of(out, sizeof(abc)), view_of(abc, sizeof(abc))));
}

static CK_INTAGLIO_SEAL_PARAMS seal_params(CK_BYTE nonce)
{
	CK_INTAGLIO_SEAL_PARAMS p = {.ulType = 380, .ullTime = 1795295000000};

	for (int i = 0; i < 8; i++)
		p.nonce[i] = (CK_BYTE)(p.ullTime >> (56 - 8 * i));
	p.nonce[15] = nonce;
	return p;
}

static CK_RV seal(CK_BYTE nonce, const char *text, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
	CK_INTAGLIO_SEAL_PARAMS p = seal_params(nonce);
	CK_RV rv = init(OPERATION_ENCRYPT, CKM_INTAGLIO_SEAL, &p, sizeof(p), ledger);

	if (rv != CKR_OK)
		return rv;
	return operation_single(fixture.rw, OPERATION_ENCRYPT, (CK_BYTE_PTR)text, strlen(text), out,
				len);
}

static CK_RV open_record(CK_ULONG index, CK_BYTE_PTR sealed, CK_ULONG sealed_len, CK_BYTE_PTR out,
			 CK_ULONG_PTR len)
{
	CK_INTAGLIO_SEAL_PARAMS p = {.ulIndex = index};
	CK_RV rv = init(OPERATION_DECRYPT, CKM_INTAGLIO_SEAL, &p, sizeof(p), ledger);

	if (rv != CKR_OK)
		return rv;
	return operation_single(fixture.rw, OPERATION_DECRYPT, sealed, sealed_len, out, len);
}

static CK_ULONG record_count(void)
{
	CK_ULONG count = 0;
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_RECORD_COUNT, &count, sizeof(count)};

	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, ledger, &attribute, 1), CKR_OK);
	return count;
}

static void a_sealed_record_has_a_receipt_and_opens_both_ways(void)
{
	CK_BYTE sealed[OUT], out[OUT], text[128];
	CK_ULONG sealed_len = sizeof(sealed), len = sizeof(out), before = record_count();
	CK_ATTRIBUTE key = {CKA_INTAGLIO_VERIFIER_KEY, text, sizeof(text)};
	struct view rest, leaf;

	CU_ASSERT_EQUAL_FATAL(seal(1, "invoice 1", sealed, &sealed_len), CKR_OK);
	CU_ASSERT_EQUAL(record_count(), before + 1);
	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, ledger, &key, 1), CKR_OK);
	rest = view_of(sealed, sealed_len);
	CU_ASSERT_EQUAL(leaf_take(&rest, &leaf), RC_OK);
	CU_ASSERT_EQUAL(receipt_verify(rest, leaf, view_of(text, key.ulValueLen)), RC_OK);
	CU_ASSERT_EQUAL(open_record(0, sealed, sealed_len, out, &len), CKR_OK);
	CU_ASSERT_TRUE(view_equal(view_of(out, len), view_str("invoice 1")));
	len = 3;
	CU_ASSERT_EQUAL(open_record(before, NULL, 0, out, &len), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(len, 9);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, NULL, 0, out, &len),
			CKR_OK);
	CU_ASSERT_TRUE(view_equal(view_of(out, len), view_str("invoice 1")));
	len = sizeof(out);
	CU_ASSERT_EQUAL(session_read_leaf(fixture.ro, ledger, before, out, &len), CKR_OK);
	CU_ASSERT_TRUE(view_equal(view_of(out, len), leaf));
}

static void a_ledger_has_a_certificate_that_the_card_signed(void)
{
	CK_BYTE text[NOTE_KEY_MAX], bytes[LEDGER_CERTIFICATE_MAX];
	CK_ATTRIBUTE template[] = {
		{CKA_INTAGLIO_VERIFIER_KEY, text, sizeof(text)},
		{CKA_INTAGLIO_LEDGER_CERTIFICATE, bytes, sizeof(bytes)},
	};
	char path[128];
	struct buf authority;
	struct cvc_chain chain;
	size_t n;
	FILE *file;

	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, ledger, template, 2), CKR_OK);
	snprintf(path, sizeof(path), "%s/intaglio/cards/default/host/authority.cvc", fixture.root);
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	buf_init(&authority, CVC_MAX);
	n = fread(buf_space(&authority, CVC_MAX), 1, CVC_MAX, file);
	fclose(file);
	CU_ASSERT_EQUAL(ledger_certificate_verify(view_of(bytes, template[1].ulValueLen),
						  view_of(authority.data, n),
						  view_of(text, template[0].ulValueLen), &chain),
			RC_OK);
	buf_free(&authority);
}

static void a_tampered_record_is_refused(void)
{
	CK_BYTE sealed[OUT], out[OUT];
	CK_ULONG sealed_len = sizeof(sealed), len = sizeof(out);

	CU_ASSERT_EQUAL_FATAL(seal(2, "invoice 2", sealed, &sealed_len), CKR_OK);
	sealed[LEAF_HEADER_SIZE] ^= 1;
	CU_ASSERT_EQUAL(open_record(0, sealed, sealed_len, out, &len), CKR_ENCRYPTED_DATA_INVALID);
	CU_ASSERT_EQUAL(open_record(0, sealed, 20, out, &len), CKR_ENCRYPTED_DATA_INVALID);
	len = sizeof(out);
	CU_ASSERT_EQUAL(open_record(99999, NULL, 0, out, &len), CKR_ENCRYPTED_DATA_INVALID);
	len = sizeof(out);
	CU_ASSERT_EQUAL(session_read_leaf(fixture.ro, ledger, 99999, out, &len),
			CKR_ENCRYPTED_DATA_INVALID);
}

static void the_same_nonce_seals_once(void)
{
	CK_BYTE first[OUT], second[OUT];
	CK_ULONG first_len = sizeof(first), second_len = sizeof(second), count;
	struct view a, b, leaf_a, leaf_b;

	CU_ASSERT_EQUAL(seal(3, "invoice 3", first, &first_len), CKR_OK);
	count = record_count();
	CU_ASSERT_EQUAL(seal(3, "invoice 3", second, &second_len), CKR_OK);
	CU_ASSERT_EQUAL(record_count(), count);
	a = view_of(first, first_len);
	b = view_of(second, second_len);
	CU_ASSERT_EQUAL(leaf_take(&a, &leaf_a), RC_OK);
	CU_ASSERT_EQUAL(leaf_take(&b, &leaf_b), RC_OK);
	CU_ASSERT_TRUE(view_equal(leaf_a, leaf_b));
	second_len = sizeof(second);
	CU_ASSERT_EQUAL(seal(3, "invoice X", second, &second_len), CKR_DATA_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "nothing was stored"));
	CU_ASSERT_EQUAL(record_count(), count);
}

static void asking_for_the_length_never_seals(void)
{
	CK_BYTE out[OUT];
	CK_ULONG len = 0, count = record_count();

	CU_ASSERT_EQUAL(seal(4, "invoice 4", NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 9 + CK_INTAGLIO_SEAL_OVERHEAD);
	len--;
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, (CK_BYTE_PTR) "invoice 4",
					 9, out, &len),
			CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(record_count(), count);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_ENCRYPT, (CK_BYTE_PTR) "invoice ", 8,
					 out, &len),
			CKR_OK);
	CU_ASSERT_EQUAL(len, 0);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_ENCRYPT, (CK_BYTE_PTR) "4", 1, out,
					 &len),
			CKR_OK);
	len = sizeof(out);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_ENCRYPT, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(record_count(), count + 1);
	len = sizeof(out);
	CU_ASSERT_EQUAL(open_record(count, NULL, 0, out, &len), CKR_OK);
	CU_ASSERT_TRUE(view_equal(view_of(out, len), view_str("invoice 4")));
}

static void a_ledger_cannot_be_changed_or_destroyed(void)
{
	CK_ATTRIBUTE label = {CKA_LABEL, (void *)"x", 1};
	CK_INTAGLIO_SEAL_PARAMS p = seal_params(9);

	CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, ledger), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, ledger, &label, 1),
			CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(init(OPERATION_ENCRYPT, CKM_INTAGLIO_SEAL, &p, sizeof(p), rsa_priv),
			CKR_KEY_TYPE_INCONSISTENT);
	p.ulType = 0;
	CU_ASSERT_EQUAL(init(OPERATION_ENCRYPT, CKM_INTAGLIO_SEAL, &p, sizeof(p), ledger),
			CKR_MECHANISM_PARAM_INVALID);
}

static void logout_ends_what_private_keys_were_doing(void)
{
	CK_INTAGLIO_SEAL_PARAMS p = seal_params(10);
	CK_BYTE out[OUT];
	CK_ULONG len = sizeof(out);

	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS, NULL, 0, rsa_priv), CKR_OK);
	CU_ASSERT_EQUAL(init(OPERATION_DIGEST, CKM_SHA256, NULL, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, message, 4, out, &len),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DIGEST, message, 4, out, &len),
			CKR_OK);
	CU_ASSERT_EQUAL(init(OPERATION_SIGN, CKM_RSA_PKCS, NULL, 0, rsa_priv),
			CKR_KEY_HANDLE_INVALID);
	CU_ASSERT_EQUAL(init(OPERATION_ENCRYPT, CKM_INTAGLIO_SEAL, &p, sizeof(p), ledger),
			CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
}

static unsigned int threads(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned int count = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count - 2;
}

static CK_RV find_ledger(CK_OBJECT_HANDLE *ret)
{
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE template = {CKA_KEY_TYPE, &type, sizeof(type)};
	CK_ULONG count = 0;
	CK_RV rv = session_find_init(fixture.rw, &template, 1);

	if (rv == CKR_OK)
		rv = session_find(fixture.rw, ret, 1, &count);
	if (rv == CKR_OK)
		rv = session_find_final(fixture.rw);
	return rv == CKR_OK && count != 1 ? CKR_GENERAL_ERROR : rv;
}

static void a_seal_makes_no_thread_where_none_may_be_made(void)
{
	CK_BYTE out[4096];
	CK_ULONG len = sizeof(out);

	CU_ASSERT_EQUAL_FATAL(fixture_restart(), CKR_OK);
	token_disconnect(fixture.slot);
	slots_forbid_threads(fixture.slots);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(find_ledger(&ledger), CKR_OK);
	CU_ASSERT_EQUAL(seal(77, "in this thread", out, &len), CKR_OK);
	CU_ASSERT_EQUAL(threads(), 1);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every_signature_verifies_and_a_tampered_one_does_not",
		 every_signature_verifies_and_a_tampered_one_does_not},
		{"parts_are_signed_like_the_whole", parts_are_signed_like_the_whole},
		{"a_question_for_the_length_costs_no_command",
		 a_question_for_the_length_costs_no_command},
		{"an_operation_starts_only_with_what_fits_together",
		 an_operation_starts_only_with_what_fits_together},
		{"data_of_impossible_length_ends_the_operation",
		 data_of_impossible_length_ends_the_operation},
		{"what_is_encrypted_comes_back", what_is_encrypted_comes_back},
		{"nothing_is_added_to_a_result_that_waits",
		 nothing_is_added_to_a_result_that_waits},
		{"a_tampered_ciphertext_is_refused", a_tampered_ciphertext_is_refused},
		{"digests_are_those_of_the_standard", digests_are_those_of_the_standard},
		{"a_sealed_record_has_a_receipt_and_opens_both_ways",
		 a_sealed_record_has_a_receipt_and_opens_both_ways},
		{"a_ledger_has_a_certificate_that_the_card_signed",
		 a_ledger_has_a_certificate_that_the_card_signed},
		{"a_tampered_record_is_refused", a_tampered_record_is_refused},
		{"the_same_nonce_seals_once", the_same_nonce_seals_once},
		{"asking_for_the_length_never_seals", asking_for_the_length_never_seals},
		{"a_ledger_cannot_be_changed_or_destroyed",
		 a_ledger_cannot_be_changed_or_destroyed},
		{"logout_ends_what_private_keys_were_doing",
		 logout_ends_what_private_keys_were_doing},
		{"a_seal_makes_no_thread_where_none_may_be_made",
		 a_seal_makes_no_thread_where_none_may_be_made},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "operation",
		 .pInitFunc = set_up,
		 .pCleanupFunc = fixture_stop,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("operation", suites);
}
