/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's identity from files: what is read, and every file that is refused with a sentence. */
#include "sc/identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/log.h"
#include "base/revocation.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

static char dir[64];

static const char *const names[] = {
	"host.key",      "host.cvc", "host-02.key", "host-02.cvc",
	"authority.cvc", "card.id",  "revoked",     "link.cvc",
};

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, struct view bytes, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, mode);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
}

static void write_key(const char *name, EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());
	BUF_MEM *pem;

	CU_ASSERT_EQUAL(PEM_write_bio_PrivateKey(bio, key, password ? EVP_aes_256_cbc() : NULL,
						 (const unsigned char *)password,
						 password ? (int)strlen(password) : 0, NULL, NULL),
			1);
	BIO_get_mem_ptr(bio, &pem);
	write_file(name, view_of(pem->data, pem->length), 0600);
	BIO_free(bio);
}

/* A directory as it should be. */
static void fill(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	write_key("host.key", fake_host_key(), NULL);
	write_file("host.cvc", fake_host_chain(SUITE_42), 0644);
	write_file("authority.cvc", fake_authority(), 0644);
}

/* The authorities that follow. */
enum { LINKS = 4 };

static EVP_PKEY *next_key[LINKS];

static int make_dir(void)
{
	for (size_t i = 0; i < LINKS; i++)
		if (rsa_generate(2048, &next_key[i]) != RC_OK)
			return 1;
	snprintf(dir, sizeof(dir), "identity-XXXXXX");
	return mkdtemp(dir) ? 0 : 1;
}

static int remove_dir(void)
{
	for (size_t i = 0; i < LINKS; i++)
		EVP_PKEY_free(next_key[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	return rmdir(dir);
}

/* Loads; where that is refused there must be a sentence. */
static enum rc load(struct identity **ret)
{
	enum rc rc;

	log_forget();
	rc = identity_load(dir, NULL, ret);
	CU_ASSERT_EQUAL(*log_last() != '\0', rc != RC_OK);
	return rc;
}

static void a_directory_is_loaded(void)
{
	struct identity *identity = NULL;

	fill();
	CU_ASSERT_EQUAL_FATAL(load(&identity), RC_OK);
	CU_ASSERT_PTR_NOT_NULL(identity_find(identity, SUITE_42));
	CU_ASSERT_PTR_NULL(identity_find(identity, SUITE_02));
	CU_ASSERT_PTR_NULL(identity_card(identity));
	CU_ASSERT_PTR_NOT_NULL(identity_authority(identity, view_str("DETEST00001")));
	CU_ASSERT_PTR_NULL(identity_authority(identity, view_str("DEOTHER0001")));
	CU_ASSERT_FALSE(identity_has_links(identity));
	CU_ASSERT_EQUAL(identity_find(identity, SUITE_42)->certificate.roles, ROLE_USER);
	identity_free(&identity);
	CU_ASSERT_PTR_NULL(identity);
	identity_free(&identity);
	identity_free(NULL);
}

static struct cvc_request link_request(size_t n)
{
	static const char *const names_of[] = {"DETEST00001", "DENEXT00001", "DENEXT00002",
					       "DENEXT00003", "DENEXT00004"};
	struct cvc_request request = fake_card_request(0);

	request.car = names_of[n];
	request.chr = names_of[n + 1];
	request.key = next_key[n];
	request.scheme = RSA_PSS_SHA256;
	request.type = CVC_CVCA;
	request.roles = ROLE_USER | ROLE_ISSUER;
	return request;
}

static void put_link(const struct cvc_request *request, size_t n, struct buf *out)
{
	EVP_PKEY *signer = n ? next_key[n - 1] : fake_authority_key();

	CU_ASSERT_EQUAL_FATAL(cvc_issue(request, signer, RSA_PSS_SHA256, out), RC_OK);
}

static enum rc load_under(struct view authority, const struct buf *links)
{
	struct identity *identity = NULL;
	enum rc rc;

	fill();
	write_file("authority.cvc", authority, 0644);
	write_file("link.cvc", view_buf(links), 0644);
	rc = load(&identity);
	if (rc == RC_OK) {
		CU_ASSERT_TRUE(identity_has_links(identity));
		CU_ASSERT_PTR_NOT_NULL(identity_authority(identity, view_str("DENEXT00001")));
		CU_ASSERT_PTR_NOT_NULL(identity_authority(identity, view_str("DETEST00001")));
	}
	identity_free(&identity);
	return rc;
}

static enum rc load_with_links(const struct buf *links)
{
	return load_under(fake_authority(), links);
}

static void links_are_followed_up_to_three(void)
{
	static const enum rc want[] = {RC_OK, RC_OK, RC_OK, RC_SPACE};
	struct buf links;

	buf_init(&links, 5 * CVC_MAX);
	for (size_t n = 0; n < LINKS; n++) {
		struct cvc_request request = link_request(n);

		put_link(&request, n, &links);
		CU_ASSERT_EQUAL(load_with_links(&links), want[n]);
		/* Cut off. */
		buf_truncate(&links, links.len - 1);
		CU_ASSERT_NOT_EQUAL(load_with_links(&links), RC_OK);
		buf_truncate(&links, 0);
		for (size_t i = 0; i <= n; i++) {
			request = link_request(i);
			put_link(&request, i, &links);
		}
	}
	buf_free(&links);
}

static void what_is_no_link_of_the_authority_is_refused(void)
{
	static const struct {
		const char *car, *chr;
		enum cvc_type type;
		uint32_t effective;
		size_t signer;
		enum rc rc;
	} rows[] = {
		{.car = "DEOTHER0001", .rc = RC_AUTH},  {.signer = 1, .rc = RC_AUTH},
		{.type = CVC_DV, .rc = RC_POLICY},      {.chr = "DETEST00001", .rc = RC_POLICY},
		{.effective = 200101, .rc = RC_POLICY},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cvc_request request = link_request(0);
		struct buf link;

		buf_init(&link, CVC_MAX);
		request.car = rows[i].car ? rows[i].car : request.car;
		request.chr = rows[i].chr ? rows[i].chr : request.chr;
		request.type = rows[i].type ? rows[i].type : request.type;
		request.effective = rows[i].effective ? rows[i].effective : request.effective;
		put_link(&request, rows[i].signer, &link);
		CU_ASSERT_EQUAL(load_with_links(&link), rows[i].rc);
		buf_free(&link);
	}
}

/* By the host's clock; and none gives a role that its authority has not, or has none. */
static void a_link_that_has_expired_or_gives_other_roles_is_refused(void)
{
	static const struct {
		uint32_t effective, expiration;
		unsigned int roles;
		enum rc rc;
	} rows[] = {
		{200101, 210101, ROLE_ISSUER, RC_EXPIRED}, {200101, 991231, ROLE_ISSUER, RC_OK},
		{200101, 991231, ROLE_ALL, RC_POLICY},     {200101, 991231, 0, RC_POLICY},
		{191231, 991231, ROLE_ISSUER, RC_POLICY},
	};
	struct cvc_request request = link_request(0);
	struct buf authority, link;

	buf_init(&authority, CVC_MAX);
	buf_init(&link, CVC_MAX);
	request.chr = request.car;
	request.key = fake_authority_key();
	request.effective = 200101;
	put_link(&request, 0, &authority);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request = link_request(0);
		request.effective = rows[i].effective;
		request.expiration = rows[i].expiration;
		request.roles = rows[i].roles;
		buf_reset(&link);
		put_link(&request, 0, &link);
		CU_ASSERT_EQUAL(load_under(view_buf(&authority), &link), rows[i].rc);
	}
	buf_free(&link);
	buf_free(&authority);
}

static void the_other_suite_and_the_card_s_id_are_loaded_if_they_are_there(void)
{
	static const uint8_t id[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF};
	struct identity *identity = NULL;

	fill();
	write_key("host-02.key", fake_host_key(), NULL);
	write_file("host-02.cvc", fake_host_chain(SUITE_02), 0644);
	write_file("card.id", view_str("0123456789abCDef\n"), 0644);
	CU_ASSERT_EQUAL_FATAL(load(&identity), RC_OK);
	CU_ASSERT_PTR_NOT_NULL(identity_find(identity, SUITE_02));
	CU_ASSERT_PTR_NOT_NULL_FATAL(identity_card(identity));
	CU_ASSERT_TRUE(view_equal(view_of(identity_card(identity), CVC_ID), view_of(id, 8)));
	identity_free(&identity);
}

static void a_key_that_others_may_read_or_write_is_refused(void)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0644, 0666};
	struct identity *identity = NULL;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		fill();
		CU_ASSERT_EQUAL(chmod(path_of("host.key"), modes[i]), 0);
		CU_ASSERT_EQUAL(load(&identity), RC_POLICY);
		CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "chmod 600"));
	}
	CU_ASSERT_PTR_NULL(identity);
}

static void a_missing_file_is_named(void)
{
	struct identity *identity = NULL;

	fill();
	unlink(path_of("authority.cvc"));
	CU_ASSERT_EQUAL(load(&identity), RC_NOT_FOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "authority.cvc"));
	fill();
	unlink(path_of("host.key"));
	CU_ASSERT_EQUAL(load(&identity), RC_NOT_FOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "host.key"));
	fill();
	unlink(path_of("host.cvc"));
	CU_ASSERT_EQUAL(load(&identity), RC_MALFORMED);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "host.cvc"));
}

static void bytes_that_are_something_else_are_refused(void)
{
	static const struct {
		const char *name, *content;
		enum rc rc;
	} rows[] = {
		{"host.key", "no key", RC_MALFORMED},
		{"host.key", "", RC_MALFORMED},
		{"host.cvc", "no certificate", RC_MALFORMED},
		{"host.cvc", "", RC_MALFORMED},
		{"authority.cvc", "no certificate", RC_MALFORMED},
		{"authority.cvc", "", RC_MALFORMED},
		{"card.id", "0123", RC_MALFORMED},
		{"card.id", "0123456789abcdeg", RC_MALFORMED},
		{"card.id", "0123456789abcdef0", RC_MALFORMED},
		{"card.id", "0123456789abcdef\n\n", RC_MALFORMED},
		{"card.id", "0123456789abcdef0123456789", RC_SPACE},
	};
	struct identity *identity = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill();
		write_file(rows[i].name, view_str(rows[i].content), 0600);
		CU_ASSERT_EQUAL(load(&identity), rows[i].rc);
	}
}

static void a_key_with_a_password_is_refused_without_asking(void)
{
	struct identity *identity = NULL;

	fill();
	write_key("host.key", fake_host_key(), "secret");
	CU_ASSERT_EQUAL(load(&identity), RC_AUTH);
}

static void a_key_that_is_not_the_certified_one_is_refused(void)
{
	struct identity *identity = NULL;

	fill();
	write_key("host.key", fake_card_key(), NULL);
	CU_ASSERT_EQUAL(load(&identity), RC_AUTH);
}

static void another_suite_s_certificate_is_refused(void)
{
	struct identity *identity = NULL;

	fill();
	write_file("host.cvc", fake_host_chain(SUITE_02), 0644);
	CU_ASSERT_EQUAL(load(&identity), RC_POLICY);
}

/* The authority's list that takes one holder's certificates of before tomorrow or of long ago. */
static void write_list(const uint8_t id[CVC_ID], bool today, EVP_PKEY *signer)
{
	struct view authority = fake_authority();
	struct cvc c;
	struct revocation list = {.sequence = 1, .date = cvc_today()};
	struct buf entries, out;

	CU_ASSERT_EQUAL_FATAL(cvc_parse(&authority, &c), RC_OK);
	buf_init(&entries, REVOCATION_ENTRIES_MAX);
	buf_init(&out, REVOCATION_MAX);
	CU_ASSERT_EQUAL(revocation_enter(&entries, id, today ? cvc_day_after(cvc_today()) : 100101),
			RC_OK);
	list.car = c.chr;
	list.entries = view_buf(&entries);
	CU_ASSERT_EQUAL(revocation_sign(&list, signer, &out), RC_OK);
	write_file("revoked", view_buf(&out), 0644);
	buf_free(&entries);
	buf_free(&out);
}

static enum rc connect_with(struct identity **identity)
{
	struct transport *transport;
	struct sc *sc = NULL;
	enum rc rc;

	fake_reset(SUITE_42);
	CU_ASSERT_EQUAL_FATAL(load(identity), RC_OK);
	transport = fake_transport();
	CU_ASSERT_EQUAL_FATAL(sc_open(&transport, *identity, NULL, &sc), RC_OK);
	log_forget();
	rc = sc_connect(sc);
	sc_close(&sc);
	identity_free(identity);
	return rc;
}

static void a_revoked_card_is_refused(void)
{
	static const uint8_t other[CVC_ID] = "ARD00002";
	struct identity *identity = NULL;

	fill();
	write_list(fake_card_id, true, fake_authority_key());
	CU_ASSERT_EQUAL(connect_with(&identity), RC_POLICY);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "revoked"));
	fill();
	write_list(fake_card_id, false, fake_authority_key());
	CU_ASSERT_EQUAL(connect_with(&identity), RC_OK);
	fill();
	write_list(other, true, fake_authority_key());
	CU_ASSERT_EQUAL(connect_with(&identity), RC_OK);
}

static void a_list_that_cannot_be_believed_stops_the_host(void)
{
	struct identity *identity = NULL;

	fill();
	write_list(fake_card_id, true, fake_host_key());
	CU_ASSERT_EQUAL(load(&identity), RC_AUTH);
	fill();
	write_file("revoked", view_str(""), 0644);
	CU_ASSERT_EQUAL(load(&identity), RC_MALFORMED);
	fill();
	write_file("revoked", fake_authority(), 0644);
	CU_ASSERT_EQUAL(load(&identity), RC_MALFORMED);
}

static void directories_and_devices_are_no_files(void)
{
	struct identity *identity = NULL;

	fill();
	unlink(path_of("authority.cvc"));
	CU_ASSERT_EQUAL(mkdir(path_of("authority.cvc"), 0700), 0);
	CU_ASSERT_EQUAL(load(&identity), RC_IO);
	rmdir(path_of("authority.cvc"));
	CU_ASSERT_EQUAL(symlink("/dev/zero", path_of("authority.cvc")), 0);
	CU_ASSERT_EQUAL(load(&identity), RC_IO);
	unlink(path_of("authority.cvc"));
}

/* Chains in memory. */

static void issue(struct buf *out, struct cvc_request request, EVP_PKEY *signer)
{
	request.effective = cvc_today();
	request.expiration = cvc_years_on(cvc_today(), 1);
	CU_ASSERT_EQUAL(cvc_issue(&request, signer, RSA_PSS_SHA256, out), RC_OK);
}

/* What identity_add says of a host certificate, under an issuer or directly under the authority. */
static enum rc add_chain(unsigned int issuer_roles, enum cvc_type issuer_type,
			 unsigned int host_roles, enum cvc_type host_type, size_t cut)
{
	struct cvc_request issuer = {.car = "DETEST00001",
				     .chr = "DEISSUER0001",
				     .key = fake_card_key(),
				     .type = issuer_type,
				     .roles = issuer_roles};
	struct cvc_request host = {.car = issuer_roles ? "DEISSUER0001" : "DETEST00001",
				   .chr = "DEHOST00002",
				   .key = fake_host_key(),
				   .type = host_type,
				   .roles = host_roles,
				   .suite = SUITE_42};
	struct identity *identity = NULL;
	struct buf chain;
	enum rc rc;

	buf_init(&chain, 8192);
	if (issuer_roles)
		issue(&chain, issuer, fake_authority_key());
	issue(&chain, host, issuer_roles ? fake_card_key() : fake_authority_key());
	CU_ASSERT_EQUAL_FATAL(identity_new(fake_authority(), &identity), RC_OK);
	EVP_PKEY_up_ref(fake_host_key());
	rc = identity_add(identity, SUITE_42, fake_host_key(),
			  view_of(chain.data, chain.len - cut));
	if (rc != RC_OK)
		EVP_PKEY_free(fake_host_key());
	else
		CU_ASSERT_EQUAL(identity_add(identity, SUITE_42, fake_host_key(), view_buf(&chain)),
				RC_EXISTS);
	identity_free(&identity);
	buf_free(&chain);
	return rc;
}

static void chains_are_followed_from_the_authority(void)
{
	CU_ASSERT_EQUAL(add_chain(0, CVC_DV, ROLE_USER, CVC_TERMINAL, 0), RC_OK);
	CU_ASSERT_EQUAL(add_chain(ROLE_ALL, CVC_DV, ROLE_USER, CVC_TERMINAL, 0), RC_OK);
	CU_ASSERT_EQUAL(add_chain(ROLE_ALL, CVC_DV, ROLE_USER, CVC_TERMINAL, 1), RC_MALFORMED);
	/* No role is left; a terminal signs nothing; an issuer is nobody's end certificate. */
	CU_ASSERT_EQUAL(add_chain(ROLE_ISSUER, CVC_DV, ROLE_USER, CVC_TERMINAL, 0), RC_POLICY);
	CU_ASSERT_EQUAL(add_chain(ROLE_ALL, CVC_TERMINAL, ROLE_USER, CVC_TERMINAL, 0), RC_AUTH);
	CU_ASSERT_EQUAL(add_chain(ROLE_ALL, CVC_DV, ROLE_USER, CVC_DV, 0), RC_POLICY);
	CU_ASSERT_EQUAL(add_chain(0, CVC_DV, 0, CVC_TERMINAL, 0), RC_POLICY);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"links are followed up to three", links_are_followed_up_to_three},
		{"what is no link of the authority is refused",
		 what_is_no_link_of_the_authority_is_refused},
		{"a link that has expired or gives other roles is refused",
		 a_link_that_has_expired_or_gives_other_roles_is_refused},
		{"a directory is loaded", a_directory_is_loaded},
		{"the other suite and the card's id are loaded if they are there",
		 the_other_suite_and_the_card_s_id_are_loaded_if_they_are_there},
		{"a key that others may read or write is refused",
		 a_key_that_others_may_read_or_write_is_refused},
		{"a missing file is named", a_missing_file_is_named},
		{"bytes that are something else are refused",
		 bytes_that_are_something_else_are_refused},
		{"a key with a password is refused without asking",
		 a_key_with_a_password_is_refused_without_asking},
		{"a key that is not the certified one is refused",
		 a_key_that_is_not_the_certified_one_is_refused},
		{"another suite's certificate is refused", another_suite_s_certificate_is_refused},
		{"a revoked card is refused", a_revoked_card_is_refused},
		{"a list that cannot be believed stops the host",
		 a_list_that_cannot_be_believed_stops_the_host},
		{"directories and devices are no files", directories_and_devices_are_no_files},
		{"chains are followed from the authority", chains_are_followed_from_the_authority},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "identity",
		 .pInitFunc = make_dir,
		 .pCleanupFunc = remove_dir,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/identity", suites);
}
