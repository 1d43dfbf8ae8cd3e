#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run fuzz: under libFuzzer with the address and undefined behaviour sanitisers, random sequences of
# Cryptoki calls, files in which packages come, and management of a card's contents, one after another:
# the targets that INTAGLIO_FUZZ names (all), each for INTAGLIO_FUZZ_SECONDS (300).
set -eu
cd "$(dirname "$0")/.."
command -v clang >/dev/null || {
	echo "fuzz: clang is not here; ./run test installs it" >&2
	exit 1
}
if [ ! -f build-fuzz/build.ninja ]; then
	CC=clang meson setup build-fuzz -Db_sanitize=address,undefined -Db_lundef=false \
		-Dc_args=-fsanitize=fuzzer-no-link
fi
passed=0
failed=0
for target in ${INTAGLIO_FUZZ:-calls cap manage}; do
	ninja -C build-fuzz "fuzz/${target}_fuzzer"
	mkdir -p "build-fuzz/corpus-$target"
	if UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=0 \
		"build-fuzz/fuzz/${target}_fuzzer" -max_len=1024 -close_fd_mask=1 \
		-artifact_prefix="build-fuzz/$target-" \
		-max_total_time="${INTAGLIO_FUZZ_SECONDS:-300}" "build-fuzz/corpus-$target"; then
		passed=$((passed + 1))
	else
		echo "fuzz: $target ended; what ended it is build-fuzz/$target-*" >&2
		failed=$((failed + 1))
	fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
