/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of what is torn, the ways in which it is, and what must be true at the end. */
#include "tests/token/tear.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "tests/suite.h"
#include "tests/token/world.h"

enum {
	RUNS = 400, /* more APDUs or tries than any row has */
	BATCH = 48, /* disks kept at once */
	EVENTS = 4096,
	THINNED = 11, /* the short form tears at one place in so many */
	FREE_TRIES = 3,
	EARLY = 26, /* so many APDUs come before an activation at least, */
	EARLY_STOP = 7, /* and so many calls of Progress */
};

struct row {
	const char *name;
	struct world_plan plan;
	void (*prepare)(void); /* or NULL */
	CK_RV (*attempt)(void); /* what is torn */
	CK_RV expected; /* of it where nothing is */
	void (*settle)(void); /* one more try, and what must be true */
	unsigned int apart; /* the short form: THINNED times so many */
};

/* At every call of these disks all that they have not synced is lost, or some of it. */
enum cut { NOTHING, EVERYTHING, HALF, SOME, OTHERS, CUTS };

/* Before the tear. */
static struct world_state start;
static struct world_content start_content;
static const struct row *row;
static bool is_thorough;
static unsigned int stride;
static unsigned long states;
static uint64_t noise = 0x9E3779B97F4A7C15;
static unsigned int stop; /* at which call a host gives up */

static uint64_t next_noise(void)
{
	noise ^= noise << 13;
	noise ^= noise >> 7;
	noise ^= noise << 17;
	return noise;
}

static CK_RV install(void)
{
	return world_install(TARGET, 0, 0);
}

/* What the last host said that lived on without a card. */
static bool has_lived, has_said_delete;

static CK_RV cancel(void)
{
	return world_install(TARGET, stop, 0);
}

/* One more try; sometimes it is torn itself, which may be after its report. */
static void retry(void)
{
	if (is_thorough && states % 2) {
		world_lose(ALL, 1 + (long)(next_noise() % 40));
		install();
		world_lose(NOBODY, 0);
		if (world_state().events[CK_INTAGLIO_EVENT_REPORTED])
			return;
	}
	CU_ASSERT_EQUAL(install(), CKR_OK);
}

static bool is_as(const struct world_state *a, const struct world_state *b)
{
	for (size_t e = 0; e < sizeof(a->events) / sizeof(a->events[0]); e++)
		if (a->events[e] != b->events[e])
			return false;
	return a->left == b->left && a->used == b->used && a->pending == b->pending;
}

/* Refused without an activation: before either card was changed. */
static void is_refused(const struct world_state *before)
{
	struct world_content was, is;
	struct world_state after;

	world_content(TARGET, &was);
	CU_ASSERT_EQUAL(install(), CKR_ACTION_PROHIBITED);
	world_content(TARGET, &is);
	after = world_state();
	CU_ASSERT(is_as(before, &after));
	CU_ASSERT(world_content_equal(&was, &is));
}

/* All on the target once, reported once, and so many activations spent. */
static void is_complete(CK_ULONG used)
{
	struct world_state s = world_state();

	CU_ASSERT_EQUAL(s.left, row->plan.activations - used);
	CU_ASSERT_EQUAL(s.used, used);
	CU_ASSERT_EQUAL(s.pending, 0);
	CU_ASSERT_EQUAL(s.events[CK_INTAGLIO_EVENT_CHARGED], used);
	CU_ASSERT_EQUAL(s.events[CK_INTAGLIO_EVENT_REPORTED], 1);
	CU_ASSERT_EQUAL(world_count(TARGET), world_complete());
}

/* However it was torn, the end is one installation that costs all activations of the plan. */
static void settle_all_spent(void)
{
	struct world_state before = world_state();

	if (before.events[CK_INTAGLIO_EVENT_REPORTED])
		is_refused(&before);
	else
		retry();
	is_complete(row->plan.activations);
}

/*
 * What was loaded and not charged looks like an older version that is to stay: it is said what to do,
 * and then the same command does it all. What was charged needs nothing but that.
 */
static void settle_kept(void)
{
	struct world_state before = world_state(), after;
	bool is_left = before.used == 0 && world_count(TARGET) > 0;

	if (before.events[CK_INTAGLIO_EVENT_REPORTED]) {
		is_refused(&before);
		is_complete(1);
		return;
	}
	CU_ASSERT(!is_left || !has_lived || has_said_delete);
	CU_ASSERT_EQUAL(install(), is_left ? CKR_ACTION_PROHIBITED : CKR_OK);
	if (is_left) {
		CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "app delete --related"));
		after = world_state();
		CU_ASSERT(is_as(&before, &after));
		world_delete();
		CU_ASSERT_EQUAL(install(), CKR_OK);
	}
	is_complete(1);
}

/* No entry: what was charged is gone, and each try costs. */
static void settle_shared(void)
{
	struct world_state before = world_state();

	CU_ASSERT(before.used <= 1);
	CU_ASSERT_EQUAL(before.pending, 0);
	if (!before.events[CK_INTAGLIO_EVENT_REPORTED]) {
		CU_ASSERT_EQUAL(install(), CKR_OK);
		before.used++;
	}
	is_complete(before.used);
}

static void settle_refused(void)
{
	struct world_state s = world_state();
	struct world_content is;

	CU_ASSERT(is_as(&s, &start));
	world_content(TARGET, &is);
	CU_ASSERT(world_content_equal(&is, &start_content));
	is_refused(&s);
}

/* Nothing was spent, and no application of it is there. */
static void settle_cancelled(void)
{
	struct world_state s = world_state();

	CU_ASSERT(is_as(&s, &start));
	CU_ASSERT(row->plan.upgrade || world_count(TARGET) < 10);
	settle_all_spent();
}

/* The entry is there, or is given up: the next one is free, or costs. */
static void settle_given_up(void)
{
	struct world_state s = world_state();
	struct world_content is;

	CU_ASSERT_EQUAL(s.used, 1);
	CU_ASSERT_EQUAL(s.events[CK_INTAGLIO_EVENT_GIVEN_UP], !s.pending);
	world_content(TARGET, &is);
	CU_ASSERT(world_content_equal(&is, &start_content));
	retry();
	is_complete(s.pending ? 1 : 2);
}

/* Dies as soon as an activation is spent: the entry is pending. */
static void tear_after_activation(void)
{
	struct disk *kept[CARDS];
	bool spent = false;

	world_keep(kept);
	for (long n = EARLY; n < RUNS && !spent; n++) {
		world_copy(kept);
		world_lose(ALL, n);
		install();
		world_lose(NOBODY, 0);
		spent = world_state().pending;
	}
	CU_ASSERT_FATAL(spent);
	for (int k = 0; k < CARDS; k++)
		disk_free(&kept[k]);
}

static void use_free_tries_up(void)
{
	CK_ULONG had = 0;

	tear_after_activation();
	for (long n = EARLY; n < RUNS && had < FREE_TRIES; n++) {
		world_lose(ALL, n);
		install();
		world_lose(NOBODY, 0);
		had = world_state().retries;
	}
	CU_ASSERT_EQUAL_FATAL(had, FREE_TRIES);
}

/* The last call at which a host can give up; what it leaves is what was there. */
static void find_last_stop(void)
{
	struct world_content is;
	struct disk *kept[CARDS];
	CK_RV rv = CKR_FUNCTION_CANCELED;

	world_keep(kept);
	for (stop = is_thorough ? 1 : EARLY_STOP; rv == CKR_FUNCTION_CANCELED && stop < RUNS;
	     stop++) {
		world_copy(kept);
		rv = cancel();
		world_content(TARGET, &is);
		if (rv != CKR_OK && !row->plan.upgrade)
			CU_ASSERT(world_content_equal(&is, &start_content));
	}
	stop -= 2;
	CU_ASSERT_EQUAL(rv, CKR_OK);
	CU_ASSERT_FATAL(stop > EARLY_STOP);
	world_copy(kept);
	for (int k = 0; k < CARDS; k++)
		disk_free(&kept[k]);
}

static const struct row rows[] = {
	{"SCP03", {3, 1}, NULL, install, CKR_OK, settle_all_spent, 0},
	{"SCP02", {2, 1}, NULL, install, CKR_OK, settle_all_spent, 0},
	{"SCP02, no free try left", {2, 2}, use_free_tries_up, install, CKR_OK, settle_all_spent, 1},
	{"SCP02, no free try and no activation left",
	 {2, 1},
	 use_free_tries_up,
	 install,
	 CKR_ACTION_PROHIBITED,
	 settle_refused,
	 1},
	{"SCP02, shared keys", {2, 3, .shared = true}, NULL, install, CKR_OK, settle_shared, 1},
	{"SCP03, shared keys", {3, 3, .shared = true}, NULL, install, CKR_OK, settle_shared, 2},
	{"SCP03, an upgrade", {3, 1, .upgrade = true}, NULL, install, CKR_OK, settle_all_spent, 2},
	{"SCP02, an upgrade", {2, 1, .upgrade = true}, NULL, install, CKR_OK, settle_all_spent, 2},
	{"SCP03, two packages and two applications",
	 {3, 1, .several = true},
	 NULL,
	 install,
	 CKR_OK,
	 settle_all_spent,
	 2},
	{"SCP02, an upgrade of two packages and two applications",
	 {2, 1, .several = true, .upgrade = true},
	 NULL,
	 install,
	 CKR_OK,
	 settle_all_spent,
	 2},
	{"SCP03, an older version is left where it is",
	 {3, 1, .flags = CK_INTAGLIO_PRINCIPAL_KEEP},
	 NULL,
	 install,
	 CKR_OK,
	 settle_kept,
	 1},
	{"SCP02, older versions of two packages are left where they are",
	 {2, 1, .several = true, .flags = CK_INTAGLIO_PRINCIPAL_KEEP},
	 NULL,
	 install,
	 CKR_OK,
	 settle_kept,
	 3},
	{"SCP03, cancelled at the activation",
	 {3, 1},
	 find_last_stop,
	 cancel,
	 CKR_FUNCTION_CANCELED,
	 settle_cancelled,
	 2},
	{"SCP02, two packages cancelled at the activation",
	 {2, 1, .several = true},
	 find_last_stop,
	 cancel,
	 CKR_FUNCTION_CANCELED,
	 settle_cancelled,
	 3},
	{"SCP02, an upgrade cancelled at the activation",
	 {2, 1, .upgrade = true},
	 find_last_stop,
	 cancel,
	 CKR_FUNCTION_CANCELED,
	 settle_cancelled,
	 3},
	{"SCP03, the entry given up",
	 {3, 2},
	 tear_after_activation,
	 world_give_up,
	 CKR_OK,
	 settle_given_up,
	 1},
	{"SCP02, the entry given up",
	 {2, 2},
	 tear_after_activation,
	 world_give_up,
	 CKR_OK,
	 settle_given_up,
	 2},
};

/* One state: what lies on the disks is tried again, and compared. */
static void settle(const char *way, unsigned long place)
{
	unsigned int failures = CU_get_number_of_failures();

	world_lose(NOBODY, 0);
	states++;
	row->settle();
	if (CU_get_number_of_failures() != failures)
		printf("%s: %s, place %lu\n", row->name, way, place);
}

/* After each APDU to who, until one attempt lives to its end. */
static unsigned long tear_at_apdus(struct disk *const kept[CARDS], int who, const char *way)
{
	unsigned long before = states;
	CK_RV rv;

	for (long n = 1 + (long)(next_noise() % stride); n < RUNS; n += stride) {
		world_copy(kept);
		world_lose(who, n);
		rv = row->attempt();
		has_lived = who != ALL;
		has_said_delete = strstr(log_last(), "app delete --related");
		if (!world_is_lost()) {
			CU_ASSERT_EQUAL(rv, row->expected);
			break;
		}
		/* A card that was gone has lost its power, too. */
		if (who != ALL)
			world_put(who, disk_cut(world_disk(who), NULL));
		settle(way, (unsigned long)n);
	}
	return states - before;
}

/* The disks of principal and target when power comes back. */
static struct point {
	struct disk *disk[2];
} points[BATCH];
static size_t point_count;
static unsigned long first_point, seen_points; /* of all that an attempt passes */
static bool cuts_both;

static struct disk *cut_disk(int which, enum cut how)
{
	static uint8_t survives[EVENTS];
	struct disk *disk = world_disk(which);
	size_t pending = disk_pending(disk);

	CU_ASSERT_FATAL(pending <= EVENTS);
	for (size_t i = 0; i < pending; i++)
		survives[i] = how == EVERYTHING || (how == HALF && i < (pending + 1) / 2) ||
			      (how >= SOME && next_noise() % 2);
	return disk_cut(disk, how == NOTHING ? NULL : survives);
}

static void remember(int cut, enum cut how)
{
	struct point *p = &points[point_count];

	if (seen_points++ < first_point || point_count == BATCH || (seen_points - 1) % stride)
		return;
	point_count++;
	for (int k = 0; k < 2; k++)
		p->disk[k] = k == cut || cuts_both ? cut_disk(k, how) : disk_kill(world_disk(k));
}

static void before_call(void *arg)
{
	int cut = *(const int *)arg;
	enum cut last = is_thorough && disk_pending(world_disk(cut)) > 1 ? CUTS : HALF;

	for (enum cut how = NOTHING; how < last; how++)
		remember(cut, how);
}

/* At the calls of the disks from and up to to. */
static unsigned long tear_at_writes(struct disk *const kept[CARDS], int from, int to,
				    const char *way)
{
	static const int which[] = {PRINCIPAL, TARGET};
	unsigned long before = states;

	has_lived = false;
	cuts_both = from != to;
	first_point = 0;
	do {
		point_count = seen_points = 0;
		world_lose(NOBODY, 0);
		world_copy(kept);
		for (int k = from; k <= to; k++)
			disk_watch(world_disk(k), before_call, (void *)&which[k]);
		CU_ASSERT_EQUAL(row->attempt(), row->expected);
		for (int k = from; k <= to; k++)
			disk_watch(world_disk(k), NULL, NULL);
		for (size_t n = 0; n < point_count; n++) {
			for (int k = 0; k < 2; k++)
				world_put(k, points[n].disk[k]);
			settle(way, first_point + n * stride);
		}
		first_point += BATCH * stride;
	} while (first_point < seen_points);
	return states - before;
}

static void tear_row(void)
{
	struct disk *kept[CARDS];
	unsigned long host, principal, target, cut[3];

	world_begin(&row->plan);
	world_content(TARGET, &start_content);
	if (row->prepare)
		row->prepare();
	start = world_state();
	world_content(TARGET, &start_content);
	world_keep(kept);
	host = tear_at_apdus(kept, ALL, "the host dies after an APDU");
	principal = tear_at_apdus(kept, PRINCIPAL, "the principal goes after an APDU");
	target = tear_at_apdus(kept, TARGET, "the target goes after an APDU");
	cut[0] = tear_at_writes(kept, PRINCIPAL, PRINCIPAL, "the principal's power is cut");
	cut[1] = tear_at_writes(kept, TARGET, TARGET, "the target's power is cut");
	cut[2] = tear_at_writes(kept, PRINCIPAL, TARGET, "both cards' power is cut");
	for (int k = 0; k < CARDS; k++)
		disk_free(&kept[k]);
	if (is_thorough)
		printf("%s: after APDUs host %lu, principal %lu, target %lu; at writes principal %lu, "
		       "target %lu, both %lu\n",
		       row->name, host, principal, target, cut[0], cut[1], cut[2]);
}

void tear_all(bool thorough)
{
	is_thorough = thorough;
	states = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		stride = thorough ? 1 : THINNED * (1 + row->apart);
		tear_row();
	}
	printf("%lu installations torn\n", states);
	CU_ASSERT(states > sizeof(rows) / sizeof(rows[0]));
}
