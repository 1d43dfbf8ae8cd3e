/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A workload on the token application: initialisation, right and wrong PINs, a change of PIN,
 * objects written, changed and destroyed, key pairs, a ledger and seals. What a step leaves behind
 * is remembered when it is acknowledged, and must be found again bit for bit; what an
 * unacknowledged step leaves behind must be that or a whole result. A PIN's tries never rise but
 * by an acknowledged right PIN, and an attempt that was cut may count, never be given back.
 */
#include "tests/powercut.h"

#include <stdlib.h>
#include <string.h>

#include "base/ledger.h"
#include "base/tlv.h"
#include "card/key_cache.h"
#include "card/key_material.h"
#include "card/ledger_cache.h"
#include "card/ledger_record.h"
#include "card/pin.h"
#include "tests/card/bare_card.h"

#define NEW_PIN "4321"

enum { STEPS_MAX = 32, LEAVES_MAX = 8 };

enum kind {
	CREATE_CARD,
	INITIALISE,
	VERIFY_SO,
	SET_USER_PIN,
	VERIFY_USER,
	WRONG_PIN,
	CHANGE_PIN,
	WRITE_OBJECT,
	CHANGE_OBJECT,
	DESTROY_OBJECT,
	GENERATE_EC,
	GENERATE_RSA,
	CREATE_LEDGER,
	SEAL,
};

/* The script; tries is what the user PIN has left after the step. */
static const struct step {
	enum kind kind;
	uint8_t tries;
} script[] = {
	{CREATE_CARD, 0},   {INITIALISE, 0},    {VERIFY_SO, 0},      {SET_USER_PIN, 5},
	{WRONG_PIN, 4},     {WRONG_PIN, 3},     {VERIFY_USER, 5},    {WRITE_OBJECT, 5},
	{GENERATE_EC, 5},   {WRONG_PIN, 4},     {GENERATE_RSA, 4},   {VERIFY_USER, 5},
	{CREATE_LEDGER, 5}, {SEAL, 5},          {SEAL, 5},           {CHANGE_PIN, 5},
	{WRITE_OBJECT, 5},  {CHANGE_OBJECT, 5}, {DESTROY_OBJECT, 5}, {SEAL, 5},
	{WRONG_PIN, 4},     {VERIFY_USER, 5},   {SEAL, 5},
};

enum { STEPS = sizeof(script) / sizeof(script[0]) };

/* What can be told of a card; step n of the script leaves after[n + 1]. */
struct summary {
	bool known;
	uint8_t hash[SHA256_SIZE]; /* of every record but tries and change counter */
	uint64_t changes;
	unsigned int objects;
	uint64_t leaves;
	uint8_t root[MERKLE_HASH];
};

static struct summary after[STEPS_MAX];
static uint8_t user_key[CARD_KEY_SIZE];
static uint32_t data_object, ledger_object;
static struct buf acknowledged_leaves[LEAVES_MAX];
static struct bare_card card;

static enum kind kind_of(unsigned int step)
{
	return step ? script[step - 1].kind : CREATE_CARD;
}

static uint8_t tries_after(unsigned int step)
{
	return step ? script[step - 1].tries : 0;
}

static bool is_attempt(unsigned int step)
{
	enum kind kind = kind_of(step);

	return kind == VERIFY_USER || kind == WRONG_PIN || kind == CHANGE_PIN;
}

static void add_pin(struct nvm *nvm, uint32_t id, struct buf *all)
{
	struct pin_record pin;

	if (pin_record_load(nvm, id & 3, &pin) != RC_OK)
		buf_fail(all, RC_DAMAGED);
	buf_u64(all, pin.generation);
	buf_put(all, pin.salt, sizeof(pin.salt));
	buf_put(all, pin.verifier.bytes, pin.verifier.len);
	buf_put(all, pin.user_key.bytes, pin.user_key.len);
}

static void add_token(struct nvm *nvm, struct buf *all, struct summary *s)
{
	struct token_state state;

	if (token_load(nvm, &state) != RC_OK)
		buf_fail(all, RC_DAMAGED);
	s->changes = state.changes;
	buf_u8(all, state.initialised);
	buf_put(all, state.label, sizeof(state.label));
	buf_u64(all, state.generation);
	buf_u32(all, state.next_number);
	buf_put(all, state.unique, sizeof(state.unique));
}

static enum rc summarise(struct nvm *nvm, struct summary *s)
{
	const struct merkle_range *range;
	struct view bytes;
	struct buf all;
	uint32_t id = 0;
	enum rc rc;

	memset(s, 0, sizeof(*s));
	buf_init(&all, 1 << 20);
	while (nvm_next(nvm, id, &id, &bytes) == RC_OK) {
		buf_u32(&all, id);
		if ((id & RECORD_KIND_MASK) == RECORD_OBJECT)
			s->objects++;
		if ((id & RECORD_KIND_MASK) == RECORD_PIN)
			add_pin(nvm, id, &all);
		else if (id == RECORD_TOKEN)
			add_token(nvm, &all, s);
		else
			buf_view(&all, bytes);
	}
	s->leaves = ledger_object ? nvm_leaf_count(nvm, ledger_series(ledger_object)) : 0;
	range = s->leaves ? nvm_leaf_range(nvm, ledger_series(ledger_object)) : NULL;
	rc = buf_rc(&all);
	if (rc == RC_OK && range)
		rc = merkle_root(range, s->root);
	if (rc == RC_OK)
		rc = crypto_sha256(view_buf(&all), s->hash);
	s->known = true;
	buf_free(&all);
	return rc;
}

static bool same(const struct summary *a, const struct summary *b)
{
	return view_equal(view_of(a->hash, SHA256_SIZE), view_of(b->hash, SHA256_SIZE)) &&
	       a->leaves == b->leaves &&
	       view_equal(view_of(a->root, MERKLE_HASH), view_of(b->root, MERKLE_HASH));
}

/* The PIN gives the user key. */
static bool opens(struct nvm *nvm, const char *pin)
{
	uint8_t key[CARD_KEY_SIZE];
	struct pin_record record;

	return pin_record_load(nvm, PIN_REFERENCE_USER, &record) == RC_OK &&
	       pin_record_open(nvm, PIN_REFERENCE_USER, &record, view_str(pin), key) == RC_OK &&
	       view_equal(view_of(key, sizeof(key)), view_of(user_key, sizeof(user_key)));
}

/* Every object opens, and every private key is one. */
static bool objects_are_whole(struct nvm *nvm)
{
	uint32_t id = RECORD_OBJECT;
	struct object object;
	struct view bytes;
	bool good = true;

	while (good && nvm_next(nvm, id, &id, &bytes) == RC_OK &&
	       (id & RECORD_KIND_MASK) == RECORD_OBJECT) {
		EVP_PKEY *key = NULL;

		if (object_open(nvm, id & TOKEN_OBJECTS_MAX, user_key, &object) != RC_OK)
			return false;
		if (attr_ulong(view_buf(&object.list), CKA_CLASS, CKO_DATA) == CKO_PRIVATE_KEY)
			good = key_from_list(view_buf(&object.list), &key) == RC_OK;
		EVP_PKEY_free(key);
		object_free(&object);
	}
	return good;
}

/* The leaves that were acknowledged are there, and every leaf opens. */
static bool leaves_are_whole(struct nvm *nvm, struct token_ram *ram, uint64_t count)
{
	struct ledger *ledger;
	struct buf leaf, opened;
	bool good = true;

	if (!count)
		return true;
	if (ledger_cache_get(ram->ledgers, nvm, ledger_object, &ledger) != RC_OK)
		return false;
	buf_init(&leaf, NVM_LEAF_MAX);
	buf_init(&opened, NVM_LEAF_MAX);
	for (uint64_t i = 0; good && i < count; i++) {
		buf_reset(&leaf);
		buf_reset(&opened);
		good = ledger_leaf(ledger, nvm, i, &leaf) == RC_OK &&
		       ledger_open(ledger, view_buf(&leaf), &opened) == RC_OK &&
		       (i >= LEAVES_MAX || !acknowledged_leaves[i].len ||
			view_equal(view_buf(&leaf), view_buf(&acknowledged_leaves[i])));
	}
	buf_free(&leaf);
	buf_free(&opened);
	return good;
}

/* A whole result of a step that was never acknowledged, on top of the summary before it. */
static bool is_result(struct nvm *nvm, enum kind kind, const struct summary *before,
		      const struct summary *now)
{
	unsigned int objects = now->objects - before->objects;

	switch (kind) {
	case CREATE_CARD:
	case INITIALISE:
		return now->objects == 0 && now->changes <= 1;
	case SET_USER_PIN:
		return opens(nvm, USER_PIN) && objects == 0;
	case CHANGE_PIN:
		return opens(nvm, NEW_PIN) && !opens(nvm, USER_PIN) && objects == 0;
	case WRITE_OBJECT:
		return objects == 1;
	case CHANGE_OBJECT:
		return objects == 0 && now->changes == before->changes + 1;
	case DESTROY_OBJECT:
		return now->objects == before->objects - 1;
	case GENERATE_EC:
	case GENERATE_RSA:
		return objects == 2;
	case CREATE_LEDGER:
		return objects == 1;
	case SEAL:
		return objects == 0 && now->leaves == before->leaves + 1;
	case VERIFY_SO:
	case VERIFY_USER:
	case WRONG_PIN:
		return same(now, before);
	}
	return false;
}

/* A death of the process during an attempt is judged as the state before it, too. */
static bool next_is_under_way(unsigned int step)
{
	return step < STEPS && is_attempt(step + 1) && !after[step + 1].known;
}

static bool tries_are_right(struct nvm *nvm, unsigned int acknowledged, unsigned int started)
{
	uint8_t before = tries_after(acknowledged), then = tries_after(started);
	struct pin_record record;
	uint8_t left;

	if (pin_record_load(nvm, PIN_REFERENCE_USER, &record) != RC_OK)
		return !before;
	left = pin_record_left(&record);
	if (left == before || left == then)
		return true;
	return left + 1 == before && (is_attempt(started) || next_is_under_way(started));
}

static const char *judge(struct nvm *nvm, struct token_ram *ram, unsigned int acknowledged,
			 unsigned int started)
{
	const struct summary *before = &after[acknowledged], *then = &after[started];
	struct summary now;

	if (summarise(nvm, &now) != RC_OK)
		return "the card cannot be read";
	if (!objects_are_whole(nvm))
		return "an object does not open";
	if (!leaves_are_whole(nvm, ram, now.leaves))
		return "a leaf is not the one that was acknowledged, or does not open";
	if (!tries_are_right(nvm, acknowledged, started))
		return "the tries of the user PIN are wrong";
	if ((before->known && same(&now, before)) || (then->known && same(&now, then)))
		return NULL;
	if (then->known || !started)
		return "the state is that of no step";
	before = &after[started - 1];
	return is_result(nvm, kind_of(started), before, &now) ? NULL : "a step is there by halves";
}

static const char *check(const struct nvm_io *io, unsigned int acknowledged, unsigned int started)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN, .io = io};
	struct token_ram *ram = NULL;
	struct nvm *nvm = NULL;
	const char *wrong;
	enum rc rc = nvm_open("disk", &options, &nvm);

	/* The creation was cut; it can be done again. */
	if (acknowledged == 0 && (rc == RC_NOT_FOUND || rc == RC_DAMAGED))
		return nvm_create("disk", &options) == RC_OK
			       ? NULL
			       : "an interrupted creation cannot be repeated";
	if (rc != RC_OK)
		return rc_name(rc);
	if (token_ram_new(&ram) != RC_OK)
		abort();
	wrong = judge(nvm, ram, acknowledged, started);
	token_ram_free(&ram);
	nvm_close(&nvm);
	return wrong;
}

static uint16_t write_object(const char *label)
{
	struct view shown;
	struct buf list;
	uint16_t sw;

	buf_init(&list, 1024);
	attr_set_ulong(&list, CKA_CLASS, CKO_DATA);
	attr_set(&list, CKA_LABEL, view_str(label));
	sw = bare_card_send(&card, 0x80480000, view_buf(&list));
	buf_free(&list);
	if (sw == SW_OK)
		data_object = bare_card_object(&card, &shown);
	return sw;
}

static uint16_t change_object(void)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 64);
	buf_u32(&data, data_object);
	buf_u32(&data, CKA_LABEL);
	buf_u32(&data, 3);
	buf_str(&data, "new");
	sw = bare_card_send(&card, 0x804C0000, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t destroy_object(void)
{
	uint8_t array[4];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u32(&data, data_object);
	return bare_card_send(&card, 0x804E0000, view_buf(&data));
}

/* The number is the token's next, known before the step so that cuts within it can be judged. */
static uint16_t create_ledger(void)
{
	struct token_state state;

	if (token_load(card.nvm, &state) != RC_OK)
		return SW_NO_DIAGNOSIS;
	ledger_object = state.next_number;
	return bare_card_send(&card, 0x80D00000, view_str("\x80\x06ledger"));
}

static uint16_t seal(unsigned int step)
{
	struct view in, leaf;
	struct buf data;
	uint16_t sw;

	buf_init(&data, 2048);
	buf_u32(&data, ledger_object);
	buf_u64(&data, 1000 + step);
	buf_u64(&data, step);
	buf_u16(&data, 1);
	buf_u64(&data, 1000 + step);
	for (unsigned int i = 0; i < 1024; i++)
		buf_u8(&data, (uint8_t)step);
	sw = bare_card_send(&card, 0x80D20000, view_buf(&data));
	buf_free(&data);
	if (sw != SW_OK)
		return sw;
	in = view_buf(&card.answer);
	if (leaf_take(&in, &leaf) != RC_OK)
		return SW_NO_DIAGNOSIS;
	for (unsigned int i = 1; i < LEAVES_MAX; i++)
		if (!acknowledged_leaves[i].len) {
			buf_init(&acknowledged_leaves[i], NVM_LEAF_MAX);
			buf_view(&acknowledged_leaves[i], leaf);
			break;
		}
	return SW_OK;
}

static bool is_wrong(uint16_t sw)
{
	return (sw & 0xFFF0) == SW_TRIES_LEFT;
}

static bool run_step(unsigned int step)
{
	const struct curve *curve = key_curve_of_size(32);
	/* The last login is with the PIN that was changed. */
	const char *pin = step > 15 ? NEW_PIN : USER_PIN;

	switch (kind_of(step)) {
	case INITIALISE:
		return bare_card_send_two(&card, 0x80400000, SO_PIN,
					  "label                           ") == SW_OK;
	case VERIFY_SO:
		return bare_card_verify(&card, PIN_SO, SO_PIN) == SW_OK;
	case SET_USER_PIN:
		memcpy(user_key, card.channels[0].user_key, sizeof(user_key));
		return bare_card_send(&card, 0x002C0201, view_str(USER_PIN)) == SW_OK;
	case VERIFY_USER:
		bare_card_logout(&card);
		return bare_card_verify(&card, PIN_USER, pin) == SW_OK;
	case WRONG_PIN:
		if (card.channels[0].pin == PIN_SO)
			bare_card_logout(&card);
		return is_wrong(bare_card_verify(&card, PIN_USER, "wrong"));
	case CHANGE_PIN:
		return bare_card_send_two(&card, 0x00240001, USER_PIN, NEW_PIN) == SW_OK;
	case WRITE_OBJECT:
		return write_object("object") == SW_OK;
	case CHANGE_OBJECT:
		return change_object() == SW_OK;
	case DESTROY_OBJECT:
		return destroy_object() == SW_OK;
	case GENERATE_EC:
		return bare_card_generate_ec(&card, curve->params, CKA_SIGN) == SW_OK;
	case GENERATE_RSA:
		return bare_card_generate_rsa(&card, 2048, CKA_SIGN) == SW_OK;
	case CREATE_LEDGER:
		return create_ledger() == SW_OK;
	case SEAL:
		return seal(step) == SW_OK;
	default:
		return false;
	}
}

static void forget(void)
{
	memset(after, 0, sizeof(after));
	ledger_object = data_object = 0;
	for (unsigned int i = 0; i < LEAVES_MAX; i++)
		buf_free(&acknowledged_leaves[i]);
}

static const char *run(struct powercut *cut, const struct nvm_io *io)
{
	const char *wrong = NULL;

	forget();
	powercut_start(cut);
	bare_card_new_on(&card, io);
	powercut_acknowledge(cut);
	if (summarise(card.nvm, &after[1]) != RC_OK)
		wrong = "the fresh card cannot be read";
	for (unsigned int step = 2; !wrong && step <= STEPS; step++) {
		powercut_start(cut);
		if (!run_step(step))
			wrong = "a step failed";
		powercut_acknowledge(cut);
		if (summarise(card.nvm, &after[step]) != RC_OK)
			wrong = "the card cannot be read after a step";
	}
	bare_card_detach(&card);
	return wrong;
}

const struct powercut_workload powercut_card = {
	.name = "powercut_card", .run = run, .check = check};
