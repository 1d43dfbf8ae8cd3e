/* SPDX-License-Identifier: BSD-2-Clause */
/* A card that is pulled at every command of what is done with it, and what is on it afterwards. */
#include "tests/pcsc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRITTEN = 600, STEPS_MAX = 60 };

/* What is interrupted. Each finds its objects first, so that only its own commands are counted. */

static CK_RV write_object(void)
{
	static CK_BYTE value[WRITTEN];
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_TOKEN, &yes, 1},
				   {CKA_LABEL, (void *)"written", 7},
				   {CKA_VALUE, value, sizeof(value)}};
	CK_OBJECT_HANDLE object;

	memset(value, 0x77, sizeof(value));
	return pcsc_p11->C_CreateObject(pcsc_session, template, 4, &object);
}

/* Objects of that label are whole; they are counted and removed. */
static CK_ULONG take_written(void)
{
	CK_ATTRIBUTE label = {CKA_LABEL, (void *)"written", 7};
	CK_OBJECT_HANDLE objects[16];
	CK_ULONG count = 0;

	pcsc_ok(pcsc_find(pcsc_session, &label, 1, objects, 16, &count), "C_FindObjects");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_BYTE value[WRITTEN] = {0};
		CK_ATTRIBUTE read = {CKA_VALUE, value, sizeof(value)};

		pcsc_ok(pcsc_p11->C_GetAttributeValue(pcsc_session, objects[i], &read, 1),
			"the object's value");
		pcsc_check(read.ulValueLen == WRITTEN && value[0] == 0x77 &&
				   value[WRITTEN - 1] == 0x77,
			   "half an object is on the card", read.ulValueLen);
		pcsc_ok(pcsc_p11->C_DestroyObject(pcsc_session, objects[i]), "C_DestroyObject");
	}
	return count;
}

enum operation { LOGIN, SIGN, WRITE, SEAL, OPERATIONS };
static const char *const operation_names[] = {"login", "sign", "write", "seal"};

static CK_RV carry_out(enum operation operation, CK_OBJECT_HANDLE object)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	CK_RV rv;

	switch (operation) {
	case LOGIN:
		rv = pcsc_open_session();
		return rv == CKR_OK ? pcsc_login() : rv;
	case SIGN:
		return pcsc_sign(pcsc_session, object, signature, &len);
	case WRITE:
		return write_object();
	default:
		return pcsc_seal(pcsc_session, object);
	}
}

/*
 * What the card did: nothing, or all. It does it at one command, so that once it was done, it is at
 * every later one (GET RESPONSE, say); never at the first, and always at the last one unanswered.
 */
static void judge_effect(CK_ULONG effect, bool *done)
{
	pcsc_check(effect <= 1, "it was done more than once", effect);
	pcsc_check(effect || !*done, "what was done is not there", effect);
	*done = effect;
}

/* A right PIN costs no try, whenever the card went. */
static void judge_tries(void)
{
	const CK_FLAGS low = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
	CK_TOKEN_INFO info;

	if (pcsc_ok(pcsc_p11->C_GetTokenInfo(pcsc_slot, &info), "C_GetTokenInfo"))
		pcsc_check(!(info.flags & low), "a try of the PIN is gone", info.flags);
}

static bool come_again(void)
{
	pcsc_wait_present(false);
	pcsc_control("insert default");
	if (!pcsc_wait_present(true))
		return false;
	judge_tries();
	return pcsc_ok(pcsc_open_session(), "C_OpenSession again") &&
	       pcsc_ok(pcsc_login(), "C_Login again");
}

/* Where the operation begins: without a channel for LOGIN, or with all but its own commands done. */
static CK_OBJECT_HANDLE begin(enum operation operation, CK_ULONG *before)
{
	CK_OBJECT_HANDLE object;

	*before = 0;
	if (operation == LOGIN) {
		pcsc_must(pcsc_p11->C_Finalize(NULL), "C_Finalize");
		pcsc_start();
		return 0;
	}
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_must(pcsc_login(), "C_Login");
	object =
		pcsc_find_class(pcsc_session, operation == SEAL ? CKO_SECRET_KEY : CKO_PRIVATE_KEY);
	if (operation == SEAL)
		*before = pcsc_records(object);
	else
		take_written();
	return object;
}

/* One pull, and what is on the card afterwards. True if the operation ended before it. */
static bool pull(enum operation operation, unsigned int commands, bool unanswered, bool *done)
{
	CK_OBJECT_HANDLE object;
	CK_SESSION_INFO info;
	CK_ULONG before;
	char line[64];
	CK_RV rv;

	pcsc_control("insert default");
	if (!pcsc_wait_present(true))
		return true;
	object = begin(operation, &before);
	snprintf(line, sizeof(line), "%s default %u",
		 unanswered ? "eject-unanswered" : "eject-after", commands);
	pcsc_control(line);
	rv = carry_out(operation, object);
	if (rv == CKR_OK) {
		pcsc_control("insert default");
		pcsc_p11->C_CloseAllSessions(pcsc_slot);
		return true;
	}
	pcsc_check(rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT,
		   operation_names[operation], rv);
	rv = pcsc_p11->C_GetSessionInfo(pcsc_session, &info);
	pcsc_check(rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_DEVICE_REMOVED,
		   "a session outlives its card", rv);
	if (!come_again())
		return true;
	if (operation == SEAL)
		judge_effect(pcsc_records(pcsc_find_class(pcsc_session, CKO_SECRET_KEY)) - before,
			     done);
	if (operation == WRITE)
		judge_effect(take_written(), done);
	if (commands == 0 && !unanswered)
		pcsc_check(!*done, "it was done without a command", 0);
	pcsc_ok(pcsc_p11->C_CloseAllSessions(pcsc_slot), "C_CloseAllSessions");
	return false;
}

static void unplug(enum operation first)
{
	pcsc_start();
	for (int operation = (int)first; operation < OPERATIONS; operation++) {
		unsigned int pulled = 0;

		for (int unanswered = 0; unanswered < 2; unanswered++) {
			bool done = false;

			for (unsigned int n = 0; n < STEPS_MAX && !pcsc_failures; n++) {
				if (pull((enum operation)operation, n, unanswered, &done))
					break;
				pulled++;
			}
			if (unanswered && (operation == WRITE || operation == SEAL))
				pcsc_check(done, "it was not done without an answer", 0);
		}
		pcsc_check(pulled >= 2, "pulls", pulled);
		printf("%s: pulled at %u places\n", operation_names[operation], pulled);
	}
}

void pcsc_unplug(void)
{
	unplug(LOGIN);
}

/* Without the login, which a card without extended length does in the same commands. */
void pcsc_unplug_parts(void)
{
	unplug(SIGN);
}

/* A wrong PIN costs a try if the card had the command that brought it, and only then. */

enum { TRIES = 5 };

static CK_RV login_wrong(void)
{
	return pcsc_p11->C_Login(pcsc_session, CKU_USER, (CK_UTF8CHAR_PTR) "654321", 6);
}

static CK_FLAGS token_flags(void)
{
	CK_TOKEN_INFO info = {.flags = 0};

	pcsc_ok(pcsc_p11->C_GetTokenInfo(pcsc_slot, &info), "C_GetTokenInfo");
	return info.flags;
}

/* How many tries were left: as many as it takes until there is one. The right PIN gives them back. */
static unsigned int take_tries(void)
{
	unsigned int left = 1;

	pcsc_must(pcsc_open_session(), "C_OpenSession");
	while (!(token_flags() & CKF_USER_PIN_FINAL_TRY) && left <= TRIES) {
		CK_RV rv = login_wrong();

		pcsc_check(rv == CKR_PIN_INCORRECT, "a wrong PIN", rv);
		left++;
	}
	pcsc_must(pcsc_login(), "C_Login with the last try");
	pcsc_check(!(token_flags() & CKF_USER_PIN_COUNT_LOW), "tries are not given back", left);
	pcsc_ok(pcsc_p11->C_CloseAllSessions(pcsc_slot), "C_CloseAllSessions");
	return left;
}

/* One pull of a login with a wrong PIN that begins without a channel. True if it ended before. */
static bool pull_wrong(unsigned int commands, bool unanswered, unsigned int *ret_left)
{
	char line[64];
	CK_RV rv;

	pcsc_must(pcsc_p11->C_Finalize(NULL), "C_Finalize");
	pcsc_start();
	snprintf(line, sizeof(line), "%s default %u",
		 unanswered ? "eject-unanswered" : "eject-after", commands);
	pcsc_control(line);
	rv = pcsc_open_session();
	if (rv == CKR_OK)
		rv = login_wrong();
	if (rv == CKR_PIN_INCORRECT) {
		pcsc_control("insert default");
		pcsc_p11->C_CloseAllSessions(pcsc_slot);
		return true;
	}
	pcsc_check(rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT, "C_Login", rv);
	pcsc_wait_present(false);
	pcsc_control("insert default");
	if (!pcsc_wait_present(true))
		return true;
	*ret_left = take_tries();
	return false;
}

void pcsc_wrong_pin(void)
{
	pcsc_start();
	pcsc_check(take_tries() == TRIES, "a card with all tries", 0);
	for (int unanswered = 0; unanswered < 2; unanswered++) {
		unsigned int left = TRIES, before = TRIES, n = 0;

		/* Once a try is gone at one command, it is at every later one. */
		for (; n < STEPS_MAX && !pcsc_failures; n++) {
			if (pull_wrong(n, unanswered, &left))
				break;
			pcsc_check(left == before || (before == TRIES && left == TRIES - 1),
				   "tries that are left", left);
			before = left;
		}
		pcsc_check(n >= 2, "pulls", n);
		pcsc_check(take_tries() == TRIES - 1, "the login that was not pulled", n);
		/* Unanswered, the last command pulled brought the PIN; else no command did. */
		pcsc_check(before == (unanswered ? TRIES - 1 : TRIES), "tries at the end", before);
		printf("a wrong PIN, %s: pulled at %u places\n",
		       unanswered ? "not answered" : "not carried out", n);
	}
}
