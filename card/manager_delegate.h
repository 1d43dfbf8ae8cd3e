/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delegated management, GPCS 9.1.3.3 and C.4, C.5: tokens that let a security domain manage contents in
 * the issuer's name, and the receipts that it gets. Who verifies tokens and who makes receipts is a
 * domain with the privilege in the hierarchy of the one that manages.
 */
#ifndef INTAGLIO_CARD_MANAGER_DELEGATE_H
#define INTAGLIO_CARD_MANAGER_DELEGATE_H

#include "card/manager.h"

/* What a token is over, and what came with it. */
struct token {
	struct view
		before; /* the first command's part of a combined token, header and all, or empty */
	struct view body; /* the command's data field without the token and its length */
	struct view parameters; /* where a control reference template, B6, may be */
	struct view value;
	size_t hash_len; /* of the load file data block, where the token is for one; else 0 */
};

/*
 * 9000 if the domain may manage contents with this token: 6A80 one came that is not for it, or with too
 * weak a hash; 6982 none came, or a wrong one; 6985 the privilege, or the key that verifies is not there.
 */
uint16_t delegate_authorise(struct command *c, const struct registry_entry *domain,
			    const struct token *token);
/* Appends P1, P2, length and data field as tokens are computed over them. */
void delegate_put_signed(const struct command *c, struct view body, struct buf *out);
/*
 * Ends the transaction of what a domain was asked for: if all went well so far a receipt is made where
 * one is due, counted in the same commit, and the answer is put. The receipt is over the AIDs of body,
 * each with its length before it. 9000, 6A84, 6985 (no key for receipts, or the counter is at its
 * end), or what went wrong.
 */
uint16_t delegate_commit(struct command *c, const struct registry_entry *domain, enum rc rc,
			 const struct buf *body, struct view parameters);
/* How many receipts a domain has made. RC_DAMAGED. */
enum rc delegate_count(struct nvm *nvm, uint32_t domain, uint16_t *ret) WARN_UNUSED;

/*
 * Judges the DAP blocks that came before a load file data block for this domain: 6A80 form, or no or
 * too weak a hash; 6A88 no such domain; 6985 it verifies none, or has no key; 6982 wrong, or one is
 * missing that must be there.
 */
uint16_t dap_check(struct command *c, struct view blocks, uint32_t domain, struct view hash);

#endif
