/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine of SCP10's set-up, card side, as one table: steps 101 to 145 of the published
 * description with the errata of doc/scp10.md, and the commands that are the same in every suite.
 * Steps 146 to 156, commands in a session, are card/sm.c's.
 */
#include "card/scp10.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/tlv.h"
#include "card/certificate.h"
#include "card/instance.h"

enum {
	P1_EXTERNAL_ONLY = 0x81,
	P1_MUTUAL = 0xC1,
	P2_NO_CERTIFICATE = 0xA4,
	P2_CERTIFICATE = 0xB6,
	P2_SELF_DESCRIPTIVE = 0xBE,
	P2_NOT_SELF_DESCRIPTIVE = 0xAE,
	ANY = -1,
	TAG_ALGORITHM = 0x80,
	TAG_PUBLIC_KEY = 0x83,
	TAG_PRIVATE_KEY = 0x84,
	ALGORITHM_SCP10 = 0x10,
	DEFAULT_REFERENCE = 1,
};

static uint16_t set_environment(struct command *c);
static uint16_t verify_certificate(struct command *c);
static uint16_t decipher(struct command *c);
static uint16_t refuse(struct command *c);
static uint16_t get_challenge(struct command *c);
static uint16_t external_authenticate(struct command *c);
static uint16_t internal_authenticate(struct command *c);

/* Shorthand for the table below only. */
enum {
	ENVIRONMENT = FLAG_ENVIRONMENT,
	HOST = FLAG_HOST,
	KEYS = FLAG_KEYS,
	CHALLENGE = FLAG_CHALLENGE,
	EXTERNAL = FLAG_EXTERNAL,
	SESSION = FLAG_SESSION,
	TRANSPORT = FAMILY_TRANSPORT,
	AGREEMENT = FAMILY_AGREEMENT,
};

/*
 * Step 101 is power-up, 102 scp10_reset, 103 the wait for a command, 104 find_row: it looks at INS,
 * P1 and P2, then at how the suite of the environment makes its keys.
 */
const struct scp10_row scp10_rows[] = {
	{
		.name = "first, 105-112: MANAGE SECURITY ENVIRONMENT",
		.ins = 0x22,
		.p1 = ANY, /* 105-107: 81 or C1, judged by the handler */
		.p2 = ANY, /* 108-110: A4 or B6 */
		.family = ANY,
		.needs = 0,
		.keeps = 0,
		.sets = ENVIRONMENT, /* 112; HOST too if 83 names a stored host key */
		.error = BACK_TO_102,
		.run = set_environment,
	},
	{
		.name = "second, 113-115: PSO verify certificate, self-descriptive",
		.ins = 0x2A,
		.p1 = 0x00,
		.p2 = P2_SELF_DESCRIPTIVE,
		.family = ANY,
		.needs = ENVIRONMENT,
		.unless = HOST,
		.keeps = ENVIRONMENT,
		.sets = 0, /* 115: the handler sets HOST with the terminal's */
		.error = BACK_TO_102,
		.run = verify_certificate,
	},
	{
		.name = "second, 113-115: PSO verify certificate, not self-descriptive",
		.ins = 0x2A,
		.p1 = 0x00,
		.p2 = P2_NOT_SELF_DESCRIPTIVE,
		.family = ANY,
		.needs = ENVIRONMENT,
		.unless = HOST,
		.keeps = ENVIRONMENT,
		.sets = 0,
		.error = BACK_TO_102,
		.run = verify_certificate, /* refuses unless the card's policy has it */
	},
	{
		.name = "third, 116-117: GET DATA certificate",
		.ins = 0xCA,
		.p1 = ANY,
		.p2 = ANY,
		.family = ANY,
		.needs = 0,
		.keeps = ENVIRONMENT | HOST | KEYS,
		.sets = 0,
		.error = BACK_TO_103,
		.run = certificate_get_data,
	},
	{
		.name = "third, 116-117: GET DATA certificate, odd instruction",
		.ins = 0xCB,
		.p1 = ANY,
		.p2 = ANY,
		.family = ANY,
		.needs = 0,
		.keeps = ENVIRONMENT | HOST | KEYS,
		.sets = 0,
		.error = BACK_TO_103,
		.run = certificate_get_data,
	},
	{
		.name = "fourth, 118-127: PSO decipher",
		.ins = 0x2A,
		.p1 = 0x80,
		.p2 = 0x84,
		.family = TRANSPORT,
		.needs = ENVIRONMENT | HOST,
		.keeps = ENVIRONMENT | HOST,
		.sets = KEYS,
		.error = BACK_TO_102,
		.run = decipher,
	},
	{
		.name = "fourth, replaced by an error",
		.ins = 0x2A,
		.p1 = 0x80,
		.p2 = 0x84,
		.family = AGREEMENT,
		.needs = 0,
		.keeps = 0,
		.sets = 0,
		.error = BACK_TO_102,
		.run = refuse,
	},
	{
		.name = "fifth, 128-130: GET CHALLENGE",
		.ins = 0x84,
		.p1 = 0x00,
		.p2 = 0x00,
		.family = TRANSPORT,
		.needs = ENVIRONMENT | HOST | KEYS,
		.keeps = ENVIRONMENT | HOST | KEYS,
		.sets = CHALLENGE,
		.error = BACK_TO_102,
		.run = get_challenge,
	},
	{
		.name = "fifth, 128'-130: GET CHALLENGE",
		.ins = 0x84,
		.p1 = 0x00,
		.p2 = 0x00,
		.family = AGREEMENT,
		.needs = ENVIRONMENT | HOST,
		.keeps = ENVIRONMENT | HOST,
		.sets = CHALLENGE,
		.error = BACK_TO_102,
		.run = get_challenge,
	},
	{
		.name = "sixth, 131-139: EXTERNAL AUTHENTICATE",
		.ins = 0x82,
		.p1 = 0x00,
		.p2 = 0x00,
		.family = TRANSPORT,
		.needs = ENVIRONMENT | HOST | KEYS | CHALLENGE,
		.keeps = 0,
		.sets = 0, /* 138: the handler sets EXTERNAL after C1, SESSION (139) after 81 */
		.error = BACK_TO_102,
		.run = external_authenticate,
	},
	{
		.name = "sixth, 131'-134': EXTERNAL AUTHENTICATE",
		.ins = 0x82,
		.p1 = 0x00,
		.p2 = 0x00,
		.family = AGREEMENT,
		.needs = ENVIRONMENT | HOST | CHALLENGE,
		.keeps = 0,
		.sets = 0, /* the handler sets EXTERNAL: the suite is mutual only */
		.error = BACK_TO_102,
		.run = external_authenticate,
	},
	{
		.name = "seventh, 140-145 and 140'-145: INTERNAL AUTHENTICATE",
		.ins = 0x88,
		.p1 = 0x00,
		.p2 = 0x00,
		.family = ANY,
		.needs = EXTERNAL,
		.keeps = 0,
		.sets = SESSION, /* 145 */
		.error = BACK_TO_102,
		.run = internal_authenticate,
	},
	{.name = NULL},
};

enum rc scp10_new(struct scp10 **ret)
{
	struct scp10 *s = calloc(1, sizeof(*s));

	if (!s)
		return RC_MEMORY;
	buf_init(&s->block, SESSION_BLOCK_MAX);
	buf_init(&s->ordered_keys, SESSION_BLOCK_MAX);
	scp10_reset(s);
	*ret = s;
	return RC_OK;
}

void scp10_free(struct scp10 **s)
{
	if (!s || !*s)
		return;
	scp10_reset(*s);
	buf_free(&(*s)->block);
	buf_free(&(*s)->ordered_keys);
	free(*s);
	*s = NULL;
}

void scp10_reset(struct scp10 *s)
{
	s->flags = 0;
	s->suite = NULL;
	s->mutual = false;
	s->certificate = false;
	s->version = DEFAULT_REFERENCE;
	s->index = DEFAULT_REFERENCE;
	s->block_good = false;
	secret_wipe(&s->binding, sizeof(s->binding));
	secret_wipe(s->challenge, sizeof(s->challenge));
	secret_wipe(s->secret, sizeof(s->secret));
	chain_reset(&s->chain);
	buf_reset(&s->block);
	buf_reset(&s->ordered_keys);
	sm_free(&s->sm);
}

bool scp10_is_up(const struct scp10 *s)
{
	return s->flags & FLAG_SESSION;
}

void scp10_interrupt(struct scp10 *s)
{
	s->flags &= ~(unsigned int)(FLAG_CHALLENGE | FLAG_EXTERNAL);
}

/* Step 104. Without an environment either of two rows will do: both need one. */
static const struct scp10_row *find_row(const struct command *c)
{
	const struct suite *suite = c->channel->scp10->suite;

	for (const struct scp10_row *row = scp10_rows; row->name; row++)
		if (row->ins == c->ins && (row->p1 == ANY || row->p1 == c->p1) &&
		    (row->p2 == ANY || row->p2 == c->p2) &&
		    (row->family == ANY || !suite || row->family == (int)suite->family))
			return row;
	return NULL;
}

/* The session is up: what only the set-up needed goes. */
static void begin_session(struct channel *channel)
{
	struct scp10 *s = channel->scp10;

	channel->roles = s->chain.roles;
	buf_reset(&s->block);
	buf_reset(&s->ordered_keys);
	secret_wipe(s->challenge, sizeof(s->challenge));
	secret_wipe(s->secret, sizeof(s->secret));
}

uint16_t scp10_step(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	const struct scp10_row *row = find_row(c);
	unsigned int before = s->flags;
	uint16_t sw = SW_CONDITIONS;

	if (!row) {
		scp10_interrupt(s);
		return SW_INCORRECT_P1P2;
	}
	s->flags = before & row->keeps;
	if ((before & row->needs) == row->needs && !(before & row->unless))
		sw = row->run(c);
	if (sw != SW_OK) {
		log_debug("SCP10 command %s refused with %04X", row->name, sw);
		if (row->error == BACK_TO_102)
			channel_end_session(c->channel);
		return sw;
	}
	s->flags |= row->sets;
	if (s->flags & FLAG_SESSION)
		begin_session(c->channel);
	return SW_OK;
}

/* 83 or 84: two bytes, or empty for the default. */
static bool take_reference(struct view *data, uint32_t tag, uint8_t reference[2])
{
	struct view value;

	if (tlv_expect(data, tag, &value) != RC_OK)
		return false;
	if (value.len == 0) {
		reference[0] = reference[1] = DEFAULT_REFERENCE;
		return true;
	}
	return value.len == 2 && view_copy(&value, reference, 2) == RC_OK;
}

/* The host's key is known, and may have to be as long as the card's (GPCS F.1.4.3). */
static uint16_t accept_host(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	const struct card_key *key;

	key = identity_key(c->card->identity, s->version, s->index);
	if (!key || (s->suite->equal_moduli && rsa_bits(key->pkey) != rsa_bits(s->chain.host)))
		return SW_WRONG_DATA;
	s->flags |= FLAG_HOST;
	return SW_OK;
}

/* The stored host key that 83 names takes the place of a presented chain. */
static uint16_t use_stored_host(struct command *c, const uint8_t reference[2])
{
	struct scp10 *s = c->channel->scp10;
	struct view chain;
	struct buf copy;
	uint16_t sw = SW_REFERENCE_NOT_FOUND;

	/* Presenting may move the date, which moves what is borrowed from memory. */
	buf_init(&copy, NVM_RECORD_MAX);
	if (identity_host_chain(c->card->identity, reference[0], reference[1], &chain) == RC_OK) {
		buf_view(&copy, chain);
		sw = buf_rc(&copy) == RC_OK ? chain_present_all(&s->chain, c->card->identity,
								s->suite, view_buf(&copy))
					    : SW_NO_DIAGNOSIS;
	}
	buf_free(&copy);
	return sw == SW_OK ? accept_host(c) : sw;
}

/* Under B6, 83 names the trust point, of which there is one: the default, or as 84 says. */
static bool names_trust_point(const uint8_t reference[2], const uint8_t card_reference[2])
{
	return (reference[0] == DEFAULT_REFERENCE && reference[1] == DEFAULT_REFERENCE) ||
	       (reference[0] == card_reference[0] && reference[1] == card_reference[1]);
}

static uint16_t bind_card_key(struct command *c, const uint8_t reference[2])
{
	struct scp10 *s = c->channel->scp10;
	const struct card_key *key;

	key = identity_key(c->card->identity, reference[0], reference[1]);
	if (!key || key->suite != s->suite->id)
		return SW_REFERENCE_NOT_FOUND;
	s->version = key->version;
	s->index = key->index;
	s->binding.suite = s->suite->id;
	s->binding.p1 = c->p1;
	s->binding.p2 = c->p2;
	memcpy(s->binding.card_key, key->key_hash, SHA256_SIZE);
	return SW_OK;
}

static uint16_t set_environment(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	uint8_t algorithm[2], host[2], card[2];
	struct view data = c->data;
	uint16_t sw;

	scp10_reset(s);
	s->mutual = c->p1 == P1_MUTUAL;
	s->certificate = c->p2 == P2_CERTIFICATE;
	if ((!s->mutual && c->p1 != P1_EXTERNAL_ONLY) ||
	    (!s->certificate && c->p2 != P2_NO_CERTIFICATE))
		return SW_INCORRECT_P1P2;
	if (tlv_copy(&data, TAG_ALGORITHM, algorithm, 2) != RC_OK ||
	    algorithm[0] != ALGORITHM_SCP10 || !take_reference(&data, TAG_PUBLIC_KEY, host) ||
	    !take_reference(&data, TAG_PRIVATE_KEY, card) || data.len)
		return SW_WRONG_DATA;
	s->suite = suite_find(algorithm[1]);
	if (!s->suite || !identity_accepts_suite(c->card->identity, algorithm[1]))
		return SW_FUNCTION_NOT_SUPPORTED;
	if ((s->suite->mutual_only && !s->mutual) ||
	    (s->suite->certificate_only && !s->certificate))
		return SW_INCORRECT_P1P2;
	sw = bind_card_key(c, card);
	if (sw != SW_OK)
		return sw;
	if (!s->certificate)
		return use_stored_host(c, host);
	return names_trust_point(host, card) ? SW_OK : SW_REFERENCE_NOT_FOUND;
}

static uint16_t verify_certificate(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	enum chain_form form = CHAIN_SELF_DESCRIPTIVE;
	uint16_t sw;

	if (c->p2 != P2_SELF_DESCRIPTIVE) {
		/* Never under the modern suite: values without lengths can be cut apart in two ways. */
		if (!identity_accepts_values_only(c->card->identity) || !s->suite->sha1)
			return SW_FUNCTION_NOT_SUPPORTED;
		form = CHAIN_VALUES_ONLY;
	}
	sw = chain_present(&s->chain, c->card->identity, s->suite, form, c->data);
	return sw == SW_OK && s->chain.host ? accept_host(c) : sw;
}

static uint16_t decipher(struct command *c)
{
	return c->channel->scp10->suite->decipher(c);
}

static uint16_t refuse(struct command *c)
{
	(void)c;
	return SW_CONDITIONS;
}

static uint16_t get_challenge(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	enum rc rc;

	if (c->data.len || (c->le != 256 && c->le != s->suite->challenge))
		return SW_WRONG_LENGTH;
	rc = crypto_random(s->challenge, s->suite->challenge);
	if (rc != RC_OK)
		return command_sw(rc);
	buf_put(c->answer, s->challenge, s->suite->challenge);
	return SW_OK;
}

static uint16_t external_authenticate(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	uint16_t sw;

	memcpy(s->binding.host_key, s->chain.host_key_hash, SHA256_SIZE);
	sw = s->suite->external(c);
	if (sw == SW_OK)
		s->flags |= s->mutual ? FLAG_EXTERNAL : FLAG_SESSION;
	return sw;
}

static uint16_t internal_authenticate(struct command *c)
{
	return c->channel->scp10->suite->internal(c);
}
