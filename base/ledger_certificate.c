/* SPDX-License-Identifier: BSD-2-Clause */
/* From authority to card to ledger. */
#include "base/ledger_certificate.h"

#include "base/cvc_chain.h"
#include "base/tlv.h"

enum { TAG_CERTIFICATE = 0x7F21, TAG_SIGNATURE = 0x9E };

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
static enum rc check_card(const struct cvc_chain *chain, struct view authority)
{
	const struct cvc *card = cvc_chain_own(chain);
	struct cvc signer;

	if (cvc_parse(&authority, &signer) != RC_OK || view_end(&authority) != RC_OK)
		return RC_MALFORMED;
	if (signer.type != CVC_CVCA || card->type != CVC_TERMINAL || card->roles ||
	    card->suite != LEDGER_CERTIFICATE_SUITE || card->scheme != RSA_PSS_SHA256 ||
	    (chain->count > 1 && !(cvc_chain_roles(chain, &signer) & ROLE_ISSUER)))
		return RC_AUTH;
	return cvc_chain_verify(chain, &signer);
}

/* The certificates, up to the signature. */
static enum rc take_chain(struct view *bytes, struct cvc_chain *ret)
{
	struct view rest = *bytes, chain = *bytes, value;
	enum rc rc = RC_OK;

	while (rc == RC_OK && tlv_is_next(rest, TAG_CERTIFICATE))
		rc = tlv_expect(&rest, TAG_CERTIFICATE, &value);
	chain.len -= rest.len;
	*bytes = rest;
	return rc == RC_OK ? cvc_chain_parse(chain, ret) : rc;
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
				  struct view verifier_key, struct cvc_chain *ret)
{
	struct note_key ledger;
	struct view signature;
	struct cvc_chain chain;
	enum rc rc;

	if (take_chain(&bytes, &chain) != RC_OK ||
	    tlv_expect(&bytes, TAG_SIGNATURE, &signature) != RC_OK || view_end(&bytes) != RC_OK ||
	    note_parse_key(verifier_key, &ledger) != RC_OK)
		return RC_MALFORMED;
	rc = check_card(&chain, authority);
	if (rc == RC_OK)
		rc = check_ledger(cvc_chain_own(&chain), &ledger, signature);
	if (rc == RC_OK)
		*ret = chain;
	return rc;
}
