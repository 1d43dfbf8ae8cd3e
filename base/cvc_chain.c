/* SPDX-License-Identifier: BSD-2-Clause */
/* Chains of certificates: taken apart, and verified link by link. */
#include "base/cvc_chain.h"

#include <string.h>

enum rc cvc_chain_parse(struct view bytes, struct cvc_chain *ret)
{
	enum rc rc = bytes.len ? RC_OK : RC_MALFORMED;

	memset(ret, 0, sizeof(*ret));
	while (rc == RC_OK && bytes.len) {
		if (ret->count == CVC_CHAIN_MAX)
			return RC_SPACE;
		rc = cvc_parse(&bytes, &ret->links[ret->count]);
		if (rc == RC_OK)
			ret->count++;
	}
	return rc;
}

const struct cvc *cvc_chain_own(const struct cvc_chain *chain)
{
	return &chain->links[chain->count - 1];
}

static bool may_sign(const struct cvc *signer, const struct cvc *c)
{
	return signer->type == CVC_CVCA || (signer->type == CVC_DV && c->type != CVC_CVCA);
}

static enum rc verify_link(const struct cvc *c, const struct cvc *signer)
{
	EVP_PKEY *key = NULL;
	enum rc rc = RC_AUTH;

	if (!may_sign(signer, c) || !view_equal(c->car, signer->chr))
		return RC_AUTH;
	rc = cvc_key(signer, &key);
	if (rc == RC_OK)
		rc = cvc_verify(c, key, signer->scheme);
	EVP_PKEY_free(key);
	return rc;
}

enum rc cvc_chain_verify(const struct cvc_chain *chain, const struct cvc *authority)
{
	const struct cvc *signer = authority;
	enum rc rc = RC_AUTH;

	for (size_t i = 0; i < chain->count; i++) {
		rc = verify_link(&chain->links[i], signer);
		if (rc != RC_OK)
			return rc;
		signer = &chain->links[i];
	}
	return rc;
}

unsigned int cvc_chain_roles(const struct cvc_chain *chain, const struct cvc *authority)
{
	unsigned int roles = authority->roles;

	for (size_t i = 0; i + 1 < chain->count; i++)
		roles &= chain->links[i].roles;
	return roles;
}
