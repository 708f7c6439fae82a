#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 30-forks: servers that fork, straight after accept (storescp --fork) and
# after the association's answer (dcmqrscp).
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# eight PROGRAM ...: eight clients at once, each with images of its own.
eight() {
	local n
	pairing "storescp --fork" "$1, 8 at once"
	need storescp "$1"
	port P
	tls_on "$P"
	capture "$P"
	mkdir sent got
	for n in 1 2 3 4 5 6 7 8; do
		mkdir "out$n"
		image "out$n/a" 128 "${n}1"
		image "out$n/b" 128 "${n}2"
		cp "out$n/a" "sent/${n}a"
		cp "out$n/b" "sent/${n}b"
	done
	serve storescp "$P" "${tls[@]}" storescp --fork -od got "$P"
	for n in 1 2 3 4 5 6 7 8; do
		start "client$n" timeout 40 "${tls[@]}" "$@" 127.0.0.1 "$P" \
			"out$n/a" "out$n/b"
	done
	for n in 1 2 3 4 5 6 7 8; do
		ended "client$n"
	done
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	quiet "$P"
	stop storescp
	same_images sent got
	wire --brief --streams 9 --close both --keylog keys.log
	spoke A-ASSOCIATE-RQ C-STORE-RQ C-STORE-RSP A-RELEASE-RP
}

# An archive under the shim on $P with three images, and $P2 for what it sends.
# (DCMTK 3.6.7's dcmqrscp --single-process crashes, over plaintext too.)
archive() {
	need dcmqrscp storescu "$@"
	port P P2
	tls_on "$P,$P2"
	mkdir db sent got
	cat >qr.cfg <<-END
		NetworkTCPPort = $P
		MaxPDUSize = 16384
		MaxAssociations = 16
		HostTable BEGIN
		mover = (MOVER, localhost, $P2)
		HostTable END
		VendorTable BEGIN
		VendorTable END
		AETable BEGIN
		ARCHIVE $C/db RW (200, 1024mb) ANY
		AETable END
	END
	series sent 3 96
	capture "$P" "$P2"
	serve dcmqrscp "$P" "${tls[@]}" dcmqrscp -c qr.cfg
	to=(-aec ARCHIVE 127.0.0.1 "$P")
	within 30 "${tls[@]}" storescu "${to[@]}" sent/*
}

keys=(-k QueryRetrieveLevel=STUDY -k "StudyInstanceUID=$ROOT.1"
	-k PatientID=SYN-1)

archived() {
	quiet "$P"
	stop dcmqrscp
	wire --brief --streams "$1" --close both --keylog keys.log
}

finds() {
	pairing dcmqrscp findscu
	archive findscu
	within 20 "${tls[@]}" findscu -S "${to[@]}" "${keys[@]}" \
		-k PatientName -k NumberOfStudyRelatedInstances 2>&1 | tee found
	grep -q "$PATIENT" found
	archived 2
	spoke C-STORE-RQ A-RELEASE-RP C-FIND-RQ C-FIND-RSP \
		A-RELEASE-RP
}

# dcmqrscp turns client here and movescu server, both under the shim.
moves() {
	pairing dcmqrscp movescu
	archive movescu
	within 30 "${tls[@]}" movescu -S -aet MOVER -aem MOVER +P "$P2" \
		-od got "${to[@]}" "${keys[@]}"
	same_images sent got
	archived 3
	spoke C-MOVE-RQ C-MOVE-RSP
	dialogue c.pcapng "$P2" | grep C-STORE-RQ
}

gets() {
	pairing dcmqrscp getscu
	archive getscu
	within 30 "${tls[@]}" getscu -S -od got "${to[@]}" "${keys[@]}"
	same_images sent got
	archived 2
	spoke C-GET-RQ C-STORE-RQ C-GET-RSP
}

sends() {
	pairing dcmqrscp dcmsend
	archive dcmsend
	image more 64 4001
	within 30 "${tls[@]}" dcmsend "${to[@]}" more
	within 20 "${tls[@]}" echoscu "${to[@]}"
	[ "$(find db -name '*.dcm' -o -name 'CT*' | wc -l)" -eq 4 ]
	archived 3
	spoke C-STORE-RQ "A-ASSOCIATE-RQ to ARCHIVE from DCMSEND" C-STORE-RQ C-ECHO-RSP
}

check "storescp --fork, 8 storescu at once" eight storescu
check "storescp --fork, 8 dcmsend at once" eight dcmsend
check "dcmqrscp and findscu" finds
check "dcmqrscp, movescu" moves
check "dcmqrscp and getscu" gets
check "dcmqrscp and dcmsend" sends
finish
