/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that sign on one card at the same time, and what others do to their keys, PIN, login and
 * sessions meanwhile: every call gives a signature that verifies or the refusal that fits. The module
 * finds this program's EVP_PKEY_sign first, which can hold a thread up in the middle of a signature.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "tests/module/load.h"
#include "tests/suite.h"

enum {
	WORKERS = 4,
	PATIENCE = 60,
	DESTROYED = 6,
	CHANGES = 4,
	LOGINS = 3,
	CLOSED = 20,
	TRIES = 10,
	PAUSE_US = 2000
};

struct pair {
	CK_OBJECT_HANDLE public, private;
};

static struct loaded loaded;
static CK_FUNCTION_LIST *p11;
static const CK_INTAGLIO_FUNCTION_LIST *vendor;
static CK_UTF8CHAR so_pin[] = "12345678", user_pin[] = "1234", other_pin[] = "5678";
static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static CK_BYTE digest[32] = {1, 2, 3};
static CK_SESSION_HANDLE mine;
static struct pair stable;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool signing, go, late;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
static _Thread_local bool stops;

/* False if it did not happen in time. */
static bool wait_for(const bool *what)
{
	struct timespec end;
	int error = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE;
	pthread_mutex_lock(&gate.lock);
	while (!*what && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&gate.changed, &gate.lock, &end);
	pthread_mutex_unlock(&gate.lock);
	return error != ETIMEDOUT;
}

static void set(bool *what)
{
	pthread_mutex_lock(&gate.lock);
	*what = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

__attribute__((visibility("default"))) int EVP_PKEY_sign(EVP_PKEY_CTX *ctx, unsigned char *sig,
							 size_t *siglen, const unsigned char *tbs,
							 size_t tbslen)
{
	int (*sign)(EVP_PKEY_CTX *, unsigned char *, size_t *, const unsigned char *, size_t);

	/* The library that the module has loaded. */
	*(void **)&sign = dlsym(dlopen("libcrypto.so.3", RTLD_NOW | RTLD_NOLOAD), "EVP_PKEY_sign");
	if (stops) {
		set(&gate.signing);
		if (!wait_for(&gate.go))
			gate.late = true;
	}
	return sign(ctx, sig, siglen, tbs, tbslen);
}

static CK_RV make_pair(struct pair *ret, bool asks)
{
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE, always = asks;
	CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				 {CKA_EC_PARAMS, p256, sizeof(p256)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				  {CKA_SIGN, &yes, sizeof(yes)},
				  {CKA_ALWAYS_AUTHENTICATE, &always, sizeof(always)}};

	return p11->C_GenerateKeyPair(mine, &mechanism, public, 2, private, 3, &ret->public,
				      &ret->private);
}

static CK_RV open_session(CK_SESSION_HANDLE *ret)
{
	return p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret);
}

static CK_RV log_in(void)
{
	return p11->C_Login(mine, CKU_USER, user_pin, sizeof(user_pin) - 1);
}

/* A signature, judged where its public key is still there. */
static CK_RV sign(CK_SESSION_HANDLE s, const struct pair *pair, bool asks)
{
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
	CK_BYTE signature[64] = {0};
	CK_ULONG len = sizeof(signature);
	CK_RV rv = p11->C_SignInit(s, &mechanism, pair->private);

	if (rv == CKR_OK && asks)
		rv = p11->C_Login(s, CKU_CONTEXT_SPECIFIC, user_pin, sizeof(user_pin) - 1);
	if (rv == CKR_OK)
		rv = p11->C_Sign(s, digest, sizeof(digest), signature, &len);
	if (rv != CKR_OK || p11->C_VerifyInit(s, &mechanism, pair->public) != CKR_OK)
		return rv;
	rv = p11->C_Verify(s, digest, sizeof(digest), signature, len);
	return rv == CKR_SIGNATURE_INVALID || rv == CKR_SIGNATURE_LEN_RANGE ? rv : CKR_OK;
}

struct worker {
	pthread_t thread;
	_Atomic CK_SESSION_HANDLE session;
	atomic_ulong count; /* of signatures */
	CK_RV allowed[5]; /* besides CKR_OK */
	CK_RV rv; /* what was not */
};

static struct worker workers[WORKERS];
static struct pair victim;
static pthread_rwlock_t victim_lock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_bool stop;

static bool is_allowed(const struct worker *w, CK_RV rv)
{
	bool is = rv == CKR_OK;

	for (size_t i = 0; i < sizeof(w->allowed) / sizeof(w->allowed[0]); i++)
		is = is || rv == w->allowed[i];
	return is;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pair pair;

	while (!stop && w->rv == CKR_OK) {
		CK_SESSION_HANDLE session = w->session;
		CK_RV rv;

		pthread_rwlock_rdlock(&victim_lock);
		pair = victim;
		pthread_rwlock_unlock(&victim_lock);
		rv = sign(session, &pair, false);
		if (!is_allowed(w, rv))
			w->rv = rv;
		if (rv == CKR_OK)
			w->count++;
		if (rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED) {
			if (open_session(&session) != CKR_OK)
				w->rv = CKR_GENERAL_ERROR;
			w->session = session;
		}
	}
	return NULL;
}

static void start(const CK_RV allowed[5], bool share)
{
	CK_SESSION_HANDLE session;

	stop = false;
	victim = stable;
	for (size_t i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		w->rv = CKR_OK;
		w->count = 0;
		memcpy(w->allowed, allowed, sizeof(w->allowed));
		if (!share || !i)
			CU_ASSERT_EQUAL_FATAL(open_session(&session), CKR_OK);
		w->session = session;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&w->thread, NULL, work, w), 0);
	}
}

/* Every worker has done something since. */
static void let_them_work(void)
{
	unsigned long before[WORKERS];

	for (size_t i = 0; i < WORKERS; i++)
		before[i] = workers[i].count;
	for (size_t i = 0; i < WORKERS; i++)
		while (workers[i].count == before[i] && workers[i].rv == CKR_OK)
			sched_yield();
}

static void join(void)
{
	stop = true;
	for (size_t i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].rv != CKR_OK)
			printf("thread %zu: 0x%lx\n", i, workers[i].rv);
		CU_ASSERT_EQUAL(workers[i].rv, CKR_OK);
	}
	/* Not before: it may be one session. */
	for (size_t i = 0; i < WORKERS; i++)
		p11->C_CloseSession(workers[i].session);
}

struct signer {
	bool stops;
	CK_SESSION_HANDLE session;
	CK_RV rv;
	pthread_t thread;
};

static void *sign_on(void *arg)
{
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);
	struct signer *s = arg;

	stops = s->stops;
	s->rv = p11->C_SignInit(s->session, &mechanism, stable.private);
	if (s->rv == CKR_OK)
		s->rv = p11->C_Sign(s->session, digest, sizeof(digest), signature, &len);
	return NULL;
}

static void begin(struct signer *s, bool is_held_up)
{
	s->stops = is_held_up;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&s->thread, NULL, sign_on, s), 0);
	if (is_held_up)
		CU_ASSERT_TRUE(wait_for(&gate.signing));
}

static void end(struct signer *s)
{
	pthread_join(s->thread, NULL);
	CU_ASSERT_EQUAL(s->rv, CKR_OK);
}

/*
 * Where two meet for the first time the second waits, and then opens the channel that serves from
 * then on. How far the second had come is not seen here, so there are several tries.
 */
static void one_session_signs_while_another_is_signing(void)
{
	struct signer first = {.rv = CKR_OK}, second = {.rv = CKR_OK};
	bool met = false;

	CU_ASSERT_EQUAL_FATAL(open_session(&first.session), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(open_session(&second.session), CKR_OK);
	for (int i = 0; i < TRIES && !met; i++) {
		CK_INTAGLIO_FIGURES before, after;

		CU_ASSERT_EQUAL(vendor->Figures(0, &before), CKR_OK);
		gate.signing = gate.go = false;
		begin(&first, true);
		begin(&second, false);
		usleep(PAUSE_US << i);
		set(&gate.go);
		end(&first);
		end(&second);
		CU_ASSERT_EQUAL(vendor->Figures(0, &after), CKR_OK);
		met = after.ulApdus > before.ulApdus + 2;
	}
	CU_ASSERT_TRUE_FATAL(met);
	/* From now on nobody waits. */
	gate.signing = gate.go = false;
	begin(&first, true);
	begin(&second, false);
	end(&second);
	set(&gate.go);
	end(&first);
	CU_ASSERT_FALSE(gate.late);
	CU_ASSERT_EQUAL(p11->C_CloseSession(first.session), CKR_OK);
	CU_ASSERT_EQUAL(p11->C_CloseSession(second.session), CKR_OK);
}

static void a_key_is_destroyed_while_others_sign_with_it(void)
{
	static const CK_RV allowed[5] = {CKR_KEY_HANDLE_INVALID, CKR_DEVICE_ERROR};
	struct pair pair;

	start(allowed, false);
	for (int i = 0; i < DESTROYED; i++) {
		CU_ASSERT_EQUAL(make_pair(&pair, false), CKR_OK);
		pthread_rwlock_wrlock(&victim_lock);
		victim = pair;
		pthread_rwlock_unlock(&victim_lock);
		let_them_work();
		CU_ASSERT_EQUAL(p11->C_DestroyObject(mine, pair.private), CKR_OK);
		CU_ASSERT_EQUAL(p11->C_DestroyObject(mine, pair.public), CKR_OK);
	}
	join();
}

/* The login goes on, on every channel. */
static void the_pin_is_changed_while_others_sign(void)
{
	static const CK_RV allowed[5] = {CKR_OK};

	start(allowed, false);
	for (int i = 0; i < CHANGES; i++) {
		CK_UTF8CHAR *old = i % 2 ? other_pin : user_pin,
			    *new = i % 2 ? user_pin : other_pin;

		let_them_work();
		CU_ASSERT_EQUAL(p11->C_SetPIN(mine, old, 4, new, 4), CKR_OK);
	}
	let_them_work();
	join();
}

static void the_user_logs_out_and_in_while_others_sign(void)
{
	static const CK_RV allowed[5] = {CKR_KEY_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN,
					 CKR_OPERATION_NOT_INITIALIZED};
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_ULONG count = 0;

	start(allowed, false);
	for (int i = 0; i < LOGINS; i++) {
		let_them_work();
		CU_ASSERT_EQUAL(p11->C_Logout(mine), CKR_OK);
		CU_ASSERT_EQUAL(log_in(), CKR_OK);
		/* Private objects have other handles after a login. */
		CU_ASSERT_EQUAL(p11->C_FindObjectsInit(mine, &template, 1), CKR_OK);
		CU_ASSERT_EQUAL(p11->C_FindObjects(mine, &stable.private, 1, &count), CKR_OK);
		CU_ASSERT_EQUAL(p11->C_FindObjectsFinal(mine), CKR_OK);
		CU_ASSERT_EQUAL(count, 1);
		pthread_rwlock_wrlock(&victim_lock);
		victim = stable;
		pthread_rwlock_unlock(&victim_lock);
	}
	let_them_work();
	join();
}

static void sessions_are_closed_while_they_sign(void)
{
	static const CK_RV allowed[5] = {CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED};

	start(allowed, false);
	for (int i = 0; i < CLOSED; i++) {
		CK_RV rv = p11->C_CloseSession(workers[i % WORKERS].session);

		CU_ASSERT(rv == CKR_OK || rv == CKR_SESSION_HANDLE_INVALID);
		let_them_work();
	}
	join();
}

static void threads_that_share_a_session_do_not_mix(void)
{
	static const CK_RV allowed[5] = {CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED};

	start(allowed, true);
	while (workers[0].count + workers[1].count + workers[2].count + workers[3].count < 100)
		sched_yield();
	join();
}

/* The PIN for one operation is shown on the channel that the operation then runs on. */
static void a_key_that_asks_for_the_pin_serves_after_others(void)
{
	static const CK_RV allowed[5] = {CKR_OK};
	struct pair pair;

	CU_ASSERT_EQUAL_FATAL(make_pair(&pair, true), CKR_OK);
	start(allowed, false);
	for (int i = 0; i < CHANGES; i++) {
		let_them_work();
		CU_ASSERT_EQUAL(sign(mine, &pair, false), CKR_USER_NOT_LOGGED_IN);
		CU_ASSERT_EQUAL(p11->C_SignInit(mine, NULL, 0), CKR_OK);
	}
	join();
	CU_ASSERT_EQUAL(sign(mine, &pair, true), CKR_OK);
	CU_ASSERT_EQUAL(p11->C_DestroyObject(mine, pair.private), CKR_OK);
	CU_ASSERT_EQUAL(p11->C_DestroyObject(mine, pair.public), CKR_OK);
}

static int set_up(void)
{
	CK_UTF8CHAR label[32];
	CK_RV rv;

	memset(label, ' ', sizeof(label));
	if (!load_open(LOAD_REAL, &loaded))
		return 1;
	p11 = loaded.list;
	vendor = loaded.vendor;
	rv = p11->C_Initialize(NULL);
	if (rv == CKR_OK)
		rv = p11->C_InitToken(0, so_pin, sizeof(so_pin) - 1, label);
	if (rv == CKR_OK)
		rv = open_session(&mine);
	if (rv == CKR_OK)
		rv = p11->C_Login(mine, CKU_SO, so_pin, sizeof(so_pin) - 1);
	if (rv == CKR_OK)
		rv = p11->C_InitPIN(mine, user_pin, sizeof(user_pin) - 1);
	if (rv == CKR_OK)
		rv = p11->C_Logout(mine);
	if (rv == CKR_OK)
		rv = log_in();
	if (rv == CKR_OK)
		rv = make_pair(&stable, false);
	return rv != CKR_OK;
}

static int tear_down(void)
{
	CK_RV rv = p11->C_Finalize(NULL);

	load_close(&loaded);
	return rv != CKR_OK;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"one session signs while another is signing",
		 one_session_signs_while_another_is_signing},
		{"a key is destroyed while others sign with it",
		 a_key_is_destroyed_while_others_sign_with_it},
		{"the PIN is changed while others sign", the_pin_is_changed_while_others_sign},
		{"the user logs out and in while others sign",
		 the_user_logs_out_and_in_while_others_sign},
		{"sessions are closed while they sign", sessions_are_closed_while_they_sign},
		{"threads that share a session do not mix",
		 threads_that_share_a_session_do_not_mix},
		{"a key that asks for the PIN serves after others",
		 a_key_that_asks_for_the_pin_serves_after_others},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "beside", .pInitFunc = set_up, .pCleanupFunc = tear_down, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("module beside", suites);
}
