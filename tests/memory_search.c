/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks for secrets in the memory of a running program: memory_search SECRETS EVERY COMMAND...
 *
 * SECRETS has lines `name hexadecimal digits`. COMMAND is traced; at every EVERYth time that it sends
 * something to a socket, and just before it ends, an image of all its memory is taken, and each of
 * its positions is held against every 16 bytes that follow each other in a secret. Says what was
 * found, how many images there were and how many bytes they had; ends with the command's exit code.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "base/buf.h"

enum {
	WINDOW = 16,
	WORD = 8, /* every window has a whole one at a multiple of so many */
	SECRETS = 64,
	LINE = 1 << 18,
	TABLE = 1 << 20, /* a power of two, of the secrets' words */
	PIECE = 1 << 20,
	VARIED = 8, /* values of bytes that a window must have: others are everywhere */
};

struct secret {
	char name[64];
	uint8_t *bytes;
	size_t len;
	bool found;
};

/* Any WORD bytes that follow each other in a secret. */
struct word {
	struct secret *secret;
	size_t at;
};

static struct secret secrets[SECRETS];
static size_t secret_count;
static struct word *words; /* TABLE of them */
static uint8_t likely[TABLE / 8]; /* a bit for each, by its hash */
static unsigned long images, sends;
static uint64_t searched;

static void fail(const char *what)
{
	fprintf(stderr, "memory_search: %s: %s\n", what, strerror(errno));
	exit(99);
}

static size_t place_of(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return (size_t)((word * 0x9E3779B97F4A7C15) >> 44); /* 20 bits */
}

static bool is_varied(const uint8_t *at)
{
	bool seen[256] = {false};
	int n = 0;

	for (int i = 0; i < WINDOW; i++) {
		n += !seen[at[i]];
		seen[at[i]] = true;
	}
	return n >= VARIED;
}

static void put_word(struct secret *s, size_t at)
{
	size_t place = place_of(s->bytes + at);

	likely[place / 8] |= (uint8_t)(1 << place % 8);
	while (words[place].secret)
		place = (place + 1) % TABLE;
	words[place] = (struct word){s, at};
}

static void read_secrets(const char *path)
{
	static char line[LINE], hex[LINE];
	FILE *file = fopen(path, "re");

	words = calloc(TABLE, sizeof(*words));
	if (!file || !words)
		fail(path);
	while (secret_count < SECRETS && fgets(line, sizeof(line), file)) {
		struct secret *s = &secrets[secret_count];

		if (sscanf(line, "%63s %262143s", s->name, hex) != 2)
			continue;
		secret_count++;
		s->len = strlen(hex) / 2;
		s->bytes = malloc(s->len + 1);
		if (!s->bytes)
			fail("memory");
		for (size_t i = 0; i < s->len; i++)
			sscanf(hex + 2 * i, "%2hhx", &s->bytes[i]);
		for (size_t i = 0; i + WORD <= s->len; i++)
			put_word(s, i);
	}
	fclose(file);
}

/* Whether a window around this word is the secret's. */
static bool is_of(struct view piece, size_t at, const struct word *w)
{
	for (size_t before = 0; before <= WINDOW - WORD; before++) {
		const uint8_t *window = piece.data + at - before;

		if (before > at || before > w->at || at - before + WINDOW > piece.len ||
		    w->at - before + WINDOW > w->secret->len)
			continue;
		if (view_equal(view_of(window, WINDOW),
			       view_of(w->secret->bytes + w->at - before, WINDOW)) &&
		    is_varied(window))
			return true;
	}
	return false;
}

static void look(struct view piece, uint64_t address, const char *where)
{
	for (size_t at = 0; at + WORD <= piece.len; at += WORD) {
		size_t place = place_of(piece.data + at);

		if (!(likely[place / 8] >> place % 8 & 1))
			continue;
		for (; words[place].secret; place = (place + 1) % TABLE) {
			struct secret *s = words[place].secret;

			if (s->found || !is_of(piece, at, &words[place]))
				continue;
			s->found = true;
			printf("found %s at %" PRIx64 " in %s", s->name, address + at,
			       *where ? where : "(anonymous)\n");
		}
	}
}

/* One mapping, in pieces that overlap by a window. */
static void search_mapping(int memory, uint64_t from, uint64_t to, const char *where)
{
	static uint8_t piece[PIECE];

	while (from < to) {
		size_t len = to - from < PIECE ? (size_t)(to - from) : PIECE;
		ssize_t n = pread(memory, piece, len, (off_t)from);

		if (n < WINDOW)
			return;
		look(view_of(piece, (size_t)n), from, where);
		searched += (uint64_t)n;
		if ((size_t)n == to - from)
			return;
		from += (uint64_t)n - WINDOW;
	}
}

static void take_image(pid_t pid)
{
	char path[64], line[4400], rights[8];
	FILE *maps;
	int memory;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (memory < 0 || !maps)
		fail(path);
	while (fgets(line, sizeof(line), maps)) {
		uint64_t from, to;
		int name = 0;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s %n", &from, &to, rights,
			   &name) < 3 ||
		    rights[0] != 'r' || strstr(line, "[v"))
			continue;
		/* A file's pages that are the file's still are no secret of this process. */
		if (rights[1] == 'w')
			search_mapping(memory, from, to, line + name);
	}
	fclose(maps);
	close(memory);
	images++;
}

/* Whether a thread stands at the beginning of a call that sends. */
static bool is_sending(pid_t pid)
{
	struct ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       (info.entry.nr == SYS_sendto || info.entry.nr == SYS_sendmsg);
}

/* Follows all threads of the command; its exit code. */
static int follow(pid_t pid, unsigned long every)
{
	int status, code = 98;

	for (;;) {
		pid_t who = waitpid(-1, &status, __WALL);
		int signal = 0;

		if (who < 0)
			return code;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (who == pid)
				code = WIFEXITED(status) ? WEXITSTATUS(status)
							 : 128 + WTERMSIG(status);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (is_sending(who) && sends++ % every == 0)
				take_image(who);
		} else if (status >> 16 == PTRACE_EVENT_EXIT) {
			if (who == pid)
				take_image(who);
		} else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP &&
			   WSTOPSIG(status) != SIGTRAP) {
			signal = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, who, 0, signal);
	}
}

int main(int argc, char **argv)
{
	int status, code;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: memory_search SECRETS EVERY COMMAND...\n");
		return 99;
	}
	read_secrets(argv[1]);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT |
			   PTRACE_O_EXITKILL) != 0)
		fail("the command cannot be traced");
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	code = follow(pid, strtoul(argv[2], NULL, 10));
	printf("%lu images, %" PRIu64 " bytes, %lu messages\n", images, searched, sends);
	for (size_t i = 0; i < secret_count; i++)
		printf("%s: %s\n", secrets[i].name, secrets[i].found ? "found" : "not found");
	return code;
}
