/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of Cryptoki calls: the card they are made on, the calls, and the model of what the
 * module's states are. One thread. LLVMFuzzerTestOneInput runs one sequence, as libFuzzer calls it and
 * storm.c does.
 */
#ifndef INTAGLIO_FUZZ_CALLS_H
#define INTAGLIO_FUZZ_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cryptoki.h"
#include "module/functions.h"

enum { CALL_ARGUMENTS = 5 };

/* A call's arguments as tests/module/calls.def has them: the slot or session, numbers, pointers. */
struct arguments {
	CK_ULONG handle;
	CK_ULONG number[CALL_ARGUMENTS];
	void *pointer[CALL_ARGUMENTS];
};

/* What was found so far. */
struct tally {
	uint64_t calls;
	uint64_t refused; /* did not return CKR_OK */
	uint64_t outside; /* codes that the standard does not list for the function */
	uint64_t surprises; /* answers that the model does not have */
};
/* Where calls are counted; the caller's, for as long as sequences run. */
void calls_tally(struct tally *tally);

/* Wrong answers end the process unless they are counted by calls_tally. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The model (model.c): what is open, who is logged in, what is in work in which session. */
void model_reset(void);
/* Compares what the module answered with the model, then follows it. NULL, or what is wrong. */
const char *model_follow(enum function function, const struct arguments *a, CK_RV rv);
/* The key that an operation is begun with is a private object. */
void model_private_key(CK_SESSION_HANDLE session, enum function init, bool is_private);
/* Whether the operation that the call begins is not active, or that it goes on with is. */
bool model_can_be(enum function function, CK_SESSION_HANDLE session);
bool model_is_open(void);
CK_USER_TYPE model_user(void); /* CK_UNAVAILABLE_INFORMATION: nobody */
/* Session i of those that are open; 0: there are fewer. */
CK_SESSION_HANDLE model_session(size_t i);
bool model_has_user_pin(void);
/* The token was initialised since this was asked last: what was on it is gone. */
bool model_was_wiped(void);

#endif
