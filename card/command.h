/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a command handler sees, and the rows of the one table that says which command is served in
 * which state and to which role. Handlers get plain, authorised commands and append plain answers;
 * secure messaging, chaining, GET RESPONSE and the checks of the row are the dispatcher's.
 */
#ifndef INTAGLIO_CARD_COMMAND_H
#define INTAGLIO_CARD_COMMAND_H

#include "base/apdu.h"
#include "base/cvc.h"
#include "base/sw.h"
#include "card/nvm.h"

struct card;
struct applet; /* card/applet.h */
struct keyed;
struct manager;
struct principal;
struct scp10;
struct token_ram; /* card/ram.h */

/* Whose PIN a channel has verified. */
enum pin_status { PIN_NONE, PIN_USER, PIN_SO };

enum { CHANNEL_COUNT = 20, CARD_KEY_SIZE = 32 };

/* One logical channel; all of it is RAM of this card instance. */
struct channel {
	unsigned int number;
	bool open;
	uint32_t application; /* that is selected, by its number in the registry; 0: none yet */
	const struct applet *applet; /* what kind it is; NULL: none yet */
	uint32_t file; /* that is selected, card/pkcs15_file.h; 0: none */
	struct token_ram *ram; /* of the card instance, the same in every channel; the card's */
	struct scp10 *scp10; /* handshake state and session, card/scp10.h */
	struct keyed *keyed; /* channel from a key set, card/keyed.h; NULL before the first */
	struct manager *
		manager; /* card content management in hand, card/manager.h; NULL before the first */
	struct principal *principal; /* installation in hand, card/principal.h; NULL likewise */
	unsigned int roles; /* of the session's certificate, 0 without a session */
	enum pin_status pin;
	uint8_t *user_key; /* CARD_KEY_SIZE bytes from secret_new while pin is not PIN_NONE, else NULL */
	uint64_t pin_generation; /* the PIN record's generation at VERIFY; another one ends the status */
	struct buf
		sealing; /* first part of a record on its way in, card/ledger.c; ends with the PIN status */
	bool reauthenticated; /* VERIFY since the last operation of a CKA_ALWAYS_AUTHENTICATE key */
};

struct command {
	struct card *card;
	struct nvm *nvm;
	struct channel *channel;
	const uint8_t *card_id; /* CVC_ID bytes, zeros before personalisation */
	uint8_t cla, ins, p1, p2; /* CLA without channel, chaining and secure messaging bits */
	struct view data;
	uint32_t le; /* as in struct apdu */
	struct buf *answer; /* append here; thrown away unless the status word is normal */
	struct slot *slot; /* the dispatcher's; NULL: called by something else */
	const struct command_row *row; /* that it was found in */
};

/*
 * card/dispatch.c: protects the answer before the handler returns, for one that waits for a commit and
 * has a thread to spare; nothing is sent. Nothing may be appended to the answer after it. A handler that
 * then returns anything but 9000 ends the session.
 */
void command_protect_ahead(struct command *c);

/* Serves one command and returns its status word. */
typedef uint16_t (*command_handler)(struct command *c);

/* When a row is served. */
enum command_state {
	STATE_FRESH, /* bare, on a card that is not personalised */
	STATE_SETUP, /* bare: the channel's own set-up commands, SELECT, public reads */
	STATE_SESSION, /* under secure messaging */
	STATE_USER, /* as SESSION, and the user PIN is verified on this channel */
	STATE_SO, /* as SESSION, and the SO PIN is verified on this channel */
	STATE_LOGIN, /* as SESSION, and either PIN is verified */
};

struct command_row {
	uint8_t cla, ins;
	enum command_state state;
	unsigned int roles; /* any one of these is enough; 0: no session's role is asked for */
	bool counted; /* a 9000 answer begins with the change counter, 8 bytes */
	command_handler handler;
	const char *name;
	bool alone; /* its transactions are one: no other process writes in between */
};

/* The families, each in the file of its name; rows end with a NULL handler. */
extern const struct command_row token_commands[]; /* card/token.c */
extern const struct command_row pin_commands[]; /* card/pin.c */
extern const struct command_row object_commands[]; /* card/object.c */
extern const struct command_row key_commands[]; /* card/key.c */
extern const struct command_row ledger_commands[]; /* card/ledger.c */

/* Record identifiers in card memory, by kind; the low 24 bits count within the kind. */
enum record_kind {
	RECORD_CARD =
		0x01000000, /* life cycle, policy, certificates, trust points (card/identity.c) */
	RECORD_CARD_KEY = 0x02000000, /* | version << 8 | index: the card's own key pairs */
	RECORD_TOKEN =
		0x03000000, /* label, flags, change counter, next object number (card/token.c) */
	RECORD_PIN = 0x04000000, /* | 1 user, 2 SO */
	RECORD_OBJECT = 0x10000000, /* | object number */
	RECORD_LEDGER = 0x20000000, /* | object number: keys and policy of a ledger */
	RECORD_LEDGER_STATE = 0x21000000, /* | object number: card/ledger_state.h */
	RECORD_LEDGER_NONCES =
		0x22000000, /* to 0x3F000000, | object number: card/ledger_nonces.h */
	RECORD_REGISTRY = 0x40000000, /* | number of the entry, card/registry.h */
	RECORD_LOAD_FILE = 0x41000000, /* | number of the load file << 8 | part: its code */
	RECORD_KEYSET = 0x42000000, /* | number of the security domain << 8 | version */
	RECORD_KEYSET_COUNTER = 0x43000000, /* as above: the sequence counter */
	RECORD_DOMAIN_DATA =
		0x44000000, /* | number of the security domain: what was stored in it */
	RECORD_KEYRING =
		0x45000000, /* | number of the security domain << 8 | version: other keys */
	RECORD_CONFIRMATIONS = 0x46000000, /* | number of the security domain: receipts it made */
	RECORD_PRINCIPAL = 0x50000000, /* pending entry and audit's ends, card/principal_store.h */
	RECORD_PRINCIPAL_KEYS = 0x51000000, /* | number of the key set */
	RECORD_PRINCIPAL_APPLICATION = 0x52000000, /* | number: its script */
	RECORD_PRINCIPAL_COUNTER = 0x53000000, /* | number: its activations */
	RECORD_PRINCIPAL_FILE = 0x54000000, /* | number of the load file */
	RECORD_PRINCIPAL_PART = 0x55000000, /* | number << 8 | part: its code */
	RECORD_PRINCIPAL_AUDIT = 0x56000000, /* | sequence number */
	RECORD_PRINCIPAL_LAST = RECORD_PRINCIPAL_AUDIT,
	RECORD_KIND_MASK = 0x7F000000,
};

/* card/token.c: state of the token that several families need. */
/* The change counter; 0 on a fresh card. */
uint64_t token_change_counter(struct nvm *nvm);
/* Counts one change of what is public, inside the transaction that makes it. */
void token_count_change(struct nvm *nvm);
/* The flags byte of SELECT and TOKEN INFO. */
uint8_t token_flags(struct nvm *nvm);
/* SHA-256 over all public objects as READ OBJECTS renders them, in order. */
enum rc token_public_digest(struct nvm *nvm, uint8_t ret[SHA256_SIZE]) WARN_UNUSED;
/* Ends the channel's PIN status and wipes what it held. */
void pin_forget(struct channel *channel);
/* True while the channel's PIN status still holds for the PIN record in card memory. */
bool pin_holds(struct nvm *nvm, const struct channel *channel);
/* The status word for a failure of the card's own memory or libcrypto. */
uint16_t command_sw(enum rc rc);
/* Ends a transaction: commits if all went well so far, else aborts and returns what went wrong. */
enum rc command_commit(struct nvm *nvm, enum rc rc) WARN_UNUSED;

#endif
