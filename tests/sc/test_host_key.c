/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's private key where it may lie: an enciphered file, and a token of SoftHSM that is
 * reached by a URI, through whole sessions of every suite. URIs that are none, and modules that
 * must not be loaded.
 */
#include "sc/host_key.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/pem.h"
#include "sc/pkcs11_uri.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define TOKEN  "pkcs11:token=host%20keys;object=host;id=%01;type=private"

static char dir[64];
static EVP_PKEY *key;

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Where CUnit is not there yet. */
static void must(bool right)
{
	if (!right)
		abort();
}

static void write_file(const char *name, struct view content, mode_t mode)
{
	FILE *f;

	unlink(path_of(name));
	f = fopen(path_of(name), "we");
	must(f && fwrite(content.data, 1, content.len, f) == content.len);
	must(fclose(f) == 0 && chmod(path_of(name), mode) == 0);
}

static void write_text(const char *name, const char *text)
{
	write_file(name, view_str(text), 0600);
}

static void write_key(const char *name, const char *passphrase)
{
	struct buf pem;

	buf_init(&pem, PEM_MAX);
	must(pem_put_private(key, view_str(passphrase), &pem) == RC_OK);
	write_file(name, view_buf(&pem), 0600);
	buf_free(&pem);
}

static void certify(uint8_t suite, const char *name)
{
	struct cvc_request request = fake_card_request(suite);
	struct buf chain;

	request.chr = "DEHOST00009";
	request.key = key;
	request.roles = ROLE_USER;
	buf_init(&chain, CVC_MAX);
	must(cvc_issue(&request, fake_authority_key(), RSA_PSS_SHA256, &chain) == RC_OK);
	write_file(name, view_buf(&chain), 0644);
	buf_free(&chain);
}

static bool run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A token of SoftHSM in the directory, with the host's key. */
static void make_token(void)
{
	char text[512];

	snprintf(text, sizeof(text), "directories.tokendir = %s/tokens\nlog.level = ERROR\n", dir);
	write_text("softhsm2.conf", text);
	must(mkdir(path_of("tokens"), 0700) == 0);
	must(setenv("SOFTHSM2_CONF", path_of("softhsm2.conf"), 1) == 0);
	write_key("import.pem", "");
	must(run("softhsm2-util --init-token --free --label 'host keys' "
		 "--so-pin 12345678 --pin 123456 >/dev/null"));
	snprintf(text, sizeof(text),
		 "softhsm2-util --import %s/import.pem --token 'host keys' --label host --id 01 "
		 "--pin 123456 >/dev/null",
		 dir);
	must(run(text));
	unlink(path_of("import.pem"));
	write_text("pin", "123456\n");
}

static int start(void)
{
	snprintf(dir, sizeof(dir), "./host-key-XXXXXX");
	if (!mkdtemp(dir) || rsa_generate(2048, &key) != RC_OK)
		return 1;
	write_file("authority.cvc", fake_authority(), 0644);
	certify(SUITE_42, "host.cvc");
	make_token();
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int stop(void)
{
	EVP_PKEY_free(key);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static enum rc load(const struct identity_options *options, struct identity **ret)
{
	log_forget();
	return identity_load(dir, options, ret);
}

/* A session of a suite with the identity, and commands in it. */
static enum rc talk(const struct identity *identity, uint8_t suite)
{
	const struct apdu hello = {.cla = 0x80, .ins = 0x42, .le = 256};
	struct transport *t;
	struct sc *sc = NULL;
	struct view answer;
	uint16_t sw;
	enum rc rc;

	fake_reset(suite);
	t = fake_transport();
	CU_ASSERT_EQUAL_FATAL(sc_open(&t, identity, fake_policy(suite), &sc), RC_OK);
	rc = sc_exchange_view(sc, &hello, &answer, &sw);
	sc_close(&sc);
	return rc;
}

static void an_enciphered_file_opens_with_its_passphrase_only(void)
{
	struct identity_options options = {.passphrase_file = NULL};
	struct identity *identity = NULL;

	write_key("host.key", "correct horse");
	CU_ASSERT_EQUAL(load(NULL, &identity), RC_AUTH);
	CU_ASSERT_TRUE(*log_last() != '\0');
	write_text("passphrase", "correct horse\nand nothing more\n");
	options.passphrase_file = strdup(path_of("passphrase"));
	CU_ASSERT_EQUAL_FATAL(load(&options, &identity), RC_OK);
	CU_ASSERT_EQUAL(talk(identity, SUITE_42), RC_OK);
	identity_free(&identity);
	write_text("passphrase", "wrong horse\n");
	CU_ASSERT_EQUAL(load(&options, &identity), RC_AUTH);
	write_text("passphrase", "");
	CU_ASSERT_EQUAL(load(&options, &identity), RC_AUTH);
	/* Somebody else could have read it. */
	write_file("passphrase", view_str("correct horse\n"), 0644);
	CU_ASSERT_EQUAL(load(&options, &identity), RC_AUTH);
	unlink(path_of("passphrase"));
	CU_ASSERT_EQUAL(load(&options, &identity), RC_AUTH);
	free((char *)(uintptr_t)options.passphrase_file);
}

static void write_uri(const char *name, const char *uri, const char *pin_source)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s%s\n", uri, pin_source ? "?pin-source=file:" : "",
		 pin_source ? pin_source : "");
	write_text(name, text);
}

static void a_key_on_a_token_opens_sessions_of_every_suite(void)
{
	const struct identity_options options = {.module = MODULE};
	static const struct {
		uint8_t suite;
		const char *key, *chain;
	} rows[] = {
		{SUITE_42, "host.key", "host.cvc"},
		{SUITE_02, "host-02.key", "host-02.cvc"},
		{SUITE_01, "host-01.key", "host-01.cvc"},
	};
	struct identity *identity = NULL;
	char pin[256];

	snprintf(pin, sizeof(pin), "%s", path_of("pin"));
	for (size_t i = 0; i < 3; i++) {
		certify(rows[i].suite, rows[i].chain);
		write_uri(rows[i].key, TOKEN, pin);
	}
	CU_ASSERT_EQUAL_FATAL(load(&options, &identity), RC_OK);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(talk(identity, rows[i].suite), RC_OK);
		CU_ASSERT_EQUAL(talk(identity, rows[i].suite), RC_OK);
	}
	identity_free(&identity);
	for (size_t i = 1; i < 3; i++) {
		unlink(path_of(rows[i].key));
		unlink(path_of(rows[i].chain));
	}
}

static void the_uri_may_hold_module_and_pin(void)
{
	struct identity *identity = NULL;

	write_uri("host.key", TOKEN "?module-path=" MODULE "&pin-value=123456", NULL);
	CU_ASSERT_EQUAL_FATAL(load(NULL, &identity), RC_OK);
	CU_ASSERT_EQUAL(talk(identity, SUITE_42), RC_OK);
	identity_free(&identity);
}

/* Whatever is wrong on the token is found at the first handshake, and said. */
static void a_key_that_cannot_be_reached_is_said_at_the_handshake(void)
{
	static const struct {
		const char *uri;
		enum rc rc;
	} rows[] = {
		{TOKEN, RC_NOT_FOUND}, /* no module */
		{TOKEN "?module-path=/nonexistent.so", RC_POLICY},
		{TOKEN "?module-path=/proc/self/exe", RC_POLICY},
		{TOKEN "?module-path=/usr/lib/x86_64-linux-gnu/libp11-kit.so.0", RC_POLICY},
		{TOKEN "?module-path=/etc/passwd", RC_NOT_FOUND},
		{TOKEN "?module-path=" MODULE "&pin-source=/nonexistent", RC_NOT_FOUND},
		{"pkcs11:token=other?module-path=" MODULE "&pin-value=123456", RC_REMOVED},
		{"pkcs11:token=host%20keys;object=other?module-path=" MODULE "&pin-value=123456",
		 RC_NOT_FOUND},
		{"pkcs11:token=host%20keys;id=%02?module-path=" MODULE "&pin-value=123456",
		 RC_NOT_FOUND},
	};
	struct identity *identity = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum rc rc;

		write_uri("host.key", rows[i].uri, NULL);
		CU_ASSERT_EQUAL_FATAL(load(NULL, &identity), RC_OK);
		log_forget();
		rc = talk(identity, SUITE_42);
		if (rc != rows[i].rc)
			printf("%s: %s\n", rows[i].uri, rc_name(rc));
		CU_ASSERT_EQUAL(rc, rows[i].rc);
		CU_ASSERT_TRUE(*log_last() != '\0');
		identity_free(&identity);
	}
}

static void a_token_with_another_key_than_the_certificate_s_is_refused(void)
{
	struct identity *identity = NULL;
	EVP_PKEY *kept = key;

	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &key), RC_OK);
	certify(SUITE_42, "host.cvc");
	write_uri("host.key", TOKEN "?module-path=" MODULE "&pin-value=123456", NULL);
	CU_ASSERT_EQUAL_FATAL(load(NULL, &identity), RC_OK);
	CU_ASSERT_EQUAL(talk(identity, SUITE_42), RC_AUTH);
	identity_free(&identity);
	EVP_PKEY_free(key);
	key = kept;
	certify(SUITE_42, "host.cvc");
}

static void uris_that_are_none_are_refused(void)
{
	static const char *const rows[] = {
		"pkcs11:token",          "pkcs11:token=a;token=b",   "pkcs11:colour=red",
		"pkcs11:token=%4",       "pkcs11:token=%zz",         "pkcs11:?colour=red",
		"pkcs11:pin-value=1234", "pkcs11:?token=a",          "pkcs11:object=a;",
		"pkcs12:token=a",        "pkcs11:token=a;type=cert",
	};
	struct identity *identity = NULL;
	struct pkcs11_uri uri;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool parses = pkcs11_uri_parse(view_str(rows[i]), &uri) == RC_OK;

		/* A last separator is none too many; a type is judged by who uses it. */
		CU_ASSERT_EQUAL(parses, strstr(rows[i], "a;") != NULL &&
						strstr(rows[i], "token=b") == NULL);
	}
	write_uri("host.key", "pkcs11:token=a;type=cert", NULL);
	CU_ASSERT_EQUAL(load(NULL, &identity), RC_MALFORMED);
	CU_ASSERT_EQUAL_FATAL(
		pkcs11_uri_parse(view_str("pkcs11:token=a%20b;id=%00%ff?pin-source=/x\nmore"),
				 &uri),
		RC_OK);
	CU_ASSERT_STRING_EQUAL(uri.field[PKCS11_URI_TOKEN].data, "a b");
	CU_ASSERT_EQUAL(uri.field[PKCS11_URI_ID].len, 2);
	CU_ASSERT_STRING_EQUAL(uri.field[PKCS11_URI_PIN_SOURCE].data, "/x");
}

static void a_forked_child_has_to_load_its_own_identity(void)
{
	struct identity *identity = NULL;
	int status = 1;
	pid_t child;

	write_uri("host.key", TOKEN "?module-path=" MODULE "&pin-value=123456", NULL);
	CU_ASSERT_EQUAL_FATAL(load(NULL, &identity), RC_OK);
	CU_ASSERT_EQUAL(talk(identity, SUITE_42), RC_OK);
	child = fork();
	if (child == 0) {
		struct identity *own = NULL;
		bool right = talk(identity, SUITE_42) == RC_FORKED && load(NULL, &own) == RC_OK &&
			     talk(own, SUITE_42) == RC_OK;

		_exit(right ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(talk(identity, SUITE_42), RC_OK);
	identity_free(&identity);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"an enciphered file opens with its passphrase only",
		 an_enciphered_file_opens_with_its_passphrase_only},
		{"a key on a token opens sessions of every suite",
		 a_key_on_a_token_opens_sessions_of_every_suite},
		{"the URI may hold module and PIN", the_uri_may_hold_module_and_pin},
		{"a key that cannot be reached is said at the handshake",
		 a_key_that_cannot_be_reached_is_said_at_the_handshake},
		{"a token with another key than the certificate's is refused",
		 a_token_with_another_key_than_the_certificate_s_is_refused},
		{"URIs that are none are refused", uris_that_are_none_are_refused},
		{"a forked child has to load its own identity",
		 a_forked_child_has_to_load_its_own_identity},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "host key", .pInitFunc = start, .pCleanupFunc = stop, .pTests = tests},
		CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/host key", suites);
}
