#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Three cards in one intaglio-card, by name and by directory, each in a reader of its own: each comes,
# goes and is reset alone, and every slot has its own.

. "$(dirname "$0")/readers.sh"

try=$scenario_build/tests/pcsc
cards=$XDG_DATA_HOME/intaglio/cards
mkdir -p "$cards/default" "$cards/second"
"$intaglio" card list >/dev/null 2>&1
# The third is no embedded card: its directory lies elsewhere.
mkdir -m 700 "$cards/third"
says "three cards are made" third "$intaglio" card list
mv "$cards/third" elsewhere
printf '[host]\ndirectory = %s/elsewhere/host\n' "$scenario_dir" >"$INTAGLIO_CONF"
more_readers
start_pcscd
background "$intaglio_card" default second "$scenario_dir/elsewhere/card"
echo "$background_pid" >daemon.pid

# readers_hold CARD CARD CARD: what pcscd says of the first three readers, - for no matter.
readers_hold() {
	reader_has 0 "$1" && reader_has 1 "$2" && reader_has 2 "$3" && reader_has 3 No
}

step "all are in, and the fourth reader is empty" until_true 30 readers_hold Yes Yes Yes

# serial NUMBER: of the card in the slot, slots 0 and 1 being the embedded cards.
serial() {
	"$intaglio" --json card list | python3 -c '
import json, sys
print(*[card["serial"] for card in json.load(sys.stdin) if card["slot"] == int(sys.argv[1])])' "$1"
}
# slots_hold SERIAL SERIAL SERIAL: in the slots of the first three readers, "" for none.
slots_hold() {
	test "$(serial 2)/$(serial 3)/$(serial 4)/$(serial 5)" = "$1/$2/$3/"
}
first=$(serial 0)
second=$(serial 1)
third=$(serial 4)
step "the cards differ" sh -c 'test "$0" != "$1" && test "$1" != "$2" && test "$0" != "$2" &&
	test -n "$0" && test -n "$1" && test -n "$2"' "$first" "$second" "$third"
step "each slot has its own card" slots_hold "$first" "$second" "$third"
for name in default second elsewhere; do
	says "$name is served" "^$name in" python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["XDG_RUNTIME_DIR"] + "/intaglio/card.sock")
s.sendall(b"list\n")
print(s.makefile().read())'
done

step "the second goes" "$intaglio" card remove second
step "alone" until_true 20 readers_hold Yes No Yes
step "and its slot is empty" slots_hold "$first" "" "$third"
step "the third goes" "$intaglio" card remove elsewhere
step "too" until_true 20 readers_hold Yes No No
step "the second comes" "$intaglio" card insert second
step "without the third" until_true 20 readers_hold Yes Yes No
step "in its own slot" slots_hold "$first" "$second" ""
step "the third comes" "$intaglio" card insert elsewhere
step "and all are there" until_true 20 readers_hold Yes Yes Yes
step "in their slots" slots_hold "$first" "$second" "$third"
step "a running program sees each move of the three, and keeps the logins of the others" "$try" three
cat "$scenario_log"

kill "$(cat daemon.pid)"
step "the end of the daemon takes all out" until_true 20 readers_hold No No No
finish
