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

check "a lax openssl.cnf does not weaken us" not_weakened
check "a strict openssl.cnf does not break us" not_broken
check "our server side is the same" as_server
check "a broken openssl.cnf" broken_file
check "the program's own TLS is as it was" programs_own
finish
