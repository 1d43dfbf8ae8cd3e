/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings of the module: the file that INTAGLIO_CONF names, else
 * $XDG_CONFIG_HOME/intaglio/intaglio.conf ($HOME/.config without it), else
 * /etc/intaglio/intaglio.conf. Lines are `key = value`, `[section]`, or begin with # or ;. Read once
 * and then never changed, so that threads may share it.
 */
#ifndef INTAGLIO_TOKEN_CONFIG_H
#define INTAGLIO_TOKEN_CONFIG_H

#include "base/log.h"
#include "sc/identity.h"
#include "sc/policy.h"

struct config {
	enum log_level log_level; /* [log] level = none, error, warning, info, debug */
	bool log_syslog; /* [log] syslog = yes */
	bool no_threads; /* no setting: what the application said, slots_forbid_threads */
	char *data; /* [card] data = the directory above cards/; NULL if there is none */
	char *host; /* [host] directory = host keys for cards in readers; NULL if there is none */
	char *passphrase_file, *module; /* [host]; what host_key borrows */
	struct identity_options host_key;
	bool make_02,
		make_01; /* [card] suites = 42 02 01: new embedded cards get these keys, too */
	struct policy policy; /* [policy], [card ID], and [card] allow-02 = card id */
};

/*
 * Reads the settings; a missing file is none. A line that cannot be used is said in a warning with
 * file and line and left out. RC_IO: a file that is there and cannot be read; RC_MEMORY.
 */
enum rc config_load(struct config **ret) WARN_UNUSED;
/* The same from one file; path may be NULL: defaults. */
enum rc config_load_file(const char *path, struct config **ret) WARN_UNUSED;
void config_free(struct config **config);

#endif
