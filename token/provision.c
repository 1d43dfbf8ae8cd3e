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
#include "token/files.h"
#include "token/personalise.h"

enum { KEY_BITS = 2048, YEARS = 10 };

/* The authority, and with which names host and card appear in certificates. */
struct local {
	struct authority *authority;
	char host_name[CVC_REFERENCE_MAX + 1], card_name[CVC_REFERENCE_MAX + 1];
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
static enum rc issue(const struct local *local, uint8_t suite, const char *holder,
		     unsigned int roles, EVP_PKEY *key, struct buf *ret)
{
	const struct authority_request request = {
		.kind = roles ? AUTHORITY_HOST : AUTHORITY_CARD,
		.roles = roles,
		.suite = suite,
		.holder = holder,
		.key = key,
		.years = YEARS,
	};

	return authority_issue(local->authority, &request, ret);
}

static enum rc make_host(const char *dir, const struct local *local, uint8_t suite)
{
	const struct personalise_suite *row = personalise_suite(suite);
	struct buf certificate;
	EVP_PKEY *key = NULL;
	enum rc rc;

	buf_init(&certificate, CVC_MAX);
	rc = rsa_generate(KEY_BITS, &key);
	if (rc == RC_OK)
		rc = issue(local, suite, local->host_name, ROLE_ALL, key, &certificate);
	if (rc == RC_OK)
		rc = files_write_key(dir, row->key_file, key);
	if (rc == RC_OK)
		rc = files_write(dir, row->certificate_file, 0644, view_buf(&certificate));
	EVP_PKEY_free(key);
	buf_free(&certificate);
	return rc;
}

static enum rc certify(void *arg, uint8_t suite, struct view public_key, struct buf *certificate)
{
	const struct local *local = arg;
	enum rsa_scheme scheme;
	EVP_PKEY *key = NULL;
	enum rc rc = cvc_public_key(public_key, &scheme, &key);

	if (rc == RC_OK)
		rc = issue(local, suite, local->card_name, 0, key, certificate);
	EVP_PKEY_free(key);
	return rc;
}

static enum rc make_card(const char *dir, struct local *local, const uint8_t *suites, size_t count)
{
	const struct personalisation p = {
		.authority = authority_certificate(local->authority)->object,
		.suites = suites,
		.suite_count = count,
		.bits = KEY_BITS,
		.certify = certify,
		.arg = local,
	};

	return personalise_card(dir, &p);
}

/* Everything of a card that is its own authority's. */
static enum rc fill(const char *dir, void *arg)
{
	const struct config *config = arg;
	uint8_t suites[PERSONALISE_SUITES] = {SUITE_42};
	size_t count = 1;
	struct local local = {.authority = NULL};
	enum rc rc = authority_make_holder("ZZHOST", local.host_name);

	if (config->make_02)
		suites[count++] = SUITE_02;
	if (config->make_01)
		suites[count++] = SUITE_01;
	log_info("a card is used for the first time; its keys are being made");
	if (rc == RC_OK)
		rc = authority_make_holder("ZZCARD", local.card_name);
	if (rc == RC_OK)
		rc = make_authority(dir, &local);
	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = make_host(dir, &local, suites[i]);
	if (rc == RC_OK)
		rc = make_card(dir, &local, suites, count);
	authority_close(&local.authority);
	return rc;
}

/* The directories in it before, and all of it on the disk after. */
static enum rc fill_durably(const char *dir, provision_fill *fill_it, void *arg)
{
	enum rc rc = files_write(dir, FILES_UNFINISHED, 0600, view_of(NULL, 0));

	if (rc == RC_OK)
		rc = files_sync_directory(dir, ".");
	if (rc == RC_OK)
		rc = files_make_directory(dir, "host");
	if (rc == RC_OK)
		rc = files_make_directory(dir, "card");
	if (rc == RC_OK)
		rc = fill_it(dir, arg);
	if (rc == RC_OK)
		rc = files_sync_directory(dir, "host");
	if (rc == RC_OK)
		rc = files_sync_directory(dir, "card");
	/* Without the mark it is a card, which nobody removes but its owner. */
	if (rc == RC_OK)
		rc = files_remove(dir, FILES_UNFINISHED);
	return rc == RC_OK ? files_sync_directory(dir, ".") : rc;
}

/* With the lock held: makes the card beside its place and puts it there. */
static enum rc make(const char *cards, const char *name, provision_fill *fill_it, void *arg)
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
	rc = fill_durably(dir, fill_it, arg);
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

enum rc provision_with(const char *cards, const char *name, provision_fill *fill_it, void *arg)
{
	enum rc rc = files_make_directories(cards);
	int lock = -1;

	if (rc == RC_OK)
		rc = files_lock(cards, ".lock", &lock);
	if (rc != RC_OK)
		return rc;
	if (!files_is_empty(cards, name)) {
		rc = RC_EXISTS;
		goto out;
	}
	files_remove_leftovers(cards);
	rc = make(cards, name, fill_it, arg);
	if (rc != RC_OK && !log_last()[0])
		log_error("card %s: it could not be made in %s: %s", name, cards, rc_name(rc));
out:
	close(lock);
	return rc;
}

enum rc provision(const char *cards, const char *name, const struct config *config)
{
	/* fill only reads it. */
	enum rc rc = provision_with(cards, name, fill, (void *)config);

	return rc == RC_EXISTS ? RC_OK : rc;
}
