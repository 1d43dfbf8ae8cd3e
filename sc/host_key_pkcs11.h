/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host key on another PKCS#11 token. Its module is loaded directly, at the first operation, and
 * stays loaded; p11-kit is never asked, as we may be called under its lock, and our own module
 * never loads itself. Internal to sc/.
 */
#ifndef INTAGLIO_SC_HOST_KEY_PKCS11_H
#define INTAGLIO_SC_HOST_KEY_PKCS11_H

#include "sc/host_key.h"

/*
 * A key by its URI, whose module-path is needed if module (a path; may be NULL) is not given.
 * Touches no module yet. RC_MALFORMED with a sentence.
 */
enum rc host_key_pkcs11(struct view uri, const char *module, struct host_key **ret) WARN_UNUSED;

#endif
