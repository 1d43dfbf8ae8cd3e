/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio authority show: what stands in a file of certificates or a revocation list, and whether
 * it holds: each certificate under the one before it, the first under --under or under itself.
 */
#include "tools/authority.h"

#include <dirent.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/authority.h"
#include "base/revocation.h"
#include "tools/tool.h"

enum { SHOW_MAX = 1 << 20 };

struct showing {
	bool json;
	json_t *certificates, *lists, *issued; /* issued: NULL until a directory is shown */
	struct buf under_bytes;
	struct cvc before; /* who must have signed the next one */
	bool has_before;
	unsigned int roles; /* AND along the chain */
	bool holds; /* nothing wrong or expired so far */
};

/* Authorities sign everything, issuers what is below them, others nothing. */
static bool may_sign(const struct cvc *signer, const struct cvc *c)
{
	return signer->type == CVC_CVCA || (signer->type == CVC_DV && c->type != CVC_CVCA);
}

static const char *judge_signature(const struct cvc *signer, const struct cvc *c)
{
	EVP_PKEY *key = NULL;
	enum rc rc;

	if (!may_sign(signer, c))
		return "is wrong: its signer may not sign it";
	rc = cvc_key(signer, &key);
	if (rc == RC_OK)
		rc = cvc_verify(c, key, signer->scheme);
	EVP_PKEY_free(key);
	return rc == RC_OK ? NULL : "is wrong";
}

static const char *judge_dates(const struct cvc *c)
{
	uint32_t today = cvc_today();

	return today > c->expiration ? "expired" : today < c->effective ? "not yet" : "yes";
}

static void show_certificate(struct showing *s, const struct cvc *c)
{
	const char *valid = judge_dates(c), *wrong = NULL, *signature = "verifies";
	char reference[REFERENCE_TEXT], roles[ROLES_TEXT];
	const struct cvc *signer = NULL;

	if (s->has_before && view_equal(c->car, s->before.chr))
		signer = &s->before;
	else if (view_equal(c->car, c->chr))
		signer = c;
	if (!signer && s->has_before)
		wrong = "is wrong: the certificate before it is not its signer's";
	else if (signer)
		wrong = judge_signature(signer, c);
	if (wrong)
		signature = wrong;
	else if (!signer)
		signature = "was not checked: its signer is not here";
	s->roles = s->has_before ? s->roles & c->roles : c->roles;
	s->holds = s->holds && !wrong && strcmp(valid, "expired") != 0;
	if (s->json) {
		json_t *object = authority_json(c);

		json_object_set_new(object, "signature", json_string(signature));
		json_object_set_new(object, "valid", json_string(valid));
		json_array_append_new(s->certificates, object);
	} else {
		authority_print(c);
		printf("    the signature of %s %s\n", authority_reference_text(c->car, reference),
		       signature);
		if (strcmp(valid, "yes") != 0)
			printf("    %s\n",
			       valid[0] == 'e' ? "it has expired" : "it is not valid yet");
		if (c->type == CVC_TERMINAL && c->roles && s->roles != c->roles)
			printf("    its chain leaves it the roles %s\n",
			       authority_roles_text(s->roles, roles));
	}
	s->before = *c;
	s->has_before = true;
}

static const char *judge_list(const struct showing *s, const struct revocation *list)
{
	EVP_PKEY *key = NULL;
	enum rc rc;

	if (!s->has_before || !view_equal(s->before.chr, list->car))
		return "was not checked: its signer is not here";
	rc = cvc_key(&s->before, &key);
	if (rc == RC_OK)
		rc = revocation_verify(list, key);
	EVP_PKEY_free(key);
	return rc == RC_OK ? "verifies" : "is wrong";
}

static void show_entries(struct view entries, json_t *array)
{
	char id_text[REFERENCE_TEXT], date_text[CVC_DATE_TEXT];
	uint8_t id[CVC_ID];
	uint32_t date;

	while (view_copy(&entries, id, CVC_ID) == RC_OK && view_u32(&entries, &date) == RC_OK) {
		authority_reference_text(view_of(id, CVC_ID), id_text);
		cvc_date_text(date, date_text);
		if (array)
			json_array_append_new(array, json_pack("{s:s,s:s}", "id", id_text,
							       "accepted_from", date_text));
		else
			printf("    ..%s: certificates are good from %s on\n", id_text, date_text);
	}
}

static void show_list(struct showing *s, const struct revocation *list)
{
	const char *signature = judge_list(s, list);
	char reference[REFERENCE_TEXT], date[CVC_DATE_TEXT];
	json_t *array = s->json ? json_array() : NULL;

	authority_reference_text(list->car, reference);
	cvc_date_text(list->date, date);
	s->holds = s->holds && strcmp(signature, "is wrong") != 0;
	if (s->json)
		json_array_append_new(s->lists,
				      json_pack("{s:s,s:I,s:s,s:s,s:O}", "authority", reference,
						"sequence", (json_int_t)list->sequence, "date",
						date, "signature", signature, "holders", array));
	else
		printf("revocation list %u of %s, made on %s\n    its signature %s\n",
		       list->sequence, reference, date, signature);
	show_entries(list->entries, array);
	json_decref(array);
}

static bool show_all(struct showing *s, struct view rest)
{
	struct revocation list;
	struct cvc c;

	if (!rest.len)
		return false;
	while (rest.len) {
		if (cvc_parse(&rest, &c) == RC_OK)
			show_certificate(s, &c);
		else if (revocation_parse(&rest, &list) == RC_OK)
			show_list(s, &list);
		else
			return false;
	}
	return true;
}

/* The last certificate of a file becomes the one before the first that is shown. */
static enum exit_code read_under(struct showing *s, const char *path)
{
	struct view rest;

	if (!file_read(path, SHOW_MAX, &s->under_bytes))
		return EXIT_FILE;
	rest = view_buf(&s->under_bytes);
	while (rest.len && cvc_parse(&rest, &s->before) == RC_OK)
		s->has_before = true;
	if (s->has_before && !rest.len) {
		s->roles = s->before.roles;
		return EXIT_DONE;
	}
	fprintf(stderr, "intaglio: %s holds no card-verifiable certificate\n", path);
	return EXIT_REFUSED;
}

/* What a directory's authority has issued, each with what its revocation list says of it. */

static void show_issued_one(struct showing *s, const struct cvc *c, struct view revoked)
{
	const char *state = revocation_covers(revoked, c) ? "revoked" : judge_dates(c);

	if (s->json) {
		json_t *object = authority_json(c);

		json_object_set_new(object, "valid", json_string(state));
		json_array_append_new(s->issued, object);
		return;
	}
	printf("  ");
	authority_print(c);
	if (strcmp(state, "yes") != 0)
		printf("      %s\n", state[0] == 'r'   ? "it is revoked"
				     : state[0] == 'e' ? "it has expired"
						       : "it is not valid yet");
}

static int is_issued(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Names are holder, date and suite: in their order, a holder's certificates stand together. */
static bool show_issued(struct showing *s, const char *dir, struct view revoked)
{
	char path[PATH_MAX];
	struct dirent **entries = NULL;
	int count;
	bool good = true;

	snprintf(path, sizeof(path), "%s/issued", dir);
	count = scandir(path, &entries, is_issued, alphasort);
	if (s->json)
		s->issued = json_array();
	else if (count > 0)
		printf("issued:\n");
	for (int i = 0; i < count; i++) {
		struct buf bytes;
		struct view rest;
		struct cvc c;

		snprintf(path, sizeof(path), "%s/issued/%s", dir, entries[i]->d_name);
		free(entries[i]);
		if (!file_read(path, CVC_MAX, &bytes)) {
			good = false;
			continue;
		}
		rest = view_buf(&bytes);
		if (cvc_parse(&rest, &c) == RC_OK)
			show_issued_one(s, &c, revoked);
		else
			good = false;
		buf_free(&bytes);
	}
	free(entries);
	return good;
}

/* The entries of a directory's list if there is one; they borrow from bytes. */
static struct view read_revoked(const char *dir, struct buf *bytes)
{
	char path[PATH_MAX];
	struct revocation list;
	struct view rest;

	snprintf(path, sizeof(path), "%s/revoked.list", dir);
	if (access(path, F_OK) != 0 || !file_read(path, SHOW_MAX, bytes))
		return view_of(NULL, 0);
	rest = view_buf(bytes);
	return revocation_parse(&rest, &list) == RC_OK ? list.entries : view_of(NULL, 0);
}

static enum exit_code show_directory(struct showing *s, const char *dir)
{
	struct buf bytes = {.data = NULL};
	struct view revoked = read_revoked(dir, &bytes);
	bool good = show_issued(s, dir, revoked);

	buf_free(&bytes);
	if (!good)
		fprintf(stderr, "intaglio: not everything in %s/issued is a certificate\n", dir);
	return good ? EXIT_DONE : EXIT_REFUSED;
}

static enum exit_code show(struct showing *s, const char *path)
{
	const char *dir = NULL;
	struct stat st;
	struct buf bytes;
	char inside[PATH_MAX];
	bool good;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		dir = path;
		snprintf(inside, sizeof(inside), "%s/authority.cvc", path);
		path = inside;
	}
	if (!file_read(path, SHOW_MAX, &bytes))
		return EXIT_FILE;
	good = show_all(s, view_buf(&bytes));
	buf_free(&bytes);
	if (!good)
		fprintf(stderr,
			"intaglio: %s holds no card-verifiable certificate or revocation list, or "
			"something else besides\n",
			path);
	if (good && dir && show_directory(s, dir) != EXIT_DONE)
		return EXIT_REFUSED;
	return good && s->holds ? EXIT_DONE : EXIT_REFUSED;
}

enum exit_code authority_show_command(struct tool *tool, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"under", required_argument, NULL, 'u'},
		{NULL, 0, NULL, 0},
	};
	struct showing s = {.holds = true};
	enum exit_code code = EXIT_DONE;
	const char *under = NULL;
	int option;

	(void)tool;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return EXIT_USAGE;
		if (option == 'u')
			under = optarg;
		else
			s.json = true;
	}
	if (argc - optind != 1)
		return EXIT_USAGE;
	s.certificates = json_array();
	s.lists = json_array();
	if (under)
		code = read_under(&s, under);
	if (code == EXIT_DONE)
		code = show(&s, argv[optind]);
	if (s.json && (code == EXIT_DONE || code == EXIT_REFUSED))
		tool_print_json(json_pack("{s:O,s:O,s:O*,s:b}", "certificates", s.certificates,
					  "revocations", s.lists, "issued", s.issued, "holds",
					  code == EXIT_DONE));
	json_decref(s.certificates);
	json_decref(s.lists);
	json_decref(s.issued);
	buf_free(&s.under_bytes);
	return code;
}
