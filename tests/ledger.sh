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

# The longest record, which takes two leaves.
head -c 65536 /dev/urandom >long
head -c 65537 /dev/zero >too-long
step "a ledger for large records is made" "$intaglio" ledger create Large
large=$("$intaglio" --json ledger list | sed 's/.*"ledger":"Large"[^}]*"key":"\([^"]*\)".*/\1/')
says "64 KiB are one record" 'long is record 1 \(65536 bytes' "$intaglio" ledger seal long --ledger Large --output long_sealed
refuse_says "a byte more is none" 'too-long is larger than 65536 bytes' \
	"$intaglio" ledger seal too-long --ledger Large --output none
step "the next is record 3" sh -c '"$0" ledger seal "$1" --ledger Large --output three | grep -q "is record 3"' "$intaglio" "$invoice"
says "by number" '^ +1 .*65536 bytes' "$intaglio" ledger list --ledger Large
step "which is one line" sh -c 'test "$("$0" ledger list --ledger Large | wc -l)" = 2' "$intaglio"
step "it is read back byte for byte" sh -c '"$0" ledger read 1 --ledger Large | cmp - long' "$intaglio"
refuse_says "there is no record 2" 'no record of this number' "$intaglio" ledger read 2 --ledger Large
says "its receipt is right" 'record 1 is in the ledger of 3 entries' "$intaglio" ledger verify long_sealed --key "$large"
flipped=0
for at in 0 1 30 70 80 20000 32850 32858 32859 32860 32890 32940 32965 50000 65700 65740 65760 65800 66000; do
	cp long_sealed tampered
	byte=$(dd if=long_sealed bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1)
	# shellcheck disable=SC2059 # the octal code is the format
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of=tampered bs=1 seek="$at" conv=notrunc 2>/dev/null
	"$intaglio" ledger verify tampered --key "$large" >/dev/null 2>&1
	[ $? -eq 1 ] && flipped=$((flipped + 1))
done
step "each of 19 single flipped bits is refused" test "$flipped" -eq 19
step "a ledger that takes no more is made" "$intaglio" ledger create Small --record-size 62000
refuse_says "and does not" 'longer' "$intaglio" ledger seal long --ledger Small --output none
refuse_says "a record is never longer" 'record-size 1 to 65536' "$intaglio" ledger create Bad --record-size 65537

refuse_says "a wrong PIN says how many tries are left" 'tries left' \
	env INTAGLIO_PIN=000000 "$intaglio" ledger seal "$invoice"
step "no temporary file stays" sh -c '! ls | grep -E "\.[A-Za-z0-9]{6}$"'
says "the PIN may come from a file" 'record 3 ' \
	sh -c 'echo 123456 >pin && env -u INTAGLIO_PIN "$0" --pin-file pin ledger seal "$1" --ledger Invoices --output third' \
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

token_text=$("$intaglio" audit key tax.example/auditor --output auditor.pem)
step "an auditor's key has a public text" sh -c 'echo "$0" | grep -q "^tax.example/auditor+[0-9a-f]\{8\}+B"' "$token_text"
step "and is its owner's alone" sh -c 'test "$(stat -c %a auditor.pem)" = 600'
refuse "it is not written over" "$intaglio" audit key tax.example/auditor --output auditor.pem
step "a ledger is made with an auditor and rules" "$intaglio" ledger create Kept --auditor "$token_text" \
	--capacity 10 --record-size 5000
for n in 1 2 3 4 5 6 7 8; do
	"$intaglio" ledger seal "$invoice" --ledger Kept --output "kept.$n" >/dev/null 2>&1
done
head -c 5001 /dev/zero >large
refuse_says "a record longer than its rules allow is refused" 'longer' \
	"$intaglio" ledger seal large --ledger Kept --output large.sealed
says "nine of ten records are warned of" 'nine tenths of the ledger' sh -c \
	'"$0" ledger seal "$1" --ledger Kept --output kept.9 2>&1' "$intaglio" "$invoice"
step "the tenth goes in" "$intaglio" ledger seal "$invoice" --ledger Kept --output kept.10
refuse_says "the eleventh does not" 'records that its capacity allows, .*; nothing was stored' \
	"$intaglio" ledger seal "$invoice" --ledger Kept --output kept.11
says "which ledger show says" '"warnings":\["full","capacity"\]' "$intaglio" --json ledger show --ledger Kept
refuse_says "nothing is pruned before it is countersigned" 'nothing of the ledger is countersigned' \
	"$intaglio" ledger prune --ledger Kept
refuse_says "not even when asked by number" 'not countersigned' "$intaglio" ledger prune 5 --ledger Kept
step "the ledger is exported" "$intaglio" ledger export kept --ledger Kept
kept_key=$("$intaglio" --json ledger list | sed 's/.*"ledger":"Kept"[^}]*"key":"\([^"]*\)".*/\1/')
refuse_says "an auditor says what was countersigned before" 'with --previous, or --first' "$intaglio" audit cosign kept \
	--key "$kept_key" --signing-key auditor.pem --output cosigned
refuse_says "and knows whose key it is" 'whose key the export is signed by is not known' "$intaglio" audit cosign kept \
	--first --signing-key auditor.pem --output cosigned
step "the export is countersigned" "$intaglio" audit cosign kept --key "$kept_key" --first \
	--signing-key auditor.pem --output cosigned
refuse_says "into a file that is not there yet" 'cosigned is there already' "$intaglio" audit cosign kept --key "$kept_key" --first \
	--signing-key auditor.pem --output cosigned
cat >cosignature.py <<'END'
import base64, hashlib, subprocess, sys
text, lines = open("cosigned", encoding="utf-8").read().split("\n\n")
name, key_id, key = sys.argv[1].split("+", 2)
key = base64.b64decode(key)
assert key[0] == 4 and hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id
line = [l for l in lines.splitlines() if l.split(" ")[1] == name][0]
raw = base64.b64decode(line.split(" ")[2])
assert raw[:4].hex() == key_id and len(raw) == 76
when = int.from_bytes(raw[4:12], "big")
open("message", "w", encoding="utf-8").write("cosignature/v1\ntime %d\n%s\n" % (when, text))
open("signature", "wb").write(raw[12:])
open("public.der", "wb").write(bytes.fromhex("302a300506032b6570032100") + key[1:])
subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "public.der",
    "-rawin", "-in", "message", "-sigfile", "signature"], check=True)
END
says "as C2SP says, by openssl's word" 'Verified Successfully' python3 cosignature.py "$token_text"
step "another auditor's key" "$intaglio" audit key tax.example/auditor --output other.pem
refuse_says "does not countersign it" 'not that of the ledger' \
	"$intaglio" audit cosign kept --key "$kept_key" --first --signing-key other.pem --output forged
refuse_says "a checkpoint without a countersignature is not taken" 'countersigned' \
	"$intaglio" ledger cosign kept/checkpoint --ledger Kept
refuse_says "what is no checkpoint is said" '^intaglio: /dev/null is no checkpoint' "$intaglio" ledger cosign /dev/null --ledger Kept
step "the card takes the countersignature" "$intaglio" ledger cosign cosigned --ledger Kept
refuse "once" "$intaglio" ledger cosign cosigned --ledger Kept
refuse_says "nothing is not pruned" 'from 1 on' "$intaglio" ledger prune 0 --ledger Kept
step "what is countersigned is pruned" "$intaglio" ledger prune --ledger Kept
says "and said so" 'pruned +the first 11' "$intaglio" ledger show --ledger Kept
step "what is left is listed" "$intaglio" ledger list --ledger Kept
refuse_says "a pruned record cannot be read" 'pruned' "$intaglio" ledger read 3 --ledger Kept
step "records go in again" "$intaglio" ledger seal "$invoice" --ledger Kept --output kept.11
cp -R kept before-pruning
step "the export is continued" "$intaglio" ledger export kept --ledger Kept
step "and in order, from the previous audit on" "$intaglio" audit verify kept --key "$kept_key" --previous cosigned
step "which is countersigned in its turn" "$intaglio" audit cosign kept --key "$kept_key" --previous cosigned \
	--signing-key auditor.pem --output cosigned2
step "and that goes to the card" "$intaglio" ledger cosign cosigned2 --ledger Kept
refuse_says "an older state is not countersigned again" 'set back to an older state; nothing was signed' \
	"$intaglio" audit cosign before-pruning --key "$kept_key" --previous cosigned2 --signing-key auditor.pem --output forged
cp -R before-pruning earlier
says "what is left of a pruned ledger is exported" 'from 11 on, 1 of 12, 1 of them new: those before were pruned' \
	"$intaglio" ledger export anew --ledger Kept
step "one more goes in" "$intaglio" ledger seal "$invoice" --ledger Kept --output kept.12
says "and to that export" '"entries":13,"added":1,"first":11' "$intaglio" --json ledger export anew --ledger Kept
refuse_says "by itself it is not audited" 'the entries before 11 are in an earlier one' "$intaglio" audit verify anew --key "$kept_key"
refuse_says "nor countersigned" 'not in order' "$intaglio" audit cosign anew --key "$kept_key" --first \
	--signing-key auditor.pem --output forged
says "it goes behind the earlier export" 'earlier holds the ledger.s 13 entries, 2 of them new' "$intaglio" audit join earlier anew
step "which is then audited whole" "$intaglio" audit verify earlier --key "$kept_key" --previous cosigned2
step "and continued from the card" "$intaglio" ledger export earlier --ledger Kept
says "twice is once" '13 entries, 0 of them new' "$intaglio" audit join earlier anew
refuse_says "what is whole needs no other" 'not the rest of a pruned ledger' "$intaglio" audit join earlier before-pruning
refuse_says "and a rest has none behind it" 'the first directory is a rest itself' "$intaglio" audit join anew anew
step "a ledger without an auditor is made" "$intaglio" ledger create Free
step "exported early" "$intaglio" ledger export gap --ledger Free
cp -R gap old
for n in 1 2 3 4 5; do
	rm -f sealed && "$intaglio" ledger seal "$invoice" --ledger Free --output sealed >/dev/null 2>&1
	[ $n -ne 3 ] || step "once more" "$intaglio" ledger export old --ledger Free
done
step "and pruned" "$intaglio" ledger prune 4 --ledger Free
refuse_says "an export that ends before is not continued" 'ends with entry 0, and the card has pruned all before entry 4' \
	"$intaglio" ledger export gap --ledger Free
step "what is left is exported" "$intaglio" ledger export left --ledger Free
refuse_says "nor joined" 'those between are in neither' "$intaglio" audit join gap left
refuse_says "another ledger's is not either" 'exports of two ledgers' "$intaglio" audit join earlier left
for file in checkpoint tile/entries/000.p/6 rest; do
	at=0
	missed=0
	size=$(wc -c <left/$file)
	while [ $at -lt "$size" ]; do
		rm -rf cut joined && cp -R left cut && cp -R old joined
		byte=$(dd if=left/$file bs=1 skip=$at count=1 2>/dev/null | od -An -tu1)
		# shellcheck disable=SC2059 # the octal code is the format
		printf "\\$(printf %03o $((byte ^ 1)))" | dd of=cut/$file bs=1 seek=$at conv=notrunc 2>/dev/null
		"$intaglio" audit join joined cut >/dev/null 2>&1 && missed=$((missed + 1))
		diff -r old joined >/dev/null || missed=$((missed + 1))
		at=$((at + 1 + size / 12))
	done
	step "altered, it is not joined, and nothing is written: $file" test $missed -eq 0
done
says "as it is it goes behind the later export" '6 entries, 2 of them new' "$intaglio" audit join old left
step "which is in order" "$intaglio" audit verify old --key "$(cat old/key)"
says "and where every altered byte is found" '^[0-9]{4} alterations of single files, 0 not found' "$scenario_build/tests/audit_flip" \
	old "$(cat old/key)" "$XDG_DATA_HOME/intaglio/cards/default/host/authority.cvc" 23
step "roles are rules too" "$intaglio" ledger create Locked --append-roles user,issuer --read-roles none --prune-roles none
step "a record goes in" "$intaglio" ledger seal "$invoice" --ledger Locked --output locked
refuse_says "and does not come out" 'nobody is logged in who may read this ledger' "$intaglio" ledger read 1 --ledger Locked
refuse_says "and hold" 'no role that may prune' "$intaglio" ledger prune 1 --ledger Locked
refuse "a role is a known one" "$intaglio" ledger create Wrong --read-roles nobody
step "a token initialised again" token --init-token --label Shop2 --so-pin 12345678
says "keeps its ledgers" 'Invoices +3 records' "$intaglio" ledger list
finish
