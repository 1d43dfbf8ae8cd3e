/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection is a wire, at most one session on it, and the rule for what to do when the session
 * is gone: open another and repeat only what the card cannot have executed, or may execute twice.
 */
#include "sc/connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "sc/issuer.h"
#include "sc/scp10.h"
#include "sc/wire.h"

enum {
	INS_MANAGE_CHANNEL = 0x70,
	P1_CLOSE = 0x80,
	CHANNEL_MAX = 19,
	ATTEMPTS = 2,
	CERTIFICATES_MAX = 4 * CVC_MAX, /* a card's certificate, or its chain */
};

struct sc {
	struct wire wire;
	const struct identity *identity;
	sc_identify identify; /* NULL, or who finds identity */
	void *identify_arg;
	const struct sc_certificates *certificates; /* NULL, or what is known of cards */
	const struct policy *policy;
	struct messaging *sm; /* NULL: no session */
	uint8_t suite, level;
	bool authenticated; /* answers have MACs */
	uint8_t card_id[CVC_ID];
	bool is_second; /* made by sc_share: its first session is its last */
	bool has_channel; /* the logical channel is ours; else one is opened before SELECT */
	bool for_issuer; /* where the token application is locked its security domain will do */
	bool selected; /* the application is selected, and fci is what it answered */
	struct fci fci;
	uint64_t epoch, change_counter, handshake_apdus;
	struct buf scratch;
};

static void close_channel(struct sc *sc);

enum rc sc_open(struct transport **transport, const struct identity *identity,
		const struct policy *policy, struct sc **ret)
{
	struct sc *sc;

	if (!transport || !*transport || !ret)
		return RC_ARGUMENT;
	sc = calloc(1, sizeof(*sc));
	if (!sc)
		return RC_MEMORY;
	sc->identity = identity;
	sc->policy = policy;
	buf_init(&sc->scratch, APDU_EXTENDED_DATA);
	wire_open(&sc->wire, *transport);
	*transport = NULL;
	*ret = sc;
	return RC_OK;
}

void sc_close(struct sc **sc)
{
	if (!sc || !*sc)
		return;
	close_channel(*sc);
	messaging_free(&(*sc)->sm);
	wire_close(&(*sc)->wire);
	buf_free(&(*sc)->scratch);
	free(*sc);
	*sc = NULL;
}

/* Forgets the session: the card has, or is not believed any more. */
static void end_session(struct sc *sc, const char *why)
{
	if (sc->sm)
		trace_note(&sc->wire.trace, "session ended: %s", why);
	messaging_free(&sc->sm);
	sc->suite = 0;
	sc->selected = false;
	/*
	 * The channel may be somebody else's by now: it is left alone. But a second one goes with its
	 * transport, and a card that still has the session would keep the login there.
	 */
	sc->has_channel = sc->has_channel && sc->is_second;
}

/*
 * MANAGE CHANNEL, where other processes use the card as well. A card that has no channel to give is
 * used on the basic one.
 */
static enum rc open_channel(struct sc *sc)
{
	const struct apdu command = {.ins = INS_MANAGE_CHANNEL, .le = 1};
	struct view data;
	uint8_t number;
	uint16_t sw;
	enum rc rc;

	if (sc->has_channel || !transport_attributes(sc->wire.transport)->shared)
		return RC_OK;
	sc->wire.channel = 0;
	rc = wire_exchange(&sc->wire, &command, &data, &sw);
	if (rc != RC_OK)
		return rc;
	if (sw == SW_OK && view_u8(&data, &number) == RC_OK && number <= CHANNEL_MAX) {
		sc->wire.channel = number;
		sc->has_channel = true;
	}
	return RC_OK;
}

/* Whether commands may be extended is known from the card's own limits. */
static bool card_is_extended(const struct sc *sc)
{
	return transport_attributes(sc->wire.transport)->extended &&
	       sc->fci.command_max > APDU_SHORT_DATA;
}

/*
 * The card's bare answer that it knows of no session (6982) or has just ended it (6987, 6988), or
 * that the logical channel is no longer open (6881).
 */
static bool session_is_lost(struct view data, uint16_t sw)
{
	return !data.len && (sw == SW_SECURITY_STATUS || sw == SW_SM_MISSING ||
			     sw == SW_SM_INCORRECT || sw == SW_CHANNEL_NOT_SUPPORTED);
}

/*
 * SELECT outside a session, and what the connection learns from it. A card that is still in a
 * session which the host has given up refuses the first one, and is then out of it.
 */
static enum rc select_bare(struct sc *sc, uint16_t *ret_sw)
{
	const struct apdu command = fci_select();
	enum rc rc = RC_RESET;
	struct view data;

	sc->selected = false;
	for (int i = 0; i < ATTEMPTS; i++) {
		rc = open_channel(sc);
		if (rc == RC_OK)
			rc = wire_exchange(&sc->wire, &command, &data, ret_sw);
		if (rc != RC_RESET && (rc != RC_OK || !session_is_lost(data, *ret_sw)))
			break;
		sc->has_channel = false;
	}
	if (rc != RC_OK)
		return rc;
	if (*ret_sw != SW_OK)
		return RC_SW;
	rc = fci_parse(data, &sc->fci);
	if (rc != RC_OK)
		return rc;
	sc->wire.extended = card_is_extended(sc);
	sc->selected = true;
	return RC_OK;
}

/* The card is used through its issuer security domain from now on. RC_SW: it is no such card. */
static enum rc select_issuer(struct sc *sc)
{
	enum rc rc = issuer_select(&sc->wire, &sc->fci);

	if (rc != RC_OK)
		return rc;
	sc->wire.extended = false;
	sc->selected = true;
	return RC_OK;
}

enum rc sc_select(struct sc *sc, struct fci *ret, uint16_t *ret_sw)
{
	const struct apdu command = fci_select();
	struct view data;
	uint16_t sw;
	enum rc rc;

	if (!sc->sm) {
		rc = select_bare(sc, &sw);
	} else {
		rc = sc_exchange_repeatable(sc, &command, &data, &sw);
		if (rc == RC_OK)
			rc = sw == SW_OK ? fci_parse(data, &sc->fci) : RC_SW;
		if (rc == RC_OK)
			sc->change_counter = sc->fci.change_counter;
	}
	if (rc == RC_OK || rc == RC_SW)
		*ret_sw = sw;
	if (rc == RC_OK)
		*ret = sc->fci;
	return rc;
}

const struct fci *sc_fci(const struct sc *sc)
{
	return sc->selected ? &sc->fci : NULL;
}

enum rc sc_exchange_bare(struct sc *sc, const struct apdu *command, struct buf *answer,
			 uint16_t *ret_sw)
{
	struct view data;
	uint16_t sw;
	enum rc rc;

	if (sc->sm)
		return RC_STATE;
	rc = wire_exchange(&sc->wire, command, &data, &sw);
	buf_reset(&sc->scratch);
	if (rc != RC_OK) {
		sc->selected = false;
		sc->has_channel = false;
		return rc;
	}
	buf_view(answer, data);
	rc = buf_rc(answer);
	if (rc == RC_OK)
		*ret_sw = sw;
	return rc;
}

static bool offers(const struct fci *fci, uint8_t suite)
{
	for (size_t i = 0; i < fci->suite_count; i++) {
		if (fci->suites[i] == suite)
			return true;
	}
	return false;
}

/* What the card says of itself before it has proved anything can only be refused early. */
static enum rc check_card(const struct sc *sc, const struct policy_card *row)
{
	const uint8_t *expected = identity_card(sc->identity);
	enum rc rc;

	if (sc->fci.life_cycle != FCI_PERSONALISED) {
		log_error("the card at %s is not personalised: it has no identity yet",
			  transport_address(sc->wire.transport));
		return RC_STATE;
	}
	if (expected && !view_equal(view_of(expected, CVC_ID), view_of(sc->fci.card_id, CVC_ID))) {
		log_error("the card at %s is not the one expected there",
			  transport_address(sc->wire.transport));
		return RC_POLICY;
	}
	if (!offers(&sc->fci, row->suite)) {
		log_error("the card at %s does not offer suite %02X; another suite is spoken only "
			  "with cards that the policy names",
			  transport_address(sc->wire.transport), row->suite);
		return RC_POLICY;
	}
	rc = policy_check_suite(sc->policy, row->suite);
	return rc == RC_OK ? policy_check(row) : rc;
}

/* A host that may show itself only with few roles here does not show more. */
static enum rc check_host(const struct sc *sc, const struct policy_card *row)
{
	const struct identity_key *key = identity_find(sc->identity, row->suite);

	return key ? policy_check_roles(sc->policy, key->certificate.roles) : RC_OK;
}

/* The handshake, with the card's certificate from its keeper and back to it. */
static enum rc open_session(struct sc *sc, const struct policy_card *row)
{
	const struct sc_certificates *keeper = sc->certificates;
	const uint8_t *id = sc->fci.card_id;
	struct buf known, used;
	enum rc rc;

	buf_init(&known, CERTIFICATES_MAX);
	buf_init(&used, CERTIFICATES_MAX);
	if (keeper && keeper->read(id, row->suite, &known) == RC_OK)
		buf_view(&used, view_buf(&known));
	if (buf_rc(&used) != RC_OK)
		buf_reset(&used);
	rc = scp10_open(&sc->wire, sc->identity, row, id, &used, &sc->sm);
	if (rc == RC_OK && keeper && !view_equal(view_buf(&known), view_buf(&used)))
		keeper->write(id, row->suite, view_buf(&used));
	buf_free(&known);
	buf_free(&used);
	return rc;
}

static enum rc connect_once(struct sc *sc)
{
	const struct policy_card *row;
	uint64_t before;
	uint16_t sw;
	enum rc rc = RC_OK;

	if (!sc->selected)
		rc = select_bare(sc, &sw);
	if (rc == RC_SW && sc->for_issuer)
		rc = select_issuer(sc);
	if (rc == RC_SW && sw == SW_FUNCTION_NOT_SUPPORTED) {
		log_error("the card at %s is locked or terminated (status %04X): it serves nobody "
			  "but its issuer, who can take a lock off",
			  transport_address(sc->wire.transport), sw);
		rc = RC_POLICY;
	} else if (rc == RC_SW || rc == RC_MALFORMED) {
		log_error("the card at %s does not have the token application",
			  transport_address(sc->wire.transport));
		rc = RC_POLICY;
	}
	if (rc == RC_OK && !sc->identity)
		rc = sc->identify(sc->identify_arg, sc->fci.card_id, &sc->identity);
	if (rc != RC_OK)
		return rc;
	row = policy_find(sc->policy, sc->fci.card_id);
	if (!row) {
		log_error("the settings do not name the card at %s, and only named cards are "
			  "spoken to",
			  transport_address(sc->wire.transport));
		return RC_POLICY;
	}
	rc = check_card(sc, row);
	if (rc == RC_OK)
		rc = check_host(sc, row);
	if (rc != RC_OK)
		return rc;
	before = sc->wire.apdus;
	rc = open_session(sc, row);
	if (rc != RC_OK) {
		sc->selected = false;
		if (rc == RC_RESET)
			sc->has_channel = false;
		return rc;
	}
	sc->handshake_apdus = sc->wire.apdus - before;
	sc->suite = row->suite;
	sc->level = row->level ? row->level : LEVEL_ALL;
	sc->authenticated = !row->level || row->level & LEVEL_R_MAC;
	memcpy(sc->card_id, sc->fci.card_id, CVC_ID);
	sc->epoch++;
	log_info("channel open: suite %02X, %u APDUs", sc->suite,
		 (unsigned int)sc->handshake_apdus);
	return RC_OK;
}

enum rc sc_connect(struct sc *sc)
{
	enum rc rc = RC_OK;

	if (sc->sm)
		return RC_OK;
	if (sc->is_second && sc->epoch)
		return RC_RESET;
	if (!sc->identity && !sc->identify) {
		log_error("the host has no identity for the card at %s",
			  transport_address(sc->wire.transport));
		return RC_STATE;
	}
	/* A card that is reset in the middle of it is begun with again, once. */
	transport_begin(sc->wire.transport);
	for (int i = 0; i < ATTEMPTS; i++) {
		rc = connect_once(sc);
		if (rc != RC_RESET)
			break;
	}
	transport_end(sc->wire.transport);
	return rc;
}

void sc_set_identify(struct sc *sc, sc_identify identify, void *arg)
{
	sc->identify = identify;
	sc->identify_arg = arg;
}

void sc_set_issuer(struct sc *sc)
{
	sc->for_issuer = true;
}

void sc_set_certificates(struct sc *sc, const struct sc_certificates *certificates)
{
	sc->certificates = certificates;
}

/* Suites 01 and 02 send errors bare: GPCS F.3.2.3. */
static bool is_bare_error(const struct sc *sc, struct view data, uint16_t sw)
{
	return sc->suite != SUITE_42 && !data.len && !sw_is_normal(sw);
}

/* Judges a protected command's answer. *ret_lost: by the card's bare word it has no session. */
static enum rc judge(struct sc *sc, struct view data, uint16_t sw, struct view *ret_answer,
		     bool *ret_lost)
{
	enum rc rc;

	if (session_is_lost(data, sw) && !sc->wire.fetched) {
		*ret_lost = true;
		*ret_answer = view_of(NULL, 0);
		rc = is_bare_error(sc, data, sw) ? RC_OK : RC_RESET;
		end_session(sc, "the card has none");
		return rc;
	}
	if (is_bare_error(sc, data, sw)) {
		*ret_answer = view_of(NULL, 0);
		/* Where no answer is authenticated a held-back one is no worse than any other. */
		if (sc->authenticated)
			end_session(sc, "an error came without a MAC");
		return RC_OK;
	}
	rc = messaging_verify(sc->sm, data, sw, ret_answer);
	if (rc == RC_AUTH)
		log_error("an answer of the card at %s does not verify; the channel is closed",
			  transport_address(sc->wire.transport));
	if (rc != RC_OK)
		end_session(sc, "an answer does not verify");
	return rc;
}

/*
 * One attempt. *ret_again: another may follow, since the card did not have this one, or, where the
 * command is repeatable, says so in an answer that anybody on the line can make.
 */
static enum rc attempt(struct sc *sc, const struct apdu *command, bool repeatable,
		       struct view *ret_answer, uint16_t *ret_sw, bool *ret_again)
{
	struct apdu plain = *command, outer;
	bool lost = false;
	struct view data;
	enum rc rc;

	*ret_again = false;
	if (plain.data.len > sc->fci.command_max)
		return RC_SPACE;
	/* Inside, a long Le also goes to a card without extended length, and asks for the whole answer. */
	plain.extended = plain.le > 256 || (sc->wire.extended &&
					    (plain.extended || plain.data.len > APDU_SHORT_DATA));
	rc = messaging_protect(sc->sm, &plain, &outer);
	if (rc == RC_SPACE)
		return rc;
	if (rc == RC_STATE) {
		*ret_again = true;
		rc = RC_RESET;
	}
	if (rc == RC_OK) {
		/* A short command may grow past 255 bytes. */
		if (sc->wire.extended && outer.data.len > APDU_SHORT_DATA) {
			outer.extended = true;
			outer.le = 65536;
		}
		rc = wire_exchange(&sc->wire, &outer, &data, ret_sw);
		*ret_again = rc == RC_RESET && !sc->wire.executed;
		if (rc == RC_MALFORMED)
			rc = RC_AUTH;
	}
	if (rc != RC_OK) {
		end_session(sc, rc_name(rc));
		return rc;
	}
	rc = judge(sc, data, *ret_sw, ret_answer, &lost);
	*ret_again = lost && repeatable;
	return rc;
}

static enum rc exchange(struct sc *sc, const struct apdu *command, bool repeatable,
			struct view *ret_answer, uint16_t *ret_sw)
{
	bool alone = false;
	struct view answer;
	enum rc rc = RC_OK;
	bool again = true;
	uint16_t sw;

	for (int i = 0; i < ATTEMPTS && again; i++) {
		/*
		 * The handshake and what it is made for are one operation, the first time and when
		 * the channel was lost: a new channel is the first to be taken by others.
		 */
		if (!sc->sm && !alone) {
			transport_begin(sc->wire.transport);
			alone = true;
		}
		rc = sc_connect(sc);
		if (rc != RC_OK)
			break;
		rc = attempt(sc, command, repeatable, &answer, &sw, &again);
	}
	if (alone)
		transport_end(sc->wire.transport);
	buf_reset(&sc->scratch);
	if (rc != RC_OK)
		return rc;
	*ret_answer = answer;
	*ret_sw = sw;
	return RC_OK;
}

void sc_begin(struct sc *sc)
{
	transport_begin(sc->wire.transport);
}

void sc_end(struct sc *sc)
{
	transport_end(sc->wire.transport);
}

enum rc sc_exchange_view(struct sc *sc, const struct apdu *command, struct view *ret_answer,
			 uint16_t *ret_sw)
{
	return exchange(sc, command, false, ret_answer, ret_sw);
}

enum rc sc_exchange_repeatable(struct sc *sc, const struct apdu *command, struct view *ret_answer,
			       uint16_t *ret_sw)
{
	return exchange(sc, command, true, ret_answer, ret_sw);
}

/* Gives the channel back, as far as the card still listens. */
static void close_channel(struct sc *sc)
{
	const struct apdu command = {
		.ins = INS_MANAGE_CHANNEL, .p1 = P1_CLOSE, .p2 = (uint8_t)sc->wire.channel};
	enum rc rc = RC_OK;
	struct view data;
	uint16_t sw;
	bool again;

	/*
	 * A card in a session that the host has given up ends that one at the first. A channel of which
	 * the session is lost may be somebody else's (end_session).
	 */
	for (int i = 0; i < ATTEMPTS && rc == RC_OK && sc->has_channel; i++) {
		rc = sc->sm ? attempt(sc, &command, false, &data, &sw, &again)
			    : wire_exchange(&sc->wire, &command, &data, &sw);
		sc->has_channel = sc->has_channel && rc == RC_OK && session_is_lost(data, sw);
	}
	if (rc != RC_OK)
		trace_note(&sc->wire.trace, "the channel was not closed");
	sc->has_channel = false;
}

enum rc sc_share(struct sc *sc, struct sc **ret)
{
	const struct apdu command = {.ins = INS_MANAGE_CHANNEL, .le = 1};
	struct transport *transport = NULL;
	struct sc *other = NULL;
	struct view data;
	uint8_t number;
	uint16_t sw;
	enum rc rc = transport_share(sc->wire.transport, &transport);

	if (rc == RC_OK)
		rc = sc_open(&transport, sc->identity, sc->policy, &other);
	if (rc == RC_OK)
		rc = exchange(sc, &command, false, &data, &sw);
	if (rc == RC_OK &&
	    (sw != SW_OK || view_u8(&data, &number) != RC_OK || !number || number > CHANNEL_MAX))
		rc = RC_STATE;
	if (rc != RC_OK) {
		sc_close(&other);
		transport_close(&transport);
		return rc;
	}
	other->certificates = sc->certificates;
	other->is_second = true;
	other->wire.channel = number;
	other->has_channel = true;
	*ret = other;
	return RC_OK;
}

enum rc sc_exchange(struct sc *sc, const struct apdu *command, struct buf *answer, uint16_t *ret_sw)
{
	size_t before = answer->len;
	struct view data;
	uint16_t sw;
	enum rc rc = sc_exchange_view(sc, command, &data, &sw);

	if (rc != RC_OK)
		return rc;
	buf_view(answer, data);
	rc = buf_rc(answer);
	if (rc == RC_OK)
		*ret_sw = sw;
	else
		buf_truncate(answer, before);
	return rc;
}

struct buf *sc_scratch(struct sc *sc)
{
	buf_reset(&sc->scratch);
	return &sc->scratch;
}

bool sc_is_connected(const struct sc *sc)
{
	return sc->sm != NULL;
}

uint64_t sc_epoch(const struct sc *sc)
{
	return sc->epoch;
}

uint8_t sc_suite(const struct sc *sc)
{
	return sc->suite;
}

const uint8_t *sc_card_id(const struct sc *sc)
{
	return sc->sm ? sc->card_id : NULL;
}

uint8_t sc_level(const struct sc *sc)
{
	return sc->sm ? sc->level : 0;
}

struct view sc_dek(const struct sc *sc)
{
	return sc->sm ? messaging_dek(sc->sm) : view_of(NULL, 0);
}

unsigned int sc_channel(const struct sc *sc)
{
	return sc->wire.channel;
}

uint64_t sc_change_counter(const struct sc *sc)
{
	return sc->change_counter;
}

void sc_set_change_counter(struct sc *sc, uint64_t counter)
{
	sc->change_counter = counter;
}

bool sc_is_extended(const struct sc *sc)
{
	return sc->wire.extended;
}

void sc_figures(const struct sc *sc, struct sc_figures *ret)
{
	*ret = (struct sc_figures){
		.apdus = sc->wire.apdus,
		.sent = sc->wire.sent,
		.received = sc->wire.received,
		.sessions = sc->epoch,
		.handshake_apdus = sc->handshake_apdus,
	};
}
