/* SPDX-License-Identifier: BSD-2-Clause */
/* Where PINs and passphrases come from: a file, the environment, the terminal. Wiped after use. */
#include "tools/tool.h"

#include <bsd/readpassphrase.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

enum { PIN_MAX = 256 };

bool tool_ask(const char *prompt, char *ret, int size)
{
	return readpassphrase(prompt, ret, (size_t)size, RPP_REQUIRE_TTY | RPP_ECHO_OFF) != NULL;
}

/* The first line of a file, straight into the array that is wiped. */
static bool read_pin(const char *path, char pin[PIN_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, pin, PIN_MAX - 1);

	if (n <= 0)
		fprintf(stderr, "intaglio: no PIN can be read from %s: %s\n", path,
			n < 0 ? strerror(errno) : "it is empty");
	else
		pin[n] = '\0';
	if (fd >= 0)
		close(fd);
	if (n > 0)
		pin[strcspn(pin, "\r\n")] = '\0';
	return n > 0;
}

static bool get_pin(const struct tool *tool, char pin[PIN_MAX])
{
	const char *given = getenv("INTAGLIO_PIN");

	if (tool->pin_file)
		return read_pin(tool->pin_file, pin);
	if (given) {
		if (snprintf(pin, PIN_MAX, "%s", given) < PIN_MAX)
			return true;
		fprintf(stderr, "intaglio: INTAGLIO_PIN is longer than any PIN\n");
		return false;
	}
	if (tool_ask("User PIN: ", pin, PIN_MAX))
		return true;
	fprintf(stderr,
		"intaglio: no terminal to ask for the PIN; give --pin-file or INTAGLIO_PIN\n");
	return false;
}

enum exit_code tool_login(struct tool *tool)
{
	enum exit_code code = tool_session(tool);
	char pin[PIN_MAX] = "";
	CK_RV rv;

	if (code != EXIT_DONE)
		return code;
	if (!get_pin(tool, pin)) {
		secret_wipe(pin, sizeof(pin));
		return EXIT_CARD;
	}
	rv = tool->p11->C_Login(tool->session, CKU_USER, (CK_UTF8CHAR_PTR)pin, strlen(pin));
	secret_wipe(pin, sizeof(pin));
	return rv == CKR_OK ? EXIT_DONE : tool_failed(tool, "login", rv);
}
