/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What other channels do while one computes. EVP_PKEY_sign is this program's: in the thread that signs
 * it stops until the test lets it go on, so that what comes in between is certain to. Where it should
 * be kept out by a lock instead, a minute's patience ends the test.
 */
#include "tests/suite.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/crypto.h"
#include "base/cryptoki.h"
#include "base/tlv.h"
#include "card/key_material.h"
#include "tests/card/steps.h"

#define SO_PIN   "so-pin-0001"
#define USER_PIN "1234"

enum { PATIENCE = 60, FAR = 1, NEAR = 0 };

static const struct view nothing;
static const uint8_t digest[32] = {1, 2, 3};

/* Two channels of one card: near is the test's, far the signer's. */
static struct peer near, far;
static uint32_t key;
static EVP_PKEY *public_key;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool computing, go, late;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
static _Thread_local bool stops;

/* False if it did not happen in time. */
static bool wait_for(const bool *what)
{
	struct timespec end;
	int error = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE;
	pthread_mutex_lock(&gate.lock);
	while (!*what && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&gate.changed, &gate.lock, &end);
	pthread_mutex_unlock(&gate.lock);
	return error != ETIMEDOUT;
}

static void set(bool *what)
{
	pthread_mutex_lock(&gate.lock);
	*what = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

__attribute__((visibility("default"))) int EVP_PKEY_sign(EVP_PKEY_CTX *ctx, unsigned char *sig,
							 size_t *siglen, const unsigned char *tbs,
							 size_t tbslen)
{
	int (*sign)(EVP_PKEY_CTX *, unsigned char *, size_t *, const unsigned char *, size_t);

	*(void **)&sign = dlsym(RTLD_NEXT, "EVP_PKEY_sign");
	if (stops) {
		set(&gate.computing);
		if (!wait_for(&gate.go))
			gate.late = true;
	}
	return sign(ctx, sig, siglen, tbs, tbslen);
}

static uint16_t command(struct peer *p, uint8_t cla, uint8_t ins, uint16_t p1p2, struct view data,
			struct buf *out)
{
	bool bare;

	return peer_protected(p, cla, ins, (uint8_t)(p1p2 >> 8), (uint8_t)p1p2, data, 65536, out,
			      &bare);
}

static struct view two(struct buf *data, const char *first, const char *second)
{
	buf_reset(data);
	tlv_put(data, 0x80, view_str(first));
	tlv_put(data, 0x81, view_str(second));
	return view_buf(data);
}

static uint16_t log_in(struct peer *p)
{
	return command(p, 0x00, 0x20, 0x0001, view_str(USER_PIN), NULL);
}

static void make_pair(void)
{
	static const uint8_t p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	struct buf public, private, data, answer;
	struct view in, list, point, header;
	uint64_t counter;
	uint32_t len, number;

	buf_init(&public, 1000);
	buf_init(&private, 1000);
	buf_init(&data, 3000);
	buf_init(&answer, 10000);
	attr_set(&public, CKA_EC_PARAMS, view_of(p256, sizeof(p256)));
	attr_set_bool(&private, CKA_SIGN, true);
	attr_set_bool(&private, CKA_PRIVATE, true);
	tlv_put_u32(&data, 0x80, CKM_EC_KEY_PAIR_GEN);
	tlv_put(&data, 0xA0, view_buf(&public));
	tlv_put(&data, 0xA1, view_buf(&private));
	CU_ASSERT_EQUAL_FATAL(command(&near, 0x80, 0x46, 0, view_buf(&data), &answer), 0x9000);
	in = view_buf(&answer);
	peer_good(view_u64(&in, &counter));
	peer_good(view_u32(&in, &number));
	peer_good(view_u32(&in, &len));
	peer_good(view_take(&in, len, &list));
	peer_good(view_u32(&in, &key));
	peer_good(attr_find(list, CKA_EC_POINT, &point));
	peer_good(view_take(&point, 2, &header));
	peer_good(key_from_point(key_curve(view_of(p256, sizeof(p256))), point, &public_key));
	buf_free(&answer);
	buf_free(&data);
	buf_free(&private);
	buf_free(&public);
}

/* A channel of the same card with what a peer needs of its own. */
static void open_far(void)
{
	struct buf number;

	far = near;
	buf_init(&far.block, 1000);
	buf_init(&far.signature, 1000);
	buf_init(&far.wire, 70000);
	buf_init(&number, 10);
	CU_ASSERT_EQUAL_FATAL(peer_send(&near, 0x00, 0x70, 0, 0, nothing, 1, &number), 0x9000);
	CU_ASSERT_EQUAL_FATAL(number.len, 1);
	far.channel = number.data[0];
	CU_ASSERT_EQUAL_FATAL(far.channel, FAR);
	buf_free(&number);
}

static void begin(void)
{
	struct buf data;

	buf_init(&data, 200);
	peer_new(&near);
	open_far();
	CU_ASSERT_EQUAL_FATAL(peer_open(&near, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL_FATAL(peer_open(&far, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL_FATAL(command(&near, 0x80, 0x40, 0,
				      two(&data, SO_PIN, "label                           "), NULL),
			      0x9000);
	CU_ASSERT_EQUAL_FATAL(command(&near, 0x00, 0x20, 2, view_str(SO_PIN), NULL), 0x9000);
	CU_ASSERT_EQUAL_FATAL(command(&near, 0x00, 0x2C, 0x0201, view_str(USER_PIN), NULL), 0x9000);
	CU_ASSERT_EQUAL_FATAL(command(&near, 0x00, 0x20, 0xFF00, nothing, NULL), 0x9000);
	CU_ASSERT_EQUAL_FATAL(log_in(&near), 0x9000);
	CU_ASSERT_EQUAL_FATAL(log_in(&far), 0x9000);
	make_pair();
	gate.computing = gate.go = gate.late = false;
	buf_free(&data);
}

static void end(void)
{
	CU_ASSERT_FALSE(gate.late);
	EVP_PKEY_free(public_key);
	public_key = NULL;
	buf_free(&far.block);
	buf_free(&far.signature);
	buf_free(&far.wire);
	peer_free(&near);
}

static void put_integer(struct buf *out, struct view number)
{
	size_t mark = tlv_open(out, 0x02);

	while (number.len > 1 && !number.data[0])
		number = view_of(number.data + 1, number.len - 1);
	if (number.data[0] & 0x80)
		buf_u8(out, 0);
	buf_view(out, number);
	tlv_close(out, mark);
}

static bool verifies(struct view r, struct view s)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(crypto_context(), public_key, NULL);
	struct buf der;
	size_t mark;
	bool good;

	buf_init(&der, 100);
	mark = tlv_open(&der, 0x30);
	put_integer(&der, r);
	put_integer(&der, s);
	tlv_close(&der, mark);
	good = context && EVP_PKEY_verify_init(context) == 1 &&
	       EVP_PKEY_verify(context, der.data, der.len, digest, sizeof(digest)) == 1;
	EVP_PKEY_CTX_free(context);
	buf_free(&der);
	return good;
}

/* The status word of a signature with the key; a good one has to verify. */
static uint16_t sign(struct peer *p)
{
	struct buf data, answer;
	struct view in, r, s;
	uint64_t counter;
	uint16_t sw;

	buf_init(&data, 200);
	buf_init(&answer, 200);
	tlv_put_u32(&data, 0x84, key);
	tlv_put_u32(&data, 0x80, CKM_ECDSA);
	tlv_put(&data, 0x81, nothing);
	tlv_put(&data, 0x82, view_of(digest, sizeof(digest)));
	sw = command(p, 0x80, 0x2A, 0, view_buf(&data), &answer);
	in = view_buf(&answer);
	if (sw == 0x9000 && (view_u64(&in, &counter) != RC_OK || view_take(&in, 32, &r) != RC_OK ||
			     view_take(&in, 32, &s) != RC_OK || in.len || !verifies(r, s)))
		sw = 0;
	if (sw != 0x9000 && answer.len)
		sw = 0;
	buf_free(&answer);
	buf_free(&data);
	return sw;
}

static void *sign_far(void *arg)
{
	stops = true;
	*(uint16_t *)arg = sign(&far);
	return NULL;
}

static void *reset(void *arg)
{
	struct buf atr;

	buf_init(&atr, 40);
	*(enum rc *)arg = card_reset(near.card, &atr);
	buf_free(&atr);
	return NULL;
}

/* Starts a signature on the far channel, and comes back when it is being computed. */
static pthread_t start(uint16_t *sw)
{
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, sign_far, sw), 0);
	CU_ASSERT_TRUE(wait_for(&gate.computing));
	return thread;
}

static void finish(pthread_t thread)
{
	set(&gate.go);
	pthread_join(thread, NULL);
}

static void other_channels_are_served_while_one_computes(void)
{
	pthread_t thread;
	uint16_t sw;

	begin();
	thread = start(&sw);
	CU_ASSERT_EQUAL(command(&near, 0x80, 0x42, 0, nothing, NULL), 0x9000);
	CU_ASSERT_EQUAL(sign(&near), 0x9000);
	CU_ASSERT_EQUAL(sign(&near), 0x9000);
	finish(thread);
	CU_ASSERT_EQUAL(sw, 0x9000);
	end();
}

static void a_key_that_is_destroyed_meanwhile_gives_no_signature(void)
{
	uint8_t number[4];
	struct buf data;
	pthread_t thread;
	uint16_t sw;

	begin();
	thread = start(&sw);
	buf_fixed(&data, number, sizeof(number));
	buf_u32(&data, key);
	CU_ASSERT_EQUAL(command(&near, 0x80, 0x4E, 0, view_buf(&data), NULL), 0x9000);
	CU_ASSERT_EQUAL(sign(&near), 0x6A88);
	finish(thread);
	CU_ASSERT_EQUAL(sw, 0x6A88);
	CU_ASSERT_EQUAL(sign(&far), 0x6A88);
	end();
}

static void a_pin_that_is_changed_meanwhile_ends_what_was_begun_under_the_old_one(void)
{
	struct buf data;
	pthread_t thread;
	uint16_t sw;

	buf_init(&data, 200);
	begin();
	thread = start(&sw);
	CU_ASSERT_EQUAL(command(&near, 0x00, 0x24, 1, two(&data, USER_PIN, "567890"), NULL),
			0x9000);
	CU_ASSERT_EQUAL(sign(&near), 0x9000);
	finish(thread);
	CU_ASSERT_EQUAL(sw, 0x6982);
	end();
	buf_free(&data);
}

/* Logging out elsewhere wipes nothing that is in use, and the last user of a key wipes it. */
static void keys_that_are_wiped_meanwhile_serve_to_the_end(void)
{
	pthread_t thread;
	uint16_t sw;

	begin();
	thread = start(&sw);
	CU_ASSERT_EQUAL(command(&near, 0x00, 0x20, 0xFF00, nothing, NULL), 0x9000);
	CU_ASSERT_EQUAL(sign(&near), 0x6982);
	finish(thread);
	CU_ASSERT_EQUAL(sw, 0x9000);
	CU_ASSERT_EQUAL(sign(&far), 0x9000);
	end();
}

static void a_reset_waits_for_what_is_being_computed(void)
{
	enum rc rc = RC_STATE;
	pthread_t thread, other;
	uint16_t sw;

	begin();
	thread = start(&sw);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&other, NULL, reset, &rc), 0);
	finish(thread);
	pthread_join(other, NULL);
	CU_ASSERT_EQUAL(rc, RC_OK);
	CU_ASSERT_EQUAL(sw, 0x9000);
	CU_ASSERT_EQUAL(peer_send(&far, 0x80, 0x42, 0, 0, nothing, 0, NULL), 0x6881);
	end();
}

static void *close_far(void *arg)
{
	*(uint16_t *)arg = command(&near, 0x00, 0x70, 0x8000 | FAR, nothing, NULL);
	return NULL;
}

static void closing_a_channel_waits_for_what_is_being_computed_on_it(void)
{
	uint16_t sw, closed = 0;
	pthread_t thread, other;

	begin();
	thread = start(&sw);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&other, NULL, close_far, &closed), 0);
	finish(thread);
	pthread_join(other, NULL);
	CU_ASSERT_EQUAL(closed, 0x9000);
	CU_ASSERT_EQUAL(sw, 0x9000);
	CU_ASSERT_EQUAL(peer_send(&far, 0x80, 0x42, 0, 0, nothing, 0, NULL), 0x6881);
	end();
}

static void a_channel_that_computes_is_given_to_nobody_else(void)
{
	struct buf number;
	pthread_t thread;
	uint16_t sw;

	buf_init(&number, 100);
	begin();
	thread = start(&sw);
	for (int i = 0; i < 40; i++) {
		CU_ASSERT_EQUAL(command(&near, 0x00, 0x70, 0, nothing, &number), 0x9000);
		CU_ASSERT(number.len && number.data[0] != FAR && number.data[0] != NEAR);
	}
	finish(thread);
	CU_ASSERT_EQUAL(sw, 0x9000);
	end();
	buf_free(&number);
}

/* A ticket for the login on the near channel. */
static void get_ticket(struct buf *ret)
{
	struct buf answer;

	buf_init(&answer, 100);
	CU_ASSERT_EQUAL_FATAL(command(&near, 0x80, 0x3C, 0, nothing, &answer), 0x9000);
	CU_ASSERT_EQUAL_FATAL(answer.len, 8 + 16);
	buf_reset(ret);
	buf_put(ret, answer.data + 8, 16);
	buf_free(&answer);
}

static uint16_t take(struct peer *p, const struct buf *ticket)
{
	return command(p, 0x80, 0x3C, 0x0100, view_buf(ticket), NULL);
}

static void log_out(struct peer *p)
{
	CU_ASSERT_EQUAL(command(p, 0x00, 0x20, 0xFF00, nothing, NULL), 0x9000);
}

static void a_login_is_handed_over_once_to_the_same_host(void)
{
	struct buf ticket, other;

	buf_init(&ticket, 100);
	buf_init(&other, 100);
	begin();
	log_out(&far);
	CU_ASSERT_EQUAL(sign(&far), 0x6982);
	get_ticket(&ticket);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x9000);
	CU_ASSERT_EQUAL(sign(&far), 0x9000);
	/* Once. */
	log_out(&far);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6982);
	/* Only the newest. */
	get_ticket(&ticket);
	get_ticket(&other);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6982);
	/* And that one was ended by the wrong one. */
	CU_ASSERT_EQUAL(take(&far, &other), 0x6982);
	/* Not a part of it, nor more, nor to its own channel. */
	get_ticket(&ticket);
	buf_truncate(&ticket, 15);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6982);
	get_ticket(&ticket);
	buf_u8(&ticket, 0);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6982);
	get_ticket(&ticket);
	CU_ASSERT_EQUAL(take(&near, &ticket), 0x6982);
	CU_ASSERT_EQUAL(sign(&far), 0x6982);
	/* Not to a channel that has a login. */
	CU_ASSERT_EQUAL(log_in(&far), 0x9000);
	get_ticket(&ticket);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6985);
	/* Not to another host, and not over a session of another suite of this one's. */
	CU_ASSERT_EQUAL(peer_open(&far, 0x02, 0xC1, 0xB6, 0x33), 0x9000);
	get_ticket(&ticket);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6982);
	end();
	buf_free(&ticket);
	buf_free(&other);
}

static void a_ticket_ends_with_its_login(void)
{
	struct buf ticket, data;

	buf_init(&ticket, 100);
	buf_init(&data, 200);
	begin();
	log_out(&far);
	get_ticket(&ticket);
	log_out(&near);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6982);
	CU_ASSERT_EQUAL(log_in(&near), 0x9000);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6982);
	get_ticket(&ticket);
	CU_ASSERT_EQUAL(log_in(&far), 0x9000);
	CU_ASSERT_EQUAL(command(&far, 0x00, 0x24, 1, two(&data, USER_PIN, "567890"), NULL), 0x9000);
	log_out(&far);
	CU_ASSERT_EQUAL(take(&far, &ticket), 0x6982);
	CU_ASSERT_EQUAL(command(&near, 0x80, 0x3C, 0, nothing, NULL), 0x6982);
	end();
	buf_free(&ticket);
	buf_free(&data);
}

static CU_TestInfo tests[] = {
	{"other channels are served while one computes",
	 other_channels_are_served_while_one_computes},
	{"a key that is destroyed meanwhile gives no signature",
	 a_key_that_is_destroyed_meanwhile_gives_no_signature},
	{"a PIN that is changed meanwhile ends what was begun under the old one",
	 a_pin_that_is_changed_meanwhile_ends_what_was_begun_under_the_old_one},
	{"keys that are wiped meanwhile serve to the end",
	 keys_that_are_wiped_meanwhile_serve_to_the_end},
	{"a reset waits for what is being computed", a_reset_waits_for_what_is_being_computed},
	{"closing a channel waits for what is being computed on it",
	 closing_a_channel_waits_for_what_is_being_computed_on_it},
	{"a channel that computes is given to nobody else",
	 a_channel_that_computes_is_given_to_nobody_else},
	{"a login is handed over once to the same host",
	 a_login_is_handed_over_once_to_the_same_host},
	{"a ticket ends with its login", a_ticket_ends_with_its_login},
	CU_TEST_INFO_NULL,
};

static int clean_up(void)
{
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_SuiteInfo suites[] = {
		{.pName = "aside", .pCleanupFunc = clean_up, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("card aside", suites);
}
