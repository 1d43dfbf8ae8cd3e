/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashing on the host; the context is kept in the session between operations. */
#include "token/operation.h"

CK_RV digest_start(struct operation *o)
{
	if (!o->md)
		o->md = EVP_MD_CTX_new();
	if (!o->md)
		return CKR_HOST_MEMORY;
	return EVP_DigestInit_ex2(o->md, hash_md(o->parameter.hash), NULL) == 1 ? CKR_OK
										: CKR_GENERAL_ERROR;
}

CK_RV digest_update(struct operation *o, struct view in)
{
	return EVP_DigestUpdate(o->md, in.data, in.len) == 1 ? CKR_OK : CKR_GENERAL_ERROR;
}

CK_RV digest_finish(struct operation *o, uint8_t ret[EVP_MAX_MD_SIZE], size_t *ret_len)
{
	unsigned int len = 0;

	if (EVP_DigestFinal_ex(o->md, ret, &len) != 1)
		return CKR_GENERAL_ERROR;
	*ret_len = len;
	return CKR_OK;
}
