#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 45-policy-log: what the log says of each way in which a connection can fail
# (reasons that 43 and 70 provoke are left to them), and of one that is good.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

json() {
	need python3
	export DICOMTLS_LOG_FORMAT=json
	unset DICOMTLS_KEYLOG
	cat >lines.py <<-'END'
		"""Every line is an object with what belongs to its event; prints
		the facts that were asked for: EVENT KEY[=VALUE] ..."""
		import json, re, sys
		always = {"time", "pid", "level", "event", "text"}
		facts = {
		    "handshake": {"role", "peer", "version", "cipher", "subject",
		                  "fingerprint", "verified", "rule", "milliseconds"},
		    "end": {"role", "peer", "bytes_in", "bytes_out",
		            "milliseconds", "how"},
		    "failure": {"reason"}, "notice": set()}
		found = False
		for line in open(sys.argv[1], encoding="utf-8"):
		    o = json.loads(line)
		    missing = (always | facts[o["event"]]) - set(o)
		    assert not missing, (missing, line)
		    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
		                        o["time"]), line
		    assert o["level"] in ("error", "warn", "info", "debug"), line
		    assert "\n" not in o["text"], line
		    if o["event"] != sys.argv[2]:
		        continue
		    wanted = [w.partition("=")[::2] for w in sys.argv[3:]]
		    found |= all(re.search(v, str(o.get(k))) for k, v in wanted)
		assert found, "no %s" % sys.argv[2:] + open(sys.argv[1]).read()
	END
}

# event EVENT [KEY=PATTERN ...]: it is in the log, at last: the server's line
# comes when the client may have ended already.
event() {
	local tries
	for ((tries = 0; tries < 30; tries++)); do
		python3 lines.py shim.log "$@" 2>lines.err && return 0
		sleep 0.1
	done
	cat lines.err
	return 1
}

# reason NAME [KEY=PATTERN ...]
reason() {
	event failure "reason=^$1\$" "${@:2}"
}

peer_key() {
	need openssl
	openssl req -x509 -newkey rsa:2048 -nodes -keyout peer.key \
		-out peer.crt -subj /CN=peer -days 9 2>/dev/null
}

# tls_peer SCRIPT: a server in Python; its variable s is a TLS connection.
# Tabs are left out, four blanks are its own.
tls_peer() {
	[ -e peer.key ] || peer_key
	cat >peer.py <<-END
		import socket, ssl, struct, sys, time
		ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		ctx.load_cert_chain("peer.crt", "peer.key")
		listener = socket.create_server(("127.0.0.1", $P))
		while True:
		    raw, _ = listener.accept()
		    s = ctx.wrap_socket(raw, server_side=True)
		    ${1//$'\t'/}
	END
	serve peer "$P" python3 peer.py
}

# raw_peer SCRIPT: the same without TLS.
raw_peer() {
	cat >peer.py <<-END
		import socket, struct, sys, time
		listener = socket.create_server(("127.0.0.1", $P))
		while True:
		    s, _ = listener.accept()
		    ${1//$'\t'/}
	END
	serve peer "$P" python3 peer.py
}

echo_to() {
	within 30 "$run" run -c "$P" "$@" -- echoscu -aet MODALITY -aec PACS \
		localhost "$P"
}

## What is good -------------------------------------------------------------------

good() {
	local mine theirs
	json
	need storescp echoscu
	port P
	DICOMTLS_LOG=$C/server.json serve storescp "$P" \
		"$run" run -l "$P" -- storescp "$P"
	echo_to
	stop storescp
	event handshake role=^client\$ "peer=^127.0.0.1:$P\$" \
		name=^localhost\$ version=^TLSv1.3\$ cipher=^TLS_AES \
		subject=CN= 'fingerprint=^[0-9a-f]{64}$' verified=^none\$ \
		'milliseconds=^[0-9]+$' 'rule=general'
	event end calling_ae=^MODALITY\$ called_ae=^PACS\$ \
		'bytes_in=^[1-9][0-9]+$' 'bytes_out=^[1-9][0-9]+$'
	mv shim.log client.json
	mv server.json shim.log
	event handshake role=^server\$ 'peer=^127.0.0.1:[0-9]+$' 'subject=^$'
	event end calling_ae=^MODALITY\$ called_ae=^PACS\$ how=close_notify
	mine=$(bytes '\1 \2' client.json)
	theirs=$(bytes '\2 \1' shim.log)
	[ -n "$mine" ] && [ "$mine" = "$theirs" ]
	[ "$(grep -c . client.json)" -eq 2 ] || fail "more lines than two"
}

# bytes ORDER FILE: what came in (1) and went out (2).
bytes() {
	sed -n 's/.*"event":"end".*"bytes_in":"\([0-9]*\)".*/\1/p' "$2" >in
	sed -n 's/.*"event":"end".*"bytes_out":"\([0-9]*\)".*/\1/p' "$2" >out
	paste -d' ' in out | sed "s/\\(.*\\) \\(.*\\)/$1/"
}

as_text() {
	local text
	need storescp echoscu
	unset DICOMTLS_KEYLOG
	port P
	serve storescp "$P" "$run" run -l "$P" -- storescp "$P"
	echo_to
	stop storescp
	text="^20[^ ]*Z dicomtls\[[0-9]+\] info: to 127.0.0.1:$P \(localhost\): "
	text+="TLSv1.3, TLS_AES[^ ,]*, key SHA-256 [0-9a-f]{64}, "
	text+="verified: none, [0-9]+ ms\$"
	grep -qE "$text" shim.log
	text="info: to .*\(AE MODALITY to PACS\) ended: "
	text+="[0-9]+ bytes in, [0-9]+ bytes out"
	grep -qE "$text" shim.log
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
	stop storescp
	[ ! -e shim.log ]
}

# Subjects and titles come from the peer: no forged lines.
hostile_names() {
	json
	need echoscu
	port P
	openssl req -x509 -newkey rsa:2048 -nodes -keyout peer.key \
		-out peer.crt -utf8 -days 9 2>/dev/null \
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

## What fails ---------------------------------------------------------------------

suites() {
	json
	peer_key
	port P
	serve peer "$P" openssl s_server -accept "$P" -cert peer.crt \
		-key peer.key -quiet -tls1_2 -cipher AES128-SHA
	refused echo_to
	reason no-shared-cipher 'text=bcp195.*dicomtls probe .*DICOMTLS_PROFILE'
	stop peer
	: >shim.log
	serve peer "$P" "$run" run -l "$P" -- storescp "$P"
	refused openssl s_client -connect "127.0.0.1:$P" -tls1_2 \
		-cipher DHE-RSA-AES128-GCM-SHA256:AES128-SHA </dev/null
	reason no-shared-cipher role=server \
		'text=offered .*AES128-SHA.*DICOMTLS_PROFILE=bcp195-nd would'
	: >shim.log
	refused openssl s_client -connect "127.0.0.1:$P" -tls1_2 \
		-cipher ECDHE-ECDSA-AES128-GCM-SHA256 </dev/null
	stop peer
	reason no-shared-cipher role=server 'text=RSA or EC'
}

versions() {
	json
	peer_key
	port P
	serve peer "$P" openssl s_server -accept "$P" -cert peer.crt \
		-key peer.key -quiet -tls1 -cipher ALL:@SECLEVEL=0
	refused echo_to
	reason version 'text=1\.2 to 1\.3.*DICOMTLS_MIN_VERSION'
	stop peer
	: >shim.log
	serve peer "$P" "$run" run -l "$P" -- storescp "$P"
	refused openssl s_client -connect "127.0.0.1:$P" -tls1 \
		-cipher ALL:@SECLEVEL=0 </dev/null
	stop peer
	reason version role=server 'text=DICOMTLS_MIN_VERSION'
}

plain() {
	json
	need storescp echoscu
	port P
	serve peer "$P" "$run" run -l "$P" -- storescp "$P"
	refused echoscu -aet MODALITY -aec PACS localhost "$P"
	stop peer
	reason peer-plain role=server "text=MODALITY to PACS.*$P.*TLS on"
	: >shim.log
	raw_peer 's.recv(100); s.sendall(b"HTTP/1.0 400 Bad"); s.close()'
	refused echo_to
	stop peer
	reason peer-plain role=client 'text=answered without TLS'
}

timeout_client() {
	local start=$SECONDS
	json
	port P
	raw_peer 'time.sleep(60)'
	refused echo_to --handshake-timeout 2
	stop peer
	reason timeout 'text=2 s'
	[ $((SECONDS - start)) -lt 15 ]
}

resets() {
	json
	port P
	raw_peer 's.recv(100)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
		                 struct.pack("ii", 1, 0))
		    s.close()'
	refused echo_to
	stop peer
	reason reset
	: >shim.log
	raw_peer 's.recv(1000); s.close()'
	refused echo_to
	stop peer
	reason reset
}

# The peer's program dies inside a PDU.
truncated() {
	json
	port P
	tls_peer 's.recv(1000)
		    s.sendall(b"\2\0\0\0\1\0half")
		    time.sleep(0.3)
		    socket.socket.close(s)'
	refused echo_to
	stop peer
	event end how=truncated
	event notice 'text=inside a PDU'
}

# A record is changed on its way.
tampered() {
	json
	port P
	tls_peer 's.recv(1000)
		    s.sendall(b"\2\0\0\0\0\4")
		    time.sleep(0.3)
		    socket.socket.send(s, b"\x17\3\3\0\x20" + b"x" * 32)
		    time.sleep(2)
		    s.close()'
	refused echo_to
	stop peer
	reason record
}

refuses_us() {
	json
	peer_key
	openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key \
		-out other.crt -subj /CN=other -days 9 2>/dev/null
	port P
	serve peer "$P" openssl s_server -accept "$P" -cert peer.crt \
		-key peer.key -quiet -tls1_2 -Verify 1 -verify_return_error \
		-CAfile other.crt
	refused echo_to --client-cert yes
	stop peer
	reason refused 'text=alert.*trust'
}

unsupported() {
	json
	need storescp
	port P
	serve peer "$P" "$run" run -l "$P" --log none -- storescp "$P"
	"$run" run -c "$P" python3 -c "
import errno, socket
s = socket.create_connection(('127.0.0.1', $P))
try:
    s.send(b'x', socket.MSG_OOB)
except OSError as e:
    assert e.errno == errno.EOPNOTSUPP, e
else:
    raise SystemExit('it was sent')"
	stop peer
	reason unsupported 'text=MSG_OOB'
}

engine_missing() {
	json
	need storescp
	mkdir .libs
	cp "$run" dicomtls
	cp "$build/.libs/libdicomtls.so" .libs
	: >libdicomtls.la
	port P
	serve peer "$P" storescp "$P"
	refused ./dicomtls run -c "$P" -- echoscu localhost "$P"
	stop peer
	reason engine
}

own_files() {
	json
	need storescp
	peer_key
	port P
	serve peer "$P" storescp +tls peer.key peer.crt -ic "$P"
	echo garbage >bad
	refused echo_to --client-cert yes --cert bad --key peer.key
	reason certificate 'text=bad'
	: >shim.log
	refused echo_to --client-cert yes --cert peer.crt --key bad
	reason key 'text=bad'
	: >shim.log
	openssl pkey -in peer.key -aes128 -passout pass:right -out secret.key
	refused echo_to --client-cert yes --cert peer.crt --key secret.key \
		--key-password wrong
	reason password 'text=secret.key'
	: >shim.log
	echo_to --client-cert yes --cert peer.crt --key secret.key \
		--key-password right
	stop peer
}

settings_wrong() {
	local lines
	json
	need storescp
	port P
	serve peer "$P" storescp "$P"
	lines=$("$run" env -c "$P")
	(
		eval "$lines"
		export DICOMTLS_PROFILE=best
		refused echoscu localhost "$P"
	)
	stop peer
	reason setting 'text=DICOMTLS_PROFILE.*best.*bcp195'
}

check "a good connection, in facts" good
check "a good connection, in words" as_text
check "nothing is said of it by default" silent_by_default
check "stderr, a file, nowhere" targets
check "names that would forge lines" hostile_names
check "the key log is private, and said" key_log
check "old TLS is warned of once" one_warning
check "no-shared-cipher" suites
check "version" versions
check "peer-plain" plain
check "timeout" timeout_client
check "reset" resets
check "truncated" truncated
check "record" tampered
check "refused" refuses_us
check "unsupported" unsupported
check "engine" engine_missing
check "certificate, key, password" own_files
check "setting" settings_wrong
finish
