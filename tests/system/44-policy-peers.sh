#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 44-policy-peers: every profile with GnuTLS, Python, Node and stunnel at the
# other end, each restricted to one version; our certificate with an RSA and
# with a P-256 key.  Version and suite are read from the wire.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/pki.sh
. "$(dirname "$0")/pki.sh"
# shellcheck source=tests/system/profiles.sh
. "$(dirname "$0")/profiles.sh"

certtool=$build/dicomtls-certtool
versions="1.0 1.1 1.2 1.3"

peer_keys() {
	(
		cd "$T"
		[ -e rsa.pem ] || self_signed rsa /CN=peer
		[ -e ec.pem ] || elliptic ec /CN=peer
	)
}

# Servers echo lines or answer something; clients end well after a handshake.

gnutls_priority() {
	local more=+SIGN-RSA-SHA1:+AES-128-CBC:+RSA
	echo "NORMAL:-VERS-ALL:+VERS-TLS$1:$more:%VERIFY_ALLOW_SIGN_WITH_SHA1"
}

gnutls_server() {
	need gnutls-serv
	serve peer "$P" gnutls-serv --echo --port "$P" --quiet \
		--x509certfile "$T/$kind.pem" --x509keyfile "$T/$kind.key" \
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
		ctx.load_cert_chain(cert + ".pem", cert + ".key")
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
	serve peer "$P" python3 -W ignore tls.py server "$P" "$1" "$T/$kind"
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
			options.cert = fs.readFileSync(cert + ".pem");
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
	serve peer "$P" node tls.js server "$P" "$1" "$T/$kind"
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
		cert = $T/$kind.pem
		key = $T/$kind.key
		sslVersion = TLSv1${1#1}
		ciphers = ALL:@SECLEVEL=0
		securityLevel = 0
	END
	sed -i 's/^sslVersion = TLSv1.0/sslVersion = TLSv1/' stunnel.conf
	serve peer "$P" stunnel stunnel.conf
}

# stunnel in front of a plain client: all four versions at once, each with a
# port of its own that leads to $P.
stunnel_ways() {
	local version name
	need stunnel
	port S10 S11 S12 S13
	printf '%s\n' 'foreground = yes' 'pid =' 'client = yes' >ways.conf
	for version in $versions; do
		name=S${version/./}
		cat >>ways.conf <<-END
			[$version]
			accept = 127.0.0.1:${!name}
			connect = 127.0.0.1:$P
			sslVersion = TLSv$version
			ciphers = ALL:@SECLEVEL=0
			securityLevel = 0
		END
	done
	sed -i 's/TLSv1\.0$/TLSv1/' ways.conf
	serve ways "$S13" stunnel ways.conf
}

stunnel_client() {
	local way=S${1/./}
	[ -e ways.conf ] || stunnel_ways
	within 20 echoscu 127.0.0.1 "${!way}"
}

greet() {
	within 20 "$run" run -c "$P" -l none -p "$1" -- bash -c "
		exec 3<>/dev/tcp/127.0.0.1/$P
		echo hello >&3
		read -r -t 10 answer <&3
		[ \"\$answer\" = hello ]"
}

# result PROFILE VERSION COMMAND ...: notes what came and what should.
result() {
	local wanted=no got=no
	wants "$1" "$2" "$kind" && wanted=yes
	if "${@:3}" >peer-said.log 2>&1; then
		got=yes
	fi
	echo "$1 $2 $got" >>got
	echo "$1 $2 $wanted" >>wanted
}

# Each handshake on the wire is one that is wanted, in version and suite.
compare() {
	local profile version suite
	echo "$(grep -c yes got) of $(wc -l <got) connected"
	diff wanted got
	seen >hellos
	sed -n 's/ yes$//p' wanted | paste -d ' ' - hellos |
	while read -r profile version suite; do
		set -- $suite
		[ "$version" = "$1" ] && takes "$profile" "$1" "$2" ||
			fail "$profile with $version agreed on $*"
	done
	[ "$(wc -l <hellos)" -eq "$(grep -c yes wanted)" ]
}

our_client() {
	local version profile kind=$2
	peer_keys
	port P
	capture "$P"
	for version in $versions; do
		"$1"_server "$version"
		for profile in $profiles; do
			result "$profile" "$version" greet "$profile"
		done
		stop peer KILL
		[ ! -e plain.pid ] || stop plain
	done
	compare
}

our_server() {
	local version profile kind=$2
	need storescp "$certtool"
	export DICOMTLS_DIR=$T/$kind
	[ "$kind" = rsa ] || [ -e "$T/ec/cert.pem" ] ||
		"$certtool" generate --key ec:P-256
	port P
	capture "$P"
	for profile in $profiles; do
		serve server "$P" "$run" run -l "$P" -p "$profile" -- \
			storescp "$P"
		for version in $versions; do
			result "$profile" "$version" "$1"_client "$version"
		done
		stop server
	done
	compare
}

for peer in gnutls python node stunnel; do
	for key in rsa ec; do
		check "our client, $peer as server, $key" our_client $peer $key
		check "our server, $peer as client, $key" our_server $peer $key
	done
done
finish
