/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio audit certify: an auditor's certificate (doc/ledger.md), the word of the holder of a
 * certificate with the role auditor for the keys that a ledger is to be made with. Needs no card.
 */
#include <stdio.h>
#include <string.h>

#include "base/auditor_certificate.h"
#include "base/ledger.h"
#include "base/pem.h"
#include "tools/audit.h"
#include "tools/authority.h"
#include "tools/ledger.h"

static bool ask(void *arg, struct buf *ret)
{
	return authority_passphrase(arg, ret);
}

static EVP_PKEY *read_key(const struct audit_options *o)
{
	const struct pem_passphrase source = {.ask = ask, .arg = (void *)o->passphrase_file};
	EVP_PKEY *key = NULL;
	struct buf text;
	enum rc rc;

	if (!file_read(o->signing_key, PEM_MAX, &text))
		return NULL;
	rc = pem_private(view_buf(&text), &source, &key);
	buf_free(&text);
	if (rc != RC_OK)
		fprintf(stderr, "intaglio: %s %s\n", o->signing_key,
			rc == RC_AUTH ? "is not opened by this passphrase"
				      : "holds no RSA private key");
	return key;
}

/* Whose certificate it is: said before a card refuses it. */
static bool check_chain(const char *file, struct view certificates)
{
	struct cvc_chain chain;
	const struct cvc *own;

	if (cvc_chain_parse(certificates, &chain) != RC_OK) {
		fprintf(stderr,
			"intaglio: %s is no certificate, or no chain of them: the issuers' come first, the "
			"auditor's own last\n",
			file);
		return false;
	}
	own = cvc_chain_own(&chain);
	if (own->type == CVC_TERMINAL && (own->roles & ROLE_AUDITOR) &&
	    cvc_serves(own, AUDITOR_CERTIFICATE_SUITE))
		return true;
	fprintf(stderr,
		"intaglio: the certificate in %s is none of suite 42 with the role auditor; intaglio "
		"authority issue --roles auditor makes one\n",
		file);
	return false;
}

static enum exit_code certify(const struct audit_options *o, struct auditor_certificate *c,
			      EVP_PKEY *key)
{
	struct buf chain, bytes;
	struct output output;
	enum exit_code code = EXIT_FILE;
	enum rc rc;

	if (!file_read(o->certificate, CVC_CHAIN_BYTES, &chain))
		return code;
	buf_init(&bytes, AUDITOR_CERTIFICATE_MAX);
	if (!check_chain(o->certificate, view_buf(&chain)))
		goto out;
	rc = auditor_certificate_put(c, view_buf(&chain), key, &bytes);
	if (rc != RC_OK) {
		fprintf(stderr, "intaglio: %s\n",
			rc == RC_ARGUMENT ? "the signing key is not that of the certificate"
			: rc == RC_SPACE  ? "the certificates are longer than a card takes"
					  : "the certificate cannot be signed");
		goto out;
	}
	if (!output_open(&output, o->output, false) || !output_finish(&output, view_buf(&bytes)))
		goto out;
	printf("%s: %.*s countersigns%s.\n", o->output, (int)c->auditor.len,
	       (const char *)c->auditor.data,
	       c->escrow.len ? ", and the escrow key deciphers" : "");
	code = EXIT_DONE;
out:
	buf_free(&bytes);
	buf_free(&chain);
	return code;
}

enum exit_code audit_certify_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"certificate", "signing-key",     "escrow-key",
					      "output",      "passphrase-file", NULL};
	struct auditor_certificate c = {.escrow = {NULL, 0}};
	uint8_t modulus_array[512];
	struct note_key auditor;
	struct audit_options o;
	struct buf modulus;
	enum exit_code code;
	EVP_PKEY *key;

	(void)tool;
	if (!audit_parse(&o, argc, argv, allowed) || o.file_count != 1 || !o.output ||
	    !o.certificate || !o.signing_key)
		return EXIT_USAGE;
	c.auditor = view_str(o.files[0]);
	if (note_parse_cosigner(c.auditor, &auditor) != RC_OK) {
		fprintf(stderr, "intaglio: %s is not what intaglio audit key prints\n", o.files[0]);
		return EXIT_USAGE;
	}
	buf_fixed(&modulus, modulus_array, sizeof(modulus_array));
	if (o.escrow_key && !ledger_read_escrow(o.escrow_key, &modulus))
		return EXIT_FILE;
	c.escrow = view_buf(&modulus);
	key = read_key(&o);
	if (!key)
		return EXIT_FILE;
	code = certify(&o, &c, key);
	EVP_PKEY_free(key);
	return code;
}
