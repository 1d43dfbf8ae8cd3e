/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card-verifiable certificates, BSI TR-03110-3 C.1, with RSA keys: 7F21 { 7F4E { 5F29 42 7F49 5F20
 * 7F4C 5F25 5F24 65? } 5F37 }. A parsed certificate borrows from its bytes.
 */
#ifndef INTAGLIO_BASE_CVC_H
#define INTAGLIO_BASE_CVC_H

#include "base/rsa.h"

enum cvc_type { CVC_TERMINAL, CVC_DV, CVC_CVCA }; /* end, issuer, authority */

/* Roles, as bits: RFU bits 29 to 32 of id-AT (`cvc-create --at-rfu29` and on). */
enum {
	ROLE_USER = 1,
	ROLE_ISSUER = 2,
	ROLE_UPDATER = 4,
	ROLE_AUDITOR = 8,
	ROLE_ALL = 15,
};

enum { CVC_REFERENCE_MAX = 16, CVC_ID = 8, CVC_MAX = 4096 };

struct cvc {
	struct view object; /* the whole 7F21 */
	struct view body; /* 7F4E with tag and length: what is signed */
	struct view car; /* 42, certification authority reference */
	struct view chr; /* 5F20, certificate holder reference */
	struct view public_key; /* 7F49 with tag and length */
	enum rsa_scheme scheme; /* the algorithm in 7F49 */
	struct view modulus, exponent;
	enum cvc_type type;
	unsigned int roles; /* ROLE_ bits of this certificate alone */
	uint32_t effective, expiration; /* dates as yymmdd decimal, e.g. 261121 */
	uint8_t suite; /* from extension 65: 01, 02, 42; 0 if it has none */
	struct view signature; /* 5F37 */
};

/* Parses one 7F21 from the front of in. RC_MALFORMED for anything TR-03110-3 C.1 does not allow. */
enum rc cvc_parse(struct view *in, struct cvc *ret) WARN_UNUSED;
/* The certificate's public key. */
enum rc cvc_key(const struct cvc *c, EVP_PKEY **ret) WARN_UNUSED;
/* Verifies the signature with the signer's key and the scheme of the signer's 7F49. RC_AUTH. */
enum rc cvc_verify(const struct cvc *c, EVP_PKEY *signer, enum rsa_scheme scheme) WARN_UNUSED;
/*
 * Appends the value fields of the body's data objects, in their order, without tags and lengths: what
 * is signed of a certificate that does not describe itself (GPCS F.1.3.4, P2 AE).
 */
enum rc cvc_put_values(const struct cvc *c, struct buf *out) WARN_UNUSED;
/* Last 8 bytes of the holder reference: OCE id or card id. RC_MALFORMED if it has only 7. */
enum rc cvc_id(const struct cvc *c, uint8_t ret[CVC_ID]) WARN_UNUSED;
/*
 * Whether its key serves a suite. Without extension 65 the key's algorithm tells: RSASSA-PSS keys
 * serve 42 and no other, PKCS#1 v1.5 keys 01 and 02, so that no key ever serves old and new ones.
 */
bool cvc_serves(const struct cvc *c, uint8_t suite);

struct cvc_request {
	const char *car, *chr; /* 7 to 16 printable characters */
	EVP_PKEY *key; /* the holder's, public part */
	enum rsa_scheme scheme; /* that the holder's key is for */
	enum cvc_type type;
	unsigned int roles;
	uint32_t effective, expiration; /* yymmdd */
	uint8_t suite; /* 0: no extension */
};

/*
 * Makes and signs a certificate; the signer's scheme is the one of its own 7F49. Appends 7F21.
 * RC_ARGUMENT if the request's references, dates or roles are none that cvc_parse would take.
 */
enum rc cvc_issue(const struct cvc_request *request, EVP_PKEY *signer,
		  enum rsa_scheme signer_scheme, struct buf *out) WARN_UNUSED;
/* Appends the 7F49 data object of a key. */
enum rc cvc_put_key(EVP_PKEY *key, enum rsa_scheme scheme, struct buf *out) WARN_UNUSED;
/* Parses a 7F49 data object into a key. */
enum rc cvc_public_key(struct view object, enum rsa_scheme *ret_scheme, EVP_PKEY **ret) WARN_UNUSED;
/* True if yymmdd is a day of the years 2000 to 2099. */
bool cvc_date_is_real(uint32_t date);
/* The day after; the last day of 2099 has none and is returned as it is. */
uint32_t cvc_day_after(uint32_t date);
/* Today, UTC, as yymmdd. */
uint32_t cvc_today(void);
/* The date years on, at most in 2099; 29 February becomes the 28th where there is none. */
uint32_t cvc_years_on(uint32_t date, unsigned int years);
/* A date for people, 20yy-mm-dd. */
enum { CVC_DATE_TEXT = sizeof("20yy-mm-dd") };
const char *cvc_date_text(uint32_t date, char ret[CVC_DATE_TEXT]);

#endif
