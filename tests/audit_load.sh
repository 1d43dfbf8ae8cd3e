#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# An export loaded into SQLite and into a PostgreSQL server of this test's own, which listens on a
# socket in a private directory and on nothing else. Both must hold the same afterwards.

. "$(dirname "$0")/scenario.sh"

# The server refuses to be root's.
if [ "$(id -u)" -eq 0 ]; then
	as_office() {
		(cd / && exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@")
	}
else
	as_office() {
		"$@"
	}
fi
bin=$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname)
step "PostgreSQL is installed" test -n "$bin"
office=$(as_office mktemp -d) || exit 1
remove_office() {
	[ -z "$background_pid" ] || scenario_stop "$background_pid"
	rm -rf "$office"
	scenario_end
}
trap remove_office EXIT

token() {
	pkcs11-tool --module "$module" "$@"
}
seal() {
	rm -f sealed
	"$intaglio" ledger seal "$1" --output sealed
}
audit_load() {
	"$intaglio" audit load --key "$(cat book/key)" "$@"
}
same() {
	psql -qAt -h "$office" -U office -d postgres -c "$1" >from_server &&
		sqlite3 office.db "$1" >from_file && diff from_file from_server && test -s from_file
}
server="host=$office user=office dbname=postgres"

background_pid=
step "a server is made" as_office "$bin/initdb" -D "$office/data" --auth=trust --username=office --encoding=UTF8 --no-sync
if [ "$(id -u)" -eq 0 ]; then
	background setpriv --reuid=nobody --regid=nogroup --clear-groups \
		"$bin/postgres" -D "$office/data" -k "$office" -c listen_addresses=
else
	background "$bin/postgres" -D "$office/data" -k "$office" -c listen_addresses=
fi
step "and started" until_true 30 psql -h "$office" -U office -d postgres -c 'SELECT 1'

step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
export INTAGLIO_PIN=123456
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out escrow.pem 2>/dev/null
openssl pkey -in escrow.pem -pubout -out escrow.pub
step "a ledger is made" "$intaglio" ledger create "Miller's" --escrow-key escrow.pub
invoice=$source_root/doc/examples/invoice.xml
printf 's/2026-000147/a\\tb\\\\\\\\n\047; DROP TABLE record; --/' >odd.sed
sed -f odd.sed "$invoice" >odd.xml
printf 's/2026-000147/\377\376/' >foreign.sed
LC_ALL=C sed -f foreign.sed "$invoice" >foreign.xml
step "it is exported with no record" "$intaglio" ledger export book
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.pem 2>/dev/null
for verb in verify "load --database empty.db" "decrypt --output plain"; do
	# shellcheck disable=SC2086 # several words
	refuse_says "another escrow key is refused all the same: ${verb%% *}" 'record 0: the key is not the one that leaf 0 has' \
		"$intaglio" audit $verb book --key "$(cat book/key)" --escrow-key other.pem
done
says "and the right one is taken" 'all 1 entries' "$intaglio" audit verify book --key "$(cat book/key)" --escrow-key escrow.pem
step "records are sealed" seal "$invoice"
step "one with what a database reads otherwise" seal odd.xml
step "one with what is no text" seal foreign.xml
step "and one that is no invoice" seal "$source_root/LICENSE"
step "and exported" "$intaglio" ledger export book

says "they are loaded into SQLite" '4 records are in the database' \
	audit_load book --escrow-key escrow.pem --database office.db
says "and into PostgreSQL" '4 records are in the database' \
	audit_load book --escrow-key escrow.pem --database "$server"
step "the ledger is the same" same 'SELECT name, label, entries, checkpoint FROM ledger'
step "the records are" same 'SELECT ledger, number, card_counter, time_ms, type, length FROM record ORDER BY number'
step "the invoices are" same 'SELECT number, id, date, currency, payable_hundredths FROM invoice ORDER BY number'
psql -qAt -h "$office" -U office -d postgres -c "SELECT encode(leaf_hash, 'hex') FROM record ORDER BY number" >from_server
sqlite3 office.db 'SELECT lower(hex(leaf_hash)) FROM record ORDER BY number' >from_file
step "the hashes are" cmp from_file from_server
says "and there are as many" '^4 ' wc -l from_file
cp -R book older
cp -R book fork
cp -R data kept
step "two more are sealed" sh -c 'for n in 1 2; do rm -f sealed; "$0" ledger seal "$1" --output sealed || exit; done' "$intaglio" "$invoice"
step "and exported" "$intaglio" ledger export book
says "a longer export adds to it" '6 records are in the database' \
	audit_load book --escrow-key escrow.pem --database "$server"
audit_load book --escrow-key escrow.pem --database office.db >/dev/null
step "and nothing is there twice" same 'SELECT count(*), sum(number), max(card_counter) FROM record'
step "nor any invoice" same 'SELECT count(*), sum(payable_hundredths) FROM invoice'
says "with which one can reckon" '^5.70805$' sqlite3 office.db 'SELECT count(*), sum(payable_hundredths) FROM invoice'
everything='SELECT entries, checkpoint, record.number, type, length, time_ms, id, payable_hundredths FROM ledger
	JOIN record ON record.ledger = name LEFT JOIN invoice ON invoice.ledger = name AND invoice.number = record.number
	ORDER BY record.number'
step "both are the same in all" same "$everything"
cp from_file before
says "an older export changes nothing" '4 records are in the database' audit_load older --escrow-key escrow.pem --database office.db
says "nor in PostgreSQL" '4 records are in the database' audit_load older --escrow-key escrow.pem --database "$server"
rm -rf data && cp -R kept data
sed 's/2026-000147/FALSE/' "$invoice" >false.xml
step "the card is set back and seals another record" seal false.xml
step "twice and once more" sh -c 'for n in 1 2; do rm -f sealed; "$0" ledger seal "$1" --output sealed || exit; done' "$intaglio" "$invoice"
step "into another history" "$intaglio" ledger export fork
for database in office.db "$server"; do
	refuse_says "which is not loaded over the first: ${database%%=*}" "record 5 of ledger intaglio/ledger/.* is in the database" \
		audit_load fork --escrow-key escrow.pem --database "$database"
	step "as what is not in order" sh -c '"$0" audit load fork --key "$1" --database "$2" >/dev/null 2>&1; test $? = 1' \
		"$intaglio" "$(cat book/key)" "$database"
done
step "in no part" same "$everything"
step "and nothing is otherwise than before" cmp from_file before
cp -R book bad
printf XXXXXXXX | dd of=bad/tile/entries/000.p/7 bs=1 seek=3000 conv=notrunc 2>/dev/null
refuse_says "an export that is not in order is not loaded" 'nothing was loaded' \
	audit_load bad --escrow-key escrow.pem --database "$server"
step "and the database is as it was" same 'SELECT count(*), sum(number) FROM record'
refuse_says "a server that is not there is said" 'intaglio: the database: ' \
	audit_load book --database "host=$office port=1 dbname=postgres"
refuse_says "so is a file that cannot be made" 'intaglio: the database: ' \
	audit_load book --database nowhere/office.db
finish
