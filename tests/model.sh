#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The models of the secure channel: the card's tables are the model's, what the models must show
# holds, and every broken rule is found. After a change of the tables:
#
#	build/tests/model_rows >model/rows.pml

models=${INTAGLIO_SOURCE:-$(dirname "$0")/..}/model
rows=${INTAGLIO_BUILD:-$(dirname "$0")/../build}/tests/model_rows

if ! "$rows" | diff "$models/rows.pml" -; then
	echo 'FAIL the model runs on other tables than the card (model/rows.pml)'
	echo '0 passed, 1 failed'
	exit 1
fi
echo 'ok   the model runs on the tables of the card'
exec "$models/check.sh"
