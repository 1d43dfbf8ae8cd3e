#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The examples of doc/examples, as somebody who writes a shop's program would use them.

. "$(dirname "$0")/scenario.sh"

invoice=$source_root/doc/examples/invoice.xml
token() {
	pkcs11-tool --module "$module" "$@"
}

step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
export INTAGLIO_PIN=123456
step "a ledger is made" "$intaglio" ledger create Invoices
# shellcheck disable=SC2046 # words for the compiler
step "the example in C compiles" cc -Wall -Wextra -o seal "$source_root/doc/examples/seal.c" \
	-I"$source_root/base" $(pkg-config --cflags p11-kit-1) -ldl
step "and seals" ./seal "$module" 123456 "$invoice" c.sealed
says "what verifies" 'record 1 is in the ledger' "$intaglio" ledger verify c.sealed
refuse "without a place for the receipt nothing is sealed" ./seal "$module" 123456 "$invoice" none/c.sealed
step "the nonce is on the disk" test -s c.sealed.nonce
step "the receipt is lost" rm c.sealed
step "and sealed once more" ./seal "$module" 123456 "$invoice" c.sealed
says "it is still the first record" 'record 1 is in the ledger' "$intaglio" ledger verify c.sealed
cp c.sealed.nonce other.nonce
refuse "another record with its nonce is not sealed" ./seal "$module" 123456 "$0" other
step "a file is too long" sh -c 'head -c 65537 /dev/zero >long'
refuse "and is not cut off" ./seal "$module" 123456 long none.sealed
refuse "a wrong PIN is told" ./seal "$module" 000000 "$invoice" none.sealed
PATH=/usr/bin:$PATH
step "the example in Python seals" python3 "$source_root/doc/examples/seal.py" "$module" 123456 "$invoice" py.sealed
says "what verifies too" 'record 2 is in the ledger' "$intaglio" ledger verify py.sealed
refuse "there too nothing without a place" python3 "$source_root/doc/examples/seal.py" "$module" 123456 "$invoice" \
	none/py.sealed
step "the receipt is lost there" rm py.sealed
step "and it is run again" python3 "$source_root/doc/examples/seal.py" "$module" 123456 "$invoice" py.sealed
says "it is still the second record" 'record 2 is in the ledger' "$intaglio" ledger verify py.sealed
step "no record was sealed twice" sh -c 'test "$("$0" --ledger Invoices ledger list | wc -l)" = 2' "$intaglio"
step "and both are the invoice" sh -c '"$0" ledger read 1 | cmp - "$1" && "$0" ledger read 2 | cmp - "$1"' \
	"$intaglio" "$invoice"
step "the example for SM2 signs" python3 "$source_root/doc/examples/sm2.py" "$module" 123456 "$invoice" sm2.sig sm2.pem
says "what openssl verifies" 'Verified OK' openssl dgst -sm3 -verify sm2.pem \
	-sigopt distid:1234567812345678 -signature sm2.sig "$invoice"
refuse "not for another signer" openssl dgst -sm3 -verify sm2.pem -sigopt distid:8765432187654321 \
	-signature sm2.sig "$invoice"
finish
