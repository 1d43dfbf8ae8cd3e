/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cards as PKCS#11 tokens: what the Cryptoki surface calls. A struct slots is everything between
 * C_Initialize and C_Finalize; a struct slot is one reader or embedded card and outlives its card;
 * a struct session is one session with its session objects and active operations. Every function
 * returns the CKR that PKCS#11 gives for its C_ namesake and checks everything about its arguments
 * that needs the token (templates, mechanisms, states, login); the module checks handles and NULL
 * pointers that the standard calls CKR_ARGUMENTS_BAD.
 *
 * Threading: slots_* lock for themselves. Everything that takes a slot or session is called with
 * that slot's lock held: slot_lock, or for operation_init, _single, _update and _final to sign and to
 * decrypt slot_lock_beside, which put the lock down while the card computes.
 */
#ifndef INTAGLIO_TOKEN_TOKEN_H
#define INTAGLIO_TOKEN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cryptoki.h"

struct slots;
struct slot;
struct session;

/* Reads the configuration and finds readers and card directories; sends nothing to any card. */
CK_RV slots_open(struct slots **ret);
/* No threads are made for cards that are opened from now on. */
void slots_forbid_threads(struct slots *slots);
/* Closes every card. In a forked child it only frees memory. */
void slots_close(struct slots **slots);
/* Looks for new readers and cards; the list never shrinks. */
CK_RV slots_refresh(struct slots *slots);
/* Slots are numbered 0 to slots_count - 1, which are also their CK_SLOT_IDs. */
size_t slots_count(const struct slots *slots);
/* NULL if there is no such slot. */
struct slot *slots_get(struct slots *slots, CK_SLOT_ID id);

/*
 * C_WaitForSlotEvent: a slot whose card came or went, or a new reader, each told once; CKR_NO_EVENT.
 * With block it waits for one; CKR_CRYPTOKI_NOT_INITIALIZED after slots_interrupt.
 */
CK_RV slots_wait(struct slots *slots, bool block, CK_SLOT_ID_PTR ret);
/* Ends every wait, now and from now on. */
void slots_interrupt(struct slots *slots);

/* Alone: no other thread is inside a call on this slot. */
void slot_lock(struct slot *slot);
/* Beside threads whose operation the card is computing; their sessions are away, and left alone. */
void slot_lock_beside(struct slot *slot);
bool session_is_away(const struct session *session);
/* At the end of a call that began with it: ends what a login that ended meanwhile has left. */
void session_settle(struct session *session);
/* Under slot_lock_beside: waits for another thread; sessions may be gone then. */
void slot_wait(struct slot *slot);
void slot_unlock(struct slot *slot);
CK_SLOT_ID slot_id(const struct slot *slot);
bool slot_has_token(struct slot *slot);
/*
 * True if the card that connection and sessions are of is no longer in the slot. look: the reader is
 * asked now, else at most once a second. The caller then closes the sessions and forgets the card.
 */
bool slot_lost_card(struct slot *slot, bool look);
/* The same of what is known already. */
bool slot_is_gone(const struct slot *slot);
void slot_forget_card(struct slot *slot);
CK_RV slot_info(struct slot *slot, CK_SLOT_INFO *ret);
/* A card that was found foreign is asked once more; for the vendor interface. */
CK_RV slot_recognise(struct slot *slot);

/* The first call that needs the card provisions an embedded one and opens the channel. */
CK_RV token_info(struct slot *slot, CK_ULONG sessions, CK_ULONG rw_sessions, CK_TOKEN_INFO *ret);
/* C_InitToken; the caller has made sure that no session is open on the slot. */
CK_RV token_init(struct slot *slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label);
/* Two-call rule applied to list and *count. */
CK_RV token_mechanism_list(struct slot *slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count);
CK_RV token_mechanism_info(struct slot *slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR ret);

/* Opens a session; CKR_SESSION_READ_WRITE_SO_EXISTS as the standard says. */
CK_RV session_open(struct slot *slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
		   CK_SESSION_HANDLE handle, struct session **ret);
/* Destroys session objects and operations; the last session of the slot logs out. */
void session_close(struct session **session);
struct slot *session_slot(const struct session *session);
bool session_is_rw(const struct session *session);
CK_RV session_info(struct session *session, CK_SESSION_INFO *ret);

CK_RV session_login(struct session *s, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len);
CK_RV session_logout(struct session *s);
/* C_SessionCancel: ends the operations that flags name (3.0, 5.6.13). */
CK_RV session_cancel(struct session *s, CK_FLAGS flags);
CK_RV session_init_pin(struct session *s, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len);
CK_RV session_set_pin(struct session *s, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_len,
		      CK_UTF8CHAR_PTR new_pin, CK_ULONG new_len);

CK_RV session_create_object(struct session *s, CK_ATTRIBUTE_PTR template, CK_ULONG count,
			    CK_OBJECT_HANDLE_PTR ret);
CK_RV session_copy_object(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			  CK_ULONG count, CK_OBJECT_HANDLE_PTR ret);
CK_RV session_destroy_object(struct session *s, CK_OBJECT_HANDLE object);
CK_RV session_object_size(struct session *s, CK_OBJECT_HANDLE object, CK_ULONG_PTR ret);
CK_RV session_get_attributes(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			     CK_ULONG count);
CK_RV session_set_attributes(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			     CK_ULONG count);
CK_RV session_find_init(struct session *s, CK_ATTRIBUTE_PTR template, CK_ULONG count);
CK_RV session_find(struct session *s, CK_OBJECT_HANDLE_PTR list, CK_ULONG max, CK_ULONG_PTR count);
CK_RV session_find_final(struct session *s);

CK_RV session_generate_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR template,
			   CK_ULONG count, CK_OBJECT_HANDLE_PTR ret);
CK_RV session_generate_key_pair(struct session *s, CK_MECHANISM_PTR mechanism,
				CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
				CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count,
				CK_OBJECT_HANDLE_PTR ret_public, CK_OBJECT_HANDLE_PTR ret_private);
CK_RV session_derive_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base,
			 CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR ret);
/* Two-call rule applied to out and *out_len. */
CK_RV session_wrap_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping,
		       CK_OBJECT_HANDLE target, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CK_RV session_unwrap_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE unwrapping,
			 CK_BYTE_PTR wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE_PTR template,
			 CK_ULONG count, CK_OBJECT_HANDLE_PTR ret);
/* C_DigestKey: session keys only. */
CK_RV session_digest_key(struct session *s, CK_OBJECT_HANDLE handle);
CK_RV session_seed_random(struct session *s, CK_BYTE_PTR seed, CK_ULONG len);
CK_RV session_generate_random(struct session *s, CK_BYTE_PTR ret, CK_ULONG len);

/* The operations that a session runs; one active of each kind. */
enum operation_kind {
	OPERATION_ENCRYPT,
	OPERATION_DECRYPT,
	OPERATION_DIGEST,
	OPERATION_SIGN,
	OPERATION_VERIFY,
	OPERATION_SIGN_RECOVER,
	OPERATION_VERIFY_RECOVER,
	OPERATION_MESSAGE_ENCRYPT,
	OPERATION_MESSAGE_DECRYPT,
	OPERATION_KINDS,
};

/* C_*Init; key is ignored for digests. A NULL mechanism cancels, as 3.0 says. */
CK_RV operation_init(struct session *s, enum operation_kind kind, CK_MECHANISM_PTR mechanism,
		     CK_OBJECT_HANDLE key);
/*
 * One-part call (C_Sign, C_Encrypt, C_Decrypt, C_Digest) with the two-call rule for out: out NULL
 * or too short (CKR_BUFFER_TOO_SMALL) leaves the operation active and costs the card nothing. All
 * else ends it, but for CKR_OPERATION_ACTIVE after a part.
 */
CK_RV operation_single(struct session *s, enum operation_kind kind, CK_BYTE_PTR in, CK_ULONG in_len,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len);
/* C_EncryptUpdate, C_DecryptUpdate: may give output. C_DigestUpdate, C_SignUpdate, C_VerifyUpdate: out and out_len NULL. */
CK_RV operation_update(struct session *s, enum operation_kind kind, CK_BYTE_PTR in, CK_ULONG in_len,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CK_RV operation_final(struct session *s, enum operation_kind kind, CK_BYTE_PTR out,
		      CK_ULONG_PTR out_len);
/*
 * What a call does that is refused for its arguments: ends the operation it is for, and returns
 * CKR_ARGUMENTS_BAD. OPERATION_WHOLE: C_Encrypt and its sisters, which cannot end what has begun in
 * parts; OPERATION_SIGNED: C_VerifySignature and its followers.
 */
enum { OPERATION_WHOLE = 1, OPERATION_SIGNED = 2 };
CK_RV operation_refuse(struct session *s, enum operation_kind kind, unsigned int call);
/* The same for a call that is for two operations, which both are active. */
CK_RV operation_refuse_two(struct session *s, enum operation_kind first,
			   enum operation_kind second);
/* C_Verify and C_VerifyFinal. */
CK_RV operation_verify(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR signature,
		       CK_ULONG signature_len);
CK_RV operation_verify_final(struct session *s, CK_BYTE_PTR signature, CK_ULONG signature_len);
/* A part into two operations at once; out is the second one's. Nothing is fed where out is asked for. */
CK_RV operation_update_two(struct session *s, enum operation_kind first, enum operation_kind second,
			   CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
/* The other way: what comes out of the decryption goes into the second. */
CK_RV operation_decrypt_two(struct session *s, enum operation_kind second, CK_BYTE_PTR in,
			    CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
/* The state of a session whose only operation is a digest; two-call rule applied to out, *out_len. */
CK_RV session_get_state(struct session *s, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CK_RV session_set_state(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len,
			CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key);
/* C_EncryptMessage and C_DecryptMessage. */
struct message {
	const void *parameter;
	CK_ULONG parameter_len;
	CK_BYTE_PTR aad;
	CK_ULONG aad_len;
	CK_BYTE_PTR in;
	CK_ULONG in_len;
};
CK_RV message_init(struct session *s, enum operation_kind kind, CK_MECHANISM_PTR mechanism,
		   CK_OBJECT_HANDLE key);
CK_RV message_run(struct session *s, enum operation_kind kind, const struct message *m,
		  CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CK_RV message_final(struct session *s, enum operation_kind kind);
/* A message in parts: its parameter and additional data, whose in is empty; */
CK_RV message_begin(struct session *s, enum operation_kind kind, const struct message *m);
/* a part of it, which is the last one with CKF_END_OF_MESSAGE; aad is empty; */
CK_RV message_next(struct session *s, enum operation_kind kind, const struct message *m,
		   CK_FLAGS flags, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
/* and a part that is refused for its arguments: ends it, and returns CKR_ARGUMENTS_BAD. */
CK_RV message_refuse(struct session *s, enum operation_kind kind);
/* C_VerifySignatureInit and its followers: the signature is given first and kept. */
CK_RV operation_verify_signature_init(struct session *s, CK_MECHANISM_PTR mechanism,
				      CK_OBJECT_HANDLE key, CK_BYTE_PTR signature,
				      CK_ULONG signature_len);
CK_RV operation_verify_signature(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len);
CK_RV operation_verify_signature_update(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len);
CK_RV operation_verify_signature_final(struct session *s);

/* A leaf of a ledger object as it is stored, by the two-call rule; for the vendor interface. */
CK_RV session_read_leaf(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG index, CK_BYTE_PTR out,
			CK_ULONG_PTR out_len);
/* The same for the leaves from an index on, as many as the card gives at once. */
CK_RV session_read_leaves(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG index,
			  CK_BYTE_PTR out, CK_ULONG_PTR out_len);

/* A countersigned checkpoint for a ledger, and records that go; the vendor interface says more. */
CK_RV session_cosign_ledger(struct session *s, CK_OBJECT_HANDLE ledger, CK_BYTE_PTR note,
			    CK_ULONG len);
CK_RV session_prune_ledger(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG size);

/*
 * For the vendor interface, which says what they promise: a new embedded card, and changes of a
 * card's trust.
 */
CK_RV slots_make_card(struct slots *slots, const CK_INTAGLIO_CARD *card);
CK_RV session_update_trust(struct session *s, CK_BYTE_PTR data, CK_ULONG len);

/* Management of what is on the card in a slot; the vendor interface says what each promises. */
CK_RV slot_card_info(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
		     CK_INTAGLIO_CARD_INFO *ret);
CK_RV slot_list_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			CK_INTAGLIO_CONTENT *list, CK_ULONG *count);
CK_RV slot_install_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			   CK_INTAGLIO_INSTALLATION *installation);
CK_RV slot_delete_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			  const CK_INTAGLIO_AID *aid, bool related);
CK_RV slot_lock_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			const CK_INTAGLIO_AID *aid, bool lock);
CK_RV slot_put_keys(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
		    const CK_INTAGLIO_KEY_SET *fresh, CK_ULONG replaces);
CK_RV slot_delete_keys(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG version);
CK_RV slot_change_card(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG change);
CK_RV slot_move_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			const CK_INTAGLIO_AID *aid, const CK_INTAGLIO_AID *domain);

/* The principal card in a slot; likewise. */
CK_RV slot_create_principal(struct slot *slot);
CK_RV slot_put_target_keys(struct slot *slot, const CK_INTAGLIO_TARGET_KEYS *keys);
CK_RV slot_load_principal(struct slot *slot, CK_INTAGLIO_PRINCIPAL_LOAD *load);
CK_RV slot_unload_principal(struct slot *slot, CK_ULONG application);
CK_RV slot_charge_principal(struct slot *slot, CK_ULONG application, CK_ULONG serial,
			    CK_ULONG count);
CK_RV slot_principal_status(struct slot *slot, CK_INTAGLIO_PRINCIPAL_STATUS *status);
CK_RV slot_trim_principal(struct slot *slot, CK_ULONG sequence);
CK_RV slot_give_up_principal(struct slot *slot);
/* Both slots are locked, and both unlocked while the caller's Progress runs. */
CK_RV slot_install_through(struct slot *principal, struct slot *target,
			   CK_INTAGLIO_TRANSFER *transfer);

/* Figures of a slot's connection since it was opened: APDUs, and bytes to and from the card. */
CK_RV slot_figures(struct slot *slot, CK_ULONG *ret_apdus, CK_ULONG *ret_sent,
		   CK_ULONG *ret_received);
/* A short text on the slot's secure channel, e.g. "SCP10 i=42, level 33"; empty while there is none. */
const char *slot_channel(struct slot *slot);

#endif
