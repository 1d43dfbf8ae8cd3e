#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A token in the hands of the programs people have: pkcs11-tool with no settings at all, and the
# openssl command line as the judge of what it made. Every step is a process of its own, so that
# whatever one step finds of another's was kept by the card.
: "${INTAGLIO_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$(dirname "$0")/../scenario.sh"

p11() {
	pkcs11-tool --module "$module" "$@"
}

user() {
	p11 --login --pin "$pin" "$@"
}

# sign MECHANISM ID INPUT OPTION...: the signature is in signature.
sign() {
	mechanism=$1 id=$2 input=$3
	shift 3
	rm -f signature
	user --sign --mechanism "$mechanism" --id "$id" --input-file "$input" \
		--output-file signature "$@"
}

# decrypted MECHANISM OPTION...: what openssl enciphered into cipher comes back.
decrypted() {
	mechanism=$1
	shift
	rm -f plain
	user --decrypt --mechanism "$mechanism" --id 01 --input-file cipher --output-file plain \
		"$@" && cmp plain message
}

objects() {
	user --list-objects
}

public_keys() {
	p11 --read-object --type pubkey --id 01 --output-file rsa.der &&
		openssl pkey -pubin -inform DER -in rsa.der -out rsa.pem &&
		p11 --read-object --type pubkey --id 02 --output-file ec.der &&
		openssl pkey -pubin -inform DER -in ec.der -out ec.pem
}

certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout other.pem -subj '/CN=scenario' \
		-outform DER -out certificate.der
}

read_back() {
	rm -f read
	user --read-object "$@" --output-file read
}

pin=1234
so=12345678
echo 'to be signed' >message
openssl dgst -sha256 -binary -out hash message

says "the slot shows a token that is not initialised" 'uninitialized' p11 --list-slots
step "the token is initialised" p11 --init-token --slot 0 --label scenario --so-pin $so
says "it has its label" 'token label *: scenario' p11 --list-slots
refuse_says "no user PIN is set yet" 'no user PIN is set' user --list-objects
step "the SO sets the user PIN" p11 --login --login-type so --so-pin $so --init-pin --pin $pin
step "an RSA key pair is made" user --keypairgen --key-type rsa:2048 --id 01 --label rsa
step "an EC key pair is made" user --keypairgen --key-type EC:prime256v1 --id 02 --label ec
step "their public keys are read without login" public_keys

step "RSA-PKCS signs" sign RSA-PKCS 01 message
step "openssl agrees" \
	openssl pkeyutl -verify -pubin -inkey rsa.pem -in message -sigfile signature
step "SHA256-RSA-PKCS signs" sign SHA256-RSA-PKCS 01 message
step "openssl agrees" openssl dgst -sha256 -verify rsa.pem -signature signature message
step "RSA-PKCS-PSS signs" sign RSA-PKCS-PSS 01 hash --hash-algorithm SHA256 --mgf MGF1-SHA256
step "openssl agrees" openssl pkeyutl -verify -pubin -inkey rsa.pem -in hash -sigfile signature \
	-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:32 -pkeyopt digest:sha256
step "SHA256-RSA-PKCS-PSS signs" sign SHA256-RSA-PKCS-PSS 01 message
step "openssl agrees" openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
	-sigopt rsa_pss_saltlen:32 -verify rsa.pem -signature signature message
step "ECDSA signs" sign ECDSA 02 hash --signature-format openssl
step "openssl agrees" openssl pkeyutl -verify -pubin -inkey ec.pem -in hash -sigfile signature
step "ECDSA-SHA256 signs" sign ECDSA-SHA256 02 message --signature-format openssl
step "openssl agrees" openssl dgst -sha256 -verify ec.pem -signature signature message
echo 'something else' >other
refuse "and does not agree for other data" \
	openssl dgst -sha256 -verify ec.pem -signature signature other
refuse "data that is too long for the key is refused" \
	sign RSA-PKCS 01 "$module"

step "openssl enciphers with PKCS #1 v1.5" \
	openssl pkeyutl -encrypt -pubin -inkey rsa.pem -in message -out cipher
step "RSA-PKCS deciphers it" decrypted RSA-PKCS
step "openssl enciphers with OAEP" \
	openssl pkeyutl -encrypt -pubin -inkey rsa.pem -in message -out cipher \
	-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256
step "RSA-PKCS-OAEP deciphers it" decrypted RSA-PKCS-OAEP --hash-algorithm SHA256 \
	--mgf MGF1-SHA256
printf 'XXXXXXXX' | dd of=cipher bs=1 seek=100 conv=notrunc 2>/dev/null
refuse "a tampered one is refused" decrypted RSA-PKCS-OAEP --hash-algorithm SHA256 \
	--mgf MGF1-SHA256

step "openssl makes a certificate" certificate
step "it is written to the token" \
	user --write-object certificate.der --type cert --id 03 --label certificate
step "data is written to the token" \
	user --write-object message --type data --label note --application-label scenario --private
says "the certificate is listed" 'label: *certificate' p11 --list-objects
says "the private data is listed after login" "label: *'?note" objects
step "the certificate is read" read_back --type cert --id 03
step "it is the same" cmp read certificate.der
step "the data is read" read_back --type data --label note
step "it is the same" cmp read message
says "the RSA key is still there" 'Private Key Object; RSA' objects
says "the EC key is still there" 'Private Key Object; EC' objects
step "the certificate is deleted" user --delete-object --type cert --id 03
refuse "it is gone" read_back --type cert --id 03
step "random bytes are made" p11 --generate-random 32

step "the PIN is changed" p11 --login --pin $pin --change-pin --new-pin 567890
refuse "the old one is wrong" user --list-objects
pin=567890
step "the new one is right" user --list-objects
pin=0000
refuse_says "a wrong PIN says how many are left" '[0-9]+ .*(left|tries)' user --list-objects
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	user --list-objects >/dev/null 2>&1
done
refuse_says "a locked PIN says how to unlock it" 'unlock' user --list-objects
pin=567890
refuse "the right PIN does not help then" user --list-objects
says "the slot shows that it is locked" 'user PIN locked' p11 --list-slots
refuse "a wrong SO PIN does not unlock it" p11 --unlock-pin --puk 00000000 --new-pin 4321
step "the SO PIN unlocks it" p11 --unlock-pin --puk $so --new-pin 4321
pin=4321
step "the PIN that was set with it is right" user --list-objects

says "pkcs11-tool's own tests find no error" 'No errors' user --test
step "it forks and initialises in the child" user --test-fork

# What of the tests above leaves marks on the keys they used?
step "the RSA key still signs" sign SHA256-RSA-PKCS 01 message
step "openssl agrees" openssl dgst -sha256 -verify rsa.pem -signature signature message
refuse "the token is not initialised with a wrong SO PIN" \
	p11 --init-token --slot 0 --label again --so-pin 00000000
step "it is with the right one" p11 --init-token --slot 0 --label again --so-pin $so
refuse "and then the keys are gone" p11 --read-object --type pubkey --id 01
finish
