/* SPDX-License-Identifier: BSD-2-Clause */
/* What the subcommands for principal cards share: their options, and how the card is opened. */
#ifndef INTAGLIO_TOOLS_PRINCIPAL_H
#define INTAGLIO_TOOLS_PRINCIPAL_H

#include "tools/app.h"

struct principal_options {
	struct tool *tool;
	/* Of keys. */
	bool shared, class_84, remove;
	CK_ULONG option; /* i of SCP02 */
	CK_ULONG version, block_size;
	/* Of load. */
	bool hash, keep;
	CK_ULONG key_set;
	CK_INTAGLIO_AID domain, module, name;
	CK_BYTE privileges[3];
	CK_BYTE parameters[128];
	CK_ULONG parameters_len;
	CK_ULONG serial; /* of charge */
	CK_ULONG from; /* of status */
};

/* Options after the two words; what follows them is left in *ret_args. False: said, or usage. */
bool principal_read_options(struct principal_options *o, int argc, char **argv, int *ret_argc,
			    char ***ret_args);
/* A number from min to max in decimal digits; false, and a sentence, if it is none. */
bool principal_number(const char *text, const char *what, CK_ULONG min, CK_ULONG max,
		      CK_ULONG *ret);
/* Loads the module and finds the card. */
enum exit_code principal_open(struct principal_options *o);

/* The whole status, its lists allocated; principal_free_status takes it. */
CK_RV principal_read_status(struct tool *tool, CK_ULONG from, CK_INTAGLIO_PRINCIPAL_STATUS *ret);
void principal_free_status(CK_INTAGLIO_PRINCIPAL_STATUS *status);

/* An installation through a principal card: app install --principal. */
enum exit_code principal_install(struct app *app);
/* Whether the person at the keyboard has cancelled; principal_listen first. */
void principal_listen(void);
bool principal_is_cancelled(void);

#endif
