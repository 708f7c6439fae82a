#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 05-tool: the certificate tool, doctor and probe.
# shellcheck source=tests/windows/lib.sh
. "$(dirname "$0")/lib.sh"

tool() {
	within 60 env "DICOMTLS_DIR=Z:$C/dir" "$WINE" \
		"$stage/dicomtls-certtool.exe" "$@" </dev/null
}

first_certificate() {
	need openssl
	tool generate
	tool show
	tool check >check.log
	said check '^DICOMTLS OK'
	openssl x509 -in dir/cert.pem -noout -text >cert.log
	said cert 'CA:FALSE'
	said cert 'TLS Web Server Authentication, TLS Web Client'
	tool password >password.log 2>errors.log
	openssl pkey -in dir/key.pem -noout \
		-passin "pass:$(tr -d '\r\n' <password.log)"
	openssl pkcs12 -in dir/cert.p12 -noout \
		-passin "pass:$(tr -d '\r\n' <password.log)"
	if tool generate; then
		fail "it was overwritten"
	fi
}

# Others may not read the key.
private_files() {
	tool generate
	find dir -name key.pem -perm /007 | nothing
	find dir -name host.secret -perm /007 | nothing
}

# The host secret is encrypted for this user (DPAPI; the head is Wine's own), and
# one that Windows does not decrypt is told of.
wrapped_secret() {
	tool generate
	[ "$(stat -c %s dir/host.secret)" -gt 100 ] || fail "it is as it was"
	grep -qaP 'd\0i\0c\0o\0m\0t\0l\0s' dir/host.secret ||
		fail "it is not encrypted by DPAPI"
	tool password >good.log
	printf xxxx | dd of=dir/host.secret bs=1 seek=170 conv=notrunc status=none
	if tool password >bad.log 2>&1; then
		fail "a damaged secret was taken"
	fi
	said bad 'does not decrypt the host secret .*DPAPI'
}

# Several at once make one pair between them.
at_once() {
	local n
	for n in 1 2 3 4; do
		start "tool$n" env "DICOMTLS_DIR=Z:$C/dir" "$WINE" \
			"$stage/dicomtls.exe" doctor
	done
	for n in 1 2 3 4; do
		ended "tool$n" || { cat "tool$n.log"; fail "tool $n failed"; }
	done
	tool check
}

# A name that is no ASCII.
other_letters() {
	mkdir Größe
	within 60 env LC_ALL=C.UTF-8 "DICOMTLS_DIR=Z:$C/Größe/名" "$WINE" \
		"$stage/dicomtls-certtool.exe" generate </dev/null
	[ -s Größe/名/cert.pem ] || fail "it is not there: $(find .)"
}

doctored() {
	certificates
	within 60 "${win_settings[@]}" "$WINE" "$stage/dicomtls.exe" doctor \
		cmd >doctor.log 2>&1 </dev/null
	cat doctor.log
	said doctor '^good +library'
	said doctor '^good +settings'
	said doctor '^good +certificate.* days left'
	said doctor '^good +program'
}

probed() {
	need storescp
	certificates
	port P
	serve storescp "$P" storescp +tls "$T/peer/key.pem" \
		"$T/peer/cert.pem" -ic "$P"
	within 60 "${win_settings[@]}" "$WINE" "$stage/dicomtls.exe" probe \
		"127.0.0.1:$P" >probe.log 2>&1 </dev/null
	cat probe.log
	said probe 'TLS 1.3'
	said probe 'CN=peer'
	stop storescp
}

check "a certificate, shown and checked" first_certificate
check "keys are the user's alone" private_files
check "the host secret is encrypted for the user" wrapped_secret
check "several at once make one" at_once
check "a folder of another script" other_letters
check "doctor finds all good" doctored
check "probe tells what a peer speaks" probed
finish
