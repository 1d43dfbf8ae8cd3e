#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A ledger as files: exported, continued, and not continued by another history. What is exported is
# read here by a few lines of Python that know RFC 6962 and C2SP tlog-tiles and nothing of ours.

. "$(dirname "$0")/scenario.sh"

invoice=$source_root/doc/examples/invoice.xml
token() {
	pkcs11-tool --module "$module" "$@"
}

cat >tree.py <<'END'
import base64, hashlib, os, sys

def mth(d):
    if len(d) == 1:
        return d[0]
    k = 1
    while k * 2 < len(d):
        k *= 2
    return hashlib.sha256(b"\1" + mth(d[:k]) + mth(d[k:])).digest()

def name(folder, n, width):
    parts = ["%03d" % (n % 1000)]
    while n >= 1000:
        n //= 1000
        parts.insert(0, "x%03d" % (n % 1000))
    return os.path.join(top, "tile", folder, *parts) + ("" if width == 256 else ".p/%d" % width)

top = sys.argv[1]
lines = open(os.path.join(top, "checkpoint"), encoding="utf-8").read().split("\n")
size, root = int(lines[1]), base64.b64decode(lines[2])
hashes, read = [], []
for n in range((size + 255) // 256):
    width = min(256, size - 256 * n)
    bundle = open(name("entries", n, width), "rb").read()
    for i in range(width):
        length = int.from_bytes(bundle[:2], "big")
        hashes.append(hashlib.sha256(b"\0" + bundle[2 : 2 + length]).digest())
        bundle = bundle[2 + length :]
    assert not bundle, "bytes after the entries"
level, span = hashes, "0"
while level:
    full = []
    for n in range((len(level) + 255) // 256):
        part = level[256 * n : 256 * n + 256]
        assert open(name(span, n, len(part)), "rb").read() == b"".join(part), "tile"
        if len(part) == 256:
            full.append(mth(part))
    level, span = full, str(int(span) + 1)
assert mth(hashes) == root, "root"
print("size", size)
END

step "the token is initialised" token --init-token --label Shop --so-pin 12345678
step "and has a user PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
export INTAGLIO_PIN=123456
step "a ledger is made" "$intaglio" ledger create Invoices
step "and another" "$intaglio" ledger create Credits
says "an empty ledger has one entry" '1 entries, 1 of them new' \
	"$intaglio" --ledger Invoices ledger export book
says "its export is a tree" 'size 1' python3 tree.py book
step "five records are sealed" sh -c 'for n in 1 2 3 4 5; do
	"$0" --ledger Invoices ledger seal "$1" --output sealed.$n || exit; done' "$intaglio" "$invoice"
says "the export is continued" '6 entries, 5 of them new' \
	"$intaglio" --ledger Invoices ledger export book
says "and is a tree again" 'size 6' python3 tree.py book
refuse_says "of several ledgers one must be named" 'name one with --ledger' \
	"$intaglio" ledger export book
says "in JSON for programs" '"entries":6,"added":0' \
	"$intaglio" --json --ledger Invoices ledger export book
refuse "another ledger does not continue it" "$intaglio" --ledger Credits ledger export book
cp -R data kept-card
cp -R book kept-book
step "a record is sealed" "$intaglio" --ledger Invoices ledger seal "$invoice" --output sealed.6
step "and exported" "$intaglio" --ledger Invoices ledger export book
rm -rf data && cp -R kept-card data
refuse_says "a card set back does not continue the export" 'fewer records than the export' \
	"$intaglio" --ledger Invoices ledger export book
step "it seals another sixth record" "$intaglio" --ledger Invoices ledger seal "$invoice" --output other.6
refuse_says "which makes two histories" 'two histories' \
	"$intaglio" --ledger Invoices ledger export book
step "and a seventh" "$intaglio" --ledger Invoices ledger seal "$invoice" --output other.7
cp -R book before
refuse_says "also when it is longer" 'does not continue the export' \
	"$intaglio" --ledger Invoices ledger export book
step "nothing of it was written" diff -r before book
step "the older export is continued by it" "$intaglio" --ledger Invoices ledger export kept-book
says "to a tree" 'size 8' python3 tree.py kept-book
says "every proof of it holds" 'proofs hold' python3 "$source_root/tests/proofs.py" "$intaglio" kept-book 8
refuse "there is no proof of a record that is not there" "$intaglio" ledger proof kept-book 8
refuse "nor between sizes the wrong way round" "$intaglio" ledger consistency kept-book 5 4
refuse "nor from no size at all" "$intaglio" ledger consistency kept-book 0 4
refuse "nor past the end" "$intaglio" ledger consistency kept-book 4 9
# An export that was interrupted between a full tile and its checkpoint: the partial tile is gone.
cp -R kept-book cut-book
python3 - <<'END'
import os, shutil
for name, rest in (("entries", b"\0\0"), ("0", bytes(32))):
    base = "cut-book/tile/%s/000" % name
    with open(base + ".p/8", "rb") as part, open(base, "wb") as full:
        full.write(part.read() + rest * 248)
    shutil.rmtree(base + ".p")
END
step "proofs come from the full tile then" sh -c '"$0" ledger proof cut-book 3 >cut-proof &&
	"$0" ledger proof kept-book 3 >kept-proof && cmp cut-proof kept-proof' "$intaglio"
rm cut-book/key
says "and it is continued, whether there is something new" '8 entries, 0 of them new' \
	"$intaglio" --ledger Invoices ledger export cut-book
step "with all its files" test -s cut-book/key
says "and is in order" 'all 8 entries' "$intaglio" audit verify cut-book --key "$(cat cut-book/key)"
cp -R kept-book gone-book
rm -r gone-book/tile/entries
refuse_says "an export without its entries is not called whole" 'some of its entries are missing' \
	"$intaglio" --ledger Invoices ledger export gone-book
mkfifo gone-book/fifo && mv gone-book/fifo gone-book/checkpoint
refuse "and no FIFO keeps anybody waiting" timeout 20 "$intaglio" audit verify gone-book --key "$(cat kept-book/key)"
printf XXXXXXXX | dd of=kept-book/tile/entries/000.p/8 bs=1 seek=300 conv=notrunc 2>/dev/null
step "an eighth record is sealed" "$intaglio" --ledger Invoices ledger seal "$invoice" --output other.8
says "the interrupted one is continued by it" '9 entries, 1 of them new' \
	"$intaglio" --ledger Invoices ledger export cut-book
says "and is a tree" 'size 9' python3 tree.py cut-book
refuse_says "an export damaged at its end is not continued" 'damaged' \
	"$intaglio" --ledger Invoices ledger export kept-book
printf XXXXXXXX | dd of=kept-book/tile/0/000.p/8 bs=1 seek=30 conv=notrunc 2>/dev/null
refuse_says "nor one with damaged tiles" 'damaged' \
	"$intaglio" --ledger Invoices ledger export kept-book
refuse "and nothing is proved by them" "$intaglio" ledger proof kept-book 1
refuse_says "a directory that cannot be written is said" 'intaglio: /dev/null' \
	"$intaglio" --ledger Invoices ledger export /dev/null/book
finish
