#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run threads: tests/module/test_threads (16 threads on one token and on four, fork, finalize while
# others are inside), test_beside (private keys at work side by side), and the card's workers and seals
# under ThreadSanitizer, in a build of its own. A race found is a failure.

set -u
source=${INTAGLIO_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
folder=$source/build-tsan

[ -d "$folder" ] || meson setup "$folder" "$source" -Db_sanitize=thread -Db_lundef=false \
	>/dev/null || exit 1
ninja -C "$folder" tests/test_module_threads tests/test_module_beside tests/test_card_worker \
	tests/test_card_ledger module/intaglio-pkcs11.so >/dev/null || exit 1
export INTAGLIO_SOURCE="$source" INTAGLIO_BUILD="$folder" PCSCLITE_CSOCK_NAME=/nonexistent
export TSAN_OPTIONS=exitcode=66
failed=0
"$folder/tests/test_module_threads" || failed=1
"$folder/tests/test_module_beside" || failed=1
"$folder/tests/test_card_worker" || failed=1
"$folder/tests/test_card_ledger" || failed=1
exit $failed
