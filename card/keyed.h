/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure channels from a key set, card side: SCP02 (GPCS Appendix E, i = 15 and 55) and SCP03
 * (Amendment D, S8 and S16). INITIALIZE UPDATE and EXTERNAL AUTHENTICATE set one up with the
 * selected security domain; then every command is checked and opened and every answer protected
 * here. One struct keyed a logical channel, made by its first INITIALIZE UPDATE in memory that is
 * wiped; where a function takes one that was never made, NULL, there is no session. doc/manager.md
 * has what the specification leaves open.
 */
#ifndef INTAGLIO_CARD_KEYED_H
#define INTAGLIO_CARD_KEYED_H

#include "base/apdu.h"
#include "card/command.h"
#include "card/keyset.h"

struct keyed;

void keyed_free(struct keyed **k);
/* Ends the session, or the beginning of one. */
void keyed_reset(struct keyed *k);
/* A session is up. */
bool keyed_is_up(const struct keyed *k);
/* INITIALIZE UPDATE was the last command: EXTERNAL AUTHENTICATE may follow. */
bool keyed_is_begun(const struct keyed *k);
/* Another command came in between. */
void keyed_interrupt(struct keyed *k);
/* The security domain whose key set opened the session; 0 without one. */
uint32_t keyed_domain(const struct keyed *k);

/* The security level of a session that is up, as P1 of EXTERNAL AUTHENTICATE asked for it. */
uint8_t keyed_level(const struct keyed *k);

/* 80 50: P1 key version, P2 00, data host challenge. */
uint16_t keyed_initialize(struct command *c);
/* 84 82: P1 security level, P2 00, data host cryptogram and C-MAC. */
uint16_t keyed_authenticate(struct command *c);

/*
 * The *more commands* bit of P1, GPCS 11.1.5.1: one MAC covers a command that comes in parts. A part is
 * kept, and *ret_whole is false; with the last the command's data become all of it, borrowed until the
 * session ends. 6985: the command does not continue the one in parts, which is forgotten; it is to be
 * unwrapped and then refused. 6A86: too long, and the session is to end. A part that has a MAC of its own is left as it is.
 */
uint16_t keyed_gather(struct keyed *k, struct apdu *command, bool *ret_whole);

/* As sm_unwrap and its companions (card/sm.h); every failure of unwrap is RC_STATE. */
bool keyed_accepts_class(const struct keyed *k, const struct apdu *part);
enum rc keyed_unwrap(struct keyed *k, const struct apdu *command, struct buf *plain,
		     struct apdu *ret) WARN_UNUSED;
enum rc keyed_wrap(struct keyed *k, struct view answer, uint16_t sw, struct buf *out) WARN_UNUSED;
/* Bytes of the AES key that keyed_decipher deciphers with; 0 if it is none. */
size_t keyed_strength(const struct keyed *k);
/*
 * Deciphers sensitive data of a command: under SCP02 with the session's DEK, triple DES ECB, under
 * SCP03 with the set's, AES CBC with a zero IV. RC_MALFORMED: not whole blocks.
 */
enum rc keyed_decipher(struct keyed *k, struct view in, struct buf *out) WARN_UNUSED;

#endif
