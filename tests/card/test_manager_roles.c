/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is served what by a security domain, and on a locked card, and by a principal application: every
 * command for every set of roles and without a session. The tables are written by hand from
 * doc/manager.md and doc/principal.md and held against them; the card's own rows are only counted, so
 * that a command which is not here fails the test.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/domain.h"
#include "card/principal.h"
#include "tests/base/hex.h"
#include "tests/card/installer.h"
#include "tests/card/manage.h"

struct row {
	const char *doc, *who, *locked_doc;
	uint32_t header;
	const char *data;
	uint16_t sw, locked; /* to whom it is served */
};

static const struct row matrix[] = {
	{"80 50 vv 00", "anybody", "served", 0x80500000, "1122334455667788", 0x6A88, 0x6A88},
	{"84 82 ll 00", "anybody", "served", 0x80820100, "00", 0x6985, 0x6985},
	{"80 CA tt tt", "anybody", "served", 0x80CA0066, "", 0x9000, 0x9000},
	{"80 CA tt tt", "anybody", "served", 0x80CB0066, "", 0x9000, 0x9000},
	{"80 CA tt tt", "anybody", "served", 0x00CA0066, "", 0x9000, 0x9000},
	{"80 CA tt tt", "anybody", "served", 0x00CB0066, "", 0x9000, 0x9000},
	{"80 F2 p1 p2", "issuer", "served", 0x80F28002, "4F00", 0x9000, 0x9000},
	{"80 E2 pp nn", "issuer", "6985", 0x80E29000, "4201AA", 0x9000, 0x6985},
	{"80 D8 vv ii", "issuer", "6985", 0x80D80081, "", 0x6A80, 0x6985},
	{"80 E6 pp 00", "issuer", "6985", 0x80E60200, "06" PACKAGE "00000000", 0x9000, 0x6985},
	{"80 E8 pp nn", "issuer", "6985", 0x80E80000, "C4", 0x9000, 0x6985},
	{"80 E4 00 pp", "issuer", "6985", 0x80E40000, "4F06" PACKAGE, 0x6A88, 0x6985},
	{"80 F0 p1 ss", "issuer", "served", 0x80F080FF, "", 0x9000, 0x9000},
};

enum { MATRIX = sizeof(matrix) / sizeof(matrix[0]) };

static bool is_bare_row(const struct row *row)
{
	return strcmp(row->who, "anybody") == 0;
}

static bool is_set_up(const struct row *row)
{
	return is_bare_row(row) && (row->header >> 16 & 0xFF) < 0xC0;
}

/* Bare, STORE DATA is what personalises a card, once. */
static bool is_personalisation(const struct row *row)
{
	return row->header >> 16 == 0x80E2;
}

static void try_session(unsigned int roles, bool locked)
{
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), locked ? 0x6283 : 0x9000);
	for (size_t i = 0; i < MATRIX; i++) {
		const struct row *row = &matrix[i];
		bool served = is_bare_row(row) || (roles & ROLE_ISSUER);
		uint16_t wanted = locked ? row->locked : row->sw, sw;

		/* Those of a set-up have no place in a session. */
		if (is_set_up(row))
			wanted = 0x6985;
		sw = manage_send(row->header, row->data);
		if (sw != (served ? wanted : 0x6982))
			printf("%08X, roles %X: %04X\n", (unsigned int)row->header, roles, sw);
		CU_ASSERT_EQUAL(sw, served ? wanted : 0x6982);
	}
}

static void lock(void)
{
	CU_ASSERT_EQUAL_FATAL(manage_send(0x80F08007, ""), 0x9000);
	CU_ASSERT_EQUAL_FATAL(manage_send(0x80F0800F, ""), 0x9000);
	CU_ASSERT_EQUAL_FATAL(manage_send(0x80F0807F, ""), 0x9000);
	peer_reopen(&manage_peer, NULL);
}

static void every_command_is_served_to_whom_the_document_says(void)
{
	for (unsigned int roles = 1; roles <= ROLE_ALL; roles++)
		for (int locked = 0; locked < 2; locked++) {
			manage_start();
			if (locked)
				lock();
			steps_open_with_roles(&manage_peer, roles);
			try_session(roles, locked);
			manage_stop();
		}
}

static void try_bare(bool locked)
{
	CU_ASSERT_EQUAL(manage_bare("00A4040000"), locked ? 0x6283 : 0x9000);
	for (size_t i = 0; i < MATRIX; i++) {
		const struct row *row = &matrix[i];
		struct view data = hex(row->data);
		uint16_t wanted = locked ? row->locked : row->sw;

		CU_ASSERT_EQUAL(peer_send(&manage_peer, (uint8_t)(row->header >> 24),
					  (uint8_t)(row->header >> 16), (uint8_t)(row->header >> 8),
					  (uint8_t)row->header, data, 256, NULL),
				is_bare_row(row)          ? wanted
				: is_personalisation(row) ? 0x6985
							  : 0x6982);
	}
}

static void without_a_session_only_public_commands_are_served(void)
{
	manage_start();
	peer_reopen(&manage_peer, NULL);
	try_bare(false);
	manage_open();
	lock();
	try_bare(true);
	manage_stop();
}

static void a_terminated_card_serves_get_data_alone(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x80F080FF, ""), 0x9000);
	for (size_t i = 0; i < MATRIX; i++) {
		bool read = (matrix[i].header >> 16 & 0xFE) == 0xCA;

		CU_ASSERT_EQUAL(peer_send(&manage_peer, (uint8_t)(matrix[i].header >> 24),
					  (uint8_t)(matrix[i].header >> 16),
					  (uint8_t)(matrix[i].header >> 8),
					  (uint8_t)matrix[i].header, hex(matrix[i].data), 256,
					  NULL),
				read ? 0x9000 : 0x6A81);
	}
	manage_stop();
}

static void every_row_of_a_domain_is_in_the_matrix(void)
{
	for (const struct command_row *row = domain_commands; row->handler; row++) {
		const uint32_t wanted = (uint32_t)row->cla << 8 | row->ins;
		bool bare = row->state == STATE_SETUP, found = false;

		for (size_t i = 0; i < MATRIX; i++)
			if (matrix[i].header >> 16 == wanted && (!bare || is_bare_row(&matrix[i])))
				found = true;
		if (!found)
			printf("%02X %02X %s is not in the matrix\n", row->cla, row->ins,
			       row->name);
		CU_ASSERT(found);
		CU_ASSERT(row->alone || bare || row->ins == 0xF2 || (row->ins & 0xFE) == 0xCA);
		CU_ASSERT_EQUAL(row->state, bare ? STATE_SETUP : STATE_SESSION);
	}
}

/* The next cell of a row of the document, cut in place; NULL at its end. */
static char *cell(char **line)
{
	char *start = *line, *end = strstr(start, " | ");

	if (!end)
		return NULL;
	*end = '\0';
	*line = end + 3;
	return start;
}

static void the_matrix_is_that_of_the_document(void)
{
	const char *source = getenv("INTAGLIO_SOURCE");
	bool seen[MATRIX] = {false};
	unsigned int lines = 0;
	char text[2000];
	FILE *file;

	snprintf(text, sizeof(text), "%s/doc/manager.md", source ? source : "..");
	file = fopen(text, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(text, sizeof(text), file)) {
		char *line = text, *command, *who, *locked, *end;
		bool found = false;

		if (strncmp(text, "| `8", 4) != 0 || !(command = cell(&line)) ||
		    !(who = cell(&line)) || !(locked = cell(&line)))
			continue;
		command += 3;
		end = strchr(command, '`');
		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		*end = '\0';
		lines++;
		for (size_t i = 0; i < MATRIX; i++)
			if (strcmp(matrix[i].doc, command) == 0 &&
			    strcmp(matrix[i].who, who) == 0 &&
			    strcmp(matrix[i].locked_doc, locked) == 0)
				found = seen[i] = true;
		if (!found)
			printf("%s, %s, %s: not in the matrix\n", command, who, locked);
		CU_ASSERT(found);
	}
	fclose(file);
	for (size_t i = 0; i < MATRIX; i++)
		CU_ASSERT(seen[i]);
	CU_ASSERT_EQUAL(lines, 10);
}

enum { I = ROLE_ISSUER, U = ROLE_USER, A = ROLE_AUDITOR };

/* In this order; what a card without keys, files and targets says to those who are served. */
static const struct principal_row {
	const char *doc;
	uint32_t header;
	const char *data;
	unsigned int roles; /* one of them is enough */
	uint16_t sw;
} principal_matrix[] = {
	{"80 D8 00 nn", 0x80D80009, "", I, 0x9000},
	{"80 E0 00 00", 0x80E00000, "00", I, 0x6700},
	{"80 E0 01 00", 0x80E00100, "00", I, 0x6985},
	{"80 E0 02 00", 0x80E00200, "", I, 0x6985},
	{"80 E0 03 00", 0x80E00300, "0007", I, 0x6A88},
	{"80 DA nnnn", 0x80DA0009, "", I, 0x9000},
	{"80 DC nnnn", 0x80DC0009, "0000000100000001", I, 0x6A88},
	{"80 F0 00 00", 0x80F00000, "00000001", I, 0x9000},
	{"80 F2 P1 00", 0x80F20000, "", ROLE_ALL, 0x9000},
	{"80 F2 P1 00", 0x80F20100, "", I, 0x9000},
	{"80 F2 P1 00", 0x80F20200, "", I, 0x9000},
	{"80 F2 P1 00", 0x80F20300, "", I, 0x9000},
	{"80 F2 P1 00", 0x80F20400, "00000000", I | A, 0x9000},
	{"00 84 00 00 08", 0x00840000, "", U | I, 0x9000},
	{"80 80 50 00", 0x80805000, "1122334455667788", U | I, 0x6985},
	{"80 80 00 Bx", 0x808000B1, "", U | I, 0x6985},
	{"80 80 10 xx", 0x80801001, "", U | I, 0x6985},
	{"80 80 00 2y", 0x80800021, "", U | I, 0x6985},
	{"80 80 20 yy", 0x80802001, "", U | I, 0x6985},
	{"80 80 00 3z", 0x80800031, "", U | I, 0x6985},
	{"80 80 30 zz", 0x80803001, "", U | I, 0x6985},
	{"00 88 00 00", 0x00880000, "", U | I, 0x6985},
	{"80 80 40 mm", 0x80804001, "", U | I, 0x6985},
	{"80 80 11 xx", 0x80801101, "", U | I, 0x6985},
	{"80 80 60 mm", 0x80806001, "9000", U | I, 0x6985},
	{"80 80 70 00", 0x80807000, "", U | I, 0x6A88},
	{"80 80 71 00", 0x80807100, "0000000011223344", U | I, 0x9000},
};

enum { PRINCIPAL_MATRIX = sizeof(principal_matrix) / sizeof(principal_matrix[0]) };

static void try_principal(unsigned int roles)
{
	for (size_t i = 0; i < PRINCIPAL_MATRIX; i++) {
		const struct principal_row *row = &principal_matrix[i];
		uint16_t sw = manage_send(row->header, row->data);
		uint16_t wanted = row->roles & roles ? row->sw : 0x6982;

		if (sw != wanted)
			printf("%08X, roles %X: %04X, not %04X\n", (unsigned int)row->header, roles,
			       sw, wanted);
		CU_ASSERT_EQUAL(sw, wanted);
	}
}

/* Those of the set-up are known to the channel before the principal sees them. */
static void try_principal_bare(void)
{
	for (size_t i = 0; i < PRINCIPAL_MATRIX; i++) {
		const struct principal_row *row = &principal_matrix[i];
		bool is_set_up = row->header >> 24 == 0;
		struct view data = hex(row->data);

		CU_ASSERT_EQUAL(peer_send(&manage_peer, (uint8_t)(row->header >> 24),
					  (uint8_t)(row->header >> 16), (uint8_t)(row->header >> 8),
					  (uint8_t)row->header, data, 256, NULL),
				is_set_up ? 0x6985 : 0x6982);
	}
}

static void every_command_of_a_principal_is_served_to_whom_the_document_says(void)
{
	manage_start();
	installer_make_principal(&manage_peer);
	for (unsigned int roles = 1; roles <= ROLE_ALL; roles++) {
		installer_login(&manage_peer, roles);
		try_principal(roles);
	}
	/* Bare, with it selected; and there is none on another application. */
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("00A404000A" INSTALLER_PRINCIPAL "00"), 0x9000);
	try_principal_bare();
	steps_open_with_roles(&manage_peer, ROLE_ALL);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, TOKEN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80805000, ""), 0x6D00);
	manage_stop();
}

static void every_row_of_a_principal_is_in_the_matrix(void)
{
	const char *source = getenv("INTAGLIO_SOURCE");
	bool seen[PRINCIPAL_MATRIX] = {false};
	char text[2000];
	FILE *file;

	for (const struct command_row *row = principal_commands; row->handler; row++) {
		bool found = false;

		for (size_t i = 0; i < PRINCIPAL_MATRIX; i++)
			if (principal_matrix[i].header >> 16 ==
			    ((uint32_t)row->cla << 8 | row->ins))
				found = true;
		CU_ASSERT(found);
		CU_ASSERT_EQUAL(row->state, STATE_SESSION);
	}
	snprintf(text, sizeof(text), "%s/doc/principal.md", source ? source : "..");
	file = fopen(text, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(text, sizeof(text), file)) {
		char *command = text + 3, *end = strchr(command, '`');
		bool is_row = strncmp(text, "| `8", 4) == 0 || strncmp(text, "| `0", 4) == 0;
		bool found = !is_row && strncmp(text, "`80 F2", 6) != 0;

		if (!found && !is_row) {
			command = text + 1;
			end = strchr(command, '`');
		}
		if (found || !end)
			continue;
		*end = '\0';
		for (size_t i = 0; i < PRINCIPAL_MATRIX; i++)
			if (strcmp(principal_matrix[i].doc, command) == 0)
				found = seen[i] = true;
		if (!found)
			printf("%s: not in the matrix\n", command);
		CU_ASSERT(found);
	}
	fclose(file);
	for (size_t i = 0; i < PRINCIPAL_MATRIX; i++)
		CU_ASSERT(seen[i]);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every row of a domain is in the matrix", every_row_of_a_domain_is_in_the_matrix},
		{"the matrix is that of the document", the_matrix_is_that_of_the_document},
		{"every command is served to whom the document says",
		 every_command_is_served_to_whom_the_document_says},
		{"without a session only public commands are served",
		 without_a_session_only_public_commands_are_served},
		{"a terminated card serves GET DATA alone",
		 a_terminated_card_serves_get_data_alone},
		{"every row of a principal is in the matrix",
		 every_row_of_a_principal_is_in_the_matrix},
		{"every command of a principal is served to whom the document says",
		 every_command_of_a_principal_is_served_to_whom_the_document_says},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager roles", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager roles", suites);
}
