/* SPDX-License-Identifier: BSD-2-Clause */
/* Slot and token management, PKCS #11 5.5. */
#include "module/gate.h"

static bool is_listed(struct slots *slots, CK_SLOT_ID id, bool with_token)
{
	struct slot *slot = slots_get(slots, id);
	bool listed;

	if (!with_token)
		return true;
	slot_lock(slot);
	listed = slot_has_token(slot);
	slot_unlock(slot);
	return listed;
}

/* 5.5.1: only a call without a list looks for new slots. */
static CK_RV list_slots(struct slots *slots, bool with_token, CK_SLOT_ID_PTR list,
			CK_ULONG_PTR count)
{
	CK_RV rv = list ? CKR_OK : slots_refresh(slots);
	CK_ULONG room = *count;
	CK_ULONG found = 0;

	if (rv != CKR_OK)
		return rv;
	for (CK_SLOT_ID id = 0; id < slots_count(slots); id++) {
		if (!is_listed(slots, id, with_token))
			continue;
		if (list && found < room)
			list[found] = id;
		found++;
	}
	*count = found;
	return list && found > room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID_PTR list, CK_ULONG_PTR count)
{
	struct call c = gate_library(FUNCTION_C_GetSlotList, count != NULL);

	return gate_leave(&c, c.slots ? list_slots(c.slots, with_token, list, count) : c.rv);
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO_PTR ret)
{
	struct call c = gate_slot(FUNCTION_C_GetSlotInfo, slot, ret != NULL);

	return gate_leave(&c, c.slot ? slot_info(c.slot, ret) : c.rv);
}

static CK_RV get_token_info(const struct call *c, CK_TOKEN_INFO_PTR ret)
{
	CK_ULONG rw;
	CK_ULONG count = gate_count_sessions(c, &rw);

	return token_info(c->slot, count, rw, ret);
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR ret)
{
	struct call c = gate_slot(FUNCTION_C_GetTokenInfo, slot, ret != NULL);

	return gate_leave(&c, c.slot ? get_token_info(&c, ret) : c.rv);
}

/* Whoever is told of a card that has gone finds its sessions closed. */
static CK_RV wait_for_event(const struct call *c, CK_FLAGS flags, CK_SLOT_ID_PTR ret)
{
	CK_RV rv = slots_wait(c->slots, !(flags & CKF_DONT_BLOCK), ret);

	if (rv == CKR_OK)
		gate_follow_card(c, *ret);
	return rv;
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR ret, void *reserved)
{
	struct call c = gate_library(FUNCTION_C_WaitForSlotEvent, ret && !reserved);

	return gate_leave(&c, c.slots ? wait_for_event(&c, flags, ret) : c.rv);
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
	struct call c = gate_slot(FUNCTION_C_GetMechanismList, slot, count != NULL);

	return gate_leave(&c, c.slot ? token_mechanism_list(c.slot, list, count) : c.rv);
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR ret)
{
	struct call c = gate_slot(FUNCTION_C_GetMechanismInfo, slot, ret != NULL);

	return gate_leave(&c, c.slot ? token_mechanism_info(c.slot, type, ret) : c.rv);
}

static CK_RV init_token(const struct call *c, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len,
			CK_UTF8CHAR_PTR label)
{
	CK_ULONG rw;

	if (gate_count_sessions(c, &rw) > 0)
		return CKR_SESSION_EXISTS;
	return token_init(c->slot, pin, pin_len, label);
}

/* There is no protected authentication path, so a PIN that is not given is an error here and below. */
CK_RV C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label)
{
	struct call c = gate_slot(FUNCTION_C_InitToken, slot, pin && label);

	return gate_leave(&c, c.slot ? init_token(&c, pin, pin_len, label) : c.rv);
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	struct call c = gate_session(FUNCTION_C_InitPIN, session, pin != NULL);

	return gate_leave(&c, c.session ? session_init_pin(c.session, pin, pin_len) : c.rv);
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_len,
	       CK_UTF8CHAR_PTR new_pin, CK_ULONG new_len)
{
	struct call c = gate_session(FUNCTION_C_SetPIN, session, old_pin && new_pin);

	return gate_leave(&c,
			  c.session ? session_set_pin(c.session, old_pin, old_len, new_pin, new_len)
				    : c.rv);
}
