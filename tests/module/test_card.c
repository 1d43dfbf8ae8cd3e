/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A real card under the whole stack: logged in, with a key, used by threads, by forked children and
 * by other processes, and by a long walk of random calls. In a debug build the module itself checks
 * after every call that the value it returns is one that the standard lists.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>

#include "tests/module/load.h"
#include "tests/suite.h"

#define SERIAL     CKF_SERIAL_SESSION
#define READ_WRITE (CKF_SERIAL_SESSION | CKF_RW_SESSION)

static struct loaded loaded;
static CK_UTF8CHAR so_pin[] = "12345678";
static CK_UTF8CHAR user_pin[] = "1234";
static CK_UTF8CHAR wrong_pin[] = "4321";
static CK_SESSION_HANDLE session; /* R/W, logged in */
static CK_OBJECT_HANDLE private_key, public_key;

static CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user)
{
	return user == CKU_SO ? loaded.list->C_Login(s, CKU_SO, so_pin, sizeof(so_pin) - 1)
			      : loaded.list->C_Login(s, CKU_USER, user_pin, sizeof(user_pin) - 1);
}

static CK_RV initialise_token(void)
{
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE s;
	CK_RV rv;

	memset(label, ' ', sizeof(label));
	rv = loaded.list->C_InitToken(0, so_pin, sizeof(so_pin) - 1, label);
	if (rv == CKR_OK)
		rv = loaded.list->C_OpenSession(0, READ_WRITE, NULL, NULL, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_SO);
	if (rv == CKR_OK)
		rv = loaded.list->C_InitPIN(s, user_pin, sizeof(user_pin) - 1);
	if (rv == CKR_OK)
		rv = loaded.list->C_CloseSession(s);
	return rv;
}

static CK_RV make_key(CK_SESSION_HANDLE s, CK_BBOOL on_token, CK_OBJECT_HANDLE *ret_public,
		      CK_OBJECT_HANDLE *ret_private)
{
	static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	CK_BBOOL yes = CK_TRUE;
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE public_template[] = {
		{CKA_TOKEN, &on_token, sizeof(on_token)},
		{CKA_VERIFY, &yes, sizeof(yes)},
		{CKA_EC_PARAMS, p256, sizeof(p256)},
	};
	CK_ATTRIBUTE private_template[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_SIGN, &yes, sizeof(yes)},
	};

	return loaded.list->C_GenerateKeyPair(s, &mechanism, public_template, 3, private_template,
					      2, ret_public, ret_private);
}

/* Signs and has the signature verified. */
static CK_RV sign(CK_SESSION_HANDLE s)
{
	CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
	CK_BYTE data[] = "to be signed";
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);
	CK_RV rv = loaded.list->C_SignInit(s, &mechanism, private_key);

	if (rv == CKR_OK)
		rv = loaded.list->C_Sign(s, data, sizeof(data), signature, &len);
	if (rv == CKR_OK)
		rv = loaded.list->C_VerifyInit(s, &mechanism, public_key);
	if (rv == CKR_OK)
		rv = loaded.list->C_Verify(s, data, sizeof(data), signature, len);
	return rv;
}

static int set_up(void)
{
	if (!load_open(LOAD_REAL, &loaded) || loaded.list->C_Initialize(NULL) != CKR_OK ||
	    initialise_token() != CKR_OK)
		return 1;
	if (loaded.list->C_OpenSession(0, READ_WRITE, NULL, NULL, &session) != CKR_OK ||
	    login(session, CKU_USER) != CKR_OK)
		return 1;
	return make_key(session, CK_TRUE, &public_key, &private_key) == CKR_OK ? 0 : 1;
}

static int tear_down(void)
{
	CK_RV rv = loaded.list->C_Finalize(NULL);

	load_close(&loaded);
	return rv == CKR_OK ? 0 : 1;
}

static void a_key_signs(void)
{
	CU_ASSERT_EQUAL(sign(session), CKR_OK);
}

static CK_RV verify_wrongly(void)
{
	CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
	CK_BYTE data[] = "not signed", signature[64] = {0};
	CK_RV rv = loaded.list->C_VerifyInit(session, &mechanism, public_key);

	return rv == CKR_OK ? loaded.list->C_Verify(session, data, sizeof(data), signature,
						    sizeof(signature))
			    : rv;
}

/* The thread's queue of libcrypto's errors belongs to the application. */
static void the_application_s_libcrypto_errors_stay_and_ours_go(void)
{
	while (ERR_get_error())
		;
	CU_ASSERT_EQUAL(verify_wrongly(), CKR_SIGNATURE_INVALID);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	ERR_raise(ERR_LIB_USER, 1);
	ERR_raise(ERR_LIB_USER, 2);
	CU_ASSERT_EQUAL(verify_wrongly(), CKR_SIGNATURE_INVALID);
	CU_ASSERT_EQUAL(sign(session), CKR_OK);
	CU_ASSERT_EQUAL(ERR_GET_REASON(ERR_get_error()), 1);
	CU_ASSERT_EQUAL(ERR_GET_REASON(ERR_get_error()), 2);
	CU_ASSERT_EQUAL(ERR_get_error(), 0);
}

static void the_login_is_that_of_all_sessions(void)
{
	CK_SESSION_HANDLE other;
	CK_SESSION_INFO info;

	CU_ASSERT_EQUAL_FATAL(loaded.list->C_OpenSession(0, SERIAL, NULL, NULL, &other), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_GetSessionInfo(other, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.state, CKS_RO_USER_FUNCTIONS);
	CU_ASSERT_EQUAL(sign(other), CKR_OK);
	CU_ASSERT_EQUAL(login(other, CKU_USER), CKR_USER_ALREADY_LOGGED_IN);
	CU_ASSERT_EQUAL(login(session, CKU_SO), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	CU_ASSERT_EQUAL(loaded.list->C_Login(other, 77, user_pin, 4), CKR_USER_TYPE_INVALID);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(other), CKR_OK);
}

/* The child of a fork: nothing of the parent's works, and its own does. */
static int child_of_a_fork(void)
{
	CK_SESSION_HANDLE own;

	if (sign(session) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 1;
	if (loaded.list->C_Initialize(NULL) != CKR_OK)
		return 2;
	if (sign(session) != CKR_SESSION_HANDLE_INVALID)
		return 3;
	if (loaded.list->C_OpenSession(0, READ_WRITE, NULL, NULL, &own) != CKR_OK)
		return 4;
	if (sign(own) == CKR_OK)
		return 5;
	if (login(own, CKU_USER) != CKR_OK)
		return 6;
	return loaded.list->C_Finalize(NULL) == CKR_OK ? 0 : 7;
}

static int exit_code_of(pid_t pid)
{
	int status = -1;

	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_childs_own_use_of_the_card_leaves_the_parents_login_alone(void)
{
	for (int i = 0; i < 3; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(child_of_a_fork());
		CU_ASSERT_EQUAL(sign(session), CKR_OK);
		CU_ASSERT_EQUAL(exit_code_of(pid), 0);
		CU_ASSERT_EQUAL(sign(session), CKR_OK);
	}
}

static void a_child_that_does_nothing_does_no_harm(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(sign(session) == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 1);
	CU_ASSERT_EQUAL(exit_code_of(pid), 0);
	CU_ASSERT_EQUAL(sign(session), CKR_OK);
}

static char trace[] = "/tmp/intaglio-trace-XXXXXX";

/* How often a card has answered, in any process. */
static int answers(void)
{
	FILE *file = fopen(trace, "r");
	int count = 0;
	int c;
	int last = '\n';

	while (file && (c = getc(file)) != EOF) {
		count += c == '<' && last == '\n';
		last = c;
	}
	if (file)
		fclose(file);
	return count;
}

static void a_child_gets_no_answer_from_its_parents_card(void)
{
	int before = answers();
	pid_t pid = fork();

	if (pid == 0) {
		CK_RV rv = loaded.list->C_Initialize(NULL);

		_exit(rv == CKR_OK && loaded.list->C_Finalize(NULL) == CKR_OK ? 0 : 1);
	}
	CU_ASSERT_EQUAL(exit_code_of(pid), 0);
	CU_ASSERT(before > 0);
	CU_ASSERT_EQUAL(answers(), before);
	CU_ASSERT_EQUAL(sign(session), CKR_OK);
	CU_ASSERT(answers() > before);
}

static void *sign_often(void *failures)
{
	CK_SESSION_HANDLE own;

	if (loaded.list->C_OpenSession(0, SERIAL, NULL, NULL, &own) != CKR_OK) {
		++*(int *)failures;
		return NULL;
	}
	for (int i = 0; i < 50; i++)
		*(int *)failures += sign(own) != CKR_OK;
	*(int *)failures += loaded.list->C_CloseSession(own) != CKR_OK;
	return NULL;
}

static void threads_sign_at_once(void)
{
	pthread_t threads[4];
	int failures[4] = {0};

	for (int t = 0; t < 4; t++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[t], NULL, sign_often, &failures[t]),
				      0);
	for (int t = 0; t < 4; t++) {
		pthread_join(threads[t], NULL);
		CU_ASSERT_EQUAL(failures[t], 0);
	}
}

static void what_another_process_makes_is_found(void)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_BYTE label[] = "of a child";
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, label, sizeof(label) - 1},
	};
	CK_OBJECT_HANDLE found;
	CK_ULONG count = 0;
	pid_t pid = fork();

	if (pid == 0) {
		CK_SESSION_HANDLE own;

		_exit(loaded.list->C_Initialize(NULL) == CKR_OK &&
				      loaded.list->C_OpenSession(0, READ_WRITE, NULL, NULL, &own) ==
					      CKR_OK &&
				      login(own, CKU_USER) == CKR_OK &&
				      loaded.list->C_CreateObject(own, template, 3, &found) ==
					      CKR_OK
			      ? 0
			      : 1);
	}
	CU_ASSERT_EQUAL(exit_code_of(pid), 0);
	/* What is found without asking the card may be stale until the next APDU. */
	CU_ASSERT_EQUAL(sign(session), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_FindObjectsInit(session, template, 3), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_FindObjects(session, &found, 1, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(loaded.list->C_FindObjectsFinal(session), CKR_OK);
}

/*
 * The walk. A pool of sessions, of objects and of mechanisms, valid and not, and steps that take
 * from them; which is next comes from a generator whose seed is fixed, so that a failure repeats.
 */
struct walk {
	unsigned int state;
	CK_SESSION_HANDLE sessions[4];
	CK_OBJECT_HANDLE objects[12]; /* the first five are not overwritten */
	CK_BYTE in[600], out[4096];
};

enum operation { ENCRYPT, DECRYPT, DIGEST, SIGN, VERIFY, OPERATIONS };

static unsigned int below(struct walk *w, unsigned int limit)
{
	w->state = w->state * 1103515245u + 12345u;
	return (w->state >> 16) % limit;
}

static CK_SESSION_HANDLE any_session(struct walk *w)
{
	CK_SESSION_HANDLE *s = &w->sessions[below(w, 4)];
	CK_SESSION_INFO info;

	if (below(w, 30) == 0)
		return w->state;
	if (loaded.list->C_GetSessionInfo(*s, &info) != CKR_OK)
		loaded.list->C_OpenSession(0, below(w, 2) ? SERIAL : READ_WRITE, NULL, NULL, s);
	return *s;
}

static CK_OBJECT_HANDLE any_object(struct walk *w)
{
	return below(w, 10) == 0 ? w->state : w->objects[below(w, 12)];
}

static CK_OBJECT_HANDLE *new_object(struct walk *w)
{
	return &w->objects[5 + below(w, 7)];
}

/* Finding may have put the first five elsewhere in the pool too; the walk needs them to the end. */
static CK_OBJECT_HANDLE any_but_the_first(struct walk *w)
{
	CK_OBJECT_HANDLE object = *new_object(w);

	for (size_t i = 0; i < 5; i++) {
		if (w->objects[i] == object)
			return w->state;
	}
	return object;
}

/* Lengths around those that matter. */
static CK_ULONG any_length(struct walk *w)
{
	static const CK_ULONG lengths[] = {0, 1, 20, 31, 32, 33, 64, 245, 255, 256, 257, 600};

	return lengths[below(w, sizeof(lengths) / sizeof(lengths[0]))];
}

/* Those to sign with are 0 to 7, those to encipher with 6 to 11, digests 12 and 13. */
static CK_MECHANISM any_mechanism(struct walk *w, unsigned int first, unsigned int count)
{
	static CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, 32};
	static CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED,
					       NULL, 0};
	static CK_INTAGLIO_SEAL_PARAMS seal = {.ulType = 1};
	static const CK_MECHANISM pool[] = {
		{CKM_ECDSA, NULL, 0},
		{CKM_ECDSA_SHA256, NULL, 0},
		{CKM_RSA_PKCS_PSS, &pss, sizeof(pss)},
		{CKM_RSA_PKCS_PSS, NULL, 0},
		{CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof(pss)},
		{CKM_SHA256_RSA_PKCS, NULL, 0},
		{CKM_RSA_PKCS, NULL, 0},
		{CKM_RSA_X_509, NULL, 0},
		{CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)},
		{CKM_RSA_PKCS_OAEP, NULL, sizeof(oaep)},
		{CKM_INTAGLIO_SEAL, &seal, sizeof(seal)},
		{CKM_INTAGLIO_SEAL, NULL, 0},
		{CKM_SHA256, NULL, 0},
		{CKM_SHA512, &pss, sizeof(pss)},
		{CKM_ECDSA, &pss, 3},
		{CKM_EC_KEY_PAIR_GEN, NULL, 0},
		{CKM_AES_CBC, NULL, 0},
		{0x87654321, NULL, 0},
	};

	seal.nonce[15] = (unsigned char)below(w, 256);
	seal.ulIndex = below(w, 4);
	if (below(w, 8) == 0)
		return pool[below(w, sizeof(pool) / sizeof(pool[0]))];
	return pool[first + below(w, count)];
}

static void step_session(struct walk *w)
{
	CK_SESSION_HANDLE *s = &w->sessions[below(w, 4)];

	loaded.list->C_CloseSession(*s);
	if (below(w, 4))
		loaded.list->C_OpenSession(0, below(w, 2) ? SERIAL : READ_WRITE, NULL, NULL, s);
	if (below(w, 40) == 0)
		loaded.list->C_CloseAllSessions(0);
}

/* Logging out took the handles of private objects (5.6.8), so logging in looks for keys anew. */
static void find_private_key(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_KEY_TYPE, &type, sizeof(type)}};
	CK_OBJECT_HANDLE found;
	CK_ULONG count = 0;

	loaded.list->C_FindObjectsFinal(s);
	loaded.list->C_FindObjectsInit(s, template, 2);
	if (loaded.list->C_FindObjects(s, &found, 1, &count) == CKR_OK && count == 1)
		*ret = found;
	loaded.list->C_FindObjectsFinal(s);
}

/* No wrong PIN here: the walk would soon lock the card and then walk on the spot. */
static void step_login(struct walk *w)
{
	CK_SESSION_HANDLE s = any_session(w);

	switch (below(w, 16)) {
	case 0:
	case 1:
		loaded.list->C_Logout(s);
		break;
	case 2:
	case 3:
		login(s, CKU_SO);
		break;
	case 4:
		loaded.list->C_Login(s, CKU_CONTEXT_SPECIFIC, user_pin, 4);
		break;
	case 5:
		loaded.list->C_SetPIN(s, user_pin, 4, user_pin, below(w, 5));
		break;
	case 6:
		loaded.list->C_InitPIN(s, user_pin, 3 + below(w, 2));
		break;
	default:
		if (login(s, CKU_USER) == CKR_OK) {
			find_private_key(s, CKK_EC, &w->objects[1]);
			find_private_key(s, CKK_RSA, &w->objects[3]);
		}
	}
}

static void step_key(struct walk *w)
{
	CK_SESSION_HANDLE s = any_session(w);
	CK_MECHANISM m = any_mechanism(w, 12, 6);
	CK_BBOOL value = below(w, 3) != 0;
	CK_ATTRIBUTE template[] = {{CKA_TOKEN, &value, sizeof(value)},
				   {CKA_LABEL, w->in, any_length(w)}};

	if (below(w, 3) == 0)
		make_key(s, value, new_object(w), new_object(w));
	else if (below(w, 2))
		loaded.list->C_GenerateKeyPair(s, &m, template, below(w, 3), template, below(w, 3),
					       new_object(w), new_object(w));
	else
		loaded.list->C_GenerateKey(s, &m, template, below(w, 3), new_object(w));
}

/* An object of the pool, found by where it is in it, is created, changed, read or destroyed. */
static void step_object(struct walk *w)
{
	static const CK_OBJECT_CLASS classes[] = {CKO_DATA,       CKO_DATA,       CKO_CERTIFICATE,
						  CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKO_PRIVATE_KEY};
	CK_OBJECT_CLASS class = classes[below(w, 6)];
	CK_BBOOL on_token = below(w, 2) != 0;
	CK_BBOOL private = below(w, 2) != 0;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_TOKEN, &on_token, sizeof(on_token)},
				   {CKA_LABEL, w->in, any_length(w)},
				   {CKA_PRIVATE, &private, below(w, 4) != 0},
				   {CKA_VALUE, w->in, any_length(w)}};
	CK_ATTRIBUTE wanted[] = {{CKA_LABEL, w->out, any_length(w)},
				 {CKA_VALUE, NULL, 0},
				 {below(w, 0x200), w->out, any_length(w)}};
	CK_SESSION_HANDLE s = any_session(w);
	CK_ULONG count = below(w, 6);

	switch (below(w, 8)) {
	case 0:
		loaded.list->C_CreateObject(s, template, count, new_object(w));
		break;
	case 1:
		loaded.list->C_CopyObject(s, any_object(w), template + 1, count % 3, new_object(w));
		break;
	case 2:
		loaded.list->C_DestroyObject(s, any_but_the_first(w));
		break;
	case 3:
		loaded.list->C_GetObjectSize(s, any_object(w), &count);
		break;
	case 4:
		loaded.list->C_SetAttributeValue(s, any_object(w), template + 2, count % 3);
		break;
	case 5:
		loaded.list->C_FindObjectsInit(s, template, count % 3);
		loaded.list->C_FindObjects(s, &w->objects[5], 7, &count);
		if (below(w, 4))
			loaded.list->C_FindObjectsFinal(s);
		break;
	default:
		loaded.list->C_GetAttributeValue(s, any_object(w), wanted, 3);
	}
}

static void encipher_or_decipher(struct walk *w, CK_SESSION_HANDLE s, bool encrypts)
{
	CK_FUNCTION_LIST *l = loaded.list;
	CK_ULONG in_len = any_length(w);
	CK_ULONG out_len = below(w, 4) ? sizeof(w->out) : any_length(w);
	CK_BYTE_PTR out = below(w, 4) ? w->out : NULL;

	switch (below(w, 3)) {
	case 0:
		(encrypts ? l->C_Encrypt : l->C_Decrypt)(s, w->in, in_len, out, &out_len);
		break;
	case 1:
		(encrypts ? l->C_EncryptUpdate : l->C_DecryptUpdate)(s, w->in, in_len, out,
								     &out_len);
		break;
	default:
		(encrypts ? l->C_EncryptFinal : l->C_DecryptFinal)(s, out, &out_len);
	}
}

static void digest_or_sign(struct walk *w, CK_SESSION_HANDLE s, bool signs)
{
	CK_FUNCTION_LIST *l = loaded.list;
	CK_ULONG in_len = any_length(w);
	CK_ULONG out_len = below(w, 4) ? sizeof(w->out) : any_length(w);
	CK_BYTE_PTR out = below(w, 4) ? w->out : NULL;

	switch (below(w, 3)) {
	case 0:
		(signs ? l->C_Sign : l->C_Digest)(s, w->in, in_len, out, &out_len);
		break;
	case 1:
		(signs ? l->C_SignUpdate : l->C_DigestUpdate)(s, w->in, in_len);
		break;
	default:
		(signs ? l->C_SignFinal : l->C_DigestFinal)(s, out, &out_len);
	}
}

static void verify(struct walk *w, CK_SESSION_HANDLE s)
{
	switch (below(w, 3)) {
	case 0:
		loaded.list->C_Verify(s, w->in, any_length(w), w->out, any_length(w));
		break;
	case 1:
		loaded.list->C_VerifyUpdate(s, w->in, any_length(w));
		break;
	default:
		loaded.list->C_VerifyFinal(s, w->out, any_length(w));
	}
}

/* Mechanism and key for an operation: mostly those that belong together. */
static CK_MECHANISM any_pair(struct walk *w, enum operation kind, CK_OBJECT_HANDLE *ret_key)
{
	static const struct {
		unsigned int first, count, object;
	} rows[][2] = {
		[ENCRYPT] = {{6, 3, 2}, {10, 1, 4}}, [DECRYPT] = {{6, 3, 3}, {10, 1, 4}},
		[DIGEST] = {{12, 1, 0}, {12, 2, 0}}, [SIGN] = {{0, 2, 1}, {2, 6, 3}},
		[VERIFY] = {{0, 2, 0}, {2, 6, 2}},
	};
	unsigned int row = below(w, 2);

	*ret_key = below(w, 6) ? w->objects[rows[kind][row].object] : any_object(w);
	return any_mechanism(w, rows[kind][row].first, rows[kind][row].count);
}

/* Begins an operation, or another on top of it, and goes on with it for a while. */
static void step_operation(struct walk *w)
{
	CK_SESSION_HANDLE s = any_session(w);
	enum operation kind = below(w, OPERATIONS);
	CK_OBJECT_HANDLE key;
	CK_MECHANISM m = any_pair(w, kind, &key);
	CK_MECHANISM_PTR given = below(w, 12) ? &m : NULL;

	if (kind == ENCRYPT)
		loaded.list->C_EncryptInit(s, given, key);
	else if (kind == DECRYPT)
		loaded.list->C_DecryptInit(s, given, key);
	else if (kind == DIGEST)
		loaded.list->C_DigestInit(s, given);
	else if (kind == SIGN)
		loaded.list->C_SignInit(s, given, key);
	else
		loaded.list->C_VerifyInit(s, given, key);
	for (unsigned int n = below(w, 4); n > 0; n--) {
		if (kind == ENCRYPT || kind == DECRYPT)
			encipher_or_decipher(w, s, kind == ENCRYPT);
		else if (kind == DIGEST || kind == SIGN)
			digest_or_sign(w, s, kind == SIGN);
		else
			verify(w, s);
	}
}

static void step_slot(struct walk *w)
{
	CK_MECHANISM_TYPE types[64];
	CK_MECHANISM_INFO mechanism;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO slot;
	CK_ULONG count = below(w, 64);

	loaded.list->C_GetSlotInfo(below(w, 2), &slot);
	loaded.list->C_GetTokenInfo(below(w, 2), &token);
	loaded.list->C_GetMechanismList(below(w, 2), below(w, 2) ? types : NULL, &count);
	loaded.list->C_GetMechanismInfo(0, any_mechanism(w, 0, 18).mechanism, &mechanism);
	loaded.list->C_GenerateRandom(any_session(w), w->out, any_length(w));
	loaded.list->C_SeedRandom(any_session(w), w->in, any_length(w));
}

/* What the walk starts from: the key of the other tests, an RSA key, and a ledger. */
static void fill_pool(struct walk *w)
{
	CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG bits = 2048;
	CK_BYTE label[] = "walk";
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE public_template[] = {{CKA_TOKEN, &yes, sizeof(yes)},
					  {CKA_ENCRYPT, &yes, sizeof(yes)},
					  {CKA_VERIFY, &yes, sizeof(yes)},
					  {CKA_MODULUS_BITS, &bits, sizeof(bits)}};
	CK_ATTRIBUTE private_template[] = {{CKA_TOKEN, &yes, sizeof(yes)},
					   {CKA_DECRYPT, &yes, sizeof(yes)},
					   {CKA_SIGN, &yes, sizeof(yes)}};
	CK_ATTRIBUTE ledger[] = {{CKA_CLASS, &secret, sizeof(secret)},
				 {CKA_KEY_TYPE, &type, sizeof(type)},
				 {CKA_TOKEN, &yes, sizeof(yes)},
				 {CKA_LABEL, label, sizeof(label) - 1}};

	w->objects[0] = public_key;
	w->objects[1] = private_key;
	CU_ASSERT_EQUAL(loaded.list->C_GenerateKeyPair(session, &mechanism, public_template, 4,
						       private_template, 3, &w->objects[2],
						       &w->objects[3]),
			CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_CreateObject(session, ledger, 4, &w->objects[4]), CKR_OK);
}

static void nothing_in_a_long_walk_is_against_the_standard(void)
{
	void (*const steps[])(struct walk * w) = {
		step_session,   step_login,     step_key,       step_object, step_object,
		step_operation, step_operation, step_operation, step_slot,
	};
	struct walk w = {.state = 20261121};

	fill_pool(&w);
	for (int i = 0; i < 6000; i++)
		steps[below(&w, sizeof(steps) / sizeof(steps[0]))](&w);
	loaded.list->C_CloseAllSessions(0);
	CU_ASSERT_EQUAL(loaded.list->C_OpenSession(0, READ_WRITE, NULL, NULL, &session), CKR_OK);
	CU_ASSERT_EQUAL(login(session, CKU_USER), CKR_OK);
}

/* Last, since the PIN is locked then. */
static void every_wrong_pin_says_what_is_left(void)
{
	char text[512];
	CK_ULONG len;
	CK_RV rv = CKR_PIN_INCORRECT;

	CU_ASSERT_EQUAL(loaded.list->C_Logout(session), CKR_OK);
	for (int tries = 0; rv == CKR_PIN_INCORRECT && tries < 20; tries++) {
		rv = loaded.list->C_Login(session, CKU_USER, wrong_pin, sizeof(wrong_pin) - 1);
		len = sizeof(text) - 1;
		CU_ASSERT_EQUAL(loaded.vendor->LastError((CK_UTF8CHAR *)text, &len), CKR_OK);
		text[len] = '\0';
		CU_ASSERT_PTR_NOT_NULL(strstr(text, rv == CKR_PIN_LOCKED ? "unlock" : "left"));
	}
	CU_ASSERT_EQUAL(rv, CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(login(session, CKU_USER), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(loaded.list->C_SetPIN(session, so_pin, sizeof(so_pin) - 1, user_pin,
					      sizeof(user_pin) - 1),
			CKR_OK);
	CU_ASSERT_EQUAL(login(session, CKU_USER), CKR_OK);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a_key_signs", a_key_signs},
		{"the_application_s_libcrypto_errors_stay_and_ours_go",
		 the_application_s_libcrypto_errors_stay_and_ours_go},
		{"the_login_is_that_of_all_sessions", the_login_is_that_of_all_sessions},
		{"a_child_that_does_nothing_does_no_harm", a_child_that_does_nothing_does_no_harm},
		{"a_childs_own_use_of_the_card_leaves_the_parents_login_alone",
		 a_childs_own_use_of_the_card_leaves_the_parents_login_alone},
		{"a_child_gets_no_answer_from_its_parents_card",
		 a_child_gets_no_answer_from_its_parents_card},
		{"threads_sign_at_once", threads_sign_at_once},
		{"what_another_process_makes_is_found", what_another_process_makes_is_found},
		{"nothing_in_a_long_walk_is_against_the_standard",
		 nothing_in_a_long_walk_is_against_the_standard},
		{"every_wrong_pin_says_what_is_left", every_wrong_pin_says_what_is_left},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "a card under the module",
		 .pInitFunc = set_up,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	int fd = mkstemp(trace);
	int code;

	if (fd < 0 || setenv("INTAGLIO_TRACE", trace, 1) != 0)
		return 1;
	code = suite_run("card", suites);
	close(fd);
	unlink(trace);
	return code;
}
