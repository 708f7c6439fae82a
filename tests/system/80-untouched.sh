#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 80-untouched: what is not configured stays as if the library were not there.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

mapped() {
	grep -oE '/[^ ]*(libssl|libcrypto|libdicomtls)[^ ]*' "/proc/$(pid "$1")/maps" |
		sed 's,.*/,,' | sort -u
}

# A program without OpenSSL on ports that are not configured gets none.
no_openssl() {
	need dcmqrscp echoscu
	port P P2
	printf '%s\n' "NetworkTCPPort = $P" "MaxPDUSize = 16384" \
		"MaxAssociations = 4" "HostTable BEGIN" "HostTable END" \
		"VendorTable BEGIN" "VendorTable END" "AETable BEGIN" \
		"ANY-SCP $C RW (200, 1mb) ANY" "AETable END" >qr.cfg
	tls_on "$P2"
	serve server "$P" "${tls[@]}" dcmqrscp -c qr.cfg
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	mapped server | tee maps
	diff maps - <<<libdicomtls.so
	[ ! -e "$DICOMTLS_DIR" ] || fail "certificates were made for nothing"
	# The other way round the engine does come, or this case shows nothing.
	stop server
	tls_on "$P"
	serve server "$P" "${tls[@]}" dcmqrscp -c qr.cfg
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	mapped server | grep libssl
}

same_output() {
	need dcmdump
	image ct 64
	tls_on 2762
	dcmdump ct >plain
	"${tls[@]}" dcmdump ct | diff plain -
	dcmdump none >plain 2>&1 || true
	{ "${tls[@]}" dcmdump none 2>&1 || true; } | diff plain -
	[ ! -s shim.log ] || fail "the shim had something to say"
}

# moved [COMMAND ...]: dcmqrscp serves on $P and sends to $P2; what it sends
# and gets there in hexadecimal digits.
moved() {
	capture "$P2"
	serve qr "$P" "$@" dcmqrscp -c qr.cfg
	within 30 "$@" movescu -S -aet MOVER -aem MOVER +P "$P2" -od got \
		-aec ARCHIVE 127.0.0.1 "$P" -k QueryRetrieveLevel=STUDY \
		-k "StudyInstanceUID=$ROOT.1" >/dev/null
	stop qr
	capture_end
	python3 "$here/pcapng.py" c.pcapng "$P2"
}

# The same process speaks TLS on one port and plain on another.
two_ports() {
	need dcmqrscp movescu storescu
	port P P2
	mkdir db got
	printf '%s\n' "NetworkTCPPort = $P" "MaxPDUSize = 16384" \
		"MaxAssociations = 4" "HostTable BEGIN" \
		"mover = (MOVER, localhost, $P2)" "HostTable END" \
		"VendorTable BEGIN" "VendorTable END" "AETable BEGIN" \
		"ARCHIVE $C/db RW (200, 1024mb) ANY" "AETable END" >qr.cfg
	image ct 256
	serve qr "$P" dcmqrscp -c qr.cfg
	within 20 storescu -aec ARCHIVE 127.0.0.1 "$P" ct
	stop qr
	moved env >plain
	tls_on "$P"
	moved "${tls[@]}" >under
	[ "$(wc -c <plain)" -gt 260000 ] || fail "the image was not sent"
	cmp plain under
	# And the configured port was TLS meanwhile.
	capture "$P"
	serve qr "$P" "${tls[@]}" dcmqrscp -c qr.cfg
	within 20 "${tls[@]}" movescu -S -aet MOVER -aem MOVER +P "$P2" -od got \
		-aec ARCHIVE 127.0.0.1 "$P" -k QueryRetrieveLevel=STUDY \
		-k "StudyInstanceUID=$ROOT.1"
	stop qr
	wire --streams 1 --close both --keylog keys.log
}

# What a program without a connection asks of the sleeping calls is libc's.
bad_time() {
	need python3
	port P
	tls_on "$P"
	within 20 "${tls[@]}" python3 -c '
import ctypes, errno
assert ctypes.CDLL(None).clock_nanosleep(1, 0, None, None) == errno.EFAULT'
}

check "a sleep at a bad address" bad_time
check "no configured port: no OpenSSL, no files" no_openssl
check "no network: the same output" same_output
check "TLS on one port, plain byte for byte on another" two_ports
finish
