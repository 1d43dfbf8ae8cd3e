#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What the documents show is true: every block fenced as ```sh in README.md and doc/*.md is run.
# The blocks of one document are run in its order, each by a shell of its own with -eu, in a folder
# that looks like the source tree (so that build/ is found) but keeps what they write away from it,
# and with one fresh XDG_DATA_HOME a document. Blocks with another fence, or none, are not run: the
# verbs of ./run themselves, and what would change the machine.

. "$(dirname "$0")/scenario.sh"

# A ```sh block that nobody closes would hide the rest of a document, so it is an error here.
extract() {
	awk -v prefix="$2" '
		!inside && /^```sh$/ { inside = 1; n++; file = sprintf("%s%02d", prefix, n); next }
		inside && /^```$/ { inside = 0; close(file); next }
		inside { print > file }
		END { exit inside }
	' "$1"
}

blocks=0
for document in "$source_root"/README.md "$source_root"/doc/*.md; do
	name=${document#"$source_root"/}
	place=$scenario_dir/$(printf '%s' "$name" | tr '/.' '__')
	mkdir "$place" && cd "$place" || exit 1
	step "$name: every block of commands is closed" extract "$document" "$place/block."
	ln -s "$source_root"/* . && rm -f build && ln -s "$scenario_build" build
	export XDG_DATA_HOME="$place/.data"
	mkdir -m 700 "$XDG_DATA_HOME"
	for block in block.*; do
		[ -f "$block" ] || continue
		blocks=$((blocks + 1))
		step "$name: $(grep -v '^ *#' "$block" | head -n 1)" sh -eu "$block"
	done
done
step "the documents have blocks to run" test "$blocks" -gt 0
finish
