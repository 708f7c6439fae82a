#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 35-timeouts: servers that stand still, refuse, abort or die.  Programs come
# to the same end as over plain TCP: exit status, messages, time.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# alike SECONDS FUNCTION [ARG ...]: runs it plain and under the shim, each time
# with a port of its own; both have to say the same, and take that long.
alike() {
	local limit=$1 how start
	need storescp storescu echoscu
	shift
	image ct 64
	for how in plain shim; do
		port P
		tls_on "$P"
		[ $how = shim ] || tls=(env)
		mkdir "$how.got"
		got=$how.got
		start=$SECONDS
		"$@" >"$how.said" 2>&1
		took=$((SECONDS - start))
		sed -i "/Killed/d; s/$P/PORT/g; s/$how.got/FOLDER/g" "$how.said"
		[ $took -le "$limit" ] || fail "$how: it took $took s"
	done
	cat shim.said
	diff plain.said shim.said
}

# says COMMAND ...: its output, and whether it failed.  (The status itself is
# arbitrary: DCMTK 3.6.7's storescu, plain, ended with 10, 15 and 21 when its
# peer aborted.)
says() {
	local status=0
	within 40 "$@" || status=$?
	[ $status -ne 124 ] || fail "it hung: $*"
	[ $status -eq 0 ] && echo "it succeeded" || echo "it failed"
}

server() {
	serve server "$P" "${tls[@]}" storescp -od "$got" "$@" "$P"
}

server_said() {
	stop server
	sed 's/^/server: /' server.log
}

# Nobody accepts: over TCP the kernel does, and then nothing comes.
stopped() {
	server
	kill -STOP "$(pid server)"
	says "${tls[@]}" "$@" 127.0.0.1 "$P"
	kill -CONT "$(pid server)"
	stop server
}

stopped_sending() {
	server
	kill -STOP "$(pid server)"
	says "${tls[@]}" storescu -ta 2 127.0.0.1 "$P" ct
	kill -CONT "$(pid server)"
	stop server
}

# It stands still in the middle of an association.
sleeping() {
	server "$1" 3
	says "${tls[@]}" storescu -td 2 127.0.0.1 "$P" ct
	stop server KILL
}

answering() {
	server "$@"
	says "${tls[@]}" storescu 127.0.0.1 "$P" ct
	says "${tls[@]}" echoscu 127.0.0.1 "$P"
	server_said
}

nobody() {
	says "${tls[@]}" echoscu 127.0.0.1 "$P"
}

# The client dies in the middle of a transfer; the server goes on.
killed_client() {
	server -v --sleep-during 2
	start client "${tls[@]}" storescu 127.0.0.1 "$P" ct
	sleep 1
	kill -KILL "$(pid client)"
	says "${tls[@]}" echoscu 127.0.0.1 "$P"
	# Where it notices: DCMTK writes its answer in two pieces, of which over
	# TCP the second fails; the shim joins them.
	server_said | sed '/: E: /d; /Association Aborted/d'
}

# The server dies in the middle of one.
killed_server() {
	server --sleep-during 5
	start client "${tls[@]}" storescu -v 127.0.0.1 "$P" ct
	sleep 1
	kill -KILL "$(pid server)"
	ended client || echo "it failed"
	grep -v Progress client.log
}

# A client that says nothing: the forking server serves others meanwhile.
silent_client() {
	server --fork -ta 2
	exec 5<>"/dev/tcp/127.0.0.1/$P"
	says "${tls[@]}" echoscu 127.0.0.1 "$P"
	sleep 3
	says "${tls[@]}" echoscu 127.0.0.1 "$P"
	exec 5<&-
	stop server
}

check "ACSE time-out, echoscu and a stopped server" \
	alike 6 stopped echoscu -ta 2
check "ACSE time-out, dcmsend and a stopped server" \
	alike 6 stopped_sending
check "DIMSE time-out during a transfer" alike 15 sleeping --sleep-during
check "DIMSE time-out after one" alike 15 sleeping --sleep-after
check "a server that refuses" alike 10 answering --refuse
check "a server that aborts after C-STORE-RQ" alike 10 answering --abort-after
check "a server that aborts during the data" alike 10 answering --abort-during
check "nobody listens" alike 3 nobody
check "a client that is killed" alike 12 killed_client
check "a server that is killed" alike 12 killed_server
check "a client that says nothing" alike 12 silent_client
finish
