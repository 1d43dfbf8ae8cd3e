/* SPDX-License-Identifier: BSD-2-Clause */
/* Authorities: making and opening the directory, and reading what was issued. */
#include "base/authority_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { PREFIX = 6, PATH_SIZE = 256 + sizeof(FOLDER_ISSUED "/") };

struct holder authority_holder(struct view reference)
{
	struct holder holder = {{0}};

	snprintf(holder.text, sizeof(holder.text), "%.*s", (int)reference.len,
		 (const char *)reference.data);
	return holder;
}

struct holder authority_name(const struct authority *a)
{
	return authority_holder(a->certificate.chr);
}

bool authority_is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_holder(const char *text)
{
	size_t len = strlen(text);

	if (len < AUTHORITY_HOLDER_MIN || len > CVC_REFERENCE_MAX)
		return false;
	while (*text && authority_is_plain(*text))
		text++;
	return !*text;
}

enum rc authority_check_holder(const char *text)
{
	if (is_holder(text))
		return RC_OK;
	log_error("%s is no holder reference: that is 8 to 16 letters and digits, of which the "
		  "last 8 are the holder's id",
		  text);
	return RC_ARGUMENT;
}

enum rc authority_make_holder(const char *prefix, char ret[CVC_REFERENCE_MAX + 1])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t random[CVC_ID];
	enum rc rc = crypto_random(random, sizeof(random));

	if (rc != RC_OK)
		return rc;
	snprintf(ret, PREFIX + 1, "%s", prefix);
	for (size_t i = 0; i < CVC_ID; i++)
		ret[PREFIX + i] = letters[random[i] % 32];
	ret[PREFIX + CVC_ID] = '\0';
	return RC_OK;
}

/* Creating. */

static enum rc put_self_signed(const struct authority_options *options, const char *holder,
			       EVP_PKEY *key, struct buf *out)
{
	uint32_t effective = options->effective ? options->effective : cvc_today();
	struct cvc_request request = {
		.car = holder,
		.chr = holder,
		.key = key,
		.scheme = RSA_PSS_SHA256,
		.type = CVC_CVCA,
		.roles = options->roles,
		.effective = effective,
		.expiration = cvc_years_on(effective, options->years),
	};

	return cvc_issue(&request, key, RSA_PSS_SHA256, out);
}

/* The key goes first: a directory with a certificate has everything. */
static enum rc fill(struct directory *d, const struct authority_options *options,
		    const char *holder)
{
	struct buf pem, public, certificate;
	EVP_PKEY *key = NULL;
	enum rc rc;

	buf_init(&pem, PEM_MAX);
	buf_init(&public, CVC_MAX);
	buf_init(&certificate, CVC_MAX);
	rc = rsa_generate(options->bits, &key);
	if (rc == RC_OK)
		rc = pem_put_private(key, options->passphrase, &pem);
	if (rc == RC_OK)
		rc = cvc_put_key(key, RSA_PSS_SHA256, &public);
	if (rc == RC_OK && !options->issuer)
		rc = put_self_signed(options, holder, key, &certificate);
	if (rc == RC_OK)
		rc = directory_make(d, FOLDER_ISSUED);
	if (rc == RC_OK)
		rc = directory_write(d, FILE_KEY, 0600, view_buf(&pem));
	if (rc == RC_OK)
		rc = directory_write(d, FILE_PUBLIC, 0644, view_buf(&public));
	if (rc == RC_OK && !options->issuer)
		rc = directory_write(d, FILE_CERTIFICATE, 0644, view_buf(&certificate));
	EVP_PKEY_free(key);
	buf_free(&certificate);
	buf_free(&public);
	buf_free(&pem);
	return rc;
}

enum rc authority_create(const char *dir, const struct authority_options *options)
{
	char made[CVC_REFERENCE_MAX + 1];
	const char *holder = options->holder;
	struct directory *d = NULL;
	enum rc rc;

	if (options->bits < AUTHORITY_BITS_MIN || options->bits > AUTHORITY_BITS_MAX ||
	    (!options->issuer && (!options->roles || options->roles & ~(unsigned int)ROLE_ALL)) ||
	    (options->effective && !cvc_date_is_real(options->effective)))
		return RC_ARGUMENT;
	rc = holder ? authority_check_holder(holder) : authority_make_holder("ZZAUTH", made);
	if (rc != RC_OK)
		return rc;
	rc = directory_open(dir, true, &d);
	if (rc != RC_OK)
		return rc;
	if (directory_has(d, FILE_KEY) || directory_has(d, FILE_CERTIFICATE)) {
		log_error("%s holds an authority already; another one needs another directory",
			  dir);
		rc = RC_EXISTS;
	} else {
		rc = fill(d, options, holder ? holder : made);
	}
	directory_close(&d);
	return rc;
}

/* Opening. */

static enum rc read_key(struct authority *a, const struct pem_passphrase *passphrase)
{
	const char *dir = directory_path(a->directory);
	struct buf pem;
	enum rc rc;

	buf_init(&pem, PEM_MAX);
	rc = directory_read_secret(a->directory, FILE_KEY, &pem);
	if (rc == RC_NOT_FOUND)
		log_error("%s holds no authority: it has no " FILE_KEY, dir);
	if (rc != RC_OK)
		goto out;
	rc = pem_private(view_buf(&pem), passphrase, &a->key);
	if (rc == RC_AUTH)
		log_error("%s/" FILE_KEY " is enciphered, and this is not its passphrase", dir);
	else if (rc != RC_OK)
		log_error("%s/" FILE_KEY " holds no RSA private key in PEM", dir);
out:
	buf_free(&pem);
	return rc;
}

static enum rc check_signer(const struct cvc *c, const struct cvc *signer)
{
	EVP_PKEY *key = NULL;
	enum rc rc;

	if (!view_equal(c->car, signer->chr))
		return RC_AUTH;
	rc = cvc_key(signer, &key);
	if (rc == RC_OK)
		rc = cvc_verify(c, key, signer->scheme);
	EVP_PKEY_free(key);
	return rc;
}

/* An authority's certificate is signed by itself; an issuer's chain holds from its first on. */
static enum rc check_certificates(struct authority *a)
{
	struct view rest = view_buf(&a->certificates);
	struct cvc before, c;
	enum rc rc = cvc_parse(&rest, &c);

	if (rc != RC_OK || c.type == CVC_TERMINAL)
		return RC_MALFORMED;
	a->roles = c.roles;
	if (c.type == CVC_CVCA)
		rc = rest.len ? RC_MALFORMED : check_signer(&c, &c);
	while (rc == RC_OK && rest.len) {
		before = c;
		rc = cvc_parse(&rest, &c);
		if (rc == RC_OK)
			rc = c.type == CVC_DV ? check_signer(&c, &before) : RC_MALFORMED;
		a->roles &= c.roles;
	}
	a->certificate = c;
	return rc;
}

static enum rc read_certificate(struct authority *a)
{
	const char *dir = directory_path(a->directory);
	EVP_PKEY *certified = NULL;
	enum rc rc = directory_read(a->directory, FILE_CERTIFICATE, &a->certificates);

	if (rc == RC_NOT_FOUND)
		log_error("%s has no " FILE_CERTIFICATE " yet: have its " FILE_PUBLIC
			  " certified as an issuer's",
			  dir);
	if (rc != RC_OK)
		return rc;
	rc = check_certificates(a);
	if (rc == RC_OK)
		rc = cvc_key(&a->certificate, &certified);
	if (rc == RC_OK && EVP_PKEY_eq(certified, a->key) != 1)
		rc = RC_AUTH;
	EVP_PKEY_free(certified);
	if (rc == RC_AUTH)
		log_error("%s/" FILE_CERTIFICATE
			  " does not verify, or is another key's than " FILE_KEY,
			  dir);
	else if (rc != RC_OK)
		log_error("%s/" FILE_CERTIFICATE " is no certificate of an authority or issuer",
			  dir);
	return rc;
}

enum rc authority_read_list(struct authority *a)
{
	struct view rest;
	enum rc rc;

	buf_reset(&a->list);
	memset(&a->revocation, 0, sizeof(a->revocation));
	rc = directory_read(a->directory, FILE_REVOKED, &a->list);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	rest = view_buf(&a->list);
	rc = revocation_parse(&rest, &a->revocation);
	if (rc == RC_OK)
		rc = view_end(&rest);
	if (rc == RC_OK)
		rc = revocation_verify(&a->revocation, a->key);
	if (rc != RC_OK)
		log_error("%s/" FILE_REVOKED " is not the list that this authority signed; put the "
			  "right one back from a copy",
			  directory_path(a->directory));
	return rc;
}

enum rc authority_open(const char *dir, const struct pem_passphrase *passphrase,
		       struct authority **ret)
{
	struct authority *a = calloc(1, sizeof(*a));
	enum rc rc;

	if (!a)
		return RC_MEMORY;
	buf_init(&a->certificates, AUTHORITY_CHAIN_MAX);
	buf_init(&a->list, REVOCATION_MAX);
	rc = directory_open(dir, false, &a->directory);
	if (rc == RC_NOT_FOUND)
		log_error("there is no directory %s", dir);
	if (rc == RC_OK)
		rc = read_key(a, passphrase);
	if (rc == RC_OK)
		rc = read_certificate(a);
	if (rc == RC_OK)
		rc = authority_read_list(a);
	if (rc != RC_OK) {
		authority_close(&a);
		return rc;
	}
	*ret = a;
	return RC_OK;
}

void authority_close(struct authority **authority)
{
	struct authority *a = authority ? *authority : NULL;

	if (!a)
		return;
	directory_close(&a->directory);
	EVP_PKEY_free(a->key);
	buf_free(&a->certificates);
	buf_free(&a->list);
	free(a);
	*authority = NULL;
}

const struct cvc *authority_certificate(const struct authority *authority)
{
	return &authority->certificate;
}

unsigned int authority_roles(const struct authority *authority)
{
	return authority->roles;
}

struct view authority_chain(const struct authority *authority)
{
	return authority->certificate.type == CVC_CVCA ? view_of(NULL, 0)
						       : view_buf(&authority->certificates);
}

struct view authority_revocations(const struct authority *authority)
{
	return view_buf(&authority->list);
}

/* Everything issued so far. */

struct listing {
	struct authority *authority;
	enum rc (*each)(void *arg, const struct cvc *certificate);
	void *arg;
};

static enum rc list_one(void *arg, const char *name)
{
	struct listing *listing = arg;
	struct authority *a = listing->authority;
	char path[PATH_SIZE];
	struct view rest;
	struct buf bytes;
	struct cvc c;
	enum rc rc;

	buf_init(&bytes, CVC_MAX);
	rc = RC_MALFORMED;
	if ((size_t)snprintf(path, sizeof(path), FOLDER_ISSUED "/%s", name) < sizeof(path))
		rc = directory_read(a->directory, path, &bytes);
	rest = view_buf(&bytes);
	if (rc == RC_OK)
		rc = cvc_parse(&rest, &c);
	if (rc == RC_OK)
		rc = view_end(&rest);
	if (rc == RC_OK)
		rc = cvc_verify(&c, a->key, a->certificate.scheme);
	if (rc == RC_OK) {
		rc = listing->each(listing->arg, &c);
	} else {
		log_error("%s/" FOLDER_ISSUED "/%s is no certificate of this authority: what was "
			  "issued cannot be told any more; put the file back from a copy",
			  directory_path(a->directory), name);
		rc = RC_DAMAGED;
	}
	buf_free(&bytes);
	return rc;
}

enum rc authority_list(struct authority *authority,
		       enum rc (*each)(void *arg, const struct cvc *certificate), void *arg)
{
	struct listing listing = {.authority = authority, .each = each, .arg = arg};

	return directory_walk(authority->directory, FOLDER_ISSUED, list_one, &listing);
}
