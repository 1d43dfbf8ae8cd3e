/* SPDX-License-Identifier: BSD-2-Clause */
/* Cards and a pcscd that come and go, and other programs' resets. */
#include "tests/pcsc.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Slot events. */

static struct {
	CK_RV rv;
	CK_SLOT_ID told;
	double at;
} waited;

static void *wait_event(void *unused)
{
	waited.rv = pcsc_p11->C_WaitForSlotEvent(0, &waited.told, NULL);
	waited.at = pcsc_now();
	return unused;
}

static void wait_for(const char *line)
{
	pthread_t thread;
	double begin;

	pthread_create(&thread, NULL, wait_event, NULL);
	usleep(300 * 1000);
	begin = pcsc_now();
	pcsc_control(line);
	pthread_join(thread, NULL);
	pcsc_ok(waited.rv, "C_WaitForSlotEvent");
	pcsc_check(waited.told == pcsc_slot, "another slot", waited.told);
	pcsc_check(waited.at - begin < 2, "the event comes late", 0);
	printf("%s: told after %.0f ms\n", line, (waited.at - begin) * 1000);
}

void pcsc_events(void)
{
	struct rusage before, after;
	CK_SLOT_ID told = 99;
	pthread_t thread;
	double spent;
	CK_RV rv;

	pcsc_start();
	rv = pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL);
	pcsc_check(rv == CKR_NO_EVENT, "nothing happened", rv);
	wait_for("remove default");
	pcsc_wait_present(false);
	wait_for("insert default");
	pcsc_wait_present(true);
	rv = pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL);
	pcsc_check(rv == CKR_NO_EVENT, "an event is told once", rv);

	/* Out and in while nobody waits: other calls see it, and the event is there all the same. */
	pcsc_control("remove default");
	pcsc_wait_present(false);
	pcsc_control("insert default");
	pcsc_wait_present(true);
	pcsc_ok(pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL),
		"an event nobody waited for");
	pcsc_check(told == pcsc_slot, "of another slot", told);

	getrusage(RUSAGE_SELF, &before);
	pthread_create(&thread, NULL, wait_event, NULL);
	sleep(3);
	getrusage(RUSAGE_SELF, &after);
	spent = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
		(double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6 +
		(double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
		(double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
	pcsc_check(spent < 0.1, "waiting keeps the processor busy", 0);
	pcsc_ok(pcsc_p11->C_Finalize(NULL), "C_Finalize");
	pthread_join(thread, NULL);
	pcsc_check(waited.rv == CKR_CRYPTOKI_NOT_INITIALIZED, "the wait ended by C_Finalize",
		   waited.rv);
}

/* The card is reset by another program. */
void pcsc_reset(void)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE key;
	CK_RV rv;

	pcsc_start();
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_must(pcsc_login(), "C_Login");
	key = pcsc_find_class(pcsc_session, CKO_PRIVATE_KEY);
	pcsc_ok(pcsc_sign(pcsc_session, key, signature, &len), "C_Sign");
	pcsc_check(system("opensc-tool --reader 0 --reset >/dev/null 2>&1") == 0, "opensc-tool", 0);
	len = sizeof(signature);
	rv = pcsc_sign(pcsc_session, key, signature, &len);
	pcsc_check(rv == CKR_USER_NOT_LOGGED_IN, "the login is lost and said so", rv);
	pcsc_find_class(pcsc_session, CKO_PUBLIC_KEY);
	pcsc_ok(pcsc_login(), "C_Login in the same session");
	key = pcsc_find_class(pcsc_session, CKO_PRIVATE_KEY);
	len = sizeof(signature);
	pcsc_ok(pcsc_sign(pcsc_session, key, signature, &len), "C_Sign in the same session");
}

/* pcscd ends and comes back under a running program. */
void pcsc_restart(void)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE key;
	CK_RV rv;

	pcsc_start();
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_must(pcsc_login(), "C_Login");
	key = pcsc_find_class(pcsc_session, CKO_PRIVATE_KEY);
	pcsc_check(system("./restart-pcscd") == 0, "pcscd is restarted", 0);
	rv = pcsc_sign(pcsc_session, key, signature, &len);
	pcsc_check(rv == CKR_DEVICE_REMOVED, "C_Sign without pcscd", rv);
	pcsc_wait_present(true);
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_must(pcsc_login(), "C_Login");
	key = pcsc_find_class(pcsc_session, CKO_PRIVATE_KEY);
	len = sizeof(signature);
	pcsc_ok(pcsc_sign(pcsc_session, key, signature, &len), "C_Sign");
}

/* Processes that are killed leave their logical channels behind. */
void pcsc_killed(void)
{
	CK_BYTE signature[512];
	CK_ULONG len;
	CK_OBJECT_HANDLE key;

	for (int i = 0; i < 25 && !pcsc_failures; i++) {
		int status;
		pid_t child = fork();

		if (child == 0) {
			pcsc_start();
			pcsc_must(pcsc_open_session(), "C_OpenSession in a child");
			pcsc_must(pcsc_login(), "C_Login in a child");
			kill(getpid(), SIGKILL);
		}
		waitpid(child, &status, 0);
		pcsc_check(WIFSIGNALED(status), "a child", (CK_RV)status);
		if (i == 0) {
			pcsc_start();
			pcsc_must(pcsc_open_session(), "C_OpenSession");
			pcsc_must(pcsc_login(), "C_Login");
		}
		key = pcsc_find_class(pcsc_session, CKO_PRIVATE_KEY);
		len = sizeof(signature);
		pcsc_ok(pcsc_sign(pcsc_session, key, signature, &len),
			"C_Sign while others are killed");
	}
}
