#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 51-timeouts: the programs' own time-outs and bad ends.  Each is played over
# plain TCP and under the shim; exit status, messages and time must be equal.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# twice SCENE WORDS ...: plays it both ways in plain/ and shim/.  What it calls
# "said" there must be equal, and WORDS must be in it, or it shows nothing.
twice() {
	local scene=$1 word
	shift
	need storescp storescu echoscu
	port P
	mkdir plain shim
	tls=()
	cd plain
	"$scene"
	cd ../shim
	tls_on "$P"
	"$scene"
	cd ..
	level plain/said
	level shim/said
	for word; do
		grep -qE -- "$word" plain/said || {
			cat plain/said
			fail "over plain TCP nobody said: $word"
		}
	done
	diff plain/said shim/said || fail "under the shim it is another"
	same_time
	# A plain run under the shim's name would be equal as well.
	[ -s shim.log ] || fail "the shim was not there"
}

# What DCMTK shows as the cause of a failed write is an errno that nobody set
# when the write was a partial one; the dots count what was done by chance; and
# whether an A-ABORT of 10 bytes still fits into a send buffer that was full is
# chance as well.
level() {
	sed -i -E 's/(TCP I.O Error) \([^)]*\)/\1/
		s/^(XMIT|RECV): \.*(\[x\])?/\1: /
		/^E: Association Abort Failed: .* sendAbortTCP$/d' "$1"
}

# The times of both ways, in milliseconds; a busy machine needs some room.
same_time() {
	local plain shim
	while read -r plain shim; do
		echo "plain $plain ms, shim $shim ms"
		[ $((shim - plain)) -lt 1500 ] && [ $((plain - shim)) -lt 1500 ] ||
			fail "under the shim it takes another time"
	done < <(paste -d ' ' plain/took shim/took)
}

# how STATUS COMMAND ...: how it ended.  The status of DCMTK 3.6.7's storescu is
# arbitrary when its peer aborts, over plain TCP too.
how() {
	local status=$1
	[ "$status" -ne 124 ] || fail "it hung: ${*:2}"
	case " ${*:2}" in
	*' storescu '*) [ "$status" -eq 0 ] || status=some ;;
	esac
	echo "it ended with $status" >>said
}

# says COMMAND ...: what it says and how it ends, and how long it takes.
says() {
	local start status=0
	start=$(date +%s%3N)
	within 40 "${tls[@]}" "$@" >>said 2>&1 || status=$?
	how $status "$@"
	echo $(($(date +%s%3N) - start)) >>took
}

server() {
	mkdir -p got
	serve server "$P" "${tls[@]}" "$@" "$P"
}

# What the server said, without what differs from run to run.
server_said() {
	stop server
	grep -vE 'PID|process' "$C/server.log" >>said || true
}

freeze() {
	kill -STOP "$(pid "$1")"
}

thaw() {
	kill -CONT "$(pid "$1")"
}

# has_grown FILE BYTES: waits until some file there is that large.
has_grown() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		[ -z "$(find "$1" -type f -size +"$2" 2>/dev/null)" ] || return 0
		sleep 0.02
	done
	fail "nothing came"
}

big() {
	[ -e "$C/big" ] || blob "$C/big" 150000000
}

## A server that was stopped -----------------------------------------------------

# The kernel takes the connection and the request; nobody answers.
acse() {
	server storescp
	freeze server
	says "$@" -v -ta 2 127.0.0.1 "$P"
	thaw server
	stop server
}

acse_echo() {
	acse echoscu
}

acse_send() {
	image "$C/ct" 64
	server storescp
	freeze server
	says storescu -v -ta 2 127.0.0.1 "$P" "$C/ct"
	says dcmsend -v -ta 2 127.0.0.1 "$P" "$C/ct"
	thaw server
	stop server
}

# Answered, then silent: the response does not come in time.
dimse() {
	image "$C/ct" 64
	server storescp -v -od got --sleep-during 4
	says storescu -v -td 1 127.0.0.1 "$P" "$C/ct"
	sleep 4
	says echoscu -v 127.0.0.1 "$P"
	server_said
}

# In the middle of an image the server no longer reads: the queues fill, and
# the time-out of the socket and of the response must end it.
middle() {
	big
	server storescp -od got --bit-preserving
	start client "${tls[@]}" storescu -ts 1 -ta 2 -td 2 127.0.0.1 \
		"$P" "$C/big"
	has_grown got 1000k
	freeze server
	client_ended
	thaw server
	stop server
}

client_ended() {
	local start status=0
	start=$(date +%s%3N)
	ended client || status=$?
	cat "$C/client.log" >>said
	how $status storescu client
	echo $(($(date +%s%3N) - start)) >>took
}

## Clients that are silent or die ----------------------------------------------------

# Connected, and nothing more: the server's ACSE time-out.
silent() {
	server storescp -v -ta 2 -od got
	exec 5<>"/dev/tcp/127.0.0.1/$P"
	sleep 4
	says echoscu 127.0.0.1 "$P"
	exec 5>&-
	server_said
}

# An association, and then nothing more.
sleepy() {
	big
	server storescp -v -ts 2 -td 2 -od got --max-pdu 131072
	start client "${tls[@]}" storescu --max-send-pdu 131072 127.0.0.1 "$P" "$C/big"
	has_grown got 1000k
	freeze client
	sleep 4
	says echoscu 127.0.0.1 "$P"
	kill -KILL "$(pid client)"
	rm -f "$C/client.pid"
	server_said
}

# DCMTK words a cut inside a PDU otherwise than one between PDUs, and where it
# falls is chance.
cut() {
	sed -E 's/^(RECV: \.*)?E: .*/the association is cut/
		s/^I: Association Aborted$/the association is cut/' said |
		uniq >once
	mv once said
}

killed() {
	big
	server storescp -v -od got --bit-preserving --max-pdu 131072 "$@"
	start client "${tls[@]}" storescu --max-send-pdu 131072 127.0.0.1 "$P" "$C/big"
	has_grown got 1000k
	kill -KILL "$(pid client)"
	rm -f "$C/client.pid"
	sleep 1
	says echoscu 127.0.0.1 "$P"
	server_said
	cut
}

killed_fork() {
	killed --fork
}

server_killed() {
	big
	server storescp -od got --bit-preserving
	start client "${tls[@]}" storescu 127.0.0.1 "$P" "$C/big"
	has_grown got 1000k
	kill -KILL "$(pid server)"
	rm -f "$C/server.pid"
	client_ended
}

## Servers that refuse or abort -------------------------------------------------------

refuses() {
	image "$C/ct" 64
	server storescp -v --refuse
	says echoscu -v 127.0.0.1 "$P"
	says storescu -v 127.0.0.1 "$P" "$C/ct"
	says dcmsend -v 127.0.0.1 "$P" "$C/ct"
	server_said
}

aborts_after() {
	image "$C/ct" 64
	server storescp -v -od got --abort-after
	says storescu -v 127.0.0.1 "$P" "$C/ct"
	server_said
}

aborts_during() {
	blob "$C/blob" 3000000
	server storescp -v -od got --abort-during
	says storescu -v 127.0.0.1 "$P" "$C/blob"
	server_said
	# The client reads the abort, or is told of the reset while it writes.
	sed -i -E '/^XMIT/d; /^(E|I): .*(Fail|fail|Abort|abort|I.O)/d
		s/^it ended with [1-9s].*/it failed/' said
}

client_aborts() {
	server storescp -v -od got
	says echoscu -v --abort 127.0.0.1 "$P"
	says echoscu -v --repeat 2 127.0.0.1 "$P"
	server_said
}

# Another title than the archive knows; nothing that can be agreed on.
wrong_title() {
	need dcmqrscp
	printf '%s\n' "NetworkTCPPort = $P" "MaxPDUSize = 16384" \
		"MaxAssociations = 4" "HostTable BEGIN" "HostTable END" \
		"VendorTable BEGIN" "VendorTable END" "AETable BEGIN" \
		"ARCHIVE $PWD RW (200, 1mb) ANY" "AETable END" >qr.cfg
	serve server "$P" "${tls[@]}" dcmqrscp -c qr.cfg
	says echoscu -v -aec NOBODY 127.0.0.1 "$P"
	says echoscu -v -aec ARCHIVE 127.0.0.1 "$P"
	says findscu -v -W -aec ARCHIVE -k 0010,0010 127.0.0.1 "$P"
	stop server
}

nobody() {
	says echoscu -v 127.0.0.1 "$P"
	says dcmsend -v 127.0.0.1 "$P" /etc/dcmtk/storescp.cfg
	# The shim is not asked for anything here, so let it say something.
	server storescp
	says echoscu -v 127.0.0.1 "$P"
	stop server
}

check "ACSE time-out, server stopped: echoscu" \
	twice acse_echo "ended with [1-9s]"
check "ACSE time-out, server stopped: storescu, dcmsend" \
	twice acse_send "ended with [1-9s]"
check "DIMSE time-out, the server is slow to answer" \
	twice dimse "ended with [1-9s]" "ended with 0"
check "time-out of the socket, server stopped inside an image" \
	twice middle "ended with [1-9s]"
check "the server's ACSE time-out, silent client" \
	twice silent "ended with 0" "Timeout|timeout|aborted|[Aa]ssociation"
check "the server's DIMSE time-out, client stopped inside an image" \
	twice sleepy "ended with 0"
check "client killed inside an image: storescp" twice killed \
	"is cut" "ended with 0"
check "client killed inside an image: storescp --fork" \
	twice killed_fork "is cut" "ended with 0"
check "server killed inside an image" twice server_killed "ended with [1-9s]"
check "the server refuses associations" twice refuses Rejected
check "the server aborts after an image" twice aborts_after "ended with [1-9s]"
check "the server aborts inside an image" twice aborts_during "it failed"
check "the client aborts" twice client_aborts Abort
check "the wrong title, no common context" twice wrong_title Rejected
check "nobody listens" twice nobody refused
finish
