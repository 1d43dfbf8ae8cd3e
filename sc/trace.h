/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace of what is on the wire: INTAGLIO_TRACE names a file, to which every connection appends
 * a line `> hex` for each command APDU, `< hex` for each response, and `# text` for what happens in
 * between. Ignored in privileged programs (secure_getenv). Lines of several connections may alternate.
 */
#ifndef INTAGLIO_SC_TRACE_H
#define INTAGLIO_SC_TRACE_H

#include <sys/types.h>

#include "base/buf.h"

struct trace {
	int fd; /* -1: no trace */
	pid_t owner;
};

/* Opens the trace if the environment asks for one; says a sentence if that fails, and goes on. */
void trace_open(struct trace *trace);
void trace_close(struct trace *trace);
/* One APDU; direction is '>' or '<'. */
void trace_apdu(struct trace *trace, char direction, struct view apdu);
/* One comment line. */
void trace_note(struct trace *trace, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
