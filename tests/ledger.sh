#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The ledger in a person's hands: create, seal, list, read and verify, good and bad.

. "$(dirname "$0")/scenario.sh"

invoice=$source_root/doc/examples/invoice.xml
token() {
	pkcs11-tool --module "$module" "$@"
}

refuse_says "sealing on a card without a PIN says so" 'no user PIN is set' \
	env INTAGLIO_PIN=123456 "$intaglio" ledger create Invoices
step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
export INTAGLIO_PIN=123456
touch taken
refuse_says "without a ledger, sealing says what to do" 'ledger create' \
	"$intaglio" ledger seal "$invoice"
step "a ledger is made" "$intaglio" ledger create Invoices
key=$("$intaglio" --json ledger list | sed 's/.*"key":"\([^"]*\)".*/\1/')
says "it is listed, empty" 'Invoices +0 records' "$intaglio" ledger list

step "an invoice is sealed" "$intaglio" ledger seal "$invoice" --output first
step "and another record of another type" "$intaglio" ledger seal "$invoice" --type 7 --output second
refuse_says "a receipt is not written over a file" 'taken is there already' \
	"$intaglio" ledger seal "$invoice" --output taken
refuse "nor where there is no directory, and then nothing is sealed" \
	"$intaglio" ledger seal "$invoice" --output nowhere/receipt
says "both are listed" 'type 7 +4156 bytes' "$intaglio" ledger list --ledger Invoices
step "the record is read back" "$intaglio" ledger read 2 --output copy
step "byte for byte" cmp "$invoice" copy
step "also to standard output" sh -c '"$0" ledger read 1 | cmp - "$1"' "$intaglio" "$invoice"
refuse "record 3 does not exist" "$intaglio" ledger read 3
says "leaf 0 is the ledger's own description" 'Invoices' sh -c '"$0" ledger read 0 | tr -dc "[:print:]"' "$intaglio"
refuse "a record number is a number" "$intaglio" ledger read one

says "the receipt is right by the card's word" 'record 1 is in the ledger of 2 entries' \
	"$intaglio" ledger verify first
says "and by the ledger's key without a card" 'record 2 is in the ledger of 3 entries' \
	env XDG_DATA_HOME=/nonexistent "$intaglio" ledger verify second --key "$key"
says "in JSON for programs" '"valid":true' "$intaglio" --json ledger verify second --key "$key"
flipped=0
size=$(wc -c <first)
for at in 0 1 20 30 40 60 70 90 500 4000 4200 4250 4260 4280 4300 4350 4400 $((size - 2)); do
	cp first tampered
	byte=$(dd if=first bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1)
	# shellcheck disable=SC2059 # the octal code is the format
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of=tampered bs=1 seek="$at" conv=notrunc 2>/dev/null
	"$intaglio" ledger verify tampered --key "$key" >/dev/null 2>&1
	[ $? -eq 1 ] && flipped=$((flipped + 1))
done
step "each of 18 single flipped bits is refused with exit code 1" test "$flipped" -eq 18
head -c 4000 first >short
refuse "a truncated copy is refused" "$intaglio" ledger verify short --key "$key"
refuse "a receipt of another record is refused" sh -c \
	'head -c 4250 second >mixed && tail -c +4251 first >>mixed && "$0" ledger verify mixed --key "$1"' \
	"$intaglio" "$key"

refuse_says "a wrong PIN says how many tries are left" 'tries left' \
	env INTAGLIO_PIN=000000 "$intaglio" ledger seal "$invoice"
step "no temporary file stays" sh -c '! ls | grep -E "\.[A-Za-z0-9]{6}$"'
says "the PIN may come from a file" 'record 3 ' \
	sh -c 'echo 123456 >pin && env -u INTAGLIO_PIN "$0" --pin-file pin ledger seal "$1" --output third' \
	"$intaglio" "$invoice"
refuse_says "a missing file is said by name" 'nothing.xml' "$intaglio" ledger seal nothing.xml
refuse_says "a ledger's label is its own" 'has a ledger named Invoices already' \
	"$intaglio" ledger create Invoices
refuse "and text" "$intaglio" ledger create "$(printf 'a\033b')"
refuse_says "a PIN that is too long says so" 'longer than any PIN' \
	env INTAGLIO_PIN="$(printf '%0300d' 0)" "$intaglio" ledger seal "$invoice"
step "a second ledger is made" "$intaglio" ledger create Credits
refuse_says "then sealing asks which" 'ledgers; name one' "$intaglio" ledger seal "$invoice"
id=$("$intaglio" --json ledger list | sed 's/.*"ledger":"Credits","id":"\([0-9a-f]*\)".*/\1/')
says "a ledger may be named by its identifier" '^\[\]$' "$intaglio" --json ledger list --ledger "$id"
step "and takes the one named" "$intaglio" ledger seal "$invoice" --ledger Credits --output fourth
refuse "the ledger cannot be deleted" token --login --pin 123456 --delete-object --type secrkey --label Credits
step "a token initialised again" token --init-token --label Shop2 --so-pin 12345678
says "keeps its ledgers" 'Invoices +3 records' "$intaglio" ledger list
finish
