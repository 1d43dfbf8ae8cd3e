/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure channels from a key set, host side: SCP02 (GPCS Appendix E, i = 15 and 55) and SCP03
 * (Amendment D, S8 and S16). What the card answers to INITIALIZE UPDATE says which. A channel
 * belongs to the security domain that was selected, and is over when a command or an answer is lost.
 * Internal to sc/; threading as struct sc.
 */
#ifndef INTAGLIO_SC_KEYCHANNEL_H
#define INTAGLIO_SC_KEYCHANNEL_H

#include "base/apdu.h"
#include "base/diversify.h"
#include "base/scp02.h"
#include "base/scp03.h"

enum keychannel_protocol {
	KEYCHANNEL_ANY, /* the card chooses */
	KEYCHANNEL_SCP02,
	KEYCHANNEL_SCP03,
};

enum { KEYCHANNEL_ENC, KEYCHANNEL_MAC, KEYCHANNEL_DEK, KEYCHANNEL_KEYS };

/* A key set, with what is known of the card. Its owner wipes it. */
struct keychannel_keys {
	enum keychannel_protocol protocol;
	uint8_t version; /* 0: the card's first */
	uint8_t level; /* LEVEL_ bits; 0: the highest that protocol and card have */
	/* Parameters i that the card has told in its recognition data, of SCP02 and of SCP03. */
	struct {
		bool is_told;
		uint8_t i;
	} option[2];
	bool s16; /* the card speaks SCP03 with S16, which its host challenge has to follow */
	enum diversify_method masters; /* how the card's own keys are derived from these */
	size_t len; /* of each key: 16, and 24 or 32 for AES */
	uint8_t key[KEYCHANNEL_KEYS][SCP03_KEY_MAX];
};

struct keychannel;

/*
 * The two halves of setting one up. begin: from the host challenge and the answer to INITIALIZE
 * UPDATE; ret_command is EXTERNAL AUTHENTICATE, ready to send, its data borrowed from the channel.
 * The channel is usable once the card has answered 9000. RC_AUTH: the card's cryptogram is not of these keys; RC_POLICY, with a sentence: a
 * protocol, option or level that the card has not or we do not speak; RC_MALFORMED. The parameter i of
 * SCP02, which is not in the answer, is 15 or 55, which are one to a host, unless the card has told another;
 * that of SCP03 is the answer's, unless the card has told one that says the same of lengths.
 */
enum rc keychannel_begin(const struct keychannel_keys *keys, struct view host_challenge,
			 struct view answer, struct keychannel **ret,
			 struct apdu *ret_command) WARN_UNUSED;
void keychannel_free(struct keychannel **k);
/* Bytes of a host challenge for these keys. */
size_t keychannel_challenge_size(const struct keychannel_keys *keys);

/*
 * Protects a command. published_class: INSTALL [for load] and LOAD go out, and are authenticated, with
 * class 80, as hosts of the published description of SCP02 do. ret borrows its data until the next
 * call. RC_SPACE: too long for the protocol; then nothing has moved.
 */
enum rc keychannel_protect(struct keychannel *k, const struct apdu *plain, bool published_class,
			   struct apdu *ret) WARN_UNUSED;
/*
 * Verifies and deciphers an answer; errors are never protected and have no data. ret is valid until
 * the next call. RC_AUTH: it is not the card's.
 */
enum rc keychannel_verify(struct keychannel *k, struct view data, uint16_t sw,
			  struct view *ret) WARN_UNUSED;
/* Appends sensitive data, whole blocks, enciphered for the card: the keys of PUT KEY. */
enum rc keychannel_encipher(struct keychannel *k, struct view in, struct buf *out) WARN_UNUSED;
/* Plain bytes that a command holds whose data field has at most field bytes. */
size_t keychannel_room(const struct keychannel *k, size_t field);

/* 02 or 03; the parameter i that the card told, 0 if it is SCP02's and was not told. */
uint8_t keychannel_protocol(const struct keychannel *k);
uint8_t keychannel_parameter(const struct keychannel *k);
uint8_t keychannel_level(const struct keychannel *k);
/* The card's key diversification bytes, as it told them. */
const uint8_t *keychannel_diversification(const struct keychannel *k);
/* The keys of the card with these bytes: keys themselves unless they are masters. Wipe ret. */
enum rc keychannel_derive_keys(const struct keychannel_keys *keys,
			       const uint8_t diversification[DIVERSIFY_DATA],
			       struct keychannel_keys *ret) WARN_UNUSED;
/* The version of the card's key set. */
uint8_t keychannel_version(const struct keychannel *k);

#endif
