/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ./run bench: what a second thread brings, on a card of its own and on the same embedded card. Short
 * batches in turn, one and two threads, through the module and with raw OpenSSL. Where raw OpenSSL does
 * not reach 1.9 times either, others use the processors, and what two of our own would give is
 * computed: of processor time c a signature the threads have the share f under a lock of the module,
 * and two that meet at one lock do 2 / (1 + f * f) times the work of one (mean value analysis). For
 * that the program has pthread_mutex_lock and _unlock of its own, which the module finds first.
 */
#include <dlfcn.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/cryptoki.h"
#include "bench/client.h"
#include "bench/measure.h"

enum { THREADS = 2, ROUNDS = 40 };

/* What raw OpenSSL reaches with two processors. */
static const double QUIET = 1.9;

/* What one thread works with. */
struct worker {
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_MECHANISM mechanism;
	CK_BYTE input[32];
	EVP_PKEY_CTX *raw;
	bool is_raw, good;
	size_t units;
	double processor, held; /* seconds of processor time, and of them under a lock */
};

/* What a batch took. */
struct batch {
	double seconds, processor, held; /* of all; of processor time a unit */
};

/* Locks that this thread has, and its processor time under them. */
static _Thread_local struct {
	unsigned int depth;
	double since, held;
} locks;

static CK_FUNCTION_LIST *p11;
static char directory[64];
static unsigned int passed, failed;

static CK_OBJECT_HANDLE generate(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
	static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG bits = 2048;
	CK_MECHANISM mechanism = {.mechanism = type};
	CK_ATTRIBUTE public[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		type == CKM_RSA_PKCS_KEY_PAIR_GEN
			? (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof(bits)}
			: (CK_ATTRIBUTE){CKA_EC_PARAMS, p256, sizeof(p256)},
	};
	CK_ATTRIBUTE private[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_SIGN, &yes, sizeof(yes)},
	};
	CK_OBJECT_HANDLE public_key, private_key;

	client_must(p11->C_GenerateKeyPair(session, &mechanism, public, 2, private, 3, &public_key,
					   &private_key),
		    "C_GenerateKeyPair");
	return private_key;
}

static bool sign(struct worker *w)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	size_t raw_len = sizeof(signature);

	if (w->is_raw)
		return EVP_PKEY_sign(w->raw, signature, &raw_len, w->input, sizeof(w->input)) == 1;
	return p11->C_SignInit(w->session, &w->mechanism, w->key) == CKR_OK &&
	       p11->C_Sign(w->session, w->input, sizeof(w->input), signature, &len) == CKR_OK;
}

static double processor(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

__attribute__((visibility("default"))) int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	static int (*lock)(pthread_mutex_t *);
	int error;

	if (!lock)
		*(void **)&lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
	error = lock(mutex);
	if (locks.depth++ == 0)
		locks.since = processor();
	return error;
}

__attribute__((visibility("default"))) int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	static int (*unlock)(pthread_mutex_t *);

	if (!unlock)
		*(void **)&unlock = dlsym(RTLD_NEXT, "pthread_mutex_unlock");
	if (--locks.depth == 0)
		locks.held += processor() - locks.since;
	return unlock(mutex);
}

static void *work(void *arg)
{
	double used = processor(), held = locks.held;
	struct worker *w = arg;

	w->good = true;
	for (size_t i = 0; i < w->units && w->good; i++)
		w->good = sign(w);
	w->processor = processor() - used;
	w->held = locks.held - held;
	return NULL;
}

/* One thread, or two together, each for its own units. */
static struct batch run(struct worker workers[THREADS], size_t count, bool is_raw)
{
	struct batch b = {.seconds = measure_now()};
	pthread_t other;

	for (size_t i = 0; i < THREADS; i++)
		workers[i].is_raw = is_raw;
	if (count > 1 && pthread_create(&other, NULL, work, &workers[1]) != 0)
		client_die("a thread");
	work(&workers[0]);
	if (count > 1)
		pthread_join(other, NULL);
	b.seconds = measure_now() - b.seconds;
	for (size_t i = 0; i < count; i++) {
		if (!workers[i].good)
			client_die(is_raw ? "a raw signature" : "C_Sign");
		b.processor += workers[i].processor / (double)(workers[i].units * count);
		b.held += workers[i].held / (double)(workers[i].units * count);
	}
	return b;
}

/* What two threads with a processor each would reach: locks that both take hold them up. */
static double compute(const struct batch *one, const struct batch *two, bool shares_locks)
{
	double f = shares_locks ? two->held / two->processor : 0;

	return 2 / (1 + f * f) * one->processor / two->processor;
}

/* floor 0: no promise. */
static void row(const char *name, struct worker workers[THREADS], size_t units, double floor)
{
	bool shares_locks = workers[0].slot == workers[1].slot, kept;
	double ours[ROUNDS], raw[ROUNDS], own[ROUNDS], measured, possible, computed;

	for (size_t i = 0; i < THREADS; i++)
		workers[i].units = units;
	/* One that does not count: keys are loaded, channels opened. */
	run(workers, THREADS, false);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct batch one = run(workers, 1, false), two = run(workers, THREADS, false);

		ours[i] = 2 * one.seconds / two.seconds;
		own[i] = compute(&one, &two, shares_locks);
		one = run(workers, 1, true);
		two = run(workers, THREADS, true);
		raw[i] = 2 * one.seconds / two.seconds;
	}
	measured = measure_median(ours, ROUNDS);
	possible = measure_median(raw, ROUNDS);
	computed = measure_median(own, ROUNDS);
	kept = (possible < QUIET ? computed : measured) >= floor;
	printf("%-34s %.2f times one  raw OpenSSL %.2f  with two processors of its own %.2f", name,
	       measured, possible, computed);
	if (floor > 0)
		printf("  at least %.2f: %s", floor, kept ? "kept" : "MISSED");
	putchar('\n');
	kept ? passed++ : failed++;
}

static EVP_PKEY_CTX *raw_key(bool rsa)
{
	EVP_PKEY *key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	if (EVP_PKEY_sign_init(ctx) != 1 ||
	    (rsa && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1))
		client_die("a raw key");
	EVP_PKEY_free(key);
	return ctx;
}

static void bench_kind(bool rsa, const CK_SESSION_HANDLE sessions[3], double two, double one)
{
	CK_MECHANISM_TYPE type = rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
	struct worker workers[THREADS] = {0};
	size_t units = rsa ? 20 : 200;

	for (size_t i = 0; i < THREADS; i++) {
		workers[i].slot = i;
		workers[i].session = sessions[i];
		workers[i].key = generate(sessions[i], type);
		workers[i].mechanism.mechanism = rsa ? CKM_RSA_PKCS : CKM_ECDSA;
		workers[i].raw = raw_key(rsa);
	}
	row(rsa ? "two threads, two cards, RSA-2048" : "two threads, two cards, P-256", workers,
	    units, two);
	workers[1].slot = workers[0].slot;
	workers[1].session = sessions[2];
	workers[1].key = workers[0].key;
	row(rsa ? "two threads, one card, RSA-2048" : "two threads, one card, P-256", workers,
	    units, one);
	for (size_t i = 0; i < THREADS; i++)
		EVP_PKEY_CTX_free(workers[i].raw);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* In memory, where there is such: the disk is not what is measured. Two cards, the second by its directory. */
static void own_directory(void)
{
	static const char *const parts[] = {"intaglio", "cards", "second"};
	char path[256];
	int len;

	snprintf(directory, sizeof(directory), "%s/intaglio-bench-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(directory))
		client_die("a directory of its own");
	setenv("XDG_DATA_HOME", directory, 1);
	setenv("XDG_CONFIG_HOME", directory, 1);
	setenv("PCSCLITE_CSOCK_NAME", "/nonexistent", 1);
	unsetenv("INTAGLIO_CONF");
	unsetenv("INTAGLIO_TRACE");
	len = snprintf(path, sizeof(path), "%s", directory);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		len += snprintf(path + len, sizeof(path) - (size_t)len, "/%s", parts[i]);
		if (mkdir(path, 0700) != 0)
			client_die("a directory of its own");
	}
}

int main(void)
{
	CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
	CK_SESSION_HANDLE sessions[3];
	CK_SLOT_ID slots[THREADS];
	CK_ULONG count = THREADS;

	own_directory();
	client_load(NULL, &p11);
	client_must(p11->C_Initialize(&arguments), "C_Initialize");
	client_must(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	if (count != THREADS)
		client_die("two cards");
	client_init_token(p11, slots[0]);
	sessions[0] = client_init_pin(p11, slots[0]);
	client_init_token(p11, slots[1]);
	sessions[1] = client_init_pin(p11, slots[1]);
	sessions[2] = client_open_session(p11, slots[0]);
	bench_kind(true, sessions, 1.8, 1.5);
	bench_kind(false, sessions, 0, 0);
	client_must(p11->C_Finalize(NULL), "C_Finalize");
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
