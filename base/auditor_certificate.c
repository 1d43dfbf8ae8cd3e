/* SPDX-License-Identifier: BSD-2-Clause */
/* From authority to auditor to the auditor's keys. */
#include "base/auditor_certificate.h"

#include "base/ledger.h"
#include "base/tlv.h"

enum {
	TAG_AUDITOR = 0x82,
	TAG_ESCROW = 0x83,
	TAG_PROOF = 0x96,
	TAG_CERTIFICATE = 0x7F21,
	TAG_SIGNATURE = 0x9E,
};

/* With its terminating zero: no other message that a host's key signs begins with it. */
static const char prefix[] = "intaglio ledger auditor 1";

static void put_keys(const struct auditor_certificate *c, struct buf *out)
{
	tlv_put(out, TAG_AUDITOR, c->auditor);
	if (c->escrow.len)
		tlv_put(out, TAG_ESCROW, c->escrow);
}

enum rc auditor_certificate_parse(struct view file, struct auditor_certificate *ret)
{
	struct auditor_certificate c = {.escrow = {NULL, 0}};

	if (tlv_expect(&file, TAG_AUDITOR, &c.auditor) != RC_OK)
		return RC_MALFORMED;
	if (tlv_is_next(file, TAG_ESCROW) && tlv_expect(&file, TAG_ESCROW, &c.escrow) != RC_OK)
		return RC_MALFORMED;
	if (tlv_expect(&file, TAG_PROOF, &c.proof) != RC_OK || view_end(&file) != RC_OK ||
	    c.proof.len > AUDITOR_PROOF_MAX)
		return RC_MALFORMED;
	*ret = c;
	return RC_OK;
}

/* What the holder signs. */
static enum rc compose(const struct auditor_certificate *c, struct buf *keys, struct view parts[2])
{
	put_keys(c, keys);
	parts[0] = view_of(prefix, sizeof(prefix));
	parts[1] = view_buf(keys);
	return buf_rc(keys);
}

static bool keys_are_good(const struct auditor_certificate *c)
{
	struct note_key auditor;
	EVP_PKEY *escrow = NULL;
	bool good = note_parse_cosigner(c->auditor, &auditor) == RC_OK &&
		    (!c->escrow.len || ledger_escrow_key(c->escrow, &escrow) == RC_OK);

	EVP_PKEY_free(escrow);
	return good;
}

static bool is_holders(struct view certificates, const EVP_PKEY *key)
{
	struct cvc_chain chain;
	EVP_PKEY *certified = NULL;
	bool good = cvc_chain_parse(certificates, &chain) == RC_OK &&
		    cvc_key(cvc_chain_own(&chain), &certified) == RC_OK &&
		    EVP_PKEY_eq(certified, key) == 1;

	EVP_PKEY_free(certified);
	return good;
}

enum rc auditor_certificate_put(const struct auditor_certificate *c, struct view chain,
				EVP_PKEY *key, struct buf *out)
{
	struct buf keys, proof;
	struct view parts[2];
	enum rc rc;

	if (!keys_are_good(c) || !is_holders(chain, key))
		return RC_ARGUMENT;
	buf_init(&keys, AUDITOR_CERTIFICATE_MAX);
	buf_init(&proof, AUDITOR_PROOF_MAX);
	rc = compose(c, &keys, parts);
	if (rc == RC_OK) {
		buf_view(&proof, chain);
		tlv_header(&proof, TAG_SIGNATURE, rsa_size(key));
		rc = rsa_sign(key, RSA_PSS_SHA256, parts, 2, &proof);
	}
	if (rc == RC_OK)
		rc = buf_rc(&proof);
	if (rc == RC_OK) {
		put_keys(c, out);
		tlv_put(out, TAG_PROOF, view_buf(&proof));
		rc = buf_rc(out);
	}
	buf_free(&proof);
	buf_free(&keys);
	return rc;
}

enum rc auditor_certificate_split(struct view proof, struct view *ret_chain,
				  struct view *ret_signature)
{
	struct view rest = proof, value, signature;

	while (tlv_is_next(rest, TAG_CERTIFICATE))
		if (tlv_expect(&rest, TAG_CERTIFICATE, &value) != RC_OK)
			return RC_MALFORMED;
	proof.len -= rest.len;
	if (!proof.len || tlv_expect(&rest, TAG_SIGNATURE, &signature) != RC_OK ||
	    view_end(&rest) != RC_OK)
		return RC_MALFORMED;
	*ret_chain = proof;
	*ret_signature = signature;
	return RC_OK;
}

enum rc auditor_certificate_check(const struct auditor_certificate *c, struct view signature,
				  EVP_PKEY *holder)
{
	struct view parts[2];
	struct buf keys;
	enum rc rc;

	buf_init(&keys, AUDITOR_CERTIFICATE_MAX);
	rc = compose(c, &keys, parts);
	if (rc == RC_OK)
		rc = rsa_verify(holder, RSA_PSS_SHA256, parts, 2, signature);
	buf_free(&keys);
	return rc;
}

static enum rc check_chain(const struct cvc_chain *chain, struct view authority)
{
	const struct cvc *own = cvc_chain_own(chain);
	struct cvc signer;

	if (cvc_parse(&authority, &signer) != RC_OK || view_end(&authority) != RC_OK)
		return RC_MALFORMED;
	if (signer.type != CVC_CVCA || own->type != CVC_TERMINAL ||
	    !cvc_serves(own, AUDITOR_CERTIFICATE_SUITE) ||
	    !(own->roles & cvc_chain_roles(chain, &signer) & ROLE_AUDITOR))
		return RC_AUTH;
	return cvc_chain_verify(chain, &signer);
}

enum rc auditor_certificate_verify(const struct auditor_certificate *c, struct view authority,
				   struct cvc_chain *ret)
{
	struct view certificates, signature;
	struct cvc_chain chain;
	EVP_PKEY *key = NULL;
	enum rc rc = RC_MALFORMED;

	if (auditor_certificate_split(c->proof, &certificates, &signature) != RC_OK ||
	    cvc_chain_parse(certificates, &chain) != RC_OK)
		return rc;
	rc = check_chain(&chain, authority);
	if (rc == RC_OK)
		rc = cvc_key(cvc_chain_own(&chain), &key);
	if (rc == RC_OK)
		rc = auditor_certificate_check(c, signature, key);
	EVP_PKEY_free(key);
	if (rc == RC_OK)
		*ret = chain;
	return rc;
}
