#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 40-closed: what cannot be upgraded fails; what is not configured is as ever.
# shellcheck source=tests/windows/lib.sh
. "$(dirname "$0")/lib.sh"

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

for mode in blocking select port; do
	check "a broken file, $mode" broken_setting "$mode"
	check "a file that breaks later, $mode" broken_later "$mode"
done
check "the DLL is missing" no_dll
check "the DLL is damaged" bad_dll
for mode in blocking select poll event message overlapped port; do
	check "a port that is not configured, $mode" untouched "$mode"
done
check "the peer is not the pinned one" wrong_pin
finish
