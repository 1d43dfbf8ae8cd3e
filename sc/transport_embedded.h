/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software card in a directory as a transport: the card runs in this process. When the card's
 * memory has failed (RC_IO), the next use opens it again and reports RC_RESET.
 */
#ifndef INTAGLIO_SC_TRANSPORT_EMBEDDED_H
#define INTAGLIO_SC_TRANSPORT_EMBEDDED_H

#include "sc/transport.h"

struct card_options;

/* For transport_open: address is the card's directory, options a struct card_options or NULL. */
extern const struct transport_ops transport_embedded_ops;

/* Opens the card whose memory is in dir. Fails as card_open does, which says the sentence. */
enum rc transport_embedded_open(const char *dir, struct transport **ret) WARN_UNUSED;
/* The same for a process in which no threads may be made. */
enum rc transport_embedded_open_unthreaded(const char *dir, struct transport **ret) WARN_UNUSED;
/* Makes a fresh card in an empty directory and opens it. */
enum rc transport_embedded_create(const char *dir, struct transport **ret) WARN_UNUSED;

#endif
