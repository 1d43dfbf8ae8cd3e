#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The models of the secure channel: what they must show holds, and every broken rule is found.
exec "${INTAGLIO_SOURCE:-$(dirname "$0")/..}/model/check.sh"
