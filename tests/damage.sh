#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Damaged card memories and unreadable directories: a clear sentence, the right CKR, no crash, and
# what was there before the damage is there again when the damage is undone.

. "$(dirname "$0")/scenario.sh"

card=$XDG_DATA_HOME/intaglio/cards/default
log=$card/card/log-00000001
token() {
	pkcs11-tool --module "$module" "$@"
}
# broken SENTENCE REGEX: what a person sees when listing the objects of the broken card.
broken() {
	refuse_says "$1" "$2" pkcs11-tool --module "$module" --login --pin 123456 --list-objects
}
flip() {
	byte=$(dd if="$log" bs=1 skip="$1" count=1 2>/dev/null | od -An -tu1)
	# shellcheck disable=SC2059 # the octal code is the format
	printf "\\$(printf %03o $((byte ^ 16)))" | dd of="$log" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

step "a token is made" token --init-token --label Damaged --so-pin 12345678
step "with a PIN" token --login --login-type so --so-pin 12345678 --init-pin --pin 123456
step "and a key" token --login --pin 123456 --keypairgen --key-type EC:prime256v1 --id 01
step "and an object" sh -c 'echo hello >greeting && pkcs11-tool --module "$0" --login --pin 123456 \
	--write-object greeting --type data --label greeting' "$module"
step "it is kept aside" cp -a "$card" kept

truncate -s 1000000 "$log"
broken "a segment shorter than its size is refused in a sentence" 'log-00000001 is damaged: it has 1000000 bytes'
broken "with CKR_DEVICE_ERROR" 'CKR_DEVICE_ERROR|CKR_TOKEN_NOT_RECOGNIZED'
rm -rf "$card" && cp -a kept "$card"

flip 4200
broken "a log damaged in the middle is refused in a sentence" 'log-00000001.*damaged'
rm -rf "$card" && cp -a kept "$card"
says "undone, everything is there" 'greeting' token --login --pin 123456 --list-objects

mv "$log" moved
broken "a segment that is gone is said by name" 'log-00000001'
mkdir "$log"
broken "and so is one that is a directory" 'log-00000001.*directory'
rmdir "$log"
mv moved "$log"

mv "$card/card/checkpoint-0" moved
broken "a checkpoint that is gone is said by name" 'checkpoint-0'
mv moved "$card/card/checkpoint-0"
mv "$card/card" moved
broken "a card memory that is gone is said by name" 'default/card: the directory is missing'
mv moved "$card/card"

mv "$card/card/storage.key" moved
broken "a storage key that is gone is said by name" 'storage.key'
mv moved "$card/card/storage.key"
chmod 644 "$card/card/storage.key"
broken "a storage key that others can read is refused" 'storage.key.*(others|group|readable|0600)'
chmod 600 "$card/card/storage.key"
chmod 644 "$card/host/host.key"
broken "and so is a host key that others can read" 'host.key'
chmod 600 "$card/host/host.key"
says "undone, everything is there again" 'greeting' token --login --pin 123456 --list-objects

if [ "$(id -u)" -eq 0 ]; then
	chown -R 65534 "$scenario_dir"
	chmod 000 "$card"
	refuse_says "an unreadable directory is said by name" 'default.*(Permission denied|unreadable|cannot)' \
		setpriv --reuid 65534 --clear-groups pkcs11-tool --module "$module" --list-objects
	chmod 700 "$card" && chown -R 0 "$scenario_dir"
else
	chmod 000 "$card"
	broken "an unreadable directory is said by name" 'default.*(Permission denied|unreadable|cannot)'
	chmod 700 "$card"
fi
refuse_says "without HOME and XDG_DATA_HOME there is no embedded slot" 'No slots' \
	env -u HOME -u XDG_DATA_HOME pkcs11-tool --module "$module" --list-slots

step "eight processes work on the card at once" sh -c '
	for i in 1 2 3 4 5 6 7 8; do
		(echo $i >d$i && pkcs11-tool --module "$0" --login --pin 123456 --write-object d$i \
			--type data --label parallel-$i >/dev/null 2>&1 && : >done$i) &
	done
	wait
	test "$(ls done? | wc -l)" -eq 8' "$module"
says "and nothing of theirs is lost" '^8$' sh -c \
	'pkcs11-tool --module "$0" --login --pin 123456 --list-objects --type data 2>/dev/null | grep -c parallel-' "$module"

step "a PIN is locked by five wrong ones" sh -c '
	for i in 1 2 3 4 5; do
		pkcs11-tool --module "$0" --login --pin 000000 --list-objects >locked 2>&1 && exit 1
	done; :' "$module"
says "which says how to unblock" 'unlock|unblock' cat locked
refuse_says "and further tries do not even count" 'CKR_PIN_LOCKED' \
	pkcs11-tool --module "$module" --login --pin 123456 --list-objects
finish
