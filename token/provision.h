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
 * Makes the card `name` in the directory cards, unless it is there. A sentence is said for every
 * failure. RC_IO, RC_FULL, RC_MEMORY, RC_CRYPTO, RC_SW.
 */
enum rc provision(const char *cards, const char *name, const struct config *config) WARN_UNUSED;

#endif
