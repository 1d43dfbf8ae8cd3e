/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What creating, generating and changing objects have in common. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_EDIT_H
#define INTAGLIO_TOKEN_EDIT_H

#include "token/session.h"

/* May this session make such an object: R/W, logged in, private keys on the card only. */
CK_RV edit_check_new(struct session *s, const struct schema *schema, struct view list);
/*
 * Takes the next rendered object of the card's into the store; before: the change counter before
 * the command. ret may be NULL.
 */
CK_RV edit_adopt(struct slot *slot, struct view *rendered, uint64_t before,
		 CK_OBJECT_HANDLE_PTR ret);
/* After one change of ours: the store is still current if the counter says that nobody else's was. */
void edit_count(struct slot *slot, bool is_private, uint64_t before);
/* What making an object may return of what the card's refusals mean to objects that exist. */
CK_RV edit_narrow(CK_RV rv);
/* Sends a list to be an object on the card. */
CK_RV edit_card_object(struct slot *slot, const struct schema *schema, struct buf *list,
		       CK_OBJECT_HANDLE_PTR ret);
/* Puts a list into the store as the session's own object. */
CK_RV edit_session_object(struct session *s, struct buf *list, CK_OBJECT_HANDLE_PTR ret);

#endif
