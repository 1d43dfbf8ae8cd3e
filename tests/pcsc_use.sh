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

# ssh.
. "$(dirname "$0")/sshd.sh"
says "ssh-keygen lists the key" '^ecdsa-sha2-nistp256 ' ssh-keygen -D "$module"
cp "$scenario_log" authorized_keys
sshd_start
says "ssh logs in with the card in the reader" 'Authenticated to 127.0.0.1 .* using "publickey"' \
	sshd_login -I "$module"
mv authorized_keys none
says "and not where its key is not known" 'Permission denied' sshd_login -I "$module"
finish
