#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A card in a reader that announces no extended length: everything works in short commands, chained,
# with GET RESPONSE, and the card pulled between the parts has done all or nothing.

. "$(dirname "$0")/readers.sh"

try=$scenario_build/tests/pcsc
aid=F0496E7461676C696F01
"$intaglio" card list >/dev/null 2>&1
start_pcscd
background "$intaglio_card" --short default
until_true 30 reader_has 0 Yes

says "the answer to reset announces chaining and no extended length" \
	'73:80:01:97:58:49:6e:74:61:67:6c:69:6f' opensc-tool --reader 0 --atr
# What no reader would send to it, from a vpcd that is none.
cat >vpcd <<'PYTHON'
import socket, sys
listener = socket.create_server(("127.0.0.1", 5000))
connection = listener.accept()[0]
for command in sys.argv[1:]:
    data = bytes.fromhex(command)
    connection.sendall(len(data).to_bytes(2, "big") + data)
    length = int.from_bytes(connection.recv(2, socket.MSG_WAITALL), "big")
    print(connection.recv(length, socket.MSG_WAITALL).hex())
PYTHON
background "$intaglio_card" --short --wait --port 5000 --control "$scenario_dir/other.sock" default
says "the card refuses a command of extended length" '^6700$' \
	timeout 10 python3 vpcd "00A4040000000A${aid}0000"
says "and does the same one when it is short" '9000$' timeout 10 python3 vpcd "00A404000A${aid}00"
step "it is prepared" "$try" prepare
token() {
	pkcs11-tool --module "$module" --slot 1 "$@"
}
printf 'to be signed' >text
step "an RSA key is made" token --login --pin 123456 --keypairgen --key-type rsa:2048 --id 07
step "it signs" token --login --pin 123456 --sign --mechanism SHA256-RSA-PKCS --id 07 \
	--input-file text --output-file signature
step "its public key is read" token --read-object --type pubkey --id 07 --output-file key.der
says "the signature verifies elsewhere" 'Verified OK' openssl dgst -sha256 -keyform DER -verify key.der \
	-signature signature text
head -c 4000 /dev/urandom >large
step "4 kB are stored" token --login --pin 123456 --write-object large --type data --label large
step "and read" token --login --pin 123456 --read-object --type data --label large --output-file again
step "unchanged" cmp large again
export INTAGLIO_PIN=123456
for size in 1024 62000 65536; do
	head -c $size /dev/urandom >record-$size
	step "a record of $size bytes is sealed" "$intaglio" --card "Virtual PCD 00 00" ledger seal --ledger pcsc record-$size
	step "its receipt verifies" "$intaglio" --card "Virtual PCD 00 00" ledger verify --ledger pcsc record-$size.sealed
done
step "the last record is read" "$intaglio" --card "Virtual PCD 00 00" ledger read --ledger pcsc 3 --output again
step "unchanged, too" cmp record-65536 again
step "pulled between the parts it has done all or nothing" "$try" unplug-parts
grep -v removed "$scenario_log"
finish
