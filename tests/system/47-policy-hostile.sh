#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 47-policy-hostile: slow and hostile peers are cut off at the limit, in both
# roles, and the server serves others meanwhile.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/pki.sh
. "$(dirname "$0")/pki.sh"

## Clients -------------------------------------------------------------------------

# start_server [OPTION ...]: storescp --fork under the shim, with a limit of 3 s.
start_server() {
	need storescp python3
	unset DICOMTLS_KEYLOG
	port P
	serve server "$P" "$run" run -l "$P" --handshake-timeout 3 \
		--log-format json "$@" -- storescp --fork "$P"
}

# client NAME: its script is standard input, in Python; s is a connection,
# hello() a ClientHello.
client() {
	cat >"$1.py" <<-END
		import os, socket, ssl, struct, sys, threading, time
		def hello():
		    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
		    ctx.check_hostname = False
		    ctx.verify_mode = ssl.CERT_NONE
		    i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
		    t = ctx.wrap_bio(i, o)
		    try:
		        t.do_handshake()
		    except ssl.SSLWantReadError:
		        pass
		    return o.read()
		s = socket.create_connection(("127.0.0.1", $P))
		start = time.monotonic()
		def cut_off(low, high):
		    """The server ends it within these seconds."""
		    s.settimeout(high + 10)
		    try:
		        while s.recv(65536):
		            pass
		    except ConnectionResetError:
		        pass
		    took = time.monotonic() - start
		    sys.exit(0 if low <= took <= high else "after %.1f s" % took)
	END
	cat >>"$1.py"
	start "$1" python3 "$1.py"
}

# Others are served while the client NAME is at it, and fast.
meanwhile() {
	local n
	for n in 1 2 3; do
		within 3 openssl s_client -connect "127.0.0.1:$P" \
			</dev/null >other.log 2>&1 || fail "others wait"
		within 3 env DICOMTLS_LOG=none "$run" run -c "$P" -- \
			echoscu 127.0.0.1 "$P" || fail "others wait"
	done
	alive "$1" || [ "${2:-}" = ends ] || fail "$1 is gone already"
}

reason() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		grep -q "\"event\":\"failure\".*\"reason\":\"$1\"" shim.log &&
			return 0
		sleep 0.05
	done
	fail "no failure for $1: $(cat shim.log)"
}

silence() {
	start_server
	client silent <<<'cut_off(2.5, 6)'
	meanwhile silent
	ended silent
	reason timeout
	stop server
}

half_a_hello() {
	start_server
	client half <<<'s.sendall(hello()[:100]); cut_off(2.5, 6)'
	meanwhile half
	ended half
	reason timeout
	stop server
}

# One byte a second keeps a limit per read away for ever.
one_byte_a_second() {
	start_server
	client drip <<-'END'
		def drip():
		    for b in hello():
		        try:
		            s.sendall(bytes([b]))
		        except OSError:
		            return
		        time.sleep(1)
		threading.Thread(target=drip, daemon=True).start()
		cut_off(2.5, 6)
	END
	meanwhile drip
	ended drip
	reason timeout
	stop server
}

# The hello is fine; then come records that TLS 1.3 ignores (RFC 8446, 5), so
# that something always moves, and never what would end it.
never_ends() {
	start_server
	client open <<-'END'
		def go_on():
		    s.sendall(hello())
		    try:
		        while True:
		            s.sendall(b"\x14\3\3\0\1\1")
		            time.sleep(0.3)
		    except OSError:
		        return
		threading.Thread(target=go_on, daemon=True).start()
		cut_off(2.5, 6)
	END
	meanwhile open
	ended open
	reason timeout
	stop server
}

garbage() {
	start_server
	client noise <<<'s.sendall(os.urandom(100000)); cut_off(0, 3)'
	meanwhile noise ends
	ended noise
	stop server
}

# A handshake message that says it is 16 MB long, and begins to come.
huge_message() {
	start_server
	client huge <<-'END'
		def flood():
		    body = b"\1" + (16777215).to_bytes(3, "big") + b"x" * 16380
		    try:
		        while True:
		            s.sendall(b"\x16\3\1" + struct.pack(">H", 16384) + body)
		            body = b"x" * 16384
		    except OSError:
		        return
		threading.Thread(target=flood, daemon=True).start()
		cut_off(0, 6)
	END
	meanwhile huge ends
	ended huge
	stop server
}

# long_chain: long.pem, a certificate and 16 MB of others behind it, less what
# a message of TLS cannot hold; and its long.key.
long_chain() {
	local each
	self_signed long /CN=long
	each=$(openssl x509 -in long.pem -outform der | wc -c)
	openssl x509 -in long.pem >one.pem
	python3 -c "
import sys
one = open('one.pem').read()
sys.stdout.write(one * ((2**24 - 1000) // ($each + 5)))" >chain.pem
}

# A client with such a chain, from a server that wants certificates.
long_chain_of_client() {
	local version
	start_server --verify tofu -d "$C/id"
	long_chain
	for version in -tls1_2 -tls1_3; do
		: >shim.log
		start chain openssl s_client -connect "127.0.0.1:$P" \
			"$version" -cert long.pem -key long.key \
			-cert_chain chain.pem
		meanwhile_mutual
		refused ended chain
		reason record
		grep -q 'excessive message size' shim.log
	done
	stop server
}

# Others have a certificate too.
meanwhile_mutual() {
	local n
	for n in 1 2 3; do
		within 3 env DICOMTLS_LOG=none DICOMTLS_DIR="$C/other" \
			"$run" run -c "$P" --client-cert yes -- \
			echoscu 127.0.0.1 "$P" || fail "others wait"
	done
}

# Hundreds at once that say nothing: they cost descriptors, not the service.
crowd() {
	start_server
	client crowd <<-END
		more = [socket.create_connection(("127.0.0.1", $P))
		        for _ in range(150)]
		for c in more:
		    c.sendall(b"\x16")
		s.sendall(b"\x16")
		cut_off(2.5, 8)
	END
	sleep 0.3
	meanwhile crowd
	ended crowd
	stop server
}

## Servers --------------------------------------------------------------------------

# server: its script is standard input, in Python; c is a connection, flight() a
# server's first flight, as an answer to the hello that came.
server() {
	need python3 echoscu
	unset DICOMTLS_KEYLOG
	port P
	self_signed peer /CN=peer
	cat >server.py <<-END
		import socket, ssl, struct, sys, time
		def flight():
		    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		    ctx.load_cert_chain("peer.pem", "peer.key")
		    i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
		    t = ctx.wrap_bio(i, o, server_side=True)
		    i.write(c.recv(65536))
		    try:
		        t.do_handshake()
		    except ssl.SSLWantReadError:
		        pass
		    return o.read()
		listener = socket.create_server(("127.0.0.1", $P))
		c, _ = listener.accept()
		try:
	END
	sed 's/^/    /' >>server.py
	cat >>server.py <<-'END'
		except OSError:
		    pass
	END
	serve server "$P" python3 server.py
}

# cut_off REASON: our client gives up after its 3 s, and says why.
cut_off() {
	local start took
	start=$(date +%s%3N)
	refused within 20 "$run" run -c "$P" --handshake-timeout 3 \
		--log-format json -- echoscu -ta 30 127.0.0.1 "$P"
	took=$(($(date +%s%3N) - start))
	stop server KILL
	reason "$1"
	[ "$took" -ge "${2:-2500}" ] && [ "$took" -le 6000 ] ||
		fail "after $took ms"
}

silent_server() {
	server <<<'c.recv(65536); time.sleep(60)'
	cut_off timeout
}

dripping_server() {
	server <<-'END'
		for b in flight():
		    c.sendall(bytes([b]))
		    time.sleep(1)
	END
	cut_off timeout
}

# The ServerHello, then nothing but records that are to be ignored.
endless_server() {
	server <<-'END'
		f = flight()
		c.sendall(f[:5 + int.from_bytes(f[3:5], "big")])
		while True:
		    c.sendall(b"\x14\3\3\0\1\1")
		    time.sleep(0.3)
	END
	cut_off timeout
}

noisy_server() {
	server <<<'c.recv(65536); c.sendall(b"\x16\3\3\x20\0" + b"\xa5" * 99999); c.recv(1)'
	cut_off record 0
}

huge_message_of_server() {
	server <<-'END'
		c.recv(65536)
		body = b"\2" + (16777215).to_bytes(3, "big") + b"x" * 16380
		while True:
		    c.sendall(b"\x16\3\3" + struct.pack(">H", 16384) + body)
		    body = b"x" * 16384
	END
	cut_off record 0
}

long_chain_of_server() {
	local version
	need openssl python3
	unset DICOMTLS_KEYLOG
	port P
	long_chain
	for version in -tls1_2 -tls1_3; do
		: >shim.log
		serve server "$P" openssl s_server -accept "$P" -cert long.pem \
			-key long.key -cert_chain chain.pem "$version" -quiet
		cut_off record 0
		grep -q 'excessive message size' shim.log
	done
}

check "a client: silence after connect" silence
check "a client: half a ClientHello" half_a_hello
check "a client: one byte a second" one_byte_a_second
check "a client: a handshake that never ends" never_ends
check "a client: noise" garbage
check "a client: a message of 16 MB" huge_message
check "a client: a chain of 16 MB" long_chain_of_client
check "a crowd that says nothing" crowd
check "a server: silence after connect" silent_server
check "a server: one byte a second" dripping_server
check "a server: a handshake that never ends" endless_server
check "a server: noise" noisy_server
check "a server: a message of 16 MB" huge_message_of_server
check "a server: a chain of 16 MB" long_chain_of_server
finish
