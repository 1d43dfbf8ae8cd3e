/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Result codes of every layer below the Cryptoki surface. RC_ARGUMENT is a broken contract of our
 * own; RC_MALFORMED and RC_AUTH are bad bytes from the other side; the two are never confused.
 */
#ifndef INTAGLIO_BASE_RC_H
#define INTAGLIO_BASE_RC_H

#define WARN_UNUSED __attribute__((warn_unused_result))

enum rc {
	RC_OK = 0,
	RC_ARGUMENT, /* the caller broke the function's contract */
	RC_MEMORY, /* no memory */
	RC_CRYPTO, /* libcrypto failed at something that should have worked */
	RC_MALFORMED, /* the peer's bytes do not parse */
	RC_AUTH, /* a MAC, signature, certificate or cryptogram does not verify */
	RC_EXPIRED, /* a certificate is outside its dates */
	RC_POLICY, /* well-formed, but policy (suite, role, issuer) does not allow it */
	RC_STATE, /* not possible in the present state */
	RC_NOT_FOUND, /* no such record, card, file, key */
	RC_EXISTS, /* it is there already */
	RC_SPACE, /* the output buffer is too small, or the value too large */
	RC_FULL, /* the card's memory is full */
	RC_IO, /* a system call failed; errno tells which way */
	RC_DAMAGED, /* the card's memory is damaged and the card refuses to start */
	RC_REMOVED, /* the card or reader is gone */
	RC_RESET, /* the card was reset, or the secure channel session is gone */
	RC_FORKED, /* called in a child process that does not own the card */
	RC_SW, /* the card answered with a status word that the caller must judge */
};

/* The name of a code, for logs and test output; never NULL. */
const char *rc_name(enum rc rc);

#endif
