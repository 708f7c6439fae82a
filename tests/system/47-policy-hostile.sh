#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 47-policy-hostile: slow and hostile clients are cut off at the limit, and
# the server serves others meanwhile.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# start_server: storescp --fork under the shim, with a limit of 3 s.
start_server() {
	need storescp python3
	unset DICOMTLS_KEYLOG
	port P
	serve server "$P" "$run" run -l "$P" --handshake-timeout 3 \
		--log-format json -- storescp --fork "$P"
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

# The hello is fine, the rest never comes.
never_ends() {
	start_server
	client open <<<'s.sendall(hello()); cut_off(2.5, 6)'
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

# A server whose chain has 16 MB: our client gives up, at once or in time.
huge_chain() {
	local start
	need openssl python3
	unset DICOMTLS_KEYLOG
	port P
	openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=x \
		-days 9 2>/dev/null
	cat >chain.py <<-END
		import socket, struct
		s = socket.create_server(("127.0.0.1", $P))
		import ssl
		while True:
		    c, _ = s.accept()
		    hello = c.recv(65536)
		    random = b"\\7" * 32
		    body = struct.pack(">H32sBHBH", 0x303, random, 0, 0xC02F, 0, 0)
		    body += b""
		    msg = b"\\2" + len(body).to_bytes(3, "big") + body
		    c.sendall(b"\\x16\\3\\3" + struct.pack(">H", len(msg)) + msg)
		    head = b"\\x0b" + (16777215).to_bytes(3, "big") + (16777212).to_bytes(3, "big")
		    data = head + b"x" * 16380
		    try:
		        for n in range(1024):
		            part = data[:16384] if n == 0 else b"x" * 16384
		            c.sendall(b"\\x16\\3\\3" + struct.pack(">H", len(part)) + part)
		    except OSError:
		        pass
		    c.close()
	END
	serve chain "$P" python3 chain.py
	start=$SECONDS
	refused within 20 "$run" run -c "$P" --handshake-timeout 5 -- \
		echoscu 127.0.0.1 "$P"
	[ $((SECONDS - start)) -le 10 ]
	stop chain
	grep -q 'error: ' shim.log
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

check "silence after connect" silence
check "half a ClientHello" half_a_hello
check "one byte a second" one_byte_a_second
check "a handshake that never ends" never_ends
check "noise" garbage
check "a message of 16 MB" huge_message
check "a chain of 16 MB" huge_chain
check "a crowd that says nothing" crowd
finish
