/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GlobalPlatform registry, GPCS 6.6 and 6.4: security domains, applications, and load files with
 * their modules. One record an entry (RECORD_REGISTRY | number); the built-in entries are there
 * without a record until something about them changes. Entries are walked in the order of their
 * numbers, which is the order of installation.
 */
#ifndef INTAGLIO_CARD_REGISTRY_H
#define INTAGLIO_CARD_REGISTRY_H

#include "base/aid.h"
#include "base/crypto.h"
#include "card/nvm.h"

enum { PRIVILEGES = 3, MODULES_MAX = 16, PARAMETERS_MAX = 255 };

enum registry_kind { REGISTRY_DOMAIN = 1, REGISTRY_APPLICATION = 2, REGISTRY_LOAD_FILE = 3 };

/* Which kind of applet an application or a module is. */
enum applet_kind {
	APPLET_NONE,
	APPLET_TOKEN, /* the PKCS#11 token and its ledgers */
	APPLET_DOMAIN, /* the card manager: issuer and supplementary security domains */
	APPLET_LOADED, /* downloaded code */
	APPLET_PKCS15, /* the token's objects as ISO/IEC 7816-15 */
	APPLET_PRINCIPAL, /* the principal card: installs on other cards, and counts */
};

/* The built-in entries. */
enum {
	REGISTRY_ISD = 1,
	REGISTRY_TOKEN = 2,
	REGISTRY_DOMAIN_FILE = 3,
	REGISTRY_PKCS15 = 4,
	REGISTRY_PRINCIPAL_FILE = 5,
	REGISTRY_FIRST_FREE = 16,
};

/* Life cycle states, GPCS 11.1.1: of load files, applications, domains, and of the card (the ISD's). */
enum {
	LIFE_LOADED = 0x01,
	LIFE_INSTALLED = 0x03,
	LIFE_SELECTABLE = 0x07,
	LIFE_PERSONALIZED = 0x0F,
	LIFE_LOCKED_BIT = 0x80,
	LIFE_OP_READY = 0x01,
	LIFE_INITIALIZED = 0x07,
	LIFE_SECURED = 0x0F,
	LIFE_CARD_LOCKED = 0x7F,
	LIFE_TERMINATED = 0xFF,
};

/* Privileges by their byte and bit, GPCS 11.1.2. */
enum {
	PRIVILEGE_DOMAIN = 0x800000,
	PRIVILEGE_DAP = 0xC00000,
	PRIVILEGE_DELEGATED = 0xA00000,
	PRIVILEGE_CARD_LOCK = 0x100000,
	PRIVILEGE_CARD_TERMINATE = 0x080000,
	PRIVILEGE_CARD_RESET = 0x040000, /* selected where nothing else was */
	PRIVILEGE_CVM = 0x020000,
	PRIVILEGE_MANDATED_DAP = 0xC10000,
	PRIVILEGE_TRUSTED_PATH = 0x008000,
	PRIVILEGE_AUTHORIZED = 0x004000,
	PRIVILEGE_TOKEN = 0x002000,
	PRIVILEGE_GLOBAL_DELETE = 0x001000,
	PRIVILEGE_GLOBAL_LOCK = 0x000800,
	PRIVILEGE_GLOBAL_REGISTRY = 0x000400,
	PRIVILEGE_FINAL = 0x000200,
	PRIVILEGE_GLOBAL_SERVICE = 0x000100,
	PRIVILEGE_RECEIPT = 0x000080,
	PRIVILEGE_CIPHERED_LOAD = 0x000040,
};

/* Kinds of memory, GPCS 9.7. */
enum { MEMORY_VOLATILE, MEMORY_NON_VOLATILE, MEMORY_KINDS };

struct registry_entry {
	uint32_t number;
	enum registry_kind kind;
	struct aid aid;
	uint8_t life_cycle;
	uint32_t privileges; /* three bytes, first byte highest */
	uint32_t domain; /* number of the security domain it belongs to */
	uint32_t load_file; /* number of the load file it was installed from; 0 for load files */
	struct aid module; /* it was installed from */
	enum applet_kind applet;
	/* Of a load file: */
	uint8_t version[2]; /* of the package, major and minor */
	uint32_t size; /* bytes of code, kept in RECORD_LOAD_FILE records */
	uint8_t hash[SHA256_SIZE]; /* of the code */
	struct aid modules[MODULES_MAX];
	uint8_t module_count;
	/* Of an application: the application specific installation parameters. */
	uint8_t parameters[PARAMETERS_MAX];
	uint8_t parameters_len;
	/* And what memory it was promised, and may use at most, by kind. */
	uint32_t reserved[MEMORY_KINDS], quota[MEMORY_KINDS];
	bool has_quota[MEMORY_KINDS];
};

/* RC_NOT_FOUND, RC_DAMAGED. */
enum rc registry_get(struct nvm *nvm, uint32_t number, struct registry_entry *ret) WARN_UNUSED;
/* The first entry above after. RC_NOT_FOUND at the end. */
enum rc registry_next(struct nvm *nvm, uint32_t after, struct registry_entry *ret) WARN_UNUSED;
/* The entry of exactly this AID. RC_NOT_FOUND. */
enum rc registry_find(struct nvm *nvm, struct view aid, struct registry_entry *ret) WARN_UNUSED;
/* Bytes that an entry has in card memory. */
size_t registry_size(const struct registry_entry *entry);
/* Puts or replaces an entry, inside a transaction. */
enum rc registry_put(struct nvm *nvm, const struct registry_entry *entry) WARN_UNUSED;
/* Deletes an entry, inside a transaction. RC_POLICY: it is built in. */
enum rc registry_delete(struct nvm *nvm, uint32_t number) WARN_UNUSED;
/*
 * Numbers for so many new entries, the first goes to *ret, inside the transaction that puts them. No number is ever used again: what
 * still holds the one of a deleted entry, a channel of another process, finds nothing. RC_FULL.
 */
enum rc registry_numbers(struct nvm *nvm, uint32_t count, uint32_t *ret) WARN_UNUSED;
/*
 * The entry that is selected where nothing was: it has the Card Reset privilege, else the ISD; on a
 * locked or terminated card the ISD, which alone has the Final Application privilege.
 */
enum rc registry_default(struct nvm *nvm, struct registry_entry *ret) WARN_UNUSED;
/* The card's life cycle state: the ISD's. LIFE_TERMINATED if it cannot be read. */
uint8_t registry_card_state(struct nvm *nvm);

#endif
