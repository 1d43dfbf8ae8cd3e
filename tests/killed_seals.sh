#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# killed_seals in a private directory; see killed_seals.c.

. "$(dirname "$0")/scenario.sh"
INTAGLIO_BUILD=$scenario_build
export INTAGLIO_BUILD
step "500 seals by processes killed at random moments lose no acknowledged record and leave no half one" \
	"$scenario_build/tests/killed_seals"
finish
