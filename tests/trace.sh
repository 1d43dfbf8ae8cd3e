#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What an eavesdropper on the reader sees: the trace holds every APDU as it is on the wire. After
# the handshake each command and each answer is protected, and neither PIN, plaintext nor key bytes
# appear anywhere.

. "$(dirname "$0")/scenario.sh"

export INTAGLIO_TRACE="$scenario_dir/trace" INTAGLIO_PIN=924681
secret='the plaintext of a sealed record'
printf '%s' "$secret" >record
openssl genrsa -traditional 2048 2>/dev/null | openssl rsa -traditional -outform DER -out key.der 2>/dev/null
token() {
	pkcs11-tool --module "$module" "$@"
}
# absent SENTENCE HEX: no line of the trace has these bytes.
absent() {
	refuse "$1" grep -qi "$2" trace
}
hex() {
	od -An -v -tx1 | tr -d ' \n'
}

step "a token is made" token --init-token --label Traced --so-pin 86420975
step "with a PIN" token --login --login-type so --so-pin 86420975 --init-pin --pin 924681
step "a private key is written" token --login --pin 924681 --write-object key.der --type privkey --id 05 \
	--usage-sign
step "and signs" token --login --pin 924681 --sign --mechanism RSA-PKCS --id 05 --input-file record \
	--output-file signature
step "a key pair is made" token --login --pin 924681 --keypairgen --key-type EC:prime256v1 --id 06
step "a ledger seals" "$intaglio" ledger create Traced
step "a record" "$intaglio" ledger seal record
step "and gives it back" "$intaglio" ledger read 1 --output copy
step "the PIN changes" token --login --pin 924681 --change-pin --new-pin 135797

step "there is a trace, for its owner only" sh -c 'test "$(stat -c %a trace)" = 600 && grep -q "^> " trace'
absent "the user PIN is not in it" "$(printf 924681 | hex)"
absent "nor the new one" "$(printf 135797 | hex)"
absent "nor the SO PIN" "$(printf 86420975 | hex)"
absent "nor the record" "$(printf '%s' "$secret" | hex)"
absent "nor 16 bytes of it" "$(printf '%s' "$secret" | head -c 20 | tail -c 16 | hex)"
openssl rsa -inform DER -in key.der -text -noout 2>/dev/null |
	sed -n '/^prime1/,/^prime2/p; /^privateExponent/,/^prime1/p' | grep '^ ' | tr -d ' :\n' >secrets
absent "nor the first bytes of the private exponent" "$(head -c 64 secrets | tail -c 32)"
absent "nor others of private exponent and prime" "$(tail -c 96 secrets | head -c 32)"
# From "session open" on, a command is one of: SELECT on a new connection, or protected (CLA x4/xC).
awk '/^# connection/ { open = 0 } /session open/ { open = 1 }
	open && /^> / && $2 !~ /^.[C4-7]/ && $2 !~ /^0[0-3]C0/ { bad++; print }
	open && /^> / { n++ }
	open && /^< / && $2 !~ /8E08................(9000|6[0-9A-F]{3})$/ && $2 !~ /^61..$/ { bad++; print }
	END { print n " protected commands, " bad + 0 " others"; exit bad || !n }' trace >protected
says "every APDU after the handshake is protected and every answer has its MAC" ' 0 others' cat protected
finish
