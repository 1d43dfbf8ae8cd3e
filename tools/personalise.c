/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio card personalise: a new embedded card and its identity under an authority. The card's keys
 * and its directory are the module's work (MakeCard); certificates are made here, where the
 * authority's key is.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cvc_chain.h"
#include "base/pem.h"
#include "tools/authority.h"

enum {
	SUITES = 3,
	FILES_MAX = 2 * SUITES + 1,
	FILE_SIZE_MAX = 65536,
	STORED_MAX = 8,
	BITS = 2048,
	YEARS = 3,
};

/* The host's files for each suite; the first are always there. */
static const struct {
	uint8_t suite;
	const char *key, *certificate;
} suites[SUITES] = {
	{0x42, "host.key", "host.cvc"},
	{0x02, "host-02.key", "host-02.cvc"},
	{0x01, "host-01.key", "host-01.cvc"},
};

/* What is being made. */
struct making {
	const char *module, *authority_dir, *under, *passphrase_file, *host_dir, *name;
	bool json;
	uint8_t suites[SUITES];
	size_t suite_count;
	unsigned int bits, years, roles; /* roles of the host; 0: all that the authority has */
	struct authority *authority;
	struct buf trust_point; /* of an issuer's card: what --under names */
	char card_holder[CVC_REFERENCE_MAX + 1], host_holder[CVC_REFERENCE_MAX + 1];
	struct buf bytes[FILES_MAX]; /* of files */
	CK_INTAGLIO_FILE files[FILES_MAX];
	size_t file_count;
	CK_BYTE level; /* the lowest of the card's sessions; 0: the default */
	bool by_use; /* key numbering of suite 01 */
	bool plain_certificates; /* P2 AE */
	struct buf chains[STORED_MAX]; /* of stored */
	CK_INTAGLIO_STORED_KEY stored[STORED_MAX];
	size_t stored_count;
};

/* Two hexadecimal digits out of C-MAC 01, C-ENC 02, R-MAC 10, R-ENC 20. */
static bool parse_level(const char *text, CK_BYTE *ret)
{
	unsigned int level;
	char rest;

	if (strlen(text) != 2 || sscanf(text, "%2x%c", &level, &rest) != 1 || level == 0 ||
	    level & ~0x33U) {
		fprintf(stderr, "intaglio: a level is two hexadecimal digits: the sum of 01 and 10 "
				"for MACs, 02 and 20 for encipherment, of commands and answers\n");
		return false;
	}
	*ret = (CK_BYTE)level;
	return true;
}

static bool parse_numbering(const char *text, bool *ret_by_use)
{
	*ret_by_use = strcmp(text, "use") == 0;
	if (*ret_by_use || strcmp(text, "gpcs") == 0)
		return true;
	fprintf(stderr, "intaglio: the numbering of suite 01 is gpcs or use\n");
	return false;
}

/* VERSION:INDEX:FILE, the file being a host's certificate with its issuers' before it. */
static bool parse_stored(const char *text, struct making *m)
{
	unsigned int version, index;
	int file = 0;

	if (m->stored_count == STORED_MAX ||
	    sscanf(text, "%3u:%3u:%n", &version, &index, &file) != 2 || !file || version > 255 ||
	    index > 255) {
		fprintf(stderr,
			"intaglio: a stored host key is version:index:file, at most %d of "
			"them\n",
			STORED_MAX);
		return false;
	}
	buf_init(&m->chains[m->stored_count], FILE_SIZE_MAX);
	if (!file_read(text + file, FILE_SIZE_MAX, &m->chains[m->stored_count]))
		return false;
	m->stored[m->stored_count] = (CK_INTAGLIO_STORED_KEY){
		.version = (CK_BYTE)version,
		.index = (CK_BYTE)index,
		.pChain = m->chains[m->stored_count].data,
		.ulChainLen = m->chains[m->stored_count].len,
	};
	m->stored_count++;
	return true;
}

static bool parse_suites(const char *text, struct making *m)
{
	char one[3] = "";

	m->suite_count = 0;
	for (;;) {
		size_t len = strcspn(text, ",");

		if (len != 2 || m->suite_count == SUITES) {
			fprintf(stderr, "intaglio: suites are 42, 02 and 01, separated by commas, "
					"each once\n");
			return false;
		}
		memcpy(one, text, len);
		if (!authority_parse_suite(one, &m->suites[m->suite_count++]))
			return false;
		if (!text[len])
			return true;
		text += len + 1;
	}
}

static bool parse(struct making *m, int argc, char **argv)
{
	static const struct option options[] = {
		{"authority", required_argument, NULL, 'a'},
		{"under", required_argument, NULL, 'u'},
		{"passphrase-file", required_argument, NULL, 'P'},
		{"suite", required_argument, NULL, 's'},
		{"host", required_argument, NULL, 'H'},
		{"roles", required_argument, NULL, 'r'},
		{"bits", required_argument, NULL, 'b'},
		{"years", required_argument, NULL, 'y'},
		{"module", required_argument, NULL, 'm'},
		{"level", required_argument, NULL, 'l'},
		{"numbering", required_argument, NULL, 'n'},
		{"plain-certificates", no_argument, NULL, 'p'},
		{"stored-key", required_argument, NULL, 'k'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	bool good = true;
	int option;

	while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			m->authority_dir = optarg;
			break;
		case 'u':
			m->under = optarg;
			break;
		case 'P':
			m->passphrase_file = optarg;
			break;
		case 'H':
			m->host_dir = optarg;
			break;
		case 'm':
			m->module = optarg;
			break;
		case 'j':
			m->json = true;
			break;
		case 'l':
			good = parse_level(optarg, &m->level);
			break;
		case 'n':
			good = parse_numbering(optarg, &m->by_use);
			break;
		case 'p':
			m->plain_certificates = true;
			break;
		case 'k':
			good = parse_stored(optarg, m);
			break;
		case 's':
			good = parse_suites(optarg, m);
			break;
		case 'r':
			good = authority_parse_roles(optarg, &m->roles);
			break;
		case 'b':
			good = authority_parse_number(optarg, 1024, 4096, &m->bits);
			break;
		case 'y':
			good = authority_parse_number(optarg, 1, 99, &m->years);
			break;
		default:
			good = false;
		}
	}
	if (!good || argc - optind != 1 || !m->authority_dir)
		return false;
	if (m->host_dir && m->roles) {
		fprintf(stderr, "intaglio: the roles of a host that is there stand in its "
				"certificate\n");
		return false;
	}
	m->name = argv[optind];
	return true;
}

/*
 * The module would say so as well, but nothing is to be issued for a card that is not made. The slot
 * of the default card is there before its card.
 */
static bool is_there(struct tool *tool, const char *name)
{
	CK_SLOT_ID *slots = NULL;
	CK_ULONG count = 0;
	bool found = false;
	CK_SLOT_INFO info;
	char text[80];

	if (strcmp(name, "default") == 0 || tool_slots(tool, CK_FALSE, &slots, &count) != EXIT_DONE)
		return false;
	for (CK_ULONG i = 0; i < count && !found; i++) {
		const char *colon;

		if (tool->p11->C_GetSlotInfo(slots[i], &info) != CKR_OK)
			continue;
		tool_text(info.slotDescription, sizeof(info.slotDescription), text, sizeof(text));
		colon = strstr(text, "embedded card: ");
		found = colon && strcmp(colon + strlen("embedded card: "), name) == 0;
	}
	free(slots);
	return found;
}

/* The host's files. */

static struct buf *add_file(struct making *m, const char *name)
{
	struct buf *bytes = &m->bytes[m->file_count];

	buf_init(bytes, FILE_SIZE_MAX);
	m->files[m->file_count++].name = name;
	return bytes;
}

static bool serves(const struct making *m, uint8_t suite)
{
	return memchr(m->suites, suite, m->suite_count) != NULL;
}

static enum rc issue(struct making *m, uint8_t suite, EVP_PKEY *key, bool host, struct buf *out)
{
	const struct authority_request request = {
		.kind = host ? AUTHORITY_HOST : AUTHORITY_CARD,
		.roles = host ? m->roles : 0,
		.suite = suite,
		.holder = host ? m->host_holder : m->card_holder,
		.key = key,
		.years = m->years,
	};

	buf_view(out, authority_chain(m->authority));
	return buf_rc(out) == RC_OK ? authority_issue(m->authority, &request, out) : buf_rc(out);
}

static enum rc make_host(struct making *m, size_t row)
{
	struct buf *pem = add_file(m, suites[row].key);
	struct buf *certificate = add_file(m, suites[row].certificate);
	EVP_PKEY *key = NULL;
	enum rc rc = rsa_generate(m->bits, &key);

	if (rc == RC_OK)
		rc = pem_put_private(key, view_of(NULL, 0), pem);
	if (rc == RC_OK)
		rc = issue(m, suites[row].suite, key, true, certificate);
	EVP_PKEY_free(key);
	return rc;
}

/* A file of --host; only those of other suites may be missing. */
static enum rc copy_file(struct making *m, const char *name, bool needed)
{
	char path[4096];
	struct buf bytes;

	if (snprintf(path, sizeof(path), "%s/%s", m->host_dir, name) >= (int)sizeof(path))
		return RC_ARGUMENT;
	if (!needed && access(path, F_OK) != 0)
		return RC_OK;
	if (!file_read(path, FILE_SIZE_MAX, &bytes))
		return RC_NOT_FOUND;
	buf_view(add_file(m, name), view_buf(&bytes));
	buf_free(&bytes);
	return RC_OK;
}

static enum rc collect_host(struct making *m)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < SUITES && rc == RC_OK; i++) {
		if (!m->host_dir && (i == 0 || serves(m, suites[i].suite)))
			rc = make_host(m, i);
		if (!m->host_dir)
			continue;
		rc = copy_file(m, suites[i].key, i == 0);
		if (rc == RC_OK)
			rc = copy_file(m, suites[i].certificate, i == 0);
	}
	if (rc == RC_OK && authority_revocations(m->authority).len)
		buf_view(add_file(m, "revoked"), authority_revocations(m->authority));
	for (size_t i = 0; i < m->file_count && rc == RC_OK; i++) {
		m->files[i].pData = m->bytes[i].data;
		m->files[i].ulDataLen = m->bytes[i].len;
		rc = buf_rc(&m->bytes[i]);
	}
	return rc;
}

/* Called by the module with each key that the card has made. */
static CK_RV certify(void *arg, CK_BYTE suite, const CK_BYTE *public_key, CK_ULONG public_key_len,
		     CK_BYTE *certificate, CK_ULONG *len)
{
	struct making *m = arg;
	enum rsa_scheme scheme;
	EVP_PKEY *key = NULL;
	struct buf out;
	enum rc rc;

	buf_fixed(&out, certificate, *len);
	rc = cvc_public_key(view_of(public_key, public_key_len), &scheme, &key);
	if (rc == RC_OK)
		rc = issue(m, suite, key, false, &out);
	EVP_PKEY_free(key);
	if (rc != RC_OK)
		return CKR_FUNCTION_FAILED;
	*len = out.len;
	return CKR_OK;
}

static enum exit_code make(struct tool *tool, struct making *m)
{
	struct view authority = m->under ? view_buf(&m->trust_point)
					 : authority_certificate(m->authority)->object;
	const CK_INTAGLIO_CARD card = {
		.name = m->name,
		.pAuthority = (CK_BYTE *)authority.data,
		.ulAuthorityLen = authority.len,
		.pSuites = m->suites,
		.ulSuiteCount = m->suite_count,
		.ulModulusBits = m->bits,
		.lowestLevel = m->level,
		.keyNumbering = m->by_use,
		.plainCertificates = m->plain_certificates,
		.pStoredKeys = m->stored,
		.ulStoredKeyCount = m->stored_count,
		.pHostFiles = m->files,
		.ulHostFileCount = m->file_count,
		.Certify = certify,
		.pApplication = m,
	};
	CK_RV rv = tool->vendor->MakeCard(&card);

	if (rv != CKR_OK)
		return tool_failed(tool, "making the card", rv);
	if (m->json)
		tool_print_json(json_pack("{s:o,s:s,s:s,s:s*}", "card", tool_json_text(m->name),
					  "holder", m->card_holder, "id",
					  m->card_holder + strlen(m->card_holder) - CVC_ID, "host",
					  m->host_dir ? NULL : m->host_holder));
	else
		printf("card %s is %s%s%s; set its PINs with pkcs11-tool --init-token\n", m->name,
		       m->card_holder, m->host_dir ? "" : ", and its host ",
		       m->host_dir ? "" : m->host_holder);
	return EXIT_DONE;
}

/* The trust point over an issuer: its chain must begin there. */
static enum rc read_trust_point(struct making *m)
{
	struct cvc_chain chain;
	struct view rest;
	struct cvc c;

	if (!file_read(m->under, FILE_SIZE_MAX, &m->trust_point))
		return RC_NOT_FOUND;
	rest = view_buf(&m->trust_point);
	if (cvc_parse(&rest, &c) == RC_OK && !rest.len && c.type == CVC_CVCA &&
	    cvc_chain_parse(authority_chain(m->authority), &chain) == RC_OK &&
	    cvc_chain_verify(&chain, &c) == RC_OK) {
		if (chain.count < CVC_CHAIN_MAX)
			return RC_OK;
		fprintf(stderr,
			"intaglio: %s is the fourth of its chain, and with a card's "
			"certificate it would be of five\n",
			m->authority_dir);
		return RC_POLICY;
	}
	fprintf(stderr, "intaglio: %s is not the authority's certificate under which %s issues\n",
		m->under, m->authority_dir);
	return RC_POLICY;
}

/* An issuer's cards need the authority's certificate, which its directory does not have. */
static enum rc check_authority(struct making *m)
{
	bool is_issuer = authority_certificate(m->authority)->type != CVC_CVCA;
	enum rc rc = RC_OK;

	if (is_issuer != (m->under != NULL)) {
		fprintf(stderr,
			is_issuer
				? "intaglio: %s is an issuer's directory; name its authority's "
				  "certificate with --under\n"
				: "intaglio: %s is no issuer's directory; --under goes with one\n",
			m->authority_dir);
		return RC_POLICY;
	}
	if (is_issuer)
		rc = read_trust_point(m);
	if (rc == RC_OK && !m->roles)
		m->roles = authority_roles(m->authority);
	if (rc == RC_OK)
		rc = authority_make_holder("ZZHOST", m->host_holder);
	return rc == RC_OK ? authority_make_holder("ZZCARD", m->card_holder) : rc;
}

enum exit_code card_personalise(struct tool *tool, int argc, char **argv)
{
	struct making m = {.bits = BITS, .years = YEARS, .suites = {0x42}, .suite_count = 1};
	enum exit_code code = EXIT_USAGE;
	enum rc rc;

	if (!parse(&m, argc, argv))
		return code;
	tool->module_path = m.module;
	code = tool_load(tool);
	if (code == EXIT_DONE)
		code = tool_needs_vendor(tool);
	if (code == EXIT_DONE && is_there(tool, m.name)) {
		fprintf(stderr,
			"intaglio: there is a card %s already; a card gets its identity "
			"once\n",
			m.name);
		code = EXIT_CARD;
	}
	if (code == EXIT_DONE) {
		rc = authority_open_for(m.authority_dir, m.passphrase_file, &m.authority);
		if (rc == RC_OK)
			rc = check_authority(&m);
		if (rc == RC_OK)
			rc = collect_host(&m);
		code = rc == RC_OK ? make(tool, &m) : authority_outcome(rc);
	}
	for (size_t i = 0; i < m.file_count; i++)
		buf_free(&m.bytes[i]);
	for (size_t i = 0; i < m.stored_count; i++)
		buf_free(&m.chains[i]);
	buf_free(&m.trust_point);
	authority_close(&m.authority);
	tool_close(tool);
	return code;
}
