/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One sequence: each byte of the input decides something about the next call, which may be any of the
 * functions with arguments of the right kind (shapes.def), mostly of the right size. What comes back
 * has to be listed for the function, and to be what the model expects.
 */
#include "fuzz/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz/world.h"
#include "token/mechanism.h"

enum {
	CALLS_MAX = 512,
	ROOM = 4 << 20,
	HUGE_LENGTH = (1 << 20) + 1,
	RESULT = 1024,
	ATTRIBUTES = 16
};

typedef CK_RV (*caller)(CK_FUNCTION_LIST_3_2 *list, const struct arguments *a);

#define H    a->handle
#define N(i) a->number[i]
#define P(i) a->pointer[i]
#define CALL(name, pointers, ...)                                                       \
	static CK_RV call_##name(CK_FUNCTION_LIST_3_2 *list, const struct arguments *a) \
	{                                                                               \
		return list->name(__VA_ARGS__);                                         \
	}
#include "tests/module/calls.def"
#undef CALL

static const caller callers[FUNCTIONS] = {
#define CALL(name, pointers, ...) [FUNCTION_##name] = call_##name,
#include "tests/module/calls.def"
#undef CALL
};

static const struct shape {
	unsigned int weight;
	enum function function;
	const char *numbers, *pointers;
} shapes[] = {
#define SHAPE(weight, name, numbers, pointers) {weight, FUNCTION_##name, numbers, pointers},
#include "fuzz/shapes.def"
#undef SHAPE
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

struct input {
	const uint8_t *bytes;
	size_t left;
};

/* What calls are given, one room for each pointer, large enough for a length that is not true. */
static struct {
	CK_BYTE *data[CALL_ARGUMENTS], *out[CALL_ARGUMENTS];
	CK_ATTRIBUTE *templates[CALL_ARGUMENTS];
	CK_ULONG numbers[CALL_ARGUMENTS][ATTRIBUTES];
	CK_BYTE scratch[CALL_ARGUMENTS][ATTRIBUTES][64];
	CK_ULONG lens[CALL_ARGUMENTS];
	CK_MECHANISM mechanism;
	CK_BYTE result[RESULT]; /* of an earlier call: a signature, a ciphertext, a wrapped key */
	CK_ULONG result_len;
	CK_BYTE iv[160], tag[16];
	CK_GCM_MESSAGE_PARAMS message;
} given;
static struct tally own, *tally = &own;
static unsigned int wrong_pins;

void calls_tally(struct tally *t)
{
	tally = t;
}

static unsigned int take(struct input *in, unsigned int below)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->bytes++ % below;
}

/* One time in n. */
static bool is_rare(struct input *in, unsigned int n)
{
	return take(in, n) == n - 1;
}

static CK_OBJECT_HANDLE a_key(struct input *in, const struct shape *shape, size_t nth)
{
	const struct mechanism *m = mechanism_find(given.mechanism.mechanism);
	bool has_mechanism = strchr(shape->pointers, 'm') != NULL, is_public = false;
	CK_OBJECT_CLASS class = 0;

	if (is_rare(in, 32))
		return take(in, 200);
	if (!has_mechanism || !m || nth > 0 || is_rare(in, 8))
		return world_key(CK_UNAVAILABLE_INFORMATION, 0, take(in, 200));
	is_public = shape->function == FUNCTION_C_EncryptInit ||
		    shape->function == FUNCTION_C_VerifyInit ||
		    shape->function == FUNCTION_C_VerifyRecoverInit ||
		    shape->function == FUNCTION_C_VerifySignatureInit ||
		    shape->function == FUNCTION_C_WrapKey;
	if (m->key_type == CKK_RSA || m->key_type == CKK_EC || m->key_type == CKK_EC_EDWARDS ||
	    m->key_type == CKK_EC_MONTGOMERY || m->key_type == CKK_INTAGLIO_SM2)
		class = is_public ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY;
	return world_key(m->key_type, class, take(in, 200));
}

static CK_MECHANISM_TYPE a_type(struct input *in, enum function function)
{
	static const CK_MECHANISM_TYPE aliens[] = {CKM_DES_ECB, CKM_MD5, CKM_DSA, 0x7FFFFFFF};
	static const CK_FLAGS flags[FUNCTIONS] = {
		[FUNCTION_C_DigestInit] = CKF_DIGEST,
		[FUNCTION_C_EncryptInit] = CKF_ENCRYPT,
		[FUNCTION_C_DecryptInit] = CKF_DECRYPT,
		[FUNCTION_C_SignInit] = CKF_SIGN,
		[FUNCTION_C_VerifyInit] = CKF_VERIFY,
		[FUNCTION_C_VerifySignatureInit] = CKF_VERIFY,
		[FUNCTION_C_SignRecoverInit] = CKF_SIGN_RECOVER,
		[FUNCTION_C_VerifyRecoverInit] = CKF_VERIFY_RECOVER,
		[FUNCTION_C_MessageEncryptInit] = CKF_MESSAGE_ENCRYPT,
		[FUNCTION_C_MessageDecryptInit] = CKF_MESSAGE_DECRYPT,
		[FUNCTION_C_GenerateKey] = CKF_GENERATE,
		[FUNCTION_C_GenerateKeyPair] = CKF_GENERATE_KEY_PAIR,
		[FUNCTION_C_DeriveKey] = CKF_DERIVE,
		[FUNCTION_C_WrapKey] = CKF_WRAP,
		[FUNCTION_C_UnwrapKey] = CKF_UNWRAP,
	};
	CK_FLAGS flag = flags[function];

	if (is_rare(in, 32))
		return aliens[take(in, 4)];
	for (size_t i = take(in, 128), n = 0; n < 256; i++, n++) {
		const struct mechanism *m = mechanism_at(i % 128);

		/* A pair of RSA keys takes as long as 10,000 calls, and is rare for that. */
		if (!m || (flag && !(m->flags & flag)) ||
		    (m->type == CKM_RSA_PKCS_KEY_PAIR_GEN &&
		     !(is_rare(in, 250) && is_rare(in, 250))))
			continue;
		/* A ledger only grows, and is read by those who look for objects. */
		if (m->type == CKM_INTAGLIO_SEAL && !is_rare(in, 64))
			continue;
		/* The card's RSA is slow, too. */
		if (m->key_type == CKK_RSA && !(flag & (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)) &&
		    !is_rare(in, 4))
			continue;
		return m->type;
	}
	return CKM_SHA256;
}

static CK_ULONG a_length(struct input *in)
{
	static const CK_ULONG lens[] = {0, 1, 15, 16, 17, 20, 32, 33, 48, 64, 65, 245, 256};

	if (is_rare(in, 250) && is_rare(in, 8))
		return 65536 + take(in, 2);
	return is_rare(in, 3) ? take(in, 80) : lens[take(in, sizeof(lens) / sizeof(lens[0]))];
}

static void a_mechanism(struct input *in, enum function function)
{
	static CK_GCM_PARAMS gcm;
	static CK_AES_CTR_PARAMS ctr;
	static CK_ECDH1_DERIVE_PARAMS ecdh;
	static CK_RSA_PKCS_PSS_PARAMS pss;
	static CK_RSA_PKCS_OAEP_PARAMS oaep;
	static CK_INTAGLIO_SEAL_PARAMS seal;
	static CK_ULONG mac;
	CK_MECHANISM *m = &given.mechanism;

	gcm = (CK_GCM_PARAMS){given.iv,     take(in, 8) ? 12 : take(in, 140), 96, given.data[4],
			      take(in, 20), take(in, 4) ? 128 : take(in, 140)};
	ctr = (CK_AES_CTR_PARAMS){take(in, 4) ? 128 : take(in, 140), {0}};
	ecdh = (CK_ECDH1_DERIVE_PARAMS){take(in, 2) ? CKD_NULL : CKD_SHA256_KDF, 0, NULL,
					take(in, 4) ? 65 : take(in, 100), given.result};
	pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256,
				       take(in, 4) ? 32 : take(in, 250)};
	oaep = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA256, take(in, 4) ? CKG_MGF1_SHA256 : 99,
					 CKZ_DATA_SPECIFIED, NULL, take(in, 4) / 3};
	seal = (CK_INTAGLIO_SEAL_PARAMS){{0}, take(in, 4), 1, take(in, 4)};
	mac = take(in, 70);
	memcpy(seal.nonce, &tally->calls, sizeof(tally->calls));
	*m = (CK_MECHANISM){a_type(in, function), NULL, 0};
	if (is_rare(in, 16)) {
		*m = (CK_MECHANISM){m->mechanism, given.iv, take(in, 17)};
		return;
	}
	switch (m->mechanism) {
	case CKM_AES_GCM:
		if (function != FUNCTION_C_MessageEncryptInit &&
		    function != FUNCTION_C_MessageDecryptInit)
			*m = (CK_MECHANISM){m->mechanism, &gcm, sizeof(gcm)};
		return;
	case CKM_AES_CTR:
		*m = (CK_MECHANISM){m->mechanism, &ctr, sizeof(ctr)};
		return;
	case CKM_AES_CBC:
	case CKM_AES_CBC_PAD:
		*m = (CK_MECHANISM){m->mechanism, given.iv, 16};
		return;
	case CKM_ECDH1_DERIVE:
		*m = (CK_MECHANISM){m->mechanism, &ecdh, sizeof(ecdh)};
		return;
	case CKM_INTAGLIO_SM2_SM3:
		*m = (CK_MECHANISM){m->mechanism, given.data[4], take(in, 2) ? 0 : take(in, 80)};
		return;
	case CKM_RSA_PKCS_PSS:
	case CKM_SHA256_RSA_PKCS_PSS:
		*m = (CK_MECHANISM){m->mechanism, &pss, sizeof(pss)};
		return;
	case CKM_RSA_PKCS_OAEP:
		*m = (CK_MECHANISM){m->mechanism, &oaep, sizeof(oaep)};
		return;
	case CKM_INTAGLIO_SEAL:
		*m = (CK_MECHANISM){m->mechanism, &seal, sizeof(seal)};
		return;
	case CKM_AES_CMAC_GENERAL:
	case CKM_SHA256_HMAC_GENERAL:
	case CKM_SHA512_HMAC_GENERAL:
		*m = (CK_MECHANISM){m->mechanism, &mac, sizeof(mac)};
		return;
	default:
		return;
	}
}

static CK_BBOOL bools[] = {CK_FALSE, CK_TRUE};
static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static CK_BYTE ed25519[] = {0x13, 0x0C, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'};

static CK_ULONG put(CK_ATTRIBUTE *t, CK_ULONG n, CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG len)
{
	t[n] = (CK_ATTRIBUTE){type, value, len};
	return n + 1;
}

/* The curve of a pair in the making; that of SM2 is known without. */
static CK_ULONG put_curve(CK_ATTRIBUTE *t, CK_ULONG n, CK_MECHANISM_TYPE type)
{
	if (type == CKM_INTAGLIO_SM2_KEY_PAIR_GEN)
		return n;
	return type == CKM_EC_KEY_PAIR_GEN ? put(t, n, CKA_EC_PARAMS, p256, sizeof(p256))
					   : put(t, n, CKA_EC_PARAMS, ed25519, sizeof(ed25519));
}

/* What the function cannot do without, as it mostly is. */
static CK_ULONG needed(struct input *in, const struct shape *shape, size_t slot, CK_ATTRIBUTE *t)
{
	static CK_ULONG secret = CKO_SECRET_KEY, data = CKO_DATA, generic = CKK_GENERIC_SECRET,
			aes = CKK_AES, len;
	CK_ULONG n = 0;

	switch (shape->function) {
	case FUNCTION_C_GenerateKey:
		len = 8 * take(in, 6);
		n = put(t, n, CKA_VALUE_LEN, &len, sizeof(len));
		break;
	case FUNCTION_C_GenerateKeyPair:
		if (slot == 1)
			n = put_curve(t, n, given.mechanism.mechanism);
		break;
	case FUNCTION_C_CreateObject:
		if (take(in, 2)) {
			n = put(t, n, CKA_CLASS, &data, sizeof(data));
			return put(t, n, CKA_VALUE, given.data[4], take(in, 40));
		}
		n = put(t, n, CKA_VALUE, given.data[4], 8 * take(in, 5));
		/* fall through */
	case FUNCTION_C_UnwrapKey:
	case FUNCTION_C_DeriveKey:
		n = put(t, n, CKA_CLASS, &secret, sizeof(secret));
		n = put(t, n, CKA_KEY_TYPE, take(in, 2) ? &generic : &aes, sizeof(generic));
		if (shape->function == FUNCTION_C_DeriveKey) {
			len = 16;
			n = put(t, n, CKA_VALUE_LEN, &len, sizeof(len));
		}
		break;
	case FUNCTION_C_FindObjectsInit:
		return 0;
	default:
		return 0;
	}
	return put(t, n, CKA_PRIVATE, &bools[take(in, 2)], 1);
}

static CK_ULONG a_template(struct input *in, const struct shape *shape, size_t slot)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_CLASS,
		CKA_TOKEN,
		CKA_PRIVATE,
		CKA_LABEL,
		CKA_VALUE,
		CKA_KEY_TYPE,
		CKA_ID,
		CKA_SENSITIVE,
		CKA_ENCRYPT,
		CKA_DECRYPT,
		CKA_SIGN,
		CKA_VERIFY,
		CKA_WRAP,
		CKA_UNWRAP,
		CKA_EXTRACTABLE,
		CKA_VALUE_LEN,
		CKA_DERIVE,
		CKA_EC_PARAMS,
		CKA_COPYABLE,
		CKA_MODIFIABLE,
		CKA_DESTROYABLE,
		CKA_TRUSTED,
		CKA_MODULUS_BITS,
		CKA_UNIQUE_ID,
		CKA_ALLOWED_MECHANISMS,
		CKA_WRAP_WITH_TRUSTED,
		CKA_ALWAYS_AUTHENTICATE,
		CKA_WRAP_TEMPLATE,
		CKA_START_DATE,
		CKA_LOCAL,
		CKA_KEY_GEN_MECHANISM,
		CKA_ALWAYS_SENSITIVE,
		CKA_NEVER_EXTRACTABLE,
	};
	CK_ATTRIBUTE *t = given.templates[slot];
	CK_ULONG n = needed(in, shape, slot, t), more = is_rare(in, 2) ? take(in, 8) : take(in, 3);

	for (CK_ULONG i = n; more; more--, i++, n++) {
		CK_ATTRIBUTE *a = &t[i];

		a->type = types[take(in, sizeof(types) / sizeof(types[0]))];
		given.numbers[slot][i] = take(in, 40);
		switch (take(in, 6)) {
		case 0:
			*a = (CK_ATTRIBUTE){a->type, &given.numbers[slot][i], sizeof(CK_ULONG)};
			break;
		case 4:
			*a = (CK_ATTRIBUTE){a->type, given.data[4], given.numbers[slot][i]};
			break;
		case 5:
			*a = (CK_ATTRIBUTE){a->type, p256, sizeof(p256)};
			break;
		default:
			*a = (CK_ATTRIBUTE){a->type, &bools[take(in, 2)], 1};
			/* Every one of them is a commit on the card. */
			if (a->type == CKA_TOKEN && !is_rare(in, 8))
				a->pValue = &bools[0];
			break;
		}
	}
	/* What is there for a count that is not true. */
	memset(t + n, 0, sizeof(*t) * ATTRIBUTES);
	return n;
}

/* One to be filled, with rooms that are too small, just right, or not there. */
static CK_ULONG a_query(struct input *in, size_t slot)
{
	CK_ATTRIBUTE *t = given.templates[slot];
	CK_ULONG n = take(in, 6);

	for (CK_ULONG i = 0; i < n; i++)
		t[i] = (CK_ATTRIBUTE){take(in, 2) ? take(in, 20) : 0x100 + take(in, 120),
				      take(in, 4) ? given.scratch[slot][i] : NULL, take(in, 65)};
	memset(t + n, 0, sizeof(*t) * ATTRIBUTES);
	return n;
}

/* Which user a PIN is asked for. */
static CK_USER_TYPE pin_owner(enum function function, const struct arguments *a)
{
	if (function == FUNCTION_C_Login || function == FUNCTION_C_LoginUser)
		return a->number[0];
	if (function == FUNCTION_C_InitToken)
		return CKU_SO;
	if (function == FUNCTION_C_SetPIN)
		return model_user() == CKU_SO ? CKU_SO : CKU_USER;
	return CKU_USER;
}

/* Right; or too long to be one; or wrong, for the user only and never often enough to lock it. */
static CK_ULONG a_pin(struct input *in, enum function function, const struct arguments *a,
		      size_t slot)
{
	bool so = pin_owner(function, a) == CKU_SO;
	const char *pin = so ? WORLD_SO_PIN : WORLD_USER_PIN;

	memcpy(given.data[slot], pin, strlen(pin));
	if (is_rare(in, 16))
		return is_rare(in, 2) ? take(in, 4) : 65 + take(in, 8);
	if (!so && is_rare(in, 16) && wrong_pins < 2 && function == FUNCTION_C_Login) {
		wrong_pins++;
		given.data[slot][0]++;
	}
	return strlen(pin);
}

/* Bytes of a length; or what an earlier call gave. */
static CK_ULONG some_bytes(struct input *in, size_t slot)
{
	if (given.result_len && take(in, 2)) {
		memcpy(given.data[slot], given.result, given.result_len);
		if (is_rare(in, 8))
			given.data[slot][take(in, 200) % given.result_len] ^= 1;
		return given.result_len;
	}
	memset(given.data[slot], 0x5A, 80);
	return a_length(in);
}

static CK_ULONG a_message_parameter(struct input *in)
{
	given.message = (CK_GCM_MESSAGE_PARAMS){
		.pIv = given.iv,
		.ulIvLen = take(in, 8) ? 12 : take(in, 17),
		.ulIvFixedBits = take(in, 4) ? 0 : take(in, 140),
		.ivGenerator = take(in, 4) ? CKG_NO_GENERATE : take(in, 6),
		.pTag = given.tag,
		.ulTagBits = take(in, 8) ? 128 : take(in, 140),
	};
	return is_rare(in, 32) ? take(in, 64) : sizeof(given.message);
}

static void *a_pointer(struct input *in, const struct shape *shape, struct arguments *a, size_t i)
{
	static CK_C_INITIALIZE_ARGS threads = {.flags = CKF_OS_LOCKING_OK};
	CK_ULONG *len = &given.lens[i];

	switch (shape->pointers[i]) {
	case 'm':
		a_mechanism(in, shape->function);
		return is_rare(in, 32) ? NULL : &given.mechanism;
	case 't':
		*len = a_template(in, shape, i);
		return is_rare(in, 64) ? NULL : given.templates[i];
	case 'g':
		*len = a_query(in, i);
		return is_rare(in, 64) ? NULL : given.templates[i];
	case 'd':
		*len = some_bytes(in, i);
		return is_rare(in, 64) ? NULL : given.data[i];
	case 'p':
		*len = a_pin(in, shape->function, a, i);
		return is_rare(in, 64) ? NULL : given.data[i];
	case 'M':
		*len = a_message_parameter(in);
		return is_rare(in, 64) ? NULL : &given.message;
	case 'o':
		return is_rare(in, 5) ? NULL : given.out[i];
	case 'l':
		*len = is_rare(in, 4) ? take(in, 200) : RESULT;
		return is_rare(in, 64) ? NULL : len;
	case 'L':
		memset(given.data[i], ' ', 32);
		return given.data[i];
	case 'I':
		return take(in, 2) ? NULL : &threads;
	case 'N':
		return NULL;
	default:
		return is_rare(in, 64) ? NULL : given.out[i];
	}
}

/* The pointer, of those with a length, that the nth number is the length of. */
static CK_ULONG length_of(const struct shape *shape, const char *kinds, size_t nth)
{
	for (size_t i = 0; shape->pointers[i]; i++)
		if (strchr(kinds, shape->pointers[i]) && nth-- == 0)
			return given.lens[i];
	return 0;
}

static CK_ULONG a_number(struct input *in, const struct shape *shape, size_t i)
{
	static const CK_FLAGS cancels[] = {CKF_ENCRYPT,         CKF_DECRYPT,
					   CKF_DIGEST,          CKF_SIGN,
					   CKF_VERIFY,          CKF_FIND_OBJECTS,
					   CKF_MESSAGE_ENCRYPT, 0x7FFFFFFF};
	char kind = shape->numbers[i];
	size_t nth = 0;

	for (size_t before = 0; before < i; before++)
		nth += shape->numbers[before] == kind;
	if (strchr("ncp", kind) && is_rare(in, 64))
		return kind != 'p' && is_rare(in, 32) ? HUGE_LENGTH : take(in, 4);
	switch (kind) {
	case 'n':
		return length_of(shape, "d", nth);
	case 'c':
		return length_of(shape, "tg", nth);
	case 'p':
		return length_of(shape, "p", nth);
	case 'M':
		return length_of(shape, "M", 0);
	case 'k':
		return a_key(in, shape, nth);
	case 'K':
		return is_rare(in, 8) ? a_key(in, shape, nth) : 0;
	case 'f':
		return is_rare(in, 16) ? take(in, 9)
				       : CKF_SERIAL_SESSION | (take(in, 2) ? CKF_RW_SESSION : 0);
	case 'F':
		return cancels[take(in, 8)];
	case 'u':
		return is_rare(in, 16) ? take(in, 5) : (take(in, 4) ? CKU_USER : CKU_SO);
	case 't':
		return a_type(in, shape->function);
	case 'w':
		return CKF_DONT_BLOCK;
	default:
		return take(in, 5);
	}
}

static CK_ULONG a_handle(struct input *in, enum function function)
{
	static const unsigned char which[] = {0, 0, 0, 1, 1, 1, 1, 2};
	CK_SESSION_HANDLE session = model_session(which[take(in, 8)]);

	if (is_rare(in, 64))
		return take(in, 200);
	if (function_scope(function) != SCOPE_SESSION)
		return 0;
	return session ? session : model_session(0);
}

static const struct shape *a_shape(struct input *in)
{
	static unsigned int all;
	unsigned int at;

	for (size_t i = 0; !all || (i && i < SHAPES); i++)
		all += shapes[i].weight;
	at = (take(in, 256) << 8 | take(in, 256)) % all;
	for (size_t i = 0; i < SHAPES; i++) {
		if (at < shapes[i].weight)
			return &shapes[i];
		at -= shapes[i].weight;
	}
	return &shapes[0];
}

static const struct shape *shape_of(enum function function)
{
	size_t i = 0;

	while (shapes[i].function != function)
		i++;
	return &shapes[i];
}

static void complain(enum function function, CK_RV rv, const char *why)
{
	fprintf(stderr, "%s returned %s (0x%lx): %s\n", function_name(function), return_name(rv),
		rv, why);
	if (tally == &own)
		abort();
}

static void judge(enum function function, const struct arguments *a, CK_RV rv)
{
	const char *surprise = model_follow(function, a, rv);

	tally->calls++;
	tally->refused += rv != CKR_OK;
	if (!function_may_return(function, rv)) {
		tally->outside++;
		complain(function, rv, "not listed for the function");
	}
	if (surprise) {
		tally->surprises++;
		complain(function, rv, surprise);
	}
}

/* Learns whether the key of an operation that has begun is a private object. */
static void learn_privacy(const struct shape *shape, const struct arguments *a)
{
	CK_BBOOL is_private = CK_FALSE;
	CK_ATTRIBUTE attribute = {CKA_PRIVATE, &is_private, sizeof(is_private)};
	struct arguments query = {a->handle, {a->number[0], 1}, {&attribute}};
	CK_RV rv;

	if (shape->numbers[0] != 'k' || !a->pointer[0])
		return;
	rv = call_C_GetAttributeValue(world_functions, &query);
	judge(FUNCTION_C_GetAttributeValue, &query, rv);
	if (given.mechanism.mechanism == CKM_INTAGLIO_SEAL)
		is_private = CK_TRUE;
	model_private_key(a->handle, shape->function, is_private);
}

static bool is_init(enum function function)
{
	const char *name = function_name(function);

	return strlen(name) > 4 && strcmp(name + strlen(name) - 4, "Init") == 0;
}

/* What can be used by calls to come. */
static void remember(const struct shape *shape, const struct arguments *a)
{
	size_t n = strlen(shape->pointers);

	if (n && shape->pointers[n - 1] == 'h' && shape->function != FUNCTION_C_OpenSession)
		for (size_t i = 0; i < n; i++)
			if (shape->pointers[i] == 'h') {
				CK_OBJECT_HANDLE key;

				memcpy(&key, a->pointer[i], sizeof(key));
				world_keep(a->handle, key);
			}
	for (size_t i = 0; i + 1 < n; i++) {
		if (shape->pointers[i] != 'o' || !a->pointer[i])
			continue;
		given.result_len = given.lens[i + 1] < RESULT ? given.lens[i + 1] : RESULT;
		memcpy(given.result, a->pointer[i], given.result_len);
	}
	if (is_init(shape->function))
		learn_privacy(shape, a);
	if (shape->function == FUNCTION_C_Login || shape->function == FUNCTION_C_LoginUser) {
		if (a->number[0] == CKU_USER)
			wrong_pins = 0;
		world_find_keys();
	}
}

static void one_call(struct input *in)
{
	const struct shape *shape = a_shape(in);
	struct arguments a = {0};
	bool is_pin;
	CK_RV rv;

	/* Without these two little could be done for the rest of the sequence. */
	if (!model_is_open() && is_rare(in, 4))
		shape = shape_of(FUNCTION_C_Initialize);
	else if (model_user() == CK_UNAVAILABLE_INFORMATION && is_rare(in, 16))
		shape = shape_of(FUNCTION_C_Login);
	a.handle = a_handle(in, shape->function);
	/* What cannot come next comes less often, or little else would. */
	for (int i = 0; i < 3 && !model_can_be(shape->function, a.handle); i++) {
		shape = a_shape(in);
		a.handle = a_handle(in, shape->function);
	}
	is_pin = strchr(shape->numbers, 'u') != NULL;
	/* Whose PIN it is has to be known before the PIN. */
	if (is_pin)
		a.number[0] = a_number(in, shape, 0);
	for (size_t i = 0; shape->pointers[i]; i++)
		a.pointer[i] = a_pointer(in, shape, &a, i);
	for (size_t i = is_pin; shape->numbers[i]; i++)
		a.number[i] = a_number(in, shape, i);
	rv = callers[shape->function](world_functions, &a);
	judge(shape->function, &a, rv);
	if (rv == CKR_OK)
		remember(shape, &a);
}

static void *room(size_t len)
{
	void *made = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (made == MAP_FAILED)
		abort();
	return made;
}

static void make_rooms(void)
{
	for (size_t i = 0; i < CALL_ARGUMENTS; i++) {
		given.data[i] = room(ROOM);
		given.out[i] = room(ROOM);
		given.templates[i] = room((HUGE_LENGTH + ATTRIBUTES) * sizeof(CK_ATTRIBUTE));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};
	bool sessions;

	if (!given.data[0])
		make_rooms();
	world_start();
	sessions = !is_rare(&in, 16);
	world_ready(sessions, !is_rare(&in, 8));
	for (size_t i = 0; i < CALLS_MAX && in.left; i++) {
		/* A sequence without sessions would be of little use. */
		if (model_is_open() && model_session(12)) {
			struct arguments all = {0};

			judge(FUNCTION_C_CloseAllSessions, &all,
			      world_functions->C_CloseAllSessions(0));
		}
		one_call(&in);
	}
	return 0;
}
