#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 06-units: the unit tests of Linux.  Windows has no fork(): a program is one
# process for all its cases, or for each one where they keep what they saw.
# shellcheck source=tests/windows/lib.sh
. "$(dirname "$0")/lib.sh"

programs=$win/make/tests/unit

# unit PROGRAM [CASE]
unit() {
	need "$programs/$1.exe"
	export CK_FORK=no UNIT_CASES=${2:-}
	[ -n "$UNIT_CASES" ] || unset UNIT_CASES
	(cd / && within 240 "$WINE" "$programs/$1.exe" >"$C/unit.log" 2>&1 \
		</dev/null) || { grep -aE ':[FE]:' unit.log; fail "it failed"; }
	said unit '100%: Checks: [1-9]'
	grep -a '^left out' unit.log || true
}

# names PROGRAM: its cases.
names() {
	(cd / && UNIT_CASES=list CK_FORK=no "$WINE" "$programs/$1.exe" \
		>"$T/$1.list" 2>&1 </dev/null)
	tr -d '\r' <"$T/$1.list" | sed -n 's/^case //p' | grep .
}

for name in buf fail log pdu profile rules sslerr conf manual policy \
	identity issue password peers store; do
	check "unit tests, $name" unit "check_$name"
done
for name in context engine verify; do
	list=$(names "check_$name") || {
		echo "Bail out! check_$name names no cases"
		exit 1
	}
	for case in $list; do
		check "unit tests, $name, $case" unit "check_$name" "$case"
	done
done
finish
