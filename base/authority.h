/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An authority that issues card-verifiable certificates (BSI TR-03110-3 C.1), in a directory:
 *
 *	authority.key   its private key: PEM, PKCS#8, 0600, enciphered if there is a passphrase
 *	authority.cvc   its certificate; an issuer's: the chain from below the authority to its own
 *	authority.pub   its public key, 7F49: what an issuer has certified
 *	issued/         every certificate that it made, named holder-effective date-suite
 *	revoked.list    its revocation list (base/revocation.h), once there is one
 *	link.cvc        the certificate that the authority before it gave it
 *
 * The authority proper signs itself and is the trust point of cards; an issuer is certified by it or
 * by another issuer. An open authority holds its directory against other processes. Not thread safe.
 * Every failure says its sentence. Dates are yymmdd.
 */
#ifndef INTAGLIO_BASE_AUTHORITY_H
#define INTAGLIO_BASE_AUTHORITY_H

#include "base/cvc.h"
#include "base/pem.h"

enum {
	AUTHORITY_CHAIN_MAX = 4 * CVC_MAX,
	AUTHORITY_BITS_MIN = 2048,
	AUTHORITY_BITS_MAX = 4096,
	AUTHORITY_HOLDER_MIN = CVC_ID, /* a holder reference ends with the id */
};

struct authority;

struct authority_options {
	const char *holder; /* NULL: one is made */
	unsigned int bits;
	bool issuer; /* only key and public key are made; another authority certifies it */
	unsigned int roles; /* of the authority's own certificate: all that it may pass on */
	uint32_t effective; /* 0: today */
	unsigned int years;
	struct view passphrase; /* of the private key; empty: it is not enciphered */
};

/* A holder reference: a prefix of six characters, then eight random ones, which are the id. */
enum rc authority_make_holder(const char *prefix, char ret[CVC_REFERENCE_MAX + 1]) WARN_UNUSED;

/* Makes a directory. RC_EXISTS if it holds an authority; RC_ARGUMENT for options out of range. */
enum rc authority_create(const char *dir, const struct authority_options *options) WARN_UNUSED;
/*
 * Opens one. RC_NOT_FOUND; RC_POLICY if others may read the key; RC_AUTH without the passphrase, or
 * if certificate, key or list do not belong together; RC_MALFORMED.
 */
enum rc authority_open(const char *dir, const struct pem_passphrase *passphrase,
		       struct authority **ret) WARN_UNUSED;
void authority_close(struct authority **authority);

const struct cvc *authority_certificate(const struct authority *authority);
/* ROLE_ bits that it may pass on: its own, and of everybody above an issuer. */
unsigned int authority_roles(const struct authority *authority);
/* What a holder presents before his own certificate: empty, or an issuer's chain. */
struct view authority_chain(const struct authority *authority);
/* The revocation list, E1; empty if there is none. Valid until the next authority_revoke. */
struct view authority_revocations(const struct authority *authority);

enum authority_kind { AUTHORITY_HOST, AUTHORITY_CARD, AUTHORITY_ISSUER };

struct authority_request {
	enum authority_kind kind;
	unsigned int roles; /* of a host or issuer, at least one; of a card, none */
	uint8_t suite; /* that the key serves; of an issuer, 0 */
	const char *holder; /* letters and digits; NULL: one is made */
	EVP_PKEY *key; /* the holder's, public part */
	uint32_t effective; /* 0: today, or the earliest that a revocation leaves */
	unsigned int years; /* cut off where the authority's own certificate ends */
};

/*
 * Issues a certificate, keeps it in issued/ and appends it. RC_POLICY: roles that the authority does
 * not have, a card's from an issuer without the role issuer, a key that is too short or certified for something else; RC_EXISTS: the reference is
 * somebody else's, or its newest certificate is not older than this one; RC_EXPIRED: the authority's
 * own certificate has.
 */
enum rc authority_issue(struct authority *authority, const struct authority_request *request,
			struct buf *out) WARN_UNUSED;
/*
 * The same holder, key, roles and suite with new dates (effective 0: today), so that the id stays.
 * RC_AUTH if the certificate is not of this authority; RC_EXPIRED if it has expired; RC_POLICY if it
 * is revoked; else as authority_issue.
 */
enum rc authority_renew(struct authority *authority, const struct cvc *old, uint32_t effective,
			unsigned int years, struct buf *out) WARN_UNUSED;
/*
 * Certifies the next authority under the key of this one: the certificate that replaces the trust
 * point of a card. It is kept in next's directory as link.cvc and appended, and next's revocation
 * list takes over what this one's says. RC_POLICY if either is an issuer's, or the next one has a
 * role that this one has not.
 */
enum rc authority_link(struct authority *authority, struct authority *next,
		       struct buf *out) WARN_UNUSED;
/*
 * Revokes every certificate of a holder that is effective before earliest (0: everything issued so
 * far, tomorrow at the soonest). The new list is kept. RC_NOT_FOUND if earliest is 0 and nothing was
 * issued to this holder; RC_POLICY in an issuer's directory; RC_SPACE if the list is full.
 */
enum rc authority_revoke(struct authority *authority, const char *holder, uint32_t earliest,
			 uint32_t *ret_earliest) WARN_UNUSED;
/* Calls each with every certificate issued, by name and date, until one call fails. */
enum rc authority_list(struct authority *authority,
		       enum rc (*each)(void *arg, const struct cvc *certificate),
		       void *arg) WARN_UNUSED;

#endif
