#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 32-launcher-doctor: it finds what is wrong, and only that.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# doctor STATUS [ARG ...]: its report is in out.
doctor() {
	local wanted=$1 status=0
	shift
	"$run" doctor "$@" >out 2>err || status=$?
	cat out
	[ "$status" -eq "$wanted" ] || fail "it ended with $status: $(cat err)"
	case $wanted in
	0) ! grep '^WRONG' out || fail "wrong, and yet good" ;;
	1) grep -q '^WRONG' out || fail "nothing is wrong, and yet bad" ;;
	esac
}

found() {
	grep -qE -- "$1" out || fail "it does not say: $1"
}

healthy() {
	need storescp
	doctor 0 -d "$C/id" storescp
	found '^good   library .*/libdicomtls.so$'
	found '^good   engine .*/libdicomtls-engine.so$'
	found '^good   kernel '
	found '^good   outgoing  *2762 \(default\)'
	found "^good   certificate  *none yet, made in $C/id on first use"
	found '^good   program .*storescp takes the library'
	[ ! -e "$C/id" ] || fail "looking made something"
}

certificates() {
	need openssl
	mkdir id
	openssl req -x509 -newkey rsa:2048 -nodes -keyout id/key.pem \
		-out id/cert.pem -subj /CN=doctor -days 400 2>/dev/null
	doctor 0 -d id
	found '^good   certificate .*CN=doctor, until'
	openssl req -x509 -key id/key.pem -out id/cert.pem -subj /CN=doctor \
		-days 20
	doctor 0 -d id
	found '^note   certificate .* in (19|20) days: .*renew'
	openssl genrsa -out id/key.pem 2048 2>/dev/null
	doctor 1 -d id
	found '^WRONG  certificate'
	openssl genrsa -aes128 -passout pass:unknown -out id/key.pem 2048 \
		2>/dev/null
	doctor 1 -d id
	found '^WRONG  certificate'
	rm id/key.pem
	doctor 1 -d id
	found '^WRONG  certificate .*only one is there'
	[ ! -e id/key.pem ] || fail "looking made something"
}

# An EC key, and profiles that have suites for RSA alone.
kind_of_key() {
	need "$build/dicomtls-certtool"
	"$build/dicomtls-certtool" generate --dir "$C/id" --key ec:P-256
	doctor 0 -d id
	! grep 'EC key' out || fail "bcp195 takes it"
	doctor 1 -d id -p aes
	found '^WRONG  certificate .*EC key, and profile aes .*rsa:2048'
	doctor 0 -d id -p bcp195-nd
	found '^note   certificate .*EC key, .*bcp195-nd has TLS 1.3 alone'
}

no_place_for_a_certificate() {
	: >file
	doctor 1 -d file/id
	found '^WRONG  certificate .*DICOMTLS_DIR'
}

settings_wrong() {
	echo 'connect = pacs' >x.conf
	doctor 1 -f x.conf
	found "^WRONG  settings .*$C/x.conf:1: connect: \"pacs\""
	echo 'connect = 104' >x.conf
	chmod o+w x.conf
	doctor 1 -f x.conf
	found '^WRONG  settings .*everyone may write'
	chmod o-w x.conf
	mkdir other
	chmod o+w other
	doctor 1 -d other
	found "^WRONG  settings .*everyone may write $C/other"
	chmod o-w other
	if [ "$(id -u)" -eq 0 ]; then
		chown 65534 other x.conf
		doctor 1 -d other -f x.conf
		found "^WRONG  settings .*$C/other belongs to user 65534"
		found '^WRONG  settings .*x.conf belongs to user 65534'
		chown 0 x.conf
	fi
	printf 'key_password = x\nlisten = none\n' >x.conf
	chmod 644 x.conf
	doctor 0 -f x.conf
	found '^note   settings .*password'
	found '^note   incoming .*no connection becomes TLS'
	doctor 0 -d "$C/id" --log "$C/none/x" --keylog "$C/none/k"
	found "^note   settings .*DICOMTLS_LOG=$C/none/x .*No such file"
	found "^note   settings .*DICOMTLS_KEYLOG=$C/none/k .*No such file"
	doctor 0 -d "$C/id" --log "$C/log" --keylog "$C/keys"
	! grep 'DICOMTLS_.*LOG=' out || fail "these can be written"
}

engine_missing() {
	mkdir .libs
	cp "$run" dicomtls
	cp "$build/.libs/libdicomtls.so" .libs
	: >libdicomtls.la
	run=./dicomtls
	[ ! -e "$(./dicomtls doctor | sed -n 's/^good   engine  *//p')" ] ||
		skip "dicomtls is installed on this machine"
	doctor 1
	found '^WRONG  engine .*libdicomtls-engine.so cannot be read'
	head -c 1000 "$build/.libs/libdicomtls-engine.so" \
		>.libs/libdicomtls-engine.so
	doctor 1
	found '^WRONG  engine'
	cp "$build/.libs/libdicomtls-engine.so" .libs
	head -c 1000 "$build/.libs/libdicomtls.so" >.libs/libdicomtls.so
	doctor 1
	found '^WRONG  library .*damaged'
}

# alone: a copy of the launcher and its libraries in $1, as $run.
alone() {
	mkdir -p "$1/.libs"
	cp "$run" "$1/dicomtls"
	cp "$build"/.libs/libdicomtls*.so "$1/.libs"
	: >"$1/libdicomtls.la"
	run=$1/dicomtls
}

# What cannot be loaded from there would be left out without a word, and the
# program would speak in plaintext.
mounted_noexec() {
	need unshare
	mkdir m
	unshare -m true || skip "this user may not mount"
	alone "$C/here"
	cat >looks <<-END
		mount -t tmpfs -o noexec none m
		cp -r here/.libs here/libdicomtls.la m
		mount --bind m/.libs here/.libs
		here/dicomtls doctor /bin/true >out; echo \$? >status
		here/dicomtls run /bin/true 2>err; echo \$? >>status
		cp /bin/true m
		here/dicomtls doctor m/true >program
	END
	unshare -m sh looks || true
	[ "$(paste -sd ' ' status)" = '1 126' ]
	found '^WRONG  library .*mounted noexec'
	found '^WRONG  engine .*mounted noexec'
	grep 'mounted noexec' err
	grep '^WRONG  program .*m/true .*mounted noexec' program
}

garbage() {
	alone "$C/here"
	echo garbage >here/.libs/libdicomtls.so
	doctor 1
	found '^WRONG  library .*file too short.*install'
	"$run" run /bin/sh -c 'touch ran' 2>err && fail "it ran"
	grep 'file too short' err
	"$run" env >out 2>err && fail "it printed lines"
	grep 'file too short' err
	[ ! -s out ]
	"$run" env --off | grep 'unset LD_PRELOAD'
	"$run" systemd cron >out 2>err && fail "it printed a drop-in"
	grep 'file too short' err
	[ ! -e ran ]
	head -c 5000 "$build/.libs/libdicomtls.so" >here/.libs/libdicomtls.so
	"$run" run /bin/sh -c 'touch ran' 2>err && fail "it ran"
	grep 'does not take' err
	[ ! -e ran ]
}

not_for_all() {
	alone "$C/here"
	chmod o= here
	doctor 0
	found "^note   library .*not every user .* \\(see $C"
	printf '[Service]\nUser=daemon\nExecStart=/bin/true\n' >x.service
	mkdir -p image/etc/systemd/system image/bin
	cp x.service image/etc/systemd/system
	cp /bin/true image/bin
	"$run" systemd --root "$C/image" x >dropin 2>err && fail "it made one"
	grep 'not every user' err
}

programs() {
	doctor 1 /sbin/ldconfig
	found '^WRONG  program .*statically'
	doctor 1 no-such-program
	found '^WRONG  program .*no program'
	cp /bin/true setuid
	chmod u+s setuid
	doctor 1 ./setuid
	found '^WRONG  program .*setuid'
	printf '#!/bin/sh\necho it ran >ran\n' >script
	chmod +x script
	doctor 0 ./script
	found '^note   program .*script'
	[ ! -e ran ] || fail "it ran the program"
}

never_runs_it() {
	need cc
	printf '#include <stdio.h>\nint main(void) { fopen("ran", "w"); }\n' \
		>x.c
	cc -o x x.c
	doctor 0 ./x
	[ ! -e ran ] || fail "it ran the program"
}

io_uring() {
	need cc
	printf 'const char *s = "io_uring_setup"; int main(void) { return *s; }' \
		>x.c
	cc -o x x.c
	doctor 0 ./x
	found '^note   program .*io_uring'
}

listeners() {
	need storescp
	port P Q
	serve plain "$P" storescp "$P"
	tls_on "$Q"
	serve tls "$Q" "${tls[@]}" storescp "$Q"
	doctor 0 -l "$P,$Q"
	found "^note   port .*:$P: storescp \\($(pid plain)\\) listens without"
	found "^good   port .*:$Q: storescp \\($(pid tls)\\) has the library"
	doctor 0 -l 1
	! grep -q '^.* port .*storescp' out || fail "ports that do not matter"
}

check "a healthy host, and nothing is changed" healthy
check "the state of the certificate" certificates
check "a key that the profile has no suite for" kind_of_key
check "no place for a certificate" no_place_for_a_certificate
check "settings that are wrong or worth a word" settings_wrong
check "libraries missing or damaged" engine_missing
check "a file system that is mounted noexec" mounted_noexec
check "a library that is garbage: nothing runs without it" garbage
check "a library that not every user may read" not_for_all
check "programs that cannot be preloaded" programs
check "the program is looked at, not run" never_runs_it
check "io_uring" io_uring
check "who listens with and without the library" listeners
finish
