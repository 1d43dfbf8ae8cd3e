/* SPDX-License-Identifier: BSD-2-Clause */
/* Another token's private key: its module, a session, the key by its modulus, and operations. */
#include "sc/host_key_pkcs11.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cryptoki.h"
#include "base/log.h"
#include "base/secret.h"
#include "sc/pkcs11_uri.h"
#include "sc/secret_file.h"

enum { SLOTS_MAX = 64, KEYS_MAX = 64, PIN_MAX = 256, MODULUS_MAX = 1024, PSS_SALT = 32 };

struct token_key {
	pthread_mutex_t lock;
	struct pkcs11_uri *uri; /* secret memory: it may hold a PIN */
	char *module;
	EVP_PKEY *expected; /* the certified key: the token's must be the same */
	CK_FUNCTION_LIST_PTR p11; /* NULL until the first operation */
	pid_t owner; /* in a forked child everything here is the parent's */
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	bool open;
};

static bool says(const struct token_key *k, enum pkcs11_uri_field f)
{
	return k->uri->field[f].given;
}

/* Our own module would wait for itself, and p11-kit may hold a lock that it needs for this. */
static bool may_load(const char *path)
{
	static const char *const kit[] = {"libp11-kit", "p11-kit-proxy", "p11-kit-client"};
	char real[PATH_MAX];
	const char *name;
	struct stat own, other;
	Dl_info us;

	if (!realpath(path, real) || stat(real, &other) != 0) {
		log_error("the host key's module %s cannot be found", path);
		return false;
	}
	if (dladdr(&kit, &us) && stat(us.dli_fname, &own) == 0 && own.st_dev == other.st_dev &&
	    own.st_ino == other.st_ino) {
		log_error("the host key cannot lie on a token of this module itself");
		return false;
	}
	name = strrchr(real, '/') + 1;
	for (size_t i = 0; i < sizeof(kit) / sizeof(kit[0]); i++) {
		if (strncmp(name, kit[i], strlen(kit[i])) == 0) {
			log_error("the host key's module is loaded directly and not through "
				  "p11-kit: name the token's own module and not %s",
				  path);
			return false;
		}
	}
	return true;
}

static enum rc load(struct token_key *k)
{
	const char *path = says(k, PKCS11_URI_MODULE_PATH)
				   ? k->uri->field[PKCS11_URI_MODULE_PATH].data
				   : k->module;
	CK_C_GetFunctionList get;
	void *library;

	if (!path) {
		log_error("the host key's URI names no module-path, and the settings no module");
		return RC_NOT_FOUND;
	}
	if (!may_load(path))
		return RC_POLICY;
	/* It stays loaded: the application may use it, too. */
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		log_error("the host key's module cannot be loaded: %s", dlerror());
		return RC_NOT_FOUND;
	}
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	if (!get || get(&k->p11) != CKR_OK || !k->p11) {
		log_error("%s is no PKCS#11 module", path);
		k->p11 = NULL;
		return RC_MALFORMED;
	}
	return RC_OK;
}

static enum rc initialise(struct token_key *k)
{
	CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
	CK_RV rv = k->p11->C_Initialize(&arguments);

	if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return RC_OK;
	log_error("the host key's module does not start (CKR 0x%lX)", rv);
	return RC_IO;
}

/* A field of CK_TOKEN_INFO is padded with blanks. */
static bool field_is(const struct token_key *k, enum pkcs11_uri_field f, const unsigned char *field,
		     size_t size)
{
	while (size && field[size - 1] == ' ')
		size--;
	return !says(k, f) || view_equal(view_of(k->uri->field[f].data, k->uri->field[f].len),
					 view_of(field, size));
}

static bool slot_matches(const struct token_key *k, CK_SLOT_ID slot, CK_TOKEN_INFO *ret)
{
	if (says(k, PKCS11_URI_SLOT_ID) &&
	    strtoul(k->uri->field[PKCS11_URI_SLOT_ID].data, NULL, 10) != slot)
		return false;
	return k->p11->C_GetTokenInfo(slot, ret) == CKR_OK &&
	       field_is(k, PKCS11_URI_TOKEN, ret->label, sizeof(ret->label)) &&
	       field_is(k, PKCS11_URI_MANUFACTURER, ret->manufacturerID,
			sizeof(ret->manufacturerID)) &&
	       field_is(k, PKCS11_URI_MODEL, ret->model, sizeof(ret->model)) &&
	       field_is(k, PKCS11_URI_SERIAL, ret->serialNumber, sizeof(ret->serialNumber));
}

static enum rc get_pin(const struct token_key *k, struct buf *pin)
{
	const char *source = k->uri->field[PKCS11_URI_PIN_SOURCE].data;

	if (says(k, PKCS11_URI_PIN_VALUE)) {
		buf_put(pin, k->uri->field[PKCS11_URI_PIN_VALUE].data,
			k->uri->field[PKCS11_URI_PIN_VALUE].len);
		return buf_rc(pin);
	}
	if (!says(k, PKCS11_URI_PIN_SOURCE)) {
		log_error("the host key's token wants a PIN, and its URI has no pin-source");
		return RC_NOT_FOUND;
	}
	if (strncmp(source, "file:", 5) == 0)
		source += strncmp(source, "file://", 7) == 0 ? 7 : 5;
	return secret_file_read_line(source, pin);
}

static enum rc login(const struct token_key *k, const CK_TOKEN_INFO *info)
{
	uint8_t array[PIN_MAX];
	struct buf pin;
	CK_RV rv;
	enum rc rc;

	if (!(info->flags & CKF_LOGIN_REQUIRED))
		return RC_OK;
	/* A wrong setting must not be what locks a token for good. */
	if (info->flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) {
		log_error("the host key's token has its PIN locked, or one try left, which is not "
			  "used up here");
		return RC_POLICY;
	}
	buf_fixed(&pin, array, sizeof(array));
	rc = get_pin(k, &pin);
	if (rc != RC_OK)
		goto out;
	rv = k->p11->C_Login(k->session, CKU_USER, pin.data, pin.len);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) {
		log_error("the host key's token refuses the PIN (CKR 0x%lX)", rv);
		rc = RC_AUTH;
	}
out:
	buf_free(&pin);
	return rc;
}

/* True if the object's modulus is the certified one. */
static bool is_certified(const struct token_key *k, CK_OBJECT_HANDLE object)
{
	CK_BYTE value[MODULUS_MAX];
	CK_ATTRIBUTE modulus = {CKA_MODULUS, value, sizeof(value)};
	struct view got;
	struct buf want;
	bool is;

	if (k->p11->C_GetAttributeValue(k->session, object, &modulus, 1) != CKR_OK)
		return false;
	got = view_of(value, modulus.ulValueLen);
	while (got.len && !got.data[0])
		got = view_of(got.data + 1, got.len - 1);
	buf_init(&want, MODULUS_MAX);
	is = rsa_put_modulus(k->expected, &want) == RC_OK && view_equal(got, view_buf(&want));
	buf_free(&want);
	return is;
}

static enum rc find_key(struct token_key *k)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE template[4] = {{CKA_CLASS, &class, sizeof(class)},
				    {CKA_KEY_TYPE, &type, sizeof(type)}};
	CK_OBJECT_HANDLE found[KEYS_MAX];
	CK_ULONG count = 2;
	bool is_there = false;

	if (says(k, PKCS11_URI_OBJECT))
		template[count++] = (CK_ATTRIBUTE){CKA_LABEL, k->uri->field[PKCS11_URI_OBJECT].data,
						   k->uri->field[PKCS11_URI_OBJECT].len};
	if (says(k, PKCS11_URI_ID))
		template[count++] = (CK_ATTRIBUTE){CKA_ID, k->uri->field[PKCS11_URI_ID].data,
						   k->uri->field[PKCS11_URI_ID].len};
	if (k->p11->C_FindObjectsInit(k->session, template, count) != CKR_OK)
		return RC_IO;
	if (k->p11->C_FindObjects(k->session, found, KEYS_MAX, &count) != CKR_OK)
		count = 0;
	k->p11->C_FindObjectsFinal(k->session);
	for (CK_ULONG i = 0; i < count && !is_there; i++) {
		k->key = found[i];
		is_there = is_certified(k, found[i]);
	}
	if (is_there)
		return RC_OK;
	log_error("the host key is not on its token: %s",
		  count ? "the private key there is another one than the certificate's"
			: "no RSA private key there is as its URI says");
	return count ? RC_AUTH : RC_NOT_FOUND;
}

static enum rc open_slot(struct token_key *k, CK_SLOT_ID slot, const CK_TOKEN_INFO *info)
{
	CK_RV rv = k->p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &k->session);
	enum rc rc;

	if (rv != CKR_OK) {
		log_error("the host key's token opens no session (CKR 0x%lX)", rv);
		return RC_IO;
	}
	rc = login(k, info);
	if (rc == RC_OK)
		rc = find_key(k);
	if (rc != RC_OK)
		k->p11->C_CloseSession(k->session);
	k->open = rc == RC_OK;
	return rc;
}

static enum rc open_token(struct token_key *k)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = SLOTS_MAX;
	CK_TOKEN_INFO info;
	enum rc rc = k->p11 ? RC_OK : load(k);

	if (rc == RC_OK)
		rc = initialise(k);
	if (rc != RC_OK)
		return rc;
	if (k->p11->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		count = 0;
	for (CK_ULONG i = 0; i < count; i++) {
		if (slot_matches(k, slots[i], &info))
			return open_slot(k, slots[i], &info);
	}
	log_error("the host key's token is not there");
	return RC_REMOVED;
}

static void close_token(struct token_key *k)
{
	if (k->open && k->owner == getpid())
		k->p11->C_CloseSession(k->session);
	k->open = false;
}

/* One private operation: signed or, where a key does not sign so, deciphered; both are the same. */
static CK_RV operate(const struct token_key *k, CK_MECHANISM *mechanism, struct view in,
		     uint8_t *ret, CK_ULONG *len)
{
	CK_BYTE_PTR data = (CK_BYTE_PTR)(uintptr_t)in.data;
	CK_RV rv = k->p11->C_SignInit(k->session, mechanism, k->key);

	if (rv == CKR_OK)
		return k->p11->C_Sign(k->session, data, in.len, ret, len);
	if (mechanism->mechanism != CKM_RSA_X_509 ||
	    (rv != CKR_KEY_FUNCTION_NOT_PERMITTED && rv != CKR_MECHANISM_INVALID))
		return rv;
	rv = k->p11->C_DecryptInit(k->session, mechanism, k->key);
	return rv == CKR_OK ? k->p11->C_Decrypt(k->session, data, in.len, ret, len) : rv;
}

/* The session may have gone with a token taken out, or with the application's C_Finalize. */
static bool is_gone(CK_RV rv)
{
	switch (rv) {
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
	case CKR_CRYPTOKI_NOT_INITIALIZED:
	case CKR_DEVICE_REMOVED:
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_USER_NOT_LOGGED_IN:
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OBJECT_HANDLE_INVALID:
		return true;
	default:
		return false;
	}
}

static enum rc run(struct token_key *k, CK_MECHANISM *mechanism, struct view in, struct buf *out)
{
	size_t size = rsa_size(k->expected), from = out->len;
	CK_ULONG len = size;
	CK_RV rv = CKR_SESSION_HANDLE_INVALID;
	enum rc rc = RC_OK;
	uint8_t *at;

	if (k->owner != getpid())
		return RC_FORKED;
	at = buf_space(out, size);
	if (!at)
		return buf_rc(out);
	pthread_mutex_lock(&k->lock);
	for (int i = 0; i < 2 && rc == RC_OK && is_gone(rv); i++) {
		if (i)
			close_token(k);
		if (!k->open)
			rc = open_token(k);
		if (rc == RC_OK)
			rv = operate(k, mechanism, in, at, &len);
	}
	pthread_mutex_unlock(&k->lock);
	if (rc == RC_OK && (rv != CKR_OK || len != size)) {
		log_error("the host key's token refuses to sign (CKR 0x%lX)", rv);
		rc = RC_CRYPTO;
	}
	if (rc != RC_OK)
		buf_truncate(out, from);
	return rc;
}

static enum rc hash_parts(const char *name, const struct view *parts, size_t count, struct buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = crypto_md(name);
	uint8_t *at = md ? buf_space(out, (size_t)EVP_MD_get_size(md)) : NULL;
	enum rc rc = RC_CRYPTO;

	if (!ctx || !at || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) != 1)
			goto out;
	}
	if (EVP_DigestFinal_ex(ctx, at, NULL) == 1)
		rc = RC_OK;
out:
	EVP_MD_CTX_free(ctx);
	return rc;
}

/* What each scheme hands to the token: mechanism, and what goes before the hash. */
static const struct {
	CK_MECHANISM_TYPE mechanism;
	const char *digest;
	const char *prefix;
	size_t prefix_len;
} schemes[] = {
	[RSA_PSS_SHA256] = {CKM_RSA_PKCS_PSS, "SHA2-256", "", 0},
	[RSA_PKCS1_SHA256] = {CKM_RSA_PKCS, "SHA2-256",
			      "\x30\x31\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05"
			      "\x00\x04\x20",
			      19},
	[RSA_PKCS1_SHA1] = {CKM_RSA_PKCS, "SHA1",
			    "\x30\x21\x30\x09\x06\x05\x2B\x0E\x03\x02\x1A\x05\x00\x04\x14", 15},
};

static enum rc token_sign(void *handle, enum rsa_scheme scheme, const struct view *parts,
			  size_t count, struct buf *signature)
{
	struct token_key *k = handle;
	CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, PSS_SALT};
	CK_MECHANISM mechanism = {.mechanism = schemes[scheme].mechanism};
	size_t from = signature->len;
	uint8_t array[64];
	struct buf in;
	enum rc rc;

	if (scheme == RSA_PSS_SHA256) {
		mechanism.pParameter = &pss;
		mechanism.ulParameterLen = sizeof(pss);
	}
	buf_fixed(&in, array, sizeof(array));
	buf_put(&in, schemes[scheme].prefix, schemes[scheme].prefix_len);
	rc = hash_parts(schemes[scheme].digest, parts, count, &in);
	if (rc == RC_OK)
		rc = run(k, &mechanism, view_buf(&in), signature);
	/* A token that signs with another key, or another way, is found here and not at the card. */
	if (rc == RC_OK &&
	    rsa_verify(k->expected, scheme, parts, count,
		       view_of(signature->data + from, signature->len - from)) != RC_OK) {
		log_error("the signature of the host key's token does not verify");
		buf_truncate(signature, from);
		rc = RC_CRYPTO;
	}
	return rc;
}

static enum rc token_raw(void *handle, struct view block, struct buf *out)
{
	struct token_key *k = handle;
	CK_MECHANISM mechanism = {.mechanism = CKM_RSA_X_509};

	if (block.len != rsa_size(k->expected))
		return RC_AUTH;
	return run(k, &mechanism, block, out);
}

static EVP_PKEY *token_public_half(void *handle)
{
	(void)handle;
	return NULL;
}

static void token_expect(void *handle, EVP_PKEY *certified)
{
	struct token_key *k = handle;

	EVP_PKEY_up_ref(certified);
	EVP_PKEY_free(k->expected);
	k->expected = certified;
}

static void token_close(void **handle)
{
	struct token_key *k = *handle;

	if (!k)
		return;
	close_token(k);
	pthread_mutex_destroy(&k->lock);
	secret_free(&k->uri);
	EVP_PKEY_free(k->expected);
	free(k->module);
	free(k);
	*handle = NULL;
}

static const struct host_key_ops token_ops = {
	.sign = token_sign,
	.raw = token_raw,
	.public_half = token_public_half,
	.expect = token_expect,
	.close = token_close,
};

enum rc host_key_pkcs11(struct view uri, const char *module, struct host_key **ret)
{
	struct token_key *k = calloc(1, sizeof(*k));
	void *handle = k;
	enum rc rc = RC_MEMORY;

	if (!k)
		return RC_MEMORY;
	pthread_mutex_init(&k->lock, NULL);
	k->owner = getpid();
	k->module = module ? strdup(module) : NULL;
	k->uri = secret_new(sizeof(*k->uri));
	if (!k->uri || (module && !k->module))
		goto out;
	rc = pkcs11_uri_parse(uri, k->uri);
	if (rc == RC_OK && says(k, PKCS11_URI_TYPE) &&
	    strcmp(k->uri->field[PKCS11_URI_TYPE].data, "private") != 0)
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = host_key_new(&token_ops, k, ret);
	if (rc == RC_OK)
		handle = NULL;
out:
	token_close(&handle);
	return rc;
}
