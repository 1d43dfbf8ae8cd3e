/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An engine that the application made its default for every type of key, and that does nothing, is
 * not asked for ours. OpenSSL 3 calls engines deprecated; programs load them all the same.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/provider.h"

#include <openssl/engine.h>
#include <openssl/err.h>

#include "base/rsa.h"
#include "tests/suite.h"

static unsigned int asked;
static EVP_PKEY_METHOD *useless[4];
static const int types[] = {EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_X25519, EVP_PKEY_ED25519};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

/* ENGINE_PKEY_METHS_PTR: without ret, what there is; and that is no question for one of ours. */
static int methods(ENGINE *engine, EVP_PKEY_METHOD **ret, const int **ret_types, int type)
{
	(void)engine;
	if (!ret) {
		*ret_types = types;
		return TYPES;
	}
	for (size_t i = 0; i < TYPES; i++) {
		if (types[i] == type)
			*ret = useless[i];
	}
	asked++;
	return 1;
}

static int make_engine_the_default(void)
{
	ENGINE *engine = ENGINE_new();

	for (size_t i = 0; i < TYPES; i++) {
		/* libcrypto frees them with the engine. */
		useless[i] = EVP_PKEY_meth_new(types[i], 0);
	}
	return !engine || !ENGINE_set_id(engine, "jealous") ||
	       !ENGINE_set_name(engine, "an engine for everything") ||
	       !ENGINE_set_pkey_meths(engine, methods) || !ENGINE_set_default_pkey_meths(engine) ||
	       !ENGINE_free(engine);
}

static void the_engine_is_asked_for_keys_of_the_application(void)
{
	EVP_PKEY_CTX *ctx;

	asked = 0;
	ERR_set_mark();
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	CU_ASSERT_EQUAL(EVP_PKEY_keygen_init(ctx) > 0, 0);
	ERR_pop_to_mark();
	CU_ASSERT_EQUAL(asked, 1);
	EVP_PKEY_CTX_free(ctx);
}

static void rsa_keys_of_ours_are_made_and_used_without_it(void)
{
	const struct view parts[] = {view_str("what is signed")};
	uint8_t out[256];
	struct buf n, e, der, b;
	EVP_PKEY *key = NULL, *public = NULL, *read = NULL;

	asked = 0;
	buf_init(&n, 512);
	buf_init(&e, 8);
	buf_init(&der, 4096);
	buf_init(&b, sizeof(out));
	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &key), RC_OK);
	CU_ASSERT_EQUAL(rsa_put_modulus(key, &n), RC_OK);
	CU_ASSERT_EQUAL(rsa_put_exponent(key, &e), RC_OK);
	CU_ASSERT_EQUAL_FATAL(rsa_public(view_buf(&n), view_buf(&e), &public), RC_OK);
	CU_ASSERT_EQUAL(pkey_put_private(key, &der), RC_OK);
	CU_ASSERT_EQUAL_FATAL(pkey_private(view_buf(&der), &read), RC_OK);
	CU_ASSERT(EVP_PKEY_is_a(read, "RSA"));
	CU_ASSERT_EQUAL(EVP_PKEY_eq(read, public), 1);
	CU_ASSERT_EQUAL(rsa_sign(read, RSA_PSS_SHA256, parts, 1, &b), RC_OK);
	CU_ASSERT_EQUAL(rsa_verify(public, RSA_PSS_SHA256, parts, 1, view_buf(&b)), RC_OK);
	b.len = 0;
	CU_ASSERT_EQUAL(rsa_encrypt(public, RSA_OAEP_SHA256, parts[0], &b), RC_OK);
	CU_ASSERT_EQUAL(asked, 0);
	EVP_PKEY_free(key);
	EVP_PKEY_free(public);
	EVP_PKEY_free(read);
	buf_free(&n);
	buf_free(&e);
	buf_free(&der);
	buf_free(&b);
}

static void so_are_ed25519_keys(void)
{
	const struct view message = view_str("what is signed");
	uint8_t public[ED25519_PUBLIC], signature[ED25519_SIGNATURE];
	EVP_PKEY *key = NULL;

	asked = 0;
	CU_ASSERT_EQUAL_FATAL(ed25519_generate(&key), RC_OK);
	CU_ASSERT_EQUAL(ed25519_public(key, public), RC_OK);
	CU_ASSERT_EQUAL(ed25519_sign(key, message, signature), RC_OK);
	CU_ASSERT_EQUAL(ed25519_verify(public, message, view_of(signature, sizeof(signature))),
			RC_OK);
	CU_ASSERT_EQUAL(asked, 0);
	EVP_PKEY_free(key);
}

static void so_are_keys_on_curves(void)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521"};
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;

	asked = 0;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		ctx = crypto_key_context("EC");
		CU_ASSERT_EQUAL(EVP_PKEY_keygen_init(ctx), 1);
		CU_ASSERT_EQUAL(EVP_PKEY_CTX_set_group_name(ctx, curves[i]), 1);
		CU_ASSERT_EQUAL_FATAL(EVP_PKEY_generate(ctx, &key), 1);
		EVP_PKEY_CTX_free(ctx);
		ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);
		CU_ASSERT_EQUAL(EVP_PKEY_sign_init(ctx), 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(key);
		key = NULL;
	}
	CU_ASSERT_EQUAL(asked, 0);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"the engine is asked for keys of the application",
		 the_engine_is_asked_for_keys_of_the_application},
		{"RSA keys of ours are made and used without it",
		 rsa_keys_of_ours_are_made_and_used_without_it},
		{"so are Ed25519 keys", so_are_ed25519_keys},
		{"so are keys on curves", so_are_keys_on_curves},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "an application's engine",
		 .pInitFunc = make_engine_the_default,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base provider", suites);
}
