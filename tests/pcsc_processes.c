/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that forks with a session open, and more processes than the card has channels. */
#include "tests/pcsc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static CK_RV waited;

static void *wait_event(void *unused)
{
	CK_SLOT_ID told;

	waited = pcsc_p11->C_WaitForSlotEvent(0, &told, NULL);
	return unused;
}

/* What a signature cost, in APDUs: 1, or the channel was lost. */
static CK_ULONG sign_counting(CK_OBJECT_HANDLE key)
{
	CK_INTAGLIO_FIGURES before, after;
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);

	pcsc_ok(pcsc_vendor->Figures(pcsc_slot, &before), "Figures");
	pcsc_ok(pcsc_sign(pcsc_session, key, signature, &len), "C_Sign in the parent");
	pcsc_ok(pcsc_vendor->Figures(pcsc_slot, &after), "Figures");
	return after.ulApdus - before.ulApdus;
}

static int be_child(bool initializes, CK_OBJECT_HANDLE inherited)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature), count;
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE key;
	CK_RV rv = pcsc_sign(pcsc_session, inherited, signature, &len);

	pcsc_failures = 0;
	pcsc_check(rv == CKR_CRYPTOKI_NOT_INITIALIZED, "C_Sign in the child", rv);
	rv = pcsc_p11->C_GetSlotList(CK_TRUE, NULL, &count);
	pcsc_check(rv == CKR_CRYPTOKI_NOT_INITIALIZED, "C_GetSlotList in the child", rv);
	rv = pcsc_p11->C_Finalize(NULL);
	pcsc_check(rv == CKR_CRYPTOKI_NOT_INITIALIZED, "C_Finalize in the child", rv);
	if (!initializes)
		return pcsc_failures != 0;
	pcsc_start();
	rv = pcsc_p11->C_GetSessionInfo(pcsc_session, &info);
	pcsc_check(rv == CKR_SESSION_HANDLE_INVALID, "the child has the parent's session", rv);
	pcsc_must(pcsc_open_session(), "C_OpenSession in the child");
	pcsc_ok(pcsc_p11->C_GetSessionInfo(pcsc_session, &info), "C_GetSessionInfo in the child");
	pcsc_check(info.state == CKS_RW_PUBLIC_SESSION, "the child is logged in", info.state);
	pcsc_ok(pcsc_login(), "C_Login in the child");
	key = pcsc_find_class(pcsc_session, CKO_PRIVATE_KEY);
	len = sizeof(signature);
	pcsc_ok(pcsc_sign(pcsc_session, key, signature, &len),
		"C_Sign in the child after C_Initialize");
	pcsc_ok(pcsc_p11->C_Finalize(NULL), "C_Finalize in the child after C_Initialize");
	return pcsc_failures != 0;
}

void pcsc_fork(void)
{
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE key;
	pthread_t thread;
	CK_ULONG apdus;

	pcsc_start();
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_must(pcsc_login(), "C_Login");
	key = pcsc_find_class(pcsc_session, CKO_PRIVATE_KEY);
	apdus = sign_counting(key);
	pcsc_check(apdus == 1, "a signature's commands", apdus);
	/* Forked while another thread is inside libpcsclite. */
	pthread_create(&thread, NULL, wait_event, NULL);
	usleep(200 * 1000);
	for (int i = 0; i < 4; i++) {
		int status = -1;
		pid_t child;

		fflush(stdout);
		child = fork();
		if (child == 0)
			exit(be_child(i % 2 != 0, key));
		apdus = sign_counting(key);
		pcsc_check(apdus == 1, "the channel while the child is there", apdus);
		waitpid(child, &status, 0);
		pcsc_check(status == 0, "a child", (CK_RV)status);
		apdus = sign_counting(key);
		pcsc_check(apdus == 1, "the channel after the child", apdus);
	}
	pcsc_ok(pcsc_p11->C_GetSessionInfo(pcsc_session, &info), "C_GetSessionInfo");
	pcsc_check(info.state == CKS_RW_USER_FUNCTIONS, "the parent's login", info.state);
	pcsc_ok(pcsc_p11->C_Finalize(NULL), "C_Finalize");
	pthread_join(thread, NULL);
	pcsc_check(waited == CKR_CRYPTOKI_NOT_INITIALIZED, "the parent's wait", waited);
}

/* More live processes than the card has channels: 19 for them all. */

enum { CROWD = 24, STAYING = 16, ROUNDS = 3, SETTLING = 4, TRIES = 200 };

static struct crowd {
	pthread_barrier_t all, staying;
	_Atomic unsigned long lost, wrong, done, most;
} * gathered;

/* Finds the private key and signs; the login may have gone with the channel before either. */
static CK_RV find_and_sign(CK_BYTE *signature, CK_ULONG *len)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_OBJECT_HANDLE key;
	CK_ULONG count = 0;
	CK_RV rv = pcsc_find(pcsc_session, &template, 1, &key, 1, &count);

	if (rv == CKR_OK && count == 0)
		rv = CKR_USER_NOT_LOGGED_IN;
	return rv == CKR_OK ? pcsc_sign(pcsc_session, key, signature, len) : rv;
}

/* A signature, whatever it takes: a channel that another process took costs the login, and says so. */
static void sign_in_crowd(CK_OBJECT_HANDLE public)
{
	CK_BYTE signature[512];
	CK_ULONG len = 0;
	CK_RV rv = CKR_OK;

	for (int i = 0; i < TRIES; i++) {
		len = sizeof(signature);
		rv = find_and_sign(signature, &len);
		if (rv != CKR_USER_NOT_LOGGED_IN)
			break;
		gathered->lost++;
		rv = pcsc_login();
		if (rv != CKR_OK && rv != CKR_USER_NOT_LOGGED_IN)
			break;
	}
	if (rv != CKR_OK)
		printf("     C_Sign in a crowd: CKR 0x%lx\n", rv);
	if (rv != CKR_OK || pcsc_verify(pcsc_session, public, signature, len) != CKR_OK)
		gathered->wrong++;
	gathered->done++;
}

static int be_in_crowd(bool stays)
{
	CK_OBJECT_HANDLE public;

	pcsc_start();
	pcsc_must(pcsc_open_session(), "C_OpenSession in a crowd");
	pcsc_must(pcsc_login(), "C_Login in a crowd");
	public = pcsc_find_class(pcsc_session, CKO_PUBLIC_KEY);
	pthread_barrier_wait(&gathered->all);
	for (int i = 0; i < ROUNDS; i++)
		sign_in_crowd(public);
	pthread_barrier_wait(&gathered->all);
	if (!stays) {
		bool left = pcsc_ok(pcsc_p11->C_Finalize(NULL), "C_Finalize in a crowd");

		pthread_barrier_wait(&gathered->all);
		return !left;
	}
	/*
	 * Some have left. Who finds its channel taken disturbs the one that took it, once, so that there
	 * are some more losses, and then none.
	 */
	pthread_barrier_wait(&gathered->all);
	for (int i = 0; i < SETTLING; i++) {
		sign_in_crowd(public);
		pthread_barrier_wait(&gathered->staying);
	}
	if (gathered->lost)
		gathered->most = gathered->lost;
	pthread_barrier_wait(&gathered->staying);
	gathered->lost = 0;
	pthread_barrier_wait(&gathered->staying);
	for (int i = 0; i < ROUNDS; i++)
		sign_in_crowd(public);
	pthread_barrier_wait(&gathered->staying);
	return gathered->lost != 0;
}

void pcsc_crowd(void)
{
	pthread_barrierattr_t shared;
	pid_t children[CROWD];

	gathered = mmap(NULL, sizeof(*gathered), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&gathered->all, &shared, CROWD);
	pthread_barrier_init(&gathered->staying, &shared, STAYING);
	fflush(stdout);
	for (int i = 0; i < CROWD; i++) {
		children[i] = fork();
		if (children[i] == 0)
			exit(be_in_crowd(i < STAYING));
	}
	for (int i = 0; i < CROWD; i++) {
		int status = -1;

		waitpid(children[i], &status, 0);
		pcsc_check(status == 0, "a process of the crowd", (CK_RV)status);
	}
	pcsc_check(gathered->most > 0, "no channel was ever taken", 0);
	pcsc_check(gathered->wrong == 0, "wrong results in a crowd", gathered->wrong);
	pcsc_check(gathered->done == CROWD * ROUNDS + STAYING * (ROUNDS + SETTLING),
		   "signatures of a crowd", gathered->done);
}
