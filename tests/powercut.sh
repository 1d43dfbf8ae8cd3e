#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Power cuts, enumerated: of one card by its memory's calls, and of installations through a principal
# card with everybody who takes part. Each prints how many states it tried for what.

set -u
programs=${INTAGLIO_BUILD:-build}/tests
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

"$programs/powercut"
cards=$?
{
	"$programs/test_token_transfer" powercut
	echo "exit $?"
} | tee "$log" | grep -v '^exit '
torn=$(sed -n 's/^\([0-9]*\) installations torn$/\1/p' "$log")
transfers=$(sed -n 's/^exit //p' "$log")
if [ "$cards" -eq 0 ] && [ "$transfers" -eq 0 ]; then
	echo "every cut ended as it should, ${torn:-no} installations among them"
	exit 0
fi
echo "a cut did not end as it should"
exit 1
