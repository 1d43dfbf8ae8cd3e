/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into intaglio-card by pcsc_daemon.sh: the first time that the daemon waits, so behind all
 * its fences, what it has no need of is tried in its place, and what the kernel says is printed. The
 * file that it must not read is in FENCED_FILE, the folder that it must not write to in FENCED_FOLDER.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

static void tell(const char *what, long rv)
{
	dprintf(STDERR_FILENO, "fenced: %s: %s\n", what, rv < 0 ? strerror(errno) : "done");
}

static void try_all(void)
{
	char *const nothing[] = {NULL};
	char path[4096];

	tell("read a file", open(getenv("FENCED_FILE"), O_RDONLY | O_CLOEXEC));
	snprintf(path, sizeof(path), "%s/new", getenv("FENCED_FOLDER"));
	tell("make a file", open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	tell("remove a file", unlink(getenv("FENCED_FILE")));
	tell("open IPv6", socket(AF_INET6, SOCK_STREAM, 0));
	tell("open a packet socket", socket(AF_PACKET, SOCK_RAW, 0));
	tell("be traced", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	tell("be dumped", prctl(PR_SET_DUMPABLE, 1));
	tell("change the user", setuid(getuid()));
	tell("start a program", execve("/bin/true", nothing, nothing));
}

__attribute__((visibility("default"))) int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	static bool tried;
	int (*next)(struct pollfd *, nfds_t, int);

	*(void **)&next = dlsym(RTLD_NEXT, "poll");
	if (!tried) {
		tried = true;
		try_all();
	}
	return next(fds, count, timeout);
}
