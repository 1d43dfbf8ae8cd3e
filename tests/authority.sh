#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# intaglio authority against OpenPACE: cvc-print reads and verifies what we issue, we read and verify
# what cvc-create makes and issue under it; passphrases, permissions, renewals, revocations, links.
. "$(dirname "$0")/scenario.sh"

authority() {
	"$intaglio" authority "$@"
}

# key NAME: an RSA key pair, NAME.key and NAME.pub in PEM and NAME.pkcs8 in DER.
key() {
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" 2>/dev/null &&
		openssl pkey -in "$1.key" -pubout -out "$1.pub" &&
		openssl pkcs8 -topk8 -nocrypt -in "$1.key" -outform DER -out "$1.pkcs8"
}
for name in host card issuer other; do
	key $name || exit 1
done
today=$(date -u +%Y-%m-%d)
tomorrow=$(date -u -d "$today + 1 day" +%Y-%m-%d)

step "an authority is made" authority create root --bits 2048 --holder ZZAUTHROOT0001
refuse "it is not made over another one" authority create root
says "it shows itself, and holds" '^authority ZZAUTHROOT0001, may give the roles user, issuer, updater, auditor' \
	authority show root
step "a host is certified" authority issue root --host --roles user,auditor --public host.pub \
	--holder ZZHOSTAAAA0001 --output host.cvc
step "a card is certified" authority issue root --card --public card.pub --output card.cvc
says "the host's certificate verifies under the authority" 'signature of ZZAUTHROOT0001 verifies' \
	authority show --under root/authority.cvc host.cvc
says "as JSON, too" '"holder":"ZZHOSTAAAA0001","id":"AAAA0001".*"holds":true' \
	authority show --json --under root/authority.cvc host.cvc
says "the card's is a card's" '^card ZZCARD[A-Z2-7]{8}, suite 42, from' authority show card.cvc
says "without the signer, nothing is claimed" 'was not checked' authority show card.cvc
refuse "a card has no roles" authority issue root --card --roles user --public other.pub --output no.cvc
refuse "a host has one" authority issue root --host --public other.pub --output no.cvc
refuse "there is no role king" authority issue root --host --roles king --public other.pub --output no.cvc
refuse "a key has one holder" authority issue root --host --roles user --public host.pub --output no.cvc
refuse_says "and the sentence says whose it is" 'certified for ZZHOSTAAAA0001' \
	authority issue root --host --roles user --public host.pub --output no.cvc
refuse "a private key in place of a public one" authority issue root --host --roles user \
	--public host.key --output no.cvc
refuse "nothing was written" test -e no.cvc

mkdir anchors
cp root/authority.cvc anchors/ZZAUTHROOT0001
says "cvc-print verifies the host's certificate" '^certificate verified|^ *certificate verified' \
	cvc-print --cvc-dir=anchors -c host.cvc
says "and reads its holder" 'CHR: ZZHOSTAAAA0001' cvc-print --cvc-dir=anchors -c host.cvc
says "cvc-print verifies the card's certificate" 'certificate verified' \
	cvc-print --cvc-dir=anchors -c card.cvc

step "an issuer makes its key" authority create sub --issuer --bits 2048
refuse "and issues nothing without a certificate" authority issue sub --host --roles user \
	--public other.pub --output no.cvc
step "it is certified" authority issue root --issuer --roles user --public sub/authority.pub \
	--output sub/authority.cvc
step "and issues" authority issue sub --host --roles user --public other.pub --output other.cvc
says "its host presents the chain" '^issuer ZZISSU' authority show --under root/authority.cvc other.cvc
says "which verifies to the end" 'signature of ZZISSU[A-Z2-7]{8} verifies' \
	authority show --under root/authority.cvc other.cvc
refuse "an issuer gives no role that it has not" authority issue sub --host --roles issuer \
	--public issuer.pub --output no.cvc
refuse "an issuer revokes nothing" authority revoke sub ZZHOSTAAAA0001 --effective "$tomorrow"

refuse "a renewal on the day of issue is told apart by nothing" \
	authority renew root host.cvc --output renewed.cvc
step "a certificate is renewed" authority renew root host.cvc --effective "$tomorrow" \
	--output renewed.cvc
says "the renewal keeps reference and roles" "^host ZZHOSTAAAA0001, suite 42, roles user, auditor, from $tomorrow" \
	authority show renewed.cvc
says "and is kept by the authority" 'ZZHOSTAAAA0001-.*-42.cvc' ls root/issued
refuse "a foreign certificate is not renewed" authority renew root other.cvc --output no.cvc

step "a holder is revoked" authority revoke root ZZHOSTAAAA0001
says "the list names its id" 'AAAA0001: certificates are good from' \
	authority show --under root/authority.cvc root/revoked.list
says "and verifies" 'its signature verifies' authority show --under root/authority.cvc root/revoked.list
refuse "a revoked certificate is not renewed" authority renew root host.cvc --output no.cvc
refuse "an unknown holder is not revoked" authority revoke root ZZHOSTNOBODY01
key new || exit 1
step "the holder gets one for a new key" authority issue root --host --roles user --public new.pub \
	--holder ZZHOSTAAAA0001 --output new.cvc

step "another authority follows" authority create next --bits 2048 --holder ZZAUTHNEXT0001
step "it is linked" authority link root next --output link.cvc
says "the link verifies under the old one" 'signature of ZZAUTHROOT0001 verifies' \
	authority show --under root/authority.cvc link.cvc
says "cvc-print verifies it as well" 'certificate verified' cvc-print --cvc-dir=anchors -c next/link.cvc
says "what was revoked stays so" 'AAAA0001: certificates are good from' authority show next/revoked.list
refuse "a directory is not linked to itself" authority link root ./root

INTAGLIO_PASSPHRASE='correct horse'
export INTAGLIO_PASSPHRASE
step "a key is enciphered" authority create secret --encipher --bits 2048
says "as PKCS#8" 'BEGIN ENCRYPTED PRIVATE KEY' cat secret/authority.key
step "the passphrase opens it" authority issue secret --card --public card.pub --output secret.cvc
INTAGLIO_PASSPHRASE='battery staple'
refuse "another one does not" authority issue secret --card --public host.pub --output no.cvc
refuse_says "and the sentence says so" 'not its passphrase' \
	authority issue secret --card --public host.pub --output no.cvc
printf 'correct horse\n' >passphrase
step "nor is the environment asked if there is a file" authority issue secret --card \
	--public host.pub --passphrase-file passphrase --output secret2.cvc
unset INTAGLIO_PASSPHRASE

chmod 640 root/authority.key
refuse "a key that the group can read is refused" authority issue root --card --public other.pub --output no.cvc
refuse_says "and the sentence names the mode" 'mode 640' \
	authority issue root --card --public other.pub --output no.cvc
chmod 600 root/authority.key

step "an authority of the past is made" authority create past --bits 2048 --effective 2020-01-01 --years 2
refuse "it has expired" authority show past
refuse "and issues nothing" authority issue past --card --public other.pub --output no.cvc

# What cvc-create makes: root, issuer and host.
create() {
	cvc-create --type=at --issued=260101 --scheme=RSA_PSS_SHA_256 "$@"
}
key foreign || exit 1
printf terms >terms.txt
step "cvc-create makes an authority" create --role=cvca --chr=DEFOREIGN0001 --expires=361231 \
	--sign-with=foreign.pkcs8 --out-cert=foreign.cvcert --at-rfu29 --at-rfu30
step "and an issuer" create --role=dv_domestic --chr=DEISSUER00001 --expires=351231 \
	--sign-with=foreign.pkcs8 --sign-as=foreign.cvcert --key=issuer.pkcs8 \
	--out-cert=issuer.cvcert --at-rfu29 --at-rfu30
step "and a host" create --role=terminal --chr=DEHOST0000001 --expires=341231 \
	--sign-with=issuer.pkcs8 --sign-as=issuer.cvcert --key=host.pkcs8 --out-cert=host.cvcert \
	--at-rfu29 --issuer-name=i --subject-name=s --cert-desc=terms.txt --out-desc=host.desc
cat issuer.cvcert host.cvcert >foreign-chain.cvc
says "the chain is read as an issuer's" '^issuer DEISSUER00001, may give the roles user, issuer' \
	authority show --under foreign.cvcert foreign-chain.cvc
says "and a host's" '^host DEHOST0000001, roles user, ' \
	authority show --under foreign.cvcert foreign-chain.cvc
step "and holds" authority show --under foreign.cvcert foreign-chain.cvc
refuse "but not under another authority" authority show --under root/authority.cvc foreign-chain.cvc
mkdir -m 700 foreign
cp foreign.cvcert foreign/authority.cvc
install -m 600 foreign.key foreign/authority.key
step "its authority issues here" authority issue foreign --host --roles user --public new.pub \
	--output foreign-host.cvc
cp foreign.cvcert anchors/DEFOREIGN0001
says "for cvc-print to verify" 'certificate verified' cvc-print --cvc-dir=anchors -c foreign-host.cvc
step "its issuer's certificate is renewed" authority renew foreign issuer.cvcert --output issuer2.cvcert
says "under its old name" '^issuer DEISSUER00001,' authority show issuer2.cvcert
mkdir -m 700 issuer
cp issuer2.cvcert issuer/authority.cvc
install -m 600 issuer.key issuer/authority.key
step "and its issuer issues here" authority issue issuer --host --roles user --public new.pub \
	--output issuer-host.cvc
step "a chain that holds" authority show --under foreign.cvcert issuer-host.cvc
mkdir -m 700 theirs
install -m 600 host.key theirs/host.key
cp foreign-chain.cvc theirs/host.cvc
step "a card is made under cvc-create's authority" \
	"$intaglio" card personalise --authority foreign --host "$PWD/theirs" theirs
step "it opens for a host with cvc-create's certificates, and no other words in them" \
	pkcs11-tool --module "$module" --slot-description "Intaglio embedded card: theirs" --init-token \
	--label theirs --so-pin 12345678

head -c 300 host.cvc >cut.cvc
refuse "half a certificate is none" authority show cut.cvc
refuse "nor is no file one" authority show nowhere.cvc
finish
