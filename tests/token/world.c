/* SPDX-License-Identifier: BSD-2-Clause */
/* The cards, the disks below them, and what an issuer puts on them before a test begins. */
#include "tests/token/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sc/transport.h"
#include "tests/suite.h"
#include "token/files.h"

enum { ROOM = 2048, METHODS = 500, LIBRARY_METHODS = 120, ENTRIES = 16, OPEN = 256, FILES = 2 };
enum { AID_NAMED = 5, NAME = 5, LIBRARY_NAME = 7 };

static const char *const names[CARDS] = {"principal", "till", "second"};
static char root[] = "/tmp/intaglio-transfer-XXXXXX";
static struct disk *disks[CARDS], *made[CARDS];
static struct slots *slots;
static struct world_plan plan;
static CK_BYTE last_name; /* the sixth byte of the last package's AID */

/* Which card is on which disk. */
static struct {
	const struct card *card;
	int which;
} opened[OPEN];
static size_t open_count;

static int victim = NOBODY;
static long lives;
static bool gone;
static void (*listener)(struct view command);

static bool is_shortened;

const struct transport_attributes *__real_transport_attributes(const struct transport *t);
const struct transport_attributes *__wrap_transport_attributes(const struct transport *t);
enum rc __real_card_open(const char *dir, const struct card_options *options, struct card **ret);
enum rc __wrap_card_open(const char *dir, const struct card_options *options, struct card **ret);
enum rc __real_card_transmit(struct card *card, struct view command, struct buf *ret);
enum rc __wrap_card_transmit(struct card *card, struct view command, struct buf *ret);

enum rc __wrap_card_open(const char *dir, const struct card_options *options, struct card **ret)
{
	struct card_options own = *options;
	int which = 0;
	size_t i = 0;
	enum rc rc;

	while (which < CARDS - 1 && !strstr(strstr(dir, "/cards/"), names[which]))
		which++;
	own.io = disk_io(disks[which]);
	own.segment_size = own.create ? 1 << 18 : 0;
	own.no_threads = true;
	rc = __real_card_open(dir, &own, ret);
	if (rc != RC_OK)
		return rc;
	while (i < open_count && opened[i].card != *ret)
		i++;
	if (i == OPEN)
		abort();
	opened[i].card = *ret;
	opened[i].which = which;
	if (i == open_count)
		open_count++;
	return RC_OK;
}

enum rc __wrap_card_transmit(struct card *card, struct view command, struct buf *ret)
{
	size_t before = ret->len, i = 0;
	enum rc rc;

	while (opened[i].card != card)
		i++;
	if (gone && (victim == ALL || victim == opened[i].which))
		return RC_REMOVED;
	if (listener && opened[i].which == TARGET)
		listener(command);
	rc = __real_card_transmit(card, command, ret);
	if ((victim == ALL || victim == opened[i].which) && lives > 0 && --lives == 0) {
		gone = true;
		buf_truncate(ret, before);
		return RC_REMOVED;
	}
	return rc;
}

const struct transport_attributes *__wrap_transport_attributes(const struct transport *t)
{
	static const struct transport_attributes shortened = {.command_max = 261,
							      .response_max = 258};

	return is_shortened && strstr(transport_address(t), names[TARGET])
		       ? &shortened
		       : __real_transport_attributes(t);
}

void world_shorten(bool is_short)
{
	is_shortened = is_short;
}

void world_lose(int who, long apdus)
{
	victim = who;
	lives = apdus;
	gone = false;
}

bool world_is_lost(void)
{
	return gone;
}

void world_listen(void (*heard)(struct view command))
{
	listener = heard;
}

/* Its applets have its AID and 1 and up. */
struct package {
	CK_BYTE aid[AID_NAMED + 1];
	CK_BYTE minor; /* of its version: 1 is new */
	CK_BYTE applets;
	size_t methods;
};

static void put_component(struct buf *b, uint8_t tag, struct view body)
{
	buf_u8(b, tag);
	buf_u16(b, (uint16_t)body.len);
	buf_view(b, body);
}

static void put_applets(struct buf *b, const struct package *p)
{
	uint8_t array[64];
	struct buf body;

	buf_fixed(&body, array, sizeof(array));
	buf_u8(&body, p->applets);
	for (CK_BYTE i = 1; i <= p->applets; i++) {
		buf_u8(&body, sizeof(p->aid) + 1);
		buf_put(&body, p->aid, sizeof(p->aid));
		buf_u8(&body, i);
		buf_u16(&body, 0);
	}
	put_component(b, 3, view_buf(&body));
}

static void put_file(struct buf *b, const struct package *p)
{
	static const uint8_t imports[] = {1, 0, 1, 7, 0xA0, 0, 0, 0, 0x62, 1, 1};
	static const uint8_t zeros[METHODS];
	static const uint8_t others[] = {8, 5, 9};
	const struct view empty = view_of(zeros, 1);
	uint8_t header[] = {0xDE, 0xCA, 0xFF, 0xED, 1, 2, 4, p->minor, 1, 6, 0, 0, 0, 0, 0, 0};

	memcpy(header + 10, p->aid, sizeof(p->aid));
	put_component(b, 1, view_of(header, sizeof(header)));
	put_component(b, 2, empty);
	put_component(b, 4, view_of(imports, sizeof(imports)));
	if (p->applets)
		put_applets(b, p);
	put_component(b, 6, empty);
	put_component(b, 7, view_of(zeros, p->methods));
	for (size_t i = 0; i < sizeof(others); i++)
		put_component(b, others[i], empty);
}

static struct package package_of(CK_BYTE name, CK_BYTE applets, size_t methods)
{
	struct package p = {{0xF0, 1, 2, 3, 4, name}, 1, applets, methods};

	return p;
}

/* The plan's packages in the order in which they are loaded. */
static size_t packages(struct package ret[FILES])
{
	if (!plan.several) {
		ret[0] = package_of(last_name, 1, METHODS);
		return 1;
	}
	ret[0] = package_of(LIBRARY_NAME, 0, LIBRARY_METHODS);
	ret[1] = package_of(last_name, 2, METHODS);
	return 2;
}

const char *world_directory(int which)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/intaglio/cards/%s/card", root, names[which]);
	return path;
}

struct disk *world_disk(int which)
{
	return disks[which];
}

void world_put(int which, struct disk *disk)
{
	disk_free(&disks[which]);
	disks[which] = disk;
}

void world_keep(struct disk *ret[CARDS])
{
	for (int k = 0; k < CARDS; k++)
		ret[k] = disk_kill(disks[k]);
}

void world_copy(struct disk *const kept[CARDS])
{
	for (int k = 0; k < CARDS; k++)
		world_put(k, disk_kill(kept[k]));
}

struct slot *world_slot(int which)
{
	for (CK_SLOT_ID id = 0; id < slots_count(slots); id++) {
		struct slot *slot = slots_get(slots, id);
		CK_SLOT_INFO info;

		if (slot_info(slot, &info) == CKR_OK &&
		    strstr((const char *)info.slotDescription, names[which]))
			return slot;
	}
	abort();
}

void world_open(void)
{
	CU_ASSERT_EQUAL_FATAL(slots_open(&slots), CKR_OK);
	slots_forbid_threads(slots);
}

void world_close(void)
{
	slots_close(&slots);
	open_count = 0;
}

static CK_INTAGLIO_TRANSFER transfer;
static unsigned int waits;

static CK_RV stop_at(void *arg, CK_ULONG done, CK_ULONG total)
{
	unsigned int *left = arg;

	(void)done;
	(void)total;
	waits += transfer.bWaiting;
	return *left && --*left == 0 ? CKR_FUNCTION_CANCELED : CKR_OK;
}

unsigned int world_waits(void)
{
	return waits;
}

CK_RV world_install(int which, unsigned int stop, CK_ULONG flags)
{
	struct slot *principal, *target;
	CK_RV rv;

	transfer = (CK_INTAGLIO_TRANSFER){
		.ulApplication = 1, .ulFlags = flags, .Progress = stop_at, .pApplication = &stop};
	waits = 0;
	world_open();
	principal = world_slot(PRINCIPAL);
	target = world_slot(which);
	slot_lock(principal);
	slot_lock(target);
	rv = slot_install_through(principal, target, &transfer);
	slot_unlock(target);
	slot_unlock(principal);
	world_close();
	return rv;
}

CK_RV world_give_up(void)
{
	CK_RV rv;

	world_open();
	rv = slot_give_up_principal(world_slot(PRINCIPAL));
	world_close();
	return rv;
}

CK_RV world_charge(CK_ULONG count)
{
	CK_RV rv;

	world_open();
	rv = slot_charge_principal(world_slot(PRINCIPAL), 1, 0, count);
	world_close();
	return rv;
}

static CK_INTAGLIO_KEY_SET key_set(void)
{
	CK_INTAGLIO_KEY_SET set = {.ulProtocol = plan.protocol, .ulVersion = 0x30, .ulKeyLen = 16};

	for (size_t i = 0; i < sizeof(set.keys); i++)
		((CK_BYTE *)set.keys)[i] = (CK_BYTE)(i * 11 + 5);
	set.ulMasters = plan.shared ? CK_INTAGLIO_MASTERS_NONE : CK_INTAGLIO_MASTERS_OWN;
	return set;
}

CK_RV world_load(CK_BYTE name)
{
	struct slot *p = world_slot(PRINCIPAL);
	struct buf code[FILES];
	struct package package[FILES];
	CK_INTAGLIO_FILE files[FILES];
	CK_INTAGLIO_PRINCIPAL_LOAD load = {.ulNumber = 1, .ulFlags = plan.flags, .pFiles = files};
	CK_RV rv;

	last_name = name;
	load.ulFileCount = packages(package);
	for (size_t i = 0; i < load.ulFileCount; i++) {
		buf_init(&code[i], ROOM);
		put_file(&code[i], &package[i]);
		CU_ASSERT_EQUAL_FATAL(buf_rc(&code[i]), RC_OK);
		files[i] = (CK_INTAGLIO_FILE){"a file", code[i].data, code[i].len};
	}
	slot_lock(p);
	rv = slot_load_principal(p, &load);
	slot_unlock(p);
	for (size_t i = 0; i < load.ulFileCount; i++)
		buf_free(&code[i]);
	return rv;
}

static void load_older(struct slot *target)
{
	struct package package[FILES];
	size_t count = packages(package);

	slot_lock(target);
	for (size_t i = 0; i < count; i++) {
		CK_INTAGLIO_INSTALLATION in = {
			.ulFlags = package[i].applets ? 0 : CK_INTAGLIO_INSTALL_LOAD_ONLY};
		struct buf code;

		package[i].minor = 0;
		buf_init(&code, ROOM);
		put_file(&code, &package[i]);
		in.pFile = code.data;
		in.ulFileLen = code.len;
		CU_ASSERT_EQUAL(slot_install_content(target, NULL, &in), CKR_OK);
		buf_free(&code);
	}
	slot_unlock(target);
}

/* By the vendor interface's own calls: what an issuer would do. */
static void prepare(void)
{
	CK_INTAGLIO_KEY_SET set = key_set();
	CK_INTAGLIO_TARGET_KEYS masters = {.ulNumber = 1,
					   .ulProtocol = plan.protocol,
					   .ulOption = plan.protocol == 2 ? 0x15 : 0,
					   .ulFlags = plan.shared ? CK_INTAGLIO_TARGET_SHARED : 0,
					   .ulBlockSize = plan.block,
					   .ulKeyLen = 16};
	struct slot *p;

	memcpy(masters.keys, set.keys, sizeof(masters.keys));
	world_open();
	p = world_slot(PRINCIPAL);
	CU_ASSERT_EQUAL(slot_create_principal(p), CKR_OK);
	CU_ASSERT_EQUAL(slot_put_target_keys(p, &masters), CKR_OK);
	CU_ASSERT_EQUAL(world_load(NAME), CKR_OK);
	CU_ASSERT_EQUAL(slot_charge_principal(p, 1, 0, plan.activations), CKR_OK);
	for (int k = TARGET; k < CARDS; k++)
		CU_ASSERT_EQUAL(slot_put_keys(world_slot(k), NULL, &set, 0), CKR_OK);
	if (plan.upgrade)
		load_older(world_slot(TARGET));
	world_close();
}

/* A package of this name on the first target. */
static bool has_package(const CK_INTAGLIO_AID *name)
{
	CK_INTAGLIO_CONTENT list[WORLD_LIST];
	CK_ULONG count = WORLD_LIST;

	CU_ASSERT_EQUAL(slot_list_content(world_slot(TARGET), NULL, list, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++)
		if (list[i].ulKind == CK_INTAGLIO_CONTENT_FILE &&
		    view_equal(view_of(list[i].aid.bytes, list[i].aid.ulLen),
			       view_of(name->bytes, name->ulLen)))
			return true;
	return false;
}

void world_delete(void)
{
	struct package package[FILES];

	world_open();
	for (size_t i = packages(package); i > 0; i--) {
		CK_INTAGLIO_AID name = {.ulLen = sizeof(package[0].aid)};

		memcpy(name.bytes, package[i - 1].aid, sizeof(package[0].aid));
		if (has_package(&name))
			CU_ASSERT_EQUAL(slot_delete_content(world_slot(TARGET), NULL, &name, true),
					CKR_OK);
	}
	world_close();
}

void world_begin(const struct world_plan *wanted)
{
	plan = *wanted;
	world_lose(NOBODY, 0);
	world_copy(made);
	prepare();
}

struct world_state world_state(void)
{
	CK_INTAGLIO_PRINCIPAL_COUNTER counters[2];
	CK_INTAGLIO_PRINCIPAL_EVENT events[ENTRIES];
	CK_INTAGLIO_PRINCIPAL_STATUS s = {.pCounters = counters,
					  .ulCounterCount = 2,
					  .pEvents = events,
					  .ulEventCount = ENTRIES};
	struct world_state state = {.left = 0};

	world_open();
	CU_ASSERT_EQUAL(slot_principal_status(world_slot(PRINCIPAL), &s), CKR_OK);
	world_close();
	CU_ASSERT_EQUAL_FATAL(s.ulCounterCount, 1);
	CU_ASSERT(s.bAll && s.bTrail);
	state.left = counters[0].ulLeft;
	state.used = counters[0].ulUsed;
	state.pending = s.ulPending;
	state.retries = s.ulRetries;
	for (CK_ULONG i = 0; i < s.ulEventCount; i++)
		state.events[events[i].ulEvent]++;
	return state;
}

void world_content(int which, struct world_content *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->count = WORLD_LIST;
	world_open();
	CU_ASSERT_EQUAL(slot_list_content(world_slot(which), NULL, ret->list, &ret->count), CKR_OK);
	world_close();
}

bool world_content_equal(const struct world_content *a, const struct world_content *b)
{
	return a->count == b->count &&
	       view_equal(view_of((const uint8_t *)a->list, a->count * sizeof(a->list[0])),
			  view_of((const uint8_t *)b->list, b->count * sizeof(b->list[0])));
}

size_t world_count_named(int which, CK_BYTE name)
{
	static const uint8_t prefix[AID_NAMED] = {0xF0, 1, 2, 3, 4};
	struct world_content content;
	size_t n = 0;

	world_content(which, &content);
	for (CK_ULONG i = 0; i < content.count; i++) {
		const CK_INTAGLIO_CONTENT *c = &content.list[i];

		if (!view_equal(view_of(c->aid.bytes, AID_NAMED), view_of(prefix, AID_NAMED)) ||
		    (name && c->aid.bytes[AID_NAMED] != name))
			continue;
		if (c->ulKind != CK_INTAGLIO_CONTENT_FILE)
			n += 10;
		else
			n += c->version[1] ? 1 : 100;
	}
	return n;
}

size_t world_count(int which)
{
	return world_count_named(which, 0);
}

size_t world_complete(void)
{
	return plan.several ? 22 : 11;
}

int world_make(void)
{
	static const char settings[] = "[log]\nlevel = none\n";
	char path[64];

	if (!mkdtemp(root))
		return 1;
	log_open(LOG_LEVEL_NONE, false);
	setenv("XDG_DATA_HOME", root, 1);
	setenv("XDG_CONFIG_HOME", root, 1);
	unsetenv("INTAGLIO_CONF");
	if (files_make_directory(root, "intaglio") != RC_OK ||
	    files_make_directory(root, "intaglio/cards") != RC_OK ||
	    files_write(root, "intaglio/intaglio.conf", 0600, view_str(settings)) != RC_OK)
		return 1;
	for (int k = 0; k < CARDS; k++) {
		CK_TOKEN_INFO info;

		disks[k] = disk_new();
		snprintf(path, sizeof(path), "intaglio/cards/%s", names[k]);
		if (files_make_directory(root, path) != RC_OK || slots_open(&slots) != CKR_OK)
			return 1;
		slots_forbid_threads(slots);
		if (token_info(world_slot(k), 0, 0, &info) != CKR_OK)
			return 1;
		world_close();
		made[k] = disk_kill(disks[k]);
	}
	return 0;
}

int world_remove(void)
{
	for (int k = 0; k < CARDS; k++) {
		disk_free(&disks[k]);
		disk_free(&made[k]);
	}
	files_remove_tree(root);
	return 0;
}
