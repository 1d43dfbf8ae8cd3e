/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's keys and chains, the cards' authority, and how both lie in a directory. */
#include "sc/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/log.h"
#include "base/revocation.h"
#include "base/secret.h"

enum { SUITES = 3, CHAIN_MAX = 4, FILE_MAX = 64 * 1024, CARD_ID_TEXT = 2 * CVC_ID };

struct identity {
	struct buf authority_bytes;
	struct cvc authority; /* borrows from authority_bytes */
	struct buf list_bytes; /* the authority's revocation list; empty if there is none */
	struct view revoked; /* its entries; borrows from list_bytes */
	struct identity_key keys[SUITES];
	size_t key_count;
	bool card_expected;
	uint8_t card[CVC_ID];
};

/* The files of each suite's key; the first row must be there. */
static const struct {
	uint8_t suite;
	const char *key, *chain;
} files[SUITES] = {
	{.suite = 0x42, .key = "host.key", .chain = "host.cvc"},
	{.suite = 0x02, .key = "host-02.key", .chain = "host-02.cvc"},
	{.suite = 0x01, .key = "host-01.key", .chain = "host-01.cvc"},
};

enum rc identity_new(struct view authority, struct identity **ret)
{
	struct identity *i = calloc(1, sizeof(*i));
	struct view rest;
	enum rc rc;

	if (!i)
		return RC_MEMORY;
	buf_init(&i->authority_bytes, CVC_MAX);
	buf_init(&i->list_bytes, REVOCATION_MAX);
	buf_view(&i->authority_bytes, authority);
	rc = buf_rc(&i->authority_bytes);
	rest = view_buf(&i->authority_bytes);
	if (rc == RC_OK)
		rc = cvc_parse(&rest, &i->authority);
	if (rc == RC_OK && (rest.len || i->authority.type == CVC_TERMINAL))
		rc = RC_MALFORMED;
	if (rc != RC_OK) {
		identity_free(&i);
		return rc;
	}
	*ret = i;
	return RC_OK;
}

void identity_free(struct identity **identity)
{
	struct identity *i = identity ? *identity : NULL;

	if (!i)
		return;
	for (size_t n = 0; n < i->key_count; n++) {
		host_key_free(&i->keys[n].key);
		buf_free(&i->keys[n].chain);
	}
	buf_free(&i->list_bytes);
	buf_free(&i->authority_bytes);
	secret_wipe(i, sizeof(*i));
	free(i);
	*identity = NULL;
}

/* Verifies each certificate under the one before it, the first under the authority. */
static enum rc check_chain(const struct identity *i, struct identity_key *k)
{
	struct cvc signer = i->authority, c = {.type = CVC_CVCA};
	struct view rest = view_buf(&k->chain);
	unsigned int roles = signer.roles, count = 0;
	enum rc rc = RC_MALFORMED;

	while (rest.len) {
		EVP_PKEY *key = NULL;

		if (signer.type == CVC_TERMINAL)
			return RC_AUTH;
		if (++count > CHAIN_MAX)
			return RC_SPACE;
		rc = cvc_parse(&rest, &c);
		if (rc == RC_OK && !view_equal(c.car, signer.chr))
			rc = RC_AUTH;
		if (rc == RC_OK)
			rc = cvc_key(&signer, &key);
		if (rc == RC_OK)
			rc = cvc_verify(&c, key, signer.scheme);
		EVP_PKEY_free(key);
		if (rc != RC_OK)
			return rc;
		roles &= c.roles;
		signer = c;
	}
	if (rc == RC_OK && (c.type != CVC_TERMINAL || !roles || c.suite != k->suite))
		rc = RC_POLICY;
	k->certificate = c;
	return rc;
}

static enum rc check_key(const struct identity_key *k)
{
	EVP_PKEY *certified = NULL, *own = host_key_public_half(k->key);
	enum rc rc = own ? cvc_key(&k->certificate, &certified) : RC_OK;

	if (rc == RC_OK && own && EVP_PKEY_eq(certified, own) != 1)
		rc = RC_AUTH;
	EVP_PKEY_free(certified);
	return rc;
}

enum rc identity_add_key(struct identity *identity, uint8_t suite, struct host_key *key,
			 struct view chain)
{
	struct identity_key *k;
	enum rc rc;

	if (!identity || !key)
		return RC_ARGUMENT;
	if (identity_find(identity, suite))
		return RC_EXISTS;
	if (identity->key_count == SUITES)
		return RC_SPACE;
	k = &identity->keys[identity->key_count];
	*k = (struct identity_key){.suite = suite, .key = key};
	buf_init(&k->chain, FILE_MAX);
	buf_view(&k->chain, chain);
	rc = buf_rc(&k->chain);
	if (rc == RC_OK)
		rc = check_chain(identity, k);
	if (rc == RC_OK)
		rc = check_key(k);
	if (rc != RC_OK) {
		buf_free(&k->chain);
		*k = (struct identity_key){.key = NULL};
		return rc;
	}
	identity->key_count++;
	return RC_OK;
}

enum rc identity_add(struct identity *identity, uint8_t suite, EVP_PKEY *key, struct view chain)
{
	struct host_key *k = NULL;
	enum rc rc;

	if (!identity || !key)
		return RC_ARGUMENT;
	rc = host_key_of(key, &k);
	if (rc != RC_OK)
		return rc;
	/* The caller's own reference is given up on success only. */
	EVP_PKEY_up_ref(key);
	rc = identity_add_key(identity, suite, k, chain);
	if (rc != RC_OK)
		host_key_free(&k);
	else
		EVP_PKEY_free(key);
	return rc;
}

void identity_expect_card(struct identity *identity, const uint8_t id[CVC_ID])
{
	memcpy(identity->card, id, CVC_ID);
	identity->card_expected = true;
}

enum rc identity_revoke(struct identity *identity, struct view list)
{
	struct revocation parsed;
	EVP_PKEY *key = NULL;
	struct view rest;
	enum rc rc;

	if (identity->list_bytes.len)
		return RC_EXISTS;
	buf_view(&identity->list_bytes, list);
	rc = buf_rc(&identity->list_bytes);
	rest = view_buf(&identity->list_bytes);
	if (rc == RC_OK)
		rc = revocation_parse(&rest, &parsed);
	if (rc == RC_OK && rest.len)
		rc = RC_MALFORMED;
	if (rc == RC_OK && !view_equal(parsed.car, identity->authority.chr))
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = cvc_key(&identity->authority, &key);
	if (rc == RC_OK)
		rc = revocation_verify(&parsed, key);
	EVP_PKEY_free(key);
	if (rc == RC_OK)
		identity->revoked = parsed.entries;
	else
		buf_reset(&identity->list_bytes);
	return rc;
}

bool identity_is_revoked(const struct identity *identity, const struct cvc *certificate)
{
	return revocation_covers(identity->revoked, certificate);
}

const struct identity_key *identity_find(const struct identity *identity, uint8_t suite)
{
	for (size_t n = 0; n < identity->key_count; n++) {
		if (identity->keys[n].suite == suite)
			return &identity->keys[n];
	}
	return NULL;
}

const struct cvc *identity_authority(const struct identity *identity)
{
	return &identity->authority;
}

const uint8_t *identity_card(const struct identity *identity)
{
	return identity->card_expected ? identity->card : NULL;
}

/* The directory's files. */

static enum rc read_all(int fd, struct buf *out)
{
	uint8_t chunk[4096];
	enum rc rc = RC_OK;
	ssize_t n = 1;

	while (rc == RC_OK && n > 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			rc = RC_IO;
		else if (n > 0)
			buf_put(out, chunk, (size_t)n);
		else if (n < 0)
			n = 1;
		if (rc == RC_OK)
			rc = buf_rc(out);
	}
	secret_wipe(chunk, sizeof(chunk));
	return rc;
}

/* Reads a file of the directory; a secret one must be its owner's alone. RC_NOT_FOUND is silent. */
static enum rc read_file(const char *dir, const char *name, bool secret, struct buf *out)
{
	char path[PATH_MAX];
	struct stat st;
	enum rc rc = RC_IO;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return RC_ARGUMENT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return RC_NOT_FOUND;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		log_error("%s cannot be read: %s", path, fd < 0 ? strerror(errno) : "not a file");
		goto out;
	}
	if (secret && st.st_mode & (S_IRWXG | S_IRWXO)) {
		log_error("%s is not used: others than its owner may read or write it (mode %03o); "
			  "chmod 600 mends that, if nobody has read it yet",
			  path, (unsigned int)st.st_mode & 0777);
		rc = RC_POLICY;
		goto out;
	}
	rc = read_all(fd, out);
	if (rc != RC_OK)
		log_error("%s cannot be read: %s", path,
			  rc == RC_SPACE ? "it is too long" : strerror(errno));
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

/* An enciphered key has nobody to ask for its password. */
static int no_password(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static enum rc parse_key(struct view pem, EVP_PKEY **ret)
{
	EVP_PKEY *key;
	BIO *bio;

	if (!pem.len)
		return RC_MALFORMED;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (!bio)
		return RC_MEMORY;
	key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_password, NULL, crypto_context(), NULL);
	BIO_free(bio);
	if (!key || !EVP_PKEY_is_a(key, "RSA")) {
		EVP_PKEY_free(key);
		return RC_MALFORMED;
	}
	*ret = key;
	return RC_OK;
}

static void say_refused(const char *dir, const char *name, enum rc rc)
{
	const char *why = rc == RC_AUTH ? "it does not verify under authority.cvc, or its key is "
					  "another one"
			  : rc == RC_POLICY ? "it has no role, or is for another suite"
					    : rc_name(rc);

	log_error("the host's certificate %s/%s is not used: %s", dir, name, why);
}

static void warn_of_dates(const char *dir, const char *name, const struct cvc *c)
{
	uint32_t today = cvc_today();
	char text[CVC_DATE_TEXT];

	if (today > c->expiration)
		log_warning("the host's certificate %s/%s expired on %s; cards may refuse it: "
			    "have it renewed",
			    dir, name, cvc_date_text(c->expiration, text));
	else if (today < c->effective)
		log_warning("the host's certificate %s/%s is valid from %s only: "
			    "is this machine's clock right?",
			    dir, name, cvc_date_text(c->effective, text));
}

static enum rc load_key(struct identity *i, const char *dir, size_t row)
{
	struct buf pem, chain;
	EVP_PKEY *key = NULL;
	enum rc rc;

	buf_init(&pem, FILE_MAX);
	buf_init(&chain, FILE_MAX);
	rc = read_file(dir, files[row].key, true, &pem);
	if (rc != RC_OK)
		goto out;
	rc = parse_key(view_buf(&pem), &key);
	if (rc != RC_OK) {
		log_error("%s/%s holds no RSA private key in PEM without a password", dir,
			  files[row].key);
		goto out;
	}
	rc = read_file(dir, files[row].chain, false, &chain);
	if (rc != RC_OK) {
		if (rc == RC_NOT_FOUND)
			log_error("%s has %s but no certificate %s", dir, files[row].key,
				  files[row].chain);
		rc = rc == RC_NOT_FOUND ? RC_MALFORMED : rc;
		goto out;
	}
	rc = identity_add(i, files[row].suite, key, view_buf(&chain));
	if (rc != RC_OK) {
		say_refused(dir, files[row].chain, rc);
		goto out;
	}
	key = NULL;
	warn_of_dates(dir, files[row].chain, &identity_find(i, files[row].suite)->certificate);
out:
	EVP_PKEY_free(key);
	buf_free(&pem);
	buf_free(&chain);
	return rc;
}

static int hex_digit(uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static enum rc load_card_id(struct identity *i, const char *dir)
{
	uint8_t text[CARD_ID_TEXT + 2], id[CVC_ID];
	struct view digits;
	struct buf b;
	enum rc rc;

	buf_fixed(&b, text, sizeof(text));
	rc = read_file(dir, "card.id", false, &b);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	digits = view_buf(&b);
	if (digits.len && digits.data[digits.len - 1] == '\n')
		digits.len--;
	for (size_t n = 0; digits.len == CARD_ID_TEXT && n < CVC_ID; n++) {
		int high = hex_digit(digits.data[2 * n]), low = hex_digit(digits.data[2 * n + 1]);

		if (high < 0 || low < 0)
			digits.len = 0;
		id[n] = (uint8_t)((unsigned int)high << 4 | ((unsigned int)low & 15));
	}
	if (digits.len != CARD_ID_TEXT) {
		log_error("%s/card.id is not 16 hexadecimal digits", dir);
		return RC_MALFORMED;
	}
	identity_expect_card(i, id);
	return RC_OK;
}

/* A list that cannot be believed is no reason to go on as if nobody were revoked. */
static enum rc load_revoked(struct identity *i, const char *dir)
{
	struct buf list;
	enum rc rc;

	buf_init(&list, FILE_MAX);
	rc = read_file(dir, "revoked", false, &list);
	if (rc == RC_NOT_FOUND) {
		rc = RC_OK;
	} else if (rc == RC_OK) {
		rc = identity_revoke(i, view_buf(&list));
		if (rc != RC_OK)
			log_error("%s/revoked is not the revocation list of the authority in "
				  "authority.cvc; no card is trusted until it is",
				  dir);
	}
	buf_free(&list);
	return rc;
}

enum rc identity_load(const char *dir, struct identity **ret)
{
	struct identity *i = NULL;
	struct buf authority;
	enum rc rc;

	buf_init(&authority, CVC_MAX);
	rc = read_file(dir, "authority.cvc", false, &authority);
	if (rc == RC_NOT_FOUND)
		log_error("%s has no authority.cvc: no card can be trusted", dir);
	if (rc != RC_OK)
		goto out;
	rc = identity_new(view_buf(&authority), &i);
	if (rc != RC_OK) {
		log_error("%s/authority.cvc is no authority's certificate", dir);
		goto out;
	}
	for (size_t row = 0; row < SUITES; row++) {
		rc = load_key(i, dir, row);
		if (rc == RC_NOT_FOUND && row > 0)
			rc = RC_OK;
		if (rc == RC_NOT_FOUND)
			log_error("%s has no %s: the host cannot prove who it is", dir,
				  files[row].key);
		if (rc != RC_OK)
			goto out;
	}
	rc = load_card_id(i, dir);
	if (rc == RC_OK)
		rc = load_revoked(i, dir);
	if (rc != RC_OK)
		goto out;
	*ret = i;
	i = NULL;
out:
	identity_free(&i);
	buf_free(&authority);
	return rc;
}
