#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# exports: what the two libraries show to the world, and what they need.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

preload=$build/.libs/libdicomtls.so
engine=$build/.libs/libdicomtls-engine.so
calls=$src/shim/libc/calls.def

listed() {
	sed -n 's/^CALL[A-Z_0-9]*(\([A-Za-z0-9_]*\)).*/\1/p' "$calls" | sort
}

exported() {
	nm -D --defined-only "$1" | awk '{ print $3 }' | sort
}

needed() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		grep -vE '^lib[a-z]*san\.so|^ld-linux|^libdl\.so|^libpthread\.so'
}

same_calls() {
	need nm
	[ "$(listed | wc -l)" -gt 50 ]
	diff <(listed) <(listed | uniq)
	diff <(listed) <(exported "$preload")
}

# An alias that libc exports of a call in the list is a way round it.
no_way_round() {
	local libc name alias
	need nm
	libc=$(ldd "$preload" | awk '$1 ~ /^libc\.so/ { print $3 }')
	# No program can be linked with what is GLIBC_PRIVATE.
	nm -D --defined-only "$libc" | awk '!/GLIBC_PRIVATE/ { print $3 }' |
		sed 's/@.*//' | sort -u >libc
	[ "$(wc -l <libc)" -gt 1000 ]
	listed >listed
	comm -23 listed libc | nothing
	while read -r name; do
		for alias in "__$name" "__${name}_chk" "${name}64" \
			"__${name}64" "__libc_$name" "_$name"; do
			grep -qx -- "$alias" libc || continue
			grep -qx -- "$alias" listed ||
				grep -qxF -- "$alias" <<<"$left_out" ||
				echo "$alias"
		done
	done <listed | sort -u | nothing
}

# None of them takes or makes a descriptor that can be a socket of ours, or it
# is reached through a call of the list.
left_out=$(printf '%s\n' __libc_fork __vfork _IO_fdopen)

libc_alone() {
	need readelf
	diff <(needed "$preload") <(echo libc.so.6)
}

no_versions() {
	need nm
	nm -D --defined-only "$preload" | sed -n '/@/p' | nothing
	readelf -d "$preload" | sed -nE '/TEXTREL|RPATH|RUNPATH/p' | nothing
}

one_symbol() {
	need nm
	diff <(exported "$engine") <(echo dicomtls_engine)
}

check "the preload exports exactly the calls of calls.def" same_calls
check "no alias in libc goes round the list" no_way_round
check "the preload needs libc alone" libc_alone
check "it has no symbol versions, text relocations, search paths" no_versions
check "the engine exports one symbol" one_symbol
finish
