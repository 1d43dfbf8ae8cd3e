/* SPDX-License-Identifier: BSD-2-Clause */
/* Many processes with many threads on one card. */
#include "tests/pcsc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES_MAX = 32, THREADS_MAX = 8 };

/* Many processes with many threads. */

struct share {
	_Atomic unsigned long done, wrong, busiest_ms;
};
static struct share *share;
static double deadline;

static void count(CK_RV rv, const char *what, double begin)
{
	unsigned long ms = (unsigned long)((pcsc_now() - begin) * 1000), worst = share->busiest_ms;

	share->done++;
	while (ms > worst &&
	       !__atomic_compare_exchange_n((unsigned long *)&share->busiest_ms, &worst, ms, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	if (rv != CKR_OK) {
		printf("     %s: CKR 0x%lx\n", what, rv);
		share->wrong++;
	}
}

static void *work(void *number)
{
	unsigned int at = (unsigned int)(size_t)number;
	CK_OBJECT_HANDLE private, public, ledger;
	CK_SESSION_HANDLE s;

	if (!pcsc_ok(pcsc_p11->C_OpenSession(pcsc_slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
					     NULL, &s),
		     "C_OpenSession"))
		return NULL;
	private = pcsc_find_class(s, CKO_PRIVATE_KEY);
	public = pcsc_find_class(s, CKO_PUBLIC_KEY);
	ledger = pcsc_find_class(s, CKO_SECRET_KEY);
	while (pcsc_now() < deadline && !share->wrong) {
		CK_BYTE signature[512];
		CK_ULONG len = sizeof(signature);
		double begin = pcsc_now();
		CK_RV rv;

		switch (at++ % 4) {
		case 0:
		case 1:
			rv = pcsc_sign(s, private, signature, &len);
			count(rv, "C_Sign", begin);
			if (rv == CKR_OK && pcsc_verify(s, public, signature, len) != CKR_OK)
				share->wrong++;
			break;
		case 2:
			count(pcsc_seal(s, ledger), "C_Encrypt", begin);
			break;
		default:
			if (pcsc_find_class(s, CKO_PRIVATE_KEY) != private)
				share->wrong++;
			count(CKR_OK, "C_FindObjects", begin);
		}
	}
	return NULL;
}

static int be_one(unsigned int threads)
{
	pthread_t ids[THREADS_MAX];

	pcsc_start();
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_must(pcsc_login(), "C_Login");
	for (unsigned int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
	for (unsigned int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	pcsc_ok(pcsc_p11->C_Finalize(NULL), "C_Finalize");
	share->wrong += pcsc_failures;
	return pcsc_failures != 0;
}

void pcsc_many(unsigned int processes, unsigned int threads, unsigned int seconds)
{
	pid_t children[PROCESSES_MAX];

	if (processes > PROCESSES_MAX || threads > THREADS_MAX)
		exit(2);
	share = mmap(NULL, sizeof(*share), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	deadline = pcsc_now() + seconds;
	fflush(stdout);
	for (unsigned int i = 0; i < processes; i++) {
		children[i] = fork();
		if (children[i] == 0)
			exit(be_one(threads));
	}
	for (unsigned int i = 0; i < processes; i++) {
		int status;

		waitpid(children[i], &status, 0);
		pcsc_check(status == 0, "a process", (CK_RV)status);
	}
	pcsc_check(share->wrong == 0, "wrong results", share->wrong);
	pcsc_check(share->done >= (unsigned long)processes * threads, "operations", share->done);
	printf("%u processes, %u threads each, %u s: %lu operations, %lu wrong, worst wait %lu ms\n",
	       processes, threads, seconds, share->done, share->wrong, share->busiest_ms);
}
