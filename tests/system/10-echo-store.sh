#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 10-echo-store: both ends under the shim, C-ECHO and C-STORE of every size.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# A server under the shim on a port of its own, recorded.
storage() {
	need storescp storescu echoscu
	port P
	tls_on "$P"
	capture "$P"
	mkdir got
	serve storescp "$P" "${tls[@]}" storescp -od got "$@" "$P"
}

echoes() {
	pairing "storescp" "echoscu"
	storage
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	within 20 "${tls[@]}" echoscu --repeat 3 localhost "$P"
	quiet "$P"
	stop storescp
	wire --streams 2 --version TLSv1.3 --close both --keylog keys.log
	spoke "A-ASSOCIATE-RQ to ANY-SCP from ECHOSCU" A-ASSOCIATE-AC C-ECHO-RQ \
		"C-ECHO-RSP status Success" A-RELEASE-RQ \
		A-RELEASE-RP "C-ECHO-RSP status Success"
	logged 'TLSv1.3.*TLS_AES'
}

versions() {
	pairing "storescp" "echoscu (TLS $1)"
	export DICOMTLS_MIN_VERSION=$1 DICOMTLS_MAX_VERSION=$1
	[ $# -lt 2 ] || export DICOMTLS_PROFILE=$2
	storage
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	quiet "$P"
	stop storescp
	wire --streams 1 --version "TLSv$1" --close both --keylog keys.log
	spoke A-ASSOCIATE-RQ C-ECHO-RQ C-ECHO-RSP A-RELEASE-RP
}

sizes() {
	local n=0 size
	pairing "storescp" "storescu"
	storage
	mkdir sent
	for size in "$@"; do
		n=$((n + 1))
		blob "sent/$n" "$size" "$n"
		within 60 "${tls[@]}" storescu 127.0.0.1 "$P" "sent/$n"
	done
	quiet "$P"
	stop storescp
	same_images sent got
	wire --brief --streams $n --close both --keylog keys.log
	# tshark loses the thread of so long a direction at times: the answer is
	# storescu's to see there (it exits with 0), and the images are compared.
	if [ -n "${long:-}" ]; then
		spoke "A-ASSOCIATE-RQ to ANY-SCP from STORESCU" C-STORE-RQ
		return
	fi
	spoke "A-ASSOCIATE-RQ to ANY-SCP from STORESCU" C-STORE-RQ \
		"C-STORE-RSP status Success" A-RELEASE-RQ \
		A-RELEASE-RP
}

# 200 images, one association: what a modality does.
many() {
	pairing "storescp${1:+ $1}" "storescu, 200 images"
	buffer=256
	# shellcheck disable=SC2086 # none, or one option
	storage $1
	series sent 200 128
	within 100 "${tls[@]}" storescu +sd 127.0.0.1 "$P" sent
	quiet "$P"
	stop storescp
	same_images sent got
	wire --brief --streams 1 --close both --keylog keys.log
	spoke "A-ASSOCIATE-RQ to ANY-SCP from STORESCU" "C-STORE-RSP status Success" \
		"C-STORE-RSP status Success" A-RELEASE-RP
}

check "C-ECHO, TLS 1.3 by default" echoes
check "C-ECHO, TLS 1.2" versions 1.2
check "C-ECHO, TLS 1.1" versions 1.1 legacy
check "C-ECHO, TLS 1.0" versions 1.0 legacy
check "C-STORE of 1 byte to 1 KiB of pixel data" sizes 1 2 100 1024
check "C-STORE round the sizes of a PDU and of a record" \
	sizes 15900 16100 16300 16384 16400 32700
check "C-STORE of 1 MiB" sizes 1048576
buffer=256 long=1 check "C-STORE of 64 MiB" sizes 67108864
check "C-STORE of 200 images in one association" many ""
check "the same, with a forking server" many --fork
finish
