/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's end of SCP02 (GPCS Appendix E) and SCP03 (Amendment D). */
#include "tests/card/keyhost.h"

#include <string.h>

#include "base/crypto.h"
#include "base/scp02.h"
#include "tests/suite.h"

enum { ROOM = 70000, MAC = 8, SM_BIT = 0x04000000 };

static const uint8_t host_challenge[8] = {1, 2, 3, 4, 5, 6, 7, 8};

void keyhost_init(struct keyhost *h, struct peer *peer, const struct keyset *set)
{
	memset(h, 0, sizeof(*h));
	h->peer = peer;
	h->set = *set;
	h->is03 = set->type == KEY_TYPE_AES;
	buf_init(&h->answer, ROOM);
	buf_init(&h->authenticate, ROOM);
}

void keyhost_free(struct keyhost *h)
{
	buf_free(&h->answer);
	buf_free(&h->authenticate);
}

uint16_t keyhost_raw(struct keyhost *h, uint32_t header, struct view data)
{
	struct buf apdu;
	uint16_t sw;

	buf_init(&apdu, ROOM);
	buf_u32(&apdu, header);
	if (data.len > 255) {
		buf_u8(&apdu, 0);
		buf_u16(&apdu, (uint16_t)data.len);
	} else if (data.len) {
		buf_u8(&apdu, (uint8_t)data.len);
	}
	buf_view(&apdu, data);
	buf_u8(&apdu, 0);
	if (data.len > 255)
		buf_u8(&apdu, 0);
	sw = peer_raw(h->peer, view_buf(&apdu), &h->answer);
	buf_free(&apdu);
	return sw;
}

static struct cipher *cipher_of(struct keyhost *h)
{
	struct cipher *cipher = NULL;

	if (h->is03)
		peer_good(scp03_cipher(view_of(h->enc, h->set.len), &cipher));
	else
		peer_good(cipher_new(CIPHER_3DES_2KEY, h->enc, &cipher));
	return cipher;
}

/* Over header, length of one byte or three, and data. */
static void put_mac(struct keyhost *h, uint32_t header, struct view data, struct buf *out)
{
	uint8_t icv[8] = {0}, mac[AES_BLOCK];
	size_t lc = data.len + MAC;
	struct buf in;

	buf_init(&in, ROOM);
	if (h->is03)
		buf_put(&in, h->last, sizeof(h->last));
	buf_u32(&in, header | SM_BIT);
	if (lc > 255)
		buf_u8(&in, 0);
	if (lc > 255)
		buf_u16(&in, (uint16_t)lc);
	else
		buf_u8(&in, (uint8_t)lc);
	buf_view(&in, data);
	if (h->is03) {
		struct cmac *cmac = NULL;
		struct view all = view_buf(&in);

		peer_good(cmac_new(h->mac, h->set.len, &cmac));
		peer_good(cmac_compute(cmac, &all, 1, mac));
		cmac_free(&cmac);
	} else {
		pad_put(&in, 0, 8);
		if (h->begun)
			peer_good(des_block(h->mac, h->last, icv));
		peer_good(retail_mac(h->mac, icv, view_buf(&in), mac));
		h->begun = true;
	}
	memcpy(h->last, mac, h->is03 ? AES_BLOCK : MAC);
	buf_put(out, mac, MAC);
	buf_free(&in);
}

static void put_enciphered(struct keyhost *h, struct view data, struct buf *out)
{
	size_t block = h->is03 ? AES_BLOCK : 8, from = out->len;
	struct cipher *cipher = cipher_of(h);
	uint8_t iv[AES_BLOCK] = {0};

	if (h->is03)
		peer_good(scp03_iv(cipher, h->number, false, iv));
	buf_view(out, data);
	pad_put(out, from, block);
	peer_good(cipher_cbc_encrypt(cipher, iv, out->data + from, out->len - from,
				     out->data + from));
	cipher_free(&cipher);
}

void keyhost_protect(struct keyhost *h, uint32_t header, struct view data, struct buf *out)
{
	struct buf sealed, mac;
	bool enciphers = h->level == 0x03 && data.len;

	buf_init(&sealed, ROOM);
	buf_init(&mac, AES_BLOCK);
	h->number++;
	if (enciphers)
		put_enciphered(h, data, &sealed);
	else
		buf_view(&sealed, data);
	/* SCP02 has the MAC over what is meant, SCP03 over what is sent. */
	put_mac(h, header, h->is03 ? view_buf(&sealed) : data, &mac);
	buf_view(out, view_buf(&sealed));
	buf_view(out, view_buf(&mac));
	buf_free(&sealed);
	buf_free(&mac);
}

uint16_t keyhost_send(struct keyhost *h, uint32_t header, struct view data)
{
	struct buf out;
	uint16_t sw;

	buf_init(&out, ROOM);
	keyhost_protect(h, header, data, &out);
	sw = keyhost_raw(h, header | SM_BIT, view_buf(&out));
	buf_free(&out);
	return sw;
}

/* Session keys, and the host's cryptogram. */
static void derive(struct keyhost *h, uint8_t cryptogram[8])
{
	struct view host = view_of(host_challenge, sizeof(host_challenge));
	struct view card = view_of(h->answer.data + (h->is03 ? 13 : 12), 8);
	struct view enc = view_of(h->set.key[KEYSET_ENC], h->set.len);
	struct view mac = view_of(h->set.key[KEYSET_MAC], h->set.len);

	if (h->is03) {
		peer_good(scp03_derive(enc, SCP03_S_ENC, host, card, h->enc, h->set.len));
		peer_good(scp03_derive(mac, SCP03_S_MAC, host, card, h->mac, h->set.len));
		peer_good(scp03_derive(view_of(h->mac, h->set.len), SCP03_HOST_CRYPTOGRAM, host,
				       card, cryptogram, 8));
	} else {
		uint16_t counter = (uint16_t)(h->answer.data[12] << 8 | h->answer.data[13]);

		peer_good(scp02_session_key(enc.data, SCP02_S_ENC, counter, h->enc));
		peer_good(scp02_session_key(mac.data, SCP02_S_MAC, counter, h->mac));
		peer_good(scp02_cryptogram(h->enc, card, host, cryptogram));
	}
}

uint16_t keyhost_open(struct keyhost *h, uint8_t level, enum keyhost_fault fault)
{
	uint32_t header = 0x80820000 | (uint32_t)level << 8;
	uint8_t cryptogram[8];
	struct buf out;
	uint16_t sw = keyhost_raw(h, 0x80500000 | (uint32_t)h->set.version << 8,
				  view_of(host_challenge, sizeof(host_challenge)));

	if (sw != 0x9000)
		return sw;
	memset(h->last, 0, sizeof(h->last));
	h->begun = false;
	h->level = 0;
	derive(h, cryptogram);
	if (fault == FAULT_CRYPTOGRAM)
		cryptogram[0] ^= 1;
	if (fault == FAULT_LEVEL)
		header = 0x80820200;
	buf_init(&out, ROOM);
	keyhost_protect(h, header, view_of(cryptogram, sizeof(cryptogram)), &out);
	if (fault == FAULT_MAC)
		out.data[out.len - 1] ^= 1;
	sw = keyhost_raw(h, header | SM_BIT, view_buf(&out));
	buf_reset(&h->authenticate);
	buf_view(&h->authenticate, view_buf(&out));
	buf_free(&out);
	h->level = level;
	h->number = 0;
	return sw;
}
