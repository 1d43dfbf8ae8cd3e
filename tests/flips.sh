#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run flips: every byte of an export altered, one after the other, each alteration audited: of an
# export with short records, one with a record of two leaves, and one joined from what a pruned ledger
# had left. tests/audit.sh and tests/ledger.sh do the first whole and of the others a part.

. "$(dirname "$0")/scenario.sh"

token() {
	pkcs11-tool --module "$module" "$@" >/dev/null
}
seal() {
	rm -f sealed && "$intaglio" --ledger "$1" ledger seal "$2" --output sealed >/dev/null
}
# flips SENTENCE EXPORT
flips() {
	"$scenario_build/tests/audit_flip" "$2" "$(cat "$2/key")" "$authority" 1 >flipped
	flips_code=$?
	sed "s/^/$2: /" flipped
	step "$1" test "$flips_code" -eq 0
}

authority=$XDG_DATA_HOME/intaglio/cards/default/host/authority.cvc
invoice=$source_root/doc/examples/invoice.xml
export INTAGLIO_PIN=123456
step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456

step "a ledger is made" "$intaglio" ledger create Short
printf first >one
printf second >two
step "a record is sealed" seal Short one
step "and another" seal Short two
step "and exported" "$intaglio" --ledger Short ledger export short

step "a ledger is made for long records" "$intaglio" ledger create Long
head -c 65536 /dev/zero | tr '\0' ' ' >long.record
step "one of two leaves is sealed" seal Long long.record
step "an invoice after it" seal Long "$invoice"
step "and exported" "$intaglio" --ledger Long ledger export long

step "a ledger is made that is pruned" "$intaglio" ledger create Pruned
step "an invoice is sealed" seal Pruned "$invoice"
step "and exported" "$intaglio" --ledger Pruned ledger export joined
step "another is sealed" seal Pruned "$invoice"
step "what the export has is pruned" "$intaglio" --ledger Pruned ledger prune 2
step "what is left is exported" "$intaglio" --ledger Pruned ledger export rest
step "and joined" "$intaglio" audit join joined rest

flips "every byte of an export of short records is found" short
flips "every byte of one joined after pruning" joined
flips "every byte of one with a record of two leaves" long
finish
