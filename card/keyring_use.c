/* SPDX-License-Identifier: BSD-2-Clause */
/* What the keys of a security domain do: signatures by key type and length, GPCS table C-1 and B. */
#include <openssl/crypto.h>

#include "base/rsa.h"
#include "base/secret.h"
#include "card/keyring.h"
#include "card/keyset.h"

enum {
	DES_BLOCK = 8,
	DES_MAC = 8,
	DATA_MAX = 65536,
	RSA_SCHEME_1_BITS = 1024, /* B.3.1: exactly; longer ones are scheme 2 */
};

static struct view value_of(const struct ring_key *key)
{
	return view_of(key->value, key->len);
}

static enum rc rsa_key(const struct ring_key *key, EVP_PKEY **ret)
{
	return rsa_public(value_of(key), view_of(key->exponent, key->exponent_len), ret);
}

static enum rsa_scheme rsa_scheme_of(const EVP_PKEY *key)
{
	return rsa_bits(key) == RSA_SCHEME_1_BITS ? RSA_PKCS1_SHA1 : RSA_PSS_SHA256;
}

static enum rc ecc_key(const struct ring_key *key, EVP_PKEY **ret)
{
	const struct ecdsa_curve *curve = ecdsa_curve(key->curve);

	if (!curve)
		return RC_MALFORMED;
	return key->type == KEY_TYPE_ECC ? ecdsa_public(curve, value_of(key), ret)
					 : ecdsa_private(curve, value_of(key), ret);
}

enum rc keyring_check(const struct ring_key *key)
{
	EVP_PKEY *pkey = NULL;
	enum rc rc;

	switch (key->type) {
	case KEY_TYPE_DES:
		return key->len == SCP02_KEY ? RC_OK : RC_MALFORMED;
	case KEY_TYPE_AES:
		return key->len == 16 || key->len == 24 || key->len == 32 ? RC_OK : RC_MALFORMED;
	case KEY_TYPE_RSA:
		rc = rsa_key(key, &pkey);
		break;
	case KEY_TYPE_ECC:
	case KEY_TYPE_ECC_PRIVATE:
		rc = ecc_key(key, &pkey);
		break;
	default:
		return RC_MALFORMED;
	}
	EVP_PKEY_free(pkey);
	return rc;
}

size_t keyring_hash_size(const struct ring_key *key)
{
	const struct ecdsa_curve *curve = ecdsa_curve(key->curve);

	switch (key->type) {
	case KEY_TYPE_RSA:
		return key->len == RSA_SCHEME_1_BITS / 8 ? SHA1_SIZE : SHA256_SIZE;
	case KEY_TYPE_ECC:
	case KEY_TYPE_ECC_PRIVATE:
		return curve ? curve->digest_size : 0;
	default:
		return 0;
	}
}

/* Single DES plus final triple DES, GPCS B.1.2.2; appends the MAC. */
static enum rc des_mac(const struct ring_key *key, struct view data, struct buf *out)
{
	static const uint8_t icv[DES_BLOCK];
	uint8_t mac[DES_MAC];
	struct buf padded;
	enum rc rc;

	buf_init(&padded, DATA_MAX);
	buf_view(&padded, data);
	pad_put(&padded, 0, DES_BLOCK);
	rc = buf_rc(&padded);
	if (rc == RC_OK)
		rc = retail_mac(key->value, icv, view_buf(&padded), mac);
	if (rc == RC_OK)
		buf_put(out, mac, sizeof(mac));
	buf_free(&padded);
	OPENSSL_cleanse(mac, sizeof(mac));
	return rc == RC_OK ? buf_rc(out) : rc;
}

static enum rc aes_mac(const struct ring_key *key, struct view data, struct buf *out)
{
	uint8_t mac[AES_BLOCK];
	struct cmac *cmac = NULL;
	enum rc rc = cmac_new(key->value, key->len, &cmac);

	if (rc == RC_OK)
		rc = cmac_compute(cmac, &data, 1, mac);
	if (rc == RC_OK)
		buf_put(out, mac, sizeof(mac));
	cmac_free(&cmac);
	OPENSSL_cleanse(mac, sizeof(mac));
	return rc == RC_OK ? buf_rc(out) : rc;
}

static enum rc verify_mac(const struct ring_key *key, struct view data, struct view signature)
{
	uint8_t array[AES_BLOCK];
	struct buf mac;
	enum rc rc;

	buf_fixed(&mac, array, sizeof(array));
	rc = keyring_sign(key, data, &mac);
	if (rc == RC_OK &&
	    (signature.len != mac.len || !secret_equal(signature.data, mac.data, mac.len)))
		rc = RC_AUTH;
	buf_free(&mac);
	return rc;
}

enum rc keyring_verify(const struct ring_key *key, struct view data, struct view signature)
{
	EVP_PKEY *pkey = NULL;
	enum rc rc;

	switch (key->type) {
	case KEY_TYPE_DES:
	case KEY_TYPE_AES:
		return verify_mac(key, data, signature);
	case KEY_TYPE_RSA:
		rc = rsa_key(key, &pkey);
		if (rc == RC_OK)
			rc = rsa_verify(pkey, rsa_scheme_of(pkey), &data, 1, signature);
		break;
	case KEY_TYPE_ECC:
		rc = ecc_key(key, &pkey);
		if (rc == RC_OK)
			rc = ecdsa_verify(pkey, ecdsa_curve(key->curve), data, signature);
		break;
	default:
		return RC_POLICY;
	}
	EVP_PKEY_free(pkey);
	return rc;
}

enum rc keyring_sign(const struct ring_key *key, struct view data, struct buf *out)
{
	EVP_PKEY *pkey = NULL;
	enum rc rc;

	switch (key->type) {
	case KEY_TYPE_DES:
		return des_mac(key, data, out);
	case KEY_TYPE_AES:
		return aes_mac(key, data, out);
	case KEY_TYPE_ECC_PRIVATE:
		rc = ecc_key(key, &pkey);
		if (rc == RC_OK)
			rc = ecdsa_sign(pkey, ecdsa_curve(key->curve), data, out);
		EVP_PKEY_free(pkey);
		return rc;
	default:
		return RC_POLICY;
	}
}
