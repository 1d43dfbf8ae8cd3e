#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# intaglio-card as a daemon: what it has given up is tried inside it, its units are systemd's and let
# it do what it needs, systemd passes its socket, and it waits for a pcscd that is not there yet.

. "$(dirname "$0")/readers.sh"

socket=$XDG_RUNTIME_DIR/intaglio/card.sock
directory=$XDG_DATA_HOME/intaglio/cards/default/card
printf secret >foreign
"$intaglio" card list >/dev/null 2>&1

ended() {
	! kill -0 "$1" 2>/dev/null
}

# stop SIGNAL: the daemon in daemon.pid ends; its exit code is in stopped.
stop() {
	kill "-$1" "$(cat daemon.pid)"
	until_true 20 ended "$(cat daemon.pid)" && wait "$(cat daemon.pid)"
	stopped=$?
}

# A pcscd that comes later.
background "$intaglio_card" --wait default
echo "$background_pid" >daemon.pid
step "a daemon that may wait starts without a pcscd" until_true 20 test -S "$socket"
start_pcscd
step "and its card is in the reader when there is one" until_true 30 reader_has 0 Yes
stop TERM
step "SIGTERM ends it cleanly" test "$stopped" -eq 0
step "with its socket" sh -c '! test -e "$0"' "$socket"
step "and the card is out of the reader" until_true 20 reader_has 0 No

# Fences, as /proc shows them and as the daemon runs into them.
has_landlock() {
	python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)'
}

export FENCED_FILE="$scenario_dir/foreign" FENCED_FOLDER="$scenario_dir"
setpriv --bounding-set=-all --inh-caps=-all env "LD_PRELOAD=$scenario_build/tests/libfenced.so" \
	"$intaglio_card" default >fences 2>&1 &
pid=$!
echo "$pid" >daemon.pid
scenario_pids="$scenario_pids $pid"
until_true 30 grep -q 'start a program' fences
status=/proc/$pid/status
says "the daemon runs under seccomp" '^Seccomp:.2' cat "$status"
says "without new privileges" '^NoNewPrivs:.1' cat "$status"
says "without core dumps" '^Max core file size +0 +0 ' cat "/proc/$pid/limits"
as_same_user() {
	setpriv --bounding-set=-all --inh-caps=-all "$@"
}
background setpriv --bounding-set=-all --inh-caps=-all sleep 60
other=$background_pid
# setpriv has given up what the reader lacks when it has become sleep.
step "a process of the same user reads another's memory" until_true 20 \
	as_same_user head -c 1 "/proc/$other/environ"
refuse_says "and not the daemon's" 'Permission denied' as_same_user head -c 1 "/proc/$pid/environ"
refuse_says "nor what is mapped" 'Permission denied' as_same_user head -c 1 "/proc/$pid/maps"
if has_landlock; then
	refuse "a kernel with Landlock is used" grep 'no Landlock' fences
	for what in 'read a file' 'make a file' 'remove a file'; do
		says "the daemon may not $what" "fenced: $what: Permission denied" cat fences
	done
else
	echo "this kernel has no Landlock: files of others are not tried"
	says "the daemon says that there is no Landlock" 'no Landlock' cat fences
fi
for what in 'open IPv6' 'open a packet socket' 'be traced' 'be dumped' 'change the user' \
	'start a program'; do
	says "it may not $what" "fenced: $what: Operation not permitted" cat fences
done
step "what it may not do leaves the card in the reader" until_true 30 reader_has 0 Yes

# A killed daemon.
stop KILL
step "a killed daemon leaves its socket" test -S "$socket"
start_cards default
step "which the next one takes over" "$intaglio" card remove default
step "with the card" until_true 20 reader_has 0 No
refuse_says "a second daemon is told that there is one" 'another intaglio-card' \
	"$intaglio_card" --control "$socket" --port 35964 default
stop TERM

# systemd.
sed "s,/usr/local/bin/intaglio-card,$intaglio_card," "$scenario_build/tools/intaglio-card.service" \
	>intaglio-card.service
cp "$source_root/tools/systemd/intaglio-card.socket" .
verify_units() {
	systemd-analyze --man=no verify ./intaglio-card.service ./intaglio-card.socket 2>&1 | tee verified
	test ! -s verified
}
step "systemd has nothing to say to the units" verify_units
step "the service exposes little" systemd-analyze --no-pager security --offline=yes --threshold=20 \
	./intaglio-card.service
# What systemd makes of its groups of system calls, which hold groups.
expand_filter() {
	while read -r word; do
		case $word in
		@*) systemd-analyze syscall-filter "$word" | sed -n 's/^  *\([@a-z]\)/\1/p' | expand_filter ;;
		*) echo "$word" ;;
		esac
	done
}
sed -n 's/^SystemCallFilter=//p' intaglio-card.service | tr ' ' '\n' >groups
echo execve >>groups
expand_filter <groups >allowed 2>/dev/null
"$scenario_build/tests/filtered" allowed "$intaglio_card" default >unit.log 2>&1 &
pid=$!
echo "$pid" >daemon.pid
scenario_pids="$scenario_pids $pid"
step "a daemon under the unit's system calls serves its card" until_true 30 reader_has 0 Yes
says "behind both filters" '^Seccomp_filters:.2' cat "/proc/$pid/status"
step "and misses none of its fences" sh -c 'test ! -s unit.log'
cat unit.log
stop TERM

INTAGLIO_CONTROL=$scenario_dir/passed.sock
export INTAGLIO_CONTROL
systemd-socket-activate --listen="$INTAGLIO_CONTROL" "$intaglio_card" "$directory" >activated 2>&1 &
pid=$!
echo "$pid" >daemon.pid
scenario_pids="$scenario_pids $pid"
until_true 20 test -S "$INTAGLIO_CONTROL"
step "systemd starts the daemon when it is asked for" "$intaglio" card insert default
step "its card is in the reader" until_true 30 reader_has 0 Yes
step "the socket that was passed is listened to" "$intaglio" card remove default
step "the card goes" until_true 20 reader_has 0 No
stop TERM
step "it ends cleanly" test "$stopped" -eq 0
step "and leaves systemd its socket" test -S "$INTAGLIO_CONTROL"
finish
