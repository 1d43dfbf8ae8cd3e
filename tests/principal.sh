#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A principal card from its making to its audit trail: what an issuer puts on it, installations on
# other cards under SCP03 and SCP02, twice and at once, and what each refusal says. All cards are
# embedded; principal_memory.sh has them behind pcscd.

. "$(dirname "$0")/scenario.sh"

package=F00102030405
applet=F0010203040501
"$source_root/tests/make_cap.py" nothing.cap 3000
head -c 700 nothing.cap >cut.cap
keyset() {
	cat >"$1"
	chmod 600 "$1"
}
keyset masters.keys <<-KEYS
	protocol = scp03
	version = 30
	masters = yes
	enc = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
	mac = 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
	dek = 404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f
KEYS
keyset masters02.keys <<-KEYS
	protocol = scp02
	version = 20
	masters = yes
	key = 404142434445464748494A4B4C4D4E4F
KEYS
keyset other.keys <<-KEYS
	protocol = scp03
	version = 31
	key = 000102030405060708090A0B0C0D0E0F
KEYS
keyset any.keys <<-KEYS
	key = 000102030405060708090A0B0C0D0E0F
KEYS
principal() {
	verb=$1
	shift
	"$intaglio" principal "$verb" --card principal "$@"
}
# install_on TARGET ARGUMENT...: application 1.
install_on() {
	target=$1
	shift
	"$intaglio" app install --principal principal --target "$target" --application 1 "$@"
}
# has TARGET WHAT: a line of this kind and name is in the target's list.
has() {
	"$intaglio" app list --card "$1" | grep -Eq "$2"
}
hasnt() {
	"$intaglio" app list --card "$1" >list.out && ! grep -Eq "$2" list.out
}
clear_target() {
	"$intaglio" app delete --related --card "$1" $package
}
# counts LEFT USED: the application's.
counts() {
	principal status | grep -Eq "^application 1 +$1 left, $2 used"
}
# both_at_once: two installations in two processes, on two cards.
both_at_once() {
	install_on one >one.out 2>&1 &
	first=$!
	install_on two >two.out 2>&1
	second=$?
	wait $first && [ $second -eq 0 ] || {
		cat one.out two.out
		return 1
	}
}

mkdir -p "$XDG_DATA_HOME/intaglio/cards/principal" "$XDG_DATA_HOME/intaglio/cards/one" \
	"$XDG_DATA_HOME/intaglio/cards/two"
refuse_says "a card that is none says so" "is no principal card" principal status
says "a card is made a principal card" "is a principal card" principal create
refuse_says "once" "is a principal card already" principal create
step "it is on the card's list" has principal "^application +F0496E7461676C696F02 +selectable"

says "master keys are put on it" "key set 1 is on the principal card" principal keys 1 masters.keys
step "and others, of SCP02" principal keys 2 --option 55 masters02.keys
refuse_says "keys that cards share need a challenge that cannot be foretold" \
	"need SCP02 with i = 15" principal keys 3 --shared --option 55 masters02.keys
refuse_says "a key set says which protocol it is for" "protocol = scp02 or scp03" \
	principal keys 3 any.keys
refuse_says "there are sixteen places" "number from 1 to 16" principal keys 17 masters.keys
says "they are listed without the keys" "^key set 1 +SCP03, 32 bytes, masters, check values" \
	principal status
printed "with what SCP02 needs" "^key set 2 +SCP02 i=55, 16 bytes, masters"

refuse_says "there is nothing to charge yet" "no application of this number" principal charge 1 2
refuse_says "a cut CAP file is refused" "cannot be loaded" principal load 1 cut.cap
refuse_says "a module that is not there is refused" "no such module" \
	principal load --applet F00102030499 1 nothing.cap
says "an application is put on it" "application 1 is on the principal card: 1 file, 1 installation" \
	principal load 1 nothing.cap
says "and listed" "^application 1 +0 left, 0 used$" principal status
printed "with its file" "^load file +of application 1, [0-9]+ bytes, SHA-256"
refuse_says "without keys on the target nothing goes" "one: it has no key set" install_on one
for card in one two; do
	step "card $card gets its own keys, from the masters" \
		"$intaglio" card keys --card $card --put masters.keys
	step "card $card opens a channel with them" \
		"$intaglio" app list --card $card --keys masters.keys
done
refuse_says "without an activation nothing goes" "no activation left for this application" \
	install_on one
step "and nothing has changed" hasnt one $package
says "activations are put on it" "application 1 has 2 activations left, after charge 1" \
	principal charge 1 2
says "the same charge again gives nothing" "application 1 has 2 activations left, after charge 1" \
	principal charge --serial 1 1 2
refuse_says "another one under its serial is refused" "not the next charge" \
	principal charge --serial 1 1 3
refuse_says "and one too far on" "not the next charge" principal charge --serial 7 1 3

says "a dry run tells what would be done" "would be installed on card 0000[0-9a-f]{16}" \
	install_on one --dry-run
step "and does nothing" hasnt one $package
refuse_says "an application that is not there is refused" "no such application" \
	"$intaglio" app install --principal principal --target one --application 9
refuse_says "a card is not its own target" "one and the same" install_on principal
says "an application is installed through the principal card" "application 1 is installed on card" \
	install_on one
step "its package is there" has one "^package +$package +loaded"
step "and its application" has one "^application +$applet +selectable, from $package"
step "one activation is spent" counts 1 1
says "the trail tells of the charge" "^entry 1 +charged +application 1 on card 0000[0-9a-f]{16}, 20" \
	principal status
printed "and of the report" "^entry 2 +installed +application 1"
says "JSON tells the same" '"event": ?"installed"' principal status --json
step "again is once more" install_on one
refuse_says "and then it is over" "no activation left" install_on two
step "before anything has changed" hasnt two $package

step "a new load takes the place of the old one" principal load 1 nothing.cap
step "one file is left of it" \
	test "$(principal status | grep -c '^load file')" -eq 1
step "two more are put on" principal charge 1 2
step "two cards at once" both_at_once
step "each has it" has two "^application +$applet +selectable"
step "two are spent" counts 0 4

step "SCP02 keys for a card" "$intaglio" card keys --card one --put masters02.keys
step "one more" principal charge 1 1
says "under SCP02, i = 55 in the key set" "installed on card" install_on one --version 20
step "is installed all the same" counts 0 5
refuse_says "keys that the principal has not" "no key set of that target card" sh -c '
	"$intaglio" card keys --card two --put other.keys &&
	"$intaglio" app install --principal principal --target two --application 1 --version 31'
refuse_says "a version that the target has not" "no key set, or none of this version" \
	install_on two --version 44
refuse_says "challenges of another length" "wants challenges of another length" install_on two --s16

refuse_says "nothing is pending" "no installation is pending" principal give-up
step "entries are taken off the trail" principal trim 3
says "which goes on" "^entry 3 +charged" principal status
refuse "the first is gone" sh -c '"$intaglio" principal status --card principal | grep "^entry 1 "'
refuse_says "not beyond its end" "not got so far" principal trim 1000
step "an application is taken off" principal unload 1
refuse "with its files" sh -c '"$intaglio" principal status --card principal | grep "^load file"'
step "a key set is deleted" principal keys 2 --delete
refuse "and gone" sh -c '"$intaglio" principal status --card principal | grep "^key set 2"'
step "the application goes as it came" \
	"$intaglio" app delete --card principal F0496E7461676C696F02
refuse_says "and the card is none any more" "is no principal card" principal status
finish
