/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers that come and go while pcscd runs. pcscd does that for readers on USB alone, and there is
 * none here, so this program stands in for libpcsclite: what it exports the module finds first. No
 * card can be talked to, and each attempt is counted.
 */
#include "tests/suite.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PCSC_API __attribute__((visibility("default"))) /* for the module to find */
#include <winscard.h>

#include "tests/module/load.h"

enum {
	READERS = 3,
	CONTEXTS = 64,
	SLOTS = 8,
	EVENT_SHIFT = 16,
	EMBEDDED = 1,
	NAME_MAX_READER = 32
};

static struct plugged {
	const char *name;
	bool there, card;
	DWORD events;
} readers[READERS] = {{.name = "Reader A"}, {.name = "Reader B"}, {.name = "Reader C"}};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static unsigned int plugs; /* how often a reader came or went */
static unsigned int connections;
static SCARDCONTEXT last_context;
static bool cancelled[CONTEXTS];
static struct loaded loaded;

/* A reader comes, or goes, with or without a card in it. */
static void plug(size_t which, bool there, bool card)
{
	pthread_mutex_lock(&mutex);
	plugs += readers[which].there != there;
	readers[which].events += readers[which].card != card;
	readers[which].there = there;
	readers[which].card = card;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&mutex);
}

LONG SCardEstablishContext(DWORD scope, LPCVOID one, LPCVOID two, LPSCARDCONTEXT ret)
{
	(void)scope;
	(void)one;
	(void)two;
	pthread_mutex_lock(&mutex);
	*ret = ++last_context;
	cancelled[*ret % CONTEXTS] = false;
	pthread_mutex_unlock(&mutex);
	return SCARD_S_SUCCESS;
}

LONG SCardReleaseContext(SCARDCONTEXT context)
{
	(void)context;
	return SCARD_S_SUCCESS;
}

LONG SCardIsValidContext(SCARDCONTEXT context)
{
	(void)context;
	return SCARD_S_SUCCESS;
}

/* As with SCARD_AUTOALLOCATE; freed below. */
LONG SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR names, LPDWORD len)
{
	char *list = calloc(READERS + 1, NAME_MAX_READER), *at = list;

	(void)context;
	(void)groups;
	if (!list)
		return SCARD_E_NO_MEMORY;
	pthread_mutex_lock(&mutex);
	for (size_t i = 0; i < READERS; i++)
		if (readers[i].there)
			at += snprintf(at, NAME_MAX_READER, "%s", readers[i].name) + 1;
	pthread_mutex_unlock(&mutex);
	*len = (DWORD)(at - list + 1);
	if (at == list) {
		free(list);
		return SCARD_E_NO_READERS_AVAILABLE;
	}
	memcpy(names, &list, sizeof(list));
	return SCARD_S_SUCCESS;
}

LONG SCardFreeMemory(SCARDCONTEXT context, LPCVOID memory)
{
	(void)context;
	free((void *)memory);
	return SCARD_S_SUCCESS;
}

static struct plugged *find(const char *name)
{
	for (size_t i = 0; i < READERS; i++)
		if (readers[i].there && strcmp(readers[i].name, name) == 0)
			return &readers[i];
	return NULL;
}

/* With the mutex. Fills in the states; *ret_changed: one is another than the caller knows. */
static LONG look(LPSCARD_READERSTATE states, DWORD count, unsigned int before, bool *ret_changed)
{
	*ret_changed = false;
	for (DWORD i = 0; i < count; i++) {
		const struct plugged *r = find(states[i].szReader);
		DWORD now;

		if (strstr(states[i].szReader, "PnP")) {
			*ret_changed |= plugs != before;
			continue;
		}
		if (!r)
			return SCARD_E_UNKNOWN_READER;
		now = (r->card ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY) | r->events
										    << EVENT_SHIFT;
		states[i].dwEventState = now;
		states[i].cbAtr = 0;
		if (now != (states[i].dwCurrentState & ~(DWORD)SCARD_STATE_CHANGED)) {
			states[i].dwEventState |= SCARD_STATE_CHANGED;
			*ret_changed = true;
		}
	}
	return SCARD_S_SUCCESS;
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD timeout, LPSCARD_READERSTATE states,
			  DWORD count)
{
	struct timespec until;
	bool changed = false;
	unsigned int before;
	int waited = 0;
	LONG rv;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout / 1000;
	pthread_mutex_lock(&mutex);
	before = plugs;
	for (;;) {
		rv = look(states, count, before, &changed);
		if (rv == SCARD_S_SUCCESS && !changed && cancelled[context % CONTEXTS])
			rv = SCARD_E_CANCELLED;
		if (rv != SCARD_S_SUCCESS || changed)
			break;
		rv = SCARD_E_TIMEOUT;
		if (timeout == 0 || waited == ETIMEDOUT)
			break;
		waited = pthread_cond_timedwait(&moved, &mutex, &until);
	}
	pthread_mutex_unlock(&mutex);
	return rv;
}

LONG SCardCancel(SCARDCONTEXT context)
{
	pthread_mutex_lock(&mutex);
	cancelled[context % CONTEXTS] = true;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&mutex);
	return SCARD_S_SUCCESS;
}

LONG SCardConnect(SCARDCONTEXT context, LPCSTR name, DWORD share, DWORD protocols,
		  LPSCARDHANDLE ret, LPDWORD ret_protocol)
{
	(void)context;
	(void)name;
	(void)share;
	(void)protocols;
	(void)ret;
	(void)ret_protocol;
	connections++;
	return SCARD_W_UNRESPONSIVE_CARD;
}

/* All slots, as many as there are; those of readers follow the embedded card's. */
static CK_ULONG slots(CK_SLOT_ID list[SLOTS])
{
	CK_ULONG count = SLOTS;

	/* Only a question for the number lets the list grow, PKCS#11 5.5.1. */
	CU_ASSERT_EQUAL(loaded.list->C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
	CU_ASSERT_FATAL(count <= SLOTS);
	CU_ASSERT_EQUAL(loaded.list->C_GetSlotList(CK_FALSE, list, &count), CKR_OK);
	return count;
}

/* A card that cannot be talked to is none of ours: the slot is empty. */
static bool is_empty(CK_SLOT_ID slot)
{
	CK_SLOT_INFO info = {.flags = CKF_TOKEN_PRESENT};

	CU_ASSERT_EQUAL(loaded.list->C_GetSlotInfo(slot, &info), CKR_OK);
	return !(info.flags & CKF_TOKEN_PRESENT);
}

static struct {
	CK_RV rv;
	CK_SLOT_ID slot;
} told;

static void *wait_for_event(void *unused)
{
	told.rv = loaded.list->C_WaitForSlotEvent(0, &told.slot, NULL);
	return unused;
}

/* The slot that a blocked wait is told of when this happens. */
static CK_SLOT_ID told_of(size_t which, bool there, bool card)
{
	pthread_t thread;

	told.slot = SLOTS;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wait_for_event, NULL), 0);
	usleep(100 * 1000);
	plug(which, there, card);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(told.rv, CKR_OK);
	return told.slot;
}

static int start(void)
{
	plug(0, true, false);
	return !load_open(LOAD_REAL, &loaded) || loaded.list->C_Initialize(NULL) != CKR_OK;
}

static int finish(void)
{
	bool good = loaded.list->C_Finalize(NULL) == CKR_OK;

	load_close(&loaded);
	return !good;
}

static void a_reader_that_comes_is_a_new_slot_and_one_that_goes_stays_one(void)
{
	CK_SLOT_ID list[SLOTS], b;

	CU_ASSERT_EQUAL(slots(list), EMBEDDED + 1);
	b = told_of(1, true, true);
	CU_ASSERT_EQUAL(slots(list), EMBEDDED + 2);
	CU_ASSERT_EQUAL(b, list[EMBEDDED + 1]);
	/* Neither the list nor the event needs to talk to it; who asks about the slot does. */
	CU_ASSERT_EQUAL(connections, 0);
	CU_ASSERT_TRUE(is_empty(b));
	CU_ASSERT_TRUE(connections > 0);
	/* Unplugged with the card in it: no token any more, but still a slot. */
	CU_ASSERT_EQUAL(told_of(1, false, false), b);
	CU_ASSERT_EQUAL(slots(list), EMBEDDED + 2);
	CU_ASSERT_TRUE(is_empty(b));
	/* Another one meanwhile gets a number of its own, and this one comes back to its. */
	CU_ASSERT_EQUAL(told_of(2, true, true), b + 1);
	CU_ASSERT_EQUAL(told_of(1, true, true), b);
	CU_ASSERT_EQUAL(slots(list), EMBEDDED + 3);
	CU_ASSERT_TRUE(is_empty(b));
	CU_ASSERT_TRUE(is_empty(list[EMBEDDED]));
}

static void all_readers_may_go(void)
{
	CK_SLOT_ID list[SLOTS], slot;

	for (size_t i = 0; i < READERS; i++)
		plug(i, false, false);
	CU_ASSERT_EQUAL(slots(list), EMBEDDED + READERS);
	for (size_t i = EMBEDDED; i < EMBEDDED + READERS; i++)
		CU_ASSERT_TRUE(is_empty(list[i]));
	while (loaded.list->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK)
		;
	CU_ASSERT_EQUAL(told_of(0, true, true), list[EMBEDDED]);
	CU_ASSERT_TRUE(is_empty(list[EMBEDDED]));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a_reader_that_comes_is_a_new_slot_and_one_that_goes_stays_one",
		 a_reader_that_comes_is_a_new_slot_and_one_that_goes_stays_one},
		{"all_readers_may_go", all_readers_may_go},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "readers", .pInitFunc = start, .pCleanupFunc = finish, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("module readers", suites);
}
