#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 40-closed: what cannot be upgraded fails; what is not configured is as ever.
# shellcheck source=tests/windows/lib.sh
. "$(dirname "$0")/lib.sh"

refusals=$win/make/tests/windows/refusals.exe

# A listener that records whatever it is sent, and sends nothing.
recorder() {
	port P
	serve recorder "$P" python3 -c '
import socket, sys
l = socket.socket()
l.bind(("127.0.0.1", int(sys.argv[1])))
l.listen(5)
while True:
    c, _ = l.accept()
    c.settimeout(5)
    try:
        while d := c.recv(65536):
            print("got", d[:40], flush=True)
            if d[:1] != b"\x16" and len(sys.argv) > 2:
                c.sendall(d)
    except OSError:
        pass
    c.close()' "$P" "$@"
}

# A broken setting: nothing at all goes out.
broken_setting() {
	local status=0
	recorder
	win_on "$P"
	printf 'connect = %s\nlisten = %s\nprofil = aes\n' "$P" "$P" >bad.conf
	within 60 env "DICOMTLS_CONFIG=Z:$C/bad.conf" "${win_settings[@]}" \
		"DICOMTLS_LOG=Z:$C/shim.log" "$WINE" "$stage/dicomtls.exe" \
		run -- "$modes" client "$1" 127.0.0.1 "$P" echo >out.log 2>&1 ||
		status=$?
	cat out.log
	[ "$status" = 2 ] || fail "the launcher took it: $status"
	nothing <recorder.log
}

# The same when it breaks behind the launcher's back: the DLL refuses.
broken_later() {
	local status=0
	recorder
	mkdir conf
	cat >go.bat <<-END
		@echo profil = aes>Z:${C//\//\\}\\conf\\dicomtls.conf
		@Z:${modes//\//\\} client $1 127.0.0.1 $P echo
	END
	within 60 env "DICOMTLS_DIR=Z:$C/conf" "DICOMTLS_LOG=Z:$C/shim.log" \
		"DICOMTLS_CONNECT=$P" "$WINE" "$stage/dicomtls.exe" run -- \
		cmd /c "Z:${C//\//\\}\\go.bat" >out.log 2>&1 || status=$?
	cat out.log
	[ "$status" != 0 ] || fail "it went through"
	nothing <recorder.log
	logged 'profil'
}

no_dll() {
	local status=0
	mkdir alone
	cp "$stage/dicomtls.exe" alone/
	"$WINE" alone/dicomtls.exe run -- cmd /c 'exit 0' >out.log 2>&1 \
		</dev/null || status=$?
	[ "$status" = 126 ] || fail "it ended with $status"
	said out 'dicomtls.dll is not beside'
}

# A file that is no DLL: the program must not run without it.
bad_dll() {
	local status=0
	mkdir alone
	cp "$stage/dicomtls.exe" alone/
	echo nonsense >alone/dicomtls.dll
	"$WINE" alone/dicomtls.exe run -- cmd /c 'echo it ran' >out.log 2>&1 \
		</dev/null || status=$?
	[ "$status" = 126 ] || fail "it ended with $status"
	! grep -q 'it ran' out.log || fail "the program ran"
}

# Ports that are not configured stay plain, whatever the mode.
untouched() {
	recorder echoing
	win_on 2762
	within 60 "${wtls[@]}" "$modes" client "$1" 127.0.0.1 "$P" echo \
		>out.log 2>&1
	said out '^good'
	grep -q '^got' recorder.log || fail "nothing arrived"
	[ ! -s shim.log ] || fail "the log has lines"
}

# The peer's certificate is not the pinned one.
wrong_pin() {
	local status=0
	peer_server peer echo
	win_on "$P"
	within 60 env DICOMTLS_VERIFY=pin \
		DICOMTLS_PINS="$(printf '%064d' 0)" "${wtls[@]}" "$modes" \
		client blocking 127.0.0.1 "$P" echo >out.log 2>&1 || status=$?
	[ "$status" = 77 ] || fail "it ended with $status, not with 10061"
	logged 'none of the pinned'
	ended peer || true	# it complains of our alert
}

# refusal CALL ERROR WORDS [SETTING ...]: the program hears of this error, the
# log says why, and nothing is sent.
refusal() {
	local call=$1 error=$2 words=$3
	shift 3
	need "$refusals"
	certificates
	port P
	win_on "$P"
	capture "$P"
	within 60 env "$@" "${wtls[@]}" "$refusals" "$call" "$P" >out.log 2>&1
	said out "^error $error\\b"
	logged "$words"
	wire --streams 0
}

# Where nothing is configured these calls are Windows' own.
refusal_elsewhere() {
	need "$refusals"
	if [ "$1" = by-name ]; then
		recorder
	else
		port P
	fi
	win_on 2762
	within 60 "${wtls[@]}" "$refusals" "$1" "$P" >out.log 2>&1
	! grep -qE '^error (10013|10045)' out.log || fail "refused: $(cat out.log)"
	! grep -q refused shim.log || fail "the log speaks of it"
}

# Once TLS has begun no other process can have the connection.
handed_over() {
	need "$refusals"
	peer_server peer echo
	win_on "$P"
	within 60 "${wtls[@]}" "$refusals" duplicate "$P" >out.log 2>&1
	said out '^error 10045\b'
	logged 'WSADuplicateSocket is refused'
	ended peer || true
}

# What a server needs is looked at when it listens, not at the first connection.
at_listen() {
	port P
	win_on "$P"
	rm -rf "$T/windows"
	serve modes "$P" "${wtls[@]}" "$modes" server blocking 127.0.0.1 "$P"
	[ -s "$T/windows/cert.pem" ] || fail "there is no certificate"
	# The program goes when its launcher does.
	kill -KILL "$(pid modes)"
	rm modes.pid
}

# A file whose header says that it is for 32 bits, or for something else.
header() {
	python3 -c '
import struct, sys
pe = b"PE\0\0" + struct.pack("<HHIIIHH", int(sys.argv[1], 0), 0, 0, 0, 0, 0, 0x102)
open(sys.argv[2], "wb").write(b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + pe.ljust(512, b"\0"))
' "$1" "$2"
}

# unfit FILE WORDS: neither run nor called good by doctor.
unfit() {
	local status=0
	win_on 2762
	within 60 "${wtls[@]}" "$1" >out.log 2>&1 || status=$?
	[ "$status" = 126 ] || fail "it ended with $status"
	said out "$2"
	status=0
	within 60 "${win_settings[@]}" "$WINE" "$stage/dicomtls.exe" doctor \
		"$1" >doctor.log 2>&1 || status=$?
	[ "$status" = 1 ] || fail "doctor ended with $status"
	said doctor "^bad +program +.*$2"
}

unfit_machine() {
	header "$1" other.exe
	unfit "Z:$C/other.exe" "$2"
}

unfit_file() {
	echo nonsense >text.exe
	unfit "Z:$C/text.exe" "no program of Windows"
}

# A command that Windows cannot have says what to do instead.
not_here() {
	local status=0
	within 60 "${win_settings[@]}" "$WINE" "$stage/dicomtls.exe" "$1" \
		>out.log 2>&1 || status=$?
	[ "$status" = 1 ] || fail "it ended with $status"
	said out "^dicomtls: .*$2"
}

for mode in blocking select port; do
	check "a broken file, $mode" broken_setting "$mode"
	check "a file that breaks later, $mode" broken_later "$mode"
done
check "AcceptEx with data" refusal accept-data 10045 'AcceptEx that waits for data'
for call in by-name by-name-a; do
	check "WSAConnectByName, $call" refusal $call 10045 \
		'WSAConnectByName to a configured port'
done
check "registered I/O" refusal rio 10045 'registered I/O'
check "WSADuplicateSocket" handed_over
for call in accept-data by-name listen; do
	check "not configured, $call" refusal_elsewhere $call
done
check "listen without a certificate" refusal listen 10013 'nosuch.pem' \
	DICOMTLS_CERT=Z:/nosuch.pem DICOMTLS_KEY=Z:/nosuch.key
check "listen makes the certificate" at_listen
check "a 32-bit program" unfit_machine 0x14c '32-bit program'
check "a program for another machine" unfit_machine 0xaa64 'another machine'
check "a file that is no program" unfit_file
check "dicomtls env" not_here env 'dicomtls run'
check "dicomtls systemd" not_here systemd 'binPath'
check "the DLL is missing" no_dll
check "the DLL is damaged" bad_dll
for mode in blocking select poll event message overlapped port; do
	check "a port that is not configured, $mode" untouched "$mode"
done
check "the peer is not the pinned one" wrong_pin
finish
