/* SPDX-License-Identifier: BSD-2-Clause */
/* What the issuer puts on a principal card and reads there, and how it is kept. */
#include <stdio.h>
#include <string.h>

#include "base/sw.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/card/directory.h"
#include "tests/card/pair.h"

enum { NOW = 0x11223344 };

static void what_the_issuer_puts_on_needs_his_role(void)
{
	static const uint8_t instructions[] = {0xD8, 0xE0, 0xDA, 0xDC, 0xF0};

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	for (size_t k = 0; k < sizeof(instructions); k++)
		CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, instructions[k], 0, 1, hex("00"),
					      0),
				SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, 0, 0, view_of(NULL, 0), 65536),
			SW_OK);
	for (uint8_t p1 = 1; p1 <= 4; p1++)
		CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, p1, 0, hex("00000000"),
					      65536),
				SW_SECURITY_STATUS);
	installer_login(&pair_principal, ROLE_AUDITOR);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, 4, 0, hex("00000000"), 65536), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, 1, 0, view_of(NULL, 0), 65536),
			SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 8),
			SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_SECURITY_STATUS);
	/* And a session at all. */
	peer_reopen(&pair_principal, NULL);
	CU_ASSERT_EQUAL(peer_raw(&pair_principal, hex("00A404000A" INSTALLER_PRINCIPAL "00"), NULL),
			SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&pair_principal, hex("808000B3"), NULL), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(peer_raw(&pair_principal, hex("80F20000"), NULL), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(peer_raw(&pair_principal, hex("00880000"), NULL), SW_CONDITIONS);
	pair_stop();
}

/* An issuer's session that only authenticates commands; suite 42 has none. */
static void open_authentic(struct peer *peer)
{
	struct cvc_request request = steps_host_request();
	bool bare;

	request.chr = "DEHOST0002001";
	request.key = peer_world()->host[0].key;
	request.scheme = RSA_PKCS1_SHA1;
	request.suite = 0x02;
	request.roles = ROLE_ISSUER;
	peer->suite = 0x02;
	CU_ASSERT_EQUAL_FATAL(steps_take(peer, 0x02, ENVIRONMENT), SW_OK);
	peer_make_block(peer, 0x11);
	CU_ASSERT_EQUAL_FATAL(
		steps_present(peer, &peer_world()->authority, "DEAUTHOR00001", &request), SW_OK);
	for (enum step step = DECIPHER; step < STEPS; step++)
		CU_ASSERT_EQUAL_FATAL(steps_take(peer, 0x02, step), SW_OK);
	CU_ASSERT_EQUAL_FATAL(peer_protected(peer, 0, 0xA4, 4, 0, hex(INSTALLER_PRINCIPAL), 256,
					     NULL, &bare),
			      SW_OK);
}

static void what_the_issuer_puts_on_needs_encipherment(void)
{
	static const uint8_t instructions[] = {0xD8, 0xE0, 0xDA, 0xDC, 0xF0};

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	open_authentic(&pair_principal);
	/* The role is not what it lacks. */
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, 1, 0, view_of(NULL, 0), 65536),
			SW_OK);
	for (size_t k = 0; k < sizeof(instructions); k++)
		CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, instructions[k], 0,
					      instructions[k] == 0xF0 ? 0 : PAIR_APPLICATION,
					      hex("00000001"), 0),
				SW_SECURITY_STATUS);
	pair_stop();
}

static void what_is_wrong_with_what_is_put_on_leaves_nothing(void)
{
	static const char *const definitions[] = {
		"8301",
		"830100",
		"830100 A100 A200 A300",
		"830111 A100 A200 A303040100",
		"830100 A103040100 A200 A303040100",
		"830100 A100 A20302010A A303040100",
		"830100 A100 A200 A303050100",
		"830100 A100 A200 A303040100 00",
	};

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	installer_login(&pair_principal, ROLE_ISSUER);
	for (size_t k = 0; k < sizeof(definitions) / sizeof(definitions[0]); k++)
		CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, 9, hex(definitions[k]), 0),
				SW_WRONG_DATA);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, 9,
				      hex("830100 A100 A20402020007 A303040100"), 0),
			SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(installer_charge(&pair_host, 9, 1, 1), SW_REFERENCE_NOT_FOUND);
	/* A charge that comes again gives nothing more; one out of its order is none. */
	CU_ASSERT_EQUAL(installer_charge(&pair_host, PAIR_APPLICATION, 1, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_charge(&pair_host, PAIR_APPLICATION, 1, 5), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_charge(&pair_host, PAIR_APPLICATION, 3, 5), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_charge(&pair_host, PAIR_APPLICATION, 2, 0xFFFFFFFF),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(installer_charge(&pair_host, PAIR_APPLICATION, 2, 5), SW_OK);
	CU_ASSERT_EQUAL(installer_counter(&pair_host, PAIR_APPLICATION).left, 6);
	/* Load files: block without beginning, too many bytes, another hash. */
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 0, 0, hex("0002 00000001 00"), 0),
			SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 0, 0,
				      hex("0002 00000001 6E340B9CFFB37A989CA544E6BB780A2C"
					  "78901D3FB33738768511A30617AFA01D 00"),
				      0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 1, 0, hex("0000"), 0),
			SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 0, 0,
				      hex("0002 00000001 6E340B9CFFB37A989CA544E6BB780A2C"
					  "78901D3FB33738768511A30617AFA01E 00"),
				      0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0),
			SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, 2, 0, view_of(NULL, 0), 65536),
			SW_OK);
	CU_ASSERT_EQUAL(pair_host.answer.len, 38);
	pair_stop();
}

/* Bytes that a script names are one with it: they change only with another script. */
static void a_file_of_an_application_stays_as_it_is(void)
{
	static const char other[] = "0002 00000001 6E340B9CFFB37A989CA544E6BB780A2C"
				    "78901D3FB33738768511A30617AFA01D 00";
	static const char taken[] = "0001 00000001 6E340B9CFFB37A989CA544E6BB780A2C"
				    "78901D3FB33738768511A30617AFA01D 00";

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	installer_login(&pair_principal, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 0, 0, hex(taken), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 3, 0, hex("0001"), 0), SW_CONDITIONS);
	/* Another application takes a file while it is put again. */
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 0, 0, hex(other), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 0, 0, hex(other), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, 9,
				      hex("830100 A100 A20802020001 02020002 A303040100"), 0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0),
			SW_CONDITIONS);
	/* The last one that names it lets it go. */
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, PAIR_APPLICATION, view_of(NULL, 0),
				      0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 3, 0, hex("0001"), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, 9, view_of(NULL, 0), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 3, 0, hex("0001"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 3, 0, hex("0001"), 0),
			SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, 9,
				      hex("830100 A100 A20402020001 A303040100"), 0),
			SW_REFERENCE_NOT_FOUND);
	pair_stop();
}

/* Another script, of the same file: from then on nothing is released, and nothing is charged. */
static void put_other_script(void)
{
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, PAIR_APPLICATION,
				      hex("830100 A100 A20402020001 A303040100"), 0),
			SW_OK);
}

static void a_script_that_changes_under_an_installation_stops_it(void)
{
	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	installer_login(&pair_principal, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_OK);
	installer_carry(&pair_host);
	put_other_script();
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x20, 1), SW_CONDITIONS);
	installer_put_script(&pair_host, PAIR_APPLICATION);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&pair_host), SW_OK);
	put_other_script();
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_CONDITIONS);
	/* The way back is as it was. */
	CU_ASSERT_EQUAL(pair_operate(0x11, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_counter(&pair_host, PAIR_APPLICATION).left, 1);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, PAIR_APPLICATION, view_of(NULL, 0),
				      0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_RECORD_NOT_FOUND);
	pair_stop();
}

static void the_trail_says_which_target_when(void)
{
	struct view in, entry, target;
	uint8_t id[PRINCIPAL_TARGET], event, proved;
	uint16_t application;
	uint32_t sequence, date;
	uint64_t time;
	struct view digest;

	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	CU_ASSERT_EQUAL(pair_operate_with(0x71, 0, "0000000011223344"), SW_OK);
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&pair_target, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&pair_target, hex("80500000080102030405060708 00"),
				 &pair_host.reply),
			SW_OK);
	memcpy(id, pair_host.reply.data, sizeof(id));
	installer_login(&pair_principal, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, 4, 0, hex("00000000"), 65536), SW_OK);
	in = view_buf(&pair_host.answer);
	CU_ASSERT_EQUAL_FATAL(in.len, 2 * PRINCIPAL_AUDIT_SIZE);
	for (uint32_t k = 1; k <= 2; k++) {
		peer_good(view_take(&in, PRINCIPAL_AUDIT_SIZE, &entry));
		peer_good(view_u32(&entry, &sequence));
		peer_good(view_u8(&entry, &event));
		peer_good(view_u16(&entry, &application));
		peer_good(view_take(&entry, PRINCIPAL_TARGET, &target));
		peer_good(view_take(&entry, SHA256_SIZE, &digest));
		peer_good(view_u8(&entry, &proved));
		peer_good(view_u32(&entry, &date));
		peer_good(view_u64(&entry, &time));
		CU_ASSERT_EQUAL(sequence, k);
		CU_ASSERT_EQUAL(event, k == 1 ? PRINCIPAL_CHARGED : PRINCIPAL_REPORTED);
		CU_ASSERT_EQUAL(application, PAIR_APPLICATION);
		CU_ASSERT(view_equal(target, view_of(id, sizeof(id))));
		CU_ASSERT_EQUAL(proved, 1);
		CU_ASSERT_EQUAL(date, PEER_TODAY);
		CU_ASSERT_EQUAL(time, NOW);
	}
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF0, 0, 0, hex("00000004"), 0),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF0, 0, 0, hex("00000002"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_audited(&pair_host, PRINCIPAL_CHARGED), 0);
	CU_ASSERT_EQUAL(installer_audited(&pair_host, PRINCIPAL_REPORTED), 1);
	pair_stop();
}

static void there_is_one_principal_a_card_and_its_deletion_is_whole(void)
{
	bool bare;

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	steps_open_with_roles(&pair_principal, ROLE_ISSUER);
	CU_ASSERT_EQUAL(peer_protected(&pair_principal, 0, 0xA4, 4, 0, hex(INSTALLER_ISD), 256,
				       NULL, &bare),
			SW_OK);
	CU_ASSERT_NOT_EQUAL(peer_protected(&pair_principal, 0x80, 0xE6, 0x0C, 0,
					   hex("0AF0496E7461676C696F50 0BF0496E7461676C696F5001"
					       "07F0010203040509 0100 02C900 00"),
					   256, NULL, &bare),
			    SW_OK);
	CU_ASSERT_EQUAL(peer_protected(&pair_principal, 0x80, 0xE4, 0, 0,
				       hex("4F0A" INSTALLER_PRINCIPAL), 256, NULL, &bare),
			SW_OK);
	CU_ASSERT_EQUAL(peer_protected(&pair_principal, 0, 0xA4, 4, 0, hex(INSTALLER_PRINCIPAL),
				       256, NULL, &bare),
			SW_FILE_NOT_FOUND);
	installer_make_principal(&pair_principal);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, 0, 0, view_of(NULL, 0), 65536),
			SW_OK);
	CU_ASSERT_EQUAL(pair_host.answer.len, 0);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xF2, 1, 0, view_of(NULL, 0), 65536),
			SW_OK);
	CU_ASSERT_EQUAL(pair_host.answer.len, 0);
	pair_stop();
}

/* Whether a file of the card's memory has these bytes in it. */
static bool is_on_disk(struct view needle)
{
	static uint8_t bytes[1 << 20];
	struct dirent *entry;
	DIR *listing = opendir(pair_principal.dir);
	bool found = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
	while ((entry = readdir(listing))) {
		FILE *file =
			entry->d_name[0] == '.'
				? NULL
				: fopen(directory_file(pair_principal.dir, entry->d_name), "rb");
		size_t n = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

		found = found || (n && memmem(bytes, n, needle.data, needle.len));
		if (file)
			fclose(file);
	}
	closedir(listing);
	return found;
}

static void nothing_lies_in_clear_in_the_cards_memory(void)
{
	struct buf code;

	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	buf_init(&code, PAIR_ROOM);
	installer_code(&code);
	/* What is in clear is found: the instance's name is in the registry. */
	CU_ASSERT(is_on_disk(hex(INSTALLER_PRINCIPAL)));
	CU_ASSERT(!is_on_disk(view_of(code.data + 100, 16)));
	CU_ASSERT(!is_on_disk(hex(INSTALLER_PACKAGE)));
	CU_ASSERT(!is_on_disk(hex(INSTALLER_INSTANCE)));
	for (uint8_t k = 0; k < KEYSET_KEYS; k++) {
		uint8_t key[16];

		for (uint8_t n = 0; n < sizeof(key); n++)
			key[n] = (uint8_t)(INSTALLER_MASTER + (k << 4) + n);
		CU_ASSERT(!is_on_disk(view_of(key, sizeof(key))));
	}
	buf_free(&code);
	pair_stop();
}

CU_TestInfo principal_issuer_tests[] = {
	{"what_the_issuer_puts_on_needs_his_role", what_the_issuer_puts_on_needs_his_role},
	{"what_the_issuer_puts_on_needs_encipherment", what_the_issuer_puts_on_needs_encipherment},
	{"what_is_wrong_with_what_is_put_on_leaves_nothing",
	 what_is_wrong_with_what_is_put_on_leaves_nothing},
	{"a_file_of_an_application_stays_as_it_is", a_file_of_an_application_stays_as_it_is},
	{"a_script_that_changes_under_an_installation_stops_it",
	 a_script_that_changes_under_an_installation_stops_it},
	{"the_trail_says_which_target_when", the_trail_says_which_target_when},
	{"nothing_lies_in_clear_in_the_cards_memory", nothing_lies_in_clear_in_the_cards_memory},
	{"there_is_one_principal_a_card_and_its_deletion_is_whole",
	 there_is_one_principal_a_card_and_its_deletion_is_whole},
	CU_TEST_INFO_NULL,
};
