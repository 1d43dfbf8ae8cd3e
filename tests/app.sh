#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Packages and applications on a card, in this process and in a reader: with the host's certificate,
# with SCP03 and SCP02 key sets; and what each refusal says.

. "$(dirname "$0")/readers.sh"

package=F00102030405
applet=F0010203040501
"$source_root/tests/make_cap.py" nothing.cap 3000
"$source_root/tests/make_cap.py" nothing.ijc 3000
"$source_root/tests/make_cap.py" long.cap 62000
"$source_root/tests/make_cap.py" fine.cap 15000
head -c 700 nothing.cap >cut.cap
printf '#!/bin/sh\n' >no.cap
keyset() {
	cat >"$1"
	chmod 600 "$1"
}
keyset scp03.keys <<-KEYS
	# AES-256
	protocol = scp03
	version = 30
	enc = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
	mac = 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
	dek = 404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f
KEYS
keyset scp02.keys <<-KEYS
	protocol = scp02
	version = 20
	key = 404142434445464748494A4B4C4D4E4F
KEYS
for method in emv visa2 kdf3; do
	keyset "$method.keys" <<-KEYS
		masters = $method
		version = 2$(printf '%s' "$method" | wc -c)
		key = 404142434445464748494A4B4C4D4E4F
	KEYS
done
sed 's/emv/none/' emv.keys >nowhere.keys && chmod 600 nowhere.keys
sed 's/^key.*/&5051525354555657/' emv.keys >long.keys && chmod 600 long.keys
sed 's/3f$/3e/' scp03.keys >wrong.keys
sed 's/1f$/1e/' scp03.keys >enc.keys
sed 's/version = 30/version = 31/' scp03.keys >version.keys
chmod 600 wrong.keys enc.keys version.keys
cp scp03.keys open.keys && chmod 644 open.keys

# app VERB ARGUMENT...: on the card in question; with $keys.
app() {
	verb=$1
	shift
	"$intaglio" app "$verb" --card "$card" ${keys:+--keys "$keys"} "$@"
}
card_keys() {
	"$intaglio" card keys --card "$card" "$@"
}
on_card() {
	verb=$1
	shift
	"$intaglio" card "$verb" --card "$card" "$@"
}
# typed WORD COMMAND...: with the word on standard input.
typed() {
	word=$1
	shift
	printf '%s\n' "$word" | "$@"
}
# has WHAT: a line of this kind and name is in the list.
has() {
	app list | grep -Eq "$1"
}
hasnt() {
	app list >list.out && ! grep -Eq "$1" list.out
}

# lives WITH: the life of an application, by whatever opens the channel.
lives() {
	says "$1: a dry run tells what would be done" "would be loaded in [0-9]+ blocks and make 1" \
		app install --dry-run nothing.cap
	step "$1: and does nothing" hasnt "$package"
	says "$1: a CAP file is installed" "package $package is loaded, with 1 application" \
		app install nothing.cap
	step "$1: its package is listed" has "^package +$package +loaded, version 1.0"
	step "$1: its application is listed" has "^application +$applet +selectable, from $package"
	refuse_says "$1: twice is once too often" "package $package is on it already" \
		app install nothing.cap
	refuse_says "$1: a dry run sees that too" "package $package is on it already" \
		app install --dry-run nothing.cap
	refuse_says "$1: a package in use stays" "that is in use" app delete $package
	says "$1: the application is locked" "$applet is locked" app lock $applet
	step "$1: and listed as locked" has "$applet +locked"
	refuse_says "$1: locked is locked" "life cycle does not allow" app lock $applet
	step "$1: the lock is taken off" app unlock $applet
	step "$1: the application is deleted" app delete $applet
	step "$1: its package is not" has "^package +$package"
	says "$1: the package is deleted" "$package is deleted" app delete $package
	refuse_says "$1: once" "there is nothing of this name" app delete $package
	step "$1: a load file gets another name, parameters and a hash" \
		app install --hash --name F00102030409 --parameters 0102 nothing.ijc
	step "$1: and is listed by it" has "^application +F00102030409"
	step "$1: a package goes with what was made of it" app delete --related $package
	step "$1: and is gone" hasnt "$package"
	step "$1: a package is loaded alone" app install --load-only nothing.cap
	step "$1: without an application" hasnt "^application +$applet"
	step "$1: and deleted" app delete $package
}

# refusals: what files and keys are refused, and how.
refusals() {
	refuse_says "what is no name is said" "nonsense is no name" app delete nonsense
	refuse_says "a cut CAP file is refused" "not a whole zip archive" app install cut.cap
	refuse_says "and what is none" "neither a CAP file nor a load file" app install no.cap
	refuse_says "a module that is not there is refused" "no such module" \
		app install --applet F00102030499 nothing.cap
	keys=wrong.keys
	refuse_says "wrong keys are refused" "the keys are not those of the card" app list
	keys=enc.keys
	refuse_says "one wrong key is noticed at the first command" "one of its three keys is wrong" \
		app list
	keys=version.keys
	refuse_says "and a version that is not there" "no key set of version 31" app list
	keys=open.keys
	refuse_says "a key set that others may read is not used" "its owner's alone" app list
	keys=scp03.keys
	refuse_says "a derivation that nobody knows is refused" "is no, yes, emv, visa2 or kdf3" \
		card_keys --put nowhere.keys
	refuse_says "so is a master of another length than triple DES has" "have 16 bytes each" \
		card_keys --put long.keys
	step "nothing of all that is on the card" hasnt "$package"
}

# card_life: the card's own life cycle but for its end, as the issuer and with a key set; once it is
# secured there is no way back, so that the second card only locks.
card_life() {
	if has "^card .* ready for the issuer"; then
		refuse_says "a card that is not secured is not locked" "only a secured card" on_card lock
		says "the card is initialised" "is initialised" on_card initialise
		refuse_says "once" "initialised already" on_card initialise
		says "and secured" "is secured" on_card secure
	fi
	refuse_says "secured is secured" "secured already" on_card secure
	refuse_says "what is not locked is not unlocked" "not locked" on_card unlock
	says "the card is locked" "is locked" on_card lock --keys scp03.keys
	refuse_says "once" "locked already" on_card lock
	refuse_says "nothing is installed on a locked card" "is locked .CARD_LOCKED." \
		app install nothing.cap
	step "its issuer lists it as locked" has "^card .* card locked"
	refuse_says "secured it is already" "take the lock off" on_card secure
	refuse_says "it is no token meanwhile" "." pkcs11-tool --module "$module" --slot-index 0 -O
	says "its issuer takes the lock off" "is secured" on_card unlock
	says "and locks it" "is locked" on_card lock
	says "and a key set takes it off" "is secured" on_card unlock --keys scp03.keys
	step "the token application is locked" app lock F0496E7461676C696F01
	step "and unlocked by the issuer" app unlock F0496E7461676C696F01
}

# domains: a security domain with keys of its own, and an application that is moved to it and back.
domains() {
	domain=F0000000005D01
	refuse_says "a module is named with its package" usage \
		app install --package A0000001515350 --name $domain
	says "a security domain is made" "A0000001515350 has one application more" \
		app install --package A0000001515350 --applet A000000151535041 --name $domain \
		--privileges 80
	step "and listed" has "^domain +$domain"
	step "it gets keys" card_keys --domain $domain --put scp03.keys
	step "a package is loaded for it" app install nothing.cap
	says "its application is moved" "$applet is moved" app move $applet --to $domain
	step "and listed with its domain" has "$applet .*, of $domain"
	refuse_says "not to a domain that is not there" "no such security domain" \
		app move $applet --to F0000000005D02
	refuse_says "the domain may not delete it" "not this security domain's to delete" \
		app delete --keys scp03.keys --domain $domain $applet
	refuse_says "nor does the domain go while it has one" "go first" app delete $domain
	step "the application is moved back" app move $applet --to A000000151000000
	step "package and domain are deleted" app delete --related $package
	step "both" app delete $domain
}

# interrupted: Ctrl-C once the first block has gone. It is all there, if that came too late, or nothing is.
interrupted() {
	rm -f load.trace
	INTAGLIO_TRACE=load.trace "$intaglio" app install --card "$card" --keys "$keys" \
		--block-size 60 fine.cap >interrupted.out 2>&1 &
	installer=$!
	while kill -0 $installer 2>/dev/null && ! grep -qs '^> 84E8' load.trace; do
		:
	done
	kill -INT $installer 2>/dev/null
	if wait $installer; then
		app delete --related $package
	else
		grep -q "cancelled; the card is as it was" interrupted.out && hasnt "$package"
	fi
}

# whole_card: everything on the card in $card.
whole_card() {
	keys=
	says "the card tells what it is" "GlobalPlatform +2\.3" app info
	lives "as the issuer"
	says "the card has no keys" "no key sets" card_keys
	says "an SCP03 key set is put" "key set 30 is on the card" card_keys --put scp03.keys
	refuse_says "one version is there once" "key set of this version already" \
		card_keys --put scp03.keys
	step "with it an SCP02 key set" card_keys --keys scp03.keys --put scp02.keys
	says "both are listed" "version 20  key 1  triple DES, 16 bytes" card_keys
	printed "with their lengths" "version 30  key 3  AES, 32 bytes"
	card_life
	domains
	keys=scp03.keys
	lives "SCP03"
	step "an interrupted installation leaves nothing" interrupted
	step "nor does the next" interrupted
	says "a package of more than 256 short blocks has long ones" '"blockSize":4095,' \
		app install --json --load-only long.cap
	step "and is deleted" app delete $package
	keys=scp02.keys
	refuse_says "SCP02 has no long ones" "too many for 256 blocks of 239" \
		app install --load-only long.cap
	lives "SCP02"
	keys=
	for method in emv visa2 kdf3; do
		step "keys that are derived as by $method are put" card_keys --put "$method.keys"
		keys=$method.keys
		step "and open a channel" app list
		keys=
	done
	for version in 23 24 25; do
		step "key set $version is deleted" card_keys --delete "$version"
	done
	keys=scp02.keys
	refusals
	step "a key set is replaced" card_keys --keys scp03.keys --put scp03.keys --replace 30
	step "and deleted" card_keys --keys scp03.keys --delete 20
	keys=scp02.keys
	refuse_says "and opens nothing any more" "no key set of version 20" app list
	step "the last one goes by the issuer's hand" card_keys --delete 30
}

"$intaglio" card list >/dev/null 2>&1
card=default
whole_card

keys=
says "JSON tells of a list" '"kind":"card","aid":"A000000151000000"' app list --json
says "and of an installation" '"package":"F00102030405","dryRun":false,"applications":1,' \
	app install --json nothing.cap
step "which goes again" app delete --related $package

start_pcscd
start_cards default
until_true 30 reader_has 0 Yes
card=$("$intaglio" --json card list | python3 -c '
import json, sys
print(*[c["name"] for c in json.load(sys.stdin) if "Virtual PCD" in c["name"] and c["serial"]])')
step "the card is in a reader" test -n "$card"
whole_card
step "the token is none the worse" pkcs11-tool --module "$module" --list-slots
keys=
refuse_says "a card is not terminated unasked" "nothing was done" on_card terminate </dev/null
says "but by the word" "is terminated" typed terminate on_card terminate
refuse_says "and is the end of it" "terminated" app list
refuse_says "for everybody" "." on_card unlock

finish
