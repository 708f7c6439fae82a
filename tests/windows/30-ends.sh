#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 30-ends: how processes end, start others, and strangers on the relay's port.
# shellcheck source=tests/windows/lib.sh
. "$(dirname "$0")/lib.sh"

ctrl=$win/make/tests/windows/ctrl.exe

# Everything that was sent before ExitProcess arrives.
exit_at_once() {
	peer_server peer count
	win_on "$P"
	within 60 "${wtls[@]}" "$modes" client "$1" 127.0.0.1 "$P" exit
	ended peer
	said peer '^same'
}

status_passes() {
	local status=0
	win_on 2762
	within 60 "${wtls[@]}" cmd /c 'exit 77' || status=$?
	[ "$status" = 77 ] || fail "it ended with $status"
}

# in_console COMMAND ...: in a console of its own, in which Ctrl-C is pressed;
# says how it ended, in 32 bits.
in_console() {
	need "$ctrl"
	win_on 2762
	within 60 env "DICOMTLS_LOG=Z:$C/shim.log" "$WINE" "$ctrl" start "$*" \
		>ctrl.log 2>&1 </dev/null
	cat ctrl.log
}

wide_status() {
	in_console "Z:$stage/dicomtls.exe" run -- "Z:$ctrl" exit 0xC0000005
	said ctrl '^it ended with 0xc0000005'
}

# The launcher leaves Ctrl-C to the program, and ends as that does.
ctrl_c() {
	in_console "Z:$stage/dicomtls.exe" run -- "Z:$ctrl" handled
	said ctrl '^it ended with 0x0000002a'
}

# As without a launcher (which is 0 under Wine, 0xc000013a on Windows).
ctrl_c_ends() {
	local native
	in_console "Z:$ctrl" default
	native=$(tr -d '\r' <ctrl.log)
	in_console "Z:$stage/dicomtls.exe" run -- "Z:$ctrl" default
	[[ $native == "it ended with 0x"* ]] || fail "native: $native"
	[ "$native" = "$(tr -d '\r' <ctrl.log)" ] || fail "native: $native"
}

# A script is run by cmd.exe, whose children get the DLL too.
script() {
	peer_server peer echo
	win_on "$P"
	capture "$P"
	printf '@%s client blocking 127.0.0.1 %s echo\r\n@exit 7\r\n' \
		"Z:${modes//\//\\}" "$P" >go.bat
	status=0
	within 60 "${wtls[@]}" "Z:${C//\//\\}\\go.bat" >out.log 2>&1 || status=$?
	[ "$status" = 7 ] || fail "it ended with $status"
	ended peer
	said peer '^same'
	wire --streams 1 --version TLSv1.3
}

not_there() {
	local status=0
	win_on 2762
	within 60 "${wtls[@]}" nosuchprogram || status=$?
	[ "$status" = 127 ] || fail "it ended with $status"
}

bad_setting() {
	local status=0
	within 60 "${win_settings[@]}" "$WINE" "$stage/dicomtls.exe" run \
		--profile nonsense -- cmd /c 'exit 0' >out.log 2>&1 || status=$?
	[ "$status" = 2 ] || fail "it ended with $status"
	said out 'DICOMTLS_PROFILE'
}

# Words arrive as they were written, whatever quotes and backslashes they hold.
words_pass() {
	local want got
	need "$bin/node.exe"
	win_on 2762
	set -- 'a b' 'c"d' 'e\' 'f\\"g' '' 'h	i' 'ü'
	within 60 "$WINE" "$bin/node.exe" -e \
		'console.log(JSON.stringify(process.argv.slice(1)))' -- "$@" \
		>native.log 2>&1
	within 60 "${wtls[@]}" "$bin/node.exe" -e \
		'console.log(JSON.stringify(process.argv.slice(1)))' -- "$@" \
		>ours.log 2>&1
	want=$(tail -n 1 native.log)
	got=$(tail -n 1 ours.log)
	[ "$want" = "$got" ] || fail "$want became $got"
	[[ $want == *c*d* ]] || fail "no words: $want"
}

# A program that a program starts gets the DLL as well.
children() {
	peer_server peer echo
	win_on "$P"
	capture "$P"
	within 60 "${wtls[@]}" cmd /c "Z:${modes//\//\\}" client blocking \
		127.0.0.1 "$P" echo
	ended peer
	said peer '^same'
	wire --streams 1 --version TLSv1.3
}

# Whoever ends the launcher ends the program.
killed() {
	certificates
	port P
	win_on "$P"
	serve modes "$P" "${wtls[@]}" "$modes" server blocking 127.0.0.1 "$P"
	kill -KILL "$(pid modes)"
	rm modes.pid
	quiet_port
}

quiet_port() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		in_use "$P" || return 0
		sleep 0.1
	done
	fail "the program still listens"
}

# Strangers connect first, to each of twenty listeners; none of them gets a
# byte, and every connection of the program's is good.
strangers() {
	within 120 "$WINE" "$win/make/tests/windows/strangers.exe" >out.log 2>&1
	cat out.log
	said out '^20 of 20 connections good, .* strangers refused, 0 bytes served'
}

for n in 1 2 3 4 5; do
	check "ExitProcess behind the last send, $n" exit_at_once blocking
done
check "ExitProcess behind the last send, completion port" exit_at_once port
check "the exit status passes" status_passes
check "the exit status passes, all of it" wide_status
check "Ctrl-C for a program that handles it" ctrl_c
check "Ctrl-C for a program that does not" ctrl_c_ends
check "a script" script
check "a program that is not there" not_there
check "a setting that is not understood" bad_setting
check "words pass as they are" words_pass
check "children are protected too" children
check "the program ends with its launcher" killed
check "strangers on the relay's port" strangers
finish
