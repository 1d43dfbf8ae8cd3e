/* SPDX-License-Identifier: BSD-2-Clause */
/* The identity of a fresh embedded card, over the card's bare commands. */
#include "token/personalise.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cvc_chain.h"
#include "base/log.h"
#include "sc/transport_embedded.h"
#include "token/files.h"

static const struct personalise_suite rows[PERSONALISE_SUITES] = {
	{SUITE_42, {1, 1}, "host/host.key", "host/host.cvc"},
	{SUITE_02, {2, 1}, "host/host-02.key", "host/host-02.cvc"},
	{SUITE_01, {3, 1}, "host/host-01.key", "host/host-01.cvc"},
};

const struct personalise_suite *personalise_suite(uint8_t suite)
{
	for (size_t i = 0; i < PERSONALISE_SUITES; i++)
		if (rows[i].suite == suite)
			return &rows[i];
	return NULL;
}

static bool are_suites(const struct personalisation *p)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < p->suite_count; i++) {
		const struct personalise_suite *row = personalise_suite(p->suites[i]);
		unsigned int bit = row ? 1U << (row - rows) : 0;

		if (!bit || seen & bit)
			return false;
		seen |= bit;
	}
	return seen != 0;
}

/* The card makes a key pair, and it is certified. */
static enum rc make_key(struct sc *sc, const struct personalisation *p,
			const struct personalise_suite *row, struct buf *certificate)
{
	struct buf key;
	uint16_t sw = 0;
	enum rc rc;

	buf_init(&key, CVC_MAX);
	rc = application_generate_card_key(sc, row->reference, row->suite, p->bits, &key, &sw);
	if (rc == RC_SW) {
		log_error("a card makes no key of %u bits for suite %02x (status %04X)", p->bits,
			  row->suite, sw);
		rc = RC_ARGUMENT;
	}
	if (rc == RC_OK)
		rc = p->certify(p->arg, row->suite, view_buf(&key), certificate);
	buf_free(&key);
	return rc;
}

/* The card's id is the holder's of its certificates. */
static enum rc read_id(struct view certificate, uint8_t ret[CVC_ID])
{
	struct cvc_chain chain;
	enum rc rc = cvc_chain_parse(certificate, &chain);

	if (rc == RC_OK)
		rc = cvc_id(cvc_chain_own(&chain), ret);
	if (rc != RC_OK)
		log_error("what was made for the card's key is no certificate");
	return rc;
}

static enum rc store(struct sc *sc, const struct personalisation *p,
		     const struct application_certificate *certificates)
{
	const struct application_personalisation all = {
		.authority = p->authority,
		.certificates = certificates,
		.certificate_count = p->suite_count,
		.suites = view_of(p->suites, p->suite_count),
		.lowest_level = p->lowest_level,
		.by_use = p->by_use,
		.plain_certificates = p->plain_certificates,
		.hosts = p->hosts,
		.host_count = p->host_count,
	};
	uint16_t sw = 0;
	enum rc rc = application_personalise(sc, &all, &sw);

	if (rc != RC_SW)
		return rc;
	log_error("the card does not take its certificates: each must be a card's, without a role, "
		  "of one holder, and verify under an authority that signed itself (status %04X)",
		  sw);
	return RC_POLICY;
}

static enum rc give_identity(struct sc *sc, const struct personalisation *p, uint8_t ret_id[CVC_ID])
{
	struct application_certificate certificates[PERSONALISE_SUITES];
	struct buf bytes[PERSONALISE_SUITES];
	enum rc rc = RC_OK;

	for (size_t i = 0; i < p->suite_count; i++)
		buf_init(&bytes[i], CVC_CHAIN_BYTES);
	for (size_t i = 0; i < p->suite_count && rc == RC_OK; i++) {
		const struct personalise_suite *row = personalise_suite(p->suites[i]);

		rc = make_key(sc, p, row, &bytes[i]);
		certificates[i].reference = row->reference;
		certificates[i].certificate = view_buf(&bytes[i]);
	}
	if (rc == RC_OK)
		rc = read_id(certificates[0].certificate, ret_id);
	if (rc == RC_OK)
		rc = store(sc, p, certificates);
	for (size_t i = 0; i < p->suite_count; i++)
		buf_free(&bytes[i]);
	return rc;
}

enum rc personalise_card(const char *dir, const struct personalisation *p)
{
	struct transport *transport = NULL;
	struct sc *sc = NULL;
	uint8_t id[CVC_ID];
	char *path = NULL;
	enum rc rc;

	if (!are_suites(p)) {
		log_error("a card has one to three of the suites 42, 02 and 01, each once");
		return RC_ARGUMENT;
	}
	if (asprintf(&path, "%s/card", dir) < 0)
		return RC_MEMORY;
	rc = transport_embedded_create(path, &transport);
	free(path);
	if (rc == RC_OK)
		rc = sc_open(&transport, NULL, NULL, &sc);
	if (rc == RC_OK)
		rc = give_identity(sc, p, id);
	sc_close(&sc);
	transport_close(&transport);
	if (rc == RC_OK)
		rc = files_write_hex(dir, "host/card.id", view_of(id, CVC_ID));
	return rc;
}
