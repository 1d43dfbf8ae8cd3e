/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A principal card's application from the host's side (doc/principal.md): a connection of its own,
 * in whose SCP10 session the application is selected, and what the issuer puts there and reads. The
 * installations that it drives are in sc/transfer.h. Threading as struct sc. Functions with ret_sw
 * fail with RC_SW, and the card's word in it, besides the failures of sc_exchange_view; RC_RESET also
 * where the session is not the one any more in which the application was selected.
 */
#ifndef INTAGLIO_SC_PRINCIPAL_CARD_H
#define INTAGLIO_SC_PRINCIPAL_CARD_H

#include "base/diversify.h"
#include "sc/connection.h"

struct principal_card;

/* Names of the application, and of what it is installed from. */
struct view principal_card_aid(void);
struct view principal_card_file(void);
struct view principal_card_module(void);

/*
 * The connection is taken over, and nulled. RC_NOT_FOUND, with a sentence: the card is no principal
 * card.
 */
enum rc principal_card_open(struct sc **sc, struct principal_card **ret) WARN_UNUSED;
void principal_card_close(struct principal_card **p);
void principal_card_figures(const struct principal_card *p, struct sc_figures *ret);

/*
 * One command; data NULL, or built in principal_card_scratch. ret is valid until the next one;
 * another word than 9000 is RC_SW.
 */
enum rc principal_card_ask(struct principal_card *p, const struct apdu *header, struct buf *data,
			   struct view *ret, uint16_t *ret_sw) WARN_UNUSED;
struct buf *principal_card_scratch(struct principal_card *p);

/* A key set of target cards. */
enum { PRINCIPAL_CARD_KEYS = 3, PRINCIPAL_CARD_KEY_MAX = 32, PRINCIPAL_CARD_CHECK = 3 };
struct principal_card_keys {
	uint8_t number, type, i, version, flags;
	uint16_t block;
	size_t len; /* of each key; 0: the set is deleted */
	uint8_t key[PRINCIPAL_CARD_KEYS][PRINCIPAL_CARD_KEY_MAX];
	uint8_t check[PRINCIPAL_CARD_KEYS][PRINCIPAL_CARD_CHECK]; /* told, not put */
};
enum rc principal_card_put_keys(struct principal_card *p, const struct principal_card_keys *keys,
				uint16_t *ret_sw) WARN_UNUSED;

/* A load file's code and the data of its INSTALL [for load]: begin, blocks, end. */
enum rc principal_card_begin_file(struct principal_card *p, uint16_t number, struct view code,
				  struct view install, uint16_t *ret_sw) WARN_UNUSED;
/* The next block from the front of rest, as large as goes. */
enum rc principal_card_add_block(struct principal_card *p, struct view *rest,
				 uint16_t *ret_sw) WARN_UNUSED;
enum rc principal_card_end_file(struct principal_card *p, uint16_t *ret_sw) WARN_UNUSED;
enum rc principal_card_delete_file(struct principal_card *p, uint16_t number,
				   uint16_t *ret_sw) WARN_UNUSED;
/* An application's definition; empty: it is deleted with its activations. */
enum rc principal_card_put_application(struct principal_card *p, uint16_t number,
				       struct view definition, uint16_t *ret_sw) WARN_UNUSED;
enum rc principal_card_charge(struct principal_card *p, uint16_t number, uint32_t serial,
			      uint32_t count, uint16_t *ret_sw) WARN_UNUSED;
enum rc principal_card_trim(struct principal_card *p, uint32_t sequence,
			    uint16_t *ret_sw) WARN_UNUSED;
enum rc principal_card_give_up(struct principal_card *p, uint64_t time_ms,
			       uint16_t *ret_sw) WARN_UNUSED;

/* What it tells, P1 of PRINCIPAL STATUS. */
enum principal_card_list {
	PRINCIPAL_CARD_COUNTERS = 0x00,
	PRINCIPAL_CARD_KEY_SETS = 0x01,
	PRINCIPAL_CARD_FILES = 0x02,
	PRINCIPAL_CARD_PENDING = 0x03,
	PRINCIPAL_CARD_TRAIL = 0x04,
};
/* Appends all of it, page after page, of the trail from an entry on. */
enum rc principal_card_status(struct principal_card *p, enum principal_card_list what,
			      uint32_t from, struct buf *out, uint16_t *ret_sw) WARN_UNUSED;

/* Each takes one entry from the front of what status answered; RC_MALFORMED. */
struct principal_card_counter {
	uint16_t number;
	uint32_t left, used, serial, last;
};
enum rc principal_card_next_counter(struct view *in,
				    struct principal_card_counter *ret) WARN_UNUSED;
enum rc principal_card_next_keys(struct view *in, struct principal_card_keys *ret) WARN_UNUSED;
struct principal_card_load_file {
	uint16_t number;
	uint32_t size;
	uint8_t hash[SHA256_SIZE];
};
enum rc principal_card_next_file(struct view *in, struct principal_card_load_file *ret) WARN_UNUSED;
struct principal_card_pending {
	uint16_t application; /* 0: there is no entry */
	uint8_t target[DIVERSIFY_DATA];
	uint8_t digest[SHA256_SIZE];
	uint8_t retries;
	uint32_t first, next; /* sequence numbers of the trail */
};
enum rc principal_card_take_pending(struct view in, struct principal_card_pending *ret) WARN_UNUSED;
struct principal_card_event {
	uint32_t sequence, date;
	uint8_t event, proved;
	uint16_t application;
	uint8_t target[DIVERSIFY_DATA];
	uint8_t digest[SHA256_SIZE];
	uint64_t time_ms;
};
enum rc principal_card_next_event(struct view *in, struct principal_card_event *ret) WARN_UNUSED;

#endif
