/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the secure channel costs: a handshake of suite 42 against the bare RSA operations of both
 * ends, and a protected command and answer against bare AES-CMAC and AES-CBC. One thread.
 */
#ifndef INTAGLIO_BENCH_CHANNEL_H
#define INTAGLIO_BENCH_CHANNEL_H

#include "bench/measure.h"

struct channel_bench;

/* Makes a card in a directory below dir, and keys. NULL if that fails. */
struct channel_bench *channel_bench_new(const char *dir);
void channel_bench_free(struct channel_bench **bench);

/* APDUs of one handshake after SELECT; 0 if it failed. */
unsigned long channel_bench_apdus(struct channel_bench *bench);
struct measure_result channel_bench_handshake(struct channel_bench *bench);
/* Microseconds of processor time of those RSA operations alone; 0 if one failed. */
double channel_bench_rsa(struct channel_bench *bench);
/* Protecting a command of 256 bytes and opening an answer of 256 bytes. */
struct measure_result channel_bench_messaging(struct channel_bench *bench);

#endif
