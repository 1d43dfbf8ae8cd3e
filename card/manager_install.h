/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the INSTALL family share: its fields, privileges, and one's own entries. */
#ifndef INTAGLIO_CARD_MANAGER_INSTALL_H
#define INTAGLIO_CARD_MANAGER_INSTALL_H

#include "card/manager_delegate.h"

/* Fields of an INSTALL in their order, GPCS tables 11-43 to 11-46. */
struct install_fields {
	struct view file, module, instance, privileges, parameters, token;
	struct view body; /* all before the token's length */
};

/* RC_MALFORMED. */
enum rc install_take_fields(struct view in, struct install_fields *ret) WARN_UNUSED;
/* As delegate_authorise, for the token among these fields. */
uint16_t install_authorise(struct command *c, const struct registry_entry *domain,
			   const struct install_fields *f);
/* Privileges of one byte or three as they are sent; and those that are granted. RC_MALFORMED. */
enum rc install_take_bytes(struct view in, uint32_t *ret) WARN_UNUSED;
enum rc install_take_privileges(struct view in, uint32_t *ret) WARN_UNUSED;
/* The application that a command names, under a domain; 6A88. */
uint16_t install_find(struct command *c, struct view aid, uint32_t domain,
		      struct registry_entry *ret);
/*
 * Takes the Card Reset privilege from whoever else has it, inside a transaction. RC_STATE: that is
 * neither the issuer security domain nor under the acting domain, which may be the issuer's.
 */
enum rc install_move_card_reset(struct nvm *nvm, uint32_t domain, uint32_t to) WARN_UNUSED;
/* Inside a transaction: what answers after a reset is the issuer security domain then. */
enum rc install_give_back_card_reset(struct nvm *nvm) WARN_UNUSED;

/* 80 E6 10, 20 and 40 of these fields, authorised. */
uint16_t install_extradite(struct command *c, const struct registry_entry *domain,
			   const struct install_fields *f);
uint16_t install_personalise(struct command *c, const struct registry_entry *domain,
			     const struct install_fields *f);
uint16_t install_update(struct command *c, const struct registry_entry *domain,
			const struct install_fields *f);

/* Of a combined process: the token at its end, and the load file, put inside a transaction. RC_POLICY. */
uint16_t load_authorise(struct command *c, const struct registry_entry *domain,
			const struct manager *m, const struct install_fields *f);
enum rc load_put_file(struct command *c, struct manager *m, uint32_t number) WARN_UNUSED;

#endif
