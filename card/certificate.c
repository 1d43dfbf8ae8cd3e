/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET DATA of certificates. A certificate's data object id is the version and index of its key
 * pair; EF.OD holds one ISO/IEC 7816-15 certificate object for each, whose value is that id.
 */
#include "card/certificate.h"

#include "base/cvc_chain.h"
#include "base/tlv.h"
#include "card/instance.h"
#include "card/scp10.h"

enum {
	INS_EVEN = 0xCA,
	INS_ODD = 0xCB,
	CLA_PROPRIETARY = 0x80,
	OBJECT_CERTIFICATE = 0x7F21, /* of the environment's key, or the default one's */
	OBJECT_EF_OD = 0x5031,
	TAG_CERTIFICATE = 0x7F21,
	TAG_TAG_LIST = 0x5C,
	/* ISO/IEC 7816-15 in DER. */
	TAG_SEQUENCE = 0x30,
	TAG_OCTET_STRING = 0x04,
	TAG_UTF8_STRING = 0x0C,
	TAG_CERTIFICATES = 0xA4, /* CIOChoice: certificates */
	TAG_OBJECTS = 0xA0, /* PathOrObjects: objects */
	TAG_CV_CERTIFICATE = 0xA5, /* CertificateChoice: cvCertificate */
	TAG_TYPE_ATTRIBUTES = 0xA1,
};

static void put_path(struct buf *out, struct view id)
{
	size_t type = tlv_open(out, TAG_TYPE_ATTRIBUTES);
	size_t attributes = tlv_open(out, TAG_SEQUENCE);
	size_t path = tlv_open(out, TAG_SEQUENCE);

	tlv_put(out, TAG_OCTET_STRING, id);
	tlv_close(out, path);
	tlv_close(out, attributes);
	tlv_close(out, type);
}

static void put_object(struct buf *out, const struct card_key *key)
{
	const uint8_t id[] = {key->version, key->index};
	size_t object = tlv_open(out, TAG_CV_CERTIFICATE), common, class;
	char label[24];
	struct buf text;

	buf_fixed(&text, label, sizeof(label));
	buf_printf(&text, "SCP10 i=%02X", key->suite);
	common = tlv_open(out, TAG_SEQUENCE);
	tlv_put(out, TAG_UTF8_STRING, view_buf(&text));
	tlv_close(out, common);
	class = tlv_open(out, TAG_SEQUENCE);
	tlv_put(out, TAG_OCTET_STRING, view_of(id, sizeof(id)));
	tlv_close(out, class);
	put_path(out, view_of(id, sizeof(id)));
	tlv_close(out, object);
}

static uint16_t put_directory(struct command *c)
{
	const struct identity *identity = c->card->identity;
	size_t certificates = tlv_open(c->answer, TAG_CERTIFICATES);
	size_t objects = tlv_open(c->answer, TAG_OBJECTS);

	for (size_t i = 0; i < identity_key_count(identity); i++)
		put_object(c->answer, identity_key_at(identity, i));
	tlv_close(c->answer, objects);
	tlv_close(c->answer, certificates);
	return SW_OK;
}

/*
 * GPCS: the data object under a proprietary class, its value under an interindustry one. What has
 * issuers is a series of data objects; a value alone is the card's own.
 */
static uint16_t put_certificate(struct command *c, const struct card_key *key)
{
	struct view all = view_buf(&key->certificate), object, value;
	struct cvc_chain chain;

	if (c->cla == CLA_PROPRIETARY) {
		buf_view(c->answer, all);
		return SW_OK;
	}
	if (cvc_chain_parse(all, &chain) != RC_OK)
		return SW_NO_DIAGNOSIS;
	object = cvc_chain_own(&chain)->object;
	if (tlv_expect(&object, TAG_CERTIFICATE, &value) != RC_OK)
		return SW_NO_DIAGNOSIS;
	buf_view(c->answer, value);
	return SW_OK;
}

/* An empty tag list, "all of it"; for 7F21 it may be left out. */
static bool wants_all(const struct command *c, bool optional)
{
	struct view data = c->data, list;

	if (data.len == 0)
		return optional;
	return tlv_expect(&data, TAG_TAG_LIST, &list) == RC_OK && list.len == 0 && data.len == 0;
}

uint16_t certificate_get_data(struct command *c)
{
	const struct scp10 *s = c->channel->scp10;
	const struct card_key *key;
	unsigned int id = (unsigned int)c->p1 << 8 | c->p2;
	bool is_default = id == OBJECT_CERTIFICATE;

	if (is_default)
		key = identity_key(c->card->identity, s->version, s->index);
	else
		key = identity_key(c->card->identity, c->p1, c->p2);
	if (id != OBJECT_EF_OD && !key)
		return SW_REFERENCE_NOT_FOUND;
	/* GPCS F.4.3.3: other objects are CA in a proprietary class, CB in an interindustry one. */
	if (!is_default && (c->ins == INS_ODD) != (c->cla != CLA_PROPRIETARY))
		return SW_INCORRECT_P1P2;
	if (!wants_all(c, is_default))
		return SW_WRONG_DATA;
	return id == OBJECT_EF_OD ? put_directory(c) : put_certificate(c, key);
}
