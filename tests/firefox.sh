#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Firefox with the module in its profile logs in to a web server with a certificate on a card: the
# person at the keyboard is marionette.py, the server is nginx, which lets in nobody without a
# certificate of the test's authority. What doc/reader.md says of Firefox is done as it says.

. "$(dirname "$0")/scenario.sh"

pin=123456
export MOZ_CRASHREPORTER_DISABLE=1 MOZ_HEADLESS=1
export PKCS11_MODULE_PATH="$module"

p11() {
	pkcs11-tool --module "$module" "$@"
}

user() {
	p11 --login --pin $pin "$@"
}

prepare() {
	p11 --init-token --slot 0 --label office --so-pin 12345678 &&
		p11 --login --login-type so --so-pin 12345678 --init-pin --pin $pin &&
		user --keypairgen --key-type rsa:2048 --id 01 --label rsa &&
		user --keypairgen --key-type EC:prime256v1 --id 02 --label ec
}

authority() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj '/CN=the authority' -days 1 \
		-out ca.pem &&
		openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -subj /CN=localhost \
			-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost \
			-CA ca.pem -CAkey ca.key -days 1 -out server.pem
}

# certify LABEL ID: the key of that label gets a certificate, in the name of its label.
certify() {
	openssl req -new -engine pkcs11 -keyform engine -subj "/CN=somebody with $1" -out request.pem \
		-key "pkcs11:token=office;object=$1;type=private?pin-value=$pin" &&
		openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 1 -outform DER \
			-out certificate.der &&
		user --write-object certificate.der --type cert --id "$2" --label "$1"
}

# Outside what outgoing connections take for themselves.
free_port() {
	python3 -c 'import random, socket
while True:
    port = random.randrange(20000, 32000)
    with socket.socket() as s:
        if s.connect_ex(("127.0.0.1", port)):
            print(port)
            break'
}

# ./run test unpacks an nginx there, since installing one would start it.
nginx=$scenario_build/../build/unpacked/usr/sbin/nginx
[ -x "$nginx" ] || nginx=nginx
configure_nginx() {
	cat >nginx.conf <<-END
		daemon off;
		pid nginx.pid;
		error_log stderr;
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
				ssl_certificate server.pem;
				ssl_certificate_key server.key;
				ssl_client_certificate ca.pem;
				ssl_verify_client on;
				ssl_session_tickets off;
				keepalive_timeout 0;
				default_type text/html;
				location / { return 200 "Welcome, \$ssl_client_s_dn"; }
			}
		}
	END
}

# make_profile FOLDER: one that trusts the authority and whose Firefox finds nobody but this machine.
make_profile() {
	mkdir "$1" && certutil -N -d "sql:$1" --empty-password &&
		certutil -A -d "sql:$1" -n authority -t C,, -i ca.pem &&
		cat >"$1/user.js" <<-'END'
			user_pref("marionette.port", 0);
			user_pref("security.default_personal_cert", "Select Automatically");
			user_pref("network.proxy.type", 1);
			user_pref("network.proxy.http", "127.0.0.1");
			user_pref("network.proxy.http_port", 9);
			user_pref("network.proxy.ssl", "127.0.0.1");
			user_pref("network.proxy.ssl_port", 9);
		END
}

# The commands for Firefox that doc/reader.md shows, for this profile and this module.
as_the_document_says() {
	sed -n '/^ *modutil /,/[^\\]$/p' "$source_root/doc/reader.md" |
		sed "s|PROFILE|$1|; s|/usr/local/lib/x86_64-linux-gnu/pkcs11/intaglio-pkcs11.so|$module|" \
			>commands
	[ -s commands ] && sh -eu commands </dev/null
}

start_firefox() {
	background firefox-esr --marionette --remote-allow-system-access --headless --no-remote \
		--profile "$scenario_dir/$1"
	firefox=$background_pid
}

# person PROFILE WHAT...: see marionette.py.
person() {
	person_profile=$1
	shift
	python3 "$source_root/tests/marionette.py" "$scenario_dir/$person_profile/MarionetteActivePort" "$@"
}

step "a token with an RSA and an EC key is made" prepare
step "and an authority" authority
step "which certifies the RSA key" certify rsa 01
port=$(free_port)
page=https://localhost:$port
step "an nginx is configured" configure_nginx
background "$nginx" -p "$scenario_dir/" -e stderr -c "$scenario_dir/nginx.conf"
step "it lets nobody in without a certificate" \
	until_true 30 sh -c "curl --silent --cacert ca.pem $page/ | grep 'No required SSL certificate'"

step "a profile is made" make_profile first
says "the module is put into it as the document says" 'Module "Intaglio" added' as_the_document_says first
start_firefox first
says "Firefox asks for the PIN, and a wrong one opens nothing" 'page: 400 .* No required SSL certificate' \
	person first answer=654321 "open=$page/wrong"
cp "$scenario_log" wrong.log
says "the prompt names the token" 'prompt: .*office' cat wrong.log
refuse "the server saw nobody" grep Welcome wrong.log
says "with the right one it is let in" 'page: Welcome, CN=somebody with rsa' \
	person first answer=$pin "open=$page/right" "open=$page/again" quit
cp "$scenario_log" right.log
says "asking once for both pages" '^1$' grep -c prompt: right.log
step "and it ends by itself" wait "$firefox"

step "the card has another certificate" user --delete-object --type cert --id 01
step "for its EC key" certify ec 02
step "another profile is made" make_profile second
start_firefox second
says "without the module the server lets nobody in" 'page: 400 .* No required SSL certificate' \
	person second "open=$page/without"
cp "$scenario_log" without.log
refuse "and nobody is asked for a PIN" grep prompt: without.log
# Firefox may still use the connection on which it was refused: then the page is opened again.
says "loaded while it runs, it is used" 'page: Welcome, CN=somebody with ec' \
	person second "load=$module" answer=$pin "open=$page/loaded" "open=$page/again" quit
step "and it ends by itself" wait "$firefox"
finish
