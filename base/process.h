/* SPDX-License-Identifier: BSD-2-Clause */
/* Which process this is, asked at every call and therefore not of the kernel. Safe in all threads. */
#ifndef INTAGLIO_BASE_PROCESS_H
#define INTAGLIO_BASE_PROCESS_H

#include <sys/types.h>

/* What getpid returns, in a forked child as well. */
pid_t process_id(void);

#endif
