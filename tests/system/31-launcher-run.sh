#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 31-launcher-run: what dicomtls run starts, what it refuses, how it ends.
# shellcheck disable=SC2016 # other shells expand what is in quotes
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# exits STATUS COMMAND ...: the output is in out, the errors in err.
exits() {
	local wanted=$1 status=0
	shift
	"$@" >out 2>err || status=$?
	[ "$status" -eq "$wanted" ] ||
		fail "$* ended with $status, not $wanted: $(cat out err)"
}

# said WORDS: in its errors, as one sentence of the launcher's.
said() {
	grep -q '^dicomtls: ' err || fail "no sentence: $(cat err)"
	grep -qE -- "$1" err || fail "\"$(cat err)\" does not say: $1"
	[ "$(wc -l <err)" -eq 1 ] || fail "more than a sentence: $(cat err)"
}

statuses() {
	exits 0 "$run" run true
	exits 1 "$run" run false
	exits 77 "$run" run -- sh -c 'exit 77'
	exits 143 "$run" run -- sh -c 'kill -TERM $$'
}

becomes_the_program() {
	start sleeper "$run" run sleep 20
	for _ in $(seq 100); do
		[ "$(cat "/proc/$(pid sleeper)/comm")" = sleep ] && break
		sleep 0.05
	done
	grep -q libdicomtls.so "/proc/$(pid sleeper)/maps" ||
		fail "the library is not in the program"
	kill -TERM "$(pid sleeper)"
	status=0
	ended sleeper || status=$?
	[ "$status" -eq 143 ]
}

arguments() {
	exits 0 "$run" run -c 1234 printf '%s|' -c '' 'a b' "--" '*'
	[ "$(cat out)" = '-c||a b|--|*|' ]
	exits 0 "$run" run -- sh -c 'echo "$0"' name
	[ "$(cat out)" = name ]
}

environment() {
	exits 0 "$run" run -c 104 -l none --min-version 1.2 --verify=ca -d . env
	grep -qx DICOMTLS_CONNECT=104 out
	grep -qx DICOMTLS_LISTEN=none out
	grep -qx DICOMTLS_MIN_VERSION=1.2 out
	grep -qx DICOMTLS_VERIFY=ca out
	# Children may run in another folder.
	grep -qx "DICOMTLS_DIR=$PWD/." out
	! grep -q DICOMTLS_PROFILE out || fail "a setting nobody made"
}

# Every setting of the help is an option whose word arrives.
every_setting() {
	local option variable
	"$run" run --help | sed -n 's/^ .*--\([a-z-]*\) .*/\1/p' |
		grep -vxE 'explain|from|help' >options
	[ "$(wc -l <options)" -ge 25 ]
	while read -r option; do
		variable=DICOMTLS_$(echo "$option" | tr a-z- A-Z_)
		# Wrong on purpose where only some words are right: the
		# sentence must then name the variable.
		exits_or_names "$option" "$variable"
	done <options
}

exits_or_names() {
	if env -u "$2" "$run" run "--$1" "$PWD/1.2" env >out 2>err; then
		grep -qx "$2=$PWD/1.2" out || fail "$1 does not set $2"
	else
		grep -q "$2" err || fail "--$1: $(cat err)"
	fi
}

keeps_other_preloads() {
	local library
	library=$(LD_PRELOAD='' "$run" run printenv LD_PRELOAD)
	exits 0 env LD_PRELOAD=libm.so.6 "$run" run printenv LD_PRELOAD
	[ "$(cat out)" = "$library:libm.so.6" ]
	exits 0 "$run" run "$run" run printenv LD_PRELOAD
	[ "$(cat out)" = "$library" ]
}

bad_settings() {
	exits 2 "$run" run -c pacs true
	said 'DICOMTLS_CONNECT: "pacs" is no rule'
	exits 2 env DICOMTLS_VERIFY=peer "$run" run true
	said 'DICOMTLS_VERIFY: "peer".*none, ca, pin or tofu'
	exits 2 env DICOMTLS_CONECT=104 "$run" run true
	said 'DICOMTLS_CONECT.*DICOMTLS_CONNECT'
	echo 'profil = aes' >x.conf
	exits 2 "$run" run -f x.conf true
	said "$PWD/x.conf:1: .*profile\\?"
	exits 2 "$run" run --profile basic true
	said '3DES.*legacy'
}

usage() {
	exits 2 "$run" run
	exits 2 "$run" run --bogus true
	grep -q -- --bogus err
	exits 2 "$run" run -c
	exits 2 "$run" walk
	exits 2 "$run"
	exits 0 "$run" --help
	exits 0 "$run" --version
	grep -qE '^dicomtls [0-9]' out
}

absent() {
	exits 127 "$run" run no-such-program
	said no-such-program
	exits 127 "$run" run ./no-such-program
	exits 127 "$run" run ""
}

not_executable() {
	echo true >script
	exits 126 "$run" run ./script
	said 'chmod'
	exits 126 "$run" run /
	exits 126 "$run" run /dev/null
}

static_program() {
	need /sbin/ldconfig
	exits 126 "$run" run /sbin/ldconfig --version
	said 'ldconfig is linked statically.*stunnel'
}

privileges() {
	cp /bin/true setuid
	cp setuid setgid
	chmod u+s setuid
	chmod g+s setgid
	exits 126 "$run" run ./setuid
	said 'setuid is setuid'
	exits 126 "$run" run ./setgid
	said 'setgid is setgid'
}

capabilities() {
	need setcap
	cp /bin/true capable
	setcap cap_net_bind_service+ep capable ||
		skip "no file capabilities can be given here"
	exits 126 "$run" run ./capable
	said 'setcap -r.*AmbientCapabilities'
}

# The settings of whoever calls it are nothing for a program that gained
# privileges.
gained_privileges() {
	need setpriv
	[ "$(id -u)" -eq 0 ] || skip "only root can make this program"
	cp "$run" privileged
	chmod 4755 privileged
	chmod 755 "$T" .
	exits 2 setpriv --reuid 65534 --clear-groups "$PWD/privileged" run \
		--explain 2762
	said 'gained privileges'
	chmod u-s privileged
	exits 0 setpriv --reuid 65534 --clear-groups env -u DICOMTLS_DIR \
		HOME=/ "$PWD/privileged" run --explain 2762
}

foreign_class() {
	need cc
	echo 'void _start(void) { for (;;) ; }' >x.c
	cc -m32 -nostdlib -no-pie -static -o x32 x.c || skip "no 32-bit compiler"
	exits 126 "$run" run ./x32
	said 'x86 \(32 bits\).*x86-64'
}

foreign_machine() {
	# A real program whose header says that it is for another machine.
	cp /bin/true arm
	printf '\267\000' | dd of=arm bs=1 seek=18 conv=notrunc status=none
	exits 126 "$run" run ./arm
	said 'ARM \(64 bits\)'
}

foreign_libc() {
	need musl-gcc
	echo 'int main(void) { return 0; }' >x.c
	musl-gcc -o musl x.c
	exits 126 "$run" run ./musl
	said 'musl.*same C library'
}

# Debian builds one of its programs in Go statically, the other dynamically.
go_programs() {
	need docker-credential-pass docker-credential-secretservice
	exits 126 "$run" run docker-credential-pass version
	said 'Go'
	exits 126 "$run" run docker-credential-secretservice version
	said 'Go'
}

windows_program() {
	printf 'MZ\220\0\3' >x.exe
	chmod +x x.exe
	exits 126 "$run" run ./x.exe
	said 'Windows'
}

truncated_program() {
	local size
	for size in 4 20 63 64 100 500; do
		head -c "$size" /bin/true >"cut$size"
		chmod +x "cut$size"
		exits 126 "$run" run "./cut$size"
	done
}

scripts() {
	printf '#!/bin/sh\necho "$1 $(grep -c libdicomtls /proc/self/maps)"\n' >a
	printf '#! /usr/bin/env -S sh -u\necho env\n' >b
	printf 'echo plain\n' >c
	printf '#!%s/a\n' "$PWD" >d
	printf '#!/no/such/interpreter\n' >e
	printf '#!/usr/bin/env no-such-interpreter\n' >f
	printf '#!/sbin/ldconfig\n' >g
	printf '#!%s/h\n' "$PWD" >h
	chmod +x a b c d e f g h
	exits 0 "$run" run ./a one
	grep -qE '^one [1-9]' out
	exits 0 "$run" run ./b
	exits 0 "$run" run ./c
	grep -qx plain out
	exits 0 "$run" run ./d
	exits 126 "$run" run ./e
	said /no/such/interpreter
	exits 126 "$run" run ./f
	said no-such-interpreter
	exits 126 "$run" run ./g
	said 'linked statically'
	exits 126 "$run" run ./h
	said 'script'
}

on_path() {
	mkdir one two
	cp /bin/true one/tool
	printf '#!/bin/sh\necho two\n' >two/tool
	chmod -x one/tool
	chmod +x two/tool
	exits 0 env PATH="$PWD/one:$PWD/two:$PATH" "$run" run tool
	[ "$(cat out)" = two ]
	exits 0 env PATH="two:$PATH" "$run" run tool
	exits 126 env PATH="$PWD/one" "$run" run tool
}

# Another copy, in a folder that LD_PRELOAD cannot name.
blank_in_the_path() {
	mkdir -p "a b/.libs"
	cp "$run" "a b/dicomtls"
	cp "$build/.libs/libdicomtls.so" "a b/.libs/"
	: >"a b/libdicomtls.la"
	exits 126 "./a b/dicomtls" run true
	said 'blank'
}

# Neither here nor installed: nothing may run in plaintext.
library_missing() {
	mkdir .libs
	cp "$run" dicomtls
	: >libdicomtls.la
	if ./dicomtls run true 2>/dev/null; then
		skip "dicomtls is installed on this machine"
	fi
	exits 126 ./dicomtls run true
	said 'libdicomtls.so cannot be read.*install'
}

explain() {
	cat >x.conf <<-END
		[pacs]
		connect = localhost:104, 10.1.0.0/16:2762
		profile = aes
		[old modalities]
		listen = 11112
		from = 10.2.0.0/16
		profile = legacy
	END
	exits 0 "$run" run -f x.conf --explain localhost:104
	grep -q '^connect to .*104 (localhost): TLS' out
	grep -q 'rule  *localhost:104 ' out
	grep -q 'section \[pacs\]' out
	grep -q 'profile  *aes (PS3.15 B.3)' out
	grep -q 'AES128-SHA' out
	exits 0 "$run" run -f x.conf --explain 10.1.2.3:2762
	grep -q 'connect to 10.1.2.3 port 2762: TLS' out
	exits 0 "$run" run -f x.conf --explain 10.9.2.3:104
	grep -q 'left in plaintext' out
	exits 0 "$run" run -f x.conf --from 10.2.3.4 --explain 11112
	grep -q 'profile  *legacy' out
	exits 0 "$run" run -f x.conf --from 10.3.3.4 --explain 11112
	grep -q 'profile  *bcp195' out
	exits 0 "$run" run --explain '[::1]:2762'
	grep -q 'connect to ::1 port 2762: TLS' out
	exits 0 "$run" run --key-password secret --explain 2762
	! grep -q secret out || fail "it shows the password"
	exits 2 "$run" run --explain ''
	exits 2 "$run" run --explain 'pacs'
	exits 2 "$run" run -c x --explain 'localhost:1'
	said DICOMTLS_CONNECT
}

shell_lines() {
	echo x >"it's"
	exits 0 "$run" env -c 104 --ca "it's"
	(
		eval "$(cat out)"
		[ "$DICOMTLS_CONNECT" = 104 ]
		[ "$DICOMTLS_CA" = "$PWD/it's" ]
		sh -c 'grep -q libdicomtls /proc/$$/maps'
		eval "$("$run" env --off)"
		[ -z "${LD_PRELOAD:-}${DICOMTLS_CONNECT:-}${DICOMTLS_CA:-}" ]
	) || fail "the lines do not do it"
	exits 2 "$run" env -c x
}

check "it ends as the program ends" statuses
check "it becomes the program, with the library inside" becomes_the_program
check "arguments arrive as they are" arguments
check "options are environment variables" environment
check "every setting is an option" every_setting
check "other preloads are kept" keeps_other_preloads
check "a setting that is not understood: 2 and a sentence" bad_settings
check "usage" usage
check "no such program: 127" absent
check "no executable: 126" not_executable
check "static: 126" static_program
check "setuid and setgid: 126" privileges
check "file capabilities: 126" capabilities
check "a program that gained privileges reads no settings" gained_privileges
check "32 bits: 126" foreign_class
check "another machine: 126" foreign_machine
check "another C library: 126" foreign_libc
check "Go, static and dynamic: 126" go_programs
check "a Windows program: 126" windows_program
check "a program that was cut off: 126" truncated_program
check "scripts are followed to what runs them" scripts
check "PATH is searched as a shell does" on_path
check "a path that LD_PRELOAD cannot hold" blank_in_the_path
check "the library is missing: 126" library_missing
check "--explain tells the rule and what it sets" explain
check "env prints lines for a shell" shell_lines
finish
