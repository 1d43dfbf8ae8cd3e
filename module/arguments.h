/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which pointers an application may leave out: CKR_ARGUMENTS_BAD (PKCS #11 5.1.7) unless these
 * hold. What needs to know the token, such as whether a template fits, is not looked at here.
 */
#ifndef INTAGLIO_MODULE_ARGUMENTS_H
#define INTAGLIO_MODULE_ARGUMENTS_H

#include <stdbool.h>

#include "base/cryptoki.h"

/* Nothing at all may be given as NULL and 0. */
bool arguments_bytes(const CK_BYTE *bytes, CK_ULONG len);
/* A template to be read: its values are there too. */
bool arguments_template(const CK_ATTRIBUTE *template, CK_ULONG count);

#endif
