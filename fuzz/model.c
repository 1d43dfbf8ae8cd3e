/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of PKCS #11 as the standard has them (5.2, 5.4, 5.6), beside what token/ makes of them:
 * the library open or not, its sessions, who is logged in, and which operations are active in which
 * session. Where the standard leaves it open whether a failure ends an operation, the model does not
 * know until the next answer tells. Learns only from arguments and answers.
 */
#include <string.h>

#include "fuzz/calls.h"
#include "token/token.h"

enum { SESSIONS = 16, FINDING = OPERATION_KINDS, WITH_SIGNATURE, KINDS };

enum active { NO, YES, PERHAPS };

struct session_model {
	CK_SESSION_HANDLE handle; /* 0: free */
	bool rw;
	enum active active[KINDS];
	bool has_parts[KINDS]; /* or may have: then C_Encrypt and the like do not end it */
	bool is_private[KINDS];
	enum active message[KINDS]; /* a message in parts */
};

static struct {
	bool is_open;
	bool has_user_pin, was_wiped;
	CK_USER_TYPE user;
	struct session_model sessions[SESSIONS];
} model = {.user = CK_UNAVAILABLE_INFORMATION};

/* How a call treats an operation. */
enum step {
	STEP_NONE,
	STEP_INIT,
	STEP_PART, /* goes on; a failure ends it */
	STEP_ALL, /* gives its result, for the second time of asking, or fails: ends */
	STEP_JUDGE, /* says whether it is right: ends */
	STEP_USE, /* goes on whatever happens */
	STEP_CLOSE, /* ends */
	STEP_BEGIN, /* of an operation in another that goes on: a message in parts */
	STEP_NEXT, /* of that message */
};

static const struct row {
	enum step step;
	int kind;
	int out; /* the pointer that takes the result, for the two-call rule */
	bool whole;
} rows[FUNCTIONS] = {
	[FUNCTION_C_EncryptInit] = {STEP_INIT, OPERATION_ENCRYPT, 0},
	[FUNCTION_C_Encrypt] = {STEP_ALL, OPERATION_ENCRYPT, 1, true},
	[FUNCTION_C_EncryptUpdate] = {STEP_PART, OPERATION_ENCRYPT, 1},
	[FUNCTION_C_EncryptFinal] = {STEP_ALL, OPERATION_ENCRYPT, 0},
	[FUNCTION_C_DecryptInit] = {STEP_INIT, OPERATION_DECRYPT, 0},
	[FUNCTION_C_Decrypt] = {STEP_ALL, OPERATION_DECRYPT, 1, true},
	[FUNCTION_C_DecryptUpdate] = {STEP_PART, OPERATION_DECRYPT, 1},
	[FUNCTION_C_DecryptFinal] = {STEP_ALL, OPERATION_DECRYPT, 0},
	[FUNCTION_C_DigestInit] = {STEP_INIT, OPERATION_DIGEST, 0},
	[FUNCTION_C_Digest] = {STEP_ALL, OPERATION_DIGEST, 1, true},
	[FUNCTION_C_DigestUpdate] = {STEP_PART, OPERATION_DIGEST, 0},
	[FUNCTION_C_DigestKey] = {STEP_PART, OPERATION_DIGEST, 0},
	[FUNCTION_C_DigestFinal] = {STEP_ALL, OPERATION_DIGEST, 0},
	[FUNCTION_C_SignInit] = {STEP_INIT, OPERATION_SIGN, 0},
	[FUNCTION_C_Sign] = {STEP_ALL, OPERATION_SIGN, 1, true},
	[FUNCTION_C_SignUpdate] = {STEP_PART, OPERATION_SIGN, 0},
	[FUNCTION_C_SignFinal] = {STEP_ALL, OPERATION_SIGN, 0},
	[FUNCTION_C_SignRecoverInit] = {STEP_INIT, OPERATION_SIGN_RECOVER, 0},
	[FUNCTION_C_SignRecover] = {STEP_ALL, OPERATION_SIGN_RECOVER, 1},
	[FUNCTION_C_VerifyInit] = {STEP_INIT, OPERATION_VERIFY, 0},
	[FUNCTION_C_Verify] = {STEP_JUDGE, OPERATION_VERIFY, 0, true},
	[FUNCTION_C_VerifyUpdate] = {STEP_PART, OPERATION_VERIFY, 0},
	[FUNCTION_C_VerifyFinal] = {STEP_JUDGE, OPERATION_VERIFY, 0},
	[FUNCTION_C_VerifyRecoverInit] = {STEP_INIT, OPERATION_VERIFY_RECOVER, 0},
	[FUNCTION_C_VerifyRecover] = {STEP_ALL, OPERATION_VERIFY_RECOVER, 1},
	[FUNCTION_C_VerifySignatureInit] = {STEP_INIT, WITH_SIGNATURE, 0},
	[FUNCTION_C_VerifySignature] = {STEP_JUDGE, WITH_SIGNATURE, 0, true},
	[FUNCTION_C_VerifySignatureUpdate] = {STEP_PART, WITH_SIGNATURE, 0},
	[FUNCTION_C_VerifySignatureFinal] = {STEP_JUDGE, WITH_SIGNATURE, 0},
	[FUNCTION_C_FindObjectsInit] = {STEP_INIT, FINDING, 0},
	[FUNCTION_C_FindObjects] = {STEP_USE, FINDING, 0},
	[FUNCTION_C_FindObjectsFinal] = {STEP_CLOSE, FINDING, 0},
	[FUNCTION_C_MessageEncryptInit] = {STEP_INIT, OPERATION_MESSAGE_ENCRYPT, 0},
	[FUNCTION_C_EncryptMessage] = {STEP_USE, OPERATION_MESSAGE_ENCRYPT, 0},
	[FUNCTION_C_EncryptMessageBegin] = {STEP_BEGIN, OPERATION_MESSAGE_ENCRYPT, 0},
	[FUNCTION_C_EncryptMessageNext] = {STEP_NEXT, OPERATION_MESSAGE_ENCRYPT, 2},
	[FUNCTION_C_MessageEncryptFinal] = {STEP_CLOSE, OPERATION_MESSAGE_ENCRYPT, 0},
	[FUNCTION_C_MessageDecryptInit] = {STEP_INIT, OPERATION_MESSAGE_DECRYPT, 0},
	[FUNCTION_C_DecryptMessage] = {STEP_USE, OPERATION_MESSAGE_DECRYPT, 0},
	[FUNCTION_C_DecryptMessageBegin] = {STEP_BEGIN, OPERATION_MESSAGE_DECRYPT, 0},
	[FUNCTION_C_DecryptMessageNext] = {STEP_NEXT, OPERATION_MESSAGE_DECRYPT, 2},
	[FUNCTION_C_MessageDecryptFinal] = {STEP_CLOSE, OPERATION_MESSAGE_DECRYPT, 0},
};

void model_reset(void)
{
	memset(model.sessions, 0, sizeof(model.sessions));
	model.user = CK_UNAVAILABLE_INFORMATION;
}

bool model_is_open(void)
{
	return model.is_open;
}

CK_USER_TYPE model_user(void)
{
	return model.user;
}

bool model_has_user_pin(void)
{
	return model.has_user_pin;
}

bool model_was_wiped(void)
{
	bool was = model.was_wiped;

	model.was_wiped = false;
	return was;
}

CK_SESSION_HANDLE model_session(size_t i)
{
	for (size_t s = 0; s < SESSIONS; s++)
		if (model.sessions[s].handle && i-- == 0)
			return model.sessions[s].handle;
	return 0;
}

static struct session_model *find(CK_SESSION_HANDLE handle)
{
	for (size_t i = 0; handle && i < SESSIONS; i++)
		if (model.sessions[i].handle == handle)
			return &model.sessions[i];
	return NULL;
}

void model_private_key(CK_SESSION_HANDLE session, enum function init, bool is_private)
{
	struct session_model *s = find(session);

	if (s)
		s->is_private[rows[init].kind] = is_private;
}

bool model_can_be(enum function function, CK_SESSION_HANDLE session)
{
	const struct session_model *s = find(session);
	const struct row *row = &rows[function];

	if (!s)
		return true;
	if (function == FUNCTION_C_DigestEncryptUpdate || function == FUNCTION_C_SignEncryptUpdate)
		return s->active[OPERATION_ENCRYPT] &&
		       s->active[function == FUNCTION_C_SignEncryptUpdate ? OPERATION_SIGN
									  : OPERATION_DIGEST];
	if (function == FUNCTION_C_DecryptDigestUpdate ||
	    function == FUNCTION_C_DecryptVerifyUpdate)
		return s->active[OPERATION_DECRYPT] &&
		       s->active[function == FUNCTION_C_DecryptVerifyUpdate ? OPERATION_VERIFY
									    : OPERATION_DIGEST];
	return row->step == STEP_NONE || (row->step == STEP_INIT) != (s->active[row->kind] != NO);
}

static size_t count(bool rw_only)
{
	size_t n = 0;

	for (size_t i = 0; i < SESSIONS; i++)
		n += model.sessions[i].handle && (!rw_only || model.sessions[i].rw);
	return n;
}

/* Nobody is logged in any more: what was in work with private keys is over. */
static void log_out(void)
{
	model.user = CK_UNAVAILABLE_INFORMATION;
	for (size_t i = 0; i < SESSIONS; i++)
		for (size_t k = 0; k < KINDS; k++)
			if (model.sessions[i].is_private[k] && k != FINDING)
				model.sessions[i].active[k] = NO;
}

static void close_session(struct session_model *s)
{
	*s = (struct session_model){0};
	if (!count(false))
		log_out();
}

/* Two ways of verifying share one place in the session. */
static enum active in_place(const struct session_model *s, int kind)
{
	int other = kind == OPERATION_VERIFY ? WITH_SIGNATURE : OPERATION_VERIFY;

	if (kind != OPERATION_VERIFY && kind != WITH_SIGNATURE)
		return s->active[kind];
	return s->active[kind] ? s->active[kind] : s->active[other];
}

static const char *begin(struct session_model *s, int kind, const struct arguments *a, CK_RV rv)
{
	enum active was = in_place(s, kind);

	if (kind != FINDING && !a->pointer[0] && rv == CKR_OK) {
		s->active[kind] = NO;
		if (kind == OPERATION_VERIFY || kind == WITH_SIGNATURE)
			s->active[OPERATION_VERIFY] = s->active[WITH_SIGNATURE] = NO;
		return NULL;
	}
	if (rv == CKR_OPERATION_ACTIVE)
		return was == NO ? "nothing of the kind is active" : NULL;
	if (rv == CKR_OK && was == YES)
		return "one of the kind is active";
	if (rv != CKR_OK)
		return NULL;
	s->active[kind] = YES;
	s->has_parts[kind] = false;
	s->message[kind] = NO;
	s->is_private[kind] = false;
	return NULL;
}

static const char *message(struct session_model *s, const struct row *row,
			   const struct arguments *a, CK_RV rv)
{
	enum active *active = &s->active[row->kind], *m = &s->message[row->kind];
	bool is_next = row->step == STEP_NEXT;

	if (rv == CKR_ARGUMENTS_BAD) {
		*m = is_next ? NO : *m;
		return NULL;
	}
	if (rv == CKR_OPERATION_NOT_INITIALIZED) {
		if (*active == YES && (!is_next || *m == YES))
			return "the operation is active";
		if (is_next)
			*m = NO;
		else
			*active = NO;
		return NULL;
	}
	if (*active == NO || (is_next && *m == NO))
		return "the operation is not active";
	if (!is_next && rv == CKR_OPERATION_ACTIVE)
		return *m == NO ? "no message is in parts" : NULL;
	if (!is_next)
		*m = rv == CKR_OK ? YES : *m;
	else if (rv == CKR_OK && a->number[2] & CKF_END_OF_MESSAGE)
		*m = a->pointer[row->out] ? NO : PERHAPS;
	else if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
		*m = NO;
	return NULL;
}

/* What the call was for is over, unless it was a whole one and there were parts. */
static void refuse(struct session_model *s, const struct row *row)
{
	enum active *active = &s->active[row->kind];

	if (row->step == STEP_USE || row->step == STEP_CLOSE || !*active)
		return;
	*active = row->whole && s->has_parts[row->kind] ? PERHAPS : NO;
}

static const char *go_on(struct session_model *s, const struct row *row, const struct arguments *a,
			 CK_RV rv)
{
	enum active *active = &s->active[row->kind];

	if (row->step == STEP_BEGIN || row->step == STEP_NEXT)
		return message(s, row, a, rv);
	if (rv == CKR_ARGUMENTS_BAD) {
		refuse(s, row);
		return NULL;
	}
	if (rv == CKR_OPERATION_NOT_INITIALIZED) {
		if (*active == YES)
			return "the operation is active";
		*active = NO;
		return NULL;
	}
	if (*active == NO)
		return "the operation is not active";
	*active = YES;
	if (rv == CKR_OPERATION_ACTIVE && row->whole)
		return s->has_parts[row->kind] ? NULL : "it has no parts";
	if (rv == CKR_BUFFER_TOO_SMALL || row->step == STEP_USE)
		return NULL;
	if (rv == CKR_OK && row->step == STEP_PART)
		s->has_parts[row->kind] = true;
	if (rv != CKR_OK && row->kind == OPERATION_DIGEST && row->step == STEP_PART)
		*active = PERHAPS; /* C_DigestKey has failures that do no harm */
	else if (rv != CKR_OK || row->step == STEP_JUDGE || row->step == STEP_CLOSE)
		*active = NO;
	else if (row->step == STEP_ALL && a->pointer[row->out])
		*active = NO;
	else if (row->step == STEP_ALL)
		*active = YES; /* asked for the length */
	return NULL;
}

/* C_DigestEncryptUpdate and its sisters. */
static const char *two(struct session_model *s, int first, int second, CK_RV rv)
{
	if (rv == CKR_ARGUMENTS_BAD) {
		if (s->active[first] == YES && s->active[second] == YES)
			s->active[first] = s->active[second] = NO;
		for (int k = 0; k < KINDS; k++)
			if ((k == first || k == second) && s->active[k])
				s->active[k] = PERHAPS;
		return NULL;
	}
	if (rv != CKR_OPERATION_NOT_INITIALIZED && !(s->active[first] && s->active[second]))
		return "one of the two is not active";
	if (rv == CKR_OPERATION_NOT_INITIALIZED && s->active[first] == YES &&
	    s->active[second] == YES)
		return "both are active";
	if (rv == CKR_OK)
		s->has_parts[first] = s->has_parts[second] = true;
	if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		return NULL;
	for (int k = 0; k < KINDS; k++)
		if ((k == first || k == second) && s->active[k])
			s->active[k] = PERHAPS;
	return NULL;
}

static const char *cancel(struct session_model *s, CK_FLAGS flags, CK_RV rv)
{
	static const CK_FLAGS kinds[KINDS] = {
		[OPERATION_ENCRYPT] = CKF_ENCRYPT,
		[OPERATION_DECRYPT] = CKF_DECRYPT,
		[OPERATION_DIGEST] = CKF_DIGEST,
		[OPERATION_SIGN] = CKF_SIGN,
		[OPERATION_VERIFY] = CKF_VERIFY,
		[OPERATION_SIGN_RECOVER] = CKF_SIGN_RECOVER,
		[OPERATION_VERIFY_RECOVER] = CKF_VERIFY_RECOVER,
		[OPERATION_MESSAGE_ENCRYPT] = CKF_MESSAGE_ENCRYPT,
		[OPERATION_MESSAGE_DECRYPT] = CKF_MESSAGE_DECRYPT,
		[FINDING] = CKF_FIND_OBJECTS,
		[WITH_SIGNATURE] = CKF_VERIFY,
	};

	if (rv != CKR_OK)
		return "what is cancelled is over";
	for (size_t k = 0; k < KINDS; k++)
		if (flags & kinds[k])
			s->active[k] = NO;
	return NULL;
}

static const char *login(const struct arguments *a, CK_RV rv)
{
	CK_USER_TYPE user = a->number[0];

	if (user == CKU_CONTEXT_SPECIFIC || (user != CKU_SO && user != CKU_USER))
		return NULL;
	if (rv == CKR_USER_ALREADY_LOGGED_IN)
		return model.user == user ? NULL : "that user is not logged in";
	if (rv == CKR_USER_ANOTHER_ALREADY_LOGGED_IN)
		return model.user != CK_UNAVAILABLE_INFORMATION ? NULL : "nobody is logged in";
	if (rv == CKR_SESSION_READ_ONLY_EXISTS)
		return user == CKU_SO && count(true) != count(false) ? NULL : "there is none";
	if (rv != CKR_OK)
		return NULL;
	if (model.user != CK_UNAVAILABLE_INFORMATION)
		return "somebody is logged in";
	if (user == CKU_SO && count(true) != count(false))
		return "there is a read-only session";
	if (user == CKU_USER && !model.has_user_pin)
		return "the user has no PIN";
	model.user = user;
	return NULL;
}

static const char *state_of(const struct session_model *s, const CK_SESSION_INFO *info)
{
	CK_STATE want = s->rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;

	if (model.user == CKU_USER)
		want = s->rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	if (model.user == CKU_SO)
		want = CKS_RW_SO_FUNCTIONS;
	return info->state == want && !(info->flags & CKF_RW_SESSION) == !s->rw
		       ? NULL
		       : "that is not the session's state";
}

static const char *save_state(const struct session_model *s, CK_RV rv)
{
	enum active any = NO;

	for (size_t k = 0; k < KINDS; k++)
		if (k != FINDING && s->active[k] && any != YES)
			any = s->active[k];
	if (rv == CKR_OPERATION_NOT_INITIALIZED && any == YES)
		return "something is active";
	if (rv != CKR_OPERATION_NOT_INITIALIZED && rv != CKR_ARGUMENTS_BAD && any == NO)
		return "nothing is active";
	return NULL;
}

static void restore_state(struct session_model *s, CK_RV rv)
{
	if (rv != CKR_OK)
		return;
	for (size_t k = 0; k < KINDS; k++)
		s->active[k] = k == OPERATION_DIGEST ? YES : NO;
	s->has_parts[OPERATION_DIGEST] = true;
	s->is_private[OPERATION_DIGEST] = false;
}

static const char *in_session(enum function function, struct session_model *s,
			      const struct arguments *a, CK_RV rv)
{
	const struct row *row = &rows[function];

	if (row->step == STEP_INIT)
		return begin(s, row->kind, a, rv);
	if (row->step != STEP_NONE)
		return go_on(s, row, a, rv);
	switch (function) {
	case FUNCTION_C_CloseSession:
		if (rv == CKR_OK)
			close_session(s);
		return rv == CKR_OK ? NULL : "a session can be closed";
	case FUNCTION_C_GetSessionInfo:
		return rv == CKR_OK ? state_of(s, a->pointer[0]) : NULL;
	case FUNCTION_C_GetOperationState:
		return save_state(s, rv);
	case FUNCTION_C_SetOperationState:
		restore_state(s, rv);
		return NULL;
	case FUNCTION_C_Login:
	case FUNCTION_C_LoginUser:
		return login(a, rv);
	case FUNCTION_C_Logout:
		if ((rv == CKR_OK) != (model.user != CK_UNAVAILABLE_INFORMATION))
			return "who is logged in can log out";
		log_out();
		return NULL;
	case FUNCTION_C_InitPIN:
		if (rv == CKR_OK && (model.user != CKU_SO || !s->rw))
			return "only the SO may do that";
		model.has_user_pin |= rv == CKR_OK;
		return NULL;
	case FUNCTION_C_SetPIN:
		return rv == CKR_OK && !s->rw ? "the session is read-only" : NULL;
	case FUNCTION_C_SessionCancel:
		return cancel(s, a->number[0], rv);
	case FUNCTION_C_DigestEncryptUpdate:
		return two(s, OPERATION_DIGEST, OPERATION_ENCRYPT, rv);
	case FUNCTION_C_SignEncryptUpdate:
		return two(s, OPERATION_SIGN, OPERATION_ENCRYPT, rv);
	case FUNCTION_C_DecryptDigestUpdate:
		return two(s, OPERATION_DECRYPT, OPERATION_DIGEST, rv);
	case FUNCTION_C_DecryptVerifyUpdate:
		return two(s, OPERATION_DECRYPT, OPERATION_VERIFY, rv);
	default:
		return NULL;
	}
}

static const char *open_session(const struct arguments *a, CK_RV rv)
{
	bool rw = a->number[0] & CKF_RW_SESSION;

	if (rv == CKR_SESSION_READ_WRITE_SO_EXISTS)
		return !rw && model.user == CKU_SO ? NULL : "no SO is there";
	if (rv != CKR_OK)
		return NULL;
	if (!rw && model.user == CKU_SO)
		return "the SO is logged in";
	for (size_t i = 0; i < SESSIONS; i++) {
		if (model.sessions[i].handle)
			continue;
		memcpy(&model.sessions[i].handle, a->pointer[1], sizeof(CK_SESSION_HANDLE));
		model.sessions[i].rw = rw;
		return NULL;
	}
	return "more sessions than the model can have";
}

static const char *token(const CK_TOKEN_INFO *info)
{
	bool is_right = info->ulSessionCount == count(false) &&
			info->ulRwSessionCount == count(true);

	return is_right ? NULL : "the number of sessions is another";
}

static const char *in_slot(enum function function, const struct arguments *a, CK_RV rv)
{
	switch (function) {
	case FUNCTION_C_OpenSession:
		return open_session(a, rv);
	case FUNCTION_C_CloseAllSessions:
		if (rv == CKR_OK)
			model_reset();
		return NULL;
	case FUNCTION_C_GetTokenInfo:
		return rv == CKR_OK ? token(a->pointer[0]) : NULL;
	case FUNCTION_C_InitToken:
		if (rv != CKR_OK)
			return NULL;
		model.has_user_pin = false;
		model.was_wiped = true;
		return count(false) ? "there are sessions" : NULL;
	default:
		return NULL;
	}
}

static const char *in_library(enum function function, CK_RV rv)
{
	if (function == FUNCTION_C_Finalize && rv == CKR_OK) {
		model.is_open = false;
		model_reset();
	}
	return NULL;
}

static const char *outside(enum function function, CK_RV rv)
{
	if (function != FUNCTION_C_Initialize)
		return NULL;
	if (rv == CKR_OK && model.is_open)
		return "it is open";
	if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED && !model.is_open)
		return "it is not open";
	if (rv == CKR_OK)
		model.is_open = true;
	return NULL;
}

const char *model_follow(enum function function, const struct arguments *a, CK_RV rv)
{
	enum scope scope = function_scope(function);
	struct session_model *s;

	if (scope == SCOPE_NONE)
		return outside(function, rv);
	if ((rv == CKR_CRYPTOKI_NOT_INITIALIZED) == model.is_open)
		return model.is_open ? "it is initialised" : "it is not initialised";
	if (!model.is_open)
		return NULL;
	if (scope == SCOPE_LIBRARY)
		return in_library(function, rv);
	if (scope == SCOPE_SLOT)
		return in_slot(function, a, rv);
	s = find(a->handle);
	if ((rv == CKR_SESSION_HANDLE_INVALID) != !s)
		return s ? "the session is open" : "there is no such session";
	return s ? in_session(function, s, a, rv) : NULL;
}
