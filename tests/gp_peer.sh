#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A client of card managers that was written from the specifications alone manages our card through
# pcscd: it stands for the tools of others.

. "$(dirname "$0")/readers.sh"

card=$XDG_DATA_HOME/intaglio/cards/default
says "a card provisions itself" 'default' "$intaglio" card list
step "its issuer security domain gets key sets" "$scenario_build/tests/gp_keys" "$card/card"
start_pcscd
background "$intaglio_card" "$card/card"
until_true 30 sh -c 'opensc-tool --list-readers | grep -q Yes'
says "a client from the specification's letter manages it, level by level" '^all of it' \
	timeout 120 /usr/bin/python3 -B "${INTAGLIO_SOURCE:-$(dirname "$0")/..}/tests/gp_peer.py" "Virtual PCD 00 00"
says "and the token application is what it was" 'SW1=0x90, SW2=0x00' \
	opensc-tool --reader 0 --card-driver default --send-apdu 00A404000AF0496E7461676C696F0100
says "it ends the card" '^the end of it' \
	timeout 60 /usr/bin/python3 -B "${INTAGLIO_SOURCE:-$(dirname "$0")/..}/tests/gp_peer.py" "Virtual PCD 00 00" terminate
says "and the token application is served no more" 'SW1=0x6A, SW2=0x81' \
	opensc-tool --reader 0 --card-driver default --send-apdu 00A404000AF0496E7461676C696F0100
grep -v removed "$scenario_log"
finish
