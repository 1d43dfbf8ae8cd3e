/* SPDX-License-Identifier: BSD-2-Clause */
/* doc/commands.md but its ledgers, which are in application_ledger.c, and SELECT, which is sc_select. */
#include "sc/application.h"

#include "base/attr.h"
#include "base/secret.h"
#include "base/tlv.h"

enum {
	CLA_OWN = 0x80,
	INS_VERIFY = 0x20,
	INS_CHANGE_REFERENCE_DATA = 0x24,
	INS_KEY_OPERATION = 0x2A,
	INS_RESET_RETRY_COUNTER = 0x2C,
	INS_HAND_OVER_LOGIN = 0x3C,
	INS_INITIALISE_TOKEN = 0x40,
	INS_TOKEN_INFO = 0x42,
	INS_GENERATE_RANDOM = 0x44,
	INS_GENERATE_KEY_PAIR = 0x46, /* CLA 00: the card's own, CLA 80: the token's */
	INS_CREATE_OBJECT = 0x48,
	INS_READ_OBJECTS = 0x4A,
	INS_SET_ATTRIBUTES = 0x4C,
	INS_DESTROY_OBJECT = 0x4E,
	INS_STORE_DATA = 0xE2,
	P1_LAST_BLOCK = 0x80,
	P1_LOGOUT = 0xFF,
	P1_TAKE = 1,
	TICKET = 16,
	RANDOM_MAX = 224, /* with all that is around it, an answer that a short response holds */
};

/*
 * Commands that the card may execute twice: they read, compute, or end what has ended. A seal is
 * known again by its nonce. Nobody on the line can make a wrong PIN cost two tries, or one object
 * two.
 */
static bool is_repeatable(const struct apdu *command)
{
	switch (command->ins) {
	case INS_TOKEN_INFO:
	case INS_GENERATE_RANDOM:
	case INS_READ_OBJECTS:
	case APPLICATION_INS_SEAL:
	case APPLICATION_INS_OPEN_RECORD:
	case APPLICATION_INS_LEDGER_STATUS:
	case APPLICATION_INS_LAST_RECEIPT:
		return command->cla == CLA_OWN;
	case INS_KEY_OPERATION:
		return command->cla == CLA_OWN && command->p1 != APPLICATION_UNWRAP;
	case INS_VERIFY:
		return command->p1 == P1_LOGOUT;
	default:
		return false;
	}
}

enum rc application_exchange(struct sc *sc, const struct apdu *header, struct buf *data,
			     struct view *ret_answer, uint16_t *ret_sw)
{
	struct apdu command = *header;
	struct view answer;
	uint64_t counter;
	uint16_t sw;
	enum rc rc;

	if (data) {
		rc = buf_rc(data);
		command.data = view_buf(data);
		if (rc != RC_OK) {
			buf_reset(data);
			return rc;
		}
	}
	rc = is_repeatable(&command) ? sc_exchange_repeatable(sc, &command, &answer, &sw)
				     : sc_exchange_view(sc, &command, &answer, &sw);
	if (rc != RC_OK)
		return rc;
	if (sw != SW_OK) {
		*ret_sw = sw;
		return RC_SW;
	}
	rc = view_u64(&answer, &counter);
	if (rc != RC_OK)
		return rc;
	sc_set_change_counter(sc, counter);
	*ret_answer = answer;
	*ret_sw = sw;
	return RC_OK;
}

enum rc application_append(struct sc *sc, const struct apdu *header, struct buf *data,
			   struct buf *out, uint16_t *ret_sw)
{
	size_t before = out->len;
	struct view answer;
	enum rc rc = application_exchange(sc, header, data, &answer, ret_sw);

	if (rc != RC_OK)
		return rc;
	buf_view(out, answer);
	rc = buf_rc(out);
	if (rc != RC_OK)
		buf_truncate(out, before);
	return rc;
}

/* A command that answers with nothing but the change counter. */
static enum rc exchange_empty(struct sc *sc, struct apdu header, struct buf *data, uint16_t *ret_sw)
{
	struct view answer;
	enum rc rc;

	header.le = APPLICATION_LE_SHORT;
	rc = application_exchange(sc, &header, data, &answer, ret_sw);
	return rc == RC_OK ? view_end(&answer) : rc;
}

/* Personalisation. */

enum rc application_generate_card_key(struct sc *sc, struct policy_reference reference,
				      uint8_t suite, unsigned int bits, struct buf *public_key,
				      uint16_t *ret_sw)
{
	const uint8_t size[] = {(uint8_t)(bits >> 8), (uint8_t)bits};
	struct apdu command = {.ins = INS_GENERATE_KEY_PAIR,
			       .p1 = reference.version,
			       .p2 = reference.index,
			       .le = APPLICATION_LE_ALL};
	struct buf *data = sc_scratch(sc);
	size_t before = public_key->len;
	enum rc rc;

	tlv_put_u8(data, 0x80, suite);
	tlv_put(data, 0x81, view_of(size, sizeof(size)));
	rc = buf_rc(data);
	command.data = view_buf(data);
	if (rc == RC_OK)
		rc = sc_exchange_bare(sc, &command, public_key, ret_sw);
	if (rc == RC_OK && *ret_sw != SW_OK)
		rc = RC_SW;
	if (rc != RC_OK)
		buf_truncate(public_key, before);
	return rc;
}

enum {
	TAG_CARD_KEY = 0xA0,
	TAG_HOST_KEY = 0xA1,
	TAG_SUITES = 0xC8,
	TAG_LEVEL = 0xC9,
	TAG_NUMBERING = 0xCA,
	TAG_VALUES_ONLY = 0xCB,
	LEVEL_DEFAULT = 0x33,
};

static void put_certificates(struct buf *data, uint32_t tag,
			     const struct application_certificate *c, size_t count)
{
	for (; count; c++, count--) {
		const uint8_t reference[] = {c->reference.version, c->reference.index};
		size_t mark = tlv_open(data, tag);

		tlv_put(data, 0x83, view_of(reference, sizeof(reference)));
		buf_view(data, c->certificate);
		tlv_close(data, mark);
	}
}

/* doc/scp10.md, section 6. */
static void put_policy(struct buf *data, const struct application_personalisation *p)
{
	tlv_put(data, TAG_SUITES, p->suites);
	tlv_put_u8(data, TAG_LEVEL, p->lowest_level ? p->lowest_level : LEVEL_DEFAULT);
	tlv_put_u8(data, TAG_NUMBERING, p->by_use);
	tlv_put_u8(data, TAG_VALUES_ONLY, p->plain_certificates);
}

enum rc application_personalise(struct sc *sc, const struct application_personalisation *p,
				uint16_t *ret_sw)
{
	struct apdu command = {.cla = CLA_OWN, .ins = INS_STORE_DATA, .p1 = P1_LAST_BLOCK};
	struct buf *data = sc_scratch(sc);
	struct buf answer;
	enum rc rc;

	buf_view(data, p->authority);
	put_certificates(data, TAG_CARD_KEY, p->certificates, p->certificate_count);
	put_policy(data, p);
	put_certificates(data, TAG_HOST_KEY, p->hosts, p->host_count);
	rc = buf_rc(data);
	command.data = view_buf(data);
	buf_init(&answer, APDU_RESPONSE_MAX);
	if (rc == RC_OK)
		rc = sc_exchange_bare(sc, &command, &answer, ret_sw);
	if (rc == RC_OK && *ret_sw != SW_OK)
		rc = RC_SW;
	buf_free(&answer);
	return rc;
}

enum rc application_update_trust(struct sc *sc, const struct application_trust *trust,
				 uint16_t *ret_sw)
{
	struct apdu command = {.cla = CLA_OWN, .ins = INS_STORE_DATA, .p1 = P1_LAST_BLOCK};
	struct buf *data = sc_scratch(sc);

	buf_view(data, trust->link);
	put_certificates(data, TAG_CARD_KEY, trust->certificates, trust->certificate_count);
	buf_view(data, trust->revocations);
	return exchange_empty(sc, command, data, ret_sw);
}

/* PINs. */

enum rc application_verify(struct sc *sc, enum application_pin who, struct view pin,
			   uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_VERIFY, .p2 = (uint8_t)who};
	struct application_token ignored;
	struct buf *data;
	enum rc rc = RC_OK;

	/* Without data VERIFY asks for the status, and would say that all is well. */
	if (!pin.len)
		return RC_ARGUMENT;
	/*
	 * A PIN is sent once. That the channel is still there is seen, and mended, by a command that
	 * may be sent twice, and nobody can take it in between.
	 */
	sc_begin(sc);
	if (sc_is_connected(sc) && sc_channel(sc))
		rc = application_token_info(sc, &ignored, ret_sw);
	if (rc == RC_OK) {
		data = sc_scratch(sc);
		buf_view(data, pin);
		rc = exchange_empty(sc, header, data, ret_sw);
	}
	sc_end(sc);
	return rc;
}

enum rc application_logout(struct sc *sc, uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_VERIFY, .p1 = P1_LOGOUT};

	return exchange_empty(sc, header, NULL, ret_sw);
}

enum rc application_share_login(struct sc *from, struct sc *to, uint16_t *ret_sw)
{
	struct apdu header = {
		.cla = CLA_OWN, .ins = INS_HAND_OVER_LOGIN, .le = APPLICATION_LE_SHORT};
	uint8_t array[TICKET];
	struct buf ticket, *data;
	enum rc rc = sc_connect(to);

	buf_fixed(&ticket, array, sizeof(array));
	if (rc == RC_OK)
		rc = application_append(from, &header, NULL, &ticket, ret_sw);
	if (rc == RC_OK && ticket.len != TICKET)
		rc = RC_MALFORMED;
	if (rc == RC_OK) {
		data = sc_scratch(to);
		buf_view(data, view_buf(&ticket));
		header = (struct apdu){.cla = CLA_OWN, .ins = INS_HAND_OVER_LOGIN, .p1 = P1_TAKE};
		rc = exchange_empty(to, header, data, ret_sw);
	}
	secret_wipe(array, sizeof(array));
	return rc;
}

static struct buf *put_two(struct sc *sc, struct view first, struct view second)
{
	struct buf *data = sc_scratch(sc);

	tlv_put(data, 0x80, first);
	tlv_put(data, 0x81, second);
	return data;
}

enum rc application_change_pin(struct sc *sc, enum application_pin who, struct view old_pin,
			       struct view new_pin, uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_CHANGE_REFERENCE_DATA, .p2 = (uint8_t)who};

	return exchange_empty(sc, header, put_two(sc, old_pin, new_pin), ret_sw);
}

enum rc application_set_user_pin(struct sc *sc, struct view new_pin, uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_RESET_RETRY_COUNTER, .p1 = 0x02, .p2 = 0x01};
	struct buf *data = sc_scratch(sc);

	buf_view(data, new_pin);
	return exchange_empty(sc, header, data, ret_sw);
}

enum rc application_unblock(struct sc *sc, struct view so_pin, struct view new_pin,
			    uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_RESET_RETRY_COUNTER, .p2 = 0x01};

	return exchange_empty(sc, header, put_two(sc, so_pin, new_pin), ret_sw);
}

/* The token. */

enum rc application_initialise_token(struct sc *sc, struct view so_pin,
				     const uint8_t label[APPLICATION_LABEL], uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN, .ins = INS_INITIALISE_TOKEN};

	return exchange_empty(sc, header, put_two(sc, so_pin, view_of(label, APPLICATION_LABEL)),
			      ret_sw);
}

static enum rc take_u64(struct view *in, uint32_t tag, uint64_t *ret)
{
	struct view value;

	if (tlv_expect(in, tag, &value) != RC_OK || view_u64(&value, ret) != RC_OK)
		return RC_MALFORMED;
	return view_end(&value);
}

enum rc application_token_info(struct sc *sc, struct application_token *ret, uint16_t *ret_sw)
{
	const struct apdu header = {
		.cla = CLA_OWN, .ins = INS_TOKEN_INFO, .le = APPLICATION_LE_SHORT};
	struct application_token t;
	struct view answer, version;
	enum rc rc;

	rc = application_exchange(sc, &header, NULL, &answer, ret_sw);
	if (rc != RC_OK)
		return rc;
	if (tlv_copy(&answer, 0x80, t.label, sizeof(t.label)) != RC_OK ||
	    tlv_copy(&answer, 0x81, t.card_id, sizeof(t.card_id)) != RC_OK ||
	    tlv_copy(&answer, 0x82, &t.flags, 1) != RC_OK ||
	    tlv_copy(&answer, 0x83, &t.user_tries, 1) != RC_OK ||
	    tlv_copy(&answer, 0x84, &t.so_tries, 1) != RC_OK ||
	    take_u64(&answer, 0x85, &t.memory) != RC_OK ||
	    take_u64(&answer, 0x86, &t.free_memory) != RC_OK ||
	    tlv_expect(&answer, 0x87, &version) != RC_OK || version.len != 2 ||
	    view_u16(&version, &t.cos_version) != RC_OK)
		return RC_MALFORMED;
	*ret = t;
	return RC_OK;
}

enum rc application_random(struct sc *sc, size_t len, struct buf *out, uint16_t *ret_sw)
{
	size_t before = out->len, wanted;
	struct apdu header = {.cla = CLA_OWN, .ins = INS_GENERATE_RANDOM};
	struct view answer;
	enum rc rc = RC_OK;

	*ret_sw = SW_OK;
	for (; rc == RC_OK && len; len -= wanted) {
		wanted = len < RANDOM_MAX ? len : RANDOM_MAX;
		header.le = (uint32_t)wanted;
		rc = application_exchange(sc, &header, NULL, &answer, ret_sw);
		if (rc == RC_OK && answer.len != wanted)
			rc = RC_MALFORMED;
		if (rc == RC_OK) {
			buf_view(out, answer);
			rc = buf_rc(out);
		}
	}
	if (rc != RC_OK)
		buf_truncate(out, before);
	return rc;
}

/* Objects. */

enum rc application_next_object(struct view *objects, uint32_t *ret_number,
				struct view *ret_attributes)
{
	struct view rest = *objects, list;
	uint32_t number, len;

	if (view_u32(&rest, &number) != RC_OK || view_u32(&rest, &len) != RC_OK ||
	    view_take(&rest, len, &list) != RC_OK || attr_check(list) != RC_OK)
		return RC_MALFORMED;
	*objects = rest;
	*ret_number = number;
	*ret_attributes = list;
	return RC_OK;
}

/* Exchanges a command that answers with so many rendered objects, and checks that they are. */
static enum rc exchange_objects(struct sc *sc, struct apdu header, struct buf *data, size_t count,
				struct buf *out, uint16_t *ret_sw)
{
	size_t before = out->len;
	struct view rest, list;
	uint32_t number;
	enum rc rc;

	header.cla = CLA_OWN;
	header.le = APPLICATION_LE_ALL;
	rc = application_append(sc, &header, data, out, ret_sw);
	if (rc != RC_OK)
		return rc;
	rest = view_of(out->data + before, out->len - before);
	while (rc == RC_OK && count--)
		rc = application_next_object(&rest, &number, &list);
	if (rc == RC_OK)
		rc = view_end(&rest);
	if (rc != RC_OK)
		buf_truncate(out, before);
	return rc;
}

enum rc application_generate_key_pair(struct sc *sc, uint32_t mechanism, struct view public_list,
				      struct view private_list, struct buf *objects,
				      uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_GENERATE_KEY_PAIR};
	struct buf *data = sc_scratch(sc);

	tlv_put_u32(data, 0x80, mechanism);
	tlv_put(data, 0xA0, public_list);
	tlv_put(data, 0xA1, private_list);
	return exchange_objects(sc, header, data, 2, objects, ret_sw);
}

enum rc application_generate_key(struct sc *sc, uint32_t mechanism, struct view list,
				 struct buf *object, uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_GENERATE_KEY_PAIR, .p1 = 0x01};
	struct buf *data = sc_scratch(sc);

	tlv_put_u32(data, 0x80, mechanism);
	tlv_put(data, 0xA0, list);
	return exchange_objects(sc, header, data, 1, object, ret_sw);
}

enum rc application_create_object(struct sc *sc, struct view list, struct buf *object,
				  uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_CREATE_OBJECT};
	struct buf *data = sc_scratch(sc);

	buf_view(data, list);
	return exchange_objects(sc, header, data, 1, object, ret_sw);
}

/* Checks that objects ascend from above, and that a page which is not the last has one. */
static enum rc check_page(struct view page, uint32_t above, bool more)
{
	struct view list;
	uint32_t number;

	if (more && !page.len)
		return RC_MALFORMED;
	while (page.len) {
		if (application_next_object(&page, &number, &list) != RC_OK || number <= above)
			return RC_MALFORMED;
		above = number;
	}
	return RC_OK;
}

enum rc application_read_objects(struct sc *sc, bool private_objects, uint32_t above,
				 struct buf *objects, bool *ret_more, uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN,
				    .ins = INS_READ_OBJECTS,
				    .p1 = private_objects ? 0x01 : 0x00,
				    .le = APPLICATION_LE_ALL};
	struct buf *data = sc_scratch(sc);
	size_t before = objects->len;
	struct view answer;
	uint8_t more;
	enum rc rc;

	buf_u32(data, above);
	rc = application_exchange(sc, &header, data, &answer, ret_sw);
	if (rc != RC_OK)
		return rc;
	if (view_u8(&answer, &more) != RC_OK || more > 1 ||
	    check_page(answer, above, more) != RC_OK)
		return RC_MALFORMED;
	buf_view(objects, answer);
	rc = buf_rc(objects);
	if (rc != RC_OK)
		buf_truncate(objects, before);
	else
		*ret_more = more;
	return rc;
}

enum rc application_set_attributes(struct sc *sc, uint32_t number, struct view list,
				   struct buf *object, uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_SET_ATTRIBUTES};
	struct buf *data = sc_scratch(sc);

	buf_u32(data, number);
	buf_view(data, list);
	return exchange_objects(sc, header, data, 1, object, ret_sw);
}

enum rc application_destroy_object(struct sc *sc, uint32_t number, uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN, .ins = INS_DESTROY_OBJECT};
	struct buf *data = sc_scratch(sc);

	buf_u32(data, number);
	return exchange_empty(sc, header, data, ret_sw);
}

static struct buf *put_operation(struct sc *sc, const struct application_key_operation *operation)
{
	struct buf *data = sc_scratch(sc);

	tlv_put_u32(data, 0x84, operation->key);
	tlv_put_u32(data, 0x80, operation->mechanism);
	tlv_put(data, 0x81, operation->parameter);
	return data;
}

enum rc application_key_operation(struct sc *sc, const struct application_key_operation *operation,
				  struct buf *output, uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN,
				    .ins = INS_KEY_OPERATION,
				    .p1 = (uint8_t)operation->operation,
				    .le = APPLICATION_LE_ALL};
	struct buf *data = put_operation(sc, operation);

	tlv_put(data, 0x82, operation->input);
	return application_append(sc, &header, data, output, ret_sw);
}

enum rc application_wrap_object(struct sc *sc, const struct application_key_operation *operation,
				uint32_t target, struct buf *output, uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN,
				    .ins = INS_KEY_OPERATION,
				    .p1 = APPLICATION_WRAP,
				    .le = APPLICATION_LE_ALL};
	struct buf *data = put_operation(sc, operation);

	tlv_put_u32(data, 0x85, target);
	return application_append(sc, &header, data, output, ret_sw);
}

enum rc application_unwrap_object(struct sc *sc, const struct application_key_operation *operation,
				  struct view list, struct buf *object, uint16_t *ret_sw)
{
	const struct apdu header = {.ins = INS_KEY_OPERATION, .p1 = APPLICATION_UNWRAP};
	struct buf *data = put_operation(sc, operation);

	tlv_put(data, 0x82, operation->input);
	tlv_put(data, 0xA0, list);
	return exchange_objects(sc, header, data, 1, object, ret_sw);
}
