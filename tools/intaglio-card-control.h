/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket of intaglio-card: a line `verb name` in, lines out, the last of them `ok` or
 * `error sentence`. Verbs: list, insert, remove, reset; for tests eject-after and eject-unanswered
 * with a number. Only the socket's owner and root are listened to. One thread.
 */
#ifndef INTAGLIO_TOOLS_INTAGLIO_CARD_CONTROL_H
#define INTAGLIO_TOOLS_INTAGLIO_CARD_CONTROL_H

#include <stddef.h>

#include "tools/intaglio-card-vpcd.h"

/* The listening socket that systemd passed, or -1. */
int control_passed(void);
/* A new one at path (0600); -1 with a sentence. */
int control_listen(const char *path);
/* Answers one connection that waits on the socket. */
void control_serve(int listener, struct vpcd **cards, size_t count);

#endif
