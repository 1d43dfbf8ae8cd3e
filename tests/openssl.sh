#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# OpenSSL's command line, curl and nginx with keys on a card, through libp11's engine: the module is then in
# a process whose libcrypto asks that engine, and so the module, for every RSA and EC key there is.

. "$(dirname "$0")/scenario.sh"

pin=123456
export PKCS11_MODULE_PATH="$module"

p11() {
	pkcs11-tool --module "$module" "$@"
}

user() {
	p11 --login --pin $pin "$@"
}

# uri LABEL [PIN]: of the private key.
uri() {
	printf 'pkcs11:token=office;object=%s;type=private?pin-value=%s' "$1" "${2:-$pin}"
}

sign() {
	openssl dgst -engine pkcs11 -keyform engine -sign "$(uri "$1")" -out signature "$2" message
}

verify() {
	openssl dgst -engine pkcs11 -keyform engine -verify "pkcs11:token=office;object=$1;type=public" \
		-signature signature "$2" message
}

# certify LABEL: a certificate that the test's authority issues on a request that the card signed.
certify() {
	openssl req -new -engine pkcs11 -keyform engine -key "$(uri "$1")" -subj "/CN=$1 on a card" \
		-out "$1.csr" &&
		openssl req -in "$1.csr" -verify -noout &&
		openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -days 1 -out "$1.pem"
}

self_signed() {
	openssl req -new -x509 -engine pkcs11 -keyform engine -key "$(uri "$1")" -subj /CN=self -days 1 \
		-out self.pem && openssl verify -CAfile self.pem self.pem
}

cms_signed() {
	openssl cms -sign -in message -signer "$1.pem" -engine pkcs11 -keyform engine \
		-inkey "$(uri "$1")" -out message.cms &&
		openssl cms -verify -in message.cms -CAfile ca.pem -purpose any -out read
}

cms_opened() {
	openssl cms -encrypt -aes256 -binary -in message -out message.cms "$1.pem" &&
		openssl cms -decrypt -in message.cms -recip "$1.pem" -engine pkcs11 -keyform engine \
			-inkey "$(uri "$1")" -binary -out read && cmp read message
}

pss() {
	openssl dgst -sha256 -sigopt rsa_padding_mode:pss -engine pkcs11 -keyform engine \
		-sign "$(uri rsa)" -out signature message &&
		openssl x509 -in rsa.pem -pubkey -noout >rsa.pub &&
		openssl dgst -sha256 -sigopt rsa_padding_mode:pss -verify rsa.pub -signature signature message
}

# The port that the server says it listens on.
listens() {
	port=$(sed -n 's/^ACCEPT .*:\([0-9][0-9]*\)$/\1/p' "$server_log") && [ -n "$port" ]
}

# A page from a server that lets in nobody without a certificate of the authority.
s_client() {
	printf 'GET / HTTP/1.0\r\n\r\n' |
		openssl s_client -connect "127.0.0.1:$port" -CAfile ca.pem -quiet -ign_eof "$@"
}

# shellcheck disable=SC2120 # steps pass arguments
with_curl() {
	curl --silent --show-error --cacert ca.pem "$@" "https://localhost:$port/"
}

step "a token is made" p11 --init-token --slot 0 --label office --so-pin 12345678
step "with a user PIN" p11 --login --login-type so --so-pin 12345678 --init-pin --pin $pin
step "an RSA key" user --keypairgen --key-type rsa:2048 --id 01 --label rsa
step "and an EC key" user --keypairgen --key-type EC:prime256v1 --id 02 --label ec
echo 'what is signed' >message
echo 'and what is not' >other
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj '/CN=the authority' -days 1 -out ca.pem \
	2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -CA ca.pem -CAkey ca.key -days 1 -out server.pem \
	2>/dev/null

for key in rsa ec; do
	step "the $key key signs through the engine" sign $key -sha256
	says "which verifies through it" 'Verified OK' verify $key -sha256
	step "with SHA-512, too" sign $key -sha512
	says "which verifies" 'Verified OK' verify $key -sha512
	cp message kept && cp other message
	refuse "but not for another message" verify $key -sha512
	cp kept message
	step "the $key key signs a request, and the authority a certificate" certify $key
	says "or itself" 'self.pem: OK' self_signed $key
	says "it signs a CMS message" 'Verification successful' cms_signed $key
	step "and opens one" cms_opened $key
done
step "a key is named by its id as well" openssl dgst -sha256 -engine pkcs11 -keyform engine \
	-sign "pkcs11:token=office;id=%02;type=private?pin-value=$pin" -out signature message
says "which is that of the EC key" 'Verified OK' verify ec -sha256
says "PSS verifies" 'Verified OK' pss
refuse "with a wrong PIN nothing is signed" openssl dgst -sha256 -engine pkcs11 -keyform engine \
	-sign "$(uri rsa 654321)" -out none message

server_log=$scenario_dir/.background.$((scenario_passed + scenario_failed))
background openssl s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -CAfile ca.pem \
	-Verify 2 -verify_return_error -www
step "a server that asks for a certificate runs" until_true 10 listens
refuse "it lets nobody in without one" with_curl
for key in rsa ec; do
	for version in tls1_2 tls1_3; do
		says "s_client logs in with the $key key, $version" "HTTP/1.0 200 ok" s_client \
			-$version -engine pkcs11 -keyform engine -key "$(uri $key)" -cert $key.pem
	done
	says "and curl" "CN *= *$key on a card" with_curl --engine pkcs11 --key-type ENG --key "$(uri $key)" \
		--cert $key.pem
done
refuse "curl does not with a wrong PIN" with_curl --engine pkcs11 --key-type ENG \
	--key "$(uri rsa 654321)" --cert rsa.pem
refuse "nor with another key than the certificate's" with_curl --engine pkcs11 --key-type ENG \
	--key "$(uri rsa)" --cert ec.pem

# A server whose own key is on the card: its workers are forked from the process that loaded the module.
# ./run test unpacks an nginx, since installing one would start it; /etc/nginx is not looked at.
nginx=$scenario_build/../build/unpacked/usr/sbin/nginx
[ -x "$nginx" ] || nginx=nginx
serve() {
	openssl req -new -engine pkcs11 -keyform engine -key "$(uri ec)" -subj /CN=localhost -out site.csr &&
		echo subjectAltName=DNS:localhost >site.ext &&
		openssl x509 -req -in site.csr -CA ca.pem -CAkey ca.key -days 1 -extfile site.ext \
			-out site.pem &&
		cat >nginx.conf <<-END
			user $(id -un);
			daemon off;
			pid nginx.pid;
			error_log stderr;
			ssl_engine pkcs11;
			env PKCS11_MODULE_PATH;
			env HOME;
			env XDG_DATA_HOME;
			worker_processes 1;
			events { }
			http {
				access_log off;
				client_body_temp_path temporary;
				proxy_temp_path temporary;
				fastcgi_temp_path temporary;
				uwsgi_temp_path temporary;
				scgi_temp_path temporary;
				server {
					listen 127.0.0.1:$port ssl;
					ssl_certificate site.pem;
					ssl_certificate_key "engine:pkcs11:$(uri ec)";
					location / { return 200 "worker \$pid"; }
				}
			}
		END
}

# Who answered is in answers.
again() {
	: >answers
	for _ in 1 2 3 4 5; do
		with_curl >>answers || return
		echo >>answers
	done
}

other_worker() {
	with_curl >answer && ! grep -qxf answer answers
}

port=$(python3 -c 'import random, socket
while True:
    port = random.randrange(20000, 32000)
    with socket.socket() as s:
        if s.connect_ex(("127.0.0.1", port)):
            print(port)
            break')
step "an nginx is configured with a key on the card" serve
background "$nginx" -p "$scenario_dir/" -e stderr -c "$scenario_dir/nginx.conf"
step "it serves" until_true 30 with_curl
step "time and again" again
kill -HUP "$background_pid"
step "and when it was told to start anew" until_true 30 other_worker
finish
