/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Authorities in directories of their own: what they issue verifies, what they must not issue they
 * refuse, and what OpenPACE's cvc-create made serves as an authority too.
 */
#include "base/authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/revocation.h"
#include "tests/suite.h"

static char directory[] = "/tmp/intaglio-authority-XXXXXX";
static EVP_PKEY *keys[4], *small;
static struct authority *authority;

static const struct authority_options ordinary = {
	.holder = "ZZAUTHROOT0001",
	.bits = 2048,
	.roles = ROLE_ALL,
	.years = 10,
};

static int start(void)
{
	log_open(LOG_LEVEL_NONE, false);
	if (!mkdtemp(directory) || chdir(directory) != 0)
		return 1;
	for (size_t i = 0; i < 4; i++)
		if (rsa_generate(2048, &keys[i]) != RC_OK)
			return 1;
	return rsa_generate(1024, &small) != RC_OK ||
	       authority_create("root", &ordinary) != RC_OK ||
	       authority_open("root", NULL, &authority) != RC_OK;
}

static int finish(void)
{
	char command[64];

	authority_close(&authority);
	for (size_t i = 0; i < 4; i++)
		EVP_PKEY_free(keys[i]);
	EVP_PKEY_free(small);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return chdir("/") != 0 || system(command) != 0;
}

/* A directory of a test's own. */
static struct authority *make(const char *name, const char *holder, unsigned int roles)
{
	struct authority_options options = ordinary;
	struct authority *a = NULL;

	options.holder = holder;
	options.roles = roles;
	CU_ASSERT_EQUAL_FATAL(authority_create(name, &options), RC_OK);
	CU_ASSERT_EQUAL_FATAL(authority_open(name, NULL, &a), RC_OK);
	return a;
}

static struct authority_request host(const char *holder, EVP_PKEY *key)
{
	return (struct authority_request){
		.kind = AUTHORITY_HOST,
		.roles = ROLE_USER,
		.suite = 0x42,
		.holder = holder,
		.key = key,
		.years = 2,
	};
}

/* Issues, parses and verifies; the certificate borrows from b. */
static struct cvc issue(struct authority *a, struct authority_request r, struct buf *b)
{
	EVP_PKEY *signer = NULL;
	struct view in;
	struct cvc c;

	buf_init(b, CVC_MAX);
	CU_ASSERT_EQUAL_FATAL(authority_issue(a, &r, b), RC_OK);
	in = view_buf(b);
	CU_ASSERT_EQUAL_FATAL(cvc_parse(&in, &c), RC_OK);
	CU_ASSERT_EQUAL(in.len, 0);
	CU_ASSERT_EQUAL_FATAL(cvc_key(authority_certificate(a), &signer), RC_OK);
	CU_ASSERT_EQUAL(cvc_verify(&c, signer, authority_certificate(a)->scheme), RC_OK);
	EVP_PKEY_free(signer);
	return c;
}

static enum rc refused(struct authority *a, struct authority_request r)
{
	struct buf b;
	enum rc rc;

	buf_init(&b, CVC_MAX);
	rc = authority_issue(a, &r, &b);
	CU_ASSERT_EQUAL(b.len, 0);
	buf_free(&b);
	return rc;
}

static enum rc count_one(void *arg, const struct cvc *c)
{
	(void)c;
	++*(size_t *)arg;
	return RC_OK;
}

static size_t issued(struct authority *a)
{
	size_t count = 0;

	CU_ASSERT_EQUAL(authority_list(a, count_one, &count), RC_OK);
	return count;
}

static void an_authority_signs_itself_and_is_made_once(void)
{
	const struct cvc *c = authority_certificate(authority);
	EVP_PKEY *key = NULL;

	CU_ASSERT_EQUAL(c->type, CVC_CVCA);
	CU_ASSERT_EQUAL(c->roles, ROLE_ALL);
	CU_ASSERT_EQUAL(c->effective, cvc_today());
	CU_ASSERT_EQUAL(c->expiration, cvc_years_on(cvc_today(), 10));
	CU_ASSERT_EQUAL_FATAL(cvc_key(c, &key), RC_OK);
	CU_ASSERT_EQUAL(cvc_verify(c, key, c->scheme), RC_OK);
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL(authority_chain(authority).len, 0);
	CU_ASSERT_EQUAL(authority_revocations(authority).len, 0);
	authority_close(&authority);
	CU_ASSERT_EQUAL(authority_create("root", &ordinary), RC_EXISTS);
	CU_ASSERT_EQUAL_FATAL(authority_open("root", NULL, &authority), RC_OK);
}

static void options_out_of_range_are_refused(void)
{
	struct authority_options o = ordinary;

	o.bits = 1024;
	CU_ASSERT_EQUAL(authority_create("none", &o), RC_ARGUMENT);
	o.bits = 4352;
	CU_ASSERT_EQUAL(authority_create("none", &o), RC_ARGUMENT);
	o = ordinary;
	o.roles = 0;
	CU_ASSERT_EQUAL(authority_create("none", &o), RC_ARGUMENT);
	o = ordinary;
	o.holder = "SHORT";
	CU_ASSERT_EQUAL(authority_create("none", &o), RC_ARGUMENT);
	o.holder = "../../etc/x";
	CU_ASSERT_EQUAL(authority_create("none", &o), RC_ARGUMENT);
	CU_ASSERT_NOT_EQUAL(access("none", F_OK), 0);
	CU_ASSERT_EQUAL(authority_open("none", NULL, &(struct authority *){NULL}), RC_NOT_FOUND);
}

static void the_private_key_is_its_owners_alone(void)
{
	struct authority *a = make("alone", NULL, ROLE_ALL);
	struct stat st;

	authority_close(&a);
	CU_ASSERT_EQUAL(stat("alone/authority.key", &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	CU_ASSERT_EQUAL(chmod("alone/authority.key", 0640), 0);
	CU_ASSERT_EQUAL(authority_open("alone", NULL, &a), RC_POLICY);
	CU_ASSERT_EQUAL(chmod("alone/authority.key", 0604), 0);
	CU_ASSERT_EQUAL(authority_open("alone", NULL, &a), RC_POLICY);
	CU_ASSERT_PTR_NULL(a);
}

static bool give(void *arg, struct buf *ret)
{
	buf_str(ret, arg);
	return true;
}

static void a_passphrase_opens_the_key_and_nothing_else_does(void)
{
	static char horse[] = "correct horse", battery[] = "battery staple";
	struct pem_passphrase right = {give, horse}, wrong = {give, battery};
	struct authority_options o = ordinary;
	struct authority *a = NULL;

	o.passphrase = view_str("correct horse");
	CU_ASSERT_EQUAL_FATAL(authority_create("enciphered", &o), RC_OK);
	CU_ASSERT_EQUAL(system("grep -q 'BEGIN ENCRYPTED PRIVATE KEY' enciphered/authority.key"),
			0);
	CU_ASSERT_EQUAL(authority_open("enciphered", NULL, &a), RC_AUTH);
	CU_ASSERT_EQUAL(authority_open("enciphered", &wrong, &a), RC_AUTH);
	CU_ASSERT_PTR_NULL(a);
	CU_ASSERT_EQUAL(authority_open("enciphered", &right, &a), RC_OK);
	authority_close(&a);
}

static void hosts_cards_and_issuers_get_what_they_ask_for(void)
{
	struct authority *a = make("kinds", "ZZAUTHKIND0001", ROLE_ALL);
	struct authority_request r = host(NULL, keys[0]);
	struct buf b;
	struct cvc c = issue(a, r, &b);

	CU_ASSERT_EQUAL(c.type, CVC_TERMINAL);
	CU_ASSERT_EQUAL(c.roles, ROLE_USER);
	CU_ASSERT_EQUAL(c.suite, 0x42);
	CU_ASSERT_EQUAL(c.scheme, RSA_PSS_SHA256);
	CU_ASSERT(view_equal(view_of(c.chr.data, 6), view_str("ZZHOST")));
	CU_ASSERT_EQUAL(c.chr.len, 14);
	CU_ASSERT_EQUAL(c.effective, cvc_today());
	CU_ASSERT_EQUAL(c.expiration, cvc_years_on(cvc_today(), 2));
	buf_free(&b);
	r = (struct authority_request){
		.kind = AUTHORITY_CARD, .suite = 0x02, .key = small, .years = 50};
	c = issue(a, r, &b);
	CU_ASSERT_EQUAL(c.roles, 0);
	CU_ASSERT_EQUAL(c.suite, 0x02);
	CU_ASSERT_EQUAL(c.scheme, RSA_PKCS1_SHA1);
	CU_ASSERT(view_equal(view_of(c.chr.data, 6), view_str("ZZCARD")));
	CU_ASSERT_EQUAL(c.expiration, authority_certificate(a)->expiration);
	buf_free(&b);
	r = (struct authority_request){
		.kind = AUTHORITY_ISSUER, .roles = ROLE_USER, .key = keys[1], .years = 5};
	c = issue(a, r, &b);
	CU_ASSERT_EQUAL(c.type, CVC_DV);
	CU_ASSERT_EQUAL(c.suite, 0);
	buf_free(&b);
	CU_ASSERT_EQUAL(issued(a), 3);
	authority_close(&a);
}

static void what_an_authority_must_not_certify_is_refused(void)
{
	struct authority *a = make("refusing", "ZZAUTHREFU0001", ROLE_USER | ROLE_ISSUER);
	struct authority_request r = host("ZZHOSTAAAA0001", keys[0]);
	EVP_PKEY *own = NULL;
	struct buf b;

	issue(a, r, &b);
	buf_free(&b);
	r = host("ZZHOSTAAAA0002", keys[1]);
	r.roles = ROLE_UPDATER;
	CU_ASSERT_EQUAL(refused(a, r), RC_POLICY);
	CU_ASSERT_EQUAL(refused(a, host("ZZHOSTAAAA0002", small)), RC_POLICY);
	CU_ASSERT_EQUAL(refused(a, host("ZZHOSTAAAA0002", keys[0])), RC_POLICY);
	CU_ASSERT_EQUAL(refused(a, host("XYHOSTAAAA0001", keys[1])), RC_EXISTS);
	CU_ASSERT_EQUAL(refused(a, host("ZZHOSTAAAA0001", keys[1])), RC_EXISTS);
	CU_ASSERT_EQUAL(refused(a, host("ZZAUTHREFU0001", keys[1])), RC_EXISTS);
	CU_ASSERT_EQUAL(refused(a, host("ZZ/../AAAA0001", keys[1])), RC_ARGUMENT);
	r = host("ZZHOSTAAAA0001", keys[0]);
	r.suite = 0x02;
	CU_ASSERT_EQUAL(refused(a, r), RC_POLICY);
	r = host("ZZHOSTAAAA0001", keys[1]);
	r.kind = AUTHORITY_CARD;
	CU_ASSERT_EQUAL(refused(a, r), RC_ARGUMENT);
	r.roles = 0;
	CU_ASSERT_EQUAL(refused(a, r), RC_EXISTS);
	r = host(NULL, keys[1]);
	r.suite = 0;
	CU_ASSERT_EQUAL(refused(a, r), RC_ARGUMENT);
	r = host(NULL, keys[1]);
	r.effective = 261340;
	CU_ASSERT_EQUAL(refused(a, r), RC_ARGUMENT);
	r.effective = cvc_years_on(cvc_today(), 20);
	CU_ASSERT_EQUAL(refused(a, r), RC_EXPIRED);
	CU_ASSERT_EQUAL(cvc_key(authority_certificate(a), &own), RC_OK);
	CU_ASSERT_EQUAL(refused(a, host(NULL, own)), RC_POLICY);
	EVP_PKEY_free(own);
	CU_ASSERT_EQUAL(issued(a), 1);
	authority_close(&a);
}

static void one_host_has_a_key_for_each_suite_under_one_id(void)
{
	struct authority_request r = host("ZZHOSTBOTH0001", keys[0]);
	struct buf b;

	issue(authority, r, &b);
	buf_free(&b);
	r.key = keys[1];
	r.suite = 0x02;
	issue(authority, r, &b);
	buf_free(&b);
}

static void an_expired_authority_issues_nothing(void)
{
	struct authority_options o = ordinary;
	struct authority *a = NULL;

	o.holder = "ZZAUTHEXPI0001";
	o.effective = 200101;
	o.years = 3;
	CU_ASSERT_EQUAL_FATAL(authority_create("expired", &o), RC_OK);
	CU_ASSERT_EQUAL_FATAL(authority_open("expired", NULL, &a), RC_OK);
	CU_ASSERT_EQUAL(refused(a, host(NULL, keys[0])), RC_EXPIRED);
	CU_ASSERT_EQUAL(authority_link(a, authority, &(struct buf){.fixed = true}), RC_EXPIRED);
	authority_close(&a);
}

static void a_renewal_keeps_holder_id_and_key(void)
{
	struct authority_request r = host("ZZHOSTRENE0001", keys[2]);
	uint8_t id[CVC_ID], renewed_id[CVC_ID];
	uint32_t tomorrow = cvc_day_after(cvc_today());
	struct buf first, second;
	struct view in;
	struct cvc c, renewed;

	c = issue(authority, r, &first);
	buf_init(&second, CVC_MAX);
	CU_ASSERT_EQUAL(authority_renew(authority, &c, 0, 3, &second), RC_EXISTS);
	CU_ASSERT_EQUAL_FATAL(authority_renew(authority, &c, tomorrow, 3, &second), RC_OK);
	in = view_buf(&second);
	CU_ASSERT_EQUAL_FATAL(cvc_parse(&in, &renewed), RC_OK);
	CU_ASSERT(view_equal(renewed.chr, c.chr));
	CU_ASSERT(view_equal(renewed.public_key, c.public_key));
	CU_ASSERT_EQUAL(renewed.roles, c.roles);
	CU_ASSERT_EQUAL(renewed.suite, c.suite);
	CU_ASSERT_EQUAL(renewed.effective, tomorrow);
	CU_ASSERT_EQUAL(renewed.expiration, cvc_years_on(tomorrow, 3));
	CU_ASSERT_EQUAL(cvc_id(&c, id), RC_OK);
	CU_ASSERT_EQUAL(cvc_id(&renewed, renewed_id), RC_OK);
	CU_ASSERT(view_equal(view_of(id, CVC_ID), view_of(renewed_id, CVC_ID)));
	CU_ASSERT_EQUAL(authority_renew(authority, &c, tomorrow, 3, &second), RC_EXISTS);
	CU_ASSERT_EQUAL(authority_renew(authority, &renewed, tomorrow, 3, &second), RC_EXISTS);
	CU_ASSERT_EQUAL(authority_renew(authority, authority_certificate(authority), tomorrow, 3,
					&second),
			RC_POLICY);
	buf_free(&first);
	buf_free(&second);
}

/* The key as it lies in the file: it signs what the authority would not. */
static EVP_PKEY *read_key(const char *name)
{
	FILE *f = fopen(name, "r");
	EVP_PKEY *key = NULL;
	char text[PEM_MAX];
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	CU_ASSERT_EQUAL_FATAL(pem_private(view_of(text, n), NULL, &key), RC_OK);
	return key;
}

static void foreign_tampered_and_expired_certificates_are_not_renewed(void)
{
	struct authority *a = make("foreign", "ZZAUTHFORE0001", ROLE_ALL);
	uint32_t tomorrow = cvc_day_after(cvc_today());
	struct cvc_request old = {
		.car = "ZZAUTHFORE0001",
		.chr = "ZZHOSTOLD00001",
		.key = keys[0],
		.scheme = RSA_PSS_SHA256,
		.roles = ROLE_USER,
		.effective = 200101,
		.expiration = 210101,
		.suite = 0x42,
	};
	struct buf b, out;
	EVP_PKEY *key;
	struct view in;
	struct cvc c;

	buf_init(&out, CVC_MAX);
	c = issue(a, host("ZZHOSTFORE0001", keys[3]), &b);
	CU_ASSERT_EQUAL(authority_renew(authority, &c, tomorrow, 1, &out), RC_AUTH);
	b.data[b.len - 9] ^= 4;
	CU_ASSERT_EQUAL(authority_renew(a, &c, tomorrow, 1, &out), RC_AUTH);
	buf_free(&b);
	authority_close(&a);
	key = read_key("foreign/authority.key");
	buf_init(&b, CVC_MAX);
	CU_ASSERT_EQUAL_FATAL(cvc_issue(&old, key, RSA_PSS_SHA256, &b), RC_OK);
	EVP_PKEY_free(key);
	in = view_buf(&b);
	CU_ASSERT_EQUAL_FATAL(cvc_parse(&in, &c), RC_OK);
	CU_ASSERT_EQUAL_FATAL(authority_open("foreign", NULL, &a), RC_OK);
	CU_ASSERT_EQUAL(authority_renew(a, &c, 0, 1, &out), RC_EXPIRED);
	CU_ASSERT_EQUAL(out.len, 0);
	authority_close(&a);
	buf_free(&b);
	buf_free(&out);
}

static struct revocation revocations(struct authority *a)
{
	struct view in = authority_revocations(a);
	struct revocation list;

	CU_ASSERT_EQUAL_FATAL(revocation_parse(&in, &list), RC_OK);
	return list;
}

static void a_revoked_holder_needs_a_new_key_and_a_later_date(void)
{
	struct authority *a = make("revoking", "ZZAUTHREVO0001", ROLE_ALL);
	uint32_t earliest = 0, tomorrow = cvc_day_after(cvc_today());
	struct authority_request r = host("ZZHOSTREVO0001", keys[0]);
	struct buf b, again;
	struct cvc c = issue(a, r, &b), d;

	CU_ASSERT_EQUAL(authority_revoke(a, "ZZHOSTNONE0001", 0, &earliest), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(authority_revoke(a, "NONE", 0, &earliest), RC_ARGUMENT);
	CU_ASSERT_EQUAL(authority_revocations(a).len, 0);
	CU_ASSERT_EQUAL_FATAL(authority_revoke(a, "ZZHOSTREVO0001", 0, &earliest), RC_OK);
	CU_ASSERT_EQUAL(earliest, tomorrow);
	CU_ASSERT_EQUAL(revocations(a).sequence, 1);
	CU_ASSERT(revocation_covers(revocations(a).entries, &c));
	buf_init(&again, CVC_MAX);
	CU_ASSERT_EQUAL(authority_renew(a, &c, tomorrow, 1, &again), RC_POLICY);
	r.key = keys[1];
	r.effective = cvc_today();
	CU_ASSERT_EQUAL(refused(a, r), RC_POLICY);
	r.effective = 0;
	d = issue(a, r, &again);
	CU_ASSERT_EQUAL(d.effective, tomorrow);
	CU_ASSERT_FALSE(revocation_covers(revocations(a).entries, &d));
	/* Revoked again, and never to an earlier date. */
	CU_ASSERT_EQUAL(authority_revoke(a, "ZZHOSTREVO0001", 0, &earliest), RC_OK);
	CU_ASSERT_EQUAL(earliest, cvc_day_after(tomorrow));
	CU_ASSERT_EQUAL(authority_revoke(a, "ZZHOSTREVO0001", 200101, &earliest), RC_OK);
	CU_ASSERT_EQUAL(earliest, cvc_day_after(tomorrow));
	CU_ASSERT_EQUAL(authority_revoke(a, "ZZHOSTNONE0001", tomorrow, &earliest), RC_OK);
	CU_ASSERT_EQUAL(revocations(a).sequence, 4);
	authority_close(&a);
	CU_ASSERT_EQUAL_FATAL(authority_open("revoking", NULL, &a), RC_OK);
	CU_ASSERT_EQUAL(revocations(a).sequence, 4);
	authority_close(&a);
	CU_ASSERT_EQUAL(system("cp root/authority.cvc revoking/revoked.list"), 0);
	CU_ASSERT_EQUAL(authority_open("revoking", NULL, &a), RC_MALFORMED);
	buf_free(&again);
	buf_free(&b);
}

static void a_link_verifies_under_the_old_key_and_takes_revocations_over(void)
{
	struct authority *old = make("old", "ZZAUTHOLD00001", ROLE_ALL);
	struct authority *next = make("next", "ZZAUTHNEXT0001", ROLE_USER);
	struct buf b, none;
	EVP_PKEY *key = NULL;
	uint32_t earliest;
	struct view in;
	struct cvc c;

	CU_ASSERT_EQUAL(authority_revoke(old, "ZZHOSTLINK0001", 300101, &earliest), RC_OK);
	buf_init(&b, CVC_MAX);
	buf_init(&none, CVC_MAX);
	CU_ASSERT_EQUAL_FATAL(authority_link(old, next, &b), RC_OK);
	in = view_buf(&b);
	CU_ASSERT_EQUAL_FATAL(cvc_parse(&in, &c), RC_OK);
	CU_ASSERT_EQUAL(c.type, CVC_CVCA);
	CU_ASSERT(view_equal(c.car, view_str("ZZAUTHOLD00001")));
	CU_ASSERT(view_equal(c.chr, view_str("ZZAUTHNEXT0001")));
	CU_ASSERT(view_equal(c.public_key, authority_certificate(next)->public_key));
	CU_ASSERT_EQUAL_FATAL(cvc_key(authority_certificate(old), &key), RC_OK);
	CU_ASSERT_EQUAL(cvc_verify(&c, key, RSA_PSS_SHA256), RC_OK);
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL(revocation_earliest(revocations(next).entries, (const uint8_t *)"LINK0001"),
			300101);
	CU_ASSERT_EQUAL(access("next/link.cvc", F_OK), 0);
	CU_ASSERT_EQUAL(authority_link(next, old, &none), RC_POLICY);
	CU_ASSERT_EQUAL(authority_link(old, old, &none), RC_EXISTS);
	CU_ASSERT_EQUAL(none.len, 0);
	authority_close(&old);
	authority_close(&next);
	buf_free(&b);
}

static void write_file(const char *name, struct view bytes)
{
	FILE *f = fopen(name, "wb");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static void an_issuer_certified_by_an_authority_issues_below_it(void)
{
	struct authority_options o = {.bits = 2048, .issuer = true};
	struct authority_request r = {.kind = AUTHORITY_ISSUER,
				      .roles = ROLE_USER,
				      .years = 5,
				      .holder = "ZZISSUER000001"};
	struct authority *a = NULL;
	EVP_PKEY *certified = NULL;
	enum rsa_scheme scheme;
	uint8_t array[CVC_MAX];
	struct buf b, c;
	size_t n;
	FILE *f;

	CU_ASSERT_EQUAL_FATAL(authority_create("issuer", &o), RC_OK);
	CU_ASSERT_EQUAL(authority_open("issuer", NULL, &a), RC_NOT_FOUND);
	f = fopen("issuer/authority.pub", "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	n = fread(array, 1, sizeof(array), f);
	fclose(f);
	CU_ASSERT_EQUAL_FATAL(cvc_public_key(view_of(array, n), &scheme, &certified), RC_OK);
	r.key = certified;
	issue(authority, r, &b);
	write_file("issuer/authority.cvc", view_buf(&b));
	CU_ASSERT_EQUAL_FATAL(authority_open("issuer", NULL, &a), RC_OK);
	CU_ASSERT(view_equal(authority_chain(a), view_buf(&b)));
	issue(a, host("ZZHOSTBELO0001", keys[3]), &c);
	buf_free(&c);
	r = host("ZZHOSTBELO0002", keys[2]);
	r.roles = ROLE_AUDITOR;
	CU_ASSERT_EQUAL(refused(a, r), RC_POLICY);
	CU_ASSERT_EQUAL(authority_revoke(a, "ZZHOSTBELO0001", 0, &(uint32_t){0}), RC_POLICY);
	CU_ASSERT_EQUAL(authority_link(authority, a, &(struct buf){.fixed = true}), RC_POLICY);
	authority_close(&a);
	buf_free(&b);
	EVP_PKEY_free(certified);
}

static void a_certificate_of_another_key_does_not_open(void)
{
	struct authority *a = make("swapped", NULL, ROLE_ALL);

	authority_close(&a);
	CU_ASSERT_EQUAL(system("cp root/authority.cvc swapped/authority.cvc"), 0);
	CU_ASSERT_EQUAL(authority_open("swapped", NULL, &a), RC_AUTH);
	write_file("swapped/authority.cvc", view_str("no certificate"));
	CU_ASSERT_EQUAL(authority_open("swapped", NULL, &a), RC_MALFORMED);
	write_file("swapped/authority.key", view_str("no key"));
	CU_ASSERT_EQUAL(authority_open("swapped", NULL, &a), RC_MALFORMED);
	CU_ASSERT_PTR_NULL(a);
}

static void a_damaged_record_of_what_was_issued_stops_issuing(void)
{
	struct authority *a = make("damaged", NULL, ROLE_ALL);
	struct buf b;

	issue(a, host("ZZHOSTDAMA0001", keys[0]), &b);
	buf_free(&b);
	CU_ASSERT_EQUAL(system("for f in damaged/issued/*; do cp root/authority.cvc $f; done"), 0);
	CU_ASSERT_EQUAL(refused(a, host(NULL, keys[1])), RC_DAMAGED);
	authority_close(&a);
}

static void an_authority_of_cvc_create_issues_here_and_cvc_print_verifies(void)
{
	struct authority *a = NULL;
	struct buf pem, b;

	CU_ASSERT_EQUAL(mkdir("openpace", 0700), 0);
	buf_init(&pem, PEM_MAX);
	CU_ASSERT_EQUAL_FATAL(pem_put_private(keys[0], view_of(NULL, 0), &pem), RC_OK);
	write_file("openpace/authority.key", view_buf(&pem));
	CU_ASSERT_EQUAL(chmod("openpace/authority.key", 0600), 0);
	buf_free(&pem);
	buf_init(&pem, PEM_MAX);
	CU_ASSERT_EQUAL_FATAL(pkey_put_private(keys[0], &pem), RC_OK);
	write_file("key.pkcs8", view_buf(&pem));
	buf_free(&pem);
	CU_ASSERT_EQUAL_FATAL(
		system("cvc-create --role=cvca --type=at --chr=DEOPENPACE001 --issued=260101 "
		       "--expires=361231 --sign-with=key.pkcs8 --scheme=RSA_PSS_SHA_256 "
		       "--out-cert=openpace/authority.cvc --at-rfu29 --at-rfu30 > create.txt 2>&1"),
		0);
	CU_ASSERT_EQUAL_FATAL(authority_open("openpace", NULL, &a), RC_OK);
	issue(a, host("DEHOSTPACE0001", keys[1]), &b);
	write_file("host.cvcert", view_buf(&b));
	CU_ASSERT_EQUAL(system("mkdir anchors && cp openpace/authority.cvc anchors/DEOPENPACE001"),
			0);
	CU_ASSERT_EQUAL(system("cvc-print --cvc-dir=anchors -c host.cvcert > print.txt 2>&1 && "
			       "grep -q 'certificate verified' print.txt && "
			       "grep -q 'CHR: DEHOSTPACE0001' print.txt"),
			0);
	buf_free(&b);
	authority_close(&a);
}

int main(void)
{
	static CU_TestInfo directories[] = {
		{"an authority signs itself and is made once",
		 an_authority_signs_itself_and_is_made_once},
		{"options out of range are refused", options_out_of_range_are_refused},
		{"the private key is its owner's alone", the_private_key_is_its_owners_alone},
		{"a passphrase opens the key and nothing else does",
		 a_passphrase_opens_the_key_and_nothing_else_does},
		{"a certificate of another key does not open",
		 a_certificate_of_another_key_does_not_open},
		{"a damaged record of what was issued stops issuing",
		 a_damaged_record_of_what_was_issued_stops_issuing},
		CU_TEST_INFO_NULL,
	};
	static CU_TestInfo certificates[] = {
		{"hosts, cards and issuers get what they ask for",
		 hosts_cards_and_issuers_get_what_they_ask_for},
		{"what an authority must not certify is refused",
		 what_an_authority_must_not_certify_is_refused},
		{"one host has a key for each suite under one id",
		 one_host_has_a_key_for_each_suite_under_one_id},
		{"an expired authority issues nothing", an_expired_authority_issues_nothing},
		{"a renewal keeps holder, id and key", a_renewal_keeps_holder_id_and_key},
		{"foreign, tampered and expired certificates are not renewed",
		 foreign_tampered_and_expired_certificates_are_not_renewed},
		{"a revoked holder needs a new key and a later date",
		 a_revoked_holder_needs_a_new_key_and_a_later_date},
		{"a link verifies under the old key and takes revocations over",
		 a_link_verifies_under_the_old_key_and_takes_revocations_over},
		{"an issuer certified by an authority issues below it",
		 an_issuer_certified_by_an_authority_issues_below_it},
		{"an authority of cvc-create issues here and cvc-print verifies",
		 an_authority_of_cvc_create_issues_here_and_cvc_print_verifies},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "directories", .pInitFunc = start, .pTests = directories},
		{.pName = "certificates", .pCleanupFunc = finish, .pTests = certificates},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base authority", suites);
}
