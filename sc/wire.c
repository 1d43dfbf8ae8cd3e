/* SPDX-License-Identifier: BSD-2-Clause */
/* Command chaining, extended length and GET RESPONSE. */
#include "sc/wire.h"

#include "base/sw.h"

enum {
	INS_GET_RESPONSE = 0xC0,
	EXTENDED_OVERHEAD = 4 + 3 + 2, /* header, Lc and Le of an extended command */
};

void wire_open(struct wire *wire, struct transport *transport)
{
	*wire = (struct wire){.transport = transport};
	buf_init(&wire->command, APDU_COMMAND_MAX);
	buf_init(&wire->response, APDU_RESPONSE_MAX);
	buf_init(&wire->gathered, APDU_RESPONSE_MAX);
	trace_open(&wire->trace);
	trace_note(&wire->trace, "connection: %s", transport_name(transport));
}

void wire_close(struct wire *wire)
{
	trace_close(&wire->trace);
	buf_free(&wire->command);
	buf_free(&wire->response);
	buf_free(&wire->gathered);
	transport_close(&wire->transport);
}

/* The class byte on the wire's channel, protected as it was. */
static uint8_t on_channel(const struct wire *wire, uint8_t cla)
{
	uint8_t placed = apdu_cla(cla, wire->channel);

	if (!wire->channel || !apdu_is_protected(cla))
		return wire->channel ? placed : cla;
	/* 0C, or 08 without a MAC; the further channels have one code for both. */
	return wire->channel < 4 ? placed | (cla & CLA_SM) : apdu_protected_cla(placed);
}

/* One APDU each way. */
static enum rc transmit(struct wire *wire, const struct apdu *apdu, struct view *ret_data,
			uint16_t *ret_sw)
{
	struct apdu command = *apdu;
	enum rc rc;

	command.cla = on_channel(wire, apdu->cla);
	buf_reset(&wire->command);
	buf_reset(&wire->response);
	apdu_put(&wire->command, &command);
	rc = buf_rc(&wire->command);
	if (rc != RC_OK)
		return rc;
	trace_apdu(&wire->trace, '>', view_buf(&wire->command));
	rc = transport_transmit(wire->transport, view_buf(&wire->command), &wire->response);
	if (rc == RC_OK)
		rc = buf_rc(&wire->response);
	if (rc != RC_OK) {
		trace_note(&wire->trace, "no answer: %s", rc_name(rc));
		return rc;
	}
	trace_apdu(&wire->trace, '<', view_buf(&wire->response));
	wire->apdus++;
	wire->sent += wire->command.len;
	wire->received += wire->response.len;
	return response_parse(view_buf(&wire->response), ret_data, ret_sw);
}

/* Data bytes that fit into one command. */
static size_t piece_size(const struct wire *wire)
{
	size_t max = transport_attributes(wire->transport)->command_max;

	if (!wire->extended || max < EXTENDED_OVERHEAD + APDU_SHORT_DATA)
		return APDU_SHORT_DATA;
	max -= EXTENDED_OVERHEAD;
	return max < APDU_EXTENDED_DATA ? max : APDU_EXTENDED_DATA;
}

/*
 * Sends all but the last part of a chained command. Another status word than 9000 ends it early, and
 * 9000 with data, which nobody asked for, is no card's.
 */
static enum rc send_chained(struct wire *wire, struct apdu *command, uint16_t *ret_sw)
{
	size_t size = piece_size(wire);
	enum rc rc = RC_OK;

	*ret_sw = SW_OK;
	while (rc == RC_OK && *ret_sw == SW_OK && command->data.len > size) {
		struct apdu part = {.cla = (uint8_t)(command->cla | CLA_CHAINING),
				    .ins = command->ins,
				    .p1 = command->p1,
				    .p2 = command->p2};
		struct view data;

		rc = view_take(&command->data, size, &part.data);
		if (rc == RC_OK)
			rc = transmit(wire, &part, &data, ret_sw);
		if (rc == RC_OK && *ret_sw == SW_OK && data.len)
			rc = RC_MALFORMED;
	}
	return rc;
}

/* Fetches the rest of an answer whose first part is data, ended by 61xx. */
static enum rc gather(struct wire *wire, struct view data, uint16_t *sw, struct view *ret_data)
{
	struct apdu get = {.ins = INS_GET_RESPONSE};
	enum rc rc;

	buf_reset(&wire->gathered);
	buf_view(&wire->gathered, data);
	while (*sw >> 8 == 0x61) {
		get.le = *sw & 0xFF ? *sw & 0xFF : 256;
		rc = transmit(wire, &get, &data, sw);
		if (rc != RC_OK)
			return rc;
		/* An answer that never ends would be fetched for ever. */
		if (!data.len && *sw >> 8 == 0x61)
			return RC_MALFORMED;
		buf_view(&wire->gathered, data);
		rc = buf_rc(&wire->gathered);
		if (rc != RC_OK)
			return rc;
	}
	*ret_data = view_buf(&wire->gathered);
	return RC_OK;
}

static enum rc exchange(struct wire *wire, const struct apdu *command, struct view *ret_data,
			uint16_t *ret_sw)
{
	struct apdu last = *command;
	struct view data;
	uint16_t sw;
	enum rc rc;

	wire->executed = false;
	wire->fetched = false;
	last.extended = wire->extended &&
			(last.extended || last.data.len > APDU_SHORT_DATA || last.le > 256);
	if (!last.extended && last.le > 256)
		last.le = 256;
	rc = send_chained(wire, &last, &sw);
	if (rc != RC_OK)
		return rc;
	if (sw != SW_OK) {
		*ret_data = view_of(NULL, 0);
		*ret_sw = sw;
		return RC_OK;
	}
	rc = transmit(wire, &last, &data, &sw);
	if (rc == RC_OK && sw >> 8 == 0x6C) {
		last.le = sw & 0xFF ? sw & 0xFF : 256;
		rc = transmit(wire, &last, &data, &sw);
	}
	/* Only a transport that reports a reset says that nothing was sent. */
	wire->executed = rc != RC_RESET && rc != RC_FORKED;
	if (rc == RC_OK && sw >> 8 == 0x61) {
		wire->fetched = true;
		rc = gather(wire, data, &sw, &data);
	}
	if (rc != RC_OK)
		return rc;
	*ret_data = data;
	*ret_sw = sw;
	return RC_OK;
}

enum rc wire_exchange(struct wire *wire, const struct apdu *command, struct view *ret_data,
		      uint16_t *ret_sw)
{
	bool is_chained = command->data.len > piece_size(wire);
	enum rc rc;

	/* The parts of a chain follow each other; one command alone needs no transaction. */
	if (is_chained)
		transport_begin(wire->transport);
	rc = exchange(wire, command, ret_data, ret_sw);
	if (is_chained)
		transport_end(wire->transport);
	return rc;
}
