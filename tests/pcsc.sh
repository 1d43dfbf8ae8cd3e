#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The module on a software card in a real pcscd: events, pulled cards, resets and restarts by others,
# many processes at once, and the card pulled at every command.

. "$(dirname "$0")/readers.sh"
try=$scenario_build/tests/pcsc

cat >restart-pcscd <<'END'
#!/bin/sh
kill "$(cat pcscd.pid)"
while kill -0 "$(cat pcscd.pid)" 2>/dev/null; do sleep 0.1; done
/usr/sbin/pcscd --foreground >/dev/null 2>&1 </dev/null &
echo $! >pcscd.pid
END
chmod +x restart-pcscd

"$intaglio" card list >/dev/null 2>&1
start_pcscd
background "$intaglio_card" default
until_true 30 sh -c 'opensc-tool --list-readers | grep -q Yes'

step "a card in the reader is prepared" "$try" prepare
step "events are told once, none is lost, and waiting costs nothing" "$try" events
step "a reset by another program costs the login and nothing else" "$try" reset
step "pcscd may be restarted under a running program" "$try" restart
scenario_pids="$scenario_pids $(cat pcscd.pid)"
step "channels of killed processes are taken over" "$try" killed
step "a foreign card, whatever it answers, gets two commands at most, once an insertion" "$try" foreign
grep -v '^intaglio: ' "$scenario_log"
step "a child has nothing of its parent's, and leaves its channel in step" "$try" fork
step "more processes than channels work all the same, and in peace when some have left" "$try" crowd
step "two processes work at once" "$try" many 2 2 5
step "eight processes with four threads each work at once" "$try" many 8 4 10
cat "$scenario_log"
step "the card is pulled at every command of a login, a signature, a write and a seal" "$try" unplug
cat "$scenario_log"
finish
