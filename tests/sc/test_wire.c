/* SPDX-License-Identifier: BSD-2-Clause */
/* Chaining, extended length, GET RESPONSE and the trace, against a transport that follows a script. */
#include "sc/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sw.h"
#include "tests/sc/hex.h"
#include "tests/suite.h"

/* A script: what must come in, what goes out; NULL out with an rc instead. */
struct line {
	const char *command, *response;
	enum rc rc;
};
static const struct line *script;
static size_t at, length;
static bool extended;

static enum rc script_open(const char *address, const void *options, void **ret_handle,
			   struct transport_attributes *ret_attributes)
{
	(void)address;
	(void)options;
	*ret_attributes = (struct transport_attributes){.extended = extended,
							.command_max = APDU_COMMAND_MAX,
							.response_max = APDU_RESPONSE_MAX};
	*ret_handle = &script;
	return RC_OK;
}

static enum rc script_transmit(void *handle, struct view command, struct buf *response)
{
	const struct line *line = &script[at];
	struct buf want;

	(void)handle;
	if (at >= length)
		return RC_REMOVED;
	at++;
	buf_init(&want, 1 << 17);
	hex_put(&want, line->command);
	/* A script may give only the beginning of a long command. */
	CU_ASSERT_TRUE(command.len >= want.len &&
		       view_equal(view_of(command.data, want.len), view_buf(&want)));
	buf_free(&want);
	if (line->rc != RC_OK)
		return line->rc;
	hex_put(response, line->response);
	return RC_OK;
}

static enum rc script_reset(void *handle)
{
	(void)handle;
	return RC_OK;
}

static void script_close(void **handle)
{
	*handle = NULL;
}

static const struct transport_ops script_ops = {
	.name = "script",
	.open = script_open,
	.transmit = script_transmit,
	.reset = script_reset,
	.close = script_close,
};

static void start(struct wire *wire, const struct line *lines, size_t count, bool with_extended)
{
	struct transport *t = NULL;

	script = lines;
	length = count;
	at = 0;
	extended = with_extended;
	CU_ASSERT_EQUAL_FATAL(transport_open(&script_ops, "script", NULL, &t), RC_OK);
	wire_open(wire, t);
	wire->extended = with_extended;
}

#define LINES(a) (a), sizeof(a) / sizeof((a)[0])

static uint8_t many[600];

static void long_data_is_chained_without_extended_length(void)
{
	static const struct line lines[] = {
		{.command = "90D20000FF", .response = "9000"},
		{.command = "90D20000FF", .response = "9000"},
		{.command = "80D200005A", .response = "01029000"},
	};
	const struct apdu command = {
		.cla = 0x80, .ins = 0xD2, .data = view_of(many, 600), .le = 65536};
	struct view data;
	struct wire wire;
	uint16_t sw;

	start(&wire, LINES(lines), false);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, SW_OK);
	CU_ASSERT_EQUAL(data.len, 2);
	CU_ASSERT_EQUAL(at, 3);
	CU_ASSERT_EQUAL(wire.apdus, 3);
	CU_ASSERT_EQUAL(wire.sent, 260 + 260 + 5 + 90 + 1);
	CU_ASSERT_EQUAL(wire.received, 2 + 2 + 4);
	CU_ASSERT_TRUE(wire.executed);
	wire_close(&wire);
}

static void long_data_is_one_command_with_extended_length(void)
{
	static const struct line lines[] = {{.command = "80D20000000258", .response = "9000"}};
	const struct apdu command = {
		.cla = 0x80, .ins = 0xD2, .data = view_of(many, 600), .le = 65536};
	struct view data;
	struct wire wire;
	uint16_t sw;

	start(&wire, LINES(lines), true);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	CU_ASSERT_EQUAL(wire.sent, 4 + 3 + 600 + 2);
	wire_close(&wire);
}

static void an_error_in_a_chain_ends_it(void)
{
	static const struct line lines[] = {{.command = "90D20000FF", .response = "6884"}};
	const struct apdu command = {.cla = 0x80, .ins = 0xD2, .data = view_of(many, 600)};
	struct view data;
	struct wire wire;
	uint16_t sw;

	start(&wire, LINES(lines), false);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, SW_CHAINING_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(data.len, 0);
	CU_ASSERT_FALSE(wire.executed);
	wire_close(&wire);
}

static void the_rest_of_an_answer_is_fetched(void)
{
	static const struct line lines[] = {
		{.command = "8042000000", .response = "0102 6103"},
		{.command = "00C0000003", .response = "030405 6100"},
		{.command = "00C0000000", .response = "06 63C2"},
	};
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	static const uint8_t want[] = {1, 2, 3, 4, 5, 6};
	struct view data;
	struct wire wire;
	uint16_t sw;

	start(&wire, LINES(lines), false);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, 0x63C2);
	CU_ASSERT_TRUE(view_equal(data, view_of(want, sizeof(want))));
	wire_close(&wire);
}

static void an_answer_without_end_is_refused(void)
{
	static const struct line lines[] = {
		{.command = "8042000000", .response = "6100"},
		{.command = "00C0000000", .response = "6100"},
	};
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	struct view data;
	struct wire wire;
	uint16_t sw;

	start(&wire, LINES(lines), false);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_MALFORMED);
	wire_close(&wire);
}

static void a_wrong_le_is_corrected_once(void)
{
	static const struct line lines[] = {
		{.command = "8042000000", .response = "6C05"},
		{.command = "8042000005", .response = "0102030405 9000"},
		{.command = "8042000000", .response = "6C05"},
		{.command = "8042000005", .response = "6C05"},
	};
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	struct view data;
	struct wire wire;
	uint16_t sw;

	start(&wire, LINES(lines), false);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, SW_OK);
	CU_ASSERT_EQUAL(data.len, 5);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, 0x6C05);
	wire_close(&wire);
}

static void answers_shorter_than_a_status_word_are_malformed(void)
{
	static const struct line lines[] = {
		{.command = "8042", .response = ""},
		{.command = "8042", .response = "90"},
	};
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	struct view data;
	struct wire wire;
	uint16_t sw;

	start(&wire, LINES(lines), false);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_MALFORMED);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_MALFORMED);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_REMOVED);
	CU_ASSERT_TRUE(wire.executed);
	wire_close(&wire);
}

static void a_reset_before_the_command_is_told_from_one_after_it(void)
{
	static const struct line lines[] = {
		{.command = "8042", .rc = RC_RESET},
		{.command = "8042", .response = "01 6101"},
		{.command = "00C0", .rc = RC_RESET},
	};
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	struct view data;
	struct wire wire;
	uint16_t sw;

	start(&wire, LINES(lines), false);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_RESET);
	CU_ASSERT_FALSE(wire.executed);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_RESET);
	CU_ASSERT_TRUE(wire.executed);
	wire_close(&wire);
}

static void a_forked_child_sends_nothing(void)
{
	static const struct line lines[] = {{.command = "8042", .response = "9000"}};
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	struct view data;
	struct wire wire;
	int status = 0;
	uint16_t sw;
	pid_t child;

	start(&wire, LINES(lines), false);
	child = fork();
	if (child == 0) {
		bool right = wire_exchange(&wire, &command, &data, &sw) == RC_FORKED && at == 0 &&
			     transport_reset(wire.transport) == RC_FORKED;

		wire_close(&wire);
		_exit(right ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	wire_close(&wire);
}

static void the_trace_holds_every_apdu(void)
{
	static const struct line lines[] = {
		{.command = "8042000000", .response = "0102 6101"},
		{.command = "00C0000001", .response = "03 9000"},
	};
	static const char want[] = "# connection: script\n> 8042000000\n< 01026101\n"
				   "> 00C0000001\n< 039000\n";
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	char path[] = "trace-XXXXXX", text[256] = "";
	int fd = mkstemp(path);
	struct view data;
	struct stat st;
	struct wire wire;
	uint16_t sw;
	FILE *file;
	size_t n;

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	close(fd);
	unlink(path);
	setenv("INTAGLIO_TRACE", path, 1);
	start(&wire, LINES(lines), false);
	unsetenv("INTAGLIO_TRACE");
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	wire_close(&wire);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	file = fopen(path, "r");
	n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	if (file)
		fclose(file);
	unlink(path);
	CU_ASSERT_TRUE(view_equal(view_of(text, n), view_str(want)));
}

static void a_trace_through_a_symbolic_link_is_not_written(void)
{
	static const struct line lines[] = {{.command = "8042", .response = "9000"}};
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	char target[] = "target-XXXXXX", path[64];
	int fd = mkstemp(target);
	struct view data;
	struct stat st;
	struct wire wire;
	uint16_t sw;

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	snprintf(path, sizeof(path), "%s-link", target);
	CU_ASSERT_EQUAL(symlink(target, path), 0);
	setenv("INTAGLIO_TRACE", path, 1);
	start(&wire, LINES(lines), false);
	unsetenv("INTAGLIO_TRACE");
	CU_ASSERT_EQUAL(wire_exchange(&wire, &command, &data, &sw), RC_OK);
	wire_close(&wire);
	CU_ASSERT_EQUAL(fstat(fd, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 0);
	close(fd);
	unlink(path);
	unlink(target);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"long data is chained without extended length",
		 long_data_is_chained_without_extended_length},
		{"long data is one command with extended length",
		 long_data_is_one_command_with_extended_length},
		{"an error in a chain ends it", an_error_in_a_chain_ends_it},
		{"the rest of an answer is fetched", the_rest_of_an_answer_is_fetched},
		{"an answer without end is refused", an_answer_without_end_is_refused},
		{"a wrong Le is corrected once", a_wrong_le_is_corrected_once},
		{"answers shorter than a status word are malformed",
		 answers_shorter_than_a_status_word_are_malformed},
		{"a reset before the command is told from one after it",
		 a_reset_before_the_command_is_told_from_one_after_it},
		{"a forked child sends nothing", a_forked_child_sends_nothing},
		{"the trace holds every APDU", the_trace_holds_every_apdu},
		{"a trace through a symbolic link is not written",
		 a_trace_through_a_symbolic_link_is_not_written},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "wire", .pTests = tests}, CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/wire", suites);
}
