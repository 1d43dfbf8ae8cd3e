/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries and values in DER, ISO/IEC 7816-15 8.3 to 8.9 and Annex A. */
#include "card/pkcs15_entry.h"

#include "base/tlv.h"
#include "card/object_schema.h"
#include "card/pin_record.h"

enum {
	TAG_BOOLEAN = 0x01,
	TAG_INTEGER = 0x02,
	TAG_BITS = 0x03,
	TAG_OCTETS = 0x04,
	TAG_OID = 0x06,
	TAG_ENUMERATED = 0x0A,
	TAG_UTF8 = 0x0C,
	TAG_PRINTABLE = 0x13,
	TAG_SEQUENCE = 0x30,
	TAG_REFERENCE = 0x80, /* [0] IMPLICIT */
	TAG_OTHER_KEY = 0xA0, /* [0]: of an elliptic curve, instead of an RSA key's SEQUENCE */
	TAG_TYPE = 0xA1, /* [1]: what the type of object adds */
	CATEGORY_AUTHORITY = 2, /* CK_CERTIFICATE_CATEGORY_AUTHORITY */
	LABEL_MAX = 254,
	ID_MAX = 254,
};

/* CommonObjectFlags, CommonKeyAttributes.accessFlags and PasswordFlags, by bit. */
enum { FLAG_PRIVATE = 0x01, FLAG_MODIFIABLE = 0x02 };
enum { PIN_LOCAL = 1 << 1, PIN_INITIALIZED = 1 << 4, PIN_TYPE_UTF8 = 2 };

/* An attribute and the bit that says it is true. */
struct bit {
	CK_ATTRIBUTE_TYPE type;
	uint32_t mask;
};

static const struct bit usages[] = {
	{CKA_ENCRYPT, 1 << 0}, {CKA_DECRYPT, 1 << 1},      {CKA_SIGN, 1 << 2},
	{CKA_WRAP, 1 << 4},    {CKA_UNWRAP, 1 << 5},       {CKA_VERIFY, 1 << 6},
	{CKA_DERIVE, 1 << 8},  {CKA_SIGN_RECOVER, 1 << 3}, {CKA_VERIFY_RECOVER, 1 << 7},
};

static const struct bit accesses[] = {
	{CKA_SENSITIVE, 1 << 0},         {CKA_EXTRACTABLE, 1 << 1}, {CKA_ALWAYS_SENSITIVE, 1 << 2},
	{CKA_NEVER_EXTRACTABLE, 1 << 3}, {CKA_LOCAL, 1 << 4},
};

static uint32_t bits_of(struct view list, const struct bit *bits, size_t count)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < count; i++)
		if (attr_bool(list, bits[i].type, false))
			mask |= bits[i].mask;
	return mask;
}

static struct view value_of(struct view list, CK_ATTRIBUTE_TYPE type)
{
	struct view value = {0};

	if (attr_find(list, type, &value) != RC_OK)
		value = (struct view){0};
	return value;
}

/* DER: no trailing zero bits, X.690 11.2.2. */
void pkcs15_put_bits(uint32_t mask, struct buf *out)
{
	uint8_t array[5] = {0};
	size_t len = 0, mark = tlv_open(out, TAG_BITS);

	for (unsigned int i = 0; i < 32; i++)
		if (mask >> i & 1) {
			array[1 + i / 8] |= (uint8_t)(0x80 >> i % 8);
			array[0] = (uint8_t)(7 - i % 8);
			len = i / 8 + 1;
		}
	buf_put(out, array, 1 + len);
	tlv_close(out, mark);
}

/* A non-negative INTEGER of any length. */
static void put_unsigned(struct view bytes, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_INTEGER);

	while (bytes.len > 1 && bytes.data[0] == 0)
		bytes = view_of(bytes.data + 1, bytes.len - 1);
	if (bytes.len == 0 || bytes.data[0] & 0x80)
		buf_u8(out, 0);
	buf_view(out, bytes);
	tlv_close(out, mark);
}

static void put_number(uint32_t x, struct buf *out)
{
	uint8_t array[4];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	buf_u32(&b, x);
	put_unsigned(view_buf(&b), out);
}

void pkcs15_put_path(struct view path, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_SEQUENCE);

	tlv_put(out, TAG_OCTETS, path);
	tlv_close(out, mark);
}

/* How many bytes the character at the front has, 0 if there is none. */
static size_t character(struct view text)
{
	uint8_t c = text.data[0];
	size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

	if (c == 0 || n > text.len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((text.data[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

struct view pkcs15_label(struct view text)
{
	struct view rest = text;

	while (rest.len) {
		size_t n = character(rest);

		if (!n || text.len - rest.len + n > LABEL_MAX)
			break;
		rest = view_of(rest.data + n, rest.len - n);
	}
	return view_of(text.data, text.len - rest.len);
}

static void put_common(struct view list, struct buf *out)
{
	struct view label = pkcs15_label(value_of(list, CKA_LABEL));
	bool private = attr_bool(list, CKA_PRIVATE, true);
	size_t mark = tlv_open(out, TAG_SEQUENCE);

	if (label.len)
		tlv_put(out, TAG_UTF8, label);
	pkcs15_put_bits((private ? FLAG_PRIVATE : 0) |
				(attr_bool(list, CKA_MODIFIABLE, true) ? FLAG_MODIFIABLE : 0),
			out);
	if (private)
		tlv_put_u8(out, TAG_OCTETS, PKCS15_PIN_ID);
	tlv_close(out, mark);
}

static void put_id(struct view list, struct buf *out)
{
	struct view id = value_of(list, CKA_ID);

	if (id.len > ID_MAX)
		id.len = ID_MAX;
	tlv_put(out, TAG_OCTETS, id);
}

static void put_key_class(struct view list, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_SEQUENCE);
	uint32_t access = bits_of(list, accesses, sizeof(accesses) / sizeof(accesses[0]));

	put_id(list, out);
	pkcs15_put_bits(bits_of(list, usages, sizeof(usages) / sizeof(usages[0])), out);
	if (access)
		pkcs15_put_bits(access, out);
	tlv_close(out, mark);
}

static uint32_t modulus_bits(struct view modulus)
{
	uint32_t bits;

	while (modulus.len && modulus.data[0] == 0)
		modulus = view_of(modulus.data + 1, modulus.len - 1);
	if (!modulus.len)
		return 0;
	bits = (uint32_t)modulus.len * 8;
	for (uint8_t top = modulus.data[0]; !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

/* The attributes of a key's type: where its value is, and an RSA key's length. */
static void put_key(struct view list, struct view path, struct buf *out)
{
	bool rsa = attr_ulong(list, CKA_KEY_TYPE, ATTR_UNAVAILABLE) == CKK_RSA;
	size_t whole = tlv_open(out, rsa ? TAG_SEQUENCE : TAG_OTHER_KEY), type, key;

	put_common(list, out);
	put_key_class(list, out);
	type = tlv_open(out, TAG_TYPE);
	key = tlv_open(out, TAG_SEQUENCE);
	pkcs15_put_path(path, out);
	if (rsa)
		put_number(modulus_bits(value_of(list, CKA_MODULUS)), out);
	tlv_close(out, key);
	tlv_close(out, type);
	tlv_close(out, whole);
}

static void put_certificate(struct view list, struct view path, struct buf *out)
{
	bool authority = attr_ulong(list, CKA_CERTIFICATE_CATEGORY, 0) == CATEGORY_AUTHORITY;
	size_t whole = tlv_open(out, TAG_SEQUENCE), mark, type;

	put_common(list, out);
	mark = tlv_open(out, TAG_SEQUENCE);
	put_id(list, out);
	if (authority)
		tlv_put_u8(out, TAG_BOOLEAN, 0xFF);
	tlv_close(out, mark);
	type = tlv_open(out, TAG_TYPE);
	mark = tlv_open(out, TAG_SEQUENCE);
	pkcs15_put_path(path, out);
	tlv_close(out, mark);
	tlv_close(out, type);
	tlv_close(out, whole);
}

static void put_data(struct view list, struct view path, struct buf *out)
{
	struct view oid = value_of(list, CKA_OBJECT_ID), rest = oid, body;
	size_t whole = tlv_open(out, TAG_SEQUENCE), mark;

	put_common(list, out);
	mark = tlv_open(out, TAG_SEQUENCE);
	tlv_put(out, TAG_UTF8, pkcs15_label(value_of(list, CKA_APPLICATION)));
	if (tlv_expect(&rest, TAG_OID, &body) == RC_OK && !rest.len && body.len)
		buf_view(out, oid);
	tlv_close(out, mark);
	mark = tlv_open(out, TAG_TYPE);
	pkcs15_put_path(path, out);
	tlv_close(out, mark);
	tlv_close(out, whole);
}

static bool is_asymmetric(struct view list)
{
	switch (attr_ulong(list, CKA_KEY_TYPE, ATTR_UNAVAILABLE)) {
	case CKK_RSA:
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
	case CKK_INTAGLIO_SM2:
		return true;
	default:
		return false;
	}
}

enum rc pkcs15_kind_of(struct view list, enum pkcs15_kind *ret)
{
	switch (attr_ulong(list, CKA_CLASS, ATTR_UNAVAILABLE)) {
	case CKO_PRIVATE_KEY:
		*ret = PKCS15_PRIVATE_KEYS;
		return is_asymmetric(list) ? RC_OK : RC_NOT_FOUND;
	case CKO_PUBLIC_KEY:
		*ret = PKCS15_PUBLIC_KEYS;
		return is_asymmetric(list) ? RC_OK : RC_NOT_FOUND;
	case CKO_CERTIFICATE:
		*ret = PKCS15_CERTIFICATES;
		return value_of(list, CKA_VALUE).len ? RC_OK : RC_NOT_FOUND;
	case CKO_DATA:
		*ret = PKCS15_DATA;
		return RC_OK;
	default:
		return RC_NOT_FOUND;
	}
}

enum rc pkcs15_put_entry(struct view list, struct view path, struct buf *out)
{
	enum pkcs15_kind kind;
	enum rc rc = pkcs15_kind_of(list, &kind);

	if (rc != RC_OK)
		return rc;
	if (kind == PKCS15_CERTIFICATES)
		put_certificate(list, path, out);
	else if (kind == PKCS15_DATA)
		put_data(list, path, out);
	else
		put_key(list, path, out);
	return buf_rc(out);
}

/* The algorithm of a key on a curve without parameters of its own, RFC 8410. */
static enum rc put_named_algorithm(struct view params, struct buf *out)
{
	static const struct {
		const char *name;
		uint8_t oid[3];
	} names[] = {
		{"edwards25519", {0x2B, 0x65, 0x70}},
		{"curve25519", {0x2B, 0x65, 0x6E}},
	};
	struct view rest = params, body;

	if (tlv_is_next(params, TAG_OID)) {
		buf_view(out, params);
		return buf_rc(out);
	}
	if (tlv_expect(&rest, TAG_PRINTABLE, &body) != RC_OK)
		return RC_NOT_FOUND;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (view_equal(body, view_str(names[i].name))) {
			tlv_put(out, TAG_OID, view_of(names[i].oid, sizeof(names[i].oid)));
			return buf_rc(out);
		}
	return RC_NOT_FOUND;
}

/* SubjectPublicKeyInfo, RFC 5480 and 8410; GM/T 0015 and RFC 8998 have SM2's as RFC 5480. */
static enum rc put_curve_key(struct view list, struct buf *out)
{
	static const uint8_t id_ec_public_key[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
	struct view params = value_of(list, CKA_EC_PARAMS), point = value_of(list, CKA_EC_POINT),
		    wrapped = point, body;
	uint64_t type = attr_ulong(list, CKA_KEY_TYPE, ATTR_UNAVAILABLE);
	size_t whole = tlv_open(out, TAG_SEQUENCE), mark = tlv_open(out, TAG_SEQUENCE);
	enum rc rc = RC_OK;

	if (type == CKK_EC || type == CKK_INTAGLIO_SM2) {
		tlv_put(out, TAG_OID, view_of(id_ec_public_key, sizeof(id_ec_public_key)));
		buf_view(out, params);
	} else {
		rc = put_named_algorithm(params, out);
	}
	tlv_close(out, mark);
	if (tlv_expect(&wrapped, TAG_OCTETS, &body) == RC_OK && !wrapped.len)
		point = body;
	mark = tlv_open(out, TAG_BITS);
	buf_u8(out, 0);
	buf_view(out, point);
	tlv_close(out, mark);
	tlv_close(out, whole);
	return rc == RC_OK ? buf_rc(out) : rc;
}

/* RSAPublicKey, RFC 8017 A.1.1. */
static enum rc put_rsa_key(struct view list, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_SEQUENCE);

	put_unsigned(value_of(list, CKA_MODULUS), out);
	put_unsigned(value_of(list, CKA_PUBLIC_EXPONENT), out);
	tlv_close(out, mark);
	return buf_rc(out);
}

enum rc pkcs15_put_value(struct view list, struct buf *out)
{
	enum pkcs15_kind kind;
	enum rc rc = pkcs15_kind_of(list, &kind);

	if (rc != RC_OK)
		return rc;
	switch (kind) {
	case PKCS15_CERTIFICATES:
	case PKCS15_DATA:
		buf_view(out, value_of(list, CKA_VALUE));
		return buf_rc(out);
	case PKCS15_PUBLIC_KEYS:
		return attr_ulong(list, CKA_KEY_TYPE, ATTR_UNAVAILABLE) == CKK_RSA
			       ? put_rsa_key(list, out)
			       : put_curve_key(list, out);
	default:
		return RC_NOT_FOUND;
	}
}

void pkcs15_put_pin(struct buf *out)
{
	size_t whole = tlv_open(out, TAG_SEQUENCE), mark = tlv_open(out, TAG_SEQUENCE), type;

	tlv_put(out, TAG_UTF8, view_str("User PIN"));
	pkcs15_put_bits(FLAG_MODIFIABLE, out);
	tlv_close(out, mark);
	mark = tlv_open(out, TAG_SEQUENCE);
	tlv_put_u8(out, TAG_OCTETS, PKCS15_PIN_ID);
	tlv_close(out, mark);
	type = tlv_open(out, TAG_TYPE);
	mark = tlv_open(out, TAG_SEQUENCE);
	pkcs15_put_bits(PIN_LOCAL | PIN_INITIALIZED, out);
	tlv_put_u8(out, TAG_ENUMERATED, PIN_TYPE_UTF8);
	put_number(PIN_MIN, out);
	put_number(PIN_MAX, out);
	put_number(PIN_MAX, out);
	tlv_put_u8(out, TAG_REFERENCE, PIN_REFERENCE_USER);
	tlv_close(out, mark);
	tlv_close(out, type);
	tlv_close(out, whole);
}
