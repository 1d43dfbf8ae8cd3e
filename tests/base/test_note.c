/* SPDX-License-Identifier: BSD-2-Clause */
/* Notes against the example of golang.org/x/mod/sumdb/note, checkpoints against C2SP's, base64. */
#include "base/note.h"

#include <string.h>

#include "base/base64.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

#define DASH "\xE2\x80\x94 "

static const char neumann_key[] =
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char neumann_text[] = "If you think cryptography is the answer to your problem,\n"
				   "then you don't know what your problem is.\n";
static const char neumann_note[] =
	"If you think cryptography is the answer to your problem,\n"
	"then you don't know what your problem is.\n"
	"\n" DASH "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
	"KvqfqdngotpRZb6KE6RyyBwJnAM=\n";
/* The seed in PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz. */
static const char neumann_seed[] =
	"810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";

static struct note_key key;
static EVP_PKEY *private_key;

static int start(void)
{
	struct buf der;
	enum rc rc;

	buf_init(&der, 64);
	buf_view(&der, hex("302e020100300506032b657004220420"));
	buf_view(&der, hex(neumann_seed));
	rc = pkey_private(view_buf(&der), &private_key);
	buf_free(&der);
	return rc != RC_OK || note_parse_key(view_str(neumann_key), &key) != RC_OK;
}

static int finish(void)
{
	EVP_PKEY_free(private_key);
	return 0;
}

static void the_published_note_opens_under_the_published_key(void)
{
	struct view text;

	CU_ASSERT_STRING_EQUAL(key.name, "PeterNeumann");
	CU_ASSERT(view_equal(view_of(key.id, NOTE_KEY_ID), hex("c74f20a3")));
	CU_ASSERT_EQUAL(note_open(view_str(neumann_note), &key, &text), RC_OK);
	CU_ASSERT(view_equal(text, view_str(neumann_text)));
}

static void signing_makes_the_published_note(void)
{
	struct buf b;

	buf_init(&b, 1024);
	CU_ASSERT_EQUAL(note_sign(view_str(neumann_text), &key, private_key, &b), RC_OK);
	CU_ASSERT(view_equal(view_buf(&b), view_str(neumann_note)));
	CU_ASSERT_EQUAL(note_sign(view_str("no newline"), &key, private_key, &b), RC_ARGUMENT);
	CU_ASSERT_EQUAL(note_sign(view_str(""), &key, private_key, &b), RC_ARGUMENT);
	buf_free(&b);
}

static void a_verifier_key_is_written_as_it_was_read(void)
{
	struct note_key made;
	struct buf b;

	buf_init(&b, NOTE_KEY_MAX);
	note_put_key(&b, &key);
	CU_ASSERT(view_equal(view_buf(&b), view_str(neumann_key)));
	CU_ASSERT_EQUAL(note_key_make("PeterNeumann", key.public_key, &made), RC_OK);
	CU_ASSERT(view_equal(view_of(made.id, NOTE_KEY_ID), view_of(key.id, NOTE_KEY_ID)));
	buf_free(&b);
}

static void names_that_a_key_may_not_have_are_refused(void)
{
	static const char *const names[] = {"", "a b", "a+b", "a\n", "\xC3\xA9"};
	char longest[NOTE_NAME_MAX + 2];
	struct note_key made;
	struct buf b;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CU_ASSERT_EQUAL(note_key_make(names[i], key.public_key, &made), RC_ARGUMENT);
	memset(longest, 'n', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	CU_ASSERT_EQUAL(note_key_make(longest, key.public_key, &made), RC_ARGUMENT);
	longest[sizeof(longest) - 2] = 0;
	CU_ASSERT_EQUAL(note_key_make(longest, key.public_key, &made), RC_OK);
	buf_init(&b, 1024);
	note_put_key(&b, &made);
	CU_ASSERT_EQUAL(b.len, NOTE_KEY_MAX);
	CU_ASSERT_EQUAL(note_parse_key(view_buf(&b), &made), RC_OK);
	buf_free(&b);
}

static void every_part_of_a_verifier_key_but_the_whole_is_malformed(void)
{
	size_t len = strlen(neumann_key), accepted = 0;
	char copy[sizeof(neumann_key)];
	struct note_key k;

	for (size_t from = 0; from < len; from++) {
		for (size_t to = from; to <= len; to++) {
			if (from || to < len)
				accepted += note_parse_key(view_of(neumann_key + from, to - from),
							   &k) == RC_OK;
		}
	}
	memcpy(copy, neumann_key, sizeof(copy));
	for (size_t i = 0; i < len; i++) {
		copy[i]++;
		accepted += note_parse_key(view_str(copy), &k) == RC_OK;
		copy[i]--;
	}
	CU_ASSERT_EQUAL(accepted, 0);
	CU_ASSERT_EQUAL(note_parse_key(view_str("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVk"
						"mqq/LDE4izWy10TW"),
				       &k),
			RC_MALFORMED);
}

static void every_flipped_bit_of_a_note_is_refused(void)
{
	char copy[sizeof(neumann_note)] = {0};
	struct view text, note = view_of(copy, sizeof(copy) - 1);
	size_t accepted = 0;

	memcpy(copy, neumann_note, sizeof(copy));
	for (size_t bit = 0; bit < 8 * note.len; bit++) {
		copy[bit / 8] ^= (char)(1 << bit % 8);
		accepted += note_open(note, &key, &text) == RC_OK;
		copy[bit / 8] ^= (char)(1 << bit % 8);
	}
	CU_ASSERT_EQUAL(accepted, 0);
	for (size_t len = 0; len < note.len; len++)
		CU_ASSERT_NOT_EQUAL(note_open(view_of(copy, len), &key, &text), RC_OK);
}

/* The signature line of the published note, and whatever a row puts around it. */
static enum rc open_with(const char *before, const char *after)
{
	struct buf b;
	struct view text;
	enum rc rc;

	buf_init(&b, 100000);
	buf_str(&b, neumann_text);
	buf_str(&b, "\n");
	buf_str(&b, before);
	buf_str(&b, strstr(neumann_note, DASH));
	buf_str(&b, after);
	rc = note_open(view_buf(&b), &key, &text);
	buf_free(&b);
	return rc;
}

static void signatures_of_others_are_passed_over_and_bad_lines_are_not(void)
{
	static const struct {
		const char *before, *after;
		enum rc rc;
	} rows[] = {
		{"", "", RC_OK},
		{DASH
		 "EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oO"
		 "TGwnWLox33WWd1RvMc+QM=\n",
		 "", RC_OK},
		{DASH "other AAAAAAA=\n", "", RC_OK},
		{DASH "\xC3\xA9 AAAAAAA=\n", "", RC_OK},
		{"", DASH "PeterNeumann AAAAAAA=\n", RC_OK}, /* another key of that name */
		{"", DASH "PeterNeumann x08gowA=\n", RC_AUTH},
		{DASH "other AAAAAAA\n", "", RC_MALFORMED},
		{DASH "other AAAA\n", "", RC_MALFORMED},
		{DASH "other \n", "", RC_MALFORMED},
		{DASH "other\n", "", RC_MALFORMED},
		{DASH " AAAAAAA=\n", "", RC_MALFORMED},
		{DASH "a+b AAAAAAA=\n", "", RC_MALFORMED},
		{"- other AAAAAAA=\n", "", RC_MALFORMED},
		{"", "no newline", RC_MALFORMED},
		{"", "\n", RC_MALFORMED},
		{"", DASH "a\tb AAAAAAA=\n", RC_MALFORMED},
		{DASH "\xC3 AAAAAAA=\n", "", RC_MALFORMED},
		{DASH "\xED\xA0\x80 AAAAAAA=\n", "", RC_MALFORMED},
		{DASH "\xC0\xAF AAAAAAA=\n", "", RC_MALFORMED},
		{DASH "\xF4\x90\x80\x80 AAAAAAA=\n", "", RC_MALFORMED},
		{DASH "\xF0\x9F\x98\x80 AAAAAAA=\n", "", RC_OK},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(open_with(rows[i].before, rows[i].after), rows[i].rc);
}

static void too_many_signatures_and_too_long_notes_are_malformed(void)
{
	struct buf b;

	buf_init(&b, 100000);
	for (int i = 0; i < NOTE_SIGNATURES_MAX - 1; i++)
		buf_str(&b, DASH "other AAAAAAA=\n");
	buf_u8(&b, 0);
	CU_ASSERT_EQUAL(open_with((char *)b.data, ""), RC_OK);
	CU_ASSERT_EQUAL(open_with((char *)b.data, DASH "other AAAAAAA=\n"), RC_MALFORMED);
	buf_reset(&b);
	for (int i = 0; i < NOTE_MAX; i++)
		buf_u8(&b, '\n');
	buf_u8(&b, 0);
	CU_ASSERT_EQUAL(open_with((char *)b.data, ""), RC_MALFORMED);
	buf_free(&b);
}

static void a_note_nobody_known_signed_is_refused(void)
{
	struct note_key other = key;
	struct view text = view_str("kept");

	other.id[0] ^= 1;
	CU_ASSERT_EQUAL(note_open(view_str(neumann_note), &other, &text), RC_AUTH);
	other = key;
	other.public_key[0] ^= 1;
	CU_ASSERT_EQUAL(note_open(view_str(neumann_note), &other, &text), RC_AUTH);
	CU_ASSERT_EQUAL(note_key_make("PeterNeumanN", key.public_key, &other), RC_OK);
	CU_ASSERT_EQUAL(note_open(view_str(neumann_note), &other, &text), RC_AUTH);
	CU_ASSERT_EQUAL(note_open(view_of(NULL, 0), &key, &text), RC_MALFORMED);
	CU_ASSERT_EQUAL(note_open(view_str("text\n\n"), &key, &text), RC_MALFORMED);
	CU_ASSERT(view_equal(text, view_str("kept")));
}

/* The body of the example in C2SP tlog-checkpoint. */
static void the_published_checkpoint_is_read_and_written(void)
{
	static const char body[] = "example.com/behind-the-sofa\n20852163\n"
				   "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
	struct checkpoint c;
	struct buf b;

	CU_ASSERT_EQUAL_FATAL(note_parse_checkpoint(view_str(body), &c), RC_OK);
	CU_ASSERT(view_equal(c.origin, view_str("example.com/behind-the-sofa")));
	CU_ASSERT_EQUAL(c.size, 20852163);
	CU_ASSERT_EQUAL(c.root[0], 0x0A);
	CU_ASSERT_EQUAL(c.root[31], 0x62);
	buf_init(&b, 1024);
	note_put_checkpoint(&b, &c);
	CU_ASSERT(view_equal(view_buf(&b), view_str(body)));
	for (size_t len = 0; len < sizeof(body) - 1; len++)
		CU_ASSERT_EQUAL(note_parse_checkpoint(view_of(body, len), &c), RC_MALFORMED);
	buf_free(&b);
}

static void checkpoints_are_read_strictly(void)
{
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	static const struct {
		const char *text;
		enum rc rc;
	} rows[] = {
		{"o\n0\n" ROOT, RC_OK},
		{"o\n18446744073709551615\n" ROOT, RC_OK},
		{"o\n1\n" ROOT "extension\nanother\n", RC_OK},
		{"o\n18446744073709551616\n" ROOT, RC_MALFORMED},
		{"o\n99999999999999999999\n" ROOT, RC_MALFORMED},
		{"o\n01\n" ROOT, RC_MALFORMED},
		{"o\n-1\n" ROOT, RC_MALFORMED},
		{"o\n+1\n" ROOT, RC_MALFORMED},
		{"o\n 1\n" ROOT, RC_MALFORMED},
		{"o\n0x1\n" ROOT, RC_MALFORMED},
		{"o\n\n" ROOT, RC_MALFORMED},
		{"\n1\n" ROOT, RC_MALFORMED},
		{"o\n1\n" ROOT "\n", RC_MALFORMED},
		{"o\n1\n" ROOT "unfinished", RC_MALFORMED},
		{"o\n1\nCsUY\n", RC_MALFORMED},
		{"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n", RC_MALFORMED},
		{"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", RC_MALFORMED},
		{"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA\n", RC_MALFORMED},
	};
	struct checkpoint c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(note_parse_checkpoint(view_str(rows[i].text), &c), rows[i].rc);
#undef ROOT
}

/* RFC 4648 section 10. */
static void base64_matches_rfc_4648(void)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};
	struct buf b;

	buf_init(&b, 64);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&b);
		base64_put(&b, view_str(rows[i].bytes));
		CU_ASSERT(view_equal(view_buf(&b), view_str(rows[i].text)));
		buf_reset(&b);
		CU_ASSERT_EQUAL(base64_parse(view_str(rows[i].text), &b), RC_OK);
		CU_ASSERT(view_equal(view_buf(&b), view_str(rows[i].bytes)));
	}
	buf_reset(&b);
	CU_ASSERT_EQUAL(base64_parse(view_str("+/+/"), &b), RC_OK);
	CU_ASSERT(view_equal(view_buf(&b), hex("fbffbf")));
	buf_free(&b);
}

static void base64_is_read_strictly(void)
{
	static const char *const rows[] = {
		"Z",        "Zg",    "Zg=",    "Zh==",     "Zm9=", "Z===",    "====", "=",
		"Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9v====", "-_-_", "Zm9\x80", "Zm=v",
	};
	struct buf b;
	uint8_t array[2];

	buf_init(&b, 64);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(base64_parse(view_str(rows[i]), &b), RC_MALFORMED);
	CU_ASSERT_EQUAL(base64_parse(view_of("Zm9\0", 4), &b), RC_MALFORMED);
	buf_free(&b);
	buf_fixed(&b, array, sizeof(array));
	CU_ASSERT_EQUAL(base64_parse(view_str("Zm9v"), &b), RC_SPACE);
}

/* Made with openssl pkeyutl from the text that C2SP tlog-cosignature says is signed. */
static const char cosigner_text[] =
	"PeterNeumann+18b9780b+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char cosigned_text[] = "example.com/log\n4027504\n"
				    "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n";
static const char cosignature_line[] = DASH
	"PeterNeumann GLl4CwAAAABkGFDLezEY3u+6Hqxf1W7U3KywhPX0yl5PqrSzCTRRJj6AfwhO2FxWzXRb4QkB"
	"rjQRczlG8ffRAYcJ52qOdFt2R97UDA==\n";

static void a_cosigner_s_key_is_of_its_own_type(void)
{
	uint8_t array[NOTE_KEY_MAX];
	struct note_key cosigner, made;
	struct buf text;

	buf_fixed(&text, array, sizeof(array));
	CU_ASSERT_EQUAL(note_parse_cosigner(view_str(cosigner_text), &cosigner), RC_OK);
	note_put_cosigner(&text, &cosigner);
	CU_ASSERT_TRUE(view_equal(view_buf(&text), view_str(cosigner_text)));
	CU_ASSERT_EQUAL(note_cosigner_make("PeterNeumann", cosigner.public_key, &made), RC_OK);
	CU_ASSERT_TRUE(
		view_equal(view_of(made.id, NOTE_KEY_ID), view_of(cosigner.id, NOTE_KEY_ID)));
	CU_ASSERT_EQUAL(note_cosigner_make("Peter Neumann", cosigner.public_key, &made),
			RC_ARGUMENT);
	CU_ASSERT_EQUAL(note_parse_key(view_str(cosigner_text), &made), RC_MALFORMED);
	CU_ASSERT_EQUAL(note_parse_cosigner(view_str(neumann_key), &made), RC_MALFORMED);
	for (size_t i = 0; i < sizeof(cosigner_text) - 1; i++) {
		char other[sizeof(cosigner_text)];

		memcpy(other, cosigner_text, sizeof(other));
		other[i] ^= 1;
		CU_ASSERT_EQUAL(note_parse_cosigner(view_str(other), &made), RC_MALFORMED);
		CU_ASSERT_EQUAL(note_parse_cosigner(view_of(cosigner_text, i), &made),
				RC_MALFORMED);
	}
}

static void put_cosigned(struct buf *note, const char *lines)
{
	buf_reset(note);
	buf_str(note, cosigned_text);
	buf_str(note, "\n");
	buf_str(note, lines);
}

static void a_cosignature_is_the_one_that_others_make(void)
{
	struct note_cosignature cosignature, read;
	struct note_key cosigner;
	struct view text;
	struct buf note, line;

	buf_init(&note, NOTE_MAX);
	buf_init(&line, NOTE_COSIGNATURE_MAX);
	CU_ASSERT_EQUAL(note_parse_cosigner(view_str(cosigner_text), &cosigner), RC_OK);
	CU_ASSERT_EQUAL(note_cosign(view_str(cosigned_text), private_key, 1679315147, &cosignature),
			RC_OK);
	note_put_cosignature(&line, &cosigner, &cosignature);
	CU_ASSERT_TRUE(view_equal(view_buf(&line), view_str(cosignature_line)));
	put_cosigned(&note, cosignature_line);
	CU_ASSERT_EQUAL(note_open_cosigned(view_buf(&note), &cosigner, &text, &read), RC_OK);
	CU_ASSERT_TRUE(view_equal(text, view_str(cosigned_text)));
	CU_ASSERT_EQUAL(read.time, 1679315147);
	CU_ASSERT_TRUE(view_equal(view_of(read.signature, ED25519_SIGNATURE),
				  view_of(cosignature.signature, ED25519_SIGNATURE)));
	CU_ASSERT_EQUAL(note_cosign(view_str("no newline"), private_key, 1, &read), RC_ARGUMENT);
	for (size_t i = 0; i < note.len; i++) {
		note.data[i] ^= 1;
		CU_ASSERT_NOT_EQUAL(note_open_cosigned(view_buf(&note), &cosigner, &text, &read),
				    RC_OK);
		note.data[i] ^= 1;
		CU_ASSERT_NOT_EQUAL(
			note_open_cosigned(view_of(note.data, i), &cosigner, &text, &read), RC_OK);
	}
	buf_free(&line);
	buf_free(&note);
}

static void of_several_cosignatures_every_one_must_hold_and_the_newest_counts(void)
{
	struct note_cosignature newer, read;
	struct note_key cosigner;
	struct view text;
	struct buf note;

	buf_init(&note, NOTE_MAX);
	CU_ASSERT_EQUAL(note_parse_cosigner(view_str(cosigner_text), &cosigner), RC_OK);
	CU_ASSERT_EQUAL(note_cosign(view_str(cosigned_text), private_key, 1679315148, &newer),
			RC_OK);
	put_cosigned(&note, "");
	note_put_cosignature(&note, &cosigner, &newer);
	buf_str(&note, cosignature_line);
	CU_ASSERT_EQUAL(note_open_cosigned(view_buf(&note), &cosigner, &text, &read), RC_OK);
	CU_ASSERT_EQUAL(read.time, 1679315148);
	newer.time++;
	note_put_cosignature(&note, &cosigner, &newer);
	CU_ASSERT_EQUAL(note_open_cosigned(view_buf(&note), &cosigner, &text, &read), RC_AUTH);
	/* A plain signature in the cosigner's name is none. */
	put_cosigned(&note,
		     DASH "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FF"
			  "YC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n");
	CU_ASSERT_EQUAL(note_open_cosigned(view_buf(&note), &cosigner, &text, &read), RC_AUTH);
	buf_free(&note);
}

int main(void)
{
	static CU_TestInfo notes[] = {
		{"the published note opens under the published key",
		 the_published_note_opens_under_the_published_key},
		{"signing makes the published note", signing_makes_the_published_note},
		{"a verifier key is written as it was read",
		 a_verifier_key_is_written_as_it_was_read},
		{"names that a key may not have are refused",
		 names_that_a_key_may_not_have_are_refused},
		{"every part of a verifier key but the whole is malformed",
		 every_part_of_a_verifier_key_but_the_whole_is_malformed},
		{"every flipped bit of a note is refused", every_flipped_bit_of_a_note_is_refused},
		{"signatures of others are passed over and bad lines are not",
		 signatures_of_others_are_passed_over_and_bad_lines_are_not},
		{"too many signatures and too long notes are malformed",
		 too_many_signatures_and_too_long_notes_are_malformed},
		{"a note nobody known signed is refused", a_note_nobody_known_signed_is_refused},
		{"the published checkpoint is read and written",
		 the_published_checkpoint_is_read_and_written},
		{"checkpoints are read strictly", checkpoints_are_read_strictly},
		{"a cosigner's key is of its own type", a_cosigner_s_key_is_of_its_own_type},
		{"a cosignature is the one that others make",
		 a_cosignature_is_the_one_that_others_make},
		{"of several cosignatures every one must hold and the newest counts",
		 of_several_cosignatures_every_one_must_hold_and_the_newest_counts},
		CU_TEST_INFO_NULL,
	};
	static CU_TestInfo base64[] = {
		{"base64 matches RFC 4648", base64_matches_rfc_4648},
		{"base64 is read strictly", base64_is_read_strictly},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "notes", .pInitFunc = start, .pCleanupFunc = finish, .pTests = notes},
		{.pName = "base64", .pTests = base64},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base note", suites);
}
