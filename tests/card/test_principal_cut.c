/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An installation through a principal card, torn wherever a card can be: the power of either cut at
 * every write of its memory. Whatever happened, one more try ends with one activation spent, the
 * application installed once, and no entry left; or, where only the last answer was lost, it is
 * refused and all that was so before. The host that carries is one written apart from ours, which is
 * torn in tests/token/test_transfer.c.
 */
#include <string.h>

#include "base/sw.h"
#include "card/registry.h"
#include "tests/base/hex.h"
#include "tests/card/installer.h"
#include "tests/disk.h"
#include "tests/suite.h"

enum { APP = 1, POINTS = 400 };

struct world {
	struct peer principal, target;
	struct disk *disk[2]; /* of the principal, of the target */
	struct installer host;
};

static struct world w;

/* What both disks are when power comes back. */
struct point {
	struct disk *disk[2];
};

static struct point points[POINTS];
static size_t point_count;

static void open_on_disk(struct peer *p, struct disk *disk, bool create)
{
	struct card_options options = {
		.create = create, .segment_size = 1 << 18, .io = disk_io(disk), .no_threads = true};

	card_close(&p->card);
	peer_good(card_open(p->dir, &options, &p->card));
}

static void make_world(uint8_t type, uint8_t scp_i)
{
	memset(&w, 0, sizeof(w));
	for (int k = 0; k < 2; k++)
		w.disk[k] = disk_new();
	peer_fresh(&w.principal);
	open_on_disk(&w.principal, w.disk[0], true);
	peer_personalise(&w.principal);
	/* The target is fresh: its id is all zero, and its keys are of that id. */
	peer_fresh(&w.target);
	open_on_disk(&w.target, w.disk[1], true);
	installer_give_keys(&w.target, type, scp_i, false, disk_io(w.disk[1]));
	installer_init(&w.host, &w.principal, &w.target, APP);
	installer_make_principal(&w.principal);
	installer_put_keys(&w.host, 1, type, type == KEY_TYPE_AES ? 0 : scp_i, 0, 0);
	installer_put_application(&w.host, APP);
	CU_ASSERT_EQUAL_FATAL(installer_charge(&w.host, APP, 1, 1), SW_OK);
	installer_login(&w.principal, ROLE_USER);
}

/* Both cards as they are found on these disks, which are the world's from now on. */
static void set_world(struct disk *principal, struct disk *target)
{
	card_close(&w.principal.card);
	card_close(&w.target.card);
	disk_free(&w.disk[0]);
	disk_free(&w.disk[1]);
	w.disk[0] = principal;
	w.disk[1] = target;
	open_on_disk(&w.principal, principal, false);
	open_on_disk(&w.target, target, false);
	w.host.apdus = -1;
	installer_login(&w.principal, ROLE_USER);
}

static void free_world(void)
{
	installer_free(&w.host);
	peer_free(&w.principal);
	peer_free(&w.target);
	disk_free(&w.disk[0]);
	disk_free(&w.disk[1]);
}

/* Power is cut ahead of this call: nothing of what was pending survives, or all of it. */
static void remember(int cut, bool all)
{
	struct point *point = &points[point_count];

	CU_ASSERT_FATAL(point_count < POINTS);
	point_count++;
	for (int k = 0; k < 2; k++)
		point->disk[k] = k != cut || all ? disk_kill(w.disk[k]) : disk_cut(w.disk[k], NULL);
}

static void before_call(void *arg)
{
	int cut = *(const int *)arg;

	remember(cut, false);
	remember(cut, true);
}

/* What must be true at the end, whoever was interrupted where. */
static void settle(void)
{
	struct principal_counter n;
	uint16_t sw = installer_run(&w.host);
	size_t instances;

	installer_login(&w.principal, ROLE_ISSUER);
	n = installer_counter(&w.host, APP);
	CU_ASSERT_EQUAL(n.left, 0);
	CU_ASSERT_EQUAL(n.used, 1);
	CU_ASSERT(!installer_is_pending(&w.host));
	CU_ASSERT_EQUAL(installer_audited(&w.host, PRINCIPAL_CHARGED), 1);
	CU_ASSERT_EQUAL(installer_audited(&w.host, PRINCIPAL_REPORTED), 1);
	/* Refused is only what had been reported, and that before the target was touched. */
	CU_ASSERT(sw == SW_OK || sw == SW_CONDITIONS);
	card_close(&w.target.card);
	instances = installer_instances(&w.target, INSTALLER_INSTANCE, disk_io(w.disk[1]));
	CU_ASSERT_EQUAL(instances, 1);
}

static void cut_at_every_write(uint8_t type, uint8_t scp_i)
{
	static const int which[2] = {0, 1};

	make_world(type, scp_i);
	point_count = 0;
	for (int k = 0; k < 2; k++)
		disk_watch(w.disk[k], before_call, (void *)&which[k]);
	CU_ASSERT_EQUAL(installer_run(&w.host), SW_OK);
	for (int k = 0; k < 2; k++)
		disk_watch(w.disk[k], NULL, NULL);
	/* Two commits of the principal at least, and three of the target. */
	CU_ASSERT(point_count >= 2 * 2 * 5);
	for (size_t n = 0; n < point_count; n++) {
		set_world(points[n].disk[0], points[n].disk[1]);
		settle();
	}
	free_world();
}

static void power_is_cut_at_every_write_under_scp02(void)
{
	cut_at_every_write(KEY_TYPE_DES, 0x15);
}

static void power_is_cut_at_every_write_under_scp03(void)
{
	cut_at_every_write(KEY_TYPE_AES, 0x70);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"power_is_cut_at_every_write_under_scp02",
		 power_is_cut_at_every_write_under_scp02},
		{"power_is_cut_at_every_write_under_scp03",
		 power_is_cut_at_every_write_under_scp03},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "principal_cut", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("principal_cut", suites);
}
