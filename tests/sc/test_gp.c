/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GlobalPlatform commands between the host and the card, in every form of a channel from a key set:
 * SCP02 and SCP03, all levels, S8 and S16, all key lengths. Both ends were written apart. And what
 * cards of other vendors say, from their own answers.
 */
#include "sc/gp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/tlv.h"
#include "card/keyset.h"
#include "card/registry.h"
#include "sc/transport_embedded.h"
#include "tests/base/hex.h"
#include "tests/card/directory.h"
#include "tests/suite.h"

#define ISD      "A000000151000000"
#define PACKAGE  "F00102030405"
#define MODULE   "F0010203040501"
#define INSTANCE "F0010203040502"

enum { ROOM = 1 << 16, VERSION = 0x30 };

static struct view none;

static void must(bool good)
{
	if (!good)
		abort();
}

/* A card with one key set of this kind, and the host's copy of it. */
struct world {
	const char *dir;
	struct keychannel_keys keys;
};

static void fill(uint8_t key[3][SCP03_KEY_MAX], size_t len, uint8_t seed)
{
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < len; i++)
			key[k][i] = (uint8_t)(seed + 16 * k + i);
}

static void world_new(struct world *w, bool aes, size_t len, uint8_t i, uint8_t level)
{
	struct keyset set = {.domain = REGISTRY_ISD,
			     .version = VERSION,
			     .type = aes ? KEY_TYPE_AES : KEY_TYPE_DES,
			     .i = i,
			     .len = len};
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN};
	struct transport *t = NULL;
	struct nvm *nvm = NULL;

	w->dir = directory_new();
	must(transport_embedded_create(w->dir, &t) == RC_OK);
	transport_close(&t);
	fill(set.key, len, 1);
	must(nvm_open(w->dir, &options, &nvm) == RC_OK && nvm_begin(nvm) == RC_OK);
	must(keyset_put(nvm, &set) == RC_OK && nvm_commit(nvm, NULL, NULL) == RC_OK);
	nvm_close(&nvm);
	w->keys = (struct keychannel_keys){
		.version = VERSION, .level = level, .len = len, .s16 = aes && (i & SCP03_I_S16)};
	fill(w->keys.key, len, 1);
}

static void world_free(struct world *w)
{
	directory_free(&w->dir);
}

static enum rc open_as(struct world *w, const struct keychannel_keys *keys, struct gp **ret)
{
	struct transport *t = NULL;

	must(transport_embedded_open(w->dir, &t) == RC_OK);
	return gp_open_keys(&t, keys, none, ret);
}

static struct gp *open_gp(struct world *w)
{
	struct gp *gp = NULL;

	CU_ASSERT_EQUAL_FATAL(open_as(w, &w->keys, &gp), RC_OK);
	return gp;
}

/* The load file of a package of this name with one applet; size bytes of nothing in its methods. */
static void put_file(struct buf *out, size_t size)
{
	static const struct {
		uint8_t tag;
		const char *body;
	} components[] = {
		{1, "DECAFFED 01 02 04 00 01 06" PACKAGE},
		{2, "00"},
		{4, "01 00 01 07 A0000000620001"},
		{3, "01 07" MODULE "0000"},
		{6, "00"},
		{7, ""},
		{8, "00"},
		{5, "00"},
		{9, "00"},
	};
	struct buf block;

	buf_init(&block, ROOM);
	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++) {
		struct view body = hex(components[i].body);

		buf_u8(&block, components[i].tag);
		buf_u16(&block, (uint16_t)(body.len ? body.len : size));
		buf_view(&block, body);
		for (size_t n = 0; !body.len && n < size; n++)
			buf_u8(&block, (uint8_t)(n * 7));
	}
	tlv_put(out, 0xC4, view_buf(&block));
	buf_free(&block);
}

static enum rc load(struct gp *gp, size_t size, size_t wanted, uint16_t *sw)
{
	const struct gp_load announce = {.file = hex(PACKAGE)};
	size_t block = gp_block_size(gp, wanted);
	unsigned int n = 0;
	struct view rest;
	struct buf file;
	enum rc rc;

	buf_init(&file, ROOM);
	put_file(&file, size);
	rest = view_buf(&file);
	rc = gp_install_for_load(gp, &announce, sw);
	while (rc == RC_OK && rest.len) {
		struct view part;

		must(view_take(&rest, rest.len < block ? rest.len : block, &part) == RC_OK);
		rc = gp_load_block(gp, n++, !rest.len, part, sw);
	}
	buf_free(&file);
	return rc;
}

struct seen {
	size_t count;
	struct gp_entry last;
};

static enum rc see(void *arg, const struct gp_entry *entry)
{
	struct seen *seen = arg;

	seen->count++;
	seen->last = *entry;
	return RC_OK;
}

static size_t count(struct gp *gp, enum gp_kind kind, struct gp_entry *ret_last)
{
	struct seen seen = {.count = 0};
	uint16_t sw = 0;

	CU_ASSERT_EQUAL(gp_list(gp, kind, see, &seen, &sw), RC_OK);
	if (ret_last)
		*ret_last = seen.last;
	return seen.count;
}

/* The life of an application in one session. */
static bool manages(struct gp *gp)
{
	const uint8_t privileges[] = {0};
	const struct gp_install install = {
		.purpose = GP_FOR_INSTALL | GP_FOR_SELECTABLE,
		.file = hex(PACKAGE),
		.module = hex(MODULE),
		.instance = hex(INSTANCE),
		.privileges = view_of(privileges, 1),
		.parameters = hex("C900"),
	};
	struct gp_entry e;
	uint16_t sw = 0;
	size_t before = count(gp, GP_APPLICATIONS, NULL);

	if (load(gp, 1000, 0, &sw) != RC_OK || gp_install(gp, &install, &sw) != RC_OK)
		return false;
	if (count(gp, GP_APPLICATIONS, &e) != before + 1 || e.life_cycle != 0x07 ||
	    !view_equal(aid_view(&e.aid), hex(INSTANCE)) ||
	    !view_equal(aid_view(&e.file), hex(PACKAGE)) ||
	    !view_equal(aid_view(&e.domain), hex(ISD)))
		return false;
	if (count(gp, GP_MODULES, &e) != 3 || e.module_count != 1 ||
	    !view_equal(aid_view(&e.modules[0]), hex(MODULE)) || e.version[0] != 1)
		return false;
	if (gp_set_status(gp, GP_APPLICATIONS, 0x87, hex(INSTANCE), &sw) != RC_OK ||
	    gp_set_status(gp, GP_APPLICATIONS, 0x07, hex(INSTANCE), &sw) != RC_OK)
		return false;
	if (gp_delete(gp, hex(PACKAGE), false, &sw) != RC_SW || sw != 0x6985 ||
	    gp_delete(gp, hex(PACKAGE), true, &sw) != RC_OK ||
	    gp_delete(gp, hex(PACKAGE), true, &sw) != RC_SW || sw != 0x6A88)
		return false;
	return count(gp, GP_APPLICATIONS, NULL) == before;
}

static void every_form_of_scp03_manages_the_card(void)
{
	static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x33};
	static const uint8_t options[] = {0x60, 0x61, 0x70, 0x71};
	size_t tried = 0, failed = 0;

	for (size_t len = 16; len <= 32; len += 8)
		for (size_t o = 0; o < sizeof(options); o++) {
			struct world w;

			world_new(&w, true, len, options[o], 0);
			for (size_t l = 0; l < sizeof(levels); l++) {
				struct gp *gp;

				w.keys.level = levels[l];
				gp = open_gp(&w);
				tried++;
				if (!manages(gp)) {
					failed++;
					printf("AES-%zu i=%02X level %02X\n", 8 * len, options[o],
					       levels[l]);
				}
				gp_close(&gp);
			}
			world_free(&w);
		}
	printf("SCP03: %zu forms, %zu failed\n", tried, failed);
	CU_ASSERT_EQUAL(tried, 60);
	CU_ASSERT_EQUAL(failed, 0);
}

static void every_form_of_scp02_manages_the_card(void)
{
	static const uint8_t options[] = {0x15, 0x55};

	for (size_t o = 0; o < sizeof(options); o++) {
		struct world w;

		world_new(&w, false, SCP02_KEY, options[o], 0);
		for (unsigned int form = 0; form < 4; form++) {
			struct gp *gp;

			w.keys.level = form & 1 ? 0x03 : 0x01;
			gp = open_gp(&w);
			if (form & 2)
				gp_set_published_class(gp);
			CU_ASSERT(manages(gp));
			CU_ASSERT_EQUAL(keychannel_protocol(gp_channel(gp)), 2);
			gp_close(&gp);
		}
		world_free(&w);
	}
}

/* Where a card has no R-MAC, none is asked for; where it has, the highest level is. */
static void without_a_level_the_highest_is_taken(void)
{
	static const struct {
		bool aes;
		uint8_t i, level;
	} rows[] = {
		{true, 0x60, 0x33}, {true, 0x20, 0x13}, {true, 0x00, 0x03}, {false, 0x15, 0x03}};

	for (size_t n = 0; n < 4; n++) {
		struct world w;
		struct gp *gp;

		world_new(&w, rows[n].aes, 16, rows[n].i, 0);
		gp = open_gp(&w);
		CU_ASSERT_EQUAL(keychannel_level(gp_channel(gp)), rows[n].level);
		CU_ASSERT(manages(gp));
		gp_close(&gp);
		world_free(&w);
	}
}

static void wrong_keys_and_versions_are_refused_with_a_sentence(void)
{
	struct keychannel_keys wrong;
	struct gp *gp = NULL;
	struct world w;

	world_new(&w, true, 16, 0x60, 0);
	for (size_t k = 0; k < 2; k++) {
		wrong = w.keys;
		wrong.key[k][15] ^= 1;
		log_forget();
		/* A wrong key for data is not noticed before it is used. */
		CU_ASSERT_EQUAL(open_as(&w, &wrong, &gp), k == KEYCHANNEL_ENC ? RC_OK : RC_AUTH);
		if (gp) {
			/* The card's cryptogram has not that key in it, its messages have. */
			uint16_t sw = 0;

			CU_ASSERT_NOT_EQUAL(gp_list(gp, GP_FILES, see, &(struct seen){0}, &sw),
					    RC_OK);
			gp_close(&gp);
		} else {
			CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "the keys are not those"));
		}
	}
	wrong = w.keys;
	wrong.version = 0x31;
	CU_ASSERT_EQUAL(open_as(&w, &wrong, &gp), RC_NOT_FOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "no key set of version 31"));
	wrong = w.keys;
	wrong.s16 = true;
	CU_ASSERT_EQUAL(open_as(&w, &wrong, &gp), RC_POLICY);
	wrong = w.keys;
	wrong.protocol = KEYCHANNEL_SCP02;
	CU_ASSERT_EQUAL(open_as(&w, &wrong, &gp), RC_POLICY);
	CU_ASSERT_PTR_NULL(gp);
	world_free(&w);
}

static void keys_are_put_replaced_and_deleted(void)
{
	static const struct {
		bool aes;
		size_t len;
		uint8_t i;
		enum keychannel_protocol to;
		size_t to_len;
	} rows[] = {
		{true, 16, 0x60, KEYCHANNEL_SCP03, 16},  {true, 32, 0x61, KEYCHANNEL_SCP03, 24},
		{false, 16, 0x15, KEYCHANNEL_SCP02, 16}, {false, 16, 0x55, KEYCHANNEL_SCP02, 16},
		{true, 24, 0x70, KEYCHANNEL_SCP02, 16},
	};

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		struct keychannel_keys fresh = {
			.protocol = rows[n].to, .version = 0x41, .len = rows[n].to_len};
		struct gp_key list[GP_KEYS_MAX];
		size_t keys = 0;
		uint16_t sw = 0;
		struct buf data;
		struct world w;
		struct gp *gp;

		world_new(&w, rows[n].aes, rows[n].len, rows[n].i, 0);
		fill(fresh.key, fresh.len, 0x61);
		gp = open_gp(&w);
		CU_ASSERT_EQUAL(gp_put_keys(gp, &fresh, 0, &sw), RC_OK);
		CU_ASSERT_EQUAL(gp_put_keys(gp, &fresh, 0, &sw), RC_SW);
		buf_init(&data, ROOM);
		CU_ASSERT_EQUAL(gp_get_data(gp, 0x00E0, &data, &sw), RC_OK);
		CU_ASSERT_EQUAL(gp_parse_keys(view_buf(&data), list, &keys), RC_OK);
		CU_ASSERT_EQUAL(keys, 6);
		CU_ASSERT_EQUAL(list[3].version, 0x41);
		CU_ASSERT_EQUAL(list[3].len, rows[n].to_len);
		buf_free(&data);
		gp_close(&gp);
		/* The new set opens a session and replaces itself. */
		CU_ASSERT_EQUAL_FATAL(open_as(&w, &fresh, &gp), RC_OK);
		CU_ASSERT_EQUAL(gp_delete_keys(gp, VERSION, &sw), RC_OK);
		fill(fresh.key, fresh.len, 0x11);
		CU_ASSERT_EQUAL(gp_put_keys(gp, &fresh, 0x41, &sw), RC_OK);
		gp_close(&gp);
		CU_ASSERT_EQUAL(open_as(&w, &w.keys, &gp), RC_NOT_FOUND);
		CU_ASSERT_EQUAL_FATAL(open_as(&w, &fresh, &gp), RC_OK);
		gp_close(&gp);
		world_free(&w);
	}
}

static void a_load_that_is_left_leaves_nothing(void)
{
	const struct gp_load announce = {.file = hex(PACKAGE)};
	uint16_t sw = 0;
	struct world w;
	struct gp *gp;

	world_new(&w, true, 16, 0x60, 0);
	gp = open_gp(&w);
	CU_ASSERT_EQUAL(gp_install_for_load(gp, &announce, &sw), RC_OK);
	CU_ASSERT_EQUAL(gp_load_block(gp, 0, false, hex("C48203E8"), &sw), RC_OK);
	gp_close(&gp);
	gp = open_gp(&w);
	CU_ASSERT_EQUAL(gp_load_block(gp, 1, false, hex("00"), &sw), RC_SW);
	CU_ASSERT_EQUAL(count(gp, GP_FILES, NULL), 2);
	CU_ASSERT_EQUAL(load(gp, 100, 0, &sw), RC_OK);
	CU_ASSERT_EQUAL(load(gp, 100, 0, &sw), RC_SW);
	CU_ASSERT_EQUAL(sw, 0x6985);
	gp_close(&gp);
	world_free(&w);
}

/* More entries than one answer holds. */
static void a_long_list_is_read_whole(void)
{
	struct gp_install install = {
		.purpose = GP_FOR_INSTALL | GP_FOR_SELECTABLE,
		.file = hex(PACKAGE),
		.module = hex(MODULE),
		.parameters = hex("C900"),
	};
	const uint8_t privileges[] = {0};
	uint8_t name[8];
	uint16_t sw = 0;
	struct world w;
	struct gp *gp;
	size_t before;

	install.privileges = view_of(privileges, 1);
	world_new(&w, true, 16, 0x60, 0);
	gp = open_gp(&w);
	before = count(gp, GP_APPLICATIONS, NULL);
	CU_ASSERT_EQUAL(load(gp, 10, 0, &sw), RC_OK);
	memcpy(name, hex("F001020304050000").data, sizeof(name));
	install.instance = view_of(name, sizeof(name));
	for (uint8_t n = 0; n < 30; n++) {
		name[7] = n;
		CU_ASSERT_EQUAL(gp_install(gp, &install, &sw), RC_OK);
	}
	CU_ASSERT_EQUAL(count(gp, GP_APPLICATIONS, NULL), before + 30);
	gp_close(&gp);
	world_free(&w);
}

/* Bytes both ways from the first SELECT to the close, over the load file's. */
static double ratio(bool aes, uint8_t level, size_t wanted, size_t *ret_apdus)
{
	struct sc_figures before, after;
	size_t size = 20000;
	struct buf file;
	uint16_t sw = 0;
	struct world w;
	struct gp *gp;
	double r;

	buf_init(&file, ROOM);
	put_file(&file, size);
	world_new(&w, aes, 16, aes ? 0x60 : 0x15, level);
	gp = open_gp(&w);
	gp_figures(gp, &before);
	CU_ASSERT_EQUAL(load(gp, size, wanted, &sw), RC_OK);
	gp_figures(gp, &after);
	*ret_apdus = (size_t)(after.apdus - before.apdus) - 1;
	r = (double)(after.sent + after.received) / (double)file.len;
	CU_ASSERT_EQUAL(*ret_apdus,
			(file.len + gp_block_size(gp, wanted) - 1) / gp_block_size(gp, wanted));
	gp_close(&gp);
	world_free(&w);
	buf_free(&file);
	return r;
}

static void little_is_sent_besides_the_load_file(void)
{
	size_t apdus;
	double r = ratio(false, 0x03, 0, &apdus);

	printf("SCP02 level 03, short: %.3f bytes a byte, %zu blocks\n", r, apdus);
	CU_ASSERT(r <= 1.12);
	r = ratio(true, 0x33, 4096, &apdus);
	printf("SCP03 level 33, extended: %.3f bytes a byte, %zu blocks\n", r, apdus);
	CU_ASSERT(r <= 1.03);
}

static void cards_of_others_are_understood(void)
{
	/* As cards in the field answer GET DATA 0066. */
	static const char scp02[] =
		"664C734A06072A864886FC6B01600C060A2A864886FC6B02020101630906072A864886FC6B03640B"
		"06092A864886FC6B040215650B06092B8510864864020103660C060A2B060104012A026E0102";
	static const char scp03[] = "732F06072A864886FC6B01600C060A2A864886FC6B02020201630906072A"
				    "864886FC6B03640B06092A864886FC6B040370";
	struct gp_recognition r;
	struct gp_key keys[GP_KEYS_MAX];
	size_t n = 0;

	CU_ASSERT_EQUAL(gp_parse_recognition(hex(scp02), &r), RC_OK);
	CU_ASSERT_EQUAL(r.version[0], 2);
	CU_ASSERT_EQUAL(r.version[1], 1);
	CU_ASSERT_EQUAL_FATAL(r.protocol_count, 1);
	CU_ASSERT_EQUAL(r.protocols[0].protocol, 2);
	CU_ASSERT_EQUAL(r.protocols[0].i, 0x15);
	CU_ASSERT_EQUAL(gp_parse_recognition(hex(scp03), &r), RC_OK);
	CU_ASSERT_EQUAL(r.protocols[0].i, 0x70);
	for (size_t len = 0; len < hex(scp02).len; len++)
		CU_ASSERT_EQUAL(gp_parse_recognition(view_of(hex(scp02).data, len), &r),
				RC_MALFORMED);
	CU_ASSERT_EQUAL(gp_parse_keys(hex("E012C00401FF8010C00402FF8010C00403FF8010"), keys, &n),
			RC_OK);
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(keys[2].version, 0xFF);
	/* The extended format, with key usage and access. */
	CU_ASSERT_EQUAL(gp_parse_keys(hex("E00CC0090130FF880020 01180100"), keys, &n),
			RC_MALFORMED);
	CU_ASSERT_EQUAL(gp_parse_keys(hex("E00CC00A0130FF880020 01180100"), keys, &n), RC_OK);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_EQUAL(keys[0].type, 0x88);
	CU_ASSERT_EQUAL(keys[0].len, 0x20);
	CU_ASSERT_EQUAL(gp_parse_keys(hex("E003C00101"), keys, &n), RC_MALFORMED);
}

/* A card of another make: answers from a script. */
struct script {
	const char *const *rows; /* command, answer, ..; NULL at the end */
	size_t at;
	bool wrong;
};
static struct script script;

static enum rc script_open(const char *address, const void *options, void **ret_handle,
			   struct transport_attributes *ret)
{
	(void)address;
	(void)options;
	*ret_handle = &script;
	*ret = (struct transport_attributes){.command_max = 261, .response_max = 258};
	return RC_OK;
}

static enum rc script_transmit(void *handle, struct view command, struct buf *response)
{
	struct script *s = handle;

	if (!s->rows[s->at] || !view_equal(command, hex(s->rows[s->at]))) {
		s->wrong = true;
		for (size_t i = 0; i < command.len; i++)
			printf("%02X", command.data[i]);
		printf(" was not expected\n");
		buf_u16(response, 0x6F00);
		return RC_OK;
	}
	buf_view(response, hex(s->rows[s->at + 1]));
	s->at += 2;
	return RC_OK;
}

static enum rc script_reset(void *handle)
{
	(void)handle;
	return RC_OK;
}

static void script_close(void **handle)
{
	*handle = NULL;
}

static const struct transport_ops script_ops = {.name = "script",
						.open = script_open,
						.transmit = script_transmit,
						.reset = script_reset,
						.close = script_close};

static enum rc open_script(const char *const *rows, struct gp **ret)
{
	struct transport *t = NULL;

	script = (struct script){.rows = rows};
	must(transport_open(&script_ops, "other", NULL, &t) == RC_OK);
	return gp_open_keys(&t, NULL, none, ret);
}

static void the_format_of_older_cards_is_read(void)
{
	static const char *const rows[] = {
		/* No default selection, and another name of the issuer's domain. */
		"00A4040000", "6A82", "00A4040008A00000015100000000", "6A82",
		"00A4040008A00000000300000000", "6F108408A000000003000000A5049F6501FF9000",
		/* No data objects: lengths and values, in two answers. */
		"80F24002024F0000", "6A86", "80F24000024F0000", "07A000000003535007006310",
		"80F24001024F0000", "08A0000000035350500F809000",
		/* No modules either. */
		"80F21002024F0000", "6A86", "80F21000024F0000", "6A86", "80F22002024F0000", "6A86",
		"80F22000024F0000", "07A000000003535001009000", NULL};
	struct gp_entry e;
	struct gp *gp = NULL;

	CU_ASSERT_EQUAL_FATAL(open_script(rows, &gp), RC_OK);
	CU_ASSERT(view_equal(gp_domain(gp), hex("A000000003000000")));
	CU_ASSERT_EQUAL(count(gp, GP_APPLICATIONS, &e), 2);
	CU_ASSERT_EQUAL(e.life_cycle, 0x0F);
	CU_ASSERT_EQUAL(e.privileges[0], 0x80);
	CU_ASSERT_EQUAL(count(gp, GP_MODULES, &e), 1);
	CU_ASSERT_EQUAL(e.life_cycle, 0x01);
	CU_ASSERT_EQUAL(e.kind, GP_FILES);
	CU_ASSERT(!script.wrong);
	gp_close(&gp);
}

static void hostile_lists_are_refused(void)
{
	static const char *const bad[] = {
		"E3039000", /* cut short */
		"E3079F70010FC501009000", /* no name */
		"E3064F04010203049000", /* too short a name */
		"E3084F06F001020304059F709000", /* trailing bytes */
	};

	for (size_t i = 0; i < 4; i++) {
		const char *rows[] = {"00A4040000", "9000", "80F24002024F0000", bad[i], NULL};
		struct gp *gp = NULL;
		uint16_t sw = 0;

		CU_ASSERT_EQUAL_FATAL(open_script(rows, &gp), RC_OK);
		CU_ASSERT_EQUAL(gp_list(gp, GP_APPLICATIONS, see, &(struct seen){0}, &sw),
				RC_MALFORMED);
		gp_close(&gp);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every_form_of_scp03_manages_the_card", every_form_of_scp03_manages_the_card},
		{"every_form_of_scp02_manages_the_card", every_form_of_scp02_manages_the_card},
		{"without_a_level_the_highest_is_taken", without_a_level_the_highest_is_taken},
		{"wrong_keys_and_versions_are_refused_with_a_sentence",
		 wrong_keys_and_versions_are_refused_with_a_sentence},
		{"keys_are_put_replaced_and_deleted", keys_are_put_replaced_and_deleted},
		{"a_load_that_is_left_leaves_nothing", a_load_that_is_left_leaves_nothing},
		{"a_long_list_is_read_whole", a_long_list_is_read_whole},
		{"little_is_sent_besides_the_load_file", little_is_sent_besides_the_load_file},
		{"cards_of_others_are_understood", cards_of_others_are_understood},
		{"the_format_of_older_cards_is_read", the_format_of_older_cards_is_read},
		{"hostile_lists_are_refused", hostile_lists_are_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "gp", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("gp", suites);
}
