#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 44-policy-peers: every profile with GnuTLS, Python, Node and stunnel at the
# other end, each restricted to one version.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

profiles="bcp195 bcp195-modified bcp195-nd bcp195-extended bcp195-downgrade
	aes legacy null"
versions="1.0 1.1 1.2 1.3"

# These peers have all suites of their libraries, so the version decides.
takes() {
	case "$1 $2" in
	bcp195" 1."[23] | bcp195-modified" 1."[23] | bcp195-nd" 1."[23]) ;;
	bcp195-extended" 1.2" | bcp195-downgrade" 1."*) ;;
	aes" 1."[012] | legacy" 1."[012]) ;;
	*) return 1 ;;
	esac
}

peer_key() {
	need openssl
	[ -e "$T/peer.crt" ] ||
		openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/peer.key" \
			-out "$T/peer.crt" -subj /CN=peer -days 9 2>/dev/null
}

# Servers echo lines or answer something; clients end well after a handshake.

gnutls_priority() {
	local more=+SIGN-RSA-SHA1:+AES-128-CBC:+RSA
	echo "NORMAL:-VERS-ALL:+VERS-TLS$1:$more:%VERIFY_ALLOW_SIGN_WITH_SHA1"
}

gnutls_server() {
	need gnutls-serv
	serve peer "$P" gnutls-serv --echo --port "$P" --quiet \
		--x509certfile "$T/peer.crt" --x509keyfile "$T/peer.key" \
		--priority "$(gnutls_priority "$1")"
}

gnutls_client() {
	need gnutls-cli
	within 20 gnutls-cli --insecure --port "$P" \
		--priority "$(gnutls_priority "$1")" 127.0.0.1 </dev/null
}

python_tls() {
	need python3
	cat >tls.py <<-'END'
		import socket, ssl, sys
		role, port, version, cert = sys.argv[1:5]
		server = role == "server"
		ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server
		                     else ssl.PROTOCOL_TLS_CLIENT)
		ctx.check_hostname = False
		ctx.verify_mode = ssl.CERT_NONE
		ctx.set_ciphers("ALL:@SECLEVEL=0")
		v = getattr(ssl.TLSVersion, "TLSv" + version.replace(".", "_")
		            .replace("1_0", "1"))
		ctx.minimum_version = ctx.maximum_version = v
		if not server:
		    s = ctx.wrap_socket(socket.create_connection(
		        ("127.0.0.1", int(port))))
		    s.unwrap()
		    sys.exit()
		ctx.load_cert_chain(cert + ".crt", cert + ".key")
		listener = socket.create_server(("127.0.0.1", int(port)))
		while True:
		    c, _ = listener.accept()
		    try:
		        c = ctx.wrap_socket(c, server_side=True)
		        c.sendall(c.recv(100))
		    except (OSError, ssl.SSLError):
		        pass
		    c.close()
	END
}

python_server() {
	python_tls
	serve peer "$P" python3 -W ignore tls.py server "$P" "$1" "$T/peer"
}

python_client() {
	python_tls
	within 20 python3 -W ignore tls.py client "$P" "$1" -
}

node_tls() {
	need node
	cat >tls.js <<-'END'
		const [role, port, version, cert] = process.argv.slice(2);
		const tls = require("tls"), fs = require("fs");
		const v = "TLSv" + version.replace("1.0", "1");
		const options = { minVersion: v, maxVersion: v,
			ciphers: "ALL:@SECLEVEL=0", rejectUnauthorized: false };
		if (role === "client") {
			const s = tls.connect(port, "127.0.0.1", options, () => s.end());
			s.on("error", () => process.exit(1));
			s.resume();
		} else {
			options.cert = fs.readFileSync(cert + ".crt");
			options.key = fs.readFileSync(cert + ".key");
			const server = tls.createServer(options, s => {
				s.on("error", () => {});
				s.pipe(s);
			});
			server.on("tlsClientError", () => {});
			server.listen(port, "127.0.0.1");
		}
	END
}

node_server() {
	node_tls
	serve peer "$P" node tls.js server "$P" "$1" "$T/peer"
}

node_client() {
	node_tls
	within 20 node tls.js client "$P" "$1"
}

# stunnel in front of a plain echo: the usual way before us.
stunnel_server() {
	need stunnel python3
	port Q
	serve plain "$Q" python3 -c "
import socket
s = socket.create_server(('127.0.0.1', $Q))
while True:
    c, _ = s.accept()
    try:
        c.sendall(c.recv(100))
    except OSError:
        pass
    c.close()"
	cat >stunnel.conf <<-END
		foreground = yes
		pid =
		[peer]
		accept = 127.0.0.1:$P
		connect = 127.0.0.1:$Q
		cert = $T/peer.crt
		key = $T/peer.key
		sslVersion = TLSv1${1#1}
		ciphers = ALL:@SECLEVEL=0
		securityLevel = 0
	END
	sed -i 's/^sslVersion = TLSv1.0/sslVersion = TLSv1/' stunnel.conf
	serve peer "$P" stunnel stunnel.conf
}

greet() {
	within 20 "$run" run -c "$P" -l none -p "$1" -- bash -c "
		exec 3<>/dev/tcp/127.0.0.1/$P
		echo hello >&3
		read -r -t 10 answer <&3
		[ \"\$answer\" = hello ]"
}

result() {
	local wanted=no got=no
	takes "$1" "$2" && wanted=yes
	if "${@:3}" >peer-said.log 2>&1; then
		got=yes
	fi
	echo "$1 $2 $got" >>got
	echo "$1 $2 $wanted" >>wanted
}

our_client() {
	local version profile
	peer_key
	for version in $versions; do
		port P
		"$1"_server "$version"
		for profile in $profiles; do
			result "$profile" "$version" greet "$profile"
		done
		stop peer KILL
		[ ! -e plain.pid ] || stop plain
	done
	echo "$(grep -c yes got) of $(wc -l <got) connected"
	diff wanted got
}

our_server() {
	local version profile
	need storescp
	peer_key
	for profile in $profiles; do
		port P
		serve server "$P" "$run" run -l "$P" -p "$profile" -- \
			storescp "$P"
		for version in $versions; do
			result "$profile" "$version" "$1"_client "$version"
		done
		stop server
	done
	echo "$(grep -c yes got) of $(wc -l <got) connected"
	diff wanted got
}

for peer in gnutls python node stunnel; do
	check "our client, $peer as server" our_client $peer
done
for peer in gnutls python node; do
	check "our server, $peer as client" our_server $peer
done
finish
