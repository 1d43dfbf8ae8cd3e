#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run demo: on a software card made for the occasion, everything the project is for, step by step.
# Nothing outside a temporary directory is touched. Ends with a non-zero code at the first step
# that does not do what it says. Where nobody watches, as under ./run test, it prints its count.

set -eu
source_root=${INTAGLIO_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
build=${INTAGLIO_BUILD:-$source_root/build}
module=$build/module/intaglio-pkcs11.so
intaglio=$build/tools/intaglio
invoice=$source_root/doc/examples/invoice.xml

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
# Neither this user's cards nor settings that name others.
unset INTAGLIO_MODULE INTAGLIO_LOG
export PCSCLITE_CSOCK_NAME=/nonexistent
export HOME="$dir" XDG_DATA_HOME="$dir/data" INTAGLIO_CONF="$dir/conf"
export INTAGLIO_TRACE="$dir/trace" INTAGLIO_PIN=123456
mkdir "$XDG_DATA_HOME"
: >"$INTAGLIO_CONF"
cd "$dir"
steps=0

title() {
	steps=$((steps + 1))
	printf '\n%d. %s\n' "$steps" "$1"
}

# A command as a person would type it, and what it prints.
show() {
	printf '   $ %s\n' "$*" | sed "s|$module|intaglio-pkcs11.so|g; s|$intaglio|intaglio|; s|$source_root/||g"
	"$@" >out 2>&1 || {
		sed 's/^/   | /' out
		printf '\nThis step failed.\n'
		exit 1
	}
	sed "s|$dir/||g; s|$source_root/||g; /^Using slot/d; /^Using signature/d; /^Using decrypt/d; s/^/   | /" out
}

token() {
	show pkcs11-tool --module "$module" "$@"
}

title "A card: the module makes one on first use, with its own keys and certificates"
show "$intaglio" card list
token --init-token --label "Demo card" --so-pin 12345678
token --login --login-type so --so-pin 12345678 --init-pin --pin 123456

title "The secure channel: what went over the wire so far"
suite=$(sed -n 's/^# //p' trace | sort | uniq -c | sort -rn | head -n 4)
printf '%s\n' "$suite" | sed 's/^/   | /'
printf '   | %s commands, %s bytes to the card, %s bytes from it\n' \
	"$(grep -c '^>' trace)" \
	"$(sed -n 's/^> //p' trace | tr -d ' \n' | wc -c | awk '{print int($1 / 2)}')" \
	"$(sed -n 's/^< //p' trace | tr -d ' \n' | wc -c | awk '{print int($1 / 2)}')"

title "A key pair, made on the card; the private key never leaves it"
token --login --pin 123456 --keypairgen --key-type EC:prime256v1 --id 01 --label "Signing key"
token --read-object --type pubkey --id 01 --output-file public.der

title "A certificate beside it"
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out ca.pem -days 30 \
	-subj "/CN=Demo authority" 2>/dev/null
openssl x509 -new -force_pubkey public.der -CA ca.pem -CAkey other.key -days 30 \
	-subj "/CN=Demo signer" -outform DER -out certificate.der 2>/dev/null
token --login --pin 123456 --write-object certificate.der --type cert --id 01 --label "Signing key"
token --list-objects --type cert

title "A signature by the card, checked by openssl with the certificate"
token --login --pin 123456 --sign --mechanism ECDSA-SHA256 --id 01 \
	--signature-format openssl --input-file "$invoice" --output-file signature
openssl x509 -inform DER -in certificate.der -pubkey -noout -out public.pem
show openssl dgst -sha256 -verify public.pem -signature signature "$invoice"

title "A ledger, and an invoice sealed in it: encrypted and stored by one command on the card"
show "$intaglio" ledger create Invoices
show "$intaglio" ledger seal "$invoice" --output invoice.sealed
show "$intaglio" ledger list --ledger Invoices

title "The receipt, checked against the ledger's key"
show "$intaglio" ledger verify invoice.sealed

title "The record read back"
show "$intaglio" ledger read 1 --output invoice.read
cmp "$invoice" invoice.read
printf '   | the same %s bytes\n' "$(wc -c <invoice.read)"

title "A tampered copy is refused"
cp invoice.sealed tampered.sealed
printf 'XXXXXXXX' | dd of=tampered.sealed bs=1 seek=500 conv=notrunc 2>/dev/null
printf '   $ intaglio ledger verify tampered.sealed\n'
if "$intaglio" ledger verify tampered.sealed >out 2>&1; then
	printf '   | accepted\n\nThis step failed.\n'
	exit 1
fi
sed 's/^/   | /' out

title "Nothing of it was on the wire in clear"
for secret in 123456 12345678 Exampletown; do
	hex=$(printf '%s' "$secret" | od -An -tx1 | tr -d ' \n')
	if tr -d ' ' <trace | grep -qi "$hex"; then
		printf '   | "%s" is in the trace\n\nThis step failed.\n' "$secret"
		exit 1
	fi
done
printf '   | neither a PIN nor the invoice appears in %s lines of trace\n' "$(wc -l <trace)"

printf '\nAll %d steps did what they said.\n' "$steps"
[ -t 1 ] || printf '%d passed, 0 failed\n' "$steps"
