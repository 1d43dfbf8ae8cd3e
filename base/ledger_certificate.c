/* SPDX-License-Identifier: BSD-2-Clause */
/* From authority to card to ledger. */
#include "base/ledger_certificate.h"

#include "base/tlv.h"

enum { TAG_SIGNATURE = 0x9E };

/* With its terminating zero: no other message of the card's key begins with it. */
static const char prefix[] = "intaglio ledger key 1";

static void compose(const struct note_key *ledger, struct buf *text, struct view parts[2])
{
	note_put_key(text, ledger);
	parts[0] = view_of(prefix, sizeof(prefix));
	parts[1] = view_buf(text);
}

enum rc ledger_certificate_put(const struct note_key *ledger, EVP_PKEY *key,
			       struct view certificate, struct buf *out)
{
	uint8_t array[NOTE_KEY_MAX];
	struct view parts[2];
	struct buf text;

	buf_fixed(&text, array, sizeof(array));
	compose(ledger, &text, parts);
	if (buf_rc(&text) != RC_OK)
		return buf_rc(&text);
	buf_view(out, certificate);
	tlv_header(out, TAG_SIGNATURE, rsa_size(key));
	return rsa_sign(key, RSA_PSS_SHA256, parts, 2, out);
}

/* The authority's certificate speaks for itself: whether it is trusted is the caller's decision. */
static enum rc check_card(const struct cvc *card, struct view authority)
{
	struct cvc signer;
	EVP_PKEY *key;
	enum rc rc;

	if (cvc_parse(&authority, &signer) != RC_OK || view_end(&authority) != RC_OK)
		return RC_MALFORMED;
	if (signer.type != CVC_CVCA || card->type != CVC_TERMINAL || card->roles ||
	    card->suite != LEDGER_CERTIFICATE_SUITE || card->scheme != RSA_PSS_SHA256 ||
	    !view_equal(card->car, signer.chr))
		return RC_AUTH;
	rc = cvc_key(&signer, &key);
	if (rc != RC_OK)
		return rc;
	rc = cvc_verify(card, key, signer.scheme);
	EVP_PKEY_free(key);
	return rc;
}

static enum rc check_ledger(const struct cvc *card, const struct note_key *ledger,
			    struct view signature)
{
	uint8_t array[NOTE_KEY_MAX];
	struct view parts[2];
	struct buf text;
	EVP_PKEY *key;
	enum rc rc;

	buf_fixed(&text, array, sizeof(array));
	compose(ledger, &text, parts);
	rc = buf_rc(&text);
	if (rc == RC_OK)
		rc = cvc_key(card, &key);
	if (rc != RC_OK)
		return rc;
	rc = rsa_verify(key, RSA_PSS_SHA256, parts, 2, signature);
	EVP_PKEY_free(key);
	return rc;
}

enum rc ledger_certificate_verify(struct view bytes, struct view authority,
				  struct view verifier_key, struct cvc *ret_card)
{
	struct note_key ledger;
	struct view signature;
	struct cvc card;
	enum rc rc;

	if (cvc_parse(&bytes, &card) != RC_OK ||
	    tlv_expect(&bytes, TAG_SIGNATURE, &signature) != RC_OK || view_end(&bytes) != RC_OK ||
	    note_parse_key(verifier_key, &ledger) != RC_OK)
		return RC_MALFORMED;
	rc = check_card(&card, authority);
	if (rc == RC_OK)
		rc = check_ledger(&card, &ledger, signature);
	if (rc == RC_OK)
		*ret_card = card;
	return rc;
}
