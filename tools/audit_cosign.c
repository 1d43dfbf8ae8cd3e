/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio audit key and audit cosign: an auditor's Ed25519 key, and his countersignature on the
 * checkpoint of an export that is in order (C2SP tlog-cosignature). Neither needs a card.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/pem.h"
#include "tools/audit.h"
#include "tools/text.h"

enum exit_code audit_key_command(struct tool *tool, int argc, char **argv)
{
	uint8_t public_key[ED25519_PUBLIC], array[NOTE_KEY_MAX];
	struct output output;
	struct note_key key;
	struct buf pem, text;
	EVP_PKEY *pair = NULL;
	bool good;

	if (argc != 1 || !tool->output)
		return EXIT_USAGE;
	buf_init(&pem, PEM_MAX);
	buf_fixed(&text, array, sizeof(array));
	if (ed25519_generate(&pair) != RC_OK || ed25519_public(pair, public_key) != RC_OK ||
	    pem_put_private(pair, view_of(NULL, 0), &pem) != RC_OK) {
		fprintf(stderr, "intaglio: the key cannot be made\n");
		EVP_PKEY_free(pair);
		return EXIT_FILE;
	}
	EVP_PKEY_free(pair);
	if (note_cosigner_make(argv[0], public_key, &key) != RC_OK) {
		buf_free(&pem);
		fprintf(stderr, "intaglio: an auditor's name is graphic ASCII without +, such as "
				"tax.example/auditor-7\n");
		return EXIT_USAGE;
	}
	note_put_cosigner(&text, &key);
	good = output_open(&output, tool->output, false) && output_finish(&output, view_buf(&pem));
	buf_free(&pem);
	if (!good)
		return EXIT_FILE;
	printf("%.*s\n", (int)text.len, (const char *)text.data);
	return EXIT_DONE;
}

static enum exit_code refuse(const char *why)
{
	fprintf(stderr, "intaglio: %s; nothing was signed\n", why);
	return EXIT_REFUSED;
}

/* The key with which the ledger's auditor signs, as leaf 0 names him. */
static enum exit_code take_auditor(const struct audit *a, EVP_PKEY *pair, struct note_key *ret)
{
	uint8_t public_key[ED25519_PUBLIC];
	struct ledger_policy policy;

	if (ledger_parse_policy(view_buf(&a->policy), &policy) != RC_OK || !policy.auditor.len ||
	    note_parse_cosigner(policy.auditor, ret) != RC_OK)
		return refuse("the ledger was made without an auditor");
	if (ed25519_public(pair, public_key) != RC_OK ||
	    !view_equal(view_of(public_key, ED25519_PUBLIC),
			view_of(ret->public_key, ED25519_PUBLIC)))
		return refuse("the key is not that of the ledger's auditor");
	return EXIT_DONE;
}

static enum exit_code sign(const struct audit_options *o, struct audit *a, EVP_PKEY *pair)
{
	char label[TEXT_GROWTH * sizeof(a->label)];
	struct note_cosignature cosignature;
	struct note_key auditor;
	struct output output;
	struct view text;
	enum exit_code code = take_auditor(a, pair, &auditor);

	if (code != EXIT_DONE)
		return code;
	if (note_open(view_buf(&a->note), &a->key, &text) != RC_OK ||
	    note_cosign(text, pair, (uint64_t)time(NULL), &cosignature) != RC_OK)
		return refuse("the checkpoint cannot be signed");
	/* a->note may hold other lines by now; the new one follows them. */
	note_put_cosignature(&a->note, &auditor, &cosignature);
	if (buf_rc(&a->note) != RC_OK || !output_open(&output, o->output, false) ||
	    !output_finish(&output, view_buf(&a->note)))
		return EXIT_FILE;
	printf("%s: the first %llu entries of %s, countersigned as %s.\n", o->output,
	       (unsigned long long)a->checkpoint.size,
	       text_line(view_str(a->label), label, sizeof(label)), auditor.name);
	return EXIT_DONE;
}

/*
 * An auditor never signs two histories of one ledger: each head continues the one before, and that
 * there is none before is for a person to say.
 */
static bool knows_before(const struct audit_options *o)
{
	if ((o->previous != NULL) != o->first)
		return true;
	fprintf(stderr,
		"intaglio: give the checkpoint that was countersigned last with --previous, or --first if "
		"none of this ledger ever was; nothing was signed\n");
	return false;
}

static enum exit_code refuse_findings(const struct audit *a)
{
	for (size_t i = 0; i < a->findings.kept; i++) {
		if (a->findings.rows[i].kind == AUDIT_PREVIOUS) {
			fprintf(stderr, "intaglio: %s; nothing was signed\n",
				a->findings.rows[i].text);
			return EXIT_REFUSED;
		}
	}
	return refuse("the export is not in order; see intaglio audit verify");
}

static EVP_PKEY *read_key(const char *file)
{
	EVP_PKEY *pair = NULL;
	struct buf text;

	if (!file_read(file, PEM_MAX, &text))
		return NULL;
	if (pem_private_ed25519(view_buf(&text), &pair) != RC_OK)
		fprintf(stderr,
			"intaglio: %s holds no Ed25519 private key without a passphrase; make one with "
			"intaglio audit key\n",
			file);
	buf_free(&text);
	return pair;
}

enum exit_code audit_cosign_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"key",   "authority", "revoked",     "previous",
					      "first", "output",    "signing-key", NULL};
	struct audit_options o;
	enum exit_code code;
	struct audit a;
	EVP_PKEY *pair;

	(void)tool;
	if (!audit_parse(&o, argc, argv, allowed) || o.file_count != 1 || !o.output ||
	    !o.signing_key || !knows_before(&o))
		return EXIT_USAGE;
	pair = read_key(o.signing_key);
	if (!pair)
		return EXIT_FILE;
	audit_init(&a);
	audit_take_options(&a, &o);
	if (audit_walk(&a) != RC_OK)
		code = EXIT_FILE;
	else if (a.findings.count)
		code = refuse_findings(&a);
	else if (!audit_voucher(&a))
		code = refuse("whose key the export is signed by is not known; give --key or "
			      "--authority");
	else
		code = sign(&o, &a, pair);
	audit_free(&a);
	EVP_PKEY_free(pair);
	return code;
}
