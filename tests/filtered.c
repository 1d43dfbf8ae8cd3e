/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filtered NAMES PROGRAM ARGUMENT...: runs a program with nothing but the system calls that a file
 * names, one a line, as systemd does with those of SystemCallFilter=.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(1));
	FILE *names = argc > 2 ? fopen(argv[1], "r") : NULL;
	char name[128];

	if (!filter || !names)
		return 126;
	while (fgets(name, sizeof(name), names)) {
		int number;

		name[strcspn(name, "\n")] = '\0';
		number = seccomp_syscall_resolve_name(name);
		/* Those of other processors have no number here. */
		if (number != __NR_SCMP_ERROR &&
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) != 0)
			return 126;
	}
	fclose(names);
	if (seccomp_load(filter) != 0)
		return 126;
	execv(argv[2], argv + 2);
	return 127;
}
