#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The scenario language itself: each small script below must end with this line and exit code.

. "$(dirname "$0")/scenario.sh"

scenario=$source_root/tests/scenario.sh

# ends LINE CODE SCRIPT: a shell that sources scenario.sh and runs SCRIPT.
ends() {
	output=$(sh -c ". '$scenario'; $3" 2>&1)
	code=$?
	last=$(printf '%s\n' "$output" | tail -n 1)
	printf '%s\n' "$output"
	[ "$last" = "$1" ] && [ "$code" -eq "$2" ]
}

step "a step that succeeds passes" ends '1 passed, 0 failed' 0 'step s true; finish'
step "a step that fails is counted" ends '1 passed, 1 failed' 1 'step s true; step f false; finish'
step "a refusal passes" ends '1 passed, 0 failed' 0 'refuse r false; finish'
step "what should be refused and is not fails" ends '0 passed, 1 failed' 1 'refuse r true; finish'
step "a missing command is no refusal" ends '0 passed, 1 failed' 1 'refuse r ./no-such; finish'
step "a crash is no refusal" ends '0 passed, 1 failed' 1 \
	'refuse r sh -c "kill -SEGV \$\$"; finish'
step "a matching line passes" ends '1 passed, 0 failed' 0 'says s "^a+$" echo aaa; finish'
step "a line that does not match fails" ends '0 passed, 1 failed' 1 'says s b echo aaa; finish'
step "a matching line of a failure does not" ends '0 passed, 1 failed' 1 \
	'says s a sh -c "echo a; exit 3"; finish'
step "a refusal with a matching line passes" ends '1 passed, 0 failed' 0 \
	'refuse_says s a sh -c "echo a; exit 3"; finish'
step "one without does not" ends '0 passed, 1 failed' 1 'refuse_says s b sh -c "echo a; exit 3"; finish'
step "nor a matching line of a success" ends '0 passed, 1 failed' 1 'refuse_says s a echo a; finish'
step "nor one of a crash" ends '0 passed, 1 failed' 1 \
	'refuse_says s a sh -c "echo a; kill -SEGV \$\$"; finish'
step "a scenario without steps has failed" ends '0 passed, 1 failed' 1 'finish'
step "a scenario that stops early prints no count" ends 'ok   s' 3 'step s true; exit 3; finish'

# Settings that name a card of somebody's: nothing that runs for show or for a test may touch it.
mkdir decoy
printf '[card]\ndata = %s\n' "$scenario_dir/decoy" >decoy.conf
step "the demo keeps away from the cards that settings name" \
	env INTAGLIO_CONF="$scenario_dir/decoy.conf" sh "$source_root/tests/demo.sh"
step "and so do the figures" env INTAGLIO_CONF="$scenario_dir/decoy.conf" \
	INTAGLIO_BUILD="$scenario_build" "$scenario_build/bench/bench" figures
says "and so do scenarios" '^0$' env INTAGLIO_CONF="$scenario_dir/decoy.conf" \
	sh -c ". '$scenario'; wc -c <\"\$INTAGLIO_CONF\""
step "nothing came to be there" rmdir decoy
INTAGLIO_TRACE=somewhere
export INTAGLIO_TRACE
step "settings from outside are not seen" ends '1 passed, 0 failed' 0 \
	'step s test -z "$INTAGLIO_TRACE"; finish'

sh -c ". '$scenario'; background sleep 60; echo \$background_pid >'$scenario_dir/pid'; finish" \
	>/dev/null 2>&1
step "a background process has a pid" test -s pid
refuse "a background process ends with the scenario" kill -0 "$(cat pid)"
finish
