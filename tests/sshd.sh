# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# Sourced, after scenario.sh or readers.sh, by scenarios that log in with ssh: an sshd on loopback.
# ./run test unpacks it, since installing one would start it. Root has it run by a user who needs no
# privilege separation and may not log in, which is seen only after the authentication.

# What ssh programs ask for the PIN in $pin.
# shellcheck disable=SC2154 # the scenario's
printf '#!/bin/sh\necho %s\n' "$pin" >askpass
chmod 700 askpass
export SSH_ASKPASS="$scenario_dir/askpass" SSH_ASKPASS_REQUIRE=force DISPLAY=none

sshd_user=$(id -un)
[ "$(id -u)" -ne 0 ] || sshd_user=daemon

sshd_run() {
	set -- "$scenario_build/../build/unpacked/usr/sbin/sshd" "$@"
	if [ "$(id -u)" -eq 0 ]; then
		exec setpriv --reuid=daemon --regid=daemon --clear-groups "$@"
	fi
	exec "$@"
}

sshd_configure() {
	ssh-keygen -q -t ed25519 -N '' -f host_key &&
		chmod 600 authorized_keys &&
		printf '[127.0.0.1]:%s %s\n' "$sshd_port" "$(cut -d ' ' -f 1,2 host_key.pub)" >known &&
		cat >sshd_config <<-END || return
			ListenAddress 127.0.0.1
			Port $sshd_port
			HostKey $scenario_dir/host_key
			AuthorizedKeysFile $scenario_dir/authorized_keys
			PidFile none
			StrictModes no
			UsePAM no
			PasswordAuthentication no
			KbdInteractiveAuthentication no
		END
	if [ "$(id -u)" -eq 0 ]; then
		chmod 711 "$scenario_dir" && chown daemon host_key host_key.pub authorized_keys sshd_config
	fi
}

# sshd_start: one that lets in whose keys are in authorized_keys.
sshd_start() {
	sshd_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	step "an sshd is configured" sshd_configure
	background sshd_run -D -e -f "$scenario_dir/sshd_config"
	step "and answers" until_true 20 ssh-keyscan -p "$sshd_port" 127.0.0.1
}

# sshd_login OPTION...: prints whether it came to that, and succeeds either way, since that user has
# no shell.
sshd_login() {
	ssh -v -F none -l "$sshd_user" -p "$sshd_port" -o UserKnownHostsFile="$scenario_dir/known" \
		-o PreferredAuthentications=publickey -o ConnectTimeout=10 "$@" 127.0.0.1 true || :
}
