/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set-up's state machine, walked from its own table: every row in every state that can be
 * reached, as it should be sent and spoilt, in every suite and form of the set-up. What the table
 * promises is compared with the card's state afterwards: every way back to 102 and to 103.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "card/instance.h"
#include "card/scp10.h"
#include "tests/card/steps.h"

static const struct view nothing;

/* Where a set-up has got to. */
enum place {
	POWER_UP,
	AT_ENVIRONMENT,
	AT_ISSUER,
	AT_HOST,
	AT_KEYS,
	AT_CHALLENGE,
	AT_EXTERNAL,
	PLACES
};

struct way {
	uint8_t suite, p1, p2;
};

static const struct way ways[] = {
	{0x42, 0xC1, 0xB6}, {0x02, 0xC1, 0xB6}, {0x02, 0x81, 0xB6}, {0x02, 0xC1, 0xA4},
	{0x02, 0x81, 0xA4}, {0x01, 0xC1, 0xB6}, {0x01, 0xC1, 0xA4},
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static struct counts {
	unsigned int moved, to_102, to_103;
} counts;

static struct scp10 *state_of(struct peer *p)
{
	return p->card->slots[p->channel].channel.scp10;
}

/* Places that a way has not: certificates under A4, decipher under 01, the seventh command after 81. */
static bool is_on_the_way(const struct way *way, enum place place)
{
	if (place == AT_ISSUER || (place == AT_ENVIRONMENT && way->p2 == 0xA4))
		return way->p2 == 0xB6;
	if (place == AT_KEYS)
		return way->suite != 0x01;
	return place != AT_EXTERNAL || way->p1 == 0xC1;
}

static uint16_t issuer(struct peer *p)
{
	return peer_certificate(p, view_buf(&peer_world()->issuer.certificate));
}

static uint16_t host(struct peer *p)
{
	return peer_certificate(p, view_buf(&peer_world()->host[peer_index(p->suite)].certificate));
}

static uint16_t take(struct peer *p, const struct way *way, enum place place)
{
	switch (place) {
	case AT_ENVIRONMENT:
		return peer_environment(p, way->suite, way->p1, way->p2);
	case AT_ISSUER:
		return issuer(p);
	case AT_HOST:
		return way->p2 == 0xA4 ? peer_environment(p, way->suite, way->p1, way->p2)
				       : host(p);
	case AT_KEYS:
		return peer_decipher(p);
	case AT_CHALLENGE:
		return peer_challenge(p);
	case AT_EXTERNAL:
		return peer_external(p);
	default:
		return 0x9000;
	}
}

/* Power-up, then all that leads to a place. */
static void go_to(struct peer *p, const struct way *way, enum place end)
{
	struct buf atr;

	buf_init(&atr, 64);
	peer_good(card_reset(p->card, &atr));
	buf_free(&atr);
	p->suite = way->suite;
	p->p1 = way->p1;
	p->p2 = way->p2;
	peer_make_block(p, 0x33);
	for (enum place place = AT_ENVIRONMENT; place <= end; place++)
		if (is_on_the_way(way, place))
			CU_ASSERT_EQUAL_FATAL(take(p, way, place), 0x9000);
}

/* A row's command as it should be. */
static uint16_t send_good(struct peer *p, const struct way *way, enum place at,
			  const struct scp10_row *row)
{
	switch (row->ins) {
	case 0x22:
		return peer_environment(p, way->suite, way->p1, way->p2);
	case 0x2A:
		if (row->p1 == 0x80)
			return peer_decipher(p);
		if (row->p2 == 0xBE)
			return at >= AT_ISSUER ? host(p) : issuer(p);
		return peer_send(p, 0, 0x2A, 0, 0xAE, view_buf(&peer_world()->issuer.certificate),
				 0, NULL);
	case 0xCA:
		return peer_send(p, 0x80, 0xCA, 0x7F, 0x21, nothing, 65536, NULL);
	case 0xCB:
		return peer_send(p, 0x00, 0xCB, 0x7F, 0x21, nothing, 65536, NULL);
	case 0x84:
		return peer_challenge(p);
	case 0x82:
		return peer_external(p);
	default:
		return peer_internal(p);
	}
}

/* The same spoilt, so that its own check must refuse it. */
static uint16_t send_bad(struct peer *p, const struct way *way, const struct scp10_row *row)
{
	static const uint8_t zeros[30];
	struct view any = view_of(zeros, sizeof(zeros));

	switch (row->ins) {
	case 0x22:
		return peer_send(p, 0, 0x22, way->p1, way->p2, any, 0, NULL);
	case 0x2A:
		return peer_send(p, 0, 0x2A, (uint8_t)row->p1, (uint8_t)row->p2, any, 0, NULL);
	case 0xCA:
	case 0xCB:
		return peer_send(p, 0, row->ins, 0x7F, 0x22, nothing, 256, NULL);
	case 0x84:
		return peer_send(p, 0, 0x84, 0, 0, nothing, 5, NULL);
	case 0x82:
		return peer_send(p, 0, 0x82, 0, 0, any, 0, NULL);
	default:
		return peer_send(p, 0, 0x88, 0, 0, any, 256, NULL);
	}
}

/* Whether a row is the one that a set-up under this suite meets. */
static bool is_met(const struct scp10_row *row, const struct suite *suite)
{
	return row->family < 0 || !suite || row->family == (int)suite->family;
}

/* What handlers set besides the row. */
static unsigned int extra(const struct way *way, enum place at, const struct scp10_row *row)
{
	if (row->ins == 0x22)
		return way->p2 == 0xA4 ? FLAG_HOST : 0;
	if (row->ins == 0x2A && row->p1 == 0x00)
		return at >= AT_ISSUER ? FLAG_HOST : 0;
	if (row->ins == 0x82)
		return way->p1 == 0xC1 ? FLAG_EXTERNAL : FLAG_SESSION;
	return 0;
}

/* Everything that step 102 names is as at power-up. */
static bool is_step_102(const struct scp10 *s)
{
	static const uint8_t zeros[64];

	return s->flags == 0 && !s->suite && !s->mutual && !s->certificate && s->version == 1 &&
	       s->index == 1 && s->block.len == 0 && !s->block_good && s->ordered_keys.len == 0 &&
	       !s->sm && !s->chain.signer && !s->chain.host && s->chain.count == 0 &&
	       s->chain.roles == 0 && secret_equal(s->challenge, zeros, sizeof(s->challenge)) &&
	       secret_equal(s->secret, zeros, sizeof(s->secret));
}

static void judge(struct peer *p, const struct way *way, enum place at, const struct scp10_row *row,
		  unsigned int before, bool good, uint16_t sw)
{
	const struct scp10 *s = state_of(p);
	bool met = (before & row->needs) == row->needs && !(before & row->unless);
	/* Rows that nothing passes: AE, and decipher where an error replaces it. */
	bool refuses = row->p2 == 0xAE || (row->ins == 0x2A && row->p1 == 0x80 && row->needs == 0);

	if (good && met && !refuses) {
		counts.moved++;
		CU_ASSERT_EQUAL(sw, 0x9000);
		CU_ASSERT_EQUAL(s->flags, (before & row->keeps) | row->sets | extra(way, at, row));
		return;
	}
	CU_ASSERT_NOT_EQUAL(sw, 0x9000);
	if (!met)
		CU_ASSERT_EQUAL(sw, 0x6985);
	if (row->error == BACK_TO_102) {
		counts.to_102++;
		CU_ASSERT_TRUE(is_step_102(s));
	} else {
		counts.to_103++;
		CU_ASSERT_EQUAL(s->flags, before & row->keeps);
	}
}

static void every_row_in_every_state_does_what_the_table_says(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t w = 0; w < WAYS; w++)
		for (enum place at = POWER_UP; at < PLACES; at++)
			for (const struct scp10_row *row = scp10_rows; row->name; row++) {
				if (!is_on_the_way(&ways[w], at))
					continue;
				for (int good = 0; good < 2; good++) {
					unsigned int before;
					uint16_t sw;

					go_to(&p, &ways[w], at);
					before = state_of(&p)->flags;
					if (!is_met(row, state_of(&p)->suite))
						continue;
					sw = good ? send_good(&p, &ways[w], at, row)
						  : send_bad(&p, &ways[w], row);
					judge(&p, &ways[w], at, row, before, good, sw);
				}
			}
	printf("%u moves, %u back to 102, %u back to 103\n", counts.moved, counts.to_102,
	       counts.to_103);
	CU_ASSERT_TRUE(counts.moved > 100 && counts.to_102 > 200 && counts.to_103 > 40);
	peer_free(&p);
}

/* Each place's flags, written down by hand: what the table is held against. */
static void every_place_has_the_documented_flags(void)
{
	static const unsigned int flags[PLACES] = {
		[POWER_UP] = 0,
		[AT_ENVIRONMENT] = FLAG_ENVIRONMENT,
		[AT_ISSUER] = FLAG_ENVIRONMENT,
		[AT_HOST] = FLAG_ENVIRONMENT | FLAG_HOST,
		[AT_KEYS] = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS,
		[AT_CHALLENGE] = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS | FLAG_CHALLENGE,
		[AT_EXTERNAL] = FLAG_EXTERNAL,
	};
	struct peer p;

	peer_new(&p);
	for (size_t w = 0; w < WAYS; w++)
		for (enum place at = POWER_UP; at < PLACES; at++) {
			unsigned int expected = flags[at];

			if (!is_on_the_way(&ways[w], at))
				continue;
			if (ways[w].suite == 0x01)
				expected &= ~(unsigned int)FLAG_KEYS;
			go_to(&p, &ways[w], at);
			CU_ASSERT_EQUAL(state_of(&p)->flags, expected);
		}
	peer_free(&p);
}

/* Commands that are no row: 103, but what had to follow at once is over. */
static void other_commands_go_back_to_103(void)
{
	static const struct {
		uint8_t cla, ins, p1, p2;
		uint16_t sw;
	} others[] = {
		{0x00, 0x2A, 0x12, 0x34, 0x6A86}, {0x00, 0x84, 0x00, 0x01, 0x6A86},
		{0x00, 0x82, 0x01, 0x00, 0x6A86}, {0x00, 0x88, 0x00, 0x01, 0x6A86},
		{0x00, 0x01, 0x00, 0x00, 0x6D00}, {0x80, 0x22, 0x00, 0x00, 0x6E00},
		{0x0C, 0x22, 0xC1, 0xB6, 0x6982}, {0x0C, 0x88, 0x00, 0x00, 0x6982},
		{0x00, 0x20, 0x00, 0x80, 0x6982}, {0x80, 0xE2, 0x80, 0x00, 0x6985},
	};
	struct peer p;

	peer_new(&p);
	for (size_t w = 0; w < WAYS; w++)
		for (enum place at = POWER_UP; at < PLACES; at++)
			for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
				const uint8_t apdu[] = {others[i].cla, others[i].ins, others[i].p1,
							others[i].p2};
				unsigned int before;

				if (!is_on_the_way(&ways[w], at))
					continue;
				go_to(&p, &ways[w], at);
				before = state_of(&p)->flags;
				CU_ASSERT_EQUAL(peer_raw(&p, view_of(apdu, 4), NULL), others[i].sw);
				CU_ASSERT_EQUAL(state_of(&p)->flags,
						before & ~(unsigned int)(FLAG_CHALLENGE |
									 FLAG_EXTERNAL));
			}
	peer_free(&p);
}

/* Steps 146 to 156: in a session a bare command is an error; MSE begins anew, valid or not. */
static void in_a_session_every_bare_row_ends_it(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t w = 0; w < WAYS; w++)
		for (const struct scp10_row *row = scp10_rows; row->name; row++)
			for (int good = 0; good < 2; good++) {
				uint16_t sw;

				CU_ASSERT_EQUAL_FATAL(peer_open(&p, ways[w].suite, ways[w].p1,
								ways[w].p2, 0x33),
						      0x9000);
				sw = good ? send_good(&p, &ways[w], POWER_UP, row)
					  : send_bad(&p, &ways[w], row);
				if (row->ins != 0x22)
					CU_ASSERT_EQUAL(sw, 0x6982);
				if (row->ins != 0x22 || !good)
					CU_ASSERT_TRUE(is_step_102(state_of(&p)));
				CU_ASSERT_FALSE(scp10_is_up(state_of(&p)));
			}
	peer_free(&p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"every row in every state does what the table says",
	 every_row_in_every_state_does_what_the_table_says},
	{"every place has the documented flags", every_place_has_the_documented_flags},
	{"other commands go back to 103", other_commands_go_back_to_103},
	{"in a session every bare row ends it", in_a_session_every_bare_row_ends_it},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "table", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card table", suites);
}
