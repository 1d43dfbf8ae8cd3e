/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which options (parameter i) the key sets of a security domain get, by protocol: what was stored in the
 * domain as `FE { 81 .. }`, else what came with its installation as `C9 { 81 .. }`, else the card's own.
 * 81 is a list of two bytes each, a protocol and its i. A set keeps those that it was put with.
 */
#ifndef INTAGLIO_CARD_SCP_OPTIONS_H
#define INTAGLIO_CARD_SCP_OPTIONS_H

#include "card/registry.h"

enum { TAG_SCP_OPTIONS = 0xFE };

/* The parameter i of a set of this key type. RC_DAMAGED. */
enum rc scp_options_get(struct nvm *nvm, const struct registry_entry *domain, uint8_t key_type,
			uint8_t *ret) WARN_UNUSED;
/* RC_OK if these are data objects, and 81, if it is among them, lists what this card can do. RC_MALFORMED. */
enum rc scp_options_check(struct view objects) WARN_UNUSED;

#endif
