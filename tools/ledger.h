/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ledger subcommands share: finding the ledger that --ledger means, and its texts. */
#ifndef INTAGLIO_TOOLS_LEDGER_H
#define INTAGLIO_TOOLS_LEDGER_H

#include "base/ledger.h"
#include "tools/tool.h"

/* The ledger of the session's card that --ledger names, or its only one. Says why if it is none. */
enum exit_code ledger_find(struct tool *tool, CK_OBJECT_HANDLE *ret);
/* Says on standard error what the card warns of. */
void ledger_warn(struct tool *tool, CK_OBJECT_HANDLE ledger);
/* A text attribute as a C string. */
CK_RV ledger_text(struct tool *tool, CK_OBJECT_HANDLE ledger, CK_ATTRIBUTE_TYPE type, char *ret,
		  size_t size);

#endif
