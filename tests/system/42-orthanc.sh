#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 42-orthanc: Orthanc's server, many threads, with every client.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/programs.sh
. "$(dirname "$0")/programs.sh"

# streams PORT: what went over it in clear, as text.
streams() {
	python3 - "$here" c.pcapng "$1" <<-'END'
		import sys
		sys.dont_write_bytecode = True
		sys.path.insert(0, sys.argv[1])
		import pcapng
		for stream in pcapng.streams(sys.argv[2], {int(sys.argv[3])}):
		    for end in (stream.client, stream.server):
		        data, missing = stream.halves[end].join()
		        assert not missing, missing
		        sys.stdout.buffer.write(data)
	END
}

# One process, two ports: what is configured for TLS is TLS, also when a
# request on the other one makes Orthanc send; that one stays as it was.
http_stays_plain() {
	local at
	need storescu findscu
	port P P2
	tls_on "$P,$P2"
	mkdir sent got received
	image sent/1 160 1
	port server_http
	capture "$P" "$P2" "$server_http"
	orthanc server "$P" "$server_http" "$P2"
	serve store "$P2" "${tls[@]}" storescp -od received "$P2"
	at=http://127.0.0.1:$server_http
	within 30 "${tls[@]}" storescu 127.0.0.1 "$P" sent/1
	fetch_orthanc
	same_images sent got
	rest "$at/instances" | grep -oE '[0-9a-f-]{44}' >id
	rest -X POST -d "$(cat id)" "$at/modalities/peer/store" |
		grep '"FailedInstancesCount" : 0'
	rest -X POST -d "$PATIENT" "$at/tools/lookup" -o found
	quiet "$P"
	quiet "$P2"
	stop store
	stop server
	same_images sent received
	capture_end
	captured="$P $P2" wire --close both --keylog keys.log
	streams "$server_http" >clear
	grep -a "GET /instances HTTP/1.1" clear
	grep -a "POST /modalities/peer/store HTTP/1.1" clear
	grep -a "HTTP/1.1 200 OK" clear
	grep -a "$PATIENT" clear
	refused grep -E "(from|to) 127.0.0.1:$server_http " shim.log
}

all_clients orthanc
check "Orthanc's HTTP port stays plain" http_stays_plain
finish
