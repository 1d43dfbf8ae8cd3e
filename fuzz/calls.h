/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuzz target's one function, as libFuzzer calls it and replay.c does. */
#ifndef INTAGLIO_FUZZ_CALLS_H
#define INTAGLIO_FUZZ_CALLS_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
