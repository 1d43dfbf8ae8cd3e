#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run bench: everything that is measured, one program after the other, and the sum of their counts.

build=${INTAGLIO_BUILD:-build}
here=$(dirname "$0")
passed=0
failed=0

measure() {
	log=$(mktemp) || exit 1
	"$@" 2>&1 | tee "$log" | grep -v ' passed, '
	counts=$(sed -n 's/^\([0-9]\{1,\}\) passed, \([0-9]\{1,\}\) failed$/\1 \2/p' "$log" | tail -n 1)
	rm -f "$log"
	counts=${counts:-0 1}
	passed=$((passed + ${counts% *}))
	failed=$((failed + ${counts#* }))
}

measure "$build/bench/bench"
measure "$build/bench/bench_parallel"
measure "$build/bench/bench_peer"
# A million records each: more than two gigabytes of disk, for a while.
measure "$build/bench/bench_million"
measure "$build/bench/bench_audit"
if [ -x /usr/sbin/pcscd ] && command -v opensc-tool >/dev/null; then
	measure "$here/pcsc.sh"
else
	echo "pcscd is not installed; cards in readers are not measured"
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
