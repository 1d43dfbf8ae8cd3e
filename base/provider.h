/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcrypto's own provider, with names for the types of keys that libcrypto's table of objects does
 * not know. An application may have made an ENGINE the default for RSA or EC (ENGINE_set_default, as
 * `openssl -engine` does), and libcrypto 3.0 then asks that engine for every context of a key whose
 * type has such a name, whatever the library context. An engine that loads this very module, libp11's,
 * would so be asked for the operations that serve its own call. Keys of unknown names stay with the
 * provider. Called once for the one library context; nothing is ever freed.
 */
#ifndef INTAGLIO_BASE_PROVIDER_H
#define INTAGLIO_BASE_PROVIDER_H

#include <openssl/types.h>

#include "base/rc.h"

/*
 * Makes the provider the only one of the context. The context that comes back is where it works: its
 * keys, paddings and blindings have their random bytes from there. RC_CRYPTO if libcrypto does not.
 */
enum rc provider_load(OSSL_LIB_CTX *context, OSSL_LIB_CTX **ret_behind) WARN_UNUSED;
/*
 * The name to make keys by, in EVP_PKEY_CTX_new_from_name and its like, for libcrypto's name of a
 * type ("RSA", "EC", "ED25519"); that name itself where there is no other. EVP_PKEY_is_a knows both.
 */
const char *provider_key_type(const char *name);

#endif
