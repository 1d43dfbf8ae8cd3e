/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PKCS#11 types and constants: p11-kit's header, which is version 2.40, what versions 3.0 to 3.2 of
 * the OASIS standard add, and the vendor's own.
 */
#ifndef INTAGLIO_BASE_CRYPTOKI_H
#define INTAGLIO_BASE_CRYPTOKI_H

#include <p11-kit/pkcs11.h>

#include "base/cryptoki3.h"
#include "base/intaglio.h"

#endif
