/* SPDX-License-Identifier: BSD-2-Clause */
/* The world that a card of the tests lives in: authority, issuer, hosts, and the card's directory. */
#include "tests/card/peer.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tlv.h"
#include "tests/suite.h"

enum { BIG = 70000 };

static struct peer_world world;
static struct peer original; /* the card that peer_new copies */

void peer_good(enum rc rc)
{
	CU_ASSERT_EQUAL_FATAL(rc, RC_OK);
}

size_t peer_index(uint8_t suite)
{
	return suite == 0x42 ? 1 : suite == 0x02 ? 0 : 2;
}

void peer_certify(const struct peer_party *signer, const char *car,
		  const struct cvc_request *request, struct buf *out)
{
	struct cvc_request r = *request;

	r.car = car;
	buf_init(out, CVC_MAX);
	peer_good(cvc_issue(&r, signer->key, signer->scheme, out));
}

static void make_party(struct peer_party *party, unsigned int bits, const struct peer_party *signer,
		       const char *car, struct cvc_request request)
{
	peer_good(rsa_generate(bits, &party->key));
	party->scheme = request.scheme;
	request.key = party->key;
	peer_certify(signer ? signer : party, car, &request, &party->certificate);
}

struct peer_world *peer_world(void)
{
	struct cvc_request request = {.scheme = RSA_PSS_SHA256,
				      .type = CVC_CVCA,
				      .roles = ROLE_ALL,
				      .effective = PEER_TODAY,
				      .expiration = PEER_LATER};

	if (world.authority.key)
		return &world;
	request.chr = "DEAUTHOR00001";
	make_party(&world.authority, 2048, NULL, "DEAUTHOR00001", request);
	request.type = CVC_DV;
	request.chr = "DEISSUER00001";
	request.roles = ROLE_ALL & ~ROLE_UPDATER;
	make_party(&world.issuer, 2048, &world.authority, "DEAUTHOR00001", request);
	request.type = CVC_TERMINAL;
	request.chr = "DEHOST0042001";
	request.roles = ROLE_USER | ROLE_UPDATER;
	request.suite = 0x42;
	make_party(&world.host[1], 2048, &world.issuer, "DEISSUER00001", request);
	request.chr = "DEHOST0002001";
	request.suite = 0x02;
	request.scheme = RSA_PKCS1_SHA1;
	make_party(&world.host[0], 1024, &world.issuer, "DEISSUER00001", request);
	request.chr = "DEHOST0001001";
	request.suite = 0x01;
	make_party(&world.host[2], 1024, &world.issuer, "DEISSUER00001", request);
	return &world;
}

static void party_free(struct peer_party *party)
{
	EVP_PKEY_free(party->key);
	buf_free(&party->certificate);
}

void peer_world_free(void)
{
	party_free(&world.authority);
	party_free(&world.issuer);
	for (size_t i = 0; i < PEER_SUITES; i++)
		party_free(&world.host[i]);
	memset(&world, 0, sizeof(world));
	if (original.card)
		peer_free(&original);
}

static void make_dir(struct peer *p)
{
	snprintf(p->dir, sizeof(p->dir), "/tmp/intaglio-card-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->dir));
}

static void init(struct peer *p)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->block, 1000);
	buf_init(&p->signature, 1000);
	buf_init(&p->wire, BIG);
	for (size_t i = 0; i < PEER_SUITES; i++)
		buf_init(&p->card_key[i], 2000);
	make_dir(p);
}

void peer_fresh(struct peer *p)
{
	struct card_options options = {.create = true, .segment_size = 1 << 18};

	init(p);
	peer_good(card_open(p->dir, &options, &p->card));
}

void peer_reopen(struct peer *p, const struct nvm_io *io)
{
	struct card_options options = {.io = io};

	card_close(&p->card);
	peer_good(card_open(p->dir, &options, &p->card));
}

/* Runs on every file of a directory. */
static void each_file(const char *dir, void (*run)(const char *path, const char *name, void *arg),
		      void *arg)
{
	char path[400];
	struct dirent *entry;
	DIR *listing = opendir(dir);

	while (listing && (entry = readdir(listing))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_name[0] != '.')
			run(path, entry->d_name, arg);
	}
	if (listing)
		closedir(listing);
}

static void copy_file(const char *path, const char *name, void *arg)
{
	char target[400], block[1 << 16];
	FILE *from = fopen(path, "rb"), *to;
	size_t n;

	snprintf(target, sizeof(target), "%s/%s", (const char *)arg, name);
	to = fopen(target, "wb");
	CU_ASSERT_FATAL(from && to);
	while ((n = fread(block, 1, sizeof(block), from)) > 0)
		CU_ASSERT_EQUAL_FATAL(fwrite(block, 1, n, to), n);
	fclose(from);
	CU_ASSERT_EQUAL_FATAL(fclose(to), 0);
	CU_ASSERT_EQUAL_FATAL(chmod(target, 0600), 0);
}

static void remove_file(const char *path, const char *name, void *arg)
{
	(void)name;
	(void)arg;
	unlink(path);
}

void peer_free(struct peer *p)
{
	card_close(&p->card);
	each_file(p->dir, remove_file, NULL);
	rmdir(p->dir);
	buf_free(&p->block);
	buf_free(&p->signature);
	buf_free(&p->wire);
	for (size_t i = 0; i < PEER_SUITES; i++)
		buf_free(&p->card_key[i]);
}

void peer_generate(struct peer *p)
{
	const uint8_t modern[] = {0x80, 1, 0x42, 0x81, 2, 0x08, 0x00};
	const uint8_t transport[] = {0x80, 1, 0x02, 0x81, 2, 0x04, 0x00};
	const uint8_t agreement[] = {0x80, 1, 0x01, 0x81, 2, 0x04, 0x00};

	CU_ASSERT_EQUAL_FATAL(peer_send(p, 0, 0x46, 1, 1, view_of(modern, sizeof(modern)), 65536,
					&p->card_key[1]),
			      0x9000);
	CU_ASSERT_EQUAL_FATAL(peer_send(p, 0, 0x46, 2, 1, view_of(transport, sizeof(transport)),
					65536, &p->card_key[0]),
			      0x9000);
	CU_ASSERT_EQUAL_FATAL(peer_send(p, 0, 0x46, 3, 1, view_of(agreement, sizeof(agreement)),
					65536, &p->card_key[2]),
			      0x9000);
}

static void put_card_certificate(struct peer *p, struct buf *out, uint8_t version, uint8_t suite)
{
	const uint8_t reference[] = {version, 1};
	struct cvc_request request = {.chr = p->name ? p->name : "DECARD00000001",
				      .type = CVC_TERMINAL,
				      .effective = PEER_TODAY,
				      .expiration = PEER_LATER,
				      .suite = suite};
	struct buf certificate;
	size_t mark;

	peer_good(cvc_public_key(view_buf(&p->card_key[peer_index(suite)]), &request.scheme,
				 &request.key));
	peer_certify(&peer_world()->authority, "DEAUTHOR00001", &request, &certificate);
	mark = tlv_open(out, 0xA0);
	tlv_put(out, 0x83, view_of(reference, 2));
	buf_view(out, view_buf(&certificate));
	tlv_close(out, mark);
	buf_free(&certificate);
	EVP_PKEY_free(request.key);
}

static void put_stored_host(struct buf *out, uint8_t version, uint8_t suite)
{
	const uint8_t reference[] = {version, 1};
	size_t mark = tlv_open(out, 0xA1);

	tlv_put(out, 0x83, view_of(reference, 2));
	buf_view(out, view_buf(&peer_world()->issuer.certificate));
	buf_view(out, view_buf(&peer_world()->host[peer_index(suite)].certificate));
	tlv_close(out, mark);
}

void peer_store_data(struct peer *p, struct buf *out)
{
	const uint8_t suites[] = {0x42, 0x02, 0x01};

	buf_init(out, BIG);
	buf_view(out, view_buf(&peer_world()->authority.certificate));
	put_card_certificate(p, out, 1, 0x42);
	put_card_certificate(p, out, 2, 0x02);
	put_card_certificate(p, out, 3, 0x01);
	tlv_put(out, 0xC8, view_of(suites, sizeof(suites)));
	tlv_put_u8(out, 0xC9, 0);
	if (p->by_use)
		tlv_put_u8(out, 0xCA, 1);
	if (p->values_only)
		tlv_put_u8(out, 0xCB, 1);
	put_stored_host(out, 3, 0x02);
	put_stored_host(out, 4, 0x01);
	peer_good(buf_rc(out));
}

void peer_personalise(struct peer *p)
{
	struct buf data;

	peer_generate(p);
	peer_store_data(p, &data);
	CU_ASSERT_EQUAL_FATAL(peer_send(p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL), 0x9000);
	buf_free(&data);
}

void peer_new_keys(struct peer *p)
{
	peer_fresh(p);
	peer_personalise(p);
}

void peer_copy(struct peer *p, const struct peer *from)
{
	init(p);
	each_file(from->dir, copy_file, p->dir);
	for (size_t i = 0; i < PEER_SUITES; i++)
		buf_view(&p->card_key[i], view_buf(&from->card_key[i]));
	peer_good(card_open(p->dir, NULL, &p->card));
}

void peer_new(struct peer *p)
{
	if (!original.card)
		peer_new_keys(&original);
	peer_copy(p, &original);
}
