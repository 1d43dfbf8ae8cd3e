#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Records sealed as data objects, with pkcs11-tool and nothing of ours but the module and, for what a
# ledger is, the tool.

. "$(dirname "$0")/../scenario.sh"

token() {
	pkcs11-tool --module "$module" "$@"
}
user() {
	token --login --pin 123456 "$@"
}
write() {
	user --write-object "$1" --type data --application-label Invoices --label "$2"
}
read_back() {
	user --read-object --type data --label "$1" --output-file back && cmp back "$2"
}
# The record's words in a file of the card.
in_the_clear() {
	grep -ra 'Ruled notebook' "$XDG_DATA_HOME"
}

invoice=$source_root/doc/examples/invoice.xml
sed 's/2026-000147/2026-000148/' "$invoice" >second.xml
step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
export INTAGLIO_PIN=123456
step "an object before there is a ledger is an ordinary one" write "$source_root/LICENSE" before
step "and can be deleted" user --delete-object --type data --label before
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out escrow.pem 2>/dev/null
openssl pkey -in escrow.pem -pubout -out escrow.pub
step "a ledger is made" "$intaglio" ledger create Invoices --escrow-key escrow.pub
step "and another" "$intaglio" ledger create Credits
step "an object with the ledger's application label is sealed" write "$invoice" 2026-000147
says "as a record" 'Invoices +1 record' "$intaglio" ledger list
refuse "the card's memory has it enciphered" in_the_clear
step "and another" write second.xml 2026-000148
says "which are found" "label: +'2026-000148'" user --list-objects --type data
says "with the ledger's label as application" "application: +'Invoices'" user --list-objects --type data
says "as what cannot be changed" 'flags: +private' user --list-objects --type data
step "each is read back byte for byte" read_back 2026-000147 "$invoice"
step "by its label" read_back 2026-000148 second.xml
refuse "without a login there is none to read" token --read-object --type data --label 2026-000147 --output-file none
says "nor to see" '^0$' sh -c 'pkcs11-tool --module "$module" --list-objects --type data | grep -c 2026; true'
refuse_says "it is not deleted" 'rv = (CKR_ACTION_PROHIBITED|unknown PKCS11 error \(0x1b\))' user --delete-object --type data --label 2026-000147
step "and is still there" read_back 2026-000147 "$invoice"
refuse_says "a record in nobody's name is not sealed" 'USER_NOT_LOGGED_IN|PKCS11 function' \
	token --write-object "$invoice" --type data --application-label Invoices --label none
step "another application's object is an ordinary one" \
	user --write-object "$source_root/LICENSE" --type data --application-label Elsewhere --label other
step "which can be deleted" user --delete-object --type data --label other
says "nothing else was sealed" '"records":2' "$intaglio" --json ledger list
step "the same label twice is two records" write second.xml 2026-000147
printf '' >empty
step "an empty one is a record too" write empty nothing
step "the tool reads what was sealed" sh -c '"$0" --ledger Invoices ledger read 2 | cmp - second.xml' "$intaglio"
step "the ledger is exported" "$intaglio" --ledger Invoices ledger export book
says "and in order" 'all 5 entries are those' "$intaglio" audit verify book --key "$(cat book/key)"
says "with invoices that the auditor reads" '19%: 3, taxable 357.00' \
	"$intaglio" audit verify book --key "$(cat book/key)" --escrow-key escrow.pem
step "and deciphers" "$intaglio" audit decrypt book --key "$(cat book/key)" --escrow-key escrow.pem --output plain
step "byte for byte" cmp plain/1 "$invoice"
says "a record that was sealed otherwise is found too" "label: +'record 1'" sh -c '
	"$intaglio" --ledger Credits ledger seal "$0" --output sealed >&2 &&
	pkcs11-tool --module "$module" --login --pin 123456 --list-objects --type data' "$invoice"
step "and read" read_back 'record 1' "$invoice"
finish
