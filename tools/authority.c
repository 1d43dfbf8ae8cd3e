/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio authority: certificates for hosts, cards and issuers, by base/authority. No card and no
 * module is needed. See intaglio-authority(1).
 */
#include "tools/authority.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/authority.h"
#include "base/log.h"
#include "base/secret.h"
#include "tools/tool.h"

enum { YEARS_AUTHORITY = 10, YEARS_HOLDER = 3, BITS_AUTHORITY = 3072, PUBLIC_MAX = 65536 };

/* The options of all these subcommands. */
struct wanted {
	bool json, encipher, host, card, issuer;
	const char *roles, *public, *output, *holder, *passphrase_file, *effective, *suite;
	const char *years, *bits;
	char **files; /* what is no option */
};

static const struct option options[] = {
	{"json", no_argument, NULL, 'j'},
	{"encipher", no_argument, NULL, 'E'},
	{"host", no_argument, NULL, 'H'},
	{"card", no_argument, NULL, 'C'},
	{"issuer", no_argument, NULL, 'I'},
	{"roles", required_argument, NULL, 'r'},
	{"public", required_argument, NULL, 'p'},
	{"output", required_argument, NULL, 'o'},
	{"holder", required_argument, NULL, 'n'},
	{"passphrase-file", required_argument, NULL, 'P'},
	{"effective", required_argument, NULL, 'e'},
	{"suite", required_argument, NULL, 's'},
	{"years", required_argument, NULL, 'y'},
	{"bits", required_argument, NULL, 'b'},
	{NULL, 0, NULL, 0},
};

static void keep(struct wanted *w, int option, const char *value)
{
	const struct {
		int option;
		bool *flag;
		const char **text;
	} rows[] = {
		{'j', &w->json, NULL},   {'E', &w->encipher, NULL},
		{'H', &w->host, NULL},   {'C', &w->card, NULL},
		{'I', &w->issuer, NULL}, {'r', NULL, &w->roles},
		{'p', NULL, &w->public}, {'o', NULL, &w->output},
		{'n', NULL, &w->holder}, {'e', NULL, &w->effective},
		{'s', NULL, &w->suite},  {'y', NULL, &w->years},
		{'b', NULL, &w->bits},   {'P', NULL, &w->passphrase_file},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].option != option)
			continue;
		if (rows[i].flag)
			*rows[i].flag = true;
		else
			*rows[i].text = value;
	}
}

/* Only the options whose letters are allowed, and so many files. */
static bool parse(struct wanted *w, int argc, char **argv, const char *allowed, int files)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return false;
		if (!strchr(allowed, option)) {
			fprintf(stderr, "intaglio: authority %s has no such option\n", argv[0]);
			return false;
		}
		keep(w, option, optarg);
	}
	w->files = argv + optind;
	return argc - optind == files;
}

/* create */

static bool choose_passphrase(struct wanted *w, struct buf *ret)
{
	struct buf again;
	uint8_t array[PASSPHRASE_MAX];
	bool same = true;

	if (!w->encipher && !w->passphrase_file)
		return true;
	if (!authority_passphrase(w->passphrase_file, ret))
		return false;
	if (!w->passphrase_file && !getenv("INTAGLIO_PASSPHRASE")) {
		buf_fixed(&again, array, sizeof(array));
		same = authority_passphrase(w->passphrase_file, &again) && again.len == ret->len &&
		       secret_equal(again.data, ret->data, ret->len);
		buf_free(&again);
	}
	if (!same)
		fprintf(stderr, "intaglio: the two passphrases differ\n");
	else if (!ret->len)
		fprintf(stderr, "intaglio: an empty passphrase is none\n");
	return same && ret->len;
}

enum exit_code authority_create_command(struct tool *tool, int argc, char **argv)
{
	struct authority_options o = {
		.bits = BITS_AUTHORITY, .roles = ROLE_ALL, .years = YEARS_AUTHORITY};
	struct wanted w = {.json = false};
	uint8_t array[PASSPHRASE_MAX];
	struct buf passphrase;
	enum rc rc;

	(void)tool;
	if (!parse(&w, argc, argv, "EPIrnyeb", 1) || !authority_parse_roles(w.roles, &o.roles) ||
	    !authority_parse_number(w.years, 1, 99, &o.years) ||
	    !authority_parse_number(w.bits, AUTHORITY_BITS_MIN, AUTHORITY_BITS_MAX, &o.bits) ||
	    !authority_parse_date(w.effective, &o.effective))
		return EXIT_USAGE;
	buf_fixed(&passphrase, array, sizeof(array));
	if (!choose_passphrase(&w, &passphrase)) {
		buf_free(&passphrase);
		return EXIT_FILE;
	}
	o.holder = w.holder;
	o.issuer = w.issuer;
	o.passphrase = view_buf(&passphrase);
	rc = authority_create(w.files[0], &o);
	buf_free(&passphrase);
	if (rc == RC_OK && w.issuer)
		printf("have %s/authority.pub certified, and put what comes back into "
		       "%s/authority.cvc\n",
		       w.files[0], w.files[0]);
	return authority_outcome(rc);
}

/* issue */

static enum rsa_scheme scheme_of(const struct authority_request *r)
{
	return r->kind == AUTHORITY_ISSUER || r->suite == 0x42 ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1;
}

/* The key of a certificate, whoever signed it, for the suite that it serves there. */
static enum rc read_certified(struct view bytes, enum rsa_scheme *scheme, EVP_PKEY **ret)
{
	struct cvc c;
	enum rc rc = cvc_parse(&bytes, &c);

	if (rc == RC_OK && bytes.len)
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = cvc_key(&c, ret);
	if (rc == RC_OK)
		*scheme = c.scheme;
	return rc;
}

/* A 7F49 data object, a certificate, or SubjectPublicKeyInfo in PEM. */
static enum rc read_public(const char *path, struct authority_request *r)
{
	enum rsa_scheme scheme = scheme_of(r);
	struct buf bytes;
	enum rc rc = RC_IO;

	if (!file_read(path, PUBLIC_MAX, &bytes))
		return RC_NOT_FOUND;
	rc = cvc_public_key(view_buf(&bytes), &scheme, &r->key);
	if (rc == RC_MALFORMED)
		rc = read_certified(view_buf(&bytes), &scheme, &r->key);
	if (rc == RC_MALFORMED)
		rc = pem_public(view_buf(&bytes), &r->key);
	buf_free(&bytes);
	if (rc != RC_OK) {
		log_error("%s holds no RSA public key, neither 7F49 nor in PEM or a certificate",
			  path);
	} else if (scheme != scheme_of(r)) {
		log_error("the key in %s is for another signature algorithm than suite %02x", path,
			  r->suite);
		rc = RC_POLICY;
	}
	return rc;
}

/* Writes what a holder presents: an issuer's chain, then the certificate; says what it is. */
static enum exit_code deliver(const struct wanted *w, const struct authority *a,
			      struct view certificate)
{
	struct view rest = certificate;
	struct buf out;
	struct cvc c;
	bool good;

	buf_init(&out, AUTHORITY_CHAIN_MAX + CVC_MAX);
	buf_view(&out, authority_chain(a));
	buf_view(&out, certificate);
	good = buf_rc(&out) == RC_OK && file_write(w->output, view_buf(&out));
	buf_free(&out);
	if (!good) {
		fprintf(stderr, "intaglio: the certificate was issued; it is kept with the "
				"authority, in issued/\n");
		return EXIT_FILE;
	}
	if (cvc_parse(&rest, &c) == RC_OK) {
		if (w->json)
			tool_print_json(authority_json(&c));
		else
			authority_print(&c);
	}
	return EXIT_DONE;
}

static bool parse_request(const struct wanted *w, struct authority_request *r)
{
	if (w->host + w->card + w->issuer != 1 || !w->public || !w->output) {
		fprintf(stderr, "intaglio: give one of --host, --card and --issuer, and --public "
				"and --output\n");
		return false;
	}
	r->kind = w->host ? AUTHORITY_HOST : w->card ? AUTHORITY_CARD : AUTHORITY_ISSUER;
	if (w->card == (w->roles != NULL)) {
		fprintf(stderr, "intaglio: hosts and issuers have --roles, cards have none\n");
		return false;
	}
	if (w->issuer && w->suite) {
		fprintf(stderr, "intaglio: an issuer's key signs certificates and has no suite\n");
		return false;
	}
	if (!w->issuer)
		r->suite = 0x42;
	r->holder = w->holder;
	return authority_parse_roles(w->roles, &r->roles) &&
	       authority_parse_suite(w->suite, &r->suite) &&
	       authority_parse_number(w->years, 1, 99, &r->years) &&
	       authority_parse_date(w->effective, &r->effective);
}

enum exit_code authority_issue_command(struct tool *tool, int argc, char **argv)
{
	struct authority_request r = {.years = YEARS_HOLDER};
	struct wanted w = {.json = false};
	struct authority *a = NULL;
	enum exit_code code;
	struct buf made;
	enum rc rc;

	(void)tool;
	if (!parse(&w, argc, argv, "jHCIrponPesy", 1) || !parse_request(&w, &r))
		return EXIT_USAGE;
	buf_init(&made, CVC_MAX);
	rc = read_public(w.public, &r);
	if (rc == RC_OK)
		rc = authority_open_for(w.files[0], w.passphrase_file, &a);
	if (rc == RC_OK)
		rc = authority_issue(a, &r, &made);
	code = rc == RC_OK ? deliver(&w, a, view_buf(&made)) : authority_outcome(rc);
	authority_close(&a);
	EVP_PKEY_free(r.key);
	buf_free(&made);
	return code;
}

/* renew */

/* The last certificate of a file, which is the holder's own. */
static enum rc read_last(const char *path, struct buf *bytes, struct cvc *ret)
{
	struct view rest;
	enum rc rc = RC_MALFORMED;

	if (!file_read(path, AUTHORITY_CHAIN_MAX + CVC_MAX, bytes))
		return RC_NOT_FOUND;
	rest = view_buf(bytes);
	while (rest.len) {
		rc = cvc_parse(&rest, ret);
		if (rc != RC_OK)
			break;
	}
	if (rc != RC_OK)
		log_error("%s holds no card-verifiable certificate", path);
	return rc;
}

enum exit_code authority_renew_command(struct tool *tool, int argc, char **argv)
{
	struct wanted w = {.json = false};
	unsigned int years = YEARS_HOLDER;
	struct authority *a = NULL;
	struct buf old = {.data = NULL}, made;
	uint32_t effective = 0;
	enum exit_code code;
	struct cvc c;
	enum rc rc;

	(void)tool;
	if (!parse(&w, argc, argv, "joPey", 2) || !w.output ||
	    !authority_parse_number(w.years, 1, 99, &years) ||
	    !authority_parse_date(w.effective, &effective))
		return EXIT_USAGE;
	buf_init(&made, CVC_MAX);
	rc = read_last(w.files[1], &old, &c);
	if (rc == RC_OK)
		rc = authority_open_for(w.files[0], w.passphrase_file, &a);
	if (rc == RC_OK)
		rc = authority_renew(a, &c, effective, years, &made);
	code = rc == RC_OK ? deliver(&w, a, view_buf(&made)) : authority_outcome(rc);
	authority_close(&a);
	buf_free(&old);
	buf_free(&made);
	return code;
}

/* revoke and link */

enum exit_code authority_revoke_command(struct tool *tool, int argc, char **argv)
{
	char date[CVC_DATE_TEXT];
	struct wanted w = {.json = false};
	struct authority *a = NULL;
	uint32_t earliest = 0;
	enum exit_code code;
	enum rc rc;

	(void)tool;
	if (!parse(&w, argc, argv, "jPeo", 2) || !authority_parse_date(w.effective, &earliest))
		return EXIT_USAGE;
	rc = authority_open_for(w.files[0], w.passphrase_file, &a);
	if (rc == RC_OK)
		rc = authority_revoke(a, w.files[1], earliest, &earliest);
	code = authority_outcome(rc);
	if (rc == RC_OK && w.output && !file_write(w.output, authority_revocations(a)))
		code = EXIT_FILE;
	if (code == EXIT_DONE && w.json)
		tool_print_json(json_pack("{s:s,s:s}", "holder", w.files[1], "accepted_from",
					  cvc_date_text(earliest, date)));
	else if (code == EXIT_DONE)
		printf("%s: certificates effective before %s are revoked; cards learn it from "
		       "%s/revoked.list\n",
		       w.files[1], cvc_date_text(earliest, date), w.files[0]);
	authority_close(&a);
	return code;
}

/* Opening one directory twice would wait for itself. */
static bool is_same(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

enum exit_code authority_link_command(struct tool *tool, int argc, char **argv)
{
	struct authority *a = NULL, *next = NULL;
	struct wanted w = {.json = false};
	enum exit_code code;
	struct buf made;
	enum rc rc;

	(void)tool;
	if (!parse(&w, argc, argv, "Po", 2))
		return EXIT_USAGE;
	if (is_same(w.files[0], w.files[1])) {
		fprintf(stderr, "intaglio: a link leads from one authority to another\n");
		return EXIT_USAGE;
	}
	buf_init(&made, CVC_MAX);
	rc = authority_open_for(w.files[0], w.passphrase_file, &a);
	if (rc == RC_OK)
		rc = authority_open_for(w.files[1], w.passphrase_file, &next);
	if (rc == RC_OK)
		rc = authority_link(a, next, &made);
	code = authority_outcome(rc);
	if (rc == RC_OK && w.output && !file_write(w.output, view_buf(&made)))
		code = EXIT_FILE;
	if (code == EXIT_DONE)
		printf("cards of %s follow %s once they have %s/link.cvc\n", w.files[0], w.files[1],
		       w.files[1]);
	authority_close(&next);
	authority_close(&a);
	buf_free(&made);
	return code;
}
