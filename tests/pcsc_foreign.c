/* SPDX-License-Identifier: BSD-2-Clause */
/* A card of somebody else in the second reader. */
#include "tests/pcsc.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOKS = 5, EVENT_MS = 5000, STEP_MS = 20, SILENCE_S = 2 };

/* What such a card answers to whatever it is sent. The last one never answers, and is pulled. */
static const struct behaviour {
	const char *name;
	uint8_t answer[16];
	size_t len;
	bool silent;
} behaviours[] = {
	{"no such application", {0x6A, 0x82}, 2, false},
	{"more to be fetched, for ever", {0x61, 0x10}, 2, false},
	{"more to be fetched of any length, for ever", {0xDE, 0xAD, 0x61, 0x00}, 4, false},
	{"an instruction it does not know", {0x6D, 0x00}, 2, false},
	{"a class it does not know", {0x6E, 0x00}, 2, false},
	{"a wrong Le, for ever", {0x6C, 0x05}, 2, false},
	{"agreement and nothing else", {0x90, 0x00}, 2, false},
	{"an FCI of nothing", {0x6F, 0x00, 0x90, 0x00}, 4, false},
	{"an FCI longer than it is", {0x6F, 0x7F, 0x84, 0x90, 0x00}, 5, false},
	{"garbage", {0xDE, 0xAD, 0xBE, 0xEF, 0x01, 0x02, 0x03}, 7, false},
	{"one byte", {0x90}, 1, false},
	{"nothing", {0}, 0, true},
};
enum { BEHAVIOURS = sizeof(behaviours) / sizeof(behaviours[0]) };

/* It has got the application meanwhile: an FCI with its name. */
static const struct behaviour ours = {"ours",
				      {0x6F, 0x0C, 0x84, 0x0A, 0xF0, 'I', 'n', 't', 'a', 'g', 'l',
				       'i', 'o', 0x01, 0x90, 0x00},
				      16,
				      false};

static struct {
	int fd;
	const struct behaviour *_Atomic behaviour;
	_Atomic unsigned int commands;
} foreign;

static void answer_foreign(const uint8_t *bytes, size_t len)
{
	uint8_t message[64] = {(uint8_t)(len >> 8), (uint8_t)len};

	memcpy(message + 2, bytes, len);
	/* A vpcd that is gone shows as the end of what is received. */
	(void)!send(foreign.fd, message, len + 2, MSG_NOSIGNAL);
}

static void answer_command(void)
{
	const struct behaviour *b = foreign.behaviour;

	foreign.commands++;
	if (b->silent) {
		sleep(SILENCE_S);
		shutdown(foreign.fd, SHUT_RDWR);
	} else {
		answer_foreign(b->answer, b->len);
	}
}

static void *serve_foreign(void *unused)
{
	/* No historical bytes; T=1. */
	static const uint8_t atr[] = {0x3B, 0x80, 0x01, 0x81};
	uint8_t length[2], message[512];

	while (recv(foreign.fd, length, 2, MSG_WAITALL) == 2) {
		size_t len = (size_t)length[0] << 8 | length[1];

		if (len > sizeof(message) ||
		    recv(foreign.fd, message, len, MSG_WAITALL) != (ssize_t)len)
			break;
		if (len > 1)
			answer_command();
		else if (message[0] == 4)
			answer_foreign(atr, sizeof(atr));
	}
	return unused;
}

/* Asks for no more than presence, which is no command. */
static void wait_moved(void)
{
	CK_SLOT_ID told = 0;
	CK_RV rv = CKR_NO_EVENT;

	for (int ms = 0; (rv == CKR_NO_EVENT || told != pcsc_slot) && ms < EVENT_MS;
	     ms += STEP_MS) {
		rv = pcsc_p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL);
		usleep(STEP_MS * 1000);
	}
	pcsc_ok(rv, "a foreign card comes or goes");
}

static pthread_t insert_foreign(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(35964),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pthread_t thread;

	foreign.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(foreign.fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		puts("     there is no second reader");
		exit(1);
	}
	pthread_create(&thread, NULL, serve_foreign, NULL);
	wait_moved();
	return thread;
}

/* What an application that lists slots does again and again. */
static void look(void)
{
	CK_TOKEN_INFO token;
	CK_SLOT_INFO info;
	CK_RV rv;

	pcsc_must(pcsc_p11->C_GetSlotInfo(pcsc_slot, &info), "C_GetSlotInfo");
	pcsc_check(!(info.flags & CKF_TOKEN_PRESENT), "a foreign card is a token", 0);
	rv = pcsc_p11->C_GetTokenInfo(pcsc_slot, &token);
	pcsc_check(rv == CKR_TOKEN_NOT_PRESENT, "C_GetTokenInfo", rv);
	rv = pcsc_open_session();
	pcsc_check(rv == CKR_TOKEN_NOT_PRESENT, "C_OpenSession", rv);
}

/* What the administrator names is asked again, and only that. */
static void name_foreign(void)
{
	unsigned int before = foreign.commands;
	CK_SLOT_INFO info;
	CK_RV rv = pcsc_vendor->RecogniseCard(pcsc_slot);

	pcsc_check(rv == CKR_TOKEN_NOT_RECOGNIZED, "a foreign card that is named", rv);
	look();
	pcsc_check(foreign.commands - before >= 1 && foreign.commands - before <= 2,
		   "commands to a named card", foreign.commands - before);
	foreign.behaviour = &ours;
	before = foreign.commands;
	look();
	pcsc_check(foreign.commands == before, "a foreign card is asked unnamed", 0);
	pcsc_ok(pcsc_vendor->RecogniseCard(pcsc_slot), "RecogniseCard");
	pcsc_must(pcsc_p11->C_GetSlotInfo(pcsc_slot, &info), "C_GetSlotInfo");
	pcsc_check(info.flags & CKF_TOKEN_PRESENT, "a recognised card is no token", 0);
}

/* One insertion of such a card. */
static void insert_one(const struct behaviour *b, bool is_named)
{
	unsigned int before = foreign.commands;
	pthread_t thread;

	foreign.behaviour = b;
	thread = insert_foreign();
	for (int i = 0; i < LOOKS; i++)
		look();
	pcsc_check(foreign.commands - before >= 1 && foreign.commands - before <= 2, b->name,
		   foreign.commands - before);
	printf("a foreign card that answers %s: %u commands\n", b->name, foreign.commands - before);
	if (is_named)
		name_foreign();
	shutdown(foreign.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(foreign.fd);
	wait_moved();
}

void pcsc_foreign(void)
{
	CK_RV rv;

	pcsc_start();
	pcsc_slot++;
	/* The first twice: it is asked again when it is put in again. */
	insert_one(&behaviours[0], true);
	for (size_t i = 0; i < BEHAVIOURS; i++)
		insert_one(&behaviours[i], false);
	rv = pcsc_vendor->RecogniseCard(pcsc_slot);
	pcsc_check(rv == CKR_TOKEN_NOT_PRESENT, "an empty reader that is named", rv);
}
