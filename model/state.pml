/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's end of SCP10: steps 101 to 156 of the seed with the project's errata, against a world
 * that sends every command in every order, with good and bad content. The process `card` is the
 * rules, and what each command needs, leaves and sets is the card's own table (rows.pml); the process
 * `world` sends, and keeps its own books (o_..., from the wire alone), which the properties at the
 * end compare with what was answered. One logical channel, cryptography as comparisons. Each -DNAME
 * in `card` breaks one rule; check.sh shows that spin then finds it.
 */
#include "rows.pml"

/* Commands; SERVICE is whatever needs a session, PUBLIC is SELECT and MANAGE CHANNEL. */
mtype = {
	POWER_UP, MSE, VERIFY, GET_DATA, DECIPHER, GET_CHALLENGE, EXTERNAL, INTERNAL, SERVICE, PUBLIC,
	GET_RESPONSE, NOTHING
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
#define P2_SELF_DESCRIPTIVE 190 /* BE */
#define P2_VALUES_ONLY 174 /* AE */
#define MODERN 66 /* suite 42 */

/* A command on the wire; a field means something with the commands named and is 0 with others. */
typedef wire {
	bool part; /* VERIFY, DECIPHER, EXTERNAL: CLA bit 5, more parts follow */
	bool good; /* data or Le well formed; DECIPHER: one modulus long; SERVICE: can be carried out */
	mtype protection;
	byte p1, suite; /* MSE */
	byte p2; /* MSE, VERIFY; GET_DATA: 1 for the odd instruction */
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
byte flags; /* what has been reached, FLAG_... of rows.pml */
byte p1, p2, suite; /* of MSE */
mtype host_key = NOBODY; /* the key that verifies EXTERNAL AUTHENTICATE */
mtype content = EMPTY; /* what decipher found, not told before EXTERNAL AUTHENTICATE */

/* The row of the command that is served. */
byte ins, a, b;
byte needs, bars, keeps, sets, step, reached;
#ifdef CHALLENGE_KEPT
bool stored;
#endif

#define ALL_PUT_BACK (flags == 0 && p1 == 0 && p2 == 0 && suite == 0 && host_key == NOBODY && content == EMPTY)
#define IS_UP (flags & FLAG_SESSION)

inline put_back()
{
	p1 = 0; p2 = 0; suite = 0; host_key = NOBODY;
#ifdef KEYS_LEFT
	flags = flags & FLAG_KEYS
#else
	flags = 0; content = EMPTY
#endif
}

inline back()
{
	put_back();
	sw = BACK
}

/* Another command came in between. */
inline interrupt()
{
#ifdef LATE_EXTERNAL
	flags = flags & ~FLAG_EXTERNAL
#else
#ifdef LATE_INTERNAL
	flags = flags & ~FLAG_CHALLENGE
#else
	flags = flags & ~(FLAG_CHALLENGE | FLAG_EXTERNAL)
#endif
#endif
}

#define BAD_MODE(s, a, b) ((IS_MUTUAL_ONLY(s) && a != P1_MUTUAL) || (IS_CERTIFICATE_ONLY(s) && b != P2_CERTIFICATE))

/* Steps 105 to 112. A valid MSE begins from step 102's state, so nothing older can be used under it. */
inline manage_security_environment()
{
#ifdef MSE_KEEPS
	host_key = NOBODY;
#else
	put_back();
#endif
	if
	:: !w.good || w.suite == 0 || !w.fits || (w.suite != MODERN && !old_suites) ||
#ifdef ANY_MODE
	   false
#else
	   BAD_MODE(w.suite, w.p1, w.p2)
#endif
	:: else ->
		p1 = w.p1; p2 = w.p2; suite = w.suite;
		if
		:: p2 == P2_STORED -> host_key = STORED; flags = flags | FLAG_HOST
		:: else
		fi;
		sw = DONE
	fi
}

/* Steps 113 to 115. */
inline verify_certificate()
{
	if
	:: w.key == NOBODY || (w.p2 == P2_VALUES_ONLY && !TAKES_VALUES_ONLY(suite)) ||
#ifdef KEY_SHARED
	   false
#else
	   !w.fits
#endif
	:: else ->
		host_key = w.key;
		if
#ifdef SEED_114
		:: true -> flags = flags | FLAG_HOST
#endif
		:: w.key == TERMINAL -> flags = flags | FLAG_HOST
		:: else
		fi;
		sw = DONE
	fi
}

/* Steps 118 to 127; suite 01 has no decipher. */
inline decipher()
{
	if
	:: IS_AGREEMENT(suite) || suite == 0 || !w.good
#ifdef SEED_122
	:: !IS_AGREEMENT(suite) && w.good && w.content == BROKEN -> step = 103
#endif
	:: else -> content = w.content; sw = DONE
	fi
}

/* Steps 128 to 130. */
inline get_challenge()
{
	if
	:: !w.good
	:: else ->
#ifdef CHALLENGE_KEPT
		drawn = !stored;
		stored = true;
#else
		drawn = true;
#endif
		sw = DONE
	fi
}

/* Steps 131 to 139. Under 01 level and keys arrive here, inside the signed block. */
inline external_authenticate()
{
	if
	:: IS_AGREEMENT(suite) -> content = w.content
	:: else
	fi;
	if
	:: w.key == NOBODY || w.key != host_key || !w.newest || content == BROKEN ||
#ifdef LEVEL_UNSIGNED
	   (w.content != content && !(w.content == KEYS_1 && content == KEYS_LOW)) ||
#else
	   w.content != content ||
#endif
#ifndef SUITE_UNSIGNED
	   (suite == MODERN && !w.same) ||
#endif
#ifndef LEVEL_UNCHECKED
	   (content == KEYS_LOW && (suite == MODERN || !low_levels)) ||
#endif
	   false
	:: else ->
#ifdef EARLY_UP
		flags = flags | FLAG_SESSION;
#else
		flags = flags | (p1 == P1_EXTERNAL -> FLAG_SESSION : FLAG_EXTERNAL);
#endif
		sw = DONE
	fi
}

/* pan counts what it reaches in atomic, not in d_step, which is the shorter way. */
#ifdef REACH
#define SERVE atomic
#else
#define SERVE d_step
#endif

/* What -D changes in the rows. */
inline break_row()
{
#ifdef MSE_KEEPS
	if :: c == MSE -> keeps = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS :: else fi;
#endif
#ifdef AFTER_TERMINAL
	if :: c == VERIFY -> bars = 0 :: else fi;
#endif
#ifdef ERROR_KEEPS
	if :: c == VERIFY && step == 102 -> step = 103 :: else fi;
#endif
#ifdef SEED_118
	if :: c == DECIPHER || c == GET_CHALLENGE -> needs = needs & ~FLAG_HOST :: else fi;
#endif
#ifdef TRY_AGAIN
	if :: c == EXTERNAL -> keeps = needs; step = 103 :: else fi;
#endif
#ifdef LATE_EXTERNAL
	if :: c == GET_DATA -> keeps = keeps | FLAG_CHALLENGE :: else fi;
#endif
#ifdef LATE_INTERNAL
	if :: c == GET_DATA -> keeps = keeps | FLAG_EXTERNAL :: else fi;
#endif
	skip
}

/* scp10_step of card/scp10.c: step 104, the row, the handler, and where its answer leads. */
inline set_up()
{
	if
	:: c == MSE -> ins = 34; a = w.p1; b = w.p2
	:: c == VERIFY -> ins = 42; b = w.p2
	:: c == GET_DATA -> ins = (w.p2 == 0 -> 202 : 203); a = 127; b = 33
	:: c == DECIPHER -> ins = 42; a = 128; b = 132
	:: c == GET_CHALLENGE -> ins = 132
	:: c == EXTERNAL -> ins = 130
	:: c == INTERNAL -> ins = 136
	fi;
	find_row(ins, a, b);
	break_row();
	reached = flags;
	if
	:: step == 0 -> interrupt()
	:: else -> flags = flags & keeps
	fi;
	if
	:: step == 0 || (reached & needs) != needs || (reached & bars)
	:: else ->
		if
		:: c == MSE -> manage_security_environment()
		:: c == VERIFY -> verify_certificate()
		:: c == DECIPHER -> decipher()
		:: c == GET_CHALLENGE -> get_challenge()
		:: c == EXTERNAL -> external_authenticate()
		:: (c == GET_DATA || c == INTERNAL) && w.good -> sw = DONE
		:: else
		fi
	fi;
	if
	:: sw == DONE -> flags = flags | sets
	:: sw != DONE && step == 102 -> back()
	:: else -> sw = KEPT
	fi;
	ins = 0; a = 0; b = 0; needs = 0; bars = 0; keeps = 0; sets = 0; step = 0; reached = 0
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
	:: c == INTERNAL && w.protection == BARE && w.good && p1 == P1_EXTERNAL -> sw = DONE
#endif
#ifdef INTERNAL_TWICE
	:: c == INTERNAL && w.protection == BARE && w.good && p1 == P1_MUTUAL -> sw = DONE
#endif
	/* The MAC of a chain comes with its last part. */
	:: w.part && w.protection != BARE -> sw = DONE
#ifdef MAC_KEEPS
	:: w.protection != GOOD && !(w.part && w.protection != BARE) -> sw = KEPT
#else
	:: w.protection != GOOD && !(w.part && w.protection != BARE) -> back()
#endif
	:: w.protection == GOOD && !w.part -> sw = (w.good && !IS_SETUP(c) -> DONE : KEPT)
	fi
}

/* A command outside a session; protected ones are refused there. */
inline outside()
{
	if
	:: w.part -> sw = DONE /* no effect before the last */
#ifdef UNAUTHENTICATED
	:: c == SERVICE && (flags & FLAG_KEYS) && w.protection == GOOD -> sw = DONE
	:: c == SERVICE && !(flags & FLAG_KEYS) && w.protection == GOOD -> interrupt(); sw = KEPT
	:: w.protection == BAD && !w.part && c == SERVICE -> interrupt(); sw = KEPT
	:: w.protection != BARE && !w.part && c != SERVICE -> interrupt(); sw = KEPT
#else
	:: w.protection != BARE && !w.part -> interrupt(); sw = KEPT
#endif
	:: w.protection == BARE && !w.part && (c == SERVICE || c == PUBLIC) ->
		interrupt();
		sw = (c == PUBLIC && w.good -> DONE : KEPT)
	:: w.protection == BARE && !w.part && c != SERVICE && c != PUBLIC -> set_up()
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
		SERVE {
			/* MSE ends a session, however it comes, and is then judged. */
			if
#ifdef BAD_MSE_KEEPS
			:: c == MSE && IS_UP && w.good && w.suite != 0 -> put_back()
#else
			:: c == MSE && IS_UP -> put_back()
#endif
			:: else
			fi;
			if
			:: c == POWER_UP -> put_back(); sw = DONE
			:: c == GET_RESPONSE -> sw = DONE
#ifdef BAD_MSE_KEEPS
			:: c == MSE && IS_UP -> sw = KEPT
#endif
			:: c != POWER_UP && c != MSE && c != GET_RESPONSE && IS_UP -> in_session()
			:: else -> outside()
			fi;
#ifdef CHALLENGE_KEPT
			if :: c == POWER_UP || c == MSE -> stored = false :: else fi;
#endif
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
bool had_terminal; /* a terminal certificate had verified before */

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
	asked = (w.part -> NOTHING : c);
	got = sw;
	before = o_last;
	used_before = o_used;
	repeated = o_internal;
	had_terminal = o_terminal;
	served = (c == SERVICE && (sw == DONE || (sw == KEPT && o_up && w.protection == GOOD)));
	protected = (o_up && w.protection == GOOD);
	oracle = (c == DECIPHER && !w.part && w.good && w.protection == BARE && !o_error && !o_up && sw != DONE &&
		!o_external_mse && (o_suite == 2 || o_suite == MODERN) && (o_p2 == P2_STORED || o_terminal));
	if
	:: o_up && w.protection != GOOD && !(w.part && w.protection == BAD) &&
	   (IS_SETUP(c) || c == SERVICE || c == PUBLIC || c == GET_DATA) ->
		o_mac_failed = true; o_error = true
	:: else
	fi;
	if
	:: c == POWER_UP -> forget_handshake(); o_external = false; o_error = false; o_mac_failed = false
	/* Outside a session a protected MSE is a command refused like any other. */
	:: c == MSE && sw != DONE && (o_up || w.protection == BARE) -> forget_handshake(); o_error = true
	:: c == MSE && sw == DONE ->
		forget_handshake();
		o_error = false;
		o_p1 = w.p1; o_p2 = w.p2; o_suite = w.suite; o_fits = w.fits
	:: c == VERIFY && w.p2 == 0 /* no such command */
	:: IS_SETUP(c) && w.protection == BARE && sw != DONE && !(c == VERIFY && w.p2 == 0) -> o_error = true
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
	:: c == GET_RESPONSE || (w.part && sw == DONE)
	:: else -> o_last = (sw == DONE -> c : NOTHING)
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
		if :: w.suite = 0 :: w.suite = 1 :: w.suite = 2 :: w.suite = MODERN fi;
		if :: w.p1 = P1_EXTERNAL :: w.p1 = P1_MUTUAL fi;
		if :: w.p2 = P2_STORED :: w.p2 = P2_CERTIFICATE fi;
		any_bool(w.fits)
	:: w.good = false; if :: w.protection = BARE :: w.protection = GOOD fi
	fi;
	printf("%e MSE P1 %x P2 %x suite %x, good %d, key fits %d\n", w.protection, w.p1, w.p2, w.suite,
		w.good, w.fits)
}

inline any_verify()
{
	if
	:: w.p2 = 0
	:: if :: w.p2 = P2_SELF_DESCRIPTIVE :: w.p2 = P2_VALUES_ONLY fi;
		if
		:: w.key = NOBODY
		:: if :: w.key = AUTHORITY :: w.key = TERMINAL fi;
			any_bool(w.fits)
		fi
	fi;
	printf("VERIFY CERTIFICATE P2 %x of %e, key fits %d\n", w.p2, w.key, w.fits)
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
	:: if :: c = POWER_UP :: c = GET_RESPONSE fi;
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
		if :: c == GET_DATA -> any_bool(w.p2) :: else fi;
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
		served = false; protected = false; used_before = false; repeated = false; oracle = false;
		had_terminal = false
	   }
	od
}

#define ANSWERED(c) (asked == c && got == DONE)
#define AUTHENTICATED ANSWERED(EXTERNAL)

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
	(suite != MODERN || o_same)))
#define POLICY_HOLDS (served -> ((suite == MODERN || old_suites) && \
	(content != KEYS_LOW || (suite != MODERN && low_levels))))
#define CERTIFICATE_FIRST ((ANSWERED(DECIPHER) || ANSWERED(GET_CHALLENGE)) -> \
	(o_p2 == P2_STORED || o_terminal))
#define AUTHORITY_OPENS_NOTHING (o_external_mse -> (o_signer == STORED || o_signer == TERMINAL))
#define TERMINAL_ENDS_CHAIN (ANSWERED(VERIFY) -> !had_terminal)
#define MODE_HOLDS (served -> ((o_suite == 2 || o_p1 == P1_MUTUAL) && (o_suite != MODERN || o_p2 == P2_CERTIFICATE)))
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
ltl terminal_ends_chain { [] TERMINAL_ENDS_CHAIN }
ltl mode_holds { [] MODE_HOLDS }
ltl no_format_oracle { [] NO_FORMAT_ORACLE }

/* All of them in one search: "always" goes through "and". */
ltl everything { [] (SERVICE_NEEDS_AUTHENTICATION && SERVICE_NEEDS_PROTECTION && MUTUAL_NEEDS_INTERNAL &&
	INTERNAL_ONLY_AFTER_C1 && CHALLENGE_SERVES_ONCE && EXTERNAL_FOLLOWS_CHALLENGE &&
	INTERNAL_FOLLOWS_EXTERNAL && INTERNAL_ONCE && NO_WAY_BACK && ERROR_PUTS_ALL_BACK &&
	MSE_ENDS_SESSION && WHOLE_HANDSHAKE && FAILED_MAC_ENDS_SESSION && NO_DOWNGRADE && POLICY_HOLDS &&
	CERTIFICATE_FIRST && AUTHORITY_OPENS_NOTHING && TERMINAL_ENDS_CHAIN && MODE_HOLDS && NO_FORMAT_ORACLE) }

/* What must be possible: each of these fails, or the properties above would say little. */
#define OPEN(s, a, b) (served && got == DONE && suite == s && p1 == a && p2 == b)
ltl never_42 { [] !OPEN(MODERN, P1_MUTUAL, P2_CERTIFICATE) }
ltl never_02_mutual { [] !OPEN(2, P1_MUTUAL, P2_CERTIFICATE) }
ltl never_02_external { [] !OPEN(2, P1_EXTERNAL, P2_STORED) }
ltl never_01_mutual { [] !OPEN(1, P1_MUTUAL, P2_STORED) }
ltl never_01_certificate { [] !OPEN(1, P1_MUTUAL, P2_CERTIFICATE) }
ltl never_low_level { [] !(served && content == KEYS_LOW) }
ltl never_error_in_session { [] !(served && got == KEPT && IS_UP) }
