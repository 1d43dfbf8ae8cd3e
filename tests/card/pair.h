/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A principal card with a key set, a load file and an application, a target card with keys of its
 * own, and the host between them: what the tests of the principal card begin with. One program, in
 * files by purpose; each file's tests are a table.
 */
#ifndef INTAGLIO_TESTS_CARD_PAIR_H
#define INTAGLIO_TESTS_CARD_PAIR_H

#include <CUnit/CUnit.h>

#include "tests/card/installer.h"
#include "tests/card/steps.h"

enum { PAIR_APPLICATION = 3, PAIR_ROOM = 4096 };

extern struct peer pair_principal, pair_target, pair_other;
extern struct installer pair_host, pair_other_host;

extern CU_TestInfo principal_counted_tests[], principal_order_tests[], principal_issuer_tests[],
	principal_back_tests[];

/* A principal with so many activations, and one target; the host has the role user. And their end. */
void pair_start(uint8_t type, uint8_t scp_i, uint8_t flags, uint32_t activations);
void pair_stop(void);
/* A target, 0 or 1, with keys. */
void pair_new_target(struct peer *target, size_t which, uint8_t type, uint8_t scp_i, bool shared);
/* Another target, and a host of it on a second channel of the principal; and their end. */
void pair_open_other(uint8_t type, uint8_t scp_i);
void pair_close_other(void);
int pair_clean(void);

/* 80 80 p1 p2, and with data in hexadecimal. */
uint16_t pair_operate(uint8_t p1, uint8_t p2);
uint16_t pair_operate_with(uint8_t p1, uint8_t p2, const char *data);
bool pair_answered(const char *data);
/* An installation until its activation, which is its last word. */
uint16_t pair_release(void);
/* Asked as issuer; the host has the role user after. */
bool pair_state_is(uint32_t left, uint32_t used, bool pending);
/* Instances on the target. */
size_t pair_installed(void);

#endif
