#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Principal card and target both behind pcscd: what the host's process holds while it installs. Images
# of its memory are searched for the load file, the keys and the script, any 16 bytes of them. The
# same search finds them in hosts that load the same file without a principal card, or put keys, and
# what a host had for some commands only.

. "$(dirname "$0")/readers.sh"

search=$scenario_build/tests/memory_search
cards=$XDG_DATA_HOME/intaglio/cards
# One authority and one host for both cards, which then lie where the host has none of them.
printf 'a passphrase for a test\n' >passphrase
chmod 600 passphrase
step "an authority is made" \
	"$intaglio" authority create --passphrase-file passphrase authority
step "a card that will be principal" "$intaglio" card personalise --authority authority \
	--passphrase-file passphrase principal
step "a target" "$intaglio" card personalise --authority authority --passphrase-file passphrase \
	--host "$cards/principal/host" target
mkdir elsewhere
mv "$cards/principal" "$cards/target" elsewhere/
# Its keys are for both, not for the one card that they were made with.
rm elsewhere/principal/host/card.id
printf '[host]\ndirectory = %s/elsewhere/principal/host\n' "$scenario_dir" >"$INTAGLIO_CONF"

"$source_root/tests/make_cap.py" plain.ijc 4000
python3 - <<-'PYTHON'
	import os
	name, parameters = os.urandom(16), os.urandom(64)
	keys = [os.urandom(32) for _ in range(3)]
	keys02 = [os.urandom(16) for _ in range(3)]
	plant = os.urandom(16)
	code = os.urandom(4000)
	plain = open("plain.ijc", "rb").read()
	at = plain.index(bytes(n * 7 & 0xFF for n in range(4000)))
	open("random.ijc", "wb").write(plain[:at] + code + plain[at + 4000:])
	open("plant", "wb").write(plant)
	open("name", "w").write(name.hex())
	open("parameters", "w").write(parameters.hex())
	lines = [f"{use} = {key.hex()}\n" for use, key in zip(("enc", "mac", "dek"), keys)]
	for path, masters in ("masters.keys", "yes"), ("shared.keys", "no"):
	    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
	        file.write(f"protocol = scp03\nversion = 30\nmasters = {masters}\n" + "".join(lines))
	lines = [f"{use} = {key.hex()}\n" for use, key in zip(("enc", "mac", "dek"), keys02)]
	with open(os.open("masters02.keys", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
	    file.write("protocol = scp02\nversion = 31\nmasters = yes\n" + "".join(lines))
	with open("secrets", "w") as file:
	    for what, value in (("name", name), ("parameters", parameters), ("code", code),
	                        ("plant", plant), ("enc", keys[0]), ("mac", keys[1]), ("dek", keys[2]),
	                        ("enc02", keys02[0]), ("mac02", keys02[1]), ("dek02", keys02[2])):
	        file.write(f"{what} {value.hex()}\n")
PYTHON

start_pcscd
background "$intaglio_card" "$scenario_dir/elsewhere/principal/card" \
	"$scenario_dir/elsewhere/target/card"
two_are_in() {
	reader_has 0 Yes && reader_has 1 Yes
}
step "both are in readers" until_true 30 two_are_in
principal="Virtual PCD 00 00"
target="Virtual PCD 00 01"
principal() {
	verb=$1
	shift
	"$intaglio" principal "$verb" --card "$principal" "$@"
}

step "one is the principal card" principal create
step "with masters" principal keys 1 masters.keys
step "for SCP02, too" principal keys 2 masters02.keys
step "and an application" principal load --name "$(cat name)" --parameters "$(cat parameters)" \
	1 random.ijc
step "and activations" principal charge 1 3
step "the target has keys from the masters" \
	"$intaglio" card keys --card "$target" --put masters.keys

# What the target's own keys are: doc/principal.md, Key sets.
derive() {
	python3 - "$1" <<-'PYTHON'
		import subprocess, sys
		secrets = dict(line.split() for line in open("secrets"))
		card = bytes.fromhex(sys.argv[1])
		with open("secrets", "a") as file:
		    for use, constant in ("enc", 0xD1), ("mac", 0xD2), ("dek", 0xD3):
		        data = bytes(11) + bytes([constant, 0, 0, 0x80, 1]) + card
		        key = subprocess.run(
		            ["openssl", "mac", "-cipher", "AES-128-CBC", "-macopt",
		             "hexkey:" + secrets[use + "02"], "-in", "/dev/stdin", "CMAC"],
		            input=data, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
		        file.write(f"own-{use}02 {key}\n")
		        key = b""
		        for counter in 1, 2:
		            data = bytes(11) + bytes([constant, 0, 1, 0, counter]) + card
		            key += bytes.fromhex(subprocess.run(
		                ["openssl", "mac", "-cipher", "AES-256-CBC", "-macopt",
		                 "hexkey:" + secrets[use], "-in", "/dev/stdin", "CMAC"],
		                input=data, stdout=subprocess.PIPE, check=True).stdout.decode().strip())
		        file.write(f"own-{use} {key.hex()}\n")
	PYTHON
}
card=$("$intaglio" app install --dry-run --json --principal "$principal" --target "$target" \
	--application 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"])')
step "the target's own keys are searched for, too" derive "$card"

# searched EVERY COMMAND...: under the search, which prints what it found.
searched() {
	every=$1
	shift
	"$search" secrets "$every" "$@"
}
says "the host installs, and is looked at at every message" "is installed on card" \
	searched 2 "$intaglio" app install --principal "$principal" --target "$target" --application 1
printed "some dozens of times" "^[3-9][0-9]|[0-9]{3,} images"
cp "$scenario_log" through.out
for what in code enc mac dek own-enc own-mac own-dek name parameters; do
	step "$what was never in its memory" grep -q "^$what: not found" through.out
done
step "the application is there" sh -c '"$intaglio" app list --card "$1" |
	grep -iq "$(cat name) .*from F00102030405"' sh "$target"
step "and goes again" "$intaglio" app delete --related --card "$target" F00102030405
says "so does a program by C_Sign" "^installed, by [0-9]+ calls, on $card" searched 2 \
	"$scenario_build/tests/load_application" "$module" "$principal" "$target" 0x30 plant
cp "$scenario_log" signed.out
step "and what it had for two commands is found" grep -q "^plant: found" signed.out
for what in code enc mac dek own-enc own-mac own-dek name parameters; do
	step "but $what was never in its memory" grep -q "^$what: not found" signed.out
done
step "what it brought goes, too" "$intaglio" app delete --related --card "$target" F00102030405
says "one who puts masters for SCP02 on the target" "key set" \
	searched 5 "$intaglio" card keys --card "$target" --put masters02.keys
cp "$scenario_log" control02.out
for what in enc02 mac02 dek02 own-enc02 own-mac02 own-dek02; do
	step "is found to have $what" grep -q "^$what: found" control02.out
done
says "a host that looks at what would be is looked at, too" "" searched 4 "$intaglio" app install \
	--dry-run --principal "$principal" --target "$target" --version 31 --application 1
cp "$scenario_log" dry.out
says "and one that installs under SCP02" "is installed on card" searched 2 "$intaglio" app install \
	--principal "$principal" --target "$target" --version 31 --application 1
cp "$scenario_log" through02.out
for what in code enc02 mac02 dek02 own-enc02 own-mac02 own-dek02 name parameters; do
	step "$what was never in memory there" grep -q "^$what: not found" dry.out
	step "and never under SCP02" grep -q "^$what: not found" through02.out
done
step "what SCP02 brought goes again" \
	"$intaglio" app delete --related --card "$target" F00102030405
# What is given on the command line would be found there: the search has to find code and keys.
says "a host without a principal installs" "is loaded, with 1 application" \
	searched 20 "$intaglio" app install --card "$target" --keys masters.keys random.ijc
cp "$scenario_log" control.out
for what in code enc mac dek own-dek; do
	step "and is found to have $what" grep -q "^$what: found" control.out
done
says "one who loads the principal card" "is on the principal card" searched 20 \
	"$intaglio" principal load --card "$principal" --name "$(cat name)" \
	--parameters "$(cat parameters)" 1 random.ijc
printed "is found to have the script" "^parameters: found"
finish
