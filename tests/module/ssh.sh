#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The token's keys as ssh keys: listed by ssh-keygen, added to an agent that asks for the PIN, used
# for a signature and for a login at a real sshd. And p11-kit sees module and token.
: "${INTAGLIO_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$(dirname "$0")/../scenario.sh"

pin=1234
so=12345678

p11() {
	pkcs11-tool --module "$module" "$@"
}

prepare() {
	p11 --init-token --slot 0 --label ssh --so-pin $so &&
		p11 --login --login-type so --so-pin $so --init-pin --pin $pin &&
		p11 --login --pin $pin --keypairgen --key-type rsa:2048 --id 01 --label rsa &&
		p11 --login --pin $pin --keypairgen --key-type EC:prime256v1 --id 02 --label ec
}

. "$(dirname "$0")/../sshd.sh"

list_keys() {
	ssh-keygen -D "$module" >keys
}

add_to_agent() {
	ssh-add -s "$module"
}

# sign_and_verify TYPE: with the agent's key of that type, and ssh-keygen as the judge.
sign_and_verify() {
	ssh-add -L | grep "$1" >key.pub && [ -s key.pub ] &&
		rm -f message.sig && ssh-keygen -Y sign -f key.pub -n scenario message &&
		printf 'me %s\n' "$(cut -d ' ' -f 1,2 key.pub)" >signers &&
		ssh-keygen -Y verify -f signers -I me -n scenario -s message.sig <message
}

step "a token with an RSA and an EC key is made" prepare
step "ssh-keygen lists the keys of the token" list_keys
says "one is RSA" '^ssh-rsa ' cat keys
says "one is EC" '^ecdsa-sha2-nistp256 ' cat keys

echo 'to be signed' >message
background ssh-agent -D -a "$scenario_dir/agent" -P "$module"
export SSH_AUTH_SOCK="$scenario_dir/agent"
until_true 20 test -S "$SSH_AUTH_SOCK"
step "an agent takes them after it got the PIN" add_to_agent
step "the agent signs with the RSA key" sign_and_verify ssh-rsa
step "the agent signs with the EC key" sign_and_verify ecdsa-sha2-nistp256

cp keys authorized_keys
sshd_start
unset SSH_AUTH_SOCK
says "ssh logs in with the token" 'Authenticated to 127.0.0.1 .* using "publickey"' \
	sshd_login -I "$module"
mv authorized_keys none
says "and not where its keys are not known" 'Permission denied' sshd_login -I "$module"

# p11-kit reads no configuration of root's own, so that root gives the card to somebody else.
p11_kit() {
	if [ "$(id -u)" -eq 0 ]; then
		chown -R nobody "$scenario_dir"
		setpriv --reuid=nobody --regid=nogroup --clear-groups p11-kit "$@"
	else
		p11-kit "$@"
	fi
}

mkdir -p "$XDG_CONFIG_HOME/pkcs11/modules"
cp "$module" intaglio-pkcs11.so
printf 'module: %s\n' "$scenario_dir/intaglio-pkcs11.so" \
	>"$XDG_CONFIG_HOME/pkcs11/modules/intaglio.module"
says "p11-kit lists the module" 'library-manufacturer: Intaglio' p11_kit list-modules
says "and its token" 'token: ssh' p11_kit list-modules
finish
