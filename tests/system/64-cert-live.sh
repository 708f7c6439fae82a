#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 64-cert-live: identities and trust in programs that run under the shim.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
tool=$build/dicomtls-certtool

# server: storescp under the shim on port P, as "server".
server() {
	need storescp
	port P
	tls_on "$P"
	serve server "$P" "${tls[@]}" storescp "$P"
}

# shown: the fingerprint of the key that the server shows.
shown() {
	"$tool" show --peer "127.0.0.1:$P" | sed -n 's/^  SPKI SHA-256 *//p' |
		sed -n 1p
}

ours() {
	"$tool" show "$@" | sed -n 's/^  SPKI SHA-256 *//p' | sed -n 1p
}

echo_works() {
	need echoscu
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
}

changed() {
	local old
	export DICOMTLS_DIR=$C/d
	"$tool" generate
	server
	old=$(shown)
	[ "$old" = "$(ours)" ]
	"$tool" generate --force --key ec:P-256
	[ "$(ours)" != "$old" ]
	[ "$(shown)" = "$(ours)" ] || fail "the new pair is not shown"
	echo_works
	"$tool" renew
	[ "$(shown)" = "$(ours)" ]
	logged "took the changed certificate"
	# Half a file: the old pair serves on, and that is said once.
	old=$(ours)
	cp d/cert.pem whole
	head -c 300 whole >d/cert.pem
	[ "$(shown)" = "$old" ] || fail "a half-written file was taken"
	echo_works
	[ "$(shown)" = "$old" ]
	logged "before stay in use: .*cert.pem has a certificate that is damaged"
	[ "$(grep -c "stay in use" shim.log)" -eq 1 ] || fail "said twice"
	cp whole d/cert.pem
	# Another pair's key.
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out d/key.pem 2>/dev/null
	[ "$(shown)" = "$old" ] || fail "a mismatched pair was taken"
	logged "stay in use: the key .* does not belong to the certificate"
	# Gone: nothing is made in its place while it runs.
	rm d/cert.pem
	[ "$(shown)" = "$old" ]
	[ ! -e d/cert.pem ] || fail "a pair was made"
	"$tool" generate --force
	[ "$(shown)" = "$(ours)" ]
}

near_its_end() {
	export DICOMTLS_DIR=$C/d
	"$tool" generate --days "$1"
	server
	echo_works
	logged "our certificate .*cert.pem ends in $2 days?, on"
	[ "$(grep -c "our certificate" shim.log)" -eq 1 ] || fail "said twice"
}

far_from_it() {
	export DICOMTLS_DIR=$C/d
	"$tool" generate --days 70
	server
	echo_works
	! grep "our certificate" shim.log || fail "warned too early"
}

## Whatever file and password ---------------------------------------------------

serves() {
	server
	echo_works
	[ "$(shown)" = "$fp" ] || fail "it shows something else"
	stop server
}

forms() {
	local fp
	need openssl
	openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 90 -subj /CN=a \
		-keyout a.key -out a.crt 2>/dev/null
	(umask 077 && echo secret >pw)
	fp=$(ours a.crt)
	export DICOMTLS_DIR=$C/d DICOMTLS_CERT=$C/a.crt DICOMTLS_KEY=$C/a.key
	serves
	openssl x509 -in a.crt -outform der >a.der
	openssl pkey -in a.key -outform der >key.der
	DICOMTLS_CERT=$C/a.der DICOMTLS_KEY=$C/key.der serves
	cat a.key a.crt >both.pem
	DICOMTLS_CERT=$C/both.pem DICOMTLS_KEY=$C/both.pem serves
	openssl pkcs8 -topk8 -in a.key -passout file:pw -out p8.pem
	openssl pkcs12 -export -in a.crt -inkey a.key -passout file:pw -out a.p12
	DICOMTLS_KEY=$C/p8.pem DICOMTLS_KEY_PASSWORD_FILE=$C/pw serves
	DICOMTLS_KEY=$C/p8.pem DICOMTLS_KEY_PASSWORD=secret serves
	DICOMTLS_CERT=$C/a.p12 DICOMTLS_KEY_PASSWORD_FILE=$C/pw serves
	# Stored, in place of the variable.
	export DICOMTLS_KEY=$C/p8.pem
	refused "$tool" set-password --file a.crt
	"$tool" set-password --file pw
	! grep -r secret d || fail "the password is there in clear"
	serves
	DICOMTLS_CERT=$C/a.p12 serves
	# Nobody is asked, with no password at all.
	rm -r d
	port P
	tls_on "$P"
	refused within 20 "${tls[@]}" storescp "$P" </dev/null
	logged "p8.pem needs a password, and the host secret"
}

## Peers ------------------------------------------------------------------------

peers() {
	export DICOMTLS_DIR=$C/d
	"$tool" generate
	server
	"$tool" show --peer "127.0.0.1:$P" >out
	grep "^127.0.0.1:$P (TLSv1.3" out
	grep 'issuer *itself' out
	stop server
	# A plain server waits for an A-ASSOCIATE-RQ.
	serve plain "$P" storescp "$P"
	refused "$tool" show --peer "127.0.0.1:$P" 2>err
	cat err
	grep -E "without TLS|closed the connection|did not answer" err
	stop plain
	refused "$tool" show --peer "127.0.0.1:$P" 2>err
	grep "127.0.0.1:$P cannot be reached: Connection refused" err
	refused "$tool" show --peer nowhere.invalid 2>err
	grep "nowhere.invalid:2762 has no address" err
	need openssl
	serve old "$P" openssl s_server -accept "$P" -cert d/cert.pem \
		-key d/key.pem -pass "pass:$("$tool" password)" -tls1 \
		-cipher ALL:@SECLEVEL=0 -quiet
	"$tool" show --peer "127.0.0.1:$P" >out
	grep "(TLSv1, " out
	stop old
	serve http "$P" python3 -m http.server --bind 127.0.0.1 "$P"
	refused "$tool" show --peer "127.0.0.1:$P" 2>err
	grep -E "without TLS|plain DICOM" err
}

pinned() {
	export DICOMTLS_DIR=$C/d
	"$tool" generate
	server
	export DICOMTLS_CONNECT_VERIFY=pin
	refused echo_works
	logged "none of the pinned ones"
	"$tool" trust add "127.0.0.1:$P" --remark "the archive"
	"$tool" trust list
	"$tool" trust list | grep -x \
		"127.0.0.1:$P sha256:$(ours) the archive"
	echo_works
	# A renewed certificate has the same key: the pin holds.
	"$tool" renew
	echo_works
	"$tool" renew --new-key
	refused echo_works
	refused "$tool" trust add "127.0.0.1:$P" 2>err
	grep "is known by another key" err
	"$tool" trust add --also "127.0.0.1:$P" "$(ours)"
	echo_works
	"$tool" trust remove "127.0.0.1:$P"
	refused echo_works
	"$tool" trust add '*' d/cert.pem
	echo_works
}

first_contact() {
	export DICOMTLS_DIR=$C/d
	"$tool" generate
	server
	export DICOMTLS_CONNECT_VERIFY=tofu
	echo_works
	"$tool" trust list | grep "^127.0.0.1:$P sha256:$(ours)"
	echo_works
	[ "$("$tool" trust list | wc -l)" -eq 1 ]
	"$tool" generate --force
	refused echo_works
	logged "showed another key than before"
	"$tool" trust remove "127.0.0.1:$P"
	echo_works
}

check "changed files are used at the next handshake" changed
check "50 days left: a warning" near_its_end 50 "(49|50)"
check "20 days left: a warning" near_its_end 20 "(19|20)"
check "70 days left: none" far_from_it
check "every form of certificate, key and password" forms
check "show --peer" peers
check "pins: trust add, list, remove" pinned
check "tofu: the first key is remembered" first_contact
finish
