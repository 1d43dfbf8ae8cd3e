/* SPDX-License-Identifier: BSD-2-Clause */
/* Card-verifiable certificates, BSI TR-03110-3 C.1 and D.3. Fields stand in one order only. */
#include "base/cvc.h"

#include <stdio.h>
#include <time.h>

#include "base/tlv.h"

enum {
	SUITE_OF_PSS = 0x42,
	TAG_CERTIFICATE = 0x7F21,
	TAG_BODY = 0x7F4E,
	TAG_PROFILE = 0x5F29,
	TAG_CAR = 0x42,
	TAG_PUBLIC_KEY = 0x7F49,
	TAG_CHR = 0x5F20,
	TAG_CHAT = 0x7F4C,
	TAG_EFFECTIVE = 0x5F25,
	TAG_EXPIRATION = 0x5F24,
	TAG_EXTENSIONS = 0x65,
	TAG_SIGNATURE = 0x5F37,
	TAG_OID = 0x06,
	TAG_DISCRETIONARY = 0x53,
	TAG_TEMPLATE = 0x73,
	TAG_MODULUS = 0x81,
	TAG_EXPONENT = 0x82,
	TAG_SUITE = 0x80,
	REFERENCE_MIN = 7, /* country 2, sequence number 5 */
	DATE_SIZE = 6,
	LAST_DATE = 991231,
	CHAT_SIZE = 5,
	CHAT_ROLES = 29, /* the lowest RFU bit that is a role of ours */
};

/* id-TA-RSA, the last byte is the algorithm: TR-03110-3 A.6.3. */
static const uint8_t oid_ta_rsa[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x01};
static const uint8_t scheme_arcs[] = {
	[RSA_PSS_SHA256] = 4,
	[RSA_PKCS1_SHA256] = 2,
	[RSA_PKCS1_SHA1] = 1,
};
/* id-AT. */
static const uint8_t oid_at[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02, 0x02};
/* Our extension, 2.25.255755622261790046183529576177340933958: the suite a key serves. */
static const uint8_t oid_suite[] = {0x69, 0x83, 0x80, 0xE8, 0xDE, 0xEE, 0xE2, 0xDB, 0xA2, 0x81,
				    0xE3, 0x87, 0xD2, 0xD9, 0x96, 0x9C, 0x99, 0x99, 0xCE, 0x46};

static unsigned int days_in(unsigned int year, unsigned int month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	/* The two digits mean 2000 to 2099, where every fourth year is a leap year. */
	return month == 2 && year % 4 == 0 ? 29 : days[month - 1];
}

bool cvc_date_is_real(uint32_t date)
{
	unsigned int year = date / 10000, month = date / 100 % 100, day = date % 100;

	return year <= 99 && month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month);
}

uint32_t cvc_today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	return (uint32_t)(tm.tm_year % 100 * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

uint32_t cvc_day_after(uint32_t date)
{
	unsigned int year = date / 10000, month = date / 100 % 100, day = date % 100;

	if (!cvc_date_is_real(date) || date == LAST_DATE)
		return date;
	if (day < days_in(year, month))
		return date + 1;
	return month < 12 ? year * 10000 + (month + 1) * 100 + 1 : (year + 1) * 10000 + 101;
}

uint32_t cvc_years_on(uint32_t date, unsigned int years)
{
	unsigned int year = date / 10000, month = date / 100 % 100, day = date % 100;

	if (!cvc_date_is_real(date))
		return date;
	year = years > 99 - year ? 99 : year + years;
	if (day > days_in(year, month))
		day = days_in(year, month);
	return year * 10000 + month * 100 + day;
}

const char *cvc_date_text(uint32_t date, char ret[CVC_DATE_TEXT])
{
	snprintf(ret, CVC_DATE_TEXT, "20%02u-%02u-%02u", date / 10000 % 100, date / 100 % 100,
		 date % 100);
	return ret;
}

static enum rc take_date(struct view *in, uint32_t tag, uint32_t *ret)
{
	uint8_t digits[DATE_SIZE];
	uint32_t date = 0;

	if (tlv_copy(in, tag, digits, sizeof(digits)) != RC_OK)
		return RC_MALFORMED;
	for (size_t i = 0; i < DATE_SIZE; i++) {
		if (digits[i] > 9)
			return RC_MALFORMED;
		date = date * 10 + digits[i];
	}
	if (!cvc_date_is_real(date))
		return RC_MALFORMED;
	*ret = date;
	return RC_OK;
}

static void put_date(struct buf *b, uint32_t tag, uint32_t date)
{
	tlv_header(b, tag, DATE_SIZE);
	for (uint32_t unit = 100000; unit; unit /= 10)
		buf_u8(b, (uint8_t)(date / unit % 10));
}

/* ISO 8859-1 text without control characters, so that it can be shown and logged. */
static bool is_reference(struct view v)
{
	if (v.len < REFERENCE_MIN || v.len > CVC_REFERENCE_MAX)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] < 0x20 || (v.data[i] > 0x7E && v.data[i] < 0xA0))
			return false;
	}
	return true;
}

static enum rc take_reference(struct view *in, uint32_t tag, struct view *ret)
{
	if (tlv_expect(in, tag, ret) != RC_OK || !is_reference(*ret))
		return RC_MALFORMED;
	return RC_OK;
}

static enum rc parse_algorithm(struct view oid, enum rsa_scheme *ret)
{
	struct view prefix;
	uint8_t arc;

	if (view_take(&oid, sizeof(oid_ta_rsa), &prefix) != RC_OK ||
	    !view_equal(prefix, view_of(oid_ta_rsa, sizeof(oid_ta_rsa))) ||
	    view_u8(&oid, &arc) != RC_OK || view_end(&oid) != RC_OK)
		return RC_MALFORMED;
	for (size_t i = 0; i < sizeof(scheme_arcs); i++) {
		if (scheme_arcs[i] == arc) {
			*ret = (enum rsa_scheme)i;
			return RC_OK;
		}
	}
	return RC_MALFORMED;
}

/* The value of a 7F49, TR-03110-3 D.3.1. Integers have no leading zeros (D.2.1.1). */
static enum rc parse_key(struct view in, struct cvc *c)
{
	struct view oid;

	if (tlv_expect(&in, TAG_OID, &oid) != RC_OK || parse_algorithm(oid, &c->scheme) != RC_OK ||
	    tlv_expect(&in, TAG_MODULUS, &c->modulus) != RC_OK ||
	    tlv_expect(&in, TAG_EXPONENT, &c->exponent) != RC_OK || view_end(&in) != RC_OK)
		return RC_MALFORMED;
	if (!c->modulus.len || !c->modulus.data[0] || !c->exponent.len || !c->exponent.data[0])
		return RC_MALFORMED;
	return rsa_check_public(c->modulus, c->exponent);
}

/* TR-03110-3 C.1.5: 40 bits, the type in the two highest; both kinds of DV are issuers. */
static enum rc parse_chat(struct view in, struct cvc *c)
{
	static const enum cvc_type types[] = {CVC_TERMINAL, CVC_DV, CVC_DV, CVC_CVCA};
	struct view oid, bits;
	uint8_t high;
	uint32_t low;

	if (tlv_expect(&in, TAG_OID, &oid) != RC_OK ||
	    !view_equal(oid, view_of(oid_at, sizeof(oid_at))) ||
	    tlv_expect(&in, TAG_DISCRETIONARY, &bits) != RC_OK || bits.len != CHAT_SIZE ||
	    view_end(&in) != RC_OK || view_u8(&bits, &high) != RC_OK ||
	    view_u32(&bits, &low) != RC_OK)
		return RC_MALFORMED;
	c->type = types[high >> 6];
	c->roles = (unsigned int)(((uint64_t)high << 32 | low) >> CHAT_ROLES & ROLE_ALL);
	return RC_OK;
}

/* TR-03110-3 C.3: templates, each an OID and what that OID defines. Ours stands there once. */
static enum rc parse_extensions(struct view in, struct cvc *c)
{
	struct view template, oid;
	uint8_t suite;

	while (in.len) {
		if (tlv_expect(&in, TAG_TEMPLATE, &template) != RC_OK ||
		    tlv_expect(&template, TAG_OID, &oid) != RC_OK)
			return RC_MALFORMED;
		if (!view_equal(oid, view_of(oid_suite, sizeof(oid_suite))))
			continue;
		if (c->suite || tlv_copy(&template, TAG_SUITE, &suite, 1) != RC_OK ||
		    view_end(&template) != RC_OK || !suite)
			return RC_MALFORMED;
		c->suite = suite;
	}
	return RC_OK;
}

static enum rc parse_body(struct view in, struct cvc *c)
{
	struct view value;
	uint8_t profile;

	if (tlv_copy(&in, TAG_PROFILE, &profile, 1) != RC_OK || profile != 0 ||
	    take_reference(&in, TAG_CAR, &c->car) != RC_OK ||
	    tlv_object(&in, TAG_PUBLIC_KEY, &c->public_key, &value) != RC_OK ||
	    parse_key(value, c) != RC_OK || take_reference(&in, TAG_CHR, &c->chr) != RC_OK ||
	    tlv_expect(&in, TAG_CHAT, &value) != RC_OK || parse_chat(value, c) != RC_OK ||
	    take_date(&in, TAG_EFFECTIVE, &c->effective) != RC_OK ||
	    take_date(&in, TAG_EXPIRATION, &c->expiration) != RC_OK || c->expiration < c->effective)
		return RC_MALFORMED;
	if (!in.len)
		return RC_OK;
	if (tlv_expect(&in, TAG_EXTENSIONS, &value) != RC_OK || view_end(&in) != RC_OK)
		return RC_MALFORMED;
	return parse_extensions(value, c);
}

enum rc cvc_parse(struct view *in, struct cvc *ret)
{
	struct cvc c = {.type = CVC_TERMINAL};
	struct view rest = *in, value, body;

	if (tlv_object(&rest, TAG_CERTIFICATE, &c.object, &value) != RC_OK ||
	    c.object.len > CVC_MAX || tlv_object(&value, TAG_BODY, &c.body, &body) != RC_OK ||
	    tlv_expect(&value, TAG_SIGNATURE, &c.signature) != RC_OK || !c.signature.len ||
	    view_end(&value) != RC_OK || parse_body(body, &c) != RC_OK)
		return RC_MALFORMED;
	*in = rest;
	*ret = c;
	return RC_OK;
}

enum rc cvc_key(const struct cvc *c, EVP_PKEY **ret)
{
	return rsa_public(c->modulus, c->exponent, ret);
}

enum rc cvc_verify(const struct cvc *c, EVP_PKEY *signer, enum rsa_scheme scheme)
{
	return rsa_verify_any_salt(signer, scheme, &c->body, 1, c->signature);
}

/* Constructed objects give the values of what is in them; the parser has bounded their depth. */
static enum rc put_values(struct view in, struct buf *out)
{
	struct view value;
	uint32_t tag;
	enum rc rc;

	while (in.len) {
		if (tlv_next(&in, &tag, &value) != RC_OK)
			return RC_MALFORMED;
		if (tag == TAG_BODY || tag == TAG_PUBLIC_KEY || tag == TAG_CHAT ||
		    tag == TAG_EXTENSIONS || tag == TAG_TEMPLATE) {
			rc = put_values(value, out);
			if (rc != RC_OK)
				return rc;
		} else {
			buf_view(out, value);
		}
	}
	return buf_rc(out);
}

enum rc cvc_put_values(const struct cvc *c, struct buf *out)
{
	return put_values(c->body, out);
}

bool cvc_serves(const struct cvc *c, uint8_t suite)
{
	if (c->suite)
		return c->suite == suite;
	return (c->scheme == RSA_PSS_SHA256) == (suite == SUITE_OF_PSS);
}

enum rc cvc_id(const struct cvc *c, uint8_t ret[CVC_ID])
{
	struct view chr = c->chr, head;

	if (chr.len < CVC_ID || view_take(&chr, chr.len - CVC_ID, &head) != RC_OK)
		return RC_MALFORMED;
	return view_copy(&chr, ret, CVC_ID);
}

enum rc cvc_put_key(EVP_PKEY *key, enum rsa_scheme scheme, struct buf *out)
{
	size_t object, number;
	enum rc rc;

	if ((size_t)scheme >= sizeof(scheme_arcs))
		return RC_ARGUMENT;
	object = tlv_open(out, TAG_PUBLIC_KEY);
	tlv_header(out, TAG_OID, sizeof(oid_ta_rsa) + 1);
	buf_put(out, oid_ta_rsa, sizeof(oid_ta_rsa));
	buf_u8(out, scheme_arcs[scheme]);
	number = tlv_open(out, TAG_MODULUS);
	rc = rsa_put_modulus(key, out);
	if (rc != RC_OK)
		return rc;
	tlv_close(out, number);
	number = tlv_open(out, TAG_EXPONENT);
	rc = rsa_put_exponent(key, out);
	if (rc != RC_OK)
		return rc;
	tlv_close(out, number);
	tlv_close(out, object);
	return buf_rc(out);
}

enum rc cvc_public_key(struct view object, enum rsa_scheme *ret_scheme, EVP_PKEY **ret)
{
	struct cvc c = {.type = CVC_TERMINAL};
	struct view value;
	enum rc rc;

	if (tlv_expect(&object, TAG_PUBLIC_KEY, &value) != RC_OK || view_end(&object) != RC_OK ||
	    parse_key(value, &c) != RC_OK)
		return RC_MALFORMED;
	rc = cvc_key(&c, ret);
	if (rc == RC_OK)
		*ret_scheme = c.scheme;
	return rc;
}

static void put_chat(struct buf *b, enum cvc_type type, unsigned int roles)
{
	static const uint8_t types[] = {[CVC_TERMINAL] = 0x00, [CVC_DV] = 0x80, [CVC_CVCA] = 0xC0};
	uint64_t bits = (uint64_t)types[type] << 32 | (uint64_t)roles << CHAT_ROLES;
	size_t chat = tlv_open(b, TAG_CHAT);

	tlv_put(b, TAG_OID, view_of(oid_at, sizeof(oid_at)));
	tlv_header(b, TAG_DISCRETIONARY, CHAT_SIZE);
	buf_u8(b, (uint8_t)(bits >> 32));
	buf_u32(b, (uint32_t)bits);
	tlv_close(b, chat);
}

static void put_suite(struct buf *b, uint8_t suite)
{
	size_t extensions = tlv_open(b, TAG_EXTENSIONS), template = tlv_open(b, TAG_TEMPLATE);

	tlv_put(b, TAG_OID, view_of(oid_suite, sizeof(oid_suite)));
	tlv_put_u8(b, TAG_SUITE, suite);
	tlv_close(b, template);
	tlv_close(b, extensions);
}

static enum rc put_body(struct buf *b, const struct cvc_request *r)
{
	size_t body = tlv_open(b, TAG_BODY);
	enum rc rc;

	tlv_put_u8(b, TAG_PROFILE, 0);
	tlv_put(b, TAG_CAR, view_str(r->car));
	rc = cvc_put_key(r->key, r->scheme, b);
	if (rc != RC_OK)
		return rc;
	tlv_put(b, TAG_CHR, view_str(r->chr));
	put_chat(b, r->type, r->roles);
	put_date(b, TAG_EFFECTIVE, r->effective);
	put_date(b, TAG_EXPIRATION, r->expiration);
	if (r->suite)
		put_suite(b, r->suite);
	tlv_close(b, body);
	return buf_rc(b);
}

static bool is_sound(const struct cvc_request *r)
{
	return r->car && r->chr && r->key && is_reference(view_str(r->car)) &&
	       is_reference(view_str(r->chr)) && r->type <= CVC_CVCA &&
	       (r->roles & ~(unsigned int)ROLE_ALL) == 0 && cvc_date_is_real(r->effective) &&
	       cvc_date_is_real(r->expiration) && r->effective <= r->expiration;
}

enum rc cvc_issue(const struct cvc_request *request, EVP_PKEY *signer,
		  enum rsa_scheme signer_scheme, struct buf *out)
{
	struct view signed_part;
	struct buf body;
	size_t certificate, signature;
	enum rc rc;

	if (!is_sound(request))
		return RC_ARGUMENT;
	buf_init(&body, CVC_MAX);
	rc = put_body(&body, request);
	if (rc != RC_OK)
		goto out;
	signed_part = view_buf(&body);
	certificate = tlv_open(out, TAG_CERTIFICATE);
	buf_view(out, signed_part);
	signature = tlv_open(out, TAG_SIGNATURE);
	rc = rsa_sign(signer, signer_scheme, &signed_part, 1, out);
	if (rc != RC_OK)
		goto out;
	tlv_close(out, signature);
	tlv_close(out, certificate);
	rc = buf_rc(out);
out:
	if (rc != RC_OK)
		buf_fail(out, rc);
	buf_free(&body);
	return rc;
}
