/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A workload on the card manager: sessions from a key set, a security domain, a load in blocks, an
 * installation, life cycles, keys put, replaced and deleted, data stored, everything deleted again;
 * then what a domain does with tokens and gets receipts for, a load and installation in one among it.
 * The script is run on a real directory first, so that what each step leaves behind is known before
 * the step is cut: a cut leaves that or what was before, entry for entry and key for key.
 */
#include "tests/powercut.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "card/applet.h"
#include "card/domain.h"
#include "card/instance.h"
#include "card/keyed.h"
#include "card/keyring.h"
#include "card/manager.h"
#include "tests/base/hex.h"
#include "tests/card/directory.h"

#define PACKAGE  "F00102030405"
#define MODULE   "F0010203040501"
#define INSTANCE "F0010203040502"
#define OWNER    "F00102030406"
#define ISSUER   "A000000151000000"
#define BLOCK                                                                              \
	"C447 010010DECAFFED010204000106" PACKAGE "02000100 04000B010001 07A0000000620001" \
	"03000B0107" MODULE "0000 06000100 07000100 08000100 05000100 09000100"

/* Of the CAP file in BLOCK. */
#define HASH "20 2B4B4716DAA1752D1C701AD0DD2E843CD256A674ED07FA7E74F1456D8651360C"
/* RFC 6979 A.2.5. */
#define POINT                                                              \
	"60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6" \
	"7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"

enum { VERSION = 0x20, ROOM = 512, SUMMARY = 1 << 14, STEPS_MAX = 48 };

enum kind { CREATE, OPEN, COMMAND, PUT, PUT_ONE, SELECTION, TOKEN };

static const struct step {
	const char *name;
	enum kind kind;
	uint32_t header;
	const char *data;
} script[] = {
	{"creation", CREATE, 0, ""},
	{"EXTERNAL AUTHENTICATE", OPEN, 0, ""},
	{"INSTALL", COMMAND, 0x80E60C00,
	 "07A0000001515350 08A000000151535041 06" OWNER "0180 02C900 00"},
	{"INSTALL [for load]", COMMAND, 0x80E60200, "06" PACKAGE "00000000"},
	{"LOAD", COMMAND, 0x80E80000, NULL},
	{"LOAD", COMMAND, 0x80E88001, NULL},
	{"INSTALL", COMMAND, 0x80E60400, "06" PACKAGE "07" MODULE "07" INSTANCE "0100 02C900 00"},
	{"INSTALL", COMMAND, 0x80E60800, "0000 07" INSTANCE "0104 00 00"},
	{"INSTALL", COMMAND, 0x80E61000, "06" OWNER "00 07" INSTANCE "000000"},
	{"SET STATUS", COMMAND, 0x80F04080, INSTANCE},
	{"SET STATUS", COMMAND, 0x80F08007, ""},
	{"PUT KEY", PUT, 0x80D80081, "21"},
	{"EXTERNAL AUTHENTICATE", OPEN, 0, ""},
	{"PUT KEY", PUT, 0x80D82181, "21"},
	{"PUT KEY", PUT, 0x80D82181, "22"},
	{"STORE DATA", COMMAND, 0x80E29000, "4203AABBCC 450101"},
	{"STORE DATA", COMMAND, 0x80E29000, "4502AABB"},
	{"DELETE", COMMAND, 0x80E40000, "D20122"},
	{"DELETE", COMMAND, 0x80E40080, "4F06" PACKAGE},
	{"DELETE", COMMAND, 0x80E40000, "4F06" OWNER},
	{"PUT KEY", COMMAND, 0x80D80001, "73 B041 04" POINT "F00100 00"},
	{"PUT KEY", PUT_ONE, 0x80D80001, "70"},
	{"PUT KEY", PUT_ONE, 0x80D80001, "71"},
	{"DELETE", COMMAND, 0x80E40000, "D00101 D20173"},
	{"DELETE", COMMAND, 0x80E40000, "D00102 D20120"},
	{"STORE DATA", COMMAND, 0x80E29000, "4F09 A00000015153504103 FE04 81020255"},
	{"INSTALL", COMMAND, 0x80E60C00,
	 "07A0000001515350 08A000000151535041 06" OWNER "01A0 08 C900 EF04 C8020200 00"},
	{"SELECT", SELECTION, 0, OWNER},
	{"INSTALL [for load]", COMMAND, 0x80E60E01, "06" PACKAGE "00" HASH "0000"},
	{"LOAD", COMMAND, 0x80E80000, NULL},
	{"LOAD", COMMAND, 0x80E88001, NULL},
	{"INSTALL", TOKEN, 0x80E60E03, "00 07" MODULE "07" INSTANCE "0100 02C900"},
	{"DELETE", TOKEN, 0x80E40080, "4F06" PACKAGE},
};

enum { STEPS = sizeof(script) / sizeof(script[0]) };

static const uint8_t token_key[SCP02_KEY] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct world {
	struct nvm *nvm;
	struct card card; /* whose channels have nothing selected */
	struct channel channel;
	struct buf answer;
	uint32_t counter; /* of the session */
	struct keyset keys;
};

static struct world world;
/* After so many steps; known for all of them before the first cut. */
static uint8_t expected[STEPS_MAX][SHA256_SIZE];
static bool is_known;

static void must(bool good)
{
	if (!good)
		abort();
}

/* The keys of one version, which are enciphered with another nonce each time. */
static enum rc summarise_ring(struct nvm *nvm, uint32_t id, struct buf *all)
{
	uint32_t domain = (id & 0xFFFFFF) >> 8;
	struct ring_key key = {.version = id & 0xFF};
	int at = -1;
	enum rc rc;

	while ((rc = keyring_next(nvm, domain, (int)(id & 0xFF), at, &key)) == RC_OK &&
	       key.version == (id & 0xFF)) {
		buf_u8(all, key.id);
		buf_put(all, key.value, key.len);
		at = key.id;
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Registry, code, data and counters byte for byte, key sets by their keys. */
static enum rc summarise(struct nvm *nvm, uint8_t ret[SHA256_SIZE])
{
	struct view bytes;
	uint32_t id = RECORD_REGISTRY - 1;
	struct buf all;
	enum rc rc;

	buf_init(&all, SUMMARY);
	while (nvm_next(nvm, id, &id, &bytes) == RC_OK) {
		struct keyset set;

		buf_u32(&all, id);
		if ((id & RECORD_KIND_MASK) == RECORD_KEYRING) {
			rc = summarise_ring(nvm, id, &all);
			if (rc == RC_OK)
				continue;
			buf_free(&all);
			return rc;
		}
		if ((id & RECORD_KIND_MASK) != RECORD_KEYSET) {
			buf_view(&all, bytes);
			continue;
		}
		rc = keyset_load(nvm, (id & 0xFFFFFF) >> 8, id & 0xFF, &set);
		if (rc != RC_OK) {
			buf_free(&all);
			return rc;
		}
		for (int k = 0; k < KEYSET_KEYS; k++)
			buf_put(&all, set.key[k], set.len);
		buf_u8(&all, set.missing);
	}
	rc = buf_rc(&all);
	if (rc == RC_OK)
		rc = crypto_sha256(view_buf(&all), ret);
	buf_free(&all);
	return rc;
}

static const struct command_row *find_row(uint8_t cla, uint8_t ins)
{
	const struct command_row *row = domain_commands;

	while (row->handler && (row->cla != cla || row->ins != ins))
		row++;
	must(row->handler);
	return row;
}

/* As the dispatcher calls it. */
static uint16_t call(uint32_t header, struct view data)
{
	static const uint8_t card_id[CVC_ID] = {1};
	struct command c = {.card = &world.card,
			    .nvm = world.nvm,
			    .channel = &world.channel,
			    .card_id = card_id,
			    .cla = (uint8_t)(header >> 24),
			    .ins = (uint8_t)(header >> 16),
			    .p1 = (uint8_t)(header >> 8),
			    .p2 = (uint8_t)header,
			    .data = data,
			    .answer = &world.answer};
	const struct command_row *row = find_row(c.cla, c.ins);
	uint16_t sw;

	buf_reset(&world.answer);
	if (!row->alone)
		return row->handler(&c);
	if (nvm_hold(world.nvm) != RC_OK)
		return SW_MEMORY_FAILURE;
	sw = row->handler(&c);
	nvm_release(world.nvm);
	return sw;
}

static void session_key(enum keyset_use use, enum scp02_constant constant, uint8_t *ret)
{
	must(scp02_session_key(world.keys.key[use], constant, (uint16_t)world.counter, ret) ==
	     RC_OK);
}

/* The host's part of SCP02, level 01. */
static bool open_session(void)
{
	static const uint8_t host[] = {1, 2, 3, 4, 5, 6, 7, 8}, header[] = {0x84, 0x82, 1, 0, 16};
	struct scp02_chain chain = {.begun = false};
	uint8_t enc[SCP02_KEY], data[16];
	struct view in, card;

	if (call(0x80500000 | VERSION << 8, view_of(host, sizeof(host))) != SW_OK)
		return false;
	in = view_of(world.answer.data + 12, 8);
	card = in;
	world.counter = (uint32_t)in.data[0] << 8 | in.data[1];
	session_key(KEYSET_ENC, SCP02_S_ENC, enc);
	session_key(KEYSET_MAC, SCP02_S_MAC, chain.key);
	must(scp02_cryptogram(enc, card, view_of(host, sizeof(host)), data) == RC_OK);
	must(scp02_c_mac(&chain, header, view_of(data, 8), data + 8) == RC_OK);
	return call(0x80820100, view_of(data, sizeof(data))) == SW_OK;
}

/* A set whose keys are its version and the header's P1 over and over. */
static uint16_t put_key(const struct step *step)
{
	static const uint8_t zero[8];
	uint8_t version = hex(step->data).data[0], dek[SCP02_KEY], key[SCP02_KEY];
	uint8_t sealed[SCP02_KEY], check[KEY_CHECK];
	struct cipher *cipher = NULL;
	struct buf data;
	uint16_t sw;

	buf_init(&data, ROOM);
	session_key(KEYSET_DEK, SCP02_S_DEK, dek);
	must(cipher_new(CIPHER_3DES_2KEY, dek, &cipher) == RC_OK);
	buf_u8(&data, version);
	for (uint8_t k = 0; k < KEYSET_KEYS; k++) {
		for (uint8_t i = 0; i < sizeof(key); i++)
			key[i] = (uint8_t)(version ^ (step->header >> 8) ^ (k << 6) ^ (i << 1));
		for (size_t at = 0; at < sizeof(key); at += 8)
			must(cipher_cbc_encrypt(cipher, zero, key + at, 8, sealed + at) == RC_OK);
		must(keyset_check(KEY_TYPE_DES, view_of(key, sizeof(key)), check) == RC_OK);
		buf_view(&data, hex("8010"));
		buf_put(&data, sealed, sizeof(sealed));
		buf_u8(&data, KEY_CHECK);
		buf_put(&data, check, sizeof(check));
	}
	sw = call(step->header, view_buf(&data));
	cipher_free(&cipher);
	buf_free(&data);
	return sw;
}

/* One key for tokens or receipts. */
static uint16_t put_one(const struct step *step)
{
	static const uint8_t zero[8];
	uint8_t dek[SCP02_KEY], sealed[SCP02_KEY], check[KEY_CHECK];
	struct cipher *cipher = NULL;
	struct buf data;
	uint16_t sw;

	buf_init(&data, ROOM);
	session_key(KEYSET_DEK, SCP02_S_DEK, dek);
	must(cipher_new(CIPHER_3DES_2KEY, dek, &cipher) == RC_OK);
	for (size_t at = 0; at < SCP02_KEY; at += 8)
		must(cipher_cbc_encrypt(cipher, zero, token_key + at, 8, sealed + at) == RC_OK);
	must(keyset_check(KEY_TYPE_DES, view_of(token_key, SCP02_KEY), check) == RC_OK);
	buf_view(&data, hex(step->data));
	buf_view(&data, hex("8010"));
	buf_put(&data, sealed, sizeof(sealed));
	buf_u8(&data, KEY_CHECK);
	buf_put(&data, check, sizeof(check));
	sw = call(step->header, view_buf(&data));
	cipher_free(&cipher);
	buf_free(&data);
	return sw;
}

/* P1, P2, length and data, as a token is over them. */
static void put_signed(uint32_t header, struct view data, struct buf *out)
{
	buf_u16(out, (uint16_t)header);
	buf_u8(out, (uint8_t)data.len);
	buf_view(out, data);
}

/* A command with its token; of the combined process it is over both ends. */
static bool send_token(const struct step *step)
{
	static const uint8_t icv[8];
	bool combined = step->header == 0x80E60E03;
	struct buf data, in;
	uint8_t token[8];
	uint16_t sw;

	buf_init(&data, ROOM);
	buf_init(&in, ROOM);
	if (combined)
		put_signed(0x0E01, hex("06" PACKAGE "00" HASH "00"), &in);
	put_signed(step->header, hex(step->data), &in);
	pad_put(&in, 0, 8);
	must(retail_mac(token_key, icv, view_buf(&in), token) == RC_OK);
	buf_view(&data, hex(step->data));
	buf_view(&data, combined ? hex("08") : hex("9E08"));
	buf_put(&data, token, sizeof(token));
	sw = call(step->header, view_buf(&data));
	buf_free(&data);
	buf_free(&in);
	/* With a receipt. */
	return sw == SW_OK && world.answer.len > 1;
}

static bool select_domain(const char *aid)
{
	struct registry_entry e;

	if (registry_find(world.nvm, hex(aid), &e) != RC_OK)
		return false;
	applet_select(&world.channel, &e);
	world.channel.roles = ROLE_ISSUER;
	return true;
}

static bool create(const char *dir, const struct nvm_io *io)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN, .io = io};
	struct registry_entry isd;

	if (nvm_create(dir, &options) != RC_OK || nvm_open(dir, &options, &world.nvm) != RC_OK ||
	    nvm_begin(world.nvm) != RC_OK ||
	    command_commit(world.nvm, keyset_put(world.nvm, &world.keys)) != RC_OK ||
	    registry_get(world.nvm, REGISTRY_ISD, &isd) != RC_OK)
		return false;
	world.card.nvm = world.nvm;
	applet_select(&world.channel, &isd);
	world.channel.roles = ROLE_ISSUER;
	return true;
}

static bool run_step(const struct step *step, const char *dir, const struct nvm_io *io)
{
	struct view data = hex(step->data ? step->data : BLOCK);

	switch (step->kind) {
	case CREATE:
		return create(dir, io);
	case OPEN:
		return open_session();
	case PUT:
		return put_key(step) == SW_OK;
	case PUT_ONE:
		return put_one(step) == SW_OK;
	case SELECTION:
		return select_domain(step->data);
	case TOKEN:
		return send_token(step);
	case COMMAND:
		break;
	}
	/* The load file comes in two blocks. */
	if (!step->data)
		data = step->header & 1 ? view_of(data.data + 40, data.len - 40)
					: view_of(data.data, 40);
	return call(step->header, data) == SW_OK;
}

static void start(void)
{
	memset(&world, 0, sizeof(world));
	world.channel.open = true;
	world.keys = (struct keyset){.domain = REGISTRY_ISD,
				     .version = VERSION,
				     .type = KEY_TYPE_DES,
				     .i = 0x15,
				     .len = SCP02_KEY};
	for (int k = 0; k < KEYSET_KEYS; k++)
		memset(world.keys.key[k], 0x11 * (k + 1), SCP02_KEY);
	buf_init(&world.answer, ROOM);
}

static void stop(void)
{
	keyed_free(&world.channel.keyed);
	manager_free(&world.channel.manager);
	nvm_close(&world.nvm);
	buf_free(&world.answer);
}

/* NULL cut: the run that says what each step leaves behind. */
static const char *run_script(struct powercut *cut, const char *dir, const struct nvm_io *io)
{
	const char *wrong = NULL;

	start();
	for (size_t i = 0; !wrong && i < STEPS; i++) {
		if (cut)
			powercut_start(cut);
		if (!run_step(&script[i], dir, io))
			wrong = script[i].name;
		if (cut)
			powercut_acknowledge(cut);
		else if (!wrong && summarise(world.nvm, expected[i + 1]) != RC_OK)
			wrong = "the card cannot be read";
	}
	stop();
	return wrong;
}

static const char *run(struct powercut *cut, const struct nvm_io *io)
{
	const char *wrong = NULL;

	if (!is_known) {
		const char *dir = directory_new();

		wrong = run_script(NULL, dir, NULL);
		directory_free(&dir);
		is_known = true;
	}
	return wrong ? wrong : run_script(cut, "disk", io);
}

static bool is_after(const uint8_t *now, unsigned int step)
{
	return view_equal(view_of(now, SHA256_SIZE), view_of(expected[step], SHA256_SIZE));
}

static const char *check(const struct nvm_io *io, unsigned int acknowledged, unsigned int started)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN, .io = io};
	uint8_t now[SHA256_SIZE];
	struct nvm *nvm = NULL;
	enum rc rc = nvm_open("disk", &options, &nvm);

	/* The creation, with its first key set, was cut: nothing of it was promised. */
	if (acknowledged == 0) {
		nvm_close(&nvm);
		return rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_DAMAGED ? NULL : rc_name(rc);
	}
	if (rc == RC_OK)
		rc = summarise(nvm, now);
	nvm_close(&nvm);
	if (rc != RC_OK)
		return rc_name(rc);
	return is_after(now, acknowledged) || is_after(now, started)
		       ? NULL
		       : "the registry, keys or data are those of no step";
}

static const char *operation(unsigned int step)
{
	return step ? script[step - 1].name : NULL;
}

const struct powercut_workload powercut_manager = {
	.name = "powercut_manager", .run = run, .check = check, .operation = operation};
