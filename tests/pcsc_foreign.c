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

/* A card of somebody else in the second reader: it knows no application, and counts. */

static struct {
	int fd;
	_Atomic unsigned int commands;
	_Atomic bool is_ours; /* it has got the application meanwhile */
} foreign;

static void answer_foreign(const uint8_t *bytes, size_t len)
{
	uint8_t message[64] = {(uint8_t)(len >> 8), (uint8_t)len};

	memcpy(message + 2, bytes, len);
	if (write(foreign.fd, message, len + 2) != (ssize_t)len + 2)
		puts("     vpcd takes no answer");
}

static void *serve_foreign(void *unused)
{
	/* No historical bytes; T=1. */
	static const uint8_t atr[] = {0x3B, 0x80, 0x01, 0x81}, not_found[] = {0x6A, 0x82};
	/* An FCI with the application's name. */
	static const uint8_t found[] = {0x6F, 0x0C, 0x84, 0x0A, 0xF0, 'I',  'n',  't',
					'a',  'g',  'l',  'i',  'o',  0x01, 0x90, 0x00};
	uint8_t length[2], message[512];

	while (recv(foreign.fd, length, 2, MSG_WAITALL) == 2) {
		size_t len = (size_t)length[0] << 8 | length[1];

		if (len > sizeof(message) ||
		    recv(foreign.fd, message, len, MSG_WAITALL) != (ssize_t)len)
			break;
		if (len > 1) {
			foreign.commands++;
			if (foreign.is_ours)
				answer_foreign(found, sizeof(found));
			else
				answer_foreign(not_found, sizeof(not_found));
		} else if (message[0] == 4) {
			answer_foreign(atr, sizeof(atr));
		}
	}
	return unused;
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
	sleep(1);
	return thread;
}

/* What the administrator names is asked again, and only that. */
static void name_foreign(void)
{
	unsigned int before = foreign.commands;
	CK_SLOT_INFO info;
	CK_RV rv = pcsc_vendor->RecogniseCard(pcsc_slot);

	pcsc_check(rv == CKR_TOKEN_NOT_RECOGNIZED, "a foreign card that is named", rv);
	pcsc_must(pcsc_p11->C_GetSlotInfo(pcsc_slot, &info), "C_GetSlotInfo");
	pcsc_check(!(info.flags & CKF_TOKEN_PRESENT), "a named card is a token all the same", 0);
	pcsc_check(foreign.commands - before >= 1 && foreign.commands - before <= 2,
		   "commands to a named card", foreign.commands - before);
	foreign.is_ours = true;
	before = foreign.commands;
	pcsc_must(pcsc_p11->C_GetSlotInfo(pcsc_slot, &info), "C_GetSlotInfo");
	pcsc_check(!(info.flags & CKF_TOKEN_PRESENT), "a card is judged twice", 0);
	pcsc_check(foreign.commands == before, "a foreign card is asked unnamed", 0);
	pcsc_ok(pcsc_vendor->RecogniseCard(pcsc_slot), "RecogniseCard");
	pcsc_must(pcsc_p11->C_GetSlotInfo(pcsc_slot, &info), "C_GetSlotInfo");
	pcsc_check(info.flags & CKF_TOKEN_PRESENT, "a recognised card is no token", 0);
	foreign.is_ours = false;
}

void pcsc_foreign(void)
{
	pthread_t thread;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO info;
	unsigned int before;
	CK_RV rv;

	for (int insertion = 0; insertion < 2; insertion++) {
		before = foreign.commands;
		thread = insert_foreign();
		if (insertion == 0) {
			pcsc_start();
			pcsc_slot++;
		}
		for (int i = 0; i < 5; i++) {
			pcsc_must(pcsc_p11->C_GetSlotInfo(pcsc_slot, &info), "C_GetSlotInfo");
			pcsc_check(!(info.flags & CKF_TOKEN_PRESENT), "a foreign card is a token",
				   0);
			rv = pcsc_p11->C_GetTokenInfo(pcsc_slot, &token);
			pcsc_check(rv == CKR_TOKEN_NOT_PRESENT, "C_GetTokenInfo", rv);
			rv = pcsc_open_session();
			pcsc_check(rv == CKR_TOKEN_NOT_PRESENT, "C_OpenSession", rv);
		}
		pcsc_check(foreign.commands - before >= 1 && foreign.commands - before <= 2,
			   "commands to a foreign card", foreign.commands - before);
		printf("a foreign card: %u commands\n", foreign.commands - before);
		name_foreign();
		shutdown(foreign.fd, SHUT_RDWR);
		pthread_join(thread, NULL);
		close(foreign.fd);
		sleep(1);
		rv = pcsc_vendor->RecogniseCard(pcsc_slot);
		pcsc_check(rv == CKR_TOKEN_NOT_PRESENT, "an empty reader that is named", rv);
	}
}
