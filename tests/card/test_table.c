/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set-up's state machine against a table written by hand from steps 101 to 156 of the published
 * description and the errata of doc/scp10.md: every command as it should be and spoilt, in every
 * place of every form of the set-up. What the card then has in its memory is looked at whole: step
 * 102 leaves nothing, step 103 changes nothing. Its own table is only asked whether it has a command
 * that this one has not.
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
	IN_SESSION,
	LOST, /* what had to follow at once did not: nothing but MSE leads on */
	PLACES = LOST
};

/* Their letters in the table: capital after 9000, small after an error that goes to step 103. */
static const char letters[] = "UEIHKCXSL";

struct way {
	uint8_t suite, p1, p2;
};

static const struct way ways[] = {
	{0x42, 0xC1, 0xB6}, {0x02, 0xC1, 0xB6}, {0x02, 0x81, 0xB6}, {0x02, 0xC1, 0xA4},
	{0x02, 0x81, 0xA4}, {0x01, 0xC1, 0xB6}, {0x01, 0xC1, 0xA4},
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

#ifdef __SANITIZE_ADDRESS__
enum { NEVER_WRITTEN = 0xBE };
#else
enum { NEVER_WRITTEN = 0 };
#endif

/* Commands, each as it should be and spoilt: the columns of the table. */
enum column {
	MSE,
	BAD_MSE,
	ISSUER,
	HOST,
	BAD_CERTIFICATE,
	NOT_SELF_DESCRIPTIVE,
	GET_DATA,
	GET_DATA_ODD,
	BAD_GET_DATA,
	BAD_GET_DATA_ODD,
	DECIPHER_BLOCK,
	BAD_BLOCK,
	GET_CHALLENGE,
	BAD_CHALLENGE,
	EXTERNAL_AUTHENTICATE,
	BAD_EXTERNAL,
	INTERNAL_AUTHENTICATE,
	BAD_INTERNAL,
	COLUMNS
};

/*
 * What each command leads to from each place; ! is an error and step 102, blanks divide commands.
 * Steps: MSE 105-112, certificates 113-115, GET DATA 116-117, decipher 118-127, GET CHALLENGE
 * 128-130, EXTERNAL AUTHENTICATE 131-139, INTERNAL AUTHENTICATE 140-145.
 */
static const char *const transport_mutual[PLACES] = {
	[POWER_UP] = "E! !!!! UUuu !! !! !! !!",    [AT_ENVIRONMENT] = "E! I!!! EEee !! !! !! !!",
	[AT_ISSUER] = "E! !H!! IIii !! !! !! !!",   [AT_HOST] = "E! !!!! HHhh K! !! !! !!",
	[AT_KEYS] = "E! !!!! KKkk K! C! !! !!",     [AT_CHALLENGE] = "E! !!!! KKkk K! C! X! !!",
	[AT_EXTERNAL] = "E! !!!! LLll !! !! !! S!", [IN_SESSION] = "E! !!!! !!!! !! !! !! !!",
};

/* 81: 138 leads to 139, and the seventh command has no place. */
static const char *const transport_external[PLACES] = {
	[POWER_UP] = "E! !!!! UUuu !! !! !! !!",   [AT_ENVIRONMENT] = "E! I!!! EEee !! !! !! !!",
	[AT_ISSUER] = "E! !H!! IIii !! !! !! !!",  [AT_HOST] = "E! !!!! HHhh K! !! !! !!",
	[AT_KEYS] = "E! !!!! KKkk K! C! !! !!",    [AT_CHALLENGE] = "E! !!!! KKkk K! C! S! !!",
	[IN_SESSION] = "E! !!!! !!!! !! !! !! !!",
};

/* A4: the host's key is known with MSE (109), and no certificate is taken. */
static const char *const transport_mutual_stored[PLACES] = {
	[POWER_UP] = "H! !!!! UUuu !! !! !! !!",    [AT_HOST] = "H! !!!! HHhh K! !! !! !!",
	[AT_KEYS] = "H! !!!! KKkk K! C! !! !!",     [AT_CHALLENGE] = "H! !!!! KKkk K! C! X! !!",
	[AT_EXTERNAL] = "H! !!!! LLll !! !! !! S!", [IN_SESSION] = "H! !!!! !!!! !! !! !! !!",
};

static const char *const transport_external_stored[PLACES] = {
	[POWER_UP] = "H! !!!! UUuu !! !! !! !!",   [AT_HOST] = "H! !!!! HHhh K! !! !! !!",
	[AT_KEYS] = "H! !!!! KKkk K! C! !! !!",    [AT_CHALLENGE] = "H! !!!! KKkk K! C! S! !!",
	[IN_SESSION] = "H! !!!! !!!! !! !! !! !!",
};

/* 118 to 127 are an error; 128' wants the host's key. */
static const char *const agreement[PLACES] = {
	[POWER_UP] = "E! !!!! UUuu !! !! !! !!",     [AT_ENVIRONMENT] = "E! I!!! EEee !! !! !! !!",
	[AT_ISSUER] = "E! !H!! IIii !! !! !! !!",    [AT_HOST] = "E! !!!! HHhh !! C! !! !!",
	[AT_CHALLENGE] = "E! !!!! HHhh !! C! X! !!", [AT_EXTERNAL] = "E! !!!! LLll !! !! !! S!",
	[IN_SESSION] = "E! !!!! !!!! !! !! !! !!",
};

static const char *const agreement_stored[PLACES] = {
	[POWER_UP] = "H! !!!! UUuu !! !! !! !!",     [AT_HOST] = "H! !!!! HHhh !! C! !! !!",
	[AT_CHALLENGE] = "H! !!!! HHhh !! C! X! !!", [AT_EXTERNAL] = "H! !!!! LLll !! !! !! S!",
	[IN_SESSION] = "H! !!!! !!!! !! !! !! !!",
};

/* In the order of ways. */
static const char *const *const tables[WAYS] = {
	transport_mutual,          transport_mutual, transport_external, transport_mutual_stored,
	transport_external_stored, agreement,        agreement_stored,
};

static struct scp10 *state_of(struct peer *p)
{
	return p->card->slots[p->channel].channel.scp10;
}

/* Certificates under A4, decipher under 01, the seventh command after 81: a way has not every place. */
static bool is_on_the_way(const struct way *way, enum place place)
{
	return tables[way - ways][place] != NULL;
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
	case IN_SESSION:
		return way->p1 == 0xC1 ? peer_internal(p) : peer_external(p);
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

static uint16_t send_column(struct peer *p, const struct way *way, enum column column)
{
	static const uint8_t zeros[30];
	struct view any = view_of(zeros, sizeof(zeros));

	switch (column) {
	case MSE:
		return peer_environment(p, way->suite, way->p1, way->p2);
	case BAD_MSE:
		return peer_send(p, 0, 0x22, way->p1, way->p2, any, 0, NULL);
	case ISSUER:
		return issuer(p);
	case HOST:
		return host(p);
	case BAD_CERTIFICATE:
		return peer_certificate(p, any);
	case NOT_SELF_DESCRIPTIVE:
		return peer_send(p, 0, 0x2A, 0, 0xAE, view_buf(&peer_world()->issuer.certificate),
				 0, NULL);
	case GET_DATA:
		return peer_send(p, 0x80, 0xCA, 0x7F, 0x21, nothing, 65536, NULL);
	case GET_DATA_ODD:
		return peer_send(p, 0x00, 0xCB, 0x7F, 0x21, nothing, 65536, NULL);
	case BAD_GET_DATA:
		return peer_send(p, 0, 0xCA, 0x7F, 0x22, nothing, 256, NULL);
	case BAD_GET_DATA_ODD:
		return peer_send(p, 0, 0xCB, 0x7F, 0x22, nothing, 256, NULL);
	case DECIPHER_BLOCK:
		return peer_decipher(p);
	case BAD_BLOCK:
		return peer_send(p, 0, 0x2A, 0x80, 0x84, any, 0, NULL);
	case GET_CHALLENGE:
		return peer_challenge(p);
	case BAD_CHALLENGE:
		return peer_send(p, 0, 0x84, 0, 0, nothing, 5, NULL);
	case EXTERNAL_AUTHENTICATE:
		return peer_external(p);
	case BAD_EXTERNAL:
		return peer_send(p, 0, 0x82, 0, 0, any, 0, NULL);
	case INTERNAL_AUTHENTICATE:
		return peer_internal(p);
	default:
		return peer_send(p, 0, 0x88, 0, 0, any, 256, NULL);
	}
}

/* What a place has for flags; under key agreement no keys were received. */
static unsigned int flags_of(enum place place)
{
	static const unsigned int flags[] = {
		[POWER_UP] = 0,
		[AT_ENVIRONMENT] = FLAG_ENVIRONMENT,
		[AT_ISSUER] = FLAG_ENVIRONMENT,
		[AT_HOST] = FLAG_ENVIRONMENT | FLAG_HOST,
		[AT_KEYS] = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS,
		[AT_CHALLENGE] = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS | FLAG_CHALLENGE,
		[AT_EXTERNAL] = FLAG_EXTERNAL,
		[IN_SESSION] = FLAG_SESSION,
		[LOST] = 0,
	};

	return flags[place];
}

static bool has_flags(const struct peer *p, const struct way *way, enum place place)
{
	unsigned int expected = flags_of(place);

	if (way->suite == 0x01)
		expected &= ~(unsigned int)FLAG_KEYS;
	return p->card->slots[p->channel].channel.scp10->flags == expected;
}

static bool is_zero(const void *at, size_t n)
{
	const uint8_t *bytes = at;

	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Wiped to the end of its memory, of which the sanitiser fills what was never written with a byte. */
static bool is_wiped(const struct buf *b)
{
	if (b->len != 0 || b->rc != RC_OK)
		return false;
	for (size_t i = 0; i < b->cap; i++)
		if (b->data[i] != 0 && b->data[i] != NEVER_WRITTEN)
			return false;
	return true;
}

/* Step 102: everything is as at power-up, to the last byte, the channel's security status too. */
static bool is_step_102(const struct peer *p)
{
	const struct channel *channel = &p->card->slots[p->channel].channel;
	struct scp10 rest;

	memcpy(&rest, channel->scp10, sizeof(rest));
	if (!is_wiped(&rest.block) || !is_wiped(&rest.ordered_keys) || rest.version != 1 ||
	    rest.index != 1)
		return false;
	memset(&rest.block, 0, sizeof(rest.block));
	memset(&rest.ordered_keys, 0, sizeof(rest.ordered_keys));
	rest.version = rest.index = 0;
	return is_zero(&rest, sizeof(rest)) && channel->roles == 0 && channel->pin == PIN_NONE &&
	       !channel->user_key;
}

/* Step 103 after an error, and after GET DATA: all but the flags is what it was. */
static bool is_unchanged(const struct peer *p, const struct scp10 *before)
{
	struct scp10 now;

	memcpy(&now, p->card->slots[p->channel].channel.scp10, sizeof(now));
	now.flags = before->flags;
	return secret_equal(&now, before, sizeof(now));
}

static struct counts {
	unsigned int moved, to_102, to_103;
} counts;

static void judge(struct peer *p, const struct way *way, char expected, uint16_t sw,
		  const struct scp10 *before, enum column column)
{
	const char *capital = expected == '!' ? NULL : strchr(letters, expected & ~0x20);
	bool is_get_data = column >= GET_DATA && column <= BAD_GET_DATA_ODD;

	if (!capital) {
		counts.to_102++;
		CU_ASSERT_NOT_EQUAL(sw, 0x9000);
		CU_ASSERT_TRUE(is_step_102(p));
		return;
	}
	CU_ASSERT_EQUAL(sw == 0x9000, expected == *capital);
	if (sw == 0x9000)
		counts.moved++;
	else
		counts.to_103++;
	CU_ASSERT_TRUE(has_flags(p, way, (enum place)(capital - letters)));
	if (is_get_data)
		CU_ASSERT_TRUE(is_unchanged(p, before));
}

/* The letter of a column: blanks are for the reader. */
static char cell(const char *line, enum column column)
{
	unsigned int at = 0;

	for (; *line; line++)
		if (*line != ' ' && at++ == column)
			return *line;
	return 0;
}

static void every_command_in_every_place_does_what_the_table_says(void)
{
	struct scp10 before;
	struct peer p;

	peer_new(&p);
	for (size_t w = 0; w < WAYS; w++)
		for (enum place at = POWER_UP; at < PLACES; at++)
			for (enum column column = MSE; column < COLUMNS; column++) {
				char expected;
				uint16_t sw;

				if (!is_on_the_way(&ways[w], at))
					continue;
				expected = cell(tables[w][at], column);
				CU_ASSERT_NOT_EQUAL_FATAL(expected, 0);
				go_to(&p, &ways[w], at);
				CU_ASSERT_TRUE(has_flags(&p, &ways[w], at));
				memcpy(&before, state_of(&p), sizeof(before));
				sw = send_column(&p, &ways[w], column);
				judge(&p, &ways[w], expected, sw, &before, column);
			}
	printf("%u moves, %u back to 102, %u back to 103\n", counts.moved, counts.to_102,
	       counts.to_103);
	CU_ASSERT_TRUE(counts.moved > 100 && counts.to_102 > 500 && counts.to_103 > 60);
	peer_free(&p);
}

/* From a lost place only MSE leads on. */
static void what_had_to_follow_at_once_cannot_follow_later(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t w = 0; w < WAYS; w++)
		for (enum column column = ISSUER; column < COLUMNS; column++) {
			uint16_t sw;

			if (!is_on_the_way(&ways[w], AT_EXTERNAL) ||
			    (column >= GET_DATA && column <= BAD_GET_DATA_ODD))
				continue;
			go_to(&p, &ways[w], AT_EXTERNAL);
			CU_ASSERT_EQUAL(send_column(&p, &ways[w], GET_DATA), 0x9000);
			CU_ASSERT_TRUE(has_flags(&p, &ways[w], LOST));
			sw = send_column(&p, &ways[w], column);
			CU_ASSERT_EQUAL(sw, 0x6985);
			CU_ASSERT_TRUE(is_step_102(&p));
		}
	peer_free(&p);
}

/* Each error of the description that is one command's own, by its step; all go back to 102. */
static void every_error_by_its_step_goes_back_to_102(void)
{
	static const struct {
		const char *step;
		size_t way;
		enum place at;
		uint32_t header;
		uint8_t len, data[30];
		uint32_t le;
		uint16_t sw;
	} rows[] = {
		{"105", 1, AT_KEYS, 0x002241B6, 8, {0x80, 2, 0x10, 2, 0x83, 0, 0x84, 0}, 0, 0x6A86},
		{"108", 1, AT_KEYS, 0x0022C1B8, 8, {0x80, 2, 0x10, 2, 0x83, 0, 0x84, 0}, 0, 0x6A86},
		{"a1", 1, AT_KEYS, 0x0022C1B6, 8, {0x80, 2, 0x11, 2, 0x83, 0, 0x84, 0}, 0, 0x6A80},
		{"a2", 1, AT_KEYS, 0x0022C1B6, 8, {0x80, 2, 0x10, 2, 0x82, 0, 0x84, 0}, 0, 0x6A80},
		{"a3", 1, AT_KEYS, 0x0022C1B6, 8, {0x80, 2, 0x10, 2, 0x83, 0, 0x85, 0}, 0, 0x6A80},
		{"a3, 84 is missing",
		 1,
		 AT_KEYS,
		 0x0022C1B6,
		 6,
		 {0x80, 2, 0x10, 2, 0x83, 0},
		 0,
		 0x6A80},
		{"a3, one more",
		 1,
		 AT_KEYS,
		 0x0022C1B6,
		 9,
		 {0x80, 2, 0x10, 2, 0x83, 0, 0x84},
		 0,
		 0x6A80},
		{"111, 83",
		 3,
		 AT_KEYS,
		 0x0022C1A4,
		 12,
		 {0x80, 2, 0x10, 2, 0x83, 2, 9, 9, 0x84, 2, 2, 1},
		 0,
		 0x6A88},
		{"111, 84",
		 1,
		 AT_KEYS,
		 0x0022C1B6,
		 10,
		 {0x80, 2, 0x10, 2, 0x83, 0, 0x84, 2, 9, 9},
		 0,
		 0x6A88},
		{"111, in a session",
		 0,
		 IN_SESSION,
		 0x0022C1B6,
		 8,
		 {0x80, 2, 0x10, 0x43, 0x83, 0, 0x84, 0},
		 0,
		 0x6A81},
		{"113", 1, AT_ISSUER, 0x002A00BE, 4, {0x7F, 0x21, 1, 0}, 0, 0x6A80},
		{"113, AE", 1, AT_ISSUER, 0x002A00AE, 4, {0x7F, 0x21, 1, 0}, 0, 0x6A81},
		{"118", 1, AT_ISSUER, 0x002A8084, 0, {0}, 0, 0x6985},
		{"120, the length", 1, AT_HOST, 0x002A8084, 30, {1}, 0, 0x6700},
		{"118-127, under 01", 5, AT_HOST, 0x002A8084, 0, {0}, 0, 0x6985},
		{"128", 1, AT_HOST, 0x00840000, 0, {0}, 16, 0x6985},
		{"128, Le", 1, AT_KEYS, 0x00840000, 0, {0}, 8, 0x6700},
		{"128, data", 1, AT_KEYS, 0x00840000, 1, {0}, 16, 0x6700},
		{"128'", 5, AT_ISSUER, 0x00840000, 0, {0}, 8, 0x6985},
		{"131", 1, AT_KEYS, 0x00820000, 30, {0}, 0, 0x6985},
		{"131'", 5, AT_HOST, 0x00820000, 30, {0}, 0, 0x6985},
		{"136", 1, AT_CHALLENGE, 0x00820000, 30, {0}, 0, 0x6300},
		{"136, no data", 0, AT_CHALLENGE, 0x00820000, 0, {0}, 0, 0x6300},
		{"131', the block", 5, AT_CHALLENGE, 0x00820000, 30, {0}, 0, 0x6300},
		{"140", 1, AT_CHALLENGE, 0x00880000, 24, {0}, 256, 0x6985},
		{"140, the length", 1, AT_EXTERNAL, 0x00880000, 23, {0}, 256, 0x6700},
		{"140, the id", 1, AT_EXTERNAL, 0x00880000, 24, {0}, 256, 0x6A80},
		{"140', the length", 5, AT_EXTERNAL, 0x00880000, 15, {0}, 256, 0x6700},
		{"140', the id", 5, AT_EXTERNAL, 0x00880000, 16, {0}, 256, 0x6A80},
		{"140, after 81", 2, IN_SESSION, 0x00880000, 24, {0}, 256, 0x6982},
		{"146", 1, IN_SESSION, 0x00A40400, 0, {0}, 256, 0x6982},
		{"147, the MAC is missing", 1, IN_SESSION, 0x0CA40400, 3, {0x97, 1, 0}, 256, 0x6987},
		{"151", 1, IN_SESSION, 0x0CA40400, 10, {0x8E, 8}, 256, 0x6988},
	};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint32_t header = rows[i].header;
		const struct apdu command = {.cla = (uint8_t)(header >> 24),
					     .ins = (uint8_t)(header >> 16),
					     .p1 = (uint8_t)(header >> 8),
					     .p2 = (uint8_t)header,
					     .data = view_of(rows[i].data, rows[i].len),
					     .le = rows[i].le};
		struct buf wire;
		uint16_t sw;

		go_to(&p, &ways[rows[i].way], rows[i].at);
		buf_init(&wire, 300);
		apdu_put(&wire, &command);
		sw = peer_raw(&p, view_buf(&wire), NULL);
		buf_free(&wire);
		if (sw != rows[i].sw || !is_step_102(&p))
			printf("step %s: %04X\n", rows[i].step, sw);
		CU_ASSERT_EQUAL(sw, rows[i].sw);
		CU_ASSERT_TRUE(is_step_102(&p));
	}
	peer_free(&p);
}

/* A command that the card's table has and the one above has not. */
static void the_card_has_no_other_commands_of_the_set_up(void)
{
	static const struct {
		uint8_t ins;
		int p1, p2, family;
	} known[] = {
		{0x22, -1, -1, -1},
		{0x2A, 0x00, 0xBE, -1},
		{0x2A, 0x00, 0xAE, -1},
		{0xCA, -1, -1, -1},
		{0xCB, -1, -1, -1},
		{0x2A, 0x80, 0x84, FAMILY_TRANSPORT},
		{0x2A, 0x80, 0x84, FAMILY_AGREEMENT},
		{0x84, 0x00, 0x00, FAMILY_TRANSPORT},
		{0x84, 0x00, 0x00, FAMILY_AGREEMENT},
		{0x82, 0x00, 0x00, FAMILY_TRANSPORT},
		{0x82, 0x00, 0x00, FAMILY_AGREEMENT},
		{0x88, 0x00, 0x00, -1},
	};
	size_t count = 0;

	for (const struct scp10_row *row = scp10_rows; row->name; row++, count++) {
		if (count == sizeof(known) / sizeof(known[0]))
			break;
		CU_ASSERT_EQUAL(row->ins, known[count].ins);
		CU_ASSERT_EQUAL(row->p1, known[count].p1);
		CU_ASSERT_EQUAL(row->p2, known[count].p2);
		CU_ASSERT_EQUAL(row->family, known[count].family);
	}
	CU_ASSERT_EQUAL(count, sizeof(known) / sizeof(known[0]));
	CU_ASSERT_PTR_NULL(scp10_rows[count].name);
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
		for (enum place at = POWER_UP; at < IN_SESSION; at++)
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

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"every command in every place does what the table says",
	 every_command_in_every_place_does_what_the_table_says},
	{"what had to follow at once cannot follow later",
	 what_had_to_follow_at_once_cannot_follow_later},
	{"every error by its step goes back to 102", every_error_by_its_step_goes_back_to_102},
	{"other commands go back to 103", other_commands_go_back_to_103},
	{"the card has no other commands of the set-up",
	 the_card_has_no_other_commands_of_the_set_up},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "table", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card table", suites);
}
