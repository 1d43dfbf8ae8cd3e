/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody on the wire of a session: protected commands in every form of the set-up and at every
 * level that has a C-MAC, with every bit flipped, cut, repeated, left out, out of order, of another
 * session, stripped of their protection or protected as another level has it; the card's answers
 * sent back; and long commands in chains. Accepted is what the card carries out. Without C-MAC (02,
 * 10, 30 and what they make) nobody can tell who wrote a command: doc/scp10.md section 4 and 8.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "tests/card/attack.h"

enum { LONG = 300 };

static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x21, 0x23, 0x31, 0x33};
static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};
static const uint8_t long_name[LONG];

/* A session of one form at one level, as both ends know it after the last step. */
struct line {
	struct peer p;
	const struct form *form;
	uint8_t level;
	bool is_long; /* SELECT with a name of 300 bytes: 6A82 says that it was carried out */
	struct snapshot begun;
};

static bool has_level(const struct form *form, uint8_t level)
{
	return form->suite != 0x42 || level == 0x33;
}

static void open_line(struct line *l, const struct form *form, uint8_t level)
{
	l->form = form;
	l->level = level;
	l->p.extended = form->extended;
	CU_ASSERT_EQUAL_FATAL(peer_open(&l->p, form->suite, form->p1, form->p2, level), 0x9000);
	snapshot_take(&l->begun, &l->p);
}

/* The next command of the host. */
static void protect(struct line *l, struct wire *out)
{
	const struct apdu plain = {
		.ins = 0xA4,
		.p1 = 4,
		.data = l->is_long ? view_of(long_name, LONG) : view_of(aid, sizeof(aid)),
		/* Short in any case: the data field is then cut into parts here. */
		.le = 256,
		.extended = true};
	struct apdu command;
	struct buf whole;

	buf_init(&whole, WIRE_MAX);
	peer_protect(&l->p, &plain, &whole);
	peer_good(apdu_parse(view_buf(&whole), &command));
	if (!l->form->extended)
		command.le = 256;
	wire_put(out, l->form->extended, command);
	buf_free(&whole);
}

/* Whether the card carried a command out. */
static bool is_served(struct line *l, const struct wire *wire)
{
	struct buf answer;
	bool served;
	uint16_t sw;

	buf_init(&answer, WIRE_MAX);
	sw = attack_send(&l->p, wire, &answer);
	served = l->is_long ? sw == 0x6A82 : sw == 0x9000 && answer.len > 60;
	buf_free(&answer);
	return served;
}

static void flip(struct line *l, struct wire *wire)
{
	for (size_t part = 0; part < wire->count; part++) {
		size_t bits = 8 * wire_meaningful(wire, part, PROTECTED, l->form->extended);

		for (size_t bit = 0; bit < bits; bit++) {
			snapshot_return(&l->begun, &l->p);
			wire->part[part].data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			attack_count(is_served(l, wire));
			wire->part[part].data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* Cut as bytes, and inside the data with a length that fits. */
static void cut(struct line *l, struct wire *wire)
{
	struct apdu command;
	struct wire shorter;

	wire_init(&shorter);
	for (size_t part = 0; part < wire->count; part++) {
		size_t len = wire_meaningful(wire, part, PROTECTED, l->form->extended);

		for (size_t to = 0; to < len; to++) {
			snapshot_return(&l->begun, &l->p);
			wire_copy(&shorter, wire);
			buf_truncate(&shorter.part[part], to);
			attack_count(is_served(l, &shorter));
			peer_good(apdu_parse(view_buf(&wire->part[part]), &command));
			if (to >= command.data.len)
				continue;
			snapshot_return(&l->begun, &l->p);
			command.data = view_of(command.data.data, to);
			wire_copy(&shorter, wire);
			buf_reset(&shorter.part[part]);
			apdu_put(&shorter.part[part], &command);
			attack_count(is_served(l, &shorter));
		}
	}
	wire_free(&shorter);
}

/* A command twice; a later one first; an earlier one again after it. */
static void disorder(struct line *l, struct wire *first)
{
	struct wire second;

	wire_init(&second);
	snapshot_return(&l->begun, &l->p);
	protect(l, first);
	protect(l, &second);
	CU_ASSERT_TRUE(is_served(l, first));
	attack_count(is_served(l, first));

	snapshot_return(&l->begun, &l->p);
	attack_count(is_served(l, &second));
	attack_count(is_served(l, first));

	snapshot_return(&l->begun, &l->p);
	CU_ASSERT_TRUE(is_served(l, first));
	CU_ASSERT_TRUE(is_served(l, &second) || l->is_long);
	attack_count(is_served(l, first));

	for (size_t part = 0; first->count > 1 && part < first->count; part++) {
		snapshot_return(&l->begun, &l->p);
		wire_copy(&second, first);
		buf_reset(&second.part[part]);
		buf_view(&second.part[part], view_buf(&first->part[(part + 1) % first->count]));
		attack_count(is_served(l, &second));
	}
	snapshot_return(&l->begun, &l->p);
	wire_free(&second);
}

/* What a session before this one was sent, and what this one would be under other keys. */
static void other_session(struct line *l, const struct wire *wire)
{
	const struct form *form = l->form;

	open_line(l, form, l->level);
	attack_count(is_served(l, wire));
}

/* The same command with less protection: none, and as a session of each other level has it. */
static void less(struct line *l, struct wire *wire)
{
	const uint8_t own = l->level;
	struct apdu plain = {.ins = 0xA4,
			     .p1 = 4,
			     .data = l->is_long ? view_of(long_name, LONG)
						: view_of(aid, sizeof(aid)),
			     .le = 256};

	for (uint8_t cla = 0x00; cla <= 0x0C; cla += 4) {
		snapshot_return(&l->begun, &l->p);
		plain.cla = cla;
		wire_put(wire, l->form->extended, plain);
		attack_count(is_served(l, wire));
	}
	for (size_t i = 0; i < sizeof(levels); i++) {
		/* Commands are the same where C-ENC is. */
		if ((levels[i] & 0x03) == (own & 0x03))
			continue;
		snapshot_return(&l->begun, &l->p);
		l->p.level = levels[i];
		protect(l, wire);
		l->p.level = own;
		attack_count(is_served(l, wire));
	}
	snapshot_return(&l->begun, &l->p);
}

/* The card's protected answer, as the data of a command. */
static void reflect(struct line *l, struct wire *wire)
{
	struct apdu command = {.cla = 0x0C, .ins = 0xA4, .p1 = 4, .le = 256};
	struct buf answer;

	buf_init(&answer, WIRE_MAX);
	snapshot_return(&l->begun, &l->p);
	protect(l, wire);
	attack_send(&l->p, wire, &answer);
	command.data = view_buf(&answer);
	wire_put(wire, l->form->extended, command);
	attack_count(is_served(l, wire));
	snapshot_return(&l->begun, &l->p);
	attack_count(is_served(l, wire));
	buf_free(&answer);
}

static void attack(struct line *l, struct wire *wire)
{
	protect(l, wire);
	CU_ASSERT_TRUE_FATAL(is_served(l, wire));
	snapshot_return(&l->begun, &l->p);
	flip(l, wire);
	cut(l, wire);
	disorder(l, wire);
	other_session(l, wire);
	reflect(l, wire);
	less(l, wire);
}

/* Every form, at every level that it may have. */
static void on_every_form(bool is_long)
{
	static struct line line;
	struct wire wire;

	memset(&line, 0, sizeof(line));
	line.is_long = is_long;
	peer_new(&line.p);
	snapshot_init(&line.begun);
	wire_init(&wire);
	for (size_t f = 0; f < FORMS; f++) {
		const struct form *form = &attack_forms[f];

		/* Chains are the same whatever the way into the session. */
		if (is_long && (form->extended || form->p1 != 0xC1 || form->p2 != 0xB6))
			continue;
		for (size_t i = 0; i < sizeof(levels); i++)
			if (has_level(form, levels[i])) {
				open_line(&line, form, levels[i]);
				attack(&line, &wire);
			}
		attack_report(is_long ? "chained commands" : "commands", form);
	}
	wire_free(&wire);
	snapshot_free(&line.begun);
	peer_free(&line.p);
}

static void commands_that_somebody_touched_are_not_carried_out(void)
{
	on_every_form(false);
}

static void chains_that_somebody_touched_are_not_carried_out(void)
{
	on_every_form(true);
}

/* What a level without C-MAC leaves open is not more than it says: such commands are served. */
static void without_a_mac_plain_commands_are_served_and_marked_ones_are_not(void)
{
	static const uint8_t open[] = {0x10, 0x20, 0x30};
	static const uint8_t marks[] = {0x04, 0x08, 0x0C};
	static struct line line;
	struct wire wire;

	memset(&line, 0, sizeof(line));
	peer_new(&line.p);
	snapshot_init(&line.begun);
	wire_init(&wire);
	for (size_t i = 0; i < sizeof(open); i++)
		for (size_t f = 0; f < FORMS; f++) {
			if (attack_forms[f].suite == 0x42)
				continue;
			open_line(&line, &attack_forms[f], open[i]);
			protect(&line, &wire);
			CU_ASSERT_TRUE(is_served(&line, &wire));
			for (size_t m = 0; m < sizeof(marks); m++) {
				snapshot_return(&line.begun, &line.p);
				wire.part[0].data[0] = marks[m];
				CU_ASSERT_FALSE(is_served(&line, &wire));
			}
		}
	wire_free(&wire);
	snapshot_free(&line.begun);
	peer_free(&line.p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"commands that somebody touched are not carried out",
	 commands_that_somebody_touched_are_not_carried_out},
	{"chains that somebody touched are not carried out",
	 chains_that_somebody_touched_are_not_carried_out},
	{"without a MAC plain commands are served and marked ones are not",
	 without_a_mac_plain_commands_are_served_and_marked_ones_are_not},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suite[] = {{.pName = "attack session", .pTests = tests, .pCleanupFunc = clean},
				CU_SUITE_INFO_NULL};

	return suite_run("card attack session", suite);
}
