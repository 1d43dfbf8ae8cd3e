/* SPDX-License-Identifier: BSD-2-Clause */
/* What an authority's commands are told: numbers, dates, suites, roles, and the passphrase. */
#include "tools/authority.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"

enum exit_code authority_outcome(enum rc rc)
{
	if (rc == RC_OK)
		return EXIT_DONE;
	if (!*log_last())
		fprintf(stderr, "intaglio: this failed: %s\n", rc_name(rc));
	if (rc == RC_ARGUMENT)
		return EXIT_USAGE;
	return rc == RC_IO || rc == RC_NOT_FOUND || rc == RC_MEMORY || rc == RC_CRYPTO
		       ? EXIT_FILE
		       : EXIT_REFUSED;
}

bool authority_parse_number(const char *text, unsigned long least, unsigned long most,
			    unsigned int *ret)
{
	unsigned long number;
	char *end;

	if (!text)
		return true;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || end == text || *end || number < least || number > most) {
		fprintf(stderr, "intaglio: %s is not a number from %lu to %lu\n", text, least,
			most);
		return false;
	}
	*ret = (unsigned int)number;
	return true;
}

/* YYYY-MM-DD; *ret stays if there is no text. */
bool authority_parse_date(const char *text, uint32_t *ret)
{
	unsigned int year, month, day;
	int used = 0;

	if (!text)
		return true;
	if (sscanf(text, "20%2u-%2u-%2u%n", &year, &month, &day, &used) == 3 && used == 10 &&
	    !text[used] && cvc_date_is_real(year * 10000 + month * 100 + day)) {
		*ret = year * 10000 + month * 100 + day;
		return true;
	}
	fprintf(stderr, "intaglio: %s is not a day of the years 2000 to 2099, like 2026-11-21\n",
		text);
	return false;
}

/* The suite is written as it is read: 42, 02, 01. */
bool authority_parse_suite(const char *text, uint8_t *ret)
{
	static const struct {
		const char *text;
		uint8_t suite;
	} suites[] = {{"42", 0x42}, {"02", 0x02}, {"01", 0x01}};

	if (!text)
		return true;
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(text, suites[i].text) == 0) {
			*ret = suites[i].suite;
			return true;
		}
	}
	fprintf(stderr, "intaglio: there is no suite %s, but 42, 02 and 01\n", text);
	return false;
}

bool authority_parse_roles(const char *text, unsigned int *ret)
{
	if (!text || authority_roles_parse(text, ret))
		return true;
	fprintf(stderr,
		"intaglio: roles are user, issuer, updater, auditor, separated by commas\n");
	return false;
}

/* Passphrases. */

static bool passphrase_from_file(const char *path, struct buf *ret)
{
	struct buf text;
	size_t len = 0;

	if (!file_read(path, PASSPHRASE_MAX + 2, &text))
		return false;
	while (len < text.len && text.data[len] != '\n' && text.data[len] != '\r')
		len++;
	buf_put(ret, text.data, len);
	buf_free(&text);
	return true;
}

bool authority_passphrase(const char *file, struct buf *ret)
{
	const char *given = getenv("INTAGLIO_PASSPHRASE");
	char line[PASSPHRASE_MAX];
	bool got;

	if (file)
		return passphrase_from_file(file, ret);
	if (given) {
		buf_str(ret, given);
		return true;
	}
	got = tool_ask("Passphrase of the authority's key: ", line, sizeof(line));
	if (got)
		buf_str(ret, line);
	else
		fprintf(stderr, "intaglio: no terminal to ask for the passphrase; give "
				"--passphrase-file or INTAGLIO_PASSPHRASE\n");
	secret_wipe(line, sizeof(line));
	return got;
}

static bool ask(void *arg, struct buf *ret)
{
	const char *const *file = arg;

	return authority_passphrase(*file, ret);
}

enum rc authority_open_for(const char *dir, const char *passphrase_file, struct authority **ret)
{
	struct pem_passphrase source = {.ask = ask, .arg = &passphrase_file};

	return authority_open(dir, &source, ret);
}
