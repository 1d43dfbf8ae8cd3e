#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The token's keys as ssh keys: listed by ssh-keygen, added to an agent that asks for the PIN, used
# for signatures, git's among them, and for a login at a real sshd. And p11-kit sees module and token,
# and passes them on to other processes by its server.
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

# What doc/reader.md says of git.
git_signs() {
	git init -q repository && cd repository && git config gpg.format ssh &&
		git config user.name me && git config user.email me@example &&
		git config user.signingkey "key::$(ssh-add -L | grep "$1")" &&
		printf 'me@example %s\n' "$(ssh-add -L | grep "$1")" >signers &&
		git config gpg.ssh.allowedSignersFile signers &&
		git commit -q -S --allow-empty -m 'signed on a card' &&
		git verify-commit --raw HEAD
	git_rc=$?
	cd .. && rm -rf repository && return $git_rc
}
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
says "git signs a commit with the RSA key" 'Good "git" signature for me@example' git_signs ssh-rsa
says "and with the EC key" 'Good "git" signature for me@example' git_signs ecdsa-sha2-nistp256

# p11-kit's server has the module, and p11-kit-client.so, in another process, has the server.
client=$(pkg-config --variable=p11_module_path p11-kit-1)/p11-kit-client.so
remote() {
	P11_KIT_SERVER_ADDRESS="unix:path=$scenario_dir/p11-kit" GNUTLS_PIN=$pin \
		p11tool --provider "$client" --login "$@"
}
background p11-kit server --foreground --provider "$module" --name "$scenario_dir/p11-kit" pkcs11:
until_true 20 test -S "$scenario_dir/p11-kit"
says "p11-kit's server passes the token on" 'Label: ec$' remote --list-all pkcs11:token=ssh
for key in rsa ec; do
	says "the $key key signs through it" 'Signing .*ok' \
		remote --test-sign "pkcs11:token=ssh;object=$key;type=private"
	printed "and the signature is right" 'Verifying against public key in the token... ok'
done

cp keys authorized_keys
sshd_start
unset SSH_AUTH_SOCK
says "ssh logs in with the token" 'Authenticated to 127.0.0.1 .* using "publickey"' \
	sshd_login -I "$module"
mv authorized_keys none
says "and not where its keys are not known" 'Permission denied' sshd_login -I "$module"
mv none authorized_keys

# Who types a wrong PIN is told by ssh, and by us how many tries there are still.
wrong_pins() {
	for _ in 2 3 4; do
		! p11 --login --pin 9999 --list-objects || return
	done
}
printf '#!/bin/sh\necho 9999\n' >askpass
says "ssh says that a PIN was wrong" 'PKCS#11 login failed: PIN incorrect' sshd_login -I "$module"
printed "and how many tries are left" 'wrong PIN, 4 tries left'
step "three more are wrong" wrong_pins
says "after the fifth ssh says that it is locked" 'PKCS#11 login failed: PIN locked' \
	sshd_login -I "$module"
printed "and what to do" 'the SO sets a new one with pkcs11-tool --unlock-pin'

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
