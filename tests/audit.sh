#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The audit of an export: in order, with anomalies, and attacked in every way of audit_attacks.py.

. "$(dirname "$0")/scenario.sh"

token() {
	pkcs11-tool --module "$module" "$@"
}
seal() {
	printf '%s' "$1" >record
	"$intaglio" --ledger "$2" ledger seal record --output sealed
}

step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
export INTAGLIO_PIN=123456
step "a ledger is made" "$intaglio" ledger create 'Invoices <b>&'
step "and another" "$intaglio" ledger create Credits
book='Invoices <b>&'
key=$("$intaglio" --json ledger list | sed 's/.*"ledger":"Invoices[^}]*"key":"\([^"]*\)".*/\1/')
step "a record is sealed" seal first "$book"
step "and one in the other ledger" seal credit Credits
step "and another" seal second "$book"
step "the ledger is exported" "$intaglio" --ledger "$book" ledger export older
cp -R older export
cp -R older fork
cp -R data kept
step "two more are sealed" sh -c 'printf third >record && "$0" --ledger "$1" ledger seal record --output sealed &&
	"$0" --ledger "$1" ledger seal record --type 7 --output sealed' "$intaglio" "$book"
step "and exported" "$intaglio" --ledger "$book" ledger export export
step "the other ledger too" sh -c 'printf more >record && "$0" --ledger Credits ledger seal record --output sealed &&
	"$0" --ledger Credits ledger export other' "$intaglio"
rm -rf data && cp -R kept data
step "the card is set back and seals otherwise" sh -c 'printf else >record && "$0" --ledger "$1" ledger seal record --output sealed &&
	"$0" --ledger "$1" ledger seal record --output sealed' "$intaglio" "$book"
step "into another history" "$intaglio" --ledger "$book" ledger export fork

says "the export is in order" 'all 5 entries are those that the card signed' \
	"$intaglio" audit verify export
says "the key is better given" 'who it belongs to is not checked' "$intaglio" audit verify export
says "and continues the older one" 'continue the previous audit' \
	"$intaglio" audit verify export --key "$key" --previous older/checkpoint
says "JSON says the same" '"valid":true.*"entries":5.*"types":\[{"type":1,"records":3},{"type":7,"records":1}\]' \
	"$intaglio" audit verify --json export
says "and what other ledgers had in between" '"records_of_other_ledgers":2' \
	"$intaglio" audit verify --json export
step "and a page" "$intaglio" audit verify export --html page.html
step "that is well-formed" xmllint --html --noout page.html
says "and quotes what others wrote" 'Invoices &lt;b&gt;&amp;' cat page.html
refuse "which refers to nothing outside" grep -E 'src=|href=|url\(|<script|@import|https?://' page.html
touch export/strange
says "a file that is no part of it is said" 'strange is no part' "$intaglio" audit verify export
step "and is no fault" "$intaglio" audit verify export
rm export/strange
refuse "an export needs a directory" "$intaglio" audit verify
refuse "and one that is there" "$intaglio" audit verify nothing
refuse "an option of another subcommand is refused" "$intaglio" audit verify export --with x
says "the wrong key is not believed" 'not signed by' "$intaglio" audit verify export \
	--key 'intaglio/ledger/e49c758b8ab7dd830f4cba0474cd7e68+d05cbdc3+AcqiiVNhDJSqdsF8gyqab60moEKWVERnsQIXyhO3z3el'

python3 "$source_root/tests/audit_attacks.py" "$intaglio" "$key" export older fork other >attacks 2>&1
cat attacks
step "every attack is found" grep -Eq '^[0-9]+ passed, 0 failed$' attacks
finish
