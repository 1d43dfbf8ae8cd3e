/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of the token application as functions, in the order of doc/commands.md: each builds the
 * data objects, exchanges one command and parses the answer. All fail as sc_exchange does, with
 * RC_SW and *ret_sw when the card refuses, and with RC_MALFORMED for an answer of the wrong form;
 * *ret_sw is written for RC_OK and RC_SW. Answers are appended to the caller's buffer, and only on
 * success. The change counter of an answer goes to sc_change_counter. Threading as struct sc.
 */
#ifndef INTAGLIO_SC_APPLICATION_H
#define INTAGLIO_SC_APPLICATION_H

#include "sc/connection.h"

enum application_pin { APPLICATION_USER = 1, APPLICATION_SO = 2 };
enum { APPLICATION_PIN_MIN = 4, APPLICATION_PIN_MAX = 64, APPLICATION_LABEL = 32 };

/*
 * What the functions below are made of: one counted command (CLA, INS, P1, P2 and Le of header) with
 * the data built in sc_scratch, or NULL for none. ret_answer is what follows the change counter,
 * valid until the next use of the connection.
 */
enum rc application_exchange(struct sc *sc, const struct apdu *header, struct buf *data,
			     struct view *ret_answer, uint16_t *ret_sw) WARN_UNUSED;
/* The same; the answer is appended to out. */
enum rc application_append(struct sc *sc, const struct apdu *header, struct buf *data,
			   struct buf *out, uint16_t *ret_sw) WARN_UNUSED;
/* Instructions of CLA 80 for ledgers. */
enum {
	APPLICATION_INS_CREATE_LEDGER = 0xD0,
	APPLICATION_INS_SEAL = 0xD2,
	APPLICATION_INS_OPEN_RECORD = 0xD4,
	APPLICATION_INS_LEDGER_STATUS = 0xD6,
	APPLICATION_INS_LAST_RECEIPT = 0xDC,
	APPLICATION_INS_KEEP_LEDGER = 0xDE,
};
/* Le of a command whose answer may be long: whatever there is. */
enum { APPLICATION_LE_SHORT = 256, APPLICATION_LE_ALL = 65536 };

/* Personalisation, bare, on a fresh card. Appends the public key, a 7F49 data object. */
enum rc application_generate_card_key(struct sc *sc, struct policy_reference reference,
				      uint8_t suite, unsigned int bits, struct buf *public_key,
				      uint16_t *ret_sw) WARN_UNUSED;

struct application_certificate {
	struct policy_reference reference;
	struct view certificate; /* one 7F21 */
};
struct application_personalisation {
	struct view authority; /* one 7F21 */
	const struct application_certificate *certificates;
	size_t certificate_count;
	struct view suites; /* that the card accepts, one byte each */
	uint8_t lowest_level; /* 0: the card's default, 33 */
	bool by_use; /* key numbering of suite 01 as step 134' has it, not GPCS */
	bool plain_certificates; /* P2 AE is accepted */
	const struct application_certificate
		*hosts; /* stored host keys: the chains that lead to them */
	size_t host_count;
};
/* Personalisation, bare: everything at once; the card is personalised or nothing changed. */
enum rc application_personalise(struct sc *sc, const struct application_personalisation *p,
				uint16_t *ret_sw) WARN_UNUSED;

/* What application_update_trust brings; at least one of the three. */
struct application_trust {
	struct view
		link; /* the next authority's certificate under the present one's key; may be empty */
	const struct application_certificate *certificates; /* renewed, of the card */
	size_t certificate_count;
	struct view revocations; /* the authority's list, base/revocation.h; may be empty */
};
/* In a session of an issuer: everything at once, or nothing changed. */
enum rc application_update_trust(struct sc *sc, const struct application_trust *trust,
				 uint16_t *ret_sw) WARN_UNUSED;

/* PINs. 63Cx: wrong, x tries left; 6983: locked; 6984: not set. */
enum rc application_verify(struct sc *sc, enum application_pin who, struct view pin,
			   uint16_t *ret_sw) WARN_UNUSED;
/*
 * Gives the user's login on one connection to another one (sc_share) of the same host, without the
 * PIN; opens its session first. RC_SW: nobody is logged in.
 */
enum rc application_share_login(struct sc *from, struct sc *to, uint16_t *ret_sw) WARN_UNUSED;
/* Ends the verified status of both PINs. */
enum rc application_logout(struct sc *sc, uint16_t *ret_sw) WARN_UNUSED;
enum rc application_change_pin(struct sc *sc, enum application_pin who, struct view old_pin,
			       struct view new_pin, uint16_t *ret_sw) WARN_UNUSED;
/* The SO, who is logged in, sets the user PIN. */
enum rc application_set_user_pin(struct sc *sc, struct view new_pin, uint16_t *ret_sw) WARN_UNUSED;
/* With the SO PIN, on its counter, in any session: sets the user PIN and unlocks it. */
enum rc application_unblock(struct sc *sc, struct view so_pin, struct view new_pin,
			    uint16_t *ret_sw) WARN_UNUSED;

enum rc application_initialise_token(struct sc *sc, struct view so_pin,
				     const uint8_t label[APPLICATION_LABEL],
				     uint16_t *ret_sw) WARN_UNUSED;

struct application_token {
	uint8_t label[APPLICATION_LABEL];
	uint8_t card_id[CVC_ID];
	uint8_t flags; /* FCI_ bits */
	uint8_t user_tries, so_tries; /* left */
	uint64_t memory, free_memory; /* bytes */
	uint16_t cos_version;
};
enum rc application_token_info(struct sc *sc, struct application_token *ret,
			       uint16_t *ret_sw) WARN_UNUSED;

/* Appends len random bytes of the card's; any len, in as many commands as it takes. */
enum rc application_random(struct sc *sc, size_t len, struct buf *out,
			   uint16_t *ret_sw) WARN_UNUSED;

/*
 * Objects travel rendered: `number 4 || length 4 || attribute list`, one after the other. Takes the
 * next one from the front; RC_MALFORMED if it is cut off or its list is not one.
 */
enum rc application_next_object(struct view *objects, uint32_t *ret_number,
				struct view *ret_attributes) WARN_UNUSED;

/* Appends two rendered objects, the public one first. mechanism: a CKM value. */
enum rc application_generate_key_pair(struct sc *sc, uint32_t mechanism, struct view public_list,
				      struct view private_list, struct buf *objects,
				      uint16_t *ret_sw) WARN_UNUSED;
/* A secret key; appends one rendered object. */
enum rc application_generate_key(struct sc *sc, uint32_t mechanism, struct view list,
				 struct buf *object, uint16_t *ret_sw) WARN_UNUSED;
/* Appends one rendered object. */
enum rc application_create_object(struct sc *sc, struct view list, struct buf *object,
				  uint16_t *ret_sw) WARN_UNUSED;
/* Appends the rendered objects above a number, ascending, as many as fit into one answer. */
enum rc application_read_objects(struct sc *sc, bool private_objects, uint32_t above,
				 struct buf *objects, bool *ret_more, uint16_t *ret_sw) WARN_UNUSED;
/* Appends one rendered object. */
enum rc application_set_attributes(struct sc *sc, uint32_t number, struct view list,
				   struct buf *object, uint16_t *ret_sw) WARN_UNUSED;
enum rc application_destroy_object(struct sc *sc, uint32_t number, uint16_t *ret_sw) WARN_UNUSED;

enum application_operation {
	APPLICATION_SIGN,
	APPLICATION_DECRYPT,
	APPLICATION_DERIVE,
	APPLICATION_ENCRYPT,
	APPLICATION_VERIFY, /* the parameter is the MAC; 6300 if it is wrong */
	APPLICATION_WRAP,
	APPLICATION_UNWRAP,
};
struct application_key_operation {
	enum application_operation operation;
	uint32_t key; /* object number */
	uint32_t mechanism; /* a CKM value */
	struct view parameter; /* doc/commands.md, parameters of KEY OPERATION */
	struct view input;
};
/* Appends the signature, plaintext or secret. */
enum rc application_key_operation(struct sc *sc, const struct application_key_operation *operation,
				  struct buf *output, uint16_t *ret_sw) WARN_UNUSED;

/* Wraps an object, whose number stands in the place of the input; appends the wrapped key. */
enum rc application_wrap_object(struct sc *sc, const struct application_key_operation *operation,
				uint32_t target, struct buf *output, uint16_t *ret_sw) WARN_UNUSED;
/* Unwraps the input into an object with this list; appends one rendered object. */
enum rc application_unwrap_object(struct sc *sc, const struct application_key_operation *operation,
				  struct view list, struct buf *object,
				  uint16_t *ret_sw) WARN_UNUSED;

/* Ledgers. */
struct application_policy {
	struct view label; /* UTF-8, 1 to 64 bytes */
	struct view auditor; /* who countersigns: text of a tlog-cosignature key; may be empty */
	struct view escrow; /* who may decipher: modulus of an RSA key; may be empty */
	struct view rules; /* data objects 90 to 95 of doc/ledger.md; may be empty */
	struct view proof; /* of an auditor's certificate; may be empty */
};
/* Appends one rendered object. */
enum rc application_ledger_create(struct sc *sc, const struct application_policy *policy,
				  struct buf *object, uint16_t *ret_sw) WARN_UNUSED;

enum { APPLICATION_NONCE = 16 };
struct application_seal {
	uint32_t ledger; /* object number */
	uint8_t nonce[APPLICATION_NONCE]; /* client nonce: host time in ms 8 || random 8 */
	uint16_t type;
	uint64_t time; /* host time, ms since 1970 */
	struct view plaintext;
};
/*
 * Appends leaf and receipt, or both leaves of a record longer than LEAF_PLAINTEXT_MAX and the receipt
 * of the second; durable on the card when this returns RC_OK. After any failure but that of the card
 * itself the same call may be made again. *ret_is_stored becomes true, and never false, once the card
 * has said that the record is stored; what fails then is the reading of its first leaf.
 */
enum rc application_ledger_seal(struct sc *sc, const struct application_seal *seal,
				struct buf *sealed, bool *ret_is_stored,
				uint16_t *ret_sw) WARN_UNUSED;
/* Appends header and plaintext of a leaf by its index, or by its bytes. */
enum rc application_ledger_open(struct sc *sc, uint32_t ledger, uint64_t index, struct buf *record,
				uint16_t *ret_sw) WARN_UNUSED;
enum rc application_ledger_open_sealed(struct sc *sc, uint32_t ledger, struct view leaf,
				       struct buf *record, uint16_t *ret_sw) WARN_UNUSED;
/* Appends the leaf. */
enum rc application_ledger_read_leaf(struct sc *sc, uint32_t ledger, uint64_t index,
				     struct buf *leaf, uint16_t *ret_sw) WARN_UNUSED;
/* Appends the leaves from an index on, one after the other, as many as fit into one answer. */
enum rc application_ledger_read_leaves(struct sc *sc, uint32_t ledger, uint64_t index,
				       struct buf *leaves, uint16_t *ret_sw) WARN_UNUSED;
struct application_ledger {
	uint64_t leaves, pruned; /* pruned: so many from the front are gone */
	struct view checkpoint; /* the newest note */
	struct view cosigned; /* the countersigned one, empty if there is none */
	uint8_t warnings; /* LEDGER_ flags of base/ledger.h */
	uint64_t backwards,
		newest_backwards; /* records whose host time was before the last one's */
};
/* The views are valid until the next use of the connection. */
enum rc application_ledger_status(struct sc *sc, uint32_t ledger, struct application_ledger *ret,
				  uint16_t *ret_sw) WARN_UNUSED;
/*
 * Brings a countersigned checkpoint. 6A80: the countersignature does not verify, or it is none of this
 * ledger's; 6985: it is not larger than the one that is there, or nobody countersigns this ledger.
 */
enum rc application_ledger_cosign(struct sc *sc, uint32_t ledger, struct view note,
				  uint16_t *ret_sw) WARN_UNUSED;
/* Drops the first size leaves. 6985: not countersigned so far, or not so many; 6982: roles. */
enum rc application_ledger_prune(struct sc *sc, uint32_t ledger, uint64_t size,
				 uint16_t *ret_sw) WARN_UNUSED;
/* Appends the ledger's certificate, base/ledger_certificate.h. 6985: the card has no key for it. */
enum rc application_ledger_certificate(struct sc *sc, uint32_t ledger, struct buf *certificate,
				       uint16_t *ret_sw) WARN_UNUSED;
/* Appends leaf, or both, and receipt of the newest record. 6A83 if there is none. */
enum rc application_ledger_last_receipt(struct sc *sc, uint32_t ledger, struct buf *sealed,
					uint16_t *ret_sw) WARN_UNUSED;

#endif
