# SPDX-License-Identifier: Apache-2.0
# events: what the log says, and peers that give it something to say.  Sourced
# behind lib.sh and pki.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154 # here and so on are lib.sh's

json() {
	need python3
	export DICOMTLS_LOG_FORMAT=json
	unset DICOMTLS_KEYLOG
}

# event EVENT [KEY=PATTERN ...]: it is in the log, at last: the server's line
# comes when the client may have ended already.
event() {
	local tries
	for ((tries = 0; tries < 30; tries++)); do
		python3 "$here/events.py" shim.log "$@" 2>events.err && return 0
		sleep 0.1
	done
	cat events.err
	return 1
}

# sentence PATTERN: the same for a log in text.
sentence() {
	local tries
	for ((tries = 0; tries < 30; tries++)); do
		grep -E -- "$1" shim.log && return 0
		sleep 0.1
	done
	fail "the log does not say $1: $(cat shim.log)"
}

# tls_peer SCRIPT: a server in Python; its variable s is a TLS connection.
# Tabs are left out, four blanks are its own.
tls_peer() {
	[ -e peer.key ] || self_signed peer /CN=peer
	cat >peer.py <<-END
		import socket, ssl, struct, sys, time
		ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		ctx.load_cert_chain("peer.pem", "peer.key")
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

# echo_to [OPTION ...]: C-ECHO under the shim to port $P of "localhost".
echo_to() {
	need echoscu
	within 30 "$run" run -c "$P" -l none "$@" -- echoscu -aet MODALITY \
		-aec PACS localhost "$P"
}
