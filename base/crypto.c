/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our library context, its algorithms, random bytes, digests and key derivation. Everything static
 * is made once, before the first use, and never freed: a destructor or an exit handler would race
 * with threads that still run and with libcrypto's own end.
 */
#include "base/crypto.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "base/provider.h"

/* Bytes of a seed at once, less than any generator refuses. */
enum { SEED_STEP = 4096 };

static struct {
	const char *name;
	EVP_MD *md;
} digests[] = {
	{.name = "SHA2-256"}, {.name = "SHA1"},     {.name = "SHA2-224"}, {.name = "SHA2-384"},
	{.name = "SHA2-512"}, {.name = "SHA3-224"}, {.name = "SHA3-256"}, {.name = "SHA3-384"},
	{.name = "SHA3-512"}, {.name = "MD5"},      {.name = "SM3"},
};

static struct {
	const char *name;
	EVP_CIPHER *cipher;
} ciphers[] = {
	{.name = "AES-256-CBC"},  {.name = "AES-256-ECB"},  {.name = "AES-256-GCM"},
	{.name = "AES-128-CBC"},  {.name = "AES-128-ECB"},  {.name = "AES-192-CBC"},
	{.name = "AES-192-ECB"},  {.name = "AES-128-GCM"},  {.name = "AES-192-GCM"},
	{.name = "AES-128-CTR"},  {.name = "AES-192-CTR"},  {.name = "AES-256-CTR"},
	{.name = "DES-EDE3-CBC"}, {.name = "DES-EDE3-ECB"},
};

static OSSL_LIB_CTX *context, *behind;
static EVP_MAC *cmac, *hmac;
static EVP_KDF *hkdf, *pbkdf2;

enum { DIGESTS = sizeof(digests) / sizeof(digests[0]) };
enum { CIPHERS = sizeof(ciphers) / sizeof(ciphers[0]) };

/*
 * A context made by OSSL_LIB_CTX_new reads no configuration file. The provider is loaded here so
 * that libcrypto never falls back to what it finds by itself.
 */
static void make_context(void)
{
	OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();

	if (!made)
		return;
	if (provider_load(made, &behind) != RC_OK) {
		OSSL_LIB_CTX_free(made);
		return;
	}
	for (size_t i = 0; i < DIGESTS; i++)
		digests[i].md = EVP_MD_fetch(made, digests[i].name, NULL);
	for (size_t i = 0; i < CIPHERS; i++)
		ciphers[i].cipher = EVP_CIPHER_fetch(made, ciphers[i].name, NULL);
	cmac = EVP_MAC_fetch(made, "CMAC", NULL);
	hmac = EVP_MAC_fetch(made, "HMAC", NULL);
	hkdf = EVP_KDF_fetch(made, "HKDF", NULL);
	pbkdf2 = EVP_KDF_fetch(made, "PBKDF2", NULL);
	context = made;
}

OSSL_LIB_CTX *crypto_context(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_context);
	return context;
}

OSSL_LIB_CTX *crypto_behind(void)
{
	return crypto_context() ? behind : NULL;
}

EVP_PKEY_CTX *crypto_key_context(const char *type)
{
	return crypto_context() ? EVP_PKEY_CTX_new_from_name(context, provider_key_type(type), NULL)
				: NULL;
}

void crypto_mark_errors(void)
{
	/* Not done in an empty queue, and then everything in it is newer. */
	ERR_set_mark();
}

void crypto_drop_errors(void)
{
	ERR_pop_to_mark();
}

static void (*random_fill)(void *arg, uint8_t *ret, size_t n);
static void *random_arg;

void crypto_random_override(void (*fill)(void *arg, uint8_t *ret, size_t n), void *arg)
{
	random_arg = arg;
	random_fill = fill;
}

enum rc crypto_random(void *ret, size_t n)
{
	if (random_fill) {
		random_fill(random_arg, ret, n);
		return RC_OK;
	}
	if (!crypto_context() || RAND_priv_bytes_ex(behind, ret, n, 0) != 1)
		return RC_CRYPTO;
	return RC_OK;
}

enum rc crypto_random_seed(struct view seed)
{
	EVP_RAND_CTX *primary = crypto_context() ? RAND_get0_primary(behind) : NULL;
	enum rc rc = primary ? RC_OK : RC_CRYPTO;

	while (rc == RC_OK && seed.len) {
		size_t step = seed.len < SEED_STEP ? seed.len : SEED_STEP;

		/* SP 800-90A: fresh entropy of the system's, and the seed as additional input. */
		if (EVP_RAND_reseed(primary, 0, NULL, 0, seed.data, step) != 1)
			rc = RC_CRYPTO;
		seed.data += step;
		seed.len -= step;
	}
	return rc;
}

const EVP_MD *crypto_md(const char *name)
{
	if (!crypto_context())
		return NULL;
	for (size_t i = 0; i < DIGESTS; i++) {
		if (strcmp(digests[i].name, name) == 0)
			return digests[i].md;
	}
	return NULL;
}

const EVP_CIPHER *crypto_cipher(const char *name)
{
	if (!crypto_context())
		return NULL;
	for (size_t i = 0; i < CIPHERS; i++) {
		if (strcmp(ciphers[i].name, name) == 0)
			return ciphers[i].cipher;
	}
	return NULL;
}

EVP_MAC *crypto_mac(const char *name)
{
	if (!crypto_context())
		return NULL;
	if (strcmp(name, "CMAC") == 0)
		return cmac;
	return strcmp(name, "HMAC") == 0 ? hmac : NULL;
}

static enum rc digest(const char *name, const struct view *parts, size_t count, uint8_t *ret)
{
	const EVP_MD *md = crypto_md(name);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum rc rc = RC_CRYPTO;

	if (!md || !ctx || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) != 1)
			goto out;
	}
	if (EVP_DigestFinal_ex(ctx, ret, NULL) != 1)
		goto out;
	rc = RC_OK;
out:
	EVP_MD_CTX_free(ctx);
	return rc;
}

enum rc crypto_sha1(struct view in, uint8_t ret[SHA1_SIZE])
{
	return digest("SHA1", &in, 1, ret);
}

enum rc crypto_sha1_parts(const struct view *parts, size_t count, uint8_t ret[SHA1_SIZE])
{
	return digest("SHA1", parts, count, ret);
}

enum rc crypto_sha256(struct view in, uint8_t ret[SHA256_SIZE])
{
	return digest("SHA2-256", &in, 1, ret);
}

enum rc crypto_sha256_parts(const struct view *parts, size_t count, uint8_t ret[SHA256_SIZE])
{
	return digest("SHA2-256", parts, count, ret);
}

/*
 * Hash contexts that are kept, since making one costs as much as hashing a node. What they hashed is
 * public. A caller takes one that nobody uses; when all are in use it makes its own.
 */
enum { KEPT = 4 };
static struct {
	atomic_flag busy;
	EVP_MD_CTX *ctx;
} kept[KEPT] = {{ATOMIC_FLAG_INIT, NULL},
		{ATOMIC_FLAG_INIT, NULL},
		{ATOMIC_FLAG_INIT, NULL},
		{ATOMIC_FLAG_INIT, NULL}};

static bool start(EVP_MD_CTX **ctx)
{
	const EVP_MD *md = NULL;

	if (!*ctx) {
		md = crypto_md("SHA2-256");
		*ctx = md ? EVP_MD_CTX_new() : NULL;
	}
	return *ctx && EVP_DigestInit_ex2(*ctx, md, NULL) == 1;
}

static enum rc run(EVP_MD_CTX **ctx, const struct view *parts, size_t count, uint8_t *ret)
{
	bool good = start(ctx);

	for (size_t i = 0; i < count && good; i++)
		good = EVP_DigestUpdate(*ctx, parts[i].data, parts[i].len) == 1;
	if (good && EVP_DigestFinal_ex(*ctx, ret, NULL) == 1)
		return RC_OK;
	EVP_MD_CTX_free(*ctx);
	*ctx = NULL;
	return RC_CRYPTO;
}

enum rc crypto_sha256_public(const struct view *parts, size_t count, uint8_t ret[SHA256_SIZE])
{
	enum rc rc;

	for (size_t i = 0; i < KEPT; i++) {
		if (atomic_flag_test_and_set_explicit(&kept[i].busy, memory_order_acquire))
			continue;
		rc = run(&kept[i].ctx, parts, count, ret);
		atomic_flag_clear_explicit(&kept[i].busy, memory_order_release);
		return rc;
	}
	return crypto_sha256_parts(parts, count, ret);
}

static OSSL_PARAM octets(const char *name, struct view v)
{
	static uint8_t none;

	/* libcrypto takes NULL for "not given", and an empty value is given. */
	return OSSL_PARAM_construct_octet_string(name, v.len ? (void *)(uintptr_t)v.data : &none,
						 v.len);
}

static OSSL_PARAM sha256_name(const char *name)
{
	static char value[] = "SHA2-256";

	return OSSL_PARAM_construct_utf8_string(name, value, 0);
}

static enum rc derive(EVP_KDF *kdf, const OSSL_PARAM *params, uint8_t *ret, size_t len)
{
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	enum rc rc = RC_CRYPTO;

	if (ctx && EVP_KDF_derive(ctx, ret, len, params) == 1)
		rc = RC_OK;
	EVP_KDF_CTX_free(ctx);
	return rc;
}

enum rc crypto_hkdf(struct view ikm, struct view salt, struct view info, uint8_t *ret, size_t len)
{
	OSSL_PARAM params[] = {
		sha256_name(OSSL_KDF_PARAM_DIGEST),
		octets(OSSL_KDF_PARAM_KEY, ikm),
		octets(OSSL_KDF_PARAM_SALT, salt),
		octets(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_END,
	};

	if (!ikm.len || !len || len > 255 * SHA256_SIZE)
		return RC_ARGUMENT;
	if (!crypto_context())
		return RC_CRYPTO;
	return derive(hkdf, params, ret, len);
}

enum rc crypto_pbkdf2(struct view password, struct view salt, unsigned int iterations, uint8_t *ret,
		      size_t len)
{
	/* PKCS #5 has no lower bounds; libcrypto's, of SP 800-132, would refuse published vectors. */
	int pkcs5 = 1;
	OSSL_PARAM params[] = {
		sha256_name(OSSL_KDF_PARAM_DIGEST),
		octets(OSSL_KDF_PARAM_PASSWORD, password),
		octets(OSSL_KDF_PARAM_SALT, salt),
		OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &iterations),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &pkcs5),
		OSSL_PARAM_END,
	};

	if (!iterations || !len)
		return RC_ARGUMENT;
	if (!crypto_context())
		return RC_CRYPTO;
	return derive(pbkdf2, params, ret, len);
}
