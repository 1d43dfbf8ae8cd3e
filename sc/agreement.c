/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an agreement's messages say. The card's comes out of the host's private key: what it is
 * judged by has no branch (base/recovery.h), and one question is asked at the end.
 */
#include "sc/agreement.h"

#include "base/recovery.h"
#include "base/rsa_raw.h"
#include "base/secret.h"

enum {
	LEVEL_TAG = 0xD3, /* begins the body; a receiver looks for the first one */
	MESSAGE_MAX = 512,
	REST = AGREEMENT_CHALLENGE + CVC_ID,
};

static void put_padding(struct buf *b, size_t n)
{
	for (uint8_t *at = buf_space(b, n); at && n > 0; at++, n--) {
		do {
			if (crypto_random(at, 1) != RC_OK)
				buf_fail(b, RC_CRYPTO);
		} while (*at == LEVEL_TAG && buf_rc(b) == RC_OK);
	}
}

/* What is hashed and not sent. */
static struct view put_rest(uint8_t array[REST], const uint8_t challenge[AGREEMENT_CHALLENGE],
			    const uint8_t id[CVC_ID])
{
	struct buf b;

	buf_fixed(&b, array, REST);
	buf_put(&b, challenge, AGREEMENT_CHALLENGE);
	buf_put(&b, id, CVC_ID);
	return view_buf(&b);
}

enum rc agreement_seal(struct host_key *host, EVP_PKEY *host_public, EVP_PKEY *card,
		       const struct agreement_host *said, struct buf *out)
{
	size_t fixed = said->body.len + AGREEMENT_SECRET, capacity = recovery_capacity(host_public);
	struct buf message, block, signature;
	uint8_t rest[REST];
	enum rc rc;

	if (capacity <= fixed)
		return RC_SPACE;
	buf_init(&message, MESSAGE_MAX);
	buf_init(&block, MESSAGE_MAX);
	buf_init(&signature, MESSAGE_MAX);
	put_padding(&message, capacity - fixed);
	buf_view(&message, said->body);
	buf_put(&message, said->secret, AGREEMENT_SECRET);
	rc = buf_rc(&message);
	if (rc == RC_OK)
		rc = recovery_compose(host_public, view_buf(&message),
				      put_rest(rest, said->challenge, said->card_id), &block);
	if (rc == RC_OK)
		rc = host_key_raw(host, view_buf(&block), &signature);
	if (rc == RC_OK)
		rc = recovery_lessen(host_public, &signature);
	if (rc == RC_OK)
		rc = rsa_raw_public(card, view_buf(&signature), out);
	buf_free(&message);
	buf_free(&block);
	buf_free(&signature);
	return rc;
}

enum rc agreement_open(struct host_key *host, EVP_PKEY *card, struct view sealed,
		       const uint8_t challenge[AGREEMENT_CHALLENGE], const uint8_t host_id[CVC_ID],
		       uint8_t ret_secret[AGREEMENT_SECRET])
{
	struct buf number, message;
	struct view padding, secret;
	uint8_t rest[REST];
	enum rc rc;

	buf_init(&number, MESSAGE_MAX);
	buf_init(&message, MESSAGE_MAX);
	rc = host_key_raw(host, sealed, &number);
	if (rc == RC_OK && number.len != rsa_size(card))
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = recovery_open(card, view_buf(&number), put_rest(rest, challenge, host_id),
				   &message);
	secret = view_buf(&message);
	if (rc == RC_OK && secret.len <= AGREEMENT_SECRET)
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = view_take(&secret, secret.len - AGREEMENT_SECRET, &padding);
	if (rc == RC_OK)
		rc = view_copy(&secret, ret_secret, AGREEMENT_SECRET);
	buf_free(&number);
	buf_free(&message);
	return rc;
}

enum rc agreement_key(const uint8_t host_secret[AGREEMENT_SECRET],
		      const uint8_t card_secret[AGREEMENT_SECRET], uint32_t counter,
		      uint8_t ret[AGREEMENT_KEY])
{
	uint8_t in[AGREEMENT_SECRET + 4], hash[SHA1_SIZE] = {0};
	struct view v = view_of(hash, AGREEMENT_KEY);
	enum rc rc;

	for (size_t i = 0; i < AGREEMENT_SECRET; i++)
		in[i] = host_secret[i] ^ card_secret[i];
	for (size_t i = 0; i < 4; i++)
		in[AGREEMENT_SECRET + i] = (uint8_t)(counter >> (24 - 8 * i));
	rc = crypto_sha1(view_of(in, sizeof(in)), hash);
	if (rc == RC_OK)
		rc = view_copy(&v, ret, AGREEMENT_KEY);
	secret_wipe(in, sizeof(in));
	secret_wipe(hash, sizeof(hash));
	return rc;
}
