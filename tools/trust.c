/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio card update-trust: what an authority has signed is brought to a card. */
#include <stdio.h>

#include "tools/tool.h"

enum { TRUST_MAX = 65536 };

enum exit_code card_update_trust(struct tool *tool, int argc, char **argv)
{
	enum exit_code code = EXIT_DONE;
	struct buf all, bytes;
	CK_RV rv;

	if (argc == 0)
		return EXIT_USAGE;
	buf_init(&all, TRUST_MAX);
	for (int i = 0; i < argc && code == EXIT_DONE; i++) {
		if (!file_read(argv[i], TRUST_MAX, &bytes)) {
			code = EXIT_FILE;
			continue;
		}
		buf_view(&all, view_buf(&bytes));
		buf_free(&bytes);
	}
	if (code == EXIT_DONE && buf_rc(&all) != RC_OK) {
		fprintf(stderr, "intaglio: these files are more than a card takes\n");
		code = EXIT_FILE;
	}
	if (code == EXIT_DONE)
		code = tool_session(tool);
	if (code == EXIT_DONE)
		code = tool_needs_vendor(tool);
	if (code == EXIT_DONE) {
		rv = tool->vendor->UpdateTrust(tool->session, all.data, all.len);
		if (rv != CKR_OK)
			code = tool_failed(tool, "changing whom the card trusts", rv);
		else if (tool->json)
			tool_print_json(json_pack("{s:i}", "bytes", (int)all.len));
		else
			printf("the card has taken it; hosts of an authority that it no longer "
			       "follows, or that are revoked, are refused from now on\n");
	}
	buf_free(&all);
	return code;
}
