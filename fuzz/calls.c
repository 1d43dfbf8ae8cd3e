/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of Cryptoki calls against the module and a card of its own: each input is a list
 * of calls with their arguments. A return value that PKCS #11 does not list for the function ends
 * the program, as do the sanitisers, and a model of which operations are active is compared with
 * what the module says. One thread.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/calls.h"
#include "module/entry.h"
#include "module/functions.h"

enum { KEYS = 24, OUT = 1024, CALLS_MAX = 64 };

struct input {
	const uint8_t *bytes;
	size_t left;
};

static struct {
	CK_SESSION_HANDLE session[2];
	CK_OBJECT_HANDLE keys[KEYS];
	size_t next;
	bool digesting; /* the model: whether session 0 has an active digest */
} world;
static CK_FUNCTION_LIST_3_2 *p11;
static char directory[] = "/tmp/intaglio-fuzz-XXXXXX";
static CK_BBOOL bools[] = {CK_FALSE, CK_TRUE};
static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static CK_BYTE out[OUT];

static unsigned int take(struct input *in, unsigned int below)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->bytes++ % below;
}

static void check(enum function function, CK_RV rv)
{
	if (function_may_return(function, rv))
		return;
	fprintf(stderr, "%s returned %s (0x%lx)\n", function_name(function), return_name(rv), rv);
	abort();
}

static CK_SESSION_HANDLE a_session(struct input *in)
{
	unsigned int which = take(in, 8);

	return which == 7 ? 0xFFFF : world.session[which & 1];
}

static CK_OBJECT_HANDLE a_key(struct input *in)
{
	unsigned int which = take(in, KEYS + 2);

	return which < KEYS ? world.keys[which] : which - KEYS;
}

static void keep(CK_RV rv, CK_OBJECT_HANDLE key)
{
	if (rv == CKR_OK)
		world.keys[world.next++ % KEYS] = key;
}

static CK_MECHANISM a_mechanism(struct input *in)
{
	static const CK_MECHANISM_TYPE types[] = {
		CKM_SHA256,          CKM_SHA3_256,
		CKM_AES_ECB,         CKM_AES_CBC,
		CKM_AES_CBC_PAD,     CKM_AES_CTR,
		CKM_AES_GCM,         CKM_AES_CMAC,
		CKM_SHA256_HMAC,     CKM_SHA512_HMAC,
		CKM_ECDSA,           CKM_ECDSA_SHA256,
		CKM_AES_KEY_WRAP,    CKM_AES_KEY_GEN,
		CKM_EC_KEY_PAIR_GEN, CKM_AES_KEY_WRAP_KWP,
		CKM_RSA_PKCS,        CKM_ECDH1_DERIVE,
		CKM_EDDSA,           CKM_GENERIC_SECRET_KEY_GEN,
		CKM_INTAGLIO_SEAL,   CKM_RSA_PKCS_PSS,
		CKM_DES_ECB,         CKM_RSA_PKCS_OAEP,
	};
	static CK_BYTE iv[16];
	static CK_GCM_PARAMS gcm = {iv, 12, 96, iv, 4, 128};
	static CK_AES_CTR_PARAMS ctr = {128, {0}};
	static CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_SHA256_KDF, 0, NULL, sizeof(out), out};
	CK_MECHANISM m = {types[take(in, sizeof(types) / sizeof(types[0]))], NULL, 0};

	switch (take(in, 8)) {
	case 0:
		break;
	case 1:
		m.pParameter = iv;
		m.ulParameterLen = take(in, 17);
		break;
	default:
		if (m.mechanism == CKM_AES_GCM)
			m = (CK_MECHANISM){m.mechanism, &gcm, sizeof(gcm)};
		else if (m.mechanism == CKM_AES_CTR)
			m = (CK_MECHANISM){m.mechanism, &ctr, sizeof(ctr)};
		else if (m.mechanism == CKM_ECDH1_DERIVE)
			m = (CK_MECHANISM){m.mechanism, &ecdh, sizeof(ecdh)};
		else if (m.mechanism == CKM_AES_CBC || m.mechanism == CKM_AES_CBC_PAD)
			m = (CK_MECHANISM){m.mechanism, iv, 16};
		ecdh.ulPublicDataLen = 65;
	}
	return m;
}

struct template
{
	CK_ATTRIBUTE a[8];
	CK_ULONG numbers[8];
	CK_ULONG count;
};

static void a_template(struct input *in, struct template *t)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_CLASS,       CKA_TOKEN,   CKA_PRIVATE,      CKA_LABEL,     CKA_VALUE,
		CKA_KEY_TYPE,    CKA_ID,      CKA_SENSITIVE,    CKA_ENCRYPT,   CKA_DECRYPT,
		CKA_SIGN,        CKA_VERIFY,  CKA_WRAP,         CKA_UNWRAP,    CKA_EXTRACTABLE,
		CKA_VALUE_LEN,   CKA_DERIVE,  CKA_EC_PARAMS,    CKA_COPYABLE,  CKA_MODIFIABLE,
		CKA_DESTROYABLE, CKA_TRUSTED, CKA_MODULUS_BITS, CKA_UNIQUE_ID,
	};

	t->count = take(in, 8);
	for (CK_ULONG i = 0; i < t->count; i++) {
		CK_ATTRIBUTE *a = &t->a[i];

		a->type = types[take(in, sizeof(types) / sizeof(types[0]))];
		t->numbers[i] = take(in, 40);
		switch (take(in, 4)) {
		case 0:
			*a = (CK_ATTRIBUTE){a->type, &t->numbers[i], sizeof(CK_ULONG)};
			break;
		case 1:
			*a = (CK_ATTRIBUTE){a->type, &bools[take(in, 2)], 1};
			/* Objects on the card would fill it up. */
			if (a->type == CKA_TOKEN)
				a->pValue = &bools[0];
			break;
		case 2:
			*a = (CK_ATTRIBUTE){a->type, p256, sizeof(p256)};
			break;
		default:
			*a = (CK_ATTRIBUTE){a->type, out, t->numbers[i]};
			break;
		}
	}
}

#define INIT(name)                                                         \
	{                                                                  \
		CK_MECHANISM m = a_mechanism(in);                          \
		check(FUNCTION_##name, p11->name(session, &m, a_key(in))); \
		break;                                                     \
	}
#define THROUGH(name)                                                                       \
	check(FUNCTION_##name,                                                              \
	      p11->name(session, out, take(in, 80), take(in, 8) ? out + 512 : NULL, &len)); \
	break
#define INTO(name)                                                     \
	check(FUNCTION_##name, p11->name(session, out, take(in, 80))); \
	break
#define LAST(name)                                                                        \
	check(FUNCTION_##name, p11->name(session, take(in, 8) ? out + 512 : NULL, &len)); \
	break

/* The digest of session 0 is active exactly when the model says so. */
static void digest(struct input *in, CK_SESSION_HANDLE session, CK_ULONG len)
{
	CK_MECHANISM m = {CKM_SHA256, NULL, 0};
	bool ours = session == world.session[0] && session;
	CK_RV rv;

	if (take(in, 2)) {
		rv = p11->C_DigestInit(session, &m);
		check(FUNCTION_C_DigestInit, rv);
		if (ours && (rv == CKR_OPERATION_ACTIVE) != world.digesting)
			abort();
		if (ours)
			world.digesting = true;
		return;
	}
	rv = p11->C_DigestFinal(session, out, &len);
	check(FUNCTION_C_DigestFinal, rv);
	if (ours && (rv == CKR_OPERATION_NOT_INITIALIZED) == world.digesting)
		abort();
	if (ours && rv != CKR_BUFFER_TOO_SMALL)
		world.digesting = false;
}

static void key_call(struct input *in, CK_SESSION_HANDLE session, unsigned int which)
{
	CK_MECHANISM m = a_mechanism(in);
	CK_ULONG len = take(in, 120);
	CK_OBJECT_HANDLE key = 0;
	struct template t;
	CK_RV rv;

	a_template(in, &t);
	switch (which) {
	case 0:
		rv = p11->C_GenerateKey(session, &m, t.a, t.count, &key);
		check(FUNCTION_C_GenerateKey, rv);
		break;
	case 1:
		rv = p11->C_UnwrapKey(session, &m, a_key(in), out, len, t.a, t.count, &key);
		check(FUNCTION_C_UnwrapKey, rv);
		break;
	case 2:
		rv = p11->C_DeriveKey(session, &m, a_key(in), t.a, t.count, &key);
		check(FUNCTION_C_DeriveKey, rv);
		break;
	case 3:
		rv = p11->C_CreateObject(session, t.a, t.count, &key);
		check(FUNCTION_C_CreateObject, rv);
		break;
	case 4:
		rv = p11->C_CopyObject(session, a_key(in), t.a, t.count, &key);
		check(FUNCTION_C_CopyObject, rv);
		break;
	case 5:
		check(FUNCTION_C_SetAttributeValue,
		      p11->C_SetAttributeValue(session, a_key(in), t.a, t.count));
		return;
	case 6:
		check(FUNCTION_C_WrapKey,
		      p11->C_WrapKey(session, &m, a_key(in), a_key(in), out, &len));
		return;
	default:
		check(FUNCTION_C_FindObjectsInit, p11->C_FindObjectsInit(session, t.a, t.count));
		return;
	}
	keep(rv, key);
}

static void one_call(struct input *in)
{
	CK_SESSION_HANDLE session = a_session(in);
	CK_ULONG len = take(in, 200), count = 0;
	CK_OBJECT_HANDLE found[4];
	CK_SESSION_INFO info;

	switch (take(in, 28)) {
	case 0:
		INIT(C_EncryptInit);
	case 1:
		INIT(C_DecryptInit);
	case 2:
		INIT(C_SignInit);
	case 3:
		INIT(C_VerifyInit);
	case 4:
		THROUGH(C_Encrypt);
	case 5:
		THROUGH(C_Decrypt);
	case 6:
		THROUGH(C_Sign);
	case 7:
		THROUGH(C_EncryptUpdate);
	case 8:
		THROUGH(C_DecryptUpdate);
	case 9:
		INTO(C_SignUpdate);
	case 10:
		INTO(C_VerifyUpdate);
	case 11:
		LAST(C_EncryptFinal);
	case 12:
		LAST(C_DecryptFinal);
	case 13:
		LAST(C_SignFinal);
	case 14:
		INTO(C_VerifyFinal);
	case 15:
		check(FUNCTION_C_Verify, p11->C_Verify(session, out, len, out, take(in, 80)));
		break;
	case 16:
		check(FUNCTION_C_FindObjects,
		      p11->C_FindObjects(session, found, take(in, 5), &count));
		break;
	case 17:
		check(FUNCTION_C_FindObjectsFinal, p11->C_FindObjectsFinal(session));
		break;
	case 18:
		check(FUNCTION_C_DestroyObject, p11->C_DestroyObject(session, a_key(in)));
		break;
	case 19:
		check(FUNCTION_C_GetSessionInfo, p11->C_GetSessionInfo(session, &info));
		break;
	case 20:
		digest(in, session, len);
		break;
	default:
		key_call(in, session, take(in, 8));
		break;
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	p11->C_Finalize(NULL);
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void must(CK_RV rv)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "the card cannot be set up: %s\n", return_name(rv));
	exit(1);
}

/* A token with a P-256 pair on it; the process's own, removed at the end. */
static void start(void)
{
	CK_UTF8CHAR so[] = "12345678", pin[] = "123456", label[32], name[] = "PKCS 11";
	CK_ATTRIBUTE public[] = {{CKA_EC_PARAMS, p256, sizeof(p256)}, {CKA_TOKEN, &bools[1], 1}};
	CK_ATTRIBUTE private[] = {
		{CKA_TOKEN, &bools[1], 1}, {CKA_DERIVE, &bools[1], 1}, {CKA_SIGN, &bools[1], 1}};
	CK_MECHANISM ec = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_INTERFACE *interface;
	CK_SESSION_HANDLE s;

	if (!mkdtemp(directory) || setenv("HOME", directory, 1) != 0 ||
	    setenv("XDG_DATA_HOME", directory, 1) != 0 || setenv("INTAGLIO_LOG", "none", 1) != 0)
		exit(1);
	memset(label, ' ', sizeof(label));
	must(C_GetInterface(name, NULL, &interface, 0));
	p11 = interface->pFunctionList;
	must(p11->C_Initialize(NULL));
	atexit(clean_up);
	must(p11->C_InitToken(0, so, 8, label));
	must(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s));
	must(p11->C_Login(s, CKU_SO, so, 8));
	must(p11->C_InitPIN(s, pin, 6));
	must(p11->C_Logout(s));
	must(p11->C_Login(s, CKU_USER, pin, 6));
	must(p11->C_GenerateKeyPair(s, &ec, public, 2, private, 3, &world.keys[0], &world.keys[1]));
	world.next = 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};

	if (!p11)
		start();
	for (size_t i = 0; i < 2; i++)
		must(p11->C_OpenSession(0, CKF_SERIAL_SESSION | (i ? 0 : CKF_RW_SESSION), NULL,
					NULL, &world.session[i]));
	world.digesting = false;
	for (size_t i = 0; i < CALLS_MAX && in.left; i++)
		one_call(&in);
	for (size_t i = 0; i < 2; i++)
		must(p11->C_CloseSession(world.session[i]));
	return 0;
}
