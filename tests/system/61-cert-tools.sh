#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 61-cert-tools: other programs read what we make, and we read what they make.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
tool=$build/dicomtls-certtool

# GnuTLS' certtool, whatever else may be called so.
gnutls=$(command -v certtool || echo certtool)
keytool=$(command -v keytool || find /usr/lib/jvm -path '*/bin/keytool' \
	2>/dev/null | head -n 1)

## What we make ---------------------------------------------------------------

# made KEY [OPTION ...]: a pair in ./own, its password in ./pw.
made() {
	export DICOMTLS_DIR=$C/own
	"$tool" generate --key "$@"
	"$tool" password >pw
	# An encrypted key opens by its password alone.
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' own/key.pem
}

openssl_reads() {
	need openssl
	made "$1"
	openssl verify -x509_strict -purpose sslserver -CAfile own/cert.pem \
		own/cert.pem
	openssl verify -x509_strict -purpose sslclient -CAfile own/cert.pem \
		own/cert.pem
	openssl pkey -in own/key.pem -passin file:pw -check -noout
	refused openssl pkey -in own/key.pem -passin pass:wrong -noout
	openssl x509 -in own/cert.pem -noout -pubkey >a
	openssl pkey -in own/key.pem -passin file:pw -pubout | diff a -
	openssl asn1parse -in own/key.pem >asn1
	grep -q aes-256-cbc asn1
	grep -q hmacWithSHA256 asn1
	openssl pkcs12 -in own/cert.p12 -passin file:pw -info -nodes \
		-out both.pem 2>info
	grep -q 'MAC: sha256' info
	grep -q 'PBES2, PBKDF2, AES-256-CBC' info
	openssl x509 -in both.pem -noout -pubkey | diff a -
	openssl pkey -in both.pem -pubout | diff a -
}

gnutls_reads() {
	need "$gnutls"
	made "$1"
	"$gnutls" -i --infile own/cert.pem >text
	grep -q 'TLS WWW Server' text
	"$gnutls" --key-info --infile own/key.pem \
		--password "$(cat pw)" >key
	grep -qE 'Key Security Level|Security Level' key
	"$gnutls" --p12-info --inder --infile own/cert.p12 \
		--password "$(cat pw)" >p12
	grep -q 'BEGIN CERTIFICATE' p12
	grep -qE 'BEGIN (ENCRYPTED )?PRIVATE KEY|BEGIN .*PRIVATE KEY' p12
}

nss_reads() {
	need pk12util certutil
	made "$@"
	mkdir nss
	certutil -N -d sql:nss --empty-password
	pk12util -i own/cert.p12 -d sql:nss -w pw
	certutil -L -d sql:nss -n dicomtls -a >back.pem
	openssl x509 -in back.pem -outform der >a
	openssl x509 -in own/cert.pem -outform der | cmp a -
	certutil -K -d sql:nss | grep dicomtls
}

java_reads() {
	need "${keytool:-keytool}"
	made "$@"
	"$keytool" -list -v -storetype PKCS12 -keystore own/cert.p12 \
		-storepass:file pw >text
	grep -q PrivateKeyEntry text
	fp=$("$tool" show | sed -n 's/^  SHA-256 *//p' | head -n 1)
	tr -d ':' <text | grep -i "$fp"
}

python_reads() {
	need python3
	made "$1"
	python3 - own/cert.pem own/key.pem pw <<-'END'
		import socket, ssl, sys, threading
		cert, key, pw = sys.argv[1:]
		password = open(pw).read().strip()
		server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		server.load_cert_chain(cert, key, password)
		client = ssl.create_default_context(cafile=cert)
		a, b = socket.socketpair()
		t = threading.Thread(target=lambda: server.wrap_socket(
		    a, server_side=True).send(b"hello"))
		t.start()
		tls = client.wrap_socket(b, server_hostname="localhost")
		assert tls.recv(5) == b"hello"
		t.join()
	END
}

dcmtk_reads() {
	need storescp echoscu
	made "$1"
	port P
	serve server "$P" storescp +tls own/key.pem own/cert.pem \
		+pw "$(cat pw)" -ic "$P"
	within 20 echoscu +tla -ic 127.0.0.1 "$P"
}

compat() {
	need openssl
	made rsa:2048 --p12-compat
	openssl pkcs12 -in own/cert.p12 -passin file:pw -info -nodes \
		-out both.pem 2>info
	grep -q 'MAC: sha1' info
	grep -q 'pbeWithSHA1And3-KeyTripleDES-CBC' info
	refused grep -q 'RC2' info
}

## What they make ---------------------------------------------------------------

# imports FILE ...: with the password in ./pw; ours is then FP's key.
imports() {
	export DICOMTLS_DIR=$C/imported
	rm -rf imported
	"$tool" import --password-file pw "$@"
	"$tool" check
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' imported/key.pem
	"$tool" password >derived
	openssl pkey -in imported/key.pem -passin file:derived -noout
}

# same_key PEM: what was imported is that certificate's key.
same_key() {
	openssl x509 -in "$1" -noout -pubkey >want
	openssl x509 -in imported/cert.pem -noout -pubkey | diff want -
}

# source_pair [rsa|ec]: a.crt, a.key by OpenSSL, and the password.
source_pair() {
	echo "their secret" >pw
	if [ "${1:-rsa}" = ec ]; then
		set -- ec -pkeyopt ec_paramgen_curve:P-256
	else
		set -- rsa:2048
	fi
	openssl req -x509 -newkey "$@" -nodes -sha256 -days 90 -subj /CN=theirs \
		-keyout a.key -out a.crt 2>/dev/null
}

openssl_forms() {
	need openssl
	source_pair "$1"
	imports a.crt a.key
	same_key a.crt
	# One file for both, either way round.
	cat a.key a.crt >both.pem
	imports both.pem
	same_key a.crt
	openssl x509 -in a.crt -outform der >a.der
	openssl pkey -in a.key -outform der >key.der
	imports a.der key.der
	same_key a.crt
	openssl pkcs8 -topk8 -in a.key -passout file:pw -out p8.pem
	imports a.crt p8.pem
	same_key a.crt
	openssl pkcs8 -topk8 -in a.key -passout file:pw -outform der -out p8.der
	imports p8.der a.der
	same_key a.crt
	openssl pkcs8 -topk8 -scrypt -in a.key -passout file:pw -out scrypt.pem
	imports a.crt scrypt.pem
	same_key a.crt
	# As OpenSSL 1.0 wrote them.
	openssl pkey -in a.key -traditional -aes256 -passout file:pw -out old.pem
	imports a.crt old.pem
	same_key a.crt
	openssl crl2pkcs7 -nocrl -certfile a.crt -out a.p7b
	imports a.p7b a.key
	same_key a.crt
	openssl crl2pkcs7 -nocrl -certfile a.crt -outform der -out a.p7c
	imports a.p7c a.key
	same_key a.crt
}

openssl_p12() {
	local options
	need openssl
	source_pair "$1"
	for options in "" "-keypbe AES-128-CBC -certpbe AES-128-CBC" \
		"-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1" \
		"-certpbe NONE" "-nomac" "-macalg sha512"; do
		echo "options: $options"
		# shellcheck disable=SC2086 # several words
		openssl pkcs12 -export -in a.crt -inkey a.key -out a.p12 \
			-passout file:pw $options
		imports a.p12
		same_key a.crt
	done
	# No password at all.
	openssl pkcs12 -export -in a.crt -inkey a.key -out a.p12 -passout pass:
	imports a.p12
	same_key a.crt
}

# RC2, as Windows and OpenSSL 1.x made it: the tool reads it, and the engine's
# loader says how to convert.
old_p12() {
	need openssl
	source_pair rsa
	openssl pkcs12 -export -legacy -in a.crt -inkey a.key -out a.p12 \
		-passout file:pw || skip "this OpenSSL has no legacy provider"
	openssl pkcs12 -legacy -in a.p12 -passin file:pw -info -noout 2>info
	grep -qi rc2 info
	imports a.p12
	same_key a.crt
	unset DICOMTLS_DIR
	export DICOMTLS_DIR=$C/none DICOMTLS_CERT=$C/a.p12
	export DICOMTLS_KEY_PASSWORD_FILE=$C/pw
	refused "$tool" check >said
	cat said
	grep -q "legacy provider" said
	grep -q "openssl pkcs12 -legacy -in" said
}

gnutls_forms() {
	need "$gnutls" openssl
	echo "their secret" >pw
	printf 'cn = theirs\nexpiration_days = 90\ntls_www_server\n' >template
	"$gnutls" --generate-privkey --key-type="$1" --outfile a.key 2>/dev/null
	"$gnutls" --generate-self-signed --load-privkey a.key \
		--template template --outfile a.crt 2>/dev/null
	imports a.crt a.key
	same_key a.crt
	"$gnutls" --to-p8 --load-privkey a.key \
		--password "$(cat pw)" --outfile p8.pem 2>/dev/null
	grep -q ENCRYPTED p8.pem
	imports a.crt p8.pem
	same_key a.crt
	"$gnutls" --to-p12 --load-privkey a.key --load-certificate a.crt \
		--p12-name theirs --password "$(cat pw)" --outder \
		--outfile a.p12 2>/dev/null
	imports a.p12
	same_key a.crt
}

nss_forms() {
	need pk12util certutil openssl
	echo "their secret" >pw
	mkdir nss
	certutil -N -d sql:nss --empty-password
	head -c 64 /dev/urandom >noise
	# shellcheck disable=SC2086 # several words
	certutil -S -d sql:nss -x -n theirs -s CN=theirs -t u,u,u -z noise \
		-v 3 $1
	pk12util -o a.p12 -n theirs -d sql:nss -w pw
	certutil -L -d sql:nss -n theirs -a >a.crt
	imports a.p12
	same_key a.crt
}

java_forms() {
	need "${keytool:-keytool}" openssl
	echo "their secret" >pw
	# shellcheck disable=SC2086 # several words
	"$keytool" -genkeypair -alias theirs -dname CN=theirs -validity 90 \
		-storetype PKCS12 -keystore a.p12 -storepass:file pw $1
	"$keytool" -exportcert -rfc -alias theirs -keystore a.p12 \
		-storepass:file pw >a.crt
	imports a.p12
	same_key a.crt
}

## Chains, and back out ---------------------------------------------------------

# A root, an intermediate and a leaf: root.crt, mid.crt, a.crt, a.key.
authority() {
	echo "their secret" >pw
	openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=root \
		-addext keyUsage=critical,keyCertSign \
		-keyout root.key -out root.crt 2>/dev/null
	signed mid root -extfile <(printf \
		'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign')
	signed a mid
}

# signed NAME ISSUER [OPTION ...]
signed() {
	local name=$1 issuer=$2
	shift 2
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" \
		-keyout "$name.key" -out "$name.csr" 2>/dev/null
	openssl x509 -req -in "$name.csr" -CA "$issuer.crt" \
		-CAkey "$issuer.key" -CAcreateserial -days 90 \
		-out "$name.crt" "$@" 2>/dev/null
}

subjects() {
	openssl crl2pkcs7 -nocrl -certfile "$1" |
		openssl pkcs7 -print_certs -noout | sed -n 's/^subject=//p' |
		tr -d ' \n'
}

chains() {
	need openssl
	authority
	imports a.key root.crt mid.crt a.crt
	[ "$(subjects imported/cert.pem)" = CN=aCN=midCN=root ]
	openssl verify -CAfile root.crt -untrusted imported/cert.pem \
		imported/cert.pem
	cat mid.crt root.crt >chain.pem
	openssl pkcs12 -export -in a.crt -inkey a.key -certfile chain.pem \
		-passout file:pw -out a.p12
	imports a.p12
	[ "$(subjects imported/cert.pem)" = CN=aCN=midCN=root ]
	"$tool" export --password-file pw out.p12
	openssl pkcs12 -in out.p12 -passin file:pw -nokeys >out.pem
	subjects out.pem | grep CN=mid
	"$tool" export >out.crt
	diff out.crt imported/cert.pem
	"$tool" export --password-file pw --form pem out2
	[ "$(subjects out2)" = CN=aCN=midCN=root ]
	openssl pkey -in out2 -passin file:pw -pubout >k
	openssl x509 -in a.crt -noout -pubkey | diff k -
	"$tool" export --no-password out.key
	openssl pkey -in out.key -passin pass: -pubout | diff k -
	[ "$(stat -c %a out.p12 out.key out2 | sort -u)" = 600 ]
	"$tool" export out.cer
	openssl x509 -inform der -in out.cer -noout
	# What is there stays, and keys go to files alone.
	refused "$tool" export --password-file pw out.p12
	refused "$tool" export --password-file pw --form p12
	"$tool" export --password-file pw --force out.p12
	# A CA's certificate is not ours to renew.
	refused "$tool" renew
}

# Our key, certified by somebody else.
requests() {
	need openssl
	authority
	export DICOMTLS_DIR=$C/imported
	"$tool" generate --cn pacs --san pacs.example.org,10.1.2.3
	"$tool" export --form csr >a.csr
	openssl req -in a.csr -noout -verify
	openssl x509 -req -in a.csr -CA mid.crt -CAkey mid.key -CAcreateserial \
		-copy_extensions copyall -days 90 -out signed.crt 2>/dev/null
	refused "$tool" import signed.crt mid.crt
	"$tool" import --force signed.crt mid.crt
	"$tool" check
	[ "$(subjects imported/cert.pem)" = CN=pacsCN=mid ]
	openssl x509 -in imported/cert.pem -noout -ext subjectAltName |
		grep pacs.example.org
	openssl verify -x509_strict -CAfile root.crt -untrusted mid.crt \
		imported/cert.pem
}

for key in rsa:2048 rsa:3072 ec:P-256 ec:P-384 ec:P-521; do
	check "OpenSSL reads ours ($key)" openssl_reads $key
done
for key in rsa:2048 ec:P-256; do
	check "GnuTLS reads ours ($key)" gnutls_reads $key
	check "NSS reads ours ($key)" nss_reads $key
	check "Java reads ours ($key)" java_reads $key
	check "Python's ssl serves with ours ($key)" python_reads $key
	check "storescp +tls serves with ours ($key)" dcmtk_reads $key
done
check "an old Windows' PKCS#12" compat
check "NSS reads that too" nss_reads rsa:2048 --p12-compat
check "Java reads that too" java_reads rsa:2048 --p12-compat
check "every form that OpenSSL writes (RSA)" openssl_forms rsa
check "every form that OpenSSL writes (EC)" openssl_forms ec
check "PKCS#12 by OpenSSL (RSA)" openssl_p12 rsa
check "PKCS#12 by OpenSSL (EC)" openssl_p12 ec
check "PKCS#12 with RC2" old_p12
check "GnuTLS' files (RSA)" gnutls_forms rsa
check "GnuTLS' files (EC)" gnutls_forms ecdsa
check "NSS' files (RSA)" nss_forms "-k rsa -g 2048"
check "NSS' files (EC)" nss_forms "-k ec -q nistp256"
check "Java's files (RSA)" java_forms "-keyalg RSA -keysize 2048"
check "Java's files (EC)" java_forms "-keyalg EC -groupname secp256r1"
check "chains come in any order and go out in theirs" chains
check "a request for a CA, and its answer" requests
finish
