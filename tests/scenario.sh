# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# Sourced by shell tests. A scenario is a list of sentences that hold:
#
#	. "$(dirname "$0")/scenario.sh"
#	step "a token is initialised" pkcs11-tool --module "$module" --init-token ...
#	refuse "a wrong PIN is refused" pkcs11-tool ...
#	says "the slot is named" 'Intaglio' pkcs11-tool --list-slots
#	finish
#
# It runs in a private directory ($scenario_dir, the working directory) that is removed at the end,
# with HOME, XDG_DATA_HOME and the other XDG folders inside it and no INTAGLIO_* setting from
# outside. A script that ends without `finish` prints no count, which ./run takes for a failure.

scenario_source=${INTAGLIO_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
scenario_build=${INTAGLIO_BUILD:-$scenario_source/build}
scenario_passed=0
scenario_failed=0
scenario_pids=

# What scenarios use: the module, the two tools, and the source tree.
module=$scenario_build/module/intaglio-pkcs11.so
intaglio=$scenario_build/tools/intaglio
intaglio_card=$scenario_build/tools/intaglio-card
source_root=$scenario_source
export module intaglio intaglio_card source_root

scenario_dir=$(mktemp -d) || exit 1
scenario_log=$scenario_dir/.log

# End one process of ours; one that does not go within two seconds is killed. (A TERM that arrives
# between fork and exec is lost in the shell's own handler.)
scenario_stop() {
	kill "$1" 2>/dev/null || return 0
	(sleep 2 && kill -KILL "$1") >/dev/null 2>&1 &
	wait "$1" 2>/dev/null
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
}

scenario_end() {
	scenario_code=$?
	trap - EXIT
	for pid in $scenario_pids; do
		scenario_stop "$pid"
	done
	cd / && rm -rf "$scenario_dir"
	exit "$scenario_code"
}
trap scenario_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

for name in $(env | sed -n 's/^\(INTAGLIO_[A-Z0-9_]*\)=.*/\1/p'); do
	case $name in
	INTAGLIO_SOURCE | INTAGLIO_BUILD) ;;
	*) unset "$name" ;;
	esac
done
export HOME="$scenario_dir/home"
export XDG_DATA_HOME="$scenario_dir/data"
export XDG_CONFIG_HOME="$scenario_dir/config"
export XDG_CACHE_HOME="$scenario_dir/cache"
export XDG_RUNTIME_DIR="$scenario_dir/runtime"
# Readers of this machine are not touched; a scenario with a pcscd of its own takes this back.
export PCSCLITE_CSOCK_NAME=/nonexistent
# Settings of this machine would go before all this.
export INTAGLIO_CONF="$scenario_dir/intaglio.conf"
: >"$INTAGLIO_CONF"
mkdir -m 700 "$HOME" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR" || exit 1
cd "$scenario_dir" || exit 1

pass() {
	scenario_passed=$((scenario_passed + 1))
	printf 'ok   %s\n' "$1"
}

# fail SENTENCE [WHY]: count a failure and show what the last command printed.
fail() {
	scenario_failed=$((scenario_failed + 1))
	printf 'FAIL %s%s\n' "$1" "${2:+ ($2)}"
	[ ! -s "$scenario_log" ] || sed 's/^/     | /' "$scenario_log"
}

# Ended by a signal: never what a test wants, whether it expects success or refusal.
crashed() {
	[ "$1" -ge 128 ] && [ "$1" -le 192 ]
}

# step SENTENCE COMMAND...: the command succeeds.
step() {
	scenario_sentence=$1
	shift
	"$@" >"$scenario_log" 2>&1 </dev/null
	scenario_rc=$?
	if [ $scenario_rc -eq 0 ]; then
		pass "$scenario_sentence"
	else
		fail "$scenario_sentence" "exit code $scenario_rc"
	fi
}

# ran_and_refused SENTENCE COMMAND...: false, and a failure counted, unless the command fails by itself
# and not by a signal or for want of it.
ran_and_refused() {
	scenario_sentence=$1
	shift
	"$@" >"$scenario_log" 2>&1 </dev/null
	scenario_rc=$?
	if [ $scenario_rc -eq 0 ]; then
		fail "$scenario_sentence" "it was not refused"
		return 1
	fi
	if crashed $scenario_rc || [ $scenario_rc -eq 126 ] || [ $scenario_rc -eq 127 ]; then
		fail "$scenario_sentence" "exit code $scenario_rc"
		return 1
	fi
}

# refuse SENTENCE COMMAND...: the command fails, by itself.
refuse() {
	ran_and_refused "$@" && pass "$1"
}

# printed SENTENCE REGEX: the last command printed a matching line.
printed() {
	if grep -aEq -e "$2" "$scenario_log"; then
		pass "$1"
	else
		fail "$1" "no line matches $2"
	fi
}

# says SENTENCE REGEX COMMAND...: the command succeeds and prints a matching line.
says() {
	scenario_sentence=$1
	scenario_regex=$2
	shift 2
	"$@" >"$scenario_log" 2>&1 </dev/null
	scenario_rc=$?
	if [ $scenario_rc -eq 0 ]; then
		printed "$scenario_sentence" "$scenario_regex"
	else
		fail "$scenario_sentence" "exit code $scenario_rc"
	fi
}

# refuse_says SENTENCE REGEX COMMAND...: the command fails, by itself, and prints a matching line.
refuse_says() {
	scenario_regex=$2
	scenario_sentence=$1
	shift 2
	ran_and_refused "$scenario_sentence" "$@" && printed "$scenario_sentence" "$scenario_regex"
}

# background COMMAND...: start it, remember its pid (in $background_pid), end it when the script ends.
background() {
	"$@" >"$scenario_dir/.background.$((scenario_passed + scenario_failed))" 2>&1 </dev/null &
	background_pid=$!
	scenario_pids="$scenario_pids $background_pid"
}

# until_true SECONDS COMMAND...: try the command ten times a second until it succeeds.
until_true() {
	scenario_tries=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		scenario_tries=$((scenario_tries - 1))
		[ $scenario_tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# finish: print the counts and exit with 0 if there were steps and none failed.
finish() {
	if [ $((scenario_passed + scenario_failed)) -eq 0 ]; then
		scenario_failed=1
	fi
	printf '%d passed, %d failed\n' "$scenario_passed" "$scenario_failed"
	[ "$scenario_failed" -eq 0 ]
	exit
}
