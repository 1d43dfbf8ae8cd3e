/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The enumerator of power cuts, and its main: powercut [short] [WORKLOAD]; short tries fewer states.
 * Prints the number of states tried for each workload and operation, the first failures with the way to see them again, and "N passed, N failed".
 */
#include "tests/powercut.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/disk.h"

enum {
	EVENTS_MAX = 4096,
	PREFIXES_MAX = 40, /* tried if there are more, evenly spread */
	SUBSETS_EXHAUSTIVE = 5, /* up to so many events every subset is tried */
	SUBSETS_SAMPLED = 120,
	RECUT_EVERY = 1, /* one state in so many is cut again while it recovers */
	GO_ON_EVERY = 4,
	FAILURES_PRINTED = 10,
	OPERATIONS_MAX = 16,
	SHORT = 8, /* the short form tries one sample in so many */
};

static const struct powercut_workload *const workloads[] = {
	&powercut_nvm, &powercut_nvm_full, &powercut_card, &powercut_ledger, &powercut_manager,
};

static bool is_short;

/* States by operation, of the workload under way. */
static struct {
	const char *name;
	unsigned long states;
} operations[OPERATIONS_MAX];

static void count_state(const struct powercut_workload *workload, unsigned int step)
{
	const char *name = workload->operation ? workload->operation(step) : NULL;

	for (size_t i = 0; name && i < OPERATIONS_MAX; i++) {
		if (operations[i].name && strcmp(operations[i].name, name) != 0)
			continue;
		operations[i].name = name;
		operations[i].states++;
		return;
	}
}

struct powercut {
	const struct powercut_workload *workload;
	struct disk *disk; /* the one that is cut */
	struct powercut *first; /* of a cut during recovery: the cut before it */
	unsigned int acknowledged;
	unsigned int started;
	unsigned long states;
	unsigned long failures;
	unsigned long recuts;
	uint64_t random;
};

void powercut_start(struct powercut *cut)
{
	cut->started = cut->acknowledged + 1;
}

void powercut_acknowledge(struct powercut *cut)
{
	cut->acknowledged = cut->started;
}

static uint64_t next_random(struct powercut *cut)
{
	cut->random ^= cut->random << 13;
	cut->random ^= cut->random >> 7;
	cut->random ^= cut->random << 17;
	return cut->random;
}

static void complain(struct powercut *cut, const char *how, const char *sentence)
{
	cut->failures++;
	if (cut->failures > FAILURES_PRINTED)
		return;
	printf("FAIL %s: cut before call %lu%s, %s, %u of %u steps acknowledged: %s (%s)\n",
	       cut->workload->name, disk_calls(cut->disk), cut->first ? " of a recovery" : "", how,
	       cut->acknowledged, cut->started, sentence, log_last());
}

static void recut(void *arg);

/* One state: the disk as a cut leaves it, opened and compared, sometimes with a second cut. */
static void try_cut(struct powercut *cut, const uint8_t *survives, const char *how)
{
	struct disk *left = disk_cut(cut->disk, survives);
	struct powercut second = {
		.workload = cut->workload,
		.disk = left,
		.first = cut,
		.acknowledged = cut->acknowledged,
		.started = cut->started,
		.random = cut->random,
	};
	const char *wrong;

	cut->states++;
	count_state(cut->workload, cut->started);
	log_forget();
	if (!cut->first && cut->states % (is_short ? SHORT * RECUT_EVERY : RECUT_EVERY) == 0)
		disk_watch(left, recut, &second);
	wrong = cut->workload->check(disk_io(left), cut->acknowledged, cut->started);
	disk_watch(left, NULL, NULL);
	if (!wrong && cut->workload->go_on && cut->states % GO_ON_EVERY == 0)
		wrong = cut->workload->go_on(disk_io(left));
	if (wrong)
		complain(cut, how, wrong);
	cut->recuts += second.states;
	cut->failures += second.failures;
	disk_free(&left);
}

static void try_prefixes(struct powercut *cut, uint8_t *survives, size_t pending)
{
	size_t step = pending / (is_short ? PREFIXES_MAX / SHORT : PREFIXES_MAX) + 1;

	memset(survives, 0, pending);
	for (size_t n = 1; n < pending; n++) {
		survives[n - 1] = 1;
		if (n % step == 0 || n < 3 || n + 2 > pending)
			try_cut(cut, survives, "a prefix survives");
	}
}

static void try_subsets(struct powercut *cut, uint8_t *survives, size_t pending,
			unsigned int samples)
{
	if (pending <= SUBSETS_EXHAUSTIVE) {
		for (unsigned int mask = 1; mask < 1U << pending; mask++) {
			/* Prefixes have been tried. */
			if ((mask & (mask + 1)) == 0)
				continue;
			for (size_t i = 0; i < pending; i++)
				survives[i] = mask >> i & 1;
			try_cut(cut, survives, "a subset survives");
		}
		return;
	}
	for (unsigned int sample = 0; sample < samples; sample++) {
		/* Few, half or most of them. */
		unsigned int share = sample % 3 == 0 ? 2 : sample % 3 == 1 ? 8 : 14;

		for (size_t i = 0; i < pending; i++)
			survives[i] = next_random(cut) % 16 < share;
		try_cut(cut, survives, "a subset survives");
	}
}

/*
 * The process dies here, the next one shows a state, and then the power fails: what was shown must
 * still be there, although it was never acknowledged.
 */
static void try_death(struct powercut *cut)
{
	const struct powercut_workload *workload = cut->workload;
	struct disk *killed = disk_kill(cut->disk);
	unsigned int seen = cut->acknowledged;
	struct disk *left;
	const char *wrong;

	cut->states++;
	log_forget();
	wrong = workload->check(disk_io(killed), cut->acknowledged, cut->started);
	if (!wrong && !workload->check(disk_io(killed), cut->started, cut->started))
		seen = cut->started;
	left = disk_cut(killed, NULL);
	if (!wrong)
		wrong = workload->check(disk_io(left), seen, seen);
	if (wrong)
		complain(cut, "the process dies first", wrong);
	disk_free(&left);
	disk_free(&killed);
}

static void try_cuts(struct powercut *cut, bool thorough)
{
	static uint8_t arrays[2][EVENTS_MAX];
	uint8_t *survives = arrays[cut->first != NULL];
	size_t pending = disk_pending(cut->disk);

	if (pending > EVENTS_MAX) {
		complain(cut, "any", "too much is pending to try it");
		return;
	}
	try_cut(cut, NULL, "nothing survives");
	if (thorough)
		try_death(cut);
	if (pending == 0)
		return;
	memset(survives, 1, pending);
	try_cut(cut, survives, "all survives");
	if (thorough)
		try_prefixes(cut, survives, pending);
	try_subsets(cut, survives, pending,
		    !thorough  ? 3
		    : is_short ? SUBSETS_SAMPLED / SHORT
			       : SUBSETS_SAMPLED);
}

static void recut(void *arg)
{
	try_cuts(arg, false);
}

static void cut_here(void *arg)
{
	try_cuts(arg, true);
}

/* The number of failures; adds the states to *ret_states. */
static unsigned long enumerate(const struct powercut_workload *workload, unsigned long *ret_states)
{
	struct disk *disk = disk_new();
	struct powercut cut = {.workload = workload, .disk = disk, .random = 0x9e3779b97f4a7c15};
	const char *wrong;

	disk_watch(disk, cut_here, &cut);
	wrong = workload->run(&cut, disk_io(disk));
	disk_watch(disk, NULL, NULL);
	if (wrong)
		complain(&cut, "the script itself", wrong);
	try_cuts(&cut, true);
	printf("%s: %lu calls, %u steps, %lu states with one cut, %lu with two, %lu failures\n",
	       workload->name, disk_calls(disk), cut.acknowledged, cut.states, cut.recuts,
	       cut.failures);
	for (size_t i = 0; i < OPERATIONS_MAX && operations[i].name; i++)
		printf("  %s: %lu states\n", operations[i].name, operations[i].states);
	memset(operations, 0, sizeof(operations));
	*ret_states += cut.states + cut.recuts;
	disk_free(&disk);
	return cut.failures;
}

int main(int argc, char **argv)
{
	unsigned long states = 0;
	unsigned long failures = 0;

	is_short = argc > 1 && strcmp(argv[1], "short") == 0;
	argc -= is_short;
	argv += is_short;
	log_open(LOG_LEVEL_NONE, false);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (argc < 2 || strcmp(argv[1], workloads[i]->name) == 0)
			failures += enumerate(workloads[i], &states);
	printf("%lu passed, %lu failed\n", states > failures ? states - failures : 0, failures);
	return failures || !states ? 1 : 0;
}
