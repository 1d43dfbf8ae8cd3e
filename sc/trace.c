/* SPDX-License-Identifier: BSD-2-Clause */
/* APDUs as text, one write a line, so that processes that share the file do not mix up lines. */
#include "sc/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/apdu.h"
#include "base/log.h"
#include "base/process.h"

/* What is on the wire is nobody else's: a file that was there becomes 0600 if it is ours. */
static bool is_private(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || !(st.st_mode & (S_IRWXG | S_IRWXO))))
		return true;
	if (fchmod(fd, 0600) == 0)
		return true;
	log_warning("no trace is written: %s can be read by others: %s", path, strerror(errno));
	return false;
}

/* A forked child sends nothing, so it writes nothing either. */
static bool is_on(const struct trace *trace)
{
	return trace->fd >= 0 && trace->owner == process_id();
}

void trace_open(struct trace *trace)
{
	const char *path = secure_getenv("INTAGLIO_TRACE");

	trace->fd = -1;
	trace->owner = process_id();
	if (!path || !*path)
		return;
	trace->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (trace->fd < 0)
		log_warning("no trace is written: %s: %s", path, strerror(errno));
	else if (!is_private(trace->fd, path))
		trace_close(trace);
}

void trace_close(struct trace *trace)
{
	if (trace->fd >= 0)
		close(trace->fd);
	trace->fd = -1;
}

/* A trace that cannot be written any more is given up, not the command. */
static void write_line(struct trace *trace, struct buf *line)
{
	struct view rest = view_buf(line), part;
	ssize_t n;

	while (buf_rc(line) == RC_OK && rest.len) {
		n = write(trace->fd, rest.data, rest.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || view_take(&rest, (size_t)n, &part) != RC_OK)
			break;
	}
	if (buf_rc(line) != RC_OK || rest.len) {
		log_warning("the trace ends here: %s", strerror(errno));
		trace_close(trace);
	}
}

void trace_apdu(struct trace *trace, char direction, struct view apdu)
{
	static const char digits[] = "0123456789ABCDEF";
	struct buf line;

	if (!is_on(trace))
		return;
	buf_init(&line, 2 * APDU_RESPONSE_MAX + 32);
	buf_u8(&line, (uint8_t)direction);
	buf_u8(&line, ' ');
	for (size_t i = 0; i < apdu.len; i++) {
		buf_u8(&line, (uint8_t)digits[apdu.data[i] >> 4]);
		buf_u8(&line, (uint8_t)digits[apdu.data[i] & 15]);
	}
	buf_u8(&line, '\n');
	write_line(trace, &line);
	buf_free(&line);
}

void trace_note(struct trace *trace, const char *format, ...)
{
	char text[256];
	struct buf line;
	va_list args;

	if (!is_on(trace))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_init(&line, sizeof(text) + 8);
	buf_str(&line, "# ");
	buf_str(&line, text);
	buf_u8(&line, '\n');
	write_line(trace, &line);
	buf_free(&line);
}
