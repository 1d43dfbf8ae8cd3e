/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One active operation: C_*Init fills it, the calls that follow read it, and it is empty again when
 * its result was given or it failed. Files of the same folder do the work of one family each:
 * sign.c, verify.c, cipher.c, seal.c, digest.c. Inputs and results that have to be kept lie in a
 * buffer that is wiped.
 */
#ifndef INTAGLIO_TOKEN_OPERATION_H
#define INTAGLIO_TOKEN_OPERATION_H

#include "token/mechanism.h"
#include "token/store.h"
#include "token/token.h"

struct leaf_header; /* base/ledger.h */

enum { OPERATION_DATA_MAX = 65536 };

struct operation {
	const struct mechanism *mechanism; /* NULL: not active */
	struct mechanism_parameter parameter;
	bool is_multipart; /* an update was made: C_Sign and the like are no longer possible */
	bool is_private; /* its key is a private object */
	bool has_result; /* data holds the result, which did not fit or was not fetched yet */
	bool asks_each_time; /* its key has CKA_ALWAYS_AUTHENTICATE */
	bool needs_context; /* CKA_ALWAYS_AUTHENTICATE, and the PIN was not given since */
	bool is_beside; /* its key is used beside other threads', token/lane.h */
	bool in_parts; /* its parts need not wait for the last one */
	bool is_restricted; /* its key has CKA_ALLOWED_MECHANISMS */
	uint64_t given; /* bytes of a key stream that were used */
	bool is_unsaveable; /* a digest that had too much, or a key, in */
	bool has_signature; /* a verification that was given its signature first */
	uint32_t number; /* of the key on the card */
	size_t modulus; /* bytes of an RSA modulus, or of an EC field element */
	EVP_PKEY *key; /* a public key, for what the host does; owned */
	EVP_MD_CTX *md; /* kept between operations once it was needed */
	struct buf label; /* OAEP's, or the parameter of a cipher, or SM2's Z; owned */
	struct buf secret; /* value of a session key; owned */
	struct buf signature; /* owned */
	struct buf data; /* input so far, or the result */
	struct buf past; /* input of a digest so far, for C_GetOperationState */
};

/* Makes an operation of zeros ready for use. */
void operation_prepare(struct operation *o);
/* Ends the operation and keeps what the next one can use. */
void operation_end(struct operation *o);
/* Ends it for good and gives everything back. */
void operation_discard(struct operation *o);

/*
 * The two-call rule, in one place: CKR_OK and *ret_go true if the caller shall now write at most
 * need bytes; else the CKR to return, with *len set.
 */
CK_RV operation_room(CK_BYTE_PTR out, CK_ULONG_PTR len, size_t need, bool *ret_go);
/* Gives what lies in o->data under the same rule, and ends the operation when it was taken. */
CK_RV operation_give(struct operation *o, CK_BYTE_PTR out, CK_ULONG_PTR len);
/* Whether the CKA_ALLOWED_MECHANISMS of a list, if it has them, name this one. */
bool operation_allows(struct view list, CK_MECHANISM_TYPE type);
/* Adds input to o->data; CKR_DATA_LEN_RANGE past OPERATION_DATA_MAX. */
CK_RV operation_collect(struct operation *o, struct view in);

/* Of a digest: remembers input as long as its state can be saved (token/state.c). */
void state_remember(struct operation *o, struct view in);

/* Starts, feeds and finishes the host's hash of an operation. */
CK_RV digest_start(struct operation *o);
CK_RV digest_update(struct operation *o, struct view in);
CK_RV digest_finish(struct operation *o, uint8_t ret[EVP_MAX_MD_SIZE], size_t *ret_len);

/*
 * Puts Z of an SM2 signature into o->label, from the parameter's identifier and the key's point, which
 * private keys have, too. CKR_KEY_TYPE_INCONSISTENT: it has none.
 */
CK_RV sign_identify(struct operation *o, const struct object *key);
/* Bytes of the signature that the operation will make or check. */
size_t signature_size(const struct operation *o);
/*
 * What is signed, from all the data or its hash: DigestInfo for PKCS #1 v1.5 with a hash, a digest,
 * or the data. block holds at least SIGN_INPUT_MAX bytes; the view is of it or of data.
 */
enum { SIGN_INPUT_MAX = 512 };
CK_RV sign_input(struct operation *o, struct view data, uint8_t *block, struct view *ret);
/* One signature by the card; out holds signature_size bytes. */
CK_RV sign_by_card(struct session *s, struct operation *o, struct view input, CK_BYTE_PTR out,
		   CK_ULONG_PTR out_len);
/* CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE. */
CK_RV verify_on_host(struct operation *o, struct view input, struct view signature);

/* Appends what an RSA signature was made from. CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE. */
CK_RV recover_on_host(struct operation *o, struct view signature, struct buf *ret);

/* The most bytes that encryption with a public key makes, and that decryption gives. */
size_t encrypted_size(const struct operation *o, size_t plaintext);
size_t decrypted_size(const struct operation *o, size_t ciphertext);
/* RSA or SM2 encryption by the host with o->key; out holds encrypted_size bytes. */
CK_RV encrypt_on_host(struct operation *o, struct view in, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
/* RSA or SM2 decryption by the card into o->data. */
CK_RV decrypt_by_card(struct session *s, struct operation *o, struct view in);
/* The same by a key that unwraps. */
CK_RV unwrap_by_card(struct session *s, struct operation *o, struct view in);

/* Seals, and asks again once where the answer was lost. Appends leaf and receipt. */
struct application_seal;
CK_RV seal_once(struct slot *slot, const struct application_seal *seal, struct buf *sealed);
/*
 * Appends the plaintext of the record that begins at index, of one leaf or two; the header is the
 * first's. The card's failures as RC_SW, 6A83 also where index is the second leaf of a record.
 */
enum rc seal_open_index(struct slot *slot, uint32_t ledger, uint64_t index, struct buf *record,
			struct leaf_header *ret_header, uint16_t *ret_sw) WARN_UNUSED;
/* Seals in into out, which holds in.len + CK_INTAGLIO_SEAL_OVERHEAD bytes. */
CK_RV seal_record(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
		  CK_ULONG_PTR out_len);
/* Opens a sealed record, or with no input the one of the parameter's index, into o->data. */
CK_RV seal_open(struct session *s, struct operation *o, struct view in);

#endif
