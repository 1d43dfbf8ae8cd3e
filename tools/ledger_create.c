/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio ledger create: label, rules, who countersigns and who may decipher. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auditor_certificate.h"
#include "base/pem.h"
#include "tools/authority.h"
#include "tools/ledger.h"

/* The modulus of an RSA public key, PEM. */
bool ledger_read_escrow(const char *file, struct buf *ret)
{
	EVP_PKEY *key = NULL, *fits = NULL;
	struct buf text;
	bool good;

	if (!file_read(file, PEM_MAX, &text))
		return false;
	good = pem_public(view_buf(&text), &key) == RC_OK && rsa_exponent_is_f4(key) &&
	       rsa_put_modulus(key, ret) == RC_OK && buf_rc(ret) == RC_OK &&
	       ledger_escrow_key(view_buf(ret), &fits) == RC_OK;
	if (!good)
		fprintf(stderr,
			"intaglio: %s holds no RSA public key of 2048 to 4096 bits with exponent "
			"65537\n",
			file);
	EVP_PKEY_free(fits);
	EVP_PKEY_free(key);
	buf_free(&text);
	return good;
}

/* The rules that the command line names. */
struct rules {
	CK_ULONG capacity, record_max, append, read, prune;
};

static bool parse_number(const char *option, const char *text, CK_ULONG *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	if (!errno && *text >= '1' && *text <= '9' && !*end)
		return true;
	fprintf(stderr, "intaglio: --%s takes a number from 1 on\n", option);
	return false;
}

static bool parse_roles(const char *option, const char *text, CK_ULONG *ret)
{
	unsigned int roles = 0;

	if (strcmp(text, "none") != 0 && !authority_roles_parse(text, &roles)) {
		fprintf(stderr, "intaglio: --%s takes roles with commas in between, or none\n",
			option);
		return false;
	}
	*ret = roles;
	return true;
}

static bool put_rules(const struct tool *tool, struct rules *r, CK_ATTRIBUTE *template,
		      CK_ULONG *count)
{
	const struct {
		const char *option, *text;
		CK_ATTRIBUTE_TYPE type;
		CK_ULONG *value;
		bool (*parse)(const char *option, const char *text, CK_ULONG *ret);
	} rows[] = {
		{"capacity", tool->capacity, CKA_INTAGLIO_CAPACITY, &r->capacity, parse_number},
		{"record-size", tool->record_size, CKA_INTAGLIO_RECORD_MAX, &r->record_max,
		 parse_number},
		{"append-roles", tool->append_roles, CKA_INTAGLIO_APPEND_ROLES, &r->append,
		 parse_roles},
		{"read-roles", tool->read_roles, CKA_INTAGLIO_READ_ROLES, &r->read, parse_roles},
		{"prune-roles", tool->prune_roles, CKA_INTAGLIO_PRUNE_ROLES, &r->prune,
		 parse_roles},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].text)
			continue;
		if (!rows[i].parse(rows[i].option, rows[i].text, rows[i].value))
			return false;
		template[(*count)++] =
			(CK_ATTRIBUTE){rows[i].type, rows[i].value, sizeof(*rows[i].value)};
	}
	return true;
}

/* What a card that takes none of it can mean. */
static enum exit_code not_created(struct tool *tool, CK_RV rv)
{
	enum exit_code code = tool_failed(tool, "creating the ledger", rv);

	if (rv == CKR_TEMPLATE_INCONSISTENT)
		fprintf(stderr,
			"intaglio: a label is one line of 1 to 64 bytes, and no other ledger's; --auditor takes what intaglio "
			"audit certify wrote or audit key printed, --record-size 1 to 65536, --append-roles one role "
			"or more\n");
	return code;
}

static enum exit_code create(struct tool *tool, const char *label, CK_ATTRIBUTE *template,
			     CK_ULONG count)
{
	CK_OBJECT_HANDLE ledger;
	enum exit_code code;
	char key[256];
	CK_RV rv;

	code = tool_login(tool);
	if (code == EXIT_DONE)
		code = ledger_check_label(tool, label);
	if (code != EXIT_DONE)
		return code;
	rv = tool->p11->C_CreateObject(tool->session, template, count, &ledger);
	if (rv == CKR_OK)
		rv = ledger_text(tool, ledger, CKA_INTAGLIO_VERIFIER_KEY, key, sizeof(key));
	if (rv != CKR_OK)
		return not_created(tool, rv);
	if (tool->json)
		tool_print_json(
			json_pack("{s:o,s:s}", "ledger", tool_json_text(label), "key", key));
	else
		printf("Ledger %s is on the card. Whoever verifies it needs its key:\n%s\n", label,
		       key);
	return EXIT_DONE;
}

/* What audit key printed, kept in a file. */
static bool is_key_line(struct view text)
{
	struct note_key key;

	if (text.len && text.data[text.len - 1] == '\n')
		text.len--;
	return note_parse_cosigner(text, &key) == RC_OK;
}

/*
 * --auditor is the text of a key, or the file of a certificate, which has the escrow key besides. What
 * *ret borrows is in file.
 */
static enum exit_code take_auditor(struct tool *tool, struct buf *file,
				   struct auditor_certificate *ret)
{
	struct note_key key;

	buf_init(file, AUDITOR_CERTIFICATE_MAX);
	if (!tool->auditor)
		return EXIT_DONE;
	ret->auditor = view_str(tool->auditor);
	if (note_parse_cosigner(ret->auditor, &key) == RC_OK)
		return EXIT_DONE;
	if (strchr(tool->auditor, '+') && access(tool->auditor, F_OK) != 0) {
		fprintf(stderr,
			"intaglio: %s is not the text of a tlog-cosignature key, as intaglio "
			"audit key prints it\n",
			tool->auditor);
		return EXIT_USAGE;
	}
	if (!file_read(tool->auditor, AUDITOR_CERTIFICATE_MAX, file))
		return EXIT_FILE;
	if (auditor_certificate_parse(view_buf(file), ret) != RC_OK) {
		if (is_key_line(view_buf(file)))
			fprintf(stderr,
				"intaglio: %s is no certificate, but has the text of an auditor's "
				"key: give that text to --auditor, not the file\n",
				tool->auditor);
		else
			fprintf(stderr,
				"intaglio: %s is no auditor's certificate; intaglio audit certify "
				"makes one\n",
				tool->auditor);
		buf_free(file);
		return EXIT_FILE;
	}
	if (tool->escrow_key) {
		fprintf(stderr,
			"intaglio: with an auditor's certificate the escrow key is the one in it, "
			"if any; leave --escrow-key out\n");
		buf_free(file);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static void put_auditor(const struct auditor_certificate *c, CK_ATTRIBUTE *template,
			CK_ULONG *count)
{
	const struct {
		CK_ATTRIBUTE_TYPE type;
		struct view value;
	} rows[] = {
		{CKA_INTAGLIO_AUDITOR, c->auditor},
		{CKA_INTAGLIO_ESCROW, c->escrow},
		{CKA_INTAGLIO_AUDITOR_PROOF, c->proof},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].value.len)
			template[(*count)++] = (CK_ATTRIBUTE){
				rows[i].type, (void *)rows[i].value.data, rows[i].value.len};
	}
}

enum exit_code ledger_create(struct tool *tool, int argc, char **argv)
{
	uint8_t modulus_array[512];
	CK_ULONG count = 4;
	struct buf modulus;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_BBOOL yes = CK_TRUE;
	struct auditor_certificate auditor = {.escrow = {NULL, 0}};
	struct rules rules;
	struct buf file;
	enum exit_code code;

	if (argc != 1)
		return EXIT_USAGE;
	CK_ATTRIBUTE template[12] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, argv[0], strlen(argv[0])},
	};
	buf_fixed(&modulus, modulus_array, sizeof(modulus_array));
	code = take_auditor(tool, &file, &auditor);
	if (code != EXIT_DONE)
		return code;
	if (tool->escrow_key) {
		if (!ledger_read_escrow(tool->escrow_key, &modulus))
			code = EXIT_FILE;
		auditor.escrow = view_buf(&modulus);
	}
	put_auditor(&auditor, template, &count);
	if (code == EXIT_DONE && !put_rules(tool, &rules, template, &count))
		code = EXIT_USAGE;
	if (code == EXIT_DONE)
		code = create(tool, argv[0], template, count);
	buf_free(&file);
	return code;
}
