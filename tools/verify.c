/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio ledger verify: a sealed record and its receipt against a ledger's verifier key, which is
 * given (then no card is needed) or asked of the card that has the ledger.
 */
#include "tools/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/ledger.h"

enum { SEALED_MAX = LEDGER_PLAINTEXT_MAX + CK_INTAGLIO_SEAL_OVERHEAD, KEY_MAX = 256 };

/* The verifier key of the card's ledger with this identifier. */
static enum exit_code key_from_card(struct tool *tool, const uint8_t id[16], char key[KEY_MAX])
{
	CK_ATTRIBUTE template = {CKA_INTAGLIO_LEDGER_ID, (void *)id, 16};
	CK_OBJECT_HANDLE ledger;
	CK_ULONG count = 0;
	enum exit_code code = tool_session(tool);
	CK_RV rv;

	if (code != EXIT_DONE)
		return code;
	rv = tool->p11->C_FindObjectsInit(tool->session, &template, 1);
	if (rv == CKR_OK) {
		rv = tool->p11->C_FindObjects(tool->session, &ledger, 1, &count);
		tool->p11->C_FindObjectsFinal(tool->session);
	}
	if (rv == CKR_OK && count == 0) {
		fprintf(stderr,
			"intaglio: this card does not have the ledger of that record; give the "
			"ledger's key with --key\n");
		return EXIT_CARD;
	}
	if (rv == CKR_OK)
		rv = ledger_text(tool, ledger, CKA_INTAGLIO_VERIFIER_KEY, key, KEY_MAX);
	return rv == CKR_OK ? EXIT_DONE : tool_failed(tool, "asking for the ledger's key", rv);
}

static enum exit_code refuse(const struct tool *tool, const char *file, const char *why)
{
	if (tool->json)
		tool_print_json(json_pack("{s:o,s:b,s:s}", "file", tool_json_text(file), "valid", 0,
					  "why", why));
	else
		printf("REFUSED: %s: %s\n", file, why);
	return EXIT_REFUSED;
}

/* How many entries the tree has that the receipt's note is about; the receipt has been verified. */
static uint64_t tree_size(struct view receipt, const char *key_text)
{
	struct checkpoint checkpoint = {.size = 0};
	struct receipt parsed;
	struct note_key key;
	struct view text;

	if (receipt_parse(receipt, &parsed) == RC_OK &&
	    note_parse_key(view_str(key_text), &key) == RC_OK &&
	    note_open(parsed.note, &key, &text) == RC_OK &&
	    note_parse_checkpoint(text, &checkpoint) == RC_OK)
		return checkpoint.size;
	return 0;
}

static enum exit_code judge(struct tool *tool, const char *file, struct view sealed)
{
	struct sealed_record record;
	uint64_t size;
	char key[KEY_MAX];
	enum exit_code code;
	enum rc rc;

	if (sealed_take(&sealed, &record) != RC_OK)
		return refuse(tool, file, "it is not a sealed record with its receipt");
	if (tool->key) {
		if (snprintf(key, sizeof(key), "%s", tool->key) >= (int)sizeof(key))
			return EXIT_USAGE;
	} else {
		code = key_from_card(tool, record.header.ledger, key);
		if (code != EXIT_DONE)
			return code;
	}
	rc = receipt_verify(sealed, record.both, view_str(key));
	if (rc == RC_AUTH)
		return refuse(tool, file,
			      "record, receipt and the ledger's signature do not belong "
			      "together");
	if (rc != RC_OK)
		return refuse(tool, file, "the receipt or the key is malformed");
	size = tree_size(sealed, key);
	if (tool->json)
		tool_print_json(json_pack("{s:o,s:b,s:I,s:I}", "file", tool_json_text(file),
					  "valid", 1, "record", (json_int_t)record.header.index,
					  "tree", (json_int_t)size));
	else
		printf("%s: record %lu is in the ledger of %lu entries that the card signed.\n",
		       file, (unsigned long)record.header.index, (unsigned long)size);
	return EXIT_DONE;
}

enum exit_code ledger_verify(struct tool *tool, int argc, char **argv)
{
	struct buf sealed;
	enum exit_code code;

	if (argc != 1)
		return EXIT_USAGE;
	if (!file_read(argv[0], SEALED_MAX, &sealed))
		return EXIT_FILE;
	code = judge(tool, argv[0], view_buf(&sealed));
	buf_free(&sealed);
	return code;
}
