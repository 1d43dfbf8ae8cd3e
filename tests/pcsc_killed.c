/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio-card ended and killed while records are sealed: what was acknowledged is on the card. */
#include "tests/pcsc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 4, NUMBERS_MAX = 100000, FIRST_MS = 50, STEP_MS = 40 };

static unsigned char acknowledged[NUMBERS_MAX], stored[NUMBERS_MAX];
static uint32_t next_number;

/* The record is a number. */
static CK_RV seal_number(CK_OBJECT_HANDLE ledger, uint32_t number)
{
	CK_BYTE sealed[sizeof(number) + CK_INTAGLIO_SEAL_OVERHEAD];
	CK_INTAGLIO_SEAL_PARAMS parameter = {.ulType = 1};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &parameter, sizeof(parameter)};
	CK_ULONG len = sizeof(sealed);
	struct timespec t;
	CK_RV rv;

	clock_gettime(CLOCK_REALTIME, &t);
	parameter.ullTime = (unsigned long long)t.tv_sec * 1000;
	for (int i = 0; i < 8; i++)
		parameter.nonce[i] = (unsigned char)(parameter.ullTime >> 8 * (7 - i));
	if (getentropy(parameter.nonce + 8, 8) != 0)
		return CKR_HOST_MEMORY;
	rv = pcsc_p11->C_EncryptInit(pcsc_session, &mechanism, ledger);
	return rv == CKR_OK ? pcsc_p11->C_Encrypt(pcsc_session, (CK_BYTE_PTR)&number,
						  sizeof(number), sealed, &len)
			    : rv;
}

static CK_OBJECT_HANDLE begin(void)
{
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_must(pcsc_login(), "C_Login");
	return pcsc_find_class(pcsc_session, CKO_SECRET_KEY);
}

/*
 * Seals until it cannot, and how many it did. A daemon that is back before pcscd has looked is a
 * card that did not answer once.
 */
static unsigned int seal_until_the_end(const char *signal, unsigned int ms, bool at_once)
{
	CK_OBJECT_HANDLE ledger = begin();
	unsigned int count = 0;
	char command[128];
	CK_RV rv = CKR_OK;

	snprintf(command, sizeof(command), "./restart-cards %s 0.%03u %d", signal, ms,
		 at_once ? 0 : 1);
	pcsc_check(system(command) == 0, command, 0);
	while (rv == CKR_OK && next_number < NUMBERS_MAX) {
		rv = seal_number(ledger, next_number);
		if (rv == CKR_OK) {
			acknowledged[next_number] = 1;
			count++;
		}
		next_number++;
	}
	pcsc_check(rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT ||
			   (at_once && rv == CKR_DEVICE_ERROR),
		   "C_Encrypt", rv);
	return count;
}

static bool take_number(CK_OBJECT_HANDLE ledger, CK_ULONG index)
{
	CK_INTAGLIO_SEAL_PARAMS parameter = {.ulIndex = index};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &parameter, sizeof(parameter)};
	uint32_t number = NUMBERS_MAX;
	CK_ULONG len = sizeof(number);

	if (!pcsc_ok(pcsc_p11->C_DecryptInit(pcsc_session, &mechanism, ledger), "C_DecryptInit") ||
	    !pcsc_ok(pcsc_p11->C_Decrypt(pcsc_session, (CK_BYTE_PTR) "", 0, (CK_BYTE_PTR)&number,
					 &len),
		     "C_Decrypt") ||
	    !pcsc_check(len == sizeof(number) && number < NUMBERS_MAX, "a record", number))
		return false;
	stored[number]++;
	return true;
}

/* Each record that was acknowledged is there, once, and no other one twice. */
static void judge_records(CK_ULONG before)
{
	CK_OBJECT_HANDLE ledger = begin();
	CK_ULONG count = pcsc_records(ledger);

	for (CK_ULONG i = before; i < count && take_number(ledger, i); i++)
		;
	for (uint32_t i = 0; i < next_number; i++)
		pcsc_check(acknowledged[i] ? stored[i] == 1 : stored[i] <= 1,
			   "a record that was acknowledged is lost, or one is there twice", i);
}

void pcsc_daemon_killed(void)
{
	unsigned int sealed[2] = {0};
	CK_ULONG before;

	pcsc_start();
	before = pcsc_records(begin());
	pcsc_ok(pcsc_p11->C_CloseAllSessions(pcsc_slot), "C_CloseAllSessions");
	for (unsigned int i = 0; i < 2 * ROUNDS && !pcsc_failures; i++) {
		sealed[i % 2] += seal_until_the_end(i % 2 ? "KILL" : "TERM", FIRST_MS + STEP_MS * i,
						    i >= ROUNDS);
		if (!pcsc_wait_present(true))
			return;
		/* The application goes on. */
		pcsc_ok(seal_number(begin(), next_number), "a seal after it");
		acknowledged[next_number++] = 1;
		pcsc_ok(pcsc_p11->C_CloseAllSessions(pcsc_slot), "C_CloseAllSessions");
	}
	pcsc_check(sealed[0] && sealed[1], "nothing was sealed", 0);
	judge_records(before);
	printf("intaglio-card ended %d times and killed %d times: all of %u seals are there\n",
	       ROUNDS, ROUNDS, sealed[0] + sealed[1] + 2 * ROUNDS);
}
