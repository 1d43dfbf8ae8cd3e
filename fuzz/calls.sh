#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run calls: INTAGLIO_CALLS (10,000,000) random calls of the module in the build with the address and
# undefined behaviour sanitisers, from the seed INTAGLIO_SEED (0). Parts of 100,000, each with a seed,
# a process and a card of its own; leaks are looked for at the end of each.
set -eu
cd "$(dirname "$0")/.."
if [ ! -f build-asan/build.ninja ]; then
	meson setup build-asan -Dwerror=true -Db_sanitize=address,undefined >/dev/null
fi
ninja -C build-asan fuzz/storm >/dev/null
ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1 \
	UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1 \
	build-asan/fuzz/storm "${INTAGLIO_CALLS:-10000000}" "${INTAGLIO_SEED:-0}"
