/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is served what: every command of the card for every set of roles, without a PIN, with the
 * user's and with the SO's, and without a session. The table is written by hand from
 * doc/commands.md and is held against it line by line; the card's own rows are only counted, so
 * that a command which is not here fails the test. What is granted is done, not only let in.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/ledger.h"
#include "base/revocation.h"
#include "base/tlv.h"
#include "card/commands.h"
#include "card/instance.h"
#include "tests/card/steps.h"

#define SO_PIN   "so-pin-0001"
#define USER_PIN "1234"

enum { U = ROLE_USER, I = ROLE_ISSUER, A = ROLE_AUDITOR, ANYBODY = 0x0F, NO_COMMAND = 0x00010000 };

static const struct view nothing;
static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};

/* What a command carries; numbers are those of the prepared card. */
enum fill {
	EMPTY,
	AID,
	USER,
	SO,
	USER_TWICE,
	SO_TWICE,
	SO_AND_USER,
	SO_AND_LABEL,
	PAIR,
	KEY,
	PUBLIC_OBJECT,
	PRIVATE_OBJECT,
	ALL_OBJECTS,
	CHANGE_PUBLIC,
	CHANGE_PRIVATE,
	NUMBER_PUBLIC,
	NUMBER_PRIVATE,
	CIPHER_PUBLIC,
	CIPHER_PRIVATE,
	WRAP_PRIVATE,
	UNWRAP,
	LABEL,
	RECORD,
	RECORD_FIRST,
	RECORD_REST,
	LEDGER,
	LEDGER_INDEX,
	LEDGER_LEAF,
	REVOCATIONS,
	ENVIRONMENT_42,
	ISSUER_CERTIFICATE,
	SUITE_AND_BITS,
	ZEROS,
};

struct row {
	const char *doc, *who; /* command and column of doc/commands.md, NULL: not in its tables */
	uint32_t header;
	enum fill fill;
	unsigned int roles; /* one of them is enough; everybody else gets 6982 */
	uint16_t sw[3]; /* with such a role: without a PIN, user verified, SO verified */
	uint32_t le; /* 0: as much as there is */
};

/* Commands in a session. What ends or destroys something comes last. */
static const struct row matrix[] = {
	{NULL, NULL, 0x00A40400, AID, ANYBODY, {0x9000, 0x9000, 0x9000}},
	{NULL, NULL, 0x00CA7F21, EMPTY, ANYBODY, {0x9000, 0x9000, 0x9000}},
	{NULL, NULL, 0x00CB7F21, EMPTY, ANYBODY, {0x9000, 0x9000, 0x9000}},
	{NULL, NULL, 0x80CA7F21, EMPTY, ANYBODY, {0x9000, 0x9000, 0x9000}},
	{NULL, NULL, 0x80CB7F21, EMPTY, ANYBODY, {0x9000, 0x9000, 0x9000}},
	{NULL, NULL, 0x00700000, EMPTY, ANYBODY, {0x9000, 0x9000, 0x9000}, 1},
	/* Those of the set-up, and of a fresh card, have no place in a session. */
	{NULL, NULL, 0x002A00BE, ISSUER_CERTIFICATE, ANYBODY, {0x6985, 0x6985, 0x6985}},
	{NULL, NULL, 0x002A8084, ZEROS, ANYBODY, {0x6985, 0x6985, 0x6985}},
	{NULL, NULL, 0x00840000, EMPTY, ANYBODY, {0x6985, 0x6985, 0x6985}},
	{NULL, NULL, 0x00820000, ZEROS, ANYBODY, {0x6985, 0x6985, 0x6985}},
	{NULL, NULL, 0x00880000, ZEROS, ANYBODY, {0x6985, 0x6985, 0x6985}},
	{NULL, NULL, 0x00460201, SUITE_AND_BITS, ANYBODY, {0x6985, 0x6985, 0x6985}},
	/* No command at all. */
	{NULL, NULL, NO_COMMAND, EMPTY, ANYBODY, {0x6D00, 0x6D00, 0x6D00}},
	{"80 3C 00 00", "U", 0x803C0000, EMPTY, U, {0x6982, 0x9000, 0x6982}},
	/* No ticket; what a good one does is in test_aside.c. */
	{"80 3C 01 00", "S", 0x803C0100, ZEROS, U, {0x6982, 0x6982, 0x6982}},
	{"80 42 00 00", "S", 0x80420000, EMPTY, U, {0x9000, 0x9000, 0x9000}},
	{"80 44 00 00", "S", 0x80440000, EMPTY, U, {0x9000, 0x9000, 0x9000}, 16},
	{"80 46 00 00", "U", 0x80460000, PAIR, U, {0x6982, 0x9000, 0x6982}},
	{"80 46 01 00", "U", 0x80460100, KEY, U, {0x6982, 0x9000, 0x6982}},
	/* With a user PIN set, public objects are the user's and the SO's to write. */
	{"80 48 00 00", "S; U if private", 0x80480000, PUBLIC_OBJECT, U, {0x6982, 0x9000, 0x9000}},
	{"80 48 00 00", "S; U if private", 0x80480000, PRIVATE_OBJECT, U, {0x6982, 0x9000, 0x6982}},
	{"80 4A pp 00", "S; U for 01", 0x804A0000, ALL_OBJECTS, U, {0x9000, 0x9000, 0x9000}},
	{"80 4A pp 00", "S; U for 01", 0x804A0100, ALL_OBJECTS, U, {0x6982, 0x9000, 0x6982}},
	{"80 4C 00 00", "S; U if private", 0x804C0000, CHANGE_PUBLIC, U, {0x6982, 0x9000, 0x9000}},
	{"80 4C 00 00", "S; U if private", 0x804C0000, CHANGE_PRIVATE, U, {0x6982, 0x9000, 0x6982}},
	{"80 2A oo 00",
	 "U; S if the key is not private",
	 0x802A0300,
	 CIPHER_PUBLIC,
	 U,
	 {0x9000, 0x9000, 0x9000}},
	{"80 2A oo 00",
	 "U; S if the key is not private",
	 0x802A0300,
	 CIPHER_PRIVATE,
	 U,
	 {0x6982, 0x9000, 0x6982}},
	{"80 2A 05 00",
	 "as above; U for a private object",
	 0x802A0500,
	 WRAP_PRIVATE,
	 U,
	 {0x6982, 0x9000, 0x6982}},
	{"80 2A 06 00", "U", 0x802A0600, UNWRAP, U, {0x6982, 0x9000, 0x6982}},
	{"80 D2 00 00", "user, U", 0x80D20000, RECORD, U, {0x6982, 0x9000, 0x6982}},
	{"80 D2 01 00", "user, U", 0x80D20100, RECORD_FIRST, U, {0x6982, 0x9000, 0x6982}},
	/* Of another record than the first part. */
	{"80 D2 02 00", "user, U", 0x80D20200, RECORD_REST, U, {0x6982, 0x6985, 0x6982}},
	{"80 D4 00 00",
	 "user or auditor, U",
	 0x80D40000,
	 LEDGER_INDEX,
	 U | A,
	 {0x6982, 0x9000, 0x6982}},
	{"80 D4 01 00",
	 "user or auditor, U",
	 0x80D40100,
	 LEDGER_LEAF,
	 U | A,
	 {0x6982, 0x9000, 0x6982}},
	{"80 D4 02 00",
	 "user or auditor, S",
	 0x80D40200,
	 LEDGER_INDEX,
	 U | A,
	 {0x9000, 0x9000, 0x9000}},
	{"80 D4 03 00",
	 "user or auditor, S",
	 0x80D40300,
	 LEDGER_INDEX,
	 U | A,
	 {0x9000, 0x9000, 0x9000}},
	/* "LEDGER STATUS is for any role." */
	{"80 D6 00 00", "S", 0x80D60000, LEDGER, ANYBODY, {0x9000, 0x9000, 0x9000}},
	{"80 D6 01 00", "S", 0x80D60100, LEDGER, ANYBODY, {0x9000, 0x9000, 0x9000}},
	{"80 DC 00 00", "user, U", 0x80DC0000, LEDGER, U, {0x6982, 0x9000, 0x6982}},
	{"80 D0 00 00", "issuer, S", 0x80D00000, LABEL, I, {0x9000, 0x9000, 0x9000}},
	/* Countersigning is for any role, but this ledger names nobody for it. */
	{"80 DE 00 00", "S", 0x80DE0000, LEDGER_INDEX, ANYBODY, {0x6985, 0x6985, 0x6985}},
	{"80 DE 01 00",
	 "the ledger's rules, S",
	 0x80DE0100,
	 LEDGER_INDEX,
	 I,
	 {0x9000, 0x9000, 0x9000}},
	{"80 E2 80 00", "issuer, S", 0x80E28000, REVOCATIONS, I, {0x9000, 0x9000, 0x9000}},
	{"80 4E 00 00", "S; U if private", 0x804E0000, NUMBER_PRIVATE, U, {0x6982, 0x9000, 0x6982}},
	{"80 4E 00 00", "S; U if private", 0x804E0000, NUMBER_PUBLIC, U, {0x6982, 0x9000, 0x9000}},
	/* Verifying one while the other is verified: 6985. */
	{"00 20 00 0r", "S", 0x00200001, USER, U, {0x9000, 0x9000, 0x6985}},
	{"00 20 00 0r", "S", 0x00200002, SO, U, {0x9000, 0x6985, 0x9000}},
	{"00 20 FF 00", "S", 0x0020FF00, EMPTY, U, {0x9000, 0x9000, 0x9000}},
	{"00 24 00 0r", "S", 0x00240001, USER_TWICE, U, {0x9000, 0x9000, 0x9000}},
	{"00 24 00 0r", "S", 0x00240002, SO_TWICE, U, {0x9000, 0x9000, 0x9000}},
	{"00 2C 02 01", "O", 0x002C0201, USER, U, {0x6982, 0x6982, 0x9000}},
	{"00 2C 00 01", "S", 0x002C0001, SO_AND_USER, U, {0x9000, 0x9000, 0x9000}},
	{"80 40 00 00", "S", 0x80400000, SO_AND_LABEL, U, {0x9000, 0x9000, 0x9000}},
};

/* Commands without a session, in this order: on a fresh card, on a personalised one. */
static const struct {
	uint32_t header;
	enum fill fill;
	uint32_t le;
	uint16_t fresh, personalised;
} bare[] = {
	{0x00A40400, AID, 256, 0x9000, 0x9000},
	{0x00700000, EMPTY, 1, 0x9000, 0x9000},
	{0x00CA7F21, EMPTY, 65536, 0x6A88, 0x9000},
	{0x00CB7F21, EMPTY, 65536, 0x6A88, 0x9000},
	{0x80CA7F21, EMPTY, 65536, 0x6A88, 0x9000},
	{0x80CB7F21, EMPTY, 65536, 0x6A88, 0x9000},
	{0x002A00BE, ISSUER_CERTIFICATE, 0, 0x6985, 0x6985},
	{0x002A8084, ZEROS, 0, 0x6985, 0x6985},
	{0x00840000, EMPTY, 256, 0x6985, 0x6985},
	{0x00820000, ZEROS, 0, 0x6985, 0x6985},
	{0x00880000, ZEROS, 256, 0x6985, 0x6985},
	{0x0022C1B6, ENVIRONMENT_42, 0, 0x6A81, 0x9000},
	{0x00460201, SUITE_AND_BITS, 65536, 0x9000, 0x6985},
	{0x80E28000, REVOCATIONS, 0, 0x6A80, 0x6985},
};

enum { MATRIX = sizeof(matrix) / sizeof(matrix[0]), BARE = sizeof(bare) / sizeof(bare[0]) };

/* A card with objects of every kind; each trial has a copy of it. */
static struct peer prepared;
static uint32_t public_data, private_data, public_key, private_key, ledger;
static struct buf leaf, wrapped;

static void put_two(struct buf *out, const char *first, const char *second)
{
	tlv_put(out, 0x80, view_str(first));
	tlv_put(out, 0x81, view_str(second));
}

static void put_object(struct buf *out, bool private)
{
	attr_set_ulong(out, CKA_CLASS, CKO_DATA);
	attr_set_bool(out, CKA_PRIVATE, private);
	attr_set(out, CKA_VALUE, view_str("value"));
}

static void put_change(struct buf *out, uint32_t number)
{
	struct buf list;

	buf_init(&list, 100);
	attr_set(&list, CKA_LABEL, view_str("label"));
	buf_u32(out, number);
	buf_view(out, view_buf(&list));
	buf_free(&list);
}

static void put_key(struct buf *out, bool private)
{
	struct buf list;

	buf_init(&list, 1000);
	attr_set_ulong(&list, CKA_VALUE_LEN, 16);
	attr_set_bool(&list, CKA_PRIVATE, private);
	attr_set_bool(&list, CKA_EXTRACTABLE, private);
	attr_set_bool(&list, CKA_ENCRYPT, true);
	attr_set_bool(&list, CKA_WRAP, true);
	attr_set_bool(&list, CKA_UNWRAP, true);
	tlv_put_u32(out, 0x80, CKM_AES_KEY_GEN);
	tlv_put(out, 0xA0, view_buf(&list));
	buf_free(&list);
}

static void put_pair(struct buf *out)
{
	static const uint8_t p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	struct buf public, private;

	buf_init(&public, 1000);
	buf_init(&private, 1000);
	attr_set(&public, CKA_EC_PARAMS, view_of(p256, sizeof(p256)));
	attr_set_bool(&private, CKA_SIGN, true);
	tlv_put_u32(out, 0x80, CKM_EC_KEY_PAIR_GEN);
	tlv_put(out, 0xA0, view_buf(&public));
	tlv_put(out, 0xA1, view_buf(&private));
	buf_free(&public);
	buf_free(&private);
}

static void put_operation(struct buf *out, uint32_t key, uint32_t mechanism)
{
	tlv_put_u32(out, 0x84, key);
	tlv_put_u32(out, 0x80, mechanism);
	tlv_put(out, 0x81, nothing);
}

static void put_unwrap(struct buf *out)
{
	struct buf list;

	buf_init(&list, 100);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_AES);
	put_operation(out, public_key, CKM_AES_KEY_WRAP);
	tlv_put(out, 0x82, view_buf(&wrapped));
	tlv_put(out, 0xA0, view_buf(&list));
	buf_free(&list);
}

/* number, client nonce, type, host time, plaintext */
static void put_record(struct buf *out, size_t length)
{
	static const uint8_t plain[LEAF_FIRST_BYTES];
	static uint64_t salt;

	buf_u32(out, ledger);
	buf_u64(out, 1000);
	buf_u64(out, ++salt);
	buf_u16(out, 1);
	buf_u64(out, 1000);
	buf_put(out, plain, length);
}

static void put_revocations(struct buf *out)
{
	struct revocation list = {
		.car = view_str("DEAUTHOR00001"), .sequence = 1, .date = PEER_TODAY};

	peer_good(revocation_sign(&list, peer_world()->authority.key, out));
}

static void fill(enum fill what, struct buf *out)
{
	static const uint8_t zeros[16];
	static const uint8_t environment[] = {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 0};
	static const uint8_t key[] = {0x80, 1, 0x02, 0x81, 2, 0x04, 0x00};

	switch (what) {
	case EMPTY:
		break;
	case AID:
		buf_put(out, aid, sizeof(aid));
		break;
	case USER:
		buf_view(out, view_str(USER_PIN));
		break;
	case SO:
		buf_view(out, view_str(SO_PIN));
		break;
	case USER_TWICE:
		put_two(out, USER_PIN, USER_PIN);
		break;
	case SO_TWICE:
		put_two(out, SO_PIN, SO_PIN);
		break;
	case SO_AND_USER:
		put_two(out, SO_PIN, USER_PIN);
		break;
	case SO_AND_LABEL:
		put_two(out, SO_PIN, "label                           ");
		break;
	case PAIR:
		put_pair(out);
		break;
	case KEY:
		put_key(out, true);
		break;
	case PUBLIC_OBJECT:
	case PRIVATE_OBJECT:
		put_object(out, what == PRIVATE_OBJECT);
		break;
	case ALL_OBJECTS:
		buf_u32(out, 0);
		break;
	case CHANGE_PUBLIC:
		put_change(out, public_data);
		break;
	case CHANGE_PRIVATE:
		put_change(out, private_data);
		break;
	case NUMBER_PUBLIC:
		buf_u32(out, public_data);
		break;
	case NUMBER_PRIVATE:
		buf_u32(out, private_data);
		break;
	case CIPHER_PUBLIC:
	case CIPHER_PRIVATE:
		put_operation(out, what == CIPHER_PUBLIC ? public_key : private_key, CKM_AES_ECB);
		tlv_put(out, 0x82, view_of(zeros, sizeof(zeros)));
		break;
	case WRAP_PRIVATE:
		put_operation(out, public_key, CKM_AES_KEY_WRAP);
		tlv_put_u32(out, 0x85, private_key);
		break;
	case UNWRAP:
		put_unwrap(out);
		break;
	case LABEL:
		tlv_put(out, 0x80, view_str(ledger ? "one more" : "first"));
		break;
	case RECORD:
		put_record(out, 9);
		break;
	case RECORD_FIRST:
	case RECORD_REST:
		put_record(out, LEAF_FIRST_BYTES);
		break;
	case LEDGER:
		buf_u32(out, ledger);
		break;
	case LEDGER_INDEX:
		buf_u32(out, ledger);
		buf_u64(out, 1);
		break;
	case LEDGER_LEAF:
		buf_u32(out, ledger);
		buf_view(out, view_buf(&leaf));
		break;
	case REVOCATIONS:
		put_revocations(out);
		break;
	case ENVIRONMENT_42:
		buf_put(out, environment, sizeof(environment));
		break;
	case ISSUER_CERTIFICATE:
		buf_view(out, view_buf(&peer_world()->issuer.certificate));
		break;
	case SUITE_AND_BITS:
		buf_put(out, key, sizeof(key));
		break;
	case ZEROS:
		buf_put(out, zeros, sizeof(zeros));
		break;
	}
	peer_good(buf_rc(out));
}

/* One command of the session; its answer, without the change counter, replaces out. */
static uint16_t send(struct peer *p, uint32_t header, enum fill what, uint32_t le, struct buf *out)
{
	struct buf data, answer;
	uint16_t sw;

	buf_init(&data, 70000);
	buf_init(&answer, 70000);
	fill(what, &data);
	sw = peer_protected(p, (uint8_t)(header >> 24), (uint8_t)(header >> 16),
			    (uint8_t)(header >> 8), (uint8_t)header, view_buf(&data),
			    le ? le : 65536, &answer, NULL);
	if (out && answer.len >= 8) {
		buf_reset(out);
		buf_put(out, answer.data + 8, answer.len - 8);
	}
	buf_free(&data);
	buf_free(&answer);
	return sw;
}

static void must(struct peer *p, uint32_t header, enum fill what, struct buf *out)
{
	CU_ASSERT_EQUAL_FATAL(send(p, header, what, 0, out), 0x9000);
}

/* The number of the object that the command makes. */
static uint32_t make(struct peer *p, uint32_t header, enum fill what)
{
	struct view in;
	uint32_t number = 0;
	struct buf out;

	buf_init(&out, 70000);
	must(p, header, what, &out);
	in = view_buf(&out);
	peer_good(view_u32(&in, &number));
	buf_free(&out);
	return number;
}

/* A key that is not private: the row's own list says that it is. */
static uint32_t make_public_key(struct peer *p)
{
	struct buf data, answer;
	uint32_t number = 0;
	struct view in;

	buf_init(&data, 1000);
	buf_init(&answer, 1000);
	put_key(&data, false);
	CU_ASSERT_EQUAL_FATAL(
		peer_protected(p, 0x80, 0x46, 1, 0, view_buf(&data), 256, &answer, NULL), 0x9000);
	in = view_of(answer.data + 8, answer.len - 8);
	peer_good(view_u32(&in, &number));
	buf_free(&data);
	buf_free(&answer);
	return number;
}

static void prepare(void)
{
	struct peer *p = &prepared;

	if (p->card)
		return;
	buf_init(&leaf, 70000);
	buf_init(&wrapped, 1000);
	peer_new(p);
	p->extended = true;
	steps_open_with_roles(p, ROLE_ALL);
	must(p, 0x80400000, SO_AND_LABEL, NULL);
	must(p, 0x00200002, SO, NULL);
	must(p, 0x002C0201, USER, NULL);
	must(p, 0x0020FF00, EMPTY, NULL);
	must(p, 0x00200001, USER, NULL);
	public_data = make(p, 0x80480000, PUBLIC_OBJECT);
	private_data = make(p, 0x80480000, PRIVATE_OBJECT);
	private_key = make(p, 0x80460100, KEY);
	public_key = make_public_key(p);
	must(p, 0x802A0500, WRAP_PRIVATE, &wrapped);
	ledger = make(p, 0x80D00000, LABEL);
	must(p, 0x80D20000, RECORD, NULL);
	must(p, 0x80D40200, LEDGER_INDEX, &leaf);
}

/* The PIN status is as wanted before each command: some of them change it. */
static void log_in(struct peer *p, enum pin_status wanted)
{
	if (p->card->slots[0].channel.pin == wanted)
		return;
	must(p, 0x0020FF00, EMPTY, NULL);
	if (wanted == PIN_USER)
		must(p, 0x00200001, USER, NULL);
	if (wanted == PIN_SO)
		must(p, 0x00200002, SO, NULL);
	CU_ASSERT_EQUAL_FATAL(p->card->slots[0].channel.pin, wanted);
}

static void judge(const struct row *row, unsigned int roles, enum pin_status pin, uint16_t sw)
{
	uint16_t expected = row->roles & roles ? row->sw[pin] : 0x6982;

	if (sw != expected)
		printf("%08X, roles %X, PIN %d: %04X, not %04X\n", (unsigned int)row->header, roles,
		       (int)pin, sw, expected);
	CU_ASSERT_EQUAL(sw, expected);
}

static void every_command_is_served_to_whom_the_document_says(void)
{
	unsigned int tried = 0, granted = 0;
	struct peer p;

	prepare();
	for (unsigned int roles = 1; roles <= ROLE_ALL; roles++)
		/* PINs are for users: the row of VERIFY says so, and no other role gets further. */
		for (enum pin_status pin = PIN_NONE; pin <= (roles & U ? PIN_SO : PIN_NONE);
		     pin++) {
			peer_copy(&p, &prepared);
			p.extended = true;
			steps_open_with_roles(&p, roles);
			for (size_t i = 0; i < MATRIX; i++) {
				uint16_t sw;

				if (roles & U)
					log_in(&p, pin);
				sw = send(&p, matrix[i].header, matrix[i].fill, matrix[i].le, NULL);
				judge(&matrix[i], roles, pin, sw);
				tried++;
				granted += sw == 0x9000;
			}
			peer_free(&p);
		}
	printf("%u commands by roles and PINs, %u granted\n", tried, granted);
	CU_ASSERT_EQUAL(tried, (7 * 1 + 8 * 3) * MATRIX);
}

static bool is_bare_too(uint32_t header)
{
	for (size_t i = 0; i < BARE; i++)
		if (bare[i].header >> 16 == header >> 16)
			return true;
	return false;
}

static uint16_t send_bare(struct peer *p, uint32_t header, enum fill what, uint32_t le)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 70000);
	fill(what, &data);
	sw = peer_send(p, (uint8_t)(header >> 24), (uint8_t)(header >> 16), (uint8_t)(header >> 8),
		       (uint8_t)header, view_buf(&data), le, NULL);
	buf_free(&data);
	return sw;
}

/* The rest of the matrix is for sessions: 6982, whatever the card is, with PINs set and without. */
static void without_a_session_only_set_up_commands_are_served(void)
{
	struct peer fresh, ready;

	prepare();
	peer_fresh(&fresh);
	peer_copy(&ready, &prepared);
	fresh.extended = ready.extended = true;
	for (size_t i = 0; i < BARE; i++) {
		CU_ASSERT_EQUAL(send_bare(&fresh, bare[i].header, bare[i].fill, bare[i].le),
				bare[i].fresh);
		CU_ASSERT_EQUAL(send_bare(&ready, bare[i].header, bare[i].fill, bare[i].le),
				bare[i].personalised);
	}
	for (size_t i = 0; i < MATRIX; i++) {
		if (is_bare_too(matrix[i].header) || matrix[i].header == NO_COMMAND)
			continue;
		CU_ASSERT_EQUAL(send_bare(&fresh, matrix[i].header, matrix[i].fill, matrix[i].le),
				0x6982);
		CU_ASSERT_EQUAL(send_bare(&ready, matrix[i].header, matrix[i].fill, matrix[i].le),
				0x6982);
	}
	peer_free(&fresh);
	peer_free(&ready);
}

/* Between the steps of a set-up nothing more is served than before it. */
static void no_session_command_is_served_before_the_last_step(void)
{
	static const uint8_t suites[] = {0x42, 0x02, 0x01};
	struct peer p;

	prepare();
	peer_copy(&p, &prepared);
	p.extended = true;
	for (size_t s = 0; s < sizeof(suites); s++)
		for (enum step at = ENVIRONMENT; at < STEPS; at++) {
			steps_go_to(&p, suites[s], at);
			for (size_t i = 0; i < MATRIX; i++) {
				const uint32_t header = matrix[i].header | 0x0C000000;
				const uint8_t marked[] = {(uint8_t)(header >> 24),
							  (uint8_t)(header >> 16),
							  (uint8_t)(header >> 8), (uint8_t)header};

				CU_ASSERT_EQUAL(peer_raw(&p, view_of(marked, 4), NULL), 0x6982);
				if (!is_bare_too(matrix[i].header) &&
				    matrix[i].header != NO_COMMAND)
					CU_ASSERT_EQUAL(send_bare(&p, matrix[i].header,
								  matrix[i].fill, matrix[i].le),
							0x6982);
			}
		}
	peer_free(&p);
}

static bool is_of_a_session(const struct command_row *row)
{
	return row->state != STATE_FRESH && row->state != STATE_SETUP;
}

static bool is_written_down(const struct command_row *row)
{
	const uint32_t wanted = (uint32_t)row->cla << 8 | row->ins;

	for (size_t i = 0; is_of_a_session(row) && i < MATRIX; i++)
		if (matrix[i].header >> 16 == wanted)
			return true;
	return !is_of_a_session(row) && is_bare_too(wanted << 16);
}

static void every_row_of_the_card_is_in_the_matrix(void)
{
	for (size_t t = 0; command_tables[t]; t++)
		for (const struct command_row *row = command_tables[t]; row->handler; row++) {
			if (!is_written_down(row))
				printf("%02X %02X %s is in no matrix\n", row->cla, row->ins,
				       row->name);
			CU_ASSERT_TRUE(is_written_down(row));
		}
}

/* `| + `command` .. | who | ..`, cut in place; false for every other line. */
static bool take_line(char *line, const char **ret_command, const char **ret_who)
{
	char *command, *end, *who;

	if (strncmp(line, "| + `", 5) != 0)
		return false;
	command = line + 5;
	end = strchr(command, '`');
	who = end ? strstr(end, "| ") : NULL;
	if (!who)
		return false;
	*end = '\0';
	who += 2;
	end = strstr(who, " |");
	if (!end)
		return false;
	*end = '\0';
	*ret_command = command;
	*ret_who = who;
	return true;
}

static void the_matrix_is_that_of_the_document(void)
{
	const char *source = getenv("INTAGLIO_SOURCE"), *command, *who;
	bool seen[MATRIX] = {false};
	unsigned int lines = 0;
	char text[2000];
	FILE *file;

	snprintf(text, sizeof(text), "%s/doc/commands.md", source ? source : "..");
	file = fopen(text, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(text, sizeof(text), file)) {
		bool found = false;

		if (!take_line(text, &command, &who))
			continue;
		lines++;
		for (size_t i = 0; i < MATRIX; i++)
			if (matrix[i].doc && strcmp(matrix[i].doc, command) == 0 &&
			    strcmp(matrix[i].who, who) == 0)
				found = seen[i] = true;
		if (!found)
			printf("%s, %s: not in the matrix\n", command, who);
		CU_ASSERT_TRUE(found);
	}
	fclose(file);
	for (size_t i = 0; i < MATRIX; i++)
		CU_ASSERT_TRUE(seen[i] || !matrix[i].doc);
	CU_ASSERT_TRUE(lines > 20);
}

static int clean(void)
{
	buf_free(&leaf);
	buf_free(&wrapped);
	peer_free(&prepared);
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"every row of the card is in the matrix", every_row_of_the_card_is_in_the_matrix},
	{"the matrix is that of the document", the_matrix_is_that_of_the_document},
	{"every command is served to whom the document says",
	 every_command_is_served_to_whom_the_document_says},
	{"without a session only set-up commands are served",
	 without_a_session_only_set_up_commands_are_served},
	{"no session command is served before the last step",
	 no_session_command_is_served_before_the_last_step},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "roles", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card roles", suites);
}
