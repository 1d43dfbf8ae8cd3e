/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mechanism table and what its rows do. A context of libcrypto is set up once for a key, a
 * mechanism and a parameter, and used again as long as these are asked for; two computations at the
 * same time have two.
 */
#include "card/key_operation.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/sm2.h"
#include "base/symmetric.h"
#include "base/tlv.h"
#include "card/key_hash.h"
#include "card/key_material.h"

enum { RSA_PKCS1_OVERHEAD = 11, ECDSA_DER_MAX = 160 };

struct mechanism_row {
	CK_MECHANISM_TYPE mechanism;
	uint64_t key_type;
	unsigned int usage;
	/* Sets up a context whose parameter is good. */
	enum rc (*set_up)(EVP_PKEY_CTX *context, struct view parameter);
	enum rc (*check)(const struct cached_key *key, struct view parameter, struct view input);
	/* Computes; uses nothing but the job. */
	enum rc (*run)(const struct key_job *job);
};

struct padding {
	const struct key_hash *hash, *mgf;
	uint32_t salt;
	struct view label;
};

static enum rc take_padding(struct view in, struct padding *ret)
{
	uint32_t hash, mgf;

	if (view_u32(&in, &hash) != RC_OK || view_u32(&in, &mgf) != RC_OK)
		return RC_MALFORMED;
	*ret = (struct padding){key_hash(hash), key_hash_of_mgf(mgf), 0, in};
	return ret->hash && ret->mgf ? RC_OK : RC_MALFORMED;
}

static enum rc take_pss(struct view in, struct padding *ret)
{
	if (take_padding(in, ret) != RC_OK || view_u32(&ret->label, &ret->salt) != RC_OK)
		return RC_MALFORMED;
	return view_end(&ret->label);
}

static enum rc judge(bool good)
{
	return good ? RC_OK : RC_CRYPTO;
}

static enum rc sign_pkcs(EVP_PKEY_CTX *context, struct view parameter)
{
	(void)parameter;
	return judge(EVP_PKEY_sign_init(context) > 0 &&
		     EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0);
}

static enum rc sign_raw(EVP_PKEY_CTX *context, struct view parameter)
{
	(void)parameter;
	return judge(EVP_PKEY_sign_init(context) > 0 &&
		     EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) > 0);
}

static enum rc sign_pss(EVP_PKEY_CTX *context, struct view parameter)
{
	struct padding p;

	if (take_pss(parameter, &p) != RC_OK)
		return RC_MALFORMED;
	return judge(EVP_PKEY_sign_init(context) > 0 &&
		     EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
		     EVP_PKEY_CTX_set_signature_md(context, crypto_md(p.hash->name)) > 0 &&
		     EVP_PKEY_CTX_set_rsa_mgf1_md(context, crypto_md(p.mgf->name)) > 0 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)p.salt) > 0);
}

static enum rc sign_ecdsa(EVP_PKEY_CTX *context, struct view parameter)
{
	(void)parameter;
	return judge(EVP_PKEY_sign_init(context) > 0);
}

static enum rc decrypt_pkcs(EVP_PKEY_CTX *context, struct view parameter)
{
	(void)parameter;
	return judge(EVP_PKEY_decrypt_init(context) > 0 &&
		     EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0);
}

static enum rc decrypt_raw(EVP_PKEY_CTX *context, struct view parameter)
{
	(void)parameter;
	return judge(EVP_PKEY_decrypt_init(context) > 0 &&
		     EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) > 0);
}

/* libcrypto takes the label's memory over. */
static bool set_label(EVP_PKEY_CTX *context, struct view label)
{
	unsigned char *copy;

	if (!label.len)
		return true;
	copy = OPENSSL_memdup(label.data, label.len);
	if (!copy)
		return false;
	if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, (int)label.len) > 0)
		return true;
	OPENSSL_free(copy);
	return false;
}

static enum rc decrypt_oaep(EVP_PKEY_CTX *context, struct view parameter)
{
	struct padding p;

	if (take_padding(parameter, &p) != RC_OK)
		return RC_MALFORMED;
	return judge(EVP_PKEY_decrypt_init(context) > 0 &&
		     EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
		     EVP_PKEY_CTX_set_rsa_oaep_md(context, crypto_md(p.hash->name)) > 0 &&
		     EVP_PKEY_CTX_set_rsa_mgf1_md(context, crypto_md(p.mgf->name)) > 0 &&
		     set_label(context, p.label));
}

static enum rc decrypt_sm2(EVP_PKEY_CTX *context, struct view parameter)
{
	(void)parameter;
	return judge(EVP_PKEY_decrypt_init(context) > 0);
}

static enum rc derive_ecdh(EVP_PKEY_CTX *context, struct view parameter)
{
	(void)parameter;
	return judge(EVP_PKEY_derive_init(context) > 0);
}

static enum rc check_pkcs(const struct cached_key *key, struct view parameter, struct view input)
{
	return !parameter.len && input.len + RSA_PKCS1_OVERHEAD <= key->bytes ? RC_OK
									      : RC_MALFORMED;
}

static enum rc check_block(const struct cached_key *key, struct view parameter, struct view input)
{
	return !parameter.len && input.len == key->bytes ? RC_OK : RC_MALFORMED;
}

static enum rc check_pss(const struct cached_key *key, struct view parameter, struct view input)
{
	struct padding p;

	if (take_pss(parameter, &p) != RC_OK || input.len != p.hash->size || p.salt > key->bytes ||
	    p.salt + p.hash->size + 2 > key->bytes)
		return RC_MALFORMED;
	return RC_OK;
}

static enum rc check_oaep(const struct cached_key *key, struct view parameter, struct view input)
{
	struct padding p;

	return take_padding(parameter, &p) == RC_OK && input.len == key->bytes ? RC_OK
									       : RC_MALFORMED;
}

static enum rc check_digest(const struct cached_key *key, struct view parameter, struct view input)
{
	(void)key;
	return !parameter.len && input.len && input.len <= EVP_MAX_MD_SIZE ? RC_OK : RC_MALFORMED;
}

/* e of GB/T 32918.2 6.1, which is a digest of SM3. */
static enum rc check_sm2_digest(const struct cached_key *key, struct view parameter,
				struct view input)
{
	return !parameter.len && input.len == key->bytes ? RC_OK : RC_MALFORMED;
}

static enum rc check_sm2_ciphertext(const struct cached_key *key, struct view parameter,
				    struct view input)
{
	struct view c2;

	(void)key;
	return parameter.len ? RC_MALFORMED : sm2_ciphertext(input, &c2);
}

static enum rc check_point(const struct cached_key *key, struct view parameter, struct view input)
{
	return !parameter.len && input.len == 1 + 2 * key->bytes ? RC_OK : RC_MALFORMED;
}

static enum rc check_message(const struct cached_key *key, struct view parameter, struct view input)
{
	(void)key;
	(void)input;
	return parameter.len ? RC_MALFORMED : RC_OK;
}

static enum rc check_x25519(const struct cached_key *key, struct view parameter, struct view input)
{
	return !parameter.len && input.len == key->bytes ? RC_OK : RC_MALFORMED;
}

static enum rc run_sign(const struct key_job *job)
{
	size_t len = job->bytes;
	uint8_t *at = buf_space(job->out, len);

	if (!at)
		return buf_rc(job->out);
	/* A block that is not below the modulus is the one thing that can be wrong with the input. */
	return EVP_PKEY_sign(job->prepared.context, at, &len, job->input.data, job->input.len) > 0
		       ? RC_OK
		       : RC_MALFORMED;
}

static enum rc run_decrypt(const struct key_job *job)
{
	size_t start = job->out->len, len = job->bytes;
	uint8_t *at = buf_space(job->out, len);

	if (!at)
		return buf_rc(job->out);
	if (EVP_PKEY_decrypt(job->prepared.context, at, &len, job->input.data, job->input.len) <=
		    0 ||
	    len > job->bytes)
		return RC_MALFORMED;
	buf_truncate(job->out, start + len);
	return RC_OK;
}

/* One INTEGER of a DER signature, as bytes of fixed length. */
static enum rc put_half(struct view *der, size_t size, struct buf *out)
{
	struct view x;
	uint8_t zero;

	if (tlv_expect(der, 0x02, &x) != RC_OK)
		return RC_CRYPTO;
	while (x.len > size)
		if (view_u8(&x, &zero) != RC_OK || zero)
			return RC_CRYPTO;
	for (size_t i = x.len; i < size; i++)
		buf_u8(out, 0);
	buf_view(out, x);
	return buf_rc(out);
}

static enum rc run_ecdsa(const struct key_job *job)
{
	uint8_t array[ECDSA_DER_MAX];
	size_t len = sizeof(array);
	struct view der, halves;
	enum rc rc;

	if (EVP_PKEY_sign(job->prepared.context, array, &len, job->input.data, job->input.len) <= 0)
		return RC_CRYPTO;
	der = view_of(array, len);
	if (tlv_expect(&der, 0x30, &halves) != RC_OK)
		return RC_CRYPTO;
	rc = put_half(&halves, job->bytes, job->out);
	return rc == RC_OK ? put_half(&halves, job->bytes, job->out) : rc;
}

static enum rc run_sm2_decrypt(const struct key_job *job)
{
	return sm2_decrypt(job->prepared.context, job->input, job->out);
}

/* RFC 8032 signs the message and not its hash, in one step that has no context to be kept. */
static enum rc set_up_nothing(EVP_PKEY_CTX *context, struct view parameter)
{
	(void)context;
	(void)parameter;
	return RC_OK;
}

static enum rc run_eddsa(const struct key_job *job)
{
	size_t len = 2 * job->bytes;
	uint8_t *at = buf_space(job->out, len);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	enum rc rc;

	if (!at || !md)
		rc = RC_MEMORY;
	else
		rc = judge(EVP_DigestSignInit_ex(md, NULL, NULL, crypto_context(), NULL,
						 EVP_PKEY_CTX_get0_pkey(job->prepared.context),
						 NULL) == 1 &&
			   EVP_DigestSign(md, at, &len, job->input.data, job->input.len) == 1);
	EVP_MD_CTX_free(md);
	return rc;
}

static enum rc take_peer(const struct key_job *job, EVP_PKEY **ret)
{
	const struct curve *curve = key_curve_of_size(job->bytes);

	if (job->type == CKK_EC_MONTGOMERY)
		return key_from_x25519(job->input, ret);
	return curve ? key_from_point(curve, job->input, ret) : RC_CRYPTO;
}

static enum rc run_ecdh(const struct key_job *job)
{
	EVP_PKEY *peer = NULL;
	size_t len = job->bytes;
	uint8_t *at;
	enum rc rc = take_peer(job, &peer);

	if (rc != RC_OK)
		return rc;
	at = buf_space(job->out, len);
	if (!at)
		rc = buf_rc(job->out);
	else if (EVP_PKEY_derive_set_peer(job->prepared.context, peer) <= 0)
		rc = RC_MALFORMED;
	else if (EVP_PKEY_derive(job->prepared.context, at, &len) <= 0)
		rc = RC_MALFORMED; /* RFC 7748 6.1: a peer of small order */
	else if (len != job->bytes)
		rc = RC_CRYPTO;
	EVP_PKEY_free(peer);
	return rc;
}

static const struct mechanism_row rows[] = {
	{CKM_RSA_PKCS, CKK_RSA, KEY_MAY_SIGN, sign_pkcs, check_pkcs, run_sign},
	{CKM_RSA_PKCS_PSS, CKK_RSA, KEY_MAY_SIGN, sign_pss, check_pss, run_sign},
	{CKM_RSA_X_509, CKK_RSA, KEY_MAY_SIGN, sign_raw, check_block, run_sign},
	{CKM_ECDSA, CKK_EC, KEY_MAY_SIGN, sign_ecdsa, check_digest, run_ecdsa},
	{CKM_RSA_PKCS, CKK_RSA, KEY_MAY_DECRYPT, decrypt_pkcs, check_block, run_decrypt},
	{CKM_RSA_PKCS_OAEP, CKK_RSA, KEY_MAY_DECRYPT, decrypt_oaep, check_oaep, run_decrypt},
	{CKM_RSA_X_509, CKK_RSA, KEY_MAY_DECRYPT, decrypt_raw, check_block, run_decrypt},
	{CKM_ECDH1_DERIVE, CKK_EC, KEY_MAY_DERIVE, derive_ecdh, check_point, run_ecdh},
	{CKM_ECDH1_DERIVE, CKK_EC_MONTGOMERY, KEY_MAY_DERIVE, derive_ecdh, check_x25519, run_ecdh},
	{CKM_EDDSA, CKK_EC_EDWARDS, KEY_MAY_SIGN, set_up_nothing, check_message, run_eddsa},
	{CKM_INTAGLIO_SM2, CKK_INTAGLIO_SM2, KEY_MAY_SIGN, sign_ecdsa, check_sm2_digest, run_ecdsa},
	{CKM_INTAGLIO_SM2_ENCRYPT, CKK_INTAGLIO_SM2, KEY_MAY_DECRYPT, decrypt_sm2,
	 check_sm2_ciphertext, run_sm2_decrypt},
	{CKM_INTAGLIO_SM2_ENCRYPT, CKK_INTAGLIO_SM2, KEY_MAY_UNWRAP, decrypt_sm2,
	 check_sm2_ciphertext, run_sm2_decrypt},
	{CKM_RSA_PKCS, CKK_RSA, KEY_MAY_UNWRAP, decrypt_pkcs, check_block, run_decrypt},
	{CKM_RSA_PKCS_OAEP, CKK_RSA, KEY_MAY_UNWRAP, decrypt_oaep, check_oaep, run_decrypt},
};

static const struct mechanism_row *find_row(const struct cached_key *key, unsigned int usage,
					    CK_MECHANISM_TYPE mechanism)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].mechanism == mechanism && rows[i].usage == usage &&
		    rows[i].key_type == key->type)
			return &rows[i];
	return NULL;
}

static enum rc set_up(struct cached_key *key, const struct mechanism_row *row,
		      struct view parameter, EVP_PKEY_CTX **ret)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key->key, NULL);
	enum rc rc = context ? row->set_up(context, parameter) : RC_CRYPTO;

	if (rc == RC_OK)
		*ret = context;
	else
		EVP_PKEY_CTX_free(context);
	return rc;
}

/* Takes a context set up for row and parameter out of the key's, or makes one. */
static enum rc prepare(struct cached_key *key, const struct mechanism_row *row,
		       struct view parameter, struct prepared *ret)
{
	enum rc rc;

	for (size_t i = 0; i < PREPARED_COUNT; i++) {
		struct prepared *p = &key->prepared[i];

		if (p->context && p->row == row &&
		    view_equal(view_of(p->parameter, p->parameter_len), parameter)) {
			*ret = *p;
			*p = (struct prepared){0};
			return RC_OK;
		}
	}
	*ret = (struct prepared){.row = row};
	rc = set_up(key, row, parameter, &ret->context);
	if (rc != RC_OK)
		return rc;
	/* One whose parameter is too long to be kept is never found again. */
	if (parameter.len > sizeof(ret->parameter)) {
		ret->row = NULL;
		return RC_OK;
	}
	ret->parameter_len = parameter.len;
	return view_copy(&parameter, ret->parameter, parameter.len);
}

/* Gives a context back, in the place of a free one or of the one that is next to go. */
static void keep(struct cached_key *key, struct prepared *prepared)
{
	struct prepared *place = NULL;

	for (size_t i = 0; i < PREPARED_COUNT && !place; i++)
		if (!key->prepared[i].context)
			place = &key->prepared[i];
	if (!place) {
		place = &key->prepared[key->next];
		key->next = (key->next + 1) % PREPARED_COUNT;
		EVP_PKEY_CTX_free(place->context);
	}
	*place = *prepared;
	*prepared = (struct prepared){0};
}

static bool recovers(const struct cached_key *key, unsigned int usage, CK_MECHANISM_TYPE mechanism)
{
	return usage == KEY_MAY_SIGN && key->usage & KEY_MAY_SIGN_RECOVER &&
	       (mechanism == CKM_RSA_PKCS || mechanism == CKM_RSA_X_509);
}

static enum symmetric_use secret_use(unsigned int usage)
{
	if (usage == KEY_MAY_SIGN || usage == KEY_MAY_VERIFY)
		return SYMMETRIC_MAC;
	return usage == KEY_MAY_ENCRYPT || usage == KEY_MAY_WRAP ? SYMMETRIC_ENCRYPT
								 : SYMMETRIC_DECRYPT;
}

static enum rc check_secret(const struct cached_key *key, const struct key_order *order)
{
	if (order->usage == KEY_MAY_DERIVE ||
	    !symmetric_has(order->mechanism, key->type, secret_use(order->usage)))
		return RC_MALFORMED;
	if (!(key->usage & order->usage))
		return RC_POLICY;
	if (key->restricted && !key_hash_allows(view_buf(&key->allowed), order->mechanism,
						view_of(NULL, 0), order->input))
		return RC_POLICY;
	return RC_OK;
}

/* What a secret key does; to verify, the parameter is the MAC. */
static enum rc run_secret(const struct cached_key *key, const struct key_order *order,
			  struct buf *out)
{
	struct view secret = view_buf(&key->secret);
	enum rc rc = check_secret(key, order);

	if (rc != RC_OK)
		return rc;
	if (order->usage == KEY_MAY_VERIFY)
		return symmetric_verify(order->mechanism, secret, order->input, order->parameter);
	return symmetric_run(order->mechanism, secret_use(order->usage), secret, order->parameter,
			     order->input, out);
}

enum rc key_operation_check(const struct cached_key *key, const struct key_order *order)
{
	const struct mechanism_row *row = find_row(key, order->usage, order->mechanism);

	if (key->secret.len)
		return check_secret(key, order);
	if (!row || row->check(key, order->parameter, order->input) != RC_OK)
		return RC_MALFORMED;
	if (!(key->usage & order->usage) && !recovers(key, order->usage, order->mechanism))
		return RC_POLICY;
	if (key->restricted && !key_hash_allows(view_buf(&key->allowed), order->mechanism,
						order->parameter, order->input))
		return RC_POLICY;
	return RC_OK;
}

enum rc key_job_begin(struct cached_key *key, const struct key_order *order, struct buf *out,
		      struct key_job *ret)
{
	struct key_job job = {
		.loaded = key->loaded,
		.type = key->type,
		.bytes = key->bytes,
		.input = order->input,
		.out = out,
	};
	enum rc rc = key_operation_check(key, order);

	if (rc != RC_OK)
		return rc;
	job.row = find_row(key, order->usage, order->mechanism);
	if (!job.row)
		return RC_MALFORMED;
	/* The thread's error queue is the application's: what fails here leaves nothing in it. */
	ERR_set_mark();
	rc = prepare(key, job.row, order->parameter, &job.prepared);
	ERR_pop_to_mark();
	if (rc == RC_OK)
		*ret = job;
	else
		EVP_PKEY_CTX_free(job.prepared.context);
	return rc;
}

enum rc key_job_run(struct key_job *job)
{
	enum rc rc;

	ERR_set_mark();
	rc = job->row->run(job);
	ERR_pop_to_mark();
	job->failed = rc != RC_OK;
	return rc;
}

void key_job_end(struct cached_key *key, struct key_job *job)
{
	if (!job->failed && job->prepared.row && job->loaded && key->loaded == job->loaded)
		keep(key, &job->prepared);
	EVP_PKEY_CTX_free(job->prepared.context);
	*job = (struct key_job){0};
}

bool key_operation_is_long(const struct cached_key *key)
{
	return !key->secret.len;
}

enum rc key_operation(struct cached_key *key, const struct key_order *order, struct buf *out)
{
	struct key_job job;
	enum rc rc;

	if (key->secret.len)
		return run_secret(key, order, out);
	rc = key_job_begin(key, order, out, &job);
	if (rc != RC_OK)
		return rc;
	rc = key_job_run(&job);
	key_job_end(key, &job);
	return rc;
}
