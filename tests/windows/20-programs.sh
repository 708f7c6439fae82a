#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 20-programs: unmodified programs for Windows under the DLL: DCMTK and Node,
# against Debian's DCMTK with TLS of its own and against the Linux shim.
# shellcheck source=tests/windows/lib.sh
. "$(dirname "$0")/lib.sh"

export NODE_PATH="Z:$cache/node/node_modules"

images() {
	need "$1"
	certificates
	port P
	win_on "$P"
	tls_on "$P"
	capture "$P"
	mkdir sent got
	image sent/1 64 1
	image sent/2 2048 2	# 8 MB
}

# What a client under the DLL sent, over how many connections.
arrived() {
	quiet "$P"
	same_images sent got
	wire --streams "$1" --version TLSv1.3
	spoke A-ASSOCIATE-RQ C-ECHO-RQ C-ECHO-RSP C-STORE-RQ A-RELEASE-RQ
}

win_dcmtk_client() {
	within 60 "${wtls[@]}" "$bin/echoscu.exe" 127.0.0.1 "$P"
	within 120 "${wtls[@]}" "$bin/storescu.exe" 127.0.0.1 "$P" sent/1 sent/2
}

win_node_client() {
	within 120 "${wtls[@]}" "$bin/node.exe" "$src/tests/system/node/scu.js" \
		"$P" ANY-SCP sent/1 sent/2
}

native_server() {
	need storescp
	serve storescp "$P" storescp +tls "$T/peer/key.pem" \
		"$T/peer/cert.pem" +cf "$T/peer/trust.pem" -rc -od got "$P"
}

shim_server() {
	need storescp
	serve storescp "$P" "${tls[@]}" storescp -od got "$P"
}

# client WHICH STREAMS SERVER PROGRAM
client() {
	images "$4"
	"$3"
	"win_$1_client"
	arrived "$2"
	stop storescp
}

win_dcmtk_server() {
	serve server "$P" "${wtls[@]}" "$bin/storescp.exe" -od got "$P"
}

win_node_server() {
	serve server "$P" "${wtls[@]}" "$bin/node.exe" \
		"$src/tests/system/node/scp.js" "$P" got
}

native_client() {
	need storescu echoscu
	within 60 echoscu +tla -ic 127.0.0.1 "$P"
	within 120 storescu +tla -ic 127.0.0.1 "$P" sent/1 sent/2
}

# With a certificate of its own, which the DLL demands.
native_mutual_client() {
	need storescu echoscu
	within 60 echoscu +tls "$T/peer/key.pem" "$T/peer/cert.pem" -ic \
		127.0.0.1 "$P"
	within 120 storescu +tls "$T/peer/key.pem" "$T/peer/cert.pem" -ic \
		127.0.0.1 "$P" sent/1 sent/2
}

shim_client() {
	need storescu echoscu
	within 60 "${tls[@]}" echoscu 127.0.0.1 "$P"
	within 120 "${tls[@]}" storescu 127.0.0.1 "$P" sent/1 sent/2
}

# server WHICH CLIENT PROGRAM
server() {
	images "$3"
	"win_$1_server"
	"$2"
	arrived 2
	stop server
}

check "echoscu.exe, storescu.exe to storescp +tls" \
	client dcmtk 2 native_server "$bin/storescu.exe"
check "echoscu.exe, storescu.exe to storescp under the shim on Linux" \
	client dcmtk 2 shim_server "$bin/storescu.exe"
check "storescu +tla to storescp.exe" \
	server dcmtk native_client "$bin/storescp.exe"
check "storescu under the shim on Linux to storescp.exe" \
	server dcmtk shim_client "$bin/storescp.exe"
# mutual WHICH PROGRAM: both ends show certificates that the other trusts; a
# client that has none is turned away.
mutual() {
	images "$2"
	export DICOMTLS_LISTEN_VERIFY=ca "DICOMTLS_CA=Z:$T/peer/cert.pem"
	"win_$1_server"
	native_mutual_client
	refused within 60 echoscu +tla -ic 127.0.0.1 "$P"
	quiet "$P"
	same_images sent got
	wire --streams 3 --version TLSv1.3
	stop server
}

# Both ends on Windows.
both_ends() {
	images "$bin/storescp.exe"
	win_dcmtk_server
	win_dcmtk_client
	arrived 2
	stop server
}

check "storescu +tls to storescp.exe, which demands it" \
	mutual dcmtk "$bin/storescp.exe"
check "echoscu.exe, storescu.exe to storescp.exe" both_ends
check "Node to storescp +tls" client node 1 native_server "$bin/node.exe"
check "Node to storescp under the shim on Linux" \
	client node 1 shim_server "$bin/node.exe"
check "storescu +tla to Node" server node native_client "$bin/node.exe"
check "storescu under the shim on Linux to Node" \
	server node shim_client "$bin/node.exe"
finish
