/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's end of SCP10: steps 101 to 156 of the seed with the project's errata, against a world
 * that sends every command in every order, with good and bad content. The process `card` is the
 * rules; the process `world` sends, and keeps its own books (o_..., from the wire alone), which the
 * properties at the end compare with what was answered. One logical channel, cryptography as
 * comparisons. Each -DNAME in `card` breaks one rule; check.sh shows that spin then finds it.
 */

/* Commands; SERVICE is whatever needs a session, PUBLIC is SELECT, MANAGE CHANNEL and public reads. */
mtype = {
	POWER_UP, MSE, VERIFY, GET_DATA, DECIPHER, GET_CHALLENGE, EXTERNAL, INTERNAL, SERVICE, PUBLIC,
	GET_RESPONSE, INITIALIZE_UPDATE, NOTHING
};
/* Answers: 9000; an error after which the state is kept (103) or all is put back (102). */
mtype = { NONE, DONE, KEPT, BACK };
/* Keys that may verify or sign for the host; AUTHORITY is any key that signs certificates. */
mtype = { NOBODY, STORED, AUTHORITY, TERMINAL };
/* Level and keys, as deciphered and as signed: two sets of keys with level 33, one with level 01. */
mtype = { EMPTY, BROKEN, KEYS_1, KEYS_2, KEYS_LOW };
/* GOOD: a MAC under the deciphered keys and the right counter. BAD: any other, also a repeated one. */
mtype = { BARE, GOOD, BAD };

#define P1_EXTERNAL 129 /* 81 */
#define P1_MUTUAL 193 /* C1 */
#define P2_STORED 164 /* A4 */
#define P2_CERTIFICATE 182 /* B6 */

/* A command on the wire; a field means something with the commands named and is 0 with others. */
typedef wire {
	bool part; /* VERIFY, DECIPHER, EXTERNAL: CLA bit 5, more parts follow */
	bool good; /* data or Le well formed; DECIPHER: one modulus long; SERVICE: can be carried out */
	mtype protection;
	byte p1, p2, suite; /* MSE */
	bool fits; /* MSE, VERIFY: the key named or certified serves this suite */
	mtype key; /* VERIFY: whose certificate (NOBODY: does not verify); EXTERNAL: who signed */
	mtype content; /* DECIPHER, EXTERNAL; BROKEN: padding or templates not as they should be */
	bool newest; /* EXTERNAL: signed over the challenge that the card gave out last */
	bool same; /* EXTERNAL: signed with the suite, P1 and P2 that the card was told by MSE */
}
wire w;
chan command = [0] of { mtype };
chan answer = [0] of { mtype, bool };

/* The card's policy, chosen once. */
bool old_suites; /* 01 and 02 besides 42 */
bool low_levels; /* less than 33, under 01 and 02 */

/* The card's state: what step 102 puts back. */
bool environment; /* step 112 */
byte p1, p2, suite; /* of MSE */
mtype host_key = NOBODY; /* the key that verifies EXTERNAL AUTHENTICATE */
bool certified; /* certificate authentication complete, step 115 */
bool established; /* session keys, step 127 */
mtype content = EMPTY; /* what decipher found, not told before EXTERNAL AUTHENTICATE */
bool challenge; /* a challenge is stored */
bool external; /* step 137 */
bool up; /* mutual authentication identifier, steps 139 and 145 */
mtype last = NOTHING; /* the command before, if it succeeded */

#define ALL_PUT_BACK (!environment && p1 == 0 && p2 == 0 && suite == 0 && \
	host_key == NOBODY && !certified && !established && content == EMPTY && \
	!challenge && !external && !up && last == NOTHING)

inline put_back()
{
	environment = false; p1 = 0; p2 = 0; suite = 0;
	host_key = NOBODY; certified = false;
#ifndef KEYS_LEFT
	established = false; content = EMPTY;
#endif
	challenge = false; external = false; up = false;
	last = NOTHING
}

inline back()
{
	put_back();
	sw = BACK
}

/* Steps 105 to 112. A valid MSE begins from step 102's state, so nothing older can be used under it. */
inline manage_security_environment()
{
	if
	:: !w.good || w.suite == 0 || !w.fits || (w.suite != 42 && !old_suites) ||
	   (w.suite == 42 && (w.p1 != P1_MUTUAL || w.p2 != P2_CERTIFICATE)) ->
#ifdef BAD_MSE_KEEPS
		sw = KEPT
#else
		back()
#endif
	:: else ->
#ifdef MSE_KEEPS
		up = false; last = NOTHING;
#else
		put_back();
#endif
		environment = true; p1 = w.p1; p2 = w.p2; suite = w.suite;
		if
		:: p2 == P2_STORED -> host_key = STORED
		:: else
		fi;
		last = MSE;
		sw = DONE
	fi
}

/* Steps 113 to 115. */
inline verify_certificate()
{
	if
	:: !environment || p2 != P2_CERTIFICATE || w.key == NOBODY ||
#ifdef KEY_SHARED
	   false ->
#else
	   !w.fits ->
#endif
#ifdef ERROR_KEEPS
		sw = KEPT
#else
		back()
#endif
	:: else ->
		host_key = w.key;
#ifdef SEED_114
		certified = true;
#else
		certified = (w.key == TERMINAL);
#endif
		last = VERIFY;
		sw = DONE
	fi
}

#ifdef SEED_118
#define MAY_GO_ON (environment)
#else
#define MAY_GO_ON (environment && (p2 == P2_STORED || certified))
#endif

/* Steps 118 to 127; suite 01 has no decipher. */
inline decipher()
{
	if
	:: !MAY_GO_ON || suite == 1 || !w.good -> back()
#ifdef SEED_122
	:: MAY_GO_ON && suite != 1 && w.good && w.content == BROKEN -> last = NOTHING; sw = KEPT
#endif
	:: else ->
		established = true; content = w.content;
		challenge = false; external = false;
		last = DECIPHER;
		sw = DONE
	fi
}

/* Steps 128 to 130. */
inline get_challenge()
{
	if
	:: !MAY_GO_ON || (suite != 1 && !established) || !w.good -> back()
	:: else ->
#ifdef CHALLENGE_KEPT
		drawn = !challenge;
#else
		drawn = true;
#endif
		challenge = true;
		external = false;
		last = GET_CHALLENGE;
		sw = DONE
	fi
}

/* Steps 131 to 139. Under 01 level and keys arrive here, inside the signed block. */
inline external_authenticate()
{
	if
	:: suite == 1 -> established = true; content = w.content
	:: else
	fi;
	if
#ifdef LATE_EXTERNAL
	:: !challenge ||
#else
	:: !challenge || last != GET_CHALLENGE ||
#endif
	   w.key == NOBODY || w.key != host_key || !w.newest || content == BROKEN ||
#ifdef LEVEL_UNSIGNED
	   (w.content != content && !(w.content == KEYS_1 && content == KEYS_LOW)) ||
#else
	   w.content != content ||
#endif
#ifndef SUITE_UNSIGNED
	   (suite == 42 && !w.same) ||
#endif
#ifndef LEVEL_UNCHECKED
	   (content == KEYS_LOW && (suite == 42 || !low_levels)) ||
#endif
	   false ->
#ifdef TRY_AGAIN
		sw = KEPT
#else
		back()
#endif
	:: else ->
		external = true;
#ifdef EARLY_UP
		up = true;
#else
		up = (p1 == P1_EXTERNAL);
#endif
		last = EXTERNAL;
		sw = DONE
	fi
}

/* Steps 140 to 145. */
inline internal_authenticate()
{
	if
#ifdef LATE_INTERNAL
	:: !w.good || !external || p1 != P1_MUTUAL -> back()
#else
	:: !w.good || !external || p1 != P1_MUTUAL || last != EXTERNAL -> back()
#endif
	:: else -> up = true; challenge = false; last = INTERNAL; sw = DONE
	fi
}

#define IS_SETUP(c) (c == VERIFY || c == DECIPHER || c == GET_CHALLENGE || c == EXTERNAL || c == INTERNAL)

/* Steps 146 to 156, and every other command while a session is up. */
inline in_session()
{
	if
#ifdef SEED_146
	:: c == SERVICE && w.protection == BARE -> sw = DONE
#endif
#ifdef SEED_140
	:: c == INTERNAL && w.protection == BARE && w.good && last == EXTERNAL -> last = c; sw = DONE
#endif
#ifdef INTERNAL_TWICE
	:: c == INTERNAL && w.protection == BARE && w.good && last == INTERNAL -> sw = DONE
#endif
#ifdef MAC_KEEPS
	:: w.protection != GOOD -> sw = KEPT
#else
	:: w.protection != GOOD -> back()
#endif
	:: else ->
		if
		:: w.part -> sw = DONE
		:: !w.part && IS_SETUP(c) -> last = NOTHING; sw = KEPT
		:: !w.part && !IS_SETUP(c) -> sw = (w.good -> DONE : KEPT); last = c
		fi
	fi
}

/* A command outside a session; protected ones are refused there. */
inline outside()
{
	if
	:: w.part && w.protection == BARE ->
		/* Parts of one command count as that command, so they come between nothing. */
		if
		:: c == EXTERNAL && last == GET_CHALLENGE
		:: else -> last = NOTHING
		fi;
		sw = DONE
#ifdef UNAUTHENTICATED
	:: c == SERVICE && established && w.protection == GOOD -> last = c; sw = DONE
	:: c == SERVICE && !(established && w.protection == GOOD) -> last = NOTHING; sw = KEPT
#else
	:: c == SERVICE -> last = NOTHING; sw = KEPT
#endif
	:: (c == PUBLIC || c == GET_DATA) ->
		last = NOTHING;
		sw = (w.protection == BARE && w.good -> DONE : KEPT)
	:: IS_SETUP(c) && w.protection != BARE -> last = NOTHING; sw = KEPT
	:: c == VERIFY && !w.part && w.protection == BARE -> verify_certificate()
	:: c == DECIPHER && !w.part && w.protection == BARE -> decipher()
	:: c == GET_CHALLENGE && w.protection == BARE -> get_challenge()
	:: c == EXTERNAL && !w.part && w.protection == BARE -> external_authenticate()
	:: c == INTERNAL && w.protection == BARE -> internal_authenticate()
	fi
}

active proctype card()
{
	mtype c = NOTHING;
	mtype sw = NONE;
	bool drawn; /* a new challenge */

end:	do
	:: atomic {
		command?c;
		d_step {
			if
			:: c == POWER_UP -> put_back(); sw = DONE
			:: c == MSE -> manage_security_environment()
			:: c == INITIALIZE_UPDATE -> put_back(); sw = DONE
			:: c == GET_RESPONSE -> sw = DONE
			:: else ->
				if
				:: up -> in_session()
				:: else -> outside()
				fi
			fi;
			c = NOTHING
		}
		answer!sw, drawn;
		sw = NONE;
		drawn = false
	   }
	od
}

/* What an observer of the wire knows. Events are seen by the properties, then cleared. */
mtype asked = NOTHING; /* events: the command that was answered, */
mtype got = NONE; /* the answer, */
bool served; /* a SERVICE was carried out or judged by its own rules, */
mtype before = NOTHING; /* the successful command before it, parts and GET RESPONSE aside, */
bool used_before; /* its challenge had been tried before, */
bool protected; /* it carried a right MAC, in a session, */
bool repeated; /* INTERNAL AUTHENTICATE had been answered before, */
bool oracle; /* decipher told something of the content */

byte o_p1, o_p2, o_suite; /* of the last valid MSE */
mtype o_last = NOTHING;
bool o_fits; /* the key that the host is known by serves this suite */
bool o_terminal; /* a terminal certificate has verified, and no authority's after it */
bool o_deciphered, o_challenged; /* since the last valid MSE */
bool o_used; /* the challenge given out last has been tried */
bool o_external; /* an EXTERNAL AUTHENTICATE since power-up */
bool o_external_mse; /* since the last MSE, valid or not */
bool o_internal; /* an INTERNAL AUTHENTICATE since the last EXTERNAL AUTHENTICATE */
mtype o_content = EMPTY; /* as signed by the host */
bool o_same;
mtype o_signer = NOBODY;
bool o_up;
bool o_mac_failed; /* in a session, since the last EXTERNAL AUTHENTICATE */
bool o_error; /* of a bare set-up command, or of protection in a session, since the last valid MSE */

inline forget_handshake()
{
	o_p1 = 0; o_p2 = 0; o_suite = 0; o_fits = false; o_terminal = false; o_deciphered = false;
	o_challenged = false; o_external_mse = false; o_internal = false; o_up = false;
	o_content = EMPTY; o_same = false; o_signer = NOBODY
}

inline observe()
{
	asked = c;
	got = sw;
	before = o_last;
	used_before = o_used;
	repeated = o_internal;
	served = (c == SERVICE && (sw == DONE || (sw == KEPT && o_up && w.protection == GOOD)));
	protected = (o_up && w.protection == GOOD);
	oracle = (c == DECIPHER && !w.part && w.good && w.protection == BARE && !o_error && !o_up && sw != DONE &&
		(o_suite == 2 || o_suite == 42) && (o_p2 == P2_STORED || o_terminal));
	if
	:: o_up && w.protection != GOOD && (IS_SETUP(c) || c == SERVICE || c == PUBLIC || c == GET_DATA) ->
		o_mac_failed = true; o_error = true
	:: else
	fi;
	if
	:: c == POWER_UP -> forget_handshake(); o_external = false; o_error = false; o_mac_failed = false
	:: c == INITIALIZE_UPDATE -> forget_handshake(); o_error = true
	:: c == MSE && sw != DONE -> forget_handshake(); o_error = true
	:: c == MSE && sw == DONE ->
		forget_handshake();
		o_error = false;
		o_p1 = w.p1; o_p2 = w.p2; o_suite = w.suite; o_fits = w.fits
	:: IS_SETUP(c) && w.protection == BARE && sw != DONE -> o_error = true
	:: c == VERIFY && !w.part && sw == DONE -> o_terminal = (w.key == TERMINAL); o_fits = w.fits
	:: c == DECIPHER && !w.part && sw == DONE -> o_deciphered = true
	:: c == GET_CHALLENGE && sw == DONE ->
		o_challenged = true;
		o_used = o_used && !drawn
	:: c == EXTERNAL && !w.part && sw == DONE ->
		o_external = true; o_external_mse = true; o_internal = false; o_mac_failed = false;
		o_content = w.content; o_same = w.same; o_signer = w.key;
		o_up = (o_p1 == P1_EXTERNAL)
	:: c == INTERNAL && sw == DONE -> o_internal = true; o_up = true
	:: else
	fi;
	if
	:: c == EXTERNAL && !w.part -> o_used = true
	:: else
	fi;
	if
	:: sw == BACK -> o_up = false
	:: else
	fi;
	if
	:: c == GET_RESPONSE || (c == EXTERNAL && w.part && o_last == GET_CHALLENGE)
	:: else -> o_last = (sw == DONE && !w.part -> c : NOTHING)
	fi;
	w.part = false; w.good = false; w.protection = BARE; w.p1 = 0; w.p2 = 0; w.suite = 0;
	w.fits = false; w.key = NOBODY; w.content = EMPTY; w.newest = false; w.same = false
}

/*
 * Any command. Content that the rules do not look at is not varied: that of a part, of an unreadable
 * MSE, of a command refused for its protection.
 */
inline any_bool(field) { if :: field = true :: field = false fi }
inline any_protection() { if :: w.protection = BARE :: w.protection = GOOD :: w.protection = BAD fi }
inline any_content()
{
	if :: w.content = BROKEN :: w.content = KEYS_1 :: w.content = KEYS_2 :: w.content = KEYS_LOW fi
}

inline any_mse()
{
	if
	:: w.good = true;
		if :: w.suite = 0 :: w.suite = 1 :: w.suite = 2 :: w.suite = 42 fi;
		if :: w.p1 = P1_EXTERNAL :: w.p1 = P1_MUTUAL fi;
		if :: w.p2 = P2_STORED :: w.p2 = P2_CERTIFICATE fi;
		any_bool(w.fits)
	:: w.good = false
	fi;
	printf("MSE P1 %x P2 %x suite %d, good %d, key fits %d\n", w.p1, w.p2, w.suite, w.good, w.fits)
}

inline any_verify()
{
	if
	:: w.key = NOBODY
	:: if :: w.key = AUTHORITY :: w.key = TERMINAL fi;
		any_bool(w.fits)
	fi;
	printf("VERIFY CERTIFICATE of %e, key fits %d\n", w.key, w.fits)
}

inline any_decipher()
{
	if
	:: w.good = true; any_content()
	:: w.good = false
	fi;
	printf("DECIPHER %e, length right %d\n", w.content, w.good)
}

inline any_external()
{
	if
	:: w.key = NOBODY; any_content()
	:: if :: w.key = STORED :: w.key = AUTHORITY :: w.key = TERMINAL fi;
		any_content(); any_bool(w.newest); any_bool(w.same)
	fi;
	printf("EXTERNAL AUTHENTICATE by %e over %e, newest challenge %d, mode as told %d\n", w.key, w.content,
		w.newest, w.same)
}

inline any_command()
{
	if
	:: if :: c = POWER_UP :: c = GET_RESPONSE :: c = INITIALIZE_UPDATE fi;
		printf("%e\n", c)
	:: c = MSE; any_mse()
	:: if :: c = VERIFY :: c = DECIPHER :: c = EXTERNAL fi;
		any_protection();
		if
		:: w.part = true; printf("%e, part of %e\n", w.protection, c)
		:: w.protection != BARE -> printf("%e %e\n", w.protection, c)
		:: c == VERIFY && w.protection == BARE -> any_verify()
		:: c == DECIPHER && w.protection == BARE -> any_decipher()
		:: c == EXTERNAL && w.protection == BARE -> any_external()
		fi
	:: if :: c = GET_CHALLENGE :: c = INTERNAL :: c = SERVICE :: c = PUBLIC :: c = GET_DATA fi;
		any_protection(); any_bool(w.good);
		printf("%e %e, good %d\n", w.protection, c, w.good)
	fi
}

active proctype world()
{
	mtype c = NOTHING;
	mtype sw = NONE;
	bool drawn;

	atomic {
		d_step { w.protection = BARE; w.key = NOBODY; w.content = EMPTY };
		if
		:: old_suites = true; any_bool(low_levels)
		:: old_suites = false
		fi
	}
	do
	:: atomic {
		any_command();
		command!c;
		answer?sw, drawn;
		printf("    %e\n", sw);
		d_step { observe(); c = NOTHING; sw = NONE; drawn = false }
	   }
	   /* Here the properties see what happened: they do not look inside atomic. */
	   d_step {
		asked = NOTHING; got = NONE; before = NOTHING;
		served = false; protected = false; used_before = false; repeated = false; oracle = false
	   }
	od
}

#define ANSWERED(c) (asked == c && got == DONE)
#define AUTHENTICATED (ANSWERED(EXTERNAL) && o_last == EXTERNAL) /* not a part of it */

#define SERVICE_NEEDS_AUTHENTICATION (served -> o_external)
#define SERVICE_NEEDS_PROTECTION (served -> protected)
#define MUTUAL_NEEDS_INTERNAL ((served && o_p1 == P1_MUTUAL) -> o_internal)
#define INTERNAL_ONLY_AFTER_C1 (ANSWERED(INTERNAL) -> o_p1 == P1_MUTUAL)
#define CHALLENGE_SERVES_ONCE (AUTHENTICATED -> !used_before)
#define EXTERNAL_FOLLOWS_CHALLENGE (AUTHENTICATED -> before == GET_CHALLENGE)
#define INTERNAL_FOLLOWS_EXTERNAL (ANSWERED(INTERNAL) -> (before == EXTERNAL || repeated))
#define INTERNAL_ONCE (ANSWERED(INTERNAL) -> !repeated)
#define NO_WAY_BACK (served -> !o_error)
#define ERROR_PUTS_ALL_BACK ((got == BACK || ANSWERED(POWER_UP)) -> ALL_PUT_BACK)
#define MSE_ENDS_SESSION (served -> o_external_mse)
#define WHOLE_HANDSHAKE (served -> (o_suite != 0 && o_challenged && (o_suite == 1 || o_deciphered) && \
	(o_p2 == P2_STORED || o_terminal)))
#define FAILED_MAC_ENDS_SESSION (served -> !o_mac_failed)
#define NO_DOWNGRADE (served -> (content == o_content && suite == o_suite && o_fits && \
	(suite != 42 || o_same)))
#define POLICY_HOLDS (served -> ((suite == 42 || old_suites) && \
	(content != KEYS_LOW || (suite != 42 && low_levels))))
#define CERTIFICATE_FIRST (((asked == DECIPHER && o_last == DECIPHER) || ANSWERED(GET_CHALLENGE)) -> \
	(o_p2 == P2_STORED || o_terminal))
#define AUTHORITY_OPENS_NOTHING (o_external_mse -> (o_signer == STORED || o_signer == TERMINAL))
#define NO_FORMAT_ORACLE (!oracle)

ltl service_needs_authentication { [] SERVICE_NEEDS_AUTHENTICATION }
ltl service_needs_protection { [] SERVICE_NEEDS_PROTECTION }
ltl mutual_needs_internal { [] MUTUAL_NEEDS_INTERNAL }
ltl internal_only_after_c1 { [] INTERNAL_ONLY_AFTER_C1 }
ltl challenge_serves_once { [] CHALLENGE_SERVES_ONCE }
ltl external_follows_challenge { [] EXTERNAL_FOLLOWS_CHALLENGE }
ltl internal_follows_external { [] INTERNAL_FOLLOWS_EXTERNAL }
ltl internal_once { [] INTERNAL_ONCE }
ltl no_way_back { [] NO_WAY_BACK }
ltl error_puts_all_back { [] ERROR_PUTS_ALL_BACK }
ltl mse_ends_session { [] MSE_ENDS_SESSION }
ltl whole_handshake { [] WHOLE_HANDSHAKE }
ltl failed_mac_ends_session { [] FAILED_MAC_ENDS_SESSION }
ltl no_downgrade { [] NO_DOWNGRADE }
ltl policy_holds { [] POLICY_HOLDS }
ltl certificate_first { [] CERTIFICATE_FIRST }
ltl authority_opens_nothing { [] AUTHORITY_OPENS_NOTHING }
ltl no_format_oracle { [] NO_FORMAT_ORACLE }

/* All of them in one search: "always" goes through "and". */
ltl everything { [] (SERVICE_NEEDS_AUTHENTICATION && SERVICE_NEEDS_PROTECTION && MUTUAL_NEEDS_INTERNAL &&
	INTERNAL_ONLY_AFTER_C1 && CHALLENGE_SERVES_ONCE && EXTERNAL_FOLLOWS_CHALLENGE &&
	INTERNAL_FOLLOWS_EXTERNAL && INTERNAL_ONCE && NO_WAY_BACK && ERROR_PUTS_ALL_BACK &&
	MSE_ENDS_SESSION && WHOLE_HANDSHAKE && FAILED_MAC_ENDS_SESSION && NO_DOWNGRADE && POLICY_HOLDS &&
	CERTIFICATE_FIRST && AUTHORITY_OPENS_NOTHING && NO_FORMAT_ORACLE) }

/* What must be possible: each of these fails, or the properties above would say little. */
#define OPEN(s, a, b) (served && got == DONE && suite == s && p1 == a && p2 == b)
ltl never_42 { [] !OPEN(42, P1_MUTUAL, P2_CERTIFICATE) }
ltl never_02_mutual { [] !OPEN(2, P1_MUTUAL, P2_CERTIFICATE) }
ltl never_02_external { [] !OPEN(2, P1_EXTERNAL, P2_STORED) }
ltl never_01_mutual { [] !OPEN(1, P1_MUTUAL, P2_STORED) }
ltl never_01_external { [] !OPEN(1, P1_EXTERNAL, P2_CERTIFICATE) }
ltl never_low_level { [] !(served && content == KEYS_LOW) }
ltl never_error_in_session { [] !(served && got == KEPT && up) }
