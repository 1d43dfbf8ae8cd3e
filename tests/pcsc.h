/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs of tests/pcsc.sh share: the module, the slot of a reader, a session, and
 * expectations. One word of the command line runs one of them; each expectation that fails is
 * printed and counted.
 */
#ifndef INTAGLIO_TESTS_PCSC_H
#define INTAGLIO_TESTS_PCSC_H

#include <stdbool.h>

#include "base/cryptoki.h"

extern CK_FUNCTION_LIST *pcsc_p11;
extern const CK_INTAGLIO_FUNCTION_LIST *pcsc_vendor;
extern CK_SLOT_ID pcsc_slot;
extern CK_SESSION_HANDLE pcsc_session;
extern unsigned int pcsc_failures;

/* An expectation; returns whether it holds. pcsc_must ends the program. */
bool pcsc_check(bool good, const char *what, CK_RV rv);
bool pcsc_ok(CK_RV rv, const char *what);
void pcsc_must(CK_RV rv, const char *what);
/* Seconds. */
double pcsc_now(void);
/* One line to intaglio-card's control socket. */
void pcsc_control(const char *line);
/* C_Initialize, and the first reader's slot. */
void pcsc_start(void);
bool pcsc_wait_present(bool present);

/* In pcsc_session, or in s. */
CK_RV pcsc_open_session(void);
CK_RV pcsc_login(void);
CK_RV pcsc_find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret,
		CK_ULONG max, CK_ULONG *count);
CK_OBJECT_HANDLE pcsc_find_class(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class);
CK_RV pcsc_sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *signature, CK_ULONG *len);
CK_RV pcsc_verify(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *signature, CK_ULONG len);
CK_RV pcsc_seal(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE ledger);
CK_ULONG pcsc_records(CK_OBJECT_HANDLE ledger);

void pcsc_unplug(void);
void pcsc_unplug_parts(void);
void pcsc_three(void);
void pcsc_events(void);
void pcsc_storm(void);
void pcsc_wrong_pin(void);
void pcsc_daemon_killed(void);
void pcsc_reset(void);
void pcsc_restart(void);
void pcsc_killed(void);
void pcsc_foreign(void);
void pcsc_fork(void);
void pcsc_crowd(void);
void pcsc_many(unsigned int processes, unsigned int threads, unsigned int seconds);

#endif
