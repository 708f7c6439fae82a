#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 70-fail-closed: broken settings and files.  The connection fails with a
# sentence, and not one byte leaves in plaintext.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# The launcher would refuse some of this before the program starts; here it is
# about the library.
tls_on() {
	tls=(env "LD_PRELOAD=$preload" "DICOMTLS_CONNECT=$1"
		"DICOMTLS_LISTEN=$1")
}
preload=$build/.libs/libdicomtls.so

# closed WORDS COMMAND ...: a client and a server under the shim fail, the log
# says WORDS, and the wire holds nothing but TLS, if anything.  COMMAND breaks
# the settings or the files, after they have been made whole.
closed() {
	local words=$1
	shift
	need storescp echoscu
	export DICOMTLS_DIR=$C/identity DICOMTLS_CLIENT_CERT=yes
	port P P2
	tls_on "$P"
	sound
	: >shim.log
	"$@"
	as_server "$words"
	as_client "$words"
}

# With everything whole it works, and the certificate is there.
sound() {
	serve good "$P" "${tls[@]}" storescp "$P"
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	stop good
}

# The program may refuse to start, for bind or listen fail, or refuse its
# clients; it may not answer one in plaintext.
as_server() {
	capture "$P"
	start server "${tls[@]}" storescp "$P"
	sleep 1
	refused within 20 echoscu 127.0.0.1 "$P"
	stop server
	wire --side server --unfinished --streams "$(opened)"
	logged "$1"
	: >shim.log
}

opened() {
	[ ! -e dumpcap.pid ] || capture_end
	tshark -r c.pcapng -Y 'tcp.flags.syn == 1 && tcp.flags.ack == 0' \
		2>/dev/null | wc -l
}

# A server without the shim that would understand plaintext.
as_client() {
	capture "$P2"
	start plain storescp -v "$P2"
	wait_listen "$P2" plain
	tls_on "$P2"
	refused within 20 "${tls[@]}" echoscu 127.0.0.1 "$P2"
	stop plain
	wire --side client --unfinished --streams "$(opened)"
	! grep -q 'Association Received' plain.log ||
		! grep -q 'Association Acknowledged' plain.log ||
		fail "the plain server was spoken to"
	logged "$1"
}

set_to() {
	export "$1=$2"
}

garbage() {
	printf 'no key at all\n' >identity/key.pem
}

# Root may read every file, but no folder.
unreadable() {
	rm identity/key.pem
	mkdir identity/key.pem
}

# The secret that the password is derived from is another host's.
another_host() {
	rm -f identity/host.secret identity/cert.p12
	head -c 32 /dev/urandom >identity/host.secret
	chmod 600 identity/host.secret
}

no_engine() {
	mkdir alone
	cp "$preload" alone/
	preload=$C/alone/libdicomtls.so
	tls_on "$P"
}

# A program asks connect() again how its attempt went, on a kernel that does not
# tell a TCP connection's state: it may not be taken for one that failed.
asked_again() {
	need cc python3 storescp
	cc -shared -fPIC -o blind.so "$here/blind.c"
	port P
	tls_on "$P"
	capture "$P"
	serve server "$P" "${tls[@]}" storescp "$P"
	within 20 env "LD_PRELOAD=$preload $C/blind.so" "DICOMTLS_CONNECT=$P" \
		python3 - "$P" <<-'END'
	import errno
	import socket
	import sys

	s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
	assert s.connect_ex(s.getpeername()) == errno.EISCONN
	s.sendall(b"the second connect() said that it is connected")
	try:
	    s.shutdown(socket.SHUT_WR)
	    s.recv(4096)
	except OSError:
	    pass        # that was no DICOM
	END
	stop server
	wire --streams 1 --unfinished
	logged "to 127.0.0.1:$P: TLSv1.3"
}

check "a number that is none" closed DICOMTLS_HANDSHAKE_TIMEOUT \
	set_to DICOMTLS_HANDSHAKE_TIMEOUT soon
check "an unknown profile" closed DICOMTLS_PROFILE \
	set_to DICOMTLS_PROFILE bcp159
check "a cipher list that OpenSSL has not" closed DICOMTLS_CIPHERS \
	set_to DICOMTLS_CIPHERS NO-SUCH-SUITE
check "a key file that holds no key" closed 'key.pem' garbage
check "a key file that cannot be read" closed 'key.pem' unreadable
check "a key made on another host" closed \
	'does not open .*key.pem|made on another host' another_host
check "a wrong password" closed password \
	set_to DICOMTLS_KEY_PASSWORD wrong
check "a password file that is not there" closed 'password file .* is missing' \
	set_to DICOMTLS_KEY_PASSWORD_FILE "$T/none"
check "a configuration file that is not there" closed DICOMTLS_CONFIG \
	set_to DICOMTLS_CONFIG "$T/none"
check "the engine library is missing" closed engine no_engine
check "connect() asked again, where TCP's state is not told" asked_again
finish
