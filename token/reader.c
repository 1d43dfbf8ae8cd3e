/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers as a source of slots: every reader that pcscd has had is one. A card is told by its ATR;
 * one whose ATR does not say is asked for the application once an insertion, and left alone if it has
 * none. Who we are towards a card: the host's keys beside the embedded card of the same id, else
 * those in the directory that the settings name.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sc/readers.h"
#include "sc/transport_pcsc.h"
#include "token/slot.h"

enum { ID_TEXT = 2 * CVC_ID };

static CK_RV reader_scan(struct slots *slots)
{
	struct readers *readers = slots_readers(slots);
	struct reader reader;

	if (readers_refresh(readers) != RC_OK)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; readers_get(readers, i, &reader); i++) {
		CK_RV rv;

		if (slots_find(slots, &reader_source, reader.name))
			continue;
		rv = slots_add(slots, &reader_source, reader.name);
		if (rv != CKR_OK)
			return rv;
	}
	return CKR_OK;
}

/* A card that could not be asked is asked at the next look. */
static void judge(struct slot *slot, const struct reader *reader)
{
	struct atr atr = {.is_intaglio = false};

	if (slot->judged == reader->insertions)
		return;
	slot->is_ours = false;
	if (atr_parse(view_of(reader->atr, reader->atr_len), &atr) == RC_OK && atr.is_intaglio)
		slot->is_ours = true;
	else if (transport_pcsc_has(slot->name, fci_application_aid(), &slot->is_ours) != RC_OK)
		return;
	slot->judged = reader->insertions;
	if (!slot->is_ours)
		log_info("slot %s: the card is not ours and is left alone", slot->name);
}

static bool reader_is_present(struct slot *slot)
{
	struct reader reader;

	if (readers_refresh(slot->readers) != RC_OK ||
	    !readers_find(slot->readers, slot->name, &reader) || !reader.present)
		return false;
	judge(slot, &reader);
	return slot->judged == reader.insertions && slot->is_ours;
}

static uint64_t reader_insertion(const struct slot *slot, bool look)
{
	struct reader reader;

	if (look && readers_refresh(slot->readers) != RC_OK)
		return 0;
	if (!readers_find(slot->readers, slot->name, &reader) || !reader.present)
		return 0;
	return reader.insertions;
}

static enum rc reader_open(struct slot *slot, struct transport **ret_transport,
			   struct identity **ret_identity)
{
	*ret_identity = NULL;
	return transport_pcsc_open(slot->name, ret_transport);
}

/* True if the host's keys in this directory are for the card of this id. */
static bool is_for(const char *dir, const char id[ID_TEXT + 1])
{
	char text[ID_TEXT + 1] = "", *path;
	FILE *file;
	bool is;

	if (asprintf(&path, "%s/card.id", dir) < 0)
		return false;
	file = fopen(path, "re");
	is = file && fgets(text, sizeof(text), file) && strcasecmp(text, id) == 0;
	if (file)
		fclose(file);
	free(path);
	return is;
}

/* The host directory of the embedded card with this id, or NULL. */
static char *find_embedded(const struct config *config, const char id[ID_TEXT + 1])
{
	char *cards = NULL, *dir = NULL;
	struct dirent *entry;
	DIR *d;

	if (!config->data || asprintf(&cards, "%s/cards", config->data) < 0)
		return NULL;
	d = opendir(cards);
	while (d && !dir && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' ||
		    asprintf(&dir, "%s/%s/host", cards, entry->d_name) < 0) {
			dir = NULL;
			continue;
		}
		if (is_for(dir, id))
			continue;
		free(dir);
		dir = NULL;
	}
	if (d)
		closedir(d);
	free(cards);
	return dir;
}

static enum rc reader_identify(struct slot *slot, const uint8_t card_id[CVC_ID],
			       struct identity **ret_identity)
{
	char id[ID_TEXT + 1], *dir;
	enum rc rc;

	for (size_t i = 0; i < CVC_ID; i++)
		snprintf(id + 2 * i, 3, "%02X", card_id[i]);
	dir = find_embedded(slot->config, id);
	if (!dir && !slot->config->host) {
		log_error("slot %s: there are no host keys for card %s; name them with [host] "
			  "directory in intaglio.conf",
			  slot->name, id);
		return RC_NOT_FOUND;
	}
	rc = identity_load(dir ? dir : slot->config->host, &slot->config->host_key, ret_identity);
	free(dir);
	return rc;
}

const struct source reader_source = {
	.scan = reader_scan,
	.open = reader_open,
	.is_present = reader_is_present,
	.identify = reader_identify,
	.insertion = reader_insertion,
	.description = "Reader",
};
