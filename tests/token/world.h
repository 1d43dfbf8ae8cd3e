/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A principal card and two targets, embedded ones on simulated disks, which lie under card_open and
 * card_transmit here: for the tests of installations by the real host. Who is to be gone, and after
 * which APDU, is said beforehand; disks are taken away and put back between two uses of the cards.
 * The state is the process's own, for there is one data directory. Programs link with --wrap of both.
 */
#ifndef INTAGLIO_TESTS_TOKEN_WORLD_H
#define INTAGLIO_TESTS_TOKEN_WORLD_H

#include "card/card.h"
#include "tests/disk.h"
#include "token/token.h"

enum { PRINCIPAL = 0, TARGET = 1, SECOND = 2, CARDS = 3, ALL = 3, NOBODY = 4 };
enum { WORLD_LIST = 16 };

struct world_plan {
	CK_ULONG protocol; /* of the targets: 2 or 3 */
	CK_ULONG activations;
	CK_ULONG flags; /* of CK_INTAGLIO_PRINCIPAL_LOAD */
	CK_ULONG block; /* of the targets' key set; 0: what short commands hold */
	bool shared; /* the targets have the same keys */
	bool several; /* a library and a package of two applications, else a package of one */
	bool upgrade; /* the first target has an older version of all that */
};

/* What the principal tells. */
struct world_state {
	CK_ULONG left, used, pending, retries;
	size_t events[6]; /* by their kind */
};

/* What a card tells of its contents. */
struct world_content {
	CK_INTAGLIO_CONTENT list[WORLD_LIST];
	CK_ULONG count;
};

/* For a suite: makes three cards by their first use. */
int world_make(void);
int world_remove(void);

/* The cards as the plan says, from those made once; nobody is gone. */
void world_begin(const struct world_plan *plan);
/* The disks as they are, and as they were kept; each kept one is freed by the caller, or by put. */
void world_keep(struct disk *ret[CARDS]);
void world_copy(struct disk *const kept[CARDS]);
/* The disk of one card is another one from now on, which is the world's. */
void world_put(int which, struct disk *disk);
struct disk *world_disk(int which);
/* The directory of a card, as card_open is given it; valid until the next call. */
const char *world_directory(int which);

/*
 * who (or ALL: the host is dead) is gone after so many APDUs to it: the last one was carried out, and
 * its answer is lost. NOBODY: all are there again.
 */
void world_lose(int who, long apdus);
bool world_is_lost(void);
/* Whether the first target is in a reader without extended length. */
void world_shorten(bool is_short);
/* heard(command) for every command to the first target; NULL: no longer. */
void world_listen(void (*heard)(struct view command));

/* The slots as a new process finds them, and its end. */
void world_open(void);
void world_close(void);
struct slot *world_slot(int which);

/*
 * One whole try of application 1 by a host that is begun for it; stop: at which call its Progress
 * cancels, 0 at none. flags of CK_INTAGLIO_TRANSFER.
 */
CK_RV world_install(int which, unsigned int stop, CK_ULONG flags);
/* How often the last one said that it was waiting. */
unsigned int world_waits(void);
/*
 * The application is put on the principal, in slots that are open; name: the sixth byte of the last
 * package's AID from now on, which is 5 at the beginning.
 */
CK_RV world_load(CK_BYTE name);
/* The issuer's or installer's own calls, each by a host of its own. */
CK_RV world_give_up(void);
CK_RV world_charge(CK_ULONG count);
/* Takes the packages off the first target, with what was made of them. */
void world_delete(void);

struct world_state world_state(void);
void world_content(int which, struct world_content *ret);
bool world_content_equal(const struct world_content *a, const struct world_content *b);
/* How many a card has: 10 * applications + packages of the new version + 100 * of the older one. */
size_t world_count(int which);
/* The same of packages whose AIDs have this as their sixth byte. */
size_t world_count_named(int which, CK_BYTE name);
/* What it is when all is on it once. */
size_t world_complete(void);

#endif
