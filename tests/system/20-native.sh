#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 20-native: the shim at one end, a program's own TLS at the other.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

only() {
	[ -z "$1" ] ||
		export DICOMTLS_MIN_VERSION=$1 DICOMTLS_MAX_VERSION=$1
	[ -z "${2:-}" ] || export DICOMTLS_PROFILE=$2
}

# to_dcmtk VERSION SHIM-PROFILE VERSION-ON-WIRE [OPTION ...]: the shim's client
# against DCMTK's own TLS server.
to_dcmtk() {
	local wanted=$3
	pairing "storescp +tls ${*:4}" "storescu"
	need storescp storescu openssl
	only "$1" "$2"
	native_identity
	port P
	tls_on "$P"
	capture "$P"
	mkdir sent got
	image sent/1 256
	shift 3
	serve storescp "$P" storescp +tls "$T/native.key" "$T/native.crt" -ic \
		"$@" -od got "$P"
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	within 20 "${tls[@]}" storescu 127.0.0.1 "$P" sent/1
	quiet "$P"
	stop storescp
	same_images sent got
	wire --streams 2 --version "$wanted"
	spoke "A-ASSOCIATE-RQ to ANY-SCP from ECHOSCU" C-ECHO-RSP \
		"A-ASSOCIATE-RQ to ANY-SCP from STORESCU" C-STORE-RQ A-RELEASE-RP
}

# to_shim VERSION SHIM-PROFILE VERSION-ON-WIRE [OPTION ...]: DCMTK's own TLS
# client against the shim's server.
to_shim() {
	local wanted=$3
	pairing "storescp" "storescu +tla ${*:4}"
	need storescp storescu
	only "$1" "$2"
	port P
	tls_on "$P"
	capture "$P"
	mkdir sent got
	image sent/1 256
	shift 3
	serve storescp "$P" "${tls[@]}" storescp -od got "$P"
	within 20 echoscu +tla -ic "$@" 127.0.0.1 "$P"
	within 20 storescu +tla -ic "$@" 127.0.0.1 "$P" sent/1
	quiet "$P"
	stop storescp
	same_images sent got
	wire --streams 2 --version "$wanted"
	spoke "A-ASSOCIATE-RQ to ANY-SCP from ECHOSCU" C-ECHO-RSP \
		"A-ASSOCIATE-RQ to ANY-SCP from STORESCU" C-STORE-RQ A-RELEASE-RP
}

# A TLS client without DICOM sends the bytes of a C-ECHO and gets the answers.
tls_client() {
	local wanted=$1 profile=$2 program=$3
	pairing "storescp" "$program, $wanted"
	need storescp python3 "${program%% *}"
	only "${wanted#TLSv}" "$profile"
	port P
	tls_on "$P"
	capture "$P"
	serve storescp "$P" "${tls[@]}" storescp "$P"
	{
		python3 "$here/pdu.py" echo
		sleep 1
	} | "$program"_to "$P" "$wanted" >answer
	python3 "$here/pdu.py" show <answer >said
	diff - said <<-END
		A-ASSOCIATE-AC
		P-DATA-TF C-ECHO-RSP status 0000
		A-RELEASE-RP
	END
	quiet "$P"
	stop storescp
	wire --streams 1 --version "$wanted"
	spoke A-ASSOCIATE-RQ A-ASSOCIATE-AC C-ECHO-RSP A-RELEASE-RP
}

openssl_to() {
	local v=${2#TLSv}
	v=${v/./_}
	within 20 openssl s_client -quiet -no_ign_eof \
		-connect "127.0.0.1:$1" \
		"-tls${v%_0}" -cipher 'DEFAULT@SECLEVEL=0' 2>client.log
}

gnutls-cli_to() {
	local priority="NORMAL:-VERS-ALL:+VERS-${2/v/}"
	case $2 in
	TLSv1.0 | TLSv1.1) priority+=":+SIGN-RSA-SHA1:%VERIFY_ALLOW_SIGN_WITH_SHA1" ;;
	esac
	within 20 gnutls-cli --insecure --logfile=client.log \
		--priority "$priority" --port "$1" 127.0.0.1 2>>client.log
}

check "shim client, DCMTK's server" to_dcmtk "" "" TLSv1.3 +py
check "shim client, DCMTK's server, TLS 1.2" to_dcmtk 1.2 "" TLSv1.2 +py
check "shim client, DCMTK's server with +px" to_dcmtk "" "" TLSv1.3 +px
check "shim client, DCMTK's server with +pz" to_dcmtk "" "" TLSv1.2 +pz
check "shim client, DCMTK's server, TLS 1.1" to_dcmtk 1.1 legacy TLSv1.1 +pa
check "shim client, DCMTK's server, TLS 1.0" to_dcmtk 1.0 legacy TLSv1.0 +pa
check "DCMTK's client, shim server" to_shim "" "" TLSv1.3 +py
check "DCMTK's client, shim server, TLS 1.2" to_shim 1.2 "" TLSv1.2 +py
check "DCMTK's client with +px, shim server" to_shim "" "" TLSv1.3 +px
check "DCMTK's client with +pz, shim server" to_shim "" "" TLSv1.2 +pz
check "DCMTK's client, shim server, TLS 1.1" to_shim 1.1 legacy TLSv1.1 +pa
check "DCMTK's client, shim server, TLS 1.0" to_shim 1.0 legacy TLSv1.0 +pa
for v in 1.3 1.2; do
	check "openssl s_client, TLS $v" tls_client "TLSv$v" "" openssl
	check "gnutls-cli, TLS $v" tls_client "TLSv$v" "" gnutls-cli
done
for v in 1.1 1.0; do
	check "openssl s_client, TLS $v" tls_client "TLSv$v" legacy openssl
	check "gnutls-cli, TLS $v" tls_client "TLSv$v" legacy gnutls-cli
done
finish
