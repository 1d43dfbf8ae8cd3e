/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio card insert, remove, reset: asks the intaglio-card that holds the card, intaglio-card(8). */
#include "tools/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char system_socket[] = "/run/intaglio/card.sock";

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The user's own daemon, or else the system's. */
static int connect_daemon(void)
{
	const char *named = secure_getenv("INTAGLIO_CONTROL");
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int fd = -1;

	if (named)
		return connect_to(named);
	if (runtime &&
	    (size_t)snprintf(path, sizeof(path), "%s/intaglio/card.sock", runtime) < sizeof(path))
		fd = connect_to(path);
	return fd >= 0 ? fd : connect_to(system_socket);
}

static enum exit_code ask(const char *verb, const char *name)
{
	char line[512];
	enum exit_code code = EXIT_CARD;
	int fd = connect_daemon();
	FILE *stream;

	if (fd < 0) {
		fprintf(stderr,
			"intaglio: no intaglio-card listens (%s); start it with "
			"intaglio-card NAME\n",
			strerror(errno));
		return EXIT_CARD;
	}
	stream = fdopen(fd, "r+");
	if (!stream) {
		close(fd);
		return EXIT_CARD;
	}
	fprintf(stream, "%s %s\n", verb, name);
	fflush(stream);
	while (fgets(line, sizeof(line), stream)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "ok") == 0)
			code = EXIT_DONE;
		else if (strncmp(line, "error ", 6) == 0)
			fprintf(stderr, "intaglio: %s\n", line + 6);
		else
			puts(line);
	}
	fclose(stream);
	return code;
}

static enum exit_code ask_one(const char *verb, int argc, char **argv)
{
	return argc == 1 ? ask(verb, argv[0]) : EXIT_USAGE;
}

enum exit_code card_insert(struct tool *tool, int argc, char **argv)
{
	(void)tool;
	return ask_one("insert", argc, argv);
}

enum exit_code card_remove(struct tool *tool, int argc, char **argv)
{
	(void)tool;
	return ask_one("remove", argc, argv);
}

enum exit_code card_reset(struct tool *tool, int argc, char **argv)
{
	(void)tool;
	return ask_one("reset", argc, argv);
}
