# SPDX-License-Identifier: Apache-2.0
# pki: certificates of all kinds, and a CA, for the tests that verify peers.
# Sourced behind lib.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154 # T and so on are lib.sh's

# authority: root and issuing CA in $T/ca; trust.pem is the root.
authority() {
	need openssl
	[ ! -e "$T/ca" ] || return 0
	mkdir -p "$T/ca/new"
	(
		cd "$T/ca"
		: >index
		echo 1000 >serial
		echo 1000 >crlnumber
		cat >conf <<-END
			[ca]
			default_ca = d
			[d]
			database = index
			serial = serial
			crlnumber = crlnumber
			new_certs_dir = new
			certificate = issuing.pem
			private_key = issuing.key
			default_md = sha256
			default_crl_days = 9
			policy = p
			copy_extensions = copy
			unique_subject = no
			[p]
			commonName = supplied
		END
		self_signed trust /CN=root -addext \
			keyUsage=keyCertSign,cRLSign
		openssl req -newkey rsa:2048 -nodes -keyout issuing.key \
			-out issuing.csr -subj /CN=issuing
		openssl x509 -req -in issuing.csr -CA trust.pem \
			-CAkey trust.key -days 99 -out issuing.pem -extfile \
			<(echo basicConstraints=critical,CA:TRUE
			echo keyUsage=keyCertSign,cRLSign)
	) >"$T/ca.log" 2>&1
}

# self_signed NAME SUBJECT [OPTION ...]: NAME.pem and NAME.key.
self_signed() {
	need openssl
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" \
		-out "$1.pem" -subj "$2" -days 99 "${@:3}" 2>/dev/null
}

# elliptic NAME SUBJECT: the same with a P-256 key.
elliptic() {
	need openssl
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1.key" -out "$1.pem" -subj "$2" -days 99 2>/dev/null
}

# issued NAME SAN [OPTION ...]: NAME.pem with its chain, and NAME.key, by the
# issuing CA; the options are those of `openssl ca`.
issued() {
	local here=$PWD
	authority
	openssl req -newkey "rsa:${bits:-2048}" -nodes -keyout "$1.key" \
		-out "$1.csr" -subj "/CN=$1" -addext "subjectAltName=$2" \
		2>/dev/null
	(
		cd "$T/ca"
		openssl ca -batch -config conf -notext -in "$here/$1.csr" \
			-out "$here/$1.pem" "${@:3}" \
			-days 99 2>>"$T/ca.log"
		cat issuing.pem >>"$here/$1.pem"
	)
}

# revoke NAME: its list and the root's (each CA of a chain needs one) in
# crl.pem.
revoke() {
	local here=$PWD
	(
		cd "$T/ca"
		openssl ca -config conf -revoke "$here/$1.pem"
		openssl ca -config conf -gencrl -out crl.pem
		openssl ca -config conf -gencrl -keyfile trust.key \
			-cert trust.pem -out root.crl
	) 2>>"$T/ca.log"
	cat "$T/ca/crl.pem" "$T/ca/root.crl" >crl.pem
}

spki() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin \
		-outform der | sha256sum | cut -d' ' -f1
}
