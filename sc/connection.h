/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection to one card: bare commands, and protected ones in an SCP10 session that is opened
 * at the first of them and again when it was lost. Command chaining, extended length and GET
 * RESPONSE are done here and seen nowhere else. A struct sc is used by one thread at a time;
 * connections share nothing but identity and policy, which no handshake changes.
 */
#ifndef INTAGLIO_SC_CONNECTION_H
#define INTAGLIO_SC_CONNECTION_H

#include "base/sw.h"
#include "sc/fci.h"
#include "sc/identity.h"
#include "sc/policy.h"
#include "sc/transport.h"

struct sc;

/*
 * Takes the transport over (and nulls it) on success. identity may be NULL: then only bare commands
 * work. policy may be NULL: the default. Sends nothing.
 */
enum rc sc_open(struct transport **transport, const struct identity *identity,
		const struct policy *policy, struct sc **ret) WARN_UNUSED;
/*
 * Who the host is, when that hangs on the card that is found: asked once, after the first SELECT,
 * with what the card says is its id. identify says a sentence when it fails.
 */
typedef enum rc (*sc_identify)(void *arg, const uint8_t card_id[CVC_ID],
			       const struct identity **ret);
void sc_set_identify(struct sc *sc, sc_identify identify, void *arg);
/*
 * For management by its issuer: where the card (CARD_LOCKED) or its token application is locked, the
 * session is opened with its issuer security domain.
 */
void sc_set_issuer(struct sc *sc);
/*
 * Who keeps cards' certificates, so that a card need not be asked for its own at every handshake.
 * Nothing that is kept is trusted: it is judged like a card's answer. read appends what was written
 * for this card and suite, RC_NOT_FOUND if nothing was; write cannot fail the caller.
 */
struct sc_certificates {
	enum rc (*read)(const uint8_t card_id[CVC_ID], uint8_t suite, struct buf *ret);
	void (*write)(const uint8_t card_id[CVC_ID], uint8_t suite, struct view certificate);
};
/* certificates is borrowed as long as the connection. */
void sc_set_certificates(struct sc *sc, const struct sc_certificates *certificates);
/*
 * A second connection to the same card on a logical channel of its own, which another thread may use
 * at the same time; it has no session yet, and one that it lost is not opened again. RC_STATE where the
 * card does one thing at a time, or has no channel to give.
 */
enum rc sc_share(struct sc *sc, struct sc **ret) WARN_UNUSED;
/* Gives a logical channel back, wipes keys and buffers and closes the transport. */
void sc_close(struct sc **sc);

/*
 * SELECT of the token application: bare before a session, protected in one. A bare answer proves
 * nothing. RC_SW with *ret_sw if the card refuses, RC_MALFORMED for an answer that is no FCI.
 */
enum rc sc_select(struct sc *sc, struct fci *ret, uint16_t *ret_sw) WARN_UNUSED;

/* What the last SELECT answered; NULL if nothing is selected. A bare answer proves nothing. */
const struct fci *sc_fci(const struct sc *sc);

/* One command outside a session (personalisation). RC_STATE while a session is up. Appends to answer. */
enum rc sc_exchange_bare(struct sc *sc, const struct apdu *command, struct buf *answer,
			 uint16_t *ret_sw) WARN_UNUSED;

/*
 * One protected command and its verified answer, whatever its status word; the session is opened
 * first if there is none. Plain CLA without channel, chaining or secure messaging bits.
 *
 * A session that was lost by a reset before the command is opened again and the command sent again,
 * once; sc_epoch has then moved, and the card has forgotten every PIN. A card that says itself that
 * it has no session (bare 6982, 6987, 6988 or 6881) may not be the one who says so: a bare status
 * word has no MAC, and the card may have executed the command. So only sc_exchange_repeatable sends
 * it again then. A command whose answer was lost is never repeated. The session is dead after each
 * of these and the next call opens another; after an error under suite 02, which is bare, as well.
 * Besides the failures of the transport and of the handshake:
 *
 * RC_AUTH	the answer does not verify; it may have been executed
 * RC_RESET	the answer was lost, or the session, and again; it may have been executed
 * RC_SPACE	the command or answer is too long for the card or for answer
 */
enum rc sc_exchange(struct sc *sc, const struct apdu *command, struct buf *answer,
		    uint16_t *ret_sw) WARN_UNUSED;
/* The same; the answer stays in the connection and is valid until its next use. */
enum rc sc_exchange_view(struct sc *sc, const struct apdu *command, struct view *ret_answer,
			 uint16_t *ret_sw) WARN_UNUSED;
/* For commands that may be executed twice: a reader, or one whose second time has no effect. */
enum rc sc_exchange_repeatable(struct sc *sc, const struct apdu *command, struct view *ret_answer,
			       uint16_t *ret_sw) WARN_UNUSED;
/*
 * From begin to end no other process's command comes between this connection's; nothing to do where
 * nobody else uses the card. Pairs nest.
 */
void sc_begin(struct sc *sc);
void sc_end(struct sc *sc);
/* An empty buffer of the connection's to build a command's data in; wiped after the next exchange. */
struct buf *sc_scratch(struct sc *sc);

/*
 * Opens the session now if there is none: SELECT and the handshake. Says a sentence for each refusal.
 * RC_AUTH: certificate or signature of one side refused by the other; RC_EXPIRED: the card's
 * certificate is outside its dates; RC_POLICY: suite, role or card id refused by either side;
 * RC_STATE: no identity for the suite, or a card that is not personalised. Never RC_SW.
 */
enum rc sc_connect(struct sc *sc) WARN_UNUSED;
/* True while a session is believed to be up. */
bool sc_is_connected(const struct sc *sc);
/* Number of sessions so far: another value than before means that the card forgot its PIN status. */
uint64_t sc_epoch(const struct sc *sc);
/* The suite of the session, 0 if there is none; the id of its card, NULL if there is none. */
uint8_t sc_suite(const struct sc *sc);
/* LEVEL_ bits of the session, 0 if there is none. */
uint8_t sc_level(const struct sc *sc);
const uint8_t *sc_card_id(const struct sc *sc);
/* The session's key for data in commands; empty without a session, or where it has none. */
struct view sc_dek(const struct sc *sc);
/* The logical channel. Where others use the card as well it is one of the connection's own. */
unsigned int sc_channel(const struct sc *sc);
/* The newest change counter that an answer carried; 0 before the first. */
uint64_t sc_change_counter(const struct sc *sc);
void sc_set_change_counter(struct sc *sc, uint64_t counter);
/* True if commands and answers may have extended lengths (known after SELECT). */
bool sc_is_extended(const struct sc *sc);

/* What went over the wire on this connection. */
struct sc_figures {
	uint64_t apdus; /* command APDUs sent */
	uint64_t sent, received; /* bytes of commands and of answers */
	uint64_t sessions; /* handshakes that came right */
	uint64_t handshake_apdus; /* of the last handshake, SELECT not counted */
};
void sc_figures(const struct sc *sc, struct sc_figures *ret);

#endif
