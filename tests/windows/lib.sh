# SPDX-License-Identifier: Apache-2.0
# lib: what the tests under Wine share, on top of the system tests' own lib.
# shellcheck shell=bash
# shellcheck disable=SC2034 # many names are for the tests
# shellcheck source=tests/system/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
# shellcheck source=windows/wine.sh
. "$src/windows/wine.sh"
# shellcheck source=windows/sources.sh
. "$src/windows/sources.sh"

win=${WINDOWS_BUILD:-$src/build/windows}
stage=$win/dicomtls
modes=$win/make/tests/windows/modes.exe
bin=$prefix/bin		# DCMTK's and Node's programs
mine=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the tests
peer="python3 $mine/peer.py"

# One prefix for all tests of a run, if the caller has made one.
if [ -z "${WINE_SHARED:-}" ]; then
	wine_begin "$T/wine"
	trap 'wine_end; release_ports; [ -n "${KEEP:-}" ] || rm -rf "$T"' EXIT
else
	export WINEPREFIX=$WINE_SHARED
fi

# wine COMMAND ...: for tools, their output in a file first: a pipe would stay
# open as long as one of Wine's background processes lives.
wine() {
	local status=0
	"$WINE" "$@" >"$C/wine.out" 2>&1 </dev/null || status=$?
	cat "$C/wine.out"
	return $status
}

# The settings of programs under Wine: files by Windows' names.
identity="Z:$T/windows"
win_settings=(env "DICOMTLS_DIR=$identity" DICOMTLS_CLIENT_CERT=yes)

# win_on PORT[,PORT]: from now on "${wtls[@]}" in front of a command runs it
# under dicomtls.exe with these ports configured for both roles.
win_on() {
	# shellcheck disable=SC2034 # for the tests
	wtls=("${win_settings[@]}" "DICOMTLS_LOG=Z:$C/shim.log"
		"DICOMTLS_KEYLOG=Z:$C/keys.log" "$WINE" "$stage/dicomtls.exe"
		run -c "$1" -l "$1" --)
}

# certificates: the DLL's own (made by its tool), and one for peers, each in
# what the other trusts: $T/peer holds peer.pem and trust.pem.
certificates() {
	[ ! -e "$T/peer/trust.pem" ] || return 0
	mkdir -p "$T/peer"
	openssl req -x509 -newkey rsa:2048 -nodes -days 100 -subj /CN=peer \
		-keyout "$T/peer/key.pem" -out "$T/peer/cert.pem" 2>/dev/null
	cat "$T/peer/cert.pem" "$T/peer/key.pem" >"$T/peer/peer.pem"
	"${win_settings[@]}" "$WINE" "$stage/dicomtls-certtool.exe" generate \
		>"$T/peer/generate.out" 2>&1 </dev/null
	cp "$T/windows/cert.pem" "$T/peer/trust.pem"
}

# peer_server NAME WHAT [ADDRESS]: a peer of its own; $P is its port.
peer_server() {
	certificates
	start "$1" python3 "$mine/peer.py" server "$T/peer" "${@:2}"
	until [ -s "$C/$1.log" ]; do
		alive "$1" || fail "the peer ended"
		sleep 0.05
	done
	P=$(head -n 1 "$C/$1.log")
}

# said NAME WORDS: the program's output has them, within five seconds.
said() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		grep -qE -- "$2" "$C/$1.log" && return 0
		sleep 0.05
	done
	cat "$C/$1.log"
	fail "$1 did not say: $2"
}
