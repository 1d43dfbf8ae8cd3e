/* SPDX-License-Identifier: BSD-2-Clause */
/* Status words and result codes to CKR, with the sentence for whoever has to act on it. */
#include "token/outcome.h"

enum { CALLS = CALL_PRUNE + 1, ROWS = 10 };

struct row {
	uint16_t sw;
	CK_RV rv;
	const char *sentence; /* after "card NAME: "; NULL: none beyond the CKR */
};

#define NOT_LOGGED_IN                                            \
	{                                                        \
		SW_SECURITY_STATUS, CKR_USER_NOT_LOGGED_IN, NULL \
	}
#define FULL                                                                                      \
	{                                                                                         \
		SW_NOT_ENOUGH_MEMORY, CKR_DEVICE_MEMORY, "its memory is full; nothing was stored" \
	}
#define FAILED                                                                \
	{                                                                     \
		SW_MEMORY_FAILURE, CKR_DEVICE_ERROR,                          \
			"its memory failed; see the sentence before this one" \
	}

static const struct row rows[CALLS][ROWS] = {
	[CALL_USER_PIN] =
		{
			{SW_BLOCKED, CKR_PIN_LOCKED,
			 "the user PIN is locked after too many wrong tries; the SO sets a new one "
			 "with pkcs11-tool --unlock-pin --puk SO-PIN --new-pin PIN"},
			{SW_REFERENCE_DATA_UNUSABLE, CKR_USER_PIN_NOT_INITIALIZED,
			 "no user PIN is set; the SO sets it with pkcs11-tool --init-pin"},
			{SW_CONDITIONS, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, NULL},
			{SW_WRONG_DATA, CKR_PIN_LEN_RANGE, "a PIN has 4 to 64 bytes"},
			{SW_WRONG_LENGTH, CKR_PIN_LEN_RANGE, "a PIN has 4 to 64 bytes"},
			FULL,
			FAILED,
		},
	[CALL_SO_PIN] =
		{
			{SW_BLOCKED, CKR_PIN_LOCKED,
			 "the SO PIN is locked after too many wrong tries, and nothing unlocks it; "
			 "what the card holds stays usable with the user PIN"},
			{SW_REFERENCE_DATA_UNUSABLE, CKR_USER_PIN_NOT_INITIALIZED,
			 "no PIN is set yet; start with pkcs11-tool --init-token and --init-pin"},
			{SW_CONDITIONS, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, NULL},
			{SW_WRONG_DATA, CKR_PIN_LEN_RANGE, "a PIN has 4 to 64 bytes"},
			{SW_WRONG_LENGTH, CKR_PIN_LEN_RANGE, "a PIN has 4 to 64 bytes"},
			FULL,
			FAILED,
		},
	[CALL_SO_ACTION] =
		{
			NOT_LOGGED_IN,
			{SW_WRONG_DATA, CKR_PIN_LEN_RANGE, "a PIN has 4 to 64 bytes"},
			{SW_WRONG_LENGTH, CKR_PIN_LEN_RANGE, "a PIN has 4 to 64 bytes"},
			FULL,
			FAILED,
		},
	[CALL_OBJECT] =
		{
			NOT_LOGGED_IN,
			{SW_CONDITIONS, CKR_ACTION_PROHIBITED, NULL},
			{SW_WRONG_DATA, CKR_TEMPLATE_INCONSISTENT,
			 "it does not accept these attributes together"},
			{SW_WRONG_LENGTH, CKR_ATTRIBUTE_VALUE_INVALID,
			 "an attribute is longer than it stores"},
			{SW_RECORD_NOT_FOUND, CKR_OBJECT_HANDLE_INVALID, NULL},
			{SW_REFERENCE_NOT_FOUND, CKR_OBJECT_HANDLE_INVALID, NULL},
			{SW_FUNCTION_NOT_SUPPORTED, CKR_TEMPLATE_INCONSISTENT,
			 "it does not support keys or objects of this kind"},
			{SW_REFERENCE_DATA_UNUSABLE, CKR_TEMPLATE_INCONSISTENT,
			 "the auditor's certificate is not one of the authority that it trusts, "
			 "with the role auditor, valid and for these keys"},
			FULL,
			FAILED,
		},
	[CALL_SIGN] =
		{
			NOT_LOGGED_IN,
			{SW_CONDITIONS, CKR_FUNCTION_REJECTED,
			 "it does not allow this use of the key"},
			{SW_WRONG_DATA, CKR_DATA_INVALID, NULL},
			{SW_WRONG_LENGTH, CKR_DATA_LEN_RANGE, NULL},
			{SW_RECORD_NOT_FOUND, CKR_DEVICE_ERROR,
			 "the key is no longer there; another program has deleted it"},
			{SW_REFERENCE_NOT_FOUND, CKR_DEVICE_ERROR,
			 "the key is no longer there; another program has deleted it"},
			FAILED,
		},
	[CALL_DECRYPT] =
		{
			NOT_LOGGED_IN,
			{SW_CONDITIONS, CKR_DEVICE_ERROR, "it does not allow this use of the key"},
			{SW_WRONG_DATA, CKR_ENCRYPTED_DATA_INVALID, NULL},
			{SW_WRONG_LENGTH, CKR_ENCRYPTED_DATA_LEN_RANGE, NULL},
			{SW_RECORD_NOT_FOUND, CKR_DEVICE_ERROR,
			 "the key is no longer there; another program has deleted it"},
			{SW_REFERENCE_NOT_FOUND, CKR_DEVICE_ERROR,
			 "the key is no longer there; another program has deleted it"},
			FAILED,
		},
	[CALL_SEAL] =
		{
			{SW_SECURITY_STATUS, CKR_USER_NOT_LOGGED_IN,
			 "nobody is logged in who may append to this ledger; intaglio ledger show "
			 "says which roles may"},
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "a record with this client nonce was sealed before with another text or "
			 "type; nothing was stored"},
			{SW_CONDITIONS, CKR_DATA_INVALID,
			 "the client nonce is that of a record that was pruned, or older than the "
			 "records it is compared with, or the ledger is closed; nothing was stored"},
			{SW_WRONG_LENGTH, CKR_DATA_LEN_RANGE,
			 "the record is longer than it seals; nothing was stored"},
			{SW_RECORD_NOT_FOUND, CKR_DEVICE_ERROR, "the ledger is not there"},
			{SW_REFERENCE_NOT_FOUND, CKR_DEVICE_ERROR, "the ledger is not there"},
			{SW_NOT_ENOUGH_MEMORY, CKR_DEVICE_MEMORY,
			 "the ledger has the records that its capacity allows, or the card's "
			 "memory is full; nothing was stored"},
			FAILED,
		},
	[CALL_SEALED] =
		{
			{SW_SECURITY_STATUS, CKR_USER_NOT_LOGGED_IN,
			 "the record is sealed, and then the login was lost; log in and seal "
			 "again with the same nonce: it is not stored twice"},
			{SW_CONDITIONS, CKR_DEVICE_ERROR,
			 "the record is sealed, and was pruned before its first leaf could be "
			 "read; it is in the exports that were made before"},
			FAILED,
		},
	[CALL_OPEN_RECORD] =
		{
			{SW_SECURITY_STATUS, CKR_USER_NOT_LOGGED_IN,
			 "nobody is logged in who may read this ledger; intaglio ledger show says "
			 "which roles may"},
			{SW_WRONG_DATA, CKR_ENCRYPTED_DATA_INVALID,
			 "the record is not one of this ledger's, or was altered"},
			{SW_CONDITIONS, CKR_ENCRYPTED_DATA_INVALID,
			 "the record was pruned; it is in the exports that were made before"},
			{SW_WRONG_LENGTH, CKR_ENCRYPTED_DATA_LEN_RANGE, NULL},
			{SW_RECORD_NOT_FOUND, CKR_ENCRYPTED_DATA_INVALID,
			 "the ledger has no record of this number"},
			{SW_REFERENCE_NOT_FOUND, CKR_ENCRYPTED_DATA_INVALID,
			 "the ledger has no record of this number"},
			FAILED,
		},
	[CALL_TRUST] =
		{
			{SW_SECURITY_STATUS, CKR_ACTION_PROHIBITED,
			 "this host has not the role issuer, which changes of trust need"},
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "it does not take that: a certificate of another key or card, with a "
			 "role too many, or of a kind that one of its suites does not accept"},
			{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,
			 "that is not of the authority that it trusts, or for a suite that it has "
			 "not"},
			{SW_AUTHENTICATION_FAILED, CKR_DATA_INVALID,
			 "a signature is not that of the authority that it trusts"},
			{SW_REFERENCE_DATA_UNUSABLE, CKR_DATA_INVALID, "a certificate has expired"},
			{SW_CONDITIONS, CKR_DATA_INVALID, "that is not newer than what it has"},
			{SW_WRONG_LENGTH, CKR_DATA_LEN_RANGE, NULL},
			FULL,
			FAILED,
		},
	[CALL_COSIGN] =
		{
			{SW_SECURITY_STATUS, CKR_ACTION_PROHIBITED, "this host may not do that"},
			{SW_WRONG_DATA, CKR_DATA_INVALID,
			 "that is not a checkpoint of this ledger which its auditor countersigned, "
			 "or the card has other entries: it was set back, or there are two of it"},
			{SW_CONDITIONS, CKR_DATA_INVALID,
			 "it has a countersigned checkpoint that is as new, or the ledger was made "
			 "without an auditor"},
			{SW_WRONG_LENGTH, CKR_DATA_LEN_RANGE, NULL},
			FULL,
			FAILED,
		},
	[CALL_PRUNE] =
		{
			{SW_SECURITY_STATUS, CKR_ACTION_PROHIBITED,
			 "this host has no role that may prune the ledger"},
			{SW_CONDITIONS, CKR_DATA_INVALID,
			 "the ledger has not so many records, or they are not countersigned, or the "
			 "number is between the two entries of one; nothing was pruned"},
			FULL,
			FAILED,
		},
};

/* Result codes mean the same in every call. */
static const struct {
	enum rc rc;
	CK_RV rv;
	const char *sentence;
} codes[] = {
	{RC_MEMORY, CKR_HOST_MEMORY, NULL},
	{RC_CRYPTO, CKR_GENERAL_ERROR, "libcrypto failed"},
	{RC_ARGUMENT, CKR_GENERAL_ERROR, "a call inside the module was wrong"},
	{RC_REMOVED, CKR_DEVICE_REMOVED, "it was removed"},
	{RC_MALFORMED, CKR_DEVICE_ERROR, "its answer cannot be understood"},
	{RC_AUTH, CKR_DEVICE_ERROR,
	 "it did not prove to be the card it should be, or an answer was altered on the way"},
	{RC_EXPIRED, CKR_DEVICE_ERROR,
	 "a certificate is outside its dates; look at this computer's clock, or renew it"},
	{RC_POLICY, CKR_DEVICE_ERROR, "the settings do not allow this card or suite"},
	{RC_DAMAGED, CKR_DEVICE_ERROR, "its memory is damaged and it refuses to start"},
	{RC_NOT_FOUND, CKR_DEVICE_ERROR, "a file of its directory is missing"},
	{RC_IO, CKR_DEVICE_ERROR, "it cannot be read or written"},
	{RC_FULL, CKR_DEVICE_MEMORY, "its memory is full"},
	{RC_FORKED, CKR_DEVICE_ERROR, "it belongs to the process that forked; call C_Initialize"},
	{RC_RESET, CKR_DEVICE_ERROR,
	 "the answer was lost; the command may have been carried out or not"},
};

/* The card forgets logins when its session is lost; said once. True if it had. */
static bool notice_lost_login(struct slot *slot)
{
	if (slot->login == LOGIN_NONE || !slot->sc ||
	    (sc_epoch(slot->sc) == slot->login_epoch && sc_is_connected(slot->sc)))
		return false;
	token_forget_login(slot);
	log_warning("card %s: it was reset or its channel was lost, and it has forgotten the "
		    "login; log in again",
		    slot->name);
	return true;
}

static CK_RV judge_sw(struct slot *slot, enum outcome_call call, uint16_t sw)
{
	/* The wrong PIN that took the last try is told as the next one will be. */
	if (sw == SW_TRIES_LEFT)
		sw = SW_BLOCKED;
	if ((sw & 0xFFF0) == SW_TRIES_LEFT) {
		unsigned int left = sw & 0x0F;

		log_error("card %s: wrong %s, %u %s left", slot->name,
			  call == CALL_USER_PIN ? "PIN" : "SO PIN", left,
			  left == 1 ? "try" : "tries");
		return CKR_PIN_INCORRECT;
	}
	for (size_t i = 0; i < ROWS && rows[call][i].sw; i++) {
		const struct row *row = &rows[call][i];

		if (row->sw != sw)
			continue;
		if (row->sentence)
			log_error("card %s: %s", slot->name, row->sentence);
		return row->rv;
	}
	log_error("card %s: it refused the command with status %04X", slot->name, sw);
	return CKR_DEVICE_ERROR;
}

static CK_RV judge_space(const struct slot *slot, enum outcome_call call)
{
	log_error("card %s: that is too long for it", slot->name);
	switch (call) {
	case CALL_SIGN:
	case CALL_SEAL:
	case CALL_SEALED:
		return CKR_DATA_LEN_RANGE;
	case CALL_DECRYPT:
	case CALL_OPEN_RECORD:
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	default:
		return CKR_DEVICE_MEMORY;
	}
}

CK_RV outcome(struct slot *slot, enum outcome_call call, enum rc rc, const uint16_t *sw)
{
	bool lost = rc != RC_REMOVED && notice_lost_login(slot);

	slot->talked_ms = slot_now_ms();
	if (rc == RC_REMOVED)
		slot->gone = true;
	if (rc == RC_OK)
		return CKR_OK;
	if (lost && (rc == RC_RESET || (rc == RC_SW && *sw == SW_SECURITY_STATUS)))
		return CKR_USER_NOT_LOGGED_IN;
	if (rc == RC_SPACE)
		return judge_space(slot, call);
	if (rc == RC_SW)
		return judge_sw(slot, call, *sw);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].rc != rc)
			continue;
		/* What the layers below said in this call is closer to the reason. */
		if (codes[i].sentence && !log_last()[0])
			log_error("card %s: %s", slot->name, codes[i].sentence);
		return codes[i].rv;
	}
	log_error("card %s: %s", slot->name, rc_name(rc));
	return CKR_DEVICE_ERROR;
}
