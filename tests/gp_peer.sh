#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A client of card managers that was written from the specifications alone manages our card through
# pcscd: it stands for the tools of others. And what intaglio says on the states that it leaves the
# card in.

. "$(dirname "$0")/readers.sh"

directory=$XDG_DATA_HOME/intaglio/cards/default
peer=${INTAGLIO_SOURCE:-$(dirname "$0")/..}/tests/gp_peer.py
# Debian's Python: PyScard belongs to it.
peer() {
	timeout 120 /usr/bin/python3 -B "$peer" "Virtual PCD 00 00" "$@"
}
app() {
	"$intaglio" app "$@" --keys peer.keys --card "Virtual PCD 00 00"
}
cat >peer.keys <<-KEYS
	protocol = scp03
	version = 30
	enc = 101112131415161718191a1b1c1d1e1f
	mac = 202122232425262728292a2b2c2d2e2f
	dek = 303132333435363738393a3b3c3d3e3f
KEYS
chmod 600 peer.keys
"$source_root/tests/make_cap.py" nothing.cap 3000

says "a card provisions itself" 'default' "$intaglio" card list
step "its issuer security domain gets key sets" "$scenario_build/tests/gp_keys" "$directory/card"
start_pcscd
background "$intaglio_card" "$directory/card"
until_true 10 sh -c 'opensc-tool --list-readers | grep -q Yes'
says "a client from the specification's letter manages it, level by level" '^all of it' peer
says "and the token application is what it was" 'SW1=0x90, SW2=0x00' \
	opensc-tool --reader 0 --card-driver default --send-apdu 00A404000AF0496E7461676C696F0100
says "a package is installed beside it" "with 1 application" app install nothing.cap
says "it locks the card" '^the end of it' peer lock
refuse_says "nothing is deleted from a locked card" "it is locked .CARD_LOCKED." \
	app delete --related F00102030405
refuse_says "no application locked" "it is locked .CARD_LOCKED." app lock F0010203040501
says "but listed" "^card .*card locked" app list
says "it takes the lock off" '^the end of it' peer unlock
says "and the package goes" "is deleted" app delete --related F00102030405
says "it ends the card" '^the end of it' peer terminate
refuse_says "a card that has ended is managed by nobody" "is terminated" app list
says "and the token application is served no more" 'SW1=0x6A, SW2=0x81' \
	opensc-tool --reader 0 --card-driver default --send-apdu 00A404000AF0496E7461676C696F0100
grep -v removed "$scenario_log"
finish
