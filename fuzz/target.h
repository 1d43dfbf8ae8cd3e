/* SPDX-License-Identifier: BSD-2-Clause */
/* A fuzz target's one function, as libFuzzer calls it and short.c does. */
#ifndef INTAGLIO_FUZZ_TARGET_H
#define INTAGLIO_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
