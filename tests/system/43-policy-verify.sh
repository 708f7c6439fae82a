#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 43-policy-verify: whom we trust: by CA, by pin, on first use; both roles.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/pki.sh
. "$(dirname "$0")/pki.sh"

certtool=$build/dicomtls-certtool

## Peers -------------------------------------------------------------------------

# server NAME [OPTION ...]: DCMTK's own TLS with that certificate, on $P.
server() {
	need storescp
	[ -n "${P:-}" ] || port P
	serve storescp "$P" storescp -d +tls "$1.key" "$1.pem" \
		"${@:2}" "$P"
}

# ours [SETTING ...]: our server on $P.
ours() {
	need storescp
	[ -n "${P:-}" ] || port P
	serve storescp "$P" env "$@" "$run" run -l "$P" -- storescp -d "$P"
}

# connect HOST [SETTING ...]: C-ECHO by our client.
connect() {
	log_anew
	within 20 env "${@:2}" "$run" run -c "$P" -- echoscu "$1" "$P" \
		>client.log 2>&1
}

# visit NAME: C-ECHO by DCMTK's own TLS, with that certificate or "none".
visit() {
	log_anew
	if [ "$1" = none ]; then
		within 20 echoscu +tla -ic 127.0.0.1 "$P"
	else
		within 20 echoscu +tls "$1.key" "$1.pem" -ic 127.0.0.1 "$P"
	fi >client.log 2>&1
}

log_anew() {
	: >shim.log
}

# soon PATTERN: a line of the log has it, at last: the server's comes when the
# client may have ended already.  The lines are in found.
soon() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		grep -E -- "$1" shim.log >found && return 0
		sleep 0.05
	done
	fail "the log does not say $1: $(cat shim.log)"
}

# reason NAME [WORDS]: a failure of this reason is in the log.
reason() {
	soon "\"event\":\"failure\".*\"reason\":\"$1\".*(${2:-})"
}

verified() {
	soon "\"event\":\"handshake\".*\"verified\":\"$1\""
}

json() {
	export DICOMTLS_LOG_FORMAT=json
	unset DICOMTLS_KEYLOG
}

## By CA --------------------------------------------------------------------------

servers_by_ca() {
	json
	issued good DNS:localhost,IP:127.0.0.1
	server good -ic
	export DICOMTLS_CONNECT_VERIFY=ca
	connect localhost DICOMTLS_CA="$T/ca/trust.pem"
	verified ca
	connect 127.0.0.1 DICOMTLS_CA="$T/ca/trust.pem"
	verified ca
	connect 127.0.0.1 DICOMTLS_NAME=localhost DICOMTLS_CA="$T/ca/trust.pem"
	mkdir folder
	cp "$T/ca/trust.pem" folder
	openssl rehash folder
	connect 127.0.0.1 DICOMTLS_CA="$C/folder"
	# The system's store does not know it.
	refused connect localhost
	reason untrusted 'DICOMTLS_CA'
	refused connect localhost DICOMTLS_NAME=pacs DICOMTLS_CA="$T/ca/trust.pem"
	reason name-mismatch
	refused connect localhost DICOMTLS_CA=/dev/null
	[ "$(grep -c 'Received Echo Request' storescp.log)" -eq 4 ]
	stop storescp
}

bad_servers_by_ca() {
	json
	export DICOMTLS_CONNECT_VERIFY=ca
	authority
	export DICOMTLS_CA=$T/ca/trust.pem
	issued other DNS:other.test
	issued old DNS:localhost -startdate 20200101000000Z \
		-enddate 20210101000000Z
	issued future DNS:localhost -startdate 20400101000000Z \
		-enddate 20450101000000Z
	self_signed own /CN=localhost -addext subjectAltName=DNS:localhost
	bad other name-mismatch
	bad old expired
	bad future not-yet-valid
	bad own untrusted
}

bad() {
	server "$1" -ic
	refused connect localhost
	reason "$2" "localhost|127.0.0.1:$P"
	! grep -q 'Received Association' storescp.log ||
		fail "$1: DICOM was sent"
	stop storescp
	connect_anyway "$1"
}

# The same with another setting is fine: it was the certificate.
connect_anyway() {
	server "$1" -ic
	connect localhost DICOMTLS_CONNECT_VERIFY=none
	stop storescp
}

revoked() {
	json
	export DICOMTLS_CONNECT_VERIFY=ca
	issued gone DNS:localhost
	issued stays DNS:localhost
	revoke gone
	export DICOMTLS_CA=$T/ca/trust.pem
	server gone -ic
	connect localhost
	refused connect localhost DICOMTLS_CRL="$C/crl.pem"
	reason revoked
	stop storescp
	server stays -ic
	connect localhost DICOMTLS_CRL="$C/crl.pem"
	verified ca
	stop storescp
}

weak_key() {
	json
	export DICOMTLS_CONNECT_VERIFY=ca
	bits=1024 issued weak DNS:localhost
	port P
	serve server "$P" openssl s_server -accept "$P" -rev -quiet \
		-cert weak.pem -key weak.key -cipher DEFAULT:@SECLEVEL=0
	refused connect localhost DICOMTLS_CA="$T/ca/trust.pem"
	reason weak
	stop server
}

clients_by_ca() {
	json
	issued good DNS:somebody
	self_signed own /CN=own
	issued old DNS:old -startdate 20200101000000Z -enddate 20210101000000Z
	ours DICOMTLS_LISTEN_VERIFY=ca DICOMTLS_CA="$T/ca/trust.pem"
	visit good
	verified ca
	refused visit none
	reason untrusted 'no certificate.*DICOMTLS_CLIENT_CERT'
	refused visit own
	reason untrusted
	refused visit old
	reason expired
	visit good
	[ "$(grep -c 'Received Echo Request' storescp.log)" -eq 2 ]
	stop storescp
}

## By pin -------------------------------------------------------------------------

by_pin() {
	json
	self_signed one /CN=one
	self_signed two /CN=two
	export DICOMTLS_VERIFY=pin
	server one -ic
	connect localhost DICOMTLS_PINS="$(spki two.pem),$(spki one.pem)"
	verified pin
	refused connect localhost DICOMTLS_PINS="$(spki two.pem)"
	reason pin-mismatch "$(spki one.pem)"
	refused connect localhost
	stop storescp
	ours DICOMTLS_PINS="$(spki one.pem)"
	visit one
	verified pin
	refused visit two
	reason pin-mismatch "$(spki two.pem)"
	refused visit none
	stop storescp
}

pins_of_the_trust_store() {
	json
	need "$certtool"
	self_signed one /CN=one
	self_signed two /CN=two
	export DICOMTLS_DIR=$C/id DICOMTLS_VERIFY=pin
	"$certtool" trust add '*' "$(spki one.pem)"
	server one -ic
	connect localhost
	verified pin
	stop storescp
	server two -ic
	refused connect localhost
	reason pin-mismatch "$(spki two.pem)"
	stop storescp
}

## On first use -------------------------------------------------------------------

on_first_use() {
	local command
	json
	need "$certtool"
	PATH=$build:$PATH
	self_signed one /CN=one
	self_signed two /CN=two
	export DICOMTLS_DIR=$C/id DICOMTLS_VERIFY=tofu
	server one -ic
	connect localhost
	verified tofu
	grep -q "sha256:$(spki one.pem)" id/known_peers
	connect localhost
	[ "$(grep -c "$(spki one.pem)" id/known_peers)" -eq 1 ]
	stop storescp
	server two -ic
	refused connect localhost
	reason pin-mismatch "$(spki one.pem)"
	reason pin-mismatch "$(spki two.pem)"
	! grep -q "$(spki two.pem)" id/known_peers || fail "it trusts it now"
	# shellcheck disable=SC2016 # the sentence has it in backquotes
	# The sentence has the command that accepts it.
	command=$(sed -n 's/.*`\(dicomtls-certtool trust [^`]*\)`.*/\1/p' found |
		head -1)
	echo "command: $command"
	[ -n "$command" ] || fail "no command in the sentence"
	eval "$command"
	connect localhost
	stop storescp
}

clients_on_first_use() {
	json
	self_signed one /CN=one
	self_signed two /CN=two
	export DICOMTLS_DIR=$C/id
	ours DICOMTLS_LISTEN_VERIFY=tofu
	visit one
	visit one
	refused visit two
	reason pin-mismatch
	refused visit none
	visit one
	stop storescp
}

## Mutual authentication ----------------------------------------------------------

# our_certificate KIND: with a key of that kind, in ours.pem.
our_certificate() {
	export DICOMTLS_DIR=$T/${1/:/-}
	[ -e "$DICOMTLS_DIR" ] || "$certtool" generate --key "$1"
	cp "$DICOMTLS_DIR/cert.pem" ours.pem
}

# DCMTK demands and checks a client's certificate.
mutual_dcmtk() {
	json
	need "$certtool"
	our_certificate "$1"
	self_signed peer /CN=peer -addext subjectAltName=DNS:localhost
	export DICOMTLS_VERIFY=ca DICOMTLS_CA=$C/peer.pem
	server peer -rc +cf ours.pem
	connect localhost DICOMTLS_CLIENT_CERT=yes
	verified ca
	refused connect localhost
	grep -qE '"reason":"(client-cert-wanted|reset|refused)"' shim.log
	grep -q DICOMTLS_CLIENT_CERT shim.log || fail "$(cat shim.log)"
	stop storescp
	ours
	visit peer
	verified ca
	refused visit none
	stop storescp
}

wants_certificate() {
	local version
	json
	self_signed peer /CN=peer
	for version in -tls1_2 -tls1_3; do
		port P
		serve server "$P" openssl s_server -accept "$P" -rev -quiet \
			-cert peer.pem -key peer.key -Verify 2 "$version"
		refused connect localhost
		grep -qE '"reason":"(client-cert-wanted|reset|refused)"' shim.log ||
			fail "$version: $(cat shim.log)"
		grep -qE 'DICOMTLS_CLIENT_CERT|certificate' shim.log
		stop server
	done
}

stunnel_for() {
	need stunnel
	printf 'foreground = yes\npid =\n%s\n' "$1" >stunnel.conf
	serve stunnel "$2" stunnel stunnel.conf
}

mutual_stunnel() {
	json
	need "$certtool" storescp
	our_certificate "$1"
	self_signed peer /CN=peer -addext subjectAltName=DNS:localhost
	port P Q
	serve plain "$Q" storescp "$Q"
	stunnel_for "[in]
		accept = 127.0.0.1:$P
		connect = 127.0.0.1:$Q
		cert = $C/peer.pem
		key = $C/peer.key
		verifyPeer = yes
		requireCert = yes
		CAfile = $C/ours.pem" "$P"
	export DICOMTLS_VERIFY=ca DICOMTLS_CA=$C/peer.pem
	connect localhost DICOMTLS_CLIENT_CERT=yes
	verified ca
	refused connect localhost
	stop stunnel
	stop plain
	port Q P
	ours
	stunnel_for "[out]
		client = yes
		accept = 127.0.0.1:$Q
		connect = 127.0.0.1:$P
		cert = $C/peer.pem
		key = $C/peer.key
		verifyPeer = yes
		CAfile = $C/ours.pem" "$Q"
	log_anew
	within 20 echoscu 127.0.0.1 "$Q"
	verified ca
	stop stunnel
	stop storescp
}

orthanc() {
	cat >orthanc.json <<-END
		{ "Name": "peer", "DicomAet": "PEER", "DicomPort": $1,
		  "HttpServerEnabled": false, "StorageDirectory": "$C/db",
		  "IndexDirectory": "$C/db", "DicomCheckCalledAet": false,
		  "DicomAlwaysAllowEcho": true, "DicomTlsEnabled": true,
		  "DicomTlsCertificate": "$C/peer.pem",
		  "DicomTlsPrivateKey": "$C/peer.key",
		  "DicomTlsTrustedCertificates": "$C/ours.pem",
		  "DicomTlsRemoteCertificateRequired": true }
	END
	serve orthanc "$1" Orthanc orthanc.json
}

mutual_orthanc() {
	json
	need Orthanc "$certtool"
	our_certificate "$1"
	self_signed peer /CN=peer -addext subjectAltName=DNS:localhost
	port P
	orthanc "$P"
	export DICOMTLS_VERIFY=ca DICOMTLS_CA=$C/peer.pem
	connect localhost DICOMTLS_CLIENT_CERT=yes
	verified ca
	refused connect localhost
	grep -qE 'DICOMTLS_CLIENT_CERT|certificate' shim.log
	stop orthanc
}

check "servers by CA: chain, name, address, folder" servers_by_ca
check "servers with the wrong certificate" bad_servers_by_ca
check "revoked certificates" revoked
check "a key that is too small" weak_key
check "clients by CA" clients_by_ca
check "by pin, both roles" by_pin
check "pins in the trust store" pins_of_the_trust_store
check "on first use, and a change of keys" on_first_use
check "clients on first use" clients_on_first_use
check "a server that wants our certificate" wants_certificate
for key in rsa:2048 ec:P-256; do
	check "mutual authentication with DCMTK, $key" mutual_dcmtk $key
	check "mutual authentication with stunnel, $key" mutual_stunnel $key
	check "mutual authentication with Orthanc, $key" mutual_orthanc $key
done
finish
