#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run fuzz: random sequences of Cryptoki calls under libFuzzer with the address and undefined
# behaviour sanitisers, for INTAGLIO_FUZZ_SECONDS (300).
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
ninja -C build-fuzz fuzz/calls_fuzzer
mkdir -p build-fuzz/corpus
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=0 \
	build-fuzz/fuzz/calls_fuzzer -max_len=1024 -close_fd_mask=1 \
	-max_total_time="${INTAGLIO_FUZZ_SECONDS:-300}" build-fuzz/corpus
