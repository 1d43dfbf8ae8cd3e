#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A reader that knows nothing of Intaglio (OpenSC's pkcs15-tool with its default driver) lists and
# dumps what is public on the card, through a real pcscd; doc/pkcs15.md.

. "$(dirname "$0")/readers.sh"

card=$XDG_DATA_HOME/intaglio/cards/default

# pkcs15-tool asks for its default driver by name and by this setting as well.
printf 'app default {\n\tenable_default_driver = true;\n}\n' >opensc.conf
export OPENSC_CONF="$scenario_dir/opensc.conf"

token() {
	pkcs11-tool --module "$module" --slot 0 --login --pin 123456 "$@"
}
pkcs15() {
	OPENSC_DRIVER=default pkcs15-tool --reader 0 "$@"
}

step "a card is initialised" pkcs11-tool --module "$module" --init-token --label Rendered \
	--so-pin 12345678
step "gets a PIN" pkcs11-tool --module "$module" --login --login-type so --so-pin 12345678 \
	--init-pin --pin 123456
step "an RSA key" token --keypairgen --key-type rsa:2048 --id 01 --label "RSA pair"
step "and one on P-256" token --keypairgen --key-type EC:prime256v1 --id 02 --label "EC pair"
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.pem -subj /CN=certified -days 2 \
	-outform DER -out certificate.der 2>/dev/null
printf 'an invoice' >invoice
step "one for SM2" env PATH="/usr/bin:$PATH" python3 "$source_root/doc/examples/sm2.py" "$module" \
	123456 invoice invoice.sig sm2.pem
step "a certificate" token --write-object certificate.der --type cert --id 01 --label "A certificate"
printf 'in the open' >open
printf 'for nobody else' >hidden
step "a public data object" token --write-object open --type data --label "open data" \
	--application-label tests
step "and a private one" token --write-object hidden --type data --label "hidden data" --private
start_pcscd
background "$intaglio_card" "$card/card"
until_true 30 sh -c 'opensc-tool --list-readers | grep -q Yes'

says "pkcs15-tool finds the token by its label" 'Rendered' pkcs15 --list-info
says "lists the certificate" 'X.509 Certificate .A certificate' pkcs15 --list-certificates
says "the RSA key" 'Public RSA Key .RSA pair' pkcs15 --list-public-keys
says "the other key" 'Public EC Key .EC pair' pkcs15 --list-public-keys
says "that of SM2 as one on a curve, too" 'Public EC Key .invoices' pkcs15 --list-public-keys
says "the data object" 'open data' pkcs15 --list-data-objects
says "and the PIN" 'User PIN' pkcs15 --list-pins
refuse "no private object's name" sh -c \
	'OPENSC_DRIVER=default pkcs15-tool --reader 0 --dump | grep -aE "hidden|Private (RSA|EC)"'
step "it dumps the certificate" pkcs15 --read-certificate 01 --output read.pem
step "which is the one written" sh -c \
	'openssl x509 -in read.pem -outform DER | cmp - certificate.der'
for id in 01 02; do
	step "it dumps public key $id" pkcs15 --read-public-key $id --output read.pem
	step "PKCS#11 gives it as well" pkcs11-tool --module "$module" --read-object --type pubkey \
		--id $id --output-file key.der
	step "and it is the same" sh -c 'openssl pkey -pubin -in read.pem -outform DER >a &&
		openssl pkey -pubin -inform DER -in key.der -outform DER >b && cmp a b'
done
step "it dumps the data object" pkcs15 --read-data-object "open data" --raw --output read
step "unchanged" cmp read open

# read_file PATH FILE: an EF by its path from the MF, as it is.
read_file() {
	opensc-tool --reader 0 --card-driver default \
		--send-apdu "00A4080C$(printf '%02X' $((${#1} / 2)))$1" --send-apdu 00B0000000 |
		sed -n '/^Received/{n;:a;s/^\(\([0-9A-F][0-9A-F] \)\{1,16\}\).*/\1/p;n;ba}' |
		python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >"$2"
	test -s "$2"
}
for file in 2F00 50155031 50155032 50154410 50154440 50154470 50154480; do
	step "$file is read" read_file $file content
	step "and is DER" openssl asn1parse -inform DER -in content
done
# OpenSC 0.23 lists a key on a curve that it does not know, and does not dump it.
path=$(pkcs15 --list-public-keys |
	sed -n '/invoices/,/^$/s/^.*Path *: *\(3f00\)*\([0-9a-f]*\)$/\2/p')
step "the key for SM2 is in the file that its entry names" read_file "$path" content
step "and is the one that verifies the signature" sh -c \
	'openssl pkey -pubin -in sm2.pem -outform DER | cmp - content'
says "a directory of private objects is refused" 'SW1=0x69, SW2=0x82' opensc-tool --reader 0 \
	--card-driver default --send-apdu 00A4080C0450154600
says "and a value that is not public does not exist" 'SW1=0x6A, SW2=0x82' opensc-tool --reader 0 \
	--card-driver default --send-apdu 00A4080C06501560008002
says "nothing can be written" 'SW1=0x6D, SW2=0x00' opensc-tool --reader 0 --card-driver default \
	--send-apdu 00A4080C0450155031 --send-apdu 00D600000100
finish
