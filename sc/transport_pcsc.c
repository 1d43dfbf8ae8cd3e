/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PC/SC as a transport. A transaction is taken only where transport_begin asks for one: pcscd lets
 * single commands of several processes follow each other by itself, and who finds a card locked
 * sleeps a tenth of a second in libpcsclite.
 */
#include "sc/transport_pcsc.h"

#include <stdlib.h>
#include <string.h>

#include <winscard.h>
#include <reader.h>

#include "base/log.h"
#include "base/tlv.h"
#include "sc/atr.h"

enum {
	MESSAGE_MAX = 65535, /* what every reader driver passes, vpcd's 16 bit lengths included */
	OVERHEAD = 9, /* header, Lc and Le of an extended command */
	ANSWER_MAX = MAX_BUFFER_SIZE_EXTENDED,
	SETTLE_MS = 1500, /* longer than pcscd takes to see that a card is gone */
	PROPERTIES_MAX = 256,
	SW_SIZE = 2,
};

struct pcsc {
	SCARDCONTEXT context;
	SCARDHANDLE card;
	char *reader;
	DWORD protocol;
	DWORD state; /* the reader's, event counter included, when the card was connected to */
	bool has_context, connected;
	bool in_transaction;
	bool was_reset; /* reconnected: the next command is not sent, and RC_RESET reported */
	BYTE answer[ANSWER_MAX];
};

static bool is_gone(LONG rv)
{
	return rv == SCARD_W_REMOVED_CARD || rv == SCARD_E_NO_SMARTCARD ||
	       rv == SCARD_E_READER_UNAVAILABLE || rv == SCARD_E_UNKNOWN_READER ||
	       rv == SCARD_E_INVALID_HANDLE || rv == SCARD_E_NO_SERVICE ||
	       rv == SCARD_E_SERVICE_STOPPED || rv == SCARD_E_NO_READERS_AVAILABLE;
}

static DWORD reader_state(struct pcsc *p, DWORD known, DWORD timeout)
{
	SCARD_READERSTATE state = {.szReader = p->reader, .dwCurrentState = known};

	if (SCardGetStatusChange(p->context, timeout, &state, 1) != SCARD_S_SUCCESS)
		return known && timeout ? known : SCARD_STATE_UNAVAILABLE;
	return state.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
}

/* After an exchange that failed: pcscd may not have seen yet that the card is gone. */
static enum rc judge_failure(struct pcsc *p, LONG rv)
{
	DWORD known = p->state & ~(DWORD)(SCARD_STATE_INUSE | SCARD_STATE_EXCLUSIVE), now;

	if (is_gone(rv) || SCardIsValidContext(p->context) != SCARD_S_SUCCESS)
		return RC_REMOVED;
	if (rv == SCARD_E_NO_MEMORY)
		return RC_MEMORY;
	now = reader_state(p, known | SCARD_STATE_INUSE, SETTLE_MS);
	if (!(now & SCARD_STATE_PRESENT) || now >> 16 != known >> 16)
		return RC_REMOVED;
	log_error("reader %s: %s", p->reader, pcsc_stringify_error(rv));
	return RC_IO;
}

static void pcsc_close(void **handle)
{
	struct pcsc *p = *handle;

	if (!p)
		return;
	if (p->in_transaction)
		SCardEndTransaction(p->card, SCARD_LEAVE_CARD);
	if (p->connected)
		SCardDisconnect(p->card, SCARD_LEAVE_CARD);
	if (p->has_context)
		SCardReleaseContext(p->context);
	free(p->reader);
	free(p);
	*handle = NULL;
}

/* dwMaxAPDUDataSize of PC/SC part 10, 2.6.14; 0 if the reader does not say. */
static uint32_t reader_limit(const struct pcsc *p)
{
	BYTE answer[PROPERTIES_MAX];
	DWORD len = 0;
	struct view features, properties;
	uint32_t control = 0, limit = 0;
	uint8_t tag, size;

	if (SCardControl(p->card, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0, answer, sizeof(answer),
			 &len) != SCARD_S_SUCCESS)
		return 0;
	features = view_of(answer, len);
	while (view_u8(&features, &tag) == RC_OK && view_u8(&features, &size) == RC_OK &&
	       size == sizeof(control) && view_u32(&features, &control) == RC_OK &&
	       tag != FEATURE_GET_TLV_PROPERTIES)
		control = 0;
	if (!control || SCardControl(p->card, control, NULL, 0, answer, sizeof(answer), &len) !=
				SCARD_S_SUCCESS)
		return 0;
	properties = view_of(answer, len);
	while (view_u8(&properties, &tag) == RC_OK && view_u8(&properties, &size) == RC_OK) {
		uint8_t bytes[4] = {0};
		struct view value;

		if (view_take(&properties, size, &value) != RC_OK)
			break;
		/* Unlike the rest of PC/SC's numbers, a property's is little-endian. */
		if (tag == PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize && size == sizeof(bytes) &&
		    view_copy(&value, bytes, sizeof(bytes)) == RC_OK)
			limit = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 |
				(uint32_t)bytes[1] << 8 | bytes[0];
	}
	return limit;
}

static void find_attributes(const struct pcsc *p, struct transport_attributes *ret)
{
	BYTE bytes[MAX_ATR_SIZE];
	DWORD len = sizeof(bytes), name_len = 0, state, protocol;
	uint32_t limit = reader_limit(p);
	struct atr atr = {.extended = false};

	if (SCardStatus(p->card, NULL, &name_len, &state, &protocol, bytes, &len) !=
		    SCARD_S_SUCCESS ||
	    atr_parse(view_of(bytes, len), &atr) != RC_OK)
		atr.extended = false;
	*ret = (struct transport_attributes){
		.extended = atr.extended && p->protocol == SCARD_PROTOCOL_T1 &&
			    (limit == 0 || limit > 256),
		.command_max = MESSAGE_MAX,
		.response_max = MESSAGE_MAX,
		.shared = true,
	};
	if (limit && limit + OVERHEAD < MESSAGE_MAX)
		ret->command_max = limit + OVERHEAD;
}

static enum rc connect_card(struct pcsc *p)
{
	LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &p->context);

	if (rv == SCARD_S_SUCCESS) {
		p->has_context = true;
		p->state = reader_state(p, SCARD_STATE_UNAWARE, 0);
		rv = SCardConnect(p->context, p->reader, SCARD_SHARE_SHARED,
				  SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &p->card, &p->protocol);
	}
	if (rv == SCARD_S_SUCCESS) {
		p->connected = true;
		return RC_OK;
	}
	if (is_gone(rv))
		return RC_REMOVED;
	log_error("reader %s: %s", p->reader,
		  rv == SCARD_E_SHARING_VIOLATION ? "another program keeps the card to itself"
						  : pcsc_stringify_error(rv));
	return rv == SCARD_E_NO_MEMORY ? RC_MEMORY : RC_IO;
}

static enum rc pcsc_open(const char *reader, const void *options, void **ret_handle,
			 struct transport_attributes *ret_attributes)
{
	struct pcsc *p = calloc(1, sizeof(*p));
	void *handle = p;
	enum rc rc = RC_MEMORY;

	(void)options;
	if (!p)
		return RC_MEMORY;
	p->reader = strdup(reader);
	if (!p->reader)
		goto out;
	rc = connect_card(p);
	if (rc != RC_OK)
		goto out;
	find_attributes(p, ret_attributes);
	*ret_handle = handle;
	handle = NULL;
	rc = RC_OK;
out:
	pcsc_close(&handle);
	return rc;
}

/* Somebody reset the card: it is connected to again, as it is. */
static LONG reconnect(struct pcsc *p, DWORD how)
{
	LONG rv = SCardReconnect(p->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
				 how, &p->protocol);

	p->in_transaction = false;
	p->was_reset = rv == SCARD_S_SUCCESS;
	return rv;
}

static enum rc pcsc_transmit(void *handle, struct view command, struct buf *response)
{
	struct pcsc *p = handle;
	const SCARD_IO_REQUEST *pci = p->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0
								       : SCARD_PCI_T1;
	DWORD len = sizeof(p->answer);
	LONG rv;

	if (p->was_reset) {
		p->was_reset = false;
		return RC_RESET;
	}
	rv = SCardTransmit(p->card, pci, command.data, command.len, NULL, p->answer, &len);
	if (rv == SCARD_W_RESET_CARD) {
		rv = reconnect(p, SCARD_LEAVE_CARD);
		p->was_reset = false;
		if (rv == SCARD_S_SUCCESS)
			return RC_RESET;
	}
	/* vpcd reports an answer of nothing when the card goes in the middle of a command. */
	if (rv == SCARD_S_SUCCESS && len < SW_SIZE)
		rv = SCARD_E_NOT_TRANSACTED;
	if (rv != SCARD_S_SUCCESS)
		return judge_failure(p, rv);
	buf_put(response, p->answer, len);
	return RC_OK;
}

static enum rc pcsc_reset(void *handle)
{
	struct pcsc *p = handle;
	LONG rv = reconnect(p, SCARD_RESET_CARD);

	/* The caller knows of this one. */
	p->was_reset = false;
	return rv == SCARD_S_SUCCESS ? RC_OK : judge_failure(p, rv);
}

static void pcsc_begin(void *handle)
{
	struct pcsc *p = handle;
	LONG rv = SCardBeginTransaction(p->card);

	if (rv == SCARD_W_RESET_CARD && reconnect(p, SCARD_LEAVE_CARD) == SCARD_S_SUCCESS)
		rv = SCardBeginTransaction(p->card);
	p->in_transaction = rv == SCARD_S_SUCCESS;
}

static void pcsc_end(void *handle)
{
	struct pcsc *p = handle;

	if (p->in_transaction)
		SCardEndTransaction(p->card, SCARD_LEAVE_CARD);
	p->in_transaction = false;
}

const struct transport_ops transport_pcsc_ops = {
	.name = "pcsc",
	.open = pcsc_open,
	.transmit = pcsc_transmit,
	.reset = pcsc_reset,
	.close = pcsc_close,
	.begin = pcsc_begin,
	.end = pcsc_end,
};

enum rc transport_pcsc_open(const char *reader, struct transport **ret)
{
	return transport_open(&transport_pcsc_ops, reader, NULL, ret);
}

/* True for an FCI with this name in it: a card that agrees to anything is not ours. */
static bool names_application(struct view data, struct view aid)
{
	struct view fci, name;

	return tlv_expect(&data, 0x6F, &fci) == RC_OK && tlv_find(fci, 0x84, &name) == RC_OK &&
	       view_equal(name, aid);
}

enum rc transport_pcsc_has(const char *reader, struct view aid, bool *ret)
{
	struct apdu command = {.ins = 0xA4, .p1 = 0x04, .data = aid, .le = 256};
	struct transport *t = NULL;
	struct buf sent, answer;
	struct view data;
	uint16_t sw = 0;
	enum rc rc = transport_pcsc_open(reader, &t);

	buf_init(&sent, APDU_COMMAND_MAX);
	buf_init(&answer, APDU_RESPONSE_MAX);
	if (rc != RC_OK)
		goto out;
	transport_begin(t);
	for (int i = 0; rc == RC_OK && i < 2; i++) {
		buf_reset(&sent);
		buf_reset(&answer);
		apdu_put(&sent, &command);
		rc = buf_rc(&sent);
		if (rc == RC_OK)
			rc = transport_transmit(t, view_buf(&sent), &answer);
		if (rc == RC_OK)
			rc = response_parse(view_buf(&answer), &data, &sw);
		if (rc != RC_OK || sw >> 8 != 0x61)
			break;
		command = (struct apdu){.ins = 0xC0, .le = sw & 0xFF ? sw & 0xFF : 256};
	}
	transport_end(t);
	/* A card that was asked and gave no answer that is one is not ours either. */
	if (rc == RC_MALFORMED || rc == RC_IO)
		sw = 0;
	else if (rc != RC_OK)
		goto out;
	*ret = sw == 0x9000 && names_application(data, aid);
	rc = RC_OK;
out:
	transport_close(&t);
	buf_free(&sent);
	buf_free(&answer);
	return rc;
}
