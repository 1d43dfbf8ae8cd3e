/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key sets on cards of others: what a card tells of its parameter i in its recognition data, every i of
 * SCP03, and keys that are derived from masters as other tools derive them. The card is ours; what it
 * answers to GET DATA 0066 is another's.
 */
#include "sc/gp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "card/keyset.h"
#include "card/registry.h"
#include "sc/transport_embedded.h"
#include "tests/base/hex.h"
#include "tests/card/directory.h"
#include "tests/suite.h"

enum { VERSION = 0x30, ROOM = 512, KDD = 10 };

#define OID "06092A864886FC6B04"

static struct view none;

static void must(bool good)
{
	if (!good)
		abort();
}

/* The embedded card behind a reader that answers GET DATA 0066 itself. */
static struct {
	const char *recognition; /* NULL: the card's own; "": none */
	struct transport *card;
	size_t asked;
} other;

static enum rc other_open(const char *address, const void *options, void **ret_handle,
			  struct transport_attributes *ret)
{
	enum rc rc = transport_embedded_open(address, &other.card);

	(void)options;
	if (rc != RC_OK)
		return rc;
	*ret = *transport_attributes(other.card);
	*ret_handle = &other;
	return RC_OK;
}

static enum rc other_transmit(void *handle, struct view command, struct buf *response)
{
	(void)handle;
	if (!other.recognition || !view_equal(command, hex("80CA006600")))
		return transport_transmit(other.card, command, response);
	other.asked++;
	buf_view(response, hex(other.recognition));
	buf_u16(response, *other.recognition ? 0x9000 : 0x6A88);
	return RC_OK;
}

static enum rc other_reset(void *handle)
{
	(void)handle;
	return transport_reset(other.card);
}

static void other_close(void **handle)
{
	transport_close(&other.card);
	*handle = NULL;
}

static const struct transport_ops other_ops = {.name = "other",
					       .open = other_open,
					       .transmit = other_transmit,
					       .reset = other_reset,
					       .close = other_close};

static void put_set(const char *dir, const struct keyset *set)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN};
	struct nvm *nvm = NULL;

	must(nvm_open(dir, &options, &nvm) == RC_OK && nvm_begin(nvm) == RC_OK);
	must(keyset_put(nvm, set) == RC_OK && nvm_commit(nvm, NULL, NULL) == RC_OK);
	nvm_close(&nvm);
}

static const char *make_card(void)
{
	struct transport *t = NULL;
	const char *dir = directory_new();

	must(transport_embedded_create(dir, &t) == RC_OK);
	transport_close(&t);
	return dir;
}

static struct keyset make_set(bool aes, size_t len, uint8_t i)
{
	struct keyset set = {.domain = REGISTRY_ISD,
			     .version = VERSION,
			     .type = aes ? KEY_TYPE_AES : KEY_TYPE_DES,
			     .i = i,
			     .len = len};

	for (size_t k = 0; k < KEYSET_KEYS; k++)
		for (size_t n = 0; n < len; n++)
			set.key[k][n] = (uint8_t)(0x40 * k + n);
	return set;
}

static struct keychannel_keys host_keys(const struct keyset *set)
{
	struct keychannel_keys keys = {.version = VERSION, .len = set->len};

	keys.s16 = set->type == KEY_TYPE_AES && (set->i & SCP03_I_S16);
	for (size_t k = 0; k < KEYSET_KEYS; k++)
		memcpy(keys.key[k], set->key[k], set->len);
	return keys;
}

static enum rc see(void *arg, const struct gp_entry *entry)
{
	(void)entry;
	++*(size_t *)arg;
	return RC_OK;
}

/* The level of a session in which the card's contents could be listed, or why there is none. */
static enum rc open_as(const char *dir, const struct keychannel_keys *keys, uint8_t *ret_level)
{
	struct transport *t = NULL;
	struct gp *gp = NULL;
	size_t entries = 0;
	uint16_t sw = 0;
	enum rc rc;

	must(transport_open(&other_ops, dir, NULL, &t) == RC_OK);
	rc = gp_open_keys(&t, keys, none, &gp);
	transport_close(&t);
	if (rc != RC_OK)
		return rc;
	*ret_level = keychannel_level(gp_channel(gp));
	rc = gp_list(gp, GP_APPLICATIONS, see, &entries, &sw);
	gp_close(&gp);
	return rc == RC_OK && !entries ? RC_NOT_FOUND : rc;
}

static const struct {
	bool aes;
	uint8_t i; /* of the set, told by INITIALIZE UPDATE */
	const char *recognition;
	enum rc rc;
	uint8_t level;
} told[] = {
	{false, 0x15, "", RC_OK, 0x03},
	{false, 0x15, "6612 7310 06072A864886FC6B01", RC_OK, 0x03}, /* cut short */
	{false, 0x15, "660F 730D 640B" OID "0215", RC_OK, 0x03},
	{false, 0x55, "660F 730D 640B" OID "0255", RC_OK, 0x03},
	{false, 0x55, "660F 730D 640B" OID "0275", RC_OK, 0x03},
	{false, 0x15, "660E 730C 640A 06082A864886FC6B0402", RC_OK, 0x03}, /* i left out */
	{false, 0x15, "660F 730D 640B" OID "0205", RC_POLICY, 0},
	{false, 0x15, "660F 730D 640B" OID "020A", RC_POLICY, 0},
	{false, 0x15, "660F 730D 640B" OID "021A", RC_POLICY, 0},
	{false, 0x15, "660F 730D 640B" OID "0214", RC_POLICY, 0},
	/* Of two that differ, one is another key set's; of SCP03, too. */
	{false, 0x15, "661C 731A 640B" OID "0205 640B" OID "0215", RC_OK, 0x03},
	{false, 0x15, "661C 731A 640B" OID "0370 640B" OID "0205", RC_POLICY, 0},
	{false, 0x15, "661C 731A 640B" OID "0205 640B" OID "0205", RC_POLICY, 0},
	{true, 0x60, "", RC_OK, 0x33},
	{true, 0x60, "660F 730D 640B" OID "0360", RC_OK, 0x33},
	{true, 0x60, "660F 730D 640B" OID "0370", RC_OK, 0x33},
	{true, 0x60, "660F 730D 640B" OID "0320", RC_OK, 0x13},
	{true, 0x60, "660F 730D 640B" OID "0310", RC_OK, 0x03},
	{true, 0x60, "660F 730D 640B" OID "0300", RC_OK, 0x03},
	{true, 0x60, "661C 731A 640B" OID "0205 640B" OID "0300", RC_OK, 0x03},
	{true, 0x60, "661C 731A 640B" OID "0300 640B" OID "0310", RC_OK, 0x33},
	/* Another length of challenges is another set's. */
	{true, 0x60, "660F 730D 640B" OID "0301", RC_OK, 0x33},
	{true, 0x61, "660F 730D 640B" OID "0301", RC_OK, 0x03},
	{true, 0x61, "660F 730D 640B" OID "0300", RC_OK, 0x33},
};

static void what_a_card_tells_of_its_protocol_is_taken(void)
{
	const char *dir = make_card();
	size_t wrong = 0;

	for (size_t n = 0; n < sizeof(told) / sizeof(told[0]); n++) {
		struct keyset set = make_set(told[n].aes, 16, told[n].i);
		struct keychannel_keys keys = host_keys(&set);
		uint8_t level = 0;
		enum rc rc;

		put_set(dir, &set);
		other.recognition = told[n].recognition;
		other.asked = 0;
		log_forget();
		rc = open_as(dir, &keys, &level);
		if (rc != told[n].rc || level != told[n].level || other.asked != 1) {
			printf("row %zu: %s, level %02X\n", n, rc_name(rc), level);
			wrong++;
		}
		if (rc == RC_POLICY)
			CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "the card speaks SCP02 with i="));
	}
	other.recognition = NULL;
	CU_ASSERT_EQUAL(wrong, 0);
	directory_free(&dir);
}

/* S8 and S16, random and derived challenges, with and without R-MAC and R-ENC; each level there is. */
static void every_parameter_of_scp03_has_its_levels(void)
{
	static const uint8_t options[] = {0x00, 0x10, 0x20, 0x30, 0x60, 0x70};
	static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x33};
	const char *dir = make_card();
	size_t tried = 0, wrong = 0;

	for (size_t o = 0; o < sizeof(options); o++)
		for (uint8_t s16 = 0; s16 < 2; s16++) {
			struct keyset set = make_set(true, 16, options[o] | s16);
			struct keychannel_keys keys = host_keys(&set);

			put_set(dir, &set);
			for (size_t l = 0; l < sizeof(levels); l++) {
				uint8_t level = 0, i = options[o];
				bool has = !((levels[l] & 0x10) && !(i & SCP03_I_R_MAC)) &&
					   !((levels[l] & 0x20) && !(i & SCP03_I_R_ENC));
				enum rc rc;

				keys.level = levels[l];
				rc = open_as(dir, &keys, &level);
				tried++;
				if (rc != (has ? RC_OK : RC_POLICY)) {
					printf("i=%02X level %02X: %s\n", i | s16, levels[l],
					       rc_name(rc));
					wrong++;
				}
			}
		}
	CU_ASSERT_EQUAL(tried, 60);
	CU_ASSERT_EQUAL(wrong, 0);
	directory_free(&dir);
}

static void read_kdd(const char *dir, uint8_t kdd[KDD])
{
	struct transport *t = NULL;
	struct buf answer;

	buf_init(&answer, ROOM);
	must(transport_embedded_open(dir, &t) == RC_OK);
	must(transport_transmit(t, hex("00A4040000"), &answer) == RC_OK);
	buf_reset(&answer);
	must(transport_transmit(t, hex("8050300008000000000000000000"), &answer) == RC_OK);
	must(answer.len > KDD + 2);
	memcpy(kdd, answer.data, KDD);
	transport_close(&t);
	buf_free(&answer);
}

static void masters_open_the_cards_that_were_made_with_them(void)
{
	static const struct {
		enum diversify_method method;
		bool aes;
		size_t len;
	} rows[] = {
		{DIVERSIFY_OWN, true, 32},    {DIVERSIFY_OWN, false, 16},
		{DIVERSIFY_EMV, false, 16},   {DIVERSIFY_EMV, true, 16},
		{DIVERSIFY_VISA2, false, 16}, {DIVERSIFY_VISA2, true, 16},
		{DIVERSIFY_KDF3, true, 16},   {DIVERSIFY_KDF3, true, 24},
		{DIVERSIFY_KDF3, true, 32},
	};
	const char *dir = make_card();
	struct keyset any = make_set(true, 16, 0x60);
	uint8_t kdd[KDD], level;

	put_set(dir, &any);
	read_kdd(dir, kdd);
	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		struct keyset set = make_set(rows[n].aes, rows[n].len, rows[n].aes ? 0x60 : 0x15);
		struct keychannel_keys keys = host_keys(&set);

		for (int k = 0; k < KEYSET_KEYS; k++)
			CU_ASSERT_EQUAL(diversify_by(rows[n].method, view_of(keys.key[k], keys.len),
						     (enum diversify_use)k, view_of(kdd, KDD),
						     set.key[k]),
					RC_OK);
		put_set(dir, &set);
		for (int method = DIVERSIFY_NONE; method < DIVERSIFY_METHODS; method++) {
			bool des = method == DIVERSIFY_EMV || method == DIVERSIFY_VISA2;

			keys.masters = (enum diversify_method)method;
			/* This card's ten bytes are zeros, of which both take the same. */
			if (des && (rows[n].len != 16 || (rows[n].method != keys.masters &&
							  (rows[n].method == DIVERSIFY_EMV ||
							   rows[n].method == DIVERSIFY_VISA2))))
				continue;
			CU_ASSERT_EQUAL(open_as(dir, &keys, &level),
					keys.masters == rows[n].method ? RC_OK : RC_AUTH);
		}
	}
	directory_free(&dir);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what_a_card_tells_of_its_protocol_is_taken",
		 what_a_card_tells_of_its_protocol_is_taken},
		{"every_parameter_of_scp03_has_its_levels",
		 every_parameter_of_scp03_has_its_levels},
		{"masters_open_the_cards_that_were_made_with_them",
		 masters_open_the_cards_that_were_made_with_them},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "gp_cards", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("gp_cards", suites);
}
