/* SPDX-License-Identifier: BSD-2-Clause */
/* The blind host, and the cards of the tests of it. */
#include "tests/card/installer.h"

#include <string.h>

#include "base/diversify.h"
#include "base/sw.h"
#include "base/tlv.h"
#include "card/nvm_io.h"
#include "card/registry.h"
#include "tests/base/hex.h"
#include "tests/card/steps.h"
#include "tests/suite.h"

enum { ROOM = 70000, KEY = 16, SW_SIZE = 2 };

void installer_init(struct installer *i, struct peer *principal, struct peer *target,
		    uint8_t application)
{
	*i = (struct installer){.principal = principal,
				.target = target,
				.application = application,
				.challenge = 8,
				.apdus = -1};
	buf_init(&i->answer, ROOM);
	buf_init(&i->reply, ROOM);
}

void installer_free(struct installer *i)
{
	buf_free(&i->answer);
	buf_free(&i->reply);
}

static bool is_dead(struct installer *i)
{
	if (i->apdus == 0)
		return true;
	if (i->apdus > 0)
		i->apdus--;
	return false;
}

uint16_t installer_ask(struct installer *i, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
		       struct view data, uint32_t le)
{
	bool bare;

	if (is_dead(i))
		return 0;
	return peer_protected(i->principal, cla, ins, p1, p2, data, le, &i->answer, &bare);
}

uint16_t installer_operate(struct installer *i, uint8_t p1, uint8_t p2)
{
	return installer_ask(i, 0x80, 0x80, p1, p2, view_of(NULL, 0), 65536);
}

/* The target's whole answer, status word and all. */
static uint16_t send(struct installer *i, struct view apdu)
{
	struct view data;
	uint16_t sw = 0;

	if (is_dead(i))
		return 0;
	buf_reset(&i->reply);
	peer_good(card_transmit(i->target->card, apdu, &i->reply));
	peer_good(response_parse(view_buf(&i->reply), &data, &sw));
	return sw;
}

uint16_t installer_carry(struct installer *i)
{
	return send(i, view_buf(&i->answer));
}

uint16_t installer_begin(struct installer *i)
{
	struct buf b;
	uint16_t sw;

	buf_init(&b, ROOM);
	buf_view(&b, hex("00A4040008" INSTALLER_ISD "00"));
	sw = send(i, view_buf(&b));
	if (sw == SW_OK)
		sw = installer_ask(i, 0x00, 0x84, 0, 0, view_of(NULL, 0), (uint32_t)i->challenge);
	buf_reset(&b);
	buf_view(&b, hex("80500000"));
	buf_u8(&b, (uint8_t)i->answer.len);
	buf_view(&b, view_buf(&i->answer));
	buf_u8(&b, 0);
	if (sw == SW_OK)
		sw = send(i, view_buf(&b));
	buf_reset(&b);
	buf_view(&b, view_buf(&i->answer));
	buf_view(&b, view_buf(&i->reply));
	if (sw == SW_OK)
		sw = installer_ask(i, 0x80, 0x80, 0x50, 0, view_buf(&b), 65536);
	if (sw == SW_OK)
		sw = installer_carry(i);
	buf_free(&b);
	return sw;
}

/* Every command of an operation, until there is no more; an absent AID is nobody's fault. */
static uint16_t carry_all(struct installer *i, uint8_t p1)
{
	uint16_t sw = SW_OK;

	for (unsigned int n = 1; sw == SW_OK; n++) {
		sw = installer_operate(i, p1, (uint8_t)n);
		if (sw == SW_RECORD_NOT_FOUND)
			return SW_OK;
		if (sw == SW_OK)
			sw = installer_carry(i);
		if (sw == SW_REFERENCE_NOT_FOUND && p1 == 0x10)
			sw = SW_OK;
	}
	return sw;
}

uint16_t installer_load(struct installer *i)
{
	uint16_t sw = installer_operate(i, 0x00, 0xB0 | i->application);

	if (sw == SW_OK)
		sw = carry_all(i, 0x10);
	for (uint8_t file = 1; sw == SW_OK; file++) {
		sw = installer_operate(i, 0x00, 0x20 | file);
		if (sw == SW_RECORD_NOT_FOUND)
			return SW_OK;
		if (sw == SW_OK)
			sw = carry_all(i, 0x20);
		if (sw == SW_OK)
			sw = installer_operate(i, 0x00, 0x30 | file);
		if (sw == SW_OK)
			sw = carry_all(i, 0x30);
	}
	return sw;
}

uint16_t installer_activate(struct installer *i)
{
	return installer_ask(i, 0x00, 0x88, 0, 0, view_of(NULL, 0), 0);
}

uint16_t installer_finish(struct installer *i)
{
	uint16_t sw = SW_OK;

	for (uint8_t n = 1; sw == SW_OK; n++) {
		sw = installer_operate(i, 0x40, n);
		if (sw == SW_RECORD_NOT_FOUND)
			return SW_OK;
		if (sw == SW_OK)
			sw = installer_carry(i);
		if (sw == SW_OK)
			sw = installer_ask(i, 0x80, 0x80, 0x60, n, view_buf(&i->reply), 0);
	}
	return sw;
}

uint16_t installer_run(struct installer *i)
{
	uint16_t sw = installer_begin(i);

	if (sw == SW_OK)
		sw = installer_load(i);
	if (sw == SW_OK)
		sw = installer_activate(i);
	return sw == SW_OK ? installer_finish(i) : sw;
}

void installer_login(struct peer *principal, unsigned int roles)
{
	bool bare;

	principal->extended = true;
	steps_open_with_roles(principal, roles);
	CU_ASSERT_EQUAL_FATAL(peer_protected(principal, 0, 0xA4, 4, 0, hex(INSTALLER_PRINCIPAL),
					     256, NULL, &bare),
			      SW_OK);
}

void installer_make_principal(struct peer *principal)
{
	bool bare;

	principal->extended = true;
	steps_open_with_roles(principal, ROLE_ISSUER);
	CU_ASSERT_EQUAL_FATAL(peer_protected(principal, 0, 0xA4, 4, 0, hex(INSTALLER_ISD), 256,
					     NULL, &bare),
			      SW_OK);
	CU_ASSERT_EQUAL_FATAL(peer_protected(principal, 0x80, 0xE6, 0x0C, 0,
					     hex("0AF0496E7461676C696F50 0BF0496E7461676C696F5001"
						 "0A" INSTALLER_PRINCIPAL "0100 02C900 00"),
					     256, NULL, &bare),
			      SW_OK);
	CU_ASSERT_EQUAL_FATAL(peer_protected(principal, 0, 0xA4, 4, 0, hex(INSTALLER_PRINCIPAL),
					     256, NULL, &bare),
			      SW_OK);
}

static void put_masters(struct buf *b)
{
	for (unsigned int k = 0; k < KEYSET_KEYS; k++)
		for (unsigned int n = 0; n < KEY; n++)
			buf_u8(b, (uint8_t)(INSTALLER_MASTER + (k << 4) + n));
}

void installer_put_keys(struct installer *i, uint8_t number, uint8_t type, uint8_t scp_i,
			uint8_t flags, uint16_t block)
{
	struct buf b;

	buf_init(&b, ROOM);
	buf_u8(&b, type);
	buf_u8(&b, scp_i);
	buf_u8(&b, 0);
	buf_u8(&b, flags);
	buf_u16(&b, block);
	put_masters(&b);
	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xD8, 0, number, view_buf(&b), 0), SW_OK);
	buf_free(&b);
}

static void put_component(struct buf *out, uint8_t tag, struct view body)
{
	buf_u8(out, tag);
	buf_u16(out, (uint16_t)body.len);
	buf_view(out, body);
}

/* A package with one applet; what nobody reads is a byte, but for the method component. */
void installer_code(struct buf *out)
{
	uint8_t method[INSTALLER_FILE - 82];

	for (size_t i = 0; i < sizeof(method); i++)
		method[i] = (uint8_t)(i * 7 + 3);
	put_component(out, 1, hex("DECAFFED 01 02 04 00 01 06" INSTALLER_PACKAGE));
	put_component(out, 2, hex("00"));
	put_component(out, 4, hex("01 00 01 07 A0000000620001"));
	put_component(out, 3, hex("01 07" INSTALLER_MODULE "0000"));
	put_component(out, 6, hex("00"));
	put_component(out, 7, view_of(method, sizeof(method)));
	put_component(out, 8, hex("00"));
	put_component(out, 5, hex("00"));
	put_component(out, 9, hex("00"));
}

void installer_put_file(struct installer *i, uint16_t number)
{
	uint8_t hash[SHA256_SIZE];
	struct buf code, b;

	buf_init(&code, ROOM);
	buf_init(&b, ROOM);
	installer_code(&code);
	peer_good(crypto_sha256(view_buf(&code), hash));
	buf_u16(&b, number);
	buf_u32(&b, (uint32_t)code.len);
	buf_put(&b, hash, sizeof(hash));
	buf_view(&b, hex("06" INSTALLER_PACKAGE "00 20"));
	buf_put(&b, hash, sizeof(hash));
	buf_view(&b, hex("0000"));
	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xE0, 0, 0, view_buf(&b), 0), SW_OK);
	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xE0, 1, 0, view_of(code.data, 100), 0),
			      SW_OK);
	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xE0, 1, 0,
					    view_of(code.data + 100, code.len - 100), 0),
			      SW_OK);
	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0), SW_OK);
	buf_free(&code);
	buf_free(&b);
}

void installer_put_application(struct installer *i, uint8_t application)
{
	installer_put_file(i, 1);
	installer_put_script(i, application);
}

void installer_put_script(struct installer *i, uint8_t application)
{
	installer_put_script_of(i, application, 1, true);
}

void installer_put_script_of(struct installer *i, uint8_t application, uint16_t file, bool deletes)
{
	const uint8_t number[] = {(uint8_t)(file >> 8), (uint8_t)file};
	struct buf b;
	size_t mark;

	buf_init(&b, ROOM);
	tlv_put_u8(&b, 0x83, 0);
	mark = tlv_open(&b, 0xA1);
	if (deletes)
		tlv_put(&b, 0x04, hex("80 4F06" INSTALLER_PACKAGE));
	tlv_close(&b, mark);
	mark = tlv_open(&b, 0xA2);
	tlv_put(&b, 0x02, view_of(number, sizeof(number)));
	tlv_close(&b, mark);
	mark = tlv_open(&b, 0xA3);
	tlv_put(&b, 0x04,
		hex("06" INSTALLER_PACKAGE "07" INSTALLER_MODULE "07" INSTALLER_INSTANCE
		    "0100 02C900 00"));
	tlv_close(&b, mark);
	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xDA, 0, application, view_buf(&b), 0), SW_OK);
	buf_free(&b);
}

uint16_t installer_charge(struct installer *i, uint8_t application, uint32_t serial, uint32_t count)
{
	uint8_t array[8];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	buf_u32(&b, serial);
	buf_u32(&b, count);
	return installer_ask(i, 0x80, 0xDC, 0, application, view_buf(&b), 0);
}

struct principal_counter installer_counter(struct installer *i, uint8_t application)
{
	struct principal_counter n = {.left = 0};
	struct view in;
	uint16_t number = 0;

	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xF2, 0, 0, view_of(NULL, 0), 65536), SW_OK);
	in = view_buf(&i->answer);
	while (in.len && number != application) {
		peer_good(view_u16(&in, &number));
		peer_good(view_u32(&in, &n.left));
		peer_good(view_u32(&in, &n.used));
		peer_good(view_u32(&in, &n.serial));
		peer_good(view_u32(&in, &n.last));
	}
	CU_ASSERT_EQUAL(number, application);
	return n;
}

bool installer_is_pending(struct installer *i)
{
	struct view in;
	uint16_t application = 0;

	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xF2, 3, 0, view_of(NULL, 0), 65536), SW_OK);
	in = view_buf(&i->answer);
	peer_good(view_u16(&in, &application));
	return application;
}

size_t installer_audited(struct installer *i, enum principal_event event)
{
	struct view in, entry;
	uint32_t sequence;
	uint8_t found;
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(installer_ask(i, 0x80, 0xF2, 4, 0, hex("00000000"), 65536), SW_OK);
	in = view_buf(&i->answer);
	while (in.len) {
		peer_good(view_take(&in, PRINCIPAL_AUDIT_SIZE, &entry));
		peer_good(view_u32(&entry, &sequence));
		peer_good(view_u8(&entry, &found));
		n += found == event;
	}
	return n;
}

/* Opens a target's memory without its card. */
static struct nvm *open_memory(struct peer *target, const struct nvm_io *io)
{
	struct nvm_options options = {.io = io};
	struct nvm *nvm = NULL;

	peer_good(nvm_open(target->dir, &options, &nvm));
	return nvm;
}

static void target_id(struct peer *target, uint8_t ret[PRINCIPAL_TARGET])
{
	struct buf b;
	struct view in;
	bool good = peer_raw(target, hex("00A4040008" INSTALLER_ISD "00"), NULL) == SW_OK;

	CU_ASSERT_FATAL(good);
	buf_init(&b, ROOM);
	CU_ASSERT_EQUAL_FATAL(peer_raw(target, hex("8050000008 0102030405060708 00"), &b), SW_OK);
	in = view_buf(&b);
	peer_good(view_copy(&in, ret, PRINCIPAL_TARGET));
	buf_free(&b);
}

static void put_keyset(struct peer *target, const struct keyset *set, const struct nvm_io *io)
{
	struct card_options options = {.io = io};
	struct nvm *nvm;

	card_close(&target->card);
	nvm = open_memory(target, io);
	peer_good(nvm_begin(nvm));
	peer_good(keyset_put(nvm, set));
	peer_good(nvm_commit(nvm, NULL, NULL));
	nvm_close(&nvm);
	peer_good(card_open(target->dir, &options, &target->card));
}

void installer_fill_trail(struct peer *principal)
{
	struct card_options options = {.io = NULL};
	struct principal_state state;
	struct nvm *nvm;

	card_close(&principal->card);
	nvm = open_memory(principal, NULL);
	peer_good(principal_state_get(nvm, &state));
	state.audit_next = state.audit_first + PRINCIPAL_AUDIT_MAX;
	peer_good(nvm_begin(nvm));
	peer_good(principal_state_put(nvm, &state));
	peer_good(nvm_commit(nvm, NULL, NULL));
	nvm_close(&nvm);
	peer_good(card_open(principal->dir, &options, &principal->card));
}

void installer_give_keys(struct peer *target, uint8_t type, uint8_t scp_i, bool shared,
			 const struct nvm_io *io)
{
	struct keyset set = {
		.domain = REGISTRY_ISD, .version = 1, .type = KEY_TYPE_DES, .i = 0x15, .len = KEY};
	uint8_t id[PRINCIPAL_TARGET];
	struct buf masters;

	/* With any key set at all it answers with its id. */
	put_keyset(target, &set, io);
	target_id(target, id);
	set.type = type;
	set.i = scp_i;
	buf_init(&masters, ROOM);
	put_masters(&masters);
	for (size_t k = 0; k < KEYSET_KEYS; k++) {
		struct view master = view_of(masters.data + k * KEY, KEY);

		if (shared)
			memcpy(set.key[k], master.data, KEY);
		else
			peer_good(diversify_key(master, (enum diversify_use)k,
						view_of(id, sizeof(id)), set.key[k]));
	}
	put_keyset(target, &set, io);
	buf_free(&masters);
}

size_t installer_instances(struct peer *target, const char *aid, const struct nvm_io *io)
{
	struct registry_entry e = {.number = 0};
	struct nvm *nvm = open_memory(target, io);
	size_t n = 0;

	while (registry_next(nvm, e.number, &e) == RC_OK)
		n += view_equal(aid_view(&e.aid), hex(aid)) ? 1 : 0;
	nvm_close(&nvm);
	return n;
}
