#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 45-policy-log: what the log says of a good connection, its beginning and its
# end, where it says it, and what warns once.  Failures are 49's.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/pki.sh
. "$(dirname "$0")/pki.sh"
# shellcheck source=tests/system/events.sh
. "$(dirname "$0")/events.sh"

# both FORMAT: a C-ECHO with certificates both ways, the server's by CA for our
# client, the client's by pin for our server; client.log and server.log are the
# two logs.
both() {
	need storescp
	export DICOMTLS_LOG_FORMAT=$1
	unset DICOMTLS_KEYLOG
	port P
	issued theirs DNS:localhost
	self_signed mine /CN=mine
	capture "$P"
	DICOMTLS_LOG=$C/server.log serve storescp "$P" "$run" run -l "$P" \
		--cert theirs.pem --key theirs.key --verify pin \
		--pins "$(spki mine.pem)" -- storescp "$P"
	echo_to --verify ca --ca "$T/ca/trust.pem" --client-cert yes \
		--cert mine.pem --key mine.key
	stop storescp
	wire --streams 1 --version TLSv1.3 --suite TLS_AES_128_GCM_SHA256
	mv shim.log client.log
	[ "$(grep -c . client.log)" -eq 2 ] || fail "$(cat client.log)"
	[ "$(grep -c . server.log)" -eq 2 ] || fail "$(cat server.log)"
}

in_facts() {
	local shared=(version=^TLSv1.3\$ cipher=^TLS_AES_128_GCM_SHA256\$
		'milliseconds=^[0-9]{1,4}$' 'rule=^the general settings$'
		level=^info\$)
	local ended=(calling_ae=^MODALITY\$ called_ae=^PACS\$ level=^info\$
		'milliseconds=^[0-9]{1,5}$')
	both json
	cp client.log shim.log
	event handshake role=^client\$ "peer=^127.0.0.1:$P\$" \
		name=^localhost\$ subject=^CN=theirs\$ verified=^ca\$ \
		"fingerprint=^$(spki theirs.pem)\$" "${shared[@]}"
	event end role=^client\$ "peer=^127.0.0.1:$P\$" "${ended[@]}" \
		"bytes_in=^$(bytes out server.log)\$" 'bytes_in=^[1-9]' \
		'how=^we closed first$'
	cp server.log shim.log
	event handshake role=^server\$ 'peer=^127.0.0.1:[0-9]+$' 'name=^$' \
		subject=^CN=mine\$ verified=^pin\$ \
		"fingerprint=^$(spki mine.pem)\$" "${shared[@]}"
	event end role=^server\$ 'peer=^127.0.0.1:[0-9]+$' "${ended[@]}" \
		"bytes_in=^$(bytes out client.log)\$" 'bytes_in=^[1-9]' \
		'how=^close_notify both ways$'
}

# bytes out FILE: the program's bytes that went out by that log.
bytes() {
	sed -n "s/.*\"event\":\"end\".*\"bytes_$1\":\"\\([0-9]*\\)\".*/\\1/p" "$2"
}

in_words() {
	local stamp='^20[^ ]*Z dicomtls\[[0-9]+\] info:' to shaken
	local with='TLSv1\.3, TLS_AES_128_GCM_SHA256, key SHA-256'
	local close='\(AE MODALITY to PACS\) ended: [1-9][0-9]* bytes in, '
	close+='[1-9][0-9]* bytes out, [0-9]+ ms,'
	both text
	to=127.0.0.1:$P
	cp client.log shim.log
	shaken="$with $(spki theirs.pem) \(CN=theirs\), verified: ca, [0-9]+ ms\$"
	sentence "$stamp to $to \(localhost\): $shaken"
	sentence "$stamp to $to $close we closed first\$"
	cp server.log shim.log
	shaken="$with $(spki mine.pem) \(CN=mine\), verified: pin, [0-9]+ ms\$"
	sentence "$stamp from 127.0.0.1:[0-9]+: $shaken"
	sentence "$stamp from 127.0.0.1:[0-9]+ $close close_notify both ways\$"
}

# The other ways to end; what is cut off is 49's.
ends() {
	json
	need storescp
	port P
	tls_peer 's.recv(1000); socket.socket.close(s)'
	refused echo_to
	event end 'how=^the peer closed without close_notify$'
	stop peer
	: >shim.log
	tls_peer 's.recv(1000); s.unwrap()'
	refused echo_to
	event end 'how=^close_notify both ways$'
	stop peer
	: >shim.log
	serve peer "$P" "$run" run -l "$P" --log none -- storescp "$P"
	within 20 "$run" run -c "$P" python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $P))
s.sendall(b'x')
s.close()"
	event end 'how=^we closed first$' bytes_out=^1\$ bytes_in=^0\$ \
		'calling_ae=^$'
	stop peer
}

silent_by_default() {
	need storescp echoscu
	unset DICOMTLS_KEYLOG DICOMTLS_LOG DICOMTLS_LOG_LEVEL
	port P
	serve storescp "$P" "$run" run -l "$P" -- storescp "$P"
	echo_to >client.log 2>&1
	stop storescp
	[ ! -s client.log ] && [ ! -s storescp.log ]
}

targets() {
	need storescp echoscu
	unset DICOMTLS_KEYLOG
	port P
	serve storescp "$P" "$run" run -l "$P" --log none -- storescp "$P"
	echo_to --log stderr 2>err
	grep -q '^dicomtls\[[0-9]*\] info: to ' err
	rm -f shim.log
	echo_to --log "$C/by file" 2>err
	[ ! -s err ]
	grep -q ' info: to ' 'by file'
	[ "$(stat -c %a 'by file')" = 600 ]
	echo_to --log none 2>err
	[ ! -s err ]
	echo_to --log "$C/none/x" 2>err
	[ "$(grep -c "error: DICOMTLS_LOG=$C/none/x .*No such file" err)" -eq 1 ]
	[ "$(grep -c ' info: to ' err)" -eq 2 ]
	stop storescp
	[ ! -e shim.log ]
}

# Subjects and titles come from the peer: no forged lines.
hostile_names() {
	json
	need echoscu
	port P
	openssl req -x509 -newkey rsa:2048 -nodes -keyout peer.key \
		-out peer.pem -utf8 -days 9 2>/dev/null \
		-subj '/CN=Gr\xc3\xb6\xc3\x9fe "x"\, {}/O=a\
{"event":"forged"}'
	tls_peer 's.recv(100); s.close()'
	refused echo_to
	stop peer
	event handshake 'subject=x'
	! grep -q '^{"event":"forged"' shim.log
}

# Whoever has the key log can read everything: private, and said aloud.
key_log() {
	json
	need storescp echoscu
	port P
	umask 0
	DICOMTLS_LOG=none serve storescp "$P" "$run" run -l "$P" -- storescp "$P"
	echo_to --keylog "$C/keys"
	stop storescp
	[ "$(stat -c %a keys)" = 600 ]
	grep -q '^CLIENT_TRAFFIC_SECRET_0 ' keys
	event notice level=^warn\$ "text=$C/keys"
	[ "$(grep -c '"level":"warn"' shim.log)" -eq 1 ]
}

# Old TLS is warned of once, not with each of a server's connections.
one_warning() {
	local what
	json
	need storescp openssl
	for what in '--min-version 1.0' '-p legacy' '-p null' '-p aes'; do
		port P
		: >shim.log
		# shellcheck disable=SC2086 # words are wanted
		serve storescp "$P" "$run" run -l "$P" $what -- storescp "$P"
		for _ in 1 2 3; do
			openssl s_client -connect "127.0.0.1:$P" -tls1 \
				-cipher ALL:eNULL:@SECLEVEL=0 </dev/null \
				>/dev/null 2>&1
		done
		stop storescp
		[ "$(grep -c '"event":"handshake"' shim.log)" -eq 3 ]
		[ "$(grep -c '"level":"warn"' shim.log)" -eq 1 ] ||
			fail "$what: $(grep '"level":"warn"' shim.log)"
	done
}

check "a good connection, in facts" in_facts
check "a good connection, in words" in_words
check "the ways to end" ends
check "nothing is said of it by default" silent_by_default
check "stderr, a file, nowhere" targets
check "names that would forge lines" hostile_names
check "the key log is private, and said" key_log
check "old TLS is warned of once" one_warning
finish
