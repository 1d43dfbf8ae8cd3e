/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card content management under a key set's session: INSTALL [for load] and LOAD of packages that are
 * damaged as the input says, in blocks of every length and order, INSTALL, and any other command of a
 * security domain with any data. What the card refuses has changed nothing that GET STATUS tells, and
 * what it has loaded is a load file. One card for all inputs, made anew when an input has spoilt it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cap.h"
#include "base/log.h"
#include "base/tlv.h"
#include "card/keyset.h"
#include "card/registry.h"
#include "fuzz/edit.h"
#include "fuzz/target.h"
#include "sc/keychannel.h"
#include "sc/transport_embedded.h"
#include "tests/card/directory.h"

enum {
	VERSION = 0x30,
	KEY = 16,
	CHALLENGE = 8,
	ROOM = 1 << 16,
	STEPS = 8,
	OK = 0x9000,
	ENDED = 0x6982, /* of a session */
	LOAD = 0xE8,
	LAST = 0x80,
	COMMAND_DATA = 220,
};

static struct {
	const char *dir;
	struct transport *card;
	struct keychannel *channel;
	struct buf answer, before, after, file;
} world;

static const struct keychannel_keys keys = {.version = VERSION, .len = KEY};

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "manage: %s\n", what);
	abort();
}

static uint16_t transmit(const struct apdu *command)
{
	uint16_t sw = 0;
	struct view data;
	struct buf bytes;

	buf_init(&bytes, ROOM);
	apdu_put(&bytes, command);
	buf_reset(&world.answer);
	must(transport_transmit(world.card, view_buf(&bytes), &world.answer) == RC_OK &&
		     response_parse(view_buf(&world.answer), &data, &sw) == RC_OK,
	     "the card does not answer");
	buf_truncate(&world.answer, data.len);
	buf_free(&bytes);
	return sw;
}

/* A session with the issuer security domain; false: it cannot be had any more. */
static bool open_session(void)
{
	static const uint8_t challenge[CHALLENGE];
	struct apdu command = {.ins = 0xA4, .p1 = 4, .le = 256};

	keychannel_free(&world.channel);
	if (transmit(&command) != OK)
		return false;
	command = (struct apdu){
		.cla = 0x80, .ins = 0x50, .p1 = VERSION, .data = {challenge, CHALLENGE}, .le = 256};
	return transmit(&command) == OK &&
	       keychannel_begin(&keys, command.data, view_buf(&world.answer), &world.channel,
				&command) == RC_OK &&
	       transmit(&command) == OK;
}

/* One protected command; its answer, in the clear, is in world.answer. */
static uint16_t command(uint32_t header, struct view data)
{
	struct apdu plain = {.cla = (uint8_t)(header >> 24),
			     .ins = (uint8_t)(header >> 16),
			     .p1 = (uint8_t)(header >> 8),
			     .p2 = (uint8_t)header,
			     .data = data,
			     .le = 256};
	struct apdu protected;
	struct view answer;
	uint16_t sw;

	must(world.channel, "no session");
	must(keychannel_protect(world.channel, &plain, false, &protected) == RC_OK, "protecting");
	sw = transmit(&protected);
	if (sw == ENDED) {
		keychannel_free(&world.channel);
		return sw;
	}
	must(keychannel_verify(world.channel, view_buf(&world.answer), sw, &answer) == RC_OK,
	     "an answer does not verify");
	buf_truncate(&world.answer, 0);
	buf_view(&world.answer, answer);
	return sw;
}

static void list(struct buf *out)
{
	static const uint8_t all[] = {0x4F, 0}, kinds[] = {0x80, 0x40, 0x10};
	uint16_t sw;

	buf_reset(out);
	if (!world.channel && !open_session())
		return;
	/* A command that announced more parts is over with the next one, which is refused. */
	command(0x80F28002, view_of(all, sizeof(all)));
	if (!world.channel && !open_session())
		return;
	for (size_t k = 0; k < sizeof(kinds); k++)
		for (uint8_t next = 2;; next = 3) {
			sw = command(0x80F20000 | (uint32_t)kinds[k] << 8 | next,
				     view_of(all, sizeof(all)));
			buf_view(out, view_buf(&world.answer));
			if (sw != 0x6310)
				break;
		}
	must(buf_rc(out) == RC_OK, "the list is too long");
}

static void make_card(void)
{
	struct keyset set = {.domain = REGISTRY_ISD,
			     .version = VERSION,
			     .type = KEY_TYPE_AES,
			     .i = 0x60,
			     .len = KEY};
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN};
	struct nvm *nvm = NULL;

	transport_close(&world.card);
	if (world.dir)
		directory_free(&world.dir);
	world.dir = directory_new();
	must(transport_embedded_create(world.dir, &world.card) == RC_OK, "no card");
	transport_close(&world.card);
	must(nvm_open(world.dir, &options, &nvm) == RC_OK && nvm_begin(nvm) == RC_OK, "no card");
	must(keyset_put(nvm, &set) == RC_OK && nvm_commit(nvm, NULL, NULL) == RC_OK, "no keys");
	nvm_close(&nvm);
	must(transport_embedded_open_unthreaded(world.dir, &world.card) == RC_OK, "no card");
	must(open_session(), "no session");
	list(&world.before);
}

static void stop(void)
{
	keychannel_free(&world.channel);
	transport_close(&world.card);
	directory_free(&world.dir);
	buf_free(&world.answer);
	buf_free(&world.before);
	buf_free(&world.after);
	buf_free(&world.file);
}

static void start(void)
{
	buf_init(&world.answer, ROOM);
	buf_init(&world.before, ROOM);
	buf_init(&world.after, ROOM);
	buf_init(&world.file, ROOM);
	make_card();
	atexit(stop);
}

/* INSTALL [for load], perhaps damaged. */
static uint16_t announce(struct view *input)
{
	static const char good[] = "\x06" EDIT_PACKAGE "\0\0\0";
	uint8_t array[COMMAND_DATA];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	edit_put(input, view_of(good, sizeof(good)), &data);
	return command(0x80E60200, view_buf(&data));
}

/* A package in blocks, one of which may be out of its place. The word of the last. */
static uint16_t load(struct view *input)
{
	uint8_t size = edit_byte(input), wrong = edit_byte(input), by = edit_byte(input) & 3;
	struct buf block;
	struct view rest, part;
	uint16_t sw = OK;

	buf_init(&block, ROOM);
	edit_package(input, &block);
	buf_reset(&world.file);
	tlv_put(&world.file, 0xC4, view_buf(&block));
	buf_free(&block);
	if (edit_byte(input) >= 192)
		buf_truncate(&world.file, world.file.len - 1);
	size = size % COMMAND_DATA + 1;
	rest = view_buf(&world.file);
	for (unsigned int n = 0; sw == OK && rest.len; n++) {
		uint8_t number = (uint8_t)(n == wrong ? n + by : n);

		if (view_take(&rest, rest.len < size ? rest.len : size, &part) != RC_OK)
			abort();
		sw = command(0x80E80000 | (rest.len ? 0 : (uint32_t)LAST << 8) | number, part);
	}
	return sw;
}

/* What has been loaded is what GET STATUS may tell of. */
static void check_load(uint16_t sw)
{
	struct view file = view_buf(&world.file), block;
	struct cap cap;

	if (sw != OK)
		return;
	must(tlv_expect(&file, 0xC4, &block) == RC_OK && !file.len, "it took what is no load file");
	must(cap_parse(block, &cap) == RC_OK, "it took a bad package");
}

static uint16_t install(struct view *input)
{
	static const char good[] = "\x06" EDIT_PACKAGE "\x07" EDIT_MODULE "\x07" EDIT_MODULE
				   "\x01\0\x02\xC9\0";
	uint8_t array[COMMAND_DATA], p1 = edit_byte(input) & 1 ? 0x0C : edit_byte(input);
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	/* The token's length, 0, is the literal's end. */
	edit_put(input, view_of(good, sizeof(good)), &data);
	return command(0x80E60000 | (uint32_t)p1 << 8, view_buf(&data));
}

static uint16_t any(struct view *input)
{
	static const uint8_t instructions[] = {0xE6, 0xE8, 0xE4, 0xF2, 0xF0,
					       0xD8, 0xE2, 0xCA, 0xCB, 0xA4};
	uint8_t ins = instructions[edit_byte(input) % sizeof(instructions)];
	uint32_t header = (ins == 0xA4 ? 0u : 0x80u) << 24 | (uint32_t)ins << 16;
	struct view data;

	header |= (uint32_t)edit_byte(input) << 8;
	header |= edit_byte(input);
	data = edit_bytes(input);
	if (data.len > COMMAND_DATA)
		data.len = COMMAND_DATA;
	return command(header, data);
}

static bool same_list(void)
{
	list(&world.after);
	return view_equal(view_buf(&world.before), view_buf(&world.after));
}

/* One step; what is refused changes nothing. */
static void step(struct view *input)
{
	uint8_t kind = edit_byte(input) % 5;
	uint16_t sw;

	if (!world.channel && !open_session())
		return;
	if (kind == 0 || kind == 1) {
		sw = announce(input);
		if (sw == OK && world.channel) {
			sw = load(input);
			check_load(sw);
		}
	} else if (kind == 2) {
		sw = install(input);
	} else {
		sw = any(input);
	}
	/* Another application may be selected; keys or the card may be gone by a command before. */
	if (kind >= 3)
		keychannel_free(&world.channel);
	if (!world.channel && !open_session())
		return;
	if (sw >> 8 == 0x6A || sw == 0x6985 || sw == ENDED || sw == 0x6700)
		must(same_list(), "a refused command has changed something");
	else
		list(&world.before);
}

/* Back to the card as it was made; what cannot be put back makes a new one. */
static void put_back(const struct buf *fresh)
{
	static const char package[] = "\x4F\x06" EDIT_PACKAGE;

	if (world.channel || open_session())
		command(0x80E40080, view_of(package, sizeof(package) - 1));
	list(&world.before);
	if (!world.channel || !view_equal(view_buf(&world.before), view_buf(fresh)))
		make_card();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct view input = view_of(bytes, len);
	struct buf fresh;

	if (!world.dir)
		start();
	if (!world.channel && !open_session())
		make_card();
	buf_init(&fresh, ROOM);
	buf_view(&fresh, view_buf(&world.before));
	for (size_t n = 0; n < STEPS && input.len; n++)
		step(&input);
	put_back(&fresh);
	buf_free(&fresh);
	return 0;
}
