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
/* A new ledger's label: text, and no other ledger's, so that it can be named. Says why not. */
enum exit_code ledger_check_label(struct tool *tool, const char *label);
/* The modulus of an escrow key, an RSA public key, PEM. Says a sentence if it is none. */
bool ledger_read_escrow(const char *file, struct buf *ret);
/* A text attribute as a C string. */
CK_RV ledger_text(struct tool *tool, CK_OBJECT_HANDLE ledger, CK_ATTRIBUTE_TYPE type, char *ret,
		  size_t size);

#endif
