#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 44-services: worklists, and a server that inetd starts for each connection.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

worklist_entry() {
	mkdir -p wl/WORK
	: >wl/WORK/lockfile
	cat >entry <<-END
		(0008,0050) SH A1
		(0010,0010) PN $PATIENT
		(0010,0020) LO SYN-1
		(0010,0030) DA 19700101
		(0010,0040) CS O
		(0020,000d) UI $ROOT.3
		(0032,1060) LO CT
		(0040,1001) SH R1
		(0040,0100) SQ
		(fffe,e000) na
		(0008,0060) CS CT
		(0040,0001) AE STORESCU
		(0040,0002) DA 20200101
		(0040,0003) TM 120000
		(0040,0007) LO CT
		(0040,0009) SH S1
		(fffe,e00d) na
		(fffe,e0dd) na
	END
	dump2dcm -q entry wl/WORK/1.wl
}

worklist() {
	pairing "wlmscpfs${1:+ $1}" findscu
	need wlmscpfs findscu echoscu
	port P
	tls_on "$P"
	worklist_entry
	capture "$P"
	# shellcheck disable=SC2086 # none, or one option
	serve server "$P" "${tls[@]}" wlmscpfs $1 -dfp wl "$P"
	within 20 "${tls[@]}" echoscu -aec WORK 127.0.0.1 "$P"
	within 20 "${tls[@]}" findscu -W -aec WORK 127.0.0.1 "$P" \
		-k PatientName -k "ScheduledProcedureStepSequence[0].Modality=CT" \
		>found 2>&1
	grep "$PATIENT" found
	quiet "$P"
	stop server
	wire --streams 2 --close both --keylog keys.log
	spoke C-ECHO-RSP "A-ASSOCIATE-RQ to WORK from FINDSCU" C-FIND-RQ \
		"C-FIND-RSP status Success" A-RELEASE-RP
}

# super_server WHO: the connected socket is descriptor 0 of a new storescp.
# WHO says who is under the shim: the program that is started, or all.
super_server() {
	local before=() command
	pairing "storescp --inetd ($1)" storescu
	need socat storescp storescu
	port P
	tls_on "$P"
	mkdir sent got
	image sent/1 160 1
	blob sent/2 1000 2
	command="storescp --inetd -od $C/got"
	if [ "$1" = all ]; then
		before=("${tls[@]}")
	else
		command="${tls[*]} $command"
	fi
	capture "$P"
	serve server "$P" "${before[@]}" socat \
		"TCP-LISTEN:$P,bind=127.0.0.1,fork,reuseaddr" \
		"EXEC:$command,nofork"
	within 20 "${tls[@]}" storescu 127.0.0.1 "$P" sent/1
	within 20 "${tls[@]}" storescu 127.0.0.1 "$P" sent/2
	quiet "$P"
	stop server
	same_images sent got
	wire --streams 2 --close both --keylog keys.log
	spoke A-ASSOCIATE-RQ C-STORE-RQ C-STORE-RSP A-RELEASE-RP
}

check "wlmscpfs and findscu" worklist ""
check "wlmscpfs --single-process and findscu" worklist --single-process
check "storescp --inetd behind socat, storescp under the shim" \
	super_server storescp
check "storescp --inetd behind socat, both under the shim" super_server all
finish
