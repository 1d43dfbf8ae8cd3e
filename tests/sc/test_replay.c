/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each end alone against the stored sessions of tests/vectors/: the card is given the host's stored
 * bytes and must answer with the card's, the host is given the card's and must send its own. No byte
 * goes from one end to the other, so that a mistake that both have does not help them.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sc/vectors.h"
#include "tests/suite.h"

enum { APDUS = 128, CHAIN_MAX = 4 * CVC_MAX };

/* A stored session; command n is apdu[2 * n], its answer the one after it. */
static struct {
	struct buf apdu[2 * APDUS];
	struct buf host_chain;
	size_t count;
} stored;

static uint8_t nibble(char c)
{
	must((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
	return (uint8_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* The digits up to the end of the line. */
static void put_hex(const char *at, struct buf *out)
{
	for (; *at != '\n'; at += 2)
		buf_u8(out, (uint8_t)(nibble(at[0]) << 4 | nibble(at[1])));
}

static void load_line(const char *at)
{
	static const char host[] = "  host certificate = ";

	if (*at == '>' || *at == '<') {
		must(stored.count < 2 * APDUS && (*at == '<') == (stored.count & 1));
		buf_init(&stored.apdu[stored.count], APDU_COMMAND_MAX + 2);
		put_hex(at + 2, &stored.apdu[stored.count++]);
	} else if (strncmp(at, host, sizeof(host) - 1) == 0) {
		put_hex(at + sizeof(host) - 1, &stored.host_chain);
	}
}

static void load(const struct scenario *scenario)
{
	const char *at;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_init(&stored.host_chain, CHAIN_MAX);
	stored.count = 0;
	vectors_read(vectors_file(scenario), &text);
	buf_u8(&text, 0);
	must(buf_rc(&text) == RC_OK);
	for (at = (const char *)text.data; *at; at = strchr(at, '\n') + 1)
		load_line(at);
	buf_free(&text);
	must(stored.count > 2 && stored.count % 2 == 0);
}

static void forget(void)
{
	while (stored.count)
		buf_free(&stored.apdu[--stored.count]);
	buf_free(&stored.host_chain);
}

/* True if they are the same; else says where they part. */
static bool compare(const struct scenario *scenario, size_t n, struct view made)
{
	if (view_equal(made, view_buf(&stored.apdu[n])))
		return true;
	printf("scp10-%s.txt: APDU %zu, %s\n", scenario->file, n / 2,
	       n & 1 ? "the card's answer" : "the host's command");
	return false;
}

static void the_card_alone_gives_every_stored_answer(void)
{
	struct buf answer;

	buf_init(&answer, APDU_RESPONSE_MAX);
	for (size_t i = 0; i < SCENARIOS; i++) {
		struct transport *card = vectors_card(&scenarios[i]);
		bool same = true;

		load(&scenarios[i]);
		for (size_t n = 0; same && n < stored.count; n += 2) {
			buf_reset(&answer);
			use_stream("card", (uint32_t)(n / 2));
			must(transport_transmit(card, view_buf(&stored.apdu[n]), &answer) == RC_OK);
			same = compare(&scenarios[i], n + 1, view_buf(&answer));
		}
		CU_ASSERT_TRUE(same);
		forget();
		transport_close(&card);
	}
	buf_free(&answer);
}

/* The card's side of the host alone: what is stored, as long as the host sends what is stored. */
static struct {
	const struct scenario *scenario;
	size_t at;
} shelf;

static enum rc shelf_open(const char *address, const void *options, void **ret_handle,
			  struct transport_attributes *ret_attributes)
{
	bool is_short = shelf.scenario->is_short;

	(void)address;
	(void)options;
	shelf.at = 0;
	*ret_attributes = (struct transport_attributes){
		.extended = !is_short,
		.command_max = is_short ? 261 : APDU_COMMAND_MAX,
		.response_max = is_short ? 258 : APDU_RESPONSE_MAX,
		.shared = shelf.scenario->channel > 0,
	};
	*ret_handle = &shelf;
	return RC_OK;
}

static enum rc shelf_transmit(void *handle, struct view command, struct buf *response)
{
	size_t n = shelf.at;

	(void)handle;
	if (n == stored.count || !compare(shelf.scenario, n, command))
		return RC_IO;
	buf_view(response, view_buf(&stored.apdu[n + 1]));
	shelf.at = n + 2;
	use_stream("host", (uint32_t)(n / 2 + 1));
	return RC_OK;
}

static enum rc shelf_reset(void *handle)
{
	(void)handle;
	return RC_OK;
}

static void shelf_close(void **handle)
{
	*handle = NULL;
}

static const struct transport_ops shelf_ops = {
	.name = "shelf",
	.open = shelf_open,
	.transmit = shelf_transmit,
	.reset = shelf_reset,
	.close = shelf_close,
};

static void the_host_alone_sends_every_stored_command(void)
{
	for (size_t i = 0; i < SCENARIOS; i++) {
		struct transport *t = NULL;

		shelf.scenario = &scenarios[i];
		load(&scenarios[i]);
		must(transport_open(&shelf_ops, "shelf", NULL, &t) == RC_OK);
		vectors_host(&scenarios[i], view_buf(&stored.host_chain), &t);
		CU_ASSERT_EQUAL(shelf.at, stored.count);
		forget();
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the card alone gives every stored answer",
		 the_card_alone_gives_every_stored_answer},
		{"the host alone sends every stored command",
		 the_host_alone_sends_every_stored_command},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo all[] = {{.pName = "replay",
			       .pInitFunc = vectors_start,
			       .pCleanupFunc = vectors_stop,
			       .pTests = tests},
			      CU_SUITE_INFO_NULL};

	vectors_begin();
	return suite_run("sc/replay", all);
}
