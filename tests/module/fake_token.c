/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A token that does nothing, to see what the module does around it: it checks that a slot is locked
 * by the thread that uses it and that everything is closed in order. Slot 0 has a token, slot 1 has
 * none, slot 2 is found at the second look. C_SeedRandom is told what to do by its seed, and C_Sign
 * calls back with the slot free, if its session has somebody to call.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "token/token.h"

#define FAKE_SLOTS 3

struct slot {
	pthread_mutex_t mutex;
	pthread_t holder;
	bool locked;
	CK_SLOT_ID id;
	unsigned int sessions;
	bool taken; /* its card was taken out, which nobody has seen */
	bool lost; /* and now somebody has */
};

struct slots {
	struct slot slot[FAKE_SLOTS];
	unsigned int looks;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool interrupted;
};

struct session {
	struct slot *slot;
	CK_SESSION_HANDLE handle;
	CK_FLAGS flags;
	void *application;
	CK_NOTIFY notify;
	bool unsettled; /* an operation has run, and its call has not ended */
};

static void check_locked(const struct slot *slot)
{
	assert(slot->locked && pthread_equal(slot->holder, pthread_self()));
}

void slots_forbid_threads(struct slots *slots)
{
	(void)slots;
}

CK_RV slots_open(struct slots **ret)
{
	struct slots *slots = calloc(1, sizeof(*slots));

	if (!slots)
		return CKR_HOST_MEMORY;
	for (CK_SLOT_ID id = 0; id < FAKE_SLOTS; id++) {
		pthread_mutex_init(&slots->slot[id].mutex, NULL);
		slots->slot[id].id = id;
	}
	pthread_mutex_init(&slots->mutex, NULL);
	pthread_cond_init(&slots->changed, NULL);
	*ret = slots;
	return CKR_OK;
}

/* The only event is slot 0's card taken out; a wait ends when it is interrupted. */
CK_RV slots_wait(struct slots *slots, bool block, CK_SLOT_ID_PTR ret)
{
	if (!block && slots->slot[0].taken) {
		*ret = 0;
		return CKR_OK;
	}
	if (!block)
		return CKR_NO_EVENT;
	pthread_mutex_lock(&slots->mutex);
	while (!slots->interrupted)
		pthread_cond_wait(&slots->changed, &slots->mutex);
	pthread_mutex_unlock(&slots->mutex);
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

void slots_interrupt(struct slots *slots)
{
	pthread_mutex_lock(&slots->mutex);
	slots->interrupted = true;
	pthread_cond_broadcast(&slots->changed);
	pthread_mutex_unlock(&slots->mutex);
}

void slots_close(struct slots **slots)
{
	if (!*slots)
		return;
	for (CK_SLOT_ID id = 0; id < FAKE_SLOTS; id++) {
		assert((*slots)->slot[id].sessions == 0);
		pthread_mutex_destroy(&(*slots)->slot[id].mutex);
	}
	free(*slots);
	*slots = NULL;
}

CK_RV slots_refresh(struct slots *slots)
{
	slots->looks++;
	return CKR_OK;
}

size_t slots_count(const struct slots *slots)
{
	return slots->looks >= 2 ? FAKE_SLOTS : FAKE_SLOTS - 1;
}

struct slot *slots_get(struct slots *slots, CK_SLOT_ID id)
{
	return id < slots_count(slots) ? &slots->slot[id] : NULL;
}

void slot_lock(struct slot *slot)
{
	pthread_mutex_lock(&slot->mutex);
	slot->holder = pthread_self();
	slot->locked = true;
}

void slot_lock_beside(struct slot *slot)
{
	slot_lock(slot);
}

void slot_wait(struct slot *slot)
{
	check_locked(slot);
}

bool session_is_away(const struct session *session)
{
	(void)session;
	return false;
}

void session_settle(struct session *session)
{
	check_locked(session->slot);
	session->unsettled = false;
}

void slot_unlock(struct slot *slot)
{
	check_locked(slot);
	slot->locked = false;
	pthread_mutex_unlock(&slot->mutex);
}

CK_SLOT_ID slot_id(const struct slot *slot)
{
	return slot->id;
}

bool slot_has_token(struct slot *slot)
{
	check_locked(slot);
	return slot->id == 0;
}

bool slot_lost_card(struct slot *slot, bool look)
{
	check_locked(slot);
	if (look && slot->taken)
		slot->lost = true;
	return slot->lost;
}

bool slot_is_gone(const struct slot *slot)
{
	return slot->lost;
}

void slot_forget_card(struct slot *slot)
{
	check_locked(slot);
	assert(slot->sessions == 0);
	slot->lost = false;
	slot->taken = false;
}

CK_RV slot_info(struct slot *slot, CK_SLOT_INFO *ret)
{
	check_locked(slot);
	memset(ret, 0, sizeof(*ret));
	return CKR_OK;
}

CK_RV token_info(struct slot *slot, CK_ULONG sessions, CK_ULONG rw_sessions, CK_TOKEN_INFO *ret)
{
	check_locked(slot);
	if (slot->id != 0)
		return CKR_TOKEN_NOT_PRESENT;
	assert(sessions == slot->sessions);
	memset(ret, 0, sizeof(*ret));
	ret->ulSessionCount = sessions;
	ret->ulRwSessionCount = rw_sessions;
	return CKR_OK;
}

CK_RV token_init(struct slot *slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label)
{
	check_locked(slot);
	assert(pin && pin_len && label);
	return slot->sessions == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

CK_RV token_mechanism_list(struct slot *slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
	check_locked(slot);
	(void)list;
	*count = 0;
	return CKR_OK;
}

CK_RV token_mechanism_info(struct slot *slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR ret)
{
	check_locked(slot);
	(void)type;
	(void)ret;
	return CKR_MECHANISM_INVALID;
}

CK_RV session_open(struct slot *slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
		   CK_SESSION_HANDLE handle, struct session **ret)
{
	struct session *session;

	check_locked(slot);
	if (slot->id != 0)
		return CKR_TOKEN_NOT_PRESENT;
	session = calloc(1, sizeof(*session));
	if (!session)
		return CKR_HOST_MEMORY;
	session->slot = slot;
	session->handle = handle;
	session->flags = flags;
	session->application = application;
	session->notify = notify;
	slot->sessions++;
	*ret = session;
	return CKR_OK;
}

void session_close(struct session **session)
{
	if (!*session)
		return;
	check_locked((*session)->slot);
	assert((*session)->slot->sessions > 0);
	(*session)->slot->sessions--;
	free(*session);
	*session = NULL;
}

struct slot *session_slot(const struct session *session)
{
	return session->slot;
}

bool session_is_rw(const struct session *session)
{
	return session->flags & CKF_RW_SESSION;
}

CK_RV session_info(struct session *session, CK_SESSION_INFO *ret)
{
	check_locked(session->slot);
	memset(ret, 0, sizeof(*ret));
	ret->slotID = session->slot->id;
	ret->flags = session->flags;
	return CKR_OK;
}

/* The sentence is what a test looks for; the value is any that the function may return. */
static CK_RV refuse(struct session *s, CK_RV rv)
{
	check_locked(s->slot);
	log_info("a token that does nothing refuses");
	return rv;
}

CK_RV session_login(struct session *s, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	(void)user;
	assert(pin || pin_len == 0);
	log_open(LOG_LEVEL_NONE, false);
	log_error("The PIN is wrong: 2 tries are left.");
	return refuse(s, CKR_PIN_INCORRECT);
}

CK_RV session_logout(struct session *s)
{
	return refuse(s, CKR_USER_NOT_LOGGED_IN);
}

CK_RV session_cancel(struct session *s, CK_FLAGS flags)
{
	(void)flags;
	return refuse(s, CKR_OK);
}

CK_RV session_init_pin(struct session *s, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	assert(pin && pin_len);
	return refuse(s, CKR_USER_NOT_LOGGED_IN);
}

CK_RV session_set_pin(struct session *s, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_len,
		      CK_UTF8CHAR_PTR new_pin, CK_ULONG new_len)
{
	assert(old_pin && old_len && new_pin && new_len);
	return refuse(s, CKR_PIN_INCORRECT);
}

CK_RV session_create_object(struct session *s, CK_ATTRIBUTE_PTR template, CK_ULONG count,
			    CK_OBJECT_HANDLE_PTR ret)
{
	assert((template || count == 0) && ret);
	return refuse(s, CKR_TEMPLATE_INCOMPLETE);
}

CK_RV session_copy_object(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			  CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	(void)object;
	assert((template || count == 0) && ret);
	return refuse(s, CKR_OBJECT_HANDLE_INVALID);
}

CK_RV session_destroy_object(struct session *s, CK_OBJECT_HANDLE object)
{
	(void)object;
	return refuse(s, CKR_OBJECT_HANDLE_INVALID);
}

CK_RV session_object_size(struct session *s, CK_OBJECT_HANDLE object, CK_ULONG_PTR ret)
{
	(void)object;
	assert(ret);
	return refuse(s, CKR_OBJECT_HANDLE_INVALID);
}

CK_RV session_get_attributes(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			     CK_ULONG count)
{
	(void)object;
	assert(template || count == 0);
	return refuse(s, CKR_OBJECT_HANDLE_INVALID);
}

CK_RV session_set_attributes(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			     CK_ULONG count)
{
	(void)object;
	assert(template || count == 0);
	return refuse(s, CKR_OBJECT_HANDLE_INVALID);
}

CK_RV session_find_init(struct session *s, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	assert(template || count == 0);
	return refuse(s, CKR_OK);
}

CK_RV session_find(struct session *s, CK_OBJECT_HANDLE_PTR list, CK_ULONG max, CK_ULONG_PTR count)
{
	assert((list || max == 0) && count);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV session_find_final(struct session *s)
{
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV session_generate_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR template,
			   CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	assert(mechanism && (template || count == 0) && ret);
	return refuse(s, CKR_MECHANISM_INVALID);
}

CK_RV session_generate_key_pair(struct session *s, CK_MECHANISM_PTR mechanism,
				CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
				CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count,
				CK_OBJECT_HANDLE_PTR ret_public, CK_OBJECT_HANDLE_PTR ret_private)
{
	assert(mechanism && (public_template || public_count == 0));
	assert((private_template || private_count == 0) && ret_public && ret_private);
	return refuse(s, CKR_MECHANISM_INVALID);
}

CK_RV session_derive_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base,
			 CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	(void)base;
	assert(mechanism && (template || count == 0) && ret);
	return refuse(s, CKR_MECHANISM_INVALID);
}

CK_RV session_wrap_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping,
		       CK_OBJECT_HANDLE target, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	(void)wrapping;
	(void)target;
	(void)out;
	assert(mechanism && out_len);
	return refuse(s, CKR_MECHANISM_INVALID);
}

CK_RV session_unwrap_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE unwrapping,
			 CK_BYTE_PTR wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE_PTR template,
			 CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	(void)unwrapping;
	assert(mechanism && (wrapped || wrapped_len == 0) && (template || count == 0) && ret);
	return refuse(s, CKR_MECHANISM_INVALID);
}

CK_RV session_digest_key(struct session *s, CK_OBJECT_HANDLE handle)
{
	(void)handle;
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

/*
 * "wait" keeps the slot for a while, "call" calls back, "pull" has the card go now and "take" after
 * the call, "lie" returns what no standard allows.
 */
CK_RV session_seed_random(struct session *s, CK_BYTE_PTR seed, CK_ULONG len)
{
	check_locked(s->slot);
	assert(seed || len == 0);
	if (len == 4 && seed[0] == 'w')
		usleep(200 * 1000);
	if (len == 4 && seed[0] == 'c' && s->notify)
		return s->notify(s->handle, CKN_SURRENDER, s->application);
	if (len == 4 && seed[0] == 't')
		s->slot->taken = true;
	if (len == 4 && seed[0] == 'p') {
		s->slot->lost = true;
		return CKR_DEVICE_REMOVED;
	}
	if (len == 3 && seed[0] == 'l')
		return CKR_NO_EVENT;
	return CKR_RANDOM_SEED_NOT_SUPPORTED;
}

CK_RV session_generate_random(struct session *s, CK_BYTE_PTR ret, CK_ULONG len)
{
	check_locked(s->slot);
	assert(ret || len == 0);
	if (len > 0)
		memset(ret, 0x5A, len);
	return CKR_OK;
}

CK_RV operation_init(struct session *s, enum operation_kind kind, CK_MECHANISM_PTR mechanism,
		     CK_OBJECT_HANDLE key)
{
	(void)kind;
	(void)key;
	return refuse(s, mechanism ? CKR_MECHANISM_INVALID : CKR_OK);
}

CK_RV operation_single(struct session *s, enum operation_kind kind, CK_BYTE_PTR in, CK_ULONG in_len,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct slot *slot = s->slot;
	CK_NOTIFY notify = s->notify;

	(void)out;
	assert((in || in_len == 0) && out_len);
	assert(!s->unsettled);
	s->unsettled = true;
	if (kind != OPERATION_SIGN || !notify)
		return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
	slot_unlock(slot);
	notify(s->handle, CKN_SURRENDER, s->application);
	slot_lock(slot);
	return CKR_FUNCTION_CANCELED;
}

CK_RV operation_update(struct session *s, enum operation_kind kind, CK_BYTE_PTR in, CK_ULONG in_len,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	(void)out;
	assert(in || in_len == 0);
	assert((kind == OPERATION_ENCRYPT || kind == OPERATION_DECRYPT) == (out_len != NULL));
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV operation_final(struct session *s, enum operation_kind kind, CK_BYTE_PTR out,
		      CK_ULONG_PTR out_len)
{
	(void)out;
	assert(kind != OPERATION_VERIFY && out_len);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV operation_refuse(struct session *s, enum operation_kind kind, unsigned int call)
{
	assert(kind < OPERATION_KINDS && call <= (OPERATION_WHOLE | OPERATION_SIGNED));
	return refuse(s, CKR_ARGUMENTS_BAD);
}

CK_RV operation_refuse_two(struct session *s, enum operation_kind first, enum operation_kind second)
{
	assert(first != second);
	return refuse(s, CKR_ARGUMENTS_BAD);
}

CK_RV operation_verify(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR signature,
		       CK_ULONG signature_len)
{
	assert((in || in_len == 0) && (signature || signature_len == 0));
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV operation_verify_final(struct session *s, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	assert(signature || signature_len == 0);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV operation_update_two(struct session *s, enum operation_kind first, enum operation_kind second,
			   CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	(void)first;
	(void)out;
	assert((in || in_len == 0) && out_len && second == OPERATION_ENCRYPT);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV operation_decrypt_two(struct session *s, enum operation_kind second, CK_BYTE_PTR in,
			    CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	(void)out;
	assert((in || in_len == 0) && out_len && second != OPERATION_ENCRYPT);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV session_get_state(struct session *s, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	(void)out;
	assert(out_len);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV session_set_state(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len,
			CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key)
{
	(void)encryption_key;
	(void)authentication_key;
	assert(in || in_len == 0);
	return refuse(s, CKR_SAVED_STATE_INVALID);
}

CK_RV message_init(struct session *s, enum operation_kind kind, CK_MECHANISM_PTR mechanism,
		   CK_OBJECT_HANDLE key)
{
	(void)kind;
	(void)key;
	return refuse(s, mechanism ? CKR_MECHANISM_INVALID : CKR_OK);
}

CK_RV message_run(struct session *s, enum operation_kind kind, const struct message *m,
		  CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	(void)kind;
	(void)out;
	assert(m->parameter && (m->in || m->in_len == 0) && out_len);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV message_begin(struct session *s, enum operation_kind kind, const struct message *m)
{
	(void)kind;
	assert(m->parameter && (m->aad || m->aad_len == 0));
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV message_next(struct session *s, enum operation_kind kind, const struct message *m,
		   CK_FLAGS flags, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	(void)kind;
	(void)flags;
	(void)out;
	assert(m->parameter && (m->in || m->in_len == 0) && out_len);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV message_refuse(struct session *s, enum operation_kind kind)
{
	(void)kind;
	return refuse(s, CKR_ARGUMENTS_BAD);
}

CK_RV message_final(struct session *s, enum operation_kind kind)
{
	(void)kind;
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV operation_verify_signature_init(struct session *s, CK_MECHANISM_PTR mechanism,
				      CK_OBJECT_HANDLE key, CK_BYTE_PTR signature,
				      CK_ULONG signature_len)
{
	(void)key;
	assert(signature || signature_len == 0);
	return refuse(s, mechanism ? CKR_MECHANISM_INVALID : CKR_OK);
}

CK_RV operation_verify_signature(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len)
{
	assert(in || in_len == 0);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV operation_verify_signature_update(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len)
{
	assert(in || in_len == 0);
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV operation_verify_signature_final(struct session *s)
{
	return refuse(s, CKR_OPERATION_NOT_INITIALIZED);
}

CK_RV slots_make_card(struct slots *slots, const CK_INTAGLIO_CARD *card)
{
	assert(slots && card);
	return card->name ? CKR_OK : CKR_ARGUMENTS_BAD;
}

CK_RV session_update_trust(struct session *s, CK_BYTE_PTR data, CK_ULONG len)
{
	(void)len;
	assert(data);
	return refuse(s, CKR_DATA_INVALID);
}

CK_RV session_read_leaf(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG index, CK_BYTE_PTR out,
			CK_ULONG_PTR out_len)
{
	(void)ledger;
	(void)index;
	(void)out;
	assert(out_len);
	return refuse(s, CKR_OBJECT_HANDLE_INVALID);
}

CK_RV session_read_leaves(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG index,
			  CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return session_read_leaf(s, ledger, index, out, out_len);
}

CK_RV session_cosign_ledger(struct session *s, CK_OBJECT_HANDLE ledger, CK_BYTE_PTR note,
			    CK_ULONG len)
{
	(void)ledger;
	(void)len;
	assert(note);
	return refuse(s, CKR_OBJECT_HANDLE_INVALID);
}

CK_RV session_prune_ledger(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG size)
{
	(void)ledger;
	(void)size;
	return refuse(s, CKR_OBJECT_HANDLE_INVALID);
}

CK_RV slot_recognise(struct slot *slot)
{
	check_locked(slot);
	return CKR_TOKEN_NOT_RECOGNIZED;
}

CK_RV slot_card_info(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, CK_INTAGLIO_CARD_INFO *ret)
{
	(void)keys;
	(void)ret;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_list_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			CK_INTAGLIO_CONTENT *list, CK_ULONG *count)
{
	(void)keys;
	(void)list;
	(void)count;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_install_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			   CK_INTAGLIO_INSTALLATION *installation)
{
	(void)keys;
	(void)installation;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_delete_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			  const CK_INTAGLIO_AID *aid, bool related)
{
	(void)keys;
	(void)aid;
	(void)related;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_lock_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			const CK_INTAGLIO_AID *aid, bool lock)
{
	(void)keys;
	(void)aid;
	(void)lock;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_put_keys(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
		    const CK_INTAGLIO_KEY_SET *fresh, CK_ULONG replaces)
{
	(void)keys;
	(void)fresh;
	(void)replaces;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_delete_keys(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG version)
{
	(void)keys;
	(void)version;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_change_card(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG change)
{
	(void)keys;
	(void)change;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_move_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			const CK_INTAGLIO_AID *aid, const CK_INTAGLIO_AID *domain)
{
	(void)keys;
	(void)aid;
	(void)domain;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_figures(struct slot *slot, CK_ULONG *ret_apdus, CK_ULONG *ret_sent,
		   CK_ULONG *ret_received)
{
	check_locked(slot);
	*ret_apdus = 7;
	*ret_sent = 70;
	*ret_received = 700;
	return CKR_OK;
}

const char *slot_channel(struct slot *slot)
{
	check_locked(slot);
	return "none, and what a long description of none at all this is, as was wanted";
}

CK_RV slot_create_principal(struct slot *slot)
{
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_put_target_keys(struct slot *slot, const CK_INTAGLIO_TARGET_KEYS *keys)
{
	(void)keys;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_load_principal(struct slot *slot, CK_INTAGLIO_PRINCIPAL_LOAD *load)
{
	(void)load;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_unload_principal(struct slot *slot, CK_ULONG application)
{
	(void)application;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_charge_principal(struct slot *slot, CK_ULONG application, CK_ULONG serial,
			    CK_ULONG count)
{
	(void)application;
	(void)serial;
	(void)count;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_principal_status(struct slot *slot, CK_INTAGLIO_PRINCIPAL_STATUS *status)
{
	(void)status;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_trim_principal(struct slot *slot, CK_ULONG sequence)
{
	(void)sequence;
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_give_up_principal(struct slot *slot)
{
	check_locked(slot);
	return CKR_DATA_INVALID;
}

CK_RV slot_install_through(struct slot *principal, struct slot *target,
			   CK_INTAGLIO_TRANSFER *transfer)
{
	(void)transfer;
	check_locked(principal);
	check_locked(target);
	return CKR_DATA_INVALID;
}
