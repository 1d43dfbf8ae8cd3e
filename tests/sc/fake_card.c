/* SPDX-License-Identifier: BSD-2-Clause */
/* The card of the host's tests. It checks what a card must, and asserts what a test relies on. */
#include "tests/sc/fake_card.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"

struct fake_card fake;

const uint8_t fake_card_id[CVC_ID] = {'A', 'R', 'D', '0', '0', '0', '0', '1'};
static const struct policy_card row_02 = {
	.id = {'A', 'R', 'D', '0', '0', '0', '0', '1'}, .suite = SUITE_02, .level = LEVEL_ALL};
const struct policy fake_policy_02 = {.cards = &row_02, .card_count = 1};
static const struct policy_card row_01 = {
	.id = {'A', 'R', 'D', '0', '0', '0', '0', '1'}, .suite = SUITE_01, .level = LEVEL_ALL};
const struct policy fake_policy_01 = {.cards = &row_01, .card_count = 1};

static EVP_PKEY *authority_key, *host_key, *host_key_01, *card_key;
static struct buf authority, chain_42, chain_02, chain_01, card_certificate;
static struct identity *identity;

/* The card's state. */
static struct {
	uint8_t suite, p1, p2;
	struct buf host_object; /* 7F49 of the verified host */
	EVP_PKEY *host;
	uint8_t challenge[16];
	struct buf body;
	uint8_t oes[FAKE_SECRET]; /* suite 01: the host's secret */
	uint8_t key[4][32];
	uint64_t counter[2];
	bool joint; /* one counter for both directions */
	uint8_t level;
	bool session;
	unsigned int channel; /* the only one that is open besides 0; 0: none */
	struct buf chained, pending;
} card;

static void must(enum rc rc)
{
	if (rc != RC_OK)
		abort();
}

static void fill_in(struct cvc_request *request, const char *chr, uint8_t suite, unsigned int roles)
{
	*request = (struct cvc_request){
		.car = "DETEST00001",
		.chr = chr,
		.key = roles ? host_key : card_key,
		.scheme = suite == SUITE_42 ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1,
		.type = CVC_TERMINAL,
		.roles = roles,
		.effective = cvc_today(),
		.expiration = cvc_years_on(cvc_today(), 2),
		.suite = suite,
	};
}

struct cvc_request fake_card_request(uint8_t suite)
{
	struct cvc_request request;

	fill_in(&request, "DECARD00001", suite, 0);
	return request;
}

void fake_certify_card(const struct cvc_request *request, EVP_PKEY *signer)
{
	buf_reset(&card_certificate);
	must(cvc_issue(request, signer ? signer : authority_key, RSA_PSS_SHA256,
		       &card_certificate));
}

void fake_show_certificates(struct view certificates)
{
	buf_reset(&card_certificate);
	buf_view(&card_certificate, certificates);
	must(buf_rc(&card_certificate));
}

static void make_world(void)
{
	struct cvc_request request;

	if (identity)
		return;
	must(rsa_generate(2048, &authority_key));
	must(rsa_generate(1024, &host_key));
	must(rsa_generate(2048, &host_key_01));
	must(rsa_generate(2048, &card_key));
	buf_init(&authority, CVC_MAX);
	buf_init(&chain_42, CVC_MAX);
	buf_init(&chain_02, CVC_MAX);
	buf_init(&chain_01, CVC_MAX);
	buf_init(&card_certificate, 6 * CVC_MAX);
	buf_init(&card.host_object, CVC_MAX);
	buf_init(&card.body, 512);
	buf_init(&card.chained, 1 << 20);
	buf_init(&card.pending, 1 << 20);
	fill_in(&request, "DETEST00001", 0, ROLE_ALL);
	request.key = authority_key;
	request.scheme = RSA_PSS_SHA256;
	request.type = CVC_CVCA;
	must(cvc_issue(&request, authority_key, RSA_PSS_SHA256, &authority));
	fill_in(&request, "DEHOST00001", SUITE_42, ROLE_USER);
	must(cvc_issue(&request, authority_key, RSA_PSS_SHA256, &chain_42));
	fill_in(&request, "DEHOST00001", SUITE_02, ROLE_USER);
	must(cvc_issue(&request, authority_key, RSA_PSS_SHA256, &chain_02));
	fill_in(&request, "DEHOST00001", SUITE_01, ROLE_USER);
	request.key = host_key_01;
	must(cvc_issue(&request, authority_key, RSA_PSS_SHA256, &chain_01));
	must(identity_new(view_buf(&authority), &identity));
	EVP_PKEY_up_ref(host_key);
	must(identity_add(identity, SUITE_42, host_key, view_buf(&chain_42)));
	EVP_PKEY_up_ref(host_key);
	must(identity_add(identity, SUITE_02, host_key, view_buf(&chain_02)));
	EVP_PKEY_up_ref(host_key_01);
	must(identity_add(identity, SUITE_01, host_key_01, view_buf(&chain_01)));
}

struct identity *fake_identity(void)
{
	make_world();
	return identity;
}

EVP_PKEY *fake_authority_key(void)
{
	make_world();
	return authority_key;
}

EVP_PKEY *fake_host_key(void)
{
	make_world();
	return host_key;
}

EVP_PKEY *fake_card_key(void)
{
	make_world();
	return card_key;
}

struct view fake_authority(void)
{
	make_world();
	return view_buf(&authority);
}

struct view fake_host_chain(uint8_t suite)
{
	make_world();
	return view_buf(suite == SUITE_42 ? &chain_42 : suite == SUITE_02 ? &chain_02 : &chain_01);
}

const struct policy *fake_policy(uint8_t suite)
{
	return suite == SUITE_42 ? NULL : suite == SUITE_02 ? &fake_policy_02 : &fake_policy_01;
}

static void forget_session(void)
{
	card.session = false;
	card.counter[0] = 0;
	card.counter[1] = 0;
	card.joint = false;
	EVP_PKEY_free(card.host);
	card.host = NULL;
	buf_reset(&card.host_object);
	buf_reset(&card.body);
}

void fake_power_cut(void)
{
	forget_session();
	card.channel = 0;
	buf_reset(&card.chained);
	buf_reset(&card.pending);
}

void fake_reset(uint8_t suite)
{
	struct cvc_request request;

	make_world();
	fake_power_cut();
	fake = (struct fake_card){
		.suite = suite, .command_max = 65000, .life_cycle = 0x0F, .extended = true};
	request = fake_card_request(suite);
	fake_certify_card(&request, NULL);
}

/* Handshake. */

static uint16_t serve_select(struct buf *out)
{
	static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 1};
	static const uint8_t digest[32];
	size_t fci = tlv_open(out, 0x6F), own;

	tlv_put(out, 0x84, view_of(aid, sizeof(aid)));
	own = tlv_open(out, 0xA5);
	tlv_put_u64(out, 0xC1, 7);
	tlv_put(out, 0xC2, view_of(digest, sizeof(digest)));
	tlv_put_u8(out, 0xC3, 0x03);
	tlv_put_u8(out, 0xC4, fake.life_cycle);
	tlv_put(out, 0xC5, view_of(fake_card_id, CVC_ID));
	tlv_put_u32(out, 0xC6, fake.command_max);
	tlv_put_u32(out, 0xC7, 65000);
	tlv_put_u8(out, 0xC8, fake.suite);
	tlv_close(out, own);
	tlv_close(out, fci);
	return SW_OK;
}

static uint16_t serve_environment(const struct apdu *c)
{
	struct view data = c->data, scp, reference;

	forget_session();
	fake.environment_len = data.len;
	assert(data.len <= sizeof(fake.environment));
	memcpy(fake.environment, data.data, data.len);
	if (tlv_expect(&data, 0x80, &scp) != RC_OK || scp.len != 2 || scp.data[0] != 0x10 ||
	    scp.data[1] != fake.suite || tlv_expect(&data, 0x83, &reference) != RC_OK ||
	    tlv_expect(&data, 0x84, &reference) != RC_OK)
		return SW_REFERENCE_NOT_FOUND;
	card.suite = scp.data[1];
	fake.p1 = card.p1 = c->p1;
	fake.p2 = card.p2 = c->p2;
	if (card.p2 == 0xA4) {
		EVP_PKEY_up_ref(fake.suite == SUITE_01 ? host_key_01 : host_key);
		card.host = fake.suite == SUITE_01 ? host_key_01 : host_key;
	}
	return SW_OK;
}

static uint16_t serve_verify(const struct apdu *c)
{
	struct view data = c->data;
	struct cvc cvc;

	if (cvc_parse(&data, &cvc) != RC_OK ||
	    (!fake.accepts_any_host && cvc_verify(&cvc, authority_key, RSA_PSS_SHA256) != RC_OK))
		return SW_AUTHENTICATION_FAILED;
	must(cvc_key(&cvc, &card.host));
	buf_view(&card.host_object, cvc.public_key);
	return SW_OK;
}

/* Takes level, keys and counters out of D3 and the templates; keys are absent under 01. */
static void read_body(void)
{
	struct view body = view_buf(&card.body), value, template;
	uint32_t tag;

	must(tlv_copy(&body, 0xD3, &card.level, 1));
	while (body.len) {
		uint8_t usage, *key;
		size_t i;

		must(tlv_next(&body, &tag, &template));
		must(tlv_copy(&template, 0x95, &usage, 1));
		i = (tag == 0xB8 ? 2 : 0) + (usage == 0x20);
		key = usage == 0xC0 ? fake.dek : card.key[i];
		if (tlv_find(template, 0xD1, &value) == RC_OK)
			must(view_copy(&value, key, value.len));
		if (usage == 0x30)
			memcpy(card.key[i + 1], card.key[i], 32);
		card.joint |= usage == 0x30 && tag == 0xB4;
		if (tlv_find(template, 0x91, &value) == RC_OK)
			must(view_u64(&value, &card.counter[i]));
	}
}

static uint16_t serve_decipher(const struct apdu *c)
{
	/* What does not decipher fails at EXTERNAL AUTHENTICATE. */
	if (rsa_decrypt(card_key, card.suite == SUITE_42 ? RSA_OAEP_SHA256 : RSA_ES_PKCS1, c->data,
			&card.body) != RC_OK)
		return SW_OK;
	read_body();
	return SW_OK;
}

/* Suite 01: keys and counters of both secrets, as the template list and the numbering say. */
static void agree(const uint8_t oes[FAKE_SECRET], const uint8_t cs[FAKE_SECRET])
{
	struct view body = view_buf(&card.body), template, level;
	uint8_t mac = 1, enc = 2;
	uint32_t tag;

	must(tlv_expect(&body, 0xD3, &level));
	for (uint8_t i = 0; i < 4 && fake.numbers_as_seed; i++)
		fake_agreement_key(oes, cs, i + 1, card.key[i]);
	if (fake.numbers_as_seed)
		fake_agreement_key(oes, cs, 5, fake.dek);
	while (body.len && !fake.numbers_as_seed) {
		uint8_t usage, *counter, *key;

		must(tlv_next(&body, &tag, &template));
		must(tlv_copy(&template, 0x95, &usage, 1));
		counter = tag == 0xB4 ? &mac : &enc;
		key = card.key[(tag == 0xB8 ? 2 : 0) + (usage == 0x20)];
		if (usage == 0xC0) {
			fake_agreement_key(oes, cs, 5, fake.dek);
			continue;
		}
		fake_agreement_key(oes, cs, *counter, key);
		if (usage == 0x30)
			memcpy(key + 32, key, 16);
		*counter = (uint8_t)(*counter + 2);
	}
	for (size_t i = 0; i < 8; i++) {
		const uint8_t *from = fake.numbers_as_seed ? (i < 4 ? oes + i : cs + i - 4)
				      : i < 4              ? cs + 28 + i
							   : oes + 24 + i;

		card.counter[0] = card.counter[0] << 8 | *from;
	}
	card.counter[1] = card.counter[0];
}

static void bound(uint8_t direction, struct buf *out)
{
	const uint8_t head[] = {0x80, 0x02, 0x10, 0x42, direction, card.p1, card.p2};
	struct view cert = view_buf(&card_certificate);
	uint8_t hash[SHA256_SIZE];
	struct cvc cvc;

	if (card.suite != SUITE_42)
		return;
	buf_put(out, head, sizeof(head));
	must(crypto_sha256(view_buf(&card.host_object), hash));
	buf_put(out, hash, sizeof(hash));
	/* Its own is the last one. */
	while (cert.len)
		must(cvc_parse(&cert, &cvc));
	must(crypto_sha256(cvc.public_key, hash));
	buf_put(out, hash, sizeof(hash));
}

static enum rsa_scheme scheme(void)
{
	return card.suite == SUITE_42 ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1;
}

static uint16_t serve_external(const struct apdu *c)
{
	uint8_t array[1024];
	struct view parts[2];
	struct buf b;
	bool right;

	if (card.suite == SUITE_01) {
		right = fake_agreement_open(card_key, card.host, c->data, card.challenge,
					    fake_card_id, &card.body, card.oes);
		if (right)
			read_body();
		return right ? SW_OK : SW_AUTHENTICATION_FAILED;
	}
	buf_fixed(&b, array, sizeof(array));
	bound(0x82, &b);
	buf_view(&b, view_buf(&card.body));
	parts[0] = view_buf(&b);
	parts[1] = view_of(card.challenge, sizeof(card.challenge));
	right = rsa_verify(card.host, scheme(), parts, 2, c->data) == RC_OK;
	card.session = right && card.p1 == 0x81;
	return right ? SW_OK : SW_AUTHENTICATION_FAILED;
}

static uint16_t serve_internal(const struct apdu *c, struct buf *out)
{
	uint8_t array[1024];
	struct view signed_bytes;
	struct buf b;
	size_t n = card.suite == SUITE_42 ? 32 : 16;
	struct view body, template, level, key;
	uint32_t tag;

	if (card.suite == SUITE_01) {
		uint8_t cs[FAKE_SECRET];

		assert(c->data.len == 16);
		must(crypto_random(cs, sizeof(cs)));
		fake_agreement_seal(card_key, card.host, cs, c->data, fake.block, out);
		agree(card.oes, cs);
		card.session = true;
		return SW_OK;
	}
	assert(c->data.len == 24);
	buf_fixed(&b, array, sizeof(array));
	bound(0x88, &b);
	body = view_buf(&card.body);
	must(tlv_expect(&body, 0xD3, &level));
	while (body.len) {
		must(tlv_next(&body, &tag, &template));
		must(tlv_find(template, 0xD1, &key));
		assert(key.len == n);
		buf_view(&b, key);
	}
	buf_put(&b, c->data.data, 16);
	signed_bytes = view_buf(&b);
	must(rsa_sign(card_key, scheme(), &signed_bytes, 1, out));
	card.session = true;
	return SW_OK;
}

/* Secure messaging, the card's way round. */

static void mac(unsigned int d, struct view in, uint8_t ret[8])
{
	uint8_t counter[16] = {0}, full[16], icv[8];
	struct view parts[] = {view_of(counter, 16), in};
	struct cmac *c = NULL;
	struct buf b;

	for (unsigned int i = 0; i < 8; i++)
		counter[8 + i] = (uint8_t)(card.counter[card.joint ? 0 : d] >> (56 - 8 * i));
	card.counter[card.joint ? 0 : d]++;
	if (card.suite == SUITE_42) {
		must(cmac_new(card.key[d], 32, &c));
		must(cmac_compute(c, parts, 2, full));
		cmac_free(&c);
		memcpy(ret, full, 8);
		return;
	}
	buf_init(&b, 1 << 20);
	buf_view(&b, in);
	pad_put(&b, 0, 8);
	must(des_block(card.key[d], counter + 8, icv));
	must(retail_mac(card.key[d], icv, view_buf(&b), ret));
	buf_free(&b);
}

static struct cipher *cipher_and_iv(unsigned int d, uint8_t iv[16])
{
	uint8_t counter[16] = {0};
	struct cipher *c = NULL;

	must(cipher_new(card.suite == SUITE_42 ? CIPHER_AES_256 : CIPHER_3DES_2KEY, card.key[2 + d],
			&c));
	memset(iv, 0, 16);
	for (unsigned int i = 0; i < 8; i++)
		counter[8 + i] = (uint8_t)(card.counter[d] >> (56 - 8 * i));
	if (card.suite == SUITE_42)
		must(cipher_block(c, counter, iv));
	return c;
}

/* The plain command; its data is left in out. False if it does not verify. */
static bool unwrap(const struct apdu *c, struct apdu *ret, struct buf *out)
{
	struct view rest = c->data, body = view_of(NULL, 0), le, got, plain;
	uint8_t header[8] = {c->cla & 0x80, c->ins, c->p1, c->p2, 0x80}, want[8], iv[16];
	uint32_t tag_le = card.level & 1 ? 0x97 : 0x96, tag_data = card.level & 1 ? 0x87 : 0x86;
	bool enciphered = tlv_is_next(rest, tag_data);
	struct cipher *cipher;
	struct buf b;

	*ret = (struct apdu){.cla = c->cla & 0x80, .ins = c->ins, .p1 = c->p1, .p2 = c->p2};
	if (!apdu_is_protected(c->cla)) {
		buf_view(out, c->data);
		ret->data = view_buf(out);
		ret->le = c->le;
		return !(card.level & 1) && (!(card.level & 2) || !c->data.len);
	}
	if (enciphered)
		must(tlv_expect(&rest, tag_data, &body));
	else if (tlv_is_next(rest, 0x81))
		must(tlv_expect(&rest, 0x81, &body));
	if (tlv_is_next(rest, tag_le)) {
		must(tlv_expect(&rest, tag_le, &le));
		ret->extended = le.len == 2;
		ret->le = le.len == 2 ? (uint32_t)(le.data[0] << 8 | le.data[1]) : le.data[0];
		if (!ret->le)
			ret->le = ret->extended ? 65536 : 256;
	}
	buf_init(&b, 1 << 20);
	buf_put(&b, header, sizeof(header));
	buf_put(&b, c->data.data, c->data.len - rest.len);
	memset(want, 0, sizeof(want));
	got = view_of(want, sizeof(want));
	cipher = enciphered ? cipher_and_iv(0, iv) : NULL;
	if (card.level & 1) {
		if (tlv_expect(&rest, 0x8E, &got) != RC_OK || rest.len || got.len != 8)
			return false;
		mac(0, view_buf(&b), want);
	} else if (!enciphered || rest.len || (c->cla & 0x4F) == 0x0C) {
		return false;
	}
	buf_free(&b);
	if (!view_equal(got, view_of(want, 8))) {
		cipher_free(&cipher);
		return false;
	}
	if (enciphered) {
		uint8_t *at = buf_space(out, body.len - 1);

		must(cipher_cbc_decrypt(cipher, iv, body.data + 1, body.len - 1, at));
		must(unpad(view_buf(out), &plain));
		buf_truncate(out, plain.len);
	} else {
		buf_view(out, body);
	}
	cipher_free(&cipher);
	ret->data = view_buf(out);
	return true;
}

static void wrap(struct view data, uint16_t sw, struct buf *out)
{
	uint8_t tag[8], iv[16];
	struct cipher *cipher;
	size_t from;

	if (!(card.level & 0x30)) {
		buf_view(out, data);
		return;
	}

	if (data.len && card.level & 0x20) {
		size_t block = card.suite == SUITE_42 ? 16 : 8;

		cipher = cipher_and_iv(1, iv);
		tlv_header(out, card.level & 0x10 ? 0x87 : 0x86,
			   (data.len / block + 1) * block + 1);
		buf_u8(out, 1);
		from = out->len;
		buf_view(out, data);
		pad_put(out, from, block);
		must(cipher_cbc_encrypt(cipher, iv, out->data + from, out->len - from,
					out->data + from));
		cipher_free(&cipher);
	} else if (data.len) {
		tlv_put(out, 0x81, data);
	}
	if (!(card.level & 0x10))
		return;
	tlv_header(out, 0x99, 2);
	buf_u16(out, sw);
	mac(1, view_buf(out), tag);
	tlv_put(out, 0x8E, view_of(tag, 8));
}

static uint16_t serve_session(const struct apdu *c, struct buf *out)
{
	struct buf plain, answer;
	struct apdu command;
	uint16_t sw = SW_OK;

	if (!card.session)
		return SW_SECURITY_STATUS;
	buf_init(&plain, 1 << 20);
	buf_init(&answer, 1 << 20);
	if (!unwrap(c, &command, &plain)) {
		card.session = false;
		sw = SW_SM_INCORRECT;
		goto out;
	}
	fake.executed++;
	fake.last = command;
	fake.last_len = command.data.len;
	if (command.data.len <= sizeof(fake.last_data) && command.data.len)
		memcpy(fake.last_data, command.data.data, command.data.len);
	if (fake.serve) {
		sw = fake.serve(&command, &answer);
	} else if (command.ins == 0xA4) {
		sw = serve_select(&answer);
	} else {
		buf_u64(&answer, 0);
		buf_view(&answer, command.data);
	}
	if (card.suite != SUITE_42 && !sw_is_normal(sw))
		goto out;
	wrap(view_buf(&answer), sw, out);
out:
	buf_free(&plain);
	buf_free(&answer);
	return sw;
}

/* MANAGE CHANNEL: one further channel, whose number changes each time. */
static uint16_t serve_channel(const struct apdu *c, struct buf *out)
{
	if (c->p1 == 0x80) {
		fake.closed++;
		card.channel = 0;
		return SW_OK;
	}
	forget_session();
	card.channel = 3 + fake.opened++;
	buf_u8(out, (uint8_t)card.channel);
	return SW_OK;
}

static uint16_t serve_bare(const struct apdu *c, struct buf *out)
{
	if (card.session && c->ins != 0x22 && apdu_channel(c->cla) == card.channel) {
		forget_session();
		return SW_SM_MISSING;
	}
	switch (c->ins) {
	case 0xA4:
		return serve_select(out);
	case 0x22:
		return serve_environment(c);
	case 0x2A:
		return c->p1 == 0x80 ? serve_decipher(c) : serve_verify(c);
	case 0xCA:
		buf_view(out, view_buf(&card_certificate));
		return SW_OK;
	case 0x84:
		must(crypto_random(card.challenge, sizeof(card.challenge)));
		buf_put(out, card.challenge, card.suite == SUITE_01 ? 8 : 16);
		return SW_OK;
	case 0x70:
		return serve_channel(c, out);
	case 0x82:
		return serve_external(c);
	case 0x88:
		return serve_internal(c, out);
	default:
		return SW_INS_NOT_SUPPORTED;
	}
}

/* Sends what is pending, as much as one answer holds. */
static uint16_t flush(struct buf *out, uint16_t sw)
{
	size_t n = card.pending.len, left;

	if (fake.response_max && n > fake.response_max)
		n = fake.response_max;
	buf_put(out, card.pending.data, n);
	left = card.pending.len - n;
	memmove(card.pending.data, card.pending.data + n, left);
	buf_truncate(&card.pending, left);
	if (!left)
		return sw;
	return (uint16_t)(0x6100 | (left > 255 ? 0 : left));
}

static enum rc fake_transmit(void *handle, struct view bytes, struct buf *response)
{
	static uint16_t final_sw;
	enum rc rc = RC_OK;
	struct apdu c;
	uint16_t sw;

	(void)handle;
	must(apdu_parse(bytes, &c));
	if (!fake.extended && c.extended)
		sw = SW_WRONG_LENGTH;
	else if (apdu_channel(c.cla) && apdu_channel(c.cla) != card.channel)
		sw = SW_CHANNEL_NOT_SUPPORTED;
	else if (c.ins == 0xC0)
		sw = flush(response, final_sw);
	else if (c.cla & CLA_CHAINING) {
		buf_view(&card.chained, c.data);
		sw = SW_OK;
	} else {
		buf_view(&card.chained, c.data);
		c.data = view_buf(&card.chained);
		buf_reset(&card.pending);
		/* Without C-MAC commands of the application may be as they are. */
		final_sw = apdu_is_protected(c.cla) ||
					   (card.session && !(card.level & 1) && c.ins != 0x22)
				   ? serve_session(&c, &card.pending)
				   : serve_bare(&c, &card.pending);
		sw = flush(response, final_sw);
	}
	buf_u16(response, sw);
	if (fake.count < FAKE_LOG) {
		fake.log[fake.count].ins = c.ins;
		fake.log[fake.count].sw1 = (uint8_t)(sw >> 8);
	}
	fake.count++;
	if (fake.tamper)
		rc = fake.tamper(fake.arg, fake.count - 1, &c, response);
	if (!(c.cla & CLA_CHAINING))
		buf_reset(&card.chained);
	return rc;
}

static enum rc fake_open(const char *address, const void *options, void **ret_handle,
			 struct transport_attributes *ret_attributes)
{
	(void)address;
	(void)options;
	*ret_attributes = (struct transport_attributes){
		.extended = fake.extended,
		.shared = fake.shared,
		.command_max = fake.extended ? APDU_COMMAND_MAX : 261,
		.response_max = fake.extended ? APDU_RESPONSE_MAX : 258,
	};
	*ret_handle = &fake;
	return RC_OK;
}

static enum rc fake_reset_card(void *handle)
{
	(void)handle;
	fake_power_cut();
	return RC_OK;
}

static void fake_close(void **handle)
{
	*handle = NULL;
}

static const struct transport_ops fake_ops = {
	.name = "fake",
	.open = fake_open,
	.transmit = fake_transmit,
	.reset = fake_reset_card,
	.close = fake_close,
};

struct transport *fake_transport(void)
{
	struct transport *t = NULL;

	must(transport_open(&fake_ops, "fake", NULL, &t));
	return t;
}

struct sc *fake_connect(const struct policy *policy)
{
	struct transport *t = fake_transport();
	struct sc *sc = NULL;

	must(sc_open(&t, fake_identity(), policy, &sc));
	return sc;
}
