/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Embedded cards as a source of slots: every directory under cards/ in the data directory is one;
 * `default` counts as present also before it is there. Names beginning with a dot are not cards.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sc/transport_embedded.h"
#include "token/files.h"
#include "token/provision.h"
#include "token/slot.h"

static const char default_name[] = "default";

static char *path_in(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static bool is_directory(const char *dir, const char *name)
{
	char *path = path_in(dir, name);
	struct stat st;
	bool is = path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	free(path);
	return is;
}

static CK_RV add_once(struct slots *slots, const char *name)
{
	if (slots_find(slots, &embedded_source, name))
		return CKR_OK;
	return slots_add(slots, &embedded_source, name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of card directories, sorted, so that slots have the same numbers at every start. */
static size_t list_names(const char *cards, char ***ret)
{
	struct dirent *entry;
	char **names = NULL;
	size_t count = 0;
	DIR *d = opendir(cards);

	if (!d && errno != ENOENT)
		log_error("the cards in %s cannot be listed: %s", cards, strerror(errno));
	while (d && (entry = readdir(d))) {
		char **more;

		if (entry->d_name[0] == '.' || !is_directory(cards, entry->d_name))
			continue;
		more = realloc(names, (count + 1) * sizeof(*names));
		if (!more)
			break;
		names = more;
		names[count] = strdup(entry->d_name);
		if (!names[count])
			break;
		count++;
	}
	if (d)
		closedir(d);
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	*ret = names;
	return count;
}

static CK_RV embedded_scan(struct slots *slots)
{
	const char *data = slots_config(slots)->data;
	char *cards, **names = NULL;
	size_t count;
	CK_RV rv;

	if (!data)
		return CKR_OK;
	cards = path_in(data, "cards");
	if (!cards)
		return CKR_HOST_MEMORY;
	rv = add_once(slots, default_name);
	count = list_names(cards, &names);
	for (size_t i = 0; i < count; i++) {
		if (rv == CKR_OK)
			rv = add_once(slots, names[i]);
		free(names[i]);
	}
	free(names);
	free(cards);
	return rv;
}

static enum rc open_card(const char *dir, const struct config *config,
			 struct transport **ret_transport, struct identity **ret_identity)
{
	char *host = path_in(dir, "host"), *card = path_in(dir, "card");
	struct identity *identity = NULL;
	enum rc rc = RC_MEMORY;

	if (!host || !card)
		goto out;
	rc = identity_load(host, &config->host_key, &identity);
	if (rc != RC_OK)
		goto out;
	rc = config->no_threads ? transport_embedded_open_unthreaded(card, ret_transport)
				: transport_embedded_open(card, ret_transport);
	if (rc != RC_OK)
		goto out;
	*ret_identity = identity;
	identity = NULL;
	rc = RC_OK;
out:
	identity_free(&identity);
	free(host);
	free(card);
	return rc;
}

static enum rc embedded_open(struct slot *slot, struct transport **ret_transport,
			     struct identity **ret_identity)
{
	char *cards = path_in(slot->config->data, "cards");
	char *dir = cards ? path_in(cards, slot->name) : NULL;
	enum rc rc = RC_MEMORY;

	if (!dir)
		goto out;
	rc = files_is_empty(cards, slot->name) ? provision(cards, slot->name, slot->config) : RC_OK;
	if (rc == RC_OK)
		rc = open_card(dir, slot->config, ret_transport, ret_identity);
out:
	free(dir);
	free(cards);
	return rc;
}

static bool embedded_is_present(struct slot *slot)
{
	(void)slot;
	return true;
}

const struct source embedded_source = {
	.scan = embedded_scan,
	.open = embedded_open,
	.is_present = embedded_is_present,
	.description = "Intaglio embedded card",
	.is_parallel = true,
};
