/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ledger on a disk that fails: every call of creating, sealing, countersigning and pruning fails once,
 * with each error that a disk, a full one and a read-only one give. The card stops, what it
 * acknowledged is there when it is opened again, and what it had not is done by doing it again, once.
 */
#include <errno.h>
#include <string.h>

#include "base/tlv.h"
#include "card/ledger_record.h"
#include "card/ledger_state.h"
#include "card/pin.h"
#include "tests/card/bare_card.h"
#include "tests/disk.h"
#include "tests/suite.h"

enum { NUMBER = 1, COSIGNED = 4, STEPS = 9 };

enum kind { CREATE, SEAL, LONG, COSIGN, PRUNE }; /* LONG: a record of two leaves */

/* In this order; a step that was acknowledged is never done again. */
static const struct {
	enum kind kind;
	unsigned int record; /* SEAL and LONG */
} script[STEPS] = {
	{CREATE, 0}, {SEAL, 1},  {SEAL, 2}, {SEAL, 3}, {COSIGN, 0},
	{SEAL, 4},   {PRUNE, 0}, {SEAL, 5}, {LONG, 6},
};

static struct bare_card card;
static EVP_PKEY *auditor;
static struct note_key auditor_key;

static int start(void)
{
	uint8_t public_key[ED25519_PUBLIC];

	return ed25519_generate(&auditor) != RC_OK ||
	       ed25519_public(auditor, public_key) != RC_OK ||
	       note_cosigner_make("tax.example/auditor", public_key, &auditor_key) != RC_OK;
}

static int finish(void)
{
	EVP_PKEY_free(auditor);
	return 0;
}

static uint16_t create(void)
{
	struct buf data, text;
	uint16_t sw;

	buf_init(&data, 512);
	buf_init(&text, NOTE_KEY_MAX);
	note_put_cosigner(&text, &auditor_key);
	tlv_put(&data, 0x80, view_str("invoices"));
	tlv_put(&data, 0x82, view_buf(&text));
	sw = bare_card_send(&card, 0x80D00000, view_buf(&data));
	buf_free(&text);
	buf_free(&data);
	return sw;
}

static uint16_t seal_part(uint32_t header, uint64_t n, struct view plaintext)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 256 + LEAF_FIRST_BYTES);
	buf_u32(&data, NUMBER);
	buf_u64(&data, 1000 + n);
	buf_u64(&data, n);
	buf_u16(&data, 1);
	buf_u64(&data, 1000 + n);
	buf_view(&data, plaintext);
	sw = bare_card_send(&card, header, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t seal(uint64_t n)
{
	return seal_part(0x80D20000, n, view_str("an invoice"));
}

static uint16_t seal_long(uint64_t n)
{
	static const uint8_t half[LEAF_FIRST_BYTES];
	uint16_t sw = seal_part(0x80D20100, n, view_of(half, sizeof(half)));

	return sw == SW_OK ? seal_part(0x80D20200, n, view_of(half, sizeof(half))) : sw;
}

static uint16_t cosign(void)
{
	struct checkpoint checkpoint = {.size = COSIGNED};
	struct note_cosignature cosignature;
	struct ledger_state state;
	struct merkle_range range;
	struct ledger *ledger;
	struct buf data;
	uint16_t sw;

	if (ledger_cache_get(card.ram->ledgers, card.nvm, NUMBER, &ledger) != RC_OK ||
	    ledger_state_load(card.nvm, NUMBER, &state) != RC_OK ||
	    ledger_state_range(card.nvm, NUMBER, &state, COSIGNED, &range) != RC_OK ||
	    merkle_root(&range, checkpoint.root) != RC_OK)
		return SW_MEMORY_FAILURE;
	buf_init(&data, 1024);
	buf_u32(&data, NUMBER);
	checkpoint.origin = view_str(ledger->key.name);
	note_put_checkpoint(&data, &checkpoint);
	CU_ASSERT_EQUAL(note_cosign(view_of(data.data + 4, data.len - 4), auditor, 1, &cosignature),
			RC_OK);
	buf_u8(&data, '\n');
	note_put_cosignature(&data, &auditor_key, &cosignature);
	sw = bare_card_send(&card, 0x80DE0000, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t prune(void)
{
	uint8_t array[12];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u32(&data, NUMBER);
	buf_u64(&data, COSIGNED);
	return bare_card_send(&card, 0x80DE0100, view_buf(&data));
}

static uint16_t run(unsigned int step)
{
	switch (script[step].kind) {
	case CREATE:
		return create();
	case SEAL:
		return seal(script[step].record);
	case LONG:
		return seal_long(script[step].record);
	case COSIGN:
		return cosign();
	case PRUNE:
		return prune();
	}
	return SW_MEMORY_FAILURE;
}

static uint64_t leaves(void)
{
	return nvm_leaf_count(card.nvm, ledger_series(NUMBER));
}

static uint64_t cosigned(void)
{
	struct ledger_state state;

	CU_ASSERT_EQUAL(ledger_state_load(card.nvm, NUMBER, &state), RC_OK);
	return state.cosigned;
}

static uint64_t grows_by(unsigned int step)
{
	return script[step].kind == LONG ? 2
					 : script[step].kind == CREATE || script[step].kind == SEAL;
}

/* What the first steps leave behind, and perhaps the one after them; nothing between the two. */
static void check_kept(unsigned int steps)
{
	uint64_t count = 0;
	bool has_cosigned = false, has_pruned = false;

	for (unsigned int i = 0; i < steps; i++) {
		count += grows_by(i);
		has_cosigned = has_cosigned || script[i].kind == COSIGN;
		has_pruned = has_pruned || script[i].kind == PRUNE;
	}
	CU_ASSERT_TRUE(leaves() == count || (steps < STEPS && leaves() == count + grows_by(steps)));
	CU_ASSERT_TRUE(!has_cosigned || cosigned() == COSIGNED);
	CU_ASSERT_TRUE(!has_pruned || nvm_leaf_first(card.nvm, ledger_series(NUMBER)) == COSIGNED);
}

/* The step failed, and was done all the same; only a seal may be sent again without asking. */
static bool was_done(unsigned int step)
{
	switch (script[step].kind) {
	case CREATE:
		return leaves() == 1;
	case COSIGN:
		return cosigned() == COSIGNED;
	case PRUNE:
		return nvm_leaf_first(card.nvm, ledger_series(NUMBER)) == COSIGNED;
	case SEAL:
	case LONG:
		break;
	}
	return false;
}

static struct disk *new_card(void)
{
	struct disk *disk = disk_new();

	bare_card_new_on(&card, disk_io(disk));
	CU_ASSERT_EQUAL_FATAL(bare_card_send_two(&card, 0x80400000, SO_PIN,
						 "label                           "),
			      SW_OK);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str(USER_PIN)), SW_OK);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	return disk;
}

/* False: no call failed, as there were fewer. *ret_stopped counts the failures that were not passed over. */
static bool fail_once(unsigned long after, int error, unsigned int *ret_stopped)
{
	struct disk *disk = new_card();
	unsigned long before = disk_calls(disk);
	unsigned int step = 0;
	uint16_t sw = SW_OK;
	bool is_over;

	disk_fail(disk, after, error);
	while (step < STEPS && (sw = run(step)) == SW_OK)
		step++;
	is_over = disk_calls(disk) - before <= after;
	if (step < STEPS) {
		(*ret_stopped)++;
		CU_ASSERT_FALSE(is_over);
		CU_ASSERT_TRUE(sw == SW_MEMORY_FAILURE || sw == SW_NOT_ENOUGH_MEMORY);
		/* The disk is well again; who has stopped does not know what it holds. */
		if (sw == SW_MEMORY_FAILURE)
			CU_ASSERT_EQUAL(seal(77), SW_MEMORY_FAILURE);
		bare_card_power_off(&card);
		CU_ASSERT_EQUAL_FATAL(bare_card_power_on(&card), RC_OK);
		CU_ASSERT_EQUAL_FATAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
		check_kept(step);
		for (step += was_done(step); step < STEPS; step++)
			CU_ASSERT_EQUAL(run(step), SW_OK);
	}
	check_kept(STEPS);
	CU_ASSERT_EQUAL(leaves(), 8);
	/* A failure that is still to come would hit the next start. */
	if (!is_over) {
		bare_card_power_off(&card);
		CU_ASSERT_EQUAL_FATAL(bare_card_power_on(&card), RC_OK);
		check_kept(STEPS);
	}
	bare_card_detach(&card);
	disk_free(&disk);
	return !is_over;
}

static void every_call_that_fails_once_stops_the_card_and_loses_nothing(void)
{
	static const int errors[] = {EIO, ENOSPC, EROFS};
	unsigned int stopped = 0;
	unsigned long calls;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		for (calls = 0; calls < 1000 && fail_once(calls, errors[i], &stopped); calls++)
			;
		CU_ASSERT_TRUE(calls > STEPS && calls < 1000);
	}
	/* A write and a sync of each step, at the least. */
	CU_ASSERT_TRUE(stopped >= 3 * 2 * STEPS);
}

static CU_TestInfo tests[] = {
	{"every call that fails once stops the card and loses nothing",
	 every_call_that_fails_once_stops_the_card_and_loses_nothing},
	CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
	{.pName = "a ledger on a disk that fails",
	 .pInitFunc = start,
	 .pCleanupFunc = finish,
	 .pTests = tests},
	CU_SUITE_INFO_NULL,
};

int main(void)
{
	return suite_run("card ledger_disk", suites);
}
