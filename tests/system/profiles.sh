# SPDX-License-Identifier: Apache-2.0
# profiles: what DICOM's profiles take, by PS3.15 Annex B and its RFCs, for the
# tests that pair each of them with a peer.  Sourced behind lib.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # for the tests; here is lib.sh's

profiles="bcp195 bcp195-modified bcp195-nd bcp195-extended bcp195-downgrade
	aes legacy null"

# takes PROFILE VERSION SUITE; legacy is our own.
takes() {
	case "$1 $2 $3" in
	"bcp195 1.2 ECDHE-"*SA-AES128-GCM-SHA256 | \
		"bcp195 1.2 ECDHE-"*SA-AES256-GCM-SHA384)
		;;
	"bcp195-modified 1.3 "* | "bcp195-modified 1.2 ECDHE-ECDSA-AES"*GCM* | \
		"bcp195-modified 1.2 ECDHE-"*CCM* | \
		"bcp195-modified 1.2 ECDHE-RSA-AES"*GCM* | \
		"bcp195-modified 1.2 ECDHE-"*CHACHA20*)
		;;
	"bcp195-nd 1.2 "*DHE-RSA-AES*-GCM-* | \
		"bcp195-downgrade 1.2 "*DHE-RSA-AES*-GCM-*)
		;;
	"bcp195-extended 1.2 "*DHE-*-AES*-GCM-*)
		;;
	"bcp195 1.3 "*GCM* | "bcp195 1.3 "*CHACHA20* | \
		"bcp195-nd 1.3 "*GCM* | "bcp195-nd 1.3 "*CHACHA20* | \
		"bcp195-downgrade 1.3 "*GCM* | "bcp195-downgrade 1.3 "*CHACHA20*)
		;;
	"bcp195-downgrade 1."[012]" AES128-SHA" | "aes 1."[012]" AES128-SHA")
		;;
	"legacy 1."[012]" NULL"*)
		return 1
		;;
	"legacy 1."[012]" "*)
		;;
	"null 1."[012]" NULL-SHA")
		;;
	*)
		return 1
		;;
	esac
}

# wants PROFILE VERSION KIND: whether a peer with this version alone and all
# suites can come together with it, a certificate with a key of this kind (rsa
# or ec) at the server.
wants() {
	local suite ec="ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA"
	local rsa="ECDHE-RSA-AES128-GCM-SHA256 AES128-SHA"
	case "$2 $3" in
	1.3*) takes "$1" 1.3 TLS_AES_128_GCM_SHA256 && return ;;
	"1.2 "*)
		for suite in ${!3}; do
			takes "$1" 1.2 "$suite" && return
		done
		;;
	*) takes "$1" "$2" "${!3##* }" && return ;;
	esac
	return 1
}

# seen: "VERSION SUITE" of each handshake on the wire, in their order.
seen() {
	[ ! -e dumpcap.pid ] || capture_end
	python3 "$here/wire.py" --port "${captured// /,}" --unfinished --null \
		c.pcapng >wire.out || { cat wire.out; return 1; }
	sed -n 's/^stream .* TLSv\(1\.[0-9]\)[.0-9]* \(.*\)$/\1 \2/p' wire.out
}
