#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 10-modes: every way in which Windows programs connect, accept, send and
# receive, against a peer that demands our certificate.
# shellcheck source=tests/windows/lib.sh
. "$(dirname "$0")/lib.sh"

# client MODE WHAT [ADDRESS]
client() {
	peer_server peer "$2" "${3:-127.0.0.1}"
	win_on "$P"
	[ "$2" != echo ] || capture "$P"
	within 60 "${wtls[@]}" "$modes" client "$1" "${3:-127.0.0.1}" "$P" "$2" \
		>modes.log 2>&1 </dev/null
	said modes '^good'
	said modes "^peer ${3:-127.0.0.1} $P"
	ended peer
	said peer '^same'
	[ "$2" != echo ] || wire --streams 1 --version TLSv1.3
	logged "to .*$P.*ended: 200000 bytes in, 200000 bytes out"
}

# server MODE [ADDRESS]
server() {
	local address=${2:-127.0.0.1}
	certificates
	port P
	win_on "$P"
	capture "$P"
	serve modes "$P" "${wtls[@]}" "$modes" server "$1" "$address" "$P"
	within 60 python3 "$mine/peer.py" client "$T/peer" "$address" "$P" \
		>peer.log
	said peer '^same'
	ended modes
	said modes '^good'
	# The program saw the peer's own address, not the relay's.
	said modes "^peer $(sed -n 's/^from //p' peer.log)"
	wire --streams 1 --version TLSv1.3
}

# error_of MODE PORT COMMAND ...: what the mode ends with.
error_of() {
	local status=0
	within 60 "${@:3}" "$modes" client "$1" 127.0.0.1 "$2" echo \
		>error.log 2>&1 </dev/null || status=$?
	tail -n 1 error.log
	echo "$status"
}

refused_as_native() {
	local native ours
	certificates
	port P
	win_on "$P"
	native=$(error_of "$1" "$P" "$WINE")
	ours=$(error_of "$1" "$P" "${wtls[@]}")
	[ "$native" = "$ours" ] || fail "native: $native; ours: $ours"
	[[ $ours == *10061* ]] || fail "not refused: $ours"
}

# Whatever the peer does instead of TLS, the program hears of a refusal.
no_tls() {
	local ours
	peer_server peer "$2"
	win_on "$P"
	export DICOMTLS_HANDSHAKE_TIMEOUT=2
	ours=$(error_of "$1" "$P" "${wtls[@]}")
	[[ $ours == *10061* ]] || fail "not refused: $ours"
	logged "$3"
	ended peer
}

reset_in_the_middle() {
	local status=0
	peer_server peer reset
	win_on "$P"
	within 60 "${wtls[@]}" "$modes" client "$1" 127.0.0.1 "$P" echo \
		>modes.log 2>&1 </dev/null || status=$?
	cat modes.log
	[ $status -ne 0 ] || fail "the program did not notice"
	! grep -q '^good' modes.log || fail "the program saw a good end"
	ended peer
}

need "$modes" python3 openssl
wine "$modes" list >"$T/list" || true
grep -q blocking "$T/list" || { echo "Bail out! no list of modes"; exit 1; }
for mode in $(tr -d '\r' <"$T/list" | awk '/ client/ { print $1 }'); do
	check "client, $mode" client "$mode" echo
	check "client, $mode, half-close" client "$mode" collect
done
for mode in $(tr -d '\r' <"$T/list" | awk '/ server/ { print $1 }'); do
	check "server, $mode" server "$mode"
done
for mode in blocking bound select port; do
	check "client over IPv6, $mode" client "$mode" echo ::1
done
for mode in blocking port; do
	check "server over IPv6, $mode" server "$mode" ::1
done
for mode in blocking select poll event message overlapped port; do
	check "refused, $mode" refused_as_native "$mode"
	check "silent peer, $mode" no_tls "$mode" silent \
		'did not finish the handshake within 2 s'
	check "plain peer, $mode" no_tls "$mode" plain 'answered without TLS'
	check "reset, $mode" reset_in_the_middle "$mode"
done
finish
