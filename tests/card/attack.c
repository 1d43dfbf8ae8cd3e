/* SPDX-License-Identifier: BSD-2-Clause */
/* The host that attacks on the card are made on, and the memory of card and host. */
#include "tests/card/attack.h"

#include <stdio.h>
#include <string.h>

#include "card/instance.h"
#include "tests/suite.h"

const struct form attack_forms[FORMS] = {
	{0x02, 0xC1, 0xB6, true},  {0x02, 0x81, 0xB6, true},  {0x02, 0xC1, 0xA4, true},
	{0x02, 0x81, 0xA4, true},  {0x01, 0xC1, 0xB6, true},  {0x01, 0xC1, 0xA4, true},
	{0x42, 0xC1, 0xB6, true},  {0x02, 0xC1, 0xB6, false}, {0x02, 0x81, 0xB6, false},
	{0x02, 0xC1, 0xA4, false}, {0x02, 0x81, 0xA4, false}, {0x01, 0xC1, 0xB6, false},
	{0x01, 0xC1, 0xA4, false}, {0x42, 0xC1, 0xB6, false},
};

static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};
static const uint8_t host_challenge[16] = "host's challenge";

static struct counts {
	unsigned long tried, accepted;
} counts;

void wire_init(struct wire *w)
{
	w->count = 0;
	for (size_t i = 0; i < PARTS_MAX; i++)
		buf_init(&w->part[i], WIRE_MAX);
}

void wire_free(struct wire *w)
{
	for (size_t i = 0; i < PARTS_MAX; i++)
		buf_free(&w->part[i]);
}

static void wire_reset(struct wire *w)
{
	w->count = 0;
	for (size_t i = 0; i < PARTS_MAX; i++)
		buf_reset(&w->part[i]);
}

void wire_copy(struct wire *w, const struct wire *from)
{
	wire_reset(w);
	for (size_t i = 0; i < from->count; i++)
		buf_view(&w->part[i], view_buf(&from->part[i]));
	w->count = from->count;
}

void wire_put(struct wire *w, bool extended, struct apdu command)
{
	struct view rest = command.data;
	uint32_t le = command.le;
	bool last;

	wire_reset(w);
	do {
		CU_ASSERT_FATAL(w->count < PARTS_MAX);
		last = extended || rest.len <= APDU_SHORT_DATA;
		peer_good(view_take(&rest, last ? rest.len : APDU_SHORT_DATA, &command.data));
		command.extended = extended;
		command.le = last ? le : 0;
		if (last)
			command.cla &= (uint8_t)~CLA_CHAINING;
		else
			command.cla |= CLA_CHAINING;
		apdu_put(&w->part[w->count], &command);
		peer_good(buf_rc(&w->part[w->count++]));
	} while (!last);
}

size_t wire_meaningful(const struct wire *w, size_t part, enum message message, bool extended)
{
	if (message < CARD_SIGNATURE || part + 1 < w->count)
		return w->part[part].len;
	return w->part[part].len - (extended ? 2 : 1);
}

static struct slot *slot_of(const struct peer *p)
{
	return &p->card->slots[p->channel];
}

void snapshot_init(struct snapshot *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->block, SESSION_BLOCK_MAX);
	buf_init(&s->ordered_keys, SESSION_BLOCK_MAX);
}

static void refer(const struct chain *chain)
{
	CU_ASSERT_FATAL(!chain->signer || EVP_PKEY_up_ref(chain->signer) == 1);
	CU_ASSERT_FATAL(!chain->host || EVP_PKEY_up_ref(chain->host) == 1);
}

void snapshot_take(struct snapshot *s, const struct peer *p)
{
	const struct scp10 *card = slot_of(p)->channel.scp10;

	CU_ASSERT_FATAL(!card->sm || scp10_is_up(card));
	chain_reset(&s->card.chain);
	memcpy(&s->card, card, sizeof(s->card));
	refer(&s->card.chain);
	buf_reset(&s->block);
	buf_view(&s->block, view_buf(&card->block));
	buf_reset(&s->ordered_keys);
	buf_view(&s->ordered_keys, view_buf(&card->ordered_keys));
	s->roles = slot_of(p)->channel.roles;
	memcpy(s->key, p->key, sizeof(s->key));
	memcpy(s->challenge, p->challenge, sizeof(s->challenge));
	memcpy(s->counter, p->counter, sizeof(s->counter));
}

/* The session that both ends have just agreed on, by the host's book. */
static struct sm *session_of(const struct peer *p)
{
	struct session_keys keys = {.level = p->level};
	struct sm *sm = NULL;

	memcpy(keys.counter, p->counter, sizeof(keys.counter));
	for (size_t i = KEY_C_MAC; i <= KEY_R_ENC; i++) {
		static const uint8_t order[] = {
			[KEY_C_MAC] = 0, [KEY_R_MAC] = 1, [KEY_C_ENC] = 2, [KEY_R_ENC] = 3};

		memcpy(keys.key[i], p->key[order[i]], PEER_KEY);
		keys.len[i] = p->suite == 0x42 ? 32 : 16;
	}
	peer_good(sm_new(p->suite == 0x42 ? SM_AES : SM_3DES, &keys, &sm));
	return sm;
}

void snapshot_return(const struct snapshot *s, struct peer *p)
{
	struct slot *slot = slot_of(p);
	struct scp10 *card = slot->channel.scp10;
	struct buf block, ordered_keys;

	channel_end_session(&slot->channel);
	slot->chaining = false;
	buf_reset(&slot->chain);
	block = card->block;
	ordered_keys = card->ordered_keys;
	memcpy(card, &s->card, sizeof(*card));
	refer(&card->chain);
	card->block = block;
	card->ordered_keys = ordered_keys;
	buf_view(&card->block, view_buf(&s->block));
	buf_view(&card->ordered_keys, view_buf(&s->ordered_keys));
	slot->channel.roles = s->roles;
	memcpy(p->key, s->key, sizeof(p->key));
	memcpy(p->challenge, s->challenge, sizeof(p->challenge));
	memcpy(p->counter, s->counter, sizeof(p->counter));
	card->sm = scp10_is_up(card) ? session_of(p) : NULL;
}

void snapshot_free(struct snapshot *s)
{
	chain_reset(&s->card.chain);
	buf_free(&s->block);
	buf_free(&s->ordered_keys);
}

bool attack_is_sent(const struct peer *p, enum message message)
{
	if (message == ISSUER || message == HOST)
		return p->p2 == 0xB6;
	if (message == BLOCK)
		return p->suite != 0x01;
	return message != CARD_SIGNATURE || p->p1 == 0xC1;
}

void attack_begin(struct peer *p, const struct form *form)
{
	p->suite = form->suite;
	p->p1 = form->p1;
	p->p2 = form->p2;
	p->extended = form->extended;
	p->challenge[0] = 0;
	peer_make_block(p, 0x33);
}

static void put(struct peer *p, uint32_t header, struct view data, uint32_t le, struct wire *out)
{
	const struct apdu command = {.cla = (uint8_t)(header >> 24),
				     .ins = (uint8_t)(header >> 16),
				     .p1 = (uint8_t)(header >> 8),
				     .p2 = (uint8_t)header,
				     .data = data,
				     .le = le};

	wire_put(out, p->extended, command);
}

/* 83 empty under B6: (1,1) would be another name for the same. */
static void put_environment(struct peer *p, struct wire *out)
{
	const uint8_t version = p->suite == 0x42 ? 1 : p->suite == 0x02 ? 2 : 3;
	const uint8_t presented[] = {0x80, 2, 0x10, p->suite, 0x83, 0, 0x84, 2, version, 1};
	const uint8_t stored[] = {0x80,        2, 0x10, p->suite, 0x83,    2,
				  version + 1, 1, 0x84, 2,        version, 1};

	put(p, 0x00220000U | (uint32_t)p->p1 << 8 | p->p2,
	    p->p2 == 0xB6 ? view_of(presented, sizeof(presented)) : view_of(stored, sizeof(stored)),
	    0, out);
}

static void put_block(struct peer *p, struct wire *out)
{
	EVP_PKEY *key = peer_card_key(p);
	struct buf block;

	buf_init(&block, 1000);
	peer_good(rsa_encrypt(key, p->suite == 0x42 ? RSA_OAEP_SHA256 : RSA_ES_PKCS1,
			      view_buf(&p->block), &block));
	put(p, 0x002A8084, view_buf(&block), 0, out);
	buf_free(&block);
	EVP_PKEY_free(key);
}

static void put_protected(struct peer *p, struct wire *out)
{
	const struct apdu plain = {.ins = 0xA4,
				   .p1 = 4,
				   .data = view_of(aid, sizeof(aid)),
				   .le = 256,
				   .extended = p->extended};

	wire_reset(out);
	peer_protect(p, &plain, &out->part[0]);
	out->count = 1;
}

static void put_host_challenge(struct peer *p, uint8_t data[24], size_t *ret_len)
{
	size_t size = peer_challenge_size(p);

	memcpy(data, host_challenge, size);
	memcpy(data + size, peer_host_id(p), 8);
	*ret_len = size + 8;
}

void attack_build(struct peer *p, enum message message, struct wire *out)
{
	const struct peer_party *host = &peer_world()->host[peer_index(p->suite)];
	uint8_t data[24];
	size_t len;

	switch (message) {
	case SET_ENVIRONMENT:
		put_environment(p, out);
		break;
	case ISSUER:
		put(p, 0x002A00BE, view_buf(&peer_world()->issuer.certificate), 0, out);
		break;
	case HOST:
		put(p, 0x002A00BE, view_buf(&host->certificate), 0, out);
		break;
	case BLOCK:
		put_block(p, out);
		break;
	case ASK_CHALLENGE:
		put(p, 0x00840000, view_of(NULL, 0), (uint32_t)peer_challenge_size(p), out);
		break;
	case HOST_SIGNATURE:
		peer_sign(p);
		put(p, 0x00820000, view_buf(&p->signature), 0, out);
		break;
	case CARD_SIGNATURE:
		put_host_challenge(p, data, &len);
		put(p, 0x00880000, view_of(data, len), p->extended ? 65536 : 256, out);
		break;
	default:
		put_protected(p, out);
	}
}

uint16_t attack_send(struct peer *p, const struct wire *wire, struct buf *answer)
{
	uint16_t sw = 0x9000;

	for (size_t i = 0; i < wire->count && sw == 0x9000; i++)
		sw = peer_raw(p, view_buf(&wire->part[i]), answer);
	return sw;
}

bool attack_is_believed(struct peer *p, enum message message, uint16_t sw, const struct buf *answer)
{
	uint8_t data[24];
	size_t len;

	if (sw != 0x9000)
		return false;
	switch (message) {
	case ASK_CHALLENGE:
		if (answer->len != peer_challenge_size(p))
			return false;
		memcpy(p->challenge, answer->data, answer->len);
		return true;
	case CARD_SIGNATURE:
		put_host_challenge(p, data, &len);
		if (p->suite == 0x01)
			return peer_agreed(p, data, len, view_buf(answer));
		return peer_card_signed(p, data, answer);
	case PROTECTED:
		/* The FCI, enciphered or not. */
		return answer->len > 60;
	default:
		return answer->len == 0;
	}
}

bool attack_run(struct peer *p, enum message from, enum message end, struct wire *record)
{
	bool believed = true;
	struct wire wire;
	struct buf answer;

	wire_init(&wire);
	buf_init(&answer, WIRE_MAX);
	for (enum message m = from; m < end && believed; m++) {
		uint16_t sw;

		if (!attack_is_sent(p, m))
			continue;
		attack_build(p, m, &wire);
		if (record)
			wire_copy(&record[m], &wire);
		sw = attack_send(p, &wire, &answer);
		believed = attack_is_believed(p, m, sw, &answer);
	}
	wire_free(&wire);
	buf_free(&answer);
	return believed;
}

bool attack_forge(struct peer *p, enum message message, const struct wire *wire)
{
	struct buf answer;
	bool accepted;
	uint16_t sw;

	buf_init(&answer, WIRE_MAX);
	sw = attack_send(p, wire, &answer);
	accepted = attack_is_believed(p, message, sw, &answer) &&
		   attack_run(p, message + 1, MESSAGES, NULL);
	buf_free(&answer);
	return accepted;
}

void attack_go_to(struct peer *p, const struct form *form, enum message message, struct wire *out)
{
	attack_begin(p, form);
	CU_ASSERT_TRUE_FATAL(attack_run(p, SET_ENVIRONMENT, message, NULL));
	attack_build(p, message, out);
}

void attack_count(bool accepted)
{
	counts.tried++;
	counts.accepted += accepted;
	CU_ASSERT_FALSE(accepted);
}

void attack_report(const char *what, const struct form *form)
{
	printf("suite %02X, P1 %02X, P2 %02X, %s, %s: %lu tried, %lu accepted\n", form->suite,
	       form->p1, form->p2, form->extended ? "extended" : "short", what, counts.tried,
	       counts.accepted);
	CU_ASSERT_TRUE(counts.tried > 0);
	memset(&counts, 0, sizeof(counts));
}
