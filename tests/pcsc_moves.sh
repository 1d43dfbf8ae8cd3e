#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A card in a reader that is moved faster than anybody looks, pulled while a wrong PIN is on its way,
# and whose daemon is ended and killed while records are sealed.

. "$(dirname "$0")/readers.sh"
try=$scenario_build/tests/pcsc

# The daemon is no child of this shell, which would keep it as a zombie when it is killed.
cat >start-cards <<'END'
#!/bin/sh
("$intaglio_card" --wait default >/dev/null 2>&1 </dev/null & echo $! >daemon.pid)
END
cat >restart-cards <<'END'
#!/bin/sh
# restart-cards SIGNAL AFTER PAUSE: seconds, which are not waited for.
(
	sleep "$2"
	kill "-$1" "$(cat daemon.pid)"
	while kill -0 "$(cat daemon.pid)"; do sleep 0.05; done
	sleep "$3"
	./start-cards
) >/dev/null 2>&1 </dev/null &
END
chmod +x start-cards restart-cards

"$intaglio" card list >/dev/null 2>&1
start_pcscd
./start-cards
step "a daemon puts a card in" until_true 30 reader_has 0 Yes
step "which is prepared" "$try" prepare
step "100 moves in a hurry: whoever waits is told of the last" "$try" storm
cat "$scenario_log"
step "a wrong PIN costs one try if the card had it, and none if not" "$try" wrong-pin
grep -v '^intaglio: ' "$scenario_log"
step "seals that were acknowledged outlive the daemon" "$try" daemon-killed
grep -v '^intaglio: ' "$scenario_log"
scenario_pids="$scenario_pids $(cat daemon.pid)"
finish
