/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card content management in tests: one card, an issuer's session over SCP10 with its issuer
 * security domain selected, a package of our own making that no machine has to run, and key sets.
 */
#ifndef INTAGLIO_TESTS_CARD_MANAGE_H
#define INTAGLIO_TESTS_CARD_MANAGE_H

#include "card/keyset.h"
#include "tests/card/steps.h"

#define ISD         "A000000151000000"
#define TOKEN       "F0496E7461676C696F01"
#define PKCS15      "A000000063504B43532D3135"
#define PACKAGE     "F00102030405"
#define MODULE      "F0010203040501"
#define INSTANCE    "F0010203040502"
#define DOMAIN_FILE "A0000001515350"
#define DOMAIN_CODE "A000000151535041"
#define DOMAIN      "F00102030406"

enum { MANAGE_ROOM = 4096 };

extern struct peer manage_peer;
extern struct buf manage_answer; /* to the last command */

/* The card, personalised, with the session; and its end. */
void manage_start(void);
void manage_stop(void);
/* The session anew, after something has ended it. */
void manage_open(void);
/* One command in the session, its data in hexadecimal; and with bytes. */
uint16_t manage_send(uint32_t header, const char *data);
uint16_t manage_bytes(uint32_t header, struct view data);
bool manage_answered(const char *data);
/* A bare APDU. */
uint16_t manage_bare(const char *apdu);
/* The load file data block of PACKAGE, which has MODULE. */
void manage_package(struct buf *out);
/* LOAD of a whole load file in blocks of so many bytes; and of PACKAGE as C4; the last word. */
uint16_t manage_load_file(struct view file, size_t size);
uint16_t manage_load(size_t size);
/* INSTALL [for load] and all of LOAD; INSTALL of INSTANCE of it; a security domain DOMAIN. */
void manage_load_package(void);
uint16_t manage_install(const char *privileges);
uint16_t manage_make_domain(const char *privileges);
/* The data field of a PUT KEY of this set, its keys enciphered under the session's DEK. */
void manage_key_data(const struct keyset *set, struct buf *out);
/* Appends a secret under the session's DEK, padded with zeros to whole blocks. */
void manage_encipher(struct view secret, struct buf *out);
/* The data field of a PUT KEY of one symmetric key. */
void manage_key(uint8_t version, uint8_t type, struct view key, struct buf *out);
/* Three AES-128 keys 00.., 10.., 20.. as this version. */
struct keyset manage_keys(uint8_t version);

#endif
