/* SPDX-License-Identifier: BSD-2-Clause */
/* PEM in and out. What libcrypto says about bad text does not stay in its error queue. */
#include "base/pem.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

enum { ROUNDS = 600000 };

/* Takes the text out of a memory BIO and wipes it there. */
static enum rc take_text(BIO *bio, struct buf *out)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	if (len <= 0)
		return RC_CRYPTO;
	buf_put(out, text, (size_t)len);
	OPENSSL_cleanse(text, (size_t)len);
	return buf_rc(out);
}

enum rc pem_put_private(const EVP_PKEY *key, struct view passphrase, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
	X509_SIG *enciphered = NULL;
	enum rc rc = RC_CRYPTO;

	if (passphrase.len > PASSPHRASE_MAX) {
		rc = RC_ARGUMENT;
		goto out;
	}
	if (!bio || !plain)
		goto out;
	if (!passphrase.len) {
		if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, plain) == 1)
			rc = take_text(bio, out);
		goto out;
	}
	enciphered = PKCS8_encrypt_ex(-1, crypto_cipher("AES-256-CBC"),
				      (const char *)passphrase.data, (int)passphrase.len, NULL, 0,
				      ROUNDS, plain, crypto_context(), NULL);
	if (enciphered && PEM_write_bio_PKCS8(bio, enciphered) == 1)
		rc = take_text(bio, out);
out:
	X509_SIG_free(enciphered);
	PKCS8_PRIV_KEY_INFO_free(plain);
	BIO_free(bio);
	return rc;
}

struct asking {
	const struct pem_passphrase *source;
	bool asked;
};

/* pem_password_cb: libcrypto calls it for an enciphered key only. */
static int ask(char *ret, int size, int writing, void *arg)
{
	struct asking *asking = arg;
	uint8_t array[PASSPHRASE_MAX];
	struct buf passphrase;
	int len = -1;

	(void)writing;
	asking->asked = true;
	buf_fixed(&passphrase, array, sizeof(array));
	if (asking->source && asking->source->ask(asking->source->arg, &passphrase) &&
	    buf_rc(&passphrase) == RC_OK && passphrase.len <= (size_t)size) {
		memcpy(ret, passphrase.data, passphrase.len);
		len = (int)passphrase.len;
	}
	buf_free(&passphrase);
	return len;
}

static BIO *text_bio(struct view text)
{
	return text.len && text.len <= INT32_MAX ? BIO_new_mem_buf(text.data, (int)text.len) : NULL;
}

static enum rc read_private(struct view text, const struct pem_passphrase *source, const char *type,
			    EVP_PKEY **ret)
{
	struct asking asking = {.source = source};
	EVP_PKEY *key = NULL;
	enum rc rc = RC_MALFORMED;
	BIO *bio;

	if (!crypto_context())
		return RC_CRYPTO;
	ERR_set_mark();
	bio = text_bio(text);
	if (bio)
		key = PEM_read_bio_PrivateKey_ex(bio, NULL, ask, &asking, crypto_context(), NULL);
	if (key && EVP_PKEY_is_a(key, type)) {
		*ret = key;
		key = NULL;
		rc = RC_OK;
	} else if (asking.asked && !key) {
		rc = RC_AUTH;
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_pop_to_mark();
	return rc;
}

enum rc pem_private(struct view text, const struct pem_passphrase *source, EVP_PKEY **ret)
{
	return read_private(text, source, "RSA", ret);
}

enum rc pem_private_ed25519(struct view text, EVP_PKEY **ret)
{
	return read_private(text, NULL, "ED25519", ret);
}

enum rc pem_public(struct view text, EVP_PKEY **ret)
{
	EVP_PKEY *key = NULL;
	enum rc rc = RC_MALFORMED;
	BIO *bio;

	if (!crypto_context())
		return RC_CRYPTO;
	ERR_set_mark();
	bio = text_bio(text);
	if (bio)
		key = PEM_read_bio_PUBKEY_ex(bio, NULL, NULL, NULL, crypto_context(), NULL);
	if (key && EVP_PKEY_is_a(key, "RSA")) {
		*ret = key;
		key = NULL;
		rc = RC_OK;
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_pop_to_mark();
	return rc;
}
