#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Cards with certificates of an authority: one host opens two of them; hosts and cards that are
# expired, revoked, of another authority or without a role are refused with a sentence and a CKR;
# a card follows its authority to the next one.
. "$(dirname "$0")/scenario.sh"

authority() {
	"$intaglio" authority "$@"
}
cards=$XDG_DATA_HOME/intaglio/cards

# open NAME: the card's channel opens, and it takes an SO PIN.
open() {
	pkcs11-tool --module "$module" --slot-description "Intaglio embedded card: $1" --init-token \
		--label "$1" --so-pin 12345678
}
# bring NAME FILE...: the host of this card brings it changes of trust.
bring() {
	bring_name=$1
	shift
	"$intaglio" --card "$bring_name" card update-trust "$@"
}
# key NAME: an RSA key pair, NAME.key and NAME.pub.
key() {
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" 2>/dev/null &&
		openssl pkey -in "$1.key" -pubout -out "$1.pub" && chmod 600 "$1.key"
}
# host NAME KEY CERTIFICATE: from now on this is the host of a card.
host() {
	install -m 600 "$2" "$cards/$1/host/host.key" && install -m 644 "$3" "$cards/$1/host/host.cvc"
}
# holder DIR PREFIX: the holder reference of the only certificate of its kind in a directory.
holder() {
	find "$1/issued" -name "$2*" | sed 's|.*/\([A-Z0-9]*\)-.*|\1|' | sort -u
}
issued() {
	find "$1/issued" -type f | wc -l
}
for name in plain late chain next user; do
	key $name || exit 1
done

step "an authority is made" authority create company --bits 2048 --effective 2025-01-01 --years 10
says "a card is made under it" '^card one is ZZCARD[A-Z2-7]{8}, and its host ZZHOST[A-Z2-7]{8}' \
	"$intaglio" card personalise --authority company one
card_one=$(holder company ZZCARD)
host_one=$(holder company ZZHOST)
step "the default card gets an identity before its first use" \
	"$intaglio" card personalise --authority company --host "$cards/one/host" default
step "the host opens it" open default
step "and the one that it was made with" open one
says "another card is made for the same host" '"card":"two","holder":"ZZCARD[A-Z2-7]{8}","id":"[A-Z2-7]{8}"}' \
	"$intaglio" card personalise --json --authority company --host "$cards/one/host" --suite 42,02 two
card_two=$(sed -n 's/.*"holder":"\([A-Z0-9]*\)".*/\1/p' "$scenario_log")
step "which opens it" open two
step "and still the one before" open one
step "with one and the same key" cmp "$cards/one/host/host.key" "$cards/two/host/host.key"
says "nobody else reads that" '^600$' stat -c %a "$cards/two/host/host.key"
says "the list names both cards" "two +two +[A-Z2-7]{8}" "$intaglio" card list
says "the authority knows what it has issued" "^  card $card_one, suite 42" authority show company
says "in JSON, too" "\"issued\":.*\"holder\":\"$host_one\".*\"holds\":true" authority show --json company

before=$(issued company)
refuse_says "a card gets its identity once" 'there is a card one already' \
	"$intaglio" card personalise --authority company one
refuse_says "also the default card" 'there is a card default already' \
	"$intaglio" card personalise --authority company --host "$cards/one/host" default
refuse_says "a name is a directory's" 'a card needs a name' \
	"$intaglio" card personalise --authority company --host "$cards/one/host" ../other
refuse "without an authority there is none" "$intaglio" card personalise other
refuse "nor under a directory that is not there" "$intaglio" card personalise --authority none other
refuse "nor for a suite that is not there" "$intaglio" card personalise --authority company --suite 03 other
refuse "nor twice for one" "$intaglio" card personalise --authority company \
	--host "$cards/one/host" --suite 42,42 other
step "nothing was issued for any of them" test "$before" = "$(issued company)"

step "a certificate without a role is made" authority issue company --card --public plain.pub \
	--output plain.cvc
mkdir norole
install -m 600 plain.key norole/host.key
cp plain.cvc norole/host.cvc
refuse_says "a host without a role is refused" 'it has no role' \
	"$intaglio" card personalise --authority company --host norole other
step "and no card is left" test ! -e "$cards/other"
says "not even a part of one" '^0$' sh -c 'find "$1" -mindepth 1 -maxdepth 1 -name ".?*" -type d | wc -l' - "$cards"

mkdir enciphered
cp "$cards/one/host/host.cvc" enciphered
openssl pkcs8 -topk8 -in "$cards/one/host/host.key" -passout pass:secret -out enciphered/host.key
chmod 600 enciphered/host.key
refuse_says "a host key that nothing deciphers is refused" 'host.key' \
	"$intaglio" card personalise --authority company --host enciphered sealed
printf 'secret\n' >host.passphrase
chmod 600 host.passphrase
printf '[host]\npassphrase-file = %s\n' "$PWD/host.passphrase" >"$INTAGLIO_CONF"
step "with its passphrase it is not" \
	"$intaglio" card personalise --authority company --host enciphered sealed
step "and opens the card" open sealed

step "a card for a user is made" "$intaglio" card personalise --authority company --roles user users
step "the user opens it" open users

step "somebody's certificates are revoked" authority revoke company "$host_one" --effective 2025-01-02
refuse_says "a user does not bring that to a card" 'has not the role issuer' bring users company/revoked.list
step "an issuer does" bring one company/revoked.list
refuse_says "once" 'not newer' bring one company/revoked.list
refuse_says "and nothing else" 'nothing else' bring one company/authority.key

step "an issuer's key is made" authority create branch --issuer --bits 2048
step "and certified from today on" authority issue company --issuer --roles user,issuer \
	--public branch/authority.pub --output branch/authority.cvc
refuse_says "an issuer makes no cards" "is an issuer's directory" \
	"$intaglio" card personalise --authority branch other
step "its host gets a chain" authority issue branch --host --roles user --public chain.pub --output chain.cvc
step "a host of the past is certified" authority issue company --host --roles user --public late.pub \
	--effective 2025-01-01 --years 1 --output late.cvc
cp -r "$cards/one/host" saved
host one chain.key chain.cvc
step "the chain opens the card, which learns the date" open one
host one late.key late.cvc
refuse_says "an expired host is refused" 'it has expired or is revoked' open one
refuse_says "with the CKR of a card that does not open" 'CKR_DEVICE_ERROR' open one
host one saved/host.key saved/host.cvc
step "the valid one is not" open one

printf 'correct horse\n' >passphrase
step "an authority has its key enciphered" authority create secret --bits 2048 --passphrase-file passphrase
refuse_says "and makes no card without the passphrase" 'passphrase' \
	"$intaglio" card personalise --authority secret guarded
step "but with it" "$intaglio" card personalise --authority secret --passphrase-file passphrase guarded

step "another authority is made" authority create foreign --bits 2048
step "and a card of it" "$intaglio" card personalise --authority foreign strange
host strange saved/host.key saved/host.cvc
cp saved/authority.cvc "$cards/strange/host/authority.cvc"
refuse_says "a card of another authority is refused" 'another authority' open strange
refuse_says "with a CKR as well" 'CKR_DEVICE_ERROR' open strange

step "a card is revoked" authority revoke company "$card_one"
says "the authority shows it" '^ +it is revoked' authority show company
cp company/revoked.list "$cards/one/host/revoked"
refuse_says "a host that has the list refuses the card" 'is revoked by its authority' open one
cp company/revoked.list "$cards/two/host/revoked"
step "but not another one" open two
cp foreign/authority.cvc "$cards/two/host/revoked"
refuse_says "what is no list is said by name" 'host/revoked is not the revocation list' open two
rm "$cards/two/host/revoked" "$cards/one/host/revoked"

step "the next authority is made" authority create next --bits 2048
step "and linked" authority link company next --output link.cvc
for suite in 42 02; do
	step "the card's key for suite $suite is certified by it" authority issue next --card \
		--suite $suite --public "$(echo company/issued/"$card_two"-*-$suite.cvc)" \
		--holder "$card_two" --output card-$suite.cvc
done
openssl pkey -in saved/host.key -pubout -out saved/host.pub
step "and the host's, under its old name" authority issue next --host --roles user,issuer \
	--public saved/host.pub --holder "$host_one" --output host-next.cvc
step "another host is certified" authority issue next --host --roles user --public next.pub \
	--output other-next.cvc
step "the next authority makes a card" "$intaglio" card personalise --authority next after
refuse_says "which does not follow the old one's link" 'not of the authority that it trusts' \
	bring after link.cvc
step "the card follows" bring two link.cvc card-42.cvc card-02.cvc
refuse_says "and does not know its old host" 'another authority' open two
for name in two default; do
	cp next/link.cvc "$cards/$name/host/link.cvc"
done
refuse_says "a host that has the link as well is told what it lacks" 'is of one before it' open two
step "to a card that has not followed it is as it was" open default
for name in two default; do
	host $name saved/host.key host-next.cvc
done
step "with a certificate of the next authority it opens the card that followed" open two
step "and shows the link to the one that has not" open default
cp next/authority.cvc "$cards/two/host/link.cvc"
refuse_says "what is no link is said by name" 'host/link.cvc does not lead' open two
cp foreign/authority.cvc "$cards/two/host/link.cvc"
refuse_says "nor is it another authority's" 'host/link.cvc does not lead' open two
rm "$cards/two/host/link.cvc"
cp next/authority.cvc "$cards/two/host/authority.cvc"
host two saved/host.key host-next.cvc
step "which opens it with its new certificate" open two
refuse_says "the link leads there once" 'not of the authority that it trusts' bring two link.cvc
step "the old host is revoked" authority revoke next "$host_one"
step "it brings the list itself" bring two next/revoked.list
refuse_says "and is refused from then on" 'it has expired or is revoked' open two
refuse_says "as a card that does not open" 'CKR_DEVICE_ERROR' open two
host two next.key other-next.cvc
step "the other host is not" open two

# Cards of issuers, with one to three of them above the card.
step "a group is made" authority create group --bits 2048
step "its authority makes a card" "$intaglio" card personalise --authority group --suite 42,02,01 chain1
above=group
for length in 2 3 4 5; do
	issuer=issuer$length
	step "issuer $length makes its key" authority create $issuer --issuer --bits 2048
	step "and is certified" authority issue $above --issuer --roles user,issuer \
		--public $issuer/authority.pub --output $issuer/authority.cvc
	above=$issuer
	test $length = 5 && continue
	step "it makes a card, which shows $length certificates" "$intaglio" card personalise \
		--authority $issuer --under group/authority.cvc --suite 42,02,01 chain$length
	says "its host has the roles that the chain leaves, and no others" '^host .*, roles user, issuer, from' \
		authority show --under group/authority.cvc "$cards/chain$length/host/host.cvc"
done
refuse_says "a chain of five is refused" 'fourth of its chain' \
	"$intaglio" card personalise --authority issuer5 --under group/authority.cvc chain5
refuse_says "an issuer of somebody else, too" 'is not the authority' \
	"$intaglio" card personalise --authority issuer2 --under foreign/authority.cvc other
refuse_says "and what is above an authority" 'no issuer' \
	"$intaglio" card personalise --authority group --under group/authority.cvc other
for length in 1 2 3 4; do
	step "the host opens the card of $length certificates" open chain$length
	for suite in 02 01; do
		printf '[card %s]\nsuite = %s\n' "$(cat "$cards/chain$length/host/card.id")" $suite \
			>"$INTAGLIO_CONF"
		step "also in suite $suite" open chain$length
	done
	printf '[policy]\nsuites = 42\n[card %s]\nsuite = 01\n' \
		"$(cat "$cards/chain$length/host/card.id")" >"$INTAGLIO_CONF"
	refuse_says "unless the settings have no such suite" 'suite 01 with any card' open chain$length
	: >"$INTAGLIO_CONF"
done

# What a card asks for, or lets pass, is settled when it is made.
step "a card takes less than others" "$intaglio" card personalise --authority group --suite 42,02,01 \
	--host "$cards/chain1/host" --level 01 --numbering use --plain-certificates \
	--stored-key 7:2:"$cards/chain1/host/host-02.cvc" \
	--stored-key 7:1:"$cards/chain1/host/host-01.cvc" easy
easy=$(cat "$cards/easy/host/card.id")
printf '[card %s]\nsuite = 02\nlevel = 01\nunauthenticated = yes\nhost = stored\nhost-key = 7 2\n' "$easy" \
	>"$INTAGLIO_CONF"
step "it opens for a host that it has stored, with commands authenticated only" open easy
printf '[card %s]\nsuite = 02\nhost = stored\nhost-key = 7 3\n' "$easy" >"$INTAGLIO_CONF"
refuse "for no other" open easy
printf '[card %s]\nsuite = 01\nhost = stored\nhost-key = 7 1\nnumbering = use\n' "$easy" >"$INTAGLIO_CONF"
step "it numbers the keys of suite 01 by use" open easy
printf '[card %s]\nsuite = 01\nhost = stored\nhost-key = 7 1\n' "$easy" >"$INTAGLIO_CONF"
refuse "and not as other cards do" open easy
printf '[card %s]\nsuite = 02\nlevel = 01\nunauthenticated = yes\n' \
	"$(cat "$cards/chain1/host/card.id")" >"$INTAGLIO_CONF"
refuse "others take no such level" open chain1
: >"$INTAGLIO_CONF"
refuse_says "a level is of two digits" 'a level is two' \
	"$intaglio" card personalise --authority group --level 7 other
refuse_says "with bits that there are" 'a level is two' \
	"$intaglio" card personalise --authority group --level 44 other
refuse_says "a stored key has a reference" 'version:index:file' \
	"$intaglio" card personalise --authority group --stored-key "$cards/chain1/host/host.cvc" other
middle=$(holder group ZZISSU)
step "an issuer that may not certify cards is certified" authority create limited --issuer --bits 2048
step "for users only" authority issue group --issuer --roles user \
	--public limited/authority.pub --output limited/authority.cvc
refuse_says "it makes no card" 'has not the role issuer' \
	"$intaglio" card personalise --authority limited --under group/authority.cvc other
for length in 2 3; do
	card=$(holder issuer$length ZZCARD)
	step "another issuer certifies the card of $length" authority issue issuer4 --card \
		--public "$(echo issuer$length/issued/"$card"-*-42.cvc)" --holder "$card" --output moved.cvc
	step "which takes its new chain" bring chain$length moved.cvc
	step "and opens" open chain$length
done
step "the issuer in the middle is revoked" authority revoke group "$middle" \
	--effective 2099-12-31
for name in chain1 chain4; do
	cp group/revoked.list "$cards/$name/host/revoked"
done
step "a card above it still opens" open chain1
refuse_says "one below it does not" "issuer is revoked" open chain4
finish
