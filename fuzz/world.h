/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card that the sequences are made on: in a directory of its own, in memory where there is some,
 * removed when the process that made it ends. And the keys that calls can be given.
 */
#ifndef INTAGLIO_FUZZ_WORLD_H
#define INTAGLIO_FUZZ_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cryptoki.h"

#define WORLD_USER_PIN "123456"
#define WORLD_SO_PIN   "12345678"

extern CK_FUNCTION_LIST_3_2 *world_functions;

/* Makes the card at the first call. Ends the process with a sentence where that cannot be done. */
void world_start(void);
/* The token, its keys and user as they were at first; two sessions, or none, are open. */
void world_ready(bool sessions, bool login);
/* Looks for the keys on the card again: handles change when somebody logs in. */
void world_find_keys(void);

/* A key was made; older ones are forgotten. */
void world_keep(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);
/* One that is known, of this type (CK_UNAVAILABLE_INFORMATION: any) and class (0: any) if there is. */
CK_OBJECT_HANDLE world_key(CK_KEY_TYPE type, CK_OBJECT_CLASS class, unsigned int which);

#endif
