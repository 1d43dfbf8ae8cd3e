/* SPDX-License-Identifier: BSD-2-Clause */
/* Key set files: `name = value` lines, # for comments, readable by their owner alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "tools/app.h"

enum { FILE_MAX = 4096, KEYS = 3, ALL_KEYS = 7, DES_KEY = 16 };

/* Bits of the keys that a file has given. */
struct reading {
	const char *path;
	CK_INTAGLIO_KEY_SET *set;
	unsigned int given;
};

static bool complain(const struct reading *r, const char *name, const char *why)
{
	fprintf(stderr, "intaglio: %s: %s %s\n", r->path, name, why);
	return false;
}

static bool read_number(const char *text, CK_ULONG max, CK_ULONG *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 16);
	return !errno && *text && !*end && *ret <= max && *text != '-';
}

static bool read_key(struct reading *r, const char *name, const char *value, unsigned int which)
{
	CK_BYTE key[32];
	CK_ULONG len = 0;
	bool good = app_hex(value, key, sizeof(key), &len) &&
		    (len == 16 || len == 24 || len == 32) &&
		    (!r->set->ulKeyLen || r->set->ulKeyLen == len) && !(r->given & which);

	if (good) {
		r->set->ulKeyLen = len;
		r->given |= which;
		for (unsigned int k = 0; k < KEYS; k++)
			if (which & 1U << k)
				memcpy(r->set->keys[k], key, len);
	}
	secret_wipe(key, sizeof(key));
	return good ? true
		    : complain(r, name,
			       "is not a key of 16, 24 or 32 bytes in hexadecimal digits, as long "
			       "as the others and given once");
}

static bool read_protocol(struct reading *r, const char *value)
{
	if (strcmp(value, "scp02") == 0)
		r->set->ulProtocol = 2;
	else if (strcmp(value, "scp03") == 0 || strcmp(value, "scp03-s16") == 0)
		r->set->ulProtocol = 3;
	else
		return complain(r, "protocol", "is scp02, scp03 or scp03-s16");
	r->set->bS16 = strcmp(value, "scp03-s16") == 0;
	return true;
}

/* The places are the numbers of the vendor interface. */
static bool read_masters(struct reading *r, const char *value)
{
	static const char *const methods[] = {"no", "yes", "emv", "visa2", "kdf3"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(value, methods[i]) != 0)
			continue;
		r->set->ulMasters = i;
		return true;
	}
	return complain(r, "masters", "is no, yes, emv, visa2 or kdf3");
}

static bool read_value(struct reading *r, const char *name, const char *value)
{
	if (strcmp(name, "protocol") == 0)
		return read_protocol(r, value);
	if (strcmp(name, "version") == 0)
		return read_number(value, 0xFF, &r->set->ulVersion) ||
		       complain(r, name, "is a number of two hexadecimal digits");
	if (strcmp(name, "level") == 0)
		return read_number(value, 0x33, &r->set->ulLevel) ||
		       complain(r, name, "is 01, 03, 11, 13 or 33");
	if (strcmp(name, "domain") == 0)
		return app_aid(value, &r->set->domain) ||
		       complain(r, name, "is an application identifier of 5 to 16 bytes");
	if (strcmp(name, "masters") == 0)
		return read_masters(r, value);
	if (strcmp(name, "enc") == 0)
		return read_key(r, name, value, 1);
	if (strcmp(name, "mac") == 0)
		return read_key(r, name, value, 2);
	if (strcmp(name, "dek") == 0)
		return read_key(r, name, value, 4);
	if (strcmp(name, "key") == 0)
		return read_key(r, name, value, ALL_KEYS);
	return complain(r, name, "is no setting of a key set");
}

static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	len = strlen(s);
	while (len && strchr(" \t\r", s[len - 1]))
		s[--len] = '\0';
	return s;
}

static bool read_lines(struct reading *r, char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *equals = strchr(line, '=');

		line = trim(line);
		if (!*line || *line == '#')
			continue;
		if (!equals)
			return complain(r, "a line", "has no = between a name and a value");
		*equals = '\0';
		if (!read_value(r, trim(line), trim(equals + 1)))
			return false;
	}
	if (r->set->ulKeyLen != DES_KEY && (r->set->ulMasters == CK_INTAGLIO_MASTERS_EMV ||
					    r->set->ulMasters == CK_INTAGLIO_MASTERS_VISA2))
		return complain(r, "masters", "of emv and visa2 have 16 bytes each");
	if (r->given != ALL_KEYS)
		return complain(r, "enc, mac and dek", "are not all there");
	return true;
}

/* Bytes of a file that is its owner's alone; -1, and a sentence. */
static ssize_t read_secret(const char *path, char text[FILE_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &st) != 0) {
		fprintf(stderr, "intaglio: %s: %s\n", path, strerror(errno));
	} else if (st.st_mode & 077) {
		fprintf(stderr,
			"intaglio: %s: a key set is its owner's alone; chmod 600 it, and think of "
			"who may have read it\n",
			path);
	} else if (!S_ISREG(st.st_mode) || st.st_size >= FILE_MAX) {
		fprintf(stderr, "intaglio: %s is no key set file\n", path);
	} else {
		n = read(fd, text, FILE_MAX - 1);
		if (n < 0)
			fprintf(stderr, "intaglio: %s: %s\n", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return n;
}

bool keyset_read(const char *path, CK_INTAGLIO_KEY_SET *ret)
{
	struct reading r = {.path = path, .set = ret};
	char text[FILE_MAX];
	ssize_t n = read_secret(path, text);
	bool good = false;

	*ret = (CK_INTAGLIO_KEY_SET){.ulKeyLen = 0};
	if (n >= 0) {
		text[n] = '\0';
		good = read_lines(&r, text);
	}
	secret_wipe(text, sizeof(text));
	if (!good)
		secret_wipe(ret, sizeof(*ret));
	return good;
}
