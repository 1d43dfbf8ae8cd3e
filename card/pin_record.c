/* SPDX-License-Identifier: BSD-2-Clause */
/* The record of a PIN: its bytes, and what is derived from the PIN. */
#include "card/pin_record.h"

#include <string.h>

#include "base/crypto.h"
#include "base/secret.h"

enum { VERSION = 1, VERIFIER = 32, RECORD_SIZE = 31 + 2 * (2 + PIN_SEALED_MAX) };

struct derived {
	uint8_t verifier[VERIFIER];
	uint8_t wrap[CARD_KEY_SIZE];
};

static uint32_t record_id(enum pin_reference ref)
{
	return RECORD_PIN | (uint32_t)ref;
}

static enum rc take_sealed(struct view *in, struct pin_sealed *ret)
{
	uint16_t len;

	if (view_u16(in, &len) != RC_OK || len > sizeof(ret->bytes) ||
	    view_copy(in, ret->bytes, len) != RC_OK)
		return RC_MALFORMED;
	ret->len = len;
	return RC_OK;
}

enum rc pin_record_load(struct nvm *nvm, enum pin_reference ref, struct pin_record *ret)
{
	struct pin_record r = {0};
	struct view in;
	uint8_t version;
	enum rc rc = nvm_get(nvm, record_id(ref), &in);

	if (rc != RC_OK)
		return rc;
	if (view_u8(&in, &version) != RC_OK || version != VERSION ||
	    view_u8(&in, &r.tries) != RC_OK || view_u8(&in, &r.pending) != RC_OK ||
	    view_u64(&in, &r.generation) != RC_OK || view_u32(&in, &r.iterations) != RC_OK ||
	    view_copy(&in, r.salt, sizeof(r.salt)) != RC_OK ||
	    take_sealed(&in, &r.verifier) != RC_OK || take_sealed(&in, &r.user_key) != RC_OK ||
	    view_end(&in) != RC_OK || r.tries > PIN_TRIES || !r.iterations)
		return RC_DAMAGED;
	*ret = r;
	return RC_OK;
}

static void put_sealed(struct buf *b, const struct pin_sealed *sealed)
{
	buf_u16(b, (uint16_t)sealed->len);
	buf_put(b, sealed->bytes, sealed->len);
}

void pin_record_put(struct nvm *nvm, enum pin_reference ref, const struct pin_record *record)
{
	uint8_t array[RECORD_SIZE];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	buf_u8(&b, VERSION);
	buf_u8(&b, record->tries);
	buf_u8(&b, record->pending);
	buf_u64(&b, record->generation);
	buf_u32(&b, record->iterations);
	buf_put(&b, record->salt, sizeof(record->salt));
	put_sealed(&b, &record->verifier);
	put_sealed(&b, &record->user_key);
	nvm_put(nvm, record_id(ref), view_buf(&b));
}

uint8_t pin_record_left(const struct pin_record *record)
{
	return record->pending < record->tries ? record->tries - record->pending : 0;
}

static enum rc derive(struct view pin, const struct pin_record *record, struct derived *ret)
{
	const struct view none = {0};
	uint8_t stretched[SHA256_SIZE] = {0};
	struct view ikm = view_of(stretched, sizeof(stretched));
	enum rc rc = crypto_pbkdf2(pin, view_of(record->salt, sizeof(record->salt)),
				   record->iterations, stretched, sizeof(stretched));

	if (rc == RC_OK)
		rc = crypto_hkdf(ikm, none, view_str("intaglio pin verifier"), ret->verifier,
				 sizeof(ret->verifier));
	if (rc == RC_OK)
		rc = crypto_hkdf(ikm, none, view_str("intaglio pin wrap"), ret->wrap,
				 sizeof(ret->wrap));
	secret_wipe(stretched, sizeof(stretched));
	return rc;
}

static enum rc seal(struct nvm *nvm, enum pin_reference ref, const uint8_t *wrap, struct view plain,
		    struct pin_sealed *ret)
{
	struct buf out;
	enum rc rc;

	buf_fixed(&out, ret->bytes, sizeof(ret->bytes));
	rc = nvm_secret_seal(nvm, record_id(ref), wrap, plain, &out);
	if (rc == RC_OK)
		rc = buf_rc(&out);
	ret->len = out.len;
	return rc;
}

static enum rc open_sealed(struct nvm *nvm, enum pin_reference ref, const uint8_t *wrap,
			   const struct pin_sealed *sealed, uint8_t *ret, size_t size)
{
	struct buf out;
	enum rc rc;

	buf_fixed(&out, ret, size);
	rc = nvm_secret_open(nvm, record_id(ref), wrap, view_of(sealed->bytes, sealed->len), &out);
	if (rc == RC_OK && (buf_rc(&out) != RC_OK || out.len != size))
		rc = RC_DAMAGED;
	return rc;
}

enum rc pin_record_make(struct nvm *nvm, enum pin_reference ref, struct view pin,
			const uint8_t user_key[CARD_KEY_SIZE], struct pin_record *ret)
{
	struct pin_record r = {.tries = PIN_TRIES, .iterations = PIN_ITERATIONS};
	struct derived d;
	enum rc rc = crypto_random(r.salt, sizeof(r.salt));

	if (rc == RC_OK)
		rc = derive(pin, &r, &d);
	if (rc == RC_OK)
		rc = seal(nvm, ref, NULL, view_of(d.verifier, sizeof(d.verifier)), &r.verifier);
	if (rc == RC_OK)
		rc = seal(nvm, ref, d.wrap, view_of(user_key, CARD_KEY_SIZE), &r.user_key);
	if (rc == RC_OK)
		*ret = r;
	secret_wipe(&d, sizeof(d));
	return rc;
}

enum rc pin_record_open(struct nvm *nvm, enum pin_reference ref, const struct pin_record *record,
			struct view pin, uint8_t ret_key[CARD_KEY_SIZE])
{
	uint8_t verifier[VERIFIER];
	struct derived d;
	enum rc rc = derive(pin, record, &d);

	if (rc == RC_OK)
		rc = open_sealed(nvm, ref, NULL, &record->verifier, verifier, sizeof(verifier));
	if (rc == RC_AUTH)
		rc = RC_DAMAGED; /* of the card's own storage key, not of the PIN */
	else if (rc == RC_OK && !secret_equal(verifier, d.verifier, sizeof(verifier)))
		rc = RC_AUTH;
	else if (rc == RC_OK &&
		 open_sealed(nvm, ref, d.wrap, &record->user_key, ret_key, CARD_KEY_SIZE) != RC_OK)
		rc = RC_DAMAGED;
	secret_wipe(verifier, sizeof(verifier));
	secret_wipe(&d, sizeof(d));
	return rc;
}
