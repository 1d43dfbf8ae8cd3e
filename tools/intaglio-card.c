/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio-card: puts a software card into a running pcscd through vpcd (Debian's vsmartcard-vpcd).
 * The card connects to vpcd; each message is a length of two bytes, big-endian, and that many bytes:
 * one byte is a control code, more are a command APDU. See intaglio-card(8).
 */
#include "base/log.h"
#include "card/card.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/apdu.h"

enum { VPCD_POWER_OFF = 0, VPCD_POWER_ON = 1, VPCD_RESET = 2, VPCD_ATR = 4, VPCD_PORT = 35963 };

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

/* Signals end the blocking read, so that the card is closed in order. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = stop};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int connect_vpcd(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		log_error("vpcd does not answer on 127.0.0.1 port %u (%s): is pcscd running, with "
			  "vsmartcard-vpcd installed?",
			  port, strerror(errno));
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* vpcd writes length and payload separately; without QUICKACK each APDU waits for a delayed ACK. */
static bool read_all(int fd, uint8_t *bytes, size_t len)
{
	while (len) {
		int one = 1;
		ssize_t n;

		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
		n = read(fd, bytes, len);
		if (n < 0 && errno == EINTR && !stopped)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_all(int fd, struct view bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR && !stopped)
			continue;
		if (n <= 0)
			return false;
		bytes.data += n;
		bytes.len -= (size_t)n;
	}
	return true;
}

static bool send_message(int fd, struct view payload)
{
	uint8_t array[2 + APDU_RESPONSE_MAX];
	struct buf message;

	buf_fixed(&message, array, sizeof(array));
	buf_u16(&message, (uint16_t)payload.len);
	buf_view(&message, payload);
	return payload.len <= UINT16_MAX && buf_rc(&message) == RC_OK &&
	       write_all(fd, view_buf(&message));
}

/* One message from vpcd; false ends the service. */
static bool serve_one(int fd, struct card *card, struct buf *atr, struct buf *answer)
{
	uint8_t length[2] = {0}, message[UINT16_MAX];
	struct view header = view_of(length, sizeof(length));
	uint16_t len;

	if (!read_all(fd, length, sizeof(length)) || view_u16(&header, &len) != RC_OK ||
	    !read_all(fd, message, len))
		return false;
	if (len == 1) {
		if (message[0] == VPCD_ATR)
			return send_message(fd, view_buf(atr));
		buf_reset(atr);
		return card_reset(card, atr) == RC_OK;
	}
	buf_reset(answer);
	return card_transmit(card, view_of(message, len), answer) == RC_OK &&
	       send_message(fd, view_buf(answer));
}

static int serve(const char *dir, uint16_t port)
{
	struct card_options options = {.create = false};
	uint8_t atr_array[33];
	struct card *card = NULL;
	struct buf atr, answer;
	int fd, code = 1;

	buf_fixed(&atr, atr_array, sizeof(atr_array));
	buf_init(&answer, APDU_RESPONSE_MAX);
	fd = connect_vpcd(port);
	if (fd >= 0 && card_open(dir, &options, &card) == RC_OK &&
	    card_reset(card, &atr) == RC_OK) {
		while (!stopped && serve_one(fd, card, &atr, &answer))
			;
		code = stopped ? 0 : 1;
		if (!stopped)
			log_error("vpcd closed the connection, or the card in %s failed", dir);
	}
	card_close(&card);
	buf_free(&answer);
	if (fd >= 0)
		close(fd);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"port", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	unsigned long port = VPCD_PORT;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			port = strtoul(optarg, NULL, 10);
		if (option == 'h' || option == '?' || port < 1 || port > 65535) {
			fputs("usage: intaglio-card [--port N] CARD_DIRECTORY\n", stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	if (optind + 1 != argc) {
		fputs("usage: intaglio-card [--port N] CARD_DIRECTORY\n", stderr);
		return 2;
	}
	/* Keys are in this process: no core dumps, no tracing by others. */
	prctl(PR_SET_DUMPABLE, 0);
	catch_signals();
	return serve(argv[optind], (uint16_t)port);
}
