#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# text: manual pages, scripts, and words that do not belong here.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

# Every text of the project, from a clone or from the tarball (whose check
# builds in _build and installs in _inst).
texts() {
	cd "$src" || exit 1
	{ [ -e .git ] && git ls-files -z 2>/dev/null; } >"$C/files" ||
		find . -type f \
		-not -path './.git/*' -not -path './build*' -not -path './_*' \
		-not -path './autom4te.cache/*' -not -path '*/node_modules/*' \
		-not -name '*~' -not -name configure -not -name '*.m4' \
		-not -name Makefile.in -not -name config.h.in \
		-print0 >"$C/files"
	xargs -0 grep -IlE . <"$C/files"
}

scripts() {
	texts | while read -r f; do
		case $(head -c 64 "$src/$f" | head -n 1) in
		'#!'*/sh | '#!'*bash) echo "$f" ;;
		*) case $f in *.sh) echo "$f" ;; esac ;;
		esac
	done
}

manual() {
	local f
	need mandoc
	for f in "$src"/man/*.[1-8]; do
		[ -e "$f" ] || fail "there are no manual pages"
		mandoc -T lint -W warning "$f"
	done
}

shell() {
	need shellcheck
	cd "$src"
	[ "$(scripts | wc -l)" -ge 10 ]
	# A file that is sourced uses what others assign (SC2154), assigns what
	# others use (SC2034), has arguments for some (SC2120); cases run under
	# set -e (SC2164).
	# shellcheck disable=SC2046 # no blanks in these names
	shellcheck -x -S warning -e SC2154,SC2034,SC2120,SC2164 $(scripts)
}

# It is set up on other machines, read by strangers, and speaks of itself.
no_machine() {
	[ "$(texts | wc -l)" -gt 50 ]
	cd "$src"
	{ texts | xargs grep -nE '(^|[^a-zA-Z0-9_.-])/(w[o]rk|r[o]ot|h[o]me/[a-z]{2,})(/|$)' ||
		true; } |
		sed '/tests.lint.text.sh/d' | nothing
}

check "manual pages are clean for mandoc" manual
check "scripts are clean for shellcheck" shell
check "no text names a folder of somebody's machine" no_machine
finish
