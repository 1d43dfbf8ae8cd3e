/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the card's tables of SCP10 (scp10_rows, and what a suite asks of MANAGE SECURITY
 * ENVIRONMENT) as Promela. model/rows.pml is this output, which model/state.pml runs on;
 * tests/model.sh compares, so that neither can be changed without the other. Owns no memory.
 */
#include <stdio.h>

#include "card/scp10.h"

static const uint8_t ids[] = {0x01, 0x02, 0x42};

static const struct {
	unsigned int flag;
	const char *name;
} flags[] = {
	{FLAG_ENVIRONMENT, "FLAG_ENVIRONMENT"},
	{FLAG_HOST, "FLAG_HOST"},
	{FLAG_KEYS, "FLAG_KEYS"},
	{FLAG_CHALLENGE, "FLAG_CHALLENGE"},
	{FLAG_EXTERNAL, "FLAG_EXTERNAL"},
	{FLAG_SESSION, "FLAG_SESSION"},
};

static bool is_agreement(const struct suite *s)
{
	return s->family == FAMILY_AGREEMENT;
}

static bool is_mutual_only(const struct suite *s)
{
	return s->mutual_only;
}

static bool is_certificate_only(const struct suite *s)
{
	return s->certificate_only;
}

static bool takes_values_only(const struct suite *s)
{
	return s->sha1; /* P2 AE is judged by it */
}

/* "IS_...(s)": true of the suites that have the property. */
static void put_suites(const char *name, bool (*has)(const struct suite *s))
{
	const char * or = "";

	printf("#define %s(s) (", name);
	for (size_t i = 0; i < sizeof(ids); i++) {
		if (!has(suite_find(ids[i])))
			continue;
		printf("%s(s) == %u", or, ids[i]);
		or = " || ";
	}
	printf("%s)\n", * or ? "" : "false");
}

static void put_flags(const char *name, unsigned int value)
{
	const char * or = "";

	printf("%s = ", name);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!(value & flags[i].flag))
			continue;
		printf("%s%s", or, flags[i].name);
		or = " | ";
	}
	printf("%s; ", * or ? "" : "0");
}

static void put_row(const struct scp10_row *row)
{
	printf("\t/* %s */\n\t:: ins == %u", row->name, row->ins);
	if (row->p1 >= 0)
		printf(" && a == %d", row->p1);
	if (row->p2 >= 0)
		printf(" && b == %d", row->p2);
	if (row->family >= 0)
		printf(" && (suite == 0 || %sIS_AGREEMENT(suite))",
		       row->family == FAMILY_AGREEMENT ? "" : "!");
	printf(" ->\n\t\t");
	put_flags("needs", row->needs);
	put_flags("bars", row->unless);
	put_flags("keeps", row->keeps);
	put_flags("sets", row->sets);
	printf("step = %d\n", row->error);
}

int main(void)
{
	printf("/* SPDX-License-Identifier: BSD-2-Clause */\n"
	       "/*\n"
	       " * The card's tables, card/scp10.c and card/suite.c, as printed by\n"
	       " * tests/card/model_rows.c. In d_step the first row that fits is taken, as there.\n"
	       " */\n\n");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		printf("#define %s %u\n", flags[i].name, flags[i].flag);
	printf("\n");
	put_suites("IS_AGREEMENT", is_agreement);
	put_suites("IS_MUTUAL_ONLY", is_mutual_only);
	put_suites("IS_CERTIFICATE_ONLY", is_certificate_only);
	put_suites("TAKES_VALUES_ONLY", takes_values_only);
	printf("\ninline find_row(ins, a, b)\n{\n\tif\n");
	for (const struct scp10_row *row = scp10_rows; row->name; row++)
		put_row(row);
	printf("\t:: else -> step = 0\n\tfi\n}\n");
	return 0;
}
