/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records that were sealed as PKCS#11 data objects (doc/ledger.md): the plaintext is the object's
 * attributes as a list of base/attr.h, so that its label and identifier are found again. Nothing here
 * allocates or keeps state.
 */
#ifndef INTAGLIO_BASE_RECORD_H
#define INTAGLIO_BASE_RECORD_H

#include "base/buf.h"

enum { RECORD_TYPE_OBJECT = 0xFFFF };

/* True, and the list, if the record was sealed as an object. */
bool record_is_object(uint16_t type, struct view plaintext);
/* What was sealed: the object's CKA_VALUE, or of any other record the whole plaintext. */
struct view record_value(uint16_t type, struct view plaintext);

#endif
