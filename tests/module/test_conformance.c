/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mandatory test cases of the OASIS profiles for PKCS #11 3.2 (BL-M-1, EXT-M-1, AUTH-M-1 and
 * CERT-M-1) as tables of calls, replayed on a card. Call order, return values and what is there are
 * theirs; mechanisms and flags have to be a subset of ours. What belongs to their own token (names,
 * times, sizes, the modulus) is read from ours; the signature is verified by libcrypto.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "tests/module/load.h"
#include "tests/suite.h"

enum { VALUE_MAX = 1024, DATA_LEN = 391, OBJECTS = 5, MECHANISMS_MAX = 256 };

static struct loaded loaded;
static CK_FUNCTION_LIST_3_2 *list;
static CK_UTF8CHAR so_pin[] = "12345678", user_pin[] = "1234";
static CK_BBOOL yes = CK_TRUE;

/* What a replay has captured so far. */
struct replay {
	CK_ULONG slot_count, mechanism_count, object_count, length;
	CK_SLOT_ID slots[16];
	CK_MECHANISM_TYPE mechanisms[MECHANISMS_MAX];
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE objects[OBJECTS];
	CK_BYTE value[VALUE_MAX], modulus[VALUE_MAX], exponent[VALUE_MAX];
	CK_ULONG modulus_len, exponent_len;
};

struct step;
typedef CK_RV runner(struct replay *r, const struct step *step);

/* One call: what it is given, what it has to give. */
struct step {
	runner *run;
	CK_RV rv;
	CK_FLAGS flags; /* of a session to open; else those that must be set */
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG max; /* objects or bytes asked for */
	CK_ULONG count; /* objects to be found */
	CK_ULONG object; /* which of those found */
	CK_ATTRIBUTE_TYPE attribute;
	CK_OBJECT_CLASS class; /* searched for, with label; 0: all token objects */
	const char *label;
};

static CK_RV initialize(struct replay *r, const struct step *step)
{
	(void)r;
	(void)step;
	return list->C_Initialize(NULL);
}

static CK_RV finalize(struct replay *r, const struct step *step)
{
	(void)r;
	(void)step;
	return list->C_Finalize(NULL);
}

/* Text is padded with blanks and not terminated. */
static void check_text(const CK_UTF8CHAR *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		CU_ASSERT(text[i] != 0);
}

static CK_RV get_info(struct replay *r, const struct step *step)
{
	CK_INFO info;
	CK_RV rv = list->C_GetInfo(&info);

	(void)r;
	CU_ASSERT_EQUAL(info.cryptokiVersion.major, 3);
	CU_ASSERT_EQUAL(info.cryptokiVersion.minor, 2);
	CU_ASSERT_EQUAL(info.flags, step->flags);
	check_text(info.manufacturerID, sizeof(info.manufacturerID));
	check_text(info.libraryDescription, sizeof(info.libraryDescription));
	return rv;
}

static CK_RV count_slots(struct replay *r, const struct step *step)
{
	CK_RV rv = list->C_GetSlotList(CK_TRUE, NULL, &r->slot_count);

	(void)step;
	CU_ASSERT(r->slot_count >= 1 && r->slot_count <= 16);
	return rv;
}

static CK_RV list_slots(struct replay *r, const struct step *step)
{
	CK_ULONG before = r->slot_count;
	CK_RV rv = list->C_GetSlotList(CK_TRUE, r->slots, &r->slot_count);

	(void)step;
	CU_ASSERT_EQUAL(r->slot_count, before);
	return rv;
}

static CK_RV slot_info(struct replay *r, const struct step *step)
{
	CK_SLOT_INFO info;
	CK_RV rv = list->C_GetSlotInfo(r->slots[0], &info);

	CU_ASSERT_EQUAL(info.flags & step->flags, step->flags);
	check_text(info.slotDescription, sizeof(info.slotDescription));
	check_text(info.manufacturerID, sizeof(info.manufacturerID));
	return rv;
}

static CK_RV token_info(struct replay *r, const struct step *step)
{
	CK_TOKEN_INFO info;
	CK_RV rv = list->C_GetTokenInfo(r->slots[0], &info);

	CU_ASSERT_EQUAL(info.flags & step->flags, step->flags);
	CU_ASSERT(info.ulMinPinLen <= info.ulMaxPinLen);
	check_text(info.label, sizeof(info.label));
	check_text(info.model, sizeof(info.model));
	check_text(info.serialNumber, sizeof(info.serialNumber));
	return rv;
}

static CK_RV count_mechanisms(struct replay *r, const struct step *step)
{
	(void)step;
	return list->C_GetMechanismList(r->slots[0], NULL, &r->mechanism_count);
}

static CK_RV list_mechanisms(struct replay *r, const struct step *step)
{
	CK_ULONG before = r->mechanism_count;
	CK_RV rv;

	(void)step;
	CU_ASSERT_FATAL(before <= MECHANISMS_MAX);
	rv = list->C_GetMechanismList(r->slots[0], r->mechanisms, &r->mechanism_count);
	CU_ASSERT_EQUAL(r->mechanism_count, before);
	return rv;
}

static CK_RV mechanism_info(struct replay *r, const struct step *step)
{
	CK_MECHANISM_INFO info;
	CK_RV rv = list->C_GetMechanismInfo(r->slots[0], step->mechanism, &info);
	bool listed = false;

	for (CK_ULONG i = 0; i < r->mechanism_count; i++)
		listed |= r->mechanisms[i] == step->mechanism;
	CU_ASSERT(listed);
	CU_ASSERT_EQUAL(info.flags & step->flags, step->flags);
	CU_ASSERT(info.ulMinKeySize <= info.ulMaxKeySize);
	return rv;
}

static CK_RV open_session(struct replay *r, const struct step *step)
{
	return list->C_OpenSession(r->slots[0], step->flags, NULL, NULL, &r->session);
}

static CK_RV login(struct replay *r, const struct step *step)
{
	(void)step;
	return list->C_Login(r->session, CKU_USER, user_pin, sizeof(user_pin) - 1);
}

static CK_RV logout(struct replay *r, const struct step *step)
{
	(void)step;
	return list->C_Logout(r->session);
}

static CK_RV find_init(struct replay *r, const struct step *step)
{
	CK_OBJECT_CLASS class = step->class;
	CK_ATTRIBUTE template[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, (void *)step->label, step->label ? strlen(step->label) : 0},
		{CKA_CLASS, &class, sizeof(class)},
	};

	return list->C_FindObjectsInit(r->session, template, step->label ? 3 : 1);
}

static CK_RV find(struct replay *r, const struct step *step)
{
	CK_RV rv = list->C_FindObjects(r->session, r->objects, step->max, &r->object_count);

	CU_ASSERT_EQUAL_FATAL(r->object_count, step->count);
	return rv;
}

static CK_RV find_final(struct replay *r, const struct step *step)
{
	(void)step;
	return list->C_FindObjectsFinal(r->session);
}

static CK_RV get_length(struct replay *r, const struct step *step)
{
	CK_ATTRIBUTE attribute = {step->attribute, NULL, 0};
	CK_RV rv = list->C_GetAttributeValue(r->session, r->objects[step->object], &attribute, 1);

	r->length = attribute.ulValueLen;
	CU_ASSERT_FATAL(r->length > 0 && r->length <= VALUE_MAX);
	return rv;
}

static CK_RV get_value(struct replay *r, const struct step *step)
{
	CK_ATTRIBUTE attribute = {step->attribute, r->value, r->length};
	CK_RV rv = list->C_GetAttributeValue(r->session, r->objects[step->object], &attribute, 1);
	const CK_BYTE *at = r->value;
	X509 *certificate;

	CU_ASSERT_EQUAL(attribute.ulValueLen, r->length);
	if (step->attribute == CKA_VALUE) {
		certificate = d2i_X509(NULL, &at, (long)r->length);
		CU_ASSERT_PTR_NOT_NULL(certificate);
		X509_free(certificate);
	}
	return rv;
}

/* Into buffers that are larger than the values. */
static CK_RV get_public_key(struct replay *r, const struct step *step)
{
	CK_ATTRIBUTE template[] = {
		{CKA_MODULUS, r->modulus, step->max},
		{CKA_PUBLIC_EXPONENT, r->exponent, step->max},
	};
	CK_RV rv = list->C_GetAttributeValue(r->session, r->objects[step->object], template, 2);

	r->modulus_len = template[0].ulValueLen;
	r->exponent_len = template[1].ulValueLen;
	CU_ASSERT_EQUAL(r->modulus_len, 256);
	CU_ASSERT_EQUAL(r->exponent_len, 3);
	return rv;
}

static CK_RV sign_init(struct replay *r, const struct step *step)
{
	CK_MECHANISM mechanism = {step->mechanism, NULL, 0};

	return list->C_SignInit(r->session, &mechanism, r->objects[step->object]);
}

static EVP_PKEY *public_key(const struct replay *r)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_bin2bn(r->modulus, (int)r->modulus_len, NULL);
	BIGNUM *e = BN_bin2bn(r->exponent, (int)r->exponent_len, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

static bool is_signature(const struct replay *r, const CK_BYTE *data, size_t len,
			 const CK_BYTE *signature, size_t signature_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = public_key(r);
	bool good = key && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, signature, signature_len, data, len) == 1;

	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	return good;
}

static CK_RV sign(struct replay *r, const struct step *step)
{
	CK_BYTE data[DATA_LEN], signature[VALUE_MAX];
	CK_ULONG len = step->max;
	CK_RV rv;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (CK_BYTE)i;
	rv = list->C_Sign(r->session, data, sizeof(data), signature, &len);
	CU_ASSERT_EQUAL(len, step->max);
	CU_ASSERT(is_signature(r, data, sizeof(data), signature, len));
	data[0] ^= 1;
	CU_ASSERT_FALSE(is_signature(r, data, sizeof(data), signature, len));
	return rv;
}

static CK_RV close_session(struct replay *r, const struct step *step)
{
	(void)step;
	return list->C_CloseSession(r->session);
}

static CK_RV close_all(struct replay *r, const struct step *step)
{
	(void)step;
	return list->C_CloseAllSessions(r->slots[0]);
}

#define TOKEN_FLAGS                                                                        \
	(CKF_RNG | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED | \
	 CKF_RESTORE_KEY_NOT_NEEDED)
#define RSA_FLAGS (CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_VERIFY | CKF_WRAP | CKF_UNWRAP)

static const struct step baseline[] = {
	{.run = initialize},
	{.run = get_info},
	{.run = count_slots},
	{.run = list_slots},
	{.run = slot_info, .flags = CKF_TOKEN_PRESENT},
	{.run = token_info, .flags = TOKEN_FLAGS},
	{.run = open_session, .flags = CKF_SERIAL_SESSION},
	{.run = find_init},
	{.run = find, .max = 1, .count = 0},
	{.run = find_final},
	{.run = close_session},
	{.run = close_all},
	{.run = finalize},
	{.run = NULL},
};

static const struct step extended[] = {
	{.run = initialize},
	{.run = get_info},
	{.run = count_slots},
	{.run = list_slots},
	{.run = slot_info, .flags = CKF_TOKEN_PRESENT},
	{.run = token_info, .flags = TOKEN_FLAGS},
	{.run = count_mechanisms},
	{.run = list_mechanisms},
	{.run = mechanism_info, .mechanism = CKM_SHA512, .flags = CKF_DIGEST},
	{.run = mechanism_info,
	 .mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN,
	 .flags = CKF_GENERATE_KEY_PAIR},
	{.run = mechanism_info, .mechanism = CKM_RSA_PKCS, .flags = RSA_FLAGS},
	{.run = open_session, .flags = CKF_SERIAL_SESSION | CKF_RW_SESSION},
	{.run = login},
	{.run = find_init},
	{.run = find, .max = 1, .count = 0},
	{.run = find_final},
	{.run = logout},
	{.run = close_session},
	{.run = close_all},
	{.run = finalize},
	{.run = NULL},
};

static const struct step authentication[] = {
	{.run = initialize},
	{.run = get_info},
	{.run = count_slots},
	{.run = list_slots},
	{.run = open_session, .flags = CKF_SERIAL_SESSION | CKF_RW_SESSION},
	{.run = login},
	{.run = find_init, .class = CKO_PUBLIC_KEY, .label = "testrsa-pub"},
	{.run = find, .max = 1, .count = 1},
	{.run = find_final},
	{.run = get_public_key, .object = 0, .max = 1024},
	{.run = find_init, .class = CKO_PRIVATE_KEY, .label = "testrsa-pri"},
	{.run = find, .max = 1, .count = 1},
	{.run = find_final},
	{.run = sign_init, .mechanism = CKM_SHA256_RSA_PKCS, .object = 0},
	{.run = sign, .max = 256},
	{.run = logout},
	{.run = close_session},
	{.run = close_all},
	{.run = finalize},
	{.run = NULL},
};

static const struct step certificates[] = {
	{.run = initialize},
	{.run = get_info},
	{.run = count_slots},
	{.run = list_slots},
	{.run = open_session, .flags = CKF_SERIAL_SESSION},
	{.run = find_init},
	{.run = find, .max = 5, .count = 5},
	{.run = get_length, .object = 0, .attribute = CKA_LABEL},
	{.run = get_value, .object = 0, .attribute = CKA_LABEL},
	{.run = get_length, .object = 1, .attribute = CKA_VALUE},
	{.run = get_value, .object = 1, .attribute = CKA_VALUE},
	{.run = find_final},
	{.run = close_session},
	{.run = close_all},
	{.run = finalize},
	{.run = NULL},
};

static void replay(const char *name, const struct step *steps)
{
	struct replay r = {0};

	for (size_t i = 0; steps[i].run; i++) {
		CK_RV rv = steps[i].run(&r, &steps[i]);

		if (rv != steps[i].rv)
			printf("%s, call %zu: 0x%lx\n", name, i + 1, rv);
		CU_ASSERT_EQUAL_FATAL(rv, steps[i].rv);
	}
}

/* A new token with a user's PIN and a session of the user's, for what the case takes as there. */
static void new_token(CK_SESSION_HANDLE *ret)
{
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	memcpy(label, "token1", 6);
	CU_ASSERT_EQUAL_FATAL(list->C_Initialize(NULL), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(list->C_InitToken(0, so_pin, sizeof(so_pin) - 1, label), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(list->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
						  NULL, ret),
			      CKR_OK);
	CU_ASSERT_EQUAL_FATAL(list->C_Login(*ret, CKU_SO, so_pin, sizeof(so_pin) - 1), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(list->C_InitPIN(*ret, user_pin, sizeof(user_pin) - 1), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(list->C_Logout(*ret), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(list->C_Login(*ret, CKU_USER, user_pin, sizeof(user_pin) - 1),
			      CKR_OK);
}

static void the_baseline_provider_case_passes(void)
{
	CK_SESSION_HANDLE s;

	new_token(&s);
	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
	replay("BL-M-1", baseline);
}

static void the_extended_provider_case_passes(void)
{
	CK_SESSION_HANDLE s;

	new_token(&s);
	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
	replay("EXT-M-1", extended);
}

static void the_authentication_token_case_passes(void)
{
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_OBJECT_HANDLE public, private;
	CK_ULONG bits = 2048;
	CK_ATTRIBUTE public_template[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, (void *)"testrsa-pub", 11},
		{CKA_MODULUS_BITS, &bits, sizeof(bits)},
	};
	CK_ATTRIBUTE private_template[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, (void *)"testrsa-pri", 11},
		{CKA_SIGN, &yes, sizeof(yes)},
	};
	CK_SESSION_HANDLE s;

	new_token(&s);
	CU_ASSERT_EQUAL(list->C_GenerateKeyPair(s, &mechanism, public_template, 3, private_template,
						3, &public, &private),
			CKR_OK);
	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
	replay("AUTH-M-1", authentication);
}

static size_t make_certificate(CK_BYTE der[VALUE_MAX])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *name = X509_NAME_new();
	CK_BYTE *at = der;
	int len = -1;

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"root", -1, -1,
				   0);
	if (X509_set_version(certificate, 2) && X509_set_subject_name(certificate, name) &&
	    X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
	    X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
	    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) &&
	    X509_sign(certificate, key, EVP_sha256()) > 0 &&
	    i2d_X509(certificate, NULL) <= VALUE_MAX)
		len = i2d_X509(certificate, &at);
	X509_NAME_free(name);
	X509_free(certificate);
	EVP_PKEY_free(key);
	CU_ASSERT_FATAL(len > 0);
	return (size_t)len;
}

/* Their first object is the list of roots; ours is whatever has a label. */
static void the_public_certificates_case_passes(void)
{
	CK_OBJECT_CLASS data = CKO_DATA, certificate = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE x509 = CKC_X_509;
	CK_BYTE der[VALUE_MAX];
	CK_OBJECT_HANDLE object;
	CK_ATTRIBUTE first[] = {
		{CKA_CLASS, &data, sizeof(data)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, (void *)"Roots of the test case", 22},
	};
	CK_ATTRIBUTE others[] = {
		{CKA_CLASS, &certificate, sizeof(certificate)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_CERTIFICATE_TYPE, &x509, sizeof(x509)},
		{CKA_SUBJECT, (void *)"\x30\x00", 2},
		{CKA_VALUE, der, make_certificate(der)},
	};
	CK_SESSION_HANDLE s;

	new_token(&s);
	CU_ASSERT_EQUAL(list->C_CreateObject(s, first, 3, &object), CKR_OK);
	for (int i = 1; i < OBJECTS; i++)
		CU_ASSERT_EQUAL(list->C_CreateObject(s, others, 5, &object), CKR_OK);
	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
	replay("CERT-M-1", certificates);
}

/* How many objects a search finds; the first OBJECTS go into ret. */
static CK_ULONG search(CK_SESSION_HANDLE s, CK_ATTRIBUTE_PTR template, CK_ULONG count,
		       CK_OBJECT_HANDLE ret[OBJECTS])
{
	CK_OBJECT_HANDLE all[MECHANISMS_MAX];
	CK_ULONG found = 0;

	CU_ASSERT_EQUAL(list->C_FindObjectsInit(s, template, count), CKR_OK);
	CU_ASSERT_EQUAL(list->C_FindObjects(s, all, MECHANISMS_MAX, &found), CKR_OK);
	CU_ASSERT_EQUAL(list->C_FindObjectsFinal(s), CKR_OK);
	for (CK_ULONG i = 0; i < found && i < OBJECTS; i++)
		ret[i] = all[i];
	return found;
}

static void every_profile_passed_is_an_object(void)
{
	static const CK_PROFILE_ID ids[] = {CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER,
					    CKP_AUTHENTICATION_TOKEN,
					    CKP_PUBLIC_CERTIFICATES_TOKEN};
	CK_OBJECT_CLASS class = CKO_PROFILE;
	CK_ATTRIBUTE of_class = {CKA_CLASS, &class, sizeof(class)};
	CK_OBJECT_HANDLE objects[OBJECTS];
	CK_SESSION_HANDLE s;

	new_token(&s);
	CU_ASSERT_EQUAL(search(s, NULL, 0, objects), 0);
	CU_ASSERT_EQUAL(search(s, &of_class, 1, objects), 4);
	CU_ASSERT_EQUAL(search(s, NULL, 0, objects), 0);
	for (size_t i = 0; i < 4; i++) {
		CK_PROFILE_ID id = ids[i];
		CK_ATTRIBUTE of_id = {CKA_PROFILE_ID, &id, sizeof(id)};
		CK_UTF8CHAR unique[32];
		CK_ATTRIBUTE read[] = {{CKA_UNIQUE_ID, unique, sizeof(unique)},
				       {CKA_CLASS, &class, sizeof(class)}};

		CU_ASSERT_EQUAL_FATAL(search(s, &of_id, 1, objects), 1);
		CU_ASSERT_EQUAL(list->C_GetAttributeValue(s, objects[0], read, 2), CKR_OK);
		CU_ASSERT_EQUAL(class, CKO_PROFILE);
		CU_ASSERT_EQUAL(search(s, read, 1, objects), 1);
		CU_ASSERT_EQUAL(list->C_DestroyObject(s, objects[0]), CKR_ACTION_PROHIBITED);
		CU_ASSERT_EQUAL(list->C_SetAttributeValue(s, objects[0], &of_id, 1),
				CKR_ACTION_PROHIBITED);
		CU_ASSERT_EQUAL(list->C_CopyObject(s, objects[0], NULL, 0, &objects[1]),
				CKR_ACTION_PROHIBITED);
	}
	CU_ASSERT_EQUAL(list->C_CreateObject(s, &of_class, 1, objects), CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
}

/* A certificate that needs a login to be found is none of a public certificates token. */
static void a_private_certificate_takes_its_profile_away(void)
{
	CK_PROFILE_ID id = CKP_PUBLIC_CERTIFICATES_TOKEN;
	CK_OBJECT_CLASS certificate = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE x509 = CKC_X_509;
	CK_ATTRIBUTE of_id = {CKA_PROFILE_ID, &id, sizeof(id)};
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &certificate, sizeof(certificate)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_CERTIFICATE_TYPE, &x509, sizeof(x509)},
		{CKA_SUBJECT, (void *)"\x30\x00", 2},
		{CKA_VALUE, (void *)"\x30\x00", 2},
	};
	CK_OBJECT_HANDLE objects[OBJECTS], object;
	CK_SESSION_HANDLE s;

	new_token(&s);
	CU_ASSERT_EQUAL(search(s, &of_id, 1, objects), 1);
	CU_ASSERT_EQUAL_FATAL(list->C_CreateObject(s, template, 6, &object), CKR_OK);
	CU_ASSERT_EQUAL(search(s, &of_id, 1, objects), 0);
	CU_ASSERT_EQUAL(list->C_DestroyObject(s, object), CKR_OK);
	CU_ASSERT_EQUAL(search(s, &of_id, 1, objects), 1);
	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
}

static void every_mechanism_is_an_object(void)
{
	CK_OBJECT_CLASS class = CKO_MECHANISM;
	CK_ATTRIBUTE of_class = {CKA_CLASS, &class, sizeof(class)};
	CK_MECHANISM_TYPE mechanisms[MECHANISMS_MAX];
	CK_OBJECT_HANDLE objects[OBJECTS];
	CK_ULONG count = MECHANISMS_MAX;
	CK_SESSION_HANDLE s;

	new_token(&s);
	CU_ASSERT_EQUAL(list->C_GetMechanismList(0, mechanisms, &count), CKR_OK);
	CU_ASSERT_EQUAL(search(s, &of_class, 1, objects), count);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_ATTRIBUTE of_type = {CKA_MECHANISM_TYPE, &mechanisms[i], sizeof(mechanisms[i])};

		CU_ASSERT_EQUAL(search(s, &of_type, 1, objects), 1);
	}
	CU_ASSERT_EQUAL(list->C_DestroyObject(s, objects[0]), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
}

static int set_up(void)
{
	if (!load_open(LOAD_REAL, &loaded))
		return 1;
	list = loaded.list_3_2;
	return 0;
}

static int tear_down(void)
{
	load_close(&loaded);
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the_baseline_provider_case_passes", the_baseline_provider_case_passes},
		{"the_extended_provider_case_passes", the_extended_provider_case_passes},
		{"the_authentication_token_case_passes", the_authentication_token_case_passes},
		{"the_public_certificates_case_passes", the_public_certificates_case_passes},
		{"every_profile_passed_is_an_object", every_profile_passed_is_an_object},
		{"a_private_certificate_takes_its_profile_away",
		 a_private_certificate_takes_its_profile_away},
		{"every_mechanism_is_an_object", every_mechanism_is_an_object},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "conformance",
		 .pInitFunc = set_up,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("conformance", suites);
}
