/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sixteen threads on one card and on four, C_Finalize while they are inside, and forks at any point
 * of what they do.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/load.h"
#include "tests/suite.h"

enum { CARDS = 4, THREADS = 16, TIMES = 12, ROUNDS = 5, FORKS = 8, CHILD_SECONDS = 60 };

static struct loaded loaded;
static CK_FUNCTION_LIST *p11;
static CK_UTF8CHAR so_pin[] = "12345678", user_pin[] = "1234";
static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static CK_SESSION_HANDLE logins[CARDS];
static atomic_bool stop;

static CK_RV new_token(CK_SLOT_ID slot)
{
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE s;
	CK_RV rv;

	memset(label, ' ', sizeof(label));
	rv = p11->C_InitToken(slot, so_pin, sizeof(so_pin) - 1, label);
	if (rv == CKR_OK)
		rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
	if (rv == CKR_OK)
		rv = p11->C_Login(s, CKU_SO, so_pin, sizeof(so_pin) - 1);
	if (rv == CKR_OK)
		rv = p11->C_InitPIN(s, user_pin, sizeof(user_pin) - 1);
	if (rv == CKR_OK)
		rv = p11->C_CloseSession(s);
	return rv;
}

static CK_RV log_in(CK_SLOT_ID slot)
{
	CK_RV rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				      &logins[slot]);

	return rv == CKR_OK ? p11->C_Login(logins[slot], CKU_USER, user_pin, sizeof(user_pin) - 1)
			    : rv;
}

static CK_RV make_key(CK_SLOT_ID slot)
{
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				 {CKA_EC_PARAMS, p256, sizeof(p256)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)}, {CKA_SIGN, &yes, sizeof(yes)}};
	CK_OBJECT_HANDLE pub, priv;

	return p11->C_GenerateKeyPair(logins[slot], &mechanism, public, 2, private, 2, &pub, &priv);
}

/* A session's whole life: find the key, read of it, sign, make and lose a session object. */
static CK_RV live(CK_SLOT_ID slot)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY, data = CKO_DATA;
	CK_ATTRIBUTE wanted = {CKA_CLASS, &class, sizeof(class)};
	CK_ATTRIBUTE made = {CKA_CLASS, &data, sizeof(data)};
	CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
	CK_BYTE text[] = "to be signed", signature[64];
	CK_ULONG count = 0, len = sizeof(signature);
	CK_OBJECT_HANDLE key, object;
	CK_SESSION_HANDLE s;
	CK_RV rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s);

	if (rv == CKR_OK)
		rv = p11->C_FindObjectsInit(s, &wanted, 1);
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(s, &key, 1, &count);
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(s);
	if (rv == CKR_OK && count != 1)
		rv = CKR_GENERAL_ERROR;
	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(s, key, &wanted, 1);
	if (rv == CKR_OK)
		rv = p11->C_SignInit(s, &mechanism, key);
	if (rv == CKR_OK)
		rv = p11->C_Sign(s, text, sizeof(text), signature, &len);
	if (rv == CKR_OK)
		rv = p11->C_CreateObject(s, &made, 1, &object);
	if (rv == CKR_OK)
		rv = p11->C_CloseSession(s);
	return rv;
}

struct worker {
	pthread_t thread;
	CK_SLOT_ID slot;
	int times; /* 0: until told to stop or the library is closed */
	CK_RV rv;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; w->rv == CKR_OK && !stop && (w->times == 0 || i < w->times); i++)
		w->rv = live(w->slot);
	return NULL;
}

static void start(struct worker workers[THREADS], size_t cards, int times)
{
	stop = false;
	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.slot = i % cards, .times = times};
		CU_ASSERT_EQUAL_FATAL(pthread_create(&workers[i].thread, NULL, work, &workers[i]),
				      0);
	}
}

static void join(struct worker workers[THREADS], CK_RV or_else)
{
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].rv != CKR_OK && workers[i].rv != or_else)
			printf("thread %zu: 0x%lx\n", i, workers[i].rv);
		CU_ASSERT(workers[i].rv == CKR_OK || workers[i].rv == or_else);
	}
}

static void sixteen_threads_work_on_one_card(void)
{
	struct worker workers[THREADS];

	start(workers, 1, TIMES);
	join(workers, CKR_OK);
}

static void sixteen_threads_work_on_four_cards(void)
{
	struct worker workers[THREADS];

	start(workers, CARDS, TIMES);
	join(workers, CKR_OK);
}

/*
 * gcc's address sanitiser takes no care of its allocator's locks when a process forks: a child of
 * working threads may find one taken for good. The plain build is where forks are tried.
 */
#ifndef __SANITIZE_ADDRESS__
/* A child of a process whose threads work begins anew, and ends. */
static int child(void)
{
	CK_SESSION_HANDLE s;

	alarm(CHILD_SECONDS);
	if (p11->C_GetSessionInfo(logins[0], &(CK_SESSION_INFO){0}) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 1;
	if (p11->C_Initialize(NULL) != CKR_OK)
		return 2;
	if (p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s) != CKR_OK)
		return 3;
	return p11->C_Finalize(NULL) == CKR_OK ? 0 : 4;
}

static void a_fork_at_any_point_leaves_both_at_work(void)
{
	struct worker workers[THREADS];
	pid_t children[FORKS];

	start(workers, CARDS, 0);
	for (int i = 0; i < FORKS; i++) {
		usleep((useconds_t)(5000 + 3137 * i));
		children[i] = fork();
		if (children[i] == 0)
			_exit(child());
	}
	for (int i = 0; i < FORKS; i++) {
		int status = -1;

		CU_ASSERT_EQUAL(waitpid(children[i], &status, 0), children[i]);
		if (status)
			printf("child %d: status 0x%x\n", i, status);
		CU_ASSERT_EQUAL(status, 0);
	}
	stop = true;
	join(workers, CKR_OK);
}

#endif

/* Whoever is inside ends its call; whoever comes later is told. */
static void the_library_is_closed_under_sixteen_threads(void)
{
	struct worker workers[THREADS];

	for (int round = 0; round < ROUNDS; round++) {
		start(workers, CARDS, 0);
		usleep((useconds_t)(2000 + 7001 * round));
		CU_ASSERT_EQUAL(p11->C_Finalize(NULL), CKR_OK);
		join(workers, CKR_CRYPTOKI_NOT_INITIALIZED);
		CU_ASSERT_EQUAL_FATAL(p11->C_Initialize(NULL), CKR_OK);
		for (CK_SLOT_ID slot = 0; slot < CARDS; slot++)
			CU_ASSERT_EQUAL(log_in(slot), CKR_OK);
	}
}

/* The other cards of the same owner. */
static bool make_cards(void)
{
	const char *home = getenv("XDG_DATA_HOME");
	char path[512];
	bool made = home != NULL;

	snprintf(path, sizeof(path), "%s/intaglio", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/intaglio/cards", home);
	mkdir(path, 0700);
	for (int i = 1; made && i < CARDS; i++) {
		snprintf(path, sizeof(path), "%s/intaglio/cards/card%d", home, i);
		made = mkdir(path, 0700) == 0;
	}
	return made;
}

static int set_up(void)
{
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	if (!load_open(LOAD_REAL, &loaded) || !make_cards())
		return 1;
	p11 = loaded.list;
	if (p11->C_Initialize(NULL) != CKR_OK ||
	    p11->C_GetSlotList(CK_TRUE, NULL, &count) != CKR_OK || count != CARDS)
		return 1;
	for (CK_SLOT_ID slot = 0; rv == CKR_OK && slot < CARDS; slot++) {
		rv = new_token(slot);
		if (rv == CKR_OK)
			rv = log_in(slot);
		if (rv == CKR_OK)
			rv = make_key(slot);
	}
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
		{"sixteen_threads_work_on_one_card", sixteen_threads_work_on_one_card},
		{"sixteen_threads_work_on_four_cards", sixteen_threads_work_on_four_cards},
#ifndef __SANITIZE_ADDRESS__
		{"a_fork_at_any_point_leaves_both_at_work",
		 a_fork_at_any_point_leaves_both_at_work},
#endif
		{"the_library_is_closed_under_sixteen_threads",
		 the_library_is_closed_under_sixteen_threads},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "threads",
		 .pInitFunc = set_up,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("threads", suites);
}
