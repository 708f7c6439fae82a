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
	# The program's own address is the one that the peer sees.
	said modes "^own $(sed -n 's/^from //p' peer.log)"
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
	said modes "^own $address $P"
	wire --streams 1 --version TLSv1.3
}

# The socket of a program that uses one interface of several.
interface() {
	export MODES_FROM=127.0.0.2
	client bound "$1"
	said peer '^from 127.0.0.2 '
}

# One socket for both families, connected to an IPv4 peer.
both_families() {
	peer_server peer echo 127.0.0.1
	win_on "$P"
	capture "$P"
	within 60 "${wtls[@]}" "$modes" client both ::ffff:127.0.0.1 "$P" echo \
		>modes.log 2>&1 </dev/null
	said modes '^good'
	said modes "^peer ::ffff:127.0.0.1 $P"
	ended peer
	said peer '^same'
	wire --streams 1 --version TLSv1.3
}

# A program that imports from wsock32.dll, with another such.
wsock32() {
	certificates
	port P
	win_on "$P"
	capture "$P"
	serve server "$P" "${wtls[@]}" "$old" -l "$P"
	within 60 "${wtls[@]}" "$old" "$P" >client.log 2>&1 </dev/null
	said client '^good'
	ended server
	said server '^good'
	wire --streams 1 --version TLSv1.3
}

# A client that says nothing is sent away, and the program hears of an end.
silent_client() {
	certificates
	port P
	win_on "$P"
	export DICOMTLS_HANDSHAKE_TIMEOUT=2
	serve modes "$P" "${wtls[@]}" "$modes" server "$1" 127.0.0.1 "$P"
	exec 3<>"/dev/tcp/127.0.0.1/$P"
	within 30 cat <&3 >got.log 2>ended.log || true
	nothing <got.log
	logged 'did not finish the handshake within 2 s'
	ended modes || true
	! grep -q '^good' modes.log || fail "the program saw a good end"
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

old=$win/make/tests/windows/old.exe
need "$modes" "$old" python3 openssl
wine "$modes" list >"$T/list" || true
grep -q blocking "$T/list" || { echo "Bail out! no list of modes"; exit 1; }
for mode in $(tr -d '\r' <"$T/list" | awk '/ client/ && !/^both/ { print $1 }'); do
	check "client, $mode" client "$mode" echo
	check "client, $mode, half-close" client "$mode" collect
done
for mode in $(tr -d '\r' <"$T/list" | awk '/ server/ { print $1 }'); do
	check "server, $mode" server "$mode"
done
for mode in blocking select port; do
	check "client over IPv6, $mode" client "$mode" echo ::1
done
check "client, bound to another interface" interface echo
check "client, bound to another interface, half-close" interface collect
check "client, a socket for both families" both_families
check "imports from wsock32" wsock32
check "silent client, blocking" silent_client blocking
check "silent client, completion port" silent_client port
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
