#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 63-cert-crash: whatever happens while files are made, the old pair or the
# new one is there; and what the host around them may be like.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
tool=$build/dicomtls-certtool

# The system calls that change something.
steps="openat write fsync fchmod linkat renameat unlinkat"

can_trace() {
	need strace openssl
	strace -o /dev/null -e inject=getppid:signal=KILL true 2>/dev/null ||
		skip "strace may not trace here"
}

# killed STEP N COMMAND ...: KILL as it enters that system call the N-th time;
# fails when it never got there.
killed() {
	local step=$1 n=$2 status=0
	shift 2
	strace -f -o /dev/null -e trace="$step" \
		-e inject="$step:signal=KILL:when=$n" "$@" >/dev/null 2>&1 ||
		status=$?
	[ $status -eq 137 ]
}

key_of() {
	case $1 in
	*.p12 | *.p12.bak) openssl pkcs12 -in "$1" -passin file:pw -nokeys \
		2>/dev/null | openssl x509 -noout -pubkey ;;
	*key.pem*) openssl pkey -in "$1" -passin file:pw -pubout ;;
	*) openssl x509 -in "$1" -noout -pubkey ;;
	esac | sha256sum | cut -c1-16
}

# whole DIR: one pair in its three files, nothing left over; says its key.
whole() {
	local a b c
	# The lock of a killed process may stay: it locks nothing.
	[ -z "$(find "$1" -mindepth 1 -name '.*' ! -name .lock)" ] ||
		fail "left over: $(ls -A "$1")"
	"$tool" password --dir "$1" >pw
	a=$(key_of "$1/cert.pem")
	b=$(key_of "$1/key.pem")
	c=$(key_of "$1/cert.p12")
	[ "$a" = "$b" ] && [ "$a" = "$c" ] || fail "a mixture: $a $b $c"
	[ "$(stat -c %a "$1/key.pem" "$1/cert.p12" "$1/host.secret" |
		sort -u)" = 600 ] || fail "a secret's mode"
	if [ -e "$1/cert.pem.bak" ]; then
		[ "$(key_of "$1/cert.pem.bak")" = "$(key_of "$1/key.pem.bak")" ] ||
			fail "the .bak files are a mixture"
	fi
	echo "$a"
}

# A pair is replaced, and killed at each step.
replace() {
	local step n old now
	local -i kept=0 changed=0
	can_trace
	"$tool" generate --dir start --key ec:P-256
	"$tool" generate --dir start --key ec:P-256 --force
	old=$(whole start)
	for step in $steps; do
		for ((n = 1; n < 100; n++)); do
			rm -rf d
			cp -a start d
			killed "$step" $n "$tool" generate --dir d --force \
				--key ec:P-256 || break
			# Before anybody repairs: no mixture without its mark.
			if [ ! -e d/.commit ]; then
				[ "$(key_of d/cert.pem)" = "$(key_of d/key.pem)" ] ||
					fail "$step $n: a mixture without a journal"
			fi
			"$tool" show --dir d >out || fail "$step $n: not loaded"
			if ls d/.*.new >/dev/null 2>&1; then
				# What was not committed goes with the next change.
				"$tool" trust add --dir d h:1 "$(printf %064d 1)"
				rm d/known_peers
			fi
			now=$(whole d)
			if [ "$now" = "$old" ]; then
				kept+=1
			else
				changed+=1
			fi
		done
		[ $n -gt 1 ] || fail "$step never came"
	done
	echo "killed $((kept + changed)) times: $kept old, $changed new"
	[ $kept -ge 20 ] || fail "too few kills before the change"
	[ $changed -ge 5 ] || fail "too few kills behind the change"
}

# The first pair is made, and killed at each step.
first() {
	local step n
	local -i none=0 made=0
	can_trace
	for step in $steps mkdir; do
		for ((n = 1; n < 100; n++)); do
			rm -rf d
			killed "$step" $n "$tool" generate --dir d \
				--key ec:P-256 || break
			if [ -e d/.commit ] || [ -e d/cert.pem ]; then
				made+=1
			else
				none+=1
			fi
			"$tool" generate --dir d --key ec:P-256 >out 2>&1 ||
				grep -q exists out ||
				fail "$step $n: $(cat out)"
			whole d
		done
	done
	echo "killed $((none + made)) times: $none before, $made behind"
	[ $none -ge 20 ] && [ $made -ge 3 ] || fail "too few"
}

# The same inside somebody else's program: the first use by storescp.
first_use() {
	local step n
	local -i kills=0
	can_trace
	need storescp echoscu
	for step in fsync renameat unlinkat fchmod; do
		for ((n = 1; n < 30; n++)); do
			rm -rf d
			export DICOMTLS_DIR=$C/d
			port P
			tls_on "$P"
			start server strace -D -f -o /dev/null -e trace="$step" \
				-e inject="$step:signal=KILL:when=$n" \
				"${tls[@]}" storescp "$P"
			until in_use "$P" || ! alive server; do
				sleep 0.02
			done
			if alive server; then
				stop server
				whole d
				break
			fi
			rm -f "$C/server.pid"
			kills+=1
			serve server "$P" "${tls[@]}" storescp "$P"
			within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
			stop server
			whole d
		done
	done
	echo "killed $kills times"
	[ $kills -ge 8 ] || fail "too few kills"
}

# Eight at once: one makes the pair, the others say that it is there.
eight() {
	local n status
	local -i made=0
	need openssl
	for n in 1 2 3 4 5 6 7 8; do
		("$tool" generate --dir d >"out$n" 2>&1 || echo "status $?" \
			>>"out$n") &
	done
	wait
	cat out?
	for n in 1 2 3 4 5 6 7 8; do
		if grep -q '^made' "out$n"; then
			made+=1
		else
			grep -q 'exists: generate --force' "out$n"
			grep -q 'status 1' "out$n"
		fi
	done
	[ $made -eq 1 ] || fail "$made pairs were made"
	whole d
}

# Readers while pairs change: each sees a whole pair.
readers() {
	local n
	need openssl
	"$tool" generate --dir d --key ec:P-256
	(
		for n in $(seq 60); do
			"$tool" generate --dir d --force --key ec:P-256 >/dev/null ||
				exit 1
		done
		: >finished
	) &
	n=0
	until [ -e finished ]; do
		"$tool" show --dir d >out 2>&1 || fail "$(cat out)"
		n=$((n + 1))
		kill -0 $! 2>/dev/null || [ -e finished ] || fail "the writer failed"
	done
	echo "$n reads"
	[ $n -ge 10 ]
	whole d
}

# The pair changes between the moments when a reader reads its two files: it
# notices, and reads both again.
slow_reader() {
	can_trace
	"$tool" generate --dir d --key ec:P-256
	start reader strace -D -f -o trace -P "$C/d/key.pem" -e trace=openat \
		-e inject=openat:delay_enter=4000000:when=1 \
		"$tool" show --dir "$C/d"
	sleep 1.5
	"$tool" generate --dir d --force --key ec:P-256
	ended reader || fail "$(cat reader.log)"
	[ "$(grep -c 'openat.*key.pem' trace)" -eq 2 ] ||
		fail "it did not read again: $(cat trace)"
	"$tool" show --dir "$C/d" | grep -v "valid until" |
		diff <(grep -v "valid until" reader.log) -
}

# in_namespace SCRIPT: runs it as root of mounts of its own.
in_namespace() {
	unshare -m true 2>/dev/null || skip "no mount namespace may be made"
	export tool C
	unshare -m --propagation private bash -e -o pipefail -c "$1"
}

# A file system that fills up at every possible place.
full() {
	need openssl
	# shellcheck disable=SC2016 # expanded inside
	in_namespace '
	mkdir m; failed=0; worked=0
	for pages in $(seq 1 16); do
		mount -t tmpfs -o "size=$((pages * 4))k" none m
		if "$tool" generate --dir "$C/m/d" --key ec:P-256 >out 2>&1; then
			worked=$((worked + 1))
		else
			grep -q "No space left on device" out
			failed=$((failed + 1))
			[ ! -e m/d ] || [ -z "$(ls -A m/d)" ] || ls -lA m/d
			[ ! -e m/d ] || [ -z "$(ls -A m/d)" ]
		fi
		umount m
	done
	echo "first: $failed failed, $worked worked"
	[ $failed -ge 3 ] && [ $worked -ge 3 ]'
	# shellcheck disable=SC2016
	in_namespace '
	failed=0; worked=0
	for limit in size={20,24,28,32,36}k nr_inodes={8,9,10,11,12,13,14,15,16}; do
		mount -t tmpfs -o "$limit" none m
		"$tool" generate --dir "$C/m/d" --key ec:P-256 >/dev/null
		(cd m/d && sha256sum *) >before
		if "$tool" generate --dir "$C/m/d" --force --key ec:P-256 \
			>out 2>&1; then
			worked=$((worked + 1))
		else
			grep -q "No space left on device" out
			failed=$((failed + 1))
			(cd m/d && sha256sum *) | diff before -
			[ -z "$(find m/d -mindepth 1 -name ".*")" ]
		fi
		"$tool" check --dir "$C/m/d"
		umount m
	done
	echo "again: $failed failed, $worked worked"
	[ $failed -ge 6 ] && [ $worked -ge 3 ]'
}

read_only() {
	# shellcheck disable=SC2016
	in_namespace '
	mkdir m
	mount -t tmpfs none m
	mkdir m/empty
	"$tool" generate --dir "$C/m/d"
	mount -o remount,ro m
	"$tool" check --dir "$C/m/d"
	"$tool" show --dir "$C/m/d"
	! "$tool" renew --dir "$C/m/d" 2>err || exit 1
	cat err
	grep "Read-only file system (somebody who may write there" err
	! "$tool" generate --dir "$C/m/empty" 2>err || exit 1
	grep "Read-only file system" err
	! "$tool" generate --dir "$C/m/new" 2>err || exit 1
	grep "cannot be made or opened: Read-only file system" err
	'
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

other_user() {
	local n
	need setpriv
	[ "$(id -u)" = 0 ] || skip "only root can be somebody else"
	chmod 755 "$T" "$C"
	# The build folder may be closed to others.
	cp "$tool" ./tool
	"$tool" generate --dir d
	refused as_nobody ./tool show --dir d 2>err
	grep "key.pem cannot be read by user 65534: permission denied" err
	refused as_nobody ./tool generate --dir d --force 2>err
	grep "Permission denied (somebody who may write there" err
	# Copied, so that it can be read: the password is another user's.
	cp -r d theirs
	chown -R 65534 theirs
	refused as_nobody ./tool show --dir theirs 2>err
	cat err
	grep "derived from this host does not open .*(as user 65534)" err
	grep "by another user" err
	grep "import --password-file" err
	grep "generate --force" err
	# Root makes no files in their folder, and takes none out of it.
	refused "$tool" generate --dir theirs --force 2>err
	grep "belongs to user 65534, so user 0 makes no files there" err
	refused "$tool" show --dir theirs 2>err
	grep "belongs to user 65534, not to user 0 or root, and is refused" err
	# The way on: their own pair, or the imported one.
	"$tool" password --dir d >pw
	chmod 644 pw
	as_nobody ./tool import --dir theirs --force --password-file pw \
		theirs/cert.pem theirs/key.pem
	as_nobody ./tool check --dir theirs
	as_nobody ./tool generate --dir theirs --force
	as_nobody ./tool check --dir theirs
}

other_host() {
	[ -s /etc/machine-id ] || skip "this host has no machine id"
	"$tool" generate --dir d
	"$tool" password --dir d >pw
	# shellcheck disable=SC2016
	in_namespace '
	echo 0123456789abcdef0123456789abcdef >id
	mount --bind id /etc/machine-id
	status=0
	"$tool" check --dir d >out || status=$?
	cat out
	[ $status -eq 2 ]
	grep "^critical password .*made on another host" out
	grep "import --password-file" out
	grep "generate --force" out
	# Import with the old host'"'"'s password keeps the pair.
	"$tool" show d/cert.pem | grep -v "valid until" >before
	"$tool" import --dir d --force --password-file pw d/cert.pem d/key.pem
	"$tool" check --dir d
	"$tool" show d/cert.pem | grep -v "valid until" | diff before -
	'
	# Back at home it is the other way round.
	refused "$tool" check --dir d
	"$tool" generate --dir d --force
	"$tool" check --dir d
}

no_id() {
	# shellcheck disable=SC2016
	in_namespace '
	: >empty
	mount --bind empty /etc/machine-id
	[ ! -e /var/lib/dbus/machine-id ] ||
		[ "$(readlink -f /var/lib/dbus/machine-id)" = /etc/machine-id ] ||
		mount --bind empty /var/lib/dbus/machine-id
	! "$tool" generate --dir d 2>err || exit 1
	cat err
	grep "no usable machine id" err
	grep "DICOMTLS_KEY_PASSWORD_FILE" err
	[ ! -e d/cert.pem ]
	echo uninitialized >empty
	! "$tool" generate --dir d 2>err || exit 1
	grep "no usable machine id" err
	(umask 077; echo "a long password of somebody" >pw)
	DICOMTLS_KEY_PASSWORD_FILE=$C/pw "$tool" generate --dir d
	DICOMTLS_KEY_PASSWORD_FILE=$C/pw "$tool" check --dir d
	! "$tool" show --dir d 2>err || exit 1
	grep "no usable machine id" err
	'
}

links() {
	local name
	"$tool" generate --dir d
	for name in cert.pem key.pem host.secret; do
		mv "d/$name" elsewhere
		ln -s ../elsewhere "d/$name"
		refused "$tool" show --dir d 2>err
		cat err
		grep "$name is a symbolic link" err
		rm "d/$name"
		mv elsewhere "d/$name"
	done
	"$tool" show --dir d
	# A link that waits in the place of a new file leads nowhere.
	echo stays >victim
	ln -s ../victim d/.key.pem.new
	ln -s ../victim d/.lock
	refused "$tool" renew --dir d 2>err
	grep "cannot open .*/d/.lock: Too many levels of symbolic links" err
	rm d/.lock
	ln -sf ../victim d/.key.pem.new
	"$tool" renew --dir d
	grep -x stays victim
	# An administrator's path may be a link.
	mkdir far
	mv d/cert.pem d/key.pem far
	ln -s far near
	DICOMTLS_CERT=$C/near/cert.pem DICOMTLS_KEY=$C/near/key.pem \
		"$tool" show --dir d
}

modes() {
	"$tool" generate --dir d
	chmod 644 d/key.pem
	refused "$tool" check --dir d >out
	grep "^warning *permissions .*key.pem has mode 0644: chmod 0600 it" out
	"$tool" show --dir d 2>err
	grep "key.pem can be read by everybody" err
	chmod 600 d/key.pem
	chmod 777 d
	refused "$tool" check --dir d >out
	grep "^critical *folder .*chmod 0775" out
	refused "$tool" renew --dir d 2>err
	grep "everybody may write to the folder" err
}

check "a replaced pair, killed at each step" replace
check "a first pair, killed at each step" first
check "first use inside storescp, killed at each step" first_use
check "eight at once make one pair" eight
check "readers see whole pairs while they change" readers
check "a reader that is slow" slow_reader
check "a full disk" full
check "a read-only folder" read_only
check "another user's files" other_user
check "another host's files" other_host
check "a host without an id" no_id
check "symbolic links" links
check "modes and folders that are too open" modes
finish
