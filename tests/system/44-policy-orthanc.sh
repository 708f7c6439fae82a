#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 44-policy-orthanc: Orthanc's own TLS at the other end, in both roles, with
# every profile.  It has what OpenSSL has at level 2 and TLS 1.2 or newer, so
# only "null" may find nothing.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/pki.sh
. "$(dirname "$0")/pki.sh"
# shellcheck source=tests/system/profiles.sh
. "$(dirname "$0")/profiles.sh"

certtool=$build/dicomtls-certtool

# The newest version that both have.  For TLS 1.2 Orthanc has no suite with
# ECDSA.
wanted() {
	local version versions="1.3 1.2"
	[ "$kind" = rsa ] || versions=1.3
	for version in $versions; do
		wants "$1" "$version" "$kind" && echo "$version" && return
	done
	echo no
}

# orthanc MODALITY ...: on $P, HTTP on $H; it wants a certificate of its
# clients and knows ours.
orthanc() {
	need Orthanc curl
	port H
	self_signed peer /CN=peer -addext subjectAltName=DNS:localhost
	[ "$kind" = rsa ] || elliptic peer /CN=peer
	cat >orthanc.json <<-END
		{ "Name": "peer", "DicomAet": "PEER", "DicomPort": $P,
		  "HttpPort": $H, "RemoteAccessAllowed": false,
		  "AuthenticationEnabled": false, "Plugins": [],
		  "StorageDirectory": "$C/db", "IndexDirectory": "$C/db",
		  "DicomCheckCalledAet": false, "DicomAlwaysAllowEcho": true,
		  "DicomTlsEnabled": true,
		  "DicomTlsCertificate": "$C/peer.pem",
		  "DicomTlsPrivateKey": "$C/peer.key",
		  "DicomTlsTrustedCertificates": "$DICOMTLS_DIR/cert.pem",
		  "DicomTlsRemoteCertificateRequired": true,
		  "DicomModalities": { ${1:-} } }
	END
	serve orthanc "$P" Orthanc orthanc.json
	wait_listen "$H" orthanc
}

ours() {
	need "$certtool"
	export DICOMTLS_DIR=$T/id-$kind
	case $kind in
	ec) [ -e "$DICOMTLS_DIR" ] || "$certtool" generate --key ec:P-256 ;;
	rsa) [ -e "$DICOMTLS_DIR" ] || "$certtool" generate ;;
	esac
}

# note PROFILE COMMAND ...: whether it went well, and should have.
note() {
	echo "$1 $(wanted "$1")" >>wanted
	if "${@:2}" >"$1.log" 2>&1; then
		echo "$1 yes" >>got
	else
		echo "$1 no" >>got
	fi
}

# The wire has the versions that are wanted, with suites of the profile.
compare() {
	local profile version suite
	diff <(sed 's/ 1\..*/ yes/' wanted) got
	seen >hellos
	paste -d ' ' <(grep -v ' no$' wanted) hellos |
	while read -r profile version suite; do
		set -- $suite
		[ "$version" = "$1" ] && takes "$profile" "$1" "$2" ||
			fail "$profile, $version wanted: $*"
	done
}

as_server() {
	local profile kind=$1
	need echoscu
	ours
	port P
	orthanc
	capture "$P"
	for profile in $profiles; do
		note "$profile" within 20 "$run" run -c "$P" -p "$profile" \
			--client-cert yes -- echoscu localhost "$P"
	done
	stop orthanc
	compare
}

# The same port, with one profile after the other; the certificate that Orthanc
# demands of its server is ours, and ours demands Orthanc's.
as_client() {
	local profile kind=$1 url
	need storescp
	ours
	port P Q
	orthanc "\"ours\": { \"AET\": \"OURS\", \"Host\": \"127.0.0.1\",
		\"Port\": $Q, \"UseDicomTls\": true }"
	capture "$Q"
	url=http://127.0.0.1:$H/modalities/ours/echo
	for profile in $profiles; do
		serve ours "$Q" "$run" run -l "$Q" -p "$profile" \
			--verify pin --pins "$(spki peer.pem)" -- storescp "$Q"
		note "$profile" within 30 curl -sSf --noproxy '*' \
			-X POST -d '{}' "$url"
		stop ours
	done
	stop orthanc
	compare
}

for key in rsa ec; do
	check "our client, Orthanc as server, $key" as_server $key
	check "our server, Orthanc as client, $key" as_client $key
done
finish
