/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cards under an authority that is the application's: made whole or not at all, opened by the host
 * that they were made for, and told of changes of trust.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/authority.h"
#include "base/log.h"
#include "base/revocation.h"
#include "tests/suite.h"
#include "token/files.h"
#include "token/token.h"

static char root[] = "/tmp/intaglio-make-XXXXXX";
static struct authority *own, *foreign;
static struct slots *slots;
static EVP_PKEY *host_key;
static const char host_holder[] = "ZZHOSTAAAA0001";

static const char *in_root(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", root, name);
	return path[turn];
}

static struct authority *make_authority(const char *name)
{
	const struct authority_options options = {.bits = 2048, .roles = ROLE_ALL, .years = 5};
	struct authority *authority = NULL;

	if (authority_create(in_root(name), &options) != RC_OK ||
	    authority_open(in_root(name), NULL, &authority) != RC_OK)
		return NULL;
	return authority;
}

static int set_up(void)
{
	static const char settings[] = "[log]\nlevel = none\n";

	if (!mkdtemp(root))
		return 1;
	log_open(LOG_LEVEL_NONE, false);
	setenv("XDG_DATA_HOME", root, 1);
	setenv("XDG_CONFIG_HOME", root, 1);
	unsetenv("INTAGLIO_CONF");
	if (files_make_directory(root, "intaglio") != RC_OK ||
	    files_write(root, "intaglio/intaglio.conf", 0600, view_str(settings)) != RC_OK)
		return 1;
	own = make_authority("own");
	foreign = make_authority("foreign");
	return !own || !foreign || rsa_generate(2048, &host_key) != RC_OK ||
	       slots_open(&slots) != CKR_OK;
}

static int tear_down(void)
{
	slots_close(&slots);
	EVP_PKEY_free(host_key);
	authority_close(&own);
	authority_close(&foreign);
	files_remove_tree(root);
	return 0;
}

/* What a test wants to be made. */
struct wanted {
	const char *name;
	struct authority *authority, *card_authority, *host_authority;
	unsigned int host_roles;
	uint8_t suites[4];
	size_t suite_count;
	unsigned long bits;
	const char *holder; /* of the host */
	enum { CERTIFIES, FAILS, LIES, GIVES_RUBBISH, GIVES_TOO_MUCH } certify;
	bool no_host;
	char card_holder[CVC_REFERENCE_MAX + 1];
};

static struct wanted usual(const char *name)
{
	struct wanted w = {
		.name = name,
		.authority = own,
		.card_authority = own,
		.host_authority = own,
		.host_roles = ROLE_ALL,
		.suites = {0x42},
		.suite_count = 1,
		.bits = 2048,
		.holder = host_holder,
	};

	CU_ASSERT_EQUAL_FATAL(authority_make_holder("ZZCARD", w.card_holder), RC_OK);
	return w;
}

static CK_RV certify(void *arg, CK_BYTE suite, const CK_BYTE *bytes, CK_ULONG bytes_len,
		     CK_BYTE *certificate, CK_ULONG *len)
{
	const struct wanted *w = arg;
	struct authority_request request = {
		.kind = AUTHORITY_CARD, .suite = suite, .holder = w->card_holder, .years = 1};
	enum rsa_scheme scheme;
	EVP_PKEY *key = NULL;
	struct buf out;
	enum rc rc;

	if (w->certify == FAILS)
		return CKR_FUNCTION_FAILED;
	buf_fixed(&out, certificate, *len);
	CU_ASSERT_EQUAL_FATAL(cvc_public_key(view_of(bytes, bytes_len), &scheme, &key), RC_OK);
	if (w->certify == LIES) {
		EVP_PKEY_free(key);
		CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &key), RC_OK);
	}
	request.key = key;
	rc = authority_issue(w->card_authority, &request, &out);
	EVP_PKEY_free(key);
	*len = w->certify == GIVES_RUBBISH ? 20 : w->certify == GIVES_TOO_MUCH ? *len + 1 : out.len;
	return rc == RC_OK ? CKR_OK : CKR_FUNCTION_FAILED;
}

static void issue_host(const struct wanted *w, struct buf *out)
{
	const struct authority_request request = {
		.kind = AUTHORITY_HOST,
		.roles = w->host_roles,
		.suite = 0x42,
		.key = host_key,
		.holder = w->holder,
		.years = 1,
	};
	char path[256];

	/* One certificate of a day is enough for a holder; a test that needs another names another. */
	snprintf(path, sizeof(path), "%s/issued/%s-20%06u-42.cvc",
		 w->host_authority == own ? in_root("own") : in_root("foreign"), w->holder,
		 (unsigned int)cvc_today());
	if (access(path, R_OK) == 0) {
		uint8_t bytes[CVC_MAX];
		FILE *file = fopen(path, "rb");

		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		buf_put(out, bytes, fread(bytes, 1, sizeof(bytes), file));
		fclose(file);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(authority_issue(w->host_authority, &request, out), RC_OK);
}

static CK_RV make(struct wanted *w)
{
	struct view authority = authority_certificate(w->authority)->object;
	struct buf pem, certificate;
	CK_INTAGLIO_FILE files[2];
	CK_INTAGLIO_CARD card;
	CK_RV rv;

	buf_init(&pem, PEM_MAX);
	buf_init(&certificate, CVC_MAX);
	CU_ASSERT_EQUAL(pem_put_private(host_key, view_of(NULL, 0), &pem), RC_OK);
	issue_host(w, &certificate);
	files[0] = (CK_INTAGLIO_FILE){"host.key", pem.data, pem.len};
	files[1] = (CK_INTAGLIO_FILE){"host.cvc", certificate.data, certificate.len};
	card = (CK_INTAGLIO_CARD){
		.name = w->name,
		.pAuthority = (CK_BYTE *)authority.data,
		.ulAuthorityLen = authority.len,
		.pSuites = w->suites,
		.ulSuiteCount = w->suite_count,
		.ulModulusBits = w->bits,
		.pHostFiles = files,
		.ulHostFileCount = w->no_host ? 0 : 2,
		.Certify = certify,
		.pApplication = w,
	};
	log_forget();
	rv = slots_make_card(slots, &card);
	CU_ASSERT_EQUAL(*log_last() != '\0', rv != CKR_OK);
	buf_free(&pem);
	buf_free(&certificate);
	return rv;
}

static size_t count_cards(void)
{
	DIR *d = opendir(in_root("intaglio/cards"));
	struct dirent *entry;
	size_t count = 0;

	while (d && (entry = readdir(d)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			 strcmp(entry->d_name, ".lock") != 0;
	if (d)
		closedir(d);
	return count;
}

/* The slot that the newest card is; the list grows. */
static struct slot *newest(void)
{
	struct slot *slot;

	CU_ASSERT_EQUAL_FATAL(slots_refresh(slots), CKR_OK);
	slot = slots_get(slots, slots_count(slots) - 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(slot);
	return slot;
}

static void a_card_is_made_and_its_host_opens_it(void)
{
	struct wanted w = usual("one");
	CK_TOKEN_INFO info;

	CU_ASSERT_EQUAL_FATAL(make(&w), CKR_OK);
	CU_ASSERT_EQUAL(token_info(newest(), 0, 0, &info), CKR_OK);
	CU_ASSERT_EQUAL(make(&w), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(count_cards(), 1);
}

static void one_host_opens_two_cards(void)
{
	struct wanted w = usual("two");
	CK_TOKEN_INFO info;

	w.suites[1] = 0x02;
	w.suites[2] = 0x01;
	w.suite_count = 3;
	CU_ASSERT_EQUAL_FATAL(make(&w), CKR_OK);
	CU_ASSERT_EQUAL(token_info(newest(), 0, 0, &info), CKR_OK);
	CU_ASSERT_EQUAL(count_cards(), 2);
}

/* All of these leave no directory, not even a hidden one. */

static void names_are_one_visible_directory(void)
{
	static const char *const names[] = {"",    ".",    "..",   ".x", "a/b",
					    "a b", "a\nb", "../x", "/x", "\x7F"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct wanted w = usual(names[i]);

		CU_ASSERT_EQUAL(make(&w), CKR_ARGUMENTS_BAD);
	}
	CU_ASSERT_EQUAL(count_cards(), 2);
}

static void suites_and_sizes_that_no_card_has_are_refused(void)
{
	struct wanted none = usual("x"), twice = usual("x"), unknown = usual("x");
	struct wanted odd = usual("x"), small = usual("x");

	none.suite_count = 0;
	CU_ASSERT_EQUAL(make(&none), CKR_ARGUMENTS_BAD);
	twice.suites[1] = 0x42;
	twice.suite_count = 2;
	CU_ASSERT_EQUAL(make(&twice), CKR_ARGUMENTS_BAD);
	unknown.suites[0] = 0x03;
	CU_ASSERT_EQUAL(make(&unknown), CKR_ARGUMENTS_BAD);
	odd.bits = 2050;
	CU_ASSERT_EQUAL(make(&odd), CKR_ARGUMENTS_BAD);
	small.bits = 1024;
	CU_ASSERT_EQUAL(make(&small), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(count_cards(), 2);
}

static void a_host_that_could_not_open_the_card_is_refused(void)
{
	struct wanted without = usual("x"), other = usual("x");

	without.no_host = true;
	CU_ASSERT_EQUAL(make(&without), CKR_DATA_INVALID);
	other.host_authority = foreign;
	CU_ASSERT_EQUAL(make(&other), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(count_cards(), 2);
}

static void certificates_that_are_not_the_card_s_are_refused(void)
{
	static const struct {
		int certify;
		CK_RV rv;
	} rows[] = {
		{FAILS, CKR_FUNCTION_CANCELED},
		{GIVES_TOO_MUCH, CKR_FUNCTION_CANCELED},
		{GIVES_RUBBISH, CKR_DATA_INVALID},
		{LIES, CKR_DATA_INVALID},
	};
	struct wanted w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w = usual("x");
		w.certify = rows[i].certify;
		CU_ASSERT_EQUAL(make(&w), rows[i].rv);
	}
	w = usual("x");
	w.card_authority = foreign;
	CU_ASSERT_EQUAL(make(&w), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(count_cards(), 2);
}

/* Changes of trust, on the card "one" unless a test makes its own. */

static CK_RV update(struct slot *slot, CK_FLAGS flags, struct view bytes)
{
	struct session *s = NULL;
	CK_RV rv;

	CU_ASSERT_EQUAL_FATAL(session_open(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, 1, &s),
			      CKR_OK);
	log_forget();
	rv = session_update_trust(s, (CK_BYTE_PTR)bytes.data, bytes.len);
	session_close(&s);
	return rv;
}

static void a_list_is_taken_once_and_from_the_card_s_authority_only(void)
{
	static const uint8_t rubbish[] = {0xE1, 0x02, 0x05, 0x00};
	struct slot *slot = slots_get(slots, 1);
	struct buf changed;
	uint32_t date = 0;

	CU_ASSERT_EQUAL_FATAL(authority_revoke(own, "ZZHOSTZZZZ0009", 300101, &date), RC_OK);
	CU_ASSERT_EQUAL_FATAL(authority_revoke(foreign, "ZZHOSTZZZZ0009", 300101, &date), RC_OK);
	CU_ASSERT_EQUAL(update(slot, 0, authority_revocations(own)), CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(update(slot, CKF_RW_SESSION, authority_revocations(own)), CKR_OK);
	CU_ASSERT_EQUAL(update(slot, CKF_RW_SESSION, authority_revocations(own)), CKR_DATA_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "not newer"));
	CU_ASSERT_EQUAL(update(slot, CKF_RW_SESSION, authority_revocations(foreign)),
			CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(update(slot, CKF_RW_SESSION, view_of(NULL, 0)), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(update(slot, CKF_RW_SESSION, view_of(rubbish, sizeof(rubbish))),
			CKR_DATA_INVALID);
	CU_ASSERT_EQUAL_FATAL(authority_revoke(own, "ZZHOSTZZZZ0009", 310101, &date), RC_OK);
	buf_init(&changed, REVOCATION_MAX);
	buf_view(&changed, authority_revocations(own));
	changed.data[changed.len - 1] ^= 1;
	CU_ASSERT_EQUAL(update(slot, CKF_RW_SESSION, view_buf(&changed)), CKR_DATA_INVALID);
	buf_free(&changed);
	CU_ASSERT_EQUAL(update(slot, CKF_RW_SESSION, authority_revocations(own)), CKR_OK);
}

static void a_host_that_is_no_issuer_changes_nothing(void)
{
	struct wanted w = usual("user");
	struct slot *slot;

	EVP_PKEY_free(host_key);
	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &host_key), RC_OK);
	w.host_roles = ROLE_USER;
	w.holder = "ZZHOSTUSER0001";
	CU_ASSERT_EQUAL_FATAL(make(&w), CKR_OK);
	slot = newest();
	CU_ASSERT_EQUAL(update(slot, CKF_RW_SESSION, authority_revocations(own)),
			CKR_ACTION_PROHIBITED);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "issuer"));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a card is made and its host opens it", a_card_is_made_and_its_host_opens_it},
		{"one host opens two cards", one_host_opens_two_cards},
		{"names are one visible directory", names_are_one_visible_directory},
		{"suites and sizes that no card has are refused",
		 suites_and_sizes_that_no_card_has_are_refused},
		{"a host that could not open the card is refused",
		 a_host_that_could_not_open_the_card_is_refused},
		{"certificates that are not the card's are refused",
		 certificates_that_are_not_the_card_s_are_refused},
		{"a list is taken once and from the card's authority only",
		 a_list_is_taken_once_and_from_the_card_s_authority_only},
		{"a host that is no issuer changes nothing",
		 a_host_that_is_no_issuer_changes_nothing},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "make_card",
		 .pInitFunc = set_up,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("make_card", suites);
}
