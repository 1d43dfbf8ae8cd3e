#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The software card in a real pcscd, through vpcd, as OpenSC sees it. pcscd and vpcd run in a network
# and mount namespace of their own: vpcd listens on all addresses, and pcscd's socket has one place.

if [ "${1-}" != inside ]; then
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare --net --mount "$0" inside
	fi
	exec unshare --map-root-user --user --net --mount "$0" inside
fi
shift

. "$(dirname "$0")/scenario.sh"

ip link set lo up
mkdir -p /run/pcscd
mount -t tmpfs none /run/pcscd || exit 1

card=$XDG_DATA_HOME/intaglio/cards/default
aid=F0496E7461676C696F01

says "a card provisions itself" 'default' "$intaglio" card list
background /usr/sbin/pcscd --foreground
until_true 10 test -S /run/pcscd/pcscd.comm
says "without a card the reader is empty" 'No .*Virtual PCD' opensc-tool --list-readers
refuse "a directory without a card is refused" "$intaglio_card" "$XDG_DATA_HOME"
says "and so is a port where no vpcd listens, in a sentence" 'vpcd does not answer' \
	sh -c '"$0" --port 9 "$1"; test $? -eq 1' "$intaglio_card" "$card/card"
background "$intaglio_card" "$card/card"
until_true 10 sh -c 'opensc-tool --list-readers | grep -q Yes'
says "pcscd sees the card's ATR" '^3b' opensc-tool --reader 0 --atr
says "the token application answers SELECT" 'SW1=0x90, SW2=0x00' \
	opensc-tool --reader 0 --card-driver default --send-apdu "00A404000A${aid}00"
says "nothing of it is served without a channel" 'SW1=0x69, SW2=0x82' \
	opensc-tool --reader 0 --card-driver default \
	--send-apdu "00A404000A${aid}00" --send-apdu 8042000000
finish
