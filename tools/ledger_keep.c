/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio ledger show, cosign and prune: the state of a ledger, and what an auditor allows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/authority.h"
#include "tools/ledger.h"

static CK_RV get_number(struct tool *tool, CK_OBJECT_HANDLE ledger, CK_ATTRIBUTE_TYPE type,
			CK_ULONG *ret)
{
	CK_ATTRIBUTE attribute = {type, ret, sizeof(*ret)};

	return tool->p11->C_GetAttributeValue(tool->session, ledger, &attribute, 1);
}

struct state {
	char label[256];
	char auditor[NOTE_KEY_MAX + 1]; /* empty: nobody countersigns */
	CK_ULONG leaves, pruned, warnings, backwards, capacity, record_max, append, read, prune;
	CK_ULONG escrow_bits; /* 0: nobody has the content key */
	CK_BBOOL certified, cosign_needed;
	uint64_t cosigned; /* 0: none */
};

/* The size of the checkpoint in a note, whoever signed it. */
static bool note_size(struct view note, uint64_t *ret)
{
	struct checkpoint checkpoint;
	const uint8_t *end = note.len ? memmem(note.data, note.len, "\n\n", 2) : NULL;

	if (!end || note_parse_checkpoint(view_of(note.data, (size_t)(end + 1 - note.data)),
					  &checkpoint) != RC_OK)
		return false;
	*ret = checkpoint.size;
	return true;
}

/* The size of the countersigned checkpoint, which the card has verified. */
static CK_RV get_cosigned(struct tool *tool, CK_OBJECT_HANDLE ledger, uint64_t *ret)
{
	uint8_t note[LEDGER_NOTE_MAX + NOTE_COSIGNATURE_MAX];
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_COSIGNED, note, sizeof(note)};
	CK_RV rv = tool->p11->C_GetAttributeValue(tool->session, ledger, &attribute, 1);

	*ret = 0;
	if (rv != CKR_OK || !attribute.ulValueLen)
		return rv;
	return note_size(view_of(note, attribute.ulValueLen), ret) ? CKR_OK : CKR_DEVICE_ERROR;
}

/* Bytes of an attribute that a ledger need not have: none then. */
static CK_RV get_optional(struct tool *tool, CK_OBJECT_HANDLE ledger, CK_ATTRIBUTE *attribute)
{
	CK_RV rv = tool->p11->C_GetAttributeValue(tool->session, ledger, attribute, 1);

	if (rv == CKR_ATTRIBUTE_TYPE_INVALID)
		attribute->ulValueLen = 0;
	return rv == CKR_ATTRIBUTE_TYPE_INVALID ? CKR_OK : rv;
}

/* Who countersigns and who deciphers. */
static CK_RV get_keys(struct tool *tool, CK_OBJECT_HANDLE ledger, struct state *s)
{
	CK_ATTRIBUTE auditor = {CKA_INTAGLIO_AUDITOR, s->auditor, sizeof(s->auditor) - 1};
	CK_ATTRIBUTE escrow = {CKA_INTAGLIO_ESCROW, NULL, 0};
	CK_ATTRIBUTE proof = {CKA_INTAGLIO_AUDITOR_PROOF, NULL, 0};
	CK_ATTRIBUTE needed = {CKA_INTAGLIO_COSIGN_NEEDED, &s->cosign_needed,
			       sizeof(s->cosign_needed)};
	CK_RV rv = get_optional(tool, ledger, &auditor);

	if (rv == CKR_OK) {
		s->auditor[auditor.ulValueLen] = '\0';
		tool_printable(s->auditor, sizeof(s->auditor));
		rv = get_optional(tool, ledger, &escrow);
	}
	if (rv == CKR_OK)
		rv = get_optional(tool, ledger, &proof);
	if (rv == CKR_OK)
		rv = get_optional(tool, ledger, &needed);
	s->escrow_bits = escrow.ulValueLen * 8;
	s->certified = proof.ulValueLen != 0;
	return rv;
}

static CK_RV get_state(struct tool *tool, CK_OBJECT_HANDLE ledger, struct state *s)
{
	const struct {
		CK_ATTRIBUTE_TYPE type;
		CK_ULONG *value;
	} rows[] = {
		{CKA_INTAGLIO_RECORD_COUNT, &s->leaves},
		{CKA_INTAGLIO_PRUNED_COUNT, &s->pruned},
		{CKA_INTAGLIO_WARNINGS, &s->warnings},
		{CKA_INTAGLIO_TIME_BACKWARDS, &s->backwards},
		{CKA_INTAGLIO_CAPACITY, &s->capacity},
		{CKA_INTAGLIO_RECORD_MAX, &s->record_max},
		{CKA_INTAGLIO_APPEND_ROLES, &s->append},
		{CKA_INTAGLIO_READ_ROLES, &s->read},
		{CKA_INTAGLIO_PRUNE_ROLES, &s->prune},
	};
	CK_RV rv = ledger_text(tool, ledger, CKA_LABEL, s->label, sizeof(s->label));

	for (size_t i = 0; rv == CKR_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
		rv = get_number(tool, ledger, rows[i].type, rows[i].value);
	if (rv == CKR_OK)
		rv = get_keys(tool, ledger, s);
	return rv == CKR_OK ? get_cosigned(tool, ledger, &s->cosigned) : rv;
}

static const struct {
	CK_ULONG flag;
	const char *word, *sentence;
} warnings[] = {
	{CK_INTAGLIO_WARNING_FULL, "full", "the next record may not fit, or does not"},
	{CK_INTAGLIO_WARNING_CAPACITY, "capacity",
	 "nine tenths of the ledger's capacity are in use; have it countersigned, and prune it"},
	{CK_INTAGLIO_WARNING_MEMORY, "memory",
	 "nine tenths of the card's memory are in use; prune its ledgers"},
	{CK_INTAGLIO_WARNING_TIME, "time",
	 "the time of a record was before that of the record before it"},
};

void ledger_warn(struct tool *tool, CK_OBJECT_HANDLE ledger)
{
	CK_ULONG flags;

	if (get_number(tool, ledger, CKA_INTAGLIO_WARNINGS, &flags) != CKR_OK)
		return;
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (flags & warnings[i].flag)
			fprintf(stderr, "intaglio: warning: %s\n", warnings[i].sentence);
}

static const char *roles_text(CK_ULONG roles, char ret[ROLES_TEXT])
{
	return roles ? authority_roles_text((unsigned int)roles, ret) : "none";
}

static void say_json(const struct state *s)
{
	char append[ROLES_TEXT], read[ROLES_TEXT], prune[ROLES_TEXT];
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (s->warnings & warnings[i].flag)
			json_array_append_new(list, json_string(warnings[i].word));
	tool_print_json(json_pack(
		"{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:s?,s:b,s:b,s:I,s:s,s:s,s:s,s:o}", "ledger",
		s->label, "entries", (json_int_t)s->leaves, "pruned", (json_int_t)s->pruned,
		"countersigned", (json_int_t)s->cosigned, "capacity", (json_int_t)s->capacity,
		"record_max", (json_int_t)s->record_max, "time_backwards", (json_int_t)s->backwards,
		"auditor", *s->auditor ? s->auditor : NULL, "auditor_certified", s->certified,
		"countersignature_needed", s->cosign_needed, "escrow_bits",
		(json_int_t)s->escrow_bits, "append_roles", roles_text(s->append, append),
		"read_roles", roles_text(s->read, read), "prune_roles", roles_text(s->prune, prune),
		"warnings", list));
}

static void say(const struct state *s)
{
	char append[ROLES_TEXT], read[ROLES_TEXT], prune[ROLES_TEXT];

	printf("%s: %lu %s, the ledger's description included\n", s->label, s->leaves,
	       s->leaves == 1 ? "entry" : "entries");
	if (s->pruned)
		printf("  pruned         the first %lu\n", s->pruned);
	if (s->cosigned)
		printf("  countersigned  the first %llu\n", (unsigned long long)s->cosigned);
	if (s->capacity)
		printf("  capacity       %lu records on the card at a time\n", s->capacity);
	printf("  record size    %lu bytes at most\n", s->record_max);
	printf("  auditor        %s%s\n", *s->auditor ? s->auditor : "none",
	       !*s->auditor   ? ""
	       : s->certified ? ", by an auditor's certificate"
			      : ", by the word of whoever made the ledger");
	if (s->escrow_bits)
		printf("  escrow key     RSA of %lu bits\n", s->escrow_bits);
	else
		printf("  escrow key     none\n");
	printf("  roles          append %s; read %s; prune %s%s\n", roles_text(s->append, append),
	       roles_text(s->read, read), roles_text(s->prune, prune),
	       s->cosign_needed ? ", what was countersigned" : "");
	if (s->backwards)
		printf("  time           %lu record%s before the one before %s\n", s->backwards,
		       s->backwards == 1 ? " is" : "s are", s->backwards == 1 ? "it" : "them");
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (s->warnings & warnings[i].flag)
			printf("  warning        %s\n", warnings[i].sentence);
}

enum exit_code ledger_show(struct tool *tool, int argc, char **argv)
{
	CK_OBJECT_HANDLE ledger;
	enum exit_code code;
	struct state s;
	CK_RV rv;

	(void)argv;
	if (argc != 0)
		return EXIT_USAGE;
	code = tool_session(tool);
	if (code == EXIT_DONE)
		code = ledger_find(tool, &ledger);
	if (code != EXIT_DONE)
		return code;
	rv = get_state(tool, ledger, &s);
	if (rv != CKR_OK)
		return tool_failed(tool, "asking for the ledger's state", rv);
	if (tool->json)
		say_json(&s);
	else
		say(&s);
	return EXIT_DONE;
}

/* A session, the ledger, and a module that can do it. */
static enum exit_code open_ledger(struct tool *tool, CK_OBJECT_HANDLE *ret)
{
	enum exit_code code = tool_session(tool);

	if (code == EXIT_DONE)
		code = tool_needs_vendor(tool);
	if (code == EXIT_DONE && tool->vendor->version.minor < 2) {
		fprintf(stderr, "intaglio: this module is too old for that\n");
		code = EXIT_CARD;
	}
	return code == EXIT_DONE ? ledger_find(tool, ret) : code;
}

enum exit_code ledger_cosign(struct tool *tool, int argc, char **argv)
{
	CK_OBJECT_HANDLE ledger;
	enum exit_code code;
	uint64_t size = 0;
	struct buf note;
	CK_RV rv;

	if (argc != 1)
		return EXIT_USAGE;
	if (!file_read(argv[0], NOTE_MAX, &note))
		return EXIT_FILE;
	if (!note_size(view_buf(&note), &size)) {
		fprintf(stderr,
			"intaglio: %s is no checkpoint; intaglio audit cosign writes a countersigned one\n",
			argv[0]);
		buf_free(&note);
		return EXIT_FILE;
	}
	code = open_ledger(tool, &ledger);
	if (code != EXIT_DONE) {
		buf_free(&note);
		return code;
	}
	rv = tool->vendor->Cosign(tool->session, ledger, note.data, note.len);
	buf_free(&note);
	if (rv == CKR_OK)
		rv = get_cosigned(tool, ledger, &size);
	if (rv != CKR_OK)
		return tool_failed(tool, "bringing the countersignature to the card", rv);
	printf("The card has the countersignature on the ledger's first %llu entries.\n",
	       (unsigned long long)size);
	return EXIT_DONE;
}

enum exit_code ledger_prune(struct tool *tool, int argc, char **argv)
{
	CK_OBJECT_HANDLE ledger;
	enum exit_code code;
	uint64_t size = 0;
	char *end = NULL;
	CK_RV rv;

	if (argc > 1)
		return EXIT_USAGE;
	errno = 0;
	if (argc == 1)
		size = strtoull(argv[0], &end, 10);
	if (argc == 1 && (errno || *end || argv[0][0] < '0' || argv[0][0] > '9'))
		return EXIT_USAGE;
	if (argc == 1 && !size) {
		fprintf(stderr, "intaglio: ledger prune takes how many entries go, from 1 on\n");
		return EXIT_USAGE;
	}
	code = open_ledger(tool, &ledger);
	if (code != EXIT_DONE)
		return code;
	rv = argc ? CKR_OK : get_cosigned(tool, ledger, &size);
	if (rv == CKR_OK && !size) {
		fprintf(stderr, "intaglio: nothing of the ledger is countersigned; say how many "
				"entries go, from the front, if its rules allow it\n");
		return EXIT_CARD;
	}
	if (rv == CKR_OK)
		rv = tool->vendor->Prune(tool->session, ledger, size);
	if (rv != CKR_OK)
		return tool_failed(tool, "pruning", rv);
	printf("The ledger's first %llu entries are no longer on the card.\n",
	       (unsigned long long)size);
	return EXIT_DONE;
}
