/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The issuer security domain in the place of a token application that cannot be selected: a locked
 * card serves nothing else, and on the basic channel, GPCS 5.1.1.4; and the token application may be
 * locked.
 */
#ifndef INTAGLIO_SC_ISSUER_H
#define INTAGLIO_SC_ISSUER_H

#include "sc/fci.h"
#include "sc/wire.h"

/*
 * Selects it, and gives what the token application would have said as far as it is to be had: which
 * suites there are is not told, the handshake will. RC_SW: it is no card of ours that speaks SCP10.
 */
enum rc issuer_select(struct wire *wire, struct fci *ret) WARN_UNUSED;

#endif
