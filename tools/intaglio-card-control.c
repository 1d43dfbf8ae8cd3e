/* SPDX-License-Identifier: BSD-2-Clause */
/* Control by the card's owner: what a hand does to a card, by name. */
#include "tools/intaglio-card-control.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum {
	FIRST_PASSED = 3, /* sd_listen_fds(3) */
	LINE_BYTES = 256,
	PATIENCE_MS = 1000,
	OUT_MS = 1000, /* longer than pcscd takes to see that a card is gone */
};

int control_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	if (!pid || !count || strtol(pid, NULL, 10) != getpid() || strtol(count, NULL, 10) < 1)
		return -1;
	return FIRST_PASSED;
}

int control_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	bool bound;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		log_error("the path of the control socket, %s, is too long", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* A socket that a killed daemon left behind is nobody's. */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		log_error("another intaglio-card listens on %s", path);
		close(fd);
		return -1;
	}
	unlink(path);
	mask = umask(0177);
	bound = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 4) == 0;
	umask(mask);
	if (!bound) {
		log_error("the control socket %s cannot be made: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_owner(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

static bool read_line(int fd, char line[LINE_BYTES])
{
	size_t len = 0;

	while (len < LINE_BYTES - 1) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ssize_t n = poll(&wait, 1, PATIENCE_MS) == 1
				    ? read(fd, line + len, LINE_BYTES - 1 - len)
				    : -1;

		if (n <= 0)
			return false;
		len += (size_t)n;
		line[len] = '\0';
		if (strchr(line, '\n')) {
			*strchr(line, '\n') = '\0';
			return true;
		}
	}
	return false;
}

static void answer(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void answer(int fd, const char *format, ...)
{
	char line[2 * LINE_BYTES];
	va_list list;
	int len;

	va_start(list, format);
	len = vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	if (len > 0)
		(void)!send(fd, line, strlen(line), MSG_NOSIGNAL);
}

static void list_cards(int fd, struct vpcd **cards, size_t count)
{
	static const char *const words[] = {
		[VPCD_OUT] = "out",
		[VPCD_IN] = "in",
		[VPCD_WAITING] = "waiting for pcscd",
		[VPCD_FAILED] = "failed",
	};

	for (size_t i = 0; i < count; i++)
		answer(fd, "%s %s\n", vpcd_name(cards[i]), words[vpcd_state(cards[i])]);
	answer(fd, "ok\n");
}

static struct vpcd *find(struct vpcd **cards, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(vpcd_name(cards[i]), name) == 0)
			return cards[i];
	return NULL;
}

/* Out for so long that pcscd sees it, and in again. */
static void reset(struct vpcd *v)
{
	const struct timespec out = {.tv_sec = OUT_MS / 1000};

	vpcd_insert(v, false);
	nanosleep(&out, NULL);
	vpcd_insert(v, true);
}

static void obey(int fd, char *line, struct vpcd **cards, size_t count)
{
	char *save, *verb = strtok_r(line, " ", &save), *name = strtok_r(NULL, " ", &save);
	char *number = strtok_r(NULL, " ", &save);
	struct vpcd *v;

	if (verb && strcmp(verb, "list") == 0) {
		list_cards(fd, cards, count);
		return;
	}
	v = name ? find(cards, count, name) : NULL;
	if (!verb || !v) {
		answer(fd, "error there is no card %s here\n", name ? name : "");
		return;
	}
	if (strcmp(verb, "insert") == 0) {
		vpcd_insert(v, true);
	} else if (strcmp(verb, "remove") == 0) {
		vpcd_insert(v, false);
	} else if (strcmp(verb, "reset") == 0) {
		reset(v);
	} else if (number && strcmp(verb, "eject-after") == 0) {
		vpcd_eject_after(v, strtoul(number, NULL, 10), false);
	} else if (number && strcmp(verb, "eject-unanswered") == 0) {
		vpcd_eject_after(v, strtoul(number, NULL, 10), true);
	} else {
		answer(fd, "error %s is not understood\n", verb);
		return;
	}
	answer(fd, "ok\n");
}

void control_serve(int listener, struct vpcd **cards, size_t count)
{
	char line[LINE_BYTES];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (!is_owner(fd))
		answer(fd, "error only the card's owner is listened to\n");
	else if (read_line(fd, line))
		obey(fd, line, cards, count);
	close(fd);
}
