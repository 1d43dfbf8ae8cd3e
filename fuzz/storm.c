/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As many random calls as the first argument says (short form: a few), from the seed of the second,
 * so that a failure comes again. Each part of them runs in a process and on a card of its own: one
 * that dies is a crash, and the others go on. Ends with 1 unless there was no crash, no code outside
 * the standard's list for the function, and no answer that the model does not have.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/calls.h"

enum { INPUT = 8192, SHORT = 20000, PART = 100000, SAY_EVERY = 60 };

static void run_part(uint64_t seed, uint64_t calls, struct tally *tally)
{
	uint64_t state = (seed + 1) * 0x9E3779B97F4A7C15, end = tally->calls + calls;
	uint8_t bytes[INPUT];

	calls_tally(tally);
	while (tally->calls < end) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[i] = (uint8_t)(state >> 32);
		}
		LLVMFuzzerTestOneInput(bytes, sizeof(bytes));
	}
}

/* True if the part came to its end. */
static bool run_apart(uint64_t seed, uint64_t calls, struct tally *tally)
{
	pid_t child;
	int status = 0;

	fflush(NULL);
	child = fork();
	if (child < 0)
		return false;
	if (child == 0) {
		run_part(seed, calls, tally);
		exit(0);
	}
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	printf("seed %" PRIu64 " ended with status 0x%x\n", seed, status);
	return false;
}

int main(int argc, char **argv)
{
	uint64_t calls = argc > 1 ? strtoull(argv[1], NULL, 10) : SHORT;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t crashes = 0;
	time_t said = time(NULL);
	bool good;

	if (tally == MAP_FAILED)
		return 1;
	while (tally->calls < calls && crashes < 10) {
		uint64_t left = calls - tally->calls;

		crashes += !run_apart(seed++, left < PART ? left : PART, tally);
		if (time(NULL) - said < SAY_EVERY)
			continue;
		said = time(NULL);
		fprintf(stderr, "%" PRIu64 " calls\n", tally->calls);
	}
	good = !crashes && !tally->outside && !tally->surprises && tally->calls >= calls;
	printf("%" PRIu64 " refused, %" PRIu64 " answers against the model\n", tally->refused,
	       tally->surprises);
	printf("%" PRIu64 " calls, %" PRIu64 " crashes, %" PRIu64 " codes outside the list\n",
	       tally->calls, crashes, tally->outside);
	printf("%d passed, %d failed\n", good, !good);
	return good ? 0 : 1;
}
