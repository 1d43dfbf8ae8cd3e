#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A card whose disk turns read-only while it keeps a ledger, and a tool whose disk is full: what the person
# is told, and that all that was acknowledged is there afterwards. The disk is a small one in memory,
# in a mount namespace of the scenario's own.

if [ "${1-}" != inside ]; then
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare --mount "$0" inside
	fi
	exec unshare --map-root-user --user --mount "$0" inside
fi
shift

. "$(dirname "$0")/scenario.sh"

token() {
	pkcs11-tool --module "$module" "$@"
}
# The card's disk: its own, so that what the tool writes beside it is not in the way.
mount -t tmpfs -o size=200m none "$XDG_DATA_HOME" || exit 1
count_is() {
	"$intaglio" --json ledger list | grep -q "\"records\":$1,"
}
read_only() {
	mount -o remount,ro none "$XDG_DATA_HOME"
}
writable() {
	mount -o remount,rw none "$XDG_DATA_HOME"
}
seal() {
	rm -f "sealed.$1"
	"$intaglio" ledger seal "$invoice" --output "sealed.$1"
}
invoice=$source_root/doc/examples/invoice.xml

step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
export INTAGLIO_PIN=123456
auditor=$("$intaglio" audit key tax.example/auditor --output auditor.pem)
step "a ledger is made" "$intaglio" ledger create Invoices --auditor "$auditor"
step "a record is sealed" seal 1
step "and another" seal 2
step "the ledger is exported" "$intaglio" ledger export book
key=$(cat book/key)
step "and countersigned" "$intaglio" audit cosign book --key "$key" --first --signing-key auditor.pem --output cosigned

step "the disk turns read-only" read_only
refuse_says "nothing is sealed, and that is said" 'intaglio: .*(read|written|memory)' seal 3
step "no receipt is left behind" test ! -e sealed.3
refuse_says "no countersignature is taken" 'intaglio: .*(read|written|memory)' "$intaglio" ledger cosign cosigned
refuse_says "nothing is pruned" 'intaglio: ' "$intaglio" ledger prune 2
refuse_says "no ledger is made" 'intaglio: .*(read|written|memory)' "$intaglio" ledger create Other
step "it can be written again" writable
step "what was acknowledged is there, and no more" count_is 2
step "and a third record goes in" seal 3
step "the countersignature too" "$intaglio" ledger cosign cosigned

step "the ledger is continued in the export" "$intaglio" ledger export book
step "and in order" "$intaglio" audit verify book --key "$key" --previous cosigned
step "and pruned" "$intaglio" ledger prune

# The card's disk is full: what is prepared is used up first, then nothing is sealed.
head -c 400M /dev/zero >"$XDG_DATA_HOME/other" 2>/dev/null
step "on a full disk" sh -c '! head -c 4096 /dev/zero >"$0/more" 2>/dev/null' "$XDG_DATA_HOME"
rm -f "$XDG_DATA_HOME/more"
"$scenario_build/tests/fill_ledger" "$module" 123456 >filled 2>filled.log
cat filled
says "the card seals as long as it has room, and then none" '^[1-9][0-9]+ sealed, CKR_DEVICE_MEMORY' cat filled
says "it names the file and the reason" 'card memory .*No space left on device' cat filled.log
says "and says that nothing was stored" 'memory is full; nothing was stored' cat filled.log
sealed=$(sed 's/ .*//' filled)
leaves=$((3 + sealed))
step "what was acknowledged is there, and no more" count_is "$leaves"
head -c 62000 /dev/zero >large
refuse_says "another process is told the same" 'memory is full|CKR_DEVICE_MEMORY' "$intaglio" ledger seal large --output none
step "no receipt is left behind there" test ! -e none
step "room is made" rm "$XDG_DATA_HOME/other"
step "and it is sealed" "$intaglio" ledger seal large --output large.sealed
step "as the next record" count_is $((leaves + 1))

# The tool's own disk: the receipt has no place, before or after the card has stored.
mkdir small
mount -t tmpfs -o size=64k none small || exit 1
head -c 65536 /dev/zero >small/other 2>/dev/null
refuse_says "a receipt without a place is said, and that the record is sealed" 'IS sealed, as record' \
	"$intaglio" ledger seal "$invoice" --output small/receipt
refuse "an export without a place fails" "$intaglio" ledger export small/book
rm -rf small/*
seal 5 >/dev/null 2>&1
step "the export goes on where there is room" "$intaglio" ledger export book
step "and is in order" "$intaglio" audit verify book --key "$key" --previous cosigned
# Else their places would be left behind.
umount small "$XDG_DATA_HOME"
finish
