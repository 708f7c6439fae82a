#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 90-captures: the stored captures, what Wireshark's dissector sees in them,
# and a shim that was broken on purpose.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

stored=$src/captures

# Each shows what it showed when it was recorded.
shows() {
	local name=$1
	need tshark python3 openssl
	[ "$(stat -c %s "$stored/$name.pcapng")" -lt 200000 ]
	# shellcheck disable=SC2046 # options are words
	"$stored/summary" "$stored/$name.pcapng" \
		$(grep "^$name |" "$stored/list" | cut -d '|' -f 2) >now
	diff "$stored/$name.txt" now
	sed -n '/WRONG/p' now | nothing
	need capinfos
	capinfos -k "$stored/$name.pcapng" | grep "$name: .*synthetic data"
}

# The commands that captures/README tells, each in one line.
told() {
	sed -n '/^    [a-z]/,/[^\\]$/p' "$stored/README" |
		sed -e :a -e '/\\$/N; s/\\\n *//; ta' -e 's/^ *//'
}

# README's command for DICOM opens it, as printed but for the name.
opens() {
	local name=$1 command
	need tshark openssl
	eval "$(told | grep '^openssl ')" 2>/dev/null
	command=$(told | grep '^tshark -r captures/05-store.pcapng -Y dicom -o ')
	case $name in
	07-*) command+=" $(grep -o -- "-o 'uat.*'" <<<"$command" |
		sed s/2762/12762/)" ;;
	3*) command="${command%%-o *} -d tcp.port==2762,dicom" ;;
	2[0-2]*) command=$(told | grep '^tshark -r captures/03-[^ ]*$') ;;
	esac
	eval "${command/captures\/0[35]-[a-z0-9-]*.pcapng/$stored/$name.pcapng}" \
		>shown 2>/dev/null
	case $name in
	20-*) grep 'Continuation Data\|SSL\|TCP' shown ;;
	2[12]*) grep 'Alert (Level: Fatal' shown ;;
	*) [ "$(grep -c 'A-ASSOCIATE request' shown)" -eq \
		"$(grep -c A-ASSOCIATE-RQ "$stored/$name.txt")" ] ;;
	esac
}

# dissected NAME PROTOCOL: every line that Wireshark knows of DICOM in it.
dissected() {
	tshark -n -r "$stored/$1.pcapng" \
		-o 'uat:ssl_keys:"any","2762","dicom","any.pem",""' \
		-d "tcp.port==2762,$2" -Y dicom -O dicom -V 2>/dev/null | grep -E '^(DICOM| )'
}

# The dissector sees the same PDUs in the decrypted one as in the plain one, to
# the last element.
twins() {
	need tshark openssl
	openssl genrsa -out any.pem 2048 2>/dev/null
	dissected "$1" tls >ours
	dissected "$2" dicom >plain
	[ "$(wc -l <plain)" -gt 100 ]
	diff ours plain
	diff <(sed -n '/^inside:/,$p' "$stored/$1.txt") \
		<(sed -n '/^inside:/,$p' "$stored/$2.txt")
	[ "$(wc -l <"$stored/$2.txt")" -gt 10 ]
}

# objects NAME PROTOCOL: what the dissector gives back is the image.
objects() {
	need tshark openssl python3
	mkdir got sent
	cp "$stored/image.dcm" sent/
	openssl genrsa -out any.pem 2048 2>/dev/null
	tshark -q -r "$stored/$1.pcapng" --export-objects dicom,got \
		-o 'uat:ssl_keys:"any","2762","dicom","any.pem",""' \
		-d "tcp.port==2762,$2" >/dev/null 2>&1
	same_images sent got
}

# hole NAME FRAME: without this frame it may not pass.
hole() {
	need editcap
	editcap "$stored/$1.pcapng" c.pcapng "$2"
	! python3 "$here/wire.py" c.pcapng >said || fail "the hole was not seen"
	grep 'bytes missing' said
}

every_hole() {
	local frame
	need tshark editcap python3
	for frame in $(tshark -r "$stored/05-store.pcapng" -Y 'tcp.len > 0' \
		-T fields -e frame.number 2>/dev/null); do
		hole 05-store "$frame"
	done
	[ "$frame" -gt 10 ]
}

# caught PART: a shim that lets PART of the writes out in clear.
caught() {
	need cc storescp echoscu
	cc -shared -fPIC -o leak.so "$here/leak.c"
	port P
	capture "$P"
	tls_on "$P"
	serve server "$P" "${tls[@]}" storescp "$P"
	within 20 env "LD_PRELOAD=$C/leak.so $build/.libs/libdicomtls.so" \
		"LEAK=$1" "DICOMTLS_CONNECT=$P" echoscu 127.0.0.1 "$P" || true
	stop server
	! wire >said || fail "the broken shim was not caught"
	cat said
	grep 'client: no TLS record at byte .* are not TLS' said
	# The same with both parts through the shim is clean.
	capture "$P"
	serve server "$P" "${tls[@]}" storescp "$P"
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	stop server
	wire
}

for f in "$stored"/*.pcapng; do
	name=${f##*/}
	name=${name%.pcapng}
	check "$name shows what it did" shows "$name"
done
for f in "$stored"/*.pcapng; do
	name=${f##*/}
	name=${name%.pcapng}
	check "$name opens as README tells" opens "$name"
done
check "each is listed" eval '
	diff <(cd "$stored" && ls ./*.pcapng | sed "s,./,,;s,.pcapng,,") \
		<(sed -n "/|/s/ |.*//p" "$stored/list" | tail -n +2)'
check "TLS and plain C-ECHO hold the same PDUs" twins 04-echo-tls13 30-plain-echo
check "TLS and plain C-STORE hold the same PDUs" twins 05-store 31-plain-store
check "the image comes out of the TLS capture" objects 05-store tls
check "the image comes out of the plain capture" objects 31-plain-store dicom
check "each lost packet of a capture is missed" every_hole
check "a shim whose first write is plain is caught" caught first
check "a shim whose later writes are plain is caught" caught rest
finish
