/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bare SCardTransmit loop sends when it is to do what the module does: commands of a session
 * of its own with the card in the first reader, protected beforehand, each good for once. The card
 * has the same work and the line the same bytes; the loop has nothing to compute and believes every
 * answer.
 */
#ifndef INTAGLIO_BENCH_COMMANDS_H
#define INTAGLIO_BENCH_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

struct commands;

/* Commands that ask for 32 random bytes; host is the directory of the host's keys. NULL: it failed. */
struct commands *commands_new(const char *reader, const char *host, size_t count);
void commands_free(struct commands **commands);
/* Sends the next one; card is a SCARDHANDLE. False if there is none or the answer is none of the session. */
bool commands_send(struct commands *commands, long card);
/* Bytes of one command, and of its answer; 0 before the first was sent. */
size_t commands_length(const struct commands *commands);
size_t commands_answer(const struct commands *commands);

#endif
