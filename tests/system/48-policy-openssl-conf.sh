#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 48-policy-openssl-conf: the host's openssl.cnf neither breaks nor weakens
# us, and we do not change the program's own TLS.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# system_default LINE ...: an openssl.cnf with these in its system_default.
system_default() {
	{
		printf '%s\n' 'openssl_conf = init' '[init]' \
			'ssl_conf = ssl' '[ssl]' 'system_default = sys' '[sys]'
		printf '%s\n' "$@"
	} >openssl.cnf
	export OPENSSL_CONF=$C/openssl.cnf
}

peer_key() {
	need openssl
	OPENSSL_CONF=/dev/null openssl req -x509 -newkey rsa:2048 -nodes \
		-keyout peer.key -out peer.crt -subj /CN=peer -days 9 2>/dev/null
}

# peer OPTION ...: OpenSSL's server, with no configuration of the case's.
peer() {
	[ -e peer.key ] || peer_key
	port P
	serve peer "$P" env -u OPENSSL_CONF openssl s_server -accept "$P" -rev \
		-quiet -cert peer.crt -key peer.key "$@"
}

greet() {
	within 20 "$run" run -c "$P" -l none "$@" -- bash -c "
		exec 3<>/dev/tcp/127.0.0.1/$P
		echo hello >&3
		read -r -t 10 answer <&3
		[ \"\$answer\" = olleh ]"
}

# A host that allows too much must not weaken us.
not_weakened() {
	system_default 'MinProtocol = TLSv1' 'CipherString = ALL:@SECLEVEL=0' \
		'Options = UnsafeLegacyRenegotiation'
	peer -tls1 -cipher ALL:@SECLEVEL=0
	refused greet
	stop peer
	peer -tls1_2 -cipher AES128-SHA
	refused greet
	stop peer
	peer -tls1_2
	greet
	stop peer
}

# A host that allows too little must not break what the settings ask for.
not_broken() {
	system_default 'MinProtocol = TLSv1.3' 'CipherString = AES256-SHA@SECLEVEL=5' \
		'Ciphersuites = TLS_AES_256_GCM_SHA384' 'Groups = secp521r1' \
		'SignatureAlgorithms = ed448'
	peer -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256
	greet
	stop peer
	peer -tls1 -cipher AES128-SHA:@SECLEVEL=0
	greet -p legacy
	stop peer
	peer -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256
	greet
	stop peer
}

as_server() {
	need storescp
	system_default 'MaxProtocol = TLSv1.2' 'CipherString = AES256-SHA'
	unset DICOMTLS_KEYLOG
	port P
	serve server "$P" "$run" run -l "$P" -- storescp "$P"
	env -u OPENSSL_CONF openssl s_client -connect "127.0.0.1:$P" -tls1_3 \
		</dev/null >client.log 2>&1
	refused env -u OPENSSL_CONF openssl s_client -connect "127.0.0.1:$P" \
		-tls1_2 -cipher AES256-SHA </dev/null
	stop server
}

# A file that cannot be understood: OpenSSL ignores it, and so do we.
broken_file() {
	echo 'openssl_conf = [' >openssl.cnf
	export OPENSSL_CONF=$C/openssl.cnf
	peer -tls1_2
	greet
	stop peer
}

# The program has TLS of its own on another port, with the host's settings:
# the same before, during and after ours.
programs_own() {
	need python3
	system_default 'MinProtocol = TLSv1.2' \
		'CipherString = ECDHE-RSA-AES256-GCM-SHA384@SECLEVEL=2'
	peer_key
	port P Q
	cat >own.py <<-END
		import socket, ssl, sys
		def own():
		    ctx = ssl.create_default_context()
		    ctx.check_hostname = False
		    ctx.verify_mode = ssl.CERT_NONE
		    return [(c["name"], ctx.minimum_version, ctx.options,
		             ctx.security_level) for c in ctx.get_ciphers()]
		before = own()
		s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		s.sendall(b"hello\n")
		answer = s.recv(100)
		assert answer == b"olleh\n", answer
		assert own() == before
		s.close()
		assert own() == before
		ctx = ssl.create_default_context()
		ctx.check_hostname = False
		ctx.verify_mode = ssl.CERT_NONE
		t = ctx.wrap_socket(socket.create_connection(
		    ("127.0.0.1", int(sys.argv[2]))))
		assert t.version() == "TLSv1.2", t.version()
		t.sendall(b"hello\n")
		assert t.recv(100) == b"olleh\n"
	END
	# Ours is the old peer; the other is the program's own affair.
	serve old "$P" env -u OPENSSL_CONF openssl s_server -accept "$P" -rev \
		-quiet -cert peer.crt -key peer.key -tls1 \
		-cipher ALL:@SECLEVEL=0
	serve own "$Q" env -u OPENSSL_CONF openssl s_server -accept "$Q" \
		-rev -quiet -cert peer.crt -key peer.key -tls1_2
	within 20 "$run" run -c "$P" -p legacy python3 own.py "$P" "$Q"
	stop old
	stop own
	grep -q 'TLSv1, ' shim.log || fail "ours was not TLS 1.0"
}

# Each line would change what we are if it came through: no TLS 1.3, servers
# without RFC 5746, tickets, no extension for encrypt-then-MAC.
no_options() {
	local options=UnsafeLegacyServerConnect,ClientRenegotiation
	need gnutls-serv storescp
	options+=,SessionTicket,-EncryptThenMac
	system_default 'Protocol = -TLSv1.3' "Options = $options"
	peer
	capture "$P"
	greet
	stop peer
	grep -q 'TLSv1.3, ' shim.log
	capture_end
	extension 22		# encrypt_then_mac, RFC 7366
	extension 35 && fail "tickets are asked for"
	port P
	serve peer "$P" gnutls-serv --echo --quiet --port "$P" \
		--x509certfile peer.crt --x509keyfile peer.key --priority \
		'NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION'
	refused greet
	stop peer KILL
	grep -q 'RFC 5746.*DICOMTLS_PROFILE=legacy' shim.log
}

# extension NUMBER: it is in the ClientHello of the capture.
extension() {
	tshark -r c.pcapng -d "tcp.port==$P,tls" -Y 'tls.handshake.type == 1' \
		-T fields -e tls.handshake.extension.type 2>/dev/null |
		tr , '\n' | grep -qx "$1"
}

# renegotiates COMMAND ...: OpenSSL asks for it half a second after the start,
# by "R" on a line of its own; what it saw of the wire is in reneg.log.
renegotiates() {
	(sleep 0.7; echo R; sleep 0.7; echo Q) |
		within 20 env -u OPENSSL_CONF "$@" >reneg.log 2>&1 || true
}

# A client asks: the server refuses, whatever openssl.cnf allows.
no_renegotiation_by_client() {
	need storescp
	system_default 'Options = ClientRenegotiation'
	unset DICOMTLS_KEYLOG
	port P
	serve server "$P" "$run" run -l "$P" -- storescp "$P"
	renegotiates openssl s_client -connect "127.0.0.1:$P" -tls1_2 -msg
	stop server
	grep -q '^RENEGOTIATING' reneg.log || fail "nobody asked"
	one_handshake '<<<' ServerHello
	grep -q 'warning no_renegotiation' reneg.log
	grep -q 'refused us .*handshake failure' shim.log
}

# A server asks: our client goes on as if it had not.
no_renegotiation_by_server() {
	[ -e peer.key ] || peer_key
	port P
	mkfifo asks
	exec 7<>asks
	start peer bash -c "exec openssl s_server -accept $P -cert peer.crt \
		-key peer.key -tls1_2 -msg <&7"
	wait_listen "$P" peer
	start client "$run" run -c "$P" -l none -- bash -c "
		exec 3<>/dev/tcp/127.0.0.1/$P
		echo hello >&3
		read -r -t 10 answer <&3
		read -r -t 2 answer <&3
		true"
	sleep 0.5
	echo r >&7
	sleep 0.5
	echo still there >&7
	ended client
	exec 7>&-
	stop peer KILL
	mv peer.log reneg.log
	grep -q 'HelloRequest' reneg.log || fail "nobody asked: $(cat reneg.log)"
	grep -q 'warning no_renegotiation' reneg.log
	one_handshake '<<<' ClientHello
	grep -q 'refused us .*handshake failure' shim.log
}

# one_handshake DIRECTION MESSAGE: it came once.
one_handshake() {
	[ "$(grep -c "^$1.*, $2\$" reneg.log)" -eq 1 ] ||
		fail "$2 came $(grep -c "^$1.*, $2\$" reneg.log) times"
}

# Offered by our client: X25519 and NIST's three, no smaller, whatever
# openssl.cnf says.  Taken by our server: the same.
groups() {
	local name
	need storescp
	system_default 'Groups = P-224:X448'
	peer
	capture "$P"
	greet
	stop peer
	capture_end
	tshark -r c.pcapng -d "tcp.port==$P,tls" -Y 'tls.handshake.type == 1' \
		-T fields -e tls.handshake.extensions_supported_group \
		2>/dev/null >offered
	cat offered
	[ "$(cat offered)" = 0x001d,0x0017,0x0018,0x0019 ]
	port P
	serve server "$P" "$run" run -l "$P" -- storescp "$P"
	for name in X25519 P-256 P-384 P-521; do
		shakes -groups "$name"
		shakes -groups "$name" -tls1_2
	done
	for name in X448 ffdhe2048; do
		refused shakes -groups "$name"
	done
	refused shakes -groups P-224 -tls1_2 -cipher DEFAULT:@SECLEVEL=0
	stop server
}

shakes() {
	within 20 env -u OPENSSL_CONF openssl s_client \
		-connect "127.0.0.1:$P" "$@" </dev/null >client.log 2>&1
}

check "a lax openssl.cnf does not weaken us" not_weakened
check "a strict openssl.cnf does not break us" not_broken
check "our server side is the same" as_server
check "a broken openssl.cnf" broken_file
check "the program's own TLS is as it was" programs_own
check "no option of openssl.cnf is ours" no_options
check "no renegotiation for a client" no_renegotiation_by_client
check "no renegotiation for a server" no_renegotiation_by_server
check "the groups, on the wire" groups
finish
