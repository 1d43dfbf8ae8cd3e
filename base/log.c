/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences for people; the level is the only state shared by threads. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <syslog.h>

static _Atomic(enum log_level) threshold = LOG_LEVEL_WARNING;
static atomic_bool syslog_wanted;
static _Thread_local char last[512];

void log_open(enum log_level level, bool to_syslog)
{
	atomic_store(&threshold, level);
	atomic_store(&syslog_wanted, to_syslog);
}

__attribute__((format(printf, 2, 0))) static void say(enum log_level level, const char *format,
						      va_list args)
{
	static const int priorities[] = {
		[LOG_LEVEL_ERROR] = LOG_ERR,
		[LOG_LEVEL_WARNING] = LOG_WARNING,
		[LOG_LEVEL_INFO] = LOG_INFO,
		[LOG_LEVEL_DEBUG] = LOG_DEBUG,
	};
	char line[sizeof(last)];
	int saved = errno;

	vsnprintf(line, sizeof(line), format, args);
	if (level <= LOG_LEVEL_WARNING)
		snprintf(last, sizeof(last), "%s", line);
	if (level <= atomic_load(&threshold)) {
		if (atomic_load(&syslog_wanted))
			syslog(LOG_USER | priorities[level], "intaglio: %s", line);
		else
			fprintf(stderr, "intaglio: %s\n", line);
	}
	errno = saved;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}

const char *log_last(void)
{
	return last;
}

void log_forget(void)
{
	last[0] = '\0';
}
