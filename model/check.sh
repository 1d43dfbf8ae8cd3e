#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Search the models of SCP10 with spin, whole, and say what holds; then break one rule after another
# and say that the break is found. Needs spin and gcc; doc/model.md says what the models are.
#
#	model/check.sh                                every sentence below, and a count
#	model/check.sh show MODEL PROPERTY [FLAG..]   the shortest way to break a property, step by step

models=$(cd "$(dirname "$0")" && pwd) || exit 1
for program in spin gcc; do
	command -v $program >/dev/null || {
		echo "model: $program is not installed" >&2
		exit 1
	}
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# Model, flags (+ between them, - for none), property, whether it holds, and what that means.
table() {
	cat <<-'END'
		state - everything holds no service before EXTERNAL AUTHENTICATE
		state UNAUTHENTICATED service_needs_authentication fails found when keys serve as soon as they are deciphered
		state - everything holds no service without a right MAC in an open session
		state SEED_146 service_needs_protection fails found when a command without secure messaging skips the check, as in the seed
		state - everything holds a C1 session serves only after INTERNAL AUTHENTICATE
		state EARLY_UP mutual_needs_internal fails found when EXTERNAL AUTHENTICATE opens every session
		state - everything holds INTERNAL AUTHENTICATE is answered only after C1
		state SEED_140 internal_only_after_c1 fails found when it is answered after 81, as in the seed
		state - everything holds a challenge admits one EXTERNAL AUTHENTICATE
		state CHALLENGE_KEPT challenge_serves_once fails found when a stored challenge is given out again
		state TRY_AGAIN challenge_serves_once fails found when a failed EXTERNAL AUTHENTICATE may be tried again
		state - everything holds EXTERNAL AUTHENTICATE comes right after GET CHALLENGE
		state LATE_EXTERNAL external_follows_challenge fails found when a stored challenge is enough
		state - everything holds INTERNAL AUTHENTICATE comes right after EXTERNAL AUTHENTICATE
		state LATE_INTERNAL internal_follows_external fails found when an earlier one is enough
		state - everything holds INTERNAL AUTHENTICATE comes once
		state INTERNAL_TWICE internal_once fails found when it is answered again
		state - everything holds after an error only a whole new handshake leads to a session
		state ERROR_KEEPS no_way_back fails found when a bad certificate leaves the handshake as it was
		state - everything holds an error of step 102 leaves the state of power-up
		state KEYS_LEFT error_puts_all_back fails found when session keys are left
		state - everything holds MSE ends a session even when it is invalid
		state BAD_MSE_KEEPS mse_ends_session fails found when an invalid MSE changes nothing
		state - everything holds a session rests on one whole handshake, begun by one MSE
		state MSE_KEEPS whole_handshake fails found when MSE keeps an earlier certificate and keys
		state - everything holds a failed MAC ends the session
		state MAC_KEEPS failed_mac_ends_session fails found when it does not
		state - everything holds keys, level, suite and mode are those that the host signed
		state LEVEL_UNSIGNED no_downgrade fails found when the level is not signed
		state SUITE_UNSIGNED no_downgrade fails found when 42 signs no suite, P1 and P2
		state KEY_SHARED no_downgrade fails found when a key serves two suites
		state - everything holds suites and levels are those of the card's policy
		state LEVEL_UNCHECKED policy_holds fails found when the level is not checked
		state - everything holds under B6 a certificate verifies before decipher and GET CHALLENGE
		state SEED_118 certificate_first fails found when MSE is enough, as in the seed
		state - everything holds an authority's key verifies no EXTERNAL AUTHENTICATE
		state SEED_114 authority_opens_nothing fails found when the last certificate of a chain is taken for the host's, as in the seed
		state - everything holds a terminal certificate ends a chain
		state AFTER_TERMINAL terminal_ends_chain fails found when another one may follow it
		state - everything holds 01 and 42 are mutual, and 42 with certificates
		state ANY_MODE mode_holds fails found when P1 and P2 are taken for every suite
		state - everything holds decipher tells nothing of what it deciphers
		state SEED_122 no_format_oracle fails found when padding is judged at decipher, as in the seed
		state REACH everything reached every rule of the card is reached in the search
		state - never_42 fails possible: a session under 42, C1 and B6
		state - never_02_mutual fails possible: a session under 02, C1 and B6
		state - never_02_external fails possible: a session under 02, 81 and A4
		state - never_01_mutual fails possible: a session under 01, C1 and A4
		state - never_01_certificate fails possible: a session under 01, C1 and B6
		state - never_low_level fails possible: a session of less than level 33, where policy says so
		state - never_error_in_session fails possible: a service refused, and the session goes on
		relay - never_open fails possible: two sessions between honest ends under 42
		relay SUITES_HOST=2+SUITES_CARD=2 never_open fails possible: two sessions between honest ends under 02
		relay SUITES_HOST=2+SUITES_CARD=2 card_agrees fails the relay is found under 02 as published
		relay SUITES_HOST=2+SUITES_CARD=2 keys_secret fails and the attacker has the keys of the session that it opens
		relay SUITES_HOST=2+SUITES_CARD=2+SEALED everything holds no relay under 02 where no card's key is in the attacker's hands
		relay - everything holds no relay under 42: both ends agree, one session opens one, keys are secret
		relay IDENTITY_UNSIGNED card_agrees fails the relay is found when 42 signs no hashes of 7F49
		relay ONE_KEY everything holds no reflection under 42, even with a key certified as host's and as card's
		relay ONE_KEY+X_UNSIGNED opens_one fails the reflection is found when 42 signs no X
		relay SUITES_CARD=44 everything holds no downgrade of a 42 host on a card that takes 02 and 42
		relay SUITES_CARD=44+REPAIRED everything holds nor to a suite that signs the same except for the suite's own bytes
		relay SUITES_CARD=44+REPAIRED+SUITE_UNSIGNED card_agrees fails the downgrade is found when 42 signs no suite
		relay SUITES_CARD=44+REPAIRED+SUITE_UNSIGNED host_agrees fails and the host does not notice
		relay SUITES_HOST=44+SUITES_CARD=44+NAMED card_agrees fails the relay remains when a host takes 02 for one named card
		relay SUITES_HOST=44+SUITES_CARD=42+NAMED everything holds and is gone where the other card takes 42 only
	END
}

# generate FOLDER MODEL FLAGS: pan.c of a model.
generate() {
	mkdir -p "$1" && cd "$1" || return
	options=
	[ "$3" = - ] || options=-D$(printf '%s' "$3" | sed 's/+/ -D/g')
	# Steps that are merged are not counted as reached.
	[ "$3" != REACH ] || options="-o3 $options"
	# shellcheck disable=SC2086 # a list of words
	spin $options -a "$models/$2.pml" >spin.log 2>&1
}

# The same search with less of an optimiser is sooner done where it ends early.
build() {
	generate "$work/$1.$2" "$1" "$2" || return
	level=-O0
	case $2 in - | REACH) level=-O1 ;; esac
	gcc $level -w -DSAFETY -DNOREDUCE -DMEMLIM=900 -o pan pan.c >gcc.log 2>&1
}

# One search; its trail is thrown away, so that searches of one model do not meet.
search() {
	cd "$work/$1.$2" 2>/dev/null && [ -x pan ] || return
	mkdir -p "$3" && cd "$3" && ../pan -m100000 -N "$3" >../"$3.log" 2>&1
}

whole() {
	grep -q 'errors: 0$' "$1" && grep -Eq '[1-9][0-9]* states, stored' "$1" &&
		! grep -Eq 'not completed|too small|out of memory|max.*reached' "$1"
}

# What the search says: holds, fails, or anything else. "reached": nothing but the end is unreached.
verdict() {
	case $2 in
	holds) whole "$1" ;;
	fails) grep -q 'assertion violated' "$1" && grep -q 'errors: 1$' "$1" ;;
	reached)
		# Every line of the card but its end.
		whole "$1" && awk '
			/^unreached in / { card = ($0 ~ /proctype card/); seen += card; next }
			card && /state/ && !/-end-/ && !/states\)/ { bad = 1 }
			END { exit bad || seen != 1 }' "$1"
		;;
	*) false ;;
	esac
}

check() {
	table >"$work/table"
	# Two at a time, as many as the machines that check have.
	cut -d ' ' -f 1,2 "$work/table" | sort -u | xargs -n 2 -P 2 "$0" build-in "$work"
	cut -d ' ' -f 1-3 "$work/table" | sort -u | xargs -n 3 -P 2 "$0" search-in "$work"
	passed=0
	failed=0
	while read -r model flags property wanted sentence; do
		log=$work/$model.$flags/$property.log
		states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$log" 2>/dev/null)
		if [ -f "$log" ] && verdict "$log" "$wanted"; then
			passed=$((passed + 1))
			printf 'ok   %s: %s (%s states)\n' "$model" "$sentence" "$states"
		else
			failed=$((failed + 1))
			printf 'FAIL %s: %s (%s of %s, wanted: %s)\n' "$model" "$sentence" "$property" \
				"$flags" "$wanted"
			tail -n 20 "$work/$model.$flags"/spin.log "$work/$model.$flags"/gcc.log \
				"$log" 2>/dev/null | sed 's/^/     | /'
		fi
	done <"$work/table"
	printf '%d passed, %d failed\n' $passed $failed
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
}

# Breadth first, so that the first way found is a shortest one.
show() {
	[ $# -ge 2 ] && [ -f "$models/$1.pml" ] || {
		echo "usage: check.sh show state|relay PROPERTY [FLAG...]" >&2
		return 2
	}
	model=$1
	property=$2
	shift 2
	flags=$(IFS=+ && printf '%s' "$*")
	generate "$work" "$model" "${flags:--}" || {
		cat "$work/spin.log"
		return 1
	}
	gcc -O1 -w -DSAFETY -DNOREDUCE -DBFS -DMEMLIM=1800 -o pan pan.c || return
	./pan -N "$property" >pan.log 2>&1
	if whole pan.log; then
		echo "$property holds: there is nothing to show"
		return
	fi
	grep -q 'assertion violated' pan.log || {
		cat pan.log
		return 1
	}
	# shellcheck disable=SC2086 # a list of words
	spin $options -t -k "$model.pml.trail" "$models/$model.pml" |
		sed -n -e '/trail ends/q' -e '/^ltl\|^Never\|^spin:\|^starting/d' -e 's/^ \{10,14\}//p'
}

case ${1-} in
'') check ;;
show)
	shift
	show "$@"
	;;
build-in | search-in)
	step=${1%-in}
	rm -rf "$work" && work=$2
	trap - EXIT
	shift 2
	"$step" "$@"
	exit 0
	;;
*)
	sed -n 's/^#	/	/p' "$0" >&2
	exit 2
	;;
esac
