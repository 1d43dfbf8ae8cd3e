/* SPDX-License-Identifier: BSD-2-Clause */
/* A card as a token: its connection, what it says of itself, and its initialisation. */
#include <string.h>

#include "token/cache.h"
#include "token/lane.h"
#include "token/mechanism.h"
#include "token/outcome.h"
#include "token/session.h"

enum { SERIAL_TEXT = 16 };

/* The card has said which it is, and so who we are; the handshake then proves both. */
static enum rc identify(void *arg, const uint8_t card_id[CVC_ID], const struct identity **ret)
{
	struct slot *slot = arg;
	enum rc rc = slot->source->identify(slot, card_id, &slot->identity);

	if (rc == RC_OK)
		*ret = slot->identity;
	return rc;
}

/* Sessions of a card that is no longer there do not go over to the next one. */
static bool take_insertion(struct slot *slot)
{
	uint64_t now = slot->source->insertion ? slot->source->insertion(slot, false) : 0;

	slot->gone = slot->sessions && now != slot->insertion;
	if (!slot->gone)
		slot->insertion = now;
	return !slot->gone;
}

CK_RV token_connect(struct slot *slot)
{
	struct transport *transport = NULL;
	struct identity *identity = NULL;
	enum rc rc;

	if (slot->sc)
		return CKR_OK;
	if (!slot->source->is_present(slot))
		return CKR_TOKEN_NOT_PRESENT;
	if (!take_insertion(slot))
		return CKR_DEVICE_REMOVED;
	rc = slot->source->open(slot, &transport, &identity);
	if (rc == RC_OK)
		rc = sc_open(&transport, identity, &slot->config->policy, &slot->sc);
	if (rc == RC_OK) {
		slot->identity = identity;
		if (!identity)
			sc_set_identify(slot->sc, identify, slot);
		/* Where it costs nothing to ask the card, nothing is kept of it. */
		if (slot->source->insertion)
			sc_set_certificates(slot->sc, &cache_certificates);
		return CKR_OK;
	}
	transport_close(&transport);
	identity_free(&identity);
	return outcome(slot, CALL_OBJECT, rc, 0);
}

void token_disconnect(struct slot *slot)
{
	lanes_close(slot);
	sc_close(&slot->sc);
	identity_free(&slot->identity);
	slot->login = LOGIN_NONE;
	slot->public_known = false;
	slot->private_known = false;
}

CK_RV token_refresh(struct slot *slot)
{
	uint16_t sw = 0;
	CK_RV rv = token_connect(slot);

	if (rv != CKR_OK)
		return rv;
	return outcome(slot, CALL_OBJECT, application_token_info(slot->sc, &slot->token, &sw), &sw);
}

static bool is_private(const struct object *o, const void *arg)
{
	(void)arg;
	return o->is_private;
}

void token_forget_login(struct slot *slot)
{
	slot->login = LOGIN_NONE;
	slot->private_known = false;
	lanes_close(slot);
	for (struct session *s = slot->sessions; s; s = s->next)
		session_end_private(s);
	store_drop(&slot->store, is_private, NULL);
}

static CK_FLAGS token_flags(uint8_t fci)
{
	static const struct {
		uint8_t bit;
		CK_FLAGS flag;
	} rows[] = {
		{FCI_TOKEN_INITIALISED, CKF_TOKEN_INITIALIZED},
		{FCI_USER_PIN_SET, CKF_USER_PIN_INITIALIZED},
		{FCI_USER_PIN_COUNT_LOW, CKF_USER_PIN_COUNT_LOW},
		{FCI_USER_PIN_FINAL_TRY, CKF_USER_PIN_FINAL_TRY},
		{FCI_USER_PIN_LOCKED, CKF_USER_PIN_LOCKED},
		{FCI_SO_PIN_COUNT_LOW, CKF_SO_PIN_COUNT_LOW},
		{FCI_SO_PIN_FINAL_TRY, CKF_SO_PIN_FINAL_TRY},
		{FCI_SO_PIN_LOCKED, CKF_SO_PIN_LOCKED},
	};
	CK_FLAGS flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_RESTORE_KEY_NOT_NEEDED;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fci & rows[i].bit)
			flags |= rows[i].flag;
	return flags;
}

/* The card id is the text it is in certificates, or hexadecimal where it is no text. */
static void put_serial(unsigned char field[SERIAL_TEXT], const uint8_t id[CVC_ID])
{
	static const char digits[] = "0123456789ABCDEF";
	bool is_text = true;

	memset(field, ' ', SERIAL_TEXT);
	for (size_t i = 0; i < CVC_ID; i++)
		is_text = is_text && id[i] > ' ' && id[i] < 0x7F;
	for (size_t i = 0; i < CVC_ID; i++) {
		if (is_text) {
			field[i] = id[i];
		} else {
			field[2 * i] = (unsigned char)digits[id[i] >> 4];
			field[2 * i + 1] = (unsigned char)digits[id[i] & 0x0F];
		}
	}
}

static void put_text(unsigned char *field, size_t size, const char *text)
{
	memset(field, ' ', size);
	memcpy(field, text, strnlen(text, size));
}

CK_RV token_info(struct slot *slot, CK_ULONG sessions, CK_ULONG rw_sessions, CK_TOKEN_INFO *ret)
{
	const struct application_token *token = &slot->token;
	CK_RV rv = token_refresh(slot);

	if (rv != CKR_OK)
		return rv;
	*ret = (CK_TOKEN_INFO){
		.flags = token_flags(token->flags),
		.ulMaxSessionCount = CK_EFFECTIVELY_INFINITE,
		.ulSessionCount = sessions,
		.ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE,
		.ulRwSessionCount = rw_sessions,
		.ulMaxPinLen = APPLICATION_PIN_MAX,
		.ulMinPinLen = APPLICATION_PIN_MIN,
		.ulTotalPublicMemory = token->memory,
		.ulFreePublicMemory = token->free_memory,
		.ulTotalPrivateMemory = token->memory,
		.ulFreePrivateMemory = token->free_memory,
		.hardwareVersion = {1, 0},
		.firmwareVersion = {(CK_BYTE)(token->cos_version >> 8),
				    (CK_BYTE)token->cos_version},
	};
	memcpy(ret->label, token->label, sizeof(ret->label));
	put_text(ret->manufacturerID, sizeof(ret->manufacturerID), "Intaglio");
	put_text(ret->model, sizeof(ret->model), "Intaglio card");
	put_serial(ret->serialNumber, token->card_id);
	memset(ret->utcTime, ' ', sizeof(ret->utcTime));
	return CKR_OK;
}

CK_RV token_init(struct slot *slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label)
{
	uint16_t sw = 0;
	CK_RV rv = token_connect(slot);
	enum rc rc;

	if (rv != CKR_OK)
		return rv;
	if (slot->session_count)
		return CKR_SESSION_EXISTS;
	if (pin_len < APPLICATION_PIN_MIN || pin_len > APPLICATION_PIN_MAX) {
		log_error("card %s: an SO PIN has %d to %d bytes", slot->name, APPLICATION_PIN_MIN,
			  APPLICATION_PIN_MAX);
		return CKR_PIN_INCORRECT;
	}
	rc = application_initialise_token(slot->sc, view_of(pin, pin_len), label, &sw);
	slot->public_known = false;
	rv = outcome(slot, CALL_SO_PIN, rc, &sw);
	if (rv == CKR_USER_PIN_NOT_INITIALIZED || rv == CKR_USER_ANOTHER_ALREADY_LOGGED_IN)
		return CKR_DEVICE_ERROR;
	return rv == CKR_PIN_LEN_RANGE ? CKR_PIN_INCORRECT : rv;
}

CK_RV token_mechanism_list(struct slot *slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
	if (!slot->source->is_present(slot))
		return CKR_TOKEN_NOT_PRESENT;
	return mechanism_list(list, count);
}

CK_RV token_mechanism_info(struct slot *slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR ret)
{
	if (!slot->source->is_present(slot))
		return CKR_TOKEN_NOT_PRESENT;
	return mechanism_info(type, ret);
}
