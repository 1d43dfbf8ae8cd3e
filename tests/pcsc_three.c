/* SPDX-License-Identifier: BSD-2-Clause */
/* Three cards in the first three readers, each taken out, put in and reset alone. */
#include "tests/pcsc.h"

#include <stdio.h>
#include <unistd.h>

enum { CARDS = 3, EVENT_MS = 5000, STEP_MS = 20 };

static const char *const names[CARDS] = {"default", "second", "elsewhere"};
static CK_SESSION_HANDLE sessions[CARDS];

static void open_one(unsigned int at)
{
	pcsc_ok(pcsc_p11->C_OpenSession(pcsc_slot + at, CKF_SERIAL_SESSION, NULL, NULL,
					&sessions[at]),
		"C_OpenSession");
}

/* Every card but this one (CARDS: all) does what it is asked in the session that it had. */
static void others_work(unsigned int but)
{
	for (unsigned int i = 0; i < CARDS; i++) {
		CK_BYTE random[8];

		if (i != but)
			pcsc_ok(pcsc_p11->C_GenerateRandom(sessions[i], random, sizeof(random)),
				names[i]);
	}
}

static void wait_event(unsigned int at)
{
	CK_SLOT_ID told = 0;
	CK_RV rv = CKR_NO_EVENT;

	for (int ms = 0; rv == CKR_NO_EVENT && ms < EVENT_MS; ms += STEP_MS) {
		rv = pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL);
		usleep(STEP_MS * 1000);
	}
	pcsc_ok(rv, "C_WaitForSlotEvent");
	pcsc_check(told == pcsc_slot + at, "an event of another slot", told);
}

static void move(const char *verb, unsigned int at)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %s", verb, names[at]);
	pcsc_control(line);
	wait_event(at);
}

/* Its going was told, and its session is closed. */
static void gone(unsigned int at)
{
	CK_SESSION_INFO info;
	CK_RV rv = pcsc_p11->C_GetSessionInfo(sessions[at], &info);

	pcsc_check(rv == CKR_SESSION_HANDLE_INVALID, "a session outlives its card", rv);
}

void pcsc_three(void)
{
	pcsc_start();
	for (unsigned int i = 0; i < CARDS; i++)
		open_one(i);
	others_work(CARDS);
	for (unsigned int i = 0; i < CARDS && !pcsc_failures; i++) {
		move("remove", i);
		others_work(i);
		gone(i);
		move("insert", i);
		open_one(i);
		others_work(CARDS);
		move("reset", i);
		others_work(i);
		gone(i);
		/* A reset is an event or two, by when somebody looks. */
		sleep(1);
		pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &(CK_SLOT_ID){0}, NULL);
		open_one(i);
		others_work(CARDS);
	}
}
