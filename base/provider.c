/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library context of its own holds the default provider; what is loaded into the caller's context
 * answers with the default provider's functions and their context, and only puts one more name
 * before those of each key type: libcrypto calls a type by the first. Two contexts are to cost a
 * process no more than one, so neither knows of what it does not need.
 */
#include "base/provider.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

static const struct {
	const char *name;
	const char *first; /* what we call it */
	const char *names; /* all names; the others are libcrypto's, and must stay */
} types[] = {
	{"RSA", "intaglio-RSA", "intaglio-RSA:RSA:rsaEncryption:1.2.840.113549.1.1.1"},
	{"EC", "intaglio-EC", "intaglio-EC:EC:id-ecPublicKey:1.2.840.10045.2.1"},
	{"X25519", "intaglio-X25519", "intaglio-X25519:X25519:1.3.101.110"},
	{"ED25519", "intaglio-ED25519", "intaglio-ED25519:ED25519:1.3.101.112"},
	{"SM2", "intaglio-SM2", "intaglio-SM2:SM2:1.2.156.10197.1.301"},
};

/* Modes and ciphers that nothing here uses: to make them known is a third of the module's start. */
static const char *const unused[] = {"ARIA", "CAMELLIA", "CFB", "OFB", "OCB",
				     "SIV",  "XTS",      "CTS", "CCM", "HMAC"};

enum {
	TYPES = sizeof(types) / sizeof(types[0]),
	UNUSED = sizeof(unused) / sizeof(unused[0]),
	KEY_TYPES_MAX = 63,
	CIPHERS_MAX = 255,
};

static OSSL_PROVIDER *original;
static OSSL_ALGORITHM key_types[KEY_TYPES_MAX + 1], ciphers[CIPHERS_MAX + 1];

/* The names that replace these, of which the first is the type's. */
static const char *renamed(const char *names)
{
	for (size_t i = 0; i < TYPES; i++) {
		size_t len = strlen(types[i].name);

		if (strncmp(names, types[i].name, len) == 0 && (names[len] == ':' || !names[len]))
			return types[i].names;
	}
	return names;
}

static enum rc take_key_types(void)
{
	int no_cache = 0;
	const OSSL_ALGORITHM *all =
		OSSL_PROVIDER_query_operation(original, OSSL_OP_KEYMGMT, &no_cache);

	if (!all)
		return RC_CRYPTO;
	for (size_t i = 0; all[i].algorithm_names; i++) {
		if (i == KEY_TYPES_MAX)
			return RC_CRYPTO;
		key_types[i] = all[i];
		key_types[i].algorithm_names = renamed(all[i].algorithm_names);
	}
	return RC_OK;
}

static bool is_unused(const char *names)
{
	for (size_t i = 0; i < UNUSED; i++) {
		if (strstr(names, unused[i]))
			return true;
	}
	return false;
}

static enum rc take_ciphers(void)
{
	int no_cache = 0;
	const OSSL_ALGORITHM *all =
		OSSL_PROVIDER_query_operation(original, OSSL_OP_CIPHER, &no_cache);
	size_t count = 0;

	if (!all)
		return RC_CRYPTO;
	for (; all->algorithm_names; all++) {
		if (is_unused(all->algorithm_names))
			continue;
		if (count == CIPHERS_MAX)
			return RC_CRYPTO;
		ciphers[count++] = *all;
	}
	return RC_OK;
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache)
{
	(void)context;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return key_types;
	if (operation == OSSL_OP_CIPHER)
		return ciphers;
	return OSSL_PROVIDER_query_operation(original, operation, no_cache);
}

/* OSSL_provider_init_fn. The default provider's functions are given what they expect. */
static int start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **ret,
		 void **ret_context)
{
	static const OSSL_DISPATCH functions[] = {
		{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
		{0, NULL},
	};

	(void)handle;
	(void)in;
	*ret = functions;
	*ret_context = OSSL_PROVIDER_get0_provider_ctx(original);
	return 1;
}

enum rc provider_load(OSSL_LIB_CTX *context, OSSL_LIB_CTX **ret_behind)
{
	OSSL_LIB_CTX *behind = OSSL_LIB_CTX_new();

	if (!behind)
		return RC_CRYPTO;
	original = OSSL_PROVIDER_load(behind, "default");
	/* With the usual CTR-DRBG it would make itself all ciphers. */
	if (!original || RAND_set_DRBG_type(behind, "HASH-DRBG", NULL, NULL, "SHA2-256") != 1 ||
	    take_key_types() != RC_OK || take_ciphers() != RC_OK ||
	    OSSL_PROVIDER_add_builtin(context, "intaglio", start) != 1 ||
	    !OSSL_PROVIDER_load(context, "intaglio")) {
		OSSL_LIB_CTX_free(behind);
		original = NULL;
		return RC_CRYPTO;
	}
	*ret_behind = behind;
	return RC_OK;
}

const char *provider_key_type(const char *name)
{
	for (size_t i = 0; i < TYPES; i++) {
		if (strcmp(name, types[i].name) == 0)
			return types[i].first;
	}
	return name;
}
