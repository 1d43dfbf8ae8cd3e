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
	rm -f sealed
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
step "two more are sealed" sh -c 'printf third >record && "$0" --ledger "$1" ledger seal record --output third &&
	"$0" --ledger "$1" ledger seal record --type 7 --output fourth' "$intaglio" "$book"
step "and exported" "$intaglio" --ledger "$book" ledger export export
step "the other ledger too" sh -c 'printf more >record && "$0" --ledger Credits ledger seal record --output more &&
	"$0" --ledger Credits ledger export other' "$intaglio"
rm -rf data && cp -R kept data
step "the card is set back and seals otherwise" sh -c 'printf else >record && "$0" --ledger "$1" ledger seal record --output else3 &&
	"$0" --ledger "$1" ledger seal record --output else4' "$intaglio" "$book"
step "into another history" "$intaglio" --ledger "$book" ledger export fork

authority=$XDG_DATA_HOME/intaglio/cards/default/host/authority.cvc
cp other/certificate certificate.other
says "the export is in order" 'all 5 entries are those that the card signed' \
	"$intaglio" audit verify export --key "$key"
refuse_says "by its own key alone it proves nothing" 'NOT VOUCHED FOR: the key was taken from the export' "$intaglio" audit verify export
step "which the exit code says" sh -c '"$0" audit verify export >/dev/null; test $? = 5' "$intaglio"
refuse_says "and JSON" '"valid":false,"in_order":true,"vouched_by":null' "$intaglio" audit verify export --json
refuse_says "and the page" 'Not vouched for' sh -c '"$0" audit verify export --html own.html; cat own.html; exit 5' "$intaglio"
# slip SENTENCE REGEX ARGUMENT...: what the auditor mistyped is no finding.
slip() {
	slip_sentence=$1
	slip_regex=$2
	shift 2
	refuse_says "$slip_sentence" "$slip_regex" sh -c '"$@" 2>slip; test $? = 4 || exit 0; cat slip; exit 1' - \
		"$intaglio" audit verify "$@"
}
echo "$key" >ledger.key
mkdir bare
slip "a file is no key" 'ledger.key. is none; nothing was audited' export --key ledger.key
slip "nor is nothing" 'takes the text of a ledger' export --key ''
slip "nor is a record a checkpoint" 'record is no checkpoint' export --key "$key" --previous record
slip "a folder is no export" 'bare is no export of a ledger' bare --key "$key"
says "and continues the older one" 'continue the previous audit' \
	"$intaglio" audit verify export --key "$key" --previous older/checkpoint
says "the authority vouches for the card" 'card .*, which the authority vouches for' \
	"$intaglio" audit verify export --authority "$authority"
says "in JSON too" '"authority_given":true,"card":"' "$intaglio" audit verify export --json --authority "$authority"
cp -R export lone && rm lone/certificate
refuse_says "an export without the card's word is not vouched for" 'has no certificate: nothing leads' \
	"$intaglio" audit verify lone --authority "$authority"
printed "which is not called its own word" 'NOT VOUCHED FOR: not by the authority that was given'
says "and is in order by its key, which says what was not checked" \
	'^notice: certificate: .* was not checked: give .* with --authority' "$intaglio" audit verify lone --key "$key"
refuse "with the authority there is nothing of that to say" \
	sh -c '"$0" audit verify export --authority "$1" | grep "not checked"' "$intaglio" "$authority"
XDG_DATA_HOME=$PWD/elsewhere pkcs11-tool --module "$module" --init-token --label Other --so-pin 12345678 >/dev/null 2>&1
refuse_says "another authority knows nothing of the card" 'does not lead from the authority' \
	"$intaglio" audit verify export --authority elsewhere/intaglio/cards/default/host/authority.cvc
cp certificate.other lone/certificate
refuse_says "another ledger's certificate is none for this one" 'does not lead from the authority' \
	"$intaglio" audit verify lone --authority "$authority"
refuse_says "a file that is no authority's certificate is said" "is no authority's certificate" \
	"$intaglio" audit verify export --authority export/certificate
says "JSON says the same" '"valid":true.*"entries":5.*"types":\[{"type":1,"records":3},{"type":7,"records":1}\]' \
	"$intaglio" audit verify --json export --key "$key"
says "and what other ledgers had in between" '"records_of_other_ledgers":2' \
	"$intaglio" audit verify --json export --key "$key"
step "and a page" "$intaglio" audit verify export --key "$key" --html page.html
step "that is well-formed" xmllint --html --noout page.html
says "and quotes what others wrote" 'Invoices &lt;b&gt;&amp;' cat page.html
refuse "which refers to nothing outside" grep -E 'src=|href=|url\(|<script|@import|https?://' page.html
touch export/strange
says "a file that is no part of it is said" 'strange is no part' "$intaglio" audit verify export --key "$key"
step "and is no fault" "$intaglio" audit verify export --key "$key"
rm export/strange
refuse "an export needs a directory" "$intaglio" audit verify
refuse_says "and one that is there" 'there is no folder nothing' "$intaglio" audit verify nothing
step "which is no fault of a book" sh -c '"$0" audit verify nothing 2>/dev/null; test $? = 4' "$intaglio"
refuse_says "a bad authority is said once" '^intaglio: export/checkpoint is no authority.s certificate$' \
	"$intaglio" audit verify export --authority export/checkpoint
step "and no more" sh -c '"$0" audit verify export --authority export/checkpoint 2>&1 | wc -l | grep -qx 1' "$intaglio"
refuse "an option of another subcommand is refused" "$intaglio" audit verify export --with x
refuse_says "the wrong key is not believed" 'not signed by' "$intaglio" audit verify export \
	--key 'intaglio/ledger/e49c758b8ab7dd830f4cba0474cd7e68+d05cbdc3+AcqiiVNhDJSqdsF8gyqab60moEKWVERnsQIXyhO3z3el'

step "the auditor has an escrow key" openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out escrow.pem
step "and gives its public part" openssl pkey -in escrow.pem -pubout -out escrow.pub
auditor=$(python3 -c 'import base64, hashlib
key = bytes(range(32))
print("example.org/auditor+%s+%s" % (hashlib.sha256(b"example.org/auditor\n\4" + key).hexdigest()[:8],
    base64.b64encode(b"\4" + key).decode()))')
step "a ledger is made for both" "$intaglio" ledger create Shop --escrow-key escrow.pub --auditor "$auditor"
refuse "an auditor's key is not a ledger's" "$intaglio" ledger create Bad --auditor "$key"
printf '%s\n' "$auditor" >auditor.key
refuse_says "nor a file the text in it" 'give that text to --auditor' "$intaglio" ledger create Bad --auditor auditor.key
refuse "nor one whose id is wrong" "$intaglio" ledger create Bad --auditor "example.org/x${auditor#example.org/auditor}"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 2>/dev/null | openssl pkey -pubout -out short.pub
refuse_says "an escrow key is not too short" 'no RSA public key' "$intaglio" ledger create Bad --escrow-key short.pub
cp "$source_root/doc/examples/invoice.xml" invoice.xml
sed 's/2026-000147/2026-000148/; s/<\(cbc:Percent\)>19</<\1>7.00</' invoice.xml >invoice2.xml
step "invoices are sealed" sh -c 'for f in invoice.xml invoice2.xml invoice.xml "$1"; do
	rm -f sealed && "$0" --ledger Shop ledger seal "$f" --output sealed || exit; done' "$intaglio" "$source_root/LICENSE"
step "and exported" "$intaglio" --ledger Shop ledger export shop
shop_key=$(cat shop/key)
says "without the escrow key the audit is one of ciphertext" '"valid":true.*"invoices_deciphered":0' \
	"$intaglio" audit verify shop --json --key "$shop_key"
says "with it invoices are summed up by rate" '19%: 2, taxable 238.00, tax 45.22 EUR' \
	"$intaglio" audit verify shop --key "$shop_key" --escrow-key escrow.pem --html shop.html
says "each rate for itself" '7%: 1, taxable 119.00, tax 22.61 EUR' \
	"$intaglio" audit verify shop --key "$shop_key" --escrow-key escrow.pem
says "other records are told apart" '3 invoices deciphered, 1 other' \
	"$intaglio" audit verify shop --key "$shop_key" --escrow-key escrow.pem
says "the page has the rates" '>238.00<' cat shop.html
says "they are deciphered into a directory" '4 records are deciphered in plain' \
	"$intaglio" audit decrypt shop --key "$shop_key" --escrow-key escrow.pem --output plain
step "byte for byte" cmp plain/2 invoice2.xml
decrypt() {
	"$intaglio" audit decrypt shop --key "$shop_key" --escrow-key escrow.pem --output plain
}
step "again into the same folder" decrypt
echo mine >plain/2
refuse_says "where nothing else is written over" 'plain/2 is there already and is not this record' decrypt
step "as it was" sh -c 'grep -qx mine plain/2'
compare() {
	"$intaglio" audit compare shop --key "$shop_key" --escrow-key escrow.pem --with "$@"
}
printf 'date,id,customer,amount,currency\n2026-11-21,2026-000147,"Miller, ""A""",141.61,EUR\n,2026-000149,x,1,EUR\n' >book.csv
refuse_says "another book is compared: what is sealed twice" 'sealed twice: 2026-000147, record 3, line 2' compare book.csv
refuse_says "what only the ledger has" 'only sealed: 2026-000148, record 2' compare book.csv
refuse_says "what only the book has" 'only listed: 2026-000149, line 3' compare book.csv
refuse_says "and how many are the same" '1 the same, 0 differing, 1 only sealed, 1 only listed, 1 sealed twice; 1 records are no' \
	compare book.csv
printf '{"id":"2026-000147","amount":"141.60"}\n{"id":"2026-000148","date":"2026-11-22"}\n' >book.jsonl
refuse_says "amounts are compared" 'differs: 2026-000147, record 1, line 1: amount 141.61 sealed, 141.60 listed' compare book.jsonl
refuse_says "and dates" 'differs: 2026-000148, record 2, line 2: date 2026-11-21 sealed' compare book.jsonl
refuse_says "in JSON for programs" '"equal":false,"same":0,"differing":2,"only_sealed":0' compare book.jsonl --json
printf 'id,amount\n1,2,3\n' >bad.csv
refuse_says "a line that does not fit is said" 'bad.csv, line 2' compare bad.csv
printf 'id,amount\n1,x\n' >bad.csv
refuse_says "so is an amount that is none" 'bad.csv, line 2' compare bad.csv
printf 'id\n1\n1\n' >bad.csv
refuse_says "so is a number that is there twice" 'twice' compare bad.csv
printf '\357\273\277id;date;amount\r\n2026-000147;2026-11-21;"141,61"\r\n"2026-000148";;141,61\r\n' >book.csv
refuse_says "a spreadsheet's book: byte order mark, semicolons, decimal commas" '^2 the same, 0 differing, 0 only sealed, 0 only listed' compare book.csv
printf 'id,amount\n"2026-000147","1.141,61"\n2026-000148,"1,141.61"\n' >book.csv
refuse_says "thousands are set apart either way" 'differs: 2026-000147, record 1, line 2: amount 141.61 sealed, 1141.61 listed' compare book.csv
refuse_says "by a comma too" 'differs: 2026-000148, record 2, line 3: amount 141.61 sealed, 1141.61 listed' compare book.csv
printf 'id, amount ,"date"\n 2026-000147 ,9999.00, "2026-11-21" \n' >book.csv
refuse_says "spaces around a column's name do not hide it" 'differs: 2026-000147, record 1, line 2: amount 141.61 sealed, 9999.00' compare book.csv
refuse_says "and what was compared is said" 'of the 1 in both books: amount of 1, currency of 0, date of 1' compare book.csv
printf 'id,total\n2026-000147,9999.00\n' >book.csv
refuse_says "so is that no amount was" 'NO AMOUNT COMPARED of 1: the other book has none' compare book.csv
refuse_says "to programs too" '"compared":{"id":1,"amount":0,"currency":0,"date":0}' compare book.csv --json
printf 'id,amount, amount\n2026-000147,1,141.61\n' >bad.csv
refuse_says "two columns of one name are refused" 'line 1: two columns of one name' compare bad.csv
printf ' \r\n\nid,amount\r2026-000147,141.61\r\r2026-000148,1\r' >book.csv
refuse_says "lines may end with CR alone, and blank ones come first" 'differs: 2026-000148, record 2, line 6: amount 141.61 sealed, 1.00' compare book.csv
refuse_says "with nothing cut off" '^1 the same, 1 differing, 0 only sealed, 0 only listed' compare book.csv
printf '\n  {"id":"2026-000147"}\r{"id":"2026-000148"}' >book.jsonl
refuse_says "before JSON too" '^2 the same, 0 differing, 0 only sealed, 0 only listed' compare book.jsonl
printf '[\n{"id":"2026-000147"}\n]\n' >bad.jsonl
refuse_says "an array is not what is wanted" 'bad.jsonl, line 1: a JSON array, where one object a line is wanted' compare bad.jsonl
step "a book that is not there is no verdict" sh -c '"$0" audit compare shop --key "$1" --escrow-key escrow.pem --with nowhere; test $? = 4' \
	"$intaglio" "$shop_key"
refuse_says "nor is a folder" 'line 1: it cannot be read' compare shop
for amount in '1,234' 1.234 1.230 1.000 -1.000 0.500 '1.23.4,5' '1,2,3' ',5.5' '12,34.56' '1,234,5' ','; do
	printf 'id,amount\n1,"%s"\n' "$amount" >bad.csv
	refuse_says "an amount of two meanings or none is refused: $amount" 'bad.csv, line 2: no id, a field that is too long, or no amount that reads one way' compare bad.csv
done
printf '{"id":"2026-000147","amount":141.61}\n\n{"id":"2026-000148","amount":141.61}\n' >book.jsonl
refuse_says "amounts in JSON may be numbers" '2 the same, 0 differing, 0 only sealed, 0 only listed' compare book.jsonl
printf '{"id":"1","amount":1.005}\n' >bad.jsonl
refuse_says "with two decimals" 'bad.jsonl, line 1' compare bad.jsonl
printf '{"id":1}\n' >bad.jsonl
refuse_says "but not a number of an invoice" 'bad.jsonl, line 1' compare bad.jsonl
printf 'number,amount\n1,2\n' >bad.csv
refuse_says "a book without a column id is refused" 'no names of columns with an id' compare bad.csv
printf 'id,amount\n1\0002,3\n' >bad.csv
refuse_says "so is one that is no text" 'line 2: it is too long, or no text' compare bad.csv
printf 'id,amount\n"1,3\n' >bad.csv
refuse_says "one with a quote that does not end" 'line 2' compare bad.csv
{ printf 'id\n' && head -c 70000 /dev/zero | tr '\0' x; } >bad.csv
refuse_says "one with a line without an end" 'line 2: it is too long' compare bad.csv
step "an escrow key may have a passphrase" openssl pkey -in escrow.pem -aes256 -passout pass:word -out locked.pem
printf 'word\n' >passphrase
chmod 600 passphrase
says "which is read from a file" '3 invoices deciphered' \
	"$intaglio" audit verify shop --key "$shop_key" --escrow-key locked.pem --passphrase-file passphrase
says "or from the environment" '3 invoices deciphered' \
	env INTAGLIO_PASSPHRASE=word "$intaglio" audit verify shop --key "$shop_key" --escrow-key locked.pem
refuse_says "a wrong one opens nothing" 'locked.pem is not opened by this passphrase' \
	env INTAGLIO_PASSPHRASE=other "$intaglio" audit verify shop --key "$shop_key" --escrow-key locked.pem
step "a ledger with one invoice is made" "$intaglio" ledger create One --escrow-key escrow.pub
step "sealed" "$intaglio" --ledger One ledger seal invoice.xml --output one.sealed
step "and exported" "$intaglio" --ledger One ledger export one
long=$(printf '%070d' 1)
sed "s/2026-000147/A\&amp;\&#66;$long/" invoice.xml >odd.xml
step "one with a long number follows" sh -c '"$0" --ledger One ledger seal odd.xml --output odd.sealed && "$0" --ledger One ledger export odd' "$intaglio"
printf 'id\n2026-000147\nA&B%s\nA&B%s2\n' "$long" "$long" >odd.csv
refuse_says "numbers are compared whole, and as they are read" '^2 the same, 0 differing, 0 only sealed, 1 only listed' \
	"$intaglio" audit compare odd --key "$(cat one/key)" --escrow-key escrow.pem --with odd.csv
sed "s/2026-000147/A\&amp;B\&other;/" invoice.xml >odd.xml
rm -f odd.sealed
step "one whose number is not clear follows" sh -c '"$0" --ledger One ledger seal odd.xml --output odd.sealed && "$0" --ledger One ledger export odd' "$intaglio"
printf 'id\nA&B\n' >odd.csv
refuse_says "it is not taken for another" 'only sealed: A&B, record 3: its number goes on and cannot be compared' \
	"$intaglio" audit compare odd --key "$(cat one/key)" --escrow-key escrow.pem --with odd.csv
printf 'id,amount,currency\n2026-000147,141.61,EUR\n' >one.csv
says "and it is as the customer has it" '1 the same, 0 differing, 0 only sealed, 0 only listed' \
	"$intaglio" audit compare one --key "$(cat one/key)" --escrow-key escrow.pem --with one.csv
refuse_says "unless nobody vouches for the ledger" 'NOT VOUCHED FOR' \
	"$intaglio" audit compare one --escrow-key escrow.pem --with one.csv
# Records and labels of someone who would like to be read as something else.
hostile=$(printf 'Evil \342\200\2171M\330\234')
hide() {
	sed "s/2026-000147/$1/; s/<\(cbc:Percent\)>19</<\1>$2</; s/\(CurrencyCode\)>EUR/\1>$3/" invoice.xml
}
latin=$(printf '19\351') escape=$(printf '1\033[2J\033[H') umlaut=$(printf 'R\344ger') line='A\nWRONG: fake line'
hide "$umlaut" "$latin" EUR >hostile.1
hide "$line" "$escape" "$(printf 'EU\342\202\254')" >hostile.2
hide 2026-000149 7 EUR | sed 's/Invoice\([ >]\)/CreditNote\1/; s/119.00/0.81/; s/22.61/0.19/' >hostile.3
step "a ledger is made under a name to mislead" "$intaglio" ledger create "$hostile" --escrow-key escrow.pub
hostile_id=$("$intaglio" --json ledger list | sed 's/.*"ledger":"Evil[^}]*"id":"\([0-9a-f]*\)".*/\1/')
says "which a terminal does not obey" '^Evil �1M� ' "$intaglio" ledger list
latin_file=$(printf 'b\374ch')
mv hostile.1 "$latin_file"
says "a file whose name is no UTF-8 is said in JSON" '"file":"b�ch","record":1,' \
	"$intaglio" --json --ledger "$hostile_id" ledger seal "$latin_file" --output "$latin_file.sealed"
says "so it is when it is verified" '"file":"b�ch.sealed","valid":true,"record":1' \
	"$intaglio" --json ledger verify "$latin_file.sealed"
refuse_says "or is refused" '"file":"b�ch","valid":false' "$intaglio" --json ledger verify "$latin_file"
{ echo '<!DOCTYPE Invoice [<!ENTITY a "b">]>' && sed 1d invoice.xml; } >hostile.4
step "more are sealed" sh -c 'for i in 2 3 4; do
	"$0" --ledger "$1" ledger seal hostile.$i --output hostile.$i.sealed || exit; done' "$intaglio" "$hostile_id"
says "and a directory" '"export":"b�ch.d","entries":5,' \
	"$intaglio" --json --ledger "$hostile_id" ledger export "$latin_file.d"
mv "$latin_file.d" hostile
step "its sums are reported" sh -c '"$@" >hostile.txt' sh "$intaglio" audit verify hostile --key "$(cat hostile/key)" \
	--escrow-key escrow.pem --html hostile.html
says "what a credit note takes off has its sign" '7%: 1, taxable -0.81, tax -0.19 EUR$' cat hostile.txt
says "with what a terminal would obey replaced" '^  1�\[2J�\[H%: 1, taxable 119.00, tax 22.61 EU�$' cat hostile.txt
says "what says it is an invoice and is none is noticed" '^notice: record 4: it says that it is an invoice' cat hostile.txt
says "the ledger's name is on its line" '^Ledger Evil �1M�: all 5 entries are' cat hostile.txt
step "and in JSON, all of them" sh -c '"$@" | python3 -c "
import json, sys
audit = json.load(sys.stdin)
def key(row): return row[\"percent\"], row[\"currency\"], row[\"tax_hundredths\"]
want = [(\"19\\ufffd\", \"EUR\", 2261), (\"1\\33[2J\\33[H\", \"EU\\ufffd\", 2261), (\"7\", \"EUR\", -19)]
for rows in audit[\"rates\"], audit[\"day_rates\"]:
    sys.exit(1) if sorted(map(key, rows)) != sorted(want) else None"' sh \
	"$intaglio" audit verify hostile --json --key "$(cat hostile/key)" --escrow-key escrow.pem
step "the page is UTF-8 without control characters" python3 -c '
import unicodedata
page = open("hostile.html", encoding="utf-8").read()
raise SystemExit(any(unicodedata.category(c) in ("Cc", "Cf") and c != "\n" for c in page))'
hostile_compare() {
	"$intaglio" audit compare hostile --key "$(cat hostile/key)" --escrow-key escrow.pem --with hostile.csv "$@"
}
printf 'id\n2026-000149\nr\351\n' >hostile.csv
refuse_says "compared, each has its row in JSON" \
	'"rows":\[\{"what":"only sealed","id":"R�ger",.*"id":"A.nWRONG: fake line",.*"only listed","id":"r�",' \
	hostile_compare --json
refuse_says "and a line of its own" '^only sealed: A�WRONG: fake line, record 2$' hostile_compare
says "records are loaded into a database" '4 records are in the database' \
	"$intaglio" audit load shop --key "$shop_key" --escrow-key escrow.pem --database shop.db
says "with their invoices" '^3.424.83$' \
	sqlite3 shop.db 'SELECT count(*), sum(payable_hundredths) / 100.0 FROM invoice'
says "again they are no more" '^4$' sh -c '"$0" audit load shop --key "$1" --database shop.db >/dev/null &&
	sqlite3 shop.db "SELECT count(*) FROM record"' "$intaglio" "$shop_key"
refuse_says "what nobody vouches for is not loaded" 'nothing was loaded' "$intaglio" audit load shop --database shop.db
cp -R shop bad
printf XXXXXXXX | dd of=bad/tile/entries/000.p/5 bs=1 seek=3000 conv=notrunc 2>/dev/null
refuse_says "an export that is not in order is not loaded" 'nothing was loaded' \
	"$intaglio" audit load bad --key "$shop_key" --database bad.db
says "not even in part" '^0$' sqlite3 bad.db 'SELECT count(*) FROM record'
step "a ledger with a record of two leaves is made" "$intaglio" ledger create Long --escrow-key escrow.pub
sed 's/2026-000147/2026-000150/' invoice.xml >long.xml
head -c $((65536 - $(wc -c <long.xml))) /dev/zero | tr '\0' ' ' >>long.xml
step "it is sealed" "$intaglio" --ledger Long ledger seal long.xml --output long.sealed
step "and a short one after it" "$intaglio" --ledger Long ledger seal invoice.xml --output short.sealed
step "and exported" "$intaglio" --ledger Long ledger export long
long_key=$(cat long/key)
says "they are two records" '"entries":4,.*"records":2,"bytes":69692,' "$intaglio" audit verify long --json --key "$long_key"
step "deciphered" "$intaglio" audit decrypt long --key "$long_key" --escrow-key escrow.pem --output long.plain
step "byte for byte" sh -c 'cmp long.plain/1 long.xml && cmp long.plain/3 invoice.xml && test ! -e long.plain/2'
says "summed up" '2 invoices deciphered, 0 other' "$intaglio" audit verify long --key "$long_key" --escrow-key escrow.pem
step "and loaded" "$intaglio" audit load long --key "$long_key" --escrow-key escrow.pem --database long.db
says "each once" '^1.65536.2026-000150 3.4156.2026-000147 $' sh -c 'sqlite3 long.db \
	"SELECT record.number, length, id FROM record JOIN invoice USING (number) ORDER BY 1" | tr "\n" " "'
cat >parts.py <<'END'
import sys
data = open(sys.argv[1], "rb").read()
leaves = []
while data:
    n = int.from_bytes(data[:2], "big")
    leaves.append(data[:2 + n])
    data = data[2 + n:]
open(sys.argv[2], "wb").write(b"".join(leaves[int(i)] for i in sys.argv[3]))
END
for order in '0133 the second does not follow' '0323 whose first is not before it' \
	'0213 the second does not follow' '0223 whose first is not before it'; do
	rm -rf cut && cp -R long cut
	python3 parts.py long/tile/entries/000.p/4 cut/tile/entries/000.p/4 "${order%% *}"
	refuse_says "a record without one of its leaves is told: ${order%% *}" "${order#* }" \
		"$intaglio" audit verify cut --key "$long_key" --escrow-key escrow.pem
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.pem 2>/dev/null
refuse_says "another key opens nothing" 'not the one that leaf 0 has' \
	"$intaglio" audit decrypt shop --key "$shop_key" --escrow-key other.pem --output plain2
refuse_says "and a ledger without escrow stays closed" 'not the one that leaf 0 has' \
	"$intaglio" audit decrypt export --escrow-key escrow.pem --output plain2

# A card under an issuer under an authority: the export has all their certificates.
step "a company has an authority" "$intaglio" authority create company --bits 2048
step "and a branch" "$intaglio" authority create branch --issuer --bits 2048
step "that may make cards" "$intaglio" authority issue company --issuer --roles user,issuer \
	--public branch/authority.pub --output branch/authority.cvc
step "it makes one" "$intaglio" card personalise --authority branch --under company/authority.cvc till
till() {
	"$intaglio" --card till "$@"
}
# shellcheck disable=SC2016 # words for the other shell
slot=$(token --list-slots | sed -n 's/^Slot .*(\(0x[0-9a-f]*\)).*till.*/\1/p')
step "which is initialised" token --slot "$slot" --init-token --label Till --so-pin 12345678
step "with a user PIN" token --slot "$slot" --login --login-type so --so-pin 12345678 --init-pin --pin 123456
step "and keeps a ledger" till ledger create Till
step "with a record" till ledger seal invoice.xml --output till.sealed
step "that is exported" till ledger export till
says "the authority vouches for it through the branch" 'which the authority vouches for' \
	"$intaglio" audit verify till --authority company/authority.cvc
says "in JSON" '"valid":true,"in_order":true,"vouched_by":"authority"' \
	"$intaglio" audit verify till --json --authority company/authority.cvc
refuse "the branch is no authority" "$intaglio" audit verify till --authority branch/authority.cvc
python3 - till/certificate >/dev/null <<'END'
import sys
data = open(sys.argv[1], "rb").read()
assert data[:3] == b"\x7f\x21\x82"
first = 5 + int.from_bytes(data[3:5], "big")
open("second", "wb").write(data[first:])
open("first", "wb").write(data[:first])
END
for change in second 'first first second' 'second first'; do
	rm -rf cut && cp -R till cut
	# shellcheck disable=SC2086 # names of files
	cat $change >cut/certificate
	refuse_says "certificates without one, twice or turned round lead nowhere: $change" 'does not lead from the authority' \
		"$intaglio" audit verify cut --authority company/authority.cvc
done
step "the authority certifies an auditor" sh -c 'openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out inspector.pem &&
	openssl pkey -in inspector.pem -pubout -out inspector.pub &&
	"$0" authority issue company --host --roles auditor --public inspector.pub --output inspector.cvc' "$intaglio"
inspector=$("$intaglio" audit key tax.example/inspector --output inspector-sign.pem)
certify() {
	"$intaglio" audit certify "$inspector" --certificate inspector.cvc --escrow-key escrow.pub "$@"
}
says "who signs for his keys" 'tax.example/inspector[^ ]* countersigns, and the escrow key deciphers' \
	certify --signing-key inspector.pem --output inspector.certificate
refuse_says "with the key of his certificate" 'signing key is not that of the certificate' \
	certify --signing-key escrow.pem --output none
refuse_says "which has the role auditor" 'none of suite 42 with the role auditor' "$intaglio" audit certify "$inspector" \
	--certificate "$XDG_DATA_HOME/intaglio/cards/till/host/authority.cvc" --signing-key inspector.pem --output none
step "a ledger is made from his certificate" till ledger create Inspected --auditor inspector.certificate
says "which says so" 'auditor +tax.example/inspector.*, by an auditor.s certificate' till ledger show --ledger Inspected
says "in JSON with the rules" '"auditor_certified":true,"countersignature_needed":true,"escrow_bits":2048,"append_roles":"user","read_roles":"user, auditor","prune_roles":"issuer"' \
	till --json ledger show --ledger Inspected
refuse_says "a card of another authority does not take it" 'the auditor.s certificate is not one of the authority that it trusts' \
	"$intaglio" ledger create Foreign --auditor inspector.certificate
refuse_says "nor is it half taken" 'leave --escrow-key out' till ledger create Half --auditor inspector.certificate --escrow-key escrow.pub
refuse_says "what is no certificate is said" 'is no auditor.s certificate' till ledger create Bad --auditor inspector.cvc
step "its export" till ledger export inspected --ledger Inspected
says "leads from the authority to the auditor" 'Its auditor is tax.example/inspector, certified by the authority as ' \
	"$intaglio" audit verify inspected --authority company/authority.cvc
step "someone else is revoked" "$intaglio" authority revoke company ZZNOBODYABCDEFGH --effective 2099-12-31
step "which is nothing to this card" "$intaglio" audit verify till --authority company/authority.cvc --revoked company/revoked.list
refuse_says "a list needs its authority" 'goes with --authority' "$intaglio" audit verify till --key "$(cat till/key)" \
	--revoked company/revoked.list
refuse_says "and is that of this authority" 'not the revocation list of this authority' \
	"$intaglio" audit verify till --authority company/authority.cvc --revoked till/checkpoint
cp company/revoked.list tampered.list
printf XXXXXXXX | dd of=tampered.list bs=1 seek=40 conv=notrunc 2>/dev/null
refuse_says "as it signed it" 'not the revocation list of this authority' \
	"$intaglio" audit verify till --authority company/authority.cvc --revoked tampered.list
says "who is not the auditor by his certificate alone" 'with a certificate that this audit does not vouch for' \
	"$intaglio" audit verify inspected --key "$(cat inspected/key)"
holder=$("$intaglio" audit verify inspected --json --authority company/authority.cvc | sed 's/.*"auditor_holder":"\([^"]*\)".*/\1/')
step "the auditor is revoked" "$intaglio" authority revoke company "$holder" --effective 2099-12-31
says "which is noticed" "the authority has revoked the auditor $holder" \
	"$intaglio" audit verify inspected --authority company/authority.cvc --revoked company/revoked.list
says "and he is not certified any more" '"auditor_certified":true,"entries"' \
	"$intaglio" audit verify inspected --json --authority company/authority.cvc --revoked company/revoked.list
card=$("$intaglio" audit verify till --json --authority company/authority.cvc | sed 's/.*"card":"\([^"]*\)".*/\1/')
step "the card is revoked" "$intaglio" authority revoke company "$card" --effective 2099-12-31
refuse_says "whoever has its key can write books" "the authority has revoked the card $card" \
	"$intaglio" audit verify till --authority company/authority.cvc --revoked company/revoked.list
refuse_says "in JSON too" '"valid":false,"in_order":false' \
	"$intaglio" audit verify till --json --authority company/authority.cvc --revoked company/revoked.list

# Each alteration is audited in one process; of the long records every 61st byte and all ends of files (1: every
# byte, in some minutes).
cp -R export flipped
says "every byte of the export, flipped, is found, and every cut" '^2[0-9]{3} alterations of single files, 0 not found' \
	"$scenario_build/tests/audit_flip" flipped "$key" "$authority" 1
step "and the export is as it was" diff -r export flipped
says "bytes of records of two leaves too" '^[0-9]{4} alterations of single files, 0 not found' \
	"$scenario_build/tests/audit_flip" long "$long_key" "$authority" 61
python3 "$source_root/tests/audit_attacks.py" "$intaglio" "$key" "$authority" export older fork other >attacks 2>&1
cat attacks
step "every attack is found" grep -Eq '^[0-9]+ passed, 0 failed$' attacks
finish
