/* SPDX-License-Identifier: BSD-2-Clause */
/* A session by hand, and its commands in an array. */
#include "bench/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winscard.h>

#include "sc/connection.h"
#include "sc/scp10.h"
#include "sc/transport_pcsc.h"

enum { LENGTH_MAX = 40, INS_GENERATE_RANDOM = 0x44, RANDOM = 32 };

struct commands {
	struct identity *identity;
	struct wire wire;
	struct messaging *sm;
	uint8_t card_id[CVC_ID];
	uint8_t (*bytes)[LENGTH_MAX];
	size_t length, answer, count, next;
};

static enum rc find_card(struct commands *c, const char *reader)
{
	struct transport *t = NULL;
	struct sc *sc = NULL;
	struct fci fci;
	uint16_t sw;
	enum rc rc = transport_pcsc_open(reader, &t);

	if (rc == RC_OK)
		rc = sc_open(&t, NULL, NULL, &sc);
	if (rc == RC_OK)
		rc = sc_select(sc, &fci, &sw);
	if (rc == RC_OK)
		memcpy(c->card_id, fci.card_id, CVC_ID);
	sc_close(&sc);
	transport_close(&t);
	return rc;
}

static enum rc open_session(struct commands *c, const char *reader)
{
	static const struct policy_card row = {.suite = SUITE_42};
	const struct apdu open = {.ins = 0x70, .le = 1};
	const struct apdu select = {.ins = 0xA4, .p1 = 4, .data = fci_application_aid(), .le = 256};
	struct transport *t = NULL;
	struct buf certificate;
	struct view data;
	uint8_t channel = 0;
	uint16_t sw;
	enum rc rc = transport_pcsc_open(reader, &t);

	if (rc != RC_OK)
		return rc;
	buf_init(&certificate, CVC_MAX);
	wire_open(&c->wire, t);
	rc = wire_exchange(&c->wire, &open, &data, &sw);
	if (rc == RC_OK)
		rc = view_u8(&data, &channel);
	c->wire.channel = channel;
	if (rc == RC_OK)
		rc = wire_exchange(&c->wire, &select, &data, &sw);
	c->wire.extended = true;
	if (rc == RC_OK)
		rc = scp10_open(&c->wire, c->identity, &row, c->card_id, &certificate, &c->sm);
	buf_free(&certificate);
	return rc;
}

static enum rc make(struct commands *c)
{
	const struct apdu plain = {.cla = 0x80, .ins = INS_GENERATE_RANDOM, .le = RANDOM};
	struct apdu outer;
	enum rc rc = c->bytes ? RC_OK : RC_MEMORY;

	for (size_t i = 0; i < c->count && rc == RC_OK; i++) {
		struct buf out;

		buf_fixed(&out, c->bytes[i], LENGTH_MAX);
		rc = messaging_protect(c->sm, &plain, &outer);
		if (rc != RC_OK)
			break;
		/* The channel is no part of what the MAC covers. */
		outer.cla = c->wire.channel < 4
				    ? apdu_cla(outer.cla, c->wire.channel) | CLA_SM
				    : apdu_protected_cla(apdu_cla(outer.cla, c->wire.channel));
		apdu_put(&out, &outer);
		rc = buf_rc(&out);
		c->length = out.len;
	}
	return rc;
}

struct commands *commands_new(const char *reader, const char *host, size_t count)
{
	struct commands *c = calloc(1, sizeof(*c));
	enum rc rc;

	if (!c)
		return NULL;
	c->count = count;
	c->bytes = malloc(count * sizeof(*c->bytes));
	rc = identity_load(host, NULL, &c->identity);
	if (rc == RC_OK)
		rc = find_card(c, reader);
	if (rc == RC_OK)
		rc = open_session(c, reader);
	if (rc == RC_OK)
		rc = make(c);
	if (rc != RC_OK) {
		fprintf(stderr, "bench: commands for a bare loop: %s\n", rc_name(rc));
		commands_free(&c);
	}
	return c;
}

void commands_free(struct commands **commands)
{
	struct commands *c = *commands;

	if (!c)
		return;
	messaging_free(&c->sm);
	if (c->wire.transport)
		wire_close(&c->wire);
	identity_free(&c->identity);
	free(c->bytes);
	free(c);
	*commands = NULL;
}

bool commands_send(struct commands *c, long card)
{
	BYTE answer[300];
	DWORD len = sizeof(answer);

	if (c->next == c->count || SCardTransmit(card, SCARD_PCI_T1, c->bytes[c->next++], c->length,
						 NULL, answer, &len) != SCARD_S_SUCCESS)
		return false;
	c->answer = len;
	return len > RANDOM && answer[len - 2] == 0x90;
}

size_t commands_length(const struct commands *c)
{
	return c->length;
}

size_t commands_answer(const struct commands *c)
{
	return c->answer;
}
