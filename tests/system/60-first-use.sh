#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 60-first-use: no certificate is there yet, and eight processes want one.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

one_pair() {
	local n made
	need storescp echoscu openssl
	export DICOMTLS_DIR=$C/new
	for n in 1 2 3 4 5 6 7 8; do
		port "P$n"
	done
	capture "$P1" "$P2" "$P3" "$P4" "$P5" "$P6" "$P7" "$P8"
	for n in 1 2 3 4 5 6 7 8; do
		made=P$n
		tls_on "${!made}"
		start "server$n" "${tls[@]}" storescp "${!made}"
	done
	for n in 1 2 3 4 5 6 7 8; do
		made=P$n
		tls_on "${!made}"
		wait_listen "${!made}" "server$n"
		within 20 "${tls[@]}" echoscu 127.0.0.1 "${!made}"
		openssl s_client -connect "127.0.0.1:${!made}" </dev/null \
			2>/dev/null | openssl x509 -noout -fingerprint >>seen
	done
	sort -u seen
	[ "$(sort -u seen | wc -l)" -eq 1 ] || fail "there are several pairs"
	openssl x509 -in new/cert.pem -noout -fingerprint | diff - <(sort -u seen)
	wire --brief
	right_files
	five_years
}

right_files() {
	find new -mindepth 1 ! -name .lock -printf '%f %m\n' | sort | tee files
	diff files - <<-END
		cert.p12 600
		cert.pem 644
		host.secret 600
		key.pem 600
	END
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' new/key.pem
}

# As the calendar counts: the same day five years later.
five_years() {
	local from to
	from=$(date -u -d "$(openssl x509 -in new/cert.pem -noout -startdate |
		cut -d= -f2)" +%s)
	to=$(date -u -d "$(openssl x509 -in new/cert.pem -noout -enddate |
		cut -d= -f2)" +%s)
	echo "valid for $(((to - from) / 86400)) days"
	[ $(((to - from) / 86400)) -ge 1825 ]
	[ $(((to - from) / 86400)) -le 1827 ]
	openssl x509 -in new/cert.pem -noout -text | tee text
	grep -q 'Public-Key: (2048 bit)' text
	grep -q 'sha256WithRSAEncryption' text
	grep -q 'CA:FALSE' text
	grep -q 'TLS Web Server Authentication, TLS Web Client' text
}

# What is there is used, never written over.
stays() {
	need storescp echoscu
	export DICOMTLS_DIR=$C/kept
	port P
	tls_on "$P"
	capture "$P"
	serve server "$P" "${tls[@]}" storescp "$P"
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	stop server
	(cd kept && sha256sum ./*) >before
	serve server "$P" "${tls[@]}" storescp "$P"
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	(cd kept && sha256sum ./*) | diff before -
	wire --brief
}

check "eight servers at once make one pair between them" one_pair
check "the pair stays the same" stays
finish
