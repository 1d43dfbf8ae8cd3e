/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First use of an embedded card: authority, host and card keys, certificates for host and card, and
 * the card's personalisation. Whoever holds the lock file is alone with the directory `cards`, so
 * every unfinished directory it finds there was left by somebody who is gone.
 */
#include "token/provision.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/authority.h"
#include "base/log.h"
#include "sc/application.h"
#include "sc/transport_embedded.h"
#include "token/files.h"

enum { KEY_BITS = 2048, YEARS = 10, HOLDER_PREFIX = 6, PAIRS_MAX = 2 };

/* The authority, and with which names host and card appear in certificates. */
struct local {
	struct authority *authority;
	char host_name[CVC_REFERENCE_MAX + 1], card_name[CVC_REFERENCE_MAX + 1];
};

static const struct pair {
	uint8_t suite;
	struct policy_reference reference; /* of the card's key */
	const char *key_file, *certificate_file;
} pairs[PAIRS_MAX] = {
	{SUITE_42, {1, 1}, "host/host.key", "host/host.cvc"},
	{SUITE_02, {2, 1}, "host/host-02.key", "host/host-02.cvc"},
};

static enum rc make_authority(const char *dir, struct local *local)
{
	const struct authority_options options = {
		.bits = KEY_BITS, .roles = ROLE_ALL, .years = YEARS};
	char *path = NULL;
	enum rc rc;

	if (asprintf(&path, "%s/host", dir) < 0)
		return RC_MEMORY;
	rc = authority_create(path, &options);
	if (rc == RC_OK)
		rc = authority_open(path, NULL, &local->authority);
	free(path);
	return rc;
}

/* A certificate under the local authority; roles 0 makes it a card's. */
static enum rc issue(const struct local *local, const struct pair *pair, const char *holder,
		     unsigned int roles, EVP_PKEY *key, struct buf *ret)
{
	const struct authority_request request = {
		.kind = roles ? AUTHORITY_HOST : AUTHORITY_CARD,
		.roles = roles,
		.suite = pair->suite,
		.holder = holder,
		.key = key,
		.years = YEARS,
	};

	return authority_issue(local->authority, &request, ret);
}

static enum rc make_host(const char *dir, const struct local *local, const struct pair *pair)
{
	struct buf certificate;
	EVP_PKEY *key = NULL;
	enum rc rc;

	buf_init(&certificate, CVC_MAX);
	rc = rsa_generate(KEY_BITS, &key);
	if (rc == RC_OK)
		rc = issue(local, pair, local->host_name, ROLE_ALL, key, &certificate);
	if (rc == RC_OK)
		rc = files_write_key(dir, pair->key_file, key);
	if (rc == RC_OK)
		rc = files_write(dir, pair->certificate_file, 0644, view_buf(&certificate));
	EVP_PKEY_free(key);
	buf_free(&certificate);
	return rc;
}

/* The card makes a key pair and we certify it. */
static enum rc make_card_key(struct sc *sc, const struct local *local, const struct pair *pair,
			     struct buf *certificate)
{
	enum rsa_scheme scheme;
	struct buf object;
	EVP_PKEY *key = NULL;
	uint16_t sw = 0;
	enum rc rc;

	buf_init(&object, CVC_MAX);
	rc = application_generate_card_key(sc, pair->reference, pair->suite, KEY_BITS, &object,
					   &sw);
	if (rc == RC_OK)
		rc = cvc_public_key(view_buf(&object), &scheme, &key);
	if (rc == RC_OK)
		rc = issue(local, pair, local->card_name, 0, key, certificate);
	EVP_PKEY_free(key);
	buf_free(&object);
	return rc;
}

static enum rc personalise(struct sc *sc, const struct local *local, size_t count)
{
	struct application_certificate certificates[PAIRS_MAX];
	struct buf bytes[PAIRS_MAX];
	uint8_t suites[PAIRS_MAX];
	struct application_personalisation p = {
		.authority = authority_certificate(local->authority)->object,
		.certificates = certificates,
		.certificate_count = count,
		.suites = {suites, count},
	};
	enum rc rc = RC_OK;
	uint16_t sw = 0;

	for (size_t i = 0; i < count; i++)
		buf_init(&bytes[i], CVC_MAX);
	for (size_t i = 0; i < count && rc == RC_OK; i++) {
		rc = make_card_key(sc, local, &pairs[i], &bytes[i]);
		certificates[i].reference = pairs[i].reference;
		certificates[i].certificate = view_buf(&bytes[i]);
		suites[i] = pairs[i].suite;
	}
	if (rc == RC_OK)
		rc = application_personalise(sc, &p, &sw);
	for (size_t i = 0; i < count; i++)
		buf_free(&bytes[i]);
	return rc;
}

static enum rc make_card(const char *dir, const struct local *local, size_t count)
{
	struct transport *transport = NULL;
	struct sc *sc = NULL;
	char *path = NULL;
	enum rc rc = RC_MEMORY;

	if (asprintf(&path, "%s/card", dir) < 0)
		return RC_MEMORY;
	rc = transport_embedded_create(path, &transport);
	free(path);
	if (rc == RC_OK)
		rc = sc_open(&transport, NULL, NULL, &sc);
	if (rc == RC_OK)
		rc = personalise(sc, local, count);
	sc_close(&sc);
	transport_close(&transport);
	return rc;
}

static enum rc fill(const char *dir, const struct config *config)
{
	size_t count = config->make_02 ? PAIRS_MAX : 1;
	struct local local = {.authority = NULL};
	enum rc rc;

	rc = files_write(dir, FILES_UNFINISHED, 0600, view_of(NULL, 0));
	if (rc == RC_OK)
		rc = files_sync_directory(dir, ".");
	if (rc == RC_OK)
		rc = files_make_directory(dir, "host");
	if (rc == RC_OK)
		rc = files_make_directory(dir, "card");
	if (rc == RC_OK)
		rc = authority_make_holder("ZZHOST", local.host_name);
	if (rc == RC_OK)
		rc = authority_make_holder("ZZCARD", local.card_name);
	if (rc == RC_OK)
		rc = make_authority(dir, &local);
	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = make_host(dir, &local, &pairs[i]);
	if (rc == RC_OK)
		rc = make_card(dir, &local, count);
	if (rc == RC_OK)
		rc = files_write_hex(dir, "host/card.id",
				     view_of(local.card_name + HOLDER_PREFIX, CVC_ID));
	if (rc == RC_OK)
		rc = files_sync_directory(dir, "host");
	if (rc == RC_OK)
		rc = files_sync_directory(dir, "card");
	/* Without the mark it is a card, which nobody removes but its owner. */
	if (rc == RC_OK)
		rc = files_remove(dir, FILES_UNFINISHED);
	if (rc == RC_OK)
		rc = files_sync_directory(dir, ".");
	authority_close(&local.authority);
	return rc;
}

/* With the lock held: makes the card beside its place and puts it there. */
static enum rc make(const char *cards, const char *name, const struct config *config)
{
	char *dir = NULL, *place = NULL;
	enum rc rc = RC_MEMORY;

	if (asprintf(&dir, "%s/.%s.XXXXXX", cards, name) < 0)
		return RC_MEMORY;
	if (asprintf(&place, "%s/%s", cards, name) < 0) {
		free(dir);
		return RC_MEMORY;
	}
	rc = RC_IO;
	if (!mkdtemp(dir)) {
		log_error("no card can be made in %s: %s", cards, strerror(errno));
		goto out;
	}
	rc = fill(dir, config);
	/* rename replaces the empty directory that somebody may have made as the card's place. */
	if (rc == RC_OK && rename(dir, place) != 0) {
		log_error("the new card cannot be put at %s: %s", place, strerror(errno));
		rc = RC_IO;
	}
	if (rc == RC_OK)
		rc = files_sync_directory(cards, ".");
	if (rc != RC_OK)
		files_remove_tree(dir);
out:
	free(dir);
	free(place);
	return rc;
}

enum rc provision(const char *cards, const char *name, const struct config *config)
{
	enum rc rc = files_make_directories(cards);
	int lock = -1;

	if (rc == RC_OK)
		rc = files_lock(cards, ".lock", &lock);
	if (rc != RC_OK)
		return rc;
	if (!files_is_empty(cards, name)) {
		rc = RC_OK;
		goto out;
	}
	files_remove_leftovers(cards);
	log_info("card %s: it is used for the first time; its keys are being made", name);
	rc = make(cards, name, config);
	if (rc != RC_OK)
		log_error("card %s: it could not be made in %s: %s", name, cards, rc_name(rc));
out:
	close(lock);
	return rc;
}
