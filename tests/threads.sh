#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run threads: tests/module/test_threads (16 threads on one token and on four, fork, finalize while
# others are inside) under ThreadSanitizer, in a build of its own. A race found is a failure.

set -u
source=${INTAGLIO_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
folder=$source/build-tsan

[ -d "$folder" ] || meson setup "$folder" "$source" -Db_sanitize=thread -Db_lundef=false \
	>/dev/null || exit 1
ninja -C "$folder" tests/test_module_threads module/intaglio-pkcs11.so >/dev/null || exit 1
export INTAGLIO_SOURCE="$source" INTAGLIO_BUILD="$folder" PCSCLITE_CSOCK_NAME=/nonexistent
TSAN_OPTIONS=exitcode=66 "$folder/tests/test_module_threads"
