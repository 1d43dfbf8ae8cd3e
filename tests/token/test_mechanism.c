/* SPDX-License-Identifier: BSD-2-Clause */
/* The mechanism table: its rows agree with each other, and parameters are checked to the byte. */
#include "token/mechanism.h"

#include <stdlib.h>
#include <string.h>

#include "base/sm2.h"
#include "tests/suite.h"

static void every_row_is_found_by_its_type_once(void)
{
	for (size_t i = 0; mechanism_at(i); i++)
		CU_ASSERT_PTR_EQUAL(mechanism_find(mechanism_at(i)->type), mechanism_at(i));
}

static void the_list_keeps_the_two_call_rule(void)
{
	CK_MECHANISM_TYPE list[128];
	CK_ULONG count = 0, all;

	CU_ASSERT_EQUAL(mechanism_list(NULL, &count), CKR_OK);
	all = count;
	CU_ASSERT_TRUE_FATAL(all > 0 && all < 128);
	count = all - 1;
	CU_ASSERT_EQUAL(mechanism_list(list, &count), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(count, all);
	count = 128;
	CU_ASSERT_EQUAL(mechanism_list(list, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, all);
	CU_ASSERT_PTR_NULL(mechanism_at(all));
}

static void what_a_card_does_carries_the_hardware_flag(void)
{
	for (size_t i = 0; mechanism_at(i); i++) {
		const struct mechanism *m = mechanism_at(i);
		bool on_card = m->flags & (CKF_SIGN | CKF_DECRYPT | CKF_GENERATE_KEY_PAIR |
					   CKF_GENERATE | CKF_DERIVE | CKF_UNWRAP);

		CU_ASSERT_EQUAL(on_card, (m->flags & CKF_HW) != 0);
	}
}

static void every_hash_of_a_mechanism_is_known_and_has_its_size(void)
{
	for (size_t i = 0; mechanism_at(i); i++) {
		const struct hash *hash = hash_find(mechanism_at(i)->hash);

		if (mechanism_at(i)->hash == CK_UNAVAILABLE_INFORMATION)
			continue;
		CU_ASSERT_PTR_NOT_NULL_FATAL(hash);
		CU_ASSERT_PTR_NOT_NULL_FATAL(hash_md(hash));
		CU_ASSERT_EQUAL(EVP_MD_get_size(hash_md(hash)), (int)hash->size);
		if (!hash->prefix.len) /* SHA-3, which no signature is made with */
			continue;
		CU_ASSERT_EQUAL(hash->prefix.data[1] + 2U, hash->prefix.len + hash->size);
		CU_ASSERT_EQUAL(hash->prefix.data[hash->prefix.len - 1], hash->size);
	}
}

static CK_RV try(CK_MECHANISM_TYPE type, void *parameter, CK_ULONG len,
		 struct mechanism_parameter *ret)
{
	CK_MECHANISM given = {type, parameter, len};

	return mechanism_parameter(mechanism_find(type), &given, ret);
}

static void a_pss_parameter_is_coded_for_the_card(void)
{
	CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, 32};
	static const uint8_t wanted[] = {0, 0, 2, 0x50, 0, 0, 0, 2, 0, 0, 0, 32};
	struct mechanism_parameter p;

	CU_ASSERT_EQUAL(try(CKM_RSA_PKCS_PSS, &pss, sizeof(pss), &p), CKR_OK);
	CU_ASSERT_TRUE(view_equal(view_of(p.bytes, p.len), view_of(wanted, sizeof(wanted))));
}

static void a_wrong_pss_parameter_is_refused(void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_RSA_PKCS_PSS_PARAMS pss;
	} rows[] = {
		{CKM_RSA_PKCS_PSS, {CKM_MD5, CKG_MGF1_SHA256, 32}},
		{CKM_RSA_PKCS_PSS, {CKM_SHA256, 99, 32}},
		{CKM_RSA_PKCS_PSS, {CKM_SHA3_256, CKG_MGF1_SHA256, 32}},
		{CKM_RSA_PKCS_PSS, {CKM_SHA256, CK_UNAVAILABLE_INFORMATION, 32}},
		{CKM_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA256, 513}},
		{CKM_SHA256_RSA_PKCS_PSS, {CKM_SHA384, CKG_MGF1_SHA384, 48}},
	};
	struct mechanism_parameter p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_RSA_PKCS_PSS_PARAMS pss = rows[i].pss;

		CU_ASSERT_EQUAL(try(rows[i].type, &pss, sizeof(pss), &p),
				CKR_MECHANISM_PARAM_INVALID);
		CU_ASSERT_EQUAL(try(rows[i].type, &pss, sizeof(pss) - 1, &p),
				CKR_MECHANISM_PARAM_INVALID);
	}
	CU_ASSERT_EQUAL(try(CKM_RSA_PKCS_PSS, NULL, 0, &p), CKR_MECHANISM_PARAM_INVALID);
}

static void an_oaep_label_is_kept_and_its_length_checked(void)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED,
					(void *)"label", 5};
	struct mechanism_parameter p;

	CU_ASSERT_EQUAL(try(CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep), &p), CKR_OK);
	CU_ASSERT_EQUAL(p.len, 8);
	CU_ASSERT_EQUAL(p.label.len, 5);
	oaep.pSourceData = NULL;
	CU_ASSERT_EQUAL(try(CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep), &p),
			CKR_MECHANISM_PARAM_INVALID);
	oaep.ulSourceDataLen = 0;
	CU_ASSERT_EQUAL(try(CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep), &p), CKR_OK);
}

static void a_parameter_where_there_is_none_is_refused(void)
{
	static const CK_MECHANISM_TYPE types[] = {CKM_RSA_PKCS,
						  CKM_ECDSA,
						  CKM_SHA256,
						  CKM_ECDSA_SHA256,
						  CKM_RSA_X_509,
						  CKM_INTAGLIO_SM2,
						  CKM_INTAGLIO_SM2_ENCRYPT};
	struct mechanism_parameter p;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		CU_ASSERT_EQUAL(try(types[i], (void *)"x", 1, &p), CKR_MECHANISM_PARAM_INVALID);
		CU_ASSERT_EQUAL(try(types[i], NULL, 0, &p), CKR_OK);
	}
}

static void sm2_signs_for_an_identifier_or_the_usual_one(void)
{
	static CK_BYTE long_one[SM2_IDENTIFIER_MAX + 1];
	struct mechanism_parameter p;
	CK_MECHANISM_INFO info;

	CU_ASSERT_EQUAL(try(CKM_INTAGLIO_SM2_SM3, NULL, 0, &p), CKR_OK);
	CU_ASSERT(view_equal(p.identifier, view_str("1234567812345678")));
	CU_ASSERT_EQUAL(try(CKM_INTAGLIO_SM2_SM3, (void *)"x", 1, &p), CKR_OK);
	CU_ASSERT(view_equal(p.identifier, view_str("x")));
	CU_ASSERT_EQUAL(try(CKM_INTAGLIO_SM2_SM3, NULL, 1, &p), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(try(CKM_INTAGLIO_SM2_SM3, long_one, SM2_IDENTIFIER_MAX, &p), CKR_OK);
	CU_ASSERT_EQUAL(try(CKM_INTAGLIO_SM2_SM3, long_one, SM2_IDENTIFIER_MAX + 1, &p),
			CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(mechanism_info(CKM_INTAGLIO_SM2_SM3, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.ulMinKeySize, 256);
	CU_ASSERT_EQUAL(info.ulMaxKeySize, 256);
	CU_ASSERT_EQUAL(info.flags, CKF_HW | CKF_SIGN | CKF_VERIFY | CKF_EC_F_P |
					    CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS);
}

static void sealing_needs_its_parameter_whole(void)
{
	CK_INTAGLIO_SEAL_PARAMS seal = {.ulType = 7, .ulIndex = 9};
	struct mechanism_parameter p;

	CU_ASSERT_EQUAL(try(CKM_INTAGLIO_SEAL, &seal, sizeof(seal), &p), CKR_OK);
	CU_ASSERT_EQUAL(p.seal.ulIndex, 9);
	CU_ASSERT_EQUAL(try(CKM_INTAGLIO_SEAL, &seal, sizeof(seal) - 1, &p),
			CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(try(CKM_INTAGLIO_SEAL, NULL, 0, &p), CKR_MECHANISM_PARAM_INVALID);
}

static void an_unknown_mechanism_is_not_found(void)
{
	CK_MECHANISM_INFO info;

	CU_ASSERT_PTR_NULL(mechanism_find(CKM_DES_ECB));
	CU_ASSERT_EQUAL(mechanism_info(CKM_DES_ECB, &info), CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(mechanism_info(CKM_RSA_PKCS, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.ulMinKeySize, 2048);
	CU_ASSERT_EQUAL(info.ulMaxKeySize, 4096);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every_row_is_found_by_its_type_once", every_row_is_found_by_its_type_once},
		{"the_list_keeps_the_two_call_rule", the_list_keeps_the_two_call_rule},
		{"what_a_card_does_carries_the_hardware_flag",
		 what_a_card_does_carries_the_hardware_flag},
		{"every_hash_of_a_mechanism_is_known_and_has_its_size",
		 every_hash_of_a_mechanism_is_known_and_has_its_size},
		{"a_pss_parameter_is_coded_for_the_card", a_pss_parameter_is_coded_for_the_card},
		{"a_wrong_pss_parameter_is_refused", a_wrong_pss_parameter_is_refused},
		{"an_oaep_label_is_kept_and_its_length_checked",
		 an_oaep_label_is_kept_and_its_length_checked},
		{"a_parameter_where_there_is_none_is_refused",
		 a_parameter_where_there_is_none_is_refused},
		{"sm2_signs_for_an_identifier_or_the_usual_one",
		 sm2_signs_for_an_identifier_or_the_usual_one},
		{"sealing_needs_its_parameter_whole", sealing_needs_its_parameter_whole},
		{"an_unknown_mechanism_is_not_found", an_unknown_mechanism_is_not_found},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "mechanism", .pTests = tests}, CU_SUITE_INFO_NULL};

	return suite_run("mechanism", suites);
}
