#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# doc/scp10.md is enough to build a peer: one that was written from it works out every value of the
# stored sessions, and finds a changed digit in each of their messages.
tests=${INTAGLIO_SOURCE:-$(dirname "$0")/..}/tests
exec python3 -B "$tests/scp10_peer.py" "$tests/vectors"
