#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 92-record: captures/record, whose recordings show what the stored ones do.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

recorded() {
	local count
	need dumpcap tshark editcap ip storescp dcmqrscp openssl
	[ "$(id -u)" -eq 0 ] || skip "only root can make a network of its own"
	unshare --net true 2>/dev/null || skip "no network can be made here"
	"$src/captures/record" "$C/new" >said || { cat said; fail "it failed"; }
	cat said
	! grep -E '^# [^ ]*: (changed|new)$' said ||
		fail "they show something else now: look, and store them anew"
	count=$(find "$src/captures" -name '*.pcapng' | wc -l)
	[ "$(grep -c '^# [^ ]*: the same$' said)" -eq "$count" ]
	[ "$(find new -name '*.pcapng' -size -200k | wc -l)" -eq "$count" ]
}

check "fresh recordings show what the stored ones do" recorded
finish
