/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workloads on the bare memory: a fixed script of puts, deletes, appends and prunes that rolls over
 * several segments, moves records and removes pruned segments, with reopenings and a second handle in between; and one that fills a
 * small card to the brim. The model is the script itself: the state after step n is computed once.
 */
#include "tests/powercut.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "card/nvm.h"

enum {
	STEPS = 180, /* step 1 creates the memory */
	OPS_MAX = 3, /* drawn at random; prunes are more */
	IDS = 9, /* records 1..IDS-1 */
	SERIES = 3, /* series 1..SERIES-1 */
	LEAVES = 220,
	MARK = 1000, /* the record that go_on puts */
};

enum op_kind { OP_PUT, OP_DELETE, OP_APPEND, OP_PRUNE };

struct op {
	enum op_kind kind;
	uint32_t id;
	uint32_t length; /* of bytes; OP_PRUNE: the first leaf that stays */
	uint8_t *bytes;
};

struct step {
	struct op ops[OPS_MAX + SERIES];
	unsigned int op_count;
};

struct state {
	const struct op *records[IDS];
	const struct op *leaves[SERIES][LEAVES];
	unsigned int leaf_count[SERIES], first[SERIES];
	uint8_t root[SERIES][MERKLE_HASH];
};

struct script {
	struct step steps[STEPS + 1];
	struct state states[STEPS + 1];
	unsigned int count;
	struct nvm_options options;
};

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % below;
}

/* Mostly small, now and then large enough to fill a segment before long. */
static uint32_t draw_length(unsigned int step)
{
	if (step % 9 == 4)
		return 20000 + draw(20000);
	return draw(8) == 0 ? draw(3000) : draw(300);
}

static void draw_op(struct op *op, unsigned int step, bool leaves)
{
	uint32_t kind = draw(8);

	op->kind = kind == 0 ? OP_DELETE : kind < 4 && leaves ? OP_APPEND : OP_PUT;
	op->id = 1 + draw(op->kind == OP_APPEND ? SERIES - 1 : IDS - 1);
	op->length = op->kind == OP_DELETE ? 0 : draw_length(step);
	op->bytes = calloc(1, op->length + 1);
	if (!op->bytes)
		abort();
	for (uint32_t i = 0; i < op->length; i++)
		op->bytes[i] = (uint8_t)draw(256);
}

static void apply(struct state *state, const struct op *op, struct merkle_range *ranges)
{
	uint8_t hash[MERKLE_HASH];

	if (op->kind == OP_PRUNE) {
		state->first[op->id] = op->length;
		return;
	}
	if (op->kind != OP_APPEND) {
		state->records[op->id] = op->kind == OP_PUT ? op : NULL;
		return;
	}
	state->leaves[op->id][state->leaf_count[op->id]++] = op;
	if (merkle_leaf_hash(view_of(op->bytes, op->length), hash) != RC_OK ||
	    merkle_append(&ranges[op->id], hash) != RC_OK ||
	    merkle_root(&ranges[op->id], state->root[op->id]) != RC_OK)
		abort();
}

/* Every series to somewhere, and now and then to its end. */
static void draw_prunes(struct step *step, const struct state *before, unsigned int n)
{
	for (uint32_t series = 1; series < SERIES; series++) {
		uint32_t there = before->leaf_count[series] - before->first[series];

		if (!there)
			continue;
		step->ops[step->op_count++] = (struct op){
			.kind = OP_PRUNE,
			.id = series,
			.length = before->first[series] + (n % 2 ? there : draw(there + 1)),
		};
	}
}

static void write_script(struct script *script, uint64_t first_seed, unsigned int count,
			 bool leaves)
{
	struct merkle_range ranges[SERIES] = {0};

	seed = first_seed;
	script->count = count;
	for (unsigned int n = 2; n <= count; n++) {
		struct step *step = &script->steps[n];

		script->states[n] = script->states[n - 1];
		step->op_count = 1 + draw(OPS_MAX);
		for (unsigned int i = 0; i < step->op_count; i++) {
			draw_op(&step->ops[i], n, leaves);
			apply(&script->states[n], &step->ops[i], ranges);
		}
		if (!leaves || n % 13 != 7)
			continue;
		draw_prunes(step, &script->states[n - 1], n);
		for (unsigned int i = 0; i < step->op_count; i++)
			if (step->ops[i].kind == OP_PRUNE)
				apply(&script->states[n], &step->ops[i], ranges);
	}
}

static enum rc run_step(struct nvm *nvm, const struct step *step)
{
	enum rc rc = nvm_begin(nvm);

	for (unsigned int i = 0; rc == RC_OK && i < step->op_count; i++) {
		const struct op *op = &step->ops[i];

		if (op->kind == OP_PUT)
			nvm_put(nvm, op->id, view_of(op->bytes, op->length));
		else if (op->kind == OP_DELETE)
			nvm_delete(nvm, op->id);
		else if (op->kind == OP_PRUNE)
			nvm_prune(nvm, op->id, op->length);
		else
			rc = nvm_append(nvm, op->id, view_of(op->bytes, op->length), NULL);
	}
	return rc == RC_OK ? nvm_commit(nvm, NULL, NULL) : rc;
}

static const char *run_script(const struct script *script, struct powercut *cut,
			      const struct nvm_io *io)
{
	struct nvm_options options = script->options;
	struct nvm *handles[2] = {NULL, NULL};
	const char *wrong = "a step failed";

	options.io = io;
	powercut_start(cut);
	if (nvm_create("disk", &options) != RC_OK)
		return "nvm_create failed";
	powercut_acknowledge(cut);
	for (unsigned int n = 2; n <= script->count; n++) {
		struct nvm **nvm = &handles[n % 7 < 4];

		if (n % 23 == 0)
			nvm_close(nvm);
		if (!*nvm && nvm_open("disk", &options, nvm) != RC_OK)
			goto out;
		powercut_start(cut);
		if (run_step(*nvm, &script->steps[n]) != RC_OK)
			goto out;
		powercut_acknowledge(cut);
	}
	wrong = NULL;
out:
	nvm_close(&handles[0]);
	nvm_close(&handles[1]);
	return wrong;
}

static bool same_records(struct nvm *nvm, const struct state *state)
{
	struct view got;
	uint32_t id = 0;

	for (uint32_t want = 1; want < IDS; want++) {
		const struct op *op = state->records[want];

		if (!op)
			continue;
		if (nvm_next(nvm, id, &id, &got) != RC_OK || id != want ||
		    !view_equal(got, view_of(op->bytes, op->length)))
			return false;
	}
	return nvm_next(nvm, id, &id, &got) == RC_NOT_FOUND || id == MARK;
}

static bool same_leaf(struct nvm *nvm, const struct state *state, uint32_t series, uint32_t index)
{
	const struct op *op = state->leaves[series][index];
	struct buf out;
	bool same;
	enum rc rc;

	buf_init(&out, NVM_LEAF_MAX);
	rc = nvm_leaf(nvm, series, index, &out);
	if (index < state->first[series])
		same = rc == RC_STATE;
	else
		same = rc == RC_OK && view_equal(view_buf(&out), view_of(op->bytes, op->length));
	buf_free(&out);
	return same;
}

static bool same_leaves(struct nvm *nvm, const struct state *state, uint32_t series)
{
	uint32_t count = state->leaf_count[series];
	uint8_t root[MERKLE_HASH];

	if (nvm_leaf_count(nvm, series) != count ||
	    nvm_leaf_first(nvm, series) != state->first[series])
		return false;
	if (count == 0)
		return true;
	if (merkle_root(nvm_leaf_range(nvm, series), root) != RC_OK ||
	    !view_equal(view_of(root, MERKLE_HASH), view_of(state->root[series], MERKLE_HASH)))
		return false;
	return same_leaf(nvm, state, series, count - 1) &&
	       same_leaf(nvm, state, series, draw(count));
}

static bool same_state(struct nvm *nvm, const struct state *state)
{
	for (uint32_t series = 1; series < SERIES; series++)
		if (!same_leaves(nvm, state, series))
			return false;
	return same_records(nvm, state);
}

static const char *check_script(const struct script *script, const struct nvm_io *io,
				unsigned int acknowledged, unsigned int started)
{
	struct nvm_options options = script->options;
	const char *wrong = NULL;
	struct nvm *nvm = NULL;
	enum rc rc;

	options.io = io;
	rc = nvm_open("disk", &options, &nvm);
	if (acknowledged == 0 && (rc == RC_NOT_FOUND || rc == RC_DAMAGED)) {
		/* The creation was cut; it can be done again. */
		if (nvm_create("disk", &options) != RC_OK)
			return "an interrupted creation cannot be repeated";
		rc = nvm_open("disk", &options, &nvm);
	}
	if (rc != RC_OK)
		return rc_name(rc);
	if (!same_state(nvm, &script->states[acknowledged]) &&
	    !same_state(nvm, &script->states[started]))
		wrong = "the state is that of no step";
	nvm_close(&nvm);
	return wrong;
}

static const char *go_on_script(const struct script *script, const struct nvm_io *io)
{
	struct nvm_options options = script->options;
	const char *wrong = NULL;
	struct nvm *nvm = NULL;
	struct view got;
	enum rc rc;

	options.io = io;
	if (nvm_open("disk", &options, &nvm) != RC_OK)
		return "what was recovered does not open again";
	rc = nvm_begin(nvm);
	if (rc == RC_OK) {
		nvm_put(nvm, MARK, view_str("mark"));
		rc = nvm_commit(nvm, NULL, NULL);
	}
	nvm_close(&nvm);
	if (rc == RC_FULL)
		return NULL;
	if (rc != RC_OK)
		return "what was recovered cannot be written to";
	if (nvm_open("disk", &options, &nvm) != RC_OK)
		return "what was recovered and written to does not open";
	if (nvm_get(nvm, MARK, &got) != RC_OK || !view_equal(got, view_str("mark")))
		wrong = "what was written after the recovery is lost";
	nvm_close(&nvm);
	return wrong;
}

static struct script mixed = {.options = {.segment_size = NVM_SEGMENT_MIN}};

static const char *mixed_run(struct powercut *cut, const struct nvm_io *io)
{
	write_script(&mixed, 0x123456789abcdef1, STEPS, true);
	return run_script(&mixed, cut, io);
}

static const char *mixed_check(const struct nvm_io *io, unsigned int acknowledged,
			       unsigned int started)
{
	return check_script(&mixed, io, acknowledged, started);
}

static const char *mixed_go_on(const struct nvm_io *io)
{
	return go_on_script(&mixed, io);
}

const struct powercut_workload powercut_nvm = {
	.name = "powercut_nvm", .run = mixed_run, .check = mixed_check, .go_on = mixed_go_on};

/* Records only, in so little room that segments have to be given back all the time. */
static struct script tight = {
	.options = {.segment_size = NVM_SEGMENT_MIN, .capacity = 2 * NVM_SEGMENT_MIN}};

static const char *tight_run(struct powercut *cut, const struct nvm_io *io)
{
	write_script(&tight, 0x3141592653589793, 150, false);
	return run_script(&tight, cut, io);
}

static const char *tight_check(const struct nvm_io *io, unsigned int acknowledged,
			       unsigned int started)
{
	return check_script(&tight, io, acknowledged, started);
}

static const char *tight_go_on(const struct nvm_io *io)
{
	return go_on_script(&tight, io);
}

const struct powercut_workload powercut_nvm_full = {
	.name = "powercut_nvm_full", .run = tight_run, .check = tight_check, .go_on = tight_go_on};
