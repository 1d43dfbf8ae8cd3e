/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MakeCard of the vendor interface: a new embedded card under an authority whose private key is the
 * application's. The application's function is called with no lock but that on the card directories.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cvc_chain.h"
#include "sc/identity.h"
#include "token/files.h"
#include "token/personalise.h"
#include "token/provision.h"
#include "token/slot.h"

_Static_assert(CK_INTAGLIO_CERTIFICATE_MAX == CVC_CHAIN_BYTES, "what intaglio.h promises");
enum { NAME_MAX_CARD = 64, STORED_KEYS_MAX = 8, NUMBERING_BY_USE = 1 };

struct making {
	const CK_INTAGLIO_CARD *card;
	const struct config *config;
	bool canceled; /* by the application's function */
};

/* A file or card name that stays where it is put. */
static bool is_name(const char *name)
{
	size_t len = name ? strnlen(name, NAME_MAX_CARD + 1) : 0;

	if (!len || len > NAME_MAX_CARD || name[0] == '.')
		return false;
	for (; *name; name++)
		if (*name == '/' || (unsigned char)*name <= ' ' || *name == 0x7F)
			return false;
	return true;
}

static bool is_host_file(const CK_INTAGLIO_FILE *file)
{
	return is_name(file->name) && (file->pData || !file->ulDataLen) &&
	       strcmp(file->name, "authority.cvc") != 0 && strcmp(file->name, "card.id") != 0;
}

static bool is_complete(const CK_INTAGLIO_CARD *card)
{
	if (!is_name(card->name) || !card->pAuthority || !card->pSuites || !card->Certify ||
	    (card->ulHostFileCount && !card->pHostFiles) ||
	    (card->ulStoredKeyCount && !card->pStoredKeys) ||
	    card->ulStoredKeyCount > STORED_KEYS_MAX || card->keyNumbering > NUMBERING_BY_USE)
		return false;
	for (CK_ULONG i = 0; i < card->ulStoredKeyCount; i++)
		if (!card->pStoredKeys[i].pChain)
			return false;
	for (CK_ULONG i = 0; i < card->ulHostFileCount; i++)
		if (!is_host_file(&card->pHostFiles[i]))
			return false;
	return true;
}

/* Who opens the card later: refused now if it could not. */
static enum rc write_host(const char *dir, const CK_INTAGLIO_CARD *card,
			  const struct config *config)
{
	struct identity *identity = NULL;
	char *host = NULL;
	enum rc rc;

	if (asprintf(&host, "%s/host", dir) < 0)
		return RC_MEMORY;
	rc = files_write(host, "authority.cvc", 0644,
			 view_of(card->pAuthority, card->ulAuthorityLen));
	for (CK_ULONG i = 0; i < card->ulHostFileCount && rc == RC_OK; i++) {
		const CK_INTAGLIO_FILE *file = &card->pHostFiles[i];

		rc = files_write(host, file->name, 0600, view_of(file->pData, file->ulDataLen));
	}
	if (rc == RC_OK)
		rc = identity_load(host, &config->host_key, &identity);
	identity_free(&identity);
	free(host);
	return rc;
}

static enum rc certify(void *arg, uint8_t suite, struct view public_key, struct buf *certificate)
{
	struct making *making = arg;
	const CK_INTAGLIO_CARD *card = making->card;
	CK_BYTE bytes[CK_INTAGLIO_CERTIFICATE_MAX];
	CK_ULONG len = sizeof(bytes);
	CK_RV rv;

	rv = card->Certify(card->pApplication, suite, public_key.data, public_key.len, bytes, &len);
	if (rv != CKR_OK || len > sizeof(bytes)) {
		making->canceled = true;
		log_error("the card's key was not certified, and there is no card %s", card->name);
		return RC_POLICY;
	}
	buf_put(certificate, bytes, len);
	return buf_rc(certificate);
}

static enum rc fill(const char *dir, void *arg)
{
	struct making *making = arg;
	const CK_INTAGLIO_CARD *card = making->card;
	struct application_certificate hosts[STORED_KEYS_MAX];
	const struct personalisation p = {
		.authority = view_of(card->pAuthority, card->ulAuthorityLen),
		.suites = card->pSuites,
		.suite_count = card->ulSuiteCount,
		.bits = (unsigned int)card->ulModulusBits,
		.lowest_level = card->lowestLevel,
		.by_use = card->keyNumbering == NUMBERING_BY_USE,
		.plain_certificates = card->plainCertificates,
		.hosts = hosts,
		.host_count = card->ulStoredKeyCount,
		.certify = certify,
		.arg = making,
	};
	enum rc rc = write_host(dir, card, making->config);

	for (CK_ULONG i = 0; i < card->ulStoredKeyCount; i++) {
		const CK_INTAGLIO_STORED_KEY *key = &card->pStoredKeys[i];

		hosts[i].reference.version = key->version;
		hosts[i].reference.index = key->index;
		hosts[i].certificate = view_of(key->pChain, key->ulChainLen);
	}
	return rc == RC_OK ? personalise_card(dir, &p) : rc;
}

static CK_RV judge(const struct making *making, enum rc rc)
{
	if (making->canceled)
		return CKR_FUNCTION_CANCELED;
	switch (rc) {
	case RC_OK:
		return CKR_OK;
	case RC_EXISTS:
		log_error("there is a card %s already; a card gets its identity once",
			  making->card->name);
		return CKR_ACTION_PROHIBITED;
	case RC_MEMORY:
		return CKR_HOST_MEMORY;
	case RC_ARGUMENT:
		return CKR_ARGUMENTS_BAD;
	case RC_FULL:
		return CKR_DEVICE_MEMORY;
	case RC_IO:
	case RC_CRYPTO:
		return CKR_DEVICE_ERROR;
	default: /* what the application gave does not make an identity */
		return CKR_DATA_INVALID;
	}
}

CK_RV slots_make_card(struct slots *slots, const CK_INTAGLIO_CARD *card)
{
	const struct config *config = slots_config(slots);
	const char *data = config->data;
	struct making making = {.card = card, .config = config};
	char *cards = NULL;
	enum rc rc;

	if (!is_complete(card)) {
		log_error("a card needs a name of 1 to %d characters without blanks or /, not "
			  "beginning with a dot, and everything that certifies it",
			  NAME_MAX_CARD);
		return CKR_ARGUMENTS_BAD;
	}
	if (!data) {
		log_error("there is no place for cards: neither XDG_DATA_HOME nor HOME is set");
		return CKR_DEVICE_ERROR;
	}
	if (asprintf(&cards, "%s/cards", data) < 0)
		return CKR_HOST_MEMORY;
	rc = provision_with(cards, card->name, fill, &making);
	free(cards);
	return judge(&making, rc);
}
