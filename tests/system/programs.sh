# SPDX-License-Identifier: Apache-2.0
# programs: DICOM programs of every kind, as servers and as clients, for the
# tests that pair them.  Sourced behind lib.sh.
#
# GDCM's gdcmscu is not among them: Debian's aborts when it releases an
# association, over plain TCP as well.
# shellcheck shell=bash
# shellcheck disable=SC2154 # tls, P and so on are the tests'
#
# A server is a function serve_NAME: it starts the program under the shim on
# port $P and puts what it receives into got/ (or `fetch_NAME` does, at the
# end).  A client is a function client_NAME: C-ECHO and C-STORE of the files in
# sent/ to port $P, under the shim.

export NODE_PATH=$build/node/node_modules
pixelmed=/usr/share/java/pixelmed.jar

## Servers ----------------------------------------------------------------------

serve_storescp() {
	need storescp
	serve server "$P" "${tls[@]}" storescp -od got "$@" "$P"
}

serve_storescp_fork() {
	serve_storescp --fork
}

serve_dcmrecv() {
	local profiles=/etc/dcmtk/storescp.cfg
	need dcmrecv "$profiles"
	serve server "$P" "${tls[@]}" dcmrecv -xf "$profiles" Default \
		-od got "$P"
}

serve_dcmqrscp() {
	need dcmqrscp
	printf '%s\n' "NetworkTCPPort = $P" "MaxPDUSize = 16384" \
		"MaxAssociations = 16" "HostTable BEGIN" "HostTable END" \
		"VendorTable BEGIN" "VendorTable END" "AETable BEGIN" \
		"ANY-SCP $C/got RW (200, 1024mb) ANY" "AETable END" >qr.cfg
	serve server "$P" "${tls[@]}" dcmqrscp -c qr.cfg
}

fetch_dcmqrscp() {
	rm -f got/index.dat got/lockfile
}

serve_simple_storage() {
	need simple_storage
	serve server "$P" "${tls[@]}" simple_storage -s -x got "$@" "$P"
}

serve_simple_storage_fork() {
	serve_simple_storage -f
}

# CTN writes the data set alone, in folders of its own.
fetch_simple_storage() {
	local f
	find got -type f >stored
	while read -r f; do
		dcmconv -q "$f" "${f##*/}.part10"
		rm "$f"
	done <stored
	rm -rf got/*
	mv ./*.part10 got/
}

fetch_simple_storage_fork() {
	fetch_simple_storage
}

serve_pixelmed() {
	need java "$pixelmed"
	serve server "$P" "${tls[@]}" java -Xmx256m -cp "$pixelmed" \
		com.pixelmed.network.StorageSOPClassSCPDispatcher \
		"$P" ANY-SCP got
}

serve_node() {
	need node "$NODE_PATH/dcmjs-dimse"
	serve server "$P" "${tls[@]}" node "$here/node/scp.js" "$P" got
}

# orthanc NAME DICOM-PORT [HTTP-PORT [PEER-PORT]]: its HTTP port, which stays
# plain, in $NAME_http; to the peer it sends.
orthanc() {
	local name=$1 number=$2 http=${3:-}
	need Orthanc curl
	[ -n "$http" ] || port http
	printf -v "${name}_http" %d "$http"
	cat >"$name.json" <<-END
		{ "Name": "$name", "StorageDirectory": "$C/$name.db",
		"IndexDirectory": "$C/$name.db", "Plugins": [],
		"HttpPort": $http, "RemoteAccessAllowed": false,
		"AuthenticationEnabled": false, "HttpServerEnabled": true,
		"DicomPort": $number, "DicomAet": "ANY-SCP",
		"DicomCheckCalledAet": false, "DicomAlwaysAllowStore": true,
		"DicomAlwaysAllowEcho": true, "ConcurrentJobs": 1,
		"DicomModalities": { "peer":
		[ "ANY-SCP", "127.0.0.1", ${4:-$P} ] } }
	END
	serve "$name" "$number" "${tls[@]}" Orthanc "$name.json"
	wait_listen "$http" "$name"
}

rest() {
	within 30 curl -sSf --noproxy '*' "$@"
}

serve_orthanc() {
	orthanc server "$P"
}

fetch_orthanc() {
	local id
	for id in $(rest "http://127.0.0.1:$server_http/instances" |
		grep -oE '[0-9a-f-]{44}'); do
		rest -o "got/$id" \
			"http://127.0.0.1:$server_http/instances/$id/file"
	done
}

## Clients ----------------------------------------------------------------------

client_storescu() {
	need storescu echoscu
	within 30 "${tls[@]}" echoscu 127.0.0.1 "$P"
	within 30 "${tls[@]}" storescu 127.0.0.1 "$P" sent/*
}

client_dcmsend() {
	need dcmsend
	within 30 "${tls[@]}" dcmsend 127.0.0.1 "$P" sent/*
}

client_ctn() {
	need send_image dicom_echo
	within 30 "${tls[@]}" dicom_echo -c ANY-SCP 127.0.0.1 "$P"
	within 30 "${tls[@]}" send_image -q -r -X 1.2.840.10008.1.2.1 \
		-c ANY-SCP 127.0.0.1 "$P" sent/*
}

client_odil() {
	need odil
	within 30 "${tls[@]}" odil echo 127.0.0.1 "$P" ODIL ANY-SCP
	within 30 "${tls[@]}" odil store 127.0.0.1 "$P" ODIL ANY-SCP sent/*
}

client_pixelmed() {
	local f java=(java -Xmx256m -cp "$pixelmed")
	need java "$pixelmed"
	within 30 "${tls[@]}" "${java[@]}" \
		com.pixelmed.network.VerificationSOPClassSCU \
		127.0.0.1 "$P" ANY-SCP PIXELMED NONSECURE
	for f in sent/*; do
		within 30 "${tls[@]}" "${java[@]}" \
			com.pixelmed.network.StorageSOPClassSCU \
			127.0.0.1 "$P" ANY-SCP PIXELMED "$f" 0
	done
}

client_node() {
	need node "$NODE_PATH/dcmjs-dimse"
	within 30 "${tls[@]}" node "$here/node/scu.js" "$P" ANY-SCP sent/*
}

client_orthanc() {
	local f own
	port own
	orthanc client "$own"
	for f in sent/*; do
		rest -X POST --data-binary "@$f" -o id \
			"http://127.0.0.1:$client_http/instances"
		grep -oE '"ID" : "[0-9a-f-]+"' id | cut -d: -f2 >>ids
	done
	rest -X POST -d '{}' "http://127.0.0.1:$client_http/modalities/peer/echo"
	rest -X POST -d "[$(paste -sd , ids)]" -o stored \
		"http://127.0.0.1:$client_http/modalities/peer/store"
	grep -E '"FailedInstancesCount" : 0' stored
	stop client
}

## Pairs --------------------------------------------------------------------------

# pair SERVER CLIENT: two images over TLS, each byte checked.
pair() {
	local server=$1 client=$2
	pairing "${server/_fork/ --fork}" "$client"
	port P
	tls_on "$P"
	mkdir sent got
	image sent/1 160 1
	blob sent/2 1000 2
	capture "$P"
	"serve_$server"
	"client_$client"
	quiet "$P"
	if declare -F "fetch_$server" >/dev/null; then
		"fetch_$server"
	fi
	stop server
	same_images sent got
	wire --brief
	# Behind CTN's empty last fragment tshark takes C-STORE-RSP for data.
	spoke A-ASSOCIATE-RQ A-ASSOCIATE-AC C-STORE-RQ A-RELEASE-RQ \
		A-RELEASE-RP
}

clients="storescu dcmsend ctn odil pixelmed orthanc node"

# all_clients SERVER ...: each with every client.
all_clients() {
	local server client
	for server; do
		for client in $clients; do
			check "${server/_fork/ --fork} and $client" \
				pair "$server" "$client"
		done
	done
}
