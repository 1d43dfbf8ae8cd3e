/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What intaglio-card gives up before it serves: core dumps and tracing, new privileges, every file
 * but its cards (Landlock, where the kernel has it), and every system call that it does not need
 * (seccomp). Threads that start later have given it up as well.
 */
#ifndef INTAGLIO_TOOLS_INTAGLIO_CARD_SANDBOX_H
#define INTAGLIO_TOOLS_INTAGLIO_CARD_SANDBOX_H

#include <stddef.h>

#include "base/rc.h"

/* No dumps, no tracing; before any key is read. */
void sandbox_hide(void);
/*
 * Only the directories stay writable, and files of removable (NULL: none) can be removed. RC_IO with a
 * sentence if the kernel refuses.
 */
enum rc sandbox_enter(const char *const *directories, size_t count,
		      const char *removable) WARN_UNUSED;

#endif
