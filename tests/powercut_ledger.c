/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A workload on a ledger: records appended, checkpoints countersigned, records pruned, in so small
 * segments that the log rolls over and pruned segments are removed. How many leaves there are, which
 * were pruned and what is countersigned must be as after one of two steps; the tree must be that of
 * the leaves; every leaf that was acknowledged and not pruned must open and prove itself; and what
 * was sealed before must be known when it is sent again.
 */
#include "tests/powercut.h"

#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"
#include "card/ledger_seal.h"
#include "card/ledger_state.h"
#include "tests/card/bare_card.h"

enum { LEAVES_MAX = 128, RECORD_BYTES = 20000, WINDOW_EVERY = 8 };

enum kind { SET_UP, CREATE, SEAL, LONG, COSIGN, PRUNE }; /* LONG: a record of two leaves */

/* The script; of COSIGN and PRUNE, how many leaves less than there are. */
static const struct step {
	enum kind kind;
	uint8_t back;
} script[] = {
	{SET_UP, 0}, {CREATE, 0}, {SEAL, 0},  {SEAL, 0},  {SEAL, 0},   {COSIGN, 0}, {PRUNE, 2},
	{SEAL, 0},   {SEAL, 0},   {SEAL, 0},  {SEAL, 0},  {COSIGN, 0}, {SEAL, 0},   {SEAL, 0},
	{LONG, 0},   {SEAL, 0},   {SEAL, 0},  {PRUNE, 6}, {SEAL, 0},   {SEAL, 0},   {LONG, 0},
	{COSIGN, 0}, {PRUNE, 0},  {SEAL, 0},  {SEAL, 0},  {SEAL, 0},   {SEAL, 0},   {COSIGN, 0},
	{SEAL, 0},   {PRUNE, 3},  {SEAL, 0},  {SEAL, 0},  {SEAL, 0},   {SEAL, 0},   {SEAL, 0},
	{SEAL, 0},   {COSIGN, 0}, {PRUNE, 1}, {SEAL, 0},  {LONG, 0},
};

enum { STEPS = sizeof(script) / sizeof(script[0]) };

/* What the script says is there after a step. */
struct model {
	uint64_t count, first, cosigned;
};

static struct model after[STEPS + 1];
static uint8_t hashes[LEAVES_MAX][MERKLE_HASH]; /* of leaves that were acknowledged */
static uint64_t known; /* so many of them */
static EVP_PKEY *auditor;
static struct note_key auditor_key;
static struct bare_card card;
static uint32_t number;
static unsigned long checks;

static void write_model(void)
{
	memset(after, 0, sizeof(after));
	for (unsigned int n = 1; n <= STEPS; n++) {
		const struct step *step = &script[n - 1];
		struct model *m = &after[n];

		*m = after[n - 1];
		if (step->kind == CREATE || step->kind == SEAL)
			m->count++;
		else if (step->kind == LONG)
			m->count += 2;
		else if (step->kind == COSIGN)
			m->cosigned = m->count - step->back;
		else if (step->kind == PRUNE)
			m->first = m->count - step->back;
	}
}

static const char *operation(unsigned int n)
{
	static const char *const names[] = {
		[SET_UP] = "set-up",
		[CREATE] = "creation",
		[SEAL] = "append with its checkpoint",
		[LONG] = "append of two leaves",
		[COSIGN] = "countersignature",
		[PRUNE] = "prune",
	};

	return n && n <= STEPS ? names[script[n - 1].kind] : "rest";
}

/* Whether the record that begins at n is one of two leaves. */
static bool is_long(uint64_t n)
{
	for (unsigned int i = 0; i < STEPS; i++)
		if (script[i].kind == LONG && after[i].count == n)
			return true;
	return false;
}

static void fill_order(struct seal_order *order, uint64_t n)
{
	static uint8_t record[LEDGER_PLAINTEXT_MAX];
	struct buf nonce;

	memset(record, (int)n, sizeof(record));
	*order = (struct seal_order){.type = 1};
	buf_fixed(&nonce, order->client_nonce, LEDGER_NONCE);
	buf_u64(&nonce, 1000 + n);
	buf_u64(&nonce, n);
	order->time_ms = n % 5 ? 1000 + n : 900; /* now and then backwards */
	order->plaintext = view_of(record, is_long(n) ? LEDGER_PLAINTEXT_MAX : RECORD_BYTES);
}

static bool send_seal(uint32_t header, const struct seal_order *order, struct view plaintext)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 2 * LEAF_FIRST_BYTES);
	buf_u32(&data, number);
	buf_put(&data, order->client_nonce, LEDGER_NONCE);
	buf_u16(&data, order->type);
	buf_u64(&data, order->time_ms);
	buf_view(&data, plaintext);
	sw = bare_card_send(&card, header, view_buf(&data));
	buf_free(&data);
	return sw == SW_OK;
}

static bool seal(uint64_t n)
{
	struct seal_order order;
	struct view rest, first;

	fill_order(&order, n);
	rest = order.plaintext;
	if (rest.len == RECORD_BYTES)
		return send_seal(0x80D20000, &order, rest);
	return view_take(&rest, LEAF_FIRST_BYTES, &first) == RC_OK &&
	       send_seal(0x80D20100, &order, first) && send_seal(0x80D20200, &order, rest);
}

static bool create(void)
{
	struct buf data, text;
	struct view list;
	uint16_t sw;

	number = 1;
	buf_init(&data, 512);
	buf_init(&text, NOTE_KEY_MAX);
	note_put_cosigner(&text, &auditor_key);
	tlv_put(&data, 0x80, view_str("ledger"));
	tlv_put(&data, 0x82, view_buf(&text));
	sw = bare_card_send(&card, 0x80D00000, view_buf(&data));
	buf_free(&text);
	buf_free(&data);
	return sw == SW_OK && bare_card_object(&card, &list) == number;
}

static bool cosign(uint64_t size)
{
	struct checkpoint checkpoint = {.size = size};
	struct note_cosignature cosignature;
	struct ledger_state state;
	struct merkle_range range;
	struct ledger *ledger;
	struct buf data;
	bool good;

	buf_init(&data, 1024);
	buf_u32(&data, number);
	good = ledger_cache_get(card.ram->ledgers, card.nvm, number, &ledger) == RC_OK &&
	       ledger_state_load(card.nvm, number, &state) == RC_OK &&
	       ledger_state_range(card.nvm, number, &state, size, &range) == RC_OK &&
	       merkle_root(&range, checkpoint.root) == RC_OK;
	if (good) {
		checkpoint.origin = view_str(ledger->key.name);
		note_put_checkpoint(&data, &checkpoint);
		good = note_cosign(view_of(data.data + 4, data.len - 4), auditor, 1,
				   &cosignature) == RC_OK;
	}
	buf_u8(&data, '\n');
	if (good)
		note_put_cosignature(&data, &auditor_key, &cosignature);
	good = good && bare_card_send(&card, 0x80DE0000, view_buf(&data)) == SW_OK;
	buf_free(&data);
	return good;
}

static bool prune(uint64_t first)
{
	uint8_t array[12];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u32(&data, number);
	buf_u64(&data, first);
	return bare_card_send(&card, 0x80DE0100, view_buf(&data)) == SW_OK;
}

static bool set_up(const struct nvm_io *io)
{
	uint8_t public_key[ED25519_PUBLIC];

	bare_card_new_on(&card, io);
	if (bare_card_send_two(&card, 0x80400000, SO_PIN, "label                           ") !=
		    SW_OK ||
	    bare_card_verify(&card, PIN_SO, SO_PIN) != SW_OK ||
	    bare_card_send(&card, 0x002C0201, view_str(USER_PIN)) != SW_OK)
		return false;
	bare_card_logout(&card);
	return bare_card_verify(&card, PIN_USER, USER_PIN) == SW_OK &&
	       (auditor || ed25519_generate(&auditor) == RC_OK) &&
	       ed25519_public(auditor, public_key) == RC_OK &&
	       note_cosigner_make("auditor.example", public_key, &auditor_key) == RC_OK;
}

static bool run_step(unsigned int n, const struct nvm_io *io)
{
	switch (script[n - 1].kind) {
	case SET_UP:
		return set_up(io);
	case CREATE:
		return create();
	case SEAL:
	case LONG:
		return seal(after[n - 1].count);
	case COSIGN:
		return cosign(after[n].cosigned);
	case PRUNE:
		return prune(after[n].first);
	}
	return false;
}

static void remember(uint64_t count)
{
	for (; known < count; known++)
		if (nvm_leaf_hash(card.nvm, ledger_series(number), known, hashes[known]) != RC_OK)
			abort();
}

static const char *run(struct powercut *cut, const struct nvm_io *io)
{
	const char *wrong = NULL;

	write_model();
	known = 0;
	for (unsigned int n = 1; !wrong && n <= STEPS; n++) {
		powercut_start(cut);
		if (!run_step(n, io))
			wrong = "a step failed";
		powercut_acknowledge(cut);
		if (!wrong)
			remember(after[n].count);
	}
	bare_card_detach(&card);
	return wrong;
}

static bool is_model(struct nvm *nvm, const struct model *m)
{
	struct ledger_state state;

	return nvm_leaf_count(nvm, ledger_series(number)) == m->count &&
	       nvm_leaf_first(nvm, ledger_series(number)) == m->first &&
	       ledger_state_load(nvm, number, &state) == RC_OK && state.cosigned == m->cosigned;
}

/* The leaves that are there make the tree that the range says, and are those that were acknowledged. */
static const char *check_tree(struct nvm *nvm, uint64_t count)
{
	uint8_t root[2][MERKLE_HASH], hash[MERKLE_HASH];
	struct ledger_state state;
	struct merkle_range range;

	if (ledger_state_load(nvm, number, &state) != RC_OK ||
	    ledger_state_range(nvm, number, &state, count, &range) != RC_OK ||
	    merkle_root(&range, root[0]) != RC_OK ||
	    merkle_root(nvm_leaf_range(nvm, ledger_series(number)), root[1]) != RC_OK ||
	    !view_equal(view_of(root[0], MERKLE_HASH), view_of(root[1], MERKLE_HASH)))
		return "the tree is not that of the leaves";
	for (uint64_t i = state.pruned.size; i < count && i < known; i++)
		if (nvm_leaf_hash(nvm, ledger_series(number), i, hash) != RC_OK ||
		    !view_equal(view_of(hash, MERKLE_HASH), view_of(hashes[i], MERKLE_HASH)))
			return "a leaf is not the one that was acknowledged";
	return NULL;
}

/* A leaf is a record, or one of two that are both there. */
static bool check_record(struct nvm *nvm, struct ledger *ledger, uint64_t index, uint64_t first,
			 struct view leaf)
{
	struct view ciphertext, tag, in;
	struct leaf_header header;
	struct sealed_record record;
	struct buf both;
	bool good;

	if (leaf_parse(leaf, &header, &ciphertext, &tag) != RC_OK)
		return false;
	if (header.part == LEAF_WHOLE || !header.index)
		return true;
	buf_init(&both, 2 * NVM_LEAF_MAX);
	index -= header.part == LEAF_REST;
	good = index >= first && ledger_leaf(ledger, nvm, index, &both) == RC_OK &&
	       ledger_leaf(ledger, nvm, index + 1, &both) == RC_OK;
	in = view_buf(&both);
	good = good && sealed_take(&in, &record) == RC_OK && record.rest.len && !in.len;
	buf_free(&both);
	return good;
}

/* One leaf opens and proves itself; the one before the first that is there does neither. */
static const char *check_leaf(struct nvm *nvm, struct ledger *ledger, uint64_t first,
			      uint64_t count)
{
	uint64_t index = first + checks % (count - first);
	struct view in, leaf;
	struct buf out, opened, key;
	bool good;

	buf_init(&out, NVM_LEAF_MAX);
	buf_init(&opened, NVM_LEAF_MAX);
	buf_init(&key, NOTE_KEY_MAX);
	note_put_key(&key, &ledger->key);
	good = ledger_receipt(ledger, nvm, index, &out) == RC_OK;
	in = view_buf(&out);
	/* Of two leaves each has a proof of its own; that they belong together the next does judge. */
	good = good && leaf_take(&in, &leaf) == RC_OK &&
	       receipt_verify(in, view_of(NULL, 0), view_buf(&key)) == RC_OK &&
	       ledger_open(ledger, leaf, &opened) == RC_OK &&
	       check_record(nvm, ledger, index, first, leaf);
	buf_reset(&out);
	if (first > 1)
		good = good && ledger_leaf(ledger, nvm, first - 1, &out) == RC_STATE;
	good = good && ledger_leaf(ledger, nvm, 0, &out) == RC_OK;
	buf_free(&key);
	buf_free(&opened);
	buf_free(&out);
	return good ? NULL
		    : "a leaf does not open or prove itself, or is there after it was pruned";
}

/* What was sealed and pruned, or not, is known by its nonce. */
static const char *check_window(struct nvm *nvm, struct ledger *ledger, uint64_t count)
{
	struct seal_order order;
	uint64_t index;

	if (ledger_seal_sync(nvm, ledger) != RC_OK)
		return "the nonces cannot be read";
	for (uint64_t i = 1; i < count; i++) {
		fill_order(&order, i);
		i += is_long(i); /* the nonce is that of both leaves */
		if (ledger_window_find(ledger->window, order.client_nonce, &index) != RC_OK ||
		    index != i)
			return "a record that is sent again is not known";
	}
	return NULL;
}

static const char *judge(struct nvm *nvm, struct token_ram *ram)
{
	uint64_t count = nvm_leaf_count(nvm, ledger_series(number));
	uint64_t first = nvm_leaf_first(nvm, ledger_series(number));
	struct ledger *ledger;
	const char *wrong;

	if (!count)
		return NULL;
	if (ledger_cache_get(ram->ledgers, nvm, number, &ledger) != RC_OK)
		return "the ledger does not open";
	wrong = check_tree(nvm, count);
	if (!wrong && first < count)
		wrong = check_leaf(nvm, ledger, first, count);
	if (!wrong && ++checks % WINDOW_EVERY == 0)
		wrong = check_window(nvm, ledger, count);
	return wrong;
}

static const char *check(const struct nvm_io *io, unsigned int acknowledged, unsigned int started)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN, .io = io};
	struct token_ram *ram = NULL;
	struct nvm *nvm = NULL;
	const char *wrong = NULL;
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
	if (!is_model(nvm, &after[acknowledged]) && !is_model(nvm, &after[started]))
		wrong = "the state is that of no step";
	if (!wrong)
		wrong = judge(nvm, ram);
	token_ram_free(&ram);
	nvm_close(&nvm);
	return wrong;
}

/* Another record is sealed, as an application on the card would do it. */
static const char *go_on(const struct nvm_io *io)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN, .io = io};
	struct token_ram *ram = NULL;
	struct ledger *ledger;
	struct seal_order order;
	const char *wrong = NULL;
	struct nvm *nvm = NULL;
	uint64_t count;
	struct buf out;

	if (nvm_open("disk", &options, &nvm) != RC_OK)
		return "what was recovered does not open again";
	if (token_ram_new(&ram) != RC_OK)
		abort();
	count = nvm_leaf_count(nvm, ledger_series(number));
	buf_init(&out, NVM_LEAF_MAX);
	fill_order(&order, LEAVES_MAX);
	if (count && (ledger_cache_get(ram->ledgers, nvm, number, &ledger) != RC_OK ||
		      ledger_seal_record(nvm, ledger, NULL, &order, &out) != RC_OK ||
		      nvm_leaf_count(nvm, ledger_series(number)) != count + 1))
		wrong = "what was recovered takes no record";
	buf_free(&out);
	token_ram_free(&ram);
	nvm_close(&nvm);
	return wrong;
}

const struct powercut_workload powercut_ledger = {
	.name = "powercut_ledger",
	.run = run,
	.check = check,
	.go_on = go_on,
	.operation = operation,
};
