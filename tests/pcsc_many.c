/* SPDX-License-Identifier: BSD-2-Clause */
/* Many processes with many threads on one card. */
#include "tests/pcsc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES_MAX = 32, THREADS_MAX = 8, WAIT_MAX_MS = 5000, FAIR_SHARE = 4 };

/* What one thread did. */
struct worker {
	unsigned long done, worst_ms;
};

struct share {
	_Atomic unsigned long wrong, stale;
	struct worker workers[PROCESSES_MAX][THREADS_MAX];
};
static struct share *share;
static double deadline;
static unsigned int process;

static bool is_stale(CK_RV rv)
{
	return rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
	       rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_DEVICE_REMOVED;
}

static void judge(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	printf("     %s: CKR 0x%lx\n", what, rv);
	if (is_stale(rv))
		share->stale++;
	else
		share->wrong++;
}

static void count(struct worker *w, CK_RV rv, const char *what, double begin)
{
	unsigned long ms = (unsigned long)((pcsc_now() - begin) * 1000);

	w->done++;
	if (ms > w->worst_ms)
		w->worst_ms = ms;
	judge(rv, what);
}

/* One of signing (twice as often), sealing and finding. */
static void operate(struct worker *w, CK_SESSION_HANDLE s, unsigned int which,
		    const CK_OBJECT_HANDLE objects[3])
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	double begin = pcsc_now();
	CK_RV rv;

	switch (which % 4) {
	case 0:
	case 1:
		rv = pcsc_sign(s, objects[0], signature, &len);
		count(w, rv, "C_Sign", begin);
		if (rv == CKR_OK)
			judge(pcsc_verify(s, objects[1], signature, len), "C_Verify");
		break;
	case 2:
		count(w, pcsc_seal(s, objects[2]), "C_Encrypt", begin);
		break;
	default:
		if (pcsc_find_class(s, CKO_PRIVATE_KEY) != objects[0])
			share->wrong++;
		count(w, CKR_OK, "C_FindObjects", begin);
	}
}

static void *work(void *number)
{
	unsigned int at = (unsigned int)(size_t)number;
	struct worker *w = &share->workers[process][at];
	CK_OBJECT_HANDLE objects[3];
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE s;

	if (!pcsc_ok(pcsc_p11->C_OpenSession(pcsc_slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
					     NULL, &s),
		     "C_OpenSession"))
		return NULL;
	objects[0] = pcsc_find_class(s, CKO_PRIVATE_KEY);
	objects[1] = pcsc_find_class(s, CKO_PUBLIC_KEY);
	objects[2] = pcsc_find_class(s, CKO_SECRET_KEY);
	while (pcsc_now() < deadline && !share->wrong && !share->stale)
		operate(w, s, at++, objects);
	judge(pcsc_p11->C_GetSessionInfo(s, &info), "C_GetSessionInfo");
	if (info.state != CKS_RW_USER_FUNCTIONS)
		share->stale++;
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

/*
 * Nobody is starved: no operation of any thread took longer than WAIT_MAX_MS, and every thread did
 * at least a FAIR_SHAREth of what it would have with equal shares.
 */
static void judge_all(unsigned int processes, unsigned int threads, unsigned int seconds)
{
	unsigned long done = 0, worst = 0, fewest = ~0UL, most = 0, share_of_one;

	for (unsigned int i = 0; i < processes * threads; i++) {
		const struct worker *w = &share->workers[i / threads][i % threads];

		done += w->done;
		worst = w->worst_ms > worst ? w->worst_ms : worst;
		fewest = w->done < fewest ? w->done : fewest;
		most = w->done > most ? w->done : most;
	}
	share_of_one = done / (processes * threads);
	pcsc_check(share->wrong == 0, "wrong results", share->wrong);
	pcsc_check(share->stale == 0, "stale sessions", share->stale);
	pcsc_check(fewest >= 1 && fewest >= share_of_one / FAIR_SHARE, "a thread was starved",
		   fewest);
	pcsc_check(worst <= WAIT_MAX_MS, "a thread waited too long, ms", worst);
	printf("%u processes, %u threads each, %u s: %lu operations, %lu wrong results, "
	       "%lu stale sessions, %lu to %lu operations a thread, worst wait %lu ms\n",
	       processes, threads, seconds, done, share->wrong, share->stale, fewest, most, worst);
}

void pcsc_many(unsigned int processes, unsigned int threads, unsigned int seconds)
{
	pid_t children[PROCESSES_MAX];

	if (processes > PROCESSES_MAX || threads > THREADS_MAX || !processes || !threads)
		exit(2);
	share = mmap(NULL, sizeof(*share), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	deadline = pcsc_now() + seconds;
	fflush(stdout);
	for (process = 0; process < processes; process++) {
		children[process] = fork();
		if (children[process] == 0)
			exit(be_one(threads));
	}
	for (unsigned int i = 0; i < processes; i++) {
		int status;

		waitpid(children[i], &status, 0);
		pcsc_check(status == 0, "a process", (CK_RV)status);
	}
	judge_all(processes, threads, seconds);
}
