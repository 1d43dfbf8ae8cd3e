# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# Sourced by scenarios with card readers, in place of scenario.sh: pcscd and vpcd run in a network
# and mount namespace of the scenario's own, since vpcd listens on all addresses and pcscd's socket
# has one place.

if [ "${1-}" != inside ]; then
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare --net --mount "$0" inside
	fi
	exec unshare --map-root-user --user --net --mount "$0" inside
fi
shift

. "$(dirname "$0")/scenario.sh"

unset PCSCLITE_CSOCK_NAME
ip link set lo up
mkdir -p /run/pcscd
mount -t tmpfs none /run/pcscd || exit 1

# more_readers: vpcd's two readers become four, before pcscd is started. A driver loaded from one file
# has two readers, so that the next two need a copy; and names have to differ.
more_readers() {
	mount -t tmpfs none /etc/reader.conf.d
	for port in 35963 35965; do
		cp /usr/lib/pcsc/drivers/serial/libifdvpcd.so "$scenario_dir/vpcd-$port.so"
		cat <<-READER
			FRIENDLYNAME "Virtual PCD $port"
			DEVICENAME   /dev/null:$port
			LIBPATH      $scenario_dir/vpcd-$port.so
			CHANNELID    $port

		READER
	done >/etc/reader.conf.d/vpcd
}

# start_pcscd: in the background; its pid is in pcscd.pid.
start_pcscd() {
	background /usr/sbin/pcscd --foreground "$@"
	echo "$background_pid" >pcscd.pid
	until_true 30 test -S /run/pcscd/pcscd.comm
}

# start_cards ARGUMENT...: an intaglio-card, until it has connected its cards; pid in daemon.pid.
start_cards() {
	background "$intaglio_card" "$@"
	echo "$background_pid" >daemon.pid
	until_true 30 sh -c '"$intaglio" card list | grep -v "no card"'
}

# reader_has NUMBER Yes|No: whether pcscd sees a card in its reader of this number.
reader_has() {
	opensc-tool --list-readers | grep -Eq "^$1 +$2 "
}
