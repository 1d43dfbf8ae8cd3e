/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio ledger: seal, list, read, through CKM_INTAGLIO_SEAL of the loaded module. */
#include "tools/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/ledger.h"
#include "tools/ledger.h"

enum {
	RECORD_MAX = LEDGER_PLAINTEXT_MAX,
	LEDGERS_MAX = 1024,
	LABEL_TEXT = 256,
	LEDGER_ID_TEXT = 2 * LEDGER_ID + 1
};

/* Every ledger object of the session's card. */
static CK_RV find_ledgers(struct tool *tool, CK_OBJECT_HANDLE *list, CK_ULONG *count)
{
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE template = {CKA_KEY_TYPE, &type, sizeof(type)};
	CK_RV rv = tool->p11->C_FindObjectsInit(tool->session, &template, 1);

	if (rv != CKR_OK)
		return rv;
	rv = tool->p11->C_FindObjects(tool->session, list, LEDGERS_MAX, count);
	tool->p11->C_FindObjectsFinal(tool->session);
	return rv == CKR_OK && *count == LEDGERS_MAX ? CKR_DEVICE_MEMORY : rv;
}

CK_RV ledger_text(struct tool *tool, CK_OBJECT_HANDLE ledger, CK_ATTRIBUTE_TYPE type, char *ret,
		  size_t size)
{
	CK_ATTRIBUTE attribute = {type, ret, size - 1};
	CK_RV rv = tool->p11->C_GetAttributeValue(tool->session, ledger, &attribute, 1);

	if (rv == CKR_OK) {
		ret[attribute.ulValueLen] = '\0';
		tool_printable(ret, size);
	}
	return rv;
}

static CK_RV ledger_id(struct tool *tool, CK_OBJECT_HANDLE ledger, char ret[LEDGER_ID_TEXT])
{
	unsigned char id[LEDGER_ID];
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_LEDGER_ID, id, sizeof(id)};
	CK_RV rv = tool->p11->C_GetAttributeValue(tool->session, ledger, &attribute, 1);

	if (rv == CKR_OK)
		tool_hex(id, sizeof(id), ret);
	return rv;
}

static CK_RV record_count(struct tool *tool, CK_OBJECT_HANDLE ledger, CK_ULONG *ret)
{
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_RECORD_COUNT, ret, sizeof(*ret)};

	return tool->p11->C_GetAttributeValue(tool->session, ledger, &attribute, 1);
}

static CK_RV pruned_count(struct tool *tool, CK_OBJECT_HANDLE ledger, CK_ULONG *ret)
{
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_PRUNED_COUNT, ret, sizeof(*ret)};

	return tool->p11->C_GetAttributeValue(tool->session, ledger, &attribute, 1);
}

/* Whether --ledger, if given, means this one: by its label or by its identifier. */
static bool is_meant(struct tool *tool, CK_OBJECT_HANDLE ledger)
{
	char label[LABEL_TEXT], id[LEDGER_ID_TEXT];

	if (!tool->ledger)
		return true;
	return (ledger_text(tool, ledger, CKA_LABEL, label, sizeof(label)) == CKR_OK &&
		strcmp(label, tool->ledger) == 0) ||
	       (ledger_id(tool, ledger, id) == CKR_OK && strcmp(id, tool->ledger) == 0);
}

enum exit_code ledger_find(struct tool *tool, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_HANDLE list[LEDGERS_MAX];
	CK_ULONG count, matches = 0;
	CK_RV rv = find_ledgers(tool, list, &count);

	if (rv != CKR_OK)
		return tool_failed(tool, "looking for ledgers", rv);
	for (CK_ULONG i = 0; i < count; i++) {
		if (!is_meant(tool, list[i]))
			continue;
		*ret = list[i];
		matches++;
	}
	if (matches == 1)
		return EXIT_DONE;
	if (matches > 1)
		fprintf(stderr,
			"intaglio: the card has %lu such ledgers; name one with --ledger, by its label "
			"or by its identifier (intaglio ledger list --json)\n",
			matches);
	else if (tool->ledger)
		fprintf(stderr, "intaglio: the card has no ledger named %s\n", tool->ledger);
	else
		fprintf(stderr, "intaglio: the card has no ledger; make one with intaglio ledger "
				"create LABEL\n");
	return EXIT_CARD;
}

enum exit_code ledger_check_label(struct tool *tool, const char *label)
{
	CK_OBJECT_HANDLE list[LEDGERS_MAX];
	char other[LABEL_TEXT];
	CK_ULONG count;
	CK_RV rv;

	if (!tool_is_text(label)) {
		fprintf(stderr, "intaglio: a label is UTF-8 without control characters\n");
		return EXIT_USAGE;
	}
	rv = find_ledgers(tool, list, &count);
	if (rv != CKR_OK)
		return tool_failed(tool, "looking for ledgers", rv);
	for (CK_ULONG i = 0; i < count; i++) {
		if (ledger_text(tool, list[i], CKA_LABEL, other, sizeof(other)) == CKR_OK &&
		    strcmp(other, label) == 0) {
			fprintf(stderr, "intaglio: the card has a ledger named %s already\n",
				label);
			return EXIT_CARD;
		}
	}
	return EXIT_DONE;
}

static void say_time(uint64_t ms, char *ret, size_t size)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || !strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &utc))
		snprintf(ret, size, "-");
}

static enum exit_code list_ledgers(struct tool *tool)
{
	CK_OBJECT_HANDLE list[LEDGERS_MAX];
	CK_ULONG count, records;
	char label[LABEL_TEXT], id[LEDGER_ID_TEXT], key[256];
	json_t *array;
	CK_RV rv = find_ledgers(tool, list, &count);

	if (rv != CKR_OK)
		return tool_failed(tool, "looking for ledgers", rv);
	array = tool->json ? json_array() : NULL;
	for (CK_ULONG i = 0; i < count; i++) {
		rv = ledger_text(tool, list[i], CKA_LABEL, label, sizeof(label));
		if (rv == CKR_OK)
			rv = record_count(tool, list[i], &records);
		if (rv == CKR_OK)
			rv = ledger_text(tool, list[i], CKA_INTAGLIO_VERIFIER_KEY, key,
					 sizeof(key));
		if (rv == CKR_OK)
			rv = ledger_id(tool, list[i], id);
		if (rv != CKR_OK) {
			json_decref(array);
			return tool_failed(tool, "reading a ledger", rv);
		}
		if (array)
			json_array_append_new(
				array, json_pack("{s:s,s:s,s:I,s:s}", "ledger", label, "id", id,
						 "records", (json_int_t)(records - 1), "key", key));
		else
			printf("%-24s %lu record%s\n", label, records - 1, records == 2 ? "" : "s");
	}
	if (array)
		tool_print_json(array);
	return EXIT_DONE;
}

static void say_record(const struct leaf_header *h, json_t *array)
{
	char when[32];

	say_time(h->time_ms, when, sizeof(when));
	if (array)
		json_array_append_new(array,
				      json_pack("{s:I,s:s,s:i,s:I}", "record", (json_int_t)h->index,
						"time", when, "type", (int)h->type, "bytes",
						(json_int_t)h->length));
	else
		printf("%8lu  %s  type %u  %u bytes\n", (unsigned long)h->index, when, h->type,
		       h->length);
}

/* The header of the leaf at index. */
static CK_RV read_header(struct tool *tool, CK_OBJECT_HANDLE ledger, CK_ULONG index,
			 struct leaf_header *ret)
{
	unsigned char leaf[RECORD_MAX];
	CK_ULONG len = sizeof(leaf);
	struct view ciphertext, tag;
	CK_RV rv = tool->vendor->ReadLeaf(tool->session, ledger, index, leaf, &len);

	if (rv == CKR_OK && leaf_parse(view_of(leaf, len), ret, &ciphertext, &tag) != RC_OK)
		rv = CKR_DEVICE_ERROR;
	return rv;
}

static enum exit_code list_records(struct tool *tool)
{
	struct leaf_header header, rest;
	CK_OBJECT_HANDLE ledger;
	CK_ULONG count, first;
	json_t *array;
	enum exit_code code = ledger_find(tool, &ledger);
	CK_RV rv;

	if (code != EXIT_DONE)
		return code;
	rv = record_count(tool, ledger, &count);
	if (rv == CKR_OK)
		rv = pruned_count(tool, ledger, &first);
	if (rv != CKR_OK)
		return tool_failed(tool, "reading the ledger", rv);
	array = tool->json ? json_array() : NULL;
	for (CK_ULONG i = first ? first : 1; i < count; i++) {
		rv = read_header(tool, ledger, i, &header);
		/* A record that takes two numbers is listed by the first. */
		if (rv == CKR_OK && header.part == LEAF_FIRST) {
			rv = read_header(tool, ledger, ++i, &rest);
			header.length += rv == CKR_OK ? rest.length : 0;
		}
		if (rv != CKR_OK) {
			json_decref(array);
			return tool_failed(tool, "reading a record", rv);
		}
		say_record(&header, array);
	}
	if (array)
		tool_print_json(array);
	return EXIT_DONE;
}

enum exit_code ledger_list(struct tool *tool, int argc, char **argv)
{
	enum exit_code code;

	(void)argv;
	if (argc != 0)
		return EXIT_USAGE;
	code = tool_session(tool);
	if (code != EXIT_DONE)
		return code;
	return tool->ledger ? list_records(tool) : list_ledgers(tool);
}

/* A client nonce: time in ms, then random; it makes a repeated command harmless. */
static bool make_parameters(struct tool *tool, CK_INTAGLIO_SEAL_PARAMS *ret)
{
	struct timespec now;
	struct buf nonce;

	clock_gettime(CLOCK_REALTIME, &now);
	ret->ulType = tool->type;
	ret->ullTime =
		(unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
	buf_fixed(&nonce, ret->nonce, sizeof(ret->nonce));
	buf_u64(&nonce, ret->ullTime);
	return crypto_random(ret->nonce + 8, sizeof(ret->nonce) - 8) == RC_OK;
}

static enum exit_code seal_bytes(struct tool *tool, struct view record, struct buf *sealed)
{
	CK_INTAGLIO_SEAL_PARAMS params = {.ulType = 0};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &params, sizeof(params)};
	CK_ULONG len = record.len + CK_INTAGLIO_SEAL_OVERHEAD;
	CK_OBJECT_HANDLE ledger;
	enum exit_code code = tool_login(tool);
	CK_RV rv;

	if (code == EXIT_DONE)
		code = ledger_find(tool, &ledger);
	if (code != EXIT_DONE)
		return code;
	uint8_t *at = buf_space(sealed, len);
	if (!at || !make_parameters(tool, &params))
		return tool_failed(tool, "sealing", CKR_HOST_MEMORY);
	rv = tool->p11->C_EncryptInit(tool->session, &mechanism, ledger);
	if (rv == CKR_OK)
		rv = tool->p11->C_Encrypt(tool->session, (CK_BYTE_PTR)record.data, record.len, at,
					  &len);
	if (rv != CKR_OK)
		return tool_failed(tool, "sealing", rv);
	buf_truncate(sealed, len);
	ledger_warn(tool, ledger);
	return EXIT_DONE;
}

static void say_sealed(struct tool *tool, const char *file, const char *path, struct view sealed)
{
	struct sealed_record record;
	uint8_t hash[MERKLE_HASH];
	char hex[2 * MERKLE_HASH + 1], when[32];

	if (sealed_take(&sealed, &record) != RC_OK ||
	    merkle_leaf_hash(record.rest.len ? record.rest : record.first, hash) != RC_OK)
		return;
	tool_hex(hash, sizeof(hash), hex);
	say_time(record.header.time_ms, when, sizeof(when));
	if (tool->json)
		tool_print_json(json_pack("{s:o,s:I,s:s,s:s,s:o}", "file", tool_json_text(file),
					  "record", (json_int_t)record.header.index, "time", when,
					  "leaf", hex, "sealed", tool_json_text(path)));
	else
		printf("%s is record %lu (%u bytes, %s), durable on the card.\n"
		       "Leaf hash %s\nSealed record and receipt: %s\n",
		       file, (unsigned long)record.header.index, record.header.length, when, hex,
		       path);
}

/* The receipt could not be written: what was sealed must not be sealed again for want of it. */
static enum exit_code say_unwritten(const char *file, struct view sealed)
{
	struct sealed_record record;

	if (sealed_take(&sealed, &record) == RC_OK)
		fprintf(stderr,
			"intaglio: %s IS sealed, as record %lu; only its receipt is not here. Do not seal "
			"it again: intaglio ledger export gives its proof\n",
			file, (unsigned long)record.header.index);
	return EXIT_FILE;
}

enum exit_code ledger_seal(struct tool *tool, int argc, char **argv)
{
	struct buf record, sealed;
	struct output output;
	char path[4096];
	enum exit_code code;

	if (argc != 1)
		return EXIT_USAGE;
	if (snprintf(path, sizeof(path), "%s%s", tool->output ? tool->output : argv[0],
		     tool->output ? "" : ".sealed") >= (int)sizeof(path))
		return EXIT_USAGE;
	if (!file_read(argv[0], RECORD_MAX, &record))
		return EXIT_FILE;
	if (!output_open(&output, path, false)) {
		buf_free(&record);
		return EXIT_FILE;
	}
	buf_init(&sealed, RECORD_MAX + CK_INTAGLIO_SEAL_OVERHEAD);
	code = seal_bytes(tool, view_buf(&record), &sealed);
	if (code == EXIT_DONE && !output_finish(&output, view_buf(&sealed)))
		code = say_unwritten(argv[0], view_buf(&sealed));
	if (code == EXIT_DONE)
		say_sealed(tool, argv[0], path, view_buf(&sealed));
	output_drop(&output);
	buf_free(&sealed);
	buf_free(&record);
	return code;
}

static enum exit_code read_record(struct tool *tool, CK_ULONG index, struct buf *ret)
{
	CK_INTAGLIO_SEAL_PARAMS params = {.ulIndex = index};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &params, sizeof(params)};
	CK_ULONG len = RECORD_MAX;
	CK_OBJECT_HANDLE ledger;
	enum exit_code code = ledger_find(tool, &ledger);
	CK_RV rv;

	if (code != EXIT_DONE)
		return code;
	uint8_t *at = buf_space(ret, len);
	if (!at)
		return tool_failed(tool, "reading", CKR_HOST_MEMORY);
	rv = tool->p11->C_DecryptInit(tool->session, &mechanism, ledger);
	if (rv == CKR_OK)
		rv = tool->p11->C_Decrypt(tool->session, NULL, 0, at, &len);
	if (rv != CKR_OK)
		return tool_failed(tool, "reading the record", rv);
	buf_truncate(ret, len);
	return EXIT_DONE;
}

enum exit_code ledger_read(struct tool *tool, int argc, char **argv)
{
	struct buf record;
	CK_ULONG index;
	enum exit_code code;
	char *end;

	if (argc != 1)
		return EXIT_USAGE;
	errno = 0;
	index = strtoul(argv[0], &end, 10);
	if (errno || *end || !*argv[0] || argv[0][0] == '-')
		return EXIT_USAGE;
	code = tool_login(tool);
	if (code != EXIT_DONE)
		return code;
	buf_init(&record, RECORD_MAX);
	code = read_record(tool, index, &record);
	if (code == EXIT_DONE && tool->output) {
		if (!file_write(tool->output, view_buf(&record)))
			code = EXIT_FILE;
		else
			printf("Record %lu, %zu bytes: %s\n", index, record.len, tool->output);
	} else if (code == EXIT_DONE) {
		if (fwrite(record.data, 1, record.len, stdout) != record.len || fflush(stdout) != 0)
			code = EXIT_FILE;
	}
	buf_free(&record);
	return code;
}
