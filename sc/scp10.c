/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of the set-up in order, one step each: a step sends one command and judges its answer.
 * The first failure ends the handshake; everything secret is wiped either way.
 */
#include "sc/scp10.h"

#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/sw.h"
#include "base/tlv.h"
#include "sc/card_chain.h"
#include "sc/scp10_keys.h"

enum {
	INS_MANAGE_SECURITY_ENVIRONMENT = 0x22,
	INS_PERFORM_SECURITY_OPERATION = 0x2A,
	INS_EXTERNAL_AUTHENTICATE = 0x82,
	INS_GET_CHALLENGE = 0x84,
	INS_INTERNAL_AUTHENTICATE = 0x88,
	INS_GET_DATA = 0xCA,
	P1_MUTUAL = 0xC1,
	P1_EXTERNAL = 0x81,
	P2_STORED_KEY = 0xA4,
	P2_CERTIFICATE = 0xB6,
	P2_SELF_DESCRIPTIVE = 0xBE,
	LE_ALL = 65536, /* whatever there is; the wire makes it 256 where it must */
	CHALLENGE_MAX = 16,
	BODY_MAX = 256,
	SCP10 = 0x10,
};

struct handshake {
	struct wire *wire;
	const struct identity *identity;
	const struct identity_key *host;
	const struct policy_card *row;
	const struct scp10_suite *suite;
	const uint8_t *card_id;
	uint8_t p1, p2; /* of MANAGE SECURITY ENVIRONMENT */
	struct buf *certificate; /* the card's, as received, or known from before */
	bool known; /* it is known from before: the card was not asked, and may have another */
	struct card_chain_card card; /* verified; borrows from certificate */
	EVP_PKEY *host_key; /* public half, as certified */
	struct messaging_secrets *secrets;
	struct scp10_keys keys;
	struct buf body; /* D3 and the templates, as enciphered */
	uint8_t card_challenge[CHALLENGE_MAX];
	uint8_t *host_secret; /* suite 01: in secret memory */
};

/* What a status word says about a certificate, doc/scp10.md 1. */
static const char *reason(const struct apdu *command, uint16_t sw)
{
	if (command->ins != INS_PERFORM_SECURITY_OPERATION || command->p2 != P2_SELF_DESCRIPTIVE)
		return "";
	if (sw == SW_REFERENCE_DATA_UNUSABLE)
		return ": it has expired or is revoked";
	if (sw == SW_REFERENCE_NOT_FOUND || sw == SW_AUTHENTICATION_FAILED)
		return ": it is of another authority than the card's";
	return "";
}

/* Sends one set-up command. A status word other than 9000 is refused with why and comes back as rc. */
static enum rc send(struct handshake *h, const struct apdu *command, enum rc refused,
		    const char *why, struct view *ret_data)
{
	uint16_t sw;
	enum rc rc = wire_exchange(h->wire, command, ret_data, &sw);

	if (rc == RC_MALFORMED)
		log_error("the card's answer is cut off: %s", why);
	/* Data where none is to come is somebody else's answer. */
	if (rc == RC_OK && sw == SW_OK && !command->le && ret_data->len) {
		log_error("the card's answer has data that belong to no question: %s", why);
		rc = RC_MALFORMED;
	}
	if (rc != RC_OK || sw == SW_OK)
		return rc;
	if (sw >> 8 == 0x64 || sw >> 8 == 0x65 || sw == SW_NO_DIAGNOSIS) {
		log_error("the card failed while the channel was set up (status word %04X)", sw);
		return RC_IO;
	}
	if (h->known)
		log_info("%s under the certificate that is known of it (status word %04X)", why,
			 sw);
	else
		log_error("%s%s (status word %04X)", why, reason(command, sw), sw);
	return refused;
}

static void put_reference(struct buf *b, uint32_t tag, struct policy_reference reference)
{
	const uint8_t bytes[] = {reference.version, reference.index};
	bool given = reference.version || reference.index;

	tlv_put(b, tag, view_of(bytes, given ? sizeof(bytes) : 0));
}

/* MANAGE SECURITY ENVIRONMENT: suite, kind of authentication, key references. */
static enum rc set_environment(struct handshake *h)
{
	const uint8_t scp[] = {SCP10, h->suite->id};
	struct apdu command = {.ins = INS_MANAGE_SECURITY_ENVIRONMENT, .p1 = h->p1, .p2 = h->p2};
	uint8_t array[16];
	struct view ignored;
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	tlv_put(&data, 0x80, view_of(scp, sizeof(scp)));
	put_reference(&data, 0x83, h->row->host_key);
	put_reference(&data, 0x84, h->row->card_key);
	if (buf_rc(&data) != RC_OK)
		return buf_rc(&data);
	command.data = view_buf(&data);
	trace_note(&h->wire->trace, "scp10: suite %02X, level %02X", h->suite->id, h->keys.level);
	return send(h, &command, RC_POLICY,
		    "the card does not open a channel in the suite and with the keys asked for",
		    &ignored);
}

/* PERFORM SECURITY OPERATION, verify certificate: the host's chain, authority's side first. */
static enum rc send_certificates(struct handshake *h)
{
	struct apdu command = {.ins = INS_PERFORM_SECURITY_OPERATION, .p2 = P2_SELF_DESCRIPTIVE};
	struct view chain, ignored;
	struct buf all;
	enum rc rc = RC_OK;

	if (h->p2 == P2_STORED_KEY)
		return RC_OK;
	buf_init(&all, CVC_CHAIN_BYTES);
	if (identity_has_links(h->identity))
		rc = identity_put_chain(h->identity, h->host, h->card.authority, &all);
	else
		buf_view(&all, view_buf(&h->host->chain));
	if (rc == RC_OK)
		rc = buf_rc(&all);
	chain = view_buf(&all);
	while (rc == RC_OK && chain.len) {
		rc = tlv_object(&chain, 0x7F21, &command.data, &ignored);
		if (rc == RC_OK)
			rc = send(h, &command, RC_AUTH, "the card refuses the host's certificate",
				  &ignored);
	}
	buf_free(&all);
	return rc;
}

/* Parsed, verified and in order for this suite, host and card; nothing else of it is used before. */
static enum rc judge_certificate(struct handshake *h)
{
	const struct card_chain_terms terms = {
		.identity = h->identity,
		.suite = h->suite,
		.card_id = h->card_id,
		.host_key = h->host_key,
	};

	return card_chain_check(&terms, view_buf(h->certificate), &h->card);
}

/*
 * GET DATA certificate, unless it is known. A known one that is not in order any more, whether it
 * was altered, revoked, or has expired, is asked for like one that is not known.
 */
static enum rc get_certificate(struct handshake *h)
{
	const struct apdu command = {
		.cla = 0x80, .ins = INS_GET_DATA, .p1 = 0x7F, .p2 = 0x21, .le = LE_ALL};
	struct view data;
	enum rc rc;

	if (h->certificate->len) {
		h->known = judge_certificate(h) == RC_OK;
		if (h->known)
			return RC_OK;
		log_warning("the card's certificate that was kept is not in order; the card is "
			    "asked for it");
		buf_reset(h->certificate);
	}
	rc = send(h, &command, RC_AUTH, "the card has no certificate", &data);
	if (rc != RC_OK)
		return rc;
	buf_view(h->certificate, data);
	rc = buf_rc(h->certificate);
	return rc == RC_OK ? judge_certificate(h) : rc;
}

/* PERFORM SECURITY OPERATION, decipher: new session keys under the card's key. */
static enum rc send_keys(struct handshake *h)
{
	struct apdu command = {.ins = INS_PERFORM_SECURITY_OPERATION, .p1 = 0x80, .p2 = 0x84};
	struct view ignored;
	struct buf block;
	enum rc rc = RC_OK;

	if (!h->suite->agreement)
		rc = scp10_keys_draw(&h->keys);
	if (rc == RC_OK && h->suite->counters)
		rc = crypto_random(h->secrets->counter, sizeof(h->secrets->counter));
	if (rc != RC_OK)
		return rc;
	/* Far from the end, and still another one in each session. */
	for (size_t i = 0; i < 2; i++)
		h->secrets->counter[i] >>= 8;
	scp10_keys_put(&h->keys, &h->body);
	rc = buf_rc(&h->body);
	if (rc != RC_OK || h->suite->agreement)
		return rc;
	buf_init(&block, BODY_MAX * 2);
	rc = rsa_encrypt(h->card.key, h->suite->encryption, view_buf(&h->body), &block);
	command.data = view_buf(&block);
	if (rc == RC_OK)
		rc = send(h, &command, RC_AUTH, "the card refuses the session keys", &ignored);
	buf_free(&block);
	return rc;
}

/* GET CHALLENGE. */
static enum rc get_challenge(struct handshake *h)
{
	const struct apdu command = {.ins = INS_GET_CHALLENGE, .le = (uint32_t)h->suite->challenge};
	struct view data;
	enum rc rc = send(h, &command, RC_AUTH, "the card gives no challenge", &data);

	if (rc != RC_OK)
		return rc;
	if (data.len != h->suite->challenge) {
		log_error("the card's challenge has the wrong length");
		return RC_MALFORMED;
	}
	return view_copy(&data, h->card_challenge, h->suite->challenge);
}

enum {
	SIGNED_BY_HOST = 0x82,
	SIGNED_BY_CARD = 0x88,
	SIGNED_PARTS = SCP10_TEMPLATES + 2,
	BOUND_SIZE = 71
};

/* What a signature of suite 42 covers before the body: suite, direction, P1 P2, both public keys. */
static enum rc put_bound(const struct handshake *h, uint8_t direction, struct buf *b)
{
	const uint8_t head[] = {0x80, 0x02, SCP10, h->suite->id, direction, h->p1, h->p2};
	const struct view keys[] = {h->host->certificate.public_key,
				    h->card.certificate.public_key};
	uint8_t hash[SHA256_SIZE];
	enum rc rc = RC_OK;

	buf_put(b, head, sizeof(head));
	for (size_t i = 0; i < 2 && rc == RC_OK; i++) {
		rc = crypto_sha256(keys[i], hash);
		buf_put(b, hash, sizeof(hash));
	}
	return rc == RC_OK ? buf_rc(b) : rc;
}

/* The host's signature over the session keys and the card's challenge. */
static enum rc sign_keys(struct handshake *h, struct buf *out)
{
	uint8_t array[BOUND_SIZE];
	struct view parts[3];
	struct buf bound;
	enum rc rc = RC_OK;

	buf_fixed(&bound, array, sizeof(array));
	if (h->suite->bound)
		rc = put_bound(h, SIGNED_BY_HOST, &bound);
	parts[0] = view_buf(&bound);
	parts[1] = view_buf(&h->body);
	parts[2] = view_of(h->card_challenge, h->suite->challenge);
	if (rc == RC_OK)
		rc = host_key_sign(h->host->key, h->suite->signature, parts, 3, out);
	return rc;
}

/* Suite 01: the host's secret, with level and templates, signed and enciphered for the card. */
static enum rc seal_secret(struct handshake *h, struct buf *out)
{
	const struct agreement_host said = {
		.body = view_buf(&h->body),
		.secret = h->host_secret,
		.challenge = h->card_challenge,
		.card_id = h->card_id,
	};
	enum rc rc = crypto_random(h->host_secret, AGREEMENT_SECRET);

	return rc == RC_OK ? agreement_seal(h->host->key, h->host_key, h->card.key, &said, out)
			   : rc;
}

/* EXTERNAL AUTHENTICATE: the host proves that it has its key. */
static enum rc prove_host(struct handshake *h)
{
	struct apdu command = {.ins = INS_EXTERNAL_AUTHENTICATE};
	struct view ignored;
	struct buf data;
	enum rc rc;

	buf_init(&data, BODY_MAX * 2);
	rc = h->suite->agreement ? seal_secret(h, &data) : sign_keys(h, &data);
	command.data = view_buf(&data);
	if (rc == RC_OK)
		rc = send(h, &command, RC_AUTH, "the card refuses the host's signature", &ignored);
	buf_free(&data);
	return rc;
}

/* The card's signature over the session keys in the order of the templates, and the host's challenge. */
static enum rc verify_card(struct handshake *h, const uint8_t *challenge, struct view signature)
{
	uint8_t array[BOUND_SIZE];
	struct view parts[SIGNED_PARTS];
	struct buf bound;
	size_t count;
	enum rc rc = RC_OK;

	buf_fixed(&bound, array, sizeof(array));
	if (h->suite->bound)
		rc = put_bound(h, SIGNED_BY_CARD, &bound);
	parts[0] = view_buf(&bound);
	count = 1 + scp10_keys_list(&h->keys, parts + 1);
	parts[count++] = view_of(challenge, h->suite->challenge);
	if (rc == RC_OK)
		rc = rsa_verify(h->card.key, h->suite->signature, parts, count, signature);
	return rc;
}

/* Suite 01: the card's secret, and with it all keys. */
static enum rc open_secret(struct handshake *h, const uint8_t *challenge, const uint8_t *host_id,
			   struct view sealed)
{
	uint8_t card_secret[AGREEMENT_SECRET];
	enum rc rc;

	rc = agreement_open(h->host->key, h->card.key, sealed, challenge, host_id, card_secret);
	if (rc == RC_OK)
		rc = scp10_keys_agree(&h->keys, h->host_secret, card_secret);
	secret_wipe(card_secret, sizeof(card_secret));
	return rc;
}

/* INTERNAL AUTHENTICATE: the card proves that it has the session keys and its own key. */
static enum rc prove_card(struct handshake *h)
{
	struct apdu command = {.ins = INS_INTERNAL_AUTHENTICATE, .le = LE_ALL};
	uint8_t data[CHALLENGE_MAX + CVC_ID];
	size_t n = h->suite->challenge;
	struct view answer;
	enum rc rc;

	if (h->p1 == P1_EXTERNAL)
		return RC_OK;
	rc = crypto_random(data, n);
	if (rc == RC_OK)
		rc = cvc_id(&h->host->certificate, data + n);
	command.data = view_of(data, n + CVC_ID);
	if (rc == RC_OK)
		rc = send(h, &command, RC_AUTH, "the card does not prove who it is", &answer);
	if (rc != RC_OK)
		return rc;
	rc = h->suite->agreement ? open_secret(h, data, data + n, answer)
				 : verify_card(h, data, answer);
	if (rc == RC_AUTH && !h->known)
		log_error("the card's signature does not verify: it is not the card that its "
			  "certificate names, or somebody changes what goes over the line");
	return rc;
}

/* Where the host's chain depends on the authority that the card follows, the card is asked first. */
static enum rc exchange_certificates(struct handshake *h)
{
	bool asks_first = identity_has_links(h->identity);
	enum rc rc = asks_first ? get_certificate(h) : send_certificates(h);

	if (rc == RC_OK)
		rc = asks_first ? send_certificates(h) : get_certificate(h);
	return rc;
}

static enum rc (*const steps[])(struct handshake *h) = {
	set_environment, exchange_certificates, send_keys, get_challenge, prove_host, prove_card,
};

static enum rc open_once(struct wire *wire, const struct identity *identity,
			 const struct policy_card *row, const uint8_t card_id[CVC_ID],
			 struct buf *certificate, bool *ret_known, struct messaging **ret)
{
	struct handshake h = {
		.wire = wire,
		.identity = identity,
		.host = identity_find(identity, row->suite),
		.row = row,
		.suite = scp10_suite_find(row->suite),
		.card_id = card_id,
		.certificate = certificate,
		.p1 = row->external_only ? P1_EXTERNAL : P1_MUTUAL,
		.p2 = row->stored_host_key ? P2_STORED_KEY : P2_CERTIFICATE,
	};
	uint8_t body[BODY_MAX];
	enum rc rc = RC_STATE;

	buf_fixed(&h.body, body, sizeof(body));
	if (!h.suite || !h.host) {
		log_error("the host has no key for suite %02X", row->suite);
		goto out;
	}
	h.secrets = secret_new(sizeof(*h.secrets));
	h.host_secret = secret_new(AGREEMENT_SECRET);
	rc = h.secrets && h.host_secret ? cvc_key(&h.host->certificate, &h.host_key) : RC_MEMORY;
	if (rc == RC_OK)
		scp10_keys_plan(&h.keys, h.suite, row, h.secrets);
	for (size_t i = 0; rc == RC_OK && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](&h);
	if (rc == RC_OK)
		rc = scp10_keys_finish(&h.keys);
	if (rc == RC_OK)
		rc = messaging_new(h.suite->sm, h.keys.level, h.secrets, ret);
out:
	trace_note(&wire->trace, "scp10: %s", rc == RC_OK ? "session open" : rc_name(rc));
	EVP_PKEY_free(h.card.key);
	EVP_PKEY_free(h.host_key);
	secret_free(&h.secrets);
	secret_free(&h.host_secret);
	secret_wipe(body, sizeof(body));
	secret_wipe(h.card_challenge, sizeof(h.card_challenge));
	*ret_known = h.known;
	return rc;
}

enum rc scp10_open(struct wire *wire, const struct identity *identity,
		   const struct policy_card *row, const uint8_t card_id[CVC_ID],
		   struct buf *certificate, struct messaging **ret)
{
	bool known;
	enum rc rc = open_once(wire, identity, row, card_id, certificate, &known, ret);

	/* The card may have been personalised anew: it is asked, once. */
	if (known && (rc == RC_AUTH || rc == RC_MALFORMED)) {
		log_warning("the card does not answer to the certificate that was kept; it is "
			    "asked for its certificate");
		buf_reset(certificate);
		rc = open_once(wire, identity, row, card_id, certificate, &known, ret);
	}
	if (rc != RC_OK)
		buf_reset(certificate);
	return rc;
}
