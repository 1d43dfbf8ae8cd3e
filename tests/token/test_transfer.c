/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installations through a principal card by the real host, torn wherever that can be: the host dead,
 * or either card gone, after every APDU, and the power of either card cut at every write of its
 * memory. Whatever happened, one more try ends with one activation spent, the application installed
 * once and nothing pending. And what is cancelled, waited for, replayed or claimed for another card.
 * Cards are embedded ones on simulated disks, which lie under card_open here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sw.h"
#include "card/card.h"
#include "sc/transport_embedded.h"
#include "tests/disk.h"
#include "tests/suite.h"
#include "token/files.h"
#include "token/token.h"

enum { CARDS = 3, PRINCIPAL = 0, TARGET = 1, SECOND = 2, ALL = 3, NOBODY = 4 };
enum { METHODS = 500, ROOM = 2048, ENTRIES = 16, RUNS = 200, POINTS = 400, TRACE = 64, OPEN = 32 };

static const char *const names[CARDS] = {"principal", "till", "second"};
static char root[] = "/tmp/intaglio-transfer-XXXXXX";
static struct disk *disks[CARDS];
static struct slots *slots;
static CK_BYTE file[ROOM];
static CK_ULONG file_len;
static CK_BYTE applet[] = {0xF0, 1, 2, 3, 4, 5, 1}, package[] = {0xF0, 1, 2, 3, 4, 5};

/* Which card is on which disk. */
static struct {
	const struct card *card;
	int which;
} opened[OPEN];
static size_t open_count;

/* Who is gone after so many APDUs; the last one was carried out, and its answer is lost. */
static int victim = NOBODY;
static long lives;
static bool gone;

/* What a listener kept of the commands to the target. */
static struct buf trace[TRACE];
static size_t trace_count;
static bool is_listening;

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

static void listen_to(struct view command)
{
	if (trace_count == TRACE)
		abort();
	buf_init(&trace[trace_count], APDU_COMMAND_MAX);
	buf_view(&trace[trace_count++], command);
}

enum rc __wrap_card_transmit(struct card *card, struct view command, struct buf *ret)
{
	size_t before = ret->len, i = 0;
	enum rc rc;

	while (opened[i].card != card)
		i++;
	if (gone && (victim == ALL || victim == opened[i].which))
		return RC_REMOVED;
	if (is_listening && opened[i].which == TARGET)
		listen_to(command);
	rc = __real_card_transmit(card, command, ret);
	if ((victim == ALL || victim == opened[i].which) && lives > 0 && --lives == 0) {
		gone = true;
		buf_truncate(ret, before);
		return RC_REMOVED;
	}
	return rc;
}

static void put(const void *bytes, size_t len)
{
	memcpy(file + file_len, bytes, len);
	file_len += len;
}

static void put_component(unsigned int tag, const void *body, size_t len)
{
	const CK_BYTE header[] = {(CK_BYTE)tag, (CK_BYTE)(len >> 8), (CK_BYTE)len};

	put(header, sizeof(header));
	put(body, len);
}

/* A plain load file. */
static void make_file(void)
{
	static const CK_BYTE header[] = {0xDE, 0xCA, 0xFF, 0xED, 1, 2, 4, 0,
					 1,    6,    0xF0, 1,    2, 3, 4, 5};
	static const CK_BYTE imports[] = {1, 0, 1, 7, 0xA0, 0, 0, 0, 0x62, 1, 1};
	static const CK_BYTE applets[] = {1, 7, 0xF0, 1, 2, 3, 4, 5, 1, 0, 0};
	static const CK_BYTE methods[METHODS];
	static const unsigned int others[] = {8, 5, 9};

	put_component(1, header, sizeof(header));
	put_component(2, "", 1);
	put_component(4, imports, sizeof(imports));
	put_component(3, applets, sizeof(applets));
	put_component(6, "", 1);
	put_component(7, methods, METHODS);
	for (size_t i = 0; i < 3; i++)
		put_component(others[i], "", 1);
}

/* Another version is a package of another name: the script of one does not fit the file of the other. */
static void set_version(CK_BYTE version)
{
	size_t last = sizeof(package) - 1;

	for (size_t i = 0; i + last < file_len; i++)
		if (view_equal(view_of(file + i, last), view_of(package, last)))
			file[i + last] = version;
	package[last] = applet[last] = version;
}

static struct slot *slot_of(int which)
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

static void open_all(void)
{
	CU_ASSERT_EQUAL_FATAL(slots_open(&slots), CKR_OK);
	slots_forbid_threads(slots);
}

static void close_all(void)
{
	slots_close(&slots);
	open_count = 0;
}

static CK_RV stop_at(void *arg, CK_ULONG done, CK_ULONG total)
{
	unsigned int *left = arg;

	(void)done;
	(void)total;
	return *left && --*left == 0 ? CKR_FUNCTION_CANCELED : CKR_OK;
}

/* One whole try, with everything opened for it and closed after; stop: when Progress cancels. */
static CK_RV install_on(int which, unsigned int stop, CK_ULONG flags)
{
	CK_INTAGLIO_TRANSFER t = {
		.ulApplication = 1, .ulFlags = flags, .Progress = stop_at, .pApplication = &stop};
	struct slot *principal, *target;
	CK_RV rv;

	open_all();
	principal = slot_of(PRINCIPAL);
	target = slot_of(which);
	slot_lock(principal);
	slot_lock(target);
	rv = slot_install_through(principal, target, &t);
	slot_unlock(target);
	slot_unlock(principal);
	close_all();
	return rv;
}

static CK_INTAGLIO_KEY_SET key_set(CK_ULONG protocol)
{
	CK_INTAGLIO_KEY_SET set = {.ulProtocol = protocol, .ulVersion = 0x30, .ulKeyLen = 16};

	for (size_t i = 0; i < sizeof(set.keys); i++)
		((CK_BYTE *)set.keys)[i] = (CK_BYTE)(i * 11 + 5);
	return set;
}

static CK_ULONG load_flags;

static CK_RV load_on(struct slot *principal)
{
	CK_INTAGLIO_FILE one = {"a file", file, file_len};
	CK_INTAGLIO_PRINCIPAL_LOAD load = {
		.ulNumber = 1, .ulFlags = load_flags, .pFiles = &one, .ulFileCount = 1};
	CK_RV rv;

	slot_lock(principal);
	rv = slot_load_principal(principal, &load);
	slot_unlock(principal);
	return rv;
}

/* Cards by the vendor interface's own calls: what an issuer would do. */
static void make_world(CK_ULONG protocol, bool shared, CK_ULONG activations)
{
	CK_INTAGLIO_KEY_SET set = key_set(protocol);
	CK_INTAGLIO_TARGET_KEYS masters = {.ulNumber = 1,
					   .ulProtocol = protocol,
					   .ulOption = protocol == 2 ? 0x15 : 0,
					   .ulFlags = shared ? CK_INTAGLIO_TARGET_SHARED : 0,
					   .ulKeyLen = 16};
	struct slot *p;

	memcpy(masters.keys, set.keys, sizeof(masters.keys));
	set.ulMasters = shared ? CK_INTAGLIO_MASTERS_NONE : CK_INTAGLIO_MASTERS_OWN;
	open_all();
	p = slot_of(PRINCIPAL);
	CU_ASSERT_EQUAL(slot_create_principal(p), CKR_OK);
	CU_ASSERT_EQUAL(slot_put_target_keys(p, &masters), CKR_OK);
	CU_ASSERT_EQUAL(load_on(p), CKR_OK);
	CU_ASSERT_EQUAL(slot_charge_principal(p, 1, 0, activations), CKR_OK);
	for (int k = TARGET; k < CARDS; k++)
		CU_ASSERT_EQUAL(slot_put_keys(slot_of(k), NULL, &set, 0), CKR_OK);
	close_all();
}

/* The cards as they were made, with their hosts; every world begins with them. */
static struct disk *made[CARDS];

static void set_disk(int k, struct disk *disk)
{
	disk_free(&disks[k]);
	disks[k] = disk;
}

static void begin(CK_ULONG protocol, bool shared, CK_ULONG activations)
{
	victim = NOBODY;
	gone = false;
	for (int k = 0; k < CARDS; k++)
		set_disk(k, disk_kill(made[k]));
	make_world(protocol, shared, activations);
}

/* How many a card has of the application and of its package: 10 * applications + packages. */
static size_t count_on(int which)
{
	CK_INTAGLIO_CONTENT list[ENTRIES];
	CK_ULONG count = ENTRIES;
	size_t n = 0;

	open_all();
	CU_ASSERT_EQUAL(slot_list_content(slot_of(which), NULL, list, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++) {
		struct view aid = view_of(list[i].aid.bytes, list[i].aid.ulLen);

		n += view_equal(aid, view_of(applet, sizeof(applet))) ? 10 : 0;
		n += view_equal(aid, view_of(package, sizeof(package)));
	}
	close_all();
	return n;
}

struct state {
	CK_ULONG left, used, pending;
	size_t events[6]; /* by their kind */
};

static struct state read_state(void)
{
	CK_INTAGLIO_PRINCIPAL_COUNTER counters[2];
	CK_INTAGLIO_PRINCIPAL_EVENT events[ENTRIES];
	CK_INTAGLIO_PRINCIPAL_STATUS s = {.pCounters = counters,
					  .ulCounterCount = 2,
					  .pEvents = events,
					  .ulEventCount = ENTRIES};
	struct state state = {.left = 0};

	open_all();
	CU_ASSERT_EQUAL(slot_principal_status(slot_of(PRINCIPAL), &s), CKR_OK);
	close_all();
	CU_ASSERT_EQUAL_FATAL(s.ulCounterCount, 1);
	CU_ASSERT(s.bAll && s.bTrail);
	state.left = counters[0].ulLeft;
	state.used = counters[0].ulUsed;
	state.pending = s.ulPending;
	for (CK_ULONG i = 0; i < s.ulEventCount; i++)
		state.events[events[i].ulEvent]++;
	return state;
}

/* What must be true at the end, whoever was interrupted where. */
static void settle(void)
{
	CK_RV rv;
	struct state s;

	victim = NOBODY;
	gone = false;
	rv = install_on(TARGET, 0, 0);
	s = read_state();
	CU_ASSERT_EQUAL(s.left, 0);
	CU_ASSERT_EQUAL(s.used, 1);
	CU_ASSERT_EQUAL(s.pending, 0);
	CU_ASSERT_EQUAL(s.events[CK_INTAGLIO_EVENT_CHARGED], 1);
	CU_ASSERT_EQUAL(s.events[CK_INTAGLIO_EVENT_REPORTED], 1);
	/* Refused is only what had been reported, and that before the target was touched. */
	CU_ASSERT(rv == CKR_OK || rv == CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(count_on(TARGET), 11);
}

/* After each APDU to who, until one installation lives to its end. */
static void gone_after_every_apdu(CK_ULONG protocol, int who)
{
	struct disk *start[CARDS];
	CK_RV rv = CKR_GENERAL_ERROR;
	long n;

	begin(protocol, false, 1);
	for (int k = 0; k < CARDS; k++)
		start[k] = disk_kill(disks[k]);
	for (n = 1; n < RUNS; n++) {
		for (int k = 0; k < CARDS; k++)
			set_disk(k, disk_kill(start[k]));
		victim = who;
		lives = n;
		gone = false;
		rv = install_on(TARGET, 0, 0);
		if (!gone)
			break;
		/* A card that was gone has lost its power, too. */
		for (int k = 0; k < CARDS; k++)
			set_disk(k, who == k ? disk_cut(disks[k], NULL) : disk_kill(disks[k]));
		settle();
	}
	CU_ASSERT_EQUAL(rv, CKR_OK);
	CU_ASSERT(n > 8 && n < RUNS);
	for (int k = 0; k < CARDS; k++)
		disk_free(&start[k]);
}

static void the_host_dies_after_every_apdu_under_scp03(void)
{
	gone_after_every_apdu(3, ALL);
}

static void the_host_dies_after_every_apdu_under_scp02(void)
{
	gone_after_every_apdu(2, ALL);
}

static void the_principal_goes_after_every_apdu(void)
{
	gone_after_every_apdu(3, PRINCIPAL);
}

static void the_target_goes_after_every_apdu(void)
{
	gone_after_every_apdu(3, TARGET);
}

/* One whole load of this version, with everything opened for it and closed after. */
static CK_RV load_version(CK_BYTE version)
{
	CK_RV rv;

	set_version(version);
	open_all();
	rv = load_on(slot_of(PRINCIPAL));
	close_all();
	return rv;
}

static size_t count_version(CK_BYTE version)
{
	set_version(version);
	return count_on(TARGET);
}

static CK_ULONG count_files(void)
{
	CK_INTAGLIO_PRINCIPAL_STATUS s = {.pCounters = NULL};

	open_all();
	CU_ASSERT_EQUAL(slot_principal_status(slot_of(PRINCIPAL), &s), CKR_OK);
	close_all();
	return s.ulFileCount;
}

enum { OLD = 5, NEW = 6 };

static void keep_disks(struct disk *ret[CARDS])
{
	for (int k = 0; k < CARDS; k++)
		ret[k] = disk_kill(disks[k]);
}

/* What is installed is the old version or the new one; loaded again, it is the new one. */
static void settle_load(void)
{
	struct disk *torn[CARDS];

	victim = NOBODY;
	gone = false;
	keep_disks(torn);
	CU_ASSERT_EQUAL(install_on(TARGET, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(count_version(OLD) + count_version(NEW), 11);
	for (int k = 0; k < CARDS; k++)
		set_disk(k, torn[k]);
	CU_ASSERT_EQUAL(load_version(NEW), CKR_OK);
	CU_ASSERT_EQUAL(count_files(), 1);
	CU_ASSERT_EQUAL(install_on(TARGET, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(count_version(OLD), 0);
	CU_ASSERT_EQUAL(count_version(NEW), 11);
}

/* From these disks on, which are freed; ret_half: as they are when the new file came, and no more. */
static void an_upgrade_is_torn(struct disk *start[CARDS], struct disk *ret_half[CARDS])
{
	unsigned long calls, settled = 0;
	CK_RV rv = CKR_GENERAL_ERROR;
	unsigned int states = 0;
	long n;

	for (n = 1; n < RUNS; n++) {
		for (int k = 0; k < CARDS; k++)
			set_disk(k, disk_kill(start[k]));
		calls = disk_calls(disks[PRINCIPAL]);
		victim = ALL;
		lives = n;
		gone = false;
		rv = load_version(NEW);
		if (!gone)
			break;
		calls = disk_calls(disks[PRINCIPAL]) - calls;
		/* A try in which the card has written no more than in the last one is that one. */
		if (calls == settled && states)
			continue;
		settled = calls;
		for (int k = 0; k < CARDS; k++)
			set_disk(k, disk_kill(disks[k]));
		if (++states == 2 && ret_half)
			keep_disks(ret_half);
		settle_load();
	}
	CU_ASSERT_EQUAL(rv, CKR_OK);
	/* Nothing yet, the new file, the new script, the old file gone. */
	CU_ASSERT(n > 8 && states == 4);
	for (int k = 0; k < CARDS; k++)
		disk_free(&start[k]);
}

/* Twice, too: when the first one has left its file, the second has two places to choose from. */
static void an_upgrade_on_the_principal_is_torn_after_every_apdu(void)
{
	struct disk *start[CARDS], *half[CARDS] = {NULL};

	set_version(OLD);
	begin(3, false, 1);
	/* Now it is in the other place than that of a first load. */
	CU_ASSERT_EQUAL(load_version(OLD), CKR_OK);
	keep_disks(start);
	an_upgrade_is_torn(start, half);
	CU_ASSERT_PTR_NOT_NULL_FATAL(half[PRINCIPAL]);
	an_upgrade_is_torn(half, NULL);
	set_version(OLD);
}

/* What both disks are when power comes back, cut ahead of a call that changes something. */
static struct {
	struct disk *disk[CARDS];
} points[POINTS];
static size_t point_count;

static void remember(int cut, bool all)
{
	CU_ASSERT_FATAL(point_count < POINTS);
	for (int k = 0; k < CARDS; k++)
		points[point_count].disk[k] = k != cut || all ? disk_kill(disks[k])
							      : disk_cut(disks[k], NULL);
	point_count++;
}

static void before_call(void *arg)
{
	int cut = *(const int *)arg;

	remember(cut, false);
	remember(cut, true);
}

static void power_is_cut_at_every_write(void)
{
	static const int which[2] = {PRINCIPAL, TARGET};

	begin(3, false, 1);
	point_count = 0;
	for (int k = 0; k < 2; k++)
		disk_watch(disks[k], before_call, (void *)&which[k]);
	CU_ASSERT_EQUAL(install_on(TARGET, 0, 0), CKR_OK);
	for (int k = 0; k < 2; k++)
		disk_watch(disks[k], NULL, NULL);
	CU_ASSERT(point_count >= 2 * 2 * 5);
	for (size_t n = 0; n < point_count; n++) {
		for (int k = 0; k < CARDS; k++)
			set_disk(k, points[n].disk[k]);
		settle();
	}
}

static bool is_untouched(CK_ULONG left)
{
	struct state s = read_state();

	return s.left == left && s.used == 0 && s.pending == 0 &&
	       s.events[CK_INTAGLIO_EVENT_CHARGED] == 0 && count_on(TARGET) == 0;
}

static void what_is_cancelled_costs_nothing_and_leaves_nothing(void)
{
	unsigned int stop = 1;
	CK_RV rv;

	begin(3, false, 1);
	while ((rv = install_on(TARGET, stop, 0)) == CKR_FUNCTION_CANCELED && stop < RUNS) {
		CU_ASSERT(is_untouched(1));
		stop++;
	}
	/* DELETE, INSTALL [for load], three LOADs, the activation; at the end it is too late. */
	CU_ASSERT_EQUAL(rv, CKR_OK);
	CU_ASSERT_EQUAL(stop, 7);
	CU_ASSERT_EQUAL(read_state().used, 1);
	CU_ASSERT_EQUAL(count_on(TARGET), 11);
}

/* Without DELETEs nothing can be taken back, and that is said. */
static void what_is_cancelled_and_cannot_be_taken_back_is_told(void)
{
	load_flags = CK_INTAGLIO_PRINCIPAL_KEEP;
	begin(3, false, 1);
	load_flags = 0;
	/* INSTALL [for load], three LOADs; then the activation is not wanted any more. */
	CU_ASSERT_EQUAL(install_on(TARGET, 5, 0), CKR_FUNCTION_CANCELED);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "may be left"));
	CU_ASSERT_EQUAL(count_on(TARGET), 1);
	CU_ASSERT_EQUAL(read_state().left, 1);
}

static void without_an_activation_nothing_is_touched(void)
{
	begin(3, false, 0);
	CU_ASSERT_EQUAL(install_on(TARGET, 0, 0), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(install_on(TARGET, 0, CK_INTAGLIO_INSTALL_DRY_RUN), CKR_ACTION_PROHIBITED);
	CU_ASSERT(is_untouched(0));
}

/* Torn after the activation: the pending entry is the first target's alone. */
static void a_retry_is_the_first_cards_and_others_wait(void)
{
	begin(3, false, 2);
	victim = ALL;
	for (lives = 1; lives < RUNS; lives++) {
		long n = lives;

		gone = false;
		victim = ALL;
		install_on(TARGET, 0, 0);
		victim = NOBODY;
		lives = n;
		if (read_state().pending)
			break;
	}
	CU_ASSERT_EQUAL(read_state().pending, 1);
	/* Another card waits until it has enough of that, and is as it was. */
	CU_ASSERT_EQUAL(install_on(SECOND, 10, 0), CKR_FUNCTION_CANCELED);
	CU_ASSERT_EQUAL(count_on(SECOND), 0);
	CU_ASSERT_EQUAL(read_state().used, 1);
	CU_ASSERT_EQUAL(install_on(TARGET, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(read_state().used, 1);
	CU_ASSERT_EQUAL(install_on(SECOND, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(read_state().used, 2);
	CU_ASSERT_EQUAL(count_on(SECOND), 11);
	CU_ASSERT_EQUAL(count_on(TARGET), 11);
}

/* A whole trace, sent to a card with the same keys: nothing of it is taken. */
static void a_recorded_installation_is_none_on_another_card(void)
{
	char dir[128];
	struct transport *t = NULL;
	struct buf answer;
	size_t taken = 0;

	begin(2, true, 1);
	is_listening = true;
	CU_ASSERT_EQUAL(install_on(TARGET, 0, 0), CKR_OK);
	is_listening = false;
	CU_ASSERT(trace_count > 8);
	snprintf(dir, sizeof(dir), "%s/intaglio/cards/%s/card", root, names[SECOND]);
	CU_ASSERT_EQUAL_FATAL(transport_embedded_open(dir, &t), RC_OK);
	buf_init(&answer, APDU_RESPONSE_MAX);
	for (size_t i = 0; i < trace_count; i++) {
		struct view data;
		uint16_t sw = 0;

		buf_reset(&answer);
		CU_ASSERT_EQUAL(transport_transmit(t, view_buf(&trace[i]), &answer), RC_OK);
		CU_ASSERT_EQUAL(response_parse(view_buf(&answer), &data, &sw), RC_OK);
		taken += sw == SW_OK;
		buf_free(&trace[i]);
	}
	trace_count = 0;
	buf_free(&answer);
	transport_close(&t);
	/* SELECT twice, its last one as the end, and INITIALIZE UPDATE are anybody's. */
	CU_ASSERT(taken <= 3);
	CU_ASSERT_EQUAL(count_on(SECOND), 0);
}

/* Called with CKN_SURRENDER: how often, and when it cancels. */
static struct {
	unsigned int calls, cancel_at;
	struct session *closes; /* at the first call */
} notified;

static CK_RV notify(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
	CU_ASSERT_EQUAL(session, 7);
	CU_ASSERT_EQUAL(event, CKN_SURRENDER);
	CU_ASSERT_PTR_EQUAL(application, &notified);
	if (notified.closes) {
		struct slot *slot = session_slot(notified.closes);

		slot_lock(slot);
		session_close(&notified.closes);
		slot_unlock(slot);
	}
	return ++notified.calls == notified.cancel_at ? CKR_CANCEL : CKR_OK;
}

/* The application's key, as a search finds it; 0 if it does not. */
static CK_OBJECT_HANDLE find_application(struct session *s)
{
	CK_ULONG type = CKK_INTAGLIO_APPLICATION, count = 0;
	CK_BYTE id[] = {0, 1};
	CK_ATTRIBUTE template[] = {{CKA_KEY_TYPE, &type, sizeof(type)}, {CKA_ID, id, sizeof(id)}};
	CK_OBJECT_HANDLE found[2] = {0};

	CU_ASSERT_EQUAL(session_find_init(s, template, 2), CKR_OK);
	CU_ASSERT_EQUAL(session_find(s, found, 2, &count), CKR_OK);
	CU_ASSERT_EQUAL(session_find_final(s), CKR_OK);
	return count == 1 ? found[0] : 0;
}

static CK_ULONG left_of(struct session *s, CK_OBJECT_HANDLE key)
{
	CK_ULONG left = 99;
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_ACTIVATIONS, &left, sizeof(left)};

	CU_ASSERT_EQUAL(session_get_attributes(s, key, &attribute, 1), CKR_OK);
	return left;
}

static CK_RV sign_init(struct session *s, CK_OBJECT_HANDLE key, CK_SLOT_ID target)
{
	CK_INTAGLIO_APPLICATION_LOAD_PARAMS load = {.target = target};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_APPLICATION_LOAD, &load, sizeof(load)};

	return operation_init(s, OPERATION_SIGN, &mechanism, key);
}

static void sign_installs(void)
{
	CK_BYTE receipt[CK_INTAGLIO_TARGET_ID];
	CK_ULONG len = 0;
	struct slot *principal;
	struct session *s = NULL;
	CK_OBJECT_HANDLE key;
	CK_SLOT_ID till;

	begin(3, false, 2);
	open_all();
	principal = slot_of(PRINCIPAL);
	till = slot_id(slot_of(TARGET));
	slot_lock(principal);
	notified.calls = 0;
	notified.cancel_at = 3;
	CU_ASSERT_EQUAL_FATAL(session_open(principal, CKF_SERIAL_SESSION, &notified, notify, 7, &s),
			      CKR_OK);
	key = find_application(s);
	CU_ASSERT_NOT_EQUAL(key, 0);
	CU_ASSERT_EQUAL(left_of(s, key), 2);
	CU_ASSERT_EQUAL(sign_init(s, key, till), CKR_OK);
	/* A question for the length, and a buffer that is too small, install nothing. */
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, sizeof(receipt));
	len = 9;
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(notified.calls, 0);
	len = sizeof(receipt);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_FUNCTION_CANCELED);
	CU_ASSERT_EQUAL(notified.calls, 3);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(sign_init(s, key, till), CKR_OK);
	CU_ASSERT_EQUAL(operation_final(s, OPERATION_SIGN, receipt, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, sizeof(receipt));
	CU_ASSERT_EQUAL(key, find_application(s));
	CU_ASSERT_EQUAL(left_of(s, key), 1);
	slot_unlock(principal);
	close_all();
	CU_ASSERT_EQUAL(count_on(TARGET), 11);
	CU_ASSERT_EQUAL(read_state().used, 1);
}

static void an_application_that_was_taken_off_is_no_key_any_more(void)
{
	struct slot *principal;
	struct session *s = NULL;
	CK_OBJECT_HANDLE key;

	begin(3, false, 1);
	open_all();
	principal = slot_of(PRINCIPAL);
	slot_lock(principal);
	CU_ASSERT_EQUAL_FATAL(session_open(principal, CKF_SERIAL_SESSION, NULL, NULL, 7, &s),
			      CKR_OK);
	key = find_application(s);
	CU_ASSERT_NOT_EQUAL(key, 0);
	slot_unlock(principal);
	CU_ASSERT_EQUAL(slot_unload_principal(principal, 1), CKR_OK);
	slot_lock(principal);
	CU_ASSERT_EQUAL(find_application(s), 0);
	CU_ASSERT_EQUAL(sign_init(s, key, slot_id(slot_of(TARGET))), CKR_KEY_HANDLE_INVALID);
	slot_unlock(principal);
	close_all();
}

/* Nothing of the session is used any more, and the installation goes on. */
static void the_session_is_closed_in_its_callback(void)
{
	CK_BYTE receipt[CK_INTAGLIO_TARGET_ID];
	CK_ULONG len = sizeof(receipt);
	struct slot *principal;
	struct session *s = NULL;

	begin(3, false, 1);
	open_all();
	principal = slot_of(PRINCIPAL);
	slot_lock(principal);
	notified.calls = notified.cancel_at = 0;
	CU_ASSERT_EQUAL_FATAL(session_open(principal, CKF_SERIAL_SESSION, &notified, notify, 7, &s),
			      CKR_OK);
	CU_ASSERT_EQUAL(sign_init(s, find_application(s), slot_id(slot_of(TARGET))), CKR_OK);
	notified.closes = s;
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len), CKR_OK);
	CU_ASSERT_PTR_NULL(notified.closes);
	CU_ASSERT_EQUAL(len, sizeof(receipt));
	slot_unlock(principal);
	close_all();
	CU_ASSERT_EQUAL(count_on(TARGET), 11);
}

static void sign_refuses_what_is_no_installation(void)
{
	CK_ULONG type = CKK_INTAGLIO_APPLICATION, class = CKO_SECRET_KEY,
		 len = CK_INTAGLIO_TARGET_ID;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_KEY_TYPE, &type, sizeof(type)}};
	CK_BYTE receipt[CK_INTAGLIO_TARGET_ID];
	CK_MECHANISM bare = {CKM_INTAGLIO_APPLICATION_LOAD, NULL, 0};
	CK_OBJECT_HANDLE key, other;
	struct slot *principal, *target;
	struct session *s = NULL;

	begin(3, false, 0);
	open_all();
	principal = slot_of(PRINCIPAL);
	target = slot_of(TARGET);
	slot_lock(principal);
	CU_ASSERT_EQUAL_FATAL(session_open(principal, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
					   NULL, 7, &s),
			      CKR_OK);
	key = find_application(s);
	CU_ASSERT_EQUAL(session_create_object(s, template, 2, &other), CKR_TEMPLATE_INCONSISTENT);
	CU_ASSERT_NOT_EQUAL(session_destroy_object(s, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_init(s, OPERATION_SIGN, &bare, key), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(operation_init(s, OPERATION_VERIFY, &bare, key), CKR_MECHANISM_INVALID);
	/* Itself, none, data, and no activation. */
	CU_ASSERT_EQUAL(sign_init(s, key, slot_id(principal)), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_FUNCTION_FAILED);
	CU_ASSERT_EQUAL(sign_init(s, key, 999), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_FUNCTION_FAILED);
	CU_ASSERT_EQUAL(sign_init(s, key, slot_id(target)), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, receipt, 1, receipt, &len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(sign_init(s, key, slot_id(target)), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_FUNCTION_REJECTED);
	slot_unlock(principal);
	/* A card that is no principal card has no such keys. */
	s = NULL;
	slot_lock(target);
	CU_ASSERT_EQUAL_FATAL(session_open(target, CKF_SERIAL_SESSION, NULL, NULL, 8, &s), CKR_OK);
	CU_ASSERT_EQUAL(find_application(s), 0);
	slot_unlock(target);
	close_all();
	CU_ASSERT(is_untouched(0));
}

/* Makes the cards once, by their first use. */
static int set_up(void)
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
	make_file();
	for (int k = 0; k < CARDS; k++) {
		CK_TOKEN_INFO info;

		disks[k] = disk_new();
		snprintf(path, sizeof(path), "intaglio/cards/%s", names[k]);
		if (files_make_directory(root, path) != RC_OK || slots_open(&slots) != CKR_OK)
			return 1;
		slots_forbid_threads(slots);
		if (token_info(slot_of(k), 0, 0, &info) != CKR_OK)
			return 1;
		close_all();
		made[k] = disk_kill(disks[k]);
	}
	return 0;
}

static int clean(void)
{
	for (int k = 0; k < CARDS; k++) {
		disk_free(&disks[k]);
		disk_free(&made[k]);
	}
	files_remove_tree(root);
	return 0;
}

#define TEST(name)          \
	{                   \
#name, name \
	}

int main(void)
{
	CU_TestInfo tests[] = {
		TEST(what_is_cancelled_costs_nothing_and_leaves_nothing),
		TEST(what_is_cancelled_and_cannot_be_taken_back_is_told),
		TEST(without_an_activation_nothing_is_touched),
		TEST(a_retry_is_the_first_cards_and_others_wait),
		TEST(a_recorded_installation_is_none_on_another_card),
		TEST(sign_installs),
		TEST(the_session_is_closed_in_its_callback),
		TEST(an_application_that_was_taken_off_is_no_key_any_more),
		TEST(sign_refuses_what_is_no_installation),
		TEST(the_host_dies_after_every_apdu_under_scp03),
		TEST(the_host_dies_after_every_apdu_under_scp02),
		TEST(the_principal_goes_after_every_apdu),
		TEST(the_target_goes_after_every_apdu),
		TEST(power_is_cut_at_every_write),
		TEST(an_upgrade_on_the_principal_is_torn_after_every_apdu),
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "transfer", .pInitFunc = set_up, .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("transfer", suites);
}
