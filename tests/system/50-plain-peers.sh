#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 50-plain-peers: one side speaks plain DICOM.  Both ends fail at once, with
# the sentence that tells why, and the server goes on.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# failed_in SECONDS COMMAND ...: it fails by itself within that time.
failed_in() {
	local start=$SECONDS limit=$1
	shift
	refused within 25 "$@"
	[ $((SECONDS - start)) -le "$limit" ] ||
		fail "it took $((SECONDS - start)) s to fail"
}

# A plain client on the TLS port.
plain_client() {
	local n
	need storescp echoscu "$1"
	port P
	tls_on "$P"
	capture "$P"
	image ct 64
	serve server "$P" "${tls[@]}" "${@:2}" "$P"
	case $1 in
	echoscu) failed_in 3 echoscu -aet MODALITY -aec PACS 127.0.0.1 "$P" ;;
	*) failed_in 3 "$1" -aet MODALITY -aec PACS 127.0.0.1 "$P" ct ;;
	esac
	logged 'MODALITY to PACS.* spoke plain DICOM on TLS port '"$P"
	# Neither the client's title nor anything else goes back in clear.
	wire --side server --unfinished --streams 1 --absent MODALITY
	capture "$P"
	for n in 1 2; do
		within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	done
	stop server
	wire --streams 2 --close both --keylog keys.log
}

# The shim's client against a server that knows no TLS.
plain_server() {
	need storescp "$1"
	port P
	tls_on "$P"
	capture "$P"
	image ct 64
	serve server "$P" "${@:2}" "$P"
	case $1 in
	echoscu) failed_in 3 "${tls[@]}" echoscu 127.0.0.1 "$P" ;;
	*) failed_in 3 "${tls[@]}" "$1" 127.0.0.1 "$P" ct ;;
	esac
	# DCMTK takes the first bytes for a PDU of type 16h and just resets.
	logged "127.0.0.1:$P reset .* may not speak TLS on that port"
	wire --side client --unfinished --streams 1
	within 20 echoscu 127.0.0.1 "$P"
	stop server
}

# The wrong port: what is there answers in plain text.
plain_answer() {
	need python3 echoscu
	port P
	tls_on "$P"
	capture "$P"
	serve server "$P" python3 -m http.server --bind 127.0.0.1 "$P"
	failed_in 3 "${tls[@]}" echoscu 127.0.0.1 "$P"
	logged "127.0.0.1:$P answered without TLS"
	stop server
	wire --side client --unfinished --streams 1
}

for server in storescp "storescp --fork"; do
	for client in echoscu storescu dcmsend; do
		# shellcheck disable=SC2086 # words are wanted
		check "plain $client, $server under the shim" \
			plain_client "$client" $server
		# shellcheck disable=SC2086
		check "$client under the shim, plain $server" \
			plain_server "$client" $server
	done
done
check "echoscu under the shim on a port that is not DICOM's" plain_answer
finish
