#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The audit's page in a browser that has no network: what a person sees of a book that is in order, and
# of one that is not.

. "$(dirname "$0")/scenario.sh"

token() {
	pkcs11-tool --module "$module" "$@"
}
seal() {
	rm -f sealed
	"$intaglio" ledger seal "$1" --output sealed
}
# A network namespace of its own where this user may make one, and always no way to resolve a name.
alone=
! unshare -n true 2>/dev/null || alone='unshare -n'
browse() {
	# shellcheck disable=SC2086 # a command and its option, or nothing
	timeout 60 $alone chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$scenario_dir/profile" "$@" 2>browser.log
}
# Width and height of a PNG file.
size_of() {
	python3 -c 'import struct, sys
data = open(sys.argv[1], "rb").read(24)
assert data[:8] == b"\x89PNG\r\n\x1a\n"
print(*struct.unpack(">II", data[16:]))' "$1"
}
# The page as the browser understands it, without its markup.
shown() {
	browse --dump-dom "file://$scenario_dir/$1" >dom.html &&
		sed 's/<style>.*//; s/<[^>]*>/ /g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g; s/  */ /g' dom.html
}

invoice=$source_root/doc/examples/invoice.xml
sed 's/2026-000147/2026-000148/; s/<\(cbc:Percent\)>19</<\1>7.00</' "$invoice" >second.xml
step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
export INTAGLIO_PIN=123456
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out escrow.pem 2>/dev/null
openssl pkey -in escrow.pem -pubout -out escrow.pub
step "a ledger is made, with a name that a page could trip over" \
	"$intaglio" ledger create '<script>alert(1)</script>' --escrow-key escrow.pub
# shellcheck disable=SC2016 # for the inner shell
step "invoices are sealed" sh -c 'for f in "$1" second.xml second.xml; do
	rm -f sealed; "$0" ledger seal "$f" --output sealed || exit; done' "$intaglio" "$invoice"
step "and exported" "$intaglio" ledger export book
step "a page is written" "$intaglio" audit verify book --key "$(cat book/key)" \
	--authority "$XDG_DATA_HOME/intaglio/cards/default/host/authority.cvc" --escrow-key escrow.pem --html page.html
shown page.html >page.txt
says "its verdict" 'In order: all 4 entries are those that the card signed' cat page.txt
says "the name, which is no script" '<script>alert\(1\)</script>' cat page.txt
says "totals per day" "$(date -u +%Y-%m-%d) 3 12[0-9]{3} 1 3" cat page.txt
says "per tax rate" '7% EUR 2 238.00 45.22' cat page.txt
says "and per day and tax rate" "$(date -u +%Y-%m-%d) 7% EUR 2 238.00 45.22" cat page.txt
says "and that nothing is out of the ordinary" 'Nothing is out of the ordinary' cat page.txt
refuse "it asks for no other file" grep -E 'src=|href=|url\(|<script>a|@import|https?://' dom.html
browse --window-size=1000,1400 --screenshot=page.png "file://$scenario_dir/page.html" >/dev/null
says "and is drawn" '^1000 1400$' size_of page.png
browse --window-size=360,1400 --screenshot=narrow.png "file://$scenario_dir/page.html" >/dev/null
says "on a narrow screen too" '^[0-9]+ 1400$' size_of narrow.png

cp -R book bad
python3 - <<'END'
import hashlib
name = "bad/tile/entries/000.p/4"
data = open(name, "rb").read()
leaves = []
while data:
    n = int.from_bytes(data[:2], "big")
    leaves.append(data[2:2 + n])
    data = data[2 + n:]
leaves = [leaves[0], leaves[2], leaves[1], leaves[3]]
open(name, "wb").write(b"".join(len(x).to_bytes(2, "big") + x for x in leaves))
open("bad/tile/0/000.p/4", "wb").write(b"".join(hashlib.sha256(b"\0" + x).digest() for x in leaves))
END
touch bad/strange
refuse "a book with two records swapped has a page too" \
	"$intaglio" audit verify bad --key "$(cat book/key)" --escrow-key escrow.pem --html bad.html
shown bad.html >bad.txt
says "which says so" 'Not in order: [0-9]+ finding' cat bad.txt
says "names the gap" '1 gap in place 1 stands record 2: records before it are missing' cat bad.txt
says "and the anomalies" 'strange is no part of the export' cat bad.txt
finish
