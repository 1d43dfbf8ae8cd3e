#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The software card in a real pcscd, through vpcd, as OpenSC sees it.

. "$(dirname "$0")/readers.sh"

card=$XDG_DATA_HOME/intaglio/cards/default
aid=F0496E7461676C696F01

says "a card provisions itself" 'default' "$intaglio" card list
start_pcscd
says "without a card the reader is empty" 'No .*Virtual PCD' opensc-tool --list-readers
refuse "a directory without a card is refused" "$intaglio_card" "$XDG_DATA_HOME"
says "and so is a port where no vpcd listens, in a sentence" 'vpcd does not answer' \
	sh -c '"$0" --port 9 "$1"; test $? -eq 1' "$intaglio_card" "$card/card"
background "$intaglio_card" "$card/card"
until_true 30 sh -c 'opensc-tool --list-readers | grep -q Yes'
says "pcscd sees the card's ATR" '^3b' opensc-tool --reader 0 --atr
says "the token application answers SELECT" 'SW1=0x90, SW2=0x00' \
	opensc-tool --reader 0 --card-driver default --send-apdu "00A404000A${aid}00"
says "nothing of it is served without a channel" 'SW1=0x69, SW2=0x82' \
	opensc-tool --reader 0 --card-driver default \
	--send-apdu "00A404000A${aid}00" --send-apdu 8042000000

# The control socket moves the card.
step "the card is taken out by name" "$intaglio" card remove default
step "pcscd sees it go" until_true 20 sh -c 'opensc-tool --list-readers | grep -q No'
step "and come again" sh -c '"$0" card insert default' "$intaglio"
step "in the same reader" until_true 20 sh -c 'opensc-tool --list-readers | grep -q Yes'
refuse "there is no card of another name" "$intaglio" card remove other

# The module on the reader. Slot 0 is the embedded card, slot 1 the same card in the reader.
token() {
	pkcs11-tool --module "$module" --slot 1 "$@"
}
says "the reader is a slot with the card" 'Reader: Virtual PCD' pkcs11-tool --module "$module" --list-slots
step "the card in the reader is initialised" token --init-token --label Reader --so-pin 12345678
step "gets a PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
step "makes an RSA key" token --login --pin 123456 --keypairgen --key-type rsa:2048 --id 01
printf 'to be signed' >text
step "signs" token --login --pin 123456 --sign --mechanism SHA256-RSA-PKCS --id 01 \
	--input-file text --output-file signature
step "gives its public key" token --read-object --type pubkey --id 01 --output-file key.der
says "the signature verifies elsewhere" 'Verified OK' openssl dgst -sha256 -keyform DER -verify key.der \
	-signature signature text
head -c 4000 /dev/urandom >large
step "stores 4 kB in extended or chained commands" token --login --pin 123456 --write-object large \
	--type data --label large
step "reads them again" token --login --pin 123456 --read-object --type data --label large \
	--output-file again
step "unchanged" cmp large again
says "the embedded slot sees what the reader's wrote" large pkcs11-tool --module "$module" --slot 0 \
	--login --pin 123456 --list-objects
step "without a PIN the reader's slot shows no private object" sh -c \
	'pkcs11-tool --module "$0" --slot 1 --list-objects >public && ! grep "Private Key" public' "$module"

# The public objects on disk.
step "a private object is written" token --login --pin 123456 --write-object text --type data \
	--label hidden --private
step "and listed with the public ones" sh -c 'pkcs11-tool --module "$0" --slot 1 --login --pin 123456 \
	--list-objects | grep -q hidden' "$module"
step "the public objects are kept" sh -c 'grep -q large "$XDG_CACHE_HOME"/intaglio/*.objects'
refuse "the private ones are not" sh -c 'grep -q hidden "$XDG_CACHE_HOME"/intaglio/*.objects'
printf x | dd of="$(echo "$XDG_CACHE_HOME"/intaglio/*.objects)" bs=1 seek=100 conv=notrunc 2>/dev/null
says "an altered file is noticed" 'was altered; the card.s objects are read from the card' \
	token --login --pin 123456 --list-objects
says "and what the card has is shown" large token --login --pin 123456 --list-objects
finish
