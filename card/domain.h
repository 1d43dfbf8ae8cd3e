/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security domains, GPCS 7 and 11: the card manager (the issuer security domain) and supplementary
 * ones. What each command of theirs does is in the file of its family.
 */
#ifndef INTAGLIO_CARD_DOMAIN_H
#define INTAGLIO_CARD_DOMAIN_H

#include "card/command.h"
#include "card/registry.h"

/* Installation: the parameters are data objects, and ask for options of SCP02 and SCP03 that there are. */
uint16_t domain_install(struct command *c, const struct registry_entry *instance,
			struct view parameters);
/* SELECT: the FCI of GPCS table 11-82. */
uint16_t domain_select(struct command *c, const struct registry_entry *instance);
/* Appends the security domain management data, tag 73, GPCS H.3: what protocols the domain has. */
void domain_put_management_data(struct command *c, uint32_t domain, struct buf *out);

extern const struct command_row domain_commands[];

#endif
