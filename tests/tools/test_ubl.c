/* SPDX-License-Identifier: BSD-2-Clause */
/* Invoices as an audit reads them, and what is none. */
#include "tools/ubl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "tests/suite.h"

enum { TEXT_MAX = 16384, RANDOM = 20000 };

#define AMOUNTS                                                                                 \
	"<cac:TaxTotal><cbc:TaxAmount>22.61</cbc:TaxAmount><cac:TaxSubtotal>"                   \
	"<cbc:TaxableAmount currencyID=\"EUR\">119.00</cbc:TaxableAmount>"                      \
	"<cbc:TaxAmount>22.61</cbc:TaxAmount><cac:TaxCategory><cbc:Percent>19.00</cbc:Percent>" \
	"</cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal><cac:LegalMonetaryTotal>"           \
	"<cbc:PayableAmount>141.61</cbc:PayableAmount></cac:LegalMonetaryTotal>"
#define HEAD     "<cbc:ID>7</cbc:ID><cbc:IssueDate>2026-11-21</cbc:IssueDate>"
#define CURRENCY "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"

static enum rc parse(const char *text, struct ubl *ret)
{
	return ubl_parse(view_str(text), ret);
}

static size_t read_example(char *ret)
{
	const char *source = getenv("INTAGLIO_SOURCE");
	char path[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/doc/examples/invoice.xml", source ? source : ".");
	file = fopen(path, "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	n = fread(ret, 1, TEXT_MAX, file);
	fclose(file);
	return n;
}

static void an_invoice_gives_number_date_and_amounts(void)
{
	char text[TEXT_MAX];
	struct ubl ubl;

	CU_ASSERT_EQUAL(ubl_parse(view_of(text, read_example(text)), &ubl), RC_OK);
	CU_ASSERT_STRING_EQUAL(ubl.id, "2026-000147");
	CU_ASSERT_STRING_EQUAL(ubl.date, "2026-11-21");
	CU_ASSERT_STRING_EQUAL(ubl.currency, "EUR");
	CU_ASSERT_FALSE(ubl.is_credit);
	CU_ASSERT_EQUAL(ubl.payable, 14161);
	CU_ASSERT_EQUAL(ubl.rate_count, 1);
	CU_ASSERT_STRING_EQUAL(ubl.rates[0].percent, "19");
	CU_ASSERT_EQUAL(ubl.rates[0].taxable, 11900);
	CU_ASSERT_EQUAL(ubl.rates[0].tax, 2261);
}

static void an_invoice_cut_off_anywhere_is_none(void)
{
	char text[TEXT_MAX];
	size_t n = read_example(text), last = n;
	struct ubl ubl;

	while (last && text[last - 1] != '>')
		last--;
	for (size_t i = 0; i < last; i++)
		CU_ASSERT_EQUAL(ubl_parse(view_of(text, i), &ubl), RC_MALFORMED);
}

static void what_is_said_of_a_line_or_a_party_is_not_taken_for_the_invoice(void)
{
	struct ubl ubl;

	CU_ASSERT_EQUAL(
		parse("<Invoice><cac:Party><cbc:ID>other</cbc:ID></cac:Party>" HEAD CURRENCY AMOUNTS
		      "<cac:InvoiceLine><cbc:ID>1</cbc:ID><cac:TaxTotal>"
		      "<cbc:TaxAmount>1</cbc:TaxAmount></cac:TaxTotal></cac:InvoiceLine>"
		      "</Invoice>",
		      &ubl),
		RC_OK);
	CU_ASSERT_STRING_EQUAL(ubl.id, "7");
	CU_ASSERT_EQUAL(ubl.rate_count, 1);
}

static void a_credit_note_is_told(void)
{
	struct ubl ubl;

	CU_ASSERT_EQUAL(parse("<ubl:CreditNote>" HEAD CURRENCY AMOUNTS "</ubl:CreditNote>", &ubl),
			RC_OK);
	CU_ASSERT_TRUE(ubl.is_credit);
}

static void what_is_no_invoice_is_refused(void)
{
	static const char *const texts[] = {
		"",
		"plain text",
		"<Order>" HEAD CURRENCY AMOUNTS "</Order>",
		"<Invoice>" CURRENCY AMOUNTS "</Invoice>",
		"<Invoice>" HEAD AMOUNTS "</Invoice>",
		"<Invoice>" HEAD CURRENCY "</Invoice>",
		"<Invoice>" HEAD CURRENCY AMOUNTS,
		"<Invoice>" HEAD CURRENCY AMOUNTS "</Invoice></Invoice>",
		"<!DOCTYPE x [<!ENTITY a \"b\">]><Invoice>" HEAD CURRENCY AMOUNTS "</Invoice>",
		"<Invoice>" HEAD CURRENCY AMOUNTS "<![CDATA[x]]></Invoice>",
		"<Invoice>" HEAD CURRENCY AMOUNTS "<!-- </Invoice>",
		"<Invoice>" HEAD CURRENCY AMOUNTS "<></Invoice>",
		"<Invoice>" HEAD CURRENCY AMOUNTS "< /></Invoice>",
		"<Invoice>" HEAD CURRENCY
		"<cac:LegalMonetaryTotal><cbc:PayableAmount>1,5</cbc:PayableAmount>"
		"</cac:LegalMonetaryTotal></Invoice>",
		"<Invoice>" HEAD CURRENCY "<cac:TaxTotal><cac:TaxSubtotal></cac:TaxSubtotal>"
		"</cac:TaxTotal>" AMOUNTS "</Invoice>",
	};
	struct ubl ubl;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CU_ASSERT_EQUAL(parse(texts[i], &ubl), RC_MALFORMED);
}

static void depth_and_rates_have_an_end(void)
{
	char text[TEXT_MAX] = "<Invoice>" HEAD CURRENCY;
	struct ubl ubl;

	for (int i = 0; i < UBL_RATES + 1; i++)
		strncat(text,
			"<TaxTotal><TaxSubtotal><TaxableAmount>1</TaxableAmount><TaxAmount>1"
			"</TaxAmount></TaxSubtotal></TaxTotal>",
			sizeof(text) - strlen(text) - 1);
	strncat(text, AMOUNTS "</Invoice>", sizeof(text) - strlen(text) - 1);
	CU_ASSERT_EQUAL(parse(text, &ubl), RC_MALFORMED);
	text[0] = '\0';
	for (int i = 0; i < 200; i++)
		strncat(text, i ? "<a>" : "<Invoice>", sizeof(text) - strlen(text) - 1);
	CU_ASSERT_EQUAL(parse(text, &ubl), RC_MALFORMED);
}

static void numbers_are_whole_or_said_to_be_odd(void)
{
	char text[TEXT_MAX], name[2000];
	struct ubl ubl;

	for (size_t n = UBL_ID - 1; n <= UBL_ID; n++) {
		memset(name, 'x', n);
		name[n] = '\0';
		snprintf(text, sizeof(text),
			 "<Invoice><%s></%s><cbc:ID>%s</cbc:ID>" CURRENCY AMOUNTS "</Invoice>",
			 name, name, name);
		CU_ASSERT_EQUAL(parse(text, &ubl), RC_OK);
		CU_ASSERT_EQUAL(strlen(ubl.id), UBL_ID - 1);
		CU_ASSERT_EQUAL(ubl.is_id_odd, n == UBL_ID);
	}
}

static void references_in_a_number_are_followed(void)
{
	static const struct {
		const char *text, *id;
		bool is_odd;
	} rows[] = {
		{"A&amp;B&lt;&gt;&quot;&apos;", "A&B<>\"'", false},
		{"&#65;&#x42;&#xe9;&#x20AC;&#x1F4Ba;", "AB\xC3\xA9\xE2\x82\xAC\xF0\x9F\x92\xBA",
		 false},
		{"&amp;lt;", "&lt;", false},
		{"A&", "A", true},
		{"&other;", "", true},
		{"A&amp", "A", true},
		{"A&other;B", "A", true},
		{"A&#0;B", "A", true},
		{"A&#27;B", "A", true},
		{"A&#x;B", "A", true},
		{"A&#xD800;B", "A", true},
		{"A&#x110000;B", "A", true},
		{"A&#99999999999999999999;B", "A", true},
	};
	char text[TEXT_MAX];
	struct ubl ubl;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			 "<Invoice><cbc:ID>%s</cbc:ID>" CURRENCY AMOUNTS "</Invoice>",
			 rows[i].text);
		CU_ASSERT_EQUAL(parse(text, &ubl), RC_OK);
		CU_ASSERT_STRING_EQUAL(ubl.id, rows[i].id);
		CU_ASSERT_EQUAL(ubl.is_id_odd, rows[i].is_odd);
	}
}

static void amounts_are_exact_or_none(void)
{
	static const struct {
		const char *text;
		int64_t hundredths;
	} good[] = {
		{"0", 0},       {"1", 100},       {"1.5", 150},
		{"1.05", 105},  {"-12.5", -1250}, {" 7.00 \n", 700},
		{"1.500", 150}, {".5", 50},       {"99999999999.99", 9999999999999},
	};
	static const char *const bad[] = {
		"",    "-",   ".",  "1.005", "1,5", "1.2.3",
		"1e3", "0x1", "+1", "1 2",   "--1", "999999999999999999",
	};
	int64_t amount;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		amount = -1;
		CU_ASSERT_EQUAL(ubl_amount(view_str(good[i].text), &amount), RC_OK);
		CU_ASSERT_EQUAL(amount, good[i].hundredths);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(ubl_amount(view_str(bad[i]), &amount), RC_MALFORMED);
}

/* What it says does not matter, only that it ends and stays within bounds. */
static void altered_bytes_are_read_without_harm(void)
{
	char text[TEXT_MAX], bad[TEXT_MAX];
	size_t n = read_example(text);
	unsigned int random[3];
	struct ubl ubl;

	for (int i = 0; i < RANDOM; i++) {
		memcpy(bad, text, n);
		CU_ASSERT_EQUAL_FATAL(crypto_random(random, sizeof(random)), RC_OK);
		bad[random[0] % n] = (char)random[1];
		bad[random[1] % n] = "<>/:\0 !?-"[random[2] % 9];
		if (ubl_parse(view_of(bad, n - random[2] % 8), &ubl) == RC_OK)
			CU_ASSERT_TRUE(strlen(ubl.id) < UBL_ID);
	}
}

static void what_says_it_is_an_invoice_is_told(void)
{
	static const struct {
		const char *text;
		bool claims;
	} rows[] = {
		{"<Invoice>", true},
		{"<?xml version='1.0'?>\n<ubl:Invoice xmlns='x'>", true},
		{"<!DOCTYPE x [<!ENTITY a \"b\">]><!-- x --><CreditNote/>", true},
		{"<Order><Invoice>", false},
		{"<Invoices>", false},
		{"</Invoice>", false},
		{"Invoice", false},
		{"<!-- -->", false},
		{"<", false},
		{"<!", false},
		{"", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(ubl_claims(view_str(rows[i].text)), rows[i].claims);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"an_invoice_gives_number_date_and_amounts",
		 an_invoice_gives_number_date_and_amounts},
		{"an_invoice_cut_off_anywhere_is_none", an_invoice_cut_off_anywhere_is_none},
		{"what_is_said_of_a_line_or_a_party_is_not_taken_for_the_invoice",
		 what_is_said_of_a_line_or_a_party_is_not_taken_for_the_invoice},
		{"a_credit_note_is_told", a_credit_note_is_told},
		{"what_is_no_invoice_is_refused", what_is_no_invoice_is_refused},
		{"depth_and_rates_have_an_end", depth_and_rates_have_an_end},
		{"numbers_are_whole_or_said_to_be_odd", numbers_are_whole_or_said_to_be_odd},
		{"references_in_a_number_are_followed", references_in_a_number_are_followed},
		{"amounts_are_exact_or_none", amounts_are_exact_or_none},
		{"altered_bytes_are_read_without_harm", altered_bytes_are_read_without_harm},
		{"what_says_it_is_an_invoice_is_told", what_says_it_is_an_invoice_is_told},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "ubl", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("ubl", suites);
}
