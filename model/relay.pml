/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCP10 between hosts and cards with an attacker who is the wire (Dolev and Yao): he reads, holds
 * back, invents and redirects everything, opens sessions of his own, owns a host certificate (M)
 * and, unless SEALED, the private key of one genuine card (A). He cannot break RSA. Two runs of the
 * honest host H, two of honest cards. The suites' algorithms are not told apart: whatever is signed
 * or enciphered under one could be carried to another, which only helps the attacker.
 *
 * What differs is what is signed. SUITES_HOST and SUITES_CARD: 2, 42, or 44 for both.
 */
#ifndef SUITES_HOST
#define SUITES_HOST 42
#endif
#ifndef SUITES_CARD
#define SUITES_CARD 42
#endif

/* Key pairs, which are also the identities: SHA-256 of 7F49 names a key. */
#define NOBODY 0
#define A 1
#define M 2
#define H 3
#ifdef ONE_KEY
#define B 3 /* the honest host's key pair is certified as a card's as well */
#else
#define B 4
#endif

/* Session keys and random numbers: 0 is the attacker's own, then one for each run. */
#define HOST_RUNS 2
#define CARD_RUNS 2
#define KEYS 3
#define NUMBERS 5

/* What is signed before the keys and the random number; 02 as published signs nothing there. */
#ifdef X_UNSIGNED
#define SIGNED_X(x) 0
#else
#define SIGNED_X(x) (x)
#endif
#ifdef SUITE_UNSIGNED
#define SIGNED_SUITE(s) 0
#else
#define SIGNED_SUITE(s) (s)
#endif
#ifdef IDENTITY_UNSIGNED
#define SIGNED_IDENTITY(h, c) 0
#else
#define SIGNED_IDENTITY(h, c) ((h) * 8 + (c))
#endif
#ifdef REPAIRED
#define HAS_HEAD(s) true /* a suite 02 that signs everything that 42 signs */
#else
#define HAS_HEAD(s) ((s) == 42)
#endif
/* The forms of 02's two signatures differ by themselves: the card's has no D3. */
#define HEAD(x, s, h, c) (HAS_HEAD(s) -> 10000 * SIGNED_X(x) + 100 * SIGNED_SUITE(s) + \
	SIGNED_IDENTITY(h, c) : 1000000 * (x))

#ifdef SEALED
#define OWNED(who) ((who) == M)
#else
#define OWNED(who) ((who) == M || (who) == A)
#endif

/* What the attacker has learned. */
bool knows_key[KEYS];
bool knows_number[NUMBERS];

/* What the runs have put on the wire: host run i is i, card run j is HOST_RUNS + j. */
byte signed_by[4];
int signed_head[4];
byte signed_key[4];
byte signed_number[4];

/* What the runs believe; keys of host run i are number i + 1. */
bool sent[HOST_RUNS], host_up[HOST_RUNS];
byte peer[HOST_RUNS], host_suite[HOST_RUNS];
bool authenticated[CARD_RUNS], card_up[CARD_RUNS];
byte card_own[CARD_RUNS], card_host[CARD_RUNS], card_suite[CARD_RUNS], card_key[CARD_RUNS];

/* The attacker has seen these keys enciphered for this card, or can encipher them. */
#define CAN_SEND_KEY(k, card) (knows_key[k] || ((k) == 1 && sent[0] && peer[0] == (card)) || \
	((k) == 2 && sent[1] && peer[1] == (card)))
#define SEEN(n, who, head, k, number) (signed_by[n] == (who) && signed_head[n] == (head) && \
	signed_key[n] == (k) && signed_number[n] == (number))
/* The attacker has seen this signature, or can make it. */
#define CAN_SEND_SIGNATURE(who, head, k, number) \
	((OWNED(who) && knows_key[k] && knows_number[number]) || \
	SEEN(0, who, head, k, number) || SEEN(1, who, head, k, number) || \
	SEEN(2, who, head, k, number) || SEEN(3, who, head, k, number))

inline any_suite(variable, suites)
{
	if
	:: (suites) != 2 -> variable = 42
	:: (suites) != 42 -> variable = 2
	fi
}

inline any_number()
{
	if
	:: knows_number[0] -> number = 0
	:: knows_number[1] -> number = 1
	:: knows_number[2] -> number = 2
	:: knows_number[3] -> number = 3
	:: knows_number[4] -> number = 4
	fi
}

inline sign(n, who, head, k)
{
	signed_head[n] = head;
	signed_key[n] = k;
	signed_number[n] = number;
	signed_by[n] = who
}

/* The honest host; the certificate of any genuine card may be what GET DATA brings. */
proctype host(byte i)
{
	byte number;

	atomic {
		any_suite(host_suite[i], SUITES_HOST);
		if
		:: peer[i] = A
#ifdef NAMED
		:: host_suite[i] == 42 -> peer[i] = B /* policy accepts 02 for card A only */
#else
		:: peer[i] = B
#endif
		fi;
		sent[i] = true;
		knows_key[i + 1] = OWNED(peer[i]);
		printf("host run %d: MSE %d, keys %d enciphered for card %d\n", i, host_suite[i], i + 1, peer[i])
	}
	atomic {
		any_number();
		sign(i, H, HEAD(130, host_suite[i], H, peer[i]), i + 1);
		printf("host run %d: EXTERNAL AUTHENTICATE over keys %d, challenge %d\n", i, i + 1, number)
	}
	knows_number[i + 1] = true;
	atomic {
		CAN_SEND_SIGNATURE(peer[i], HEAD(136, host_suite[i], H, peer[i]), i + 1, i + 1);
		host_up[i] = true;
		printf("host run %d: a session with card %d is open\n", i, peer[i])
	}
}

/* An honest card, on which both runs are two logical channels; or, SEALED, A and B in any mix. */
proctype card(byte j)
{
	byte number;

	atomic {
#ifdef SEALED
		if :: card_own[j] = A :: card_own[j] = B fi;
#else
		card_own[j] = B;
#endif
		any_suite(card_suite[j], SUITES_CARD);
		if :: card_host[j] = H :: card_host[j] = M fi;
		if
		:: CAN_SEND_KEY(0, card_own[j]) -> card_key[j] = 0
		:: CAN_SEND_KEY(1, card_own[j]) -> card_key[j] = 1
		:: CAN_SEND_KEY(2, card_own[j]) -> card_key[j] = 2
		fi;
		knows_number[HOST_RUNS + 1 + j] = true;
		printf("card run %d: card %d, MSE %d, certificate of %d, keys %d, challenge %d given out\n", j,
			card_own[j], card_suite[j], card_host[j], card_key[j], HOST_RUNS + 1 + j)
	}
	atomic {
		CAN_SEND_SIGNATURE(card_host[j], HEAD(130, card_suite[j], card_host[j], card_own[j]),
			card_key[j], HOST_RUNS + 1 + j);
		authenticated[j] = true;
		printf("card run %d: EXTERNAL AUTHENTICATE of %d verified\n", j, card_host[j])
	}
	atomic {
		any_number();
		sign(HOST_RUNS + j, card_own[j], HEAD(136, card_suite[j], card_host[j], card_own[j]), card_key[j]);
		card_up[j] = true;
		printf("card run %d: a session with host %d is open\n", j, card_host[j])
	}
}

init {
	atomic {
		knows_key[0] = true;
		knows_number[0] = true;
		run host(0);
		run host(1);
		run card(0);
		run card(1)
	}
}

#define HONEST(c) ((c) == B || !OWNED(c))

/* A session in the host's name is one that the host meant for this card, with these keys and suite. */
#define MEANT(i, j) (sent[i] && peer[i] == card_own[j] && card_key[j] == i + 1 && host_suite[i] == card_suite[j])
#define CARD_RIGHT(j) ((card_up[j] && card_host[j] == H) -> (MEANT(0, j) || MEANT(1, j)))
#define CARD_AGREES (CARD_RIGHT(0) && CARD_RIGHT(1))
/* One session of the host opens one session on a card. */
#define OPENS_ONE (!(card_up[0] && card_up[1] && card_host[0] == H && card_host[1] == H && \
	card_key[0] == card_key[1]))
/* A session that the host has open with an honest card is one that the card has authenticated. */
#define SERVES(j, i) (authenticated[j] && card_host[j] == H && card_own[j] == peer[i] && \
	card_key[j] == i + 1 && card_suite[j] == host_suite[i])
#define HOST_RIGHT(i) ((host_up[i] && HONEST(peer[i])) -> (SERVES(0, i) || SERVES(1, i)))
#define HOST_AGREES (HOST_RIGHT(0) && HOST_RIGHT(1))
/* The attacker has no keys of a session between honest ends. */
#define SECRET_HOST(i) ((sent[i] && HONEST(peer[i])) -> !knows_key[i + 1])
#define SECRET_CARD(j) ((card_up[j] && card_host[j] == H) -> !knows_key[card_key[j]])
#define KEYS_SECRET (SECRET_HOST(0) && SECRET_HOST(1) && SECRET_CARD(0) && SECRET_CARD(1))

ltl card_agrees { [] CARD_AGREES }
ltl opens_one { [] OPENS_ONE }
ltl host_agrees { [] HOST_AGREES }
ltl keys_secret { [] KEYS_SECRET }
ltl everything { [] (CARD_AGREES && OPENS_ONE && HOST_AGREES && KEYS_SECRET) }

/* Must be possible: two honest sessions, both ends open. */
ltl never_open { [] !(host_up[0] && host_up[1] && card_up[0] && card_up[1] && peer[0] == B && peer[1] == B) }
