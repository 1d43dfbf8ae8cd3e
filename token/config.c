/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings: one table of keys, one reader of lines. */
#include "token/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ID_TEXT = 2 * CVC_ID };

struct reader {
	struct config *config;
	struct policy_card *cards; /* what config->policy.cards points to */
	const char *path;
	unsigned int line;
	char section[32];
};

static bool parse_level(struct config *config, const char *value)
{
	static const char *const names[] = {
		[LOG_LEVEL_NONE] = "none",       [LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(value, names[i]) == 0) {
			config->log_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static bool set_level(struct reader *r, const char *value)
{
	return parse_level(r->config, value);
}

static bool set_syslog(struct reader *r, const char *value)
{
	r->config->log_syslog = strcasecmp(value, "yes") == 0;
	return r->config->log_syslog || strcasecmp(value, "no") == 0;
}

static bool set_path(char **directory, const char *value)
{
	char *copy;

	if (value[0] != '/')
		return false;
	copy = strdup(value);
	if (!copy)
		return false;
	free(*directory);
	*directory = copy;
	return true;
}

static bool set_data(struct reader *r, const char *value)
{
	return set_path(&r->config->data, value);
}

static bool set_host(struct reader *r, const char *value)
{
	return set_path(&r->config->host, value);
}

static bool set_passphrase_file(struct reader *r, const char *value)
{
	bool is_set = set_path(&r->config->passphrase_file, value);

	r->config->host_key.passphrase_file = r->config->passphrase_file;
	return is_set;
}

static bool set_module(struct reader *r, const char *value)
{
	bool is_set = set_path(&r->config->module, value);

	r->config->host_key.module = r->config->module;
	return is_set;
}

/* Suites by their numbers, as POLICY_ bits; at least one. */
static bool parse_suites(const char *value, unsigned int *ret)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} names[] = {{"42", POLICY_42}, {"02", POLICY_02}, {"01", POLICY_01}};
	const char separators[] = " \t,";

	*ret = 0;
	while (*value) {
		size_t n = strcspn(value, separators), i = 0;

		while (n && i < 3 && (n != 2 || strncmp(value, names[i].name, n) != 0))
			i++;
		if (i == 3)
			return false;
		if (n)
			*ret |= names[i].bit;
		value += n;
		value += strspn(value, separators);
	}
	return *ret != 0;
}

static bool set_suites(struct reader *r, const char *value)
{
	unsigned int suites;

	if (!parse_suites(value, &suites) || !(suites & POLICY_42))
		return false;
	r->config->make_02 = suites & POLICY_02;
	r->config->make_01 = suites & POLICY_01;
	return true;
}

static bool set_policy_suites(struct reader *r, const char *value)
{
	unsigned int suites;

	if (!parse_suites(value, &suites))
		return false;
	r->config->policy.suites = suites;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A card id is its 8 characters, as in the token's serial number, or 16 hexadecimal digits. */
static bool parse_id(const char *text, uint8_t ret[CVC_ID])
{
	size_t len = strlen(text);

	if (len == CVC_ID) {
		for (size_t i = 0; i < len; i++)
			ret[i] = (uint8_t)text[i];
		return true;
	}
	if (len != ID_TEXT)
		return false;
	for (size_t i = 0; i < CVC_ID; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The row of a card, made if there is none yet; NULL without memory. */
static struct policy_card *card_row(struct reader *r, const uint8_t id[CVC_ID])
{
	struct policy *policy = &r->config->policy;
	struct policy_card *cards;

	for (size_t i = 0; i < policy->card_count; i++) {
		if (view_equal(view_of(r->cards[i].id, CVC_ID), view_of(id, CVC_ID)))
			return &r->cards[i];
	}
	cards = realloc(r->cards, (policy->card_count + 1) * sizeof(*cards));
	if (!cards)
		return NULL;
	r->cards = cards;
	policy->cards = cards;
	cards += policy->card_count++;
	*cards = (struct policy_card){.suite = SUITE_42};
	memcpy(cards->id, id, CVC_ID);
	return cards;
}

/* Suites 02 and 01 have key pairs of their own on the cards that token/provision.c makes. */
static void set_suite(struct policy_card *row, uint8_t suite)
{
	row->suite = suite;
	if (suite != SUITE_42 && !row->card_key.version)
		row->card_key = (struct policy_reference){suite == SUITE_02 ? 2 : 3, 1};
}

static bool add_allow_02(struct reader *r, const char *value)
{
	uint8_t id[CVC_ID];
	struct policy_card *row = parse_id(value, id) ? card_row(r, id) : NULL;

	if (!row)
		return false;
	row->level = LEVEL_ALL;
	set_suite(row, SUITE_02);
	return true;
}

/* Values of [card ID]: one of two words, or hexadecimal bytes. */

static bool choose(const char *value, const char *no, const char *yes, bool *ret)
{
	*ret = strcasecmp(value, yes) == 0;
	return *ret || strcasecmp(value, no) == 0;
}

static bool parse_byte(const char *text, uint8_t *ret)
{
	if (strlen(text) != 2 || hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0)
		return false;
	*ret = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
	return true;
}

/* A key reference is version and index, "2 1"; decimal. */
static bool parse_reference(const char *text, struct policy_reference *ret)
{
	unsigned int version, index;
	char rest;

	if (sscanf(text, "%u %u %c", &version, &index, &rest) != 2 || !version || version > 255 ||
	    index > 255)
		return false;
	*ret = (struct policy_reference){(uint8_t)version, (uint8_t)index};
	return true;
}

static bool row_suite(struct policy_card *row, const char *value)
{
	uint8_t suite;

	if (!parse_byte(value, &suite) ||
	    (suite != SUITE_42 && suite != SUITE_02 && suite != SUITE_01))
		return false;
	set_suite(row, suite);
	return true;
}

static bool row_level(struct policy_card *row, const char *value)
{
	uint8_t level;

	if (!parse_byte(value, &level) || !level || level & ~LEVEL_ALL)
		return false;
	row->level = level;
	return true;
}

static bool row_weak(struct policy_card *row, const char *value)
{
	return choose(value, "no", "yes", &row->unauthenticated);
}

static bool row_authentication(struct policy_card *row, const char *value)
{
	return choose(value, "mutual", "external", &row->external_only);
}

static bool row_host(struct policy_card *row, const char *value)
{
	return choose(value, "certificate", "stored", &row->stored_host_key);
}

static bool row_keys(struct policy_card *row, const char *value)
{
	return choose(value, "separate", "joint", &row->joint_keys);
}

static bool row_dek(struct policy_card *row, const char *value)
{
	return choose(value, "no", "yes", &row->dek);
}

static bool row_numbering(struct policy_card *row, const char *value)
{
	bool seed;

	if (!choose(value, "gpcs", "use", &seed))
		return false;
	row->numbering = seed ? POLICY_NUMBERING_SEED : POLICY_NUMBERING_GPCS;
	return true;
}

static bool row_card_key(struct policy_card *row, const char *value)
{
	return parse_reference(value, &row->card_key);
}

static bool row_host_key(struct policy_card *row, const char *value)
{
	return parse_reference(value, &row->host_key);
}

static const struct {
	const char *name;
	bool (*set)(struct policy_card *row, const char *value);
} row_keys_table[] = {
	{"suite", row_suite},
	{"level", row_level},
	{"unauthenticated", row_weak},
	{"authentication", row_authentication},
	{"host", row_host},
	{"keys", row_keys},
	{"dek", row_dek},
	{"numbering", row_numbering},
	{"card-key", row_card_key},
	{"host-key", row_host_key},
};

static bool set_cards(struct reader *r, const char *value)
{
	return choose(value, "any", "named", &r->config->policy.named_only);
}

static bool set_roles(struct reader *r, const char *value)
{
	static const struct {
		const char *name;
		unsigned int role;
	} names[] = {
		{"user", ROLE_USER},
		{"issuer", ROLE_ISSUER},
		{"updater", ROLE_UPDATER},
		{"auditor", ROLE_AUDITOR},
	};
	const char separators[] = " \t,";
	unsigned int roles = 0;

	while (*value) {
		size_t n = strcspn(value, separators), i = 0;

		while (n && i < 4 &&
		       (strlen(names[i].name) != n || strncasecmp(value, names[i].name, n) != 0))
			i++;
		if (i == 4)
			return false;
		if (n)
			roles |= names[i].role;
		value += n;
		value += strspn(value, separators);
	}
	r->config->policy.roles = roles;
	return roles != 0;
}

static const struct key {
	const char *section, *name;
	bool (*set)(struct reader *r, const char *value); /* false: the value cannot be used */
} keys[] = {
	{"log", "level", set_level},
	{"log", "syslog", set_syslog},
	{"card", "data", set_data},
	{"card", "suites", set_suites},
	{"card", "allow-02", add_allow_02},
	{"host", "directory", set_host},
	{"host", "module", set_module},
	{"host", "passphrase-file", set_passphrase_file},
	{"policy", "cards", set_cards},
	{"policy", "roles", set_roles},
	{"policy", "suites", set_policy_suites},
};

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* A line of [card ID]. False if there is no such setting. */
static bool read_card_pair(struct reader *r, const char *name, const char *value)
{
	struct policy_card *row;
	uint8_t id[CVC_ID];

	for (size_t i = 0; i < sizeof(row_keys_table) / sizeof(row_keys_table[0]); i++) {
		if (strcmp(row_keys_table[i].name, name) != 0)
			continue;
		row = parse_id(r->section + 5, id) ? card_row(r, id) : NULL;
		if (!row || !row_keys_table[i].set(row, value))
			log_warning("%s, line %u: '%s' of [%s] cannot have the value '%s'; the "
				    "line is left out",
				    r->path, r->line, name, r->section, value);
		return true;
	}
	return false;
}

static void read_pair(struct reader *r, const char *name, const char *value)
{
	if (strncmp(r->section, "card ", 5) == 0 && read_card_pair(r, name, value))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].section, r->section) != 0 || strcmp(keys[i].name, name) != 0)
			continue;
		if (!keys[i].set(r, value))
			log_warning("%s, line %u: '%s' cannot have the value '%s'; the line is "
				    "left out",
				    r->path, r->line, name, value);
		return;
	}
	log_warning("%s, line %u: there is no setting '%s' in section [%s]; the line is left out",
		    r->path, r->line, name, r->section);
}

static void read_line(struct reader *r, char *text)
{
	char *line = trim(text), *equals = strchr(line, '=');
	size_t len = strlen(line);

	if (!len || line[0] == '#' || line[0] == ';')
		return;
	if (line[0] == '[' && line[len - 1] == ']' && len - 2 < sizeof(r->section)) {
		snprintf(r->section, sizeof(r->section), "%.*s", (int)(len - 2), line + 1);
		return;
	}
	if (!equals) {
		log_warning("%s, line %u: neither 'key = value' nor '[section]'; the line is left "
			    "out",
			    r->path, r->line);
		return;
	}
	*equals = '\0';
	read_pair(r, trim(line), trim(equals + 1));
}

static enum rc read_file(struct reader *r)
{
	char *line = NULL;
	size_t room = 0;
	enum rc rc = RC_OK;
	FILE *file = fopen(r->path, "re");

	if (!file) {
		if (errno == ENOENT || errno == ENOTDIR)
			return RC_NOT_FOUND;
		log_error("the settings in %s cannot be read: %s", r->path, strerror(errno));
		return RC_IO;
	}
	while (getline(&line, &room, file) >= 0) {
		r->line++;
		read_line(r, line);
	}
	if (!feof(file)) {
		log_error("the settings in %s cannot be read: %s", r->path, strerror(errno));
		rc = RC_IO;
	}
	free(line);
	fclose(file);
	return rc;
}

/* A directory below the XDG folder, or below its place in the home; NULL without a home. */
static char *default_directory(const char *folder, const char *in_home, const char *name)
{
	const char *xdg = secure_getenv(folder), *home = secure_getenv("HOME");
	char *path = NULL;

	if (xdg && xdg[0] == '/') {
		if (asprintf(&path, "%s/%s", xdg, name) < 0)
			return NULL;
	} else if (home && home[0] == '/') {
		if (asprintf(&path, "%s/%s/%s", home, in_home, name) < 0)
			return NULL;
	}
	return path;
}

enum rc config_load_file(const char *path, struct config **ret)
{
	struct reader r = {.path = path};
	enum rc rc = RC_MEMORY;

	r.config = calloc(1, sizeof(*r.config));
	if (!r.config)
		goto out;
	r.config->log_level = LOG_LEVEL_WARNING;
	r.config->data = default_directory("XDG_DATA_HOME", ".local/share", "intaglio");
	r.config->host = default_directory("XDG_CONFIG_HOME", ".config", "intaglio/host");
	rc = path ? read_file(&r) : RC_OK;
	if (rc != RC_OK)
		goto out;
	*ret = r.config;
	r.config = NULL;
	rc = RC_OK;
out:
	config_free(&r.config);
	return rc;
}

static enum rc load_first(struct config **ret)
{
	const char *named = secure_getenv("INTAGLIO_CONF"), *xdg, *home;
	char path[PATH_MAX];
	int len;
	enum rc rc = RC_NOT_FOUND;

	if (named) {
		rc = config_load_file(named, ret);
		if (rc == RC_NOT_FOUND) {
			log_error("the settings in %s, which INTAGLIO_CONF names, are not there",
				  named);
			rc = RC_IO;
		}
		return rc;
	}
	xdg = secure_getenv("XDG_CONFIG_HOME");
	home = secure_getenv("HOME");
	if (xdg && xdg[0] == '/')
		len = snprintf(path, sizeof(path), "%s/intaglio/intaglio.conf", xdg);
	else
		len = snprintf(path, sizeof(path), "%s/.config/intaglio/intaglio.conf",
			       home ? home : "");
	if (len < 0 || (size_t)len >= sizeof(path)) {
		log_error("the path of the settings is longer than %zu bytes", sizeof(path) - 1);
		return RC_IO;
	}
	if (path[0] == '/')
		rc = config_load_file(path, ret);
	if (rc == RC_NOT_FOUND)
		rc = config_load_file("/etc/intaglio/intaglio.conf", ret);
	if (rc == RC_NOT_FOUND)
		rc = config_load_file(NULL, ret);
	return rc;
}

enum rc config_load(struct config **ret)
{
	const char *level = secure_getenv("INTAGLIO_LOG");
	enum rc rc = load_first(ret);

	if (rc == RC_OK && level && !parse_level(*ret, level))
		log_warning("INTAGLIO_LOG cannot have the value '%s'; it is left out", level);
	return rc;
}

void config_free(struct config **config)
{
	struct policy_card *cards;

	if (!config || !*config)
		return;
	/* The rows were allocated here, and are const for everybody else. */
	cards = (struct policy_card *)(*config)->policy.cards;
	free(cards);
	free((*config)->data);
	free((*config)->host);
	free((*config)->passphrase_file);
	free((*config)->module);
	free(*config);
	*config = NULL;
}
