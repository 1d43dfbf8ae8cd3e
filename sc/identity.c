/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's keys and chains, the cards' authority, and how both lie in a directory. */
#include "sc/identity.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cvc_chain.h"
#include "base/log.h"
#include "base/pem.h"
#include "base/revocation.h"
#include "base/secret.h"
#include "sc/host_key_pkcs11.h"
#include "sc/pkcs11_uri.h"
#include "sc/secret_file.h"

enum { SUITES = 3, FILE_MAX = 64 * 1024, CARD_ID_TEXT = 2 * CVC_ID };

struct identity {
	struct buf authority_bytes, link_bytes;
	struct cvc authorities[1 + IDENTITY_LINKS_MAX]; /* borrow from these; the first is trusted */
	size_t authority_count;
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
	buf_init(&i->link_bytes, IDENTITY_LINKS_MAX * CVC_MAX);
	buf_init(&i->list_bytes, REVOCATION_MAX);
	buf_view(&i->authority_bytes, authority);
	rc = buf_rc(&i->authority_bytes);
	rest = view_buf(&i->authority_bytes);
	if (rc == RC_OK)
		rc = cvc_parse(&rest, &i->authorities[0]);
	if (rc == RC_OK && (rest.len || i->authorities[0].type == CVC_TERMINAL))
		rc = RC_MALFORMED;
	i->authority_count = 1;
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
	buf_free(&i->link_bytes);
	buf_free(&i->authority_bytes);
	secret_wipe(i, sizeof(*i));
	free(i);
	*identity = NULL;
}

/* As a card judges a link, doc/scp10.md 2, by the host's clock. */
static enum rc check_link(const struct cvc *link, const struct cvc *before)
{
	const struct cvc_chain chain = {.links = {*link}, .count = 1};
	enum rc rc = cvc_chain_verify(&chain, before);

	if (rc != RC_OK)
		return rc;
	if (link->type != CVC_CVCA || view_equal(link->chr, link->car) || !link->roles ||
	    link->roles & ~before->roles || link->effective < before->effective)
		return RC_POLICY;
	return cvc_today() > link->expiration ? RC_EXPIRED : RC_OK;
}

enum rc identity_follow(struct identity *identity, struct view links)
{
	struct view rest;
	enum rc rc;

	if (identity->authority_count != 1 || identity->key_count || identity->list_bytes.len)
		return RC_STATE;
	buf_view(&identity->link_bytes, links);
	rc = buf_rc(&identity->link_bytes);
	rest = view_buf(&identity->link_bytes);
	if (rc == RC_OK && !rest.len)
		rc = RC_MALFORMED;
	while (rc == RC_OK && rest.len) {
		struct cvc *next = &identity->authorities[identity->authority_count];

		if (identity->authority_count > IDENTITY_LINKS_MAX) {
			rc = RC_SPACE;
			break;
		}
		rc = cvc_parse(&rest, next);
		if (rc == RC_OK)
			rc = check_link(next, next - 1);
		if (rc == RC_OK)
			identity->authority_count++;
	}
	if (rc != RC_OK) {
		identity->authority_count = 1;
		buf_reset(&identity->link_bytes);
	}
	return rc;
}

/* The newest authority of this reference; authority_count if there is none. */
static size_t authority_index(const struct identity *i, struct view reference)
{
	for (size_t n = i->authority_count; n > 0; n--)
		if (view_equal(i->authorities[n - 1].chr, reference))
			return n - 1;
	return i->authority_count;
}

/* The chain leads from an authority to a host of this suite, and leaves him a role. */
static enum rc check_chain(const struct identity *i, struct identity_key *k)
{
	const struct cvc *own, *authority;
	struct cvc_chain chain;
	enum rc rc = cvc_chain_parse(view_buf(&k->chain), &chain);

	if (rc != RC_OK)
		return rc;
	k->authority = authority_index(i, chain.links[0].car);
	if (k->authority == i->authority_count)
		return RC_AUTH;
	authority = &i->authorities[k->authority];
	rc = cvc_chain_verify(&chain, authority);
	if (rc != RC_OK)
		return rc;
	own = cvc_chain_own(&chain);
	if (own->type != CVC_TERMINAL || !cvc_serves(own, k->suite) ||
	    !(cvc_chain_roles(&chain, authority) & own->roles))
		return RC_POLICY;
	k->certificate = *own;
	return RC_OK;
}

static enum rc check_key(const struct identity_key *k)
{
	EVP_PKEY *certified = NULL, *own = host_key_public_half(k->key);
	enum rc rc = cvc_key(&k->certificate, &certified);

	if (rc == RC_OK && own && EVP_PKEY_eq(certified, own) != 1)
		rc = RC_AUTH;
	if (rc == RC_OK && !own)
		host_key_expect(k->key, certified);
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
	const struct cvc *authority = NULL;
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
	if (rc == RC_OK)
		authority = identity_authority(identity, parsed.car);
	if (rc == RC_OK && !authority)
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = cvc_key(authority, &key);
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

const struct cvc *identity_authority(const struct identity *identity, struct view reference)
{
	size_t n = authority_index(identity, reference);

	return n < identity->authority_count ? &identity->authorities[n] : NULL;
}

bool identity_has_links(const struct identity *identity)
{
	return identity->authority_count > 1;
}

enum rc identity_put_chain(const struct identity *identity, const struct identity_key *key,
			   const struct cvc *authority, struct buf *out)
{
	size_t from = (size_t)(authority - identity->authorities);
	struct cvc_chain chain;
	enum rc rc = cvc_chain_parse(view_buf(&key->chain), &chain);

	if (rc != RC_OK)
		return rc;
	if (from > key->authority) {
		log_error("the card follows the authority %.*s, and the host's certificate is of "
			  "one before it: have it certified by the new one",
			  (int)authority->chr.len, (const char *)authority->chr.data);
		return RC_POLICY;
	}
	if (key->authority - from + chain.count > CVC_CHAIN_MAX) {
		log_error("with the links to its authority the host's chain is of more than %d "
			  "certificates, and this card takes no more: bring it the links",
			  CVC_CHAIN_MAX);
		return RC_POLICY;
	}
	for (size_t n = from + 1; n <= key->authority; n++)
		buf_view(out, identity->authorities[n].object);
	buf_view(out, view_buf(&key->chain));
	return buf_rc(out);
}

const uint8_t *identity_card(const struct identity *identity)
{
	return identity->card_expected ? identity->card : NULL;
}

/* The directory's files. */

/* Reads a file of the directory; a secret one must be its owner's alone. RC_NOT_FOUND is silent. */
static enum rc read_file(const char *dir, const char *name, bool secret, struct buf *out)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return RC_ARGUMENT;
	return secret_file_read(path, secret, out);
}

static bool ask_passphrase(void *arg, struct buf *ret)
{
	const struct identity_options *options = arg;

	if (options->passphrase_file)
		return secret_file_read_line(options->passphrase_file, ret) == RC_OK;
	log_error("the host's private key is enciphered, and the settings name no "
		  "passphrase-file in section [host]");
	return false;
}

/* A private key file is PEM, plain or enciphered, or holds the URI of a key on another token. */
static enum rc parse_key(struct view text, const struct identity_options *options,
			 struct host_key **ret)
{
	const struct pem_passphrase passphrase = {.ask = ask_passphrase,
						  .arg = (void *)(uintptr_t)options};
	EVP_PKEY *key = NULL;
	enum rc rc;

	if (pkcs11_uri_is(text))
		return host_key_pkcs11(text, options->module, ret);
	rc = pem_private(text, &passphrase, &key);
	if (rc == RC_OK)
		rc = host_key_of(key, ret);
	if (rc != RC_OK)
		EVP_PKEY_free(key);
	return rc;
}

static void say_refused(const char *dir, const char *name, enum rc rc)
{
	const char *why = rc == RC_AUTH ? "it does not verify under authority.cvc or an authority "
					  "that link.cvc leads to, or its key is "
					  "another one"
			  : rc == RC_POLICY ? "it has no role, or is for another suite"
			  : rc == RC_SPACE  ? "a chain has at most four certificates"
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

static void say_no_key(const char *dir, const char *name, enum rc rc)
{
	if (rc == RC_AUTH)
		log_error("%s/%s is enciphered, and does not open with the passphrase given", dir,
			  name);
	else
		log_error("%s/%s holds no RSA private key in PEM, and no pkcs11: URI that can be "
			  "used",
			  dir, name);
}

static enum rc load_key(struct identity *i, const char *dir, size_t row,
			const struct identity_options *options)
{
	struct host_key *key = NULL;
	struct buf text, chain;
	enum rc rc;

	buf_init(&text, FILE_MAX);
	buf_init(&chain, FILE_MAX);
	rc = read_file(dir, files[row].key, true, &text);
	if (rc != RC_OK)
		goto out;
	rc = parse_key(view_buf(&text), options, &key);
	if (rc != RC_OK) {
		say_no_key(dir, files[row].key, rc);
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
	rc = identity_add_key(i, files[row].suite, key, view_buf(&chain));
	if (rc != RC_OK) {
		say_refused(dir, files[row].chain, rc);
		goto out;
	}
	key = NULL;
	warn_of_dates(dir, files[row].chain, &identity_find(i, files[row].suite)->certificate);
out:
	host_key_free(&key);
	buf_free(&text);
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

static enum rc load_links(struct identity *i, const char *dir)
{
	struct buf links;
	enum rc rc;

	buf_init(&links, FILE_MAX);
	rc = read_file(dir, "link.cvc", false, &links);
	if (rc == RC_NOT_FOUND) {
		rc = RC_OK;
	} else if (rc == RC_OK) {
		rc = identity_follow(i, view_buf(&links));
		if (rc == RC_EXPIRED)
			log_error("the link in %s/link.cvc has expired: put the new authority's "
				  "certificate in the place of authority.cvc, and remove link.cvc",
				  dir);
		else if (rc != RC_OK)
			log_error("%s/link.cvc does not lead from the authority in authority.cvc "
				  "to the next ones (at most %d), each signed by the one before it",
				  dir, IDENTITY_LINKS_MAX);
	}
	buf_free(&links);
	return rc;
}

enum rc identity_load(const char *dir, const struct identity_options *options,
		      struct identity **ret)
{
	static const struct identity_options none;
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
	rc = load_links(i, dir);
	if (rc != RC_OK)
		goto out;
	for (size_t row = 0; row < SUITES; row++) {
		rc = load_key(i, dir, row, options ? options : &none);
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
