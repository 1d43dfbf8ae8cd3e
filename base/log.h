/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sentences for people: to stderr or syslog by level, and the last one of the thread kept for
 * whoever has to explain a return value. Never a key, PIN or plaintext. Thread safe.
 */
#ifndef INTAGLIO_BASE_LOG_H
#define INTAGLIO_BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_NONE,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* What is printed from now on, and where (default: warnings, stderr). */
void log_open(enum log_level level, bool to_syslog);

/*
 * One sentence without a newline: what happened, to which card or file, what to do. Errors and
 * warnings are kept as the thread's last sentence even when the level hides them.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The calling thread's last error or warning since log_forget, or an empty string. */
const char *log_last(void);
void log_forget(void);

#endif
