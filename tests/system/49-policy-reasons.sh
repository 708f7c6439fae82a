#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 49-policy-reasons: each reason that a failure can have is in the manual and
# is provoked here with real programs, and the log tells of it in text and in
# JSON: who, what was found, what would cure it.  The list of reasons is the
# source's: one that has no cause here fails.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/pki.sh
. "$(dirname "$0")/pki.sh"
# shellcheck source=tests/system/events.sh
. "$(dirname "$0")/events.sh"

certtool=$build/dicomtls-certtool

reasons() {
	sed -n 's/^\t\[REASON_[A-Z_]*\] = "\(.*\)",$/\1/p' \
		"$src/shim/base/fail.c"
}

documented() {
	sed -n '/^\.Ss Reasons/,/^\.Sh/p' "$src/man/dicomtls.7" >reasons.7
	grep -qx "\.It Cm $1" reasons.7 || fail "dicomtls(7) has no $1"
	grep -A1 -x "\.It Cm $1" reasons.7 | tail -n1 | grep -q '[.:?,]$\|[a-z]$'
}

provoked() {
	local cause=cause_${1//-/_}
	reason=$1 format=$2
	declare -F "$cause" >/dev/null || fail "nothing here provokes $1"
	unset DICOMTLS_KEYLOG
	export DICOMTLS_LOG_FORMAT=$format
	blamed=0
	port P
	"$cause"
	[ "$blamed" -gt 0 ] || fail "nobody looked at the log"
}

# blames ROLE PEER PATTERN: the log has this failure, and forgets it.  ROLE and
# PEER: "-" where there is none yet.
blames() {
	local facts=("reason=^$reason\$" "text=$3") stamp
	blamed=$((blamed + 1))
	if [ "$format" = json ]; then
		[ "$1" = - ] || facts+=("role=^$1\$")
		[ "$2" = - ] || facts+=("peer=^$2\$")
		event failure "${facts[@]}" 'level=^(warn|error)$'
	else
		stamp='^20[0-9T:.-]*Z dicomtls\[[0-9]+\] (error|warn): '
		sentence "$stamp.*$3"
	fi
	: >shim.log
}

server() {
	blames server '127.0.0.1:[0-9]+' "$1"
}

client() {
	blames client "127.0.0.1:$P" "$1"
}

# ours [OPTION ...]: our server on $P, as "peer".
ours() {
	need storescp
	serve peer "$P" "$run" run -l "$P" -c none "$@" -- storescp "$P"
}

# theirs OPTION ...: OpenSSL's server on $P, as "peer".
theirs() {
	[ -e peer.key ] || self_signed peer /CN=peer
	serve peer "$P" openssl s_server -accept "$P" -cert peer.pem \
		-key peer.key -quiet "$@"
}

# visits OPTION ...: OpenSSL's client comes to our server.
visits() {
	within 20 openssl s_client -connect "127.0.0.1:$P" "$@" </dev/null \
		>visit.log 2>&1
}

## Ours ---------------------------------------------------------------------------

cause_setting() {
	local lines
	lines=$("$run" env -c "$P" -l "$P")
	(
		eval "$lines"
		export DICOMTLS_PROFILE=best
		refused echoscu localhost "$P"
	)
	client 'DICOMTLS_PROFILE.*best.*write .*bcp195'
	(
		eval "$lines"
		export DICOMTLS_PROFILE=best
		refused storescp "$P"
	)
	blames server - 'DICOMTLS_PROFILE.*best.*write .*bcp195'
}

# Missing; and damaged.
cause_engine() {
	mkdir .libs
	cp "$run" dicomtls
	cp "$build/.libs/libdicomtls.so" .libs
	: >libdicomtls.la
	refused ./dicomtls run -c "$P" -- echoscu localhost "$P"
	client 'libdicomtls-engine.so.*install'
	echo garbage >.libs/libdicomtls-engine.so
	refused ./dicomtls run -c "$P" -- echoscu localhost "$P"
	client 'libdicomtls-engine.so.*install'
}

# Garbage; a journal of the folder's that is garbage; no descriptor left.
cause_certificate() {
	self_signed peer /CN=peer
	echo garbage >bad
	refused echo_to --client-cert yes --cert bad --key peer.key
	client "$C/bad .*"
	mkdir id
	echo ../nowhere >id/.commit
	refused echo_to --client-cert yes -d id
	client "$C/id/.commit.*remove it"
	refused within 20 "$run" run -c none -l "$P" --cert "$C/bad" \
		--key "$C/peer.key" -- storescp "$P"
	blames server - "$C/bad"
}

cause_key() {
	self_signed peer /CN=peer
	self_signed other /CN=other
	echo garbage >bad
	refused echo_to --client-cert yes --cert peer.pem --key bad
	client "$C/bad"
	refused echo_to --client-cert yes --cert peer.pem --key other.key
	client "$C/other.key.* does not belong"
}

cause_password() {
	self_signed peer /CN=peer
	openssl pkey -in peer.key -aes128 -passout pass:right -out secret.key
	refused echo_to --client-cert yes --cert peer.pem --key secret.key \
		--key-password wrong
	client "DICOMTLS_KEY_PASSWORD.*$C/secret.key"
	refused echo_to --client-cert yes --cert peer.pem --key secret.key
	client "$C/secret.key.*password"
}

## What the peer speaks -------------------------------------------------------------

cause_peer_plain() {
	need python3
	ours
	refused echoscu -aet MODALITY -aec PACS localhost "$P"
	server "AE MODALITY to PACS.*plain DICOM on TLS port $P: .*TLS on"
	stop peer
	raw_peer 's.recv(100); s.sendall(b"HTTP/1.0 400 Bad"); s.close()'
	refused echo_to
	client 'answered without TLS.*DICOMTLS_CONNECT'
	stop peer
}

cause_no_shared_cipher() {
	theirs -tls1_2 -cipher AES128-SHA
	refused echo_to
	client 'bcp195.*dicomtls probe .*DICOMTLS_PROFILE'
	stop peer
	ours
	refused visits -tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256:AES128-SHA
	server 'offered .*AES128-SHA.*DICOMTLS_PROFILE=bcp195-nd would'
	refused visits -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
	server 'offered ECDHE-ECDSA.*RSA or EC'
	stop peer
}

cause_version() {
	theirs -tls1 -cipher ALL:@SECLEVEL=0
	refused echo_to
	client '1\.2 to 1\.3.*DICOMTLS_MIN_VERSION'
	stop peer
	ours
	refused visits -tls1 -cipher ALL:@SECLEVEL=0
	server '1\.2 to 1\.3.*DICOMTLS_MIN_VERSION'
	stop peer
}

cause_refused() {
	self_signed other /CN=other
	theirs -tls1_2 -Verify 1 -verify_return_error -CAfile other.pem
	refused echo_to --client-cert yes
	client 'our certificate .*alert.*let it trust'
	stop peer
	ours
	refused visits -CAfile other.pem -verify_return_error
	server 'our certificate .*alert.*let it trust'
	refused echo_to --log none --verify pin --pins "$(printf '%064d' 7)"
	server 'our certificate .*"bad certificate".*let it trust'
	stop peer
}

cause_client_cert_wanted() {
	local version
	for version in -tls1_2 -tls1_3; do
		theirs "$version" -Verify 1 -verify_return_error
		refused echo_to
		client 'certificate of ours.*DICOMTLS_CLIENT_CERT=yes'
		stop peer
	done
}

cause_record() {
	need python3
	tls_peer 's.recv(1000)
		    s.sendall(b"\2\0\0\0\0\4")
		    time.sleep(0.3)
		    socket.socket.send(s, b"\x17\3\3\0\x20" + b"x" * 32)
		    time.sleep(2)
		    s.close()'
	refused echo_to
	client 'damaged or tampered'
	stop peer
	ours
	exec 5<>"/dev/tcp/127.0.0.1/$P"
	printf '\026\003\001\000\010garbage!' >&5
	server 'handshake that cannot be understood.*something between'
	exec 5>&-
	stop peer
}

## Whose certificate it is ----------------------------------------------------------

# wrong NAME PATTERN [OPTION ...]: a server with this certificate.
wrong() {
	serve peer "$P" openssl s_server -accept "$P" -cert "$1.pem" \
		-key "$1.key" -cert_chain "$1.pem" -quiet \
		-cipher DEFAULT:@SECLEVEL=0
	refused echo_to --verify ca --ca "$T/ca/trust.pem" "${@:3}"
	client "$2"
	stop peer
}

# knocks NAME PATTERN: a client with this certificate.
knocks() {
	ours --verify ca --ca "$T/ca/trust.pem"
	refused echoscu +tls "$1.key" "$1.pem" -ic 127.0.0.1 "$P"
	server "$2"
	stop peer
}

cause_expired() {
	issued old DNS:localhost -startdate 20200101000000Z \
		-enddate 20210101000000Z
	wrong old '"CN=old" \(2020-01-01 to 2021-01-01\).*expired: renew'
	knocks old '"CN=old" \(2020-01-01 to 2021-01-01\).*expired: renew'
}

cause_not_yet_valid() {
	issued future DNS:localhost -startdate 20400101000000Z \
		-enddate 20450101000000Z
	wrong future '"CN=future" \(2040-01-01 .*not yet valid: check the clocks'
	knocks future '"CN=future" \(2040-01-01 .*not yet valid: check the clocks'
}

cause_untrusted() {
	authority
	self_signed own /CN=localhost -addext subjectAltName=DNS:localhost
	wrong own "\"CN=localhost\".*DICOMTLS_CA, or pin.*$(spki own.pem)"
	knocks own "\"CN=localhost\".*DICOMTLS_CA, or pin.*$(spki own.pem)"
	ours --verify ca --ca "$T/ca/trust.pem"
	refused echoscu +tla -ic 127.0.0.1 "$P"
	server 'no certificate.*DICOMTLS_CLIENT_CERT=yes'
	stop peer
}

cause_revoked() {
	issued gone DNS:localhost
	revoke gone
	wrong gone '"CN=gone".*revoked: it needs a new one' --crl crl.pem
}

cause_weak() {
	bits=1024 issued weak DNS:localhost
	wrong weak 'weak.*needs a (new|longer) one'
	self_signed small /CN=small -newkey rsa:1024
	serve peer "$P" openssl s_server -accept "$P" -cert small.pem \
		-key small.key -quiet -cipher DEFAULT:@SECLEVEL=0
	refused echo_to --verify pin --pins "$(spki small.pem)"
	client '1024.*bcp195.*needs a (new|longer) one'
	stop peer
}

cause_name_mismatch() {
	issued other DNS:other.test
	wrong other 'another name than localhost.*name = '
}

cause_pin_mismatch() {
	local hex
	hex=$(printf '%064d' 7)
	theirs
	refused echo_to --verify pin --pins "$hex"
	client "$(spki peer.pem).*trust add localhost:$P $(spki peer.pem)"
	"$certtool" trust add --dir "$C/id" "localhost:$P" "$hex"
	refused echo_to --verify tofu -d id
	client "now SHA-256 $(spki peer.pem).*known is $hex.*trust add .* --also"
	stop peer
	ours --verify pin --pins "$hex"
	refused echoscu +tls peer.key peer.pem -ic 127.0.0.1 "$P"
	server "$(spki peer.pem).*trust add 127.0.0.1 $(spki peer.pem)"
	stop peer
}

## How it ends ------------------------------------------------------------------------

cause_timeout() {
	need python3
	raw_peer 'time.sleep(60)'
	refused echo_to --handshake-timeout 1
	client 'within 1 s.*DICOMTLS_HANDSHAKE_TIMEOUT'
	stop peer
	ours --handshake-timeout 1
	exec 5<>"/dev/tcp/127.0.0.1/$P"
	server ' 1 s: it may wait for us.*DICOMTLS_HANDSHAKE_TIMEOUT'
	exec 5>&-
	exec 5<>"/dev/tcp/127.0.0.1/$P"
	printf '\026\003\001\002' >&5
	server 'within 1 s.*DICOMTLS_HANDSHAKE_TIMEOUT'
	exec 5>&-
	stop peer
}

cause_reset() {
	need python3
	raw_peer 's.recv(100)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
		                 struct.pack("ii", 1, 0))
		    s.close()'
	refused echo_to
	client 'may not speak TLS.*certificate'
	stop peer
	raw_peer 's.recv(1000); s.close()'
	refused echo_to
	client 'may not speak TLS.*its log'
	stop peer
	# While the program waits in recv(), long after the handshake.
	tls_peer 's.recv(1000)
		    time.sleep(0.3)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
		                 struct.pack("ii", 1, 0))
		    socket.socket.close(s)'
	refused within 20 "$run" run -c "$P" python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $P))
s.sendall(b'hello')
s.recv(1)"
	client 'reset the connection: its log'
	stop peer
}

# Inside a PDU, and inside a record.
cause_truncated() {
	need python3
	tls_peer 's.recv(1000)
		    s.sendall(b"\2\0\0\0\1\0half")
		    time.sleep(0.3)
		    socket.socket.close(s)'
	refused echo_to
	client 'inside a PDU.*cut off'
	stop peer
	tls_peer 's.recv(1000)
		    socket.socket.send(s, b"\x17\3\3\1\0half")
		    time.sleep(0.3)
		    socket.socket.close(s)'
	refused echo_to
	client 'inside a TLS record.*cut off'
	stop peer
}

# Two processes use a connection; a program goes on where another began.
cause_taken_over() {
	need python3
	theirs -rev
	within 20 "$run" run -c "$P" python3 -c "
import os, socket, time
s = socket.create_connection(('127.0.0.1', $P))
s.sendall(b'hello\n')
assert s.recv(100) == b'olleh\n'
pid = os.fork()
if pid == 0:
    s.sendall(b'hello\n')
    assert s.recv(100) == b'olleh\n'
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
try:
    s.sendall(b'hello\n')
except OSError:
    os._exit(0)
raise SystemExit('both processes could')"
	client 'another process owns .*only the first one'
	stop peer
	cat >exec.py <<-END
		import os, socket, sys
		if len(sys.argv) > 1:
		    s = socket.socket(fileno=int(sys.argv[1]))
		    try:
		        s.recv(100)
		    except OSError:
		        pass
		    sys.exit()
		l = socket.create_server(("127.0.0.1", $P))
		s, _ = l.accept()
		s.recv(100)
		s.set_inheritable(True)
		os.execv(sys.executable, [sys.executable, sys.argv[0],
		                          str(s.fileno())])
	END
	serve peer "$P" "$run" run -l "$P" python3 exec.py
	(echo one; sleep 1; echo two; sleep 2) | within 20 openssl s_client \
		-connect "127.0.0.1:$P" -quiet >visit.log 2>&1 || true
	server 'another program began.*cannot be taken over'
	ended peer
}

cause_unsupported() {
	need python3
	theirs -rev
	"$run" run -c "$P" python3 -c "
import errno, socket
s = socket.create_connection(('127.0.0.1', $P))
try:
    s.send(b'x', socket.MSG_OOB)
except OSError as e:
    assert e.errno == errno.EOPNOTSUPP, e
else:
    raise SystemExit('it was sent')"
	blames - - 'MSG_OOB.*dicomtls\(7\)'
	stop peer
}

# The peer's host no longer takes anything, and the program set a limit to
# that: the kernel gives up.
cause_system() {
	need python3
	theirs -rev
	within 30 "$run" run -c "$P" python3 -c "
import errno, os, signal, socket
s = socket.create_connection(('127.0.0.1', $P))
s.sendall(b'hello\n')
assert s.recv(100) == b'olleh\n'
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
os.kill($(pid peer), signal.SIGSTOP)
try:
    while True:
        s.sendall(b'x' * 100000)
except OSError as e:
    assert e.errno == errno.ETIMEDOUT, e"
	kill -CONT "$(pid peer)"
	client 'timed out.*network'
	no_descriptors
	stop peer
}

# No descriptor is left for the engine; later there is one, and all is well.
no_descriptors() {
	within 30 "$run" run -c "$P" python3 -c "
import os, resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
s = socket.socket()
full = []
try:
    while True:
        full.append(os.dup(0))
except OSError:
    pass
try:
    s.connect(('127.0.0.1', $P))
except PermissionError:
    pass
else:
    raise SystemExit('it connected')
for fd in full:
    os.close(fd)
s.connect(('127.0.0.1', $P))
s.sendall(b'hello\n')
assert s.recv(100) == b'olleh\n'" 2>err
	# Nor is there one for the log.
	grep 'Too many open files.*LimitNOFILE=' err
	[ "$format" = text ] || grep '"reason":"system".*LimitNOFILE=' err
}

for name in $(reasons); do
	check "$name is documented" documented "$name"
	[ "$name" != none ] || continue
	check "$name, in text" provoked "$name" text
	check "$name, in JSON" provoked "$name" json
done
finish
