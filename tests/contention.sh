#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run contention: eight processes with four threads each sign, seal and find on one card in a reader
# for a minute. No result is wrong, no session stale, and nobody starved: no operation took longer than
# five seconds, and every thread did at least a quarter of an equal share. The test run has it for ten
# seconds, in pcsc.sh.

. "$(dirname "$0")/readers.sh"
try=$scenario_build/tests/pcsc

"$intaglio" card list >/dev/null 2>&1
start_pcscd
background "$intaglio_card" default
step "a card is in the reader" until_true 30 reader_has 0 Yes
step "it is prepared" "$try" prepare
step "eight processes with four threads each work for a minute, and nobody starves" "$try" many 8 4 60
cat "$scenario_log"
finish
