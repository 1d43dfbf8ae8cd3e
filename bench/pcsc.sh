#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# bench/pcsc on a software card in a pcscd of its own, in a network and mount namespace.

if [ "${1-}" != inside ]; then
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare --net --mount "$0" inside
	fi
	exec unshare --map-root-user --user --net --mount "$0" inside
fi
shift

. "$(dirname "$0")/../tests/scenario.sh"

unset PCSCLITE_CSOCK_NAME
ip link set lo up
mkdir -p /run/pcscd
mount -t tmpfs none /run/pcscd || exit 1
"$intaglio" card list >/dev/null 2>&1
background /usr/sbin/pcscd --foreground
until_true 10 test -S /run/pcscd/pcscd.comm
background "$intaglio_card" default
until_true 10 sh -c 'opensc-tool --list-readers | grep -q Yes'
"$scenario_build/tests/pcsc" prepare || exit 1
# Cold: nothing is known of the card.
rm -rf "$XDG_CACHE_HOME/intaglio"
"$scenario_build/bench/bench_pcsc"
