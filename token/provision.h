/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An embedded card's directory: `card/` is the card's memory, `host/` who we are towards it
 * (sc/identity.h) and the key of the local authority that vouches for both. Made whole in a
 * directory beside it and then renamed, under a lock that processes share, so that it is there
 * complete or not at all.
 */
#ifndef INTAGLIO_TOKEN_PROVISION_H
#define INTAGLIO_TOKEN_PROVISION_H

#include "base/rc.h"
#include "token/config.h"

/*
 * Fills the directory of a card that is being made, in which `card` and `host` are empty. Says a
 * sentence when it fails; nothing is left of dir then.
 */
typedef enum rc provision_fill(const char *dir, void *arg);
/* Makes the card `name` in the directory cards by filling it. RC_EXISTS, silently, if it is there. */
enum rc provision_with(const char *cards, const char *name, provision_fill *fill_it,
		       void *arg) WARN_UNUSED;

/*
 * Makes the card `name` under an authority of its own, unless it is there. A sentence is said for every
 * failure. RC_IO, RC_FULL, RC_MEMORY, RC_CRYPTO, RC_SW.
 */
enum rc provision(const char *cards, const char *name, const struct config *config) WARN_UNUSED;

#endif
