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

/* Whoever has been told that the card is gone finds no session of it. */
static void expect_closed(void)
{
	CK_SESSION_INFO info;
	CK_RV rv = pcsc_p11->C_GetSessionInfo(pcsc_session, &info);

	pcsc_check(rv == CKR_SESSION_HANDLE_INVALID, "a session outlives the event", rv);
}

static double spent_seconds(const struct rusage *before, const struct rusage *after)
{
	return (double)(after->ru_utime.tv_sec - before->ru_utime.tv_sec) +
	       (double)(after->ru_utime.tv_usec - before->ru_utime.tv_usec) / 1e6 +
	       (double)(after->ru_stime.tv_sec - before->ru_stime.tv_sec) +
	       (double)(after->ru_stime.tv_usec - before->ru_stime.tv_usec) / 1e6;
}

void pcsc_events(void)
{
	struct rusage before, after;
	CK_SLOT_ID told = 99;
	pthread_t thread;
	CK_RV rv;

	pcsc_start();
	rv = pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL);
	pcsc_check(rv == CKR_NO_EVENT, "nothing happened", rv);
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	wait_for("remove default");
	expect_closed();
	pcsc_wait_present(false);
	wait_for("insert default");
	pcsc_wait_present(true);
	rv = pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL);
	pcsc_check(rv == CKR_NO_EVENT, "an event is told once", rv);

	/* Out and in while nobody waits: the event is there all the same. */
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_control("remove default");
	sleep(1);
	pcsc_control("insert default");
	sleep(1);
	pcsc_ok(pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL),
		"an event nobody waited for");
	pcsc_check(told == pcsc_slot, "of another slot", told);
	expect_closed();
	pcsc_wait_present(true);

	getrusage(RUSAGE_SELF, &before);
	pthread_create(&thread, NULL, wait_event, NULL);
	sleep(3);
	getrusage(RUSAGE_SELF, &after);
	pcsc_check(spent_seconds(&before, &after) < 0.1, "waiting keeps the processor busy", 0);
	pcsc_ok(pcsc_p11->C_Finalize(NULL), "C_Finalize");
	pthread_join(thread, NULL);
	pcsc_check(waited.rv == CKR_CRYPTOKI_NOT_INITIALIZED, "the wait ended by C_Finalize",
		   waited.rv);
}

/*
 * A hundred moves faster than pcscd looks. What it did not see is no event, and several that it saw
 * may be told as one; but whoever waits has been told after the last one, and sees where the card is.
 */
enum { BURSTS = 10, MOVES = 10, MOVE_US = 30000, TOLD_S = 3 };

static struct {
	_Atomic unsigned long events;
	_Atomic int present; /* as it was looked up after the last event */
	_Atomic bool ended;
} follower;

static void *follow(void *unused)
{
	CK_SLOT_INFO info;
	CK_SLOT_ID told;
	CK_RV rv;

	while ((rv = pcsc_p11->C_WaitForSlotEvent(0, &told, NULL)) == CKR_OK) {
		if (told != pcsc_slot || pcsc_p11->C_GetSlotInfo(pcsc_slot, &info) != CKR_OK)
			continue;
		follower.present = (info.flags & CKF_TOKEN_PRESENT) != 0;
		follower.events++;
	}
	pcsc_check(rv == CKR_CRYPTOKI_NOT_INITIALIZED, "C_WaitForSlotEvent", rv);
	return unused;
}

/* Moves of differing haste, of which the last leaves the card out or in. */
static void burst(bool in)
{
	unsigned long before = follower.events;
	double deadline;

	for (int i = 0; i < MOVES; i++) {
		pcsc_control((i % 2 == 0) == in ? "remove default" : "insert default");
		usleep((useconds_t)(MOVE_US * (i % 4)));
	}
	for (deadline = pcsc_now() + TOLD_S; pcsc_now() < deadline && follower.present != in;)
		usleep(10000);
	pcsc_check(follower.present == in, "the last move is not told", in);
	pcsc_check(follower.events > before, "a burst that changed something is no event", in);
}

void pcsc_storm(void)
{
	pthread_t thread;

	pcsc_start();
	follower.present = 1;
	pthread_create(&thread, NULL, follow, NULL);
	usleep(300 * 1000);
	for (int i = 0; i < BURSTS && !pcsc_failures; i++)
		burst(i % 2);
	pcsc_ok(pcsc_p11->C_Finalize(NULL), "C_Finalize");
	pthread_join(thread, NULL);
	pcsc_check(follower.events >= BURSTS, "events", follower.events);
	printf("%d moves: %lu events, and after each burst the card's place was known\n",
	       BURSTS * MOVES, (unsigned long)follower.events);
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
