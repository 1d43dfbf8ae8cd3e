/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who the host is towards a card, and whom it takes for a card: key pairs with certificate chains,
 * one for each suite, the trust point of the cards, and the one card expected. Kept in a directory:
 *
 *	host.key, host.cvc          private key and chain for suite 42
 *	host-02.key, host-02.cvc    the same for suite 02; may be absent
 *	host-01.key, host-01.cvc    the same for suite 01; may be absent
 *	authority.cvc               the authority's certificate: trust point for cards
 *	link.cvc                    links from it to the authorities that followed it; may be absent
 *	card.id                     16 hexadecimal digits: the only card accepted; may be absent
 *	revoked                     the authority's revocation list: cards that it names are refused;
 *	                            may be absent
 *
 * With links, cards of the authority and of each that followed are trusted, and the host's own chain is
 * of any of them: a card that has not followed yet gets the links before it. This ends when the newest
 * authority's certificate takes the place of authority.cvc and link.cvc is removed.
 *
 * A private key is PEM, plain or enciphered, or in its place the pkcs11: URI of a key on another
 * token. A chain is the certificates one after the other, binary, from the one that the authority signed
 * to the host's own, which is last; at most four. An identity is not changed once it is in use, and may then be
 * shared by threads; it must outlive the connections that use it.
 */
#ifndef INTAGLIO_SC_IDENTITY_H
#define INTAGLIO_SC_IDENTITY_H

#include "base/cvc.h"
#include "sc/host_key.h"

struct identity;

/* One key pair of the host. */
struct identity_key {
	uint8_t suite;
	struct host_key *key;
	struct buf chain; /* the certificates as read */
	struct cvc certificate; /* the host's own; borrows from chain */
	size_t authority; /* under which the chain begins: 0, or how many links on */
};

/* How private keys are reached. Needed only during the call. */
struct identity_options {
	const char *passphrase_file; /* whose first line opens enciphered keys; NULL: none */
	const char *module; /* of pkcs11: URIs without module-path; NULL: none */
};

/*
 * Reads a directory; options may be NULL. A sentence is said for whatever fails: RC_NOT_FOUND no such file, RC_IO not
 * readable, RC_POLICY a key file that group or others can read or write, or a certificate of
 * another suite than its name says, RC_MALFORMED bytes that are no key or certificate, RC_AUTH a
 * key that is not its certificate's or a chain that does not begin under the authority.
 */
enum rc identity_load(const char *dir, const struct identity_options *options,
		      struct identity **ret) WARN_UNUSED;
/* From memory: the authority's certificate (one 7F21). Keys are added with identity_add. */
enum rc identity_new(struct view authority, struct identity **ret) WARN_UNUSED;
/*
 * Follows links, one 7F21 after the other, each signed by the authority before it; they are copied.
 * Before keys and list are added. RC_AUTH a signature; RC_POLICY no link, more roles than before, or
 * an earlier beginning; RC_EXPIRED; RC_SPACE more than IDENTITY_LINKS_MAX; RC_MALFORMED.
 */
enum { IDENTITY_LINKS_MAX = 3 };
enum rc identity_follow(struct identity *identity, struct view links) WARN_UNUSED;
/*
 * Adds the key pair of a suite; key is taken over on success. Fails as identity_load; RC_EXISTS if
 * the suite has one.
 */
enum rc identity_add(struct identity *identity, uint8_t suite, EVP_PKEY *key,
		     struct view chain) WARN_UNUSED;
/* The same for a key that may lie elsewhere. */
enum rc identity_add_key(struct identity *identity, uint8_t suite, struct host_key *key,
			 struct view chain) WARN_UNUSED;
/* Only the card of this id is accepted from now on. */
void identity_expect_card(struct identity *identity, const uint8_t id[CVC_ID]);
/*
 * The authority's revocation list (base/revocation.h), one E1, or that of one that followed, which has
 * taken its entries over; it is copied. RC_AUTH if none of them signed it, RC_MALFORMED, RC_EXISTS if there is one already.
 */
enum rc identity_revoke(struct identity *identity, struct view list) WARN_UNUSED;
void identity_free(struct identity **identity);

/* The key pair of a suite, NULL if there is none. */
const struct identity_key *identity_find(const struct identity *identity, uint8_t suite);
/* The authority trusted of this reference: that of authority.cvc, or one that followed; else NULL. */
const struct cvc *identity_authority(const struct identity *identity, struct view reference);
bool identity_has_links(const struct identity *identity);
/*
 * Appends the chain by which the host shows this key to a card under that authority. RC_POLICY, with
 * a sentence, if it leads there from none, or with its links is longer than a card takes.
 */
enum rc identity_put_chain(const struct identity *identity, const struct identity_key *key,
			   const struct cvc *authority, struct buf *out) WARN_UNUSED;
/* True if the revocation list says that this certificate is accepted no more. */
bool identity_is_revoked(const struct identity *identity, const struct cvc *certificate);
/* The card expected, NULL if any card under the authority will do. */
const uint8_t *identity_card(const struct identity *identity);

#endif
