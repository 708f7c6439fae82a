#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 33-launcher-probe: what it says of peers of which we know it.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

pair() {
	need openssl
	openssl req -x509 -newkey "${1:-rsa:2048}" ${2:+-pkeyopt} ${2:+"$2"} \
		-nodes -keyout key.pem -out cert.pem -subj /CN=peer \
		-addext subjectAltName=DNS:peer.test -days 100 2>/dev/null
}

# tls_server [OPTION ...]: OpenSSL's, on $P.
tls_server() {
	port P
	serve s_server "$P" openssl s_server -accept "$P" -cert cert.pem \
		-key key.pem -quiet -ign_eof "$@"
}

# probe STATUS [ARG ...]: its report is in out.
probe() {
	local wanted=$1 status=0
	shift
	within 60 "$run" probe "$@" >out 2>err || status=$?
	cat out
	[ "$status" -eq "$wanted" ] || fail "it ended with $status: $(cat err)"
}

found() {
	grep -qE -- "$1" out || fail "it does not say: $1"
}

absent() {
	! grep -E -- "$1" out || fail "it must not say that"
}

modern() {
	pair
	tls_server
	probe 0 "localhost:$P"
	found '^  TLS 1.3  *yes: .*TLS_AES_256_GCM_SHA384'
	found '^  TLS 1.2  *yes: .*ECDHE-RSA-AES128-GCM-SHA256'
	found '^  TLS 1.1  *no'
	found 'subject  *CN=peer$'
	found 'issuer .*self-signed'
	found 'names .*DNS:peer.test'
	found 'key  *RSA 2048'
	found '(99|100) days left'
	found "pin  *$(openssl x509 -in cert.pem -noout -pubkey |
		openssl pkey -pubin -outform der | sha256sum | cut -d' ' -f1)\$"
	found 'is not asked for'
	found '^    bcp195  *yes: TLS 1.3'
	found 'bcp195, fits'
}

exact_suites() {
	pair
	tls_server -tls1_2 -cipher \
		ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:AES128-SHA
	probe 0 "127.0.0.1:$P"
	found '^  TLS 1.3  *no'
	sed -n 's/^  TLS 1.2  *yes: //p' out | tr -d ' ' | tr , '\n' |
		sort >suites
	diff suites - <<-END
		AES128-SHA
		DHE-RSA-AES128-GCM-SHA256
		ECDHE-RSA-AES256-GCM-SHA384
	END
	found '^    aes  *yes: TLS 1.2, AES128-SHA$'
	found '^    null  *no'
}

old() {
	pair
	tls_server -tls1 -cipher AES128-SHA:@SECLEVEL=0
	probe 1 "127.0.0.1:$P"
	found '^  TLS 1.0  *yes: AES128-SHA$'
	found '^  TLS 1.2  *no'
	found '^    bcp195  *no'
	found 'does not fit: set DICOMTLS_PROFILE=bcp195-downgrade'
	probe 0 -p legacy "127.0.0.1:$P"
}

null_cipher() {
	pair
	tls_server -tls1_2 -cipher NULL-SHA:@SECLEVEL=0
	probe 1 "127.0.0.1:$P"
	found '^    null  *yes: .*NULL-SHA'
	found '^    legacy  *no'
}

small_key() {
	pair rsa:1024
	tls_server -cipher DEFAULT:@SECLEVEL=0
	probe 1 "127.0.0.1:$P"
	found '^    bcp195  *no \(its certificate .*1024'
}

elliptic() {
	pair ec ec_paramgen_curve:P-256
	tls_server -tls1_2
	probe 0 "127.0.0.1:$P"
	found 'key  *EC P-256'
	found '^  TLS 1.2  *yes: .*ECDHE-ECDSA-AES128-GCM-SHA256'
}

wants_our_certificate() {
	local version
	pair
	for version in -tls1_2 -tls1_3; do
		tls_server -Verify 1 "$version"
		probe 0 "127.0.0.1:$P"
		found 'is asked for'
		stop s_server
	done
	tls_server -Verify 1 -tls1_2
	probe 0 --client-cert yes -d "$C/id" "127.0.0.1:$P"
	stop s_server
	grep -q 'CN *=' s_server.log || fail "our certificate was not sent"
}

dcmtk() {
	need storescp
	pair
	port P
	serve storescp "$P" storescp +tls key.pem cert.pem -ic "$P"
	probe 0 "localhost:$P"
	found '^  TLS 1.2  *yes'
	within 20 echoscu +tla -ic localhost "$P" || fail "it harmed the server"
}

# As localhost often is: IPv6 comes first, and DCMTK listens on IPv4.
two_addresses() {
	need unshare openssl
	unshare -m true 2>/dev/null || skip "no mount namespace may be made"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout native.key \
		-out native.crt -subj /CN=native -days 99 2>/dev/null
	port P
	serve peer "$P" openssl s_server -quiet -accept "127.0.0.1:$P" \
		-key native.key -cert native.crt
	printf '::1 twofold\n127.0.0.1 twofold\n' >hosts
	unshare -m --propagation private sh -c '
		mount --bind hosts /etc/hosts && exec "$@"' sh \
		"$run" probe "twofold:$P" >said || true
	cat said
	grep -A1 '(::1)' said | grep 'cannot be reached'
	grep -A3 '(127.0.0.1)' said | grep 'TLS 1.3'
}

plain_dicom() {
	need storescp echoscu
	port P
	serve storescp "$P" storescp "$P"
	probe 1 "localhost:$P"
	found 'no TLS: .*plain DICOM'
	absent 'profiles that fit'
	within 20 echoscu localhost "$P" || fail "it harmed the server"
}

plain_answer() {
	need python3
	port P
	serve http "$P" python3 -m http.server "$P" --bind 127.0.0.1
	probe 1 "127.0.0.1:$P"
	found 'answers without TLS|no TLS'
}

silent() {
	need python3
	port P
	serve silent "$P" python3 -c "
import socket, time
s = socket.create_server(('127.0.0.1', $P))
time.sleep(60)"
	probe 1 --handshake-timeout 1 "127.0.0.1:$P"
	found 'no TLS: no answer'
}

nobody() {
	port P
	probe 1 "127.0.0.1:$P"
	found 'cannot be reached: Connection refused'
	probe 1 no-such-host.invalid
	probe 2
	probe 2 ''
	probe 2 -p basic "127.0.0.1:$P"
}

our_own() {
	need storescp
	port P
	tls_on "$P"
	serve storescp "$P" "${tls[@]}" storescp "$P"
	probe 0 "localhost:$P"
	found '^  TLS 1.3  *yes'
	found '^  TLS 1.1  *no'
	found '^    aes  *no'
	stop storescp
}

check "a modern server" modern
check "exactly the suites that a server takes" exact_suites
check "TLS 1.0 alone" old
check "integrity alone" null_cipher
check "a key that is too small for a profile" small_key
check "an elliptic key" elliptic
check "a server that wants our certificate" wants_our_certificate
check "DCMTK's own TLS" dcmtk
check "plain DICOM" plain_dicom
check "a name of which one address answers" two_addresses
check "a plain protocol that answers" plain_answer
check "a server that says nothing" silent
check "nobody there, and usage" nobody
check "our own server" our_own
finish
