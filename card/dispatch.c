/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a command through the card. What a handler is given is plain, whole and authorised;
 * what an unauthorised command learns is a status word only.
 */
#include "card/dispatch.h"

#include "card/applet.h"
#include "card/instance.h"
#include "card/keyed.h"
#include "card/scp10.h"
#include "card/select.h"

enum {
	INS_GET_RESPONSE = 0xC0,
	INS_MANAGE_SECURITY_ENVIRONMENT = 0x22,
	INS_INITIALIZE_UPDATE = 0x50,
	INS_EXTERNAL_AUTHENTICATE = 0x82,
	INS_SELECT = 0xA4,
	INS_GET_DATA = 0xCA,
	INS_GET_DATA_ODD = 0xCB,
	SW_MORE_BYTES = 0x6100,
	SHORT_ANSWER = 256,
	EXTENDED_ANSWER = 65536,
	COUNTER_SIZE = 8,
};

/* First and further interindustry classes and GlobalPlatform's own, ISO 7816-4 5.4.1, GPCS 11.1.4. */
static bool class_is_known(uint8_t cla)
{
	uint8_t range = cla & 0xE0;

	return cla != 0xFF && range != 0x20 && range != 0xA0;
}

static void forget_response(struct slot *slot)
{
	buf_reset(&slot->response);
	slot->sent = 0;
}

/* The next part of the response that waits, at most limit bytes, and what remains. */
static enum rc send(struct slot *slot, size_t limit, struct buf *response)
{
	size_t left = slot->response.len - slot->sent;
	size_t n = left < limit ? left : limit;

	if (n)
		buf_put(response, slot->response.data + slot->sent, n);
	slot->sent += n;
	left -= n;
	if (left) {
		buf_u16(response, (uint16_t)(SW_MORE_BYTES | (left < 256 ? left : 0)));
	} else {
		buf_u16(response, slot->sw);
		forget_response(slot);
	}
	return buf_rc(response);
}

static enum rc send_bare(struct buf *response, uint16_t sw)
{
	buf_u16(response, sw);
	return buf_rc(response);
}

static enum rc get_response(struct slot *slot, const struct apdu *command, struct buf *response)
{
	if (command->p1 || command->p2)
		return send_bare(response, SW_INCORRECT_P1P2);
	if (slot->response.len == 0)
		return send_bare(response, SW_CONDITIONS);
	if (command->le == 0)
		return send_bare(response, SW_WRONG_LENGTH);
	return send(slot, command->le, response);
}

/*
 * Command chaining, ISO/IEC 7816-4 5.3.3. A part of a chain is kept and *ret_whole is false; the
 * last part becomes the whole command. A command that does not continue the chain begins anew.
 */
static uint16_t reassemble(struct slot *slot, struct apdu *command, bool *ret_whole)
{
	bool more = command->cla & CLA_CHAINING;
	uint8_t cla = command->cla & (uint8_t)~CLA_CHAINING;
	bool continues = slot->chaining && slot->cla == cla && slot->ins == command->ins &&
			 slot->p1 == command->p1 && slot->p2 == command->p2;

	*ret_whole = !more;
	if (!continues) {
		buf_reset(&slot->chain);
		slot->chaining = false;
		if (!more)
			return SW_OK;
	}
	slot->cla = cla;
	slot->ins = command->ins;
	slot->p1 = command->p1;
	slot->p2 = command->p2;
	slot->chaining = more;
	buf_view(&slot->chain, command->data);
	if (buf_rc(&slot->chain) != RC_OK) {
		slot->chaining = false;
		buf_reset(&slot->chain);
		return SW_WRONG_LENGTH;
	}
	command->cla = cla;
	command->data = view_buf(&slot->chain);
	return SW_OK;
}

static bool is_session_row(const struct command_row *row)
{
	return row->state != STATE_FRESH && row->state != STATE_SETUP;
}

/* The row of a command, or NULL and the status word that says why there is none. */
static const struct command_row *find_row(const struct command_row *const *tables,
					  const struct apdu *command, bool in_session,
					  uint16_t *ret_sw)
{
	uint16_t sw = SW_INS_NOT_SUPPORTED;

	if (command->cla != 0x00 && command->cla != 0x80)
		sw = SW_CLA_NOT_SUPPORTED;
	for (size_t t = 0; tables[t]; t++)
		for (const struct command_row *row = tables[t]; row->handler; row++) {
			if (row->ins != command->ins)
				continue;
			if (row->cla == command->cla && is_session_row(row) == in_session)
				return row;
			if (row->cla == command->cla)
				sw = in_session ? SW_CONDITIONS : SW_SECURITY_STATUS;
			else if (sw == SW_INS_NOT_SUPPORTED)
				sw = SW_CLA_NOT_SUPPORTED;
		}
	*ret_sw = sw;
	return NULL;
}

static uint16_t check_row(const struct card *card, struct channel *channel,
			  const struct command_row *row)
{
	if (row->state == STATE_FRESH && identity_is_personalised(card->identity))
		return SW_CONDITIONS;
	if (row->roles && !(row->roles & channel->roles))
		return SW_SECURITY_STATUS;
	if (channel->pin != PIN_NONE && !pin_holds(card->nvm, channel))
		pin_forget(channel);
	if ((row->state == STATE_USER && channel->pin != PIN_USER) ||
	    (row->state == STATE_SO && channel->pin != PIN_SO) ||
	    (row->state == STATE_LOGIN && channel->pin == PIN_NONE))
		return SW_SECURITY_STATUS;
	return SW_OK;
}

static void put_change_counter(struct nvm *nvm, struct buf *answer)
{
	uint8_t array[COUNTER_SIZE];
	struct buf counter;

	buf_fixed(&counter, array, sizeof(array));
	buf_u64(&counter, token_change_counter(nvm));
	buf_insert(answer, 0, array, sizeof(array));
}

static uint16_t call(const struct command_row *row, struct command *c)
{
	uint16_t sw;
	enum rc rc;

	if (!row->alone)
		return row->handler(c);
	rc = nvm_hold(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	sw = row->handler(c);
	nvm_release(c->nvm);
	return sw;
}

/* Runs a plain, whole command; its answer is then in the slot, empty unless the word is normal. */
static uint16_t run(struct card *card, struct slot *slot, const struct apdu *command,
		    bool in_session)
{
	struct command c = {
		.card = card,
		.nvm = card->nvm,
		.channel = &slot->channel,
		.card_id = identity_id(card->identity),
		.cla = command->cla,
		.ins = command->ins,
		.p1 = command->p1,
		.p2 = command->p2,
		.data = command->data,
		.le = command->le,
		.answer = &slot->answer,
		.slot = slot,
	};
	const struct command_row *row;
	uint16_t sw;

	buf_reset(&slot->answer);
	slot->ahead = false;
	row = find_row(slot->channel.applet->tables, command, in_session, &sw);
	if (row)
		sw = check_row(card, &slot->channel, row);
	if (!row || row->handler != scp10_step)
		scp10_interrupt(slot->channel.scp10);
	if (!row || row->handler != keyed_authenticate)
		keyed_interrupt(slot->channel.keyed);
	if (!row || sw != SW_OK)
		return sw;
	c.row = row;
	sw = call(row, &c);
	if (sw == SW_OK && row->counted && !slot->ahead)
		put_change_counter(card->nvm, &slot->answer);
	if (sw_is_normal(sw) && buf_rc(&slot->answer) != RC_OK)
		sw = command_sw(buf_rc(&slot->answer));
	if (!sw_is_normal(sw))
		buf_reset(&slot->answer);
	return sw;
}

/* The one protected command of a set-up: its C-MAC is the handler's to check. */
static bool is_keyed_authenticate(const struct slot *slot, const struct apdu *command)
{
	return keyed_is_begun(slot->channel.keyed) && command->ins == INS_EXTERNAL_AUTHENTICATE &&
	       apdu_plain_cla(command->cla) == 0x80;
}

static uint16_t run_bare(struct card *card, struct slot *slot, const struct apdu *command)
{
	struct apdu plain = *command;
	uint16_t sw;

	if (apdu_is_protected(command->cla) && !is_keyed_authenticate(slot, command)) {
		scp10_interrupt(slot->channel.scp10);
		keyed_interrupt(slot->channel.keyed);
		return SW_SECURITY_STATUS;
	}
	plain.cla = apdu_plain_cla(command->cla);
	sw = run(card, slot, &plain, false);
	buf_view(&slot->response, view_buf(&slot->answer));
	return sw;
}

static bool is_up(const struct channel *channel)
{
	return scp10_is_up(channel->scp10) || keyed_is_up(channel->keyed);
}

static bool accepts_class(const struct channel *channel, const struct apdu *part)
{
	if (keyed_is_up(channel->keyed))
		return keyed_accepts_class(channel->keyed, part);
	return sm_accepts_class(channel->scp10->sm, part);
}

static enum rc unwrap(struct channel *channel, const struct apdu *command, struct buf *plain,
		      struct apdu *ret)
{
	if (keyed_is_up(channel->keyed))
		return keyed_unwrap(channel->keyed, command, plain, ret);
	return sm_unwrap(channel->scp10->sm, command, plain, ret);
}

static enum rc wrap(struct channel *channel, struct view answer, uint16_t sw, struct buf *out)
{
	if (keyed_is_up(channel->keyed))
		return keyed_wrap(channel->keyed, answer, sw, out);
	if (scp10_is_up(channel->scp10))
		return sm_wrap(channel->scp10->sm, answer, sw, out);
	/* SELECT of another application has ended a session from a key set. */
	buf_view(out, answer);
	return buf_rc(out);
}

/* What begins a new session, or selects another application without one, ends the running one. */
static bool ends_session(const struct channel *channel, const struct apdu *command)
{
	if (command->ins == INS_MANAGE_SECURITY_ENVIRONMENT)
		return true;
	if (apdu_is_protected(command->cla))
		return false;
	return (command->ins == INS_INITIALIZE_UPDATE && command->cla & 0x80) ||
	       (command->ins == INS_SELECT && keyed_is_up(channel->keyed));
}

static uint16_t end_session(struct slot *slot, uint16_t sw)
{
	channel_end_session(&slot->channel);
	slot->chaining = false;
	buf_reset(&slot->chain);
	forget_response(slot);
	return sw;
}

/* Refused: it interrupts a command that comes in parts; its MAC counts nevertheless. */
static uint16_t run_protected(struct card *card, struct slot *slot, const struct apdu *command,
			      bool refused)
{
	struct channel *channel = &slot->channel;
	struct apdu plain;
	uint16_t sw;
	enum rc rc;

	/* What a command that was refused left there is no part of this one. */
	buf_reset(&slot->plain);
	slot->ahead = false;
	rc = unwrap(channel, command, &slot->plain, &plain);
	if (rc != RC_OK)
		return end_session(slot, rc == RC_STATE       ? SW_SECURITY_STATUS
					 : rc == RC_MALFORMED ? SW_SM_MISSING
					 : rc == RC_AUTH      ? SW_SM_INCORRECT
							      : SW_NO_DIAGNOSIS);
	sw = refused ? SW_CONDITIONS : run(card, slot, &plain, true);
	buf_reset(&slot->plain);
	if (!slot->ahead)
		rc = wrap(channel, view_buf(&slot->answer), sw, &slot->response);
	else if (sw != SW_OK)
		return end_session(slot, sw);
	else
		rc = slot->ahead_rc;
	return rc == RC_OK ? sw : end_session(slot, command_sw(rc));
}

void command_protect_ahead(struct command *c)
{
	struct slot *slot = c->slot;

	if (!slot || !is_up(&slot->channel))
		return;
	if (c->row->counted)
		put_change_counter(c->nvm, &slot->answer);
	slot->ahead = true;
	slot->ahead_rc = buf_rc(&slot->answer);
	if (slot->ahead_rc == RC_OK)
		slot->ahead_rc =
			wrap(&slot->channel, view_buf(&slot->answer), SW_OK, &slot->response);
}

/* The end of the card's life: the issuer security domain's GET DATA is all there is, GPCS 9.6.4. */
static uint16_t serve_terminated(struct slot *slot, const struct registry_entry *isd,
				 const struct apdu *command)
{
	if (is_up(&slot->channel) || slot->channel.application != isd->number) {
		end_session(slot, SW_OK);
		applet_select(&slot->channel, isd);
	}
	if (command->ins != INS_GET_DATA && command->ins != INS_GET_DATA_ODD)
		return SW_FUNCTION_NOT_SUPPORTED;
	return SW_OK;
}

/*
 * What has been taken from a channel since its last command, perhaps by another process: its
 * application deleted, the card locked or terminated.
 */
static uint16_t check_application(struct card *card, struct slot *slot, const struct apdu *command)
{
	struct channel *channel = &slot->channel;
	struct registry_entry isd, selected;
	enum rc rc = RC_OK;

	if (!channel->applet)
		rc = select_default(card->nvm, channel);
	if (rc == RC_OK)
		rc = registry_get(card->nvm, REGISTRY_ISD, &isd);
	if (rc != RC_OK)
		return SW_MEMORY_FAILURE;
	if (isd.life_cycle == LIFE_TERMINATED)
		return serve_terminated(slot, &isd, command);
	rc = registry_get(card->nvm, channel->application, &selected);
	if (rc == RC_NOT_FOUND) {
		end_session(slot, SW_OK);
		applet_deselect(channel);
		return SW_SECURITY_STATUS;
	}
	if (rc != RC_OK)
		return SW_MEMORY_FAILURE;
	if (isd.life_cycle == LIFE_CARD_LOCKED && !is_up(channel) &&
	    !(selected.privileges & PRIVILEGE_FINAL))
		applet_select(channel, &isd);
	return SW_OK;
}

static uint16_t serve_keyed(struct card *card, struct slot *slot, struct apdu *command)
{
	bool whole;
	uint16_t sw = keyed_gather(slot->channel.keyed, command, &whole);

	if (whole)
		return run_protected(card, slot, command, sw != SW_OK);
	/* Parts that come to nothing were never authenticated: nobody tries a second time. */
	return sw == SW_OK ? sw : end_session(slot, sw);
}

/* A whole command or a part of one, on an open channel; the response is then in the slot. */
static uint16_t serve(struct card *card, struct slot *slot, struct apdu *command)
{
	bool up, whole;
	uint16_t sw = check_application(card, slot, command);

	if (sw != SW_OK)
		return sw;
	if (is_up(&slot->channel) && ends_session(&slot->channel, command))
		end_session(slot, SW_OK);
	up = is_up(&slot->channel);
	if (up && !accepts_class(&slot->channel, command))
		return end_session(slot, SW_SECURITY_STATUS);
	sw = reassemble(slot, command, &whole);
	if (sw != SW_OK)
		return up ? end_session(slot, SW_SM_INCORRECT) : sw;
	if (!whole)
		return SW_OK;
	if (keyed_is_up(slot->channel.keyed))
		return serve_keyed(card, slot, command);
	sw = up ? run_protected(card, slot, command, false) : run_bare(card, slot, command);
	buf_reset(&slot->chain);
	return sw;
}

/* How much of the response goes out at once: what the command asked for, or under SM all it can. */
static size_t answer_limit(const struct apdu *command, bool in_session)
{
	if (in_session || command->le == 0)
		return command->extended ? EXTENDED_ANSWER : in_session ? SHORT_ANSWER : 0;
	return command->le;
}

/* What another process of this card did, or the disk, comes before the command. */
static enum rc catch_up(struct card *card)
{
	enum rc rc = nvm_refresh(card->nvm);

	return rc == RC_OK ? identity_refresh(card->identity) : rc;
}

/* A whole command APDU on a slot that is its own. */
static enum rc dispatch_on(struct card *card, struct slot *slot, struct apdu *command,
			   struct buf *response)
{
	bool in_session;
	enum rc rc = catch_up(card);

	if (rc != RC_OK)
		return rc;
	if (!slot->channel.open)
		return send_bare(response, SW_CHANNEL_NOT_SUPPORTED);
	slot->used = ++card->clock;
	if (command->ins == INS_GET_RESPONSE)
		return get_response(slot, command, response);
	forget_response(slot);
	in_session = is_up(&slot->channel);
	slot->sw = serve(card, slot, command);
	if (slot->sw == SW_MEMORY_FAILURE)
		return RC_IO;
	rc = buf_rc(&slot->response);
	if (rc != RC_OK) {
		end_session(slot, SW_OK);
		return rc;
	}
	rc = send(slot, answer_limit(command, in_session), response);
	if (!slot->channel.open)
		channel_end_session(&slot->channel);
	return rc;
}

enum rc dispatch(struct card *card, struct view apdu, struct buf *response)
{
	struct apdu command;
	struct slot *slot;
	enum rc rc;

	if (apdu_parse(apdu, &command) != RC_OK || (command.extended && card->short_lengths))
		return send_bare(response, SW_WRONG_LENGTH);
	if (!class_is_known(command.cla))
		return send_bare(response, SW_CLA_NOT_SUPPORTED);
	slot = &card->slots[apdu_channel(command.cla)];
	while (slot->busy || card->resetting)
		pthread_cond_wait(&card->idle, &card->lock);
	if (card->failed != RC_OK)
		return RC_IO;
	slot->busy = true;
	rc = dispatch_on(card, slot, &command, response);
	channels_publish(card);
	slot->busy = false;
	pthread_cond_broadcast(&card->idle);
	return rc;
}
