/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Complete sessions of each suite between the host and the card, with fixed keys and randomness,
 * compared byte for byte with tests/vectors/scp10-*.txt. The texts are made here: what both ends
 * send is recorded between them, and the observer of observer.h writes what is inside. With
 * INTAGLIO_WRITE_VECTORS=1 the texts are written anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/sc/observer.h"
#include "tests/sc/vectors.h"
#include "tests/suite.h"

enum { APDUS = 128 };

static bool is_writing(void)
{
	return getenv("INTAGLIO_WRITE_VECTORS") != NULL;
}

/* The line between both ends: passes on, records, and changes whose randomness is drawn. */
static struct transport *inner;
static struct {
	struct buf command[APDUS], answer[APDUS];
	uint32_t count;
	bool is_short, shared;
} line;

static enum rc line_open(const char *address, const void *options, void **ret_handle,
			 struct transport_attributes *ret_attributes)
{
	(void)address;
	(void)options;
	*ret_attributes = *transport_attributes(inner);
	ret_attributes->shared = line.shared;
	if (line.is_short) {
		ret_attributes->extended = false;
		ret_attributes->command_max = 261;
		ret_attributes->response_max = 258;
	}
	*ret_handle = &line;
	return RC_OK;
}

static enum rc line_transmit(void *handle, struct view command, struct buf *response)
{
	uint32_t n = line.count++;
	enum rc rc;

	(void)handle;
	must(n < APDUS);
	buf_init(&line.command[n], APDU_COMMAND_MAX);
	buf_init(&line.answer[n], APDU_RESPONSE_MAX);
	buf_view(&line.command[n], command);
	use_stream("card", n);
	rc = transport_transmit(inner, command, response);
	use_stream("host", n + 1);
	buf_view(&line.answer[n], view_buf(response));
	return rc;
}

static enum rc line_reset(void *handle)
{
	(void)handle;
	return transport_reset(inner);
}

static void line_close(void **handle)
{
	*handle = NULL;
}

static const struct transport_ops line_ops = {
	.name = "line",
	.open = line_open,
	.transmit = line_transmit,
	.reset = line_reset,
	.close = line_close,
};

static void forget_line(void)
{
	for (uint32_t i = 0; i < line.count; i++) {
		buf_free(&line.command[i]);
		buf_free(&line.answer[i]);
	}
	line.count = 0;
}

/* One session, recorded. */
static void session(const struct scenario *scenario, struct view chain)
{
	struct transport *t = NULL;

	line.is_short = scenario->is_short;
	line.shared = scenario->channel > 0;
	inner = vectors_card(scenario);
	must(transport_open(&line_ops, "line", NULL, &t) == RC_OK);
	vectors_host(scenario, chain, &t);
	transport_close(&inner);
}

/* 7F49 of the last certificate. */
static struct view public_key(struct view certificates)
{
	struct cvc c = {.suite = 0};

	while (certificates.len)
		must(cvc_parse(&certificates, &c) == RC_OK);
	return c.public_key;
}

static void put_certificates(const char *name, struct view certificates)
{
	struct cvc c;

	while (certificates.len) {
		must(cvc_parse(&certificates, &c) == RC_OK);
		observer_put(name, c.object);
	}
}

static void put_preamble(const struct scenario *scenario, struct view chain, struct buf *text)
{
	struct view card = vectors_card_chain(scenario);

	buf_printf(
		text,
		"# A session of suite %02X: %s.\n"
		"# doc/scp10.md, section 9, says what the lines are; made by tests/sc/test_vectors.c.\n"
		"# The private keys are in scp10-keys.pem.\n\n",
		scenario->suite, scenario->about);
	observer_put("trust point", vectors_authority());
	put_certificates("host certificate", chain);
	put_certificates("card certificate", card);
	observer_put("card id", view_of(vectors_card_id, CVC_ID));
	if (scenario->suite == SUITE_01)
		buf_printf(text, "  key numbering = %02X\n", scenario->row.numbering);
}

static void compare(const struct scenario *scenario, const struct buf *text)
{
	struct buf stored;

	if (is_writing()) {
		FILE *f = fopen(vectors_file(scenario), "we");

		must(f && fwrite(text->data, 1, text->len, f) == text->len);
		fclose(f);
	}
	buf_init(&stored, TEXT_MAX);
	vectors_read(vectors_file(scenario), &stored);
	CU_ASSERT_TRUE(stored.len > 0);
	CU_ASSERT_TRUE(view_equal(view_buf(&stored), view_buf(text)));
	buf_free(&stored);
}

static void run_scenario(const struct scenario *scenario)
{
	struct observed o = {
		.host = vectors_host_key(scenario),
		.card = vectors_card_key(scenario),
		.card_object = public_key(vectors_card_chain(scenario)),
		.card_id = vectors_card_id,
		.seed_numbering = scenario->row.numbering == POLICY_NUMBERING_SEED,
	};
	struct buf text, chain;

	buf_init(&text, TEXT_MAX);
	vectors_host_chain(scenario, &chain);
	o.host_object = public_key(view_buf(&chain));
	session(scenario, view_buf(&chain));
	observer_begin(&o, &text);
	put_preamble(scenario, view_buf(&chain), &text);
	for (uint32_t i = 0; i < line.count; i++)
		observer_see(view_buf(&line.command[i]), view_buf(&line.answer[i]));
	CU_ASSERT_EQUAL(observer_end(), 0);
	compare(scenario, &text);
	forget_line();
	buf_free(&text);
	buf_free(&chain);
}

static void sessions_of_suite(uint8_t suite)
{
	for (size_t i = 0; i < SCENARIOS; i++)
		if (scenarios[i].suite == suite)
			run_scenario(&scenarios[i]);
}

static void sessions_of_suite_42_are_the_stored_ones(void)
{
	sessions_of_suite(SUITE_42);
}

static void sessions_of_suite_02_are_the_stored_ones(void)
{
	sessions_of_suite(SUITE_02);
}

static void sessions_of_suite_01_are_the_stored_ones(void)
{
	sessions_of_suite(SUITE_01);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"sessions of suite 42 are the stored ones",
		 sessions_of_suite_42_are_the_stored_ones},
		{"sessions of suite 02 are the stored ones",
		 sessions_of_suite_02_are_the_stored_ones},
		{"sessions of suite 01 are the stored ones",
		 sessions_of_suite_01_are_the_stored_ones},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo all[] = {{.pName = "vectors",
			       .pInitFunc = vectors_start,
			       .pCleanupFunc = vectors_stop,
			       .pTests = tests},
			      CU_SUITE_INFO_NULL};

	if (is_writing() && access(vectors_path("scp10-keys.pem"), R_OK) != 0) {
		vectors_write_keys();
		printf("keys made; once more for the texts\n");
		return 0;
	}
	vectors_begin();
	return suite_run("sc/vectors", all);
}
