#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# doc/reader.md, walked: a card in pcscd is used with pkcs11-tool, p11tool and ssh, and by a user to whom
# the system's card was opened, through `[host] directory`.

. "$(dirname "$0")/readers.sh"

pin=123456
"$intaglio" card list >/dev/null 2>&1
start_pcscd
background "$intaglio_card" default
until_true 30 reader_has 0 Yes

# As with another user, this one has no embedded card of that id.
host=$XDG_DATA_HOME/intaglio/cards/default/host
export XDG_DATA_HOME="$scenario_dir/other"
mkdir -m 700 "$XDG_DATA_HOME"
token() {
	pkcs11-tool --module "$module" --slot 1 "$@"
}
refuse_says "without host keys the card is not opened, in a sentence" 'no authority.cvc: no card can be trusted' \
	token --login --pin $pin --list-objects
mkdir -p "$XDG_CONFIG_HOME/intaglio/host"
install -m 600 "$host/host.key" "$host/host.cvc" "$host/authority.cvc" "$XDG_CONFIG_HOME/intaglio/host"
says "three files open it" 'Virtual PCD' "$intaglio" card list
step "it is initialised" token --init-token --label shared --so-pin 12345678
mv "$XDG_CONFIG_HOME/intaglio/host" keys
refuse "elsewhere they are not found" token --login --login-type so --so-pin 12345678 --init-pin --pin $pin
printf '[host]\ndirectory = %s/keys\n' "$scenario_dir" >"$INTAGLIO_CONF"
chmod 640 keys/host.key
refuse_says "nor used where the settings name them if others may read them" 'others than its owner may read' \
	token --login --login-type so --so-pin 12345678 --init-pin --pin $pin
chmod 600 keys/host.key
step "but if not they are" token --login --login-type so --so-pin 12345678 --init-pin --pin $pin
step "a key is made" token --login --pin $pin --keypairgen --key-type EC:prime256v1 --id 01 --label ssh

uri='pkcs11:token=shared'
export GNUTLS_PIN=$pin
says "p11tool lists the token" 'Label: shared' p11tool --provider "$module" --list-tokens
says "its objects after a login" 'Label: ssh' p11tool --provider "$module" --login --list-all "$uri"
step "and exports the public key" p11tool --provider "$module" --login --export-pubkey --outfile key.pem \
	"$uri;object=ssh;type=public"
printf 'to be signed' >text
step "pkcs11-tool signs" token --login --pin $pin --sign --mechanism ECDSA-SHA256 --id 01 \
	--signature-format openssl --input-file text --output-file signature
says "which verifies with it" 'Verified OK' openssl dgst -sha256 -verify key.pem -signature signature text

# ssh, and an sshd on loopback run by a user who may not log in, which is seen after the authentication.
printf '#!/bin/sh\necho %s\n' "$pin" >askpass
chmod 700 askpass
export SSH_ASKPASS="$scenario_dir/askpass" SSH_ASKPASS_REQUIRE=force DISPLAY=none
sshd=$scenario_build/../build/unpacked/usr/sbin/sshd
user=$(id -un)
run_sshd() {
	if [ "$user" = daemon ]; then
		exec setpriv --reuid=daemon --regid=daemon --clear-groups "$sshd" "$@"
	fi
	exec "$sshd" "$@"
}
says "ssh-keygen lists the key" '^ecdsa-sha2-nistp256 ' ssh-keygen -D "$module"
cp "$scenario_log" authorized_keys
ssh-keygen -q -t ed25519 -N '' -f host_key
printf '[127.0.0.1]:2222 %s\n' "$(cut -d ' ' -f 1,2 host_key.pub)" >known
cat >sshd_config <<END
ListenAddress 127.0.0.1
Port 2222
HostKey $scenario_dir/host_key
AuthorizedKeysFile $scenario_dir/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
END
if [ "$(id -u)" -eq 0 ]; then
	user=daemon
	chmod 711 "$scenario_dir"
	chown daemon host_key host_key.pub authorized_keys sshd_config
fi
background run_sshd -D -e -f "$scenario_dir/sshd_config"
until_true 20 ssh-keyscan -p 2222 127.0.0.1
login() {
	ssh -v -F none -l "$user" -p 2222 -o UserKnownHostsFile="$scenario_dir/known" \
		-o PreferredAuthentications=publickey -o ConnectTimeout=10 "$@" 127.0.0.1 true || :
}
says "ssh logs in with the card in the reader" 'Authenticated to 127.0.0.1 .* using "publickey"' \
	login -I "$module"
mv authorized_keys none
says "and not where its key is not known" 'Permission denied' login -I "$module"
finish
