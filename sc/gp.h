/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GlobalPlatform commands as functions (GPCS 11), to a security domain of any vendor's card: in a
 * channel from a key set (SCP02, SCP03), in one with the issuer's role (SCP10), or bare, where only
 * reads work. A struct gp has a connection of its own, and ends its session when it is closed.
 * Threading as struct sc. Functions with ret_sw fail with RC_SW, and the card's word in it, besides
 * the failures of the transport and RC_AUTH.
 */
#ifndef INTAGLIO_SC_GP_H
#define INTAGLIO_SC_GP_H

#include "base/aid.h"
#include "base/diversify.h"
#include "sc/connection.h"
#include "sc/keychannel.h"

struct gp;

enum { GP_PRIVILEGES = 3, GP_MODULES_MAX = 16, GP_PROTOCOLS_MAX = 8, GP_KEYS_MAX = 32 };

/*
 * Selects the security domain of this AID, or with none the issuer's, and opens a channel with it.
 * keys may be NULL: bare. The transport is taken over, and nulled, on success; nobody else reaches
 * the card until the close. Says a sentence for: RC_NOT_FOUND no such domain or key version; RC_AUTH the
 * keys are not the card's; RC_POLICY as keychannel_begin.
 */
enum rc gp_open_keys(struct transport **transport, const struct keychannel_keys *keys,
		     struct view domain, struct gp **ret) WARN_UNUSED;
/* The same over SCP10; the connection is taken over, and nulled, on success. */
enum rc gp_open_role(struct sc **sc, struct view domain, struct gp **ret) WARN_UNUSED;
void gp_close(struct gp **gp);
/* Between these two others may reach the card, on channels of their own; the session goes on. */
void gp_pause(struct gp *gp);
void gp_resume(struct gp *gp);

/* The name of the selected domain, as its FCI tells or as it was asked for; may be empty. */
struct view gp_domain(const struct gp *gp);
/* The channel, NULL if there is none from a key set. */
const struct keychannel *gp_channel(const struct gp *gp);
/* Class 80 for INSTALL [for load] and LOAD; see keychannel_protect. */
void gp_set_published_class(struct gp *gp);
void gp_figures(const struct gp *gp, struct sc_figures *ret);

/*
 * The key diversification bytes, from which a card's own keys are derived (base/diversify.h): those
 * that the channel was opened with, or over SCP10 those that our card's INITIALIZE UPDATE answers.
 * RC_STATE without a channel.
 */
enum rc gp_diversification(const struct gp *gp, uint8_t ret[DIVERSIFY_DATA]) WARN_UNUSED;
/*
 * Carries a whole command APDU that somebody else has made for this domain, on a bare connection, and
 * appends the whole answer, status word and all. RC_MALFORMED: it is none; RC_SPACE: too long for this
 * reader or card. Whatever session this was in ends with the close.
 */
enum rc gp_carry(struct gp *gp, struct view command, struct buf *answer,
		 uint16_t *ret_sw) WARN_UNUSED;
/* Bytes of data that such a command may have. */
size_t gp_carry_max(const struct gp *gp);

/* Appends what GET DATA answers for a tag. */
enum rc gp_get_data(struct gp *gp, uint16_t tag, struct buf *out, uint16_t *ret_sw) WARN_UNUSED;

/* Card Recognition Data, GPCS H.2: what a card says of itself, to be believed as far as that goes. */
struct gp_recognition {
	uint8_t version[3]; /* of GPCS; zeros: not told */
	struct {
		uint8_t protocol, i;
		bool has_i; /* some cards leave it out */
	} protocols[GP_PROTOCOLS_MAX];
	size_t protocol_count;
};
/* Of the object 66, with or without its tag. RC_MALFORMED. */
enum rc gp_parse_recognition(struct view data, struct gp_recognition *ret) WARN_UNUSED;

/* Key information template, GPCS 11.3.3.1. */
struct gp_key {
	uint8_t id, version, type, len;
};
/* Of the object E0, with or without its tag; as many as fit. RC_MALFORMED. */
enum rc gp_parse_keys(struct view data, struct gp_key ret[GP_KEYS_MAX],
		      size_t *ret_count) WARN_UNUSED;

/* GET STATUS. */
enum gp_kind {
	GP_ISSUER_DOMAIN = 0x80,
	GP_APPLICATIONS = 0x40,
	GP_FILES = 0x20,
	GP_MODULES = 0x10
};
struct gp_entry {
	enum gp_kind kind; /* GP_MODULES: a load file with its modules */
	struct aid aid;
	uint8_t life_cycle;
	uint8_t privileges[GP_PRIVILEGES];
	struct aid domain, file; /* all zero: not told */
	uint8_t version[2]; /* of a load file; zeros: not told */
	struct aid modules[GP_MODULES_MAX];
	size_t module_count;
};
typedef enum rc (*gp_see)(void *arg, const struct gp_entry *entry);
/*
 * Calls see for every entry of a kind, in the format of today or, with a card that has it not, in that
 * of GPCS 2.1.1; GP_MODULES becomes GP_FILES where a card has not that. None is no failure. What see
 * returns but RC_OK ends it and is returned.
 */
enum rc gp_list(struct gp *gp, enum gp_kind kind, gp_see see, void *arg,
		uint16_t *ret_sw) WARN_UNUSED;

/* INSTALL [for load]; hash of the data block, domain and parameters may be empty. */
struct gp_load {
	struct view file, domain, hash, parameters;
};
enum rc gp_install_for_load(struct gp *gp, const struct gp_load *load,
			    uint16_t *ret_sw) WARN_UNUSED;
/* Bytes of a load file that one LOAD holds; wanted 0: as many as is sensible for card and channel. */
size_t gp_block_size(const struct gp *gp, size_t wanted);
/* One LOAD. */
enum rc gp_load_block(struct gp *gp, unsigned int number, bool last, struct view block,
		      uint16_t *ret_sw) WARN_UNUSED;
/* INSTALL but for load: P1 as GPCS table 11-40. parameters are the data objects, C9 and others. */
enum {
	GP_FOR_INSTALL = 0x04,
	GP_FOR_SELECTABLE = 0x08,
	GP_FOR_EXTRADITION = 0x10,
	GP_FOR_PERSONALISATION = 0x20,
	GP_FOR_REGISTRY_UPDATE = 0x40,
};
struct gp_install {
	uint8_t purpose; /* GP_FOR_ bits */
	struct view file, module, instance, privileges, parameters;
};
enum rc gp_install(struct gp *gp, const struct gp_install *install, uint16_t *ret_sw) WARN_UNUSED;
/* related: with what was installed from it. */
enum rc gp_delete(struct gp *gp, struct view aid, bool related, uint16_t *ret_sw) WARN_UNUSED;
enum rc gp_delete_keys(struct gp *gp, uint8_t version, uint16_t *ret_sw) WARN_UNUSED;
/* SET STATUS: kind GP_ISSUER_DOMAIN is the card, GP_APPLICATIONS an application or domain. */
enum rc gp_set_status(struct gp *gp, enum gp_kind kind, uint8_t life_cycle, struct view aid,
		      uint16_t *ret_sw) WARN_UNUSED;
/*
 * PUT KEY of a whole set: keys->version is the new one; replaces: the version that goes, 0: none.
 * AES keys unless keys->protocol is SCP02. The check values that the card answers are compared,
 * RC_AUTH. RC_ARGUMENT without a channel.
 */
enum rc gp_put_keys(struct gp *gp, const struct keychannel_keys *keys, uint8_t replaces,
		    uint16_t *ret_sw) WARN_UNUSED;

#endif
